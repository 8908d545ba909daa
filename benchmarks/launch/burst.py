"""A whole school at once: many new students' launches, and what became of each."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

from benchmarks.launch.client import Launch, ask, launch
from benchmarks.launch.lms import Platform
from benchmarks.launch.servers import Server

FIRST = 1000
"""The number of the burst's first student: nobody of them has been there before."""


@dataclass(frozen=True)
class Burst:
    """How a burst ended. ``refused`` launches were answered and not accepted, ``failed`` ones not answered within a minute,
    ``lost`` ones accepted without their session opening a page. ``waited`` is the seconds of each launch that was answered.
    """

    accepted: int
    refused: int
    failed: int
    lost: int
    seconds: float
    waited: list[float]
    troubles: Counter[str]


async def burst(platform: Platform, server: Server, count: int, over: float) -> Burst:
    """Let ``count`` students launch, beginning within ``over`` seconds; then open the page of each."""
    waited: list[float] = []

    async def come(student: int) -> Launch:
        await asyncio.sleep(over * student / count)
        begun = time.perf_counter()
        done = await asyncio.wait_for(launch(platform, server.url, FIRST + student), 60)
        waited.append(time.perf_counter() - begun)
        return done

    begun = time.perf_counter()
    ended = await asyncio.gather(*(come(student) for student in range(count)), return_exceptions=True)
    seconds = time.perf_counter() - begun
    launches = [one for one in ended if isinstance(one, Launch)]
    accepted = [one for one in launches if one.answer.status == 303]
    opened = [await _opened(server, one) for one in accepted]
    troubles = Counter(repr(one)[:160] for one in ended if not isinstance(one, Launch))
    troubles += Counter(f"status {one.answer.status}" for one in launches if one.answer.status != 303)
    return Burst(
        accepted=len(accepted),
        refused=len(launches) - len(accepted),
        failed=len(ended) - len(launches),
        lost=opened.count(False),
        seconds=seconds,
        waited=waited,
        troubles=troubles,
    )


async def _opened(server: Server, done: Launch) -> bool:
    address = done.answer.header("location")
    page = await ask("GET", address if address.startswith("http") else server.url + address, cookies=done.cookies)
    return page.status in (200, 302, 303, 307)
