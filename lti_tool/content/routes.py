"""The course's content: a teacher's page, and the picker inside the playlist builder."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from lti_tool.content import rules, service, student_dates, windows
from lti_tool.content.access import abilities
from lti_tool.content.connectors import NotConnected
from lti_tool.content.reading import read_contents
from lti_tool.content.sync import showing
from lti_tool.courses import queries as course_queries
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.freshness import Outcome
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest
from lti_tool.lti.models import Role
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages
from lti_tool.web.pages import Pages, language_of, say

router = APIRouter(prefix="/courses/{course_id}/content")

Search = Annotated[str, Query(max_length=200)]
Part = Annotated[str, Query(max_length=36)]
Chosen = Annotated[Sequence[uuid.UUID], Query(max_length=200)]


@router.get("", name="content")
async def contents(
    request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages, q: Search = ""
) -> Response:
    """What the course holds, by module; read at the first look."""
    outcome = await read_contents(request, here, asked=False)
    return await _page(request, here, outcome, database, pages, q=q, said=request.query_params.get("said"))


@router.post("/refresh", name="refresh_content")
async def refresh(request: Request, here: TeacherChanging, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """Read the course's content again, now, and everything else of it behind the page."""
    outcome = await read_contents(request, here, asked=True)
    if outcome.trouble is not None:
        return await _page(request, here, outcome, database, pages, status_code=outcome.trouble.status)
    said = "late" if outcome.late else "read"
    return RedirectResponse(f"/courses/{here.course.id}/content?said={said}", status_code=303)


@router.get("/reading", name="content_reading")
async def reading(
    request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages, first: bool = False
) -> Response:
    """A fragment for the page: how far the reading of the course is, or what came of it. With ``first``, for a page without any
    items: it is shown anew as soon as there are some, or nobody reads them any more.
    """
    async with database.reading() as session:
        standing = await showing.standing(session, here.course, request.app.state.clock.now())
        course = await course_queries.course(session, here.organisation_id, here.course.id) or here.course
        there = course.content_read_at is not None
    context = _standing_context(request, here, standing) | {"was_busy": not standing.busy, "first": first}
    headers = {"HX-Refresh": "true"} if first and (there or not standing.busy) else None
    return pages.render(request, "content/_reading.html", context, headers=headers)


@router.get("/picker", name="content_picker")
async def picker(
    request: Request,
    here: TeacherIn,
    database: CurrentDatabase,
    pages: CurrentPages,
    playlist: uuid.UUID | None = None,
    menu: uuid.UUID | None = None,
    q: Search = "",
    revision: int | None = None,
    section: Part = "",
    item: Chosen = (),
) -> Response:
    """A fragment for a builder: items to choose, in a form that posts them as ``item`` to the playlist's steps or onto the menu's
    board, with the ``section`` they go to.

    Each ``item`` in the address is chosen already; a search keeps it in sight.
    """
    if playlist is None and menu is None:
        raise BadRequest("neither a playlist nor a menu is named")
    outcome = await read_contents(request, here, asked=False)
    context = await _context(request, here, outcome, database, q, frozenset(item))
    home = f"/courses/{here.course.id}"
    context |= {
        "builder": f"{home}/playlists/{playlist}" if menu is None else f"{home}/menus/{menu}/items",
        "adds": f"{home}/playlists/{playlist}/steps" if menu is None else f"{home}/menus/{menu}/items",
        "playlist": playlist,
        "menu": menu,
        "revision": revision,
        "section": section,
    }
    return pages.render(request, "content/picker.html", context)


async def _context(
    request: Request,
    here: InCourse,
    outcome: Outcome,
    database: Database,
    wanted: str,
    chosen: frozenset[uuid.UUID] = frozenset(),
) -> dict[str, Any]:
    async with database.reading() as session:
        every = await service.items(session, here.organisation_id, here.course.id)
        course = await course_queries.course(session, here.organisation_id, here.course.id) or here.course
        read_at = course.content_read_at
        dates = None
        if student_dates.may(here):
            dates = await windows.access(session, request.app.state.connectors, here.course)
        standing = await showing.standing(session, here.course, request.app.state.clock.now())
        session.expunge_all()
    found = rules.matching(every, wanted)
    found_ids = {item.id for item in found} | chosen
    return {
        "modules": rules.sections(item for item in every if item.id in found_ids),
        "chosen": chosen,
        "found": len(found),
        "total": sum(1 for item in every if item.kind != "heading"),
        "q": wanted,
        "address": f"/courses/{here.course.id}/content",
        "address_of": rules.teachers_address,
        "is_own": rules.is_own,
        "dated": {item.id for item in every if dates is not None and windows.can_have(dates, item)},
        "read_at": read_at,
        "now": request.app.state.clock.now(),
        "sources": showing.sources(every),
        "unaddressed": sum(1 for item in every if rules.place_in_course(item)),
        "connected": not isinstance(outcome.trouble, NotConnected),
        "trouble": say(request, outcome.trouble) if outcome.trouble else None,
        "late": outcome.late,
        "standing": standing,
        # Nobody has read it yet, and somebody does so now: then nought items say nothing.
        "reading": read_at is None and outcome.trouble is None and (outcome.late or standing.busy),
        "again": request.url.query,
    }


def _standing_context(request: Request, here: InCourse, standing: showing.Standing) -> dict[str, Any]:
    """What the part of the page needs that tells of readings; trouble in words."""
    language = language_of(request)
    trouble = showing.error_of(standing.trouble) if standing.trouble is not None else None
    parts = [
        (showing.PARTS[part], language.gettext(error.title))
        for part, code in standing.parts.items()
        if part in showing.PARTS and (error := showing.error_of(code)) is not None
    ]
    return {
        "standing": standing,
        "said": say(request, trouble) if trouble is not None else None,
        "parts": parts,
        "was_busy": False,
        "first": False,
        "address": f"/courses/{here.course.id}/content",
    }


async def _page(
    request: Request,
    here: InCourse,
    outcome: Outcome,
    database: Database,
    pages: Pages,
    *,
    q: str = "",
    said: str | None = None,
    status_code: int = 200,
) -> Response:
    context = await _context(request, here, outcome, database, q)
    standing = context["standing"]
    async with database.reading() as session:
        teaches = here.visit.role is Role.TEACHER
        access = await abilities.of_course(session, here.course, here.visit.person_id, teaches=teaches)
    context |= _standing_context(request, here, standing) | {"first": context["reading"]}
    context["access"] = access
    context["home"] = f"/courses/{here.course.id}"
    if outcome.trouble is not None:
        # The page says already why the platform cannot be asked now.
        context["said"] = None
    context["late"] = outcome.late or said == "late"
    # While the rest is read, that part of the page says how far it is.
    context["just_read"] = said == "read" and outcome.trouble is None and not standing.busy
    return pages.render(request, "content/contents.html", context, status_code=status_code)
