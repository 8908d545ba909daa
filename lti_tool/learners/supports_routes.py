"""The pages of supports: for those who look after them, and a student's own."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from babel import Locale
from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.courses.access import InCourse, StudentIn, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course
from lti_tool.courses.service import display_name
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, ToolError
from lti_tool.learners import supports
from lti_tool.learners.models import Support
from lti_tool.learners.ports import FollowModification
from lti_tool.learners.rules import MOST_FACTOR, Supports, language_name, language_tag
from lti_tool.lti.models import Role
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import said_in, see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}")

MOST_LANGUAGE = 35


class Said(StrEnum):
    """What a page says after a form."""

    SAVED = "saved"
    MODIFIED = "modified"
    ENDED = "ended"
    RIGHT_GIVEN = "right-given"
    RIGHT_TAKEN = "right-taken"


_SENTENCES = {
    Said.SAVED: N_("Saved. It holds from the student’s next step on."),
    Said.MODIFIED: N_("Saved. What was done before stays as it is."),
    Said.ENDED: N_("Ended. From now on the student is asked for what the class is asked for."),
    Said.RIGHT_GIVEN: N_("This person can see and change supports in this course now."),
    Said.RIGHT_TAKEN: N_("This person can no longer see supports in this course."),
}


def _notice(request: Request) -> dict[str, str] | None:
    said = said_in(request, Said)
    return {"tone": "success", "text": language_of(request).gettext(_SENTENCES[said])} if said is not None else None


def _named(request: Request, found: Supports | None) -> str:
    return language_name(found.language, language_of(request).locale) if found is not None and found.language else ""


def supports_address(course: Course, person_id: uuid.UUID | None = None) -> str:
    """The supports of a course, or of one of its students."""
    return f"/courses/{course.id}/supports" + (f"/{person_id}" if person_id else "")


@router.get("/supports", name="supports")
async def overview(
    request: Request, here: TeacherIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Which students have which supports, and who may see this. The look is audited."""
    async with database.writing() as session:
        found = await supports.overview(session, here, clock.now())
        await session.flush()
        session.expunge_all()
    context = {
        "lines": [
            {
                "id": person.id,
                "name": display_name(person),
                "supports": found.supports.get(person.id, Supports()),
                "spoken": _named(request, found.supports.get(person.id)),
                "modified": found.modified.get(person.id, 0),
            }
            for person in found.students
        ],
        "helpers": [
            {"id": person.id, "name": display_name(person, membership.role), "allowed": membership.sees_supports}
            for person, membership in found.helpers
        ],
        "gives_right": here.visit.role is Role.TEACHER,
        "address": supports_address(here.course),
        "notice": _notice(request),
    }
    return pages.render(request, "learners/supports.html", context)


@router.post("/supports/rights")
async def rights(request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now) -> Response:
    """A teacher gives the supports right to somebody who helps, or takes it away."""
    entered = Entered.of(await request.form())
    person_id = parsed(uuid.UUID, entered.values.get("person", ""))
    allowed = entered.values.get("allowed") == "yes"
    async with database.writing() as session:
        await supports.give_right(session, here, person_id, allowed=allowed, now=clock.now())
    return see(supports_address(here.course), Said.RIGHT_GIVEN if allowed else Said.RIGHT_TAKEN)


