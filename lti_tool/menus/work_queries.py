"""The SQL of work that was handed in."""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import scoped
from lti_tool.menus.models import HandedIn, RubricMark


async def piece(session: AsyncSession, organisation_id: uuid.UUID, piece_id: uuid.UUID) -> HandedIn | None:
    """One piece of work with its content, unless it was taken out again."""
    statement = scoped(HandedIn, organisation_id).where(HandedIn.id == piece_id, col(HandedIn.removed_at).is_(None))
    return (await session.exec(statement)).one_or_none()


async def is_used(session: AsyncSession, organisation_id: uuid.UUID, piece_id: uuid.UUID) -> bool:
    """Whether there is, or was, a piece of work with this id."""
    statement = select(HandedIn.id).where(HandedIn.organisation_id == organisation_id, HandedIn.id == piece_id)
    return (await session.exec(statement)).first() is not None


async def bytes_of(session: AsyncSession, organisation_id: uuid.UUID, choice_ids: Collection[uuid.UUID]) -> int:
    """How many bytes the files of these choices have together, before compression."""
    statement = select(func.coalesce(func.sum(HandedIn.size), 0)).where(
        HandedIn.organisation_id == organisation_id,
        col(HandedIn.choice_id).in_(choice_ids),
        col(HandedIn.removed_at).is_(None),
    )
    return int((await session.exec(statement)).one())


async def take_out(session: AsyncSession, organisation_id: uuid.UUID, piece_id: uuid.UUID, now: datetime) -> None:
    """Take a piece of work out; what it said is gone, that it was there stays."""
    await session.exec(
        update(HandedIn)
        .where(
            col(HandedIn.organisation_id) == organisation_id,
            col(HandedIn.id) == piece_id,
            col(HandedIn.removed_at).is_(None),
        )
        .values(removed_at=now, content=None, text="", name="")
    )


async def marked_since(
    session: AsyncSession, organisation_id: uuid.UUID, choice_id: uuid.UUID, since: datetime
) -> bool:
    """Whether a rubric mark was given to a choice at a moment or after."""
    statement = (
        scoped(RubricMark, organisation_id)
        .where(RubricMark.choice_id == choice_id, col(RubricMark.marked_at) >= since)
        .limit(1)
    )
    return (await session.exec(statement)).first() is not None
