"""What this room has for the background: reading results, ends of overrides, and learning difficulties."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from lti_tool.clock import Clock
from lti_tool.content.asking import Taker
from lti_tool.content.connectors import Connectors
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.jobs import Periodic, Work, runner_of
from lti_tool.mastery import reading, service, versions

OVERRIDES_EVERY = timedelta(minutes=1)
"""How exactly the ends of overrides are kept."""

LEARN_EVERY = timedelta(minutes=1)
"""How often a course's answers are counted at most, however many come."""

SWEEP_EVERY = timedelta(hours=1)
"""How soon a course is looked at whose nudge was lost."""


class Learning:
    """Looks whether courses' answers are worth a new version, each course once a minute at most."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._looked: dict[str, datetime] = {}
        self._swept_at: datetime | None = None

    async def run(self, key: str) -> None:
        """Look at one course; the key is ``versions.course_key``'s."""
        now = self._clock.now()
        looked = self._looked.get(key)
        if looked is not None and timedelta(0) <= now - looked < LEARN_EVERY:
            runner_of(self._database).nudge(versions.LEARN, key, after=LEARN_EVERY - (now - looked))
            return
        self._looked = {other: at for other, at in self._looked.items() if now - at < LEARN_EVERY}
        self._looked[key] = now
        try:
            organisation_id, course_id = (uuid.UUID(part) for part in key.split(":"))
        except ValueError:
            raise NotFound("the key names no course") from None
        await versions.learn(self._database, organisation_id, course_id, now)

    async def sweep(self) -> None:
        """Look at every course where evidence came since the last sweep."""
        now = self._clock.now()
        since = self._swept_at or now - timedelta(days=1)
        async with self._database.reading() as session:
            courses = await versions.active_since(session, since - SWEEP_EVERY)
        for organisation_id, course_id in courses:
            await versions.learn(self._database, organisation_id, course_id, now)
        self._swept_at = now


def work(database: Database, clock: Clock, connectors: Connectors, takers: Sequence[Taker]) -> Work:
    """The tasks and the periodic work of this room. ``takers`` take from the gradebooks that are read without a page."""
    learning = Learning(database, clock)

    async def read_results() -> None:
        await reading.read_all(database, connectors, clock, takers)

    async def end_overrides() -> None:
        await service.end_overrides(database, clock.now())

    return Work(
        tasks={versions.LEARN: learning.run},
        periodic=(
            Periodic("mastery.end-overrides", OVERRIDES_EVERY, end_overrides),
            Periodic("mastery.read-results", reading.READ_EVERY, read_results),
            Periodic("mastery.learn-sweep", SWEEP_EVERY, learning.sweep),
        ),
    )
