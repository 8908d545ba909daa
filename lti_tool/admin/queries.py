"""All SQL of the console's own tables."""

import uuid
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.lti.models import OwnerLink, OwnerSession


async def forget_links(session: AsyncSession, until: datetime) -> None:
    """Remove sign-in links that ended by a moment."""
    await session.exec(
        delete(OwnerLink).where(col(OwnerLink.expires_at) <= until).execution_options(synchronize_session=False)
    )


async def forget_owner_sessions(session: AsyncSession, *, started_until: datetime, seen_until: datetime) -> None:
    """Remove sessions of the owner that began, or were last used, by a moment."""
    await session.exec(
        delete(OwnerSession)
        .where((col(OwnerSession.started_at) <= started_until) | (col(OwnerSession.seen_at) <= seen_until))
        .execution_options(synchronize_session=False)
    )


async def link_works(session: AsyncSession, code_digest: str, now: datetime) -> bool:
    """Whether a sign-in link can still be used."""
    statement = select(OwnerLink.code_digest).where(OwnerLink.code_digest == code_digest, OwnerLink.expires_at > now)
    return (await session.exec(statement)).first() is not None


async def use_up_link(session: AsyncSession, code_digest: str, now: datetime) -> bool:
    """Take a link away, once: of two transactions that try, one is told True."""
    done = await session.exec(
        delete(OwnerLink)
        .where(col(OwnerLink.code_digest) == code_digest, col(OwnerLink.expires_at) > now)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount == 1


async def owner_session(session: AsyncSession, token_digest: str) -> OwnerSession | None:
    """The owner's session whose token has this digest."""
    return (await session.exec(select(OwnerSession).where(OwnerSession.token_digest == token_digest))).one_or_none()


async def touch_owner_session(session: AsyncSession, session_id: uuid.UUID, now: datetime) -> None:
    """Remember that the owner's session was used."""
    await session.exec(
        update(OwnerSession)
        .where(col(OwnerSession.id) == session_id)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


async def remove_owner_session(session: AsyncSession, session_id: uuid.UUID) -> None:
    """Remove a session of the owner."""
    await session.exec(
        delete(OwnerSession).where(col(OwnerSession.id) == session_id).execution_options(synchronize_session=False)
    )
