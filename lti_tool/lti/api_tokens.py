"""Tokens for scripts and other servers, made by an administrator: they read one school's frameworks, and nothing else.

A token is 256 random bits behind a prefix by which people and scanners for leaked secrets know it. It is shown once; the
database holds its digest. It is sent as ``Authorization: Bearer``, ends by itself, and can be revoked at any moment.
"""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from lti_tool import audit
from lti_tool.clock import Clock
from lti_tool.db.base import crossing
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, NotFound, NotSignedIn
from lti_tool.lti.digests import digest
from lti_tool.lti.models import ApiToken
from lti_tool.web.i18n import N_

PREFIX = "lti-tool-"
LIVES = (30, 90, 365)
"""Days that a token can live."""

NAME_LIMIT = 100
_LONGEST = 200


class TokenRefused(NotSignedIn):
    """A token that is none of ours, has ended or was revoked; which of these is not said."""

    code = "token-refused"
    title = N_("This token opens nothing")
    advice = N_("It may have ended or been revoked. An administrator makes a new one in the console, under Tokens.")


class WrongTokenName(BadRequest):
    """A token without a name, or with one that is too long."""

    code = "wrong-token-name"
    title = N_("A token needs a name")
    advice = N_("Say in at most 100 characters what it is for, so that it can be told from others later.")


async def make(
    session: AsyncSession, *, organisation_id: uuid.UUID, name: str, life: timedelta, now: datetime, actor: str
) -> tuple[ApiToken, str]:
    """A new token of a school, and what is to be sent, which is shown once. Raises WrongTokenName."""
    called = " ".join(name.split())
    if not 1 <= len(called) <= NAME_LIMIT:
        raise WrongTokenName(f"{len(called)} characters")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        organisation_id=organisation_id,
        name=called,
        token_digest=digest(secret),
        created_at=now,
        created_by=actor,
        expires_at=now + life,
    )
    session.add(token)
    await session.flush()
    audit.record(session, now, "token.made", organisation_id=organisation_id, actor=actor, subject=f"token {token.id}")
    return token, secret


async def listed(session: AsyncSession, seen: ColumnElement[bool]) -> Sequence[ApiToken]:
    """The tokens of the schools that ``seen`` holds to, the newest first."""
    statement = (
        select(ApiToken)
        .where(seen)
        .order_by(col(ApiToken.created_at).desc(), col(ApiToken.id))
        .execution_options(**crossing("the owner of the installation looks after every school's tokens"))
    )
    return (await session.exec(statement)).all()


async def revoke(
    session: AsyncSession, token_id: uuid.UUID, seen: ColumnElement[bool], now: datetime, *, actor: str
) -> None:
    """Make a token useless at once; one that is so already stays as it is. NotFound for another school's."""
    statement = (
        select(ApiToken)
        .where(col(ApiToken.id) == token_id, seen)
        .execution_options(**crossing("the owner of the installation looks after every school's tokens"))
    )
    token = (await session.exec(statement)).one_or_none()
    if token is None:
        raise NotFound("no such token")
    if token.revoked_at is not None:
        return
    token.revoked_at = now
    session.add(token)
    audit.record(
        session, now, "token.revoked", organisation_id=token.organisation_id, actor=actor, subject=f"token {token.id}"
    )


def sent_with(request: Request) -> str | None:
    """The token that a request carries; None where it carries none of this kind, as the pages of a tab do not."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    secret = secret.strip()
    return secret if scheme.lower() == "bearer" and secret.startswith(PREFIX) else None


async def school_of(database: Database, clock: Clock, secret: str) -> uuid.UUID:
    """The school that a token reads. Raises TokenRefused; notes the day it was used on."""
    now = clock.now()
    async with database.reading() as session:
        statement = (
            select(ApiToken)
            .where(ApiToken.token_digest == digest(secret[:_LONGEST]))
            .execution_options(**crossing("a token says itself whose it is"))
        )
        token = (await session.exec(statement)).one_or_none()
        if token is None or token.revoked_at is not None or token.expires_at <= now:
            raise TokenRefused("no token, or none that holds")
        organisation_id, token_id, used_on = token.organisation_id, token.id, token.used_on
    if used_on is None or now - used_on >= timedelta(days=1):
        async with database.writing() as session:
            mine = (col(ApiToken.organisation_id) == organisation_id) & (col(ApiToken.id) == token_id)
            await session.exec(update(ApiToken).where(mine).values(used_on=now))
    return organisation_id
