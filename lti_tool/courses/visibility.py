"""Which students of a course a teacher may see. Every page that shows learners asks here and nowhere else.

Canvas can hold a teacher to their own sections ($Canvas.course.sectionRestricted). Such a teacher sees the students who are
known to be in one of these sections: by their own launch, or by the roster, which Canvas gives with sections where the tool's
key carries the custom parameter ``canvas_section_ids``. A student of whom no section is known is not shown to them: rather
one too few than one too many. Other platforms do not tell of such a limit; there a teacher of the course sees the course.
"""

import uuid

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import queries, rules
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.errors import NotFound
from lti_tool.lti.models import Role


async def visible_students(session: AsyncSession, here: InCourse) -> list[Person]:
    """The active students of the course whom the teacher who is here may see, by family name."""
    students = await queries.students(session, here.organisation_id, here.course.id)
    if here.visit.person_id is None:
        return students
    restricted, mine = await queries.seeing(session, here.organisation_id, here.course.id, here.visit.person_id)
    if not restricted:
        return students
    theirs = await queries.sections_of_students(session, here.organisation_id, here.course.id)
    return [student for student in students if rules.share_a_section(mine, theirs.get(student.id))]


async def limited_to(session: AsyncSession, here: InCourse) -> frozenset[uuid.UUID] | None:
    """Whom a teacher who is held to their own sections may see; None for one who sees the course, and those who have left it.

    Of whom the sections are not known any more, nobody can say whether they were a restricted teacher's.
    """
    if here.visit.person_id is None:
        return None
    restricted, _ = await queries.seeing(session, here.organisation_id, here.course.id, here.visit.person_id)
    if not restricted:
        return None
    return frozenset(student.id for student in await visible_students(session, here))


async def visible_student(session: AsyncSession, here: InCourse, person_id: uuid.UUID) -> Person:
    """An active student whom the teacher who is here may see; NotFound for anybody else."""
    for person in await visible_students(session, here):
        if person.id == person_id:
            return person
    raise NotFound("no such student for this teacher")


async def may_see_supports(session: AsyncSession, here: InCourse) -> bool:
    """Whether whoever is here may see supports: a teacher of the course, or who was given the right in it."""
    if here.visit.masquerading:
        return False
    if here.visit.role is Role.TEACHER:
        return True
    if here.visit.role not in (Role.ASSISTANT, Role.ADMINISTRATOR) or here.visit.person_id is None:
        return False
    return await queries.sees_supports(session, here.organisation_id, here.course.id, here.visit.person_id)
