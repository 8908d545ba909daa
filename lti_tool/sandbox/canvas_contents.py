"""Canvas's REST API, contents: pages, quizzes and their submissions, New Quizzes, discussions, files, rubrics."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from lti_tool.sandbox.canvas_access import Api, Here, answer, bookmarked, enter, listed, missing, number, numbered
from lti_tool.sandbox.canvas_models import Rubric, SubmissionMore
from lti_tool.sandbox.canvas_rows import moment, new_quizzes
from lti_tool.sandbox.canvas_work_rows import Work, read_standing, submission_id, work
from lti_tool.sandbox.models import Assignment, Discussion, FileEntry, ModuleItem, Page, Quiz, QuizAttempt

router = APIRouter(prefix="/api/v1/courses/{course_id}")
new_router = APIRouter(prefix="/api/quiz/v1/courses/{course_id}")


async def _published(session: AsyncSession, here: Here, kind: str) -> set[int] | None:
    """The contents of a kind that some published item leads to; None where the caller sees all."""
    if here.teaches:
        return None
    rows = await session.scalars(
        select(ModuleItem.content_id).where(
            ModuleItem.course_id == here.course.id, ModuleItem.type == kind, ModuleItem.published
        )
    )
    return {row for row in rows if row is not None}


# --- Pages -------------------------------------------------------------------------------------------------------------


async def _pages(session: AsyncSession, here: Here) -> Sequence[Page]:
    seen = await _published(session, here, "Page")
    rows = await session.scalars(select(Page).where(Page.course_id == here.course.id).order_by(Page.title, Page.id))
    return [row for row in rows if seen is None or row.id in seen]


@router.get("/pages")
async def pages(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The pages by title, without their words unless ``include[]=body``."""
    bodies = "body" in caller.includes(request)
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = await _pages(session, here)
    return numbered(request, caller, [_page(here, row, body=bodies) for row in found])


@router.get("/pages/{url_or_id}")
async def one_page(request: Request, course_id: str, url_or_id: str, caller: Api) -> JSONResponse:
    """A page with its words, by its address or its number."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = await _pages(session, here)
    page = next((row for row in found if url_or_id in (row.slug, str(row.id), f"page_id:{row.id}")), None)
    if page is None:
        raise missing()
    return answer(request, caller, _page(here, page, body=True))


def _page(here: Here, row: Page, *, body: bool) -> dict[str, Any]:
    shown = {
        "page_id": row.id,
        "url": row.slug,
        "title": row.title,
        "created_at": moment(row.updated_at),
        "updated_at": moment(row.updated_at),
        "editing_roles": "teachers",
        "published": True,
        "front_page": False,
        "locked_for_user": False,
        "html_url": f"{here.web}/pages/{row.slug}",
    }
    return {**shown, "body": row.html} if body else shown


# --- Classic quizzes ---------------------------------------------------------------------------------------------------


async def _quizzes(session: AsyncSession, here: Here) -> Sequence[tuple[Quiz, Assignment]]:
    others = await new_quizzes(session, here.course.id)
    rows = await session.execute(
        select(Quiz, Assignment)
        .join(Assignment, Assignment.id == Quiz.assignment_id)
        .where(Quiz.course_id == here.course.id)
        .order_by(Assignment.position, Quiz.id)
    )
    return [(quiz, row) for quiz, row in rows if row.id not in others and (row.published or here.teaches)]


@router.get("/quizzes")
async def quizzes(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The classic quizzes; those of New Quizzes are not among them."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = await _quizzes(session, here)
    return numbered(request, caller, [_quiz(here, quiz, row) for quiz, row in found])


@router.get("/quizzes/{id}")
async def one_quiz(request: Request, course_id: str, id: str, caller: Api) -> JSONResponse:  # noqa: A002
    """A classic quiz."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        quiz, row = await _one_quiz(session, here, id)
    return answer(request, caller, _quiz(here, quiz, row))


async def _one_quiz(session: AsyncSession, here: Here, asked: str) -> tuple[Quiz, Assignment]:
    wanted = number(asked)
    found = next((one for one in await _quizzes(session, here) if one[0].id == wanted), None)
    if found is None:
        raise missing()
    return found


