"""Waiting for a reading, but not for long."""

import asyncio
from datetime import timedelta

from lti_tool.clock import ManualClock
from lti_tool.courses.freshness import QUIET, Outcome, ReadingFailed, Readings
from lti_tool.errors import PlatformTrouble


async def test_those_who_want_the_same_share_one_reading(clock: ManualClock) -> None:
    readings, begun, gate = Readings(clock), [], asyncio.Event()

    async def read() -> None:
        begun.append(1)
        await gate.wait()

    waiting = [asyncio.create_task(readings.wait("course", read)) for _ in range(5)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*waiting) == [Outcome()] * 5
    assert len(begun) == 1


async def test_what_takes_too_long_goes_on_behind_the_page(clock: ManualClock) -> None:
    readings, gate, done = Readings(clock), asyncio.Event(), []

    async def read() -> None:
        await gate.wait()
        done.append(1)

    outcome = await readings.wait("course", read, patience=0)
    assert outcome.late
    assert not outcome.done
    gate.set()
    await readings.settled()
    assert done == [1]


async def test_after_a_failure_only_who_asks_tries_again(clock: ManualClock) -> None:
    readings, tried = Readings(clock), []

    async def read() -> None:
        tried.append(1)
        raise PlatformTrouble("down")

    assert isinstance((await readings.wait("course", read)).trouble, PlatformTrouble)
    await readings.settled()
    assert (await readings.wait("course", read)).trouble is not None
    assert len(tried) == 1
    await readings.wait("course", read, asked=True)
    await readings.settled()
    assert len(tried) == 2
    clock.move(QUIET + timedelta(seconds=1))
    await readings.wait("course", read)
    assert len(tried) == 3


async def test_a_mistake_of_ours_is_trouble_for_the_page_and_no_more(clock: ManualClock) -> None:
    async def read() -> None:
        raise ZeroDivisionError

    outcome = await Readings(clock).wait("course", read)
    assert isinstance(outcome.trouble, ReadingFailed)
