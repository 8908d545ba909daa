"""What a teacher's page shows of the LMS's own outcomes: what is offered, which competency each is, and what is gone there."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignments, map_queries, suggestion_rules
from lti_tool.competencies import lms_queries as queries
from lti_tool.competencies.alignments import Board
from lti_tool.competencies.lms_models import LmsAlignment, LmsAlignmentState, LmsOutcome
from lti_tool.competencies.models import AlignmentRole, Competency
from lti_tool.competencies.suggestion_rules import Known
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses.models import Course


@dataclass(frozen=True, slots=True)
class Meant:
    """The competency of ours that an outcome is; ``in_map``: the course's map has it."""

    id: uuid.UUID
    code: str
    words: str
    in_map: bool

    @property
    def name(self) -> str:
        """What to call it in a narrow place."""
        return self.code or self.words


@dataclass(frozen=True, slots=True)
class Offered:
    """An alignment that the LMS has and this course not: which item, to which competency, and what it mostly does for it."""

    id: uuid.UUID
    item: ContentItem
    outcome: LmsOutcome
    meant: Meant
    role: AlignmentRole


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An alignment of this course that came from the LMS, which does not say so any more."""

    id: uuid.UUID
    item: ContentItem
    meant: Meant


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """An outcome, which competency it is (None: not known), and which it may be by its words alone, a suggestion.

    ``doubled``: the items whose own score counts for the competency, so that ratings from them do not count beside it.
    """

    row: LmsOutcome
    meant: Meant | None
    suggested: uuid.UUID | None
    items: int
    doubled: tuple[ContentItem, ...]


@dataclass(frozen=True, slots=True)
class LmsPage:
    """Everything the page shows. ``set_aside``: what was dismissed, or taken away again; ``same``: aligned here already."""

    board: Board
    offered: tuple[Offered, ...]
    withdrawn: tuple[Withdrawn, ...]
    outcomes: tuple[OutcomeView, ...]
    set_aside: int
    same: int

    @property
    def unknown(self) -> int:
        """Outcomes that the LMS has and of which nobody knows which competency they are."""
        return sum(view.meant is None and view.row.gone_at is None for view in self.outcomes)


def usual_role(kind: ItemKind) -> AlignmentRole:
    """What an item does for a competency that the LMS has it belong to: what is graded assesses it."""
    return AlignmentRole.ASSESSES if kind in {ItemKind.QUIZ, ItemKind.ASSIGNMENT} else AlignmentRole.TEACHES


async def page(session: AsyncSession, course: Course) -> LmsPage:
    """What the LMS says of a course, beside what the course says itself."""
    board = await alignments.board(session, course.organisation_id, course.id)
    course_map = await map_queries.course_map(session, course.organisation_id, course.id)
    practice = course_map is not None and course_map.practice_counts
    outcomes = await queries.outcomes(session, course.organisation_id, course.id)
    told = await queries.alignments(session, course.organisation_id, course.id)
    meant = await _meant(session, course, board, outcomes)
    return _put_together(board, outcomes, told, meant, practice=practice)


async def _meant(
    session: AsyncSession, course: Course, board: Board, outcomes: Sequence[LmsOutcome]
) -> dict[uuid.UUID, Meant]:
    ids = {row.competency_id for row in outcomes if row.competency_id is not None}
    here = {one.id for one in board.competencies}
    found = await queries.competencies(session, course.organisation_id, ids)
    return {one.id: _named(one, here) for one in found.values()}


def _named(one: Competency, here: Collection[uuid.UUID]) -> Meant:
    return Meant(one.id, one.code, one.short or one.statement, one.id in here)


def _put_together(
    board: Board,
    outcomes: Sequence[LmsOutcome],
    told: Sequence[LmsAlignment],
    meant: Mapping[uuid.UUID, Meant],
    *,
    practice: bool,
) -> LmsPage:
    items = {item.id: item for item in board.items}
    by_id = {row.id: row for row in outcomes}
    aligned = {(view.content_item_id, view.competency_id): view for view in board.all_views()}
    offered: list[Offered] = []
    withdrawn: list[Withdrawn] = []
    set_aside = same = 0
    for one in told:
        outcome, item = by_id[one.lms_outcome_id], items.get(one.content_item_id)
        competency = meant.get(outcome.competency_id) if outcome.competency_id is not None else None
        if item is None or competency is None:
            continue
        is_aligned = (item.id, competency.id) in aligned
        if one.gone_at is not None:
            if is_aligned and one.state is LmsAlignmentState.TAKEN:
                withdrawn.append(Withdrawn(one.id, item, competency))
        elif is_aligned:
            same += 1
        elif one.state is LmsAlignmentState.OFFERED:
            offered.append(Offered(one.id, item, outcome, competency, usual_role(item.kind)))
        else:
            set_aside += 1
    place = {item.id: number for number, item in enumerate(board.items)}
    offered.sort(key=lambda one: (place[one.item.id], one.meant.name))
    counts = {AlignmentRole.ASSESSES, AlignmentRole.PRACTISES} if practice else {AlignmentRole.ASSESSES}
    evident = {key for key, view in aligned.items() if view.role in counts}
    return LmsPage(
        board=board,
        offered=tuple(offered),
        withdrawn=tuple(withdrawn),
        outcomes=_views(board, outcomes, told, meant, evident),
        set_aside=set_aside,
        same=same,
    )


def _views(
    board: Board,
    outcomes: Sequence[LmsOutcome],
    told: Sequence[LmsAlignment],
    meant: Mapping[uuid.UUID, Meant],
    evident: Collection[tuple[uuid.UUID, uuid.UUID]],
) -> tuple[OutcomeView, ...]:
    items = {item.id: item for item in board.items}
    of: dict[uuid.UUID, list[ContentItem]] = {}
    for one in told:
        if one.gone_at is None and one.content_item_id in items:
            of.setdefault(one.lms_outcome_id, []).append(items[one.content_item_id])
    suggested = _suggested(board, [row for row in outcomes if row.competency_id is None and row.gone_at is None])
    views = [
        OutcomeView(
            row=row,
            meant=meant.get(row.competency_id) if row.competency_id is not None else None,
            suggested=suggested.get(row.id),
            items=len(of.get(row.id, ())),
            doubled=tuple(item for item in of.get(row.id, ()) if (item.id, row.competency_id) in evident),
        )
        for row in outcomes
    ]
    # What waits for the teacher's word first, what is gone last.
    return tuple(sorted(views, key=lambda view: (view.row.gone_at is not None, view.meant is not None)))


def _suggested(board: Board, unknown: Sequence[LmsOutcome]) -> dict[uuid.UUID, uuid.UUID]:
    """The competency of the map that an outcome seems to be by its words, as an item with that title would be looked at."""
    looked_at = [
        ContentItem(
            organisation_id=row.organisation_id,
            id=row.id,
            course_id=row.course_id,
            external_id="",
            kind=ItemKind.PAGE,
            title=f"{row.code} {row.title}",
            section="",
            seen_at=row.seen_at,
        )
        for row in unknown
    ]
    known = [Known(one.id, one.code, one.statement, one.short) for one in board.competencies]
    found: dict[uuid.UUID, uuid.UUID] = {}
    for one in suggestion_rules.suggestions(looked_at, known):
        found.setdefault(one.item_id, one.competency_id)
    return found
