"""Figures on predictions, against values worked by hand."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.mastery.metrics import auc_by_learner, calibration_error, score

PREDICTED = [0.9, 0.8, 0.4, 0.4, 0.2]
HAPPENED = [1.0, 0.0, 1.0, 0.0, 0.0]
LEARNERS = ["ann", "ann", "bob", "bob", "cy"]


def test_all_figures_by_hand() -> None:
    found = score(PREDICTED, HAPPENED, LEARNERS)
    # Of six pairs of right and wrong: 0.9 wins three; 0.4 loses to 0.8, ties with 0.4, beats 0.2.
    assert found.auc == pytest.approx(4.5 / 6)
    assert found.rmse == pytest.approx(math.sqrt((0.01 + 0.64 + 0.36 + 0.16 + 0.04) / 5))
    assert found.log_loss == pytest.approx(
        -(math.log(0.9) + math.log(0.2) + math.log(0.4) + math.log(0.6) + math.log(0.8)) / 5
    )
    # Bins: 0.2 alone (wrong), 0.4 twice (one right), 0.8 (wrong), 0.9 (right): gaps 0.2, 0.2, 0.8, 0.1 in answers.
    assert found.ece == pytest.approx((0.2 + 0.2 + 0.8 + 0.1) / 5)


def test_perfect_and_useless_predictions() -> None:
    assert auc_by_learner([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], ["a", "b", "a", "b"])[0] == 1
    assert auc_by_learner([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1], ["a", "b", "a", "b"])[0] == 0
    assert auc_by_learner([0.5] * 4, [0, 1, 0, 1], ["a", "b", "a", "b"])[0] == 0.5
    assert calibration_error([0.25] * 4, [0, 0, 0, 1]) == pytest.approx(0)
    assert calibration_error([1 - 1e-12], [0]) == pytest.approx(1)


@pytest.mark.parametrize("happened", [[1, 1, 1], [0, 0, 0]])
def test_one_kind_of_answer_has_no_auc(happened: list[float]) -> None:
    found = score([0.2, 0.5, 0.9], happened, ["a", "b", "c"])
    assert found.auc is None
    assert found.auc_interval is None
    assert found.rmse > 0


def test_one_learner_has_an_auc_and_no_interval() -> None:
    auc, interval = auc_by_learner([0.2, 0.9], [0, 1], ["a", "a"])
    assert auc == 1
    assert interval is None


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7]), st.booleans(), st.sampled_from("abcd")), max_size=30))
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[float, bool, str]]) -> None:
    predicted, happened, learners = ([row[k] for row in rows] for k in range(3))
    right = [p for p, y, _ in rows if y]
    wrong = [p for p, y, _ in rows if not y]
    auc, interval = auc_by_learner(predicted, happened, learners)  # type: ignore[arg-type]
    if not right or not wrong:
        assert auc is None
        return
    pairs = [(a > b) + (a == b) / 2 for a in right for b in wrong]
    assert auc == pytest.approx(sum(pairs) / len(pairs))
    if interval is not None:
        assert 0 <= interval[0] <= auc + 1e-12
        assert auc - 1e-12 <= interval[1] <= 1


def test_the_interval_is_that_of_a_bootstrap_over_learners() -> None:
    """Learners differ, so that their answers hang together; drawing learners again and again gives the same spread."""
    chance = random.Random(7)
    by_learner: dict[str, list[tuple[float, float]]] = {}
    for number in range(120):
        base, skill = chance.gauss(0, 1), chance.gauss(1, 0.8)
        answers = []
        for _ in range(chance.randrange(5, 30)):
            shown = base + chance.gauss(0, 1)
            p = 1 / (1 + math.exp(-shown))
            answers.append((p, float(chance.random() < 1 / (1 + math.exp(-skill * shown)))))
        by_learner[str(number)] = answers
    rows = [(p, y, learner) for learner, answers in by_learner.items() for p, y in answers]
    auc, interval = auc_by_learner(*([row[k] for row in rows] for k in range(3)))  # type: ignore[arg-type]
    assert auc is not None
    assert interval is not None
    drawn = []
    for _ in range(400):
        again = [row for learner in chance.choices(list(by_learner), k=120) for row in by_learner[learner]]
        drawn.append(auc_by_learner([p for p, _ in again], [y for _, y in again], ["one"] * len(again))[0])
    drawn.sort()
    assert interval[0] == pytest.approx(drawn[10], abs=0.012)
    assert interval[1] == pytest.approx(drawn[389], abs=0.012)
