"""The map as a drawing, and drawing prerequisites and taking them away, from it and from the other pages."""

import asyncio
import uuid
from dataclasses import replace
from itertools import pairwise
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from lti_tool.competencies import map_editing, map_pages, map_routes
from lti_tool.competencies.map_pages import GraphQuery
from lti_tool.competencies.map_replies import Said, notice, undo
from lti_tool.competencies.map_views import CourseMapView
from lti_tool.competencies.sections import home, views
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, Conflict, NotFound, ToolError
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/competencies")


@router.get("/graph", name="map_graph")
async def graph(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """The map, or a part of it, as a layered graph. What is shown and looked at stands in the address."""
    return await _graph(request, here, database, pages, GraphQuery.of(request.query_params))


@router.get("/graph/panel", name="map_graph_panel")
async def panel(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """What the graph's page says of the competency in focus, as a part of it."""
    view = await map_routes.read_map(database, here)
    if view is None:
        raise NotFound("the course has no map")
    query = map_pages.settle(view, GraphQuery.of(request.query_params))
    return pages.render(request, "competencies/_panel.html", _panel(here, view, query))


def _panel(here: InCourse, view: CourseMapView, query: GraphQuery) -> dict[str, Any]:
    part = map_pages.shown(view, query)
    return {
        "home": home(here.course.id),
        "map": view,
        "query": query,
        "part": part,
        "visible": {one.id for one in part.inside},
        "focus": map_pages.focused(view, query.start or query.focus),
        "start": view.by_id.get(query.start) if query.start else None,
        "end": view.by_id.get(query.end) if query.end else None,
    }


async def _graph(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    query: GraphQuery,
    *,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    view = await map_routes.read_map(database, here)
    base = {"views": views(here.course.id, "graph"), "home": home(here.course.id)}
    if view is None or not view.competencies:
        return pages.render(request, "competencies/graph_empty.html", base)
    query = map_pages.settle(view, query)
    circle = frozenset(_steps(trouble.loop)) if isinstance(trouble, map_editing.PrerequisiteLoop) else frozenset()
    language = language_of(request)
    context = base | _panel(here, view, query)
    # In a thread: a drawing of a thousand takes a second or two, once, and others' pages are not to wait for it.
    made = await asyncio.to_thread(
        map_pages.drawn,
        view,
        context["part"],
        bands=language.gettext(N_("Without a domain")) if query.bands else None,
        mirrored=language.direction == "rtl",
    )
    context |= {
        "drawing": made,
        "mirrored": language.direction == "rtl",
        "grades": map_pages.grades_of(view),
        "domains": map_pages.domains_of(view),
        "circle": circle,
        "looping": {one for step in circle for one in step},
        "most_steps": map_pages.MOST_STEPS,
        "notice": trouble_notice(request, trouble) or notice(request),
        "undo": undo(request, here.course.id),
    }
    return pages.render(request, "competencies/graph.html", context, status_code=status_code)


def _steps(loop: tuple[uuid.UUID, ...]) -> list[tuple[uuid.UUID, uuid.UUID]]:
    return list(pairwise(loop))


@router.post("/prerequisites", name="change_prerequisite")
async def change(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Draw (``do=draw``) that ``before`` comes before ``after``, or take it away (``take-away``).

    ``back`` is the page it was done on: nothing for the list, ``one:`` and an id, ``graph:`` and the part that was shown.
    """
    entered = Entered.of(await request.form())
    before, after = entered.made_id("before"), entered.made_id("after")
    do, back = entered.values.get("do", ""), entered.values.get("back", "")
    if before is None or after is None:
        if entered.values.get("before") == "" or entered.values.get("after") == "":
            return see(_address(here, back), Said.AS_BEFORE)
        raise BadRequest("no two competencies")
    changing = {"draw": map_editing.draw, "take-away": map_editing.take_away}.get(do)
    if changing is None:
        raise BadRequest("neither drawn nor taken away")
    try:
        async with database.writing() as session:
            done = await changing(
                session, here.course, (before, after), entered.revision(), clock.now(), here.visit.person_id
            )
    except Conflict as conflict:
        return await _again(request, here, database, pages, back, (before, after), conflict)
    if not done:
        return see(_address(here, back), Said.AS_BEFORE)
    said = Said.DRAWN if do == "draw" else Said.TAKEN_AWAY
    focus = {"focus": after} if back.startswith("graph:") else {}
    return see(_address(here, back), said, None, before=before, after=after, back=back, **focus)


def _address(here: InCourse, back: str) -> str:
    """Where a form came from; the list for what no page of ours sends."""
    kind, _, rest = back.partition(":")
    if kind == "graph":
        return f"{home(here.course.id)}/graph{GraphQuery.of(QueryParams(rest)).query()}".rstrip("?")
    if kind == "one":
        return f"{home(here.course.id)}/{_id(rest)}/edit"
    return home(here.course.id)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadRequest("a page no form of ours stands on") from error


async def _again(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    back: str,
    edge: tuple[uuid.UUID, uuid.UUID],
    conflict: Conflict,
) -> Response:
    """The page it was done on, with what was in the way; what was chosen is still chosen."""
    kind, _, rest = back.partition(":")
    status = conflict.status
    if kind == "graph":
        query = replace(GraphQuery.of(QueryParams(rest)), start=edge[0], end=edge[1])
        return await _graph(request, here, database, pages, query, trouble=conflict, status_code=status)
    if kind == "one":
        return await map_routes.one_page(
            request, here, database, pages, _id(rest), trouble=conflict, chosen=edge, status_code=status
        )
    return await map_routes.list_page(request, here, database, pages, trouble=conflict, status_code=status)
