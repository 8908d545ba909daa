"""Random histories against the gradebook of each LMS, through the product's own client and that LMS's file.

Scores change, the LMS fails in every way it can, processes are killed, clocks step back, students leave, teachers delete
the column and type over scores. Whatever happened: the last score owed stands there in the end, nothing went back, and a number
that a teacher typed is gone only where the teacher said so, or where nobody could have known of it.
"""

import asyncio
import contextlib
import os
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lti_tool.clock import ManualClock
from lti_tool.db import scoping
from lti_tool.db.engine import make_engine
from lti_tool.db.session import Database
from lti_tool.grades import comparing, service
from lti_tool.grades.comparing import Comparer
from lti_tool.grades.delivery import Deliverer
from lti_tool.grades.jobs import ags_clients
from lti_tool.grades.models import Choice, Delivery, Difference, Score
from lti_tool.grades.trouble import Trouble
from lti_tool.lti.keys import MemoryKeys
from lti_tool.lti.protocol import Protocol
from lti_tool.platforms import quirks
from tests.grades.conftest import School, make_school
from tests.grades.quirky import FAULTS, HABITS, Cell, QuirkyLms
from tests.grades.test_faults import Fuse, Killed, MortalDatabase
from tests.lti.conftest import settings_for
from tests.lti.support import signing_key

PERSONS = st.integers(0, 1)
COMMENTS = st.sampled_from([None, "Well begun", "Half done"])
BACK = timedelta(seconds=90)


