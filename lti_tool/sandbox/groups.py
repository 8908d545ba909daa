"""Groups of a course, and the service that shows them to tools (LTI Course Groups 1.0)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from lti_tool.sandbox.bench_models import CourseGroup, GroupMember, GroupSet
from lti_tool.sandbox.claims import SCOPE_GROUP_READ, group_sets_url, groups_url
from lti_tool.sandbox.models import Course, Enrolment, Person
from lti_tool.sandbox.sample import sample_groups
from lti_tool.sandbox.services import Caller, Id, calling_with, one_page, require_accept
from lti_tool.sandbox.store import new_lti_id

GROUPS = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"
DEFAULT_PAGE, LARGEST_PAGE = 50, 100

router = APIRouter(prefix="/api/lti/courses/{course_id}")
GroupReader = Annotated[Caller, Depends(calling_with(SCOPE_GROUP_READ))]


@dataclass(frozen=True)
class Group:
    """A group with its set and its members by name."""

    row: CourseGroup
    in_set: GroupSet | None
    members: Sequence[Person]


async def groups_of(session: AsyncSession, course_id: int) -> Sequence[Group]:
    """The groups of a course by set and name, with the members who are actively in the course."""
    sets = {row.id: row for row in await session.scalars(select(GroupSet).where(GroupSet.course_id == course_id))}
    members: dict[int, list[Person]] = {}
    rows = await session.execute(
        select(GroupMember.group_id, Person)
        .join(Person, Person.id == GroupMember.person_id)
        .join(CourseGroup, CourseGroup.id == GroupMember.group_id)
        .join(
            Enrolment,
            (Enrolment.person_id == Person.id) & (Enrolment.course_id == course_id) & Enrolment.active,
        )
        .where(CourseGroup.course_id == course_id)
        .order_by(Person.sortable_name, Person.id)
    )
    for group_id, person in rows:
        members.setdefault(group_id, []).append(person)
    found = await session.scalars(
        select(CourseGroup).where(CourseGroup.course_id == course_id).order_by(CourseGroup.set_id, CourseGroup.id)
    )
    return [Group(row, sets.get(row.set_id or 0), members.get(row.id, [])) for row in found]


async def enrolments_in_groups(session: AsyncSession, course_id: int) -> Mapping[int, Sequence[str]]:
    """By person: the groups they are in, as messages show them."""
    found: dict[int, list[str]] = {}
    for group in await groups_of(session, course_id):
        for person in group.members:
            found.setdefault(person.id, []).append(group.row.lti_id)
    return found


async def add_group(
    session: AsyncSession, course: Course, name: str, members: Sequence[Person], set_name: str | None = None
) -> CourseGroup:
    """Add a group; its set is made when there is none of that name."""
    in_set = None
    if set_name is not None:
        known = await session.scalars(
            select(GroupSet).where(GroupSet.course_id == course.id, GroupSet.name == set_name)
        )
        in_set = known.first()
        if in_set is None:
            in_set = GroupSet(lti_id=new_lti_id(), course_id=course.id, name=set_name)
            session.add(in_set)
            await session.flush()
    group = CourseGroup(lti_id=new_lti_id(), course_id=course.id, set_id=in_set.id if in_set else None, name=name)
    session.add(group)
    await session.flush()
    session.add_all(GroupMember(group_id=group.id, person_id=person.id) for person in members)
    await session.flush()
    return group


async def add_sample_groups(session: AsyncSession, course: Course, everybody: Mapping[str, Person]) -> None:
    """The sample's groups, with those of their members who are here."""
    for sample in sample_groups():
        members = [everybody[login] for login in sample.members if login in everybody]
        if members:
            await add_group(session, course, sample.name, members, sample.in_set)


@router.get("/groups")
async def groups(request: Request, course_id: Id, caller: GroupReader) -> JSONResponse:
    """The groups of a course (section 3.2); ``user_id`` leaves those of one person. ``limit`` makes pages."""
    require_accept(request, GROUPS)
    user_id = request.query_params.get("user_id")
    async with caller.platform.store.reading() as session:
        await caller.course(session, course_id)
        found = [
            group
            for group in await groups_of(session, course_id)
            if user_id is None or user_id in {person.lti_id for person in group.members}
        ]
    page, headers = one_page(
        request, caller.platform, found, size_name="limit", default=DEFAULT_PAGE, most=LARGEST_PAGE
    )
    body = {"id": groups_url(caller.platform.settings, course_id), "groups": [_group(one) for one in page]}
    return JSONResponse(body, headers=headers, media_type=GROUPS)


@router.get("/group_sets")
async def group_sets(request: Request, course_id: Id, caller: GroupReader) -> JSONResponse:
    """The sets that groups come in (section 3.3), each with its groups."""
    require_accept(request, GROUPS)
    async with caller.platform.store.reading() as session:
        await caller.course(session, course_id)
        sets = (
            await session.scalars(select(GroupSet).where(GroupSet.course_id == course_id).order_by(GroupSet.id))
        ).all()
        found = await groups_of(session, course_id)
    page, headers = one_page(request, caller.platform, sets, size_name="limit", default=DEFAULT_PAGE, most=LARGEST_PAGE)
    listed = [
        {"id": row.lti_id, "name": row.name, "groups": [_group(one) for one in found if one.row.set_id == row.id]}
        for row in page
    ]
    body = {"id": group_sets_url(caller.platform.settings, course_id), "sets": listed}
    return JSONResponse(body, headers=headers, media_type=GROUPS)


def _group(group: Group) -> dict[str, Any]:
    fields: Mapping[str, Any] = {
        "id": group.row.lti_id,
        "name": group.row.name,
        "tag": group.row.tag,
        "set_id": group.in_set.lti_id if group.in_set else None,
    }
    return {name: value for name, value in fields.items() if value is not None}
