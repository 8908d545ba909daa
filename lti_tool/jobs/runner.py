"""Runners: they turn nudges into work. Losing a nudge loses nothing, since a periodic sweep nudges again.

A nudge is a task's name and a key, such as the registration that has something to deliver. Nudges for the same task and
key coalesce: while one waits, more of them are the same; while one is under way, all that arrive make one more run
after it. So a task always begins once more after the last nudge, and never runs twice at once for a key in one process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from lti_tool.errors import ToolError

log = logging.getLogger(__name__)

Task = Callable[[str], Awaitable[None]]
"""Does what is due for one key. It may be run again at any time, and must find out itself what there is to do."""

STOPPING_SECONDS = 5.0
CONCURRENCY = 16


class Runner(Protocol):
    """Takes nudges. Called from the event loop's thread; never waits and never raises."""

    def nudge(self, task: str, key: str, *, after: timedelta = timedelta()) -> None:
        """Have ``task`` run for ``key``: as soon as there is room, or when ``after`` has passed."""
        ...


@dataclass(frozen=True)
class Periodic:
    """Something that is done at the start and then again and again, ``every`` so often after it last ended."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Work:
    """What one room has for the background: its tasks by name, and what it does periodically."""

    tasks: Mapping[str, Task] = field(default_factory=dict)
    periodic: tuple[Periodic, ...] = ()

    def __add__(self, other: "Work") -> "Work":
        """The work of two rooms; ValueError when both use a name."""
        shared = self.tasks.keys() & other.tasks.keys()
        if shared:
            raise ValueError(f"two rooms have a task named {', '.join(sorted(shared))}")
        return Work({**self.tasks, **other.tasks}, self.periodic + other.periodic)


class NullRunner:
    """The runner of a process without a worker: the sweep of the process that has one finds what is due."""

    def nudge(self, task: str, key: str, *, after: timedelta = timedelta()) -> None:
        """Forget it."""


class EmbeddedRunner:
    """Runs tasks in this process's event loop.

    Nudges that arrive before ``start`` wait for it; those after ``stop`` are forgotten, as a kill would forget them.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        periodic: Iterable[Periodic] = (),
        *,
        concurrency: int = CONCURRENCY,
        stopping_seconds: float = STOPPING_SECONDS,
    ) -> None:
        self._tasks = dict(tasks)
        self._periodic = tuple(periodic)
        self._concurrency = concurrency
        self._stopping_seconds = stopping_seconds
        self._waiting: dict[tuple[str, str], None] = {}  # A dictionary keeps the order and drops doubles.
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._begun: set[tuple[str, str]] = set()
        self._once_more: set[tuple[str, str]] = set()
        self._later: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._early: dict[tuple[str, str], timedelta] = {}
        self._rounds: list[asyncio.Task[None]] = []
        self._started = False
        self._stopped = False
        self._idle = asyncio.Event()
        self._idle.set()

    def nudge(self, task: str, key: str, *, after: timedelta = timedelta()) -> None:
        """Have ``task`` run for ``key``. An unknown task is logged, since nobody who nudges can do anything about it."""
        if task not in self._tasks:
            log.error("nudged a task that is not known", extra={"task": task, "code": "unknown-task"})
            return
        if self._stopped:
            return
        if after <= timedelta():
            self._enqueue((task, key))
        elif self._started:
            self._remember((task, key), after)
        else:
            self._early[task, key] = min(after, self._early.get((task, key), after))

    async def start(self) -> None:
        """Begin with what was nudged so far, and with the periodic work."""
        if self._started:
            return
        self._started = True
        self._rounds = [asyncio.create_task(self._round(work), name=work.name) for work in self._periodic]
        for name, after in self._early.items():
            self._remember(name, after)
        self._early.clear()
        self._pump()

    async def stop(self) -> None:
        """End: nothing new begins; what is under way has a few seconds, then it is cancelled.

        Cancelling is safe as a kill is: what was leased becomes due again when its lease ends.
        """
        self._stopped = True
        self._waiting.clear()
        self._once_more.clear()
        for handle in self._later.values():
            handle.cancel()
        self._later.clear()
        for task in self._rounds:
            task.cancel()
        under_way = list(self._running.values())
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=self._stopping_seconds)
            for task in late:
                task.cancel()
        await asyncio.gather(*under_way, *self._rounds, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until nothing waits and nothing is under way; nudges for later do not count."""
        await self._idle.wait()

    def _enqueue(self, name: tuple[str, str]) -> None:
        self._idle.clear()
        if name in self._begun:
            self._once_more.add(name)
        elif name in self._running:
            return  # Its run has not begun yet and will see what this nudge is about.
        else:
            self._waiting[name] = None
            self._pump()

    def _remember(self, name: tuple[str, str], after: timedelta) -> None:
        loop = asyncio.get_running_loop()
        when = loop.time() + after.total_seconds()
        known = self._later.get(name)
        if known is not None:
            if known.when() <= when:
                return
            known.cancel()
        self._later[name] = loop.call_at(when, self._time_has_come, name)

    def _time_has_come(self, name: tuple[str, str]) -> None:
        del self._later[name]
        self._enqueue(name)

    def _pump(self) -> None:
        if not self._started or self._stopped:
            return
        while self._waiting and len(self._running) < self._concurrency:
            name = next(iter(self._waiting))
            del self._waiting[name]
            self._running[name] = asyncio.create_task(self._run(name), name=":".join(name))

    async def _run(self, name: tuple[str, str]) -> None:
        task, key = name
        self._begun.add(name)
        try:
            await self._tasks[task](key)
        except Exception as error:  # noqa: BLE001 - whatever one task raises must not end the others.
            log_failure(task, key, error)
        finally:
            del self._running[name]
            self._begun.discard(name)
            if name in self._once_more:
                self._once_more.discard(name)
                self._waiting[name] = None
            self._pump()
            if not self._waiting and not self._running:
                self._idle.set()

    async def _round(self, work: Periodic) -> None:
        while True:
            try:
                await work.run()
            except Exception as error:  # noqa: BLE001 - the next round may well succeed.
                log_failure(work.name, "", error)
            await asyncio.sleep(work.every.total_seconds())


def log_failure(task: str, key: str, error: Exception) -> None:
    """One line for trouble we know by its code; with its traceback for what nobody foresaw."""
    if isinstance(error, ToolError):
        log.warning("a task failed", extra={"task": task, "key": key, "code": error.code, "detail": error.detail})
    else:
        log.error("a task failed", extra={"task": task, "key": key, "code": "unexpected"}, exc_info=error)
