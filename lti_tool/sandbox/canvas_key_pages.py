"""The administrator's pages for API keys: what a tool needs so that teachers can connect it to the REST API."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox import canvas_keys
from lti_tool.sandbox.admin_pages import Administrator
from lti_tool.sandbox.canvas_keys import KeyWanted
from lti_tool.sandbox.canvas_models import KEY_STATES, DeveloperKey, PersonToken
from lti_tool.sandbox.canvas_scopes import all_scopes, words_of
from lti_tool.sandbox.models import Person
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.view import PageMissing, from_own_pages, render, see_other

router = APIRouter(prefix="/admin/keys", default_response_class=HTMLResponse)
KEYS = "/admin/keys"
Own = [Depends(from_own_pages)]
MOST_NAME = 200


@router.get("")
async def key_list(request: Request, platform: ThisPlatform, person: Administrator) -> HTMLResponse:
    """Every key."""
    async with platform.store.reading() as session:
        found = await canvas_keys.keys(session)
    return render(request, "admin_keys.html", person=person, keys=found)


@router.get("/add")
async def add_page(request: Request, person: Administrator) -> HTMLResponse:
    """An empty form."""
    return _form(request, person, KeyWanted("", (), all_scopes()))


def _form(
    request: Request, person: Person, entered: KeyWanted, *, key: DeveloperKey | None = None, error: str | None = None
) -> HTMLResponse:
    # A scope that the API does not know any more is shown as long as the key has it.
    known = [words_of(one) for one in dict.fromkeys([*all_scopes(), *entered.scopes])]
    return render(
        request,
        "admin_key_form.html",
        person=person,
        key=key,
        entered=entered,
        scopes=known,
        error=error,
        status_code=422 if error else 200,
    )


async def _wanted(request: Request) -> KeyWanted:
    form = await request.form()
    return KeyWanted(
        name=str(form.get("name", "")).strip()[:MOST_NAME],
        redirect_uris=str(form.get("redirect_uris", "")).split(),
        scopes=[str(one) for one in form.getlist("scopes")],
        enforces_scopes=form.get("enforces_scopes") == "yes",
        allows_includes=form.get("allows_includes") == "yes",
    )


def _trouble(wanted: KeyWanted) -> str | None:
    """What is wrong with what was entered, or None."""
    if not wanted.name:
        return "Give the key a name."
    if not wanted.redirect_uris:
        return "Enter at least one redirect address, each on a line of its own."
    for address in wanted.redirect_uris:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            return f"{address} is no address. It begins with http:// or https://."
    if wanted.enforces_scopes and not wanted.scopes:
        return "Choose at least one scope, or do not enforce them."
    return None


@router.post("/add", dependencies=Own)
async def add(request: Request, platform: ThisPlatform, person: Administrator) -> Response:
    """Make a key."""
    wanted = await _wanted(request)
    if (error := _trouble(wanted)) is not None:
        return _form(request, person, wanted, error=error)
    async with platform.store.writing() as session:
        key = await canvas_keys.make_key(session, platform, wanted)
    return see_other(f"{KEYS}/{key.id}")


async def _key(session: AsyncSession, key_id: int) -> DeveloperKey:
    key = await session.get(DeveloperKey, key_id) if key_id < 2**63 else None
    if key is None:
        raise PageMissing
    return key


@router.get("/{key_id:int}")
async def key_page(request: Request, platform: ThisPlatform, person: Administrator, key_id: int) -> HTMLResponse:
    """One key, with its secret and how many tokens there are of it."""
    return await _page(request, platform, person, key_id)


async def _page(
    request: Request, platform: Platform, person: Person, key_id: int, error: str | None = None
) -> HTMLResponse:
    async with platform.store.reading() as session:
        key = await _key(session, key_id)
        tokens = await session.scalar(select(func.count()).where(PersonToken.key_id == key.id))
    return render(
        request,
        "admin_key.html",
        person=person,
        key=key,
        tokens=tokens or 0,
        scopes=[words_of(one) for one in key.scopes],
        address=platform.settings.base_url,
        error=error,
        status_code=422 if error else 200,
    )


@router.get("/{key_id:int}/edit")
async def edit_page(request: Request, platform: ThisPlatform, person: Administrator, key_id: int) -> HTMLResponse:
    """The form, filled in."""
    async with platform.store.reading() as session:
        key = await _key(session, key_id)
    entered = KeyWanted(
        key.name,
        key.redirect_uris,
        key.scopes,
        enforces_scopes=key.enforces_scopes,
        allows_includes=key.allows_includes,
    )
    return _form(request, person, entered, key=key)


@router.post("/{key_id:int}/edit", dependencies=Own)
async def edit(request: Request, platform: ThisPlatform, person: Administrator, key_id: int) -> Response:
    """Change a key."""
    wanted = await _wanted(request)
    async with platform.store.writing() as session:
        key = await _key(session, key_id)
        if (error := _trouble(wanted)) is not None:
            return _form(request, person, wanted, key=key, error=error)
        await canvas_keys.change_key(session, key, wanted)
    return see_other(f"{KEYS}/{key_id}")


@router.post("/{key_id:int}/state", dependencies=Own)
async def switch(platform: ThisPlatform, person: Administrator, key_id: int, state: Annotated[str, Form()]) -> Response:
    """Switch a key off, or on again."""
    async with platform.store.writing() as session:
        key = await _key(session, key_id)
        if state not in KEY_STATES:
            raise PageMissing
        key.state = state
    return see_other(f"{KEYS}/{key_id}")


@router.post("/{key_id:int}/revoke", dependencies=Own)
async def revoke(platform: ThisPlatform, person: Administrator, key_id: int) -> Response:
    """End every token of a key."""
    async with platform.store.writing() as session:
        await canvas_keys.end_tokens_of(session, await _key(session, key_id))
    return see_other(f"{KEYS}/{key_id}")


@router.post("/{key_id:int}/remove", dependencies=Own)
async def remove(
    request: Request, platform: ThisPlatform, person: Administrator, key_id: int, sure: Annotated[str, Form()] = ""
) -> Response:
    """Remove a key with its tokens; only with the tick that says so."""
    if sure != "yes":
        words = "Tick the box first: what is removed does not come back."
        return await _page(request, platform, person, key_id, words)
    async with platform.store.writing() as session:
        await session.delete(await _key(session, key_id))
    return see_other(KEYS)