@router.get("/supports/{person_id}", name="student_supports")
async def one(
    request: Request,
    here: TeacherIn,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """One student's supports and modifications. The look is audited."""
    return await _page(request, here, person_id, database, clock, pages)


async def _page(
    request: Request,
    here: InCourse,
    person_id: uuid.UUID,
    database: Database,
    clock: Now,
    pages: Pages,
    *,
    entered: Entered | None = None,
    chosen: frozenset[Support] | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.writing() as session:
        found = await supports.of_student(session, here, person_id, clock.now())
        await session.flush()
        session.expunge_all()
    context: dict[str, Any] = {
        "name": display_name(found.person),
        "all": list(Support),
        "kinds": found.supports.kinds if chosen is None else chosen,
        "supports": found.supports,
        "spoken": _named(request, found.supports),
        "modified": found.modified,
        "competencies": found.competencies,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "home": supports_address(here.course),
        "address": supports_address(here.course, person_id),
        "notice": trouble_notice(request, trouble) or _notice(request),
    }
    return pages.render(request, "learners/student_supports.html", context, status_code=status_code)


@router.post("/supports/{person_id}")
async def give(
    request: Request,
    here: TeacherChanging,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Have a student have exactly the ticked supports."""
    form = await request.form()
    entered = Entered.of(form)
    kinds = frozenset(parsed(Support, str(value)) for value in form.getlist("support"))
    language, factor = "", None
    if Support.LANGUAGE in kinds:
        language = _language(request, entered)
    if Support.EXTENDED_TIME in kinds:
        percent = entered.number(
            "more_time", 1, 100 * (MOST_FACTOR - 1), N_("Please enter a percentage from 1 to 400.")
        )
        if percent is None and "more_time" not in entered.errors:
            entered.errors["more_time"] = N_("Please say how much more time, such as 50.")
        factor = None if percent is None else 1 + percent / 100
    if entered.errors:
        return await _page(
            request, here, person_id, database, clock, pages, entered=entered, chosen=kinds, status_code=422
        )
    async with database.writing() as session:
        await supports.give(session, here, person_id, Supports(kinds, language, factor), clock.now())
    return see(supports_address(here.course, person_id), Said.SAVED)


def _language(request: Request, entered: Entered) -> str:
    missing = N_("Please say which language, such as es or Spanish.")
    written = entered.text("language", MOST_LANGUAGE, missing)
    tag = language_tag(written, [language_of(request).locale, Locale("en")]) if written else None
    if written and tag is None:
        entered.errors["language"] = missing
    return tag or ""


def _followed(request: Request) -> FollowModification:
    found: FollowModification | None = getattr(request.app.state, "follow_modification", None)
    return found or _by_nothing


async def _by_nothing(
    _session: AsyncSession,
    _course: Course,
    _person_id: uuid.UUID,
    change: Callable[[], Awaitable[object]],
    _now: datetime,
) -> None:
    await change()


@router.post("/supports/{person_id}/modifications")
async def modify(
    request: Request,
    here: TeacherChanging,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Ask something else of a student."""
    entered = Entered.of(await request.form())
    competency_id = parsed(uuid.UUID, entered.values.get("competency", ""))
    how = entered.values.get("how", "none")
    instead_id, passing = None, None
    if how == "instead":
        instead_id = parsed(uuid.UUID, entered.values.get("instead", ""))
        if instead_id == competency_id:
            entered.errors["instead"] = N_("Please choose another competency than the one it replaces.")
    elif how == "mark":
        passing = entered.number("passing", 0, 100, N_("Please enter a percentage from 0 to 100."))
        if passing is None and "passing" not in entered.errors:
            entered.errors["passing"] = N_("Please enter from how many percent an answer counts as right.")
    if entered.errors:
        return await _page(request, here, person_id, database, clock, pages, entered=entered, status_code=422)
    try:
        async with database.writing() as session:
            change = partial(
                supports.modify,
                session,
                here,
                person_id,
                competency_id,
                clock.now(),
                instead_id=instead_id,
                passing_percent=passing,
            )
            await _followed(request)(session, here.course, person_id, change, clock.now())
    except Conflict as conflict:
        return await _page(
            request, here, person_id, database, clock, pages, entered=entered, trouble=conflict, status_code=409
        )
    return see(supports_address(here.course, person_id), Said.MODIFIED, "modifications")


@router.post("/supports/{person_id}/modifications/{modification_id}/end")
async def end(
    request: Request,
    here: TeacherChanging,
    person_id: uuid.UUID,
    modification_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """End a modification."""
    async with database.writing() as session:
        change = partial(supports.end_modification, session, here, person_id, modification_id, clock.now())
        await _followed(request)(session, here.course, person_id, change, clock.now())
    return see(supports_address(here.course, person_id), Said.ENDED, "modifications")


@router.get("/my-supports", name="my_supports")
async def mine(request: Request, here: StudentIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """What helps a student, in plain words and without a label."""
    async with database.reading() as session:
        found = await supports.of_person(session, here.organisation_id, here.course.id, here.person_id)
    return pages.render(
        request,
        "learners/my_supports.html",
        {"supports": found, "spoken": _named(request, found), "home": f"/courses/{here.course.id}/my"},
    )
