"""The days of an event that repeats (RFC 5545, section 3.3.10), for holidays: by the year, month, week or day. Pure.

What is counted through is bounded whatever the rule says: the days between two dates. Parts of a rule that holidays do not use
(``BYSETPOS``, ``BYWEEKNO``, times of day) are not understood, and said to be so.
"""

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"})
_OFTEN = {"YEARLY": 400 * 366, "MONTHLY": 40 * 366, "WEEKLY": 12 * 366, "DAILY": 12 * 366}
"""For how many days an event that repeats so is counted through."""

_MOST_VALUES = 31


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of whole days. ``weekdays`` are (which of the month, or 0 for each; weekday from 0); ``until`` is the last day."""

    often: str
    every: int = 1
    count: int | None = None
    until: date | None = None
    months: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()


def rule_of(given: Mapping[str, Any]) -> Rule:
    """A rule out of its parts, each one value or some. Raises ValueError for one that is not understood."""
    parts = {str(name).upper(): _some(value) for name, value in given.items()}
    often = str(next(iter(parts.get("FREQ", ())), "")).upper()
    if not parts.keys() <= _PARTS or often not in _OFTEN or any(len(one) > _MOST_VALUES for one in parts.values()):
        raise ValueError("a rule that is not understood")
    until = next(iter(parts.get("UNTIL", ())), None)
    if until is not None and not isinstance(until, date):
        raise ValueError("no end")
    counts = [int(one) for one in parts.get("COUNT", ())]
    found = Rule(
        often,
        every=next((int(one) for one in parts.get("INTERVAL", ())), 1),
        count=counts[0] if counts else None,
        until=until.date() if isinstance(until, datetime) else until,
        months=tuple(sorted(int(one) for one in parts.get("BYMONTH", ()))),
        days=tuple(int(one) for one in parts.get("BYMONTHDAY", ())),
        weekdays=tuple(_weekday(str(one)) for one in parts.get("BYDAY", ())),
    )
    if found.every < 1 or (counts and counts[0] < 1) or not all(1 <= one <= 12 for one in found.months):
        raise ValueError("a number that is none")
    _must_fit(found)
    return found


def _must_fit(rule: Rule) -> None:
    """Raises ValueError for parts that mean something else with how often it repeats, or nothing."""
    if rule.often == "DAILY" and (rule.weekdays or rule.days or rule.months):
        raise ValueError("days of days")
    if rule.often == "WEEKLY" and (rule.days or rule.months or any(which for which, _ in rule.weekdays)):
        raise ValueError("days of weeks")
    if rule.often == "YEARLY" and (rule.weekdays or rule.days) and not rule.months:
        raise ValueError("days of a year are counted otherwise than those of months")


def _some(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _weekday(said: str) -> tuple[int, int]:
    which, name = said[:-2], said[-2:].upper()
    if name not in WEEKDAYS or (which and not -5 <= int(which) <= 5):
        raise ValueError("no weekday")
    return int(which or 0), WEEKDAYS.index(name)


def days_of(rule: Rule, first: date, start: date, end: date) -> Iterator[date]:
    """The days of an event that begins at ``first``, from ``start`` to ``end``, in order.

    Raises ValueError for one that begins so long ago that counting through would take long.
    """
    if (start - first).days > _OFTEN[rule.often]:
        raise ValueError("too long ago")
    last = end if rule.until is None else min(end, rule.until)
    found = (day for day in _all(rule, first, last) if first <= day <= last)
    return (day for day in islice(found, rule.count) if day >= start)


def _all(rule: Rule, first: date, last: date) -> Iterator[date]:
    match rule.often:
        case "DAILY":
            for gone in range(0, (last - first).days + 1, rule.every):
                yield first + timedelta(days=gone)
        case "WEEKLY":
            monday = first - timedelta(days=first.weekday())
            wanted = sorted({day for _, day in rule.weekdays}) or [first.weekday()]
            for gone in range(0, (last - monday).days + 1, 7 * rule.every):
                yield from (monday + timedelta(days=gone + day) for day in wanted)
        case "MONTHLY":
            begin = first.year * 12 + first.month - 1
            for month in range(begin, last.year * 12 + last.month, rule.every):
                if not rule.months or month % 12 + 1 in rule.months:
                    yield from _of_month(rule, first, month // 12, month % 12 + 1)
        case _:
            for year in range(first.year, last.year + 1, rule.every):
                for number in rule.months or (first.month,):
                    yield from _of_month(rule, first, year, number)


def _of_month(rule: Rule, first: date, year: int, month: int) -> Iterable[date]:
    length = calendar.monthrange(year, month)[1]
    by_number = {length + 1 + one if one < 0 else one for one in rule.days}
    if not rule.days and not rule.weekdays:
        by_number = {first.day}
    found = [date(year, month, day) for day in range(1, length + 1) if not by_number or day in by_number]
    if rule.weekdays:
        found = [day for day in found if any(_is(day, which, weekday, length) for which, weekday in rule.weekdays)]
    return found


def _is(day: date, which: int, weekday: int, length: int) -> bool:
    """Whether a day is that weekday, and the ``which``-th of its month (from the end, if below nought; 0: any)."""
    if day.weekday() != weekday:
        return False
    from_end = -((length - day.day) // 7 + 1)
    return which in (0, (day.day - 1) // 7 + 1, from_end)
