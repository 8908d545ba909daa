"""What all pages of the sandbox share: templates, who is visiting, and the headers that every page carries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from html import unescape
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import nh3
from fastapi import Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse

from lti_tool.sandbox import addresses
from lti_tool.sandbox.claims import (
    SCOPE_GROUP_READ,
    SCOPE_LINE_ITEM,
    SCOPE_LINE_ITEM_READ,
    SCOPE_MEMBERSHIP_READ,
    SCOPE_NOTICE_HANDLERS,
    SCOPE_RESULT_READ,
    SCOPE_SCORE,
)
from lti_tool.sandbox.models import Course, ImportNote, Person, Tool
from lti_tool.sandbox.platform import ThisPlatform, platform_of
from lti_tool.sandbox.sessions import person_signed_in
from lti_tool.sandbox.store import enrolment_in, tools_at

FOLDER = Path(__file__).parent
_LARGEST_ID = 2**63  # SQLite has no larger whole numbers, and its driver raises on them.
ROLE_WORDS = {
    "teacher": "Teacher",
    "assistant": "Teaching assistant",
    "student": "Student",
    "test_student": "Test student",
    "observer": "Observer",
    "administrator": "Administrator",
}
SERVICE_WORDS = {
    SCOPE_LINE_ITEM: "Make and change its own gradebook columns",
    SCOPE_LINE_ITEM_READ: "See its own gradebook columns",
    SCOPE_RESULT_READ: "See the grades in its columns",
    SCOPE_SCORE: "Send scores",
    SCOPE_MEMBERSHIP_READ: "See who is in a course",
    SCOPE_GROUP_READ: "See the groups of a course",
    SCOPE_NOTICE_HANDLERS: "Be told when a course is copied",
}
PLACEMENT_WORDS = {
    "course_navigation": "The course's navigation",
    "link_selection": "Modules: items, and adding from the tool",
    "assignment_selection": "Assignments (not shown in this LMS)",
    "module_index_menu_modal": "The menu of all modules (not shown in this LMS)",
    "module_menu_modal": "The menu of a module (not shown in this LMS)",
}


class PageMissing(Exception):
    """There is no such page, or none that this person may know of. Answered with 404."""


class NotForThisRole(Exception):
    """The page is there, but not for this person's role. Answered with 403."""


class SignInFirst(Exception):
    """Nobody is signed in. Answered by leading to the sign-in page and back."""


@dataclass(frozen=True)
class Visit:
    """Somebody signed in, looking at a course they are in. ``role`` is that in the course, or ``administrator``."""

    person: Person
    course: Course
    role: str
    tools: Sequence[Tool]
    has_notes: bool

    @property
    def teaches(self) -> bool:
        """Sees everything and grades."""
        return self.role in ("teacher", "assistant", "administrator")

    @property
    def studies(self) -> bool:
        """Hands in work and gets grades."""
        return self.role in ("student", "test_student")


async def _person(request: Request) -> Person:
    person = await person_signed_in(request)
    if person is None:
        raise SignInFirst
    return person


SignedIn = Annotated[Person, Depends(_person)]


async def visit_of(course_id: int, person: SignedIn, platform: ThisPlatform) -> Visit:
    """A person's visit to a course; PageMissing where it is not theirs."""
    async with platform.store.reading() as session:
        course = await session.get(Course, course_id) if course_id < _LARGEST_ID else None
        if course is None:
            raise PageMissing
        enrolment = await enrolment_in(session, course_id, person.id)
        active = enrolment is not None and enrolment.active
        if not active and person.kind != "administrator":
            raise PageMissing
        role = enrolment.role if enrolment is not None and active else "administrator"
        has_notes = await session.scalar(select(exists().where(ImportNote.course_id == course_id)))
        return Visit(person, course, role, await tools_at(session, "course_navigation"), bool(has_notes))


InCourse = Annotated[Visit, Depends(visit_of)]


async def _teacher(visit: InCourse) -> Visit:
    if not visit.teaches:
        raise NotForThisRole
    return visit


async def _student(visit: InCourse) -> Visit:
    if not visit.studies:
        raise NotForThisRole
    return visit


TeacherIn = Annotated[Visit, Depends(_teacher)]
StudentIn = Annotated[Visit, Depends(_student)]


