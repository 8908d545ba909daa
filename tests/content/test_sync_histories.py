"""Random histories of a course on its platform, of readings that fail, are killed and are taken over, of people who come and go.

Whatever happened: after a reading that went well, the tool knows every result that the platform has of who is there, of nobody
else, and every piece of work is the item that it always was; and in the end, when everything is read, both say the same.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from lti_tool.clock import ManualClock
from lti_tool.content.models import ContentItem
from lti_tool.content.service import Gradebook
from lti_tool.content.sync import queries, rules
from lti_tool.content.sync.engine import Reader
from lti_tool.content.taking import Takers
from lti_tool.courses.models import Course
from lti_tool.db import scoping
from lti_tool.db.base import scoped
from lti_tool.db.engine import make_engine
from lti_tool.db.session import Database
from lti_tool.platforms.native import ApiBusy, ApiUnreachable, NoResult
from tests.courses.school import a_school

from .platform import World, a_world, page, quiz

STUDENTS = ("1", "2", "3", "4")
WORKS = st.integers(1, 5)
WHO = st.sampled_from(STUDENTS)


class Killed(BaseException):
    """The process is gone: nothing after this line is done."""


class Room:
    """What one room of the tool takes: told twice it counts once."""

    def __init__(self) -> None:
        self.known: dict[tuple[Any, Any], float] = {}
        self.away: set[Any] = set()

    async def take(self, _database: Database, _course: Course, found: Gradebook, _now: Any) -> None:
        for gap in found.gaps:
            if gap.why is NoResult.EXCUSED:
                self.known.pop((gap.person_id, gap.content_item_id), None)
        for one in found.results:
            assert one.person_id not in self.away, "who has left has no evidence"
            self.known[one.person_id, one.content_item_id] = one.percent


class Histories(RuleBasedStateMachine):
    """One course. ``works`` are the quizzes that ever were, by number, with the id of the item that each is."""

    runner: ClassVar[asyncio.Runner]
    database: ClassVar[Database]

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.get_loop().run_until_complete(coroutine)

    @initialize(batch=st.integers(1, 5))
    def a_course(self, batch: int) -> None:
        async def make() -> World:
            return await a_world(self.database, ManualClock(), await a_school(self.database), *STUDENTS[:2])

        self.world: World = self.run(make())
        self.world.platform.batch = batch
        self.room = Room()
        self.here = set(STUDENTS[:2])
        self.ids: dict[int, Any] = {}
        self.places = 0

    # --- The platform changes ----------------------------------------------------------------------------------------

    @property
    def items(self) -> list[Any]:
        return self.world.platform.items

    def there(self, work: int) -> int | None:
        return next((at for at, one in enumerate(self.items) if one.result_key == str(work)), None)

    @rule(work=WORKS)
    def a_quiz_is_made_or_comes_back(self, work: int) -> None:
        if self.there(work) is None:
            self.items.append(quiz(work, external_id=f"canvas:assignment:{work}"))

    @rule(work=WORKS)
    def it_is_taken_into_another_module(self, work: int) -> None:
        at = self.there(work)
        if at is not None:
            self.places += 1
            one = self.items.pop(at)
            self.items.insert(0, replace(one, external_id=f"canvas:module-item:{100 + self.places}", section="Later"))

    @rule(work=WORKS, title=st.sampled_from(["Quiz", "Test", "Exam"]), published=st.booleans())
    def it_is_renamed_or_hidden(self, work: int, title: str, published: bool) -> None:
        at = self.there(work)
        if at is not None:
            self.items[at] = replace(self.items[at], title=title, published=published)

    @rule(work=WORKS)
    def it_is_deleted(self, work: int) -> None:
        at = self.there(work)
        if at is not None:
            self.items.pop(at)

    @rule()
    def a_page_comes(self) -> None:
        self.places += 1
        self.items.append(page(1000 + self.places, f"Page {self.places}"))

    @rule(who=WHO, work=WORKS, percent=st.integers(0, 100), late=st.integers(0, 300))
    def somebody_is_graded(self, who: str, work: int, percent: int, late: int) -> None:
        """The platform's clock may be behind ours; and what was graded before we could see it is dated before, too."""
        self.world.platform.grade(who, str(work), percent, at=self.world.clock.now() - timedelta(seconds=late))

    @rule(who=WHO, work=WORKS)
    def somebody_is_excused(self, who: str, work: int) -> None:
        if (who, str(work)) in self.world.platform.found:
            self.world.platform.excuse(who, str(work))

    # --- People come and go ------------------------------------------------------------------------------------------

    @rule(who=WHO)
    def somebody_comes(self, who: str) -> None:
        if who not in self.world.people:
            self.run(self.world.join(who))
        elif who not in self.here:
            self.run(self.world.leave(who, active=True))
        self.here.add(who)
        self.room.away.discard(self.world.people[who].id)

    @rule(who=WHO)
    def somebody_leaves(self, who: str) -> None:
        if who in self.here:
            self.run(self.world.leave(who))
            self.here.discard(who)
            self.room.away.add(self.world.people[who].id)

    # --- Readings ----------------------------------------------------------------------------------------------------

    def reader(self) -> Reader:
        return Reader(
            self.database,
            self.world.connections,  # type: ignore[arg-type]
            Takers(gradebook=(self.room.take,)),
            self.world.clock,
            chance=lambda: 0.5,
        )

    @rule()
    def it_is_read(self) -> None:
        # What a page has read a moment ago is not read again.
        self.world.clock.move(rules.JUST_READ)
        if self.run(self.reader().read(self.world.course)) is not None:
            self.run(self._is_known())

    @rule()
    def a_page_reads_the_contents(self) -> None:
        self.run(self.reader().read_contents(self.world.course))

    @rule()
    def a_page_reads_the_results(self) -> None:
        self.run(self.reader().read_results(self.world.course))

    @rule(
        part=st.sampled_from(["contents", "people", "results", "batch"]),
        after=st.integers(0, 3),
        how=st.sampled_from([ApiUnreachable("away"), ApiBusy("later"), ZeroDivisionError("a bug"), Killed()]),
    )
    def a_reading_breaks_off(self, part: str, after: int, how: BaseException) -> None:
        left = [after]

        async def breaks() -> None:
            if left[0] == 0:
                raise how
            left[0] -= 1

        self.world.platform.before[part] = breaks
        try:
            self.run(self.reader().read(self.world.course))
        except (ApiUnreachable, ApiBusy, ZeroDivisionError, Killed):
            pass
        finally:
            self.world.platform.before.clear()

    @rule(seconds=st.sampled_from([1, 60, 100, 1000, 100_000]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.move(timedelta(seconds=seconds))

    @precondition(lambda self: hasattr(self, "world"))
    @rule()
    def the_clock_steps_back(self) -> None:
        self.world.clock.move(timedelta(seconds=-30))

    # --- What has to hold --------------------------------------------------------------------------------------------

    async def _is_known(self, *, exactly: bool = False) -> None:
        rows = await self._rows()
        told: dict[tuple[Any, Any], float] = {}
        for work in range(1, 6):
            if self.there(work) is None:
                continue
            [row] = [one for one in rows if one.result_key == str(work) and one.deleted_at is None]
            assert self.ids.setdefault(work, row.id) == row.id, "a piece of work became another item"
            for who in self.here:
                result = self.world.platform.found.get((who, str(work)))
                if result is not None:
                    told[self.world.people[who].id, row.id] = result.percent
        assert {key: self.room.known.get(key) for key in told} == told
        if exactly:
            present = {self.world.people[who].id for who in self.here}
            live = {row.id for row in rows if row.deleted_at is None}
            mine = {key: value for key, value in self.room.known.items() if key[0] in present and key[1] in live}
            assert mine == told

    async def _rows(self) -> list[ContentItem]:
        async with self.database.reading() as session:
            found = (await session.exec(scoped(ContentItem, self.world.course.organisation_id))).all()
            session.expunge_all()
            return [one for one in found if one.course_id == self.world.course.id]

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.run(self._in_the_end())

    async def _in_the_end(self) -> None:
        """A killed reading's lease ends, a teacher presses the button: the tool and the platform say the same."""
        self.world.clock.move(rules.LEASE + rules.SKEW)
        await self.world.want(asked=True)
        assert await self.reader().read(self.world.course) is not None
        await self._is_known(exactly=True)
        state = await self.world.state()
        assert (state.lease, state.failures, state.trouble) == (None, 0, None)
        async with self.database.reading() as session:
            aside = await queries.aside_of(
                session,
                self.world.course.organisation_id,
                self.world.course.id,
                [self.world.people[who].id for who in self.here],
            )
        assert aside == [], "of whoever is here nothing waits"


def test_whatever_happens_nothing_is_lost_and_nothing_counts_twice(own_database_url: str) -> None:
    engine = make_engine(own_database_url)
    scoping.guard(engine)
    with asyncio.Runner() as runner:
        Histories.runner = runner
        Histories.database = Database(engine)
        try:
            run_state_machine_as_test(
                Histories,
                settings=settings(
                    max_examples=int(os.environ.get("LTI_TOOL_HISTORIES", "25")),
                    stateful_step_count=30,
                    deadline=None,
                    suppress_health_check=[HealthCheck.too_slow],
                ),
            )
        finally:
            runner.run(Histories.database.close())
