"""What happens by itself with accesses: questions that ended are forgotten, and consents that nobody has used for half a year."""

from datetime import datetime, timedelta

from lti_tool.clock import Clock
from lti_tool.content.access import consent, queries
from lti_tool.content.connectors import Connectors
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.jobs.runner import Periodic, Work

EVERY = timedelta(hours=1)
UNUSED = timedelta(days=180)
"""Longer than any holidays. A teacher who left, or whose courses ended, leaves no key behind."""

AT_ONCE = 50
"""Consents that one run ends; the next one goes on."""

ACTOR = "policy"


async def forget_unused(database: Database, connectors: Connectors, now: datetime) -> int:
    """End the consents of teachers that have not been used for ``UNUSED``, here and in the platform; how many."""
    async with database.reading() as session:
        unused = await queries.unused_since(session, now - UNUSED, AT_ONCE)
    done = 0
    for grant, connection, registration in unused:
        try:
            await consent.withdraw(database, connectors, connection, registration, grant.holder, now, actor=ACTOR)
        except NotFound:
            # Somebody has ended it meanwhile.
            continue
        done += 1
    return done


def work(database: Database, clock: Clock, connectors: Connectors) -> Work:
    """The periodic work."""

    async def purge() -> None:
        now = clock.now()
        async with database.writing() as session:
            await queries.forget_requests(session, now)
        await forget_unused(database, connectors, now)

    return Work(periodic=(Periodic("content.purge-access", EVERY, purge),))
