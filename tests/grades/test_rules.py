"""The pure rules of delivery, by example and by property."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.grades import rules
from lti_tool.grades.models import ColumnState, Delivery
from lti_tool.grades.rules import Next, Standing
from lti_tool.grades.words import STANDINGS, TROUBLES, words_for

MOMENTS = st.timedeltas(timedelta(), timedelta(days=7000)).map(lambda since: datetime(2020, 1, 1, tzinfo=UTC) + since)
STEPS = st.sampled_from([timedelta(milliseconds=1), timedelta(seconds=1), timedelta(microseconds=1)])
SHARES = st.floats(0, 1)


@given(MOMENTS, MOMENTS, STEPS)
def test_the_next_timestamp_is_strictly_later_even_when_cut_to_the_platforms_step(
    last: datetime, now: datetime, step: timedelta
) -> None:
    timestamp = rules.next_timestamp(last, now, step)
    assert timestamp > last

    def cut(moment: datetime) -> timedelta:
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // step * step

    assert cut(timestamp) > cut(last)
    assert cut(timestamp) == timestamp - datetime(1970, 1, 1, tzinfo=UTC)


@given(MOMENTS, MOMENTS, STEPS)
def test_the_next_timestamp_is_ahead_of_the_present_only_as_far_as_it_must_be(
    last: datetime, now: datetime, step: timedelta
) -> None:
    timestamp = rules.next_timestamp(last, now, step)
    if timestamp > now:
        assert last + step >= timestamp
    else:
        assert now - timestamp < step
    assert now - step < rules.next_timestamp(None, now, step) <= now


@given(st.integers(1, 10_000), SHARES, st.none() | st.timedeltas(timedelta(), timedelta(hours=12)))
def test_backoff_stays_between_what_was_asked_for_and_the_limit(
    failures: int, chance: float, retry_after: timedelta | None
) -> None:
    least = retry_after or timedelta()
    wait = rules.backoff(failures, chance, retry_after)
    assert least + rules.BACKOFF_LEAST <= wait <= least + rules.BACKOFF_CAP


def test_backoff_doubles_from_two_seconds_to_a_quarter_of_an_hour() -> None:
    waits = [rules.backoff(failures, 1).total_seconds() for failures in range(1, 13)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_an_absurd_retry_after_is_not_believed() -> None:
    assert rules.backoff(1, 0, timedelta(days=4000)) <= timedelta(days=1, seconds=1)
    assert rules.backoff(1, 0, timedelta(days=-1)) == rules.BACKOFF_LEAST


@given(st.text(max_size=20) | st.sampled_from(sorted(TROUBLES)), st.integers(1, 10_000))
def test_what_is_temporary_is_never_given_up_and_what_is_permanent_always_in_the_end(code: str, failures: int) -> None:
    assert rules.after_failure(code, temporary=True, failures=failures) is Next.TRY_AGAIN
    if code != rules.UNEXPECTED:
        assert rules.after_failure(code, temporary=False, failures=100) is Next.GIVE_UP


@pytest.mark.parametrize(("code", "tries"), [("not-enrolled", 1), ("line-item-gone", 2), ("no-permission", 6)])
def test_each_permanent_refusal_has_its_own_patience(code: str, tries: int) -> None:
    verdicts = [rules.after_failure(code, temporary=False, failures=number) for number in range(1, tries + 1)]
    assert verdicts == [Next.TRY_AGAIN] * (tries - 1) + [Next.GIVE_UP]


@given(st.floats(0, 1000), st.floats(0.5, 1000), st.floats(0.5, 1000))
def test_a_score_is_found_again_after_the_platform_has_scaled_rounded_and_capped_it(
    points: float, maximum: float, column: float
) -> None:
    shown = min(round(points / maximum * column, 5), column)
    assert rules.same_score(points, maximum, shown, column)


def test_another_score_is_another_score() -> None:
    assert not rules.same_score(5, 10, 60, 100)
    assert not rules.same_score(5, 10, None, 100)
    assert not rules.same_score(0, 10, None, None)
    assert not rules.same_score(0, 10, 0, 0)
    assert rules.same_score(5, 10, 0.5, None)


def test_a_comment_goes_along_when_it_changed_or_would_be_erased() -> None:
    assert rules.comment_to_send("a", None, repeat=False) == "a"
    assert rules.comment_to_send("a", "a", repeat=False) is None
    assert rules.comment_to_send("a", "a", repeat=True) == "a"
    assert rules.comment_to_send(None, "a", repeat=True) is None


def test_how_far_a_student_is_in_the_specifications_words() -> None:
    assert rules.activity_progress(True) == "Completed"
    assert rules.activity_progress(False) == "InProgress"


@pytest.mark.parametrize(
    ("delivery", "trouble", "column", "column_trouble", "pause", "expected"),
    [
        (None, None, ColumnState.MADE, None, None, (Standing.NOTHING_OWED, None)),
        (Delivery.DUE, None, ColumnState.MADE, None, None, (Standing.ON_ITS_WAY, None)),
        (Delivery.DUE, None, ColumnState.WANTED, None, None, (Standing.ON_ITS_WAY, None)),
        (Delivery.DUE, "server-error", ColumnState.MADE, None, None, (Standing.RETRYING, "server-error")),
        (Delivery.DUE, None, ColumnState.MADE, None, "unreachable", (Standing.RETRYING, "unreachable")),
        (Delivery.DUE, None, ColumnState.WANTED, "timed-out", None, (Standing.RETRYING, "timed-out")),
        (Delivery.DUE, None, ColumnState.REFUSED, "no-permission", None, (Standing.REFUSED, "no-permission")),
        (Delivery.REFUSED, "not-enrolled", ColumnState.MADE, None, None, (Standing.REFUSED, "not-enrolled")),
        (Delivery.DELIVERED, None, ColumnState.REFUSED, "line-item-gone", None, (Standing.DELIVERED, None)),
    ],
)
def test_how_a_score_stands(
    delivery: Delivery | None,
    trouble: str | None,
    column: ColumnState,
    column_trouble: str | None,
    pause: str | None,
    expected: tuple[Standing, str | None],
) -> None:
    assert rules.standing(delivery, trouble, column, column_trouble, pause) == expected


def test_every_standing_and_every_code_has_words_and_unknown_codes_general_ones() -> None:
    from lti_tool.lti import trouble

    assert set(STANDINGS) == set(Standing)
    known = {*rules._PATIENCE, *rules._WHOLE_PLATFORM, *trouble._WORDS, rules.UNEXPECTED}
    assert known <= set(TROUBLES)
    assert all(words.what.endswith(".") and words.todo.endswith(".") for words in TROUBLES.values())
    assert words_for("never heard of").todo


def test_every_code_with_words_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "grades.md").read_text()
    assert [code for code in TROUBLES if f"`{code}`" not in page] == []
