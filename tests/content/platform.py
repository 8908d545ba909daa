"""A platform's own API in memory, as the connector's port has it, that a test can change, make fail, and look over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import ManualClock
from lti_tool.content.connectors import Connected
from lti_tool.content.service import Gradebook
from lti_tool.content.sync import queries
from lti_tool.content.sync.engine import Reader
from lti_tool.content.sync_models import CourseSync, SyncPhase
from lti_tool.content.taking import Takers
from lti_tool.courses.models import Course, Membership, Person
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.lti.models import Role
from lti_tool.platforms.native import (
    Capability,
    NativeCompletion,
    NativeConnector,
    NativeContents,
    NativeGap,
    NativeGroup,
    NativeItem,
    NativeOutcomes,
    NativePerson,
    NativeRating,
    NativeResult,
    NativeResults,
    NoResult,
)
from tests.courses.school import NOW, School

ANYWAY = datetime(2026, 8, 1, tzinfo=UTC)


def quiz(number: int, title: str = "", **changes: Any) -> NativeItem:
    """A quiz with results."""
    item = NativeItem(f"canvas:module-item:{number}", "quiz", title or f"Quiz {number}", result_key=str(number))
    return replace(item, **changes)


def page(number: int, title: str = "", **changes: Any) -> NativeItem:
    """A page."""
    return replace(NativeItem(f"canvas:module-item:{number}", "page", title or f"Page {number}"), **changes)


@dataclass(frozen=True)
class Question:
    """What the platform was asked for results."""

    keys: tuple[str, ...]
    users: tuple[str, ...]
    since: datetime | None


@dataclass
class Platform(NativeConnector):
    """One course. ``before`` is awaited before each answer of that name: to fail, to wait, to change something."""

    items: list[NativeItem] = field(default_factory=list)
    found: dict[tuple[str, str], NativeResult] = field(default_factory=dict)
    gaps: dict[tuple[str, str], NoResult] = field(default_factory=dict)
    people: tuple[NativePerson, ...] = ()
    groups: tuple[NativeGroup, ...] = ()
    completed: tuple[NativeCompletion, ...] = ()
    outcomes: NativeOutcomes = field(default_factory=NativeOutcomes)
    rated: tuple[NativeRating, ...] = ()
    batch: int = 2
    before: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    completion_asked: list[tuple[str, ...]] = field(default_factory=list)
    offers: frozenset[Capability] = frozenset(  # type: ignore[misc]
        {Capability.CONTENTS, Capability.RESULTS, Capability.COMPLETION, Capability.OUTCOMES}
    )

    async def _begin(self, name: str) -> None:
        self.asked.append(name)
        if name in self.before:
            await self.before[name]()

    def grade(self, user: str, key: str, percent: float, at: datetime = ANYWAY, attempt: int | None = None) -> None:
        """Somebody is graded, or graded anew."""
        self.gaps.pop((user, key), None)
        self.found[user, key] = NativeResult(
            key, user, percent, at, Decimal(str(percent)), Decimal(100), attempt, submitted_at=at
        )

    def excuse(self, user: str, key: str) -> None:
        """The work is taken off somebody; no date tells."""
        self.found.pop((user, key), None)
        self.gaps[user, key] = NoResult.EXCUSED

    async def read_contents(self, course_id: str) -> NativeContents:
        await self._begin("contents")
        return NativeContents(tuple(self.items))

    async def read_people(self, course_id: str) -> tuple[NativePerson, ...]:
        await self._begin("people")
        return self.people

    async def read_groups(self, course_id: str) -> tuple[NativeGroup, ...]:
        await self._begin("groups")
        return self.groups

    async def results(
        self,
        course_id: str,
        result_keys: Collection[str],
        user_ids: Collection[str],
        *,
        since: datetime | None = None,
    ) -> AsyncIterator[NativeResults]:
        await self._begin("results")
        self.questions.append(Question(tuple(sorted(result_keys)), tuple(sorted(user_ids)), since))
        known = {item.result_key for item in self.items}
        pairs = [(user, key) for user in sorted(user_ids) for key in sorted(result_keys) if key in known]
        for start in range(0, len(pairs), self.batch):
            some = pairs[start : start + self.batch]
            results = tuple(
                self.found[pair] for pair in some if pair in self.found and (not since or self.found[pair].at >= since)
            )
            gaps = tuple(
                NativeGap(pair[1], pair[0], self.gaps[pair]) for pair in some if pair in self.gaps and since is None
            )
            await self._begin("batch")
            yield NativeResults(results, results, gaps)

    async def completions(
        self, course_id: str, user_ids: Collection[str]
    ) -> AsyncIterator[tuple[NativeCompletion, ...]]:
        await self._begin("completion")
        self.completion_asked.append(tuple(sorted(user_ids)))
        yield tuple(one for one in self.completed if one.user_id in user_ids)

    async def read_outcomes(self, course_id: str) -> NativeOutcomes:
        await self._begin("outcomes")
        return self.outcomes

    async def ratings(
        self, course_id: str, outcome_ids: Collection[str], user_ids: Collection[str]
    ) -> AsyncIterator[tuple[NativeRating, ...]]:
        await self._begin("ratings")
        yield tuple(one for one in self.rated if one.outcome_id in outcome_ids)


@dataclass
class Connections:
    """Finds the platform for every course, or raises."""

    platform: Platform
    trouble: Exception | None = None

    async def of(self, _session: AsyncSession, _course: Course) -> Connected:
        if self.trouble is not None:
            raise self.trouble
        return Connected(connector=self.platform, connection_id=new_id(), course_id="17", source="canvas:")


@dataclass
class Taken:
    """What the takers were given, in order."""

    gradebooks: list[Gradebook] = field(default_factory=list)
    completion: list[Any] = field(default_factory=list)
    ratings: list[Any] = field(default_factory=list)
    wanted: set[Any] = field(default_factory=set)
    trouble: Exception | None = None

    async def gradebook(self, _database: Database, _course: Course, found: Gradebook, _now: datetime) -> dict[str, int]:
        if self.trouble is not None:
            raise self.trouble
        self.gradebooks.append(found)
        return {"evidence_new": len(found.attempts)}

    async def complete(self, _database: Database, _course: Course, told: Sequence[Any], _now: datetime) -> None:
        self.completion += told

    async def outcomes(
        self, _database: Database, _course: Course, told: NativeOutcomes, _now: datetime
    ) -> Collection[str]:
        return [one.outcome_id for one in told.outcomes]

    async def rate(self, _database: Database, _course: Course, told: Sequence[Any], _now: datetime) -> None:
        self.ratings += told

    async def wants(self, _session: AsyncSession, _course: Course, _since: datetime) -> Collection[Any]:
        return self.wanted

    @property
    def takers(self) -> Takers:
        return Takers((self.gradebook,), (self.wants,), (self.complete,), self.outcomes, (self.rate,))

    def percents(self) -> list[float]:
        """The results that were given, in order."""
        return [one.percent for found in self.gradebooks for one in found.results]


@dataclass
class World:
    """A course on a platform, with students whose API ids are their subs, and a reader of it."""

    database: Database
    clock: ManualClock
    course: Course
    platform: Platform
    connections: Connections
    taken: Taken
    reader: Reader
    people: dict[str, Person]

    def another_reader(self, database: Database | None = None) -> Reader:
        """As another process has one."""
        return Reader(
            database or self.database,
            self.connections,  # type: ignore[arg-type]
            self.taken.takers,
            self.clock,
            chance=lambda: 0.5,
        )

    async def state(self) -> CourseSync:
        async with self.database.reading() as session:
            row = await queries.state(session, self.course.organisation_id, self.course.id)
            session.expunge_all()
        assert row is not None
        return row

    async def want(self, *, asked: bool = False) -> None:
        async with self.database.writing() as session:
            await queries.want(session, self.course.organisation_id, self.course.id, self.clock.now(), asked=asked)

    async def join(self, *subs: str, active: bool = True, in_roster: bool = True) -> None:
        """Students come into the course, by their roster."""
        await add_students(self.database, self.course, self.people, subs, self.clock.now(), active, in_roster)

    async def leave(self, sub: str, *, active: bool = False) -> None:
        """A student leaves, or is there again."""
        async with self.database.writing() as session:
            statement = scoped(Membership, self.course.organisation_id).where(
                Membership.person_id == self.people[sub].id
            )
            membership = (await session.exec(statement)).one()
            membership.active = active
            session.add(membership)


async def add_students(
    database: Database,
    course: Course,
    people: dict[str, Person],
    subs: Sequence[str],
    now: datetime,
    active: bool = True,
    in_roster: bool = True,
) -> None:
    async with database.writing() as session:
        for sub in subs:
            person = Person(
                organisation_id=course.organisation_id,
                registration_id=course.registration_id,
                sub=sub,
                name=f"Student {sub}",
                created_at=now,
            )
            session.add(person)
            await session.flush()
            session.add(
                Membership(
                    organisation_id=course.organisation_id,
                    course_id=course.id,
                    person_id=person.id,
                    role=Role.STUDENT,
                    active=active,
                    seen_in_roster_at=now if in_roster else None,
                )
            )
            people[sub] = person


async def a_course(database: Database, school: School, context_id: str = "c1") -> Course:
    """A course of a school."""
    async with database.writing() as session:
        course = Course(
            organisation_id=school.organisation.id,
            registration_id=school.registration.id,
            deployment_id=school.deployment.id,
            context_id=context_id,
            created_at=NOW,
        )
        session.add(course)
        await session.flush()
        session.expunge(course)
    return course


async def a_world(database: Database, clock: ManualClock, school: School, *subs: str) -> World:
    """The school's course on a platform, with these students."""
    course = await a_course(database, school)
    people: dict[str, Person] = {}
    await add_students(database, course, people, subs, NOW)
    platform, taken = Platform(), Taken()
    connections = Connections(platform)
    reader = Reader(
        database,
        connections,  # type: ignore[arg-type]
        taken.takers,
        clock,
        chance=lambda: 0.5,
    )
    return World(database, clock, course, platform, connections, taken, reader, people)


async def forever() -> None:
    """Wait until cancelled."""
    await asyncio.Event().wait()


class Gate:
    """Something to happen before an answer: the first one waits here until ``open`` is set."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            await self.open.wait()


def raising(error: Exception) -> Callable[[], Awaitable[None]]:
    """Something to happen before an answer: it fails."""

    async def fail() -> None:
        raise error

    return fail


IDLE = SyncPhase.IDLE
