"""What other pages show of dates for single students: whether they can be set, and what stands for one student."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from lti_tool.content import service, windows
from lti_tool.content.models import ContentItem
from lti_tool.courses.access import InCourse
from lti_tool.db.session import Database
from lti_tool.lti.models import Role

MAY = frozenset({Role.TEACHER, Role.ADMINISTRATOR})
"""Who may have something written in the LMS."""


def may(here: InCourse) -> bool:
    """Whether whoever is here may have something written in the LMS: assistants may not, nor who acts as somebody."""
    return here.visit.role in MAY and not here.visit.masquerading


@dataclass(frozen=True, slots=True)
class StudentDates:
    """Items that one student can have own dates on, each with what stands for them; empty where nothing can be set."""

    lines: tuple[tuple[ContentItem, windows.Given | None], ...] = ()


async def of_student(
    request: Request, here: InCourse, database: Database, person_id: uuid.UUID, items: Sequence[uuid.UUID]
) -> StudentDates:
    """For a page about one student whom this teacher may see: the items of theirs that dates can be set on, in this order."""
    if not may(here) or not items:
        return StudentDates()
    async with database.reading() as session:
        connected = await windows.access(session, request.app.state.connectors, here.course)
        if connected is None:
            return StudentDates()
        every = {item.id: item for item in await service.items(session, here.organisation_id, here.course.id)}
        found = await windows.given(session, here.course, {person_id}, person_id=person_id)
        session.expunge_all()
    stands = {one.item.id: one for one in reversed(found) if one.stands}
    dated = [every[one] for one in dict.fromkeys(items) if one in every and windows.can_have(connected, every[one])]
    return StudentDates(tuple((item, stands.get(item.id)) for item in dated))
