"""``kill -9`` at any moment: nothing that was answered is lost, no score is missing, none goes back in time.

The worlds live side by side and are killed for themselves; most of their time they wait for leases to end.
"""

import contextlib
import os
import random
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.databases import new_database
from tests.processes import story
from tests.processes.story import NEVER_BEGINS, Ending, expected, play, say
from tests.processes.worlds import Apart
from tests.servers import Demo

pytestmark = pytest.mark.processes

WORLDS = {
    # Tool and LMS die together, as in a demo.
    "demo-sqlite": (Demo, "sqlite", 4, False),
    "demo-postgresql": (Demo, "postgresql", 4, False),
    # The tool dies alone; the LMS goes on with what it was asked. On SQLite first of all while it makes the column.
    "apart-sqlite": (Apart, "sqlite", 3, True),
    "apart-postgresql": (Apart, "postgresql", 4, False),
}


@pytest.fixture(scope="module")
def endings(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Ending]]]:
    """Every world's story, begun at once."""
    given = os.environ.get("LTI_TOOL_TEST_SEED")
    seed = int(given) if given else random.SystemRandom().randrange(10**6)
    say(f"LTI_TOOL_TEST_SEED={seed}")
    # Asked for by four threads at once, the folder above the worlds' would be made several times over.
    tmp_path_factory.getbasetemp()
    with ThreadPoolExecutor(len(WORLDS)) as pool, contextlib.ExitStack() as stack:

        def run(name: str) -> Ending:
            kind, database, kills, column_is_cut_off = WORLDS[name]
            url = None
            if database == "postgresql":
                url = new_database(postgresql_url, f"kill_{os.urandom(4).hex()}")
            world: Demo | Apart = kind(tmp_path_factory.mktemp(name), url)
            stack.callback(world.stop)
            if isinstance(world, Apart):
                world.begin()
            else:
                world.start()
            ending = play(world, kills, seed, column_is_cut_off=column_is_cut_off)
            say(f"{name}: {ending}")
            complaints = [line for line in world.log.read_text("utf-8").splitlines() if "Traceback" in line]
            assert not complaints, world.log.read_text("utf-8")[-5000:]
            return ending

        yield {name: pool.submit(run, name) for name in WORLDS}


@pytest.fixture(params=WORLDS)
def ending(request: pytest.FixtureRequest, endings: dict[str, Future[Ending]]) -> Ending:
    name: str = request.param
    return endings[name].result()


def test_the_story_was_worth_telling(ending: Ending) -> None:
    assert len(ending.kills) >= 4
    assert all(student.answered for student in ending.students)
    assert sum(student.cut_off for student in ending.students) > 0
    assert {expected(student) for student in ending.students} >= {0.0, float(story.POINTS)}


def test_every_step_that_was_answered_is_done(ending: Ending) -> None:
    assert [one for student in ending.students for one in student.contradictions] == []
    for student in ending.students:
        assert {step for step, done in student.done.items() if done} == student.meant, (ending.seed, student.login)


def test_every_final_score_stands_in_the_gradebook(ending: Ending) -> None:
    wanted = {student.login: f"{expected(student):g}" for student in ending.students}
    assert ending.shown == wanted | {NEVER_BEGINS: None}, ending.seed
    assert ending.teacher_says == len(ending.students), "the teacher's page does not say so"


def test_the_score_accepted_last_is_the_final_one(ending: Ending) -> None:
    last = {student.login: ending.of(student.login)[-1]["score_given"] for student in ending.students}
    assert last == {student.login: expected(student) for student in ending.students}, ending.seed


def test_no_score_goes_back_in_time(ending: Ending) -> None:
    for student in ending.students:
        moments = [one["timestamp"] for one in ending.of(student.login)]
        assert moments == sorted(set(moments)), (ending.seed, student.login)
    assert [one for one in ending.scores if one["answer"] != 200] == [], "the LMS had to refuse a score"


def test_who_never_began_has_no_score(ending: Ending) -> None:
    assert ending.of(NEVER_BEGINS) == []


def test_the_column_is_made_once(ending: Ending) -> None:
    assert ending.columns == 1
    assert len({one["line_item"] for one in ending.scores}) == 1
