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

from lti_tool.sandbox.models import Assignment, Course, Module, ModuleItem, Page, Person, Quiz, Submission
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
        body = _string_ids(body)
    return JSONResponse(body, headers={**(headers or {}), "X-Rate-Limit-Remaining": "700.0", "X-Request-Cost": "0.1"})


def _string_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_string_ids(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: str(part) if isinstance(part, int) and (name == "id" or name.endswith("_id")) else _string_ids(part)
        for name, part in value.items()
    }


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
        shaper = await _ItemShaper.make(session, platform, course, details="content_details" in _includes(request))
    with_items = "items" in _includes(request)
    return _list(request, platform, [_module_json(shaper, module, with_items=with_items) for module in found])


@router.get("/courses/{course_id}/modules/{module_id}/items")
async def module_items(request: Request, course_id: str, module_id: Id, platform: Api) -> JSONResponse:
    """The items of one module in order."""
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        shaper = await _ItemShaper.make(session, platform, course, details="content_details" in _includes(request))
        found = [module for module in await modules_of(session, course.id) if module.id == module_id]
    if not found:
        raise ApiError(404, "The specified resource does not exist.")
    return _list(request, platform, [shaper.shape(item) for item in found[0].items])


def _module_json(shaper: "_ItemShaper", module: Module, *, with_items: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": module.id,
        "name": module.name,
        "position": module.position,
        "unlock_at": None,
        "require_sequential_progress": False,
        "prerequisite_module_ids": [],
        "published": module.published,
        "items_count": len(module.items),
        "items_url": f"{shaper.api}/modules/{module.id}/items",
    }
    if with_items:
        shown["items"] = [shaper.shape(item) for item in module.items]
    return shown


@dataclass(frozen=True)
class _ItemShaper:
    """Shapes module items with what of their content is shown beside them."""

    base_url: str
    course_id: int
    slugs: Mapping[int, str]
    assignments: Mapping[int, Assignment]
    quizzes: Mapping[int, Assignment]
    details: bool

    @classmethod
    async def make(cls, session: AsyncSession, platform: Platform, course: Course, *, details: bool) -> "_ItemShaper":
        pages = await session.execute(select(Page.id, Page.slug).where(Page.course_id == course.id))
        assignments = {row.id: row for row in await _assignments(session, course.id)}
        quizzes = await session.execute(select(Quiz.id, Quiz.assignment_id).where(Quiz.course_id == course.id))
        return cls(
            base_url=platform.settings.base_url,
            course_id=course.id,
            slugs={row.id: row.slug for row in pages},
            assignments=assignments,
            quizzes={quiz_id: assignments[assignment_id] for quiz_id, assignment_id in quizzes},
            details=details,
        )

    @property
    def api(self) -> str:
        return f"{self.base_url}/api/v1/courses/{self.course_id}"

    def shape(self, item: ModuleItem) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": item.id,
            "module_id": item.module_id,
            "position": item.position,
            "title": item.title,
            "indent": item.indent,
            "type": item.type,
            "published": item.published,
        }
        if item.type != "SubHeader":
            shown["html_url"] = f"{self.base_url}/courses/{self.course_id}/modules/items/{item.id}"
        if item.content_id is not None:
            shown |= {"content_id": item.content_id, "url": self._content_url(item)}
        if item.type == "Page" and item.content_id is not None:
            # Canvas names pages by their address, not by an id.
            shown["page_url"] = self.slugs.get(item.content_id)
            del shown["content_id"]
        if item.type in ("ExternalUrl", "ExternalTool"):
            shown |= {"external_url": item.external_url, "new_tab": item.new_tab}
        if self.details:
            shown["content_details"] = self._details(item)
        return shown

    def _content_url(self, item: ModuleItem) -> str:
        folder = {"Page": "pages", "Quiz": "quizzes", "Discussion": "discussion_topics", "File": "files"}
        place = folder.get(item.type, "assignments")
        return f"{self.api}/{place}/{self.slugs.get(item.content_id or 0) if item.type == 'Page' else item.content_id}"

    def _details(self, item: ModuleItem) -> dict[str, Any]:
        places = {"Assignment": self.assignments, "Quiz": self.quizzes}.get(item.type, {})
        assignment = places.get(item.content_id or 0)
        if assignment is None:
            return {"locked_for_user": False}
        return {
            "points_possible": assignment.points_possible,
            "due_at": _moment(assignment.due_at),
            "locked_for_user": False,
        }


async def _assignments(session: AsyncSession, course_id: int) -> Sequence[Assignment]:
    found = await session.scalars(
        select(Assignment).where(Assignment.course_id == course_id).order_by(Assignment.position, Assignment.id)
    )
    return found.all()


async def _quiz_ids(session: AsyncSession, course_id: int) -> dict[int, int]:
    rows = await session.execute(select(Quiz.assignment_id, Quiz.id).where(Quiz.course_id == course_id))
    return {row.assignment_id: row.id for row in rows}


@router.get("/courses/{course_id}/assignments")
async def assignments(request: Request, course_id: str, platform: Api) -> JSONResponse:
    """The assignments, quizzes among them."""
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        rows = await _assignments(session, course.id)
        quizzes = await _quiz_ids(session, course.id)
    return _list(request, platform, [_assignment_json(platform, row, quizzes.get(row.id)) for row in rows])


