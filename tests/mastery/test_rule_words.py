"""What rules are said to do, against what they do; contrasts; what is entered for rules and scales."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.mastery import colours, rule_words, rules, source_rules
from lti_tool.mastery import settings_forms as forms
from lti_tool.mastery.rules import Observation, Standing, default_scale
from lti_tool.mastery.rules.scales import canvas_scale
from lti_tool.web.forms import Entered

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
CANVAS = canvas_scale([{"points": points, "description": str(points)} for points in (5, 4, 3, 2, 1)], 3)


def seen(number: int, earned: str, possible: str = "1", *, days: float | None = None, **more: object) -> Observation:
    at = START + timedelta(hours=number) if days is None else START + timedelta(days=days)
    return Observation(str(number), at, at, Decimal(earned), Decimal(possible), item=str(number), **more)  # type: ignore[arg-type]


def standing(rule: rules.Rule, some: list[Observation], scale: rules.Scale | None = None) -> Standing:
    return rules.Criterion(rule, scale or default_scale()).judge(some, START + timedelta(days=400)).standing


def value(rule: rules.Rule, some: list[Observation], scale: rules.Scale) -> Decimal | None:
    return rules.Criterion(rule, scale).judge(some, START + timedelta(days=400)).value


def answers(text: str) -> list[Observation]:
    return [seen(number, "1" if sign == "r" else "0") for number, sign in enumerate(text)]


# --- The examples are true --------------------------------------------------------------------------------------------------


def test_the_ladders_example() -> None:
    assert standing(rules.DefaultLadder(items=5), answers("rwrrr")) is Standing.SECURE
    assert standing(rules.DefaultLadder(items=6), [*answers("rwrrr"), seen(9, "1", days=8.5)]) is Standing.MASTERED


def test_the_examples_of_counting() -> None:
    assert standing(rules.NOfM(3, 4), answers("rwrr")) is Standing.SECURE
    in_a_row = rules.InARow(3)
    assert standing(in_a_row, answers("rrwrr")) < Standing.SECURE
    assert standing(in_a_row, answers("rrwrrr")) is Standing.SECURE


def test_the_examples_of_formulas() -> None:
    results = [seen(number, earned, "100") for number, earned in enumerate(("60", "85", "70"))]
    hundred = rules.Scale(
        (
            rules.Level("high", "High", "#000000", rules.Icon.FULL, Decimal("0.75"), Decimal(100), Standing.SECURE),
            rules.Level("low", "Low", "#111111", rules.Icon.EMPTY, Decimal(0), Decimal(0), Standing.STARTED),
        )
    )
    assert value(rules.Highest(), results, hundred) == 85
    assert value(rules.Latest(), results, hundred) == 70
    assert value(rules.Mean(), results, hundred) == Decimal("71.67")
    heavier = [results[0], seen(1, "85", "100", weight=Decimal(2)), results[2]]
    assert value(rules.Mean(), heavier, hundred) == 75
    points = [seen(number, str(number), "5") for number in range(1, 6)]
    assert value(rules.CanvasWeightedAverage(65), points, CANVAS) == Decimal("4.13")
    steps = [value(rules.CanvasDecayingAverage(65), points[:count], CANVAS) for count in range(1, 6)]
    assert steps == [Decimal(1), Decimal("1.65"), Decimal("2.53"), Decimal("3.48"), Decimal("4.47")]
    four = [seen(number, earned, "5") for number, earned in enumerate(("3", "2", "4", "3"))]
    assert value(rules.CanvasNMastery(3), four, CANVAS) == Decimal("3.33")


def test_khans_example() -> None:
    assert standing(rules.KhanLadder(4), answers("rrrr")) is Standing.SECURE
    assert standing(rules.KhanLadder(4), [*answers("rrrr"), seen(9, "1", mixed=True)]) is Standing.MASTERED


def test_the_example_of_ones_own_judgement() -> None:
    assert standing(rules.TeacherJudgement(), answers("r" * 10)) is Standing.STARTED


def test_the_examples_of_parents() -> None:
    def rolled(rule: rules.ParentRule, *some: Standing) -> Standing:
        children = [rules.Child(str(place), one) for place, one in enumerate(some)]
        return rule.roll_up(children, default_scale()).standing

    secure, developing = Standing.SECURE, Standing.DEVELOPING
    assert rolled(rules.AllChildren(), secure, secure, secure, developing) is developing
    assert rolled(rules.AtLeast(2), secure, secure, developing, developing) is secure
    assert rolled(rules.LowestChild(), Standing.MASTERED, secure, developing) is developing
    assert rolled(rules.MeanOfChildren(), Standing.MASTERED, secure, developing) is secure


# --- What is offered ----------------------------------------------------------------------------------------------------------


def test_every_rule_is_offered_and_can_be_read_back() -> None:
    assert {words.kind for words in rule_words.RULES} == set(rules.RULES)
    # Points for single children need a form of their own; Moodle's come with the framework.
    assert {words.kind for words in rule_words.PARENT_RULES} == set(rules.PARENT_RULES) - {"points"}
    assert rule_words.says(rules.MoodlePoints(3)).startswith("Secure when the competencies below it")
    for kind, words in rule_words.BY_KIND.items():
        if words is rule_words.MOODLE_POINTS:
            continue
        made = rule_words.make(kind, {})
        assert rule_words.read(made.to_json()) == made
        assert rule_words.title(made) == words.title
        assert "%(" not in rule_words.says(made)
        assert rule_words.example(made)


def test_only_what_is_valid_can_be_made() -> None:
    for kind, values in (
        ("n-of-m", {"n": 5, "m": 4}),
        ("in-a-row", {"n": 51}),
        ("nothing", {}),
        ("canvas-decaying-average", {"r": 49}),
    ):
        with pytest.raises(ValueError, match=r".+"):
            rule_words.make(kind, values)


@pytest.mark.parametrize(
    ("values", "made"),
    [
        ({"rule": "usual"}, None),
        ({"rule": "n-of-m", "n-of-m.n": "3", "n-of-m.m": "4"}, rules.NOfM(3, 4)),
        ({"rule": "canvas-weighted-average"}, rules.CanvasWeightedAverage(65)),
        ({"rule": "latest", "n-of-m.n": "99"}, rules.Latest()),
    ],
)
def test_a_rule_is_entered(values: dict[str, str], made: rules.Rule | None) -> None:
    entered = Entered(values)
    assert forms.rule(entered) == made
    assert entered.errors == {}
    assert forms.rule(Entered(forms.rule_fields(made))) == made


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"rule": "nonsense"}, "rule"),
        ({"rule": "points"}, "rule"),
        ({}, "rule"),
        ({"rule": "n-of-m", "n-of-m.n": "5", "n-of-m.m": "4"}, "n-of-m.n"),
        ({"rule": "n-of-m", "n-of-m.n": "0"}, "n-of-m.n"),
        ({"rule": "in-a-row", "in-a-row.n": "three"}, "in-a-row.n"),
        ({"rule": "canvas-weighted-average", "canvas-weighted-average.w": "100"}, "canvas-weighted-average.w"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_at_its_field(values: dict[str, str], field: str) -> None:
    entered = Entered(values)
    assert forms.rule(entered) is None
    assert list(entered.errors) == [field]


@given(
    st.dictionaries(
        st.sampled_from(["rule", "n-of-m.n", "n-of-m.m", "khan.exercise"]),
        st.sampled_from(["n-of-m", "khan", "1", "9", "-3", "x", "٣"]),
    )
)
def test_whatever_is_entered_is_a_rule_or_an_error(values: dict[str, str]) -> None:
    entered = Entered(values)
    made = forms.rule(entered)
    assert made is None or entered.errors == {}


# --- Rules of sources ---------------------------------------------------------------------------------------------------------

CHILD = uuid.UUID(int=7)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, None),
        ({}, None),
        ({"calculation_method": "decaying_average", "calculation_int": 40}, rules.CanvasWeightedAverage(40)),
        ({"calculation_method": "decaying_average"}, rules.CanvasWeightedAverage(65)),
        ({"calculation_method": "weighted_average", "calculation_int": 0}, None),
        ({"calculation_method": "standard_decaying_average", "calculation_int": 75}, rules.CanvasDecayingAverage(75)),
        (
            {"calculation_method": "n_mastery", "calculation_int": 3, "mastery_points": 3.5},
            rules.CanvasNMastery(3, Decimal("3.5")),
        ),
        ({"calculation_method": "n_mastery"}, rules.CanvasNMastery(5)),
        ({"calculation_method": "highest", "ratings": []}, rules.Highest()),
        ({"calculation_method": "latest"}, rules.Latest()),
        ({"calculation_method": "average"}, rules.Mean()),
        ({"calculation_method": "something new"}, None),
        ({"calculation_method": "n_mastery", "calculation_int": "many"}, None),
        ({"moodle": "core_competency\\competency_rule_all", "outcome": "2"}, rules.AllChildren()),
        ({"moodle": "core_competency\\competency_rule_all", "outcome": "0"}, None),
        (
            {
                "moodle": "core_competency\\competency_rule_points",
                "outcome": "2",
                "config": {
                    "base": {"points": 2},
                    "competencies": [
                        {"id": "C1", "points": 1, "required": 1},
                        {"id": "gone", "points": 1, "required": 0},
                    ],
                },
            },
            rules.MoodlePoints(2, (rules.ChildPoints(str(CHILD), 1, required=True),)),
        ),
        ({"moodle": "core_competency\\competency_rule_points", "outcome": "2"}, None),
        ({"moodle": "core_competency\\competency_rule_points", "outcome": "2", "config": "broken"}, None),
        ({"moodle": "another", "outcome": "1"}, None),
    ],
)
def test_rules_of_canvas_and_moodle_are_understood(said: dict[str, object] | None, meant: object) -> None:
    assert source_rules.rule_of(said, {"C1": CHILD}) == meant


# --- Scales -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [default_scale(), CANVAS])
def test_a_scale_that_is_shown_and_sent_is_the_same(scale: rules.Scale) -> None:
    entered = Entered(forms.scale_fields(scale))
    assert forms.scale(entered) == scale
    assert entered.errors == {}


@pytest.mark.parametrize(
    ("different", "field"),
    [
        ({"name-0": "", "name-1": "", "name-2": ""}, "name-0"),
        ({"name-1": "Mastered"}, "name-1"),
        ({"colour-2": "red"}, "colour-2"),
        ({"icon-1": "star"}, "icon-1"),
        ({"threshold-1": "95"}, "threshold-1"),
        ({"threshold-1": "much"}, "threshold-1"),
        ({"points-1": "9"}, "points-1"),
        ({"points-1": ""}, "points-1"),
        ({"standing-1": "developing"}, "standing-0"),
        ({"standing-2": "secure"}, "standing-2"),
    ],
)
def test_what_is_wrong_with_a_scale_is_told_at_its_field(different: dict[str, str], field: str) -> None:
    entered = Entered(forms.scale_fields(default_scale()) | different)
    forms.scale(entered)
    assert field in entered.errors


def test_a_level_can_be_added_and_left_out() -> None:
    fields = forms.scale_fields(default_scale())
    fields |= {
        "name-2": "",
        "name-4": "Seen",
        "colour-4": "#123456",
        "icon-4": "triangle",
        "threshold-4": "0",
        "points-4": "0",
        "standing-4": "started",
        "threshold-3": "10",
    }
    entered = Entered(fields)
    found = forms.scale(entered)
    assert entered.errors == {}
    assert [level.name for level in found.levels] == ["Mastered", "Secure", "Started", "Seen"]
    assert len({level.key for level in found.levels}) == 4


# --- Contrasts ------------------------------------------------------------------------------------------------------------------


def test_contrasts_are_those_of_the_standard() -> None:
    assert colours.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert colours.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert colours.on_white("#FAB901") == pytest.approx(1.74, abs=0.01)
    assert all(colours.on_white(level.colour) >= 4.5 for level in default_scale().levels)


@given(st.integers(0, 0xFFFFFF), st.integers(0, 0xFFFFFF))
def test_a_contrast_is_from_1_to_21_and_the_same_both_ways(one: int, other: int) -> None:
    first, second = f"#{one:06X}", f"#{other:06X}"
    assert 1 <= colours.contrast(first, second) <= 21.0001
    assert colours.contrast(first, second) == colours.contrast(second, first)
