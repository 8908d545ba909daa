"""The part of Canvas's REST API that a tool's connector reads: courses, modules, assignments, submissions, people.

Documented at https://canvas.instructure.com/doc/api/. Ids are numbers, or strings for who asks for
``application/json+canvas-string-ids``. Pages are followed by ``Link``; ``per_page`` is 10 unless told, 100 at most.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from lti_tool.sandbox.canvas_rows import (
    ItemShaper,
    assignment_json,
    assignments_of,
    module_json,
    quiz_ids,
    string_ids,
    submissions_of,
    user_json,
)
from lti_tool.sandbox.models import Assignment, Course, Person
from lti_tool.sandbox.platform import Platform, platform_of
from lti_tool.sandbox.services import Id, one_page
from lti_tool.sandbox.store import modules_of, roster

DEFAULT_PAGE, LARGEST_PAGE = 10, 100
STRING_IDS = "application/json+canvas-string-ids"

router = APIRouter(prefix="/api/v1")


@dataclass
class ApiError(Exception):
    """A call that is refused, answered as Canvas does: ``{"errors": [{"message": …}]}``."""

    status: int
    message: str


def answer_api_error(_request: Request, error: Exception) -> JSONResponse:
    """The exception handler for ApiError. Only a dead token's 401 carries WWW-Authenticate, as on Canvas."""
    if not isinstance(error, ApiError):
        raise error
    headers = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'} if error.status == 401 else {}
    return JSONResponse({"errors": [{"message": error.message}]}, error.status, headers=headers)


async def with_token(request: Request) -> Platform:
    """A dependency: refuses whoever has not the API token."""
    platform = platform_of(request)
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    expected = await platform.api_token()
    if scheme.lower() != "bearer" or not hmac.compare_digest(value.strip().encode(), expected.encode()):
        raise ApiError(401, "Invalid access token.")
    return platform


Api = Annotated[Platform, Depends(with_token)]


def _answer(request: Request, body: Any, headers: Mapping[str, str] | None = None) -> JSONResponse:
    if STRING_IDS in request.headers.get("accept", ""):
        body = string_ids(body)
    return JSONResponse(body, headers={**(headers or {}), "X-Rate-Limit-Remaining": "700.0", "X-Request-Cost": "0.1"})


def _list(request: Request, platform: Platform, rows: Sequence[Any]) -> JSONResponse:
    page, headers = one_page(request, platform, rows, size_name="per_page", default=DEFAULT_PAGE, most=LARGEST_PAGE)
    return _answer(request, list(page), headers)


def _includes(request: Request) -> set[str]:
    return set(request.query_params.getlist("include[]"))


async def _course(session: AsyncSession, asked: str) -> Course:
    """The course by its number, or by ``lti_context_id:…`` as Canvas allows."""
    query = select(Course)
    if asked.startswith("lti_context_id:"):
        query = query.where(Course.context_id == asked.removeprefix("lti_context_id:"))
    elif asked.isdecimal() and len(asked) < 16:
        query = query.where(Course.id == int(asked))
    else:
        raise ApiError(404, "The specified resource does not exist.")
    course = (await session.scalars(query)).one_or_none()
    if course is None:
        raise ApiError(404, "The specified resource does not exist.")
    return course


@router.get("/users/self")
async def whoever_asks(request: Request, platform: Api) -> JSONResponse:
    """Whose token this is: the sandbox's one API user."""
    return _answer(request, {"id": 0, "name": f"{platform.settings.name} API"})


@router.get("/courses/{course_id}")
async def one_course(request: Request, course_id: str, platform: Api) -> JSONResponse:
    """A course."""
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
    return _answer(
        request,
        {
            "id": course.id,
            "name": course.name,
            "course_code": course.code,
            "workflow_state": "available",
            "lti_context_id": course.context_id,
            "html_url": f"{platform.settings.base_url}/courses/{course.id}",
        },
    )


@router.get("/courses/{course_id}/modules")
async def modules(request: Request, course_id: str, platform: Api) -> JSONResponse:
    """The modules in order, with ``include[]=items`` their items, with ``include[]=content_details`` points and dates."""
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        found = await modules_of(session, course.id)
        shaper = await ItemShaper.make(session, platform, course, details="content_details" in _includes(request))
    with_items = "items" in _includes(request)
    return _list(request, platform, [module_json(shaper, module, with_items=with_items) for module in found])


