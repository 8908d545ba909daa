"""What gradebook columns are of that belong to boards, for the page that lists all columns of a course."""

import uuid
from collections.abc import Collection

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.grades.resource_ids import ids_of
from lti_tool.insight.grades_views import Source
from lti_tool.menus.models import Menu, MenuStatus
from lti_tool.menus.work_replies import work_address
from lti_tool.web.i18n import N_


async def sources(session: AsyncSession, course: Course, resource_ids: Collection[str]) -> dict[str, Source]:
    """The boards among these resource ids that are not taken away."""
    ids: list[uuid.UUID] = ids_of("menu", resource_ids)
    if not ids:
        return {}
    statement = scoped(Menu, course.organisation_id).where(
        Menu.course_id == course.id, col(Menu.id).in_(ids), Menu.status != MenuStatus.ARCHIVED
    )
    return {
        f"menu:{one.id}": Source(N_("Menu"), one.title, work_address(course, one.id))
        for one in await session.exec(statement)
    }
