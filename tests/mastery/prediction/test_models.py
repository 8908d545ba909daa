"""Each model against figures worked by hand, or published by another implementation."""

import math
import random

import pytest

from lti_tool.mastery.prediction import (
    DEFAULT,
    MODELS,
    Elo,
    Hybrid,
    KnowledgeTracing,
    Observation,
    PerformanceFactors,
    Recency,
    default,
    version_due,
)

RIGHT = Observation("ann", "c", 1, "i")
WRONG = Observation("ann", "c", 0, "i")


def test_elo_moves_both_sides_by_the_surprise() -> None:
    model = Elo()
    shared, learner = model.new_shared(), model.new_learner()
    assert model.update(shared, learner, RIGHT) == 0.5
    # K(0) is 1.04 in all, 0.31 in the competency, 0.5 for its difficulty, 0.84 for the item's; the surprise is one half.
    assert learner == {"all": [pytest.approx(0.52), 1], "in": {"c": [pytest.approx(0.155), 1]}}
    assert shared["competencies"] == {"c": [pytest.approx(-0.25), 1]}
    assert shared["items"] == {"i": [pytest.approx(-0.42), 1]}
    # 0.52 + 0.155 + 0.25 + 0.42 = 1.345, and 1 / (1 + exp(-1.345)) = 0.79331.
    assert model.predict(shared, learner, "c", "i") == pytest.approx(0.7933110, abs=1e-7)
    # Wrong now surprises by -0.79331; K(1) is 1.04 / 1.114, 0.31 / 1.046, 0.5 / 1.05 and 0.84 / 1.105.
    model.update(shared, learner, WRONG)
    assert learner["all"] == [pytest.approx(-0.2206135, abs=1e-7), 2]
    assert learner["in"]["c"] == [pytest.approx(-0.0801113, abs=1e-7), 2]
    assert shared["competencies"]["c"] == [pytest.approx(0.1277671, abs=1e-7), 2]
    assert shared["items"]["i"] == [pytest.approx(0.1830599, abs=1e-7), 2]


def test_an_item_that_nobody_has_answered_stands_at_its_competencys_difficulty() -> None:
    for model in (Elo(), Hybrid()):
        shared, learner = model.new_shared(), model.new_learner()
        model.update(shared, learner, WRONG)
        assert model.predict(shared, learner, "c", "new") == model.predict(shared, learner, "c", None)
        assert model.predict(shared, learner, "c", "i") < model.predict(shared, learner, "c", "new")


def test_knowledge_tracing_follows_bayes() -> None:
    """OATutor's defaults, 0.1 for each: L = 0.55 after a right answer, 0.1109890 after a wrong one (its own formula)."""
    model = KnowledgeTracing(known=0.1, learn=0.1, slip=0.1, guess=0.1, forget=0.0)
    shared, learner = model.new_shared(), model.new_learner()
    assert model.update(shared, learner, RIGHT) == pytest.approx(0.18)
    assert learner["in"]["c"] == pytest.approx(0.55)  # 0.09 / 0.18 = 0.5, and half of the rest times 0.1.
    assert model.predict(shared, learner, "c") == pytest.approx(0.54)
    learner = model.new_learner()
    model.update(shared, learner, WRONG)
    assert learner["in"]["c"] == pytest.approx(1 / 82 + (81 / 82) * 0.1)  # 0.01 / 0.82


def test_knowledge_tracing_forgets_a_share_of_what_is_known() -> None:
    model = KnowledgeTracing(known=0.5, learn=0.2, slip=0.2, guess=0.3, forget=0.1)
    shared, learner = model.new_shared(), model.new_learner()
    assert model.update(shared, learner, RIGHT) == pytest.approx(0.55)
    after = 0.4 / 0.55
    assert learner["in"]["c"] == pytest.approx(after * 0.9 + (1 - after) * 0.2)


def test_knowledge_tracing_predicts_what_pybkt_predicts() -> None:
    """pyBKT 1.4.3 with forgetting, given the same five numbers, predicted these to five decimals (benchmarks/mastery)."""
    model = KnowledgeTracing(known=0.35, learn=0.15, slip=0.12, guess=0.22, forget=0.05)
    for answers, published in (
        ((1, 0, 1, 1, 0, 1), (0.451, 0.67959, 0.4567, 0.68387, 0.79652, 0.591)),
        ((0, 0, 1, 1, 1, 1), (0.451, 0.35939, 0.33989, 0.56732, 0.75, 0.81649)),
        ((1, 1, 1, 0, 1, 1), (0.451, 0.67959, 0.7951, 0.82821, 0.65887, 0.78793)),
    ):
        predicted = model.run(model.new_shared(), [Observation("ann", "c", float(answer)) for answer in answers])
        assert predicted == pytest.approx(published, abs=6e-6)


def test_half_the_points_lie_between_right_and_wrong() -> None:
    model = KnowledgeTracing()
    shared = model.new_shared()
    known = []
    for share in (0, 0.5, 1):
        learner = model.new_learner()
        model.update(shared, learner, Observation("ann", "c", share))
        known.append(learner["in"]["c"])
    assert known[1] == pytest.approx((known[0] + known[2]) / 2)


def test_performance_factors_take_logarithms_of_counts() -> None:
    model = PerformanceFactors()
    shared, learner = model.new_shared(), model.new_learner()
    for answer in (RIGHT, RIGHT, WRONG):
        model.update(shared, learner, answer, learn=False)
    assert learner["in"] == {"c": [2, 1]}
    # 0.2 + 0.7 ln 3 - 0.5 ln 2 = 0.622455
    assert model.predict(shared, learner, "c") == pytest.approx(0.6507767, abs=1e-7)


