"""A teacher's pages of the course's map: the list, one competency, own competencies, a file."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.competencies import map_editing, map_pages, maps, rules_lines
from lti_tool.competencies import map_queries as queries
from lti_tool.competencies.map_replies import Said, notice, undo
from lti_tool.competencies.map_views import CourseMapView, Edge, MapCompetencyView
from lti_tool.competencies.rules_lines import MOST_CODE, MOST_LINES, MOST_STATEMENT, Line
from lti_tool.competencies.sections import home, views
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.lti.sessions import by_script
from lti_tool.web import spreadsheets
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/competencies")


async def read_map(database: Database, here: InCourse) -> CourseMapView | None:
    """The course's map in a transaction of its own."""
    async with database.reading() as session:
        return await maps.the_map(session, here.organisation_id, here.course.id)


# --- The list -------------------------------------------------------------------------------------------------------------


@router.get("", name="course_map")
async def map_list(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """The map as an indented list, with everything that can be done to it."""
    return await list_page(request, here, database, pages)


async def list_page(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    *,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    """The list as it stands, with what was in the way of a change."""
    view = await read_map(database, here)
    competencies = view.competencies if view is not None else ()
    context: dict[str, Any] = {
        "views": views(here.course.id, "map"),
        "home": home(here.course.id),
        "map": view,
        "lines": map_pages.lines(view) if view is not None else [],
        "count": len(competencies),
        "loops": _loops(view),
        "notice": trouble_notice(request, trouble) or notice(request),
        "undo": undo(request, here.course.id),
    }
    return pages.render(request, "competencies/map.html", context, status_code=status_code)


def _loops(view: CourseMapView | None) -> list[dict[str, Any]]:
    """What does not hold because it would go round in a circle, with the way round."""
    if view is None:
        return []
    found = []
    for before, after in view.set_aside:
        loop = map_editing.way_round(view, (before, after))
        found.append({"before": view.by_id[before], "after": view.by_id[after], "loop": loop})
    return found


@router.post("/order", name="order_map")
async def order(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Another order: of all (``order``, from dragging), of one (``up``, ``down``, ``item`` and its ``place``), or ``sort``."""
    entered = Entered.of(await request.form())
    revision, now = entered.revision(), clock.now()
    wanted = [part for part in entered.values.get("order", "").split(",") if part]
    up, down = entered.made_id("up"), entered.made_id("down")
    sort, item = entered.values.get("sort", ""), entered.made_id("item") or up or down
    try:
        async with database.writing() as session:
            if wanted:
                ids = [parsed(uuid.UUID, part) for part in wanted]
                await map_editing.reorder(session, here.course, ids, revision, now)
            elif item is not None:
                by = bool(down) - bool(up)
                to = parsed(int, entered.values.get("place") or "0")
                await map_editing.move(session, here.course, item, revision, now, by=by, to=max(to, 0))
            else:
                await map_editing.sort(session, here.course, revision, now, prerequisites=sort == "prerequisites")
    except Conflict as conflict:
        if by_script(request):
            raise  # The page puts its list back and shows this error's words.
        return await list_page(request, here, database, pages, trouble=conflict, status_code=409)
    # The script follows to the page as it stands now, and takes the next revision from it.
    return see(home(here.course.id), None if item or wanted else Said.SAVED, f"c-{item}" if item else "map")


@router.get("/map.csv", name="map_csv")
async def as_csv(request: Request, here: TeacherIn, database: CurrentDatabase) -> Response:
    """The map as a table; its first columns are what ``lti-tool import competencies`` reads."""
    view = await read_map(database, here)
    if view is None:
        raise NotFound("the course has no map")
    say = language_of(request).gettext
    heads = [say(head) for head in (N_("opens"), N_("grade"), N_("domain"), N_("from framework"))]
    return Response(
        spreadsheets.written(map_pages.table(view, heads)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="competencies.csv"'},
    )


# --- One competency -------------------------------------------------------------------------------------------------------


async def one_page(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    competency_id: uuid.UUID,
    *,
    trouble: ToolError | None = None,
    entered: Entered | None = None,
    chosen: Edge | None = None,
    status_code: int = 200,
) -> Response:
    """A competency's page, with what was in the way of a change and what had been ``chosen`` to be joined."""
    view = await read_map(database, here)
    found = map_pages.focused(view, competency_id) if view is not None else None
    if view is None or found is None:
        raise NotFound("not a competency of this map")
    async with database.reading() as session:
        own = await map_editing.own_framework(session, here.course)
    taken = [edge for edge in view.taken_away if competency_id in edge]
    context: dict[str, Any] = {
        "views": views(here.course.id, "map"),
        "home": home(here.course.id),
        "map": view,
        "one": found.competency,
        "needs": found.needs,
        "opens": found.opens,
        "others": _others(view, found),
        "chosen": chosen,
        "taken_away": [(view.by_id[before], view.by_id[after]) for before, after in taken],
        "place": view.competencies.index(found.competency) + 1,
        "mine": own is not None and found.competency.framework_id == own.id,
        "notice": trouble_notice(request, trouble) or notice(request),
        "undo": undo(request, here.course.id),
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
    }
    return pages.render(request, "competencies/one.html", context, status_code=status_code)


def _others(view: CourseMapView, focus: map_pages.Focus) -> dict[str, list[MapCompetencyView]]:
    """What can still be drawn as a prerequisite or as opened: everything that is not there yet."""
    here = focus.competency.id
    needs = {one.competency.id for one in focus.needs}
    opens = {one.competency.id for one in focus.opens}
    every = [one for one in view.competencies if one.id != here]
    return {
        "before": [one for one in every if one.id not in needs],
        "after": [one for one in every if one.id not in opens],
    }


@router.get("/{competency_id}/edit", name="edit_competency")
async def one(
    request: Request, here: TeacherIn, competency_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """One competency of the map: what it says, what it needs and opens, its place."""
    return await one_page(request, here, database, pages, competency_id)


@router.post("/{competency_id}/edit")
async def rewrite(
    request: Request,
    here: TeacherChanging,
    competency_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Change what one of the course's own competencies says."""
    entered = Entered.of(await request.form())
    line = Line(
        entered.text("code", MOST_CODE),
        entered.text("statement", MOST_STATEMENT, N_("Please say what students know or can do.")),
    )
    if entered.errors:
        return await one_page(request, here, database, pages, competency_id, entered=entered, status_code=422)
    try:
        async with database.writing() as session:
            await map_editing.rewrite(session, here.course, competency_id, line, entered.revision(), clock.now())
    except Conflict as conflict:
        return await one_page(
            request, here, database, pages, competency_id, trouble=conflict, entered=entered, status_code=409
        )
    return see(f"{home(here.course.id)}/{competency_id}/edit", Said.SAVED)


# --- Own competencies -----------------------------------------------------------------------------------------------------


async def _own(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    *,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    view = await read_map(database, here)
    async with database.reading() as session:
        framework = await map_editing.own_framework(session, here.course)
        written = await queries.entries(session, here.organisation_id, [framework.id]) if framework is not None else []
    inside = view.by_id.keys() if view is not None else set()
    context: dict[str, Any] = {
        "views": views(here.course.id, "map"),
        "home": home(here.course.id),
        "revision": view.revision if view is not None else 0,
        "framework": framework,
        "shared": framework is not None and framework.course_id is None,
        "left_out": [one for one in written if one.id not in inside],
        "most": MOST_LINES,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "notice": trouble_notice(request, trouble) or notice(request),
    }
    return pages.render(request, "competencies/own.html", context, status_code=status_code)


@router.get("/own", name="own_competencies")
async def own(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """The form for own competencies, several at once, and whether the school may use them."""
    return await _own(request, here, database, pages)


@router.post("/own")
async def write(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Write own competencies, one a line, and take them into the map."""
    entered = Entered.of(await request.form())
    lines = rules_lines.lines_of(entered.values.get("lines", ""))
    if not lines:
        entered.errors["lines"] = N_("Please write at least one line.")
    elif len(lines) > MOST_LINES:
        entered.errors["lines"] = N_("These are too many lines. Please write at most 200 at once.")
    elif any(len(line.statement) > MOST_STATEMENT for line in lines):
        entered.errors["lines"] = N_("One of the lines is too long. Please shorten it.")
    if entered.errors:
        return await _own(request, here, database, pages, entered=entered, status_code=422)
    title = language_of(request).gettext(N_("%(course)s: own competencies")) % {"course": here.course.title[:400]}
    try:
        async with database.writing() as session:
            made = await map_editing.write(
                session, here.course, lines, title, entered.revision(), clock.now(), here.visit.person_id
            )
    except NotFound:
        raise
    except ToolError as trouble:
        return await _own(request, here, database, pages, entered=entered, trouble=trouble, status_code=trouble.status)
    return see(home(here.course.id), Said.WRITTEN, f"c-{made[0]}", added=len(made))


@router.post("/share", name="share_own")
async def share(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Let the school's other courses pick what was written here, or no longer."""
    entered = Entered.of(await request.form())
    shared = entered.values.get("shared") == "yes"
    try:
        async with database.writing() as session:
            await map_editing.share(session, here.course, clock.now(), here.visit.person_id, shared=shared)
    except Conflict as conflict:
        return await _own(request, here, database, pages, trouble=conflict, status_code=409)
    return see(f"{home(here.course.id)}/own", Said.SHARED if shared else Said.UNSHARED)
