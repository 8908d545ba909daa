"""The administrator's pages: adding a tool by its registration link, approving it, switching it off, removing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox.bench_models import (
    ACTIVE,
    OFF,
    PENDING,
    RegistrationAttempt,
    SentNotice,
    ToolRegistration,
)
from lti_tool.sandbox.models import LineItem, Person, ResourceLink, Tool
from lti_tool.sandbox.moodle_service import token_of_api
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.registration import begin, invitation
from lti_tool.sandbox.registration_body import Registration, registration_of
from lti_tool.sandbox.schoology_access import app_keys
from lti_tool.sandbox.standing import apply, remove_tool, set_state, standing
from lti_tool.sandbox.tools import key_of
from lti_tool.sandbox.view import (
    NotForThisRole,
    PageMissing,
    SignedIn,
    from_own_pages,
    render,
    see_other,
)

router = APIRouter(prefix="/admin", default_response_class=HTMLResponse)
TOOLS = "/admin/tools"
MOST_LINK = 4000


async def administrator(person: SignedIn) -> Person:
    """Only for administrators of the LMS."""
    if person.kind != "administrator":
        raise NotForThisRole
    return person


Administrator = Annotated[Person, Depends(administrator)]
Own = [Depends(from_own_pages)]


@dataclass(frozen=True)
class Line:
    """A tool in the list."""

    tool: Tool
    state: str
    by_link: bool
    has_changes: bool


@dataclass(frozen=True)
class Changed:
    """One thing that an update of a registration would change."""

    name: str
    before: str
    after: str


@router.get("/tools")
async def tools(request: Request, platform: ThisPlatform, person: Administrator) -> HTMLResponse:
    """Every tool, with its state."""
    async with platform.store.reading() as session:
        lines = [_line(tool, found) for tool, found in await _tools(session)]
    return render(
        request,
        "admin_tools.html",
        person=person,
        lines=lines,
        has_service=platform.settings.profile.has_web_services,
    )


async def _tools(session: AsyncSession) -> Sequence[tuple[Tool, ToolRegistration | None]]:
    rows = await session.execute(
        select(Tool, ToolRegistration)
        .outerjoin(ToolRegistration, ToolRegistration.tool_id == Tool.id)
        .order_by(Tool.id)
    )
    return [(tool, found) for tool, found in rows]


def _line(tool: Tool, found: ToolRegistration | None) -> Line:
    if found is None:
        return Line(tool, ACTIVE, by_link=False, has_changes=False)
    return Line(tool, found.state, found.by_link, found.proposed is not None)


@router.get("/tools/add")
async def add_page(request: Request, platform: ThisPlatform, person: Administrator) -> HTMLResponse:
    """Where a registration link is pasted; or that this LMS takes none."""
    by_link = platform.settings.profile.registers_by_link
    return render(request, "admin_add.html", person=person, error=None, entered="", by_link=by_link)


@router.post("/tools/add", dependencies=Own)
async def add(
    request: Request, platform: ThisPlatform, person: Administrator, link: Annotated[str, Form()] = ""
) -> Response:
    """Begin with a link; the next page opens it."""
    if not platform.settings.profile.registers_by_link:
        raise PageMissing
    trouble = _trouble(link.strip())
    if trouble is not None:
        return render(
            request, "admin_add.html", person=person, error=trouble, entered=link, by_link=True, status_code=422
        )
    async with platform.store.writing() as session:
        attempt = await begin(session, platform, person, link.strip())
    return see_other(f"{TOOLS}/register/{attempt.id}")


def _trouble(link: str) -> str | None:
    """Why this is no registration link, or None."""
    try:
        parts = urlsplit(link)
        named = parts.hostname
    except ValueError:
        named = None
    if not named or parts.scheme not in ("http", "https") or len(link) > MOST_LINK or any(char <= " " for char in link):
        return "Paste the whole registration link that the tool gave you. It begins with http:// or https://."
    return None


@router.get("/tools/register/{attempt_id}")
async def register_page(request: Request, platform: ThisPlatform, person: Administrator, attempt_id: str) -> Response:
    """The tool's registration in a frame; once the tool has registered, on to the tool's page."""
    async with platform.store.writing() as session:
        attempt = await session.get(RegistrationAttempt, attempt_id)
        if attempt is None or attempt.person_id != person.id:
            raise PageMissing
        if attempt.used_at is not None:
            return see_other(f"{TOOLS}/{attempt.tool_id}" if attempt.tool_id else TOOLS)
        if attempt.expires_at <= platform.now():
            return see_other(f"{TOOLS}/add")
        opened = invitation(platform, attempt)
    parts = urlsplit(attempt.link)
    return render(
        request,
        "admin_register.html",
        person=person,
        frames=[f"{parts.scheme}://{parts.netloc}"],
        scripts=True,
        link=opened.address,
        host=parts.netloc,
        updates=attempt.tool_id is not None,
    )


async def _tool(session: AsyncSession, tool_id: int) -> tuple[Tool, ToolRegistration | None]:
    tool = await session.get(Tool, tool_id) if tool_id < 2**63 else None
    if tool is None:
        raise PageMissing
    return tool, await standing(session, tool_id)


@router.get("/tools/{tool_id:int}")
async def tool_page(request: Request, platform: ThisPlatform, person: Administrator, tool_id: int) -> HTMLResponse:
    """One tool: what it asked for, what it may, and what can be done about it."""
    return await _page(request, platform, person, tool_id)


async def _page(
    request: Request, platform: Platform, person: Person, tool_id: int, error: str | None = None
) -> HTMLResponse:
    async with platform.store.reading() as session:
        tool, found = await _tool(session, tool_id)
        links = await session.scalar(select(func.count()).where(ResourceLink.tool_id == tool_id))
        columns = await session.scalar(select(func.count()).where(LineItem.tool_id == tool_id))
        notices = await session.scalars(
            select(SentNotice).where(SentNotice.tool_id == tool_id).order_by(SentNotice.id.desc()).limit(20)
        )
        told = notices.all()
        key = await key_of(session, tool_id)
    asked = registration_of(found.sent) if found and found.sent else None
    return render(
        request,
        "admin_tool.html",
        person=person,
        line=_line(tool, found),
        tool=tool,
        asked=asked,
        scopes=asked.scopes if asked else tool.scopes,
        placements=asked.placements if asked else tool.placements,
        changes=_changes(tool, registration_of(found.proposed)) if found and found.proposed else None,
        links=links or 0,
        columns=columns or 0,
        notices=told,
        issuer=platform.settings.issuer,
        api_url=platform.settings.base_url,
        api_key=key,
        api_token=await token_of_api(platform),
        consumer=await app_keys(platform) if platform.settings.profile.has_schoology_api else None,
        by_link=platform.settings.profile.registers_by_link,
        error=error,
        status_code=422 if error else 200,
    )


def _changes(tool: Tool, wanted: Registration) -> list[Changed]:
    after = Tool()
    apply(after, wanted)
    names = {
        "name": "Name",
        "login_url": "Login address",
        "launch_url": "Launch address",
        "jwks_url": "Key set",
        "redirect_uris": "Redirect addresses",
        "scopes": "Services",
        "placements": "Places",
        "custom": "Custom parameters",
        "privacy_level": "Privacy level",
    }
    pairs = [(words, getattr(tool, name), getattr(after, name)) for name, words in names.items()]
    return [Changed(words, _words(before), _words(new)) for words, before, new in pairs if before != new]


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in value.items())
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


@router.post("/tools/{tool_id:int}/approve", dependencies=Own)
async def approve(
    platform: ThisPlatform,
    person: Administrator,
    tool_id: int,
    scopes: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it.
    placements: Annotated[list[str], Form()] = [],  # noqa: B006
) -> Response:
    """Switch a pending tool on, with those of its services and places that are ticked."""
    async with platform.store.writing() as session:
        tool, found = await _tool(session, tool_id)
        if found is None or found.state != PENDING:
            raise PageMissing
        asked = registration_of(found.sent)
        tool.scopes = [scope for scope in asked.scopes if scope in scopes]
        tool.placements = [place for place in asked.placements if place in placements]
        await set_state(session, tool_id, ACTIVE, platform.now())
        await platform.settings.profile.after_registration(session, tool, platform.now())
    return see_other(f"{TOOLS}/{tool_id}")


@router.post("/tools/{tool_id:int}/changes", dependencies=Own)
async def decide_changes(
    platform: ThisPlatform,
    person: Administrator,
    tool_id: int,
    decision: Annotated[str, Form()],
) -> Response:
    """Take the changes that a tool sent, or leave everything as it is."""
    async with platform.store.writing() as session:
        tool, found = await _tool(session, tool_id)
        if found is None or found.proposed is None:
            raise PageMissing
        if decision == "take":
            apply(tool, registration_of(found.proposed))
            found.sent = found.proposed
        found.proposed = None
    return see_other(f"{TOOLS}/{tool_id}")


@router.post("/tools/{tool_id:int}/state", dependencies=Own)
async def switch(
    platform: ThisPlatform,
    person: Administrator,
    tool_id: int,
    state: Annotated[str, Form()],
) -> Response:
    """Switch a tool off, or on again. A pending one is approved instead."""
    async with platform.store.writing() as session:
        _, found = await _tool(session, tool_id)
        if state not in (ACTIVE, OFF) or (found is not None and found.state == PENDING):
            raise PageMissing
        await set_state(session, tool_id, state, platform.now())
    return see_other(f"{TOOLS}/{tool_id}")


@router.post("/tools/{tool_id:int}/remove", dependencies=Own)
async def remove(
    request: Request,
    platform: ThisPlatform,
    person: Administrator,
    tool_id: int,
    sure: Annotated[str, Form()] = "",
) -> Response:
    """Remove a tool with everything it made here; only with the tick that says so."""
    if sure != "yes":
        return await _page(
            request, platform, person, tool_id, "Tick the box first: what is removed does not come back."
        )
    async with platform.store.writing() as session:
        tool, _ = await _tool(session, tool_id)
        await remove_tool(session, tool)
    return see_other(TOOLS)


@router.post("/tools/{tool_id:int}/update", dependencies=Own)
async def update(
    request: Request,
    platform: ThisPlatform,
    person: Administrator,
    tool_id: int,
    link: Annotated[str, Form()] = "",
) -> Response:
    """Open a tool's link to bring its registration up to date."""
    if not platform.settings.profile.registers_by_link:
        raise PageMissing
    trouble = _trouble(link.strip())
    if trouble is not None:
        return await _page(request, platform, person, tool_id, trouble)
    async with platform.store.writing() as session:
        tool, _ = await _tool(session, tool_id)
        attempt = await begin(session, platform, person, link.strip(), tool=tool)
    return see_other(f"{TOOLS}/register/{attempt.id}")
