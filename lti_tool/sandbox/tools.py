"""Registering a tool with the sandbox, as its administrator would."""

import secrets
from typing import Annotated, Any
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.bench_models import ToolRegistration
from lti_tool.sandbox.canvas_keys import KeyWanted, make_key
from lti_tool.sandbox.canvas_models import DeveloperKey
from lti_tool.sandbox.canvas_scopes import all_scopes
from lti_tool.sandbox.claims import ALL_SCOPES
from lti_tool.sandbox.models import Tool
from lti_tool.sandbox.moodle_service import token_of_api
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.schoology_access import app_keys

API_BACK = "/api-access/back"
"""Where the tool of this project takes a person back who agreed; another says so with ``api_redirect_uris``."""

# Kept exactly as given, since redirect addresses are compared letter by letter.
_Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=2000)]


class NewTool(BaseModel):
    """What the sandbox is told of a tool. Left out: the launch address alone is the redirect URI; every scope is allowed;
    custom parameters and places are those that are usual on the LMS that is played; names are shown to it. Where persons give
    tools tokens of the REST API, a key comes with it, whose redirect addresses are ``api_redirect_uris``.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    login_url: _Address
    launch_url: _Address
    jwks_url: _Address
    redirect_uris: list[_Address] | None = None
    scopes: list[str] = list(ALL_SCOPES)
    custom: dict[str, str] | None = None
    placements: list[str] | None = None
    privacy_level: Annotated[str, Field(pattern="^(public|name_only|anonymous)$")] = "name_only"
    api_redirect_uris: list[_Address] | None = None


async def add_tool(session: AsyncSession, platform: Platform, new: NewTool) -> Tool:
    """Register a tool by hand. One that is there already, by its login and launch addresses, is brought up to date and keeps
    its ids; one that registered itself is another.
    """
    registered_itself = select(ToolRegistration.tool_id).where(ToolRegistration.sent != {})
    found = await session.scalars(
        select(Tool)
        .where(Tool.login_url == new.login_url, Tool.launch_url == new.launch_url, Tool.id.not_in(registered_itself))
        .order_by(Tool.id)
    )
    tool, like, is_new = found.first(), platform.settings.profile, False
    if tool is None:
        is_new = True
        tool = Tool(
            client_id=like.new_client_id(new.login_url),
            deployment_id=secrets.token_hex(20),
            login_url=new.login_url,
            launch_url=new.launch_url,
            created_at=platform.now(),
        )
        session.add(tool)
    tool.name, tool.jwks_url, tool.privacy_level = new.name, new.jwks_url, new.privacy_level
    tool.redirect_uris = new.redirect_uris or [new.launch_url]
    tool.scopes = new.scopes
    tool.custom = dict(like.custom if new.custom is None else new.custom)
    tool.placements = list(like.placements if new.placements is None else new.placements)
    await session.flush()
    if is_new:
        tool.deployment_id = like.new_deployment_id(tool)
    await like.after_registration(session, tool, platform.now())
    await session.flush()
    if like.has_developer_keys:
        await _key_for(session, platform, tool, new)
    return tool


async def _key_for(session: AsyncSession, platform: Platform, tool: Tool, new: NewTool) -> None:
    """The tool's key for the REST API, with everything that there is; one that is there already stays as it was changed."""
    key = await key_of(session, tool.id)
    addresses = list(new.api_redirect_uris or [urljoin(new.launch_url, API_BACK)])
    if key is None:
        wanted = KeyWanted(new.name, addresses, all_scopes(), allows_includes=True)
        await make_key(session, platform, wanted, tool)
    else:
        key.redirect_uris = list(dict.fromkeys([*key.redirect_uris, *addresses]))


async def key_of(session: AsyncSession, tool_id: int) -> DeveloperKey | None:
    """The key that came with a tool."""
    found = await session.scalars(
        select(DeveloperKey).where(DeveloperKey.tool_id == tool_id).order_by(DeveloperKey.created_at)
    )
    return found.first()


async def registration(platform: Platform, tool: Tool) -> dict[str, Any]:
    """What the tool's administrator needs to know of this platform. ``api_token`` is for the part of the LMS's own API that is
    answered here, and left out where there is none; ``api_client_id`` and ``api_client_secret`` are of the key that comes with a
    tool added by hand, or of the application on Schoology.
    """
    settings = platform.settings
    facts = {
        "tool_id": tool.id,
        "issuer": settings.issuer,
        "client_id": tool.client_id,
        "auth_login_url": settings.authorization_url,
        "token_url": settings.token_url,
        "jwks_url": settings.jwks_url,
        "deployment_id": tool.deployment_id,
    }
    if settings.profile.has_schoology_api:
        keys = await app_keys(platform)
        return {**facts, "api_url": settings.base_url, "api_client_id": keys.key, "api_client_secret": keys.secret}
    api_token = await token_of_api(platform)
    if api_token is None:
        return facts
    facts |= {"api_url": settings.base_url, "api_token": api_token}
    async with platform.store.reading() as session:
        key = await key_of(session, tool.id)
    if key is None:
        return facts
    return {**facts, "api_client_id": str(key.id), "api_client_secret": key.secret}
