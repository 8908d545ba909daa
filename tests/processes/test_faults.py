"""Scores on their way while processes die and the LMS loses its answers: all arrive, none goes back in time.

A quick part of ``make faults``, with shorter leases; the two worlds live beside each other.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.faults.classes import Found, play
from benchmarks.faults.worlds import Databases, World
from tests.databases import MigratedOnce
from tests.processes.story import say

pytestmark = pytest.mark.processes

STUDENTS, COLUMNS = 30, 5
LEASE = 12.0


@dataclass(frozen=True)
class Copies:
    """Databases on the tests' own server."""

    once: MigratedOnce

    def new_database(self) -> str:
        return self.once.copy(Path())


def _cut(world: World) -> None:
    world.lms_is("cut")
    time.sleep(1.0)
    world.until_asked(4)
    world.lms_is("well")


def everything_dies(world: World) -> int:
    """Both workers and both web processes, and between them the LMS saves and cuts the connection."""
    world.until_saved(0.1)
    world.kill_worker(0)
    world.kill_worker(1)
    world.kill_web(0)
    world.wait_for_web(0)
    world.until_saved(0.5)
    _cut(world)
    world.kill_web(1)
    world.wait_for_web(1)
    return 5


def the_process_dies(world: World) -> int:
    """The one process, and the clock steps back; between them the LMS saves and cuts the connection."""
    world.until_saved(0.1)
    world.kill_web(0)
    world.wait_for_web(0)
    world.until_saved(0.4)
    world.move_clock(-5.0)
    _cut(world)
    world.kill_web(0)
    world.wait_for_web(0)
    return 4


def test_no_score_is_lost_whatever_dies(migrated: Callable[[str], MigratedOnce], tmp_path: Path) -> None:
    copies = Copies(migrated("postgresql"))

    def run(name: str, server: Databases | None) -> Found:
        world = World(tmp_path / name, server, STUDENTS, COLUMNS, lease=LEASE)
        return play(name, world, everything_dies if server else the_process_dies, seconds=5.0)

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(run, ("postgresql", "sqlite"), (copies, None)))
    for found in ended:
        say(str(found))
        assert found.scores == STUDENTS * COLUMNS
        assert (found.lost, found.ledger_wrong, found.out_of_order, found.doubled) == (0, 0, 0, 0), found
    # Otherwise nothing was cut off in the middle.
    assert sum(found.twice for found in ended) > 0
