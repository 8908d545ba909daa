"""The ladder of reviews, and credit for harder work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.mastery import rules
from lti_tool.mastery.rules import Credited, Harder, NOfM, Review, Standing, practises, with_credit
from tests.mastery.rules.observing import answers, day, judge, seen

RULE = NOfM(2, 2)
SECURE = answers("RR")
"""Secure on day 1."""


def review(*more: rules.Observation) -> Review:
    return judge(RULE, [*SECURE, *more]).review


def test_the_first_review_is_a_day_after_secure() -> None:
    assert review() == Review(0, day(2))
    assert judge(RULE, answers("R-")).review_due_at is None


def test_reviews_passed_on_time_climb_1_3_7_14_30_60() -> None:
    passed, at, found = [], 1, []
    for days in (1, 3, 7, 14, 30, 60, 60):
        at += days
        found.append(review(*passed).due_at)
        assert found[-1] == day(at)
        passed.append(seen(at))
    assert review(*passed) == Review(5, day(at + 60))


def test_a_right_answer_before_it_is_due_moves_the_date_and_not_the_step() -> None:
    assert review(seen(2), seen(3)) == Review(1, day(6))


def test_a_wrong_answer_when_it_is_due_is_a_step_back() -> None:
    assert review(seen(2), seen(5), seen(12, 0)) == Review(1, day(15))
    assert review(seen(2), seen(5)) == Review(2, day(12))
    # Before it is due an ordinary wrong answer moves nothing.
    assert review(seen(2), seen(5), seen(6, 0)) == Review(2, day(12))
    assert review(seen(2, 0)) == Review(0, day(3))


def test_a_failed_review_costs_the_level_and_a_step_that_stays_lost() -> None:
    failed = judge(RULE, [*SECURE, seen(2), seen(5), seen(12, 0, mixed=True)])
    assert failed.standing is Standing.DEVELOPING
    assert failed.review == Review(1, None)
    again = judge(RULE, [*SECURE, seen(2), seen(5), seen(12, 0, mixed=True), seen(13), seen(14)])
    assert again.standing is Standing.SECURE
    assert again.review == Review(1, day(17))


def test_help_and_missing_dates_move_no_review() -> None:
    assert review(seen(9, first=False)) == Review(0, day(2))
    assert review(seen(9, dated=False)) == Review(0, day(2))


def test_harder_work_gives_credit_by_its_distance() -> None:
    due = Review(2, day(10))
    assert with_credit(due, []) == Credited(day(10))
    assert with_credit(due, [Harder(day(9))]) == Credited(day(16), Harder(day(9)))
    assert with_credit(due, [Harder(day(9), distance=2)]) == Credited(day(12.5), Harder(day(9), 2))
    assert with_credit(due, [Harder(day(1))]) == Credited(day(10))
    assert with_credit(due, [Harder(day(9)), Harder(day(8))]) == Credited(day(16), Harder(day(9)))
    assert with_credit(Review(2), [Harder(day(9))]) == Credited(None)
    # Both lead to the same date; the later one is told.
    assert with_credit(due, [Harder(day(9)), Harder(day(12.5), 2)]) == Credited(day(16), Harder(day(12.5), 2))


@given(
    step=st.integers(0, 5),
    due=st.integers(0, 90),
    harder=st.lists(st.builds(Harder, st.integers(0, 90).map(day), st.integers(1, 3)), max_size=6),
)
def test_credit_only_ever_moves_a_date_later_and_knows_no_order(step: int, due: int, harder: list[Harder]) -> None:
    review = Review(step, day(due))
    found = with_credit(review, harder)
    assert found == with_credit(review, list(reversed(harder)))
    assert found.due_at is not None
    assert found.due_at >= day(due)
    assert (found.harder is None) == (found.due_at == day(due))
    # One more never makes it earlier, and what is taken away again leaves what was there.
    for place in range(len(harder)):
        fewer = with_credit(review, harder[:place] + harder[place + 1 :]).due_at
        assert fewer is not None
        assert fewer <= found.due_at


def test_only_right_first_answers_with_a_date_practise() -> None:
    assert practises(seen(1))
    assert not practises(seen(1, 0))
    assert not practises(seen(1, first=False))
    assert not practises(seen(1, dated=False))
    assert practises(seen(1, first=False, whole=True))


@pytest.mark.parametrize("step", range(6))
def test_the_days(step: int) -> None:
    from lti_tool.mastery.rules.reviews import interval

    assert interval(step).days == (1, 3, 7, 14, 30, 60)[step]
