"""Whole days of a calendar's file (iCalendar, RFC 5545), as schools and offices publish their holidays. Pure.

Only what days off need is taken: events of whole days. An event with a time of day closes no school, and one that repeats is told
and left out, since a holiday that moves does not repeat by rule. ADR 23 says why the file is read by a package.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from lti_tool.playlists.monitor_rules import Span

MOST_ENTRIES = 500
"""Entries of a file that are offered; a school's year has some tens."""
_A_DAY = timedelta(days=1)
_LONGEST = timedelta(days=366)
_YEARS = range(1900, 9000)
"""Ends of what a calendar can count leave no day before or after them."""


class NoCalendar(ValueError):
    """The file is none of a calendar."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Whole days of a calendar, and what it calls them."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds: ``entries`` by their days; how many were left out for a time of day, for repeating, or as too many."""

    entries: tuple[Entry, ...]
    timed: int = 0
    repeating: int = 0
    too_many: int = 0


def read(content: bytes) -> Found:
    """The whole days of a calendar's file. Raises NoCalendar."""
    found: set[Entry] = set()
    timed = repeating = 0
    for event in _events(content.decode("utf-8-sig", errors="replace")):
        if "RRULE" in event or "RDATE" in event:
            repeating += 1
            continue
        span = _span(event)
        if span is None:
            timed += 1
        else:
            found.add(Entry(_text(str(_value(event, "SUMMARY") or "")), span))
    entries = sorted(found, key=lambda one: (one.span, one.name))
    return Found(tuple(entries[:MOST_ENTRIES]), timed, repeating, max(0, len(entries) - MOST_ENTRIES))


def _events(text: str) -> list[Any]:
    import icalendar  # noqa: PLC0415 (a file of holidays comes once a year)

    try:
        calendars = icalendar.Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        raise NoCalendar from error
    found = [event for calendar in calendars if calendar.name == "VCALENDAR" for event in calendar.walk("VEVENT")]
    if not any(calendar.name == "VCALENDAR" for calendar in calendars):
        raise NoCalendar
    return found


def _value(event: Any, name: str) -> Any:
    """A property, of one that is there several times the first; None without, or where it could not be read."""
    given = event.get(name)
    given = given[0] if isinstance(given, list) and given else given
    try:
        return getattr(given, "dt", given)
    except ValueError:
        return None


def _span(event: Any) -> Span | None:
    """The days of an event of whole days; None for one with a time of day. DTEND is the day after the last (section 3.6.1)."""
    first, end, lasts = (_value(event, name) for name in ("DTSTART", "DTEND", "DURATION"))
    if not _is_day(first):
        return None
    if _is_day(end):
        return Span(first, max(first, end - _A_DAY))
    if isinstance(lasts, timedelta):
        return Span(first, first + min(max(lasts, _A_DAY), _LONGEST) - _A_DAY)
    return Span(first, first)


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime) and value.year in _YEARS


def _text(said: str) -> str:
    return "".join(one if one.isprintable() else " " for one in said).strip()[:200]
