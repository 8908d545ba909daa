"""A student's page of their checks."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.checks import my_list
from lti_tool.checks.my_list import Leads
from lti_tool.checks.my_replies import check_address, path_address
from lti_tool.courses.access import StudentIn
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now

router = APIRouter(prefix="/courses/{course_id}/my-checks")


def leads(request: Request) -> Sequence[Leads]:
    """Who leads students to checks, as the application has put them together."""
    found: Sequence[Leads] = getattr(request.app.state, "check_leads", ())
    return found


@router.get("", name="my_checks")
async def my_checks(
    request: Request, here: StudentIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """What is open, what is done, how many attempts are left, and the way to what came of each."""
    now = clock.now()
    async with database.reading() as session:
        mine = await my_list.of_person(session, here.course, here.person_id, leads(request), now)
        session.expunge_all()
    context = {
        "open_ones": [one for one in mine if one.is_to_do],
        "done": [one for one in mine if not one.is_to_do],
        "addresses": {
            one.check.id: path_address(here.course, one.lead.path)
            if one.waits_its_turn and one.lead
            else check_address(here.course, one.check.id, one.lead.path if one.lead else None)
            for one in mine
        },
        "results": {
            one.check.id: f"{check_address(here.course, one.check.id)}/attempts/{one.latest.number}/result"
            for one in mine
            if one.latest is not None
        },
        "back": path_address(here.course, None),
        "now": now,
    }
    return pages.render(request, "checks/my_list.html", context)
