"""Students at work through the product's own pages while its processes are replaced: every last score stands in the LMS."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import new_database
from tests.processes.restarts import Came, play
from tests.processes.story import say
from tests.processes.worlds import Deployed

pytestmark = pytest.mark.processes

LEASE = 9.0


@pytest.fixture(scope="module")
def came(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Came]:
    """The story of two web processes and two workers, each replaced once."""
    given = os.environ.get("LTI_TOOL_TEST_SEED")
    seed = int(given) if given else random.SystemRandom().randrange(10**6)
    say(f"LTI_TOOL_TEST_SEED={seed}")
    folder: Path = tmp_path_factory.mktemp("restarts")
    world = Deployed(folder, new_database(postgresql_url, f"restarts_{os.urandom(4).hex()}"), lease=LEASE)
    try:
        world.begin()
        found = play(world, 1, seed)
        say(str(found))
        # A worker that is told to end in the middle of a delivery cancels it, which the queue's library logs as what it is.
        lines = [line for line in world.log.read_text("utf-8").splitlines() if "Traceback" in line]
        assert [line[:5000] for line in lines if "asyncio.exceptions.CancelledError" not in line] == []
        yield found
    finally:
        world.stop()


def test_every_last_score_stands_in_the_gradebook_and_the_teacher_is_told(came: Came) -> None:
    assert came.missing() == [], came.seed
    assert came.said == len(came.students)


def test_what_was_answered_is_there(came: Came) -> None:
    assert came.contradictions == []
    for student in came.students:
        assert {step for step, done in student.done.items() if done} == student.meant, (came.seed, student.login)
    assert sum(student.took_check for student in came.students) == len(came.students) - 1


def test_no_score_goes_back(came: Came) -> None:
    assert came.out_of_order() == 0, came.seed