def test_performance_factors_learn_along_the_gradient() -> None:
    model = PerformanceFactors()
    shared, learner = model.new_shared(), model.new_learner()
    p = model.update(shared, learner, RIGHT)
    assert p == pytest.approx(1 / (1 + math.exp(-0.2)))
    assert shared["competencies"]["c"] == [pytest.approx(0.2 + 0.2 * (1 - p)), 0.7, -0.5, 1]


def test_recency_by_hand() -> None:
    model = Recency()
    shared, learner = model.new_shared(), model.new_learner()
    # Nothing is known: the base 0.2, and 0.3 less at the first answer.
    assert model.update(shared, learner, RIGHT) == pytest.approx(0.4750208, abs=1e-7)
    assert learner == {"all": [pytest.approx(0.05)], "in": {"c": [0.35, 0.1, 1, 0]}}
    # 0.2 + 0.03 s + 0.4 · 0.35 + 0.4 · 0.1 + 0.2 ln 2 + 0.8 · 0.05 + 0.3 s with the surprise s = 0.5249792.
    assert model.predict(shared, learner, "c") == pytest.approx(0.6752161, abs=1e-7)


def test_the_hybrid_by_hand() -> None:
    model = Hybrid()
    shared, learner = model.new_shared(), model.new_learner()
    noon = 1.75e9
    # Nothing is known: the base 0.3, and 0.45 less at the first answer.
    assert model.update(shared, learner, RIGHT._replace(at=noon)) == pytest.approx(0.4625702, abs=1e-7)
    surprise = 0.5374298
    assert learner["all"] == [pytest.approx(0.9 * surprise, abs=1e-6), 1, 0.16]
    assert learner["in"]["c"] == [pytest.approx(0.6 * surprise, abs=1e-6), 1, 0.5, noon]
    assert shared["competencies"]["c"] == [pytest.approx(-0.38 * surprise, abs=1e-6), 1, 0.0]
    assert shared["items"]["i"] == [pytest.approx(-0.6 * surprise, abs=1e-6), 1]
    step = 0.02 * surprise
    assert shared["weights"] == pytest.approx([0.3 + step, 0.25, 0.17, 0.33, 0.62, -0.45 + step, -0.06, 1.0], abs=1e-6)
    # 0.3 + 0.02 s + 0.25 · 0.9 s + 0.17 · 0.6 s + 0.33 · 0.5 + 0.62 · 0.16 + 0.38 s + 0.6 s = 1.277369
    assert model.predict(shared, learner, "c", "i", noon) == pytest.approx(0.7820017, abs=1e-7)
    # An hour later 0.06 ln 2 less.
    assert model.predict(shared, learner, "c", "i", noon + 3600) == pytest.approx(0.7748287, abs=1e-7)


def test_items_that_tell_nothing_lose_their_say() -> None:
    """Whether the answer is right has nothing to do with the item, so that whatever items seem to say is chance."""
    chance = random.Random(3)
    answers = [
        Observation(str(n % 60), "c", float(chance.random() < 0.7), str(chance.randrange(2000))) for n in range(12_000)
    ]
    model = Hybrid()
    assert model.fit(answers)["weights"][7] < 0.35
    hard = {str(number): chance.gauss(0, 1) for number in range(200)}
    items = chance.choices(list(hard), k=12_000)
    told = [
        Observation(str(n % 60), "c", float(chance.random() < 1 / (1 + math.exp(hard[item] - 1))), item)
        for n, item in enumerate(items)
    ]
    assert model.fit(told)["weights"][7] > 0.8


def test_what_is_known_from_other_courses_is_drawn_towards_the_average() -> None:
    model = Hybrid()
    others = [
        {"all": [1.0, 30, 0.9], "in": {"c": [0.8, 10, 1.0, 5.0], "d": [0.4, 20, 1.0, 5.0]}},
        {"all": [-0.5, 10, 0.0], "in": {"c": [0.2, 10, 0.0, None]}},
    ]
    seeded = model.seed(others)
    assert seeded["all"] == [(30 - 5) / (40 + 10), 10, 0.0]
    assert seeded["in"] == {"c": [pytest.approx(10 / 30), 0, 0.0, None], "d": [pytest.approx(8 / 30), 0, 0.0, None]}
    shared = model.new_shared()
    assert model.predict(shared, seeded, "c") > model.predict(shared, model.new_learner(), "c")
    assert model.seed([]) == model.new_learner()
    assert model.seed([model.new_learner()]) == model.new_learner()


def test_fitting_finds_the_numbers_that_made_the_answers() -> None:
    """Expectation-maximisation on answers that follow the model's own assumptions."""
    chance = random.Random(5)
    known, learn, slip, guess, forget = 0.3, 0.25, 0.08, 0.2, 0.05
    answers = []
    for learner in range(600):
        knows = chance.random() < known
        for _ in range(12):
            right = chance.random() < (1 - slip if knows else guess)
            answers.append(Observation(str(learner), "c", float(right)))
            knows = chance.random() < (1 - forget if knows else learn)
    model = KnowledgeTracing(rounds=60, most_answers=10_000)
    found = model.fit(answers)["competencies"]["c"]
    assert found == pytest.approx([known, learn, slip, guess, forget], abs=0.05)


def test_the_default_is_one_of_the_models() -> None:
    assert default().name == DEFAULT
    assert list(MODELS) == ["hybrid", "elo", "bkt", "pfa", "recency"]


def test_versions_become_rarer_as_answers_become_more() -> None:
    made, then = [], 0
    for now in range(1, 10_001):
        if version_due(then, now):
            made.append(now)
            then = now
    assert made[:5] == [20, 25, 31, 38, 47]
    assert sum(made) < 5 * 10_000 * 1.02
