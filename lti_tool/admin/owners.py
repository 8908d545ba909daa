"""The installation's owner: signs in with a link that the command line prints, used once, and is known by a cookie.

Whoever may run ``lti-tool`` on the server owns the installation; there is no password to choose, keep or lose.
"""

import secrets
import uuid
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool import audit
from lti_tool.admin import queries
from lti_tool.db.session import Database
from lti_tool.errors import NotAllowed
from lti_tool.logs import reference_code
from lti_tool.lti.digests import digest
from lti_tool.lti.models import OwnerLink, OwnerSession
from lti_tool.lti.sessions import IDLE, SEEN_EVERY, TOTAL
from lti_tool.web.i18n import N_

COOKIE = "__Host-lti_owner"
LINK_LIFE = timedelta(minutes=15)
OWNER = "owner"
"""What the audit log calls the owner."""

_LIMIT = 128


class OwnerLinkUnusable(NotAllowed):
    """The code of a sign-in link that was used, has expired, or never was."""

    code = "owner-link-unusable"
    title = N_("This sign-in link cannot be used")
    advice = N_(
        "A link signs in once, within 15 minutes. This one was used already, is older, or was not copied whole. "
        "Print a new one on the server with: lti-tool admin link"
    )


def sign_in_address(base_url: str, code: str) -> str:
    """The link to open in a browser."""
    return f"{base_url}/admin/sign-in?{urlencode({'code': code})}"


async def make_link(session: AsyncSession, now: datetime, *, actor: str) -> str:
    """A new link's code, 256 random bits, shown once; what has ended is forgotten in passing."""
    await queries.forget_links(session, now)
    await queries.forget_owner_sessions(session, started_until=now - TOTAL, seen_until=now - IDLE)
    code = secrets.token_urlsafe(32)
    session.add(OwnerLink(code_digest=digest(code), created_at=now, expires_at=now + LINK_LIFE))
    audit.record(session, now, "owner.link-made", actor=actor)
    await session.flush()
    return code


async def check_link(session: AsyncSession, code: str, now: datetime) -> None:
    """Raise OwnerLinkUnusable for a code that signs nobody in; uses up nothing."""
    if not code or len(code) > _LIMIT or not await queries.link_works(session, digest(code), now):
        raise OwnerLinkUnusable("no link has this code")


async def sign_in(session: AsyncSession, code: str, now: datetime) -> str:
    """Use a link up and begin a session; the token for the browser. Raises OwnerLinkUnusable."""
    if not code or len(code) > _LIMIT or not await queries.use_up_link(session, digest(code), now):
        raise OwnerLinkUnusable("no link has this code")
    token = secrets.token_urlsafe(32)
    begun = OwnerSession(token_digest=digest(token), started_at=now, seen_at=now)
    session.add(begun)
    audit.record(
        session, now, "owner.signed-in", actor=OWNER, subject=f"session {begun.id}", reference=reference_code.get()
    )
    await session.flush()
    return token


async def sign_out(session: AsyncSession, session_id: uuid.UUID, now: datetime) -> None:
    """End a session of the owner; its token opens nothing any more."""
    await queries.remove_owner_session(session, session_id)
    audit.record(
        session, now, "owner.signed-out", actor=OWNER, subject=f"session {session_id}", reference=reference_code.get()
    )


async def living_session(database: Database, token: str | None, now: datetime) -> OwnerSession | None:
    """The session of a token, if it still lives; that it was seen is remembered."""
    if not token or len(token) > _LIMIT:
        return None
    async with database.reading() as session:
        found = await queries.owner_session(session, digest(token))
    if found is None or found.started_at + TOTAL <= now or found.seen_at + IDLE <= now:
        return None
    if now - found.seen_at >= SEEN_EVERY:
        async with database.writing() as session:
            await queries.touch_owner_session(session, found.id, now)
    return found


def set_cookie(response: Response, token: str) -> None:
    """Give the browser the owner's token. The console of the owner is framed nowhere, so no other site needs it."""
    response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="lax")


def remove_cookie(response: Response) -> None:
    """Have the browser forget the owner's token."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