@router.get("/courses/{course_id}/modules/{module_id}/items")
async def module_items(request: Request, course_id: str, module_id: Id, platform: Api) -> JSONResponse:
    """The items of one module in order."""
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        shaper = await ItemShaper.make(session, platform, course, details="content_details" in _includes(request))
        found = [module for module in await modules_of(session, course.id) if module.id == module_id]
    if not found:
        raise ApiError(404, "The specified resource does not exist.")
    return _list(request, platform, [shaper.shape(item) for item in found[0].items])


@router.get("/courses/{course_id}/assignments")
async def assignments(request: Request, course_id: str, platform: Api) -> JSONResponse:
    """The assignments, quizzes among them."""
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        rows = await assignments_of(session, course.id)
        quizzes = await quiz_ids(session, course.id)
    return _list(request, platform, [assignment_json(platform, row, quizzes.get(row.id)) for row in rows])


@router.get("/courses/{course_id}/assignments/{assignment_id}")
async def one_assignment(request: Request, course_id: str, assignment_id: Id, platform: Api) -> JSONResponse:
    """An assignment."""
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        row = await _assignment(session, course, assignment_id)
        quizzes = await quiz_ids(session, course.id)
    return _answer(request, assignment_json(platform, row, quizzes.get(row.id)))


async def _assignment(session: AsyncSession, course: Course, assignment_id: int) -> Assignment:
    row = await session.get(Assignment, assignment_id)
    if row is None or row.course_id != course.id:
        raise ApiError(404, "The specified resource does not exist.")
    return row


@router.get("/courses/{course_id}/assignments/{assignment_id}/submissions")
async def submissions(request: Request, course_id: str, assignment_id: Id, platform: Api) -> JSONResponse:
    """Where each student stands with an assignment."""
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        row = await _assignment(session, course, assignment_id)
        students = [enrolment.person for enrolment in await roster(session, course.id, "student")]
        history = "submission_history" in _includes(request)
        shown = await submissions_of(session, platform, course.id, students, [row], history=history)
    return _list(request, platform, shown)


@router.get("/courses/{course_id}/students/submissions")
async def students_submissions(request: Request, course_id: str, platform: Api) -> JSONResponse:
    """Where students stand: ``student_ids[]`` (numbers, ``lti_user_id:…``, or ``all``), ``assignment_ids[]``,
    ``submitted_since``, ``graded_since``, ``workflow_state``, ``include[]=submission_history``.
    """
    query = request.query_params
    asked, wanted = query.getlist("student_ids[]"), set(query.getlist("assignment_ids[]"))
    if not asked:
        raise ApiError(403, "You can only view your own submissions; name students with student_ids[].")
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        everyone = [enrolment.person for enrolment in await roster(session, course.id, "student")]
        students = everyone if "all" in asked else [person for person in everyone if _names(person) & set(asked)]
        rows = [row for row in await assignments_of(session, course.id) if not wanted or str(row.id) in wanted]
        history = "submission_history" in _includes(request)
        shown = await submissions_of(session, platform, course.id, students, rows, history=history)
    return _list(request, platform, list(_only(shown, query)))


def _names(person: Person) -> set[str]:
    return {str(person.id), f"lti_user_id:{person.lti_id}"}


def _only(shown: Iterable[dict[str, Any]], query: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    submitted, graded, state = (query.get(name) for name in ("submitted_since", "graded_since", "workflow_state"))
    for row in shown:
        if submitted and not _since(row["submitted_at"], submitted):
            continue
        if graded and not _since(row["graded_at"], graded):
            continue
        if state and row["workflow_state"] != state:
            continue
        yield row


def _since(value: str | None, limit: str) -> bool:
    try:
        moment = datetime.fromisoformat(limit)
    except ValueError as error:
        raise ApiError(400, "Dates must be ISO 8601.") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value is not None and datetime.fromisoformat(value) > moment


@router.get("/courses/{course_id}/users")
async def users(request: Request, course_id: str, platform: Api) -> JSONResponse:
    """The people of a course, of the roles in ``enrollment_type[]`` (teacher, student, observer) if it is given."""
    kinds = set(request.query_params.getlist("enrollment_type[]"))
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        found = [row.person for row in await roster(session, course.id) if not kinds or row.role in kinds]
    return _list(request, platform, [user_json(person) for person in found])
