"""Sessions after the launch: a random token in the browser, its digest in a row, and what a request must show.

A page carries its token in a ``__Host-`` cookie where the browser keeps one in frames, otherwise in the tab, which sends it
as ``Authorization: Bearer``. A token that a request carries on purpose goes before the cookie, which the browser adds by
itself and which the last launch in any tab has set. Since that cookie is ``SameSite=None``, a request that changes something
has to come from a page of our own, and that page has to be the page of this session.

One person may have the tool open in several tabs, from several courses. The cookie is the last launch's, but the earlier
launches of the same person are as true as they were: a page is served by the living session that it belongs to
(``visit_in_course``), with the role of that launch. Another person's is not.
"""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.clock import Clock, zone_named
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotAllowed, NotSignedIn, WayBack
from lti_tool.ids import new_id
from lti_tool.lti import queries
from lti_tool.lti.digests import digest
from lti_tool.lti.families import frame_patterns
from lti_tool.lti.launch import Launch
from lti_tool.lti.models import Role
from lti_tool.settings import Settings
from lti_tool.web.i18n import N_
from lti_tool.web.middleware import TAB_HEADER

COOKIE = "__Host-lti_session"
IDLE = timedelta(hours=2)
"""How long a session lives without a request."""
TOTAL = timedelta(hours=12)
"""How long a session lives at most."""
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last request is remembered; writing it each time would make every read a write."""
KEPT = timedelta(days=1)
"""How long the row of a session that has ended is kept: it opens nothing, but its page can say the way back to the course."""

SESSION_FIELD = "session"
SESSION_HEADER = "X-LTI-Session"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class ForeignRequest(NotAllowed):
    """A request that changes something and does not come from a page of ours."""

    code = "foreign-request"
    title = N_("This request did not come from this tool")
    advice = N_("Nothing was changed. Go back to your course, open the tool again and repeat what you did.")


class AnotherVisit(Conflict):
    """The page belongs to another person than the browser's newest session, or to a session that has ended."""

    code = "another-visit"
    title = N_("The tool was opened again in this browser")
    advice = N_(
        "This page is from an earlier visit, perhaps another person's, so nothing was changed. "
        "Go back to your course and open the tool again."
    )


def by_script(request: Request) -> bool:
    """Whether our script sent this, which needs no page in answer; not what a tab that keeps its session sends for one."""
    headers = request.headers
    return SESSION_HEADER in headers and "hx-request" not in headers and TAB_HEADER not in headers


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is here, from which launch. ``observes`` holds the subs a mentor may see; ``frame_origins`` who may frame pages."""

    session_id: uuid.UUID
    organisation_id: uuid.UUID
    registration_id: uuid.UUID
    person_id: uuid.UUID | None
    course_id: uuid.UUID | None
    resource_link_id: uuid.UUID | None
    role: Role
    observes: tuple[str, ...]
    locale: str | None
    frame_origins: tuple[str, ...]
    return_url: str | None = None
    document_target: str | None = None
    time_zone: str | None = None
    high_contrast: bool = False
    masquerading: bool = False
    administers: bool = False
    roles_received: tuple[str, ...] = ()
    school_zone: str | None = None

    @property
    def shown_zone(self) -> str | None:
        """The zone in which pages write moments for this reader: as the platform gave it, else the school's; None for neither."""
        return self.time_zone or self.school_zone

    @property
    def days_in(self) -> tzinfo:
        """The zone in which days are counted for a class: the school's; where it has said none, the reader's own."""
        return zone_named(self.school_zone or self.time_zone)


@dataclass(frozen=True, slots=True)
class SessionStart:
    """What a session is about."""

    organisation_id: uuid.UUID
    registration_id: uuid.UUID
    person_id: uuid.UUID | None
    course_id: uuid.UUID | None
    resource_link_id: uuid.UUID | None
    role: Role
    observes: tuple[str, ...] = ()
    locale: str | None = None
    frame_origins: tuple[str, ...] = ()
    return_url: str | None = None
    document_target: str | None = None
    time_zone: str | None = None
    high_contrast: bool = False
    masquerading: bool = False
    administers: bool = False
    roles_received: tuple[str, ...] = ()


