"""Whole days of a calendar's file (iCalendar, RFC 5545), as schools and offices publish their holidays. Pure.

Only what days off need is read: events of whole days. An event with a time of day closes no school, and one that repeats is told
and left out, since a holiday that moves does not repeat by rule.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from lti_tool.playlists.monitor_rules import Span

MOST_ENTRIES = 500
"""Entries of a file that are offered; a school's year has some tens."""
_A_DAY = timedelta(days=1)
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)\Z")
_DAYS = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,5})D)?\Z")
_ESCAPED = re.compile(r"\\([\\;,nN])")


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
    lines = list(_unfolded(content.decode("utf-8-sig", errors="replace")))
    if not any(line.strip().upper() == "BEGIN:VCALENDAR" for line in lines):
        raise NoCalendar
    found: set[Entry] = set()
    timed = repeating = 0
    for event in _events(lines):
        if "RRULE" in event or "RDATE" in event:
            repeating += 1
            continue
        span = _span(event)
        if span is None:
            timed += 1
        else:
            found.add(Entry(_text(event.get("SUMMARY", "")), span))
    entries = sorted(found, key=lambda one: (one.span, one.name))
    return Found(tuple(entries[:MOST_ENTRIES]), timed, repeating, max(0, len(entries) - MOST_ENTRIES))


def _unfolded(text: str) -> Iterator[str]:
    """Content lines: one that begins with a space or a tab goes on with the line before (section 3.1)."""
    line = ""
    for piece in text.splitlines():
        if piece[:1] in {" ", "\t"}:
            line += piece[1:]
        else:
            yield line
            line = piece
    yield line


def _events(lines: list[str]) -> Iterator[dict[str, str]]:
    """The properties of each event by their name; of one that is there twice the first. An alarm's are not the event's."""
    event: dict[str, str] | None = None
    inside: list[str] = []
    for line in lines:
        head, _, value = line.partition(":")
        name = head.partition(";")[0].strip().upper()
        kind = value.strip().upper()
        if name == "BEGIN":
            inside.append(kind)
            event = {} if kind == "VEVENT" else event
        elif name == "END":
            if kind == "VEVENT" and event is not None:
                yield event
                event = None
            if inside:
                inside.pop()
        elif event is not None and inside[-1:] == ["VEVENT"]:
            event.setdefault(name, value.strip())


def _span(event: dict[str, str]) -> Span | None:
    """The days of an event of whole days; None for one with a time of day. DTEND is the day after the last (section 3.6.1)."""
    first = _date(event.get("DTSTART", ""))
    if first is None:
        return None
    last = first
    if (end := _date(event.get("DTEND", ""))) is not None:
        last = max(first, end - _A_DAY)
    elif (lasts := _DAYS.match(event.get("DURATION", ""))) is not None:
        days = int(lasts[1] or 0) * 7 + int(lasts[2] or 0)
        last = first + timedelta(days=min(max(days, 1), 366) - 1)
    return Span(first, last)


def _date(value: str) -> date | None:
    found = _DATE.match(value)
    try:
        # Ends of what a calendar can count leave no day before or after them.
        return date(*(int(one) for one in found.groups())) if found and "1900" < found[1] < "9000" else None
    except ValueError:
        return None


def _text(value: str) -> str:
    said = _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value)
    return "".join(one if one.isprintable() else " " for one in said).strip()[:200]
