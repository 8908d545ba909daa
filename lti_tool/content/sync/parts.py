"""What a reading of a course reads, part by part. Every batch is given to the takers at once and then forgotten."""

import logging
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import Clock
from lti_tool.content import queries as item_queries
from lti_tool.content import service
from lti_tool.content.connectors import Connected
from lti_tool.content.ports import Capability, NativeResults, NoResult
from lti_tool.content.service import Gradebook, ItemGap, ItemResult
from lti_tool.content.sync import queries, rules
from lti_tool.content.sync.queries import Someone
from lti_tool.content.sync.rules import Report
from lti_tool.content.sync_models import CourseSync, LeftResult, SyncPhase
from lti_tool.content.taking import ItemCompletion, PersonRating, Takers
from lti_tool.content.taking_over import RefreshReport
from lti_tool.courses import native_groups
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.platforms.native import ApiCourseNotFound, ApiNotOffered, ApiNotPermitted, ApiUnreadable

log = logging.getLogger(__name__)

CONTENT_COUNTS = ("items", "new", "gone", "renamed", "moved", "hidden", "adopted")
"""What a report says of contents."""

RETURNING_AT_ONCE = 200
"""People whose results are taken in together that were set aside while they were away."""

_NO_ATTEMPT = frozenset({NoResult.MISSING, NoResult.BLANK, NoResult.UNGRADED})


class Progress(Protocol):
    """Where a reading says how far it has come. Raises LeaseLost where it was taken over by another."""

    async def __call__(self, phase: SyncPhase, done: int = 0, total: int = 0) -> None: ...