async def start_session(session: AsyncSession, start: SessionStart, now: datetime) -> str:
    """Begin a session in this transaction. Returns the token for the browser, 256 random bits; only its digest is kept."""
    token = secrets.token_urlsafe(32)
    await queries.add_session(
        session,
        {
            "organisation_id": start.organisation_id,
            "id": new_id(),
            "token_digest": digest(token),
            "person_id": start.person_id,
            "course_id": start.course_id,
            "resource_link_id": start.resource_link_id,
            "registration_id": start.registration_id,
            "role": start.role,
            "observes": list(start.observes),
            "locale": start.locale,
            "frame_origins": list(start.frame_origins),
            "return_url": start.return_url,
            "document_target": start.document_target,
            "time_zone": start.time_zone,
            "high_contrast": start.high_contrast,
            "masquerading": start.masquerading,
            "administers": start.administers,
            "roles_received": list(start.roles_received),
            "started_at": now,
            "seen_at": now,
        },
    )
    return token


def set_session_cookie(response: Response, token: str) -> None:
    """Give the browser the session's token, partitioned by the site that frames us (CHIPS)."""
    add_cookie(response, COOKIE, token)


def add_cookie(response: Response, name: str, value: str) -> None:
    """Set a cookie that works inside a foreign frame. Written by hand: the standard library knows Partitioned from 3.14."""
    header = f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
    response.raw_headers.append((b"set-cookie", header.encode("latin-1")))


def frame_origins(launch: Launch) -> tuple[str, ...]:
    """Who may frame the pages of this launch: the platform's known origins, its family's, and its return address's."""
    registration = launch.registration
    found: list[str | None] = [origin_of(registration.auth_login_url), origin_of(registration.issuer)]
    found += frame_patterns(launch.platform_family)
    found.append(origin_of(launch.presentation.return_url))
    found += [origin_of(one) for one in registration.own_frame_origins]
    return tuple(dict.fromkeys(origin for origin in found if origin))


def origin_of(address: str | None) -> str | None:
    """Scheme, host and port (unless it is the scheme's own) of an http(s) address, as browsers write an origin."""
    if not address:
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{host}" if port in {None, usual} else f"{parts.scheme}://{host}:{port}"


async def current_visit(request: Request) -> Visit:
    """The visit this request belongs to. Raises NotSignedIn without one, AnotherVisit when the page is another person's."""
    return await _visit_of_page(request, request.headers.get(SESSION_HEADER))


async def changing_visit(request: Request) -> Visit:
    """Like ``current_visit``, for a request that changes something: refuses what did not come from a page of this person.

    Raises ForeignRequest (403) and AnotherVisit (409).
    """
    refuse_foreign_change(request)
    # Who is not signed in hears that, whatever their form names.
    await _visit_of_page(request, None)
    claimed = await session_claimed(request)
    if not claimed:
        raise AnotherVisit("the form names no session")
    return await _visit_of_page(request, claimed)


async def _visit_of_page(request: Request, claimed: str | None) -> Visit:
    visit = await find_visit(request)
    if visit is None:
        refusal = NotSignedIn("no session, or one that has ended")
        refusal.way_back = getattr(request.state, "way_back", None)
        raise refusal
    if claimed is None or claimed == str(visit.session_id):
        return visit
    # What the newest launch into a course may do, an older page of that course may, and no more. Where the page's own session
    # has ended since, the newest one serves it: what somebody typed before they came in anew is not lost.
    theirs = await _all_of(request, visit)
    living = _living(request, theirs)
    page = next((row for row in theirs if str(row.id) == claimed), None)
    newest = next((row for row in living if page is not None and row.course_id == page.course_id), None)
    if page is None or newest is None or newest.role is not page.role:
        raise AnotherVisit("the page's session is not the request's")
    return await _adopt(request, page if page in living else newest)


async def visit_in_course(request: Request, visit: Visit, course_id: uuid.UUID) -> Visit | None:
    """The visit that the same person's newest living launch into a course began; None where there was none.

    The request goes on as that visit: it has the role, and the observed, of that launch.
    """
    if visit.course_id == course_id:
        return visit
    row = next((row for row in await _living_of(request, visit) if row.course_id == course_id), None)
    return None if row is None else await _adopt(request, row)


async def _living_of(request: Request, visit: Visit) -> list[queries.LiveSession]:
    """All living sessions of the visit's person, the newest first: other tabs, from this course or another."""
    return _living(request, await _all_of(request, visit))


def _living(request: Request, rows: Iterable[queries.LiveSession]) -> list[queries.LiveSession]:
    clock: Clock = request.app.state.clock
    now = clock.now()
    return [row for row in rows if _lives(row, now)]


async def _all_of(request: Request, visit: Visit) -> list[queries.LiveSession]:
    """The sessions of the visit's person, ended ones as well, the newest first.

    None for whom the platform did not name: nobody knows whether two such launches were one person's.
    """
    if visit.person_id is None:
        return []
    database: Database = request.app.state.database
    async with database.reading() as session:
        rows = await queries.sessions_of_person(session, visit.organisation_id, visit.registration_id, visit.person_id)
    # Who acts as somebody is not that person: neither goes on in a session of the other.
    return [row for row in rows if row.masquerading == visit.masquerading]