def _quiz(here: Here, quiz: Quiz, row: Assignment) -> dict[str, Any]:
    return {
        "id": quiz.id,
        "title": quiz.title,
        "description": quiz.description,
        "html_url": f"{here.web}/quizzes/{quiz.id}",
        "mobile_url": f"{here.web}/quizzes/{quiz.id}?force_user=1&persist_headless=1",
        "quiz_type": "assignment" if row.points_possible else "practice_quiz",
        "assignment_id": row.id,
        "assignment_group_id": here.course.id,
        "points_possible": row.points_possible,
        "question_count": len(quiz.questions),
        "allowed_attempts": quiz.allowed_attempts,
        "scoring_policy": "keep_highest",
        "time_limit": None,
        "due_at": moment(row.due_at),
        "lock_at": None,
        "unlock_at": None,
        "published": row.published,
        "locked_for_user": False,
    }


@router.get("/quizzes/{quiz_id}/submissions")
async def quiz_submissions(request: Request, course_id: str, quiz_id: str, caller: Api) -> JSONResponse:
    """Everybody's latest attempt at a classic quiz; students see their own. The list is wrapped, and paged all the same."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        quiz, row = await _one_quiz(session, here, quiz_id)
        found = await session.scalars(
            select(QuizAttempt)
            .where(QuizAttempt.quiz_id == quiz.id)
            .order_by(QuizAttempt.person_id, QuizAttempt.attempt)
        )
        attempts: dict[int, list[QuizAttempt]] = {}
        for attempt in found:
            if here.work_of is None or attempt.person_id in here.work_of:
                attempts.setdefault(attempt.person_id, []).append(attempt)
    rows, headers = bookmarked(request, caller, list(attempts.values()))
    shown = [_quiz_submission(quiz, row, tries) for tries in rows]
    return answer(request, caller, {"quiz_submissions": shown}, headers)


def _quiz_submission(quiz: Quiz, row: Assignment, tries: Sequence[QuizAttempt]) -> dict[str, Any]:
    last, scores = tries[-1], [one.score for one in tries if one.score is not None]
    left = -1 if quiz.allowed_attempts < 0 else max(quiz.allowed_attempts - len(tries), 0)
    state = "untaken" if last.finished_at is None else "pending_review" if last.score is None else "complete"
    return {
        "id": last.id,
        "quiz_id": quiz.id,
        "user_id": last.person_id,
        "submission_id": submission_id(row.id, last.person_id),
        "started_at": moment(last.started_at),
        "finished_at": moment(last.finished_at),
        "end_at": None,
        "attempt": last.attempt,
        "extra_attempts": None,
        "extra_time": None,
        "manually_unlocked": False,
        "time_spent": int((last.finished_at - last.started_at).total_seconds()) if last.finished_at else None,
        "score": last.score,
        "kept_score": max(scores) if scores else None,
        "score_before_regrade": None,
        "fudge_points": 0,
        "quiz_points_possible": row.points_possible,
        "attempts_left": left,
        "has_seen_results": False,
        "workflow_state": state,
    }


# --- New Quizzes -------------------------------------------------------------------------------------------------------


@new_router.get("/quizzes")
async def new_quiz_list(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The quizzes of New Quizzes, for who may change them. Their ids are those of their assignments, as strings always."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        here.demand_teacher()
        found = await work(session, here)
    rows = [row for row in found.assignments if found.is_new_quiz(row.id)]
    return listed(request, caller, [_new_quiz(found, row) for row in rows])


@new_router.get("/quizzes/{assignment_id}")
async def one_new_quiz(request: Request, course_id: str, assignment_id: str, caller: Api) -> JSONResponse:
    """A quiz of New Quizzes."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        here.demand_teacher()
        found = await work(session, here)
    row = found.assignment(number(assignment_id))
    if row is None or not found.is_new_quiz(row.id):
        raise missing()
    return answer(request, caller, _new_quiz(found, row))


def _new_quiz(found: Work, row: Assignment) -> dict[str, Any]:
    dates = found.dates.of(row.id)
    return {
        "id": str(row.id),
        "title": row.name,
        "instructions": row.description,
        "assignment_group_id": str(found.here.course.id),
        "points_possible": row.points_possible,
        "due_at": moment(dates.due_at),
        "lock_at": moment(dates.lock_at),
        "unlock_at": moment(dates.unlock_at),
        "published": row.published,
        "grading_type": "points",
        "quiz_settings": {
            "has_time_limit": False,
            "multiple_attempts": {
                "multiple_attempts_enabled": True,
                "attempt_limit": False,
                "score_to_keep": "highest",
            },
        },
    }


# --- Discussions and files ---------------------------------------------------------------------------------------------


