"""Random histories of score changes, failures, kills and restarts. Whatever happened: the last score owed stands in the
LMS in the end, each of its timestamps was later than the one before, and the ledger says so.
"""

import asyncio
import os
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, ClassVar

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
from lti_tool.grades import service
from lti_tool.grades.models import Delivery, Difference
from tests.grades.conftest import School, make_school
from tests.grades.lms import BROKEN, DOWN, NO_PERMISSION, refused
from tests.grades.test_faults import deliver_until_killed

PERSONS = st.integers(0, 2)
FAULTS = st.sampled_from(
    [DOWN, BROKEN, NO_PERMISSION, refused(429, "rate-limited", timedelta(seconds=40)), refused(400, "not-accepted")]
)


class Histories(RuleBasedStateMachine):
    """One school and its LMS. What each person was last owed is all that has to be remembered."""

    runner: ClassVar[asyncio.Runner]
    database: ClassVar[Database]

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.get_loop().run_until_complete(coroutine)

    @initialize(step=st.sampled_from([1, 1000]), unknown=st.booleans())
    def a_school(self, step: int, unknown: bool) -> None:
        self.owed: dict[int, float] = {}
        self.school: School = self.run(make_school(self.database, ManualClock(), step=timedelta(milliseconds=step)))
        if unknown:
            # The LMS keeps whole seconds and nobody told us.
            self.school.lms.step = timedelta(seconds=1)
        self.column = self.run(self.school.column())

    @rule(person=PERSONS, given=st.integers(0, 100))
    def owe(self, person: int, given: int) -> None:
        self.owed[person] = given
        self.run(self.school.owe(given, person, column=self.column))

    @rule()
    def deliver(self) -> None:
        self.run(self.school.deliver())

    @rule()
    def two_workers_deliver(self) -> None:
        async def both() -> None:
            await asyncio.gather(self.school.deliver(), self.school.deliver())

        self.run(both())

    @rule()
    def what_the_lms_has_is_compared(self) -> None:
        """Nobody has typed anything there: whatever was lost on the way is no teacher's number."""
        self.run(self.school.comparer().compare_due())
        self.run(self.school.comparer().before_sending(self.school.registration_id))

    @rule(points=st.integers(1, 20), at_once=st.integers(1, 3))
    def deliver_and_be_killed(self, points: int, at_once: int) -> None:
        self.run(deliver_until_killed(self.school, points, at_once=at_once))

    @rule(faults=st.lists(st.none() | FAULTS, max_size=4))
    def the_lms_will_refuse(self, faults: list[Any]) -> None:
        self.school.lms.before.extend(faults)

    @rule(lost=st.lists(st.booleans(), max_size=4))
    def answers_will_be_lost(self, lost: list[bool]) -> None:
        self.school.lms.after.extend(DOWN if one else None for one in lost)

    @rule(person=PERSONS)
    def somebody_leaves_the_course(self, person: int) -> None:
        self.school.lms.strangers.add(f"s{person}")

    @rule()
    def everybody_is_enrolled(self) -> None:
        self.school.lms.strangers.clear()

    @precondition(lambda self: bool(self.school.lms.columns))
    @rule()
    def the_column_is_deleted(self) -> None:
        self.school.lms.columns.clear()

    @rule(moved=st.sampled_from([1, 300, 1000, 2500, 50_000, 1_000_000]))
    def time_passes(self, moved: int) -> None:
        self.school.clock.move(timedelta(milliseconds=moved))

    @rule()
    def the_clock_steps_back(self) -> None:
        self.school.clock.move(timedelta(seconds=-3))

    @invariant()
    def no_score_went_back_in_time(self) -> None:
        if hasattr(self, "school"):
            self.school.lms.assert_time_went_forward()

    def teardown(self) -> None:
        if hasattr(self, "school"):
            self.run(self._in_the_end())

    async def _in_the_end(self) -> None:
        """Everything works again, and the teacher asks once for what was refused: then all is well."""
        school = self.school
        school.lms.before.clear()
        school.lms.after.clear()
        school.lms.strangers.clear()
        # A column that is gone is noticed by the next score that goes there.
        self.owed[0] = 50.5
        await school.owe(50.5, 0, column=self.column)
        for _ in range(4):
            await self._work_for_an_hour()
            async with school.database.writing() as session:
                await service.send_again(session, line_item=self.column, now=school.clock.now())
        await self._work_for_an_hour()
        scores = {score.person_id: score for score in await school.scores()}
        for person, given in self.owed.items():
            assert school.lms.grade(f"s{person}") == given / 100
            score = scores[school.people[person].id]
            assert score.delivery is Delivery.DELIVERED
            assert score.delivered_given == given
            assert score.delivered_version == score.owed_version
            assert score.difference is not Difference.OVERRIDDEN
        school.lms.assert_time_went_forward()

    async def _work_for_an_hour(self) -> None:
        for _ in range(6):
            self.school.clock.move(timedelta(minutes=10))
            await self.school.deliver()


def test_the_last_score_owed_always_stands_in_the_end(own_database_url: str) -> None:
    with asyncio.Runner() as runner:
        engine = make_engine(own_database_url)
        scoping.guard(engine)
        Histories.runner = runner
        Histories.database = Database(engine)
        try:
            run_state_machine_as_test(
                Histories,
                settings=settings(
                    max_examples=int(os.environ.get("LTI_TOOL_HISTORIES", "10")),
                    stateful_step_count=30,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(engine.dispose())
