"""All SQL of following a class on its paths: the calendar, what waits for the teacher, and words between them."""

import uuid

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import scoped
from lti_tool.playlists.monitor_rules import USUAL, Calendar, NoDays, spans_of
from lti_tool.playlists.path_models import CourseCalendar


async def calendar_row(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, *, lock: bool = False
) -> CourseCalendar | None:
    """What the teachers of a course said about its school days; None where they said nothing."""
    statement = scoped(CourseCalendar, organisation_id).where(CourseCalendar.course_id == course_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(statement)).one_or_none()


async def calendar(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Calendar:
    """The school days of a course."""
    return calendar_of(await calendar_row(session, organisation_id, course_id))


def calendar_of(row: CourseCalendar | None) -> Calendar:
    """A row as the rules see it. Days off that cannot be read must not keep a class from being seen: there are none then."""
    if row is None:
        return USUAL
    try:
        off = spans_of(row.days_off)
    except NoDays:
        off = ()
    return Calendar(frozenset(int(day) for day in row.weekdays if day in "1234567"), off, row.quiet_after)
