"""Kills, zombies and several workers at once: the last score owed stands in the LMS, and timestamps never go back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.grades import service
from lti_tool.grades.models import Delivery
from lti_tool.grades.rules import Standing
from lti_tool.jobs import EmbeddedRunner, Periodic, attach
from lti_tool.lti.services import LineItemData, ScoreData
from tests.grades.conftest import School, make_school
from tests.grades.lms import FakeLms


class Killed(BaseException):
    """The process is gone at this point; nothing of it handles this."""


class Fuse:
    """Counts down to the kill."""

    def __init__(self, points: int) -> None:
        self.left = points
        self.burnt = False

    def burn(self) -> None:
        self.left -= 1
        if self.left <= 0:
            self.burnt = True
            raise Killed


class MortalDatabase(Database):
    """Kills before a transaction begins, before it is committed, and after."""

    def __init__(self, database: Database, fuse: Fuse) -> None:
        super().__init__(database.engine)
        self._fuse = fuse

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        self._fuse.burn()
        async with super().writing() as session:
            yield session
            self._fuse.burn()
        self._fuse.burn()


class MortalLms(FakeLms):
    """Passes requests on to the LMS; kills before one is sent, and after it was taken, before its answer is read."""

    def __init__(self, lms: FakeLms, fuse: Fuse) -> None:
        self._lms = lms
        self._fuse = fuse

    async def find_line_items(
        self, line_items_url: str, resource_id: str | None = None, tag: str | None = None
    ) -> list[LineItemData]:
        return await self._lms.find_line_items(line_items_url, resource_id, tag)

    async def create_line_item(self, line_items_url: str, item: LineItemData) -> LineItemData:
        self._fuse.burn()
        made = await self._lms.create_line_item(line_items_url, item)
        self._fuse.burn()
        return made

    async def post_score(self, line_item_url: str, score: ScoreData) -> None:
        self._fuse.burn()
        await self._lms.post_score(line_item_url, score)
        self._fuse.burn()


async def deliver_until_killed(school: School, points: int, *, at_once: int = 2) -> bool:
    """Deliver with a fuse; True when it burnt."""
    fuse = Fuse(points)
    worker = school.worker(
        at_once=at_once, lms=MortalLms(school.lms, fuse), database=MortalDatabase(school.database, fuse)
    )
    try:
        await worker.deliver(school.registration_id)
    except (Killed, BaseExceptionGroup):
        assert fuse.burnt
    return fuse.burnt


@pytest.mark.parametrize("change_after", [False, True])
async def test_a_kill_at_any_point_loses_nothing_and_takes_nothing_back(
    own_database: Database, clock: ManualClock, change_after: bool
) -> None:
    points = 0
    burnt = True
    while burnt:
        points += 1
        school = await make_school(own_database, clock)
        for person in range(3):
            await school.owe(50 + person, person)
        burnt = await deliver_until_killed(school, points)
        if change_after:
            await school.owe(60)
        clock.move(timedelta(minutes=2))
        await school.worker().sweep()
        await school.deliver()
        expected = [0.6 if change_after else 0.5, 0.51, 0.52]
        assert [school.lms.grade(f"s{person}") for person in range(3)] == expected, points
        assert {score.delivery for score in await school.scores()} == {Delivery.DELIVERED}
        assert school.lms.made == 1
        school.lms.assert_time_went_forward()
    assert points > 15


async def test_a_worker_that_comes_back_from_the_dead_changes_nothing(own_school: School) -> None:
    school = own_school
    await school.column()
    await school.deliver()
    held = asyncio.Event()
    reached = asyncio.Event()

    class Sleepy(MortalLms):
        """The request leaves only when the worker wakes up."""

        async def post_score(self, line_item_url: str, score: ScoreData) -> None:
            reached.set()
            await held.wait()
            await school.lms.post_score(line_item_url, score)

    await school.owe(10)
    zombie = asyncio.create_task(school.worker(lms=Sleepy(school.lms, Fuse(99))).deliver(school.registration_id))
    await reached.wait()
    school.clock.move(timedelta(seconds=46))
    await school.owe(20)
    await school.deliver()
    assert school.lms.grade("s0") == 0.2
    before = await school.score()
    held.set()
    await zombie
    assert await school.score() == before
    assert school.lms.grade("s0") == 0.2


async def test_an_answer_that_comes_too_late_does_not_undo_what_was_delivered_since(own_school: School) -> None:
    school = own_school
    await school.column()
    await school.deliver()
    held = asyncio.Event()
    reached = asyncio.Event()

    class SlowAnswer(MortalLms):
        async def post_score(self, line_item_url: str, score: ScoreData) -> None:
            await school.lms.post_score(line_item_url, score)
            reached.set()
            await held.wait()

    await school.owe(10)
    late = asyncio.create_task(school.worker(lms=SlowAnswer(school.lms, Fuse(99))).deliver(school.registration_id))
    await reached.wait()
    school.clock.move(timedelta(seconds=46))
    await school.owe(20)
    await school.deliver()
    held.set()
    await late
    score = await school.score()
    assert (score.delivered_given, score.delivered_version, score.delivery) == (20, 2, Delivery.DELIVERED)
    assert school.lms.grade("s0") == 0.2
    school.lms.assert_time_went_forward()


async def test_a_lease_that_is_nearly_over_sends_nothing_more(own_school: School) -> None:
    school = own_school
    await school.column()
    await school.deliver()
    for person in range(3):
        await school.owe(50, person)
    seen = 0

    class Slow(MortalLms):
        async def post_score(self, line_item_url: str, score: ScoreData) -> None:
            nonlocal seen
            seen += 1
            await school.lms.post_score(line_item_url, score)
            school.clock.move(timedelta(seconds=19))

    await school.worker(at_once=1, lms=Slow(school.lms, Fuse(99))).deliver(school.registration_id)
    assert seen == 3
    assert [school.lms.grade(f"s{person}") for person in range(3)] == [0.5] * 3
    # The third was claimed again: its timestamp is that of its own moment, not of the first claim.
    assert max(moments[0] for moments in school.lms.received.values()) == school.clock.now() - timedelta(seconds=19)
    assert {score.attempts for score in await school.scores()} == {0}


async def test_two_workers_at_once_share_the_work(own_database: Database, clock: ManualClock) -> None:
    school = await make_school(own_database, clock, students=40)
    column = await school.column()
    for person in range(40):
        await school.owe(person, person, column=column)
    school.lms.slow = lambda _call: 0.002
    await asyncio.gather(*(school.deliver() for _ in range(3)))
    assert [school.lms.grade(f"s{person}") for person in range(40)] == [person / 100 for person in range(40)]
    assert school.lms.posts == 40
    assert school.lms.made == 1
    assert {line.state for line in await school.standing()} == {Standing.DELIVERED}


async def test_two_workers_and_scores_that_keep_changing_end_with_the_latest(
    own_database: Database, clock: ManualClock
) -> None:
    school = await make_school(own_database, clock, students=6)
    column = await school.column()
    school.lms.slow = lambda _call: 0.001
    changing = True

    async def change() -> None:
        nonlocal changing
        for round_ in range(8):
            for person in range(6):
                await school.owe(round_ * 10 + person, person, column=column)
            clock.move(timedelta(milliseconds=3))
        changing = False

    async def work() -> None:
        while changing:
            await school.deliver()
            await asyncio.sleep(0.001)
        await school.deliver()

    await asyncio.gather(change(), work(), work())
    await school.deliver()
    assert [school.lms.grade(f"s{person}") for person in range(6)] == [(70 + person) / 100 for person in range(6)]
    assert {score.delivery for score in await school.scores()} == {Delivery.DELIVERED}
    school.lms.assert_time_went_forward()


async def test_two_transactions_at_once_want_one_column_and_owe_one_score(own_school: School) -> None:
    columns = await asyncio.gather(*(own_school.column() for _ in range(8)))
    assert len({column.id for column in columns}) == 1
    await asyncio.gather(*(own_school.owe(given, column=columns[0]) for given in range(8)))
    score = await own_school.score()
    await own_school.deliver()
    assert own_school.lms.grade("s0") == score.owed_given / 100


async def test_from_the_transaction_to_the_gradebook_with_the_embedded_runner(own_school: School) -> None:
    worker = own_school.worker()
    runner = EmbeddedRunner(
        {service.DELIVER: worker.run}, [Periodic("grades.sweep", timedelta(milliseconds=20), worker.sweep)]
    )
    await runner.start()
    attach(own_school.database, runner)
    await own_school.owe(10)
    await runner.settled()
    assert own_school.lms.grade("s0") == 0.1
    # What was owed without a nudge, as by a process that was killed right after its commit, is found by the sweep.
    own_school.database.session_info.clear()
    await own_school.owe(20)
    async with asyncio.timeout(60):
        while own_school.lms.grade("s0") != 0.2:
            attach(own_school.database, runner)
            await asyncio.sleep(0.01)
    await runner.stop()
