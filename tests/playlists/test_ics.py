"""Whole days of a calendar's file, as schools and offices publish them."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.playlists import ics
from lti_tool.playlists.monitor_rules import Span

TODAY = date(2026, 11, 28)
HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"


def calendar(*events: str) -> bytes:
    return (HEAD + "".join(f"BEGIN:VEVENT\r\n{one}\r\nEND:VEVENT\r\n" for one in events) + "END:VCALENDAR\r\n").encode()


def test_whole_days_are_read_with_their_names() -> None:
    found = ics.read(
        calendar(
            "UID:2\r\nDTSTART;VALUE=DATE:20261221\r\nDTEND;VALUE=DATE:20270104\r\nSUMMARY:Winter break\\, all\r\n  years",
            "DTSTART;VALUE=DATE:20261012\r\nSUMMARY;LANGUAGE=en:Columbus Day",
            "DTSTART;VALUE=DATE:20270329\r\nDURATION:P1W\r\nBEGIN:VALARM\r\nDURATION:P3D\r\nSUMMARY:x\r\nEND:VALARM",
            "DTSTART:20261110T180000Z\r\nSUMMARY:Parents' evening",
            "DTSTART;VALUE=DATE:20260907\r\nRRULE:FREQ=HOURLY\r\nSUMMARY:Labor Day",
        ),
        TODAY,
    )
    assert found.entries == (
        ics.Entry("Columbus Day", Span(date(2026, 10, 12), date(2026, 10, 12))),
        ics.Entry("Winter break, all years", Span(date(2026, 12, 21), date(2027, 1, 3))),
        ics.Entry("", Span(date(2027, 3, 29), date(2027, 4, 4))),
    )
    assert (found.timed, found.repeating, found.too_many) == (1, 1, 0)


@pytest.mark.parametrize("content", [b"", b"first,last\n2026-12-21,2027-01-03", b"\xff\xfe\x00", b"<html>"])
def test_what_is_no_calendar_is_refused(content: bytes) -> None:
    with pytest.raises(ics.NoCalendar):
        ics.read(content, TODAY)


@pytest.mark.parametrize("start", ["00010101", "99991231", "20261340", "２０２６1221", "20261221T", "-2026122"])
def test_days_that_no_calendar_has_are_left_out(start: str) -> None:
    assert ics.read(calendar(f"DTSTART;VALUE=DATE:{start}\r\nDURATION:P99999D"), TODAY).entries == ()


def test_a_file_with_more_than_a_school_needs_is_cut_and_says_so() -> None:
    found = ics.read(calendar(*(f"DTSTART;VALUE=DATE:20260101\r\nSUMMARY:{one}" for one in range(510))), TODAY)
    assert (len(found.entries), found.too_many) == (ics.MOST_ENTRIES, 10)


@given(
    st.lists(
        st.sampled_from(
            [
                "BEGIN:VEVENT",
                "END:VEVENT",
                "BEGIN:VALARM",
                "END:VALARM",
                "DTSTART:20261221",
                "DTEND:20261220",
                "DURATION:P",
                "SUMMARY:x",
                " y",
                ":",
                "RRULE:",
                "RRULE:FREQ=YEARLY",
                "RRULE:FREQ=DAILY;COUNT=-1",
                "RDATE:20261224",
                "EXDATE:x",
                "RECURRENCE-ID:20261221",
                "UID:1",
            ]
        ),
        max_size=20,
    ),
    st.binary(max_size=30),
)
def test_nothing_that_is_sent_breaks_it(lines: list[str], tail: bytes) -> None:
    with contextlib.suppress(ics.NoCalendar):
        found = ics.read((HEAD + "\n".join(lines)).encode() + tail, TODAY)
        assert all(entry.span.first <= entry.span.last for entry in found.entries)


def repeated(*lines: str) -> list[str]:
    found = ics.read(calendar("\r\n".join(lines)), TODAY)
    return [one.span.first.isoformat() for one in found.entries]


def test_what_repeats_by_the_year_stands_on_each_of_its_days() -> None:
    assert repeated("DTSTART;VALUE=DATE:20200907", "RRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=1MO", "SUMMARY:Labor Day") == [
        "2026-09-07",
        "2027-09-06",
        "2028-09-04",
        "2029-09-03",
    ]
    assert repeated("DTSTART;VALUE=DATE:20251224", "DTEND;VALUE=DATE:20251227", "RRULE:FREQ=YEARLY;UNTIL=20271231") == [
        "2026-12-24",
        "2027-12-24",
    ]


def test_the_length_of_what_repeats_stays() -> None:
    found = ics.read(
        calendar("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227\r\nRRULE:FREQ=YEARLY;COUNT=2"), TODAY
    )
    assert [one.span for one in found.entries] == [
        Span(date(2026, 12, 24), date(2026, 12, 26)),
        Span(date(2027, 12, 24), date(2027, 12, 26)),
    ]


def test_single_days_are_taken_out_put_in_and_moved() -> None:
    days = calendar(
        "UID:a\r\nDTSTART;VALUE=DATE:20261005\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20271005\r\n"
        "RDATE;VALUE=DATE:20270101,20270102\r\nSUMMARY:Fair",
        "UID:a\r\nRECURRENCE-ID;VALUE=DATE:20281005\r\nDTSTART;VALUE=DATE:20281009\r\nSUMMARY:Fair, later",
    )
    found = ics.read(days, TODAY)
    assert [(one.span.first.isoformat(), one.name) for one in found.entries] == [
        ("2026-10-05", "Fair"),
        ("2027-01-01", "Fair"),
        ("2027-01-02", "Fair"),
        ("2028-10-09", "Fair, later"),
        ("2029-10-05", "Fair"),
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;BYDAY=FR",
        "FREQ=DAILY",
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYHOUR=3",
        "FREQ=YEARLY;BYMONTHDAY=" + ",".join(["1"] * 200),
        "FREQ=YEARLY;INTERVAL=0",
        "FREQ=YEARLY;COUNT=-5",
        "FREQ=NEVER",
        "INTERVAL=2",
        "nonsense",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYSETPOS=1;BYMONTH=9;BYDAY=MO",
    ],
)
def test_what_comes_too_often_or_is_no_rule_is_left_out_and_told(rule: str) -> None:
    found = ics.read(calendar(f"DTSTART;VALUE=DATE:20260901\r\nRRULE:{rule}"), TODAY)
    assert (found.entries, found.repeating) == ((), 1)


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=DAILY;COUNT=3", ["2026-12-21", "2026-12-22", "2026-12-23"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", ["2026-12-21", "2026-12-23", "2026-12-28"]),
        ("FREQ=WEEKLY;INTERVAL=2;UNTIL=20270104T000000Z", ["2026-12-21", "2027-01-04"]),
        ("FREQ=MONTHLY;BYDAY=-1MO;COUNT=2", ["2026-12-21", "2026-12-28", "2027-01-25"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270301", ["2026-12-21", "2026-12-31", "2027-01-31", "2027-02-28"]),
        ("FREQ=YEARLY;INTERVAL=2", ["2026-12-21", "2028-12-21"]),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24,25;COUNT=2", ["2026-12-21", "2026-12-24", "2026-12-25"]),
    ],
)
def test_rules_as_holidays_have_them(rule: str, days: list[str]) -> None:
    assert repeated("DTSTART;VALUE=DATE:20261221", f"RRULE:{rule}") == days


@pytest.mark.parametrize("often", ["YEARLY", "MONTHLY"])
def test_a_rule_that_fits_no_day_ends(often: str) -> None:
    rule = f"FREQ={often};BYMONTH=2;BYMONTHDAY=30"
    assert repeated("DTSTART;VALUE=DATE:20200901", f"RRULE:{rule}") == []
    events = [f"UID:{one}\r\nDTSTART;VALUE=DATE:20200901\r\nRRULE:{rule}" for one in range(300)]
    assert ics.read(calendar(*events), TODAY).repeating == 100
