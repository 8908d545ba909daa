"""What goes wrong, one thing after the other: each does its harm while the class is at work, and says how often."""

import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults.classes import Fault, Found, play
from benchmarks.faults.worlds import Server, World
from tests.processes import restarts
from tests.processes.worlds import Deployed

HOUR = 3600.0
BACK = -20.0
"""A step of the clock: as far as it could have drifted on a machine nobody looked after."""


def nothing(_world: World) -> int:
    """All is well."""
    return 0


def workers_are_killed(world: World) -> int:
    """``kill -9`` of each worker three times, wherever they are."""
    for number in range(6):
        world.until_saved(0.1 + 0.14 * number)
        # Whichever has work: the queue gives it to one of them.
        world.kill_worker(0)
        world.kill_worker(1)
    return 12


def webs_are_killed(world: World) -> int:
    """``kill -9`` of one web process after the other, on SQLite of the one that does everything."""
    for number in range(5):
        world.until_clicked(0.1 + 0.17 * number)
        world.kill_web(number % len(world.webs))
        world.wait_for_web(number % len(world.webs))
    return 5


def lms(misbehaves: str, times: int = 3, seconds: float = 4.0, asked: int = 20) -> Fault:
    """The LMS misbehaves several times: for some seconds, and until it was asked some times in vain."""

    def fault(world: World) -> int:
        for number in range(times):
            world.until_saved(0.1 + 0.25 * number)
            world.lms_is(misbehaves)
            time.sleep(seconds)
            world.until_asked(asked)
            world.lms_is("well")
        return times

    return fault


def an_hour(world: World) -> int:
    """The LMS does not answer for an hour: some seconds, after which every clock is an hour ahead."""
    world.until_saved(0.3)
    world.lms_is("down")
    time.sleep(6.0)
    world.move_clock(HOUR / 2)
    time.sleep(6.0)
    world.move_clock(HOUR)
    time.sleep(1.0)
    world.lms_is("well")
    return 1


def clock_steps_back(world: World) -> int:
    """Every clock steps back, twice."""
    for times in (1, 2):
        world.until_saved(0.3 * times)
        world.move_clock(times * BACK)
    return 2


def database_restarts(world: World) -> int:
    """The database ends without warning and starts again, three times."""
    for number in range(3):
        world.until_saved(0.1 + 0.3 * number)
        if isinstance(world.server, Server):
            world.server.restart()
    return 3


def workers_start_at_once(world: World) -> int:
    """Nobody works while scores gather; then two workers start at the same moment."""
    world.until_clicked(0.4)
    world.workers = [None, None]
    for number in range(2):
        world.start_worker(number)
    return 1


def disk_is_full(world: World) -> int:
    """No file grows any more, twice for some seconds. The limit is one on the process, which needs no file system of its own."""
    for number in range(2):
        world.until_saved(0.2 + 0.3 * number)
        for process in world.processes():
            _limit(process.pid, 64 * 1024)
        time.sleep(6.0)
        for process in world.processes():
            _limit(process.pid, resource.RLIM_INFINITY)
    return 2


def _limit(pid: int, most: int) -> None:
    _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))


@dataclass(frozen=True)
class Sizes:
    """How many scores, and for how many seconds the class is at work."""

    students: int
    columns: int
    seconds: float


Play = Callable[[str, Path, Server | None, Sizes], Found]
"""Plays a scenario by its name in a folder and a server; on SQLite there is none."""


@dataclass(frozen=True)
class Scenario:
    """A line of the table. ``alone``: it needs a PostgreSQL of its own. ``workers`` run from the start. ``own``: it is a story of
    its own, without ``fault``.
    """

    name: str
    fault: Fault = nothing
    database: str = "PostgreSQL"
    alone: bool = False
    begin: dict[str, int] = field(default_factory=dict)
    own: Play | None = None

    def play(self, folder: Path, server: Server | None, sizes: Sizes) -> Found:
        """How it ends."""
        name = f"{self.database}: {self.name}"
        if self.own is not None:
            return self.own(name, folder, server, sizes)
        world = World(folder, server, sizes.students, sizes.columns)
        return play(name, world, self.fault, seconds=sizes.seconds, **self.begin)


ROUNDS = 4


def people_at_work(name: str, folder: Path, server: Server | None, _sizes: Sizes) -> Found:
    """Students of the sandbox launch, mark steps and take a check while each process is replaced, over and over."""
    if server is None:
        raise ValueError("several processes need PostgreSQL")
    folder.mkdir(parents=True)
    world = Deployed(folder, server.new_database())
    try:
        world.begin()
        came = restarts.play(world, ROUNDS, int.from_bytes(os.urandom(4), "big"))
    finally:
        world.stop()
    return Found(
        name,
        scores=len({one["login"] for one in came.scores}),
        faults=came.restarts,
        lost=len(came.missing()) + len(came.contradictions),
        ledger_wrong=len(came.students) - came.said,
        out_of_order=came.out_of_order(),
        twice=came.twice(),
        doubled=0,
        late=came.late,
        not_answered=came.cut_off,
    )


SCENARIOS = (
    Scenario("nothing goes wrong", nothing),
    Scenario("kill -9 of workers", workers_are_killed),
    Scenario("kill -9 of web processes", webs_are_killed),
    Scenario("LMS answers 500, having saved half", lms("500", asked=40)),
    Scenario("LMS answers 429 with Retry-After", lms("429")),
    Scenario("LMS hangs, having saved half", lms("hang", times=2, asked=8)),
    Scenario("LMS saves and cuts the connection", lms("cut", asked=5)),
    Scenario("LMS refuses our key", lms("no-key")),
    Scenario("LMS rotates tokens", lms("rotate", seconds=6.0)),
    Scenario("LMS is down for an hour", an_hour),
    Scenario("two workers start at once", workers_start_at_once, begin={"workers": 0}),
    Scenario("clocks step back", clock_steps_back),
    Scenario("database ends and restarts", database_restarts, alone=True),
    Scenario("people at work, each process replaced", own=people_at_work),
    Scenario("nothing goes wrong", nothing, "SQLite"),
    Scenario("kill -9", webs_are_killed, "SQLite"),
    Scenario("LMS answers 500, having saved half", lms("500", asked=40), "SQLite"),
    Scenario("LMS saves and cuts the connection", lms("cut", asked=5), "SQLite"),
    Scenario("LMS is down for an hour", an_hour, "SQLite"),
    Scenario("clock steps back", clock_steps_back, "SQLite"),
    Scenario("disk is full", disk_is_full, "SQLite"),
)
