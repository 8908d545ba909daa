"""What people enter about school days, for a course and for a school: the week, days off, and a calendar's file."""

import asyncio
from datetime import date

from starlette.datastructures import FormData

from lti_tool.playlists import ics
from lti_tool.playlists.forms import Entered, parsed
from lti_tool.playlists.monitor_rules import MOST_OFF, NoDays, Span, spans_of
from lti_tool.web.i18n import N_

WEEKDAYS = (
    (1, N_("Monday")),
    (2, N_("Tuesday")),
    (3, N_("Wednesday")),
    (4, N_("Thursday")),
    (5, N_("Friday")),
    (6, N_("Saturday")),
    (7, N_("Sunday")),
)
MOST_FILE = 1_000_000
"""Bytes of a calendar's file. A school's year has some tens of kilobytes."""
_NO_DAY = N_("Please enter a day.")
_NO_SPAN = N_("The last day has to be the same day or a later one.")


def week(form: FormData, entered: Entered) -> frozenset[int]:
    """The days of the week that are ticked; look at ``entered.errors`` after."""
    weekdays = frozenset(parsed(int, str(day)) for day in form.getlist("weekday")) & {day for day, _ in WEEKDAYS}
    if not weekdays:
        entered.errors["weekday-1"] = N_("Please choose at least one day of the week.")
    return weekdays


def days_off(form: FormData, entered: Entered) -> tuple[Span, ...]:
    """Days off: those ticked among a file's, many as text, or one span; look at ``entered.errors`` after."""
    if form.getlist("span"):
        return _many(entered, ",".join(str(one) for one in form.getlist("span")))
    return _many(entered, entered.text("many", MOST_OFF)) if entered.values.get("many") else _one(entered)


def _one(entered: Entered) -> tuple[Span, ...]:
    first = _day(entered, "first")
    last = _day(entered, "last") if entered.values.get("last") else first
    if first is None or last is None:
        return ()
    if last < first:
        entered.errors["last"] = _NO_SPAN
        return ()
    return (Span(first, last),)


def _day(entered: Entered, name: str) -> date | None:
    try:
        return date.fromisoformat(entered.values.get(name, ""))
    except ValueError:
        entered.errors[name] = _NO_DAY
        return None


def _many(entered: Entered, text: str) -> tuple[Span, ...]:
    try:
        return spans_of(text)
    except NoDays:
        entered.errors["many"] = N_("One line is no day. Write each as 2026-12-21 or 2026-12-21 to 2027-01-03.")
        return ()


async def file_of(content: bytes, entered: Entered, today: date) -> ics.Found | None:
    """The days of a calendar's file; None, with ``entered.errors``, where it holds none. Others are answered meanwhile."""
    if len(content) > MOST_FILE:
        entered.errors["file"] = N_("This file is too large for a school's calendar.")
        return None
    try:
        found = await asyncio.to_thread(ics.read, content, today)
    except ics.NoCalendar:
        entered.errors["file"] = N_("This is no calendar. Choose a file that ends in .ics.")
        return None
    if not found.entries:
        entered.errors["file"] = N_("This calendar has no entries of whole days.")
        return None
    return found


def first_day(entered: Entered) -> date:
    """The first day of the days off to take away. Raises BadRequest for what is none."""
    return parsed(date.fromisoformat, entered.values.get("first", ""))


def split(off: tuple[Span, ...], today: date) -> tuple[list[Span], list[Span]]:
    """Days off that are to come (or last still), and those that are over."""
    return [span for span in off if span.last >= today], [span for span in off if span.last < today]
