"""Zones of success and what is said of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.mastery.prediction import Zone, fit, in_words, zone


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.3, "far"), (0.599, "far"), (0.6, "stretch"), (0.85, "stretch"), (0.851, "easy"), (0.99, "easy")],
)
def test_the_stretch_is_between_60_and_85_percent(p: float, expected: str) -> None:
    assert zone(p) is Zone(expected)


@pytest.mark.parametrize(
    ("p", "expected"), [(0.0, 0), (0.3, 0.5), (0.6, 1), (0.7, 1), (0.85, 1), (0.925, 0.5), (1.0, 0)]
)
def test_fit_falls_in_straight_lines(p: float, expected: float) -> None:
    assert fit(p) == pytest.approx(expected)


@given(st.floats(0, 1))
def test_words_hold_no_number_and_differ_by_zone(p: float) -> None:
    for for_teacher in (False, True):
        sentence = in_words(p, for_teacher=for_teacher)
        assert not re.search(r"\d|%", sentence)
    assert len({in_words(p) for p in (0.1, 0.7, 0.95)}) == 3
