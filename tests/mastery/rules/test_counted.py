"""n of m and in a row, worked by hand, and what is missing against trying out everything."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.mastery.rules import InARow, NOfM, Standing, say, say_fall
from lti_tool.mastery.rules.counted import right_in, to_go
from tests.mastery.rules.observing import SCALE, answers, day, judge, judged, seen, standing


@pytest.mark.parametrize(
    ("n", "m", "pattern", "reached"),
    [
        (3, 5, "", Standing.NOT_STARTED),
        (3, 5, "-", Standing.STARTED),
        (3, 5, "R", Standing.STARTED),
        (3, 5, "RR", Standing.DEVELOPING),
        (3, 5, "R-R-R", Standing.SECURE),
        (3, 5, "R--R-R", Standing.DEVELOPING),
        (3, 5, "RRR----", Standing.SECURE),
        (1, 1, "-R", Standing.SECURE),
        (8, 10, "RRRRRRR", Standing.DEVELOPING),
        (8, 10, "RRRR--RRRR", Standing.SECURE),
        (8, 10, "RRRR---RRRR", Standing.DEVELOPING),
    ],
)
def test_n_of_the_last_m(n: int, m: int, pattern: str, reached: Standing) -> None:
    assert standing(NOfM(n, m), answers(pattern)) is reached


@pytest.mark.parametrize(
    ("n", "pattern", "reached"),
    [
        (3, "RR", Standing.DEVELOPING),
        (3, "RR-RR", Standing.DEVELOPING),
        (3, "RR-RRR", Standing.SECURE),
        (3, "RRR-", Standing.SECURE),
        (5, "RR-RR", Standing.STARTED),
        (5, "RRR--", Standing.DEVELOPING),
        (10, "RRRRRRRRRR", Standing.SECURE),
    ],
)
def test_n_in_a_row(n: int, pattern: str, reached: Standing) -> None:
    assert standing(InARow(n), answers(pattern)) is reached


def test_first_attempts_and_whole_scores_count_and_help_does_not() -> None:
    rule = NOfM(2, 3)
    assert standing(rule, answers("RR", first=False)) is Standing.STARTED
    assert standing(rule, [seen(0, 9, 10, whole=True), seen(1, 9, 10, whole=True)]) is Standing.SECURE
    assert standing(rule, [judged(0, Standing.SECURE), judged(1, Standing.MASTERED)]) is Standing.SECURE
    assert standing(rule, [judged(0, Standing.DEVELOPING), judged(1, Standing.DEVELOPING)]) is Standing.STARTED


def test_whole_scores_for_several_need_one_answer_of_this_competency() -> None:
    rule = NOfM(3, 4)
    shared = [seen(number, whole=True, shared=True) for number in range(4)]
    judgement = judge(rule, shared)
    assert judgement.standing is Standing.DEVELOPING
    assert say(judgement.missing or judgement.because) == (
        "For Secure: a right result that counts for this competency alone."
    )
    assert standing(rule, [*shared, seen(5)]) is Standing.SECURE


def test_an_answer_whose_question_counts_for_several_counts() -> None:
    assert standing(NOfM(2, 2), answers("RR", shared=True)) is Standing.SECURE


def test_what_it_reaches_can_be_mastered() -> None:
    rule = NOfM(2, 2, Standing.MASTERED)
    history = answers("RR")
    assert standing(rule, history) is Standing.MASTERED
    failed = judge(rule, [*history, seen(5, 0, mixed=True)])
    assert failed.standing is Standing.SECURE
    assert failed.fell is not None
    assert say_fall(failed.fell, SCALE, day(6)) == (
        "It was Mastered until March 13; an answer in a review was not right yet, which costs one level."
    )
    assert say(failed.because).startswith("Secure: one level lower since March 13, 2026; 0 of your last 1 right")


def test_in_a_row_says_what_it_counts() -> None:
    judgement = judge(InARow(3), answers("R-RR"), now=4)
    assert say(judgement.because) == "Developing: 2 right in a row, the latest on March 11."
    assert judgement.missing is not None
    assert say(judgement.missing) == "For Secure: 1 more right answer."


@pytest.mark.parametrize("wrong", [(0, 1), (2, 1), (1, 51), (-1, 5)], ids=str)
def test_wrong_parameters_are_refused(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="n of m"):
        NOfM(*wrong)
    with pytest.raises(ValueError, match="n of m"):
        NOfM(2, 3, Standing.DEVELOPING)


@pytest.mark.parametrize("wrong", [0, 51])
def test_wrong_lengths_are_refused(wrong: int) -> None:
    with pytest.raises(ValueError, match="in a row"):
        InARow(wrong)


@settings(deadline=None)
@given(
    window=st.text("R-", max_size=5),
    n_and_m=st.tuples(st.integers(1, 5), st.integers(1, 5)).filter(lambda pair: pair[0] <= pair[1]),
)
def test_what_is_missing_is_right_by_trying_everything(window: str, n_and_m: tuple[int, int]) -> None:
    n, m = n_and_m
    window = window[-m:]

    def reaches(after: str) -> bool:
        return any(right_in((window + after[:length])[-m:]) >= n for length in range(len(after) + 1))

    right, of_next = to_go(window, n, m)
    if reaches(""):
        assert right == 0
        return
    assert reaches("R" * right)
    assert not reaches("R" * (right - 1))
    for length in range(right, m + 1):
        everywhere = all(reaches("".join(tail)) for tail in product("R-", repeat=length) if tail.count("R") == right)
        assert everywhere == (length <= of_next)
