"""Attempts to deliver scores are forgotten when they are old; the last few of each score stay as long as the score."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func
from sqlalchemy import select as sqlalchemy_select
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.grades.models import ScoreAttempt
from lti_tool.ids import first_id_of

LAST_ONES = 3
"""How many of each score's attempts stay, however old: what the page says of a score is never without them."""

AT_ONCE = 2000
"""Attempts that one transaction looks at."""

_SKEW = timedelta(days=1)
"""By how much the clock that made an id and the one that dated the attempt may differ."""


async def forget_attempts(database: Database, before: datetime) -> int:
    """Remove what was attempted before a moment, but for the last ones of each score; how many. Being cut off leaves the rest to
    the next time.
    """
    async with database.reading() as session:
        schools = list((await session.exec(select(Organisation.id).order_by(col(Organisation.id)))).all())
    forgotten = 0
    for organisation_id in schools:
        after: uuid.UUID | None = uuid.UUID(int=0)
        while after is not None:
            async with database.writing() as session:
                number, after = await _some(session, organisation_id, after, before)
            forgotten += number
    return forgotten


async def _some(
    session: AsyncSession, organisation_id: uuid.UUID, after: uuid.UUID, before: datetime
) -> tuple[int, uuid.UUID | None]:
    """How many of the next were removed, and from where on to look; None where there are no more."""
    # Ids sort by time, so the key finds what is old among the attempts of years.
    old = (
        select(ScoreAttempt.id)
        .where(
            ScoreAttempt.organisation_id == organisation_id,
            col(ScoreAttempt.id) > after,
            col(ScoreAttempt.id) < first_id_of(before + _SKEW),
            col(ScoreAttempt.at) < before,
        )
        .order_by(col(ScoreAttempt.id))
        .limit(AT_ONCE)
    )
    ids = list((await session.exec(old)).all())
    if not ids:
        return 0, None
    later: Any = aliased(ScoreAttempt)
    those_after_it = (
        sqlalchemy_select(func.count())
        .where(
            later.organisation_id == col(ScoreAttempt.organisation_id),
            later.score_id == col(ScoreAttempt.score_id),
            later.id > col(ScoreAttempt.id),
        )
        .scalar_subquery()
    )
    done = await session.exec(
        delete(ScoreAttempt)
        .where(
            col(ScoreAttempt.organisation_id) == organisation_id,
            col(ScoreAttempt.id).in_(ids),
            those_after_it >= LAST_ONES,
        )
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount), ids[-1] if len(ids) == AT_ONCE else None
