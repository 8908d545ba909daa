"""Assignments and grades: handing in, grading, the gradebook of the teacher and everybody's own grades."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse, Response

from lti_tool.sandbox import addresses
from lti_tool.sandbox.canvas_dates import Dates, course_dates, overrides_shown
from lti_tool.sandbox.canvas_standing import (
    LATE_STATUSES,
    Decision,
    WrongRating,
    decide,
    forgive,
    grade_by_rubric,
    more_of,
    rubric_of,
)
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
from lti_tool.sandbox.platform import Platform, ThisPlatform
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
        dates = await _dates(session, visit, found)
        others = await overrides_shown(session, visit, assignment_id)
    return render(
        request,
        "assignment.html",
        visit=visit,
        assignment=found,
        place=place,
        submission=submission,
        students=students,
        dates=dates,
        others=others,
        locked=dates.locked(platform.now()),
        longest=MAX_ANSWER,
        error=None,
    )


async def _dates(session: AsyncSession, visit: Visit, found: Assignment) -> Dates:
    """When the visitor may do it; teachers see everybody's dates."""
    whose = visit.person.id if visit.studies else None
    return (await course_dates(session, visit.course.id)).of(found.id, whose)


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
        takes = found.submission_type in ("online_text_entry", "online_url")
        if body.strip() and takes and not (await _dates(session, visit, found)).locked(platform.now()):
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
        decided = await _decided(session, platform, kind, column_id, person_id)
    return render(
        request,
        "cell.html",
        review=review,
        **decided,
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
            if value is not None:
                await forgive(session, found.id, person_id)
    return see_other(f"/courses/{visit.course.id}/grades")


async def _decided(
    session: AsyncSession, platform: Platform, kind: str, column_id: int, person_id: int
) -> dict[str, Any]:
    """What a teacher decided beside the points, where the LMS has such a thing, and the rubric with what was given by it."""
    if kind == "tool" or not platform.settings.profile.has_canvas_api:
        return {"decides": False, "status": "", "rubric": None, "given": {}}
    more, rubric = await more_of(session, column_id, person_id), await rubric_of(session, column_id)
    status = "excused" if more and more.excused else (more.late_status or "") if more else ""
    return {"decides": True, "status": status, "rubric": rubric, "given": (more.rubric or {}) if more else {}}


@router.post("/grades/assignment/{column_id:int}/{person_id:int}/status", dependencies=[Depends(from_own_pages)])
async def set_status(
    platform: ThisPlatform, visit: TeacherIn, column_id: int, person_id: int, status: Annotated[str, Form()] = ""
) -> Response:
    """A teacher excuses a student, or calls the work late or missing; an empty status leaves it to the dates."""
    if status not in ("", "excused", *LATE_STATUSES):
        raise PageMissing
    wanted = Decision(excused=status == "excused", late_status="" if status == "excused" else status)
    async with platform.store.writing() as session:
        await _find(session, visit, "assignment", column_id, person_id)
        found = await one_of(session, Assignment, visit.course.id, column_id)
        await decide(session, found, person_id, wanted, visit.person.id, platform.now())
    return see_other(f"/courses/{visit.course.id}/grades/assignment/{column_id}/{person_id}")


@router.post("/grades/assignment/{column_id:int}/{person_id:int}/rubric", dependencies=[Depends(from_own_pages)])
async def set_rubric(
    request: Request, platform: ThisPlatform, visit: TeacherIn, column_id: int, person_id: int
) -> Response:
    """A teacher grades by the rubric: points for each criterion that are left empty are not given."""
    form = await request.form()
    entered = {name: str(value).strip() for name, value in form.items() if str(value).strip()}
    ratings = {name: {"points": as_number(value)} for name, value in entered.items()}
    try:
        async with platform.store.writing() as session:
            await _find(session, visit, "assignment", column_id, person_id)
            found = await one_of(session, Assignment, visit.course.id, column_id)
            await grade_by_rubric(session, found, person_id, ratings, visit.person.id, platform.now())
    except WrongRating:
        words = "Enter a number of points from 0 up for each criterion, or leave it empty."
        return await _cell(request, platform, visit, "assignment", column_id, person_id, words)
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
