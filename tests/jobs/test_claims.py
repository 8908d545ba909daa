"""Of several processes that share a database, one does a piece of periodic work in each period."""

import asyncio
from datetime import timedelta

from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.jobs import Periodic, by_one_process
from lti_tool.jobs.claims import take_on

EVERY = timedelta(minutes=15)


def processes(database: Database, clock: ManualClock, done: list[int], name: str, number: int = 3) -> list[Periodic]:
    """The same work in so many processes; each notes that it did it."""

    def one(which: int) -> Periodic:
        async def run() -> None:
            done.append(which)

        return by_one_process(database, clock, Periodic(name, EVERY, run))

    return [one(which) for which in range(number)]


async def test_one_of_several_processes_does_it_in_each_period(database: Database) -> None:
    clock, done = ManualClock(), list[int]()
    workers = processes(database, clock, done, "test.in-turn")
    assert [work.every for work in workers] == [EVERY] * 3
    for work in workers:
        await work.run()
    assert done == [0]
    clock.move(timedelta(minutes=14))
    for work in reversed(workers):
        await work.run()
    assert done == [0]
    # Whoever comes first when the period is over, not always the same.
    clock.move(timedelta(minutes=1))
    for work in reversed(workers):
        await work.run()
    assert done == [0, 2]


async def test_at_the_same_moment_one_wins(own_database: Database) -> None:
    clock, done = ManualClock(), list[int]()
    for _ in range(3):
        await asyncio.gather(*(work.run() for work in processes(own_database, clock, done, "test.at-once", 4)))
        clock.move(EVERY)
    assert len(done) == 3


async def test_two_pieces_of_work_do_not_keep_each_other(database: Database) -> None:
    now = ManualClock().now()
    async with database.writing() as session:
        assert await take_on(session, "test.one", now, now + EVERY)
        assert await take_on(session, "test.other", now, now + EVERY)
        assert not await take_on(session, "test.one", now, now + EVERY)
        assert await take_on(session, "test.one", now + EVERY, now + 2 * EVERY)


async def test_work_that_fails_is_taken_on_again_in_the_next_period(database: Database) -> None:
    clock, tried = ManualClock(), list[int]()

    async def fail() -> None:
        tried.append(1)
        raise RuntimeError("not today")

    work = by_one_process(database, clock, Periodic("test.fails", EVERY, fail))
    for _ in range(2):
        try:
            await work.run()
        except RuntimeError:
            clock.move(EVERY)
    assert len(tried) == 2
