"""What gradebook columns are of that are about mastery, for the page that lists all columns of a course."""

from collections.abc import Collection

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import maps
from lti_tool.courses.models import Course
from lti_tool.grades.resource_ids import ids_of
from lti_tool.insight.grades_views import Source
from lti_tool.mastery.grading import resource_id
from lti_tool.mastery.grading_forms import OVERALL
from lti_tool.mastery.grading_routes import address
from lti_tool.web.i18n import N_


async def sources(session: AsyncSession, course: Course, resource_ids: Collection[str]) -> dict[str, Source]:
    """The competencies of the map among these resource ids, and the map itself; each leads to how its column counts."""
    wanted = set(ids_of("competency", resource_ids))
    overall = resource_id(course.id, None)
    here = f"{address(course.id)}/one?of="
    found: dict[str, Source] = {}
    if overall in resource_ids:
        found[overall] = Source(N_("Competency map"), course.title or "", here + OVERALL)
    if wanted:
        listed = await maps.listed(session, course.organisation_id, course.id)
        found |= {
            resource_id(course.id, one.id): Source(N_("Competency"), one.name, f"{here}{one.id}")
            for one in listed.competencies
            if one.id in wanted
        }
    return found
