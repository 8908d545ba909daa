"""What AGS and NRPS have in common: who calls, what they may, in which media type, page by page.

How errors look depends on the LMS that is played.
"""

import base64
import binascii
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from fastapi import Path, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from lti_tool.sandbox.models import AccessToken, Course, Tool
from lti_tool.sandbox.platform import Platform, platform_of
from lti_tool.sandbox.sessions import digest

MAX_BODY = 1_000_000

T = TypeVar("T")
# An id in an address; a larger number than a database can hold is simply not one of ours.
Id = Annotated[int, Path(ge=1, lt=2**63)]


@dataclass
class ServiceError(Exception):
    """A call that is refused."""

    status: int
    type: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)


def answer_service_error(request: Request, error: Exception) -> Response:
    """The exception handler for ServiceError."""
    if not isinstance(error, ServiceError):
        raise error
    return platform_of(request).settings.profile.service_refused(request, error)


@dataclass(frozen=True)
class Caller:
    """A tool with a valid token, at a sandbox."""

    platform: Platform
    tool: Tool
    scopes: frozenset[str]

    async def course(self, session: AsyncSession, course_id: int) -> Course:
        """The course of the address; 404 where there is none."""
        course = await session.get(Course, course_id)
        if course is None:
            raise ServiceError(404, "not_found", "There is no such course.")
        return course


def calling_with(*scopes: str) -> Callable[[Request], Coroutine[Any, Any, Caller]]:
    """A dependency: the caller, whose token must carry one of the scopes (RFC 6750, section 3)."""

    async def caller(request: Request) -> Caller:
        platform = platform_of(request)
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        async with platform.store.reading() as session:
            token = await session.get(AccessToken, digest(value.strip())) if scheme.lower() == "bearer" else None
            if token is None or token.expires_at <= platform.now() or platform.behaviour.refuses_tokens:
                challenge = {"WWW-Authenticate": 'Bearer realm="sandbox", error="invalid_token"'}
                raise ServiceError(401, "unauthorized", "The token is missing, unknown or has expired.", challenge)
            if not set(scopes) & set(token.scopes):
                challenge = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'}
                raise ServiceError(403, "insufficient_scope", f"This needs one of {', '.join(scopes)}.", challenge)
            tool = await session.get_one(Tool, token.tool_id)
        return Caller(platform, tool, frozenset(token.scopes))

    return caller


def media_type(header: str) -> str:
    """A media type without its parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def require_accept(request: Request, wanted: str) -> None:
    """406 unless Accept names the type itself. Moodle 4.5 refuses ``*/*`` too, so a tool must not count on it."""
    accepted = {media_type(part) for part in request.headers.get("accept", "").split(",")}
    if wanted not in accepted:
        status, words = platform_of(request).settings.profile.not_acceptable(wanted)
        raise ServiceError(status, "not_acceptable", words)


async def read_body(request: Request, wanted: str) -> bytes:
    """The body; 415 unless Content-Type is exactly the wanted type, 413 when it is too large."""
    if media_type(request.headers.get("content-type", "")) != wanted:
        raise ServiceError(415, "unsupported_media_type", f"Content-Type must be {wanted}.")
    body = await request.body()
    if len(body) > MAX_BODY:
        raise ServiceError(413, "too_large", "The body is too large.")
    return body


def page_link(request: Request, platform: Platform, offset: int, rel: str) -> str:
    """One link of a ``Link`` header. The bookmark is opaque and its upper and lower case matter, as on Canvas."""
    bookmark = base64.urlsafe_b64encode(json.dumps([offset]).encode()).decode().rstrip("=")
    query = request.url.include_query_params(page=f"bookmark:{bookmark}").query
    return f'<{platform.settings.base_url}{request.url.path}?{query}>; rel="{rel}"'


def offset_asked(request: Request, size: int) -> int:
    """Where the page asked for begins: by bookmark, or by number from 1. Anything else is the first page."""
    page = request.query_params.get("page", "")
    if page.isdecimal() and len(page) < 7:
        return max(int(page) - 1, 0) * size
    if not page.startswith("bookmark:"):
        return 0
    encoded = page.removeprefix("bookmark:")
    try:
        [offset] = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise ServiceError(400, "bad_request", "The page is not one of ours.") from error
    if not isinstance(offset, int) or offset < 0:
        raise ServiceError(400, "bad_request", "The page is not one of ours.")
    return offset


def size_asked(request: Request, name: str, default: int, most: int) -> int:
    """How many rows a page is to have."""
    text = request.query_params.get(name, "")
    return min(int(text), most) if text.isdecimal() and 0 < len(text) < 7 and int(text) > 0 else default


def one_page(
    request: Request, platform: Platform, rows: Sequence[T], *, size_name: str, default: int, most: int
) -> tuple[Sequence[T], dict[str, str]]:
    """The page of the rows that was asked for, and the headers that lead to the others."""
    size = size_asked(request, size_name, default, most)
    offset = offset_asked(request, size)
    links = [page_link(request, platform, offset, "current")]
    if offset + size < len(rows):
        links.append(page_link(request, platform, offset + size, "next"))
    links.append(page_link(request, platform, 0, "first"))
    return rows[offset : offset + size], {"Link": ",".join(links)}