@router.get("/discussion_topics")
async def discussions(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The discussions."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = await _discussions(session, here)
    return numbered(request, caller, [_discussion(here, row) for row in found])


@router.get("/discussion_topics/{topic_id}")
async def one_discussion(request: Request, course_id: str, topic_id: str, caller: Api) -> JSONResponse:
    """A discussion."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = await _discussions(session, here)
    wanted = number(topic_id)
    row = next((one for one in found if one.id == wanted), None)
    if row is None:
        raise missing()
    return answer(request, caller, _discussion(here, row))


async def _discussions(session: AsyncSession, here: Here) -> Sequence[Discussion]:
    seen = await _published(session, here, "Discussion")
    rows = await session.scalars(
        select(Discussion).where(Discussion.course_id == here.course.id).order_by(Discussion.id.desc())
    )
    return [row for row in rows if seen is None or row.id in seen]


def _discussion(here: Here, row: Discussion) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "message": row.html,
        "html_url": f"{here.web}/discussion_topics/{row.id}",
        "assignment_id": None,
        "published": True,
        "locked": False,
        "locked_for_user": False,
        "discussion_type": "side_comment",
        "discussion_subentry_count": 0,
    }


@router.get("/files")
async def files(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The files by name, without the kinds in ``exclude_content_types[]``, and of those in ``content_types[]``."""
    unwanted = request.query_params.getlist("exclude_content_types[]")
    wanted = request.query_params.getlist("content_types[]")
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        rows = await session.scalars(
            select(FileEntry).where(FileEntry.course_id == here.course.id).order_by(FileEntry.name, FileEntry.id)
        )
        found = [row for row in rows if not _of(row, unwanted) and (not wanted or _of(row, wanted))]
    return numbered(request, caller, [_file(here, row) for row in found])


def _of(row: FileEntry, kinds: Sequence[str]) -> bool:
    """Whether a file is of one of these kinds: a media type, or the first part of one."""
    return any(row.content_type == kind or row.content_type.startswith(f"{kind}/") for kind in kinds)


def _file(here: Here, row: FileEntry) -> dict[str, Any]:
    return {
        "id": row.id,
        "folder_id": here.course.id,
        "display_name": row.name,
        "filename": row.name,
        "content-type": row.content_type,
        "url": f"{here.web}/files/{row.id}/download?download_frd=1",
        "size": row.size,
        "created_at": moment(here.course.created_at),
        "updated_at": moment(here.course.created_at),
        "locked": False,
        "hidden": False,
        "locked_for_user": False,
    }


# --- Rubrics -----------------------------------------------------------------------------------------------------------


@router.get("/rubrics")
async def rubrics(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The rubrics, for teachers."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        here.demand_teacher()
        rows = await session.scalars(select(Rubric).where(Rubric.course_id == here.course.id).order_by(Rubric.id))
        found = rows.all()
    return numbered(request, caller, [_rubric(row) for row in found])


@router.get("/rubrics/{id}")
async def one_rubric(request: Request, course_id: str, id: str, caller: Api) -> JSONResponse:  # noqa: A002
    """A rubric; with ``include[]=assessments`` how it was used."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        here.demand_teacher()
        row = await session.get(Rubric, number(id))
        if row is None or row.course_id != here.course.id:
            raise missing()
        found = await work(session, here)
        used = [one.id for one in found.assignments if (by := found.rubric(one.id)) is not None and by.id == row.id]
        await read_standing(session, found, used)
    shown = _rubric(row)
    if caller.includes(request) & {"assessments", "graded_assessments"}:
        shown["assessments"] = [
            _assessment(found, row, one) for one in found.submissions_more.values() if _by(found, row, one)
        ]
    return answer(request, caller, shown)


def _rubric(row: Rubric) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "context_id": row.course_id,
        "context_type": "Course",
        "points_possible": sum(one["points"] for one in row.criteria),
        "reusable": False,
        "read_only": False,
        "free_form_criterion_comments": False,
        "hide_score_total": None,
        "data": row.criteria,
        "criteria": row.criteria,
    }


def _by(found: Work, rubric: Rubric, one: SubmissionMore) -> bool:
    used = found.rubric(one.assignment_id)
    return bool(one.rubric) and used is not None and used.id == rubric.id


def _assessment(found: Work, rubric: Rubric, one: SubmissionMore) -> dict[str, Any]:
    submission = found.submissions.get((one.person_id, one.assignment_id))
    return {
        "id": one.id,
        "rubric_id": rubric.id,
        "rubric_association_id": one.assignment_id,
        "score": submission.score if submission else None,
        "artifact_type": "Submission",
        "artifact_id": submission_id(one.assignment_id, one.person_id),
        "artifact_attempt": submission.attempt if submission else None,
        "assessment_type": "grading",
        "assessor_id": submission.grader_id if submission else None,
        "data": [{"criterion_id": key, **rating} for key, rating in (one.rubric or {}).items()],
    }
