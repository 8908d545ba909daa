"""What bringing in a gradebook export would do, before it does anything."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from lti_tool.competencies.alignment_rules import AlignmentView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.rules import GRADEBOOK_SOURCE, gradebook_id
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.gradebooks.matching import Match, Matched
from lti_tool.mastery.gradebooks.values import CellKind, GradebookFile, GradeColumn
from lti_tool.mastery.models import EvidenceSource


class Obstacle(StrEnum):
    """Why a column cannot be brought in as it stands."""

    UNALIGNED = "unaligned"
    """Nothing on the map is assessed by it."""
    OUT_OF = "out-of"
    """Nobody knows what its points are out of."""
    TOO_FEW = "too-few"
    """What it is said to be out of is less than half of what a student has: a slip."""


@dataclass(frozen=True, slots=True)
class PlannedColumn:
    """A column and what stands behind it: the course's item, if it is known, and the competencies that it assesses.

    ``out_of`` is what the cells are out of. ``values``, ``zeros`` and ``unreadable`` count cells of matched students.
    """

    column: GradeColumn
    name: str
    item: ContentItem | None
    alignments: tuple[AlignmentView, ...]
    out_of: Decimal | None
    highest: Decimal | None
    values: int
    zeros: int
    unreadable: int

    @property
    def obstacle(self) -> Obstacle | None:
        """What is in the way; None if it can be brought in."""
        if not self.alignments:
            return Obstacle.UNALIGNED
        if self.out_of is None:
            return Obstacle.OUT_OF
        if self.highest is not None and self.highest > 2 * self.out_of:
            return Obstacle.TOO_FEW
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    """A file beside its course."""

    file: GradebookFile
    columns: tuple[PlannedColumn, ...]
    rows: tuple[Matched, ...]

    def counted(self, match: Match) -> int:
        """How many rows are matched like this."""
        return sum(row.match is match for row in self.rows)

    def taken(self, confirmed: Collection[int]) -> list[tuple[Matched, uuid.UUID]]:
        """The rows that are somebody's: sure ones, and names whose line the teacher confirmed."""
        return [
            (row, row.person_id)
            for row in self.rows
            if row.person_id is not None and (row.match is Match.SURE or row.row.line in confirmed)
        ]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the teacher said about a column. ``at`` is the day of the work; None where nobody knows."""

    column: int
    out_of: Decimal | None = None
    at: datetime | None = None


def plan(
    file: GradebookFile,
    rows: Sequence[Matched],
    items: Iterable[ContentItem],
    alignments: Mapping[uuid.UUID, tuple[AlignmentView, ...]],
) -> Plan:
    """Put the file's columns beside the course's items: by the LMS's id, by an earlier import, by a title that is one's own.

    ``alignments`` go by the item's id.
    """
    finder = _Finder(file, items)
    columns = []
    for column in file.columns:
        item = finder.find(column)
        cells = [row.row.cells[column.index] for row in rows if row.match in (Match.SURE, Match.NAME)]
        assessing = () if item is None else alignments.get(item.id, ())
        values = [cell.value for cell in cells if cell.value is not None]
        points = None if item is None or item.points_possible is None else Decimal(str(item.points_possible))
        columns.append(
            PlannedColumn(
                column=column,
                name=finder.name(column),
                item=item,
                alignments=tuple(one for one in assessing if one.role is AlignmentRole.ASSESSES),
                out_of=column.out_of or (points if points and points > 0 else None),
                highest=max(values, default=None),
                values=sum(cell.kind is CellKind.VALUE for cell in cells),
                zeros=sum(cell.kind is CellKind.ZERO for cell in cells),
                unreadable=sum(cell.kind is CellKind.UNREADABLE for cell in cells),
            )
        )
    return Plan(file, tuple(columns), tuple(rows))


class _Finder:
    """Finds the item of a column. Two items of one title are nobody's by title, unless one of them alone can have grades."""

    def __init__(self, file: GradebookFile, items: Iterable[ContentItem]) -> None:
        self._lms = file.lms
        self._by_key: dict[str, ContentItem] = {}
        self._by_id: dict[str, ContentItem] = {}
        titled: dict[str, list[ContentItem]] = {}
        for item in items:
            if item.kind is ItemKind.HEADING or item.deleted_at is not None:
                continue
            if item.result_key is not None:
                self._by_key[item.result_key] = item
            if item.external_id.startswith(GRADEBOOK_SOURCE):
                self._by_id[item.external_id] = item
            titled.setdefault(_title(item.title), []).append(item)
        self._by_title = {title: one for title, some in titled.items() if (one := _the_one(some)) is not None}
        columns = [_title(column.title) for column in file.columns]
        self._twice = {title for title in columns if columns.count(title) > 1}

    def name(self, column: GradeColumn) -> str:
        """What the column is known by when it comes again."""
        return f"{self._lms}:{column.external_id or column.title}"

    def find(self, column: GradeColumn) -> ContentItem | None:
        if column.external_id is not None and column.external_id in self._by_key:
            return self._by_key[column.external_id]
        known = self._by_id.get(gradebook_id(self.name(column)))
        if known is not None:
            return known
        title = _title(column.title)
        return None if title in self._twice else self._by_title.get(title)


