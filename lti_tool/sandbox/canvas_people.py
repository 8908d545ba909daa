"""Canvas's REST API, people: users, sections, enrolments, groups and their sets; and settings of a course."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from lti_tool.sandbox.bench_models import CourseGroup, GroupSet
from lti_tool.sandbox.canvas_access import (
    Api,
    Caller,
    Here,
    answer,
    enter,
    listed,
    missing,
    number,
    numbered,
    numbers,
    one_person,
)
from lti_tool.sandbox.canvas_rows import moment, user_json
from lti_tool.sandbox.canvas_sections import section_ids_of, sections
from lti_tool.sandbox.groups import Group, groups_of
from lti_tool.sandbox.likes.canvas import legacy_id
from lti_tool.sandbox.models import Enrolment, Person
from lti_tool.sandbox.store import roster

router = APIRouter(prefix="/api/v1")
TYPES = {
    "teacher": "TeacherEnrollment",
    "assistant": "TaEnrollment",
    "student": "StudentEnrollment",
    "test_student": "StudentViewEnrollment",
    "observer": "ObserverEnrollment",
}
_ROLE_IDS = {"StudentEnrollment": 3, "TeacherEnrollment": 4, "TaEnrollment": 5, "ObserverEnrollment": 7}
_WORDS = {"ta": "assistant", "student_view": "test_student"}


# --- Users -------------------------------------------------------------------------------------------------------------


@router.get("/users/{id}")
async def one_user(request: Request, id: str, caller: Api) -> JSONResponse:  # noqa: A002 - Canvas's scope has this name.
    """A person: oneself (``self``), or for administrators anybody. The account's own token is nobody of this school."""
    if caller.person is None and id == "self":
        return answer(request, caller, {"id": 0, "name": f"{caller.platform.settings.name} API"})
    async with caller.platform.store.reading() as session:
        person = await _visible(session, caller, id)
    return answer(request, caller, {**user_json(person), "effective_locale": person.locale})


@router.get("/users/{user_id}/profile")
async def profile(request: Request, user_id: str, caller: Api) -> JSONResponse:
    """A person with what LTI 1.1 called them (``lti_user_id``)."""
    async with caller.platform.store.reading() as session:
        person = await _visible(session, caller, user_id)
    shown = {
        **user_json(person),
        "lti_user_id": legacy_id(person),
        "time_zone": person.time_zone,
        "locale": person.locale,
    }
    return answer(request, caller, shown)


async def _visible(session: AsyncSession, caller: Caller, asked: str) -> Person:
    person = await one_person(session, caller, asked)
    if person is None:
        raise missing()
    if not caller.administers and (caller.person is None or caller.person.id != person.id):
        raise caller.forbidden()
    return person


