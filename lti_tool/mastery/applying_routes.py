"""A teacher's page that applies the rules and levels of today to what students have begun: first who would change, then a yes."""

import uuid
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.competencies import maps
from lti_tool.competencies.sections import views
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import Conflict, ToolError
from lti_tool.mastery import changing, rules, settings
from lti_tool.mastery.settings_replies import notice
from lti_tool.mastery.settings_routes import settings_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/competencies/settings/apply")

SHOWN = 200
"""Levels that would change and are listed; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Change:
    """A student's level that would become another one. ``student`` is empty for who shares no name."""

    student: str
    competency: str
    before: rules.Standing
    after: rules.Standing


@router.get("", name="apply_rules")
async def shown(
    request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages, clock: Now
) -> Response:
    """Who would change if what was begun were judged by the rules and levels of today."""
    return await _page(request, here, database, pages, clock)


@router.post("")
async def apply(
    request: Request, here: TeacherChanging, database: CurrentDatabase, pages: CurrentPages, clock: Now
) -> Response:
    """Judge what was begun by the rules and levels of today."""
    revision = Entered.of(await request.form()).revision()
    async with database.reading() as session:
        seen = await settings.preview(session, here.organisation_id, here.course.id, clock.now(), rule=None)
    if seen is None or seen.after is None:
        return await _page(request, here, database, pages, clock)
    try:
        await changing.apply_to_all(database, here.course, None, clock.now(), here.visit.person_id, revision=revision)
    except Conflict as conflict:
        return await _page(request, here, database, pages, clock, trouble=conflict, status_code=409)
    return see(settings_address(here.course.id), "rules-applied")


async def _page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: CurrentPages,
    clock: Now,
    *,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        found = await maps.the_map(session, here.organisation_id, here.course.id)
        preview = await settings.preview(session, here.organisation_id, here.course.id, clock.now(), rule=None)
        students = {student.id: student.name or "" for student in await visible_students(session, here)}
    names: dict[uuid.UUID, str] = {} if found is None else {one.id: one.name for one in found.competencies}
    moves = preview.moves if preview is not None else ()
    seen = [
        Change(students[move.person_id], names.get(move.competency_id, ""), move.before, move.after)
        for move in moves
        if move.person_id in students
    ]
    context: dict[str, Any] = {
        "views": views(here.course.id, "settings"),
        "home": settings_address(here.course.id),
        "address": f"{settings_address(here.course.id)}/apply",
        "revision": found.revision if found is not None else 0,
        "course_id": here.course.id,
        "preview": preview,
        "up": sum(move.after > move.before for move in moves),
        "down": sum(move.after < move.before for move in moves),
        "changes": sorted(seen, key=lambda one: (one.after > one.before, one.student.casefold(), one.competency))[
            :SHOWN
        ],
        "more": len(moves) - min(len(seen), SHOWN),
        "notice": trouble_notice(request, trouble) or notice(request),
    }
    return pages.render(request, "mastery/apply.html", context, status_code=status_code)
