"""A teacher's page of how the LMS itself locks its own items by what students have done here, step by step."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses import queries as course_queries
from lti_tool.courses.access import TeacherIn
from lti_tool.lti.models import Family
from lti_tool.platforms import quirks
from lti_tool.playlists import queries
from lti_tool.web.dependencies import CurrentPages, ReadSession

router = APIRouter(prefix="/courses/{course_id}/content/locking")


@router.get("", name="locking")
async def locking(request: Request, here: TeacherIn, session: ReadSession, pages: CurrentPages) -> Response:
    """The ways of this course's LMS, and the columns that they can go by."""
    registration = await course_queries.registration_of(session, here.course)
    ways = quirks(registration.lms if registration is not None else Family.OTHER).locking
    columns = await queries.made_columns(session, here.organisation_id, here.course.id)
    context: dict[str, Any] = {
        "home": f"/courses/{here.course.id}",
        "ways": ways,
        "columns": columns,
    }
    return pages.render(request, "playlists/locking.html", context)
