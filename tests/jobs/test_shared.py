"""The runner for several machines: what holds across processes, what a dead worker leaves behind, and its tables."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from lti_tool.jobs import queue
from lti_tool.jobs.shared import SharedRunner
from tests.databases import MigratedOnce

pytestmark = pytest.mark.at_once

SOON = timedelta(milliseconds=10)


@pytest.fixture
def url(migrated: Callable[[str], MigratedOnce], tmp_path: Path) -> AsyncIterator[str]:
    """A PostgreSQL database of the test's own."""
    made = migrated("postgresql").copy(tmp_path / "queue.db")
    yield made
    migrated("postgresql").forget(made)


def asked(url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(queue.conninfo(url), autocommit=True) as connection:
        connection.execute(f"SET search_path TO {queue.SCHEMA}")
        found = connection.execute(statement.encode(), values)
        return found.fetchall() if found.description else []


async def test_a_key_is_never_under_way_twice_in_all_workers_and_a_process_that_only_nudges_reaches_them(
    url: str,
) -> None:
    under_way: dict[str, int] = {"a": 0, "b": 0}
    most: dict[str, int] = {"a": 0, "b": 0}
    ran: list[str] = []

    async def task(key: str) -> None:
        under_way[key] += 1
        most[key] = max(most[key], under_way[key])
        await asyncio.sleep(0.03)
        under_way[key] -= 1
        ran.append(key)

    workers = [SharedRunner(url, {"deliver": task}) for _ in range(2)]
    nudging = SharedRunner(url)
    nudging.nudge("deliver", "a")
    assert ran == []
    await asyncio.gather(*(one.start() for one in (*workers, nudging)))
    for _ in range(10):
        for key in ("a", "b"):
            nudging.nudge("deliver", key)
        await asyncio.sleep(0.01)
    await nudging.settled()
    assert most == {"a": 1, "b": 1}
    assert {"a", "b"} == set(ran)
    assert len(ran) < 20
    for one in (nudging, *workers):
        await one.stop()


async def test_one_for_later_keeps_none_for_now_waiting(url: str) -> None:
    ran: list[str] = []
    later = asyncio.Event()

    async def task(key: str) -> None:
        ran.append(key)
        if key == "b":
            later.set()

    runner = SharedRunner(url, {"deliver": task})
    await runner.start()
    runner.nudge("deliver", "a", after=timedelta(hours=1))
    await asyncio.sleep(0.05)
    runner.nudge("deliver", "a")
    await runner.settled()
    assert ran == ["a"]
    runner.nudge("deliver", "b", after=SOON)
    async with asyncio.timeout(60):
        await later.wait()
    assert ran == ["a", "b"]
    await runner.stop()


async def test_what_a_dead_worker_left_behind_is_taken_away_and_done(url: str) -> None:
    """As ``kill -9`` leaves it: a job under way, its lock, and a worker whose heart stands still."""
    ran: list[str] = []
    done = asyncio.Event()

    async def task(key: str) -> None:
        ran.append(key)
        done.set()

    await queue.prepare(url)
    asked(
        url,
        "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id) "
        "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id) "
        "SELECT 'nudges', 'deliver', 'deliver:a', '{\"key\": \"a\"}', 'doing', id FROM dead",
    )
    runner = SharedRunner(url, {"deliver": task}, silent_seconds=30)
    await runner.start()
    await runner.take_from_the_dead()  # Its own round may be taking it at this moment, and nudges a little later.
    await asyncio.wait_for(done.wait(), 60)
    await runner.settled()
    assert ran == ["a"]
    assert asked(url, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]
    await runner.stop()


async def test_tables_of_another_version_are_made_anew(url: str) -> None:
    await asyncio.gather(*(queue.prepare(url) for _ in range(3)))
    asked(url, "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('nudges', 'deliver')")
    await queue.prepare(url)
    assert asked(url, "SELECT count(*) FROM procrastinate_jobs") == [(1,)]
    asked(url, f"COMMENT ON SCHEMA {queue.SCHEMA} IS 'procrastinate 0.1'")
    await queue.prepare(url)
    assert asked(url, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]


async def test_stopping_leaves_what_is_queued_to_others(url: str) -> None:
    ran: list[str] = []
    under_way = asyncio.Event()

    async def slow(key: str) -> None:
        under_way.set()
        await asyncio.sleep(0.05)
        ran.append(key)

    first = SharedRunner(url, {"deliver": slow}, concurrency=1)
    await first.start()
    first.nudge("deliver", "a")
    await under_way.wait()
    first.nudge("deliver", "b")
    await asyncio.sleep(0.02)
    await first.stop()
    assert ran == ["a"]
    second = SharedRunner(url, {"deliver": slow})
    await second.start()
    await second.settled()
    assert ran == ["a", "b"]
    await second.stop()


async def test_what_does_not_end_in_time_is_cut_off_without_alarm_and_goes_back_into_the_queue(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []
    under_way = asyncio.Event()

    async def endless(key: str) -> None:
        under_way.set()
        await asyncio.Event().wait()

    async def task(key: str) -> None:
        ran.append(key)

    first = SharedRunner(url, {"deliver": endless}, stopping_seconds=0.05)
    await first.start()
    first.nudge("deliver", "a")
    await under_way.wait()
    with caplog.at_level(logging.INFO):
        await first.stop()
    assert [getattr(record, "code", None) for record in caplog.records if record.name.startswith("lti_tool")] == [
        "cut-off"
    ]
    assert [record.message for record in caplog.records if record.exc_info] == []
    second = SharedRunner(url, {"deliver": task})
    await second.start()
    await second.settled()
    assert ran == ["a"]
    await second.stop()
