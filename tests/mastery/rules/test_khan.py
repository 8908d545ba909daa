"""Khan Academy's ladder, rule by rule."""

import pytest

from lti_tool.mastery import rules
from lti_tool.mastery.rules import KhanLadder, Standing, say, say_fall
from tests.mastery.rules.observing import SCALE, answers, day, judge, seen, standing

RULE = KhanLadder()
NONE, ATTEMPTED, FAMILIAR, PROFICIENT, MASTERED = Standing

TO: dict[Standing, list[rules.Observation]] = {
    NONE: [],
    ATTEMPTED: [seen(0, 5, 10, whole=True)],
    FAMILIAR: [seen(0, 7, 10, whole=True)],
    PROFICIENT: [seen(0, 10, 10, whole=True)],
    MASTERED: [seen(0, 10, 10, whole=True), seen(1, mixed=True)],
}
"""The shortest way to each level."""


@pytest.mark.parametrize(
    ("before", "percent", "after"),
    [
        (NONE, 69, ATTEMPTED),
        (NONE, 70, FAMILIAR),
        (NONE, 99, FAMILIAR),
        (NONE, 100, PROFICIENT),
        (ATTEMPTED, 70, FAMILIAR),
        (ATTEMPTED, 100, PROFICIENT),
        (FAMILIAR, 100, PROFICIENT),
        (FAMILIAR, 80, FAMILIAR),
        (FAMILIAR, 69, ATTEMPTED),
        (PROFICIENT, 99, FAMILIAR),
        (PROFICIENT, 20, FAMILIAR),
        (PROFICIENT, 100, PROFICIENT),
        (MASTERED, 100, MASTERED),
        (MASTERED, 70, PROFICIENT),
        (MASTERED, 69, FAMILIAR),
    ],
)
def test_an_exercise(before: Standing, percent: int, after: Standing) -> None:
    assert standing(RULE, TO[before]) is before
    assert standing(RULE, [*TO[before], seen(5, percent, 100, whole=True)]) is after


@pytest.mark.parametrize(
    ("before", "right", "after"),
    [
        (NONE, 1, FAMILIAR),
        (ATTEMPTED, 1, FAMILIAR),
        (FAMILIAR, 1, PROFICIENT),
        (PROFICIENT, 1, MASTERED),
        (MASTERED, 1, MASTERED),
        (NONE, 0, ATTEMPTED),
        (ATTEMPTED, 0, ATTEMPTED),
        (FAMILIAR, 0, ATTEMPTED),
        (PROFICIENT, 0, FAMILIAR),
        (MASTERED, 0, PROFICIENT),
    ],
)
def test_a_mixed_answer(before: Standing, right: int, after: Standing) -> None:
    assert standing(RULE, [*TO[before], seen(5, right, mixed=True)]) is after


def test_single_answers_make_exercises() -> None:
    assert standing(RULE, answers("RRR")) is ATTEMPTED
    assert standing(RULE, answers("RRRR")) is PROFICIENT
    assert standing(RULE, answers("RRR-")) is FAMILIAR
    assert standing(RULE, answers("RR--")) is ATTEMPTED
    assert standing(RULE, answers("RRRR--")) is PROFICIENT
    assert standing(RULE, answers("RRRRRRR-")) is FAMILIAR
    assert standing(KhanLadder(exercise=2), answers("R-RR")) is PROFICIENT
    assert standing(RULE, answers("RRRR", first=False)) is ATTEMPTED


def test_practice_alone_never_masters() -> None:
    assert standing(RULE, answers("R" * 40)) is PROFICIENT


def test_a_whole_score_for_several_lifts_nobody_above_familiar() -> None:
    assert standing(RULE, [seen(0, 1, whole=True, shared=True)]) is FAMILIAR
    assert standing(RULE, [*TO[PROFICIENT], seen(1, 1, whole=True, shared=True)]) is PROFICIENT
    assert standing(RULE, [*TO[PROFICIENT], seen(1, 1, whole=True, shared=True, mixed=True)]) is PROFICIENT


def test_its_demotions_say_why() -> None:
    exercise = judge(RULE, [*TO[MASTERED], seen(5, 1, 10, whole=True)])
    assert exercise.fell is not None
    assert (
        say_fall(exercise.fell, SCALE, day(6))
        == "It was Mastered until March 13; there were mistakes in your exercise."
    )
    mixed = judge(RULE, [*TO[MASTERED], seen(5, 0, mixed=True)])
    assert mixed.fell is not None
    assert mixed.fell.code == "mixed"


def test_what_it_says() -> None:
    assert say(judge(RULE, answers("RR"), now=2).because) == (
        "Started: 2 of the 4 answers of your first exercise, the latest on March 9."
    )
    judgement = judge(RULE, TO[FAMILIAR], now=2)
    assert say(judgement.because) == "Developing: 70 % right in your latest exercise, the latest on March 8."
    assert judgement.missing is not None
    assert say(judgement.missing) == "For Secure: an exercise without a mistake, or a right answer in mixed work."
    mastered = judge(RULE, TO[PROFICIENT]).missing
    assert mastered is not None
    assert say(mastered) == "For Mastered: a right answer in mixed work."


def test_an_exercise_has_answers() -> None:
    with pytest.raises(ValueError, match="1 to 50"):
        KhanLadder(exercise=0)
