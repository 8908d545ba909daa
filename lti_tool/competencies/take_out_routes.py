"""Taking competencies out of a course's map: one, or several at once, with what is known of students in them."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.competencies import map_pages, maps
from lti_tool.competencies import map_queries as queries
from lti_tool.competencies.map_replies import Said
from lti_tool.competencies.map_routes import read_map
from lti_tool.competencies.ports import EvidenceHeld, Held
from lti_tool.competencies.sections import home, views
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/competencies")

MOST_UNDONE = 40
"""Competencies whose taking out can be undone with one press."""


@router.get("/take-out", name="take_out_several")
async def ask_for_several(
    request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """The whole map to tick what is taken out, with what is known in each."""
    return await _several(request, here, database, pages)


async def _several(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    *,
    ticked: frozenset[uuid.UUID] = frozenset(),
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    view = await read_map(database, here)
    if view is None:
        raise NotFound("the course has no map")
    ask: EvidenceHeld = request.app.state.evidence_held
    async with database.reading() as session:
        held = await ask(session, here.organisation_id, here.course.id, list(view.by_id))
    context = {
        "views": views(here.course.id, "map"),
        "home": home(here.course.id),
        "map": view,
        "lines": map_pages.lines(view),
        "held": held,
        "ticked": ticked,
        "notice": trouble_notice(request, trouble),
    }
    return pages.render(request, "competencies/take_out.html", context, status_code=status_code)


@router.post("/take-out")
async def take_out_several(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Take out what was ticked (``competency``)."""
    form = await request.form()
    ids = [parsed(uuid.UUID, value) for value in form.getlist("competency") if isinstance(value, str)]
    revision = Entered.of(form).revision()
    if not ids:
        return see(home(here.course.id), Said.AS_BEFORE)
    try:
        async with database.writing() as session:
            out = await maps.take_out(session, here.course, ids, revision, clock.now(), here.visit.person_id)
    except Conflict as conflict:
        return await _several(request, here, database, pages, ticked=frozenset(ids), trouble=conflict, status_code=409)
    # An address has no room for more; what was taken out is found again by picking.
    undo_ids = ",".join(str(one) for one in out) if len(out) <= MOST_UNDONE else None
    return see(home(here.course.id), Said.TAKEN_OUT, "map", competency=undo_ids)


@router.get("/{competency_id}/remove", name="remove_competency")
async def ask_to_take_out(
    request: Request, here: TeacherIn, competency_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """Ask before a competency is taken out of the map, and say what stays."""
    return await _ask(request, here, database, pages, competency_id)


async def _ask(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    competency_id: uuid.UUID,
    *,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    view = await read_map(database, here)
    if view is None or competency_id not in view.by_id:
        raise NotFound("not a competency of this map")
    ask: EvidenceHeld = request.app.state.evidence_held
    async with database.reading() as session:
        held = await ask(session, here.organisation_id, here.course.id, [competency_id])
        aligned = await queries.count_aligned(session, here.organisation_id, here.course.id, competency_id)
    context = {
        "views": views(here.course.id, "map"),
        "home": home(here.course.id),
        "map": view,
        "one": view.by_id[competency_id],
        "held": held.get(competency_id, Held(0, 0)),
        "aligned": aligned,
        "notice": trouble_notice(request, trouble),
    }
    return pages.render(request, "competencies/remove.html", context, status_code=status_code)


@router.post("/{competency_id}/remove")
async def take_out(
    request: Request,
    here: TeacherChanging,
    competency_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Take a competency out of the map."""
    entered = Entered.of(await request.form())
    try:
        async with database.writing() as session:
            out = await maps.take_out(
                session, here.course, [competency_id], entered.revision(), clock.now(), here.visit.person_id
            )
    except Conflict as conflict:
        return await _ask(request, here, database, pages, competency_id, trouble=conflict, status_code=409)
    if not out:
        raise NotFound("not a competency of this map")
    return see(home(here.course.id), Said.TAKEN_OUT, "map", competency=competency_id)
