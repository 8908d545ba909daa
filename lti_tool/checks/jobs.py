"""What checks have to do in the background: ending attempts whose time has run out."""

from collections.abc import Sequence
from datetime import timedelta

from lti_tool.checks import finishing, pictures
from lti_tool.checks.finishing import Taker
from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.jobs import Periodic, Work, by_one_process

END_EVERY = timedelta(minutes=1)
"""How soon an attempt ends whose student has left; their own next look ends it at once."""


FORGET_EVERY = timedelta(days=1)
UNUSED_FOR = timedelta(days=1)
"""How long a picture is kept that no question shows: one that is being brought in is shown a moment later."""


def work(database: Database, clock: Clock, takers: Sequence[Taker]) -> Work:
    """The periodic work of this room."""

    async def end_overdue() -> None:
        await finishing.end_overdue(database, clock.now(), takers)

    async def forget_pictures() -> None:
        async with database.writing() as session:
            await pictures.forget_unused(session, clock.now() - UNUSED_FOR)

    periodic = (
        Periodic("checks.end-overdue", END_EVERY, end_overdue),
        Periodic("checks.forget-pictures", FORGET_EVERY, forget_pictures),
    )
    return Work(tasks={}, periodic=tuple(by_one_process(database, clock, one) for one in periodic))
