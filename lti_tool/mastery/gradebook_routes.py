"""A teacher's pages for bringing in a gradebook export: choose the file, look at what it would do, confirm."""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from lti_tool.competencies import maps
from lti_tool.content import drafts
from lti_tool.content.drafts import Drafts, TheirDrafts
from lti_tool.courses import identities
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.identities import Identities
from lti_tool.courses.visibility import visible_students
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.mastery import gradebook_service as service
from lti_tool.mastery.gradebooks import GradebookFile, read_gradebook
from lti_tool.mastery.gradebooks.matching import Match
from lti_tool.mastery.gradebooks.planning import Choice, Obstacle, Plan
from lti_tool.mastery.gradebooks.table import MAX_BYTES
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages
from lti_tool.web.forms import Entered
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, say

router = APIRouter(prefix="/courses/{course_id}/mastery/gradebook")

KIND = "gradebook"
"""What kind of draft these files are."""

Counted = Annotated[int, Query(ge=0, le=1_000_000)]


@router.get("", name="gradebook_import")
async def choose(
    request: Request,
    here: TeacherIn,
    pages: CurrentPages,
    added: Counted = 0,
    replaced: Counted = 0,
    unchanged: Counted = 0,
    back: Counted = 0,
    learners: Counted = 0,
    done: bool = False,
) -> Response:
    """The form that takes the file; after an import, what came of it."""
    context = {
        "address": _address(here),
        "done": {"added": added, "replaced": replaced, "unchanged": unchanged, "back": back, "learners": learners}
        if done
        else None,
        "trouble": None,
    }
    return pages.render(request, "mastery/gradebook_choose.html", context)


