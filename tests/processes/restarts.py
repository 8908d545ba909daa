"""A class at work while an installation's processes are replaced one after the other, by kills and as upgrades do it.

Students launch from the LMS, mark steps and take marks back, and take a check, all through the product's own pages; what each of
them came to in the end has to stand in the LMS.
"""

import itertools
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from tests.processes.people import Someone
from tests.processes.story import (
    NEVER_BEGINS,
    STEPS,
    STUDENTS,
    TEACHER,
    AtWork,
    Student,
    arrived,
    assign,
    expected,
    scores_of,
    until,
)
from tests.processes.worlds import WEBS, WORKERS, Deployed

TAKES_NO_CHECK = "declan"
PATIENCE_SECONDS = 150.0
SLOW = {"latency": {"scores": 0.4}}
"""So that something is under way whenever a worker dies."""


@dataclass
class Came:
    """How it ended. ``scores`` is every score that reached the LMS; ``late`` is seconds from the last click to the last score."""

    seed: int
    students: list[Student]
    scores: list[dict[str, Any]]
    said: int
    restarts: int
    late: float

    def missing(self) -> list[str]:
        """Whose last score is not what they came to."""
        last = last_of(self.scores)
        wrong = [one.login for one in self.students if last.get(one.login) != expected(one, STEPS + 1)]
        return wrong + [login for login in last if login == NEVER_BEGINS]

    def out_of_order(self) -> int:
        """Scores that the LMS had to refuse, or with a timestamp that is not later than an earlier one of the student's."""
        count = sum(one["answer"] != 200 for one in self.scores)
        for student in self.students:
            moments = [one["timestamp"] for one in self.scores if one["login"] == student.login]
            count += sum(after <= before for before, after in itertools.pairwise(moments))
        return count

    def twice(self) -> int:
        """Scores that stood there already."""
        count = 0
        for student in self.students:
            given = [one["score_given"] for one in self.scores if one["login"] == student.login]
            count += sum(after == before for before, after in itertools.pairwise(given))
        return count

    @property
    def contradictions(self) -> list[str]:
        """What students were told and later found otherwise."""
        return [f"{one.login}: {told}" for one in self.students for told in one.contradictions]

    @property
    def cut_off(self) -> int:
        """Requests that were not answered."""
        return sum(one.cut_off for one in self.students)

    def __str__(self) -> str:
        """The figures."""
        return (
            f"seed {self.seed}: {self.restarts} restarts; {sum(one.answered for one in self.students)} marks answered, "
            f"{self.cut_off} requests cut off; {len(self.scores)} scores arrived, {self.twice()} twice; "
            f"all there {self.late:.1f} s after the last click"
        )


def last_of(scores: list[dict[str, Any]]) -> dict[str, float]:
    """The score that each student has in the LMS."""
    return {one["login"]: one["score_given"] for one in scores if one["answer"] == 200}


class Learning(AtWork):
    """One who marks some steps, takes the check, and goes on marking."""

    def work(self) -> None:
        """Until told to come to an end, and until everything is as they meant it."""
        for _ in range(self._chance.randrange(1, 8)):
            self._turn(self._chance.choice(sorted(self._student.done)))
            time.sleep(self._chance.uniform(0.1, 0.5))
        if self._student.login != TAKES_NO_CHECK:
            self.take_check()
        super().work()


def play(world: Deployed, rounds: int, seed: int) -> Came:
    """Play it in a world that has begun: ``rounds`` times each process is replaced, in turn by a kill and by a warning."""
    chance = random.Random(seed)
    came = [Student(login) for login in STUDENTS]
    ending = threading.Event()
    with ExitStack() as stack:
        teacher = stack.enter_context(Someone(world.lms, world.tool, TEACHER))
        progress = assign(teacher, with_check=True)
        idle = stack.enter_context(Someone(world.lms, world.tool, NEVER_BEGINS))
        idle.sign_in()
        idle.open_tool()
        people = [stack.enter_context(Someone(world.lms, world.tool, student.login)) for student in came]
        working = [
            Learning(someone, student, random.Random(chance.random()), ending)
            for someone, student in zip(people, came, strict=True)
        ]
        pool = stack.enter_context(ThreadPoolExecutor(len(working)))
        for future in [pool.submit(one.begin) for one in working]:
            future.result()
        running = [pool.submit(one.work) for one in working]
        httpx.post(f"{world.lms}/_control/behaviour", json=SLOW, timeout=20).raise_for_status()
        try:
            for number in range(rounds):
                for process in range(WEBS + WORKERS):
                    time.sleep(chance.uniform(0.3, 1.5))
                    world.restart(process, kill=(process + number) % 2 == 0)
        finally:
            ending.set()
        for future in running:
            future.result()
        stopped = time.monotonic()
        httpx.post(f"{world.lms}/_control/reset", json={}, timeout=20).raise_for_status()
        wanted = {student.login: expected(student, STEPS + 1) for student in came}
        while last_of(scores := scores_of(world)) != wanted or _arrived(teacher, progress) < len(came):
            if time.monotonic() > stopped + PATIENCE_SECONDS:
                break
            time.sleep(0.5)
        late = time.monotonic() - stopped
        for one in working:
            one.look_again()
        return Came(seed, came, scores, _arrived(teacher, progress), rounds * (WEBS + WORKERS), late)


def _arrived(teacher: Someone, progress: str) -> int:
    """For how many students the teacher's page says that the score is in the gradebook."""
    found: int = until(lambda: arrived(teacher, progress), 60)
    return found
