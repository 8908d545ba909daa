"""Picking competencies into a course's map: frameworks, their grades and domains, a search, many at once."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.competencies import framework_queries, maps, rules_picking
from lti_tool.competencies import map_queries as queries
from lti_tool.competencies.map_replies import Said, notice
from lti_tool.competencies.models import Framework
from lti_tool.competencies.rules_picking import Branch
from lti_tool.competencies.sections import home, views
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, ToolError
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import parsed
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/competencies")

MOST_SHOWN = 300
"""Boxes to tick on one page; who looks for more narrows it down, by grade, domain or words."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a teacher looks for."""

    framework: uuid.UUID | None
    grade: uuid.UUID | None
    """A branch of the framework that stands at its root: a grade in most, whatever the framework has in others."""
    words: str

    @classmethod
    def of(cls, request: Request) -> "Wanted":
        """As the address has it."""
        given = request.query_params
        return cls(
            parsed(uuid.UUID, given["framework"]) if given.get("framework") else None,
            parsed(uuid.UUID, given["grade"]) if given.get("grade") else None,
            given.get("q", "").strip()[:200],
        )


@router.get("/pick", name="pick_competencies")
async def pick(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """Frameworks to choose from; or one's competencies, by grade, or by the words that are looked for."""
    return await _page(request, here, database, pages, Wanted.of(request))


async def _page(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    wanted: Wanted,
    *,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        frameworks = await framework_queries.frameworks(session, here.organisation_id, here.course.id)
        counts = await framework_queries.counts(session, here.organisation_id, [one.id for one in frameworks])
        chosen = next((one for one in frameworks if one.id == wanted.framework), None)
        shown = await _shown(session, here, frameworks, chosen, wanted)
        inside = {row.id for row in await queries.in_map(session, here.organisation_id, here.course.id)}
    context: dict[str, Any] = {
        "views": views(here.course.id, "map"),
        "home": home(here.course.id),
        "frameworks": frameworks,
        "counts": counts,
        "chosen": chosen,
        "wanted": wanted,
        "inside": inside,
        "most": MOST_SHOWN,
        "notice": trouble_notice(request, trouble) or notice(request),
        **shown,
    }
    return pages.render(request, "competencies/pick.html", context, status_code=status_code)


async def _shown(
    session: AsyncSession,
    here: InCourse,
    frameworks: Sequence[Framework],
    chosen: Framework | None,
    wanted: Wanted,
) -> dict[str, Any]:
    """``branches`` to tick, ``roots`` to narrow down by, and how many there are."""
    nothing: dict[str, Any] = {"branches": [], "roots": [], "root": None, "total": 0, "too_many": False}
    if chosen is None and not wanted.words:
        return nothing
    ids = [chosen.id] if chosen is not None else [one.id for one in frameworks]
    entries = await queries.entries(session, here.organisation_id, ids)
    trees = rules_picking.forest(entries)
    roots = [branch for branch in trees if branch.branches] if chosen is not None else []
    root = next((branch for branch in roots if branch.entry.id == wanted.grade), None)
    if wanted.words:
        found = {one.id for one in entries if rules_picking.matches(one, wanted.words)}
        if root is not None:
            found &= _ids(root)
        trees = rules_picking.forest(entries, found)
    elif root is not None:
        trees = [root]
    total = sum(branch.count for branch in trees)
    too_many = total > MOST_SHOWN
    return {
        "branches": [] if too_many else trees,
        "roots": roots,
        "root": root,
        "total": total,
        "too_many": too_many,
    }


def _ids(branch: Branch) -> set[uuid.UUID]:
    return {branch.entry.id}.union(*(_ids(one) for one in branch.branches))


@router.post("/pick")
async def add(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Take what was ticked (``competency``) into the map; with ``earlier`` also what it needs, down to the grade before."""
    form = await request.form()
    given = [value for value in form.getlist("competency") if isinstance(value, str)]
    ids = [parsed(uuid.UUID, part) for value in given for part in value.split(",")]
    earlier = form.get("earlier") == "yes"
    if len(ids) > maps.MOST_COMPETENCIES:
        raise BadRequest("more than any page of ours offers")
    try:
        async with database.writing() as session:
            needed = await maps.earlier(session, here.course, ids) if earlier else []
            picked = await maps.pick(session, here.course, [*ids, *needed], clock.now(), here.visit.person_id)
    except BadRequest as trouble:
        return await _page(
            request, here, database, pages, Wanted.of(request), trouble=trouble, status_code=trouble.status
        )
    if not picked.added:
        return see(f"{home(here.course.id)}/pick" if not ids else home(here.course.id), Said.PICKED_NOTHING)
    besides = len(set(picked.added) & set(needed))
    return see(
        home(here.course.id), Said.PICKED, f"c-{picked.added[0]}", added=len(picked.added), besides=besides or None
    )
