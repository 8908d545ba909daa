"""What Moodle's services have in common: who calls, in which media type, and how they answer."""

import json
from collections.abc import Awaitable, Callable

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from lti_tool.sandbox.models import Course, ResourceLink
from lti_tool.sandbox.services import Caller, ServiceError, calling_with, media_type


def speaking(*formats: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency: Accept of what is read and Content-Type of what is written decide, before the token, what answers."""

    async def check(request: Request) -> None:
        written = request.method in ("POST", "PUT")
        header = request.headers.get("content-type" if written else "accept", "")
        fits = media_type(header) in formats if written else not header or "*/*" in header or header in formats
        if not fits:
            path = request.url.path.removeprefix("/mod/lti/services.php")
            raise ServiceError(400, "bad_request", f"No handler found for {path} {header}")

    return check


def calling(*scopes: str) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency: the tool, whose token has one of the scopes and whose type the address names, if it names one."""
    with_token = calling_with(*scopes)

    async def caller(request: Request) -> Caller:
        found = await with_token(request)
        named = request.query_params.get("type_id") or request.path_params.get("type_id")
        if named not in (None, str(found.tool.id)):
            raise ServiceError(401, "unauthorized", "Unauthorized")
        return found

    return caller


def answered(body: object, media: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON of a media type."""
    return Response(json.dumps(body, ensure_ascii=False), status, headers=headers, media_type=f"{media}; charset=utf-8")


async def course_of(session: AsyncSession, number: int) -> Course:
    """The course of an address; 404 where there is none."""
    course = await session.get(Course, number) if number < 2**63 else None
    if course is None:
        raise ServiceError(404, "not_found", f"Not Found: Course {number} doesn't exist")
    return course


async def is_own_link(session: AsyncSession, caller: Caller, course_id: int, lti_id: str) -> bool:
    """Whether a resource link is the tool's, in this course."""
    found = await session.scalars(
        select(ResourceLink.id).where(
            ResourceLink.lti_id == lti_id,
            ResourceLink.course_id == course_id,
            ResourceLink.tool_id == caller.tool.id,
        )
    )
    return found.one_or_none() is not None


def number_in(text: str | None) -> int | None:
    """A parameter's number; None where it is none, or longer than any there can be."""
    return int(text) if text is not None and text.isdecimal() and len(text) < 7 else None
