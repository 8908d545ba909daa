"""What teachers say about personal playlists, parsed from their forms; and the map as it is ticked there."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from lti_tool.competencies.map_pages import section_of
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.mastery.rules import Standing
from lti_tool.playlists import assign_forms
from lti_tool.playlists.assigning import Offer
from lti_tool.playlists.forms import MOST_POINTS, Entered, parsed
from lti_tool.playlists.path_models import RulingKind
from lti_tool.playlists.personal import Book
from lti_tool.playlists.personal_editing import Choice, Wish
from lti_tool.playlists.planning.base import Does
from lti_tool.playlists.planning.settings import PathSettings, Wheel
from lti_tool.web.i18n import N_


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A competency to tick, with what the course has for it."""

    competency: MapCompetencyView
    item_ids: frozenset[uuid.UUID]
    assess: int
    ticked: bool

    @property
    def items(self) -> int:
        """How many items are for it."""
        return len(self.item_ids)


@dataclass(frozen=True, slots=True)
class UnitPart:
    """A part of the map: a grade's domain, as far as its frameworks have them; named by its first competency's number."""

    key: int
    title: str
    lines: tuple[UnitLine, ...]

    @property
    def items(self) -> int:
        """How many items are for one of its competencies or several."""
        return len({item_id for line in self.lines for item_id in line.item_ids})

    @property
    def ticked(self) -> bool:
        """Whether all of it is chosen."""
        return all(line.ticked for line in self.lines)

    @property
    def some(self) -> bool:
        """Whether some of it is chosen, and not all."""
        return not self.ticked and any(line.ticked for line in self.lines)

    @property
    def bare(self) -> int:
        """How many of its competencies have no item at all."""
        return sum(not line.items for line in self.lines)

    @property
    def unseen(self) -> int:
        """How many have items and none that assesses, so that nobody finds out whether they are known."""
        return sum(bool(line.items) and not line.assess for line in self.lines)


def parts(book: Book, ticked: Collection[int]) -> list[UnitPart]:
    """The map in parts, in its order, to be ticked."""
    items: dict[int, set[uuid.UUID]] = {}
    assess: dict[int, set[uuid.UUID]] = {}
    for item in book.items.values():
        if book.whole(item.id) != item.id:
            continue
        for aim in item.aims:
            items.setdefault(aim.competency, set()).add(item.id)
            if aim.does is Does.ASSESSES:
                assess.setdefault(aim.competency, set()).add(item.id)
    found: list[tuple[str, list[UnitLine]]] = []
    for number, one in book.competencies.items():
        title = section_of(one)
        if not found or found[-1][0] != title:
            found.append((title, []))
        found[-1][1].append(
            UnitLine(one, frozenset(items.get(number, ())), len(assess.get(number, ())), ticked=number in ticked)
        )
    return [UnitPart(lines[0].competency.number, title, tuple(lines)) for title, lines in found]


def unit(form: FormData, book: Book) -> frozenset[int]:
    """The competencies that a form's ticks mean: whole parts, and single ones. What the map has not is left out."""
    numbers = _numbers(form, "competency") & book.competencies.keys()
    keys = _numbers(form, "part")
    for part in parts(book, ()):
        if part.key in keys:
            numbers |= {line.competency.number for line in part.lines}
    return frozenset(numbers)


def _numbers(form: FormData, name: str) -> set[int]:
    return {parsed(int, value) for value in form.getlist(name) if isinstance(value, str)}


def _ids(form: FormData, name: str) -> frozenset[uuid.UUID]:
    return frozenset(parsed(uuid.UUID, value) for value in form.getlist(name) if isinstance(value, str))


