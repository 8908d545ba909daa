"""The simulated classes of ``benchmarks/paths`` are what they say, and the product's path keeps its promises in them."""

import random
from dataclasses import replace

import pytest

from benchmarks.paths.classes import WAYS, simulate
from benchmarks.paths.courses import Subject
from benchmarks.paths.worlds import WORLDS, Assumed
from lti_tool.playlists.planning.base import Item, Settings
from tests.playlists.planning.made import course, thing

EDGES = ((1, 2), (1, 3), (2, 4), (3, 4))
SHORT = Assumed(minutes=60.0)


def subject() -> Subject:
    """Four competencies with three pages, an exercise, a task and a quiz each."""
    items: list[Item] = []
    for number in range(1, 5):
        kinds = [("teaches", "page")] * 3 + [("practises", "exercise"), ("assesses", "task"), ("assesses", "quiz")]
        for does, kind in kinds:
            items.append(replace(thing(len(items), (number, does), kind=kind), minutes=10))
    return Subject("small", course("abcd", EDGES, items), tuple(items), EDGES)


@pytest.mark.parametrize("world", WORLDS)
def test_the_path_chooses_nothing_with_an_unmet_prerequisite(world: str) -> None:
    tally = simulate(WORLDS[world], subject(), "personal", 5, SHORT, Settings(length=2), students=6)
    assert tally.steps > 100
    assert tally.scored > 0
    assert tally.unmet_by_evidence == 0


def test_a_fixed_order_does() -> None:
    tally = simulate(WORLDS["strengths"], subject(), "fixed order", 5, SHORT, Settings(), students=6)
    assert tally.unmet_by_evidence > 0


@pytest.mark.parametrize("way", WAYS)
def test_the_same_seed_gives_the_same_class(way: str) -> None:
    made = [
        simulate(WORLDS["components"], subject(), way, seed, Assumed(), Settings(length=2), students=4)
        for seed in (5, 5, 6)
    ]
    assert made[0] == made[1] != made[2]


def test_every_way_teaches_the_same_students() -> None:
    kind = WORLDS["strengths"]
    first, second = (kind(subject(), SHORT, 9) for _ in range(2))
    assert [first.pupil().state for _ in range(3)] == [second.pupil().state for _ in range(3)]


@pytest.mark.parametrize("world", WORLDS)
def test_truth_moves_as_described(world: str) -> None:
    """Work teaches, nights take away, and what is answered more often stays longer."""
    made = WORLDS[world](subject(), Assumed(speed=0.0), 3)
    pupils = [made.pupil() for _ in range(40)]
    quiz = made.subject.items[5]

    def known() -> float:
        return sum(made.mastery(pupil, 1) for pupil in pupils)

    begun = known()
    for item in made.subject.items[:6]:
        for pupil in pupils:
            made.learn(pupil, item)
    learned = known()
    assert learned > begun + 2
    for pupil in pupils:
        made.night(pupil)
        made.night(pupil)
    assert known() < learned
    chance = random.Random(1)
    right = sum(sum(made.answers(pupil, quiz, chance)) for pupil in pupils for _ in range(20))
    expected = sum(made.expected(pupil, quiz) for pupil in pupils) * 20 * 5
    assert right == pytest.approx(expected, rel=0.05)
