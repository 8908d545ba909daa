"""What checks have to do in the background: ending attempts whose time has run out."""

from collections.abc import Sequence
from datetime import timedelta

from lti_tool.checks import finishing
from lti_tool.checks.finishing import Taker
from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.jobs import Periodic, Work, by_one_process

END_EVERY = timedelta(minutes=1)
"""How soon an attempt ends whose student has left; their own next look ends it at once."""


def work(database: Database, clock: Clock, takers: Sequence[Taker]) -> Work:
    """The periodic work of this room."""

    async def end_overdue() -> None:
        await finishing.end_overdue(database, clock.now(), takers)

    return Work(
        tasks={}, periodic=(by_one_process(database, clock, Periodic("checks.end-overdue", END_EVERY, end_overdue)),)
    )
