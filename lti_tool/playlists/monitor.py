"""Following a class on its paths: by which calendar, whom a teacher may see, and what a teacher says to students."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses.access import InCourse
from lti_tool.db.upsert import upsert
from lti_tool.errors import BadRequest
from lti_tool.ids import new_id
from lti_tool.playlists import monitor_queries
from lti_tool.playlists.monitor_rules import MOST_OFF, USUAL, Calendar, Span, Watch, kept
from lti_tool.playlists.path_models import CourseCalendar
from lti_tool.web.i18n import N_


class TooManyDaysOff(BadRequest):
    """More days off than a calendar keeps."""

    code = "too-many-days-off"
    title = N_("These are more days off than a calendar holds")
    advice = N_(
        "Take days away that are over, and enter holidays from their first to their last day. Nothing was changed."
    )


# --- School days ----------------------------------------------------------------------------------------------------


async def watch(session: AsyncSession, here: InCourse, now: datetime) -> Watch:
    """How the teacher who is here looks at the class: now, by the course's calendar, in the teacher's own zone."""
    zone = ZoneInfo(here.visit.time_zone) if here.visit.time_zone else UTC
    return Watch(now, await monitor_queries.calendar(session, here.organisation_id, here.course.id), zone)


async def set_school_days(
    session: AsyncSession, here: InCourse, weekdays: frozenset[int], quiet_after: int, now: datetime
) -> None:
    """Say on which days of the week there is school (ISO, Monday 1), and after how many a teacher is told."""
    row = await _locked(session, here, now)
    row.weekdays = "".join(str(day) for day in sorted(weekdays))
    row.quiet_after = quiet_after
    _changed(session, here, row, now)


async def add_days_off(session: AsyncSession, here: InCourse, spans: tuple[Span, ...], now: datetime) -> None:
    """Add days off. Raises TooManyDaysOff."""
    row = await _locked(session, here, now)
    days = kept([*monitor_queries.calendar_of(row).off, *spans])
    if len(days) > MOST_OFF:
        raise TooManyDaysOff("the days off are longer than the column")
    row.days_off = days
    _changed(session, here, row, now)


async def take_days_off_away(session: AsyncSession, here: InCourse, first: date, now: datetime) -> None:
    """Take the span that begins on a day away; where there is none any more, nothing changes."""
    row = await _locked(session, here, now)
    row.days_off = kept(span for span in monitor_queries.calendar_of(row).off if span.first != first)
    _changed(session, here, row, now)


async def _locked(session: AsyncSession, here: InCourse, now: datetime) -> CourseCalendar:
    """The course's row, made where there was none, and this transaction's until its end."""
    usual: Calendar = USUAL
    fresh = {
        "id": new_id(),
        "organisation_id": here.organisation_id,
        "course_id": here.course.id,
        "weekdays": "".join(str(day) for day in sorted(usual.weekdays)),
        "days_off": "",
        "quiet_after": usual.quiet_after,
        "changed_at": now,
    }
    await upsert(session, CourseCalendar, [fresh], key=("organisation_id", "course_id"))
    row = await monitor_queries.calendar_row(session, here.organisation_id, here.course.id, lock=True)
    if row is None:
        raise LookupError("the row that was just put is gone")
    return row


def _changed(session: AsyncSession, here: InCourse, row: CourseCalendar, now: datetime) -> None:
    row.changed_at = now
    session.add(row)
    audit.record(
        session,
        now,
        "calendar.changed",
        organisation_id=here.organisation_id,
        actor=str(here.visit.person_id) if here.visit.person_id else None,
        subject=f"course:{here.course.id}",
    )
