"""Formula rules: Canvas's own examples, hand-worked tables, and Canvas's formulas written down a second time."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.mastery import rules
from lti_tool.mastery.rules import (
    CanvasDecayingAverage,
    CanvasNMastery,
    CanvasWeightedAverage,
    Highest,
    Latest,
    Mean,
    Rule,
    Standing,
    canvas_scale,
    say,
    say_fall,
)
from tests.mastery.rules.observing import SCALE, day, judge, judged, seen, standing

FIVE = canvas_scale(
    [
        {"description": "Exceeds", "points": 5},
        {"description": "Meets", "points": 3},
        {"description": "Below", "points": 0},
    ],
    3,
)
"""Canvas's default for a single outcome: 5, 3 and 0 points, mastery at 3."""


def of_five(*scores: object) -> list[rules.Observation]:
    return [seen(place, score, 5) for place, score in enumerate(scores)]


def value(rule: Rule, *scores: object) -> Decimal | None:
    return judge(rule, of_five(*scores), scale=FIVE).value


def test_canvas_s_own_example_of_the_weighted_average() -> None:
    """5 × .65 + 2.5 × .35 = 4.125, which Canvas rounds to 4.13."""
    judgement = judge(CanvasWeightedAverage(65), of_five(1, 2, 3, 4, 5), scale=FIVE)
    assert judgement.value == Decimal("4.13")
    assert judgement.share == Decimal("0.826")


def test_the_decaying_average_of_the_same_scores() -> None:
    """1, then 1.65, 2.5275, 3.484625, 4.46961875: rounded only when shown."""
    rule = CanvasDecayingAverage(65)
    so_far = [value(rule, *range(1, last + 1)) for last in range(1, 6)]
    assert so_far == [Decimal(text) for text in ("1.00", "1.65", "2.53", "3.48", "4.47")]


@pytest.mark.parametrize(
    ("rule", "scores", "expected"),
    [
        (Highest(), (1, 4, 2), "4.00"),
        (Latest(), (1, 4, 2), "2.00"),
        (Mean(), (1, 4, 2), "2.33"),
        (Mean(), ("4.12", "4.13"), "4.13"),
        (CanvasWeightedAverage(65), (3,), "3.00"),
        (CanvasWeightedAverage(65), (3, 5), "4.30"),
        (CanvasWeightedAverage(50), (2, 4, 5), "4.00"),
        (CanvasWeightedAverage(99), (0, 5), "4.95"),
        (CanvasDecayingAverage(50), (2, 4, 5), "4.00"),
        (CanvasDecayingAverage(99), (0, 5), "4.95"),
        (CanvasNMastery(3, Decimal(3)), (3, 1, 4, 2, 5), "4.00"),
        (CanvasNMastery(3, Decimal(3)), (3, 4, 4), "3.67"),
        (CanvasNMastery(2, Decimal(3)), ("2.99", 3), None),
        (CanvasNMastery(2, Decimal(3)), (5,), None),
        (CanvasNMastery(1), (1, "2.99", 3), "3.00"),
    ],
    ids=str,
)
def test_by_hand(rule: Rule, scores: tuple[object, ...], expected: str | None) -> None:
    assert value(rule, *scores) == (None if expected is None else Decimal(expected))


def test_thirds_are_thirds() -> None:
    """1/3 and 2/3 of 4 points are 2 points on average, not a hair less."""
    assert judge(Mean(), [seen(0, 1, 3), seen(1, 2, 3)]).value == Decimal("2.00")
    assert judge(Mean(), [seen(0, 1, 3), seen(1, 2, 3)]).standing is Standing.DEVELOPING


def _half_up(exact: Fraction) -> Decimal:
    return (Decimal(int(exact * 100 * 10**12)) / 10**12).quantize(Decimal(1), ROUND_HALF_UP) / 100


scores = st.lists(st.integers(0, 500), min_size=1, max_size=12)


@settings(deadline=None)
@given(hundredths=scores, w=st.integers(1, 99))
def test_the_weighted_average_is_canvas_s_formula(hundredths: list[int], w: int) -> None:
    given_scores = [Fraction(number, 100) for number in hundredths]
    *before, newest = given_scores
    exact = newest if not before else Fraction(w, 100) * newest + (1 - Fraction(w, 100)) * sum(before) / len(before)
    found = value(CanvasWeightedAverage(w), *(Decimal(number) / 100 for number in hundredths))
    assert found == _half_up(exact)


@settings(deadline=None)
@given(hundredths=scores, r=st.integers(50, 99))
def test_the_decaying_average_is_canvas_s_formula(hundredths: list[int], r: int) -> None:
    exact = Fraction(hundredths[0], 100)
    for number in hundredths[1:]:
        exact = (1 - Fraction(r, 100)) * exact + Fraction(r, 100) * Fraction(number, 100)
    found = value(CanvasDecayingAverage(r), *(Decimal(number) / 100 for number in hundredths))
    assert found is not None
    # Ties alone may differ: they take more digits than anybody writes.
    assert abs(found - _half_up(exact)) <= Decimal("0.01")
    if (exact * 1000) % 10 != 5:
        assert found == _half_up(exact)


@settings(deadline=None)
@given(hundredths=scores, n=st.integers(1, 10), mastery=st.integers(0, 500))
def test_n_mastery_is_canvas_s_formula(hundredths: list[int], n: int, mastery: int) -> None:
    kept = [Fraction(number, 100) for number in hundredths if number >= mastery]
    expected = _half_up(sum(kept, Fraction(0)) / len(kept)) if len(kept) >= n else None
    assert (
        value(CanvasNMastery(n, Decimal(mastery) / 100), *(Decimal(number) / 100 for number in hundredths)) == expected
    )


