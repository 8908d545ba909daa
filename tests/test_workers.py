"""What the third worker of a run may take, and what it leaves to the others."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from xdist.remote import Producer

from tests.workers import BESIDE, PATIENT, ByScope, patient

STORY = "tests/browser/test_story.py::test_one"
AT_ONCE = "tests/grades/test_faults.py::test_two_at_once"
QUIET = [f"tests/lti/test_{name}.py::test_one" for name in ("first", "second")]


@dataclass(eq=False)
class Worker:
    """Takes what it is given, and ends when it is told so."""

    name: str
    taken: list[int] = field(default_factory=list)
    shutting_down: bool = False

    @property
    def gateway(self) -> SimpleNamespace:
        return SimpleNamespace(id=self.name)

    def send_runtest_some(self, places: list[int]) -> None:
        self.taken += places

    def shutdown(self) -> None:
        self.shutting_down = True


def distributed(tests: list[str], told: list[str] | None) -> dict[str, list[str]]:
    """Who has taken what at the end, where the first worker has told the third what is patient."""
    config: Any = SimpleNamespace(
        getvalue=lambda name: ["3*popen"],
        option=SimpleNamespace(loadscopereorder=False),
        cache=None if told is None else SimpleNamespace(get=lambda name, default: told if name == PATIENT else default),
    )
    scheduler = ByScope(config, Producer("scheduler", enabled=False))
    workers: list[Any] = [Worker(name) for name in ("gw0", "gw1", BESIDE)]
    for worker in workers:
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, tests)
    scheduler.schedule()
    done = {worker.name: 0 for worker in workers}
    while any(done[worker.name] < len(worker.taken) for worker in workers):
        for worker in workers:
            if done[worker.name] < len(worker.taken):
                done[worker.name] += 1
                scheduler.mark_test_complete(worker, worker.taken[done[worker.name] - 1])
    assert scheduler.tests_finished
    assert all(worker.shutting_down for worker in workers)
    return {worker.name: [tests[place] for place in worker.taken] for worker in workers}


def test_a_file_is_patient_where_nothing_in_it_depends_on_time() -> None:
    beside = AT_ONCE.replace("two_at_once", "one")
    marked = [(STORY, False), (beside, False), (AT_ONCE, True), *((name, False) for name in QUIET)]
    assert patient(marked) == ["tests/lti/test_first.py", "tests/lti/test_second.py"]


def test_the_third_worker_takes_only_what_is_patient_and_nothing_is_left() -> None:
    tests = [STORY, AT_ONCE, *QUIET]
    taken = distributed(tests, patient((name, name == AT_ONCE) for name in tests))
    assert sorted(name for names in taken.values() for name in names) == sorted(tests)
    assert taken[BESIDE]
    assert set(taken[BESIDE]) <= set(QUIET)


def test_it_takes_nothing_where_nobody_has_told_it_what_is_patient() -> None:
    for told in (None, []):
        taken = distributed([STORY, AT_ONCE, *QUIET], told)
        assert taken[BESIDE] == []
        assert len([*taken["gw0"], *taken["gw1"]]) == 4
