"""Scales: the default, Canvas's and Moodle's own, and what is wrong with others."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from lti_tool.mastery.rules import Icon, Level, NoScale, Scale, Standing, canvas_scale, moodle_default, moodle_scale
from tests.mastery.rules.observing import SCALE

CANVAS_RATINGS = [
    {"description": "Exceeds Mastery", "points": 4, "color": "0374B5"},
    {"description": "Mastery", "points": 3, "color": "0B874B"},
    {"description": "Near Mastery", "points": 2, "color": "FAB901"},
    {"description": "Below Mastery", "points": 1, "color": "D97900"},
    {"description": "No Evidence", "points": 0, "color": "E0061F"},
]
"""Canvas's default proficiency ratings."""

MOODLE_CONFIGURATION = '[{"scaleid":"2"},{"id":2,"scaledefault":1,"proficient":1}]'


def test_the_default_scale() -> None:
    assert SCALE.validate() == []
    assert [(level.name, level.icon.shape, level.standing.rank) for level in SCALE.levels] == [
        ("Mastered", "★", 4),
        ("Secure", "◕", 3),
        ("Developing", "◑", 2),
        ("Started", "◔", 1),
    ]
    assert SCALE.cut().key == "secure"
    assert SCALE.top == 4
    assert SCALE.for_standing(Standing.NOT_STARTED) is None


def test_canvas_s_default() -> None:
    scale = canvas_scale(CANVAS_RATINGS, 3)
    assert scale.validate() == []
    assert [(level.name, level.points, level.threshold, level.colour, level.standing) for level in scale.levels] == [
        ("Exceeds Mastery", 4, 1, "#0374B5", Standing.MASTERED),
        ("Mastery", 3, Decimal("0.75"), "#0B874B", Standing.SECURE),
        ("Near Mastery", 2, Decimal("0.5"), "#FAB901", Standing.DEVELOPING),
        ("Below Mastery", 1, Decimal("0.25"), "#D97900", Standing.STARTED),
        ("No Evidence", 0, 0, "#E0061F", Standing.STARTED),
    ]
    below = scale.for_standing(Standing.STARTED)
    assert below is not None
    assert below.name == "No Evidence"


def test_canvas_s_default_of_one_outcome() -> None:
    scale = canvas_scale(
        [{"description": text, "points": points} for text, points in (("Below", 0), ("Exceeds", 5), ("Meets", 3))],
        "3.0",
    )
    assert scale.validate() == []
    assert [(level.name, level.standing) for level in scale.levels] == [
        ("Exceeds", Standing.MASTERED),
        ("Meets", Standing.SECURE),
        ("Below", Standing.STARTED),
    ]


@pytest.mark.parametrize("top", [3, 7, 9, 13])
def test_points_that_do_not_divide_are_at_their_own_level(top: int) -> None:
    scale = canvas_scale([{"description": str(points), "points": points} for points in range(min(top, 9), -1, -1)], 2)
    for level in scale.levels:
        assert scale.for_value(level.points) is level
        assert scale.for_points(level.points) is level
        assert scale.value_for(level) == level.points


def test_moodle_s_default() -> None:
    scale = moodle_scale("Not yet competent,Competent", MOODLE_CONFIGURATION)
    assert scale.validate() == []
    assert [(level.name, level.points, level.threshold, level.standing) for level in scale.levels] == [
        ("Competent", 2, Decimal("0.75"), Standing.SECURE),
        ("Not yet competent", 1, 0, Standing.STARTED),
    ]
    assert moodle_default(MOODLE_CONFIGURATION) == 2
    assert moodle_default("[]") is None


def test_a_longer_moodle_scale_is_spread_to_the_nearest_value() -> None:
    scale = moodle_scale(
        ["a", "b", "c", "d"], [{"id": 3, "proficient": 1, "scaledefault": 1}, {"id": 4, "proficient": 1}]
    )
    assert scale.validate() == []
    assert [(level.points, level.threshold, level.standing) for level in scale.levels] == [
        (4, Decimal("0.875"), Standing.MASTERED),
        (3, Decimal("0.625"), Standing.SECURE),
        (2, Decimal("0.375"), Standing.DEVELOPING),
        (1, 0, Standing.STARTED),
    ]
    for number in range(1, 5):
        assert scale.for_value(Decimal(number) / 4 * 4).points == number


@pytest.mark.parametrize("count", range(2, 10))
@pytest.mark.parametrize("proficient", [1, 2, 4])
def test_scales_of_any_length_have_an_icon_each(count: int, proficient: int) -> None:
    if proficient >= count:
        return
    scale = moodle_scale(
        [f"value {number}" for number in range(count)],
        [{"id": count - number, "proficient": 1} for number in range(proficient)],
    )
    assert scale.validate() == []