def settings(entered: Entered, form: FormData, book: Book, before: PathSettings | None = None) -> PathSettings:
    """How the playlist is made; look at ``entered.errors`` after. What the form does not have stays as it was ``before``."""
    was = before or PathSettings()
    planning = was.planning
    low = _percent(entered, "low", planning.low)
    high = _percent(entered, "high", planning.high)
    if low >= high and "low" not in entered.errors and "high" not in entered.errors:
        entered.errors["high"] = N_("This has to be more than the other one.")
    planning = replace(
        planning,
        unit=unit(form, book) if "has_unit" in entered.values else planning.unit,
        met_at=entered.word("met_at", _standing, planning.met_at),
        length=_whole(entered, "length", planning.length, 1, 20, N_("Please enter a whole number from 1 to 20.")),
        remedial=_whole(entered, "remedial", planning.remedial, 0, 10, N_("Please enter a whole number from 0 to 10.")),
        low=low,
        high=high,
        placement=_placement(entered, book, planning.placement),
    )
    wrong = N_("Please enter a whole number from 1 to 200.")
    return PathSettings(
        planning=planning,
        target_steps=_whole(entered, "target_steps", was.target_steps, 1, 200, wrong),
        approve=entered.values.get("approve") == "yes",
        wheel=entered.word("wheel", Wheel, was.wheel),
    )


def _placement(entered: Entered, book: Book, before: uuid.UUID | None) -> uuid.UUID | None:
    start = entered.values.get("start")
    if start is None:
        return before
    if start != "check":
        return None
    chosen = entered.made_id("placement")
    if chosen is None:
        entered.errors["placement"] = N_("Please choose the quiz that is the placement check.")
    elif chosen not in book.items or not book.items[chosen].scored:
        entered.errors["placement"] = N_("Only a quiz whose results your LMS shares can be a placement check.")
    return chosen


def _standing(word: str) -> Standing:
    found = Standing(word)
    if found is Standing.NOT_STARTED:
        raise ValueError("a prerequisite is met by evidence")
    return found


def _whole(entered: Entered, name: str, usual: int, least: int, most: int, wrong: str) -> int:
    value = entered.number(name, least, most, wrong)
    if value is not None and value != round(value):
        entered.errors[name] = wrong
    return usual if value is None else round(value)


def _percent(entered: Entered, name: str, usual: float) -> float:
    value = entered.number(name, 1, 99, N_("Please enter a percentage from 1 to 99."))
    return usual if value is None else value / 100


def choice(entered: Entered, form: FormData, book: Book, offer: Offer) -> Choice:
    """Everything about a new personal playlist; look at ``entered.errors`` after. Raises AudienceGone."""
    has_column, points = column(entered)
    return Choice(
        title=title(entered),
        settings=settings(entered, form, book),
        audience=assign_forms.meant(offer, entered, form),
        has_column=has_column,
        points=points,
        known_before=entered.values.get("start") == "before",
    )


def title(entered: Entered) -> str:
    """What the students see."""
    return entered.text("title", 200, N_("Please give the playlist a title."))


def column(entered: Entered) -> tuple[bool, float]:
    """Whether the gradebook has a column, and of how many points."""
    points = entered.number("points", 0.01, MOST_POINTS, N_("Please enter points above 0, at most 10 000."))
    return entered.values.get("has_column") == "yes", 100.0 if points is None else points


def _texts(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str) and value]


def wish(entered: Entered, person_id: uuid.UUID | None) -> Wish:
    """A ruling; look at ``entered.errors`` after. ``what`` is one of pin, ban-item, ban-competency, known."""
    what = entered.values.get("what", "")
    item_id, competency_id = entered.made_id("item"), entered.made_id("competency")
    note = entered.text("note", 500)
    if what in {"pin", "ban-item"}:
        competency_id = None
        if item_id is None:
            entered.errors["item"] = N_("Please choose the item that this is about.")
    elif what in {"ban-competency", "known"}:
        item_id = None
        if competency_id is None:
            entered.errors["competency"] = N_("Please choose the competency that this is about.")
    kind = parsed(RulingKind, what.removesuffix("-item").removesuffix("-competency"))
    return Wish(kind, person_id, item_id, competency_id, note=note)


def scored_items(book: Book) -> Sequence[tuple[uuid.UUID, str]]:
    """The items that can be a placement check: those whose results the LMS tells, in the course's order."""
    return [(item.id, item.title) for item in book.items.values() if item.scored and book.whole(item.id) == item.id]
