"""The question to those who teach the copy of a course: carry its playlists over, start fresh, or decide later."""

import uuid
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.content.connectors import NotConnected
from lti_tool.content.reading import read_contents
from lti_tool.courses import origins
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.freshness import Outcome
from lti_tool.errors import NotFound
from lti_tool.playlists import carrying, forms
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.replies import Said, carry_over_address, notice, playlists_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.pages import Pages, say
from lti_tool.web.replies import see


class Answer(StrEnum):
    """What can be decided."""

    CARRY = "carry"
    FRESH = "fresh"
    LATER = "later"


router = APIRouter(prefix="/courses/{course_id}/carry-over")


@router.get("", name="carry_over")
async def ask(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """The question with what would come; what came, once it is answered."""
    return await _page(request, here, database, pages)


@router.post("")
async def answer(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Do what was decided. What the copy holds is read first, since each step has to find its place there."""
    entered = Entered.of(await request.form())
    decided = entered.word("answer", Answer, Answer.CARRY)
    by, now = here.visit.person_id, clock.now()
    if decided is Answer.LATER:
        async with database.writing() as session:
            await origins.postpone(session, here.course, by, now)
        return see(playlists_address(here.course))
    if decided is Answer.FRESH:
        async with database.writing() as session:
            await origins.decide(session, here.course, None, by, now)
        return see(playlists_address(here.course), Said.STARTED_FRESH)
    original = forms.parsed(uuid.UUID, entered.values.get("original", ""))
    async with database.reading() as session:
        asked = await carrying.question(session, here.course, decided=True, carriers=carriers(request))
    if not any(source.course.id == original for source in asked.sources):
        if asked.carried:
            return see(carry_over_address(here.course), Said.CARRIED_BEFORE)
        raise NotFound("the course was not copied from that one")
    outcome = await read_contents(request, here, asked=True)
    if _is_in_the_way(outcome) and entered.values.get("anyway") != "yes":
        status = outcome.trouble.status if outcome.trouble is not None else 200
        return await _page(request, here, database, pages, outcome=outcome, chosen=original, status_code=status)
    async with database.writing() as session:
        came = await carrying.carry(session, here.course, original, by, now, carriers(request))
    return see(carry_over_address(here.course), Said.CARRIED_BEFORE if came is None else Said.CARRIED)


def carriers(request: Request) -> Sequence[carrying.Carrier]:
    """What else comes along, as the application has it."""
    found: Sequence[carrying.Carrier] = getattr(request.app.state, "carriers", ())
    return found


def _is_in_the_way(outcome: Outcome) -> bool:
    """Whether the course's content could be known better in a moment. Without a connection there is none to be known."""
    return outcome.late or (outcome.trouble is not None and not isinstance(outcome.trouble, NotConnected))


async def _page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: Pages,
    *,
    outcome: Outcome | None = None,
    chosen: uuid.UUID | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        asked = await carrying.question(session, here.course, decided=True, carriers=carriers(request))
        brought = await carrying.brought(session, here.course) if asked.carried else []
        beside = (
            [one for carrier in carriers(request) for one in await carrier.brought(session, here.course)]
            if asked.carried
            else []
        )
        brought_map = await carrying.brought_map(session, here.course) if asked.carried else None
    context: dict[str, Any] = {
        "question": asked,
        "brought": brought,
        "beside": beside,
        "missing": sum(one.missing for one in brought),
        "brought_map": brought_map,
        "competencies": f"/courses/{here.course.id}/competencies",
        "address": carry_over_address(here.course),
        "home": playlists_address(here.course),
        "chosen": chosen or (asked.sources[0].course.id if asked.sources else None),
        "late": outcome is not None and outcome.late,
        "trouble": say(request, outcome.trouble) if outcome is not None and outcome.trouble is not None else None,
        "in_the_way": outcome is not None,
        "notice": notice(request),
    }
    return pages.render(request, "playlists/carry_over.html", context, status_code=status_code)
