"""Roll-up to parents: Moodle's two rules, the lowest, the mean, at least n."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.mastery.rules import (
    PARENT_RULES,
    AllChildren,
    AtLeast,
    Audience,
    Child,
    ChildPoints,
    LowestChild,
    MeanOfChildren,
    MoodlePoints,
    ParentRule,
    Standing,
    canvas_scale,
    parent_rule_from_json,
    say,
)
from tests.mastery.rules.observing import SCALE

NONE, STARTED, DEVELOPING, SECURE, MASTERED = Standing
POINTS = MoodlePoints.from_moodle(
    '{"base":{"points":5},"competencies":[{"id":"a","points":3,"required":1},{"id":"b","points":2,"required":0},'
    '{"id":"c","points":2,"required":0}]}'
)
RULES: tuple[ParentRule, ...] = (AllChildren(), AtLeast(2), POINTS, LowestChild(), MeanOfChildren())


def children(*standings: Standing) -> list[Child]:
    return [Child(key, standing) for key, standing in zip("abcdefgh", standings, strict=False)]


@pytest.mark.parametrize(
    ("rule", "standings", "expected"),
    [
        (AllChildren(), (), NONE),
        (AllChildren(), (NONE, NONE), NONE),
        (AllChildren(), (STARTED, NONE), STARTED),
        (AllChildren(), (SECURE, NONE), DEVELOPING),
        (AllChildren(), (SECURE, DEVELOPING), DEVELOPING),
        (AllChildren(), (SECURE, MASTERED), SECURE),
        (AllChildren(), (MASTERED, MASTERED), SECURE),
        (AtLeast(2), (SECURE, NONE, NONE), DEVELOPING),
        (AtLeast(2), (SECURE, NONE, MASTERED), SECURE),
        # 3 + 2 points are 5, and the required one is among them.
        (POINTS, (SECURE, SECURE, NONE), SECURE),
        # 2 + 2 points are too few.
        (POINTS, (NONE, SECURE, SECURE), DEVELOPING),
        # The required one alone has too few points.
        (POINTS, (MASTERED, NONE, NONE), DEVELOPING),
        (LowestChild(), (MASTERED, SECURE), SECURE),
        (LowestChild(), (MASTERED, MASTERED), MASTERED),
        (LowestChild(), (MASTERED, NONE), STARTED),
        (LowestChild(), (NONE, NONE), NONE),
        # (4 + 3 + 2) / 3 = 3 points.
        (MeanOfChildren(), (MASTERED, SECURE, DEVELOPING), SECURE),
        # (4 + 4 + 3) / 3 = 3.67 points.
        (MeanOfChildren(), (MASTERED, MASTERED, SECURE), SECURE),
        # (3 + 0) / 2 = 1.5 points.
        (MeanOfChildren(), (SECURE, NONE), STARTED),
        # (1 + 0 + 0) / 3 = 0.33 points, and somebody has begun.
        (MeanOfChildren(), (STARTED, NONE, NONE), STARTED),
        (MeanOfChildren(), (NONE, NONE), NONE),
    ],
    ids=str,
)
def test_by_hand(rule: ParentRule, standings: tuple[Standing, ...], expected: Standing) -> None:
    rolled = rule.roll_up(children(*standings), SCALE)
    assert rolled.standing is expected
    assert rolled.level is SCALE.for_standing(expected)


def test_required_children_have_to_be_proficient_whatever_the_points() -> None:
    rule = MoodlePoints(2, (ChildPoints("a", 0, required=True), ChildPoints("b", 2)))
    assert rule.roll_up(children(NONE, SECURE), SCALE).standing is DEVELOPING
    assert rule.roll_up(children(SECURE, SECURE), SCALE).standing is SECURE
    # One that was taken out of the framework since keeps it from being met.
    assert rule.roll_up([Child("b", SECURE)], SCALE).standing is DEVELOPING


def test_points_of_others_than_its_children_do_not_count() -> None:
    assert MoodlePoints(1, (ChildPoints("a", 1),)).roll_up([Child("z", SECURE)], SCALE).standing is DEVELOPING


def test_the_mean_is_rounded_half_up() -> None:
    """Points 4 and 3 and six more: 25 / 8 = 3.125, which is 3.13."""
    rolled = MeanOfChildren().roll_up(children(MASTERED, SECURE, SECURE, SECURE, SECURE, SECURE, SECURE, SECURE), SCALE)
    assert rolled.value == Decimal("3.13")


def test_the_mean_reads_levels_where_several_stand_for_one_rung() -> None:
    scale = canvas_scale(
        [{"description": name, "points": points} for name, points in (("A", 5), ("B", 4), ("C", 2), ("D", 0))], 2
    )
    two = [Child("a", MASTERED, scale.levels[0].key), Child("b", MASTERED, scale.levels[1].key)]
    assert MeanOfChildren().roll_up(two, scale).value == Decimal("4.50")


@pytest.mark.parametrize(
    ("rule", "standings", "because", "missing"),
    [
        (
            AllChildren(),
            (SECURE, STARTED),
            "Developing: 1 of 2 competencies below it are secure.",
            "1 more competency below it has to be secure.",
        ),
        (
            AtLeast(3),
            (SECURE, STARTED),
            "Developing: 1 of 2 competencies below it are secure.",
            "2 more competencies below it have to be secure.",
        ),
        (
            POINTS,
            (NONE, SECURE),
            "Developing: 2 of 5 points from competencies below it that are secure.",
            "1 competency below it that is required has to be secure.",
        ),
        (
            POINTS,
            (SECURE, NONE),
            "Developing: 3 of 5 points from competencies below it that are secure.",
            "2 more points from competencies below it that are secure.",
        ),
        (
            LowestChild(),
            (SECURE, DEVELOPING),
            "Developing: as the lowest of 2 competencies below it.",
            "1 competency below it holds it at this level.",
        ),
        (
            MeanOfChildren(),
            (SECURE, DEVELOPING),
            "Developing: 2.5 of 4 points, the mean of 2 competencies below it.",
            "For Secure: a mean of 3 points, 1 more in all over the competencies below it.",
        ),
    ],
    ids=str,
)
def test_what_they_say(rule: ParentRule, standings: tuple[Standing, ...], because: str, missing: str) -> None:
    rolled = rule.roll_up(children(*standings), SCALE)
    assert say(rolled.because) == because
    assert rolled.missing is not None
    assert say(rolled.missing, Audience.TEACHER) == missing


@settings(deadline=None)
@given(rule=st.sampled_from(RULES), standings=st.lists(st.sampled_from(list(Standing)), max_size=8), data=st.data())
def test_a_child_that_rises_never_lowers_its_parent(
    rule: ParentRule, standings: list[Standing], data: st.DataObject
) -> None:
    before = rule.roll_up(children(*standings), SCALE)
    if not standings:
        assert before.standing is NONE
        return
    place = data.draw(st.integers(0, len(standings) - 1))
    higher = list(standings)
    higher[place] = data.draw(st.sampled_from([standing for standing in Standing if standing >= standings[place]]))
    assert rule.roll_up(children(*higher), SCALE).standing >= before.standing


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_they_can_be_frozen_as_json(rule: ParentRule) -> None:
    assert parent_rule_from_json(json.loads(json.dumps(rule.to_json()))) == rule
    assert PARENT_RULES[rule.kind] is type(rule)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"rule": "lowest"},
        {"rule": "lowest", "version": 2},
        {"rule": "nonsense", "version": 1},
        {"rule": "at-least", "version": 1, "n": 0},
        {"rule": "at-least", "version": 1, "n": "2"},
        {"rule": "at-least", "version": 1, "m": 2},
        {"rule": "points", "version": 1},
    ],
    ids=str,
)
def test_what_is_no_rule_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"rule|child|unknown"):
        parent_rule_from_json(wrong)


@pytest.mark.parametrize("wrong", ["{}", "nonsense", '{"base":{"points":-1}}', '{"base":3}'])
def test_what_is_no_configuration_of_moodle_s_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"configuration|Expecting|negative"):
        MoodlePoints.from_moodle(wrong)
