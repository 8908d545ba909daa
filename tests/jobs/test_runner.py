"""What every runner promises, and what the embedded one adds."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from lti_tool.db.session import Database
from lti_tool.errors import PlatformTrouble
from lti_tool.jobs import EmbeddedRunner, NullRunner, Periodic, Task, Work, attach, nudge_after_commit, runner_of
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.jobs.shared import SharedRunner

RunsTasks = EmbeddedRunner | RecordingRunner | SharedRunner
Make = Callable[[Mapping[str, Task]], Awaitable[RunsTasks]]
SOON = timedelta(milliseconds=10)


@pytest.fixture(params=["embedded", "recording", pytest.param("shared", marks=pytest.mark.at_once)])
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Make]:
    """Makes the runner under test, of each kind."""
    made: list[RunsTasks] = []
    migrated = request.getfixturevalue("migrated")("postgresql") if request.param == "shared" else None
    url = migrated.copy(tmp_path / "queue.db") if migrated is not None else ""

    async def begin(tasks: Mapping[str, Task]) -> RunsTasks:
        if request.param == "recording":
            return RecordingRunner(tasks)
        runner = EmbeddedRunner(tasks) if request.param == "embedded" else SharedRunner(url, tasks)
        made.append(runner)
        await runner.start()
        return runner

    yield begin
    for runner in made:
        if not isinstance(runner, RecordingRunner):
            await runner.stop()
    if migrated is not None:
        migrated.forget(url)


async def test_every_key_is_run_and_nudges_that_wait_are_one(make: Make) -> None:
    ran: list[str] = []

    async def task(key: str) -> None:
        ran.append(key)

    runner = await make({"deliver": task})
    for key in ("a", "b", "a", "a"):
        runner.nudge("deliver", key)
    await runner.settled()
    assert sorted(ran) == ["a", "b"]  # Keys have no order among each other: more than one runs at once.
    runner.nudge("deliver", "a")
    await runner.settled()
    assert sorted(ran) == ["a", "a", "b"]


async def test_a_task_that_nudges_itself_is_run_once_more_afterwards(make: Make) -> None:
    ran: list[str] = []

    async def task(key: str) -> None:
        ran.append(key)
        if len(ran) == 1:
            runner.nudge("deliver", key)
            runner.nudge("deliver", key)

    runner = await make({"deliver": task})
    runner.nudge("deliver", "a")
    await runner.settled()
    assert ran == ["a", "a"]


async def test_a_task_that_raises_is_logged_by_its_code_and_stops_nobody(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []

    async def task(key: str) -> None:
        if key == "down":
            raise PlatformTrouble("no answer", code="platform-unreachable")
        if key == "bug":
            raise ZeroDivisionError
        ran.append(key)

    runner = await make({"deliver": task})
    with caplog.at_level(logging.WARNING, logger="lti_tool.jobs"):
        for key in ("down", "bug", "up"):
            runner.nudge("deliver", key)
        await runner.settled()
    assert ran == ["up"]
    codes = [getattr(record, "code", None) for record in caplog.records]
    assert sorted(codes) == ["platform-unreachable", "unexpected"]
    assert caplog.records[codes.index("unexpected")].exc_info is not None


@pytest.mark.parametrize("make_runner", [lambda: EmbeddedRunner({}), RecordingRunner, NullRunner])
async def test_a_nudge_for_something_unknown_does_not_raise(make_runner: Callable[[], NullRunner]) -> None:
    make_runner().nudge("unheard-of", "a")


async def test_never_twice_at_once_for_a_key_and_a_run_begins_after_the_last_nudge() -> None:
    begun: list[int] = []
    under_way = 0
    most = 0
    nudged = 0

    async def task(_key: str) -> None:
        nonlocal under_way, most
        begun.append(nudged)
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1

    runner = EmbeddedRunner({"deliver": task})
    await runner.start()
    for count in range(1, 31):
        nudged = count
        runner.nudge("deliver", "a")
        await asyncio.sleep(0.001)
    await runner.settled()
    assert most == 1
    assert begun[-1] == 30
    assert len(begun) < 30
    await runner.stop()


async def test_no_more_at_once_than_allowed() -> None:
    under_way = 0
    most = 0

    async def task(_key: str) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1

    runner = EmbeddedRunner({"deliver": task}, concurrency=3)
    await runner.start()
    for key in range(20):
        runner.nudge("deliver", str(key))
    await runner.settled()
    assert most == 3
    await runner.stop()


async def test_what_is_nudged_before_the_start_waits_for_it() -> None:
    ran: list[str] = []

    async def task(key: str) -> None:
        ran.append(key)

    runner = EmbeddedRunner({"deliver": task})
    runner.nudge("deliver", "now")
    runner.nudge("deliver", "later", after=SOON)
    await asyncio.sleep(0)
    assert ran == []
    await runner.start()
    await runner.settled()
    assert ran == ["now"]
    await asyncio.sleep(0.05)
    await runner.settled()
    assert ran == ["now", "later"]
    await runner.stop()


async def test_the_earliest_of_several_later_nudges_counts() -> None:
    ran: list[str] = []

    async def task(key: str) -> None:
        ran.append(key)

    runner = EmbeddedRunner({"deliver": task})
    await runner.start()
    runner.nudge("deliver", "a", after=timedelta(hours=1))
    runner.nudge("deliver", "a", after=SOON)
    runner.nudge("deliver", "a", after=timedelta(hours=2))
    await asyncio.sleep(0.05)
    await runner.settled()
    assert ran == ["a"]
    await runner.stop()


async def test_periodic_work_begins_at_the_start_and_outlives_a_failure() -> None:
    rounds = 0
    enough = asyncio.Event()

    async def sweep() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise ZeroDivisionError
        if rounds == 3:
            enough.set()

    runner = EmbeddedRunner({}, [Periodic("sweep", timedelta(milliseconds=1), sweep)])
    await runner.start()
    async with asyncio.timeout(60):
        await enough.wait()
    await runner.stop()


async def test_stopping_waits_for_what_is_under_way_and_begins_nothing_new() -> None:
    ended: list[str] = []
    under_way = asyncio.Event()

    async def task(key: str) -> None:
        under_way.set()
        await asyncio.sleep(0.02)
        ended.append(key)

    runner = EmbeddedRunner({"deliver": task}, concurrency=1)
    await runner.start()
    runner.nudge("deliver", "first")
    runner.nudge("deliver", "second")
    await under_way.wait()
    await runner.stop()
    runner.nudge("deliver", "third")
    await asyncio.sleep(0.05)
    assert ended == ["first"]


async def test_stopping_cancels_what_takes_too_long() -> None:
    cancelled = asyncio.Event()
    under_way = asyncio.Event()

    async def task(_key: str) -> None:
        under_way.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    runner = EmbeddedRunner({"deliver": task}, stopping_seconds=0.01)
    await runner.start()
    runner.nudge("deliver", "a")
    await under_way.wait()
    async with asyncio.timeout(60):
        await runner.stop()
    assert cancelled.is_set()


async def test_the_work_of_two_rooms_adds_up_unless_names_clash() -> None:
    async def task(_key: str) -> None: ...

    both = Work({"a": task}) + Work({"b": task}, (Periodic("c", timedelta(1), lambda: task("")),))
    assert set(both.tasks) == {"a", "b"}
    assert [work.name for work in both.periodic] == ["c"]
    with pytest.raises(ValueError, match="named a"):
        both + Work({"a": task})


async def test_a_transaction_nudges_once_and_only_when_it_is_committed(database: Database) -> None:
    runner = RecordingRunner()
    attach(database, runner)
    assert runner_of(database) is runner
    async with database.writing() as session:
        nudge_after_commit(session, "deliver", "a")
        nudge_after_commit(session, "deliver", "a")
        nudge_after_commit(session, "deliver", "b")
        assert runner.nudges == []
    assert runner.nudges == [("deliver", "a"), ("deliver", "b")]
    with pytest.raises(ZeroDivisionError):
        async with database.writing() as session:
            nudge_after_commit(session, "deliver", "c")
            raise ZeroDivisionError
    assert len(runner.nudges) == 2


async def test_without_a_runner_a_nudge_is_forgotten(database: Database) -> None:
    async with database.writing() as session:
        nudge_after_commit(session, "deliver", "a")
