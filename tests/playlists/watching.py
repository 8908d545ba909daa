"""Teachers who follow a class: visits without a browser, and a teacher who may see one section alone."""

import uuid
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Membership, Person
from lti_tool.db.base import scoped
from lti_tool.lti.models import Role
from lti_tool.lti.sessions import Visit
from tests.playlists import seed
from tests.playlists.seed import School


def visiting(school: School, person: Person | None = None, role: Role = Role.TEACHER) -> InCourse:
    """Somebody in the school's course; its teacher, unless said otherwise."""
    visit = Visit(
        session_id=uuid.uuid4(),
        organisation_id=school.id,
        registration_id=school.registration.id,
        person_id=(person or school.teacher).id,
        course_id=school.course.id,
        resource_link_id=None,
        role=role,
        observes=(),
        locale=None,
        frame_origins=(),
    )
    return InCourse(visit, school.course)


def at(day: int, hour: int = 8) -> datetime:
    """A moment of September 2026; the 1st is a Tuesday."""
    return seed.NOW.replace(day=day, hour=hour)


async def only_their_section(session: AsyncSession, school: School, *places: int) -> None:
    """The platform lets the teacher see section ``a`` alone, and these students are in it; the others are in ``b``."""
    seen = {school.students[place].id for place in places}
    statement = scoped(Membership, school.id).where(Membership.course_id == school.course.id)
    for membership in (await session.exec(statement)).all():
        membership.sections = "a" if membership.person_id in {*seen, school.teacher.id} else "b"
        membership.section_restricted = membership.person_id == school.teacher.id
        session.add(membership)
