"""Who says when there is school: an administrator for the school, teachers for a course beside it."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses.access import InCourse
from lti_tool.db.upsert import upsert
from lti_tool.errors import BadRequest
from lti_tool.ids import new_id
from lti_tool.playlists import monitor_queries
from lti_tool.playlists.monitor_rules import MOST_OFF, USUAL, Span, kept
from lti_tool.playlists.path_models import CourseCalendar, SchoolCalendar
from lti_tool.web.i18n import N_


class TooManyDaysOff(BadRequest):
    """More days off than a calendar keeps."""

    code = "too-many-days-off"
    title = N_("These are more days off than a calendar holds")
    advice = N_(
        "Take days away that are over, and enter holidays from their first to their last day. Nothing was changed."
    )


@dataclass(frozen=True, slots=True)
class Calendars:
    """Whose calendar is changed, and by whom: a school's, which has no ``course_id``, or a course's."""

    organisation_id: uuid.UUID
    course_id: uuid.UUID | None
    actor: str | None

    @classmethod
    def of(cls, here: InCourse) -> "Calendars":
        """The calendar of the course that a teacher is in."""
        return cls(here.organisation_id, here.course.id, here.actor)


async def set_school_week(session: AsyncSession, whose: Calendars, weekdays: frozenset[int], now: datetime) -> None:
    """Say on which days of the week there is school in all courses (ISO, Monday 1)."""
    row = await _locked(session, whose, now)
    row.weekdays = _digits(weekdays)
    _changed(session, whose, row, now)


async def set_course_days(
    session: AsyncSession, whose: Calendars, weekdays: frozenset[int], quiet_after: int, now: datetime
) -> None:
    """Say on which days of the week a course has school, and after how many a teacher is told.

    The school's own week is kept as none of the course's, so that the course follows when the school changes it.
    """
    row = await _locked(session, whose, now)
    school = monitor_queries.school_days(await monitor_queries.school_row(session, whose.organisation_id))
    row.weekdays = "" if weekdays == (school or USUAL).weekdays else _digits(weekdays)
    if isinstance(row, CourseCalendar):
        row.quiet_after = quiet_after
    _changed(session, whose, row, now)


async def add_days_off(session: AsyncSession, whose: Calendars, spans: tuple[Span, ...], now: datetime) -> None:
    """Add days off. Raises TooManyDaysOff."""
    row = await _locked(session, whose, now)
    days = kept([*monitor_queries.days_off(row), *spans])
    if len(days) > MOST_OFF:
        raise TooManyDaysOff("the days off are longer than the column")
    row.days_off = days
    _changed(session, whose, row, now)


async def take_days_off_away(session: AsyncSession, whose: Calendars, first: date, now: datetime) -> None:
    """Take the span that begins on a day away; where there is none any more, nothing changes."""
    row = await _locked(session, whose, now)
    row.days_off = kept(span for span in monitor_queries.days_off(row) if span.first != first)
    _changed(session, whose, row, now)


async def _locked(session: AsyncSession, whose: Calendars, now: datetime) -> SchoolCalendar | CourseCalendar:
    """The row, made where there was none, and this transaction's until its end."""
    fresh = {"id": new_id(), "organisation_id": whose.organisation_id, "days_off": "", "changed_at": now}
    row: SchoolCalendar | CourseCalendar | None
    if whose.course_id is None:
        fresh["weekdays"] = _digits(USUAL.weekdays)
        await upsert(session, SchoolCalendar, [fresh], key=("organisation_id",))
        row = await monitor_queries.school_row(session, whose.organisation_id, lock=True)
    else:
        fresh |= {"course_id": whose.course_id, "weekdays": "", "quiet_after": USUAL.quiet_after}
        await upsert(session, CourseCalendar, [fresh], key=("organisation_id", "course_id"))
        row = await monitor_queries.calendar_row(session, whose.organisation_id, whose.course_id, lock=True)
    if row is None:
        raise LookupError("the row that was just put is gone")
    return row


def _digits(weekdays: frozenset[int]) -> str:
    return "".join(str(day) for day in sorted(weekdays))


def _changed(session: AsyncSession, whose: Calendars, row: SchoolCalendar | CourseCalendar, now: datetime) -> None:
    row.changed_at = now
    session.add(row)
    audit.record(
        session,
        now,
        "calendar.changed" if whose.course_id else "calendar.of-school",
        organisation_id=whose.organisation_id,
        actor=whose.actor,
        subject=f"course:{whose.course_id}" if whose.course_id else f"organisation {whose.organisation_id}",
    )