# --- Levels ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "reached"),
    [
        ("0", Standing.STARTED),
        ("49.87", Standing.STARTED),
        # 49.875 % are 1.995 of 4 points, which is 2.00 to two decimals: the level is that of the value shown.
        ("49.875", Standing.DEVELOPING),
        ("75", Standing.SECURE),
        ("89.8", Standing.SECURE),
        ("90", Standing.MASTERED),
        ("110", Standing.MASTERED),
    ],
)
def test_a_share_is_at_the_level_of_its_rounded_value(percent: str, reached: Standing) -> None:
    assert standing(Latest(), [seen(0, percent, 100)]) is reached


def test_they_rise_and_fall_and_say_why() -> None:
    judgement = judge(Latest(), [seen(0, 10, 10), seen(3, 6, 10)], now=5)
    assert judgement.standing is Standing.DEVELOPING
    assert judgement.since == day(3)
    assert judgement.fell is not None
    assert judgement.fell.code == "value"
    assert (
        say_fall(judgement.fell, SCALE, day(5)) == "It was Mastered until March 11; your newer results brought it down."
    )
    assert judge(Latest(), [seen(0, 10, 10), seen(3, 6, 10), seen(4, 10, 10)]).fell is None


def test_only_the_mean_reads_the_weight() -> None:
    history = [seen(0, 1, 1, weight=Decimal(3)), seen(1, 0, 1, weight=Decimal(1))]
    assert judge(Mean(), history).value == Decimal("3.00")
    assert judge(CanvasWeightedAverage(50), history).value == Decimal("2.00")
    none = judge(Mean(), [seen(0, 1, 1, weight=Decimal(0))])
    assert (none.value, none.standing) == (None, Standing.STARTED)


def test_help_and_whole_scores_count_as_results() -> None:
    assert judge(Mean(), [seen(0, 1, first=False), seen(1, 0, whole=True)]).value == Decimal("2.00")


def test_a_judgement_is_worth_its_level() -> None:
    assert judge(Mean(), [judged(0, Standing.SECURE), judged(1, Standing.STARTED)]).value == Decimal("2.00")
    assert standing(Latest(), [judged(0, Standing.SECURE)]) is Standing.SECURE


def test_whole_scores_for_several_stop_below_secure_alone() -> None:
    shared = seen(0, 1, whole=True, shared=True)
    judgement = judge(Highest(), [shared])
    assert (judgement.standing, judgement.value) == (Standing.DEVELOPING, Decimal("4.00"))
    assert say(judgement.because).startswith(
        "Developing: 4 of 4 points, only from whole scores that count for several competencies"
    )
    assert standing(Highest(), [shared, seen(1)]) is Standing.MASTERED
    assert standing(Highest(), [shared, seen(1, 0)]) is Standing.DEVELOPING


# --- What is missing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "history", "sentence"),
    [
        (Highest(), [seen(0, 1, 10)], "For Developing: a next result of 50 % or more."),
        (Latest(), [seen(0, 6, 10)], "For Secure: a next result of 75 % or more."),
        (Mean(), [seen(0, 6, 10), seen(1, 7, 10)], "For Secure: a next result of 95 % or more."),
        (
            Mean(),
            [seen(0, 5, 10)] * 1 + [seen(1, 5, 10)],
            "For Secure: 3 of 4 points; one result alone does not get there.",
        ),
        (CanvasWeightedAverage(65), [seen(0, 5, 10)], "For Secure: a next result of 89 % or more."),
        (CanvasDecayingAverage(65), [seen(0, 5, 10)], "For Secure: a next result of 89 % or more."),
        (CanvasNMastery(3), [seen(0, 9, 10)], "For Secure: 2 more results of 3 of 4 points or more."),
        (CanvasNMastery(1), [seen(0, 8, 10)], "For Mastered: a next result of 100 % or more."),
        (Mean(), [], "For Started: a next result of 0 % or more."),
    ],
    ids=str,
)
def test_what_is_missing(rule: Rule, history: list[rules.Observation], sentence: str) -> None:
    missing = judge(rule, history).missing
    assert missing is not None
    assert say(missing) == sentence


@settings(deadline=None, max_examples=200)
@given(
    rule=st.sampled_from(
        [Highest(), Latest(), Mean(), CanvasWeightedAverage(65), CanvasDecayingAverage(65), CanvasNMastery(1)]
    ),
    tenths=st.lists(st.integers(0, 10), max_size=6),
)
def test_the_next_result_that_is_asked_for_is_enough(rule: Rule, tenths: list[int]) -> None:
    history = [seen(place, number, 10) for place, number in enumerate(tenths)]
    judgement = judge(rule, history)
    if judgement.missing is None or judgement.missing.code != "missing.next":
        return
    after = judge(rule, [*history, seen(99, judgement.missing.values["percent"], 100, passing=Decimal(0))])
    assert after.level is not None
    assert after.level.name == judgement.missing.values["level"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: CanvasWeightedAverage(0), "1 to 99"),
        (lambda: CanvasWeightedAverage(100), "1 to 99"),
        (lambda: CanvasDecayingAverage(49), "50 to 99"),
        (lambda: CanvasDecayingAverage(100), "50 to 99"),
        (lambda: CanvasNMastery(0), "1 to 10"),
        (lambda: CanvasNMastery(11), "1 to 10"),
        (lambda: CanvasNMastery(2, Decimal(-1)), "not negative"),
    ],
)
def test_parameters_that_canvas_would_not_take(make: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()  # type: ignore[operator]
