"""Periodic work that is the same whichever process does it: of several, one takes it on in each period."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.jobs.models import PeriodicClaim
from lti_tool.jobs.runner import Periodic

_SLACK = timedelta(seconds=1)
"""By how much a claim ends before the period does, so that whoever comes on time is not too early."""

_claim: Table = PeriodicClaim.__table__  # type: ignore[attr-defined]


async def take_on(session: AsyncSession, name: str, now: datetime, until: datetime) -> bool:
    """Take a piece of work on until a moment; False where somebody has, and that has not passed. One statement decides."""
    on: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = (
        on.insert(_claim)
        .values(name=name, until=until)
        .on_conflict_do_update(index_elements=[_claim.c.name], set_={"until": until}, where=_claim.c.until <= now)
        .returning(_claim.c.name)
    )
    return (await session.exec(statement)).first() is not None


def by_one_process(database: Database, clock: Clock, work: Periodic) -> Periodic:
    """The same work, done by one of the processes that share a database in each period.

    A process that ends in the middle leaves the rest to the next period; so it has to be work that can be.
    """

    async def run() -> None:
        now = clock.now()
        async with database.writing() as session:
            mine = await take_on(session, work.name, now, now + work.every - _SLACK)
        if mine:
            await work.run()

    return Periodic(work.name, work.every, run)
