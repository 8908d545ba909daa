"""Registering a tool with the sandbox, as its administrator would."""

import secrets
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.bench_models import ToolRegistration
from lti_tool.sandbox.claims import ALL_SCOPES
from lti_tool.sandbox.models import Tool
from lti_tool.sandbox.platform import Platform

# What Canvas's developer keys for a tool like this usually carry; the names are the administrator's choice.
USUAL_CUSTOM = {
    "canvas_course_id": "$Canvas.course.id",
    "canvas_user_id": "$Canvas.user.id",
    "canvas_api_domain": "$Canvas.api.domain",
    "canvas_section_ids": "$Canvas.course.sectionIds",
    "canvas_assignment_id": "$Canvas.assignment.id",
    "canvas_module_item_id": "$Canvas.moduleItem.id",
    "user_timezone": "$Person.address.timezone",
    "user_high_contrast": "$Canvas.user.prefersHighContrast",
    "context_id_history": "$Context.id.history",
    "resource_link_id_history": "$ResourceLink.id.history",
}

# Kept exactly as given, since redirect addresses are compared letter by letter.
_Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=2000)]


class NewTool(BaseModel):
    """What the sandbox is told of a tool. Left out: the launch address alone is the redirect URI; every scope is allowed;
    it appears in course navigation and in modules; names are shown to it.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    login_url: _Address
    launch_url: _Address
    jwks_url: _Address
    redirect_uris: list[_Address] | None = None
    scopes: list[str] = list(ALL_SCOPES)
    custom: dict[str, str] = USUAL_CUSTOM
    placements: list[str] = ["course_navigation", "link_selection"]
    privacy_level: Annotated[str, Field(pattern="^(public|name_only|anonymous)$")] = "name_only"


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
    tool = found.first()
    if tool is None:
        tool = Tool(
            client_id=str(10_000_000_000_000 + secrets.randbelow(1_000_000_000)),
            deployment_id=f"1:{secrets.token_hex(20)}",
            login_url=new.login_url,
            launch_url=new.launch_url,
            created_at=platform.now(),
        )
        session.add(tool)
    tool.name, tool.jwks_url, tool.privacy_level = new.name, new.jwks_url, new.privacy_level
    tool.redirect_uris = new.redirect_uris or [new.launch_url]
    tool.scopes, tool.custom, tool.placements = new.scopes, dict(new.custom), new.placements
    await session.flush()
    return tool


async def registration(platform: Platform, tool: Tool) -> dict[str, Any]:
    """What the tool's administrator needs to know of this platform. ``api_token`` is for the part of Canvas's REST API."""
    settings = platform.settings
    return {
        "tool_id": tool.id,
        "issuer": settings.issuer,
        "client_id": tool.client_id,
        "auth_login_url": settings.authorization_url,
        "token_url": settings.token_url,
        "jwks_url": settings.jwks_url,
        "deployment_id": tool.deployment_id,
        "api_url": settings.base_url,
        "api_token": await platform.api_token(),
    }
