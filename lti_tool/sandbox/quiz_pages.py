"""Taking a quiz: starting an attempt, answering, handing in, and seeing what was right."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse

from lti_tool.sandbox.canvas_dates import Dates, course_dates, overrides_shown
from lti_tool.sandbox.canvas_standing import rate_aligned
from lti_tool.sandbox.gradebook import record_submission, submission_of
from lti_tool.sandbox.models import Assignment, Person, Quiz, QuizAttempt
from lti_tool.sandbox.outline import placed
from lti_tool.sandbox.platform import ThisPlatform
from lti_tool.sandbox.quizzes import answers_from_form, from_json, mark
from lti_tool.sandbox.view import InCourse, PageMissing, StudentIn, Visit, from_own_pages, one_of, render, see_other

router = APIRouter(prefix="/courses/{course_id:int}/quizzes/{quiz_id:int}", default_response_class=HTMLResponse)


async def _quiz(session: AsyncSession, visit: Visit, quiz_id: int) -> tuple[Quiz, Assignment]:
    quiz: Quiz = await one_of(session, Quiz, visit.course.id, quiz_id)
    assignment = await session.get_one(Assignment, quiz.assignment_id)
    if not (assignment.published or visit.teaches):
        raise PageMissing
    return quiz, assignment


async def _attempts(session: AsyncSession, quiz: Quiz, person_id: int) -> Sequence[QuizAttempt]:
    rows = await session.scalars(
        select(QuizAttempt)
        .where(QuizAttempt.quiz_id == quiz.id, QuizAttempt.person_id == person_id)
        .order_by(QuizAttempt.attempt)
    )
    return rows.all()


async def _dates(session: AsyncSession, visit: Visit, assignment: Assignment) -> Dates:
    """When the visitor may do the quiz; teachers see everybody's dates."""
    whose = visit.person.id if visit.studies else None
    return (await course_dates(session, visit.course.id)).of(assignment.id, whose)


def _may_begin(quiz: Quiz, attempts: Sequence[QuizAttempt], dates: Dates, now: datetime) -> bool:
    return (
        bool(quiz.questions)
        and not dates.locked(now)
        and (quiz.allowed_attempts < 0 or len(attempts) < quiz.allowed_attempts)
    )


def _address(visit: Visit, quiz: Quiz, attempt: int | None = None) -> str:
    address = f"/courses/{visit.course.id}/quizzes/{quiz.id}"
    return address if attempt is None else f"{address}/attempts/{attempt}"


@router.get("")
async def quiz_page(
    request: Request, platform: ThisPlatform, visit: InCourse, quiz_id: int, module_item_id: int | None = None
) -> HTMLResponse:
    """What the quiz is about; a student's attempts, a teacher's list of everybody's."""
    async with platform.store.reading() as session:
        quiz, assignment = await _quiz(session, visit, quiz_id)
        place = await placed(session, visit, "Quiz", quiz.id, module_item_id)
        attempts = await _attempts(session, quiz, visit.person.id) if visit.studies else ()
        submission = await submission_of(session, assignment.id, visit.person.id) if visit.studies else None
        everybody = await _everybody(session, quiz) if visit.teaches else ()
        dates = await _dates(session, visit, assignment)
        others = await overrides_shown(session, visit, assignment.id)
    questions = from_json(quiz.questions)
    return render(
        request,
        "quiz.html",
        visit=visit,
        place=place,
        quiz=quiz,
        assignment=assignment,
        questions=questions,
        attempts=attempts,
        submission=submission,
        everybody=everybody,
        may_begin=_may_begin(quiz, attempts, dates, platform.now()),
        dates=dates,
        others=others,
        locked=dates.locked(platform.now()),
        open_attempt=next((row for row in attempts if row.finished_at is None), None),
    )


async def _everybody(session: AsyncSession, quiz: Quiz) -> Sequence[tuple[Person, int, float | None]]:
    """Each person with attempts: how many were handed in, and the best score."""
    rows = await session.execute(
        select(Person, func.count(QuizAttempt.finished_at), func.max(QuizAttempt.score))
        .join(QuizAttempt, QuizAttempt.person_id == Person.id)
        .where(QuizAttempt.quiz_id == quiz.id)
        .group_by(Person.id)
        .order_by(Person.sortable_name)
    )
    return [(person, number, best) for person, number, best in rows]