@dataclass
class Reading:
    """One reading of one course, with what it has learned so far. ``before`` is where the last one stood."""

    database: Database
    clock: Clock
    course: Course
    connected: Connected
    takers: Takers
    progress: Progress
    before: CourseSync
    whole_course: bool = True
    """Whether every part of the course is read, so that one which a page has read a moment ago need not be."""

    asked: bool = False
    report: Report = field(default_factory=Report)
    marker: uuid.UUID | None = None
    """An id made when it was looked up whom and what to ask about: what has a later one was not there yet."""

    learned: set[uuid.UUID] = field(default_factory=set)
    """People of whom it was not known until now what the platform calls them."""

    new_keys: frozenset[str] = frozenset()
    since: datetime | None = None
    """When this reading began to ask for results, once all are read; the next one asks from here."""

    whole: bool = False

    # --- Contents and people -----------------------------------------------------------------------------------------

    async def read_contents(self) -> None:
        """What the course holds; what a page has read just now is not read again."""
        now = self.clock.now()
        read_at = self.course.content_read_at
        if self.whole_course and read_at is not None and timedelta(0) <= now - read_at < rules.JUST_READ:
            # What a page found since the last reading stands in the course's row; what that reading found, it has told.
            finished_at = self.before.finished_at
            names = CONTENT_COUNTS if finished_at is None or finished_at < read_at else CONTENT_COUNTS[:1]
            known = rules.counts_of(self.before.report)
            self.report.counts.update({name: known[name] for name in names if name in known})
            return
        found = await service.read_contents(self.database, self.connected, self.course, now, self._note_new_keys)
        self.new_keys = found.result_keys
        for name in CONTENT_COUNTS:
            self.report.add(name, getattr(found, name))

    async def _note_new_keys(self, session: AsyncSession, found: RefreshReport) -> None:
        if found.result_keys:
            await self._forget_whole(session)

    async def _forget_whole(self, session: AsyncSession) -> None:
        """What is new to this reading would be old to the next, should this one not come to its end: then everything is read."""
        await queries.forget_whole(session, self.course.organisation_id, self.course.id)

    async def read_people(self) -> None:
        """What the platform's own API calls the people whom launches and rosters call otherwise."""
        people = await self.connected.connector.read_people(self.connected.course_id)
        if not people:
            return
        async with self.database.writing() as session:
            self.learned = await queries.learn_user_ids(
                session, self.course, {one.subject: one.user_id for one in people}
            )
            if self.learned:
                await self._forget_whole(session)

    async def read_groups(self) -> None:
        """Who is in which group and section, once it is known what the platform calls people."""
        await self.read_people()
        if self.connected.able(Capability.GROUPS):
            groups = await self.connected.connector.read_groups(self.connected.course_id)
            async with self.database.writing() as session:
                taken = await native_groups.take_over(session, self.course, groups, self.clock.now())
            self.report.add("groups", taken)

    # --- Results -----------------------------------------------------------------------------------------------------

    async def read_results(self) -> None:
        """Results, to the takers; of people who left, to where they wait."""
        marker, began = new_id(), self.clock.now()
        async with self.database.reading() as session:
            everybody = await queries.students(session, self.course.organisation_id, self.course.id)
            items = await item_queries.items(session, self.course.organisation_id, self.course.id)
            by_key: dict[str, list[uuid.UUID]] = {}
            for one in items:
                if one.result_key is not None:
                    by_key.setdefault(one.result_key, []).append(one.id)
            returned = await queries.returned(session, self.course.organisation_id, self.course.id)
            wanted = await self._wanted(session)
        present = [one for one in everybody if one.active]
        self.report.add("students", len(present))
        # Nobody who has only tried the student's view of a course stands in its roster; what they did is nobody's result.
        left = [one for one in everybody if not one.active and one.in_roster]
        self.whole = rules.is_whole(self.before.whole_at, self.before.results_since, began, asked=self.asked)
        await self._take_back_in(returned)
        if by_key:
            asking = _Asking(self, by_key, len(present) * len(by_key), len(present))
            for people, keys, since in self._rounds(present, by_key, items, set(returned), wanted):
                await asking.ask(people, keys, since)
            if left:
                await self._read_left(left, by_key)
        self.since, self.marker = began, marker

    async def _wanted(self, session: AsyncSession) -> set[uuid.UUID]:
        since = self.before.results_since
        if since is None:
            return set()
        each = [await wants(session, self.course, since - rules.OVERLAP) for wants in self.takers.wanting]
        return {item_id for some in each for item_id in some}

    def _rounds(
        self,
        present: Sequence[Someone],
        by_key: Mapping[str, Sequence[uuid.UUID]],
        items: Iterable[Any],
        returned: Collection[uuid.UUID],
        wanted: Collection[uuid.UUID],
    ) -> Iterable[tuple[Sequence[Someone], Sequence[str], datetime | None]]:
        """Whom and what to ask about, and from when on (None: from the beginning).

        Who or what was not asked about last time is asked about from the beginning, the rest from there on.
        """
        since = self.before.results_since
        if self.whole or since is None:
            yield present, list(by_key), None
            return
        from_here = since - rules.OVERLAP
        marked = self._last_marker()
        new_people = [
            one
            for one in present
            if one.person_id in self.learned
            or one.person_id in returned
            or one.membership_id > marked
            or (one.launched_at is not None and one.launched_at >= from_here)
        ]
        of_items = {one.result_key for one in items if one.id > marked or one.id in wanted}
        new_keys = [key for key in by_key if key in of_items or key in self.new_keys]
        met = {one.person_id for one in new_people}
        others = [one for one in present if one.person_id not in met]
        old_keys = sorted(by_key.keys() - set(new_keys))
        for people, keys, start in (
            (new_people, list(by_key), None),
            (others, new_keys, None),
            (others, old_keys, from_here),
        ):
            if people and keys:
                yield people, keys, start

    def _last_marker(self) -> uuid.UUID:
        """The last reading's ``marker``; without one everything is new.

        Machines whose clocks are apart may make rows in each other's past; what is missed so is found when everything is read.
        """
        told = self.before.report.get("marker")
        try:
            return uuid.UUID(told) if isinstance(told, str) else uuid.UUID(int=0)
        except ValueError:
            return uuid.UUID(int=0)

    async def give(self, found: Gradebook) -> None:
        """Have every room take what it is there for."""
        for take in self.takers.gradebook:
            for name, number in (await take(self.database, self.course, found, self.clock.now()) or {}).items():
                self.report.add(name, number)

    # --- Of people who left ------------------------------------------------------------------------------------------

    async def _take_back_in(self, returned: Sequence[uuid.UUID]) -> None:
        """Give the takers what was set aside of people who are in the course again."""
        organisation_id, course_id = self.course.organisation_id, self.course.id
        for start in range(0, len(returned), RETURNING_AT_ONCE):
            some = returned[start : start + RETURNING_AT_ONCE]
            async with self.database.reading() as session:
                rows = await queries.aside_of(session, organisation_id, course_id, some)
            attempts = tuple(_as_result(row) for row in rows)
            # The rows come by time: of several attempts the last one is what counts, as far as anybody can tell.
            last = {(one.person_id, one.content_item_id): one for one in attempts}
            await self.give(Gradebook(tuple(last.values()), attempts))
            async with self.database.writing() as session:
                await queries.forget_aside(session, organisation_id, [row.id for row in rows])
            self.report.add("taken_in", len(rows))

    async def _read_left(self, left: Sequence[Someone], by_key: Mapping[str, Sequence[uuid.UUID]]) -> None:
        """Set results aside of people who left. That the platform does not tell of them any more is no trouble."""
        since = None if self.whole or self.before.results_since is None else self.before.results_since - rules.OVERLAP
        by_user = {one.user_id: one.person_id for one in left}
        connector, course_id = self.connected.connector, self.connected.course_id
        try:
            async for batch in connector.results(course_id, list(by_key), list(by_user), since=since):
                await self._set_aside(service.gradebook_of(batch, by_key, by_user))
                await self.progress(SyncPhase.RESULTS)
        except (ApiNotPermitted, ApiCourseNotFound, ApiNotOffered, ApiUnreadable) as trouble:
            log.info("nothing is told of people who left", extra={"code": trouble.code, "detail": trouble.detail})

    async def _set_aside(self, found: Gradebook) -> None:
        now = self.clock.now()
        kept = {
            (one.person_id, one.content_item_id, one.attempt or 0): _as_row(self.course, one, now)
            for one in (*found.results, *found.attempts)
        }
        async with self.database.writing() as session:
            gone = await self._gone_aside(session, found.gaps)
            await queries.forget_aside(session, self.course.organisation_id, gone)
            await queries.set_aside(session, [kept[key] for key in sorted(kept)])
        self.report.add("set_aside", len(kept))

    async def _gone_aside(self, session: AsyncSession, gaps: Sequence[ItemGap]) -> list[uuid.UUID]:
        """What was set aside and is no result any more: all of an excused item, or one without any grade; else that attempt."""
        whole = {
            (gap.person_id, gap.content_item_id)
            for gap in gaps
            if gap.why is NoResult.EXCUSED or (gap.of_all and gap.why in _NO_ATTEMPT)
        }
        attempts = {(gap.person_id, gap.content_item_id, gap.attempt or 0) for gap in gaps if gap.why in _NO_ATTEMPT}
        people = {gap.person_id for gap in gaps}
        if not whole and not attempts:
            return []
        rows = await queries.aside_of(session, self.course.organisation_id, self.course.id, people)
        return [
            row.id
            for row in rows
            if (row.person_id, row.content_item_id) in whole
            or (row.person_id, row.content_item_id, row.attempt) in attempts
        ]

    # --- Completion and outcomes -------------------------------------------------------------------------------------

    async def read_completion(self) -> None:
        """What the platform counts as completed, to the takers; of nobody where nothing waits for it."""
        if not self.takers.completion:
            return
        by_user, by_item = await self._known()
        if self.takers.awaiting is not None:
            async with self.database.reading() as session:
                some = [await awaiting(session, self.course) for awaiting in self.takers.awaiting]
            waiting = frozenset(person_id for one in some for person_id in one)
            by_user = {user_id: person_id for user_id, person_id in by_user.items() if person_id in waiting}
        if not by_user:
            return
        seen: set[str] = set()
        async for batch in self.connected.connector.completions(self.connected.course_id, list(by_user)):
            told = [
                ItemCompletion(by_item[one.external_id], by_user[one.user_id], one.done, one.at, one.passed)
                for one in batch
                if one.user_id in by_user and one.external_id in by_item
            ]
            for take in self.takers.completion:
                await take(self.database, self.course, told, self.clock.now())
            self.report.add("completions", sum(one.done for one in told))
            seen.update(one.user_id for one in batch)
            await self.progress(SyncPhase.COMPLETION, len(seen), len(by_user))

    async def read_outcomes(self) -> None:
        """The platform's outcomes and how people were rated on those that are wanted, to the takers."""
        if self.takers.outcomes is None:
            return
        found = await self.connected.connector.read_outcomes(self.connected.course_id)
        wanted = await self.takers.outcomes(self.database, self.course, found, self.clock.now())
        self.report.add("outcomes", len(found.outcomes))
        if not wanted or not self.takers.ratings:
            return
        by_user, by_item = await self._known()
        seen: set[str] = set()
        async for batch in self.connected.connector.ratings(self.connected.course_id, list(wanted), list(by_user)):
            told = [
                PersonRating(
                    one.source_id,
                    one.outcome_id,
                    by_user[one.user_id],
                    one.earned,
                    one.possible,
                    one.at,
                    one.mastered,
                    by_item.get(one.external_id or ""),
                )
                for one in batch
                if one.user_id in by_user
            ]
            for take in self.takers.ratings:
                await take(self.database, self.course, told, self.clock.now())
            self.report.add("ratings", len(told))
            seen.update(one.user_id for one in batch)
            await self.progress(SyncPhase.OUTCOMES, len(seen), len(by_user))

    async def _known(self) -> tuple[dict[str, uuid.UUID], dict[str, uuid.UUID]]:
        """Students by the platform's ids of them, and items by theirs."""
        async with self.database.reading() as session:
            everybody = await queries.students(session, self.course.organisation_id, self.course.id)
            items = await item_queries.items(session, self.course.organisation_id, self.course.id)
            return (
                {one.user_id: one.person_id for one in everybody if one.active},
                {one.external_id: one.id for one in items},
            )


