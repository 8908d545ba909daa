"""School days are counted as somebody would on a paper calendar; what a student's line says, and in which order."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.playlists.monitor_rules import (
    USUAL,
    Calendar,
    NoDays,
    OwnDays,
    Sign,
    Span,
    Watch,
    kept,
    merged,
    of_course,
    signs,
    spans_of,
)
from lti_tool.playlists.path_models import RequestKind

FRIDAY = date(2026, 12, 18)
HOLIDAYS = Span(date(2026, 12, 21), date(2027, 1, 3))

days = st.dates(min_value=date(2026, 1, 1), max_value=date(2027, 12, 31))
spans = st.lists(st.tuples(days, st.integers(0, 40)).map(lambda one: Span(one[0], one[0] + timedelta(days=one[1]))))
calendars = st.builds(
    Calendar,
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
    off=spans.map(merged),
    quiet_after=st.integers(1, 20),
)


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


# --- Days


def test_a_weekend_is_no_time_at_all() -> None:
    usual = Calendar()
    assert usual.between(FRIDAY, FRIDAY + timedelta(days=3)) == 0  # Monday
    assert usual.between(FRIDAY, FRIDAY + timedelta(days=4)) == 1  # Tuesday: Monday is over
    assert usual.between(FRIDAY, FRIDAY + timedelta(days=10)) == 5  # Monday a week later: Monday to Friday are over


def test_nobody_is_flagged_for_the_holidays() -> None:
    calendar = Calendar(off=(HOLIDAYS,), quiet_after=1)
    for day in range(1, 18):
        assert not Watch(at(FRIDAY + timedelta(days=day)), calendar).is_quiet(at(FRIDAY)), day
    # Monday 4 January was a school day, and it is over on Tuesday.
    assert Watch(at(date(2027, 1, 5)), calendar).is_quiet(at(FRIDAY))


def test_the_flag_comes_after_whole_school_days() -> None:
    moved = datetime(2026, 9, 7, 14, tzinfo=UTC)  # A Monday.
    watch = lambda day: Watch(datetime(2026, 9, day, 8, tzinfo=UTC))  # noqa: E731
    assert watch(14).still(moved) == 4
    assert not watch(14).is_quiet(moved)
    assert watch(15).still(moved) == 5
    assert watch(15).is_quiet(moved)


def test_a_day_ends_where_the_teacher_is() -> None:
    # Sunday evening in Denver is Monday in UTC already: Monday was not stood still there, it has hardly begun.
    moved, now = datetime(2026, 9, 5, 1, tzinfo=UTC), datetime(2026, 9, 8, 2, tzinfo=UTC)
    assert Watch(now).still(moved) == 1
    assert Watch(now, zone=ZoneInfo("America/Denver")).still(moved) == 0


def test_who_never_moved_is_not_quiet() -> None:
    assert Watch(at(FRIDAY)).still(None) == 0
    assert not Watch(at(FRIDAY)).is_quiet(None)


@given(calendars, days, days)
def test_days_are_counted_as_one_by_one(calendar: Calendar, since: date, today: date) -> None:
    one_by_one = sum(
        calendar.is_school_day(since + timedelta(days=ahead)) for ahead in range(1, max(1, (today - since).days))
    )
    assert calendar.between(since, today) == one_by_one


@given(spans)
def test_days_off_come_back_as_they_were_kept(entered: list[Span]) -> None:
    assert spans_of(kept(entered)) == merged(entered)
    found = merged(entered)
    assert all(one.last + timedelta(days=1) < other.first for one, other in itertools.pairwise(found))


def test_days_off_as_people_write_them() -> None:
    text = "2026-12-21 to 2027-01-03\n2026-10-12; 2026-11-23 – 2026-11-27, 2027-02-15..2027-02-19\n"
    assert kept(spans_of(text)) == "2026-10-12,2026-11-23..2026-11-27,2026-12-21..2027-01-03,2027-02-15..2027-02-19"


@pytest.mark.parametrize("text", ["Christmas", "2026-12-32", "2027-01-03..2026-12-21", "2026-12-21..", "21.12.2026"])
def test_what_is_no_day_is_named(text: str) -> None:
    with pytest.raises(NoDays) as refused:
        spans_of(f"2026-10-12, {text}")
    assert refused.value.args == (text,)


# --- What a line says


def said(*, asked: tuple[RequestKind, ...] = (), **facts: bool) -> tuple[Sign, ...]:
    usual = {"begun": True, "finished": False, "below": False, "past_due": False, "quiet": False}
    return signs(asked=asked, **{**usual, **facts})


def test_a_line_says_the_most_pressing_first() -> None:
    everything = said(asked=(RequestKind.SIGN_OFF, RequestKind.HELP), below=True, past_due=True, quiet=True)
    assert everything == (Sign.HELP, Sign.SIGN_OFF, Sign.BELOW, Sign.PAST_DUE, Sign.QUIET)
    assert said() == (Sign.UNDER_WAY,)


def test_who_has_not_begun_can_be_late_but_does_not_stand_still() -> None:
    assert said(begun=False, past_due=True, quiet=True) == (Sign.PAST_DUE, Sign.NOT_BEGUN)


def test_who_has_finished_is_left_alone_but_heard() -> None:
    assert said(finished=True, below=True, past_due=True, quiet=True) == (Sign.FINISHED,)
    assert said(finished=True, asked=(RequestKind.RETAKE,)) == (Sign.HELP, Sign.FINISHED)


@given(calendars, days)
def test_the_next_school_day_is_the_first_there_is(calendar: Calendar, day: date) -> None:
    found = calendar.school_day_from(day)
    assert calendar.is_school_day(found)
    assert not any(calendar.is_school_day(day + timedelta(days=ahead)) for ahead in range((found - day).days))


def test_days_off_without_end_have_no_next_school_day() -> None:
    day = date(2026, 9, 1)
    assert Calendar(off=(Span(day, date.max),)).school_day_from(day) == day
    assert Calendar(weekdays=frozenset()).school_day_from(day) == day


def test_what_the_school_says_holds_and_a_course_takes_out_more() -> None:
    monday, christmas = Span(date(2026, 9, 7), date(2026, 9, 7)), Span(date(2026, 12, 21), date(2027, 1, 3))
    school = Calendar(frozenset({7, 1, 2, 3, 4}), (christmas,))
    assert of_course(None, None) == USUAL
    assert of_course(school, None) == school
    assert of_course(None, OwnDays(frozenset({6}), (monday,), 3)) == Calendar(frozenset({6}), (monday,), 3)
    assert of_course(school, OwnDays(frozenset({1, 5}), (monday,))) == Calendar(frozenset({1}), (monday, christmas))
    assert of_course(school, OwnDays(frozenset({5}))).weekdays == school.weekdays
