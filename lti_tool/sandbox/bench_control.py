"""More of ``/_control/…``: tools and their state, copies of courses, notices, tokens. For who sits at this machine only."""

from typing import Any, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse

from lti_tool.sandbox.bench_models import SentNotice
from lti_tool.sandbox.control import only_from_here
from lti_tool.sandbox.course_copy import copy_course
from lti_tool.sandbox.models import Course, Tool
from lti_tool.sandbox.notices import send_copied
from lti_tool.sandbox.platform import ThisPlatform
from lti_tool.sandbox.standing import messages_of, set_state, standing, state_of
from lti_tool.sandbox.trouble_pages import end_tokens

router = APIRouter(prefix="/_control", dependencies=[Depends(only_from_here)])


class Switch(BaseModel):
    """The state a tool is to have."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["active", "pending", "off"]


class Copy(BaseModel):
    """The new course's name, and whether students and families are enrolled in it too."""

    model_config = ConfigDict(extra="forbid")

    name: str
    everybody: bool = False


@router.get("/tools")
async def tools(platform: ThisPlatform) -> list[dict[str, Any]]:
    """Every tool with its ids and its state."""
    async with platform.store.reading() as session:
        found = []
        for tool in (await session.scalars(select(Tool).order_by(Tool.id))).all():
            came = await standing(session, tool.id)
            found.append(
                {
                    "tool_id": tool.id,
                    "name": tool.name,
                    "client_id": tool.client_id,
                    "deployment_id": tool.deployment_id,
                    "state": await state_of(session, tool.id),
                    "by_link": bool(came and came.by_link),
                    "scopes": tool.scopes,
                    "placements": tool.placements,
                    "messages": await messages_of(session, tool.id),
                }
            )
    return found


@router.post("/tools/{tool_id}/state")
async def switch(tool_id: int, wanted: Switch, platform: ThisPlatform) -> dict[str, str]:
    """Approve a tool, switch it off or on."""
    async with platform.store.writing() as session:
        if await session.get(Tool, tool_id) is None:
            raise HTTPException(404, "There is no such tool.")
        await set_state(session, tool_id, wanted.state, platform.now())
    return {"state": wanted.state}


@router.post("/tokens/end")
async def end(platform: ThisPlatform) -> dict[str, str]:
    """End every service token that was given."""
    await end_tokens(platform)
    return {"tokens": "ended"}


@router.post("/courses/{course_id}/copy")
async def copy(course_id: int, wanted: Copy, platform: ThisPlatform) -> JSONResponse:
    """Copy a course; tools are told after the answer."""
    async with platform.store.writing() as session:
        origin = await session.get(Course, course_id)
        if origin is None:
            raise HTTPException(404, "There is no such course.")
        course = await copy_course(
            session, origin, name=wanted.name, now=platform.now(), with_everybody=wanted.everybody
        )
    return JSONResponse(
        {"course_id": course.id, "context_id": course.context_id},
        background=BackgroundTask(send_copied, platform, course, origin),
    )


@router.get("/notices")
async def notices(platform: ThisPlatform) -> list[dict[str, Any]]:
    """Every notice that was sent, in order, with the status of its answer."""
    async with platform.store.reading() as session:
        rows = await session.scalars(select(SentNotice).order_by(SentNotice.id))
        return [
            {
                "tool_id": row.tool_id,
                "type": row.notice_type,
                "handler": row.handler,
                "status": row.status,
                "claims": row.claims,
            }
            for row in rows
        ]
