"""What the playlists have to do in the background: look at the clock, and plan paths when what is known has moved."""

import uuid
from datetime import datetime, timedelta

from lti_tool.clock import Clock
from lti_tool.courses import queries as course_queries
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.jobs import Periodic, Work, runner_of
from lti_tool.mastery import versions
from lti_tool.mastery.service import MOVED
from lti_tool.playlists import personal_queries, replanning, service

DUE_EVERY = timedelta(minutes=1)
"""How exactly due dates are kept."""

SWEEP_EVERY = timedelta(hours=1)
"""How soon a course is looked at whose nudge was lost, and a new day is noticed."""

LOOK_EVERY = timedelta(seconds=3)
"""How often a course is looked at however much evidence comes. A student's own page does not wait for it."""

ON_ITS_WAY = timedelta(minutes=2)
"""Evidence bears the moment at which its transaction began, and may be seen so much later; the sweep finds the rest."""

SETTLED_AT_ONCE = 50
"""Students whose steps are settled by mastery in one transaction."""


class Planning:
    """Plans the paths of courses, and settles steps that mastery decides."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._looked: dict[str, datetime] = {}
        self._swept_at: datetime | None = None

    async def moved(self, key: str) -> None:
        """Look at those of a course of whom something else is known; the key is ``mastery.versions.course_key``'s.

        However many pieces of evidence come, a course is looked at every few seconds.
        """
        now = self._clock.now()
        looked = self._looked.get(key)
        if looked is not None and timedelta(0) <= now - looked < LOOK_EVERY:
            runner_of(self._database).nudge(MOVED, key, after=LOOK_EVERY - (now - looked))
            return
        self._looked = {other: at for other, at in self._looked.items() if now - at < SWEEP_EVERY}
        self._looked[key] = now
        await self._look(*_parted(key), (looked or now) - ON_ITS_WAY, now)

    async def run(self, key: str) -> None:
        """Plan whoever is out of date in a course, for whatever reason."""
        organisation_id, course_id = _parted(key)
        async with self._database.reading() as session:
            course = await course_queries.course(session, organisation_id, course_id)
        if course is not None:
            await replanning.plan_course(self._database, course, self._clock.now())

    async def _look(self, organisation_id: uuid.UUID, course_id: uuid.UUID, since: datetime, now: datetime) -> None:
        async with self._database.reading() as session:
            course = await course_queries.course(session, organisation_id, course_id)
            people = await personal_queries.people_since(session, organisation_id, course_id, since)
        if course is None:
            return
        for start in range(0, len(people), SETTLED_AT_ONCE):
            some = people[start : start + SETTLED_AT_ONCE]
            async with self._database.writing() as session:
                await service.settle_mastery(session, course, some, now)
            await replanning.plan_course(self._database, course, now, some)

    async def sweep(self) -> None:
        """Look at every course where the tool chooses steps, and at those where evidence came since the last sweep."""
        now = self._clock.now()
        since = (self._swept_at or now - timedelta(days=1)) - SWEEP_EVERY
        async with self._database.reading() as session:
            courses = await personal_queries.courses_to_look_at(session, since)
        for organisation_id, course_id in courses:
            await self._look(organisation_id, course_id, since, now)
            await self.run(versions.course_key(organisation_id, course_id))
        self._swept_at = now


def _parted(key: str) -> tuple[uuid.UUID, uuid.UUID]:
    """Organisation and course of a key."""
    try:
        organisation_id, course_id = (uuid.UUID(part) for part in key.split(":"))
    except ValueError:
        raise NotFound("the key names no course") from None
    return organisation_id, course_id


def work(database: Database, clock: Clock) -> Work:
    """The periodic work of this room: scores when due dates come, and paths that nobody's nudge has reached."""
    planning = Planning(database, clock)

    async def send_due() -> None:
        await service.send_due(database, clock.now())

    return Work(
        tasks={MOVED: planning.moved, replanning.PLAN: planning.run},
        periodic=(
            Periodic("playlists.send-due", DUE_EVERY, send_due),
            Periodic("playlists.plan-sweep", SWEEP_EVERY, planning.sweep),
        ),
    )
