"""A teacher's pages of rubrics: the list, a new one, changing one."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.competencies import maps
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.menus import ready_rubrics, rubric_forms, rubric_queries, rubrics
from lti_tool.menus.rubric_forms import RubricForm
from lti_tool.menus.rules import rubrics as rules
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import said_in, see

router = APIRouter(prefix="/courses/{course_id}/rubrics")

READY = "ready"
"""What the form says for the ready-made rubric."""


class Said(StrEnum):
    """What a page says after a form."""

    MADE = "made"
    SAVED = "saved"
    REMOVED = "removed"


_SENTENCES = {
    Said.MADE: N_("This is your own copy. Change it as you like; boards can mark by it from now on."),
    Said.SAVED: N_("Saved. Marks given before keep the levels they were given by."),
    Said.REMOVED: N_("Taken out of the list. Boards that mark by it keep it."),
}


def rubrics_address(course: Course, rubric_id: uuid.UUID | None = None) -> str:
    """The list of rubrics, or one of them."""
    return f"/courses/{course.id}/rubrics" + (f"/{rubric_id}" if rubric_id else "")


def _notice(request: Request) -> dict[str, str] | None:
    said = said_in(request, Said)
    return None if said is None else {"tone": "success", "text": language_of(request).gettext(_SENTENCES[said])}


@router.get("", name="rubrics")
async def listed(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """The rubrics of the course, and which boards mark by them."""
    async with database.reading() as session:
        found = await rubrics.listed(session, here.course)
    context = {
        "rubrics": found,
        "home": rubrics_address(here.course),
        "notice": _notice(request),
        "new_rubric_id": new_id,
        "levels": range(rules.FEWEST, rules.MOST + 1),
    }
    return pages.render(request, "menus/rubrics.html", context)


@router.post("")
async def create(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Begin a rubric: the ready-made one at once (``from=ready``), or an empty form with so many ``levels``."""
    entered = Entered.of(await request.form())
    rubric_id = entered.made_id("rubric_id") or new_id()
    if entered.values.get("from") == READY:
        say = language_of(request).gettext
        async with database.writing() as session:
            made = await rubrics.create_ready(session, here, rubric_id, "", say, clock.now())
        return see(rubrics_address(here.course, made), Said.MADE)
    count = parsed(int, entered.values.get("levels") or "4")
    form = rubric_forms.blank(min(max(count, rules.FEWEST), rules.MOST))
    if entered.values.get("rows") is None:
        return await _page(request, here, database, pages, rubric_id, form, {})
    title = entered.text("title", 200, N_("Please give the rubric a title."))
    wanted, meets = rubric_forms.rows(entered)
    if entered.errors:
        return await _page(request, here, database, pages, rubric_id, rubric_forms.of_entered(entered), entered.errors)
    async with database.writing() as session:
        await rubrics.create(session, here, rubric_id, title, wanted, meets, clock.now())
    return see(rubrics_address(here.course, rubric_id), Said.SAVED)


@router.get("/{rubric_id}", name="rubric")
async def one(
    request: Request, here: TeacherIn, rubric_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """One rubric as a form."""
    async with database.reading() as session:
        row = await rubric_queries.rubric(session, here.organisation_id, here.course.id, rubric_id)
        if row is None or row.removed_at is not None:
            raise NotFound("no such rubric in this course")
        view = await rubrics.one(session, here.course, rubric_id)
    return await _page(
        request, here, database, pages, rubric_id, rubric_forms.of_view(view), {}, there=True, boards=view.boards
    )


@router.post("/{rubric_id}")
async def save(
    request: Request,
    here: TeacherChanging,
    rubric_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Have the rubric be as the form says."""
    entered = Entered.of(await request.form())
    title = entered.text("title", 200, N_("Please give the rubric a title."))
    wanted, meets = rubric_forms.rows(entered)
    if entered.errors:
        form = rubric_forms.of_entered(entered)
        return await _page(request, here, database, pages, rubric_id, form, entered.errors, there=True)
    seen = parsed(datetime.fromisoformat, entered.values.get("changed", ""))
    async with database.writing() as session:
        await rubrics.save(session, here, rubric_id, title, wanted, meets, seen, clock.now())
    return see(rubrics_address(here.course, rubric_id), Said.SAVED)


@router.post("/{rubric_id}/remove")
async def remove(here: TeacherChanging, rubric_id: uuid.UUID, database: CurrentDatabase, clock: Now) -> Response:
    """Take the rubric out of the list."""
    async with database.writing() as session:
        await rubrics.remove(session, here, rubric_id, clock.now())
    return see(rubrics_address(here.course), Said.REMOVED)


def _label(one: MapCompetencyView) -> str:
    return f"{one.code} {one.words}".strip()[:120]


async def _page(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    rubric_id: uuid.UUID,
    form: RubricForm,
    errors: dict[str, str],
    *,
    there: bool = False,
    boards: tuple[str, ...] = (),
) -> Response:
    async with database.reading() as session:
        competencies = (await maps.listed(session, here.organisation_id, here.course.id)).competencies
    context: dict[str, Any] = {
        "form": form,
        "rubric_id": rubric_id,
        "there": there,
        "boards": boards,
        "errors": errors,
        "competencies": competencies,
        "competency_choices": [(str(one.id), _label(one)) for one in competencies],
        "home": rubrics_address(here.course),
        "address": rubrics_address(here.course, rubric_id) if there else rubrics_address(here.course),
        "ready_title": ready_rubrics.TITLE,
        "notice": _notice(request),
    }
    return pages.render(request, "menus/rubric.html", context, status_code=422 if errors else 200)
