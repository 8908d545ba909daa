"""The part of Canvas's REST API that a tool's connector reads of a course: modules with what completes their items, assignments.

Documented at https://canvas.instructure.com/doc/api/. Ids are numbers, or strings for who asks for
``application/json+canvas-string-ids``. Pages are followed by ``Link``; ``per_page`` is 10 unless told, 100 at most. Parameters
in addresses have Canvas's own names, since scopes are made of them.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse, RedirectResponse, Response

from lti_tool.sandbox.canvas_access import (
    Api,
    Caller,
    Here,
    answer,
    calling,
    enter,
    listed,
    missing,
    number,
    numbers,
    one_person,
    without,
)
from lti_tool.sandbox.canvas_progress import Requirement, completed, note, requirements, take_back
from lti_tool.sandbox.canvas_rows import ItemShaper, moment
from lti_tool.sandbox.canvas_work_rows import (
    Work,
    assignment_json,
    column_json,
    read_standing,
    submission_json,
    work,
)
from lti_tool.sandbox.models import Course, Enrolment, Module, ModuleItem, Person
from lti_tool.sandbox.platform import ThisPlatform
from lti_tool.sandbox.sessions import person_signed_in
from lti_tool.sandbox.store import enrolment_in, module_item, modules_of, roster
from lti_tool.sandbox.tool_places import COLUMNS, ToolPlaces

router = APIRouter(prefix="/api/v1")
NO_REQUIREMENTS = (
    "no progress available because this course is not module based (has modules and module completion requirements) or the "
    "user is not enrolled as a student in this course"
)


@router.get("/courses")
async def own_courses(request: Request, caller: Api) -> JSONResponse:
    """The courses that the token's person is in; the account's token is nobody and is in none."""
    async with caller.platform.store.reading() as session:
        if caller.person is None:
            return listed(request, caller, [])
        rows = await session.execute(
            select(Course, Enrolment.role)
            .join(Enrolment, Enrolment.course_id == Course.id)
            .where(Enrolment.person_id == caller.person.id, Enrolment.active)
            .order_by(Course.id)
        )
        shown = [
            {**_course(caller, course), "enrollments": [{"type": role, "enrollment_state": "active"}]}
            for course, role in rows
        ]
    return listed(request, caller, shown)


@router.get("/courses/{id}")
async def one_course(request: Request, id: str, caller: Api) -> JSONResponse:  # noqa: A002 - Canvas's scope has this name.
    """A course."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, id)
    return answer(request, caller, _course(caller, here.course))


def _course(caller: Caller, course: Course) -> dict[str, Any]:
    return {
        "id": course.id,
        "name": course.name,
        "course_code": course.code,
        "workflow_state": "available",
        "account_id": 1,
        "root_account_id": 1,
        "created_at": moment(course.created_at),
        "start_at": None,
        "end_at": None,
        "time_zone": "Europe/London",
        "default_view": "modules",
        "lti_context_id": course.context_id,
        "html_url": f"{caller.platform.settings.base_url}/courses/{course.id}",
    }


# --- Modules -----------------------------------------------------------------------------------------------------------


async def _student(session: AsyncSession, here: Here, asked: str | None) -> Person | None:
    """The student whose completion is asked for; only teachers may ask for another's."""
    if asked is None:
        return None
    person = await one_person(session, here.caller, asked)
    enrolment = await enrolment_in(session, here.course.id, person.id) if person else None
    if person is None or enrolment is None or enrolment.role not in ("student", "test_student"):
        raise missing()
    here.demand_work_of(person.id)
    return person


@router.get("/courses/{course_id}/modules")
async def modules(request: Request, course_id: str, caller: Api, student_id: str | None = None) -> JSONResponse:
    """The modules in order, with ``include[]=items`` their items, with ``include[]=content_details`` points and dates, with
    ``student_id`` how far that student is.
    """
    includes = caller.includes(request)
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        student = await _student(session, here, student_id)
        found = await _modules(session, here)
        shaper = await ItemShaper.make(session, here, details="content_details" in includes, student=student)
    return listed(request, caller, [shaper.module(module, with_items="items" in includes) for module in found])


async def _modules(session: AsyncSession, here: Here) -> Sequence[Module]:
    return [one for one in await modules_of(session, here.course.id) if one.published or here.teaches]


@router.get("/courses/{course_id}/modules/{id}")
async def one_module(
    request: Request,
    course_id: str,
    id: str,  # noqa: A002
    caller: Api,
    student_id: str | None = None,
) -> JSONResponse:
    """A module."""
    includes = caller.includes(request)
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        student = await _student(session, here, student_id)
        found = await _module(session, here, id)
        shaper = await ItemShaper.make(session, here, details="content_details" in includes, student=student)
    return answer(request, caller, shaper.module(found, with_items="items" in includes))


