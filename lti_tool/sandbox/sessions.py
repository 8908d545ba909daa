"""Who is signed in to the sandbox with a browser.

Two cookies carry the same value: a lax one, which every browser keeps on plain HTTP; and one that is ``SameSite=None;
Secure``, which Chromium and Firefox also keep on loopback addresses and which still comes when the tool's page in the
frame, not the LMS's, begins the navigation back to the authorization endpoint.
"""

import hashlib
import secrets
from datetime import timedelta

from fastapi import Request
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from lti_tool.sandbox.models import Person, WebSession
from lti_tool.sandbox.platform import Platform, platform_of

COOKIE = "sandbox_session"
FRAMED_COOKIE = "sandbox_session_framed"
SESSION_LIFE = timedelta(days=7)


def digest(value: str) -> str:
    """What is kept of a secret value: its SHA-256 in hexadecimal."""
    return hashlib.sha256(value.encode()).hexdigest()


async def sign_in(platform: Platform, response: Response, person: Person) -> None:
    """Begin a session for the person and give its cookies to the response."""
    token, now = secrets.token_urlsafe(32), platform.now()
    async with platform.store.writing() as session:
        await session.execute(delete(WebSession).where(WebSession.expires_at < now))
        session.add(WebSession(digest=digest(token), person_id=person.id, expires_at=now + SESSION_LIFE))
    seconds = int(SESSION_LIFE.total_seconds())
    response.set_cookie(COOKIE, token, max_age=seconds, httponly=True, samesite="lax", path="/")
    if platform.settings.profile.framed_session:
        response.set_cookie(
            FRAMED_COOKIE, token, max_age=seconds, httponly=True, samesite="none", secure=True, path="/"
        )


async def sign_out(request: Request, response: Response) -> None:
    """End the request's session, if it has one, and take the cookies back."""
    token = session_token(request)
    if token is not None:
        async with platform_of(request).store.writing() as session:
            await session.execute(delete(WebSession).where(WebSession.digest == digest(token)))
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    response.delete_cookie(FRAMED_COOKIE, path="/", httponly=True, samesite="none", secure=True)


def session_token(request: Request) -> str | None:
    """The value of whichever session cookie came."""
    return request.cookies.get(COOKIE) or request.cookies.get(FRAMED_COOKIE)


async def person_signed_in(request: Request) -> Person | None:
    """Who is signed in, or None."""
    token = session_token(request)
    if token is None:
        return None
    platform = platform_of(request)
    async with platform.store.reading() as session:
        return await _person(session, token, platform)


async def _person(session: AsyncSession, token: str, platform: Platform) -> Person | None:
    found = await session.scalars(
        select(Person)
        .join(WebSession, WebSession.person_id == Person.id)
        .where(WebSession.digest == digest(token), WebSession.expires_at > platform.now())
    )
    return found.one_or_none()