async def _adopt(request: Request, row: queries.LiveSession) -> Visit:
    database: Database = request.app.state.database
    clock: Clock = request.app.state.clock
    await _touch(database, row, clock.now())
    return _remember(request, _visit(row))


def _remember(request: Request, visit: Visit) -> Visit:
    # Pages and security headers look for it here.
    request.state.visit = visit
    request.state.frame_ancestors = list(visit.frame_origins)
    return visit


CurrentVisit = Annotated[Visit, Depends(current_visit)]
"""The visit; 401 without one."""

ChangingVisit = Annotated[Visit, Depends(changing_visit)]
"""The visit, checked against forgery and against a second launch in the same browser."""


async def find_visit(request: Request) -> Visit | None:
    """The visit of the request's token, if it still lives; remembers it, and that it was seen, in passing."""
    remembered = getattr(request.state, "visit", None)
    if isinstance(remembered, Visit):
        return remembered
    database: Database = request.app.state.database
    clock: Clock = request.app.state.clock
    for token in _tokens(request):
        row = await _session_of(database, token)
        if row is None:
            continue
        now = clock.now()
        if _lives(row, now):
            await _touch(database, row, now)
            return _remember(request, _visit(row))
        request.state.way_back = way_back(row.return_url, row.document_target)
    return None


def way_back(return_url: str | None, document_target: str | None) -> WayBack | None:
    """The way back that a launch's presentation names (LTI Core 1.3 §5.4.4). In a window it leads out of every frame."""
    if origin_of(return_url) is None or return_url is None:
        return None
    return WayBack(return_url, in_frame=document_target in {"iframe", "frame"})


def _tokens(request: Request) -> Iterable[str]:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer:
        yield bearer.strip()
    cookie = request.cookies.get(COOKIE)
    if cookie:
        yield cookie


async def _session_of(database: Database, token: str) -> queries.LiveSession | None:
    if len(token) > 128:
        return None
    async with database.reading() as session:
        return await queries.session_by_digest(session, digest(token))


async def _touch(database: Database, row: queries.LiveSession, now: datetime) -> None:
    # A clock that went back must not make the session younger.
    if now - row.seen_at >= SEEN_EVERY:
        async with database.writing() as session:
            await queries.touch_session(session, row.organisation_id, row.id, now)


def _lives(row: queries.LiveSession, now: datetime) -> bool:
    return row.started_at + TOTAL > now and row.seen_at + IDLE > now


def _visit(row: queries.LiveSession) -> Visit:
    return Visit(
        session_id=row.id,
        organisation_id=row.organisation_id,
        registration_id=row.registration_id,
        person_id=row.person_id,
        course_id=row.course_id,
        resource_link_id=row.resource_link_id,
        role=row.role,
        observes=tuple(row.observes),
        locale=row.locale,
        frame_origins=tuple(row.frame_origins),
        return_url=row.return_url,
        document_target=row.document_target,
        time_zone=row.time_zone,
        high_contrast=row.high_contrast,
        masquerading=row.masquerading,
        administers=row.administers,
        roles_received=tuple(row.roles_received),
        school_zone=row.school_zone,
    )


def refuse_foreign_change(request: Request) -> None:
    """Raise ForeignRequest for a request that may change something and that no page of ours sent."""
    settings: Settings = request.app.state.settings
    if request.method not in _SAFE_METHODS:
        refuse_foreign(request, origin_of(settings.base_url) or settings.base_url)


def refuse_foreign(request: Request, ours: str) -> None:
    """Raise ForeignRequest unless a page of ours sent this.

    Under ``Referrer-Policy: no-referrer`` browsers send ``Origin: null`` with a form of our own (Fetch, "append a request
    Origin header"), so Fetch Metadata decides where there is any: a page cannot set or change ``Sec-Fetch-Site``.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin not in {"null", ours}:
        raise ForeignRequest("the Origin is another site's")
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise ForeignRequest("Sec-Fetch-Site is not same-origin")
        return
    if origin == ours:
        return
    if origin is None and origin_of(request.headers.get("referer")) == ours:
        return
    raise ForeignRequest("nothing shows that it came from our own origin")


async def session_claimed(request: Request) -> str | None:
    """The session that the page which sent this belongs to, as its script's header or its form's field names it."""
    header = request.headers.get(SESSION_HEADER)
    if header:
        return header
    if not request.headers.get("content-type", "").startswith(_FORM_TYPES):
        return None
    value = (await request.form()).get(SESSION_FIELD)
    return value if isinstance(value, str) else None
