"""What the protocol has to do in the background: sweep out what has ended."""

from datetime import timedelta

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.jobs.runner import Periodic, Work
from lti_tool.lti import queries
from lti_tool.lti.sessions import IDLE, KEPT, TOTAL

SWEEP_EVERY = timedelta(minutes=10)
"""How often what has ended is swept out. It opens nothing meanwhile."""


def work(database: Database, clock: Clock) -> Work:
    """The periodic work of this room: forgetting logins nobody finished and sessions that have ended."""

    async def forget_ended() -> None:
        async with database.writing() as session:
            await queries.forget_ended(session, clock.now(), idle=IDLE + KEPT, total=TOTAL + KEPT)

    return Work(periodic=(Periodic("lti.forget-ended", SWEEP_EVERY, forget_ended),))
