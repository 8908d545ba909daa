"""Rows that stand in an order and are never deleted: a template's steps, a board's options."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession


async def put_in_order(
    session: AsyncSession, there: Mapping[uuid.UUID, Any], wanted: Sequence[Any], names: Sequence[str], now: datetime
) -> None:
    """Make rows of what is wanted: those ``there`` take over ``names`` and their position, new ones are added.

    A row that is wanted no more gets ``removed_at``, and loses it when it is wanted again.
    """
    for new in wanted:
        row = there.get(new.id)
        if row is None:
            session.add(new)
            continue
        for name in (*names, "position"):
            setattr(row, name, getattr(new, name))
        row.removed_at = None
        session.add(row)
    kept = {new.id for new in wanted}
    for row in there.values():
        if row.id not in kept and row.removed_at is None:
            row.removed_at = now
            session.add(row)
    await session.flush()