@router.post("/upload", name="gradebook_upload")
async def upload(
    request: Request,
    here: TeacherChanging,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """Keep the file for its preview. One that cannot be read is said to be so, and is not kept."""
    async with request.form() as form:
        name, data = await drafts.chosen(form, MAX_BYTES)
    try:
        if not name:
            advice = N_("Choose the CSV file that you exported, then press the button again.")
            raise drafts.NoFile("the form had no file", advice=advice)
        # Seconds for a large one, in which others are answered.
        await asyncio.to_thread(read_gradebook, data)
    except ToolError as error:
        context = {"address": _address(here), "done": None, "trouble": say(request, error)}
        return pages.render(request, "mastery/gradebook_choose.html", context, status_code=error.status)
    async with database.writing() as session:
        draft_id = await theirs.keep(session, KIND, name, data)
    return RedirectResponse(f"{_address(here)}/{draft_id}", status_code=303)


@router.get("/{draft_id}", name="gradebook_preview")
async def preview(
    request: Request,
    here: TeacherIn,
    draft_id: uuid.UUID,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """What the file would do: whose rows they are, what its columns are. Nothing happens before the button."""
    kept = await _kept(request, here, database, theirs, draft_id)
    return await _page(request, here, database, pages, kept)


@router.post("/{draft_id}")
async def bring_in(
    request: Request,
    here: TeacherChanging,
    draft_id: uuid.UUID,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """Bring in what the teacher chose; or show again what needs attention, with everything that was entered."""
    now = theirs.now
    form = await request.form()
    if form.get("answer") == "cancel":
        async with database.writing() as session:
            await theirs.forget(session, draft_id)
        return RedirectResponse(_address(here), status_code=303)
    kept = await _kept(request, here, database, theirs, draft_id)
    async with database.reading() as session:
        plan = await service.planned(session, here.course, kept.file, kept.known)
        session.expunge_all()
    entered = _entered(form, plan, now)
    if entered.errors:
        return await _page(request, here, database, pages, kept, entered=entered, status_code=422)
    try:
        async with database.writing() as session:
            by = here.visit.person_id
            out_of = {choice.column: choice.out_of for choice in entered.choices}
            await service.align(session, here.course, plan, entered.competencies, out_of, by=by, now=now)
            plan = await service.planned(session, here.course, kept.file, kept.known)
            done = await service.bring_in(
                session,
                here.course,
                plan,
                entered.choices,
                entered.confirmed,
                count_zeros=entered.zeros,
                by=by,
                now=now,
            )
            await theirs.forget(session, draft_id)
    except ToolError as error:
        return await _page(request, here, database, pages, kept, entered=entered, error=error, status_code=error.status)
    counts = f"added={done.added}&replaced={done.replaced}&unchanged={done.unchanged}&back={done.taken_back}"
    return RedirectResponse(f"{_address(here)}?done=true&{counts}&learners={done.learners}", status_code=303)


# --- Parts --------------------------------------------------------------------------------------------------------------


def _address(here: InCourse) -> str:
    return f"/courses/{here.course.id}/mastery/gradebook"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file between its preview and the confirmation, and the students whom this teacher may see, with what names them."""

    draft_id: uuid.UUID
    name: str
    file: GradebookFile
    known: Identities


async def _kept(request: Request, here: InCourse, database: Database, theirs: Drafts, draft_id: uuid.UUID) -> _Kept:
    async with database.reading() as session:
        name, data = await theirs.find(session, KIND, draft_id)
    found = await identities.of_course(database, request.app.state.protocol, here.course)
    async with database.reading() as session:
        visible = {person.id for person in await visible_students(session, here)}
    known = Identities(tuple(one for one in found.known if one.person_id in visible), found.asked)
    return _Kept(draft_id, name, await asyncio.to_thread(read_gradebook, data), known)


@dataclass
class _Entered(Entered):
    """What the form says."""

    taken: set[int] = field(default_factory=set)
    choices: list[Choice] = field(default_factory=list)
    competencies: dict[int, list[uuid.UUID]] = field(default_factory=dict)
    confirmed: set[int] = field(default_factory=set)
    zeros: bool = False


def _entered(form: FormData, plan: Plan, now: datetime) -> _Entered:
    values = Entered.of(form).values
    said = _Entered(
        values, taken=_numbers(form, "column"), confirmed=_numbers(form, "confirm"), zeros="zeros" in values
    )
    for one in plan.columns:
        index = one.column.index
        if index not in said.taken:
            continue
        out_of = one.out_of
        given = values.get(f"out_of_{index}", "")
        if one.column.out_of is None and given:
            out_of = _points(given)
            if out_of is None:
                said.errors[f"out_of_{index}"] = N_("Write a number above 0, such as 20.")
        elif out_of is None:
            said.errors[f"out_of_{index}"] = N_("Say what the points are out of; the file does not.")
        if out_of is not None and one.highest is not None and one.highest > 2 * out_of:
            said.errors[f"out_of_{index}"] = N_("A student has more than twice as many points. Check the number.")
        if not one.alignments:
            chosen = _ids(form, f"competency_{index}")
            if chosen:
                said.competencies[index] = chosen
            else:
                said.errors[f"competency_{index}"] = N_("Choose what this column assesses, or leave the column out.")
        at = None
        if values.get(f"on_{index}"):
            gone = N_("Choose a day that has been.")
            at = said.past_day(f"on_{index}", now, missing=gone, ahead=gone)
        said.choices.append(Choice(index, out_of, at))
    if not said.confirmed and not plan.counted(Match.SURE):
        said.errors["rows"] = N_("Tick whose rows these are. With nobody ticked, nothing would come in.")
    if not said.taken:
        said.errors["columns"] = N_("Choose at least one column.")
    return said


def _numbers(form: FormData, name: str) -> set[int]:
    return {int(value) for value in form.getlist(name) if isinstance(value, str) and value.isdigit() and len(value) < 9}


def _ids(form: FormData, name: str) -> list[uuid.UUID]:
    found = []
    for value in form.getlist(name):
        try:
            found.append(uuid.UUID(str(value)))
        except ValueError:
            continue
    return found


def _points(text: str) -> Decimal | None:
    try:
        points = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return points if points.is_finite() and 0 < points <= 1_000_000 else None


async def _page(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    kept: _Kept,
    *,
    entered: _Entered | None = None,
    error: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        plan = await service.planned(session, here.course, kept.file, kept.known)
        the_map = await maps.the_map(session, here.organisation_id, here.course.id)
        mapped = () if the_map is None else the_map.competencies
        session.expunge_all()
    context: dict[str, Any] = {
        "address": f"{_address(here)}/{kept.draft_id}",
        "home": _address(here),
        "file_name": kept.name,
        "plan": plan,
        "columns": sorted(plan.columns, key=lambda one: (not one.alignments, one.column.index)),
        "competencies": [
            (one.id, " ".join(filter(None, (one.code, one.short or one.statement)))[:120]) for one in mapped
        ],
        "codes": {one.id: one.code or one.statement for one in mapped},
        "by_name": [row for row in plan.rows if row.match is Match.NAME],
        "nobody": [row for row in plan.rows if row.match is Match.NOBODY],
        "several": [row for row in plan.rows if row.match is Match.SEVERAL],
        "sure": plan.counted(Match.SURE),
        "obstacles": Obstacle,
        "asked": kept.known.asked,
        "values": entered.values if entered else {},
        "taken": entered.taken if entered else {one.column.index for one in plan.columns if one.alignments},
        "chosen": entered.competencies if entered else {},
        "confirmed": entered.confirmed if entered else set(),
        "zeros": bool(entered and entered.zeros),
        "zeros_left": sum(one.zeros for one in plan.columns),
        "errors": entered.errors if entered else {},
        "trouble": say(request, error) if error else None,
    }
    return pages.render(request, "mastery/gradebook_preview.html", context, status_code=status_code)