@router.post("/attempts", dependencies=[Depends(from_own_pages)])
async def begin(platform: ThisPlatform, visit: StudentIn, quiz_id: int) -> RedirectResponse:
    """Begin an attempt, or go on with the one that is open."""
    async with platform.store.writing() as session:
        quiz, assignment = await _quiz(session, visit, quiz_id)
        dates = await _dates(session, visit, assignment)
        attempts = await _attempts(session, quiz, visit.person.id)
        attempt = next((row for row in attempts if row.finished_at is None), None)
        if attempt is None:
            if not _may_begin(quiz, attempts, dates, platform.now()):
                return see_other(_address(visit, quiz))
            attempt = QuizAttempt(
                quiz_id=quiz.id,
                person_id=visit.person.id,
                attempt=len(attempts) + 1,
                answers={},
                started_at=platform.now(),
            )
            session.add(attempt)
            await session.flush()
    return see_other(_address(visit, quiz, attempt.attempt))


async def _attempt(session: AsyncSession, quiz: Quiz, person_id: int, number: int) -> QuizAttempt:
    attempts = await _attempts(session, quiz, person_id)
    found = next((row for row in attempts if row.attempt == number), None)
    if found is None:
        raise PageMissing
    return found


@router.get("/attempts/{number:int}")
async def attempt_page(
    request: Request,
    platform: ThisPlatform,
    visit: InCourse,
    quiz_id: int,
    number: int,
    student: int | None = None,
) -> HTMLResponse:
    """The questions to answer or, once handed in, what was right. Teachers look at a ``student``'s."""
    person_id = student if student is not None and visit.teaches else visit.person.id
    async with platform.store.reading() as session:
        quiz, assignment = await _quiz(session, visit, quiz_id)
        attempt = await _attempt(session, quiz, person_id, number)
        attempts = await _attempts(session, quiz, person_id)
        person = await session.get_one(Person, person_id)
        dates = await _dates(session, visit, assignment)
    questions = from_json(quiz.questions)
    shared: dict[str, Any] = {"quiz": quiz, "assignment": assignment, "attempt": attempt, "student": person}
    if attempt.finished_at is None and person_id == visit.person.id:
        return render(request, "take.html", visit=visit, questions=questions, **shared)
    outcome = mark(questions, attempt.answers)
    return render(
        request,
        "result.html",
        visit=visit,
        outcome=outcome,
        may_begin=visit.studies and _may_begin(quiz, attempts, dates, platform.now()),
        **shared,
    )


@router.post("/attempts/{number:int}", dependencies=[Depends(from_own_pages)])
async def hand_in(
    request: Request, platform: ThisPlatform, visit: StudentIn, quiz_id: int, number: int
) -> RedirectResponse:
    """Hand in an attempt. The score counts at once, unless a person has to read an answer. A second time changes nothing."""
    posted = await request.form()
    form = {name: [str(value) for value in posted.getlist(name)] for name in posted}
    now = platform.now()
    async with platform.store.writing() as session:
        quiz, assignment = await _quiz(session, visit, quiz_id)
        attempt = await _attempt(session, quiz, visit.person.id, number)
        if attempt.finished_at is None:
            questions = from_json(quiz.questions)
            answers = answers_from_form(questions, form)
            outcome = mark(questions, answers)
            attempt.answers, attempt.finished_at = dict(answers), now
            attempt.score = outcome.score(assignment.points_possible or outcome.possible)
            await _file(session, assignment, attempt, now, waits=outcome.waits_for_a_person)
    return see_other(_address(visit, quiz, number))


async def _file(
    session: AsyncSession, assignment: Assignment, attempt: QuizAttempt, now: datetime, *, waits: bool
) -> None:
    """File the attempt in the gradebook. A quiz worth nothing is only handed in; one with essays waits for the teacher."""
    counts = assignment.points_possible > 0 and not waits
    submission = await record_submission(
        session, assignment, attempt.person_id, now, score=attempt.score if counts else None
    )
    if counts:
        await rate_aligned(session, assignment, attempt.person_id, attempt.score, now)
    if waits:
        submission.workflow_state = "pending_review"