def _the_one(items: Sequence[ContentItem]) -> ContentItem | None:
    """The only item, or the only one that can have grades: a module's page is often called like its quiz."""
    if len(items) > 1:
        items = [item for item in items if item.points_possible is not None or item.kind in _GRADED]
    return items[0] if len(items) == 1 else None


_GRADED = frozenset({ItemKind.QUIZ, ItemKind.ASSIGNMENT})


def _title(text: str) -> str:
    return " ".join(text.split()).casefold()


def chosen(planned: PlannedColumn, choice: Choice) -> PlannedColumn:
    """The column with what the teacher said it is out of, where the file does not say."""
    return (
        planned
        if planned.column.out_of is not None or choice.out_of is None
        else replace(planned, out_of=choice.out_of)
    )


def entries(
    the_plan: Plan,
    choices: Iterable[Choice],
    confirmed: Collection[int],
    now: datetime,
    *,
    count_zeros: bool,
    known: Collection[tuple[uuid.UUID, uuid.UUID]] = (),
) -> list[Entry]:
    """The evidence in the chosen columns: one entry for each student, column and competency that the column assesses.

    Each is a whole score with the passing mark of its alignment. It is never ``dated``: a column has one day for all, or none,
    so it cannot show that time lay between. Noughts count only with ``count_zeros``, since an export does not tell which of
    them the LMS gave for work that is missing. Pairs of person and item in ``known`` are left out: the LMS itself has told
    their results. Columns with an obstacle give nothing.
    """
    found: list[Entry] = []
    planned = {one.column.index: one for one in the_plan.columns}
    skip = frozenset(known)
    for choice in choices:
        one = chosen(planned[choice.column], choice)
        if one.obstacle is not None or one.item is None or one.out_of is None:
            continue
        for row, person_id in the_plan.taken(confirmed):
            cell = row.row.cells[choice.column]
            if cell.value is None or (cell.kind is CellKind.ZERO and not count_zeros):
                continue
            if (person_id, one.item.id) in skip:
                continue
            found += [
                Entry(
                    person_id=person_id,
                    competency_id=alignment.competency_id,
                    source=EvidenceSource.CSV,
                    presentation=presentation(one),
                    observed_at=choice.at or now,
                    earned=cell.value,
                    possible=one.out_of,
                    passing_percent=alignment.passing_percent,
                    weight=alignment.weight,
                    content_item_id=one.item.id,
                    whole=True,
                    shared=len(one.alignments) > 1,
                    mixed=alignment.mixed,
                    dated=False,
                )
                for alignment in one.alignments
            ]
    return found


def presentation(planned: PlannedColumn) -> str:
    """The occasion that a column is: importing it again is the same one."""
    return f"csv:{gradebook_id(planned.name).removeprefix(GRADEBOOK_SOURCE)}"
