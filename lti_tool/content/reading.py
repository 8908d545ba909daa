"""The course's content, read from the platform for a page that waits a little. Trouble is in the outcome, never raised."""

from fastapi import Request

from lti_tool.content.sync.pages import freshen, not_ready, reader_of, until_free
from lti_tool.content.sync.wishes import wish
from lti_tool.courses.access import InCourse
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.roster import readings


async def read_contents(request: Request, here: InCourse, *, asked: bool) -> Outcome:
    """Read the content if it never was, or because somebody ``asked``; the rest of the course is read behind the page then.

    Content that is old is read behind the page too, with everything else.
    """
    course = here.course
    trouble = await not_ready(request, course)
    if trouble is not None:
        return Outcome(trouble=trouble)
    if not asked and course.content_read_at is not None:
        await freshen(request, course)
        return Outcome()

    async def read() -> None:
        if await reader_of(request).read_contents(course) is None:
            await until_free(request, course, contents=True)
        async with request.app.state.database.writing() as session:
            await wish(session, course, request.app.state.clock.now(), asked=asked)

    return await readings(request).wait(("content", course.organisation_id, course.id), read, asked=asked)