async def from_own_pages(request: Request) -> None:
    """Turns away a form that another site's page sends in this browser's name. Programs send no Origin and may pass."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    own = {request.headers.get("host", ""), platform_of(request).settings.host}
    if urlsplit(origin).netloc not in own:
        raise NotForThisRole


def tool_origins(tool: Tool) -> list[str]:
    """The origins a tool's frame passes through."""
    parts = [urlsplit(address) for address in (tool.login_url, tool.launch_url, *tool.redirect_uris)]
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})


def render(
    request: Request,
    template: str,
    *,
    visit: Visit | None = None,
    person: Person | None = None,
    frames: Sequence[str] = (),
    scripts: bool = False,
    status_code: int = 200,
    **context: Any,
) -> HTMLResponse:
    """A page. ``frames`` are the origins that may be shown in a frame on it; nothing but the LMS itself may frame it.
    ``scripts``: whether our own scripts run on it; most pages have none.
    """
    who = visit.person if visit else person
    body = _environment.get_template(template).render(
        request=request,
        lms=platform_of(request).settings.name,
        visit=visit,
        person=who,
        zone=_zone(who),
        path=request.url.path,
        has_keys=platform_of(request).settings.profile.has_developer_keys,
        **context,
    )
    return HTMLResponse(body, status_code=status_code, headers=page_headers(frames, scripts=scripts))


def page_headers(frames: Sequence[str] = (), *, scripts: bool = False) -> dict[str, str]:
    """The headers of every page: own styles only, pictures from the web, frames for tools only, framed by the LMS only."""
    run = "script-src 'self'; " if scripts else ""
    framed = " ".join(["'self'", *frames]) if frames else "'none'"
    policy = (
        f"default-src 'none'; {run}style-src 'self'; img-src 'self' http: https: data:; font-src 'self'; frame-src {framed}; "
        "form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def see_other(address: str) -> RedirectResponse:
    """Leads on to another page after a form (303)."""
    return RedirectResponse(address, status_code=303)


def local_path(address: str) -> str:
    """An address to go back to, made safe: a path of our own, else the start page."""
    parts = urlsplit(address)
    ours = not parts.scheme and not parts.netloc and address.startswith("/") and "\\" not in address
    return address if ours and not address.startswith("//") else "/"


async def one_of(session: AsyncSession, model: type[Any], course_id: int, row_id: int) -> Any:
    """A row of this course, or PageMissing: an id from another course is none."""
    row = await session.get(model, row_id) if row_id < _LARGEST_ID else None
    if row is None or row.course_id != course_id:
        raise PageMissing
    return row


def error_page(request: Request, error: Exception) -> HTMLResponse | RedirectResponse:
    """The page for one of the three exceptions above."""
    if isinstance(error, SignInFirst):
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return see_other(f"/login?next={quote(back, safe='/')}" if request.method == "GET" else "/login")
    if isinstance(error, NotForThisRole):
        words = "Your role in this course does not include this. Switch to another person to see it."
        return render(request, "message.html", status_code=403, title="Not for you", words=words)
    words = "There is no such page in this LMS, or it is not published."
    return render(request, "message.html", status_code=404, title="Page not found", words=words)


def _zone(person: Person | None) -> tzinfo:
    """The person's time zone; UTC for one that this machine's time zone data does not know, or where it has none."""
    try:
        return ZoneInfo(person.time_zone) if person else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _moment(value: datetime, zone: tzinfo) -> Markup:
    local = value.astimezone(zone)
    words = f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), words)


def points(value: float | None) -> str:
    """A number of points as people write it: at most two decimals, none where they are zero."""
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def _plain(html: str) -> str:
    """HTML as plain words, for places where no markup can stand (the options of a list)."""
    return unescape(nh3.clean(html, tags=set())).strip()


_environment = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(
    {
        "moment": _moment,
        "points": points,
        "plain": _plain,
        "role": ROLE_WORDS.__getitem__,
        "host": lambda url: urlsplit(url).netloc,
        "service": lambda scope: SERVICE_WORDS.get(scope, scope),
        "placement": lambda place: PLACEMENT_WORDS.get(place, place),
    }
)
_environment.globals["address"] = addresses