class Histories(RuleBasedStateMachine):
    """One school, its LMS, and a process that works for it."""

    name: ClassVar[str]
    folder: ClassVar[Path]
    runner: ClassVar[asyncio.Runner]
    database: ClassVar[Database]

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.get_loop().run_until_complete(coroutine)

    @initialize()
    def a_school(self) -> None:
        self.owed: dict[int, tuple[float, float, str | None]] = {}
        self.clock = ManualClock()
        self.lms = QuirkyLms(HABITS[self.name], ManualClock())
        self.school: School = self.run(
            make_school(
                self.database,
                self.clock,
                students=2,
                family=self.lms.habits.family,
                line_items=self.lms.line_items,
            )
        )
        self.column = self.run(self.school.column())
        self.start()
        for person in range(2):
            self.owe(person, 10 + person, 30, None)
        self.deliver()

    # --- The tool -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """A process of its own, that remembers nothing."""
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.lms.handle))
        keys = MemoryKeys(self.clock, lambda: signing_key("tool"))
        self.protocol = Protocol(settings_for(self.folder), self.clock, http, self.database, keys=keys)

    def comparer(self) -> Comparer:
        return Comparer(self.database, self.clock, ags_clients(self.protocol), quirks)

    def worker(self, *, at_once: int = 2, database: Database | None = None) -> Deliverer:
        return Deliverer(
            database or self.database,
            self.clock,
            ags_clients(self.protocol),
            quirks,
            at_once=at_once,
            chance=lambda: 0.5,
            comparer=self.comparer(),
        )

    async def _deliver(self) -> None:
        await self.worker().deliver(self.school.registration_id)

    @rule(person=PERSONS, given=st.integers(0, 30), maximum=st.sampled_from([30, 100]), comment=COMMENTS)
    def owe(self, person: int, given: int, maximum: int, comment: str | None) -> None:
        self.run(self._owe(person, given, maximum, comment))

    async def _owe(self, person: int, given: float, maximum: float, comment: str | None) -> None:
        self.owed[person] = (given, maximum, comment)
        self.lms.owed.setdefault(f"s{person}", []).append(given / maximum)
        await self.school.owe(given, person, maximum=maximum, comment=comment, column=self.column)

    @rule(person=PERSONS, given=st.integers(0, 30), comment=COMMENTS)
    def owe_while_one_is_sent(self, person: int, given: int, comment: str | None) -> None:
        async def owe() -> None:
            await self._owe(person, given, 30, comment)

        self.lms.meanwhile = owe
        self.run(self._deliver())
        self.lms.meanwhile = None

    @rule()
    def deliver(self) -> None:
        self.run(self._deliver())

    @rule()
    def two_workers_deliver(self) -> None:
        async def both() -> None:
            await asyncio.gather(self._deliver(), self._deliver())

        # What one of them reads while the other sends, it cannot be sure of.
        self.lms.is_heard = False
        self.run(both())
        self.lms.is_heard = True

    @rule(points=st.integers(1, 16), at_once=st.integers(1, 2))
    def deliver_and_be_killed(self, points: int, at_once: int) -> None:
        fuse = self.lms.fuse = Fuse(points)
        worker = self.worker(at_once=at_once, database=MortalDatabase(self.database, fuse))
        try:
            self.run(worker.deliver(self.school.registration_id))
        except (Killed, BaseExceptionGroup):
            assert fuse.burnt
        self.lms.fuse = None
        self.start()

    @rule()
    def compare(self) -> None:
        with contextlib.suppress(Trouble):
            self.run(self.comparer().compare(self.column.organisation_id, self.column.id))

    @rule()
    def compare_what_is_due(self) -> None:
        self.run(self.comparer().compare_due())

    # --- The LMS ------------------------------------------------------------------------------------------------------

    @rule(faults=st.lists(st.none() | st.sampled_from(FAULTS), min_size=1, max_size=4))
    def the_lms_will_fail(self, faults: list[str | None]) -> None:
        self.lms.faults.extend(faults)

    @rule(person=PERSONS)
    def somebody_leaves_the_course(self, person: int) -> None:
        self.lms.strangers.add(f"s{person}")

    @rule()
    def everybody_is_enrolled(self) -> None:
        self.lms.strangers.clear()

    @rule(moved=st.sampled_from([1, 300, 1000, 2500, 50_000, 1_000_000, 3_000_000]))
    def time_passes(self, moved: int) -> None:
        self.clock.move(timedelta(milliseconds=moved))
        self.lms.clock.move(timedelta(milliseconds=moved))

    @precondition(lambda self: self.clock.now() >= self.lms.clock.now())
    @rule(by=st.sampled_from([timedelta(seconds=3), BACK]))
    def our_clock_steps_back(self, by: timedelta) -> None:
        self.clock.move(-by)

    @rule()
    def our_clock_is_right_again(self) -> None:
        self.clock.move(self.lms.clock.now() - self.clock.now())

    # --- Teachers -----------------------------------------------------------------------------------------------------

    def cell(self, person: int) -> Cell | None:
        return self.lms.column.cells.get(f"s{person}") if self.lms.column is not None else None

    @precondition(lambda self: self.lms.column is not None)
    @rule()
    def the_column_is_deleted(self) -> None:
        self.lms.columns.clear()

    @precondition(lambda self: self.lms.column is not None and self.lms.column.cells)
    @rule(person=PERSONS, number=st.sampled_from([0.0, 12.5, 62.5]), moves_time=st.booleans())
    def a_teacher_types_over_it(self, person: int, number: float, moves_time: bool) -> None:
        if self.cell(person) is not None:
            self.lms.type_over(f"s{person}", number, moves_time=moves_time)

    @precondition(lambda self: self.lms.column is not None and self.lms.column.cells)
    @rule(person=PERSONS, choice=st.sampled_from(Choice))
    def a_teacher_chooses(self, person: int, choice: Choice) -> None:
        self.run(self._choose(person, choice))

    async def _choose(self, person: int, choice: Choice) -> None:
        score = (await self._scores()).get(person)
        if score is None or score.difference is None:
            return
        async with self.database.writing() as session:
            await comparing.choose(
                session, score.organisation_id, score.id, choice, self.school.people[0].id, self.clock.now()
            )
        cell = self.cell(person)
        if cell is not None and cell.teachers:
            cell.allowed = cell.wanted = choice is Choice.OURS

    @precondition(lambda self: self.lms.column is not None)
    @rule(person=PERSONS)
    def a_teacher_sends_one_again(self, person: int) -> None:
        score = self.run(self._scores())[person]
        self.run(self._send_again([self.school.people[person].id]))
        cell = self.cell(person)
        if cell is not None and cell.teachers:
            # Where they could not know of the number, they are asked about it.
            cell.allowed = True
            cell.wanted = score.difference is Difference.OVERRIDDEN and score.lms_given == cell.given

    @rule()
    def a_teacher_sends_all_again(self) -> None:
        self.run(self._send_again(None))

    async def _send_again(self, person_ids: list[Any] | None) -> None:
        async with self.database.writing() as session:
            await service.send_again(
                session,
                line_item=await self.school.line_item(),
                now=self.clock.now(),
                person_ids=person_ids,
                over=person_ids is not None,
            )

    # --- What has to hold -----------------------------------------------------------------------------------------------

    @invariant()
    def nothing_has_gone_wrong(self) -> None:
        if hasattr(self, "lms"):
            assert self.lms.wrong == []

    def teardown(self) -> None:
        if hasattr(self, "lms"):
            self.run(self._in_the_end())

    async def _in_the_end(self) -> None:
        """Everything works again, and the teacher asks for what was refused: all stands there that nobody has typed over."""
        self.lms.faults.clear()
        self.lms.strangers.clear()
        self.lms.no_key = 0
        self.clock.move(max(self.lms.clock.now() - self.clock.now(), timedelta()))
        # A column that is gone is noticed by the next score that goes there.
        await self._owe(0, 29.5, 30, "The end")
        for _ in range(4):
            await self._work_for_an_hour()
            await self._send_again(None)
        # One that is gone, and nothing may go to, is noticed by comparing; its teacher has it made again.
        await self.comparer().compare(self.column.organisation_id, self.column.id)
        async with self.database.writing() as session:
            await service.repair(session, await self.school.line_item(), self.clock.now())
        await self._work_for_an_hour()
        await self.comparer().compare(self.column.organisation_id, self.column.id)
        await self._check()
        # Where a teacher's number stands, they let ours go over it in the end.
        for person in self.owed:
            await self._choose(person, Choice.OURS)
        await self._work_for_an_hour()
        await self.comparer().compare(self.column.organisation_id, self.column.id)
        await self._check()
        for person, score in (await self._scores()).items():
            assert score.difference is None, f"s{person}: {score.difference}"
        assert self.lms.wrong == []

    async def _check(self) -> None:
        scores = await self._scores()
        for person, (given, maximum, comment) in self.owed.items():
            cell, score = self.cell(person), scores[person]
            assert cell is not None
            if cell.teachers:
                assert not cell.wanted, f"s{person}: the teacher said that ours shall stand there"
                hidden = self.lms.habits.leaves_out_zeros and cell.given == 0
                assert score.difference is (Difference.MISSING if hidden else Difference.OVERRIDDEN)
                continue
            assert cell.given == pytest.approx(100 * given / maximum, abs=1e-5), f"s{person}: {score}"
            assert (score.delivery, score.delivered_given) == (Delivery.DELIVERED, given)
            assert score.delivered_version == score.owed_version
            assert score.difference is None
            if comment is not None:
                assert cell.comments[-1] == comment

    async def _scores(self) -> dict[int, Score]:
        numbers = {person.id: number for number, person in enumerate(self.school.people)}
        return {numbers[score.person_id]: score for score in await self.school.scores()}

    async def _work_for_an_hour(self) -> None:
        for _ in range(6):
            self.clock.move(timedelta(minutes=10))
            self.lms.clock.move(timedelta(minutes=10))
            await self._deliver()


@pytest.mark.parametrize("name", HABITS)
def test_the_last_score_stands_in_every_gradebook_and_teachers_numbers_stay(
    own_database_url: str, tmp_path: Path, name: str
) -> None:
    with asyncio.Runner() as runner:
        engine = make_engine(own_database_url)
        scoping.guard(engine)
        Histories.name, Histories.folder = name, tmp_path
        Histories.runner = runner
        Histories.database = Database(engine)
        try:
            run_state_machine_as_test(
                Histories,
                settings=settings(
                    # Six LMSs on two databases: few of each, the same at every run; as many others as are asked for.
                    max_examples=int(os.environ.get("LTI_TOOL_HISTORIES", "5")),
                    derandomize="LTI_TOOL_HISTORIES" not in os.environ,
                    database=None,
                    stateful_step_count=30,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(engine.dispose())
