"""The same path on a sheet of paper, and on a page of a few kilobytes for a slow line."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import StudentIn
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Person
from lti_tool.courses.service import display_name
from lti_tool.playlists import queries
from lti_tool.playlists.learning_routes import SKIP_REASONS, bring_up_to_date, my_views, page_of
from lti_tool.playlists.replies import my_address, notice
from lti_tool.playlists.results import bring_results
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now

router = APIRouter(prefix="/courses/{course_id}/my/{copy_id}")


@router.get("/print", name="my_playlist_on_paper")
async def on_paper(
    request: Request, here: StudentIn, copy_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """The path to be printed: boxes to tick, addresses, lines to write on; the student's name where ``name=yes``."""
    page = await page_of(database, here, copy_id, await my_views(database, here, clock), clock)
    with_name = request.query_params.get("name") == "yes"
    person: Person | None = None
    if with_name:
        async with database.reading() as session:
            person = await queries.student(session, here.organisation_id, here.course.id, here.person_id)
    context = {
        "page": page,
        "view": page.view,
        "with_name": with_name,
        "name": display_name(person) if person is not None else "",
        "address": my_address(here.course, copy_id),
        "now": clock.now(),
    }
    return pages.render(request, "playlists/print.html", context)


@router.get("/light", name="my_playlist_light")
async def light(
    request: Request, here: StudentIn, copy_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """The path without script, font or picture. Its forms lead back to it, so that the choice stays in the address."""
    await bring_up_to_date(database, here, clock)
    shown = await my_views(database, here, clock)
    answer = Outcome()
    awaits = any(view.awaits_result for view in shown if view.path.copy.id == copy_id)
    if awaits and not here.visit.masquerading:
        answer = await bring_results(request, here.course, here.person_id)
        shown = await my_views(database, here, clock)
    page = await page_of(database, here, copy_id, shown, clock)
    context = {
        "page": page,
        "view": page.view,
        "answer": answer,
        "address": my_address(here.course, copy_id),
        "mine": my_address(here.course),
        "notice": notice(request),
        "now": clock.now(),
        "can_act": not here.visit.masquerading,
        "reasons": SKIP_REASONS,
    }
    return pages.render(request, "playlists/light.html", context)
