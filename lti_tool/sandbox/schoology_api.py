"""Schoology's REST API v1, as far as a tool's connector reads it, on the sandbox's own host.

https://developers.schoology.com/api-documentation/rest-api-v1: signed requests (``schoology_access.py``), JSON for who asks for
it and XML for everybody else, pages by ``start`` and ``limit`` with ``links.next``, fifty questions in one ``multiget``.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from starlette.responses import JSONResponse, Response

from lti_tool.sandbox.canvas_progress import completed, requirements
from lti_tool.sandbox.groups import groups_of
from lti_tool.sandbox.models import Course, Enrolment, Person
from lti_tool.sandbox.schoology_access import ApiRefused, Caller, caller_of
from lti_tool.sandbox.schoology_grades import Marks, enrolment_row, user_row
from lti_tool.sandbox.schoology_rows import GROUPS, PLACES, Row, Shelf, numbered

USUAL_PAGE, LARGEST_PAGE = 20, 200
AT_ONCE = 50

router = APIRouter()


# --- Questions and answers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """What is asked: the path below ``/v1``, the numbers in it, and the query."""

    caller: Caller
    session: AsyncSession
    path: str
    numbers: tuple[int, ...]
    query: Mapping[str, str]

    @property
    def api(self) -> str:
        """The API's address."""
        return f"{self.caller.platform.settings.base_url}/v1"

    def wants(self, name: str) -> bool:
        """Whether the query switches something on."""
        return self.query.get(name, "").lower() in ("1", "true")

    def among(self, name: str) -> frozenset[str] | None:
        """The values of a list in the query, apart by commas; None where it does not narrow."""
        given = self.query.get(name)
        return None if given is None else frozenset(one.strip() for one in given.split(","))

    def page(self, name: str, rows: Sequence[Row], **beside: Any) -> Row:
        """A page of a list with the address of the next one."""
        start, limit = self._number("start", 0), min(self._number("limit", USUAL_PAGE) or USUAL_PAGE, LARGEST_PAGE)
        links = {"self": self._at(start, limit)}
        if start + limit < len(rows):
            links["next"] = self._at(start + limit, limit)
        shown = list(rows[start : start + limit])
        value: Any = {"grade": shown} if name == "grades" else shown
        return {name: value, "total": len(rows), **beside, "links": links}

    def _number(self, name: str, usual: int) -> int:
        given = self.query.get(name, "")
        return int(given) if given.isdecimal() and len(given) < 9 else usual

    def _at(self, start: int, limit: int) -> str:
        query = urlencode(dict(self.query) | {"start": start, "limit": limit})
        return f"{self.api}/{self.path}?{query}"


@dataclass(frozen=True)
class Elsewhere(Exception):
    """The answer is at another address (303)."""

    address: str


View = Callable[[Question], Awaitable[Row]]


@router.get("/v1/{path:path}")
async def look(request: Request, path: str) -> Response:
    """Answer a question."""
    caller = await caller_of(request)
    async with caller.platform.store.reading() as session:
        try:
            body = await _answer(caller, session, path, dict(request.query_params))
        except Elsewhere as elsewhere:
            return Response(status_code=303, headers={"Location": elsewhere.address})
    return _written(request, body)


@router.post("/v1/multiget")
async def multiget(request: Request) -> Response:
    """Answer up to fifty questions, each with a status of its own; only of these kinds."""
    caller = await caller_of(request)
    questions = _questions(await request.body())
    async with caller.platform.store.reading() as session:
        answers = [await _among_others(caller, session, question) for question in questions]
    return _written(request, {"response": answers})


async def _among_others(caller: Caller, session: AsyncSession, question: str) -> Row:
    parts = urlsplit(question)
    path = parts.path.removeprefix("/v1/")
    location = f"{caller.platform.settings.base_url}{question}"
    body: Any = "This cannot be asked together with others"
    code = 400
    if _TOGETHER.fullmatch(path):
        try:
            body, code = await _answer(caller, session, path, dict(parse_qsl(parts.query, keep_blank_values=True))), 200
        except ApiRefused as refused:
            body, code = refused.words, refused.status
    return {"location": location, "response_code": code, "headers": None, "body": body}