async def _module(session: AsyncSession, here: Here, asked: str) -> Module:
    wanted = number(asked)
    found = next((one for one in await _modules(session, here) if one.id == wanted), None)
    if found is None:
        raise missing()
    return found


@router.get("/courses/{course_id}/modules/{module_id}/items")
async def module_items(
    request: Request, course_id: str, module_id: str, caller: Api, student_id: str | None = None
) -> JSONResponse:
    """The items of one module in order."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        student = await _student(session, here, student_id)
        found = await _module(session, here, module_id)
        details = "content_details" in caller.includes(request)
        shaper = await ItemShaper.make(session, here, details=details, student=student)
    return listed(request, caller, [shaper.item(item) for item in shaper.shown(found.items)])


@router.get("/courses/{course_id}/modules/{module_id}/items/{id}")
async def one_module_item(
    request: Request,
    course_id: str,
    module_id: str,
    id: str,  # noqa: A002
    caller: Api,
    student_id: str | None = None,
) -> JSONResponse:
    """One item."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        student = await _student(session, here, student_id)
        item = await _item(session, here, module_id, id)
        details = "content_details" in caller.includes(request)
        shaper = await ItemShaper.make(session, here, details=details, student=student)
    return answer(request, caller, shaper.item(item))


async def _item(session: AsyncSession, here: Here, module_id: str, asked: str) -> ModuleItem:
    module = await _module(session, here, module_id)
    item = await module_item(session, here.course.id, number(asked))
    if item is None or item.module_id != module.id or not (item.published or here.teaches):
        raise missing()
    return item


@router.put("/courses/{course_id}/modules/{module_id}/items/{id}/done")
async def mark_done(course_id: str, module_id: str, id: str, caller: Api) -> Response:  # noqa: A002
    """The token's own person marks an item as done."""
    return await _deed(caller, course_id, module_id, id, "done")


@router.delete("/courses/{course_id}/modules/{module_id}/items/{id}/done")
async def mark_not_done(course_id: str, module_id: str, id: str, caller: Api) -> Response:  # noqa: A002
    """The token's own person takes that back."""
    return await _deed(caller, course_id, module_id, id, "done", back=True)


@router.post("/courses/{course_id}/modules/{module_id}/items/{id}/mark_read")
async def mark_read(course_id: str, module_id: str, id: str, caller: Api) -> Response:  # noqa: A002
    """The token's own person has looked at an item."""
    return await _deed(caller, course_id, module_id, id, "viewed")


async def _deed(caller: Api, course_id: str, module_id: str, asked: str, deed: str, *, back: bool = False) -> Response:
    async with caller.platform.store.writing() as session:
        here = await enter(session, caller, course_id)
        item = await _item(session, here, module_id, asked)
        if caller.person is None or here.role not in ("student", "test_student"):
            raise caller.forbidden()
        if back:
            await take_back(session, item.id, caller.person.id, deed)
        else:
            await note(session, item.id, caller.person.id, deed, caller.platform.now())
    return Response(status_code=204)


@router.get("/courses/{course_id}/module_item_redirect/{id}")
async def redirect(request: Request, platform: ThisPlatform, course_id: str, id: str) -> Response:  # noqa: A002
    """Leads to an item of a module: whoever has a token, and a person's own browser."""
    place = f"{platform.settings.base_url}/courses/{number(course_id)}/modules/items/{number(id)}"
    if await person_signed_in(request) is None:
        caller = await calling(request)
        async with platform.store.reading() as session:
            here = await enter(session, caller, course_id)
            item = await module_item(session, here.course.id, number(id))
            if item is None or not (item.published or here.teaches):
                raise missing()
    return RedirectResponse(place, 302)


_ASSETS = {
    "moduleitem": "",
    "file": "File",
    "page": "Page",
    "discussion": "Discussion",
    "assignment": "Assignment",
    "quiz": "Quiz",
}


