"""What alignments mean together, and what may be entered for one. Pure."""

import hashlib
import math
import re
import unicodedata
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ContentItem, ItemKind

MOST_WEIGHT = Decimal(1000)
_PLACES = Decimal("0.0001")
_NUMBER = re.compile(r"[0-9]{1,12}([.,][0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class AlignmentView:
    """That an item teaches, practises or assesses a competency of the map.

    ``number`` is the competency's in the course's map; ``weight`` above 0; ``passing_percent`` 0 to 100. ``shared``: the item's
    one score stands for several competencies, so that alone it cannot make any of them Secure.
    """

    id: uuid.UUID
    content_item_id: uuid.UUID
    competency_id: uuid.UUID
    number: int
    role: AlignmentRole
    weight: Decimal
    passing_percent: float
    mixed: bool
    shared: bool

    @property
    def gives_evidence(self) -> bool:
        """Whether a result on the item says something about the competency."""
        return self.role is AlignmentRole.ASSESSES


@dataclass(frozen=True, slots=True)
class Change:
    """What an item shall be to a competency. None keeps what is there, or takes the usual: weight 1, the map's passing mark,
    not mixed. A ``role`` of None takes the alignment away.
    """

    item_id: uuid.UUID
    competency_id: uuid.UUID
    role: AlignmentRole | None
    weight: Decimal | None = None
    passing_percent: float | None = None
    mixed: bool | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of changes, in alignments."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0

    @property
    def any(self) -> bool:
        """Whether anything is different now."""
        return bool(self.added or self.changed or self.removed)


def seen(views: Iterable[AlignmentView]) -> str:
    """How an item's alignments stand, in ten characters: the same for the same alignments, in whatever order they come."""
    said = sorted(
        f"{view.competency_id} {view.role} {view.weight.normalize():f} {view.passing_percent:g} {view.mixed}"
        for view in views
    )
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:10]


def by_item(views: Iterable[AlignmentView]) -> dict[uuid.UUID, tuple[AlignmentView, ...]]:
    """Alignments by the item's id; only items that have any."""
    found: dict[uuid.UUID, list[AlignmentView]] = defaultdict(list)
    for view in views:
        found[view.content_item_id].append(view)
    return {item_id: tuple(some) for item_id, some in found.items()}


def shared_items(assessing: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Of the items that assess (one id for each competency they assess), those whose score several competencies share."""
    return frozenset(item_id for item_id, count in Counter(assessing).items() if count > 1)


def can_be_aligned(item: ContentItem) -> bool:
    """Whether an item is something to align: there, and more than a heading."""
    return item.deleted_at is None and item.kind is not ItemKind.HEADING


def usual_role(kind: ItemKind) -> AlignmentRole:
    """What an item of this kind mostly does for a competency, until somebody says otherwise."""
    if kind in {ItemKind.QUIZ, ItemKind.ASSIGNMENT}:
        return AlignmentRole.ASSESSES
    return AlignmentRole.PRACTISES if kind in {ItemKind.DISCUSSION, ItemKind.TOOL} else AlignmentRole.TEACHES


# --- What is entered ----------------------------------------------------------------------------------------------------


def weight_of(text: str) -> Decimal:
    """A weight above 0 and at most 1000, with up to four places, written with a point or a comma. ValueError otherwise."""
    weight = _decimal(text).quantize(_PLACES)
    if not 0 < weight <= MOST_WEIGHT:
        raise ValueError("a weight is above 0 and at most 1000")
    return weight.normalize()


def percent_of(text: str) -> float:
    """A percentage from 0 to 100, with or without its sign, written with a point or a comma. ValueError otherwise."""
    percent = float(_decimal(text.removesuffix("%").strip()).quantize(_PLACES))
    if not 0 <= percent <= 100 or not math.isfinite(percent):
        raise ValueError("a percentage is from 0 to 100")
    return percent


def _decimal(text: str) -> Decimal:
    written = unicodedata.normalize("NFKC", text).strip()
    if _NUMBER.fullmatch(written) is None:
        raise ValueError("not a number")
    try:
        return Decimal(written.replace(",", "."))
    except InvalidOperation:
        raise ValueError("not a number") from None


# --- Finding ------------------------------------------------------------------------------------------------------------


class Standing(StrEnum):
    """Which items a list shows."""

    ALL = "all"
    ALIGNED = "aligned"
    UNALIGNED = "unaligned"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of items is narrowed to. Empty words, None and ALL narrow nothing."""

    words: str = ""
    section: str | None = None
    kind: ItemKind | None = None
    competency_id: uuid.UUID | None = None
    standing: Standing = Standing.ALL

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return self != Filter()


def fits(item: ContentItem, views: Sequence[AlignmentView], wanted: Filter) -> bool:
    """Whether an item with these alignments is to be shown."""
    title = plain(f"{item.title} {item.section}")
    return (
        all(word in title for word in plain(wanted.words).split())
        and (wanted.section is None or item.section == wanted.section)
        and (wanted.kind is None or item.kind is wanted.kind)
        and (wanted.competency_id is None or any(view.competency_id == wanted.competency_id for view in views))
        and _stands(views, wanted.standing)
    )


def _stands(views: Sequence[AlignmentView], standing: Standing) -> bool:
    if standing is Standing.ALIGNED:
        return bool(views)
    if standing is Standing.UNALIGNED:
        return not views
    return standing is Standing.ALL or any(view.shared for view in views)


def plain(text: str) -> str:
    """Folded for comparing: case, accents, width and spacing do not matter."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(character for character in decomposed if not unicodedata.combining(character)).split())


# --- Coverage -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is missing: competencies by id, in the order given, and items.

    ``unassessed``: nothing assesses them. ``thin``: one item does. ``only_shared``: only scores that they share with others
    do, so that no score speaks of them alone. ``unaligned``: items that belong to no competency.
    """

    unassessed: tuple[uuid.UUID, ...]
    thin: tuple[uuid.UUID, ...]
    only_shared: tuple[uuid.UUID, ...]
    unaligned: tuple[ContentItem, ...]


def coverage(
    competency_ids: Iterable[uuid.UUID], items: Iterable[ContentItem], views: Iterable[AlignmentView]
) -> Coverage:
    """What the alignments of the items that are there leave open."""
    there = [item for item in items if can_be_aligned(item)]
    ids = {item.id for item in there}
    present = [view for view in views if view.content_item_id in ids]
    aligned = {view.content_item_id for view in present}
    assessing: dict[uuid.UUID, list[AlignmentView]] = defaultdict(list)
    for view in present:
        if view.gives_evidence:
            assessing[view.competency_id].append(view)
    wanted = list(dict.fromkeys(competency_ids))
    return Coverage(
        unassessed=tuple(one for one in wanted if not assessing.get(one)),
        thin=tuple(one for one in wanted if len(assessing.get(one, ())) == 1),
        only_shared=tuple(
            one for one in wanted if len(assessing.get(one, ())) > 1 and all(view.shared for view in assessing[one])
        ),
        unaligned=tuple(item for item in there if item.id not in aligned),
    )
