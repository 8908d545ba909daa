"""A teacher gives access and ends it, inside the LMS; and the window of its own in which the LMS asks them.

The window has no session. What leads it is a one-time code, then a cookie of its own and a state; see ``consent``.
"""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from lti_tool.content import queries as content_queries
from lti_tool.content import rules
from lti_tool.content.access import consent, finding
from lti_tool.content.access.consent import NOTHING_YET, Answer, Asked, last_answer
from lti_tool.content.access.errors import ApiLinkUnusable, ApiNotConnectedThisWay
from lti_tool.content.connectors import ConnectedElsewhere, Connectors
from lti_tool.content.models import ApiConnection
from lti_tool.courses import queries as course_queries
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.errors import NotAllowed
from lti_tool.lti.models import Registration, Role
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, CurrentSettings, Now
from lti_tool.web.i18n import N_
from lti_tool.web.replies import see

COOKIE = "__Host-lti_api_access"
"""The browser that went to the platform. First-party: the window is nobody's frame."""

router = APIRouter()

Short = Annotated[str, Query(max_length=200)]
Long = Annotated[str, Query(max_length=4000)]


class OnlyTeachersConnect(NotAllowed):
    """Somebody who is no teacher of the course, or acts as one, would give access."""

    code = "only-teachers-connect"
    title = N_("Only a teacher of this course can do this")
    advice = N_(
        "The access is the teacher's own. End acting as somebody else, or ask a teacher of the course to connect."
    )


# --- In the course -----------------------------------------------------------------------------------------------------


@router.post("/courses/{course_id}/content/access/connect", name="give_api_access")
async def connect(
    request: Request, here: TeacherChanging, database: CurrentDatabase, pages: CurrentPages, clock: Now
) -> Response:
    """Begin to give access: a page with the link that opens a window, which notices what becomes of it."""
    _is_teacher(here)
    connection, _registration = await _connection(database, here)
    async with database.writing() as session:
        code = await consent.begin(
            session,
            connection,
            clock.now(),
            begun_by=str(here.person_id),
            person_id=here.person_id,
            course_id=here.course.id,
        )
    return pages.render(request, "content/access_connect.html", {"code": code, "home": _home(here)})


@router.get("/courses/{course_id}/content/access/state", name="state_of_api_access")
async def state(
    request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages, clock: Now
) -> Response:
    """A fragment: whether the teacher has given access by now."""
    connection, _registration = await _connection(database, here)
    async with database.reading() as session:
        found = await consent.state_of(session, connection, here.person_id, clock.now())
    if found == "waiting":
        return Response(status_code=NOTHING_YET)
    page = f"{_home(here)}/content#access"
    context = {"state": found, "onward": page, "back": page}
    return pages.render(request, "content/access_state.html", context, status_code=last_answer(request))


@router.get("/courses/{course_id}/content/access/disconnect", name="end_api_access")
async def ask_disconnect(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """What ending one's own access means, before it is done."""
    connection, _registration = await _connection(database, here)
    async with database.reading() as session:
        await consent.own(session, connection, here.person_id)
    return pages.render(request, "content/access_disconnect.html", {"home": _home(here)})


@router.post("/courses/{course_id}/content/access/disconnect")
async def disconnect(request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Forget one's own access, in every course; here, and in the platform as far as it answers."""
    connection, registration = await _connection(database, here)
    connectors: Connectors = request.app.state.connectors
    person = str(here.person_id)
    await consent.withdraw(database, connectors, connection, registration, person, clock.now(), actor=person)
    return see(f"{_home(here)}/content", "access-ended", "access")


# --- In a window of its own --------------------------------------------------------------------------------------------


@router.get("/api-access/start/{code}", name="start_api_access")
async def start(
    request: Request,
    code: str,
    database: CurrentDatabase,
    settings: CurrentSettings,
    pages: CurrentPages,
    clock: Now,
    agreed: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    """On to the platform. For a school's own account it is said first what will be given, since anybody may have sent the link;
    of a teacher the platform says afterwards whether it is them.
    """
    asked = await consent.look(database, code, clock.now())
    if asked.of_school and not agreed:
        async with database.reading() as session:
            organisation = await session.get(Organisation, asked.request.organisation_id)
        if organisation is None:
            raise ApiLinkUnusable("the organisation was removed")
        context = {"onward": f"/api-access/start/{code}?agreed=yes", "organisation": organisation.name, "asked": asked}
        return pages.render(request, "content/access_start.html", context)
    kept = request.cookies.get(COOKIE, "")
    # A browser in which two windows wait has one cookie for both.
    cookie = kept if len(kept) == _COOKIE_LENGTH and kept.isascii() else secrets.token_urlsafe(32)
    connectors: Connectors = request.app.state.connectors
    address = await consent.go(database, connectors, settings.base_url, code, cookie, clock.now())
    response = RedirectResponse(address, status_code=303)
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(consent.LIFE.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return response


_COOKIE_LENGTH = 43


@router.get("/api-access/back", name="api_access_back")
async def back(
    request: Request,
    database: CurrentDatabase,
    settings: CurrentSettings,
    pages: CurrentPages,
    clock: Now,
    state: Short = "",
    code: Long = "",
    error: Short = "",
    oauth_token: Long = "",
    oauth_verifier: Long = "",
) -> Response:
    """The platform's answer: what was given is kept, and what it opens is found out behind the page."""
    connectors: Connectors = request.app.state.connectors
    answer = Answer(state=state, code=code, error=error, token=oauth_token, verifier=oauth_verifier)
    cookie = request.cookies.get(COOKIE)
    asked, _grant = await consent.finish(database, connectors, settings.base_url, answer, cookie, clock.now())
    page = pages.render(request, "content/access_given.html", {"of_school": asked.of_school})
    # Nobody waits for it in this window: some two dozen calls to the platform.
    page.background = BackgroundTask(_find_out, database, connectors, asked, clock)
    return page


async def _find_out(database: Database, connectors: Connectors, asked: Asked, clock: Now) -> None:
    """Find out what the connection can do, the first time somebody has given access to it."""
    if asked.connection.found_out_at is not None:
        return
    request = asked.request
    course = None
    if request.course_id is not None:
        async with database.reading() as session:
            course = await course_queries.course(session, request.organisation_id, request.course_id)
    registration = asked.registration
    await finding.find_out(
        database, connectors, registration.lms, request.organisation_id, registration.id, clock.now(), course
    )


# --- Shared ------------------------------------------------------------------------------------------------------------


def _is_teacher(here: InCourse) -> None:
    if here.visit.role is not Role.TEACHER or here.visit.masquerading:
        raise OnlyTeachersConnect(f"the role is {here.visit.role}, or the visit is masquerading")


def _home(here: InCourse) -> str:
    return f"/courses/{here.course.id}"


async def _connection(database: Database, here: InCourse) -> tuple[ApiConnection, Registration]:
    """The school's connection by teachers. Raises ApiNotConnectedThisWay without one, and ConnectedElsewhere."""
    course = here.course
    async with database.reading() as session:
        registration = await content_queries.registration(session, course.registration_id)
        connection = await content_queries.connection(session, course.organisation_id, course.registration_id)
    if registration is None or connection is None or not connection.by_teachers:
        raise ApiNotConnectedThisWay("teachers give no access here")
    if course.api_domain is not None and not rules.same_host(connection.base_url, course.api_domain):
        raise ConnectedElsewhere(
            "the course's api_domain is not the connection's host",
            fields={"here": course.api_domain, "there": connection.base_url},
        )
    return connection, registration
