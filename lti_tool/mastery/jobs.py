"""What this room has for the background: ends of overrides, following maps, those who come late, and learning difficulties."""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from lti_tool.clock import Clock
from lti_tool.competencies.ports import LEVELS_FOLLOW
from lti_tool.courses import queries as course_queries
from lti_tool.courses.service import CAME
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.grades.comparing import TAKE_THEIRS
from lti_tool.jobs import Periodic, Work, by_one_process, runner_of
from lti_tool.mastery import arriving, following, service, theirs, theirs_queries, versions

OVERRIDES_EVERY = timedelta(minutes=1)
"""How exactly the ends of overrides are kept."""

LEARN_EVERY = timedelta(minutes=1)
"""How often a course's answers are counted at most, however many come."""

FOLLOW_EVERY = timedelta(seconds=10)
"""How often levels follow a course's map at most while it is being worked on."""

ARRIVE_EVERY = timedelta(seconds=5)
"""How often those who come to a course are looked at most, however many come at the ring of a bell."""

MOST_COURSES = 1000

SWEEP_EVERY = timedelta(hours=1)
"""How soon a course is looked at whose nudge was lost."""


class _EveryCourse(ABC):
    """A task whose key is ``organisation:course``, done for each course once in a while at most, however often it is nudged."""

    task: ClassVar[str]
    every: ClassVar[timedelta]

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._looked: dict[str, datetime] = {}

    async def run(self, key: str) -> None:
        """Do what is due for one course, or put it off until it may be done again."""
        now = self._clock.now()
        looked = self._looked.get(key)
        if looked is not None and timedelta(0) <= now - looked < self.every:
            runner_of(self._database).nudge(self.task, key, after=self.every - (now - looked))
            return
        self._looked = {other: at for other, at in self._looked.items() if now - at < self.every}
        self._looked[key] = now
        try:
            organisation_id, course_id = (uuid.UUID(part) for part in key.split(":"))
        except ValueError:
            raise NotFound("the key names no course") from None
        await self.do(organisation_id, course_id, now)

    @abstractmethod
    async def do(self, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> None:
        """What is due for one course."""


class Following(_EveryCourse):
    """Has levels follow maps that were rearranged."""

    task = LEVELS_FOLLOW
    every = FOLLOW_EVERY

    async def do(self, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> None:
        """Follow one course's map."""
        await following.follow(self._database, organisation_id, course_id, now)

    async def sweep(self) -> None:
        """Follow every map that has changed since it was followed last, and of which no nudge arrived."""
        async with self._database.reading() as session:
            courses = await following.to_follow(session)
        for organisation_id, course_id in courses:
            await self.do(organisation_id, course_id, self._clock.now())


class Arriving(_EveryCourse):
    """Has those who come to a course owed what they have levels for."""

    task = CAME
    every = ARRIVE_EVERY

    async def do(self, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> None:
        """Those who have come to one course."""
        await arriving.arrive(self._database, organisation_id, course_id, now)

    async def sweep(self) -> None:
        """Those of whom no nudge arrived."""
        async with self._database.reading() as session:
            courses = await course_queries.courses_with_newcomers(session, MOST_COURSES)
        for organisation_id, course_id in courses:
            await self.do(organisation_id, course_id, self._clock.now())


class Learning(_EveryCourse):
    """Looks whether courses' answers are worth a new version, each course once a minute at most."""

    task = versions.LEARN
    every = LEARN_EVERY

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock)
        self._swept_at: datetime | None = None

    async def do(self, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> None:
        """Look at one course."""
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


class TakingTheirs:
    """Has numbers that teachers have typed over ours count as evidence, in columns of which they said so."""

    def __init__(self, database: Database, clock: Clock, meanings: Sequence[theirs.Meanings]) -> None:
        self._database = database
        self._clock = clock
        self._meanings = meanings

    async def run(self, key: str) -> None:
        """Bring one column's evidence in step; the key is ``comparing.theirs_key``."""
        try:
            organisation_id, line_item_id = (uuid.UUID(part) for part in key.split(":"))
        except ValueError:
            raise NotFound("the key names no column") from None
        await theirs.keep_up(self._database, organisation_id, line_item_id, self._meanings, self._clock.now())

    async def sweep(self) -> None:
        """Those columns that were looked at lately and of which no nudge may have arrived."""
        since = self._clock.now() - 2 * SWEEP_EVERY
        async with self._database.reading() as session:
            columns = await theirs_queries.compared_since(session, since, MOST_COURSES)
        for organisation_id, line_item_id in columns:
            await theirs.keep_up(self._database, organisation_id, line_item_id, self._meanings, self._clock.now())


def work(database: Database, clock: Clock, meanings: Sequence[theirs.Meanings] = ()) -> Work:
    """The tasks and the periodic work of this room. ``meanings`` tell what columns of other rooms are about."""
    takes = TakingTheirs(database, clock, meanings)
    learning = Learning(database, clock)
    follows = Following(database, clock)
    arrives = Arriving(database, clock)

    async def end_overrides() -> None:
        await service.end_overrides(database, clock.now())

    return Work(
        tasks={versions.LEARN: learning.run, LEVELS_FOLLOW: follows.run, CAME: arrives.run, TAKE_THEIRS: takes.run},
        periodic=(
            Periodic("mastery.end-overrides", OVERRIDES_EVERY, end_overrides),
            Periodic("mastery.learn-sweep", SWEEP_EVERY, learning.sweep),
            by_one_process(database, clock, Periodic("mastery.follow-sweep", SWEEP_EVERY, follows.sweep)),
            by_one_process(database, clock, Periodic("mastery.arrive-sweep", SWEEP_EVERY, arrives.sweep)),
            by_one_process(database, clock, Periodic("mastery.theirs-sweep", SWEEP_EVERY, takes.sweep)),
        ),
    )
