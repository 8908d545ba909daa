"""Assignments and grades: handing in, grading, the gradebook of the teacher and everybody's own grades."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lti_tool.sandbox import addresses
from lti_tool.sandbox.gradebook import (
    Cell,
    Column,
    Gradebook,
    grade,
    grade_tool_column,
    gradebook,
    record_submission,
    submission_of,
)
from lti_tool.sandbox.models import Assignment, LineItem, Person, Quiz, Submission
from lti_tool.sandbox.outline import placed
from lti_tool.sandbox.platform import ThisPlatform
from lti_tool.sandbox.quizzes import MAX_ANSWER, as_number
from lti_tool.sandbox.review_pages import review_label
from lti_tool.sandbox.store import observed_by, roster
from lti_tool.sandbox.view import (
    InCourse,
    PageMissing,
    StudentIn,
    TeacherIn,
    Visit,
    from_own_pages,
    one_of,
    points,
    render,
    see_other,
)

router = APIRouter(prefix="/courses/{course_id:int}", default_response_class=HTMLResponse)
_MOST = 1_000_000
"""No grade is larger."""


async def _assignment(session: AsyncSession, visit: Visit, assignment_id: int) -> Assignment:
    found: Assignment = await one_of(session, Assignment, visit.course.id, assignment_id)
    if not (found.published or visit.teaches):
        raise PageMissing
    return found


@router.get("/assignments/{assignment_id:int}")
async def assignment_page(
    request: Request, platform: ThisPlatform, visit: InCourse, assignment_id: int, module_item_id: int | None = None
) -> Response:
    """An assignment: to hand in for students, to grade for teachers. A quiz's assignment leads to the quiz."""
    async with platform.store.reading() as session:
        found = await _assignment(session, visit, assignment_id)
        quizzes = await session.scalars(select(Quiz.id).where(Quiz.assignment_id == assignment_id))
        quiz_id = quizzes.one_or_none()
        if quiz_id is not None:
            return see_other(addresses.content(visit.course.id, "Quiz", quiz_id))
        place = await placed(session, visit, "Assignment", assignment_id, module_item_id)
        submission = await submission_of(session, assignment_id, visit.person.id) if visit.studies else None
        students = await _students(session, visit, assignment_id) if visit.teaches else ()
    return render(
        request,
        "assignment.html",
        visit=visit,
        assignment=found,
        place=place,
        submission=submission,
        students=students,
        longest=MAX_ANSWER,
        error=None,
    )


async def _students(
    session: AsyncSession, visit: Visit, assignment_id: int
) -> Sequence[tuple[Person, Submission | None]]:
    rows = await session.scalars(select(Submission).where(Submission.assignment_id == assignment_id))
    submissions = {row.person_id: row for row in rows}
    enrolments = await roster(session, visit.course.id, "student")
    return [(row.person, submissions.get(row.person_id)) for row in enrolments]


@router.post("/assignments/{assignment_id:int}/submissions", dependencies=[Depends(from_own_pages)])
async def hand_in(
    platform: ThisPlatform, visit: StudentIn, assignment_id: int, body: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Hand in a text or an address; handing in again replaces it. An empty one changes nothing."""
    async with platform.store.writing() as session:
        found = await _assignment(session, visit, assignment_id)
        if body.strip() and found.submission_type in ("online_text_entry", "online_url"):
            await record_submission(session, found, visit.person.id, platform.now(), body=body.strip()[:MAX_ANSWER])
    return see_other(addresses.content(visit.course.id, "Assignment", assignment_id))


@router.get("/grades")
async def grades(request: Request, platform: ThisPlatform, visit: InCourse) -> HTMLResponse:
    """The gradebook: everybody's for teachers, one's own for students, one's children's for observers."""
    async with platform.store.reading() as session:
        if visit.teaches:
            return render(
                request, "gradebook.html", visit=visit, book=_counting(await gradebook(session, visit.course.id))
            )
        if visit.studies:
            only = [visit.person.id]
        else:
            only = [person.id for person in await observed_by(session, visit.course.id, visit.person.id)]
        book = await gradebook(session, visit.course.id, only)
    return render(request, "grades.html", visit=visit, book=_counting(book), totals=_totals(book))


def _counting(book: Gradebook) -> Gradebook:
    """Without the columns that count nothing, which Canvas does not show either."""
    return Gradebook([column for column in book.columns if column.points > 0], book.rows)


def _totals(book: Gradebook) -> Mapping[int, tuple[float, float]]:
    """By person: points earned, and points of what has been graded."""
    totals = {}
    for row in book.rows:
        graded = [(row.cells[column.key].score, column.points) for column in book.columns if column.points > 0]
        scores = [(score, most) for score, most in graded if score is not None]
        totals[row.person.id] = (sum(score for score, _ in scores), sum(most for _, most in scores))
    return totals


@router.get("/grades/{kind}/{column_id:int}/{person_id:int}")
async def cell_page(
    request: Request, platform: ThisPlatform, visit: TeacherIn, kind: str, column_id: int, person_id: int
) -> HTMLResponse:
    """One cell of the gradebook, to look at and to change."""
    return await _cell(request, platform, visit, kind, column_id, person_id)


async def _cell(
    request: Request,
    platform: ThisPlatform,
    visit: Visit,
    kind: str,
    column_id: int,
    person_id: int,
    error: str | None = None,
    entered: str | None = None,
) -> HTMLResponse:
    async with platform.store.reading() as session:
        column, person, cell = await _find(session, visit, kind, column_id, person_id)
        submission = await submission_of(session, column_id, person_id) if kind == "assignment" else None
        line_item = await session.get(LineItem, column_id) if kind == "tool" else None
        review = await review_label(session, line_item) if line_item else None
    return render(
        request,
        "cell.html",
        review=review,
        visit=visit,
        column=column,
        student=person,
        cell=cell,
        submission=submission,
        error=error,
        entered=entered if entered is not None else ("" if cell.score is None else points(cell.score)),
        status_code=422 if error else 200,
    )


@router.post("/grades/{kind}/{column_id:int}/{person_id:int}", dependencies=[Depends(from_own_pages)])
async def set_grade(
    request: Request,
    platform: ThisPlatform,
    visit: TeacherIn,
    kind: str,
    column_id: int,
    person_id: int,
    score: Annotated[str, Form()] = "",
) -> Response:
    """A teacher's grade, empty to take it back. A tool's column can be typed over as well."""
    value = as_number(score) if score.strip() else None
    if score.strip() and (value is None or not 0 <= value <= _MOST):
        words = "Enter a number of points from 0 up, or leave it empty to take the grade back."
        return await _cell(request, platform, visit, kind, column_id, person_id, words, score)
    now = platform.now()
    async with platform.store.writing() as session:
        await _find(session, visit, kind, column_id, person_id)
        if kind == "tool":
            line_item = await one_of(session, LineItem, visit.course.id, column_id)
            await grade_tool_column(session, line_item, person_id, value, now)
        else:
            found = await one_of(session, Assignment, visit.course.id, column_id)
            await grade(session, found, person_id, value, visit.person.id, now)
    return see_other(f"/courses/{visit.course.id}/grades")


async def _find(
    session: AsyncSession, visit: Visit, kind: str, column_id: int, person_id: int
) -> tuple[Column, Person, Cell]:
    """A cell by the words of its address, or PageMissing."""
    book = await gradebook(session, visit.course.id, [person_id])
    column = next((found for found in book.columns if found.key == (kind, column_id)), None)
    if column is None or not book.rows:
        raise PageMissing
    return column, book.rows[0].person, book.rows[0].cells[column.key]
