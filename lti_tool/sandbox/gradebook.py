"""The gradebook: native assignments and quizzes, then the tools' line items, for each student; and filing a native result."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.models import Assignment, LineItem, Person, Quiz, Result, Submission, Tool
from lti_tool.sandbox.store import roster

ColumnKind = Literal["assignment", "quiz", "tool"]


@dataclass(frozen=True)
class Column:
    """A column. ``id`` is the assignment's (a quiz's, too) or the line item's; ``quiz_id`` stands for quizzes only.

    ``tool`` names the tool a line item belongs to.
    """

    kind: ColumnKind
    id: int
    title: str
    points: float
    due_at: datetime | None
    quiz_id: int | None = None
    tool: str | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What cells are found by."""
        return ("tool" if self.kind == "tool" else "assignment", self.id)


@dataclass(frozen=True)
class Cell:
    """Where one student stands in one column. ``state``: ``unsubmitted``, ``submitted``, ``pending_review``, ``graded``.

    ``score`` is in the column's points, or None; ``by_teacher`` says that a teacher set it by hand.
    """

    score: float | None = None
    state: str = "unsubmitted"
    at: datetime | None = None
    comment: str | None = None
    by_teacher: bool = False


@dataclass(frozen=True)
class Row:
    """One student's line; ``cells`` by ``Column.key``, complete."""

    person: Person
    cells: Mapping[tuple[str, int], Cell]


@dataclass(frozen=True)
class Gradebook:
    """Columns in order, students by name."""

    columns: Sequence[Column]
    rows: Sequence[Row]


async def gradebook(session: AsyncSession, course_id: int, only: Collection[int] | None = None) -> Gradebook:
    """The gradebook of a course, for all active students or, for students and families, for the persons in ``only``."""
    students = [row.person for row in await roster(session, course_id, "student")]
    if only is not None:
        students = [person for person in students if person.id in only]
    columns = await _columns(session, course_id)
    cells = await _cells(session, course_id)
    rows = [
        Row(person, {column.key: cells.get((*column.key, person.id), Cell()) for column in columns})
        for person in students
    ]
    return Gradebook(columns, rows)


async def _columns(session: AsyncSession, course_id: int) -> list[Column]:
    native = await session.execute(
        select(Assignment, Quiz.id)
        .outerjoin(Quiz, Quiz.assignment_id == Assignment.id)
        .where(Assignment.course_id == course_id, Assignment.published)
        .order_by(Assignment.position, Assignment.id)
    )
    columns = [
        Column("quiz" if quiz_id else "assignment", row.id, row.name, row.points_possible, row.due_at, quiz_id=quiz_id)
        for row, quiz_id in native
    ]
    tools = await session.execute(
        select(LineItem, Tool.name).join(Tool).where(LineItem.course_id == course_id).order_by(LineItem.id)
    )
    columns += [Column("tool", row.id, row.label, row.score_maximum, row.end_at, tool=name) for row, name in tools]
    return columns


async def _cells(session: AsyncSession, course_id: int) -> dict[tuple[str, int, int], Cell]:
    cells = {}
    for row in await session.scalars(select(Submission).where(Submission.course_id == course_id)):
        at = row.graded_at or row.submitted_at
        cells["assignment", row.assignment_id, row.person_id] = Cell(
            row.score, row.workflow_state, at, by_teacher=row.grader_id is not None
        )
    results = await session.scalars(select(Result).join(LineItem).where(LineItem.course_id == course_id))
    for result in results:
        state = "graded" if result.score is not None else "unsubmitted"
        cells["tool", result.line_item_id, result.person_id] = Cell(
            result.score, state, result.updated_at, result.comment, by_teacher=result.graded_by == "teacher"
        )
    return cells


async def submission_of(session: AsyncSession, assignment_id: int, person_id: int) -> Submission | None:
    """The student's submission, if there is one."""
    found = await session.scalars(
        select(Submission).where(Submission.assignment_id == assignment_id, Submission.person_id == person_id)
    )
    return found.one_or_none()


async def _submission(session: AsyncSession, assignment: Assignment, person_id: int) -> Submission:
    submission = await submission_of(session, assignment.id, person_id)
    if submission is None:
        submission = Submission(
            course_id=assignment.course_id, assignment_id=assignment.id, person_id=person_id, attempt=0
        )
        session.add(submission)
    return submission


async def record_submission(
    session: AsyncSession,
    assignment: Assignment,
    person_id: int,
    now: datetime,
    *,
    body: str = "",
    score: float | None = None,
) -> Submission:
    """File a student's submission. With a ``score`` (a quiz that marked itself) it is graded at once and the best one stays.

    Without one it waits for the teacher; a grade that is there already stays until then, as in Canvas.
    """
    submission = await _submission(session, assignment, person_id)
    submission.attempt += 1
    submission.body, submission.submitted_at = body, now
    if score is None:
        submission.workflow_state = "submitted"
    else:
        best = score if submission.score is None else max(score, submission.score)
        submission.score, submission.graded_at, submission.workflow_state = best, now, "graded"
    await session.flush()
    return submission


async def grade(
    session: AsyncSession, assignment: Assignment, person_id: int, score: float | None, grader_id: int, now: datetime
) -> Submission:
    """A teacher's grade for an assignment or quiz, submitted or not; None takes it back."""
    submission = await _submission(session, assignment, person_id)
    submission.score, submission.grader_id = score, grader_id if score is not None else None
    submission.graded_at = now if score is not None else None
    if score is not None:
        submission.workflow_state = "graded"
    else:
        submission.workflow_state = "submitted" if submission.submitted_at else "unsubmitted"
    await session.flush()
    return submission


async def grade_tool_column(
    session: AsyncSession, line_item: LineItem, person_id: int, score: float | None, now: datetime
) -> Result:
    """A teacher types over a tool's grade in the gradebook; the tool's next score asks first whether it may replace it."""
    found = await session.scalars(
        select(Result).where(Result.line_item_id == line_item.id, Result.person_id == person_id)
    )
    result = found.one_or_none()
    if result is None:
        result = Result(line_item_id=line_item.id, person_id=person_id, activity_progress="Initialized")
        session.add(result)
    result.score, result.maximum, result.updated_at = score, line_item.score_maximum, now
    result.graded_by, result.grading_progress = "teacher", "FullyGraded" if score is not None else "NotReady"
    await session.flush()
    return result
