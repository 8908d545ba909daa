"""Whole days of a calendar's file (iCalendar, RFC 5545), as schools and offices publish their holidays. Pure.

Only what days off need is taken: events of whole days. An event with a time of day closes no school. One that repeats is taken on
each of its days in the years that a school plans, if there are few of them. ADR 23 says why the file is read by a package.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from lti_tool.playlists import repeating
from lti_tool.playlists.monitor_rules import Span

MOST_ENTRIES = 500
"""Entries of a file that are offered; a school's year has some tens."""
_A_DAY = timedelta(days=1)
_LONGEST = timedelta(days=366)
_YEARS = range(1900, 9000)
"""Ends of what a calendar can count leave no day before or after them."""


_BACK, _AHEAD = timedelta(days=183), timedelta(days=3 * 366)
"""Of what repeats, days from half a year ago to three years ahead are taken."""

MOST_TIMES = 60
"""Days of one event that repeats in that time; what has more of them, such as each Friday, is no holiday."""

_MOST_REPEATING = 200
"""Events of a file whose days are counted out; each takes milliseconds."""


class NoCalendar(ValueError):
    """The file is none of a calendar."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Whole days of a calendar, and what it calls them."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds: ``entries`` by their days; how many were left out for a time of day, for repeating too often, or by a
    rule that is not understood, or as too many.
    """

    entries: tuple[Entry, ...]
    timed: int = 0
    repeating: int = 0
    too_many: int = 0


def read(content: bytes, today: date) -> Found:
    """The whole days of a calendar's file, of what repeats those around ``today``. Raises NoCalendar."""
    found: set[Entry] = set()
    timed = left = counted = 0
    events = _events(content.decode("utf-8-sig", errors="replace"))
    moved = _moved(events)
    for event in events:
        span = _span(event)
        name = _text(str(_value(event, "SUMMARY") or ""))
        if span is None:
            timed += 1
        elif "RRULE" not in event and "RDATE" not in event:
            found.add(Entry(name, span))
        else:
            counted += 1
            days = _repeated(event, span, today) if counted <= _MOST_REPEATING else None
            if days is None:
                left += 1
                continue
            length = span.last - span.first
            # A single day that was changed stands in the file as an event of its own.
            for day in days - moved.get(str(event.get("UID")), set()):
                found.add(Entry(name, Span(day, day + length)))
    entries = sorted(found, key=lambda one: (one.span, one.name))
    return Found(tuple(entries[:MOST_ENTRIES]), timed, left, max(0, len(entries) - MOST_ENTRIES))


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


def _moved(events: list[Any]) -> Mapping[str, set[date]]:
    """The days of events that repeat which are told anew by an event of their own (section 3.8.4.4), by the event's id."""
    found: dict[str, set[date]] = {}
    for event in events:
        day = _value(event, "RECURRENCE-ID")
        if isinstance(day, date) and "UID" in event:
            found.setdefault(str(event["UID"]), set()).add(day.date() if isinstance(day, datetime) else day)
    return found


def _repeated(event: Any, span: Span, today: date) -> set[date] | None:
    """The first days of an event that repeats, around ``today``; None where there are too many, or its rule is none."""
    start, end = today - _BACK, today + _AHEAD
    days = {span.first, *_days_of(event, "RDATE")}
    rule = event.get("RRULE")
    if rule is not None:
        try:
            # With as many more as can be taken out again.
            days.update(islice(repeating.days_of(repeating.rule_of(rule), span.first, start, end), 2 * MOST_TIMES + 1))
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            return None
    days = {day for day in days if start <= day <= end} - set(_days_of(event, "EXDATE"))
    return days if len(days) <= MOST_TIMES else None


def _days_of(event: Any, name: str) -> Iterator[date]:
    """The days of a property that lists some, and may stand several times."""
    given = event.get(name)
    for one in given if isinstance(given, list) else [given]:
        for entry in getattr(one, "dts", ()):
            day = getattr(entry, "dt", None)
            if isinstance(day, datetime):
                yield day.date()
            elif isinstance(day, date) and _is_day(day):
                yield day


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