@router.get("/courses/{course_id}/assignments/{assignment_id}")
async def one_assignment(request: Request, course_id: str, assignment_id: Id, platform: Api) -> JSONResponse:
    """An assignment."""
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        row = await _assignment(session, course, assignment_id)
        quizzes = await _quiz_ids(session, course.id)
    return _answer(request, _assignment_json(platform, row, quizzes.get(row.id)))


async def _assignment(session: AsyncSession, course: Course, assignment_id: int) -> Assignment:
    row = await session.get(Assignment, assignment_id)
    if row is None or row.course_id != course.id:
        raise ApiError(404, "The specified resource does not exist.")
    return row


def _assignment_json(platform: Platform, row: Assignment, quiz_id: int | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": row.id,
        "course_id": row.course_id,
        "name": row.name,
        "description": row.description,
        "points_possible": row.points_possible,
        "grading_type": "points",
        "due_at": _moment(row.due_at),
        "unlock_at": None,
        "lock_at": None,
        "position": row.position,
        "submission_types": [row.submission_type],
        "is_quiz_assignment": quiz_id is not None,
        "published": row.published,
        "workflow_state": "published" if row.published else "unpublished",
        "created_at": _moment(row.created_at),
        "updated_at": _moment(row.updated_at),
        "html_url": f"{platform.settings.base_url}/courses/{row.course_id}/assignments/{row.id}",
    }
    return shown if quiz_id is None else {**shown, "quiz_id": quiz_id}


@router.get("/courses/{course_id}/assignments/{assignment_id}/submissions")
async def submissions(request: Request, course_id: str, assignment_id: Id, platform: Api) -> JSONResponse:
    """Where each student stands with an assignment."""
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        row = await _assignment(session, course, assignment_id)
        students = [enrolment.person for enrolment in await roster(session, course.id, "student")]
        shown = await _submissions(session, platform, course.id, students, [row])
    return _list(request, platform, shown)


@router.get("/courses/{course_id}/students/submissions")
async def students_submissions(request: Request, course_id: str, platform: Api) -> JSONResponse:
    """Where students stand: ``student_ids[]`` (numbers, ``lti_user_id:…``, or ``all``), ``assignment_ids[]``,
    ``submitted_since``, ``graded_since``, ``workflow_state``.
    """
    query = request.query_params
    asked, wanted = query.getlist("student_ids[]"), set(query.getlist("assignment_ids[]"))
    if not asked:
        raise ApiError(403, "You can only view your own submissions; name students with student_ids[].")
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        everyone = [enrolment.person for enrolment in await roster(session, course.id, "student")]
        students = everyone if "all" in asked else [person for person in everyone if _names(person) & set(asked)]
        rows = [row for row in await _assignments(session, course.id) if not wanted or str(row.id) in wanted]
        shown = await _submissions(session, platform, course.id, students, rows)
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


async def _submissions(
    session: AsyncSession, platform: Platform, course_id: int, students: Sequence[Person], rows: Sequence[Assignment]
) -> list[dict[str, Any]]:
    """One entry for each student and assignment; Canvas has one from the start, in the state ``unsubmitted``."""
    found = await session.scalars(select(Submission).where(Submission.course_id == course_id))
    there = {(submission.person_id, submission.assignment_id): submission for submission in found}
    return [
        _submission_json(platform, person, row, there.get((person.id, row.id))) for person in students for row in rows
    ]


def _submission_json(
    platform: Platform, person: Person, row: Assignment, submission: Submission | None
) -> dict[str, Any]:
    score = submission.score if submission else None
    submitted_at = submission.submitted_at if submission else None
    return {
        "id": row.id * 1_000_000 + person.id,
        "assignment_id": row.id,
        "user_id": person.id,
        "workflow_state": submission.workflow_state if submission else "unsubmitted",
        "score": score,
        "entered_score": score,
        "grade": None if score is None else f"{score:g}",
        "submitted_at": _moment(submitted_at),
        "graded_at": _moment(submission.graded_at) if submission else None,
        "posted_at": _moment(submission.graded_at) if submission else None,
        # A grader below zero is no person: Canvas uses the quiz's own number, negated.
        "grader_id": _grader(submission, row),
        "attempt": submission.attempt if submission and submission.attempt else None,
        "submission_type": row.submission_type if submitted_at else None,
        "late": bool(submitted_at and row.due_at and submitted_at > row.due_at),
        "missing": bool(submitted_at is None and score is None and row.due_at and row.due_at < platform.now()),
        "excused": False,
        "html_url": f"{platform.settings.base_url}/courses/{row.course_id}/assignments/{row.id}",
    }


def _grader(submission: Submission | None, row: Assignment) -> int | None:
    if submission is None or submission.graded_at is None:
        return None
    return submission.grader_id if submission.grader_id is not None else -row.id


@router.get("/courses/{course_id}/users")
async def users(request: Request, course_id: str, platform: Api) -> JSONResponse:
    """The people of a course, of the roles in ``enrollment_type[]`` (teacher, student, observer) if it is given."""
    kinds = set(request.query_params.getlist("enrollment_type[]"))
    async with platform.store.reading() as session:
        course = await _course(session, course_id)
        found = [row.person for row in await roster(session, course.id) if not kinds or row.role in kinds]
    return _list(request, platform, [_user_json(person) for person in found])


def _user_json(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "short_name": person.name,
        "sortable_name": person.sortable_name,
        "created_at": _moment(person.created_at),
    }


def _moment(value: datetime | None) -> str | None:
    """As Canvas writes it: UTC, whole seconds, Z."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")