@router.get("/courses/{course_id}/module_item_sequence")
async def sequence(
    request: Request, course_id: str, caller: Api, asset_type: str = "", asset_id: str = ""
) -> JSONResponse:
    """Where an item stands: what comes before and after it, at each place that leads to it."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = await _modules(session, here)
        shaper = await ItemShaper.make(session, here, details=False)
    kind = _ASSETS.get(asset_type.lower())
    order = [(module, item) for module in found for item in shaper.shown(module.items) if item.type != "SubHeader"]
    shown = [{**shaper.item(item), "_type": item.type} for _, item in order]
    items, at = [], set()
    for place, (module, item) in enumerate(order):
        one = shown[place]
        key = item.id if kind == "" else one.get("page_url", one.get("content_id"))
        if str(key) == asset_id and kind in ("", item.type, one["type"]):
            at.add(module.id)
            around = {"prev": place - 1, "current": place, "next": place + 1}
            items.append(
                {name: _bare(shown[there]) if 0 <= there < len(shown) else None for name, there in around.items()}
            )
    modules_shown = [shaper.module(module, with_items=False) for module in found if module.id in at]
    return answer(request, caller, {"items": items, "modules": modules_shown})


def _bare(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "_type"}


# --- Progress ----------------------------------------------------------------------------------------------------------


@router.get("/courses/{course_id}/bulk_user_progress")
async def bulk_progress(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """How far every student is in the items that have to be completed; for teachers, in courses that have such items."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        here.demand_teacher()
        wanted = await requirements(session, here.course.id)
        if not wanted:
            return answer(request, caller, {"error": {"message": NO_REQUIREMENTS}}, status=400)
        people = [row.person for row in await roster(session, here.course.id, "student")]
        met = await completed(session, wanted, [person.id for person in people])
    rows = [
        {
            "id": person.id,
            "display_name": person.name,
            "avatar_image_url": None,
            "html_url": f"{here.web}/users/{person.id}",
            "progress": _progress(wanted, met[person.id]),
        }
        for person in people
    ]
    return listed(request, caller, rows)


@router.get("/courses/{course_id}/users/{user_id}/progress")
async def one_progress(request: Request, course_id: str, user_id: str, caller: Api) -> JSONResponse:
    """How far one student is."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        person = await _student(session, here, user_id)
        wanted = await requirements(session, here.course.id)
        met = await completed(session, wanted, [person.id]) if person else {}
    if person is None or not wanted:
        return answer(request, caller, {"error": {"message": NO_REQUIREMENTS}})
    return answer(request, caller, _progress(wanted, met[person.id]))


def _progress(wanted: dict[int, Requirement], met: dict[int, Any]) -> dict[str, Any]:
    done = len(met) == len(wanted)
    return {
        "requirement_count": len(wanted),
        "requirement_completed_count": len(met),
        "next_requirement_url": None,
        "completed_at": moment(max(met.values())) if done else None,
    }


# --- Assignments -------------------------------------------------------------------------------------------------------


@router.get("/courses/{course_id}/assignments")
async def assignments(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The assignments, quizzes among them; ``assignment_ids[]`` picks some, ``search_term`` those with a name like it. With
    ``include[]=submission`` a student's own standing, with ``include[]=overrides`` the dates of single students.
    """
    wanted = request.query_params.getlist("assignment_ids[]")
    words = request.query_params.get("search_term", "").casefold()
    includes = caller.includes(request)
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = await work(session, here)
        whose = await _own_work(session, found) if "submission" in includes else None
        places = await ToolPlaces.of(session, here.course.id)
    rows = [row for row in found.assignments if words in row.name.casefold()]
    columns = [row for row in places.columns if words in row.label.casefold()]
    if wanted:
        ids = numbers(wanted)
        rows = [row for row in rows if row.id in ids]
        columns = [row for row in columns if row.id + COLUMNS in ids]
        there = {row.id for row in rows} | {row.id + COLUMNS for row in columns}
        gone = [one for one in wanted if not one.isdecimal() or int(one) not in there]
        if gone:
            # app/controllers/assignments_api_controller.rb: one that there is not refuses the whole call.
            return answer(request, caller, {"message": f"Invalid assignment_ids: {','.join(gone)}"}, status=400)
    shows = "overrides" in includes and here.teaches
    shown = [without(request, assignment_json(found, row, overrides=shows)) for row in rows]
    if whose is not None:
        for entry, row in zip(shown, rows, strict=True):
            entry["submission"] = submission_json(found, whose, row, set())
    shown += [column_json(here, row, places.by_lti_id.get(row.resource_link_id or "")) for row in columns]
    return listed(request, caller, shown)


async def _own_work(session: AsyncSession, found: Work) -> int | None:
    """Who the caller is, if they study here; where they stand is read."""
    whose = found.whose()
    if whose is None or found.here.role not in ("student", "test_student"):
        return None
    await read_standing(session, found, [row.id for row in found.assignments], [whose])
    return whose


@router.get("/courses/{course_id}/assignments/{id}")
async def one_assignment(request: Request, course_id: str, id: str, caller: Api) -> JSONResponse:  # noqa: A002
    """An assignment."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = await work(session, here)
    row = found.assignment(number(id))
    if row is None:
        raise missing()
    overrides = here.teaches and "overrides" in caller.includes(request)
    return answer(request, caller, without(request, assignment_json(found, row, overrides=overrides)))
