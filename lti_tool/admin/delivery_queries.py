"""The SQL of the page about deliveries: how many scores of each platform are on their way, refused, or failed lately.

An administrator's are the own school's scores, whoever else launches through the platform; no student is named.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.admin.console import Console
from lti_tool.db.base import crossing
from lti_tool.grades import owed_to
from lti_tool.grades.models import Choice, Delivery, DeliveryPace, Difference, LineItem, Score, ScoreAttempt
from lti_tool.ids import first_id_of

LATELY = timedelta(days=1)
_SKEW = timedelta(hours=1)
"""By how much the clocks of two processes may differ."""

_SEEN = crossing("the owner sees every school's deliveries, an administrator one's")


@dataclass(frozen=True, slots=True)
class Queue:
    """Scores of a platform that are due or tried again, and since when the oldest is owed."""

    waiting: int = 0
    oldest: datetime | None = None


async def queues(session: AsyncSession, here: Console) -> dict[uuid.UUID, Queue]:
    """What is on its way, by registration; one that has nothing to send is absent."""
    held = and_(
        col(Score.difference).is_not_distinct_from(Difference.OVERRIDDEN),
        col(Score.choice).is_distinct_from(Choice.OURS),
    )
    statement = (
        select(Score.registration_id, func.count(), func.min(Score.owed_at))
        .join(LineItem, owed_to.ITS_COLUMN)
        .where(
            here.within(Score.organisation_id),
            col(Score.next_attempt_at).is_not(None),
            ~held,
            owed_to.owed_to_a_student(),
        )
        .group_by(col(Score.registration_id))
    )
    found = await session.exec(statement, execution_options=_SEEN)
    return {registration_id: Queue(number, oldest) for registration_id, number, oldest in found}


async def refused(session: AsyncSession, here: Console) -> dict[uuid.UUID, int]:
    """How many scores wait for somebody to do something, by registration."""
    statement = (
        select(Score.registration_id, func.count())
        .join(LineItem, owed_to.ITS_COLUMN)
        .where(here.within(Score.organisation_id), Score.delivery == Delivery.REFUSED, owed_to.owed_to_a_student())
        .group_by(col(Score.registration_id))
    )
    return dict((await session.exec(statement, execution_options=_SEEN)).all())


async def lately(
    session: AsyncSession, organisation_ids: Collection[uuid.UUID], now: datetime
) -> dict[uuid.UUID, dict[str, int]]:
    """What became of the attempts of the last day, by registration: how many of each outcome, ``delivered`` or a code."""
    since = now - LATELY
    attempt: Any = ScoreAttempt
    statement = (
        sa_select(col(Score.registration_id), attempt.outcome, func.count())
        .join(
            Score,
            and_(col(Score.organisation_id) == attempt.organisation_id, col(Score.id) == attempt.score_id),
        )
        .where(
            attempt.organisation_id.in_(organisation_ids),
            # Ids sort by time, so the key finds the last day among the attempts of years.
            attempt.id >= first_id_of(since - _SKEW),
            attempt.at > since,
        )
        .group_by(col(Score.registration_id), attempt.outcome)
    )
    found: dict[uuid.UUID, dict[str, int]] = {}
    for registration_id, outcome, number in await (await session.connection()).execute(
        statement, execution_options=_SEEN
    ):
        found.setdefault(registration_id, {})[outcome] = number
    return found


async def paces(session: AsyncSession, registration_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, DeliveryPace]:
    """How deliveries to platforms go, by registration; one that nothing was sent to yet is absent."""
    statement = select(DeliveryPace).where(col(DeliveryPace.registration_id).in_(registration_ids))
    return {one.registration_id: one for one in await session.exec(statement)}


async def circuits_open(session: AsyncSession, registration_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
    """The registrations whose platform has not taken scores for a while."""
    statement = select(DeliveryPace.registration_id).where(
        col(DeliveryPace.registration_id).in_(registration_ids), col(DeliveryPace.open_since).is_not(None)
    )
    return frozenset((await session.exec(statement)).all())