@router.get("/courses/{course_id}/users")
async def users(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The people of a course, of the roles in ``enrollment_type[]`` (teacher, student, observer, ta), the states in
    ``enrollment_state[]`` (``active``) and the numbers in ``user_ids[]`` if they are given; with ``include[]=enrollments`` what
    they are there.
    """
    query = request.query_params
    kinds = {_WORDS.get(one, one) for one in (*query.getlist("enrollment_type[]"), *query.getlist("enrollment_type"))}
    states = {*query.getlist("enrollment_state[]"), *query.getlist("enrollment_state")} or {"active", "invited"}
    ids = numbers(query.getlist("user_ids[]"))
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = [
            row
            for row in [*await roster(session, here.course.id), *await _inactive(session, here)]
            if _state(row) in states and (not kinds or row.role in kinds) and (not ids or row.person_id in ids)
        ]
        placed = await section_ids_of(session, here.course.id)
    shown = [user_json(row.person) for row in found]
    if "enrollments" in caller.includes(request):
        for entry, row in zip(shown, found, strict=True):
            entry["enrollments"] = [_enrolment(here, row, placed)]
    return listed(request, caller, shown)


# --- Sections and enrolments -------------------------------------------------------------------------------------------


@router.get("/courses/{course_id}/sections")
async def section_list(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The sections; with ``include[]=students`` who studies in them, with ``total_students`` how many."""
    includes = caller.includes(request)
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = await sections(session, here.course.id)
        placed = await section_ids_of(session, here.course.id)
        students = [row.person for row in await roster(session, here.course.id, "student")]
    shown = []
    for row in found:
        inside = [person for person in students if placed.get(person.id) == row.id]
        section = {
            "id": row.id,
            "course_id": row.course_id,
            "name": row.name,
            "start_at": None,
            "end_at": None,
            "created_at": moment(here.course.created_at),
            "restrict_enrollments_to_section_dates": False,
            "nonxlist_course_id": None,
        }
        if "students" in includes and here.teaches:
            section["students"] = [user_json(person) for person in inside]
        if "total_students" in includes:
            section["total_students"] = len(inside)
        shown.append(section)
    return numbered(request, caller, shown)


@router.get("/courses/{course_id}/enrollments")
async def enrolments(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """Who is in the course as what, of the kinds in ``type[]``, the states in ``state[]`` (``active``), and of ``user_id``."""
    query = request.query_params
    kinds, states = set(query.getlist("type[]")), set(query.getlist("state[]")) or {"active", "invited"}
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        rows = [*await roster(session, here.course.id), *await _inactive(session, here)]
        wanted = await one_person(session, caller, query["user_id"]) if "user_id" in query else None
        placed = await section_ids_of(session, here.course.id)
    shown = [
        {**_enrolment(here, row, placed), "user": user_json(row.person)}
        for row in rows
        if (not kinds or TYPES[row.role] in kinds)
        and _state(row) in states
        and ("user_id" not in query or (wanted is not None and wanted.id == row.person_id))
    ]
    return listed(request, caller, shown)


def _state(row: Enrolment) -> str:
    return "active" if row.active else "inactive"


async def _inactive(session: AsyncSession, here: Here) -> Sequence[Enrolment]:
    """Those who left; only teachers are told of them."""
    if not here.teaches:
        return []
    found = await session.scalars(
        select(Enrolment)
        .where(Enrolment.course_id == here.course.id, Enrolment.active.is_(False))
        .order_by(Enrolment.id)
    )
    rows = found.all()
    people = {
        one.id: one
        for one in await session.scalars(select(Person).where(Person.id.in_([row.person_id for row in rows])))
    }
    for row in rows:
        session.expunge(row)
        row.person = people[row.person_id]
    return rows


def _enrolment(here: Here, row: Enrolment, placed: Mapping[int, int]) -> dict[str, Any]:
    kind = TYPES[row.role]
    return {
        "id": row.id,
        "course_id": row.course_id,
        "course_section_id": placed.get(row.person_id),
        "user_id": row.person_id,
        "type": kind,
        "role": kind,
        "role_id": _ROLE_IDS.get(kind),
        "enrollment_state": _state(row),
        "limit_privileges_to_course_section": False,
        "created_at": moment(row.created_at),
        "html_url": f"{here.web}/users/{row.person_id}",
    }


# --- Groups ------------------------------------------------------------------------------------------------------------


@router.get("/courses/{course_id}/groups")
async def group_list(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The groups; with ``include[]=users`` who is in them. Students see those they are in."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found = await groups_of(session, here.course.id)
    seen = [one for one in found if here.teaches or _is_in(here, one)]
    members = "users" in caller.includes(request)
    return numbered(request, caller, [_group(one, members=members) for one in seen])


def _is_in(here: Here, group: Group) -> bool:
    return here.caller.person is not None and here.caller.person.id in {one.id for one in group.members}


def _group(group: Group, *, members: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": group.row.id,
        "name": group.row.name,
        "description": None,
        "context_type": "Course",
        "course_id": group.row.course_id,
        "group_category_id": group.row.set_id,
        "members_count": len(group.members),
        "join_level": "invitation_only",
        "is_public": False,
        "non_collaborative": False,
    }
    return {**shown, "users": [user_json(one) for one in group.members]} if members else shown


@router.get("/courses/{course_id}/group_categories")
async def categories(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The sets that groups come in, for teachers."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        here.demand_teacher()
        rows = await session.scalars(select(GroupSet).where(GroupSet.course_id == here.course.id).order_by(GroupSet.id))
        found = rows.all()
        groups = await groups_of(session, here.course.id)
    shown = [
        {
            "id": row.id,
            "name": row.name,
            "role": None,
            "self_signup": None,
            "group_limit": None,
            "context_type": "Course",
            "course_id": row.course_id,
            "groups_count": sum(one.row.set_id == row.id for one in groups),
        }
        for row in found
    ]
    return numbered(request, caller, shown)


@router.get("/group_categories/{group_category_id}/groups")
async def category_groups(request: Request, group_category_id: str, caller: Api) -> JSONResponse:
    """The groups of one set, for teachers."""
    async with caller.platform.store.reading() as session:
        row = await session.get(GroupSet, number(group_category_id))
        if row is None:
            raise missing()
        here = await enter(session, caller, str(row.course_id))
        here.demand_teacher()
        found = [one for one in await groups_of(session, row.course_id) if one.row.set_id == row.id]
    return numbered(request, caller, [_group(one) for one in found])


@router.get("/groups/{group_id}/users")
async def group_users(request: Request, group_id: str, caller: Api) -> JSONResponse:
    """Who is in a group."""
    async with caller.platform.store.reading() as session:
        row = await session.get(CourseGroup, number(group_id))
        if row is None:
            raise missing()
        here = await enter(session, caller, str(row.course_id))
        found = next(one for one in await groups_of(session, row.course_id) if one.row.id == row.id)
        if not (here.teaches or _is_in(here, found)):
            raise caller.forbidden()
    return listed(request, caller, [user_json(one) for one in found.members])


# --- The course's settings ---------------------------------------------------------------------------------------------


@router.get("/courses/{course_id}/settings")
async def settings(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """A few settings of a course."""
    async with caller.platform.store.reading() as session:
        await enter(session, caller, course_id)
    shown = {
        "allow_student_discussion_topics": True,
        "grading_standard_enabled": False,
        "grading_standard_id": None,
        "hide_final_grades": False,
        "hide_distribution_graphs": False,
        "home_page_announcement_limit": None,
        "show_announcements_on_home_page": False,
        "lock_all_announcements": False,
        "usage_rights_required": False,
        "restrict_student_past_view": False,
        "restrict_student_future_view": False,
        "syllabus_course_summary": True,
        "conditional_release": False,
    }
    return answer(request, caller, shown)
