"""Canvas's REST API, other dates for some: reading, giving, changing and taking back (assignment_overrides_controller.rb).

A student is in one override of their own for an assignment, and a section or group in one; what breaks this is a 400.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from lti_tool.sandbox.canvas_access import Api, ApiError, Here, answer, enter, missing, number, numbered
from lti_tool.sandbox.canvas_models import CourseSection, Override, OverrideStudent
from lti_tool.sandbox.canvas_work_rows import override_json
from lti_tool.sandbox.models import Assignment, Enrolment
from lti_tool.sandbox.services import media_type

router = APIRouter(prefix="/api/v1/courses/{course_id}/assignments/{assignment_id}/overrides")
DATES = ("due_at", "unlock_at", "lock_at")


@dataclass
class Wanted:
    """What a call wants of an override. ``dates`` holds those that are to be others; None takes that date away."""

    set_type: str = ""
    set_id: int | None = None
    students: Sequence[int] | None = None
    title: str | None = None
    dates: dict[str, datetime | None] = field(default_factory=dict)


def _refused(errors: Sequence[str]) -> ApiError:
    return ApiError(400, "; ".join(errors), body={"errors": list(errors)})


async def _place(session: AsyncSession, caller: Api, course_id: str, assignment_id: str) -> tuple[Here, Assignment]:
    here = await enter(session, caller, course_id)
    row = await session.get(Assignment, number(assignment_id))
    if row is None or row.course_id != here.course.id or not (row.published or here.teaches):
        raise missing()
    return here, row


async def _students(session: AsyncSession, assignment_id: int) -> dict[int, list[int]]:
    named: dict[int, list[int]] = {}
    rows = await session.scalars(select(OverrideStudent).where(OverrideStudent.assignment_id == assignment_id))
    for one in rows:
        named.setdefault(one.override_id, []).append(one.person_id)
    return named


async def _one(session: AsyncSession, row: Assignment, asked: str) -> Override:
    found = await session.get(Override, number(asked))
    if found is None or found.assignment_id != row.id:
        raise missing()
    return found


@router.get("")
async def overrides(request: Request, course_id: str, assignment_id: str, caller: Api) -> JSONResponse:
    """The overrides of an assignment; students see those that name them."""
    async with caller.platform.store.reading() as session:
        here, row = await _place(session, caller, course_id, assignment_id)
        named = await _students(session, row.id)
        found = await session.scalars(select(Override).where(Override.assignment_id == row.id).order_by(Override.id))
        rows = [one for one in found if here.teaches or set(named.get(one.id, ())) & (here.work_of or set())]
    return numbered(request, caller, [override_json(named, one) for one in rows])


@router.get("/{id}")
async def one_override(request: Request, course_id: str, assignment_id: str, id: str, caller: Api) -> JSONResponse:  # noqa: A002
    """An override."""
    async with caller.platform.store.reading() as session:
        here, row = await _place(session, caller, course_id, assignment_id)
        found = await _one(session, row, id)
        named = await _students(session, row.id)
    if not here.teaches and not set(named.get(found.id, ())) & (here.work_of or set()):
        raise missing()
    return answer(request, caller, override_json(named, found))


@router.post("")
async def give(request: Request, course_id: str, assignment_id: str, caller: Api) -> JSONResponse:
    """Give some other dates, named by ``student_ids``, ``course_section_id`` or ``group_id``."""
    sent = await _sent(request)
    async with caller.platform.store.writing() as session:
        here, row = await _place(session, caller, course_id, assignment_id)
        here.demand_teacher()
        wanted = await _read(session, here, sent, set_type="")
        await _demand_free(session, row, wanted, None)
        found = Override(assignment_id=row.id, set_type=wanted.set_type, set_id=wanted.set_id, title="", overrides=[])
        session.add(found)
        await _apply(session, row, found, wanted)
        shown = override_json(await _students(session, row.id), found)
    return answer(request, caller, shown, status=201)


@router.put("/{id}")
async def change(request: Request, course_id: str, assignment_id: str, id: str, caller: Api) -> JSONResponse:  # noqa: A002
    """Change an override. Dates that are not sent are not others any more; whom it is for changes only for students."""
    sent = await _sent(request)
    async with caller.platform.store.writing() as session:
        here, row = await _place(session, caller, course_id, assignment_id)
        here.demand_teacher()
        found = await _one(session, row, id)
        wanted = await _read(session, here, sent, set_type=found.set_type)
        await _demand_free(session, row, wanted, found)
        await _apply(session, row, found, wanted)
        shown = override_json(await _students(session, row.id), found)
    return answer(request, caller, shown)


@router.delete("/{id}")
async def take_back(request: Request, course_id: str, assignment_id: str, id: str, caller: Api) -> JSONResponse:  # noqa: A002
    """Take an override back; answers what it was."""
    async with caller.platform.store.writing() as session:
        here, row = await _place(session, caller, course_id, assignment_id)
        here.demand_teacher()
        found = await _one(session, row, id)
        shown = override_json(await _students(session, row.id), found)
        await session.execute(delete(OverrideStudent).where(OverrideStudent.override_id == found.id))
        await session.delete(found)
    return answer(request, caller, shown)


# --- What is sent ------------------------------------------------------------------------------------------------------


async def _sent(request: Request) -> dict[str, Any]:
    """``assignment_override`` of a form (``assignment_override[due_at]``), of the address, or of JSON."""
    if media_type(request.headers.get("content-type", "")) == "application/json":
        try:
            body = await request.json()
        except ValueError as error:
            raise ApiError(400, "There was an error parsing the JSON document.") from error
        found = body.get("assignment_override") if isinstance(body, dict) else None
        if not isinstance(found, dict):
            raise _refused(["one of student_ids, group_id, or course_section_id is required"])
        return found
    form = await request.form()
    sent: dict[str, Any] = {}
    for name, value in (*request.query_params.multi_items(), *form.multi_items()):
        if not name.startswith("assignment_override["):
            continue
        key = name.removeprefix("assignment_override[")
        if key.endswith("][]"):
            sent.setdefault(key.removesuffix("][]"), []).append(str(value))
        else:
            sent[key.removesuffix("]")] = str(value)
    return sent


async def _read(session: AsyncSession, here: Here, sent: Mapping[str, Any], *, set_type: str) -> Wanted:
    """What was sent, or every mistake in it."""
    errors: list[str] = []
    wanted = Wanted(set_type=set_type)
    if "student_ids" in sent and set_type in ("", "ADHOC"):
        wanted.set_type = "ADHOC"
        wanted.students = await _named(session, here, sent["student_ids"], errors)
    elif not set_type and "group_id" in sent:
        # No assignment of the sandbox is done in groups.
        errors.append("group_id is not valid for non-group assignments")
    elif not set_type and "course_section_id" in sent:
        wanted.set_type, wanted.set_id = (
            "CourseSection",
            await _section(session, here, sent["course_section_id"], errors),
        )
    elif not set_type:
        errors.append("one of student_ids, group_id, or course_section_id is required")
    if wanted.set_type == "ADHOC" and sent.get("title"):
        wanted.title = str(sent["title"])[:300]
    for name in DATES:
        if name in sent:
            wanted.dates[name] = _date(name, sent[name], errors)
    if errors:
        raise _refused(errors)
    return wanted


async def _named(session: AsyncSession, here: Here, sent: object, errors: list[str]) -> Sequence[int]:
    if not isinstance(sent, list) or not sent:
        errors.append(f"invalid student_ids {sent!r}")
        return ()
    rows = await session.scalars(
        select(Enrolment.person_id).where(
            Enrolment.course_id == here.course.id, Enrolment.role.in_(("student", "test_student"))
        )
    )
    known = {str(row) for row in rows}
    asked = list(dict.fromkeys(str(one) for one in sent))
    unknown = [one for one in asked if one not in known]
    if unknown:
        errors.append(f"unknown student ids: {unknown}".replace("'", '"'))
    return [int(one) for one in asked if one in known]


async def _section(session: AsyncSession, here: Here, sent: object, errors: list[str]) -> int | None:
    asked = str(sent)
    found = await session.get(CourseSection, int(asked)) if asked.isdecimal() and len(asked) < 19 else None
    if found is None or found.course_id != here.course.id:
        errors.append(f'unknown section id "{asked}"')
        return None
    return found.id


def _date(name: str, sent: object, errors: list[str]) -> datetime | None:
    if sent is None or sent == "":
        return None
    try:
        found = datetime.fromisoformat(str(sent))
    except ValueError:
        errors.append(f'invalid {name} "{sent}"')
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def _demand_free(session: AsyncSession, row: Assignment, wanted: Wanted, mine: Override | None) -> None:
    """Refuse students and sections that another override of the assignment names already."""
    if wanted.students is not None:
        taken = await session.scalars(
            select(OverrideStudent.override_id).where(
                OverrideStudent.assignment_id == row.id, OverrideStudent.person_id.in_(wanted.students)
            )
        )
        if set(taken) - ({mine.id} if mine else set()):
            said = [{"attribute": "user_id", "type": "taken", "message": "already belongs to an assignment override"}]
            raise ApiError(400, "taken", body={"errors": {"assignment_override_students": said}})
    if wanted.set_type == "CourseSection" and mine is None:
        known = await session.scalars(
            select(Override.id).where(
                Override.assignment_id == row.id,
                Override.set_type == "CourseSection",
                Override.set_id == wanted.set_id,
            )
        )
        if known.first() is not None:
            said = [{"attribute": "set_id", "type": "taken", "message": "taken"}]
            raise ApiError(400, "taken", body={"errors": {"set_id": said}})


async def _apply(session: AsyncSession, row: Assignment, found: Override, wanted: Wanted) -> None:
    for name in DATES:
        setattr(found, name, wanted.dates.get(name))
    found.overrides = list(wanted.dates)
    await session.flush()
    if wanted.students is not None:
        await session.execute(delete(OverrideStudent).where(OverrideStudent.override_id == found.id))
        session.add_all(
            OverrideStudent(assignment_id=row.id, person_id=one, override_id=found.id) for one in wanted.students
        )
    if wanted.set_type == "ADHOC":
        found.title = wanted.title or _title(wanted.students) or found.title
    elif wanted.set_type == "CourseSection" and found.set_id is not None:
        found.title = (await session.get_one(CourseSection, found.set_id)).name
    await session.flush()


def _title(students: Sequence[int] | None) -> str | None:
    if students is None:
        return None
    return "1 student" if len(students) == 1 else f"{len(students)} students"
