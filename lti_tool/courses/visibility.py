"""Which students of a course a teacher may see. Every page that shows learners asks here and nowhere else."""

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import queries
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person


async def visible_students(session: AsyncSession, here: InCourse) -> list[Person]:
    """The active students of the course whom the teacher who is here may see, by family name."""
    return await queries.students(session, here.organisation_id, here.course.id)