def _questions(body: bytes) -> list[str]:
    try:
        given = json.loads(body)["request"]
    except (ValueError, KeyError, TypeError):
        raise ApiRefused(400, "The body must name requests") from None
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ApiRefused(400, "The body must name requests")
    if len(given) > AT_ONCE:
        raise ApiRefused(400, f"Only {AT_ONCE} requests can be made at once")
    return given


async def _answer(caller: Caller, session: AsyncSession, path: str, query: Mapping[str, str]) -> Row:
    for pattern, view in _VIEWS:
        found = pattern.fullmatch(path)
        if found is not None:
            return await view(Question(caller, session, path, tuple(int(one) for one in found.groups()), query))
    raise ApiRefused(404, "Not found")


def answer_refused(_request: Request, error: Exception) -> Response:
    """The exception handler for ApiRefused: a status and a sentence, in neither JSON nor XML."""
    if not isinstance(error, ApiRefused):
        raise error
    return Response(error.words, error.status, media_type="text/plain")


def _written(request: Request, body: Row) -> Response:
    """The answer in the form that was asked for. Whoever names none gets XML."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(body)
    root = ET.Element("result")
    _fill(root, body)
    return Response(ET.tostring(root, encoding="utf-8", xml_declaration=True), media_type="text/xml")


def _fill(element: ET.Element, value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            for one in inner if isinstance(inner, list) else [inner]:
                _fill(ET.SubElement(element, name), one)
    elif value is not None:
        element.text = str(value)


# --- Views ----------------------------------------------------------------------------------------------------------------


async def _me(question: Question) -> Row:
    person = question.caller.person
    if person is None:
        raise ApiRefused(404, "User not found")
    raise Elsewhere(f"{question.api}/users/{person.id}")


async def _app_user(question: Question) -> Row:
    person = question.caller.person
    return {
        "web_session_timestamp": int(question.caller.platform.now().timestamp()),
        "api_uid": person.id if person else 0,
    }


async def _user(question: Question) -> Row:
    caller = question.caller
    found = await question.session.get(Person, question.numbers[0])
    if found is None:
        raise ApiRefused(404, "User not found")
    own = caller.person is not None and caller.person.id == found.id
    if not own and caller.personal:
        raise ApiRefused(401, "Personal API keys cannot access other users' data")
    if not own and not caller.sees_all:
        raise ApiRefused(403, "You do not have permission to view this user")
    return user_row(found)


async def _section(question: Question) -> Row:
    course, enrolment = await question.caller.course(question.session, question.numbers[0])
    return {
        "id": str(course.id),
        "course_title": course.name,
        "course_code": course.code,
        "course_id": str(course.id),
        "school_id": "1",
        "section_title": "Section 1",
        "section_code": course.code,
        "section_school_code": "",
        "synced": "0",
        "active": 1,
        "description": "",
        "grading_periods": [1],
        "admin": int(question.caller.teaches(enrolment)),
    }


async def _shelf(question: Question) -> Shelf:
    caller = question.caller
    course, enrolment = await caller.course(question.session, question.numbers[0])
    base_url = caller.platform.settings.base_url
    return await Shelf.of(question.session, base_url, course, person=caller.person, teaches=caller.teaches(enrolment))


async def _folder(question: Question) -> Row:
    found = (await _shelf(question)).folder(question.numbers[1])
    if found is None:
        raise ApiRefused(404, "Folder not found")
    return found


async def _assignments(question: Question) -> Row:
    person = question.caller.person
    zone = person.time_zone if person is not None else "UTC"
    rows = (await _shelf(question)).assignment_rows(zone, with_tags=question.wants("with_tags"))
    return question.page("assignment", rows)


async def _discussions(question: Question) -> Row:
    rows = (await _shelf(question)).discussion_rows(with_tags=question.wants("with_tags"))
    return question.page("discussion", rows)


async def _pages(question: Question) -> Row:
    return question.page("page", (await _shelf(question)).page_rows(with_tags=question.wants("with_tags")))


async def _documents(question: Question) -> Row:
    rows = (await _shelf(question)).document_rows(with_tags=question.wants("with_tags"))
    return question.page("document", rows)


async def _enrolments(question: Question) -> Row:
    course, enrolment = await question.caller.course(question.session, question.numbers[0])
    question.caller.may_see_others(enrolment)
    states, users = question.among("enrollment_status"), question.among("uid")
    found = await _everybody(question.session, course)
    rows = [enrolment_row(one, question.api) for one in found]
    shown = [
        row
        for row in rows
        # Who is active, unless others are asked for too.
        if row["status"] in (states or {"1"}) and (users is None or row["uid"] in users)
    ]
    page = question.page("enrollment", shown)
    return page | {"total": str(page["total"])}


async def _grades(question: Question) -> Row:
    caller = question.caller
    shelf = await _shelf(question)
    _, enrolment = await caller.course(question.session, shelf.section)
    course = await question.session.get_one(Course, shelf.section)
    everybody = {one.person_id: one for one in await _everybody(question.session, course) if one.role == "student"}
    if caller.personal or not caller.teaches(enrolment):
        # A student's own grades are theirs to read; a personal key of somebody who has none reads nothing.
        if caller.person is None or caller.person.id not in everybody:
            caller.may_see_others(enrolment)
        everybody = {one: place for one, place in everybody.items() if caller.person and one == caller.person.id}
    marks = await Marks.of(question.session, shelf, everybody)
    keys, places = question.among("assignment_id"), question.among("enrollment_id")
    since = question.query.get("timestamp", "")
    rows = [
        row
        for row in marks.rows
        if (keys is None or str(row["assignment_id"]) in keys)
        and (places is None or str(row["enrollment_id"]) in places)
        and (not since.isdecimal() or row["timestamp"] > int(since))
    ]
    period = [{"period_id": "p1", "period_title": "Whole year", "weight": "100.00"}]
    return question.page("grades", rows, period=period, final_grade=[])


async def _completion(question: Question) -> Row:
    caller = question.caller
    course, enrolment = await caller.course(question.session, question.numbers[0])
    caller.may_see_others(enrolment)
    rules = await requirements(question.session, course.id)
    students = [one for one in await _everybody(question.session, course) if one.role == "student" and one.active]
    met = await completed(question.session, rules, [one.person_id for one in students])
    rows = [
        {
            "uid": one.person_id,
            "total_rules": len(rules),
            "completed_rules": len(met[one.person_id]),
            "percent_complete": round(100 * len(met[one.person_id]) / len(rules), 2) if rules else 0,
            "completed": int(0 < len(rules) == len(met[one.person_id])),
        }
        for one in students
    ]
    return question.page("completion", rows)


async def _groups(question: Question) -> Row:
    course, enrolment = await question.caller.course(question.session, question.numbers[0])
    question.caller.may_see_others(enrolment)
    places = {one.person_id: numbered(PLACES, one.id) for one in await _everybody(question.session, course)}
    rows = [
        {
            "id": numbered(GROUPS, group.row.id),
            "title": group.row.name,
            "section_id": course.id,
            "members": [places[one.id] for one in group.members if one.id in places],
        }
        for group in await groups_of(question.session, course.id)
    ]
    return {"grading_groups": rows, "count": len(rows), "links": {"self": f"{question.api}/{question.path}"}}


async def _everybody(session: AsyncSession, course: Course) -> Sequence[Enrolment]:
    """Every enrolment with its person, also of those who left; the sandbox's families are in no section."""
    found = await session.scalars(
        select(Enrolment)
        .where(Enrolment.course_id == course.id, Enrolment.role != "observer")
        .options(selectinload(Enrolment.person))
        .order_by(Enrolment.id)
    )
    return found.all()


_NUMBER = r"([1-9][0-9]{0,15})"
_VIEWS: tuple[tuple[re.Pattern[str], View], ...] = tuple(
    (re.compile(pattern), view)
    for pattern, view in (
        (r"users/me", _me),
        (r"app-user-info", _app_user),
        (rf"users/{_NUMBER}", _user),
        (rf"sections/{_NUMBER}", _section),
        (rf"courses/{_NUMBER}/folder/(0|[1-9][0-9]{{0,15}})", _folder),
        (rf"sections/{_NUMBER}/assignments", _assignments),
        (rf"sections/{_NUMBER}/discussions", _discussions),
        (rf"sections/{_NUMBER}/pages", _pages),
        (rf"sections/{_NUMBER}/documents", _documents),
        (rf"sections/{_NUMBER}/enrollments", _enrolments),
        (rf"sections/{_NUMBER}/grades", _grades),
        (rf"sections/{_NUMBER}/completion", _completion),
        (rf"sections/{_NUMBER}/grading_groups", _groups),
    )
)
_TOGETHER = re.compile(r"users/\d+|sections/\d+(/(assignments|enrollments|grades|discussions))?")
