"""What the playlists have to do in the background: look at the clock."""

from datetime import timedelta

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.jobs.runner import Periodic, Work
from lti_tool.playlists import service

DUE_EVERY = timedelta(minutes=1)
"""How exactly due dates are kept."""


def work(database: Database, clock: Clock) -> Work:
    """The periodic work of this room: entering scores when due dates come."""

    async def send_due() -> None:
        await service.send_due(database, clock.now())

    return Work(periodic=(Periodic("playlists.send-due", DUE_EVERY, send_due),))
