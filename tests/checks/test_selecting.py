"""What is asked: orders and draws by a seed, abilities from answers, the next question, difficulties learned."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.checks import ability, selecting
from lti_tool.checks.ability import Given, Item
from lti_tool.checks.models import Selection
from tests.checks import asked

IDS = [f"q{number}" for number in range(20)]


def bank(count: int, competencies: int = 1, guess: float = 0.0) -> list[Item]:
    chance = random.Random(7)
    return [Item(f"q{n}", chance.gauss(0, 1.3), guess, (f"c{n % competencies}",)) for n in range(count)]


# --- Draws ------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**31), st.integers(1, 25), st.booleans())
def test_a_draw_is_a_part_of_the_questions_and_the_same_for_a_seed(seed: int, count: int, mixed: bool) -> None:
    drawn = selecting.drawn(IDS, Selection.RANDOM, count, seed, mixed=mixed)
    assert drawn == selecting.drawn(IDS, Selection.RANDOM, count, seed, mixed=mixed)
    assert len(drawn) == len(set(drawn)) == min(count, len(IDS))
    assert set(drawn) <= set(IDS)
    if not mixed:
        assert drawn == [one for one in IDS if one in drawn]


def test_all_are_asked_in_order_or_mixed() -> None:
    assert selecting.drawn(IDS, Selection.ALL, None, 1, mixed=False) == IDS
    mixed = selecting.drawn(IDS, Selection.ALL, 3, 1, mixed=True)
    assert sorted(mixed) == sorted(IDS) and mixed != IDS  # noqa: PT018
    assert mixed != selecting.drawn(IDS, Selection.ALL, 3, 2, mixed=True)


def test_with_fewer_than_ten_questions_an_adaptive_check_asks_all() -> None:
    assert selecting.drawn(IDS[:9], Selection.ADAPTIVE, 3, 1, mixed=False) == IDS[:9]
    assert selecting.drawn(IDS[:10], Selection.ADAPTIVE, 3, 1, mixed=False) == []


def test_draws_differ_between_students_and_every_question_comes_up() -> None:
    seen = [tuple(selecting.drawn(IDS, Selection.RANDOM, 5, seed, mixed=False)) for seed in range(200)]
    assert len(set(seen)) > 100
    assert {one for draw in seen for one in draw} == set(IDS)


@given(st.integers(0, 2**31))
def test_what_is_to_be_ordered_never_stands_in_order(seed: int) -> None:
    question = asked.order()
    shown = selecting.arranged(question, seed, "q")
    assert sorted(one.id for one in shown) == sorted(one.id for one in question.choices)
    assert shown != question.choices
    assert shown == selecting.arranged(question, seed, "q")


# --- Ability ----------------------------------------------------------------------------------------------------------


def test_before_any_answer_nothing_is_known() -> None:
    found = ability.estimate([], ["a", "b"])
    assert found.means == {"a": 0.0, "b": 0.0}
    assert found.deviations["a"] == pytest.approx(1.0)


def test_answers_in_one_competency_say_something_of_the_others_but_less() -> None:
    given_ = [Given(Item(f"q{n}", 0.0, 0.0, ("a",)), 1.0) for n in range(6)]
    found = ability.estimate(given_, ["a", "b"])
    assert found.means["a"] > found.means["b"] > 0.3
    assert found.deviations["a"] < found.deviations["b"] < 1.0


def test_the_estimate_is_the_most_likely_one() -> None:
    """Against a search over a grid, with one competency: the two parts together are one normal prior of variance 1."""
    items = bank(8, guess=0.2)
    answers = [Given(item, share) for item, share in zip(items, [1, 0, 1, 1, 0, 0.5, 1, 0], strict=True)]

    def likely(where: float) -> float:
        total = -where * where / 2
        for answer in answers:
            right = ability.chance(where, answer.item)
            total += answer.share * math.log(right) + (1 - answer.share) * math.log(1 - right)
        return total

    best = max((step / 1000 for step in range(-4000, 4000)), key=likely)
    assert ability.estimate(answers, ["c0"]).means["c0"] == pytest.approx(best, abs=0.002)


@given(st.lists(st.tuples(st.integers(0, 11), st.floats(0, 1)), max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing_and_more_answers_never_make_it_less_certain(
    drawn: list[tuple[int, float]], chance: random.Random
) -> None:
    items = bank(12, competencies=3, guess=0.25)
    answers = [Given(items[number], share) for number, share in drawn]
    found = ability.estimate(answers, ["c0", "c1", "c2"])
    mixed = ability.estimate(chance.sample(answers, len(answers)), ["c0", "c1", "c2"])
    for one in ("c0", "c1", "c2"):
        assert math.isfinite(found.means[one])
        assert found.means[one] == pytest.approx(mixed.means[one], abs=1e-4)
        assert found.deviations[one] <= 1.0 + 1e-9


# --- The next question ------------------------------------------------------------------------------------------------


def play(items: list[Item], truth: float, count: int | None = None) -> list[Given]:
    given_: list[Given] = []
    chance = random.Random(3)
    while (found := selecting.next_one(items, given_, count, seed=5)) is not None:
        item = next(one for one in items if one.id == found)
        given_.append(Given(item, float(chance.random() < ability.chance(truth, item))))
    return given_


def test_it_ends_when_it_is_certain_or_the_count_is_reached_and_asks_nothing_twice() -> None:
    items = bank(40)
    given_ = play(items, 0.5)
    assert len({answer.item.id for answer in given_}) == len(given_)
    assert ability.estimate(given_, ["c0"]).deviations["c0"] <= selecting.CERTAIN
    assert ability.estimate(given_[:-1], ["c0"]).deviations["c0"] > selecting.CERTAIN
    assert len(play(items, 0.5, count=4)) == 4
    assert len(play(bank(10, guess=0.25), 0.5)) == 10


def test_each_competency_becomes_certain() -> None:
    given_ = play(bank(90, competencies=3), 0.0, count=60)
    found = ability.estimate(given_, ["c0", "c1", "c2"])
    assert max(found.deviations.values()) <= selecting.CERTAIN
    counts = [sum(f"c{n}" in answer.item.competencies for answer in given_) for n in range(3)]
    assert max(counts) - min(counts) <= 2


def test_strong_and_weak_students_are_asked_other_questions_and_within_reach() -> None:
    items = bank(60)
    weak, strong = play(items, -1.5), play(items, 1.5)
    mean = [sum(answer.item.difficulty for answer in some) / len(some) for some in (weak, strong)]
    assert mean[0] < mean[1] - 0.8
    for number in range(1, len(strong)):
        before = ability.estimate(strong[:number], ["c0"])
        right = ability.chance(before.of(strong[number].item), strong[number].item)
        assert 0.45 <= right <= 0.9


def test_two_students_with_the_same_answers_need_not_be_asked_the_same() -> None:
    items = [Item(f"q{n}", -0.01 * n) for n in range(12)]
    assert len({selecting.next_one(items, [], 5, seed) for seed in range(30)}) > 3


def test_it_ends_before_what_is_beyond_the_student_once_a_few_answers_say_so() -> None:
    items = [Item(f"q{n}", 1.5) for n in range(12)]
    wrong = [Given(item, 0.0) for item in items]
    least = selecting.ENOUGH_TO_END
    assert not any(selecting.is_beyond(items, wrong[:n], items[n].id) for n in range(least))
    assert selecting.is_beyond(items, wrong[:least], items[least].id)
    right = [Given(item, 1.0) for item in items]
    assert not selecting.is_beyond(items, right[:least], items[least].id)


@given(st.floats(0, 1), st.integers(1, 8))
def test_a_share_is_told_as_answers_that_say_the_same(share: float, answers: int) -> None:
    told = ability.told_as(share, answers)
    assert len(told) == answers
    assert abs(sum(told) - share * answers) <= 0.5 + 1e-6
    assert told[0] == (sum(told) >= answers / 2)
    # Spread evenly: any two that are as long differ by one at most.
    for length in range(1, answers + 1):
        counts = {sum(told[begin : begin + length]) for begin in range(answers - length + 1)}
        assert max(counts) - min(counts) <= 1


def test_four_of_five_stand_for_seven_tenths_and_more() -> None:
    assert [sum(ability.told_as(share, 5)) for share in (0.69, 0.7, 0.89, 0.9)] == [3, 4, 4, 5]


# --- Difficulty -------------------------------------------------------------------------------------------------------


def test_difficulties_are_found_from_first_answers() -> None:
    chance = random.Random(11)
    truth = {f"q{n}": value for n, value in enumerate((-2.0, -1.0, 0.0, 1.0, 2.0))}
    known, counts = dict.fromkeys(truth, 0.0), dict.fromkeys(truth, 0)
    for _ in range(400):
        student = chance.gauss(0, 1)
        given_ = [
            Given(Item(one, known[one]), float(chance.random() < ability.sigmoid(student - hard)))
            for one, hard in truth.items()
        ]
        for answer, others in zip(given_, ability.without_each(given_), strict=True):
            one = answer.item.id
            known[one] = ability.learned(answer.item, counts[one], others, answer.share)
            counts[one] += 1
    assert sorted(known, key=lambda one: known[one]) == sorted(truth)
    assert max(abs(known[one] - truth[one]) for one in truth) < 0.7


@given(st.floats(-6, 6), st.integers(0, 10**6), st.floats(-8, 8), st.floats(0, 1))
def test_a_difficulty_stays_in_its_bounds_and_moves_the_right_way(
    difficulty: float, answers: int, where: float, share: float
) -> None:
    item = Item("q", difficulty)
    after = ability.learned(item, answers, where, share)
    assert -ability.FARTHEST <= after <= ability.FARTHEST
    expected = ability.chance(where, item)
    if share > expected:
        assert after <= difficulty
    elif share < expected:
        assert after >= difficulty