class _Asking:
    """Asks for results, gives them away, and says how far it has come: by the pairs of student and item that were told of."""

    def __init__(self, reading: Reading, by_key: Mapping[str, Sequence[uuid.UUID]], pairs: int, students: int) -> None:
        self._reading = reading
        self._by_key = by_key
        self._pairs = pairs
        self._students = students
        self._told = 0

    async def ask(self, people: Sequence[Someone], keys: Sequence[str], since: datetime | None) -> None:
        """One question, in as many batches as the platform takes."""
        reading = self._reading
        by_user = {one.user_id: one.person_id for one in people}
        connected = reading.connected
        batches = connected.connector.results(connected.course_id, keys, list(by_user), since=since)
        async for batch in batches:
            # Those who were given up for dead stop here, before they give anything away.
            await reading.progress(SyncPhase.RESULTS, self._so_far(batch), self._students)
            found = service.gradebook_of(batch, self._by_key, by_user)
            await reading.give(found)
            reading.report.add("results", len(batch.results))

    def _so_far(self, batch: NativeResults) -> int:
        self._told += len(batch.results) + len(batch.gaps)
        return min(self._students, self._told * self._students // max(1, self._pairs))


def _as_result(row: LeftResult) -> ItemResult:
    return ItemResult(
        row.content_item_id,
        row.person_id,
        row.percent,
        row.at,
        earned=row.earned,
        possible=row.possible,
        attempt=row.attempt or None,
        done_at=row.done_at,
        result_key=row.result_key,
    )


def _as_row(course: Course, one: ItemResult, now: datetime) -> dict[str, Any]:
    return {
        "organisation_id": course.organisation_id,
        "id": new_id(),
        "course_id": course.id,
        "person_id": one.person_id,
        "content_item_id": one.content_item_id,
        "result_key": one.result_key,
        "attempt": one.attempt or 0,
        "percent": one.percent,
        "earned": one.earned,
        "possible": one.possible,
        "at": one.at,
        "done_at": one.done_at,
        "kept_at": now,
    }


Part = Callable[[Reading], Awaitable[None]]

PARTS: tuple[tuple[SyncPhase, Capability | None, Part], ...] = (
    (SyncPhase.CONTENTS, Capability.CONTENTS, Reading.read_contents),
    (SyncPhase.GROUPS, None, Reading.read_groups),
    (SyncPhase.RESULTS, Capability.RESULTS, Reading.read_results),
    (SyncPhase.COMPLETION, Capability.COMPLETION, Reading.read_completion),
    (SyncPhase.OUTCOMES, Capability.OUTCOMES, Reading.read_outcomes),
)
"""What is read in which order, and what the connection has to be able to do for it."""
