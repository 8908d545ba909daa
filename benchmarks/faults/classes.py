"""A class at work, and what has become of its scores in the end."""

import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from benchmarks.faults.worlds import PATIENCE_SECONDS, POINTS, World

CLICKERS = 4


class Class:
    """Every student's score in every column changes ``rounds`` times; what they did last is what has to stand in the LMS.

    Who is not answered clicks again, at another web process, until they are. ``seconds`` is about how long all of it takes.
    """

    def __init__(self, world: World, *, seconds: float, rounds: int = 2, seed: int = 1) -> None:
        self._world = world
        self._pause = seconds * CLICKERS / (world.students * rounds)
        self._rounds = rounds
        self._chance = random.Random(seed)
        self.final: dict[tuple[str, str], float] = {}
        self.owed_at: dict[tuple[str, str], float] = {}
        self.not_answered = 0
        world.clicked = 0.0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(CLICKERS)
        subs = sorted(world.school.people)
        self._working = [self._pool.submit(self._click, subs[number::CLICKERS], number) for number in range(CLICKERS)]

    def _click(self, subs: list[str], number: int) -> None:
        chance = random.Random(self._chance.random())
        with httpx.Client(timeout=30) as http:
            for round_ in range(self._rounds):
                for sub in subs:
                    # No two numbers in a row are the same, so that a score that comes twice can be told.
                    scores = [
                        (f"playlist:{column}", round(chance.uniform(0, 49), 2) + 50 * (round_ % 2))
                        for column in range(self._world.columns)
                    ]
                    self._until_answered(http, sub, scores, number)
                    time.sleep(self._pause)

    def _until_answered(self, http: httpx.Client, sub: str, scores: list[tuple[str, float]], number: int) -> None:
        body = {
            "organisation": self._world.school.organisation,
            "person": self._world.school.people[sub],
            "scores": scores,
        }
        ports = self._world.web_ports
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            number += 1
            try:
                answer = http.post(f"http://127.0.0.1:{ports[number % len(ports)]}/owe", json=body)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 200:
                for column, given in scores:
                    self.final[column, sub] = given
                    self.owed_at[column, sub] = time.time()
                with self._lock:
                    self._world.clicked += 1 / (self._world.students * self._rounds)
                return
            with self._lock:
                self.not_answered += 1
            time.sleep(0.3)
        raise RuntimeError("nobody answers a click any more")

    def wait(self) -> None:
        """Until everybody has done all they wanted."""
        for work in self._working:
            work.result()
        self._pool.shutdown()


@dataclass
class Found:
    """How it ended. ``late`` is seconds from the last click or fault, whichever was later, to the last score."""

    name: str
    scores: int
    faults: int
    lost: int
    ledger_wrong: int
    out_of_order: int
    twice: int
    doubled: int
    late: float
    not_answered: int = 0

    @property
    def well(self) -> bool:
        """Whether nothing that must not happen has."""
        return not (self.lost or self.ledger_wrong or self.out_of_order or self.doubled)


def find(name: str, world: World, class_: Class, faults: int, since: float) -> Found:
    """Wait until all is there, or for as long as anybody would; ``since`` is Unix time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    lost = wrong = 1
    while (lost or wrong) and time.monotonic() < deadline:
        time.sleep(0.5)
        lost, wrong = _missing(world, class_)
    told = world.told()
    counts = told["counts"]
    return Found(
        name,
        len(class_.final),
        faults,
        lost,
        wrong,
        counts.get("out of order", 0),
        counts.get("twice", 0),
        told["doubled"],
        max(0.0, told["last_saved"] - since),
        class_.not_answered,
    )


def _missing(world: World, class_: Class) -> tuple[int, int]:
    """How many final scores are not in the LMS, and how many the ledger does not say are delivered."""
    there = {(column, sub): given for column, sub, given, _at in world.told()["scores"]}
    lost = sum(
        1 for where, given in class_.final.items() if abs(there.get(where, -1.0) - given / POINTS) > 1e-9
    )  # fmt: skip
    if lost:
        return lost, 0
    says = {(column, sub): owed for column, sub, owed, _of, delivered in world.ledger() if delivered}
    return 0, sum(1 for where, given in class_.final.items() if says.get(where) != given)


Fault = Callable[[World], int]
"""Does harm while the class is at work; says how often."""


def play(name: str, world: World, fault: Fault, *, seconds: float, **begin: int) -> Found:
    """Begin a world, let the class work and the fault happen, and see how it ends."""
    try:
        world.begin(**begin)
        class_ = Class(world, seconds=seconds, seed=int.from_bytes(os.urandom(4), "big"))
        faults = fault(world)
        over = time.time()
        class_.wait()
        return find(name, world, class_, faults, max(over, *class_.owed_at.values()))
    finally:
        world.stop()
