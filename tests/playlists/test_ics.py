"""Whole days of a calendar's file, as schools and offices publish them."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.playlists import ics
from lti_tool.playlists.monitor_rules import Span

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
            "DTSTART;VALUE=DATE:20260907\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Labor Day",
        )
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
        ics.read(content)


@pytest.mark.parametrize("start", ["00010101", "99991231", "20261340", "２０２６1221", "20261221T", "-2026122"])
def test_days_that_no_calendar_has_are_left_out(start: str) -> None:
    assert ics.read(calendar(f"DTSTART;VALUE=DATE:{start}\r\nDURATION:P99999D")).entries == ()


def test_a_file_with_more_than_a_school_needs_is_cut_and_says_so() -> None:
    found = ics.read(calendar(*(f"DTSTART;VALUE=DATE:20260101\r\nSUMMARY:{one}" for one in range(510))))
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
            ]
        ),
        max_size=20,
    ),
    st.binary(max_size=30),
)
def test_nothing_that_is_sent_breaks_it(lines: list[str], tail: bytes) -> None:
    with contextlib.suppress(ics.NoCalendar):
        found = ics.read((HEAD + "\n".join(lines)).encode() + tail)
        assert all(entry.span.first <= entry.span.last for entry in found.entries)
