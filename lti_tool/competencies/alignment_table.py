"""Alignments as a table for spreadsheets, and such a table as changes to alignments. Pure.

An item is known by its id, else by its address, else by its exact title (with its section, where several have that title);
a competency by its id, else its code, else its exact statement. A row without a competency says nothing; a row whose role is
``none`` takes an alignment away. What the table does not name stays as it is.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from lti_tool.competencies import alignment_rules as rules
from lti_tool.competencies.alignment_rules import AlignmentView, Change, plain
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ContentItem
from lti_tool.web.spreadsheets import Row, UnreadableTable

COLUMNS = (
    "item_id",
    "title",
    "section",
    "kind",
    "address",
    "competency_id",
    "code",
    "competency",
    "role",
    "weight",
    "passing_percent",
    "mixed",
)

_ALIASES = {
    "id": "item_id",
    "item": "title",
    "name": "title",
    "module": "section",
    "url": "address",
    "link": "address",
    "standard": "code",
    "competency_code": "code",
    "statement": "competency",
    "passing": "passing_percent",
    "passing_mark": "passing_percent",
    "pass": "passing_percent",
}

_ROLES = {
    **{role.value: role for role in AlignmentRole},
    "teach": AlignmentRole.TEACHES,
    "practices": AlignmentRole.PRACTISES,
    "practice": AlignmentRole.PRACTISES,
    "practise": AlignmentRole.PRACTISES,
    "assess": AlignmentRole.ASSESSES,
}
_NONE = frozenset({"none", "remove", "-"})
_YES = frozenset({"yes", "y", "true", "1", "x"})
_NO = frozenset({"no", "n", "false", "0"})


T = TypeVar("T")


class Trouble(StrEnum):
    """Why a row says nothing that could be done."""

    ITEM_UNKNOWN = "item-unknown"
    ITEM_AMBIGUOUS = "item-ambiguous"
    COMPETENCY_UNKNOWN = "competency-unknown"
    COMPETENCY_AMBIGUOUS = "competency-ambiguous"
    ROLE = "role"
    WEIGHT = "weight"
    PASSING = "passing"
    MIXED = "mixed"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that is left out, by the number that a spreadsheet shows beside it; ``said`` is the cell that is not understood."""

    row: int
    trouble: Trouble
    said: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A row that changes something. ``before`` is how it stands now, if it does."""

    row: int
    item: ContentItem
    competency: MapCompetencyView
    before: AlignmentView | None
    change: Change


@dataclass(frozen=True, slots=True)
class Reading:
    """What a table says. ``empty`` counts rows that name no competency."""

    planned: tuple[Planned, ...]
    unchanged: int
    empty: int
    problems: tuple[Problem, ...]


# --- Writing ------------------------------------------------------------------------------------------------------------


def table(
    items: Iterable[ContentItem],
    competencies: Iterable[MapCompetencyView],
    views: Mapping[uuid.UUID, Sequence[AlignmentView]],
) -> list[tuple[str, ...]]:
    """The header and a row for each alignment; an item without any has one row to be filled in."""
    known = {one.id: one for one in competencies}
    rows: list[tuple[str, ...]] = [COLUMNS]
    for item in items:
        about = (str(item.id), item.title, item.section, item.kind.value, item.url or "")
        some = [view for view in views.get(item.id, ()) if view.competency_id in known]
        rows += [(*about, *_cells(view, known[view.competency_id])) for view in some]
        if not some:
            rows.append((*about, *[""] * 7))
    return rows


def _cells(view: AlignmentView, competency: MapCompetencyView) -> tuple[str, ...]:
    return (
        str(competency.id),
        competency.code,
        competency.statement,
        view.role.value,
        f"{view.weight.normalize():f}",
        f"{view.passing_percent:.4f}".rstrip("0").rstrip("."),
        "yes" if view.mixed else "no",
    )


# --- Reading ------------------------------------------------------------------------------------------------------------


def read(
    rows: Sequence[Row],
    items: Iterable[ContentItem],
    competencies: Iterable[MapCompetencyView],
    views: Mapping[uuid.UUID, Sequence[AlignmentView]],
) -> Reading:
    """What a table would change. Raises UnreadableTable for one that names no items or no competencies in its header.

    Rows that are not understood are problems and change nothing. The first row about an item and a competency counts.
    """
    if not rows:
        raise UnreadableTable("the file is empty")
    header = _header(rows[0])
    finder = _Finder(items, competencies)
    there = {(view.content_item_id, view.competency_id): view for some in views.values() for view in some}
    planned: list[Planned] = []
    problems: list[Problem] = []
    said: dict[tuple[uuid.UUID, uuid.UUID], Change] = {}
    unchanged = empty = 0
    for row in rows[1:]:
        cells = {name: row.cells[place] for name, place in header.items() if place < len(row.cells)}
        if not any(cells.get(name) for name in ("competency_id", "code", "competency")):
            empty += 1
            continue
        try:
            item, competency = finder.item(cells), finder.competency(cells)
            before = there.get((item.id, competency.id))
            change = _change(cells, item, competency, before)
        except _NotUnderstood as trouble:
            problems.append(Problem(row.number, trouble.trouble, trouble.said))
            continue
        key = (item.id, competency.id)
        if key in said:
            if said[key] != change:
                problems.append(Problem(row.number, Trouble.TWICE, item.title))
            continue
        said[key] = change
        if _changes(change, before):
            planned.append(Planned(row.number, item, competency, before, change))
        else:
            unchanged += 1
    return Reading(tuple(planned), unchanged, empty, tuple(problems))


def _header(row: Row) -> dict[str, int]:
    names = ["_".join(plain(cell).replace("-", " ").replace("_", " ").split()) for cell in row.cells]
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        column = _ALIASES.get(name, name)
        if column in COLUMNS:
            found.setdefault(column, place)
    if not found.keys() & {"item_id", "title", "address"} or not found.keys() & {"competency_id", "code", "competency"}:
        raise UnreadableTable("the header names no items or no competencies")
    return found


class _NotUnderstood(ValueError):
    def __init__(self, trouble: Trouble, said: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.said = said


class _Finder:
    """Finds items and competencies by what a row says of them."""

    def __init__(self, items: Iterable[ContentItem], competencies: Iterable[MapCompetencyView]) -> None:
        self._items: dict[tuple[str, str], list[ContentItem]] = defaultdict(list)
        for item in items:
            for name in (str(item.id), item.external_id):
                self._items["item_id", name.casefold()].append(item)
            if item.url:
                self._items["address", item.url].append(item)
            self._items["title", plain(item.title)].append(item)
        self._competencies: dict[tuple[str, str], list[MapCompetencyView]] = defaultdict(list)
        for one in competencies:
            self._competencies["competency_id", str(one.id)].append(one)
            if one.code:
                self._competencies["code", plain(one.code)].append(one)
            self._competencies["competency", plain(one.statement)].append(one)

    def item(self, cells: Mapping[str, str]) -> ContentItem:
        """The one item that is meant; what says more, an id, is asked first."""
        said = ""
        tellings: tuple[tuple[str, Callable[[str], str]], ...] = (
            ("item_id", str.casefold),
            ("address", str.strip),
            ("title", plain),
        )
        for name, told in tellings:
            given = cells.get(name, "")
            found = self._items.get((name, told(given)), []) if given else []
            if len(found) > 1 and cells.get("section"):
                found = [one for one in found if plain(one.section) == plain(cells["section"])] or found
            if len(found) == 1:
                return found[0]
            if found:
                raise _NotUnderstood(Trouble.ITEM_AMBIGUOUS, given)
            said = given or said
        raise _NotUnderstood(Trouble.ITEM_UNKNOWN, said)

    def competency(self, cells: Mapping[str, str]) -> MapCompetencyView:
        """The one competency of the map that is meant."""
        said = ""
        tellings: tuple[tuple[str, Callable[[str], str]], ...] = (
            ("competency_id", str.casefold),
            ("code", plain),
            ("competency", plain),
        )
        for name, told in tellings:
            given = cells.get(name, "")
            found = self._competencies.get((name, told(given)), []) if given else []
            if len(found) > 1 and cells.get("competency"):
                found = [one for one in found if plain(one.statement) == plain(cells["competency"])] or found
            if len(found) == 1:
                return found[0]
            if found:
                raise _NotUnderstood(Trouble.COMPETENCY_AMBIGUOUS, given)
            # What the code is not found by, a statement that happens to be the same may not stand in for.
            if given and name == "code":
                raise _NotUnderstood(Trouble.COMPETENCY_UNKNOWN, given)
            said = given or said
        raise _NotUnderstood(Trouble.COMPETENCY_UNKNOWN, said)


def _change(
    cells: Mapping[str, str], item: ContentItem, competency: MapCompetencyView, before: AlignmentView | None
) -> Change:
    said = plain(cells.get("role", ""))
    if said in _NONE:
        return Change(item.id, competency.id, None)
    if said and said not in _ROLES:
        raise _NotUnderstood(Trouble.ROLE, cells["role"])
    usual = before.role if before is not None else rules.usual_role(item.kind)
    return Change(
        item.id,
        competency.id,
        _ROLES.get(said, usual),
        weight=_number(cells, "weight", rules.weight_of, Trouble.WEIGHT),
        passing_percent=_number(cells, "passing_percent", rules.percent_of, Trouble.PASSING),
        mixed=_mixed(cells.get("mixed", "")),
    )


def _number(cells: Mapping[str, str], name: str, read: Callable[[str], T], trouble: Trouble) -> T | None:
    given = cells.get(name, "")
    if not given:
        return None
    try:
        return read(given)
    except ValueError:
        raise _NotUnderstood(trouble, given) from None


def _mixed(given: str) -> bool | None:
    said = plain(given)
    if not said:
        return None
    if said in _YES | _NO:
        return said in _YES
    raise _NotUnderstood(Trouble.MIXED, given)


def _changes(change: Change, before: AlignmentView | None) -> bool:
    if before is None or change.role is None:
        return (before is None) != (change.role is None)
    return (
        change.role is not before.role
        or change.weight not in {None, before.weight}
        or change.passing_percent not in {None, round(before.passing_percent, 4)}
        or change.mixed not in {None, before.mixed}
    )
