"""The course's content, read from the platform for a page that waits a little. Trouble is in the outcome, never raised."""

from fastapi import Request

from lti_tool.clock import Clock
from lti_tool.content import service
from lti_tool.content.connectors import Connectors
from lti_tool.courses.access import InCourse
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Course
from lti_tool.courses.roster import readings
from lti_tool.db.session import Database
from lti_tool.errors import ToolError


async def read_contents(request: Request, here: InCourse, *, asked: bool) -> Outcome:
    """Read the content if it never was, or because somebody ``asked``."""
    clock: Clock = request.app.state.clock
    database: Database = request.app.state.database
    connectors: Connectors = request.app.state.connectors
    course = here.course
    trouble = await _not_ready(database, connectors, course)
    if trouble is not None:
        return Outcome(trouble=trouble)
    if not asked and course.content_read_at is not None:
        return Outcome()

    async def read() -> service.RefreshReport:
        return await service.refresh(database, connectors, course, clock.now())

    return await readings(request).wait(("content", course.organisation_id, course.id), read, asked=asked)


async def _not_ready(database: Database, connectors: Connectors, course: Course) -> ToolError | None:
    """Why the course's platform cannot be asked at all, if so."""
    async with database.reading() as session:
        try:
            await connectors.of(session, course)
        except ToolError as error:
            return error
    return None
