"""A teacher's pages for bringing in a gradebook export: choose the file, look at what it would do, confirm."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Query, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from lti_tool.competencies import maps
from lti_tool.content import drafts
from lti_tool.courses import identities
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.identities import Identities
from lti_tool.courses.visibility import visible_students
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.mastery import gradebook_service as service
from lti_tool.mastery.gradebooks import UnreadableGradebook, read_gradebook
from lti_tool.mastery.gradebooks.matching import Match
from lti_tool.mastery.gradebooks.planning import Choice, Obstacle, Plan
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, say

router = APIRouter(prefix="/courses/{course_id}/mastery/gradebook")

KIND = "gradebook"
"""What kind of draft these files are."""

Counted = Annotated[int, Query(ge=0, le=1_000_000)]


class NoFile(UnreadableGradebook):
    """The form came without a file."""

    code = "no-file"
    title = N_("No file was chosen")
    advice = N_("Choose the CSV file that you exported, then press the button again.")


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
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Keep the file for its preview. One that cannot be read is said to be so, and is not kept."""
    try:
        async with request.form() as form:
            name, data = await _given(form)
        read_gradebook(data)
    except UnreadableGradebook as error:
        context = {"address": _address(here), "done": None, "trouble": say(request, error)}
        return pages.render(request, "mastery/gradebook_choose.html", context, status_code=error.status)
    async with database.writing() as session:
        draft_id = await drafts.keep(
            session,
            request.app.state.connectors.secrets,
            here.course,
            here.visit.person_id,
            KIND,
            name,
            data,
            clock.now(),
        )
    return RedirectResponse(f"{_address(here)}/{draft_id}", status_code=303)


@router.get("/{draft_id}", name="gradebook_preview")
async def preview(
    request: Request, here: TeacherIn, draft_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """What the file would do: whose rows they are, what its columns are. Nothing happens before the button."""
    name, data = await _file(request, here, database, draft_id, clock.now())
    known = await _known(request, here, database)
    return await _page(request, here, database, pages, draft_id, name, data, known)


@router.post("/{draft_id}")
async def bring_in(
    request: Request,
    here: TeacherChanging,
    draft_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Bring in what the teacher chose; or show again what needs attention, with everything that was entered."""
    now = clock.now()
    form = await request.form()
    if form.get("answer") == "cancel":
        async with database.writing() as session:
            await drafts.forget(session, here.course, draft_id)
        return RedirectResponse(_address(here), status_code=303)
    name, data = await _file(request, here, database, draft_id, now)
    known = await _known(request, here, database)
    async with database.reading() as session:
        plan = await service.read(session, here.course, data, known)
        session.expunge_all()
    entered = _entered(form, plan, now)
    if entered.errors:
        return await _page(
            request, here, database, pages, draft_id, name, data, known, entered=entered, status_code=422
        )
    try:
        async with database.writing() as session:
            by = here.visit.person_id
            out_of = {choice.column: choice.out_of for choice in entered.choices}
            await service.align(session, here.course, plan, entered.competencies, out_of, by=by, now=now)
            plan = await service.read(session, here.course, data, known)
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
            await drafts.forget(session, here.course, draft_id)
    except ToolError as error:
        return await _page(
            request,
            here,
            database,
            pages,
            draft_id,
            name,
            data,
            known,
            entered=entered,
            error=error,
            status_code=error.status,
        )
    counts = f"added={done.added}&replaced={done.replaced}&unchanged={done.unchanged}&back={done.taken_back}"
    return RedirectResponse(f"{_address(here)}?done=true&{counts}&learners={done.learners}", status_code=303)


# --- Parts --------------------------------------------------------------------------------------------------------------


def _address(here: InCourse) -> str:
    return f"/courses/{here.course.id}/mastery/gradebook"


async def _given(form: FormData) -> tuple[str, bytes]:
    """The name and content of the file in the form. Raises NoFile."""
    given = form.get("file")
    if not isinstance(given, UploadFile) or not given.filename:
        raise NoFile("the form had no file")
    return given.filename, await given.read()


async def _file(
    request: Request, here: InCourse, database: Database, draft_id: uuid.UUID, now: datetime
) -> tuple[str, bytes]:
    box = request.app.state.connectors.secrets
    async with database.reading() as session:
        return await drafts.find(session, box, here.course, here.visit.person_id, KIND, draft_id, now)


async def _known(request: Request, here: InCourse, database: Database) -> Identities:
    """The students whom this teacher may see, with everything they are known by."""
    found = await identities.of_course(database, request.app.state.protocol, here.course)
    async with database.reading() as session:
        visible = {person.id for person in await visible_students(session, here)}
    return Identities(tuple(one for one in found.known if one.person_id in visible), found.asked)


@dataclass
class _Entered:
    """What the form says. ``errors`` go by the field's name; ``values`` are shown again."""

    values: Mapping[str, str]
    taken: set[int] = field(default_factory=set)
    choices: list[Choice] = field(default_factory=list)
    competencies: dict[int, list[uuid.UUID]] = field(default_factory=dict)
    confirmed: set[int] = field(default_factory=set)
    zeros: bool = False
    errors: dict[str, str] = field(default_factory=dict)


def _entered(form: FormData, plan: Plan, now: datetime) -> _Entered:
    values = {name: value.strip() for name, value in form.multi_items() if isinstance(value, str)}
    zone = _zone(values.get("time_zone", ""))
    said = _Entered(
        values,
        taken=_numbers(form, "column"),
        confirmed=_numbers(form, "confirm"),
        zeros="zeros" in values,
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
            at = _noon(values[f"on_{index}"], zone)
            if at is None or at.date() > now.date():
                said.errors[f"on_{index}"] = N_("Choose a day that has been.")
        said.choices.append(Choice(index, out_of, None if at is None else min(at, now)))
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


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _noon(text: str, zone: ZoneInfo) -> datetime | None:
    """The middle of a day where the teacher is: nobody knows the hour."""
    try:
        return datetime.combine(date.fromisoformat(text), time(12), zone).astimezone(UTC)
    except ValueError:
        return None


async def _page(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    draft_id: uuid.UUID,
    name: str,
    data: bytes,
    known: Identities,
    *,
    entered: _Entered | None = None,
    error: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        plan = await service.read(session, here.course, data, known)
        the_map = await maps.the_map(session, here.organisation_id, here.course.id)
        mapped = () if the_map is None else the_map.competencies
        session.expunge_all()
    context: dict[str, Any] = {
        "address": f"{_address(here)}/{draft_id}",
        "home": _address(here),
        "file_name": name,
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
        "asked": known.asked,
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