@pytest.mark.parametrize(
    ("names", "configuration", "code"),
    [
        ("a,b", "nonsense", "ratings"),
        ("a,b", "[3]", "ratings"),
        ("a,b", "[]", "proficient"),
        ("a,b,c", [{"id": 1, "proficient": 1}], "proficient"),
        ("a,b,c", [{"id": 1, "proficient": 1}, {"id": 3, "proficient": 1}], "proficient"),
        ("a,b", [{"id": 9, "proficient": 1}], "proficient"),
    ],
    ids=str,
)
def test_what_is_no_moodle_scale(names: str, configuration: str, code: str) -> None:
    with pytest.raises(NoScale) as refused:
        moodle_scale(names, configuration)
    assert refused.value.problem.code == code
    assert refused.value.problem.text


@pytest.mark.parametrize(
    ("ratings", "mastery", "code"),
    [
        ([], 3, "ratings"),
        ([{"points": 3}], 3, "ratings"),
        ([{"description": "x", "points": "many"}], 3, "ratings"),
        ([{"description": "x", "points": "NaN"}], 3, "ratings"),
        ([{"description": "x", "points": 0}], 0, "ratings"),
        (CANVAS_RATINGS, "2.5", "mastery"),
    ],
    ids=str,
)
def test_what_is_no_canvas_scale(ratings: list[dict[str, object]], mastery: object, code: str) -> None:
    with pytest.raises(NoScale) as refused:
        canvas_scale(ratings, str(mastery))
    assert refused.value.problem.code == code


def changed(place: int, **values: object) -> Scale:
    levels = list(SCALE.levels)
    levels[place] = replace(levels[place], **values)  # type: ignore[arg-type]
    return Scale(tuple(levels))


@pytest.mark.parametrize(
    ("scale", "codes"),
    [
        (Scale(()), {"too-few"}),
        (Scale(SCALE.levels[:1]), {"too-few"}),
        (Scale(SCALE.levels * 3), {"too-many"}),
        (Scale(SCALE.levels[:2]), {"nothing-below"}),
        (Scale(SCALE.levels[2:]), {"secure-missing"}),
        (Scale(SCALE.levels[::-1]), {"threshold-order", "points-order", "standing-order", "nothing-below"}),
        (changed(0, key=" "), {"key-missing"}),
        (changed(0, key="secure"), {"key-twice"}),
        (changed(0, name=""), {"name-missing"}),
        (changed(0, name="SECURE "), {"name-twice"}),
        (changed(0, colour="#12345"), {"colour"}),
        (changed(0, colour="red"), {"colour"}),
        (changed(0, icon=Icon.HALF), {"icon-twice"}),
        (changed(0, threshold=Decimal("1.1")), {"threshold-range"}),
        (changed(0, threshold=Decimal("0.75")), {"threshold-order"}),
        (changed(0, points=Decimal(3)), {"points-order"}),
        (changed(3, points=Decimal(-1)), {"points-range"}),
        (changed(0, standing=Standing.DEVELOPING), {"standing-order"}),
        (changed(0, standing=Standing.SECURE), {"secure-twice"}),
        (changed(1, standing=Standing.DEVELOPING), {"secure-missing"}),
        (changed(3, standing=Standing.NOT_STARTED), {"standing-none"}),
    ],
    ids=lambda value: "-".join(sorted(value)) if isinstance(value, set) else "",
)
def test_what_is_wrong_with_a_scale(scale: Scale, codes: set[str]) -> None:
    problems = scale.validate()
    assert {problem.code for problem in problems} == codes
    assert all(problem.text for problem in problems)


def test_a_scale_is_written_and_read_as_json() -> None:
    for scale in (SCALE, canvas_scale(CANVAS_RATINGS, 3)):
        assert Scale.from_json(json.loads(json.dumps(scale.to_json()))) == scale


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "a"},
        {**SCALE.to_json()[0], "standing": "excellent"},
        {**SCALE.to_json()[0], "icon": "heart"},
        {**SCALE.to_json()[0], "threshold": "NaN"},
        {**SCALE.to_json()[0], "points": "many"},
        "nonsense",
    ],
    ids=str,
)
def test_what_is_no_scale_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(NoScale):
        Scale.from_json([wrong])


def test_a_standing_without_a_level_of_its_own_shows_the_next_below() -> None:
    two = moodle_scale("Not yet competent,Competent", MOODLE_CONFIGURATION)
    names = [level.name if (level := two.for_standing(standing)) else None for standing in Standing]
    assert names == [None, "Not yet competent", "Not yet competent", "Competent", "Competent"]
    without_started = Scale(SCALE.levels[:3])
    assert without_started.for_standing(Standing.STARTED) is without_started.levels[2]


def test_levels_above_and_by_key() -> None:
    assert SCALE.above(None) is SCALE.levels[3]
    assert SCALE.above(SCALE.levels[3]) is SCALE.levels[2]
    assert SCALE.above(SCALE.levels[0]) is None
    assert SCALE.by_key("secure") is SCALE.levels[1]
    assert SCALE.by_key("nothing") is None
    assert isinstance(SCALE.levels[0], Level)
