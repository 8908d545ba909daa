"""What a column about mastery says: levels, each worth some points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.mastery import grading_forms, grading_rules
from lti_tool.mastery.grading_rules import Counting, of_one, overall, owed
from lti_tool.mastery.rules import default_scale
from lti_tool.web.forms import Entered

SCALE = default_scale()
USUAL = grading_rules.counting(SCALE, grading_rules.usual_points(SCALE, 100), 100, latest=True, of_all=False)
SECURE, STARTED, DEVELOPING = [3, "secure", None], [1, "started", None], [2, "developing", None]


def test_levels_are_worth_what_is_usual_until_somebody_says_otherwise() -> None:
    assert USUAL.points == {"started": 40, "developing": 60, "secure": 85, "mastered": 100}
    assert USUAL.ranks == (0, 40, 60, 85, 100)
    assert grading_rules.usual_points(SCALE, 20) == {"started": 8, "developing": 12, "secure": 17, "mastered": 20}


def test_a_level_of_another_scale_is_worth_what_it_stands_for() -> None:
    assert of_one(USUAL, [3, "meets", None]) == 85


def test_who_has_no_level_is_owed_nothing() -> None:
    assert of_one(USUAL, None) is None
    assert overall(USUAL, {}, [1, 2]) is None
    assert owed(USUAL, None, 60) is None


def test_the_mean_is_over_what_is_begun_or_over_all() -> None:
    standings = {"1": SECURE, "2": STARTED, "9": SECURE}
    assert overall(USUAL, standings, [1, 2, 3]) == 62.5
    of_all = Counting(USUAL.points, USUAL.ranks, of_all=True)
    assert overall(of_all, standings, [1, 2, 3]) == 41.67
    assert overall(of_all, standings, [4, 5]) is None


def test_the_best_takes_nothing_away_and_the_latest_does() -> None:
    best = Counting(USUAL.points, USUAL.ranks, latest=False)
    assert (owed(best, 40, 85), owed(best, 85, 40), owed(best, 40, None)) == (85, 85, 40)
    assert owed(USUAL, 40, 85) == 40


@given(
    st.dictionaries(st.sampled_from(["started", "developing", "secure", "mastered"]), st.floats(0, 1000), min_size=4),
    st.booleans(),
    st.booleans(),
)
def test_how_it_counts_survives_being_kept(points: dict[str, float], latest: bool, of_all: bool) -> None:
    made = grading_rules.counting(SCALE, points, 1000, latest=latest, of_all=of_all)
    assert Counting.from_json(made.to_json()) == made


@given(st.dictionaries(st.integers(1, 6).map(str), st.sampled_from([SECURE, STARTED, DEVELOPING])), st.booleans())
def test_a_mean_lies_between_nothing_and_the_best_level(standings: dict[str, list[object]], of_all: bool) -> None:
    counting = Counting(USUAL.points, USUAL.ranks, of_all=of_all)
    found = overall(counting, standings, list(range(1, 7)))
    worths = [counting.worth(brief) for brief in standings.values()]
    assert (found is None) == (not worths)
    if found is not None:
        assert 0 <= found <= max(worths)
        assert of_all or found >= min(worths)


def _form(**other: str) -> Entered:
    said = {"label": "Halves", "maximum": "20", "points-0": "20", "points-1": "17,5", "points-2": "12", "points-3": "0"}
    return Entered(said | other)


def test_a_form_is_read() -> None:
    found = grading_forms.read(_form(counts="best", over="all"), SCALE)
    assert found is not None
    assert (found.label, found.maximum, found.latest, found.of_all) == ("Halves", 20, False, True)
    assert found.points == {"mastered": 20, "secure": 17.5, "developing": 12, "started": 0}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", ""),
        ("maximum", "0"),
        ("maximum", ""),
        ("maximum", "10001"),
        ("maximum", "nan"),
        ("points-1", "21"),
        ("points-1", "-1"),
        ("points-1", ""),
        ("points-1", "inf"),
        ("points-2", "18"),
    ],
)
def test_what_needs_attention_is_said_at_its_field(field: str, value: str) -> None:
    entered = _form(**{field: value})
    assert grading_forms.read(entered, SCALE) is None
    assert field in entered.errors
