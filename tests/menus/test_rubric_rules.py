"""What a rubric's marks are worth."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.menus.ready_rubrics import CRITERIA, LEVELS, MEETS, levels
from lti_tool.menus.rules import rubrics
from lti_tool.menus.rules.rubrics import Level, Wrong, amount, as_json, is_met, of_json, passing_percent, share, wrong


def some(*points: str) -> list[Level]:
    return [Level(f"L{place}", "", Decimal(one)) for place, one in enumerate(points)]


@st.composite
def scales(draw: st.DrawFn) -> tuple[list[Level], int]:
    cents = draw(st.lists(st.integers(0, 100_000), min_size=2, max_size=6, unique=True))
    found = some(*(str(Decimal(one) / 100) for one in sorted(cents)))
    return found, draw(st.integers(1, len(found) - 1))


@given(scales())
def test_right_are_exactly_the_levels_from_the_one_that_meets_it(scale: tuple[list[Level], int]) -> None:
    found, meets = scale
    assert wrong(found, meets) is None
    passing = Decimal(str(passing_percent(found, meets))) / 100
    for at, level in enumerate(found):
        # As evidence is judged: earned points at the passing mark's share of the possible ones, or above.
        assert (level.points >= passing * found[-1].points) == is_met(meets, at)


@given(scales())
def test_a_higher_level_is_worth_more_and_the_best_is_worth_all(scale: tuple[list[Level], int]) -> None:
    found, _ = scale
    shares = [share(found, at) for at in range(len(found))]
    assert all(one < other for one, other in pairwise(shares))
    assert shares[-1] == 1
    assert shares[0] >= 0


@given(scales())
def test_what_is_kept_is_what_was_written(scale: tuple[list[Level], int]) -> None:
    assert list(of_json(as_json(scale[0]))) == scale[0]


@pytest.mark.parametrize(
    ("found", "meets", "why"),
    [
        (some("1"), 0, Wrong.COUNT),
        (some("1", "2", "3", "4", "5", "6", "7"), 1, Wrong.COUNT),
        ([Level(" "), Level("B", "", Decimal(1))], 1, Wrong.TITLE),
        (some("-1", "2"), 1, Wrong.POINTS),
        (some("1", "1000.01"), 1, Wrong.POINTS),
        (some("1", "NaN"), 1, Wrong.POINTS),
        (some("1", "1.005"), 1, Wrong.POINTS),
        (some("2", "2"), 1, Wrong.ORDER),
        (some("1", "2"), 0, Wrong.MEETS),
        (some("1", "2"), 2, Wrong.MEETS),
        (some("0", "2"), 1, None),
    ],
)
def test_what_cannot_be_levels(found: list[Level], meets: int, why: Wrong | None) -> None:
    assert wrong(found, meets) is why


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (" 2,5 ", Decimal("2.5")),
        ("3", Decimal(3)),
        ("", None),
        ("two", None),
        ("1e9", None),
        ("NaN", None),
        ("-1", None),
    ],
)
def test_points_as_people_write_them(written: str, value: Decimal | None) -> None:
    assert amount(written) == value


def test_the_ready_made_one_can_be_used() -> None:
    assert len(LEVELS) == 4
    for one in CRITERIA:
        made = levels(one, str)
        assert wrong(made, MEETS) is None
        assert all(level.description for level in made)
        assert [rubrics.is_met(MEETS, at) for at in range(4)] == [False, False, True, True]
