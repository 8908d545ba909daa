"""What the rest of the tool wishes of readings: that a course is read soon, or that what waits for people is tried again."""

import uuid
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.sync import queries, rules
from lti_tool.courses.models import Course
from lti_tool.jobs import nudge_after_commit

READ_DUE = "content.read-due"
"""The task that reads what is due. Its key is empty: whoever runs it looks at all."""


async def wish(session: AsyncSession, course: Course, now: datetime, *, asked: bool = False) -> None:
    """Have a course read as soon as may be, behind the page; everything of it where somebody ``asked``."""
    await queries.want(session, course.organisation_id, course.id, now, asked=asked)
    nudge_after_commit(session, READ_DUE, "")


async def access_given(
    session: AsyncSession, organisation_id: uuid.UUID, registration_id: uuid.UUID, now: datetime
) -> int:
    """Somebody has given the tool an access to a platform: the courses are due again that wait for one. How many they are."""
    waiting = await queries.waiting_for_people(session, organisation_id, registration_id, rules.FOR_PEOPLE)
    for course_id in waiting:
        await queries.want(session, organisation_id, course_id, now, asked=False)
    if waiting:
        nudge_after_commit(session, READ_DUE, "")
    return len(waiting)
