"""All SQL of a course's groups, and of sections that are told as groups are."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import CourseGroup, CourseGroupMember, Membership, Person
from lti_tool.db.base import scoped
from lti_tool.db.upsert import upsert
from lti_tool.ids import new_id

GROUP_KEY = ("organisation_id", "course_id", "group_id")
MEMBER_KEY = ("organisation_id", "group_id", "person_id")

_AT_ONCE = 500


async def groups(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, *, also: Collection[uuid.UUID] = ()
) -> list[CourseGroup]:
    """The groups of a course that are there, and those named in ``also``, by set and name."""
    statement = (
        scoped(CourseGroup, organisation_id)
        .where(
            CourseGroup.course_id == course_id, or_(col(CourseGroup.active).is_(True), col(CourseGroup.id).in_(also))
        )
        .order_by(
            func.coalesce(func.lower(CourseGroup.set_name), ""), func.lower(CourseGroup.name), col(CourseGroup.id)
        )
    )
    return list((await session.exec(statement)).all())


async def members(
    session: AsyncSession, organisation_id: uuid.UUID, group_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, set[uuid.UUID]]:
    """The ids of the people of each group."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {group_id: set() for group_id in group_ids}
    statement = select(col(CourseGroupMember.group_id), col(CourseGroupMember.person_id)).where(
        col(CourseGroupMember.organisation_id) == organisation_id, col(CourseGroupMember.group_id).in_(group_ids)
    )
    for group_id, person_id in (await session.exec(statement)).all():
        found[group_id].add(person_id)
    return found


async def put_groups(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> dict[str, uuid.UUID]:
    """Insert groups, or bring those that are known up to date; their ids by the platform's."""
    written = await upsert(
        session,
        CourseGroup,
        rows,
        key=GROUP_KEY,
        update=("name", "tag", "set_id", "set_name", "active"),
        returning=("id", "group_id"),
    )
    return {row.group_id: row.id for row in written}


async def retire_groups(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    there: Collection[uuid.UUID],
    *,
    named: str = "",
) -> None:
    """Make inactive the groups of a course that are not ``there``; with ``named`` only those whose ids begin so."""
    known = await groups(session, organisation_id, course_id)
    gone = [group.id for group in known if group.id not in there and group.group_id.startswith(named)]
    for start in range(0, len(gone), _AT_ONCE):
        await session.exec(
            update(CourseGroup)
            .where(
                col(CourseGroup.organisation_id) == organisation_id,
                col(CourseGroup.id).in_(gone[start : start + _AT_ONCE]),
            )
            .values(active=False)
            .execution_options(synchronize_session=False)
        )


async def replace_members(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    group_ids: Collection[uuid.UUID],
    wanted: Collection[tuple[uuid.UUID, uuid.UUID]],
) -> None:
    """Have exactly these (group, person) pairs in the groups; rows that were right stay."""
    known = {
        (group_id, person_id)
        for group_id, people in (await members(session, organisation_id, group_ids)).items()
        for person_id in people
    }
    for group_id in sorted({group_id for group_id, _ in known - set(wanted)}):
        left = [person_id for group, person_id in known - set(wanted) if group == group_id]
        for start in range(0, len(left), _AT_ONCE):
            await session.exec(
                delete(CourseGroupMember)
                .where(
                    col(CourseGroupMember.organisation_id) == organisation_id,
                    col(CourseGroupMember.group_id) == group_id,
                    col(CourseGroupMember.person_id).in_(left[start : start + _AT_ONCE]),
                )
                .execution_options(synchronize_session=False)
            )
    new = [
        {"organisation_id": organisation_id, "id": new_id(), "group_id": group_id, "person_id": person_id}
        for group_id, person_id in sorted(set(wanted) - known)
    ]
    await upsert(session, CourseGroupMember, new, key=MEMBER_KEY)


# --- What the platform's own API tells ----------------------------------------------------------------------------------


async def people_by_api_id(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[str, uuid.UUID]:
    """Who is in the course, by the id that the platform's own API knows them by."""
    statement = (
        select(func.coalesce(Person.platform_user_id, Person.sub), col(Person.id))
        .join(
            Membership,
            and_(
                col(Membership.organisation_id) == col(Person.organisation_id),
                col(Membership.person_id) == col(Person.id),
            ),
        )
        .where(
            col(Person.organisation_id) == organisation_id,
            col(Membership.course_id) == course_id,
            col(Membership.active).is_(True),
        )
    )
    rows: Sequence[Any] = (await session.exec(statement)).all()
    return {row[0]: row[1] for row in rows}


async def put_sections(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Sequence[uuid.UUID],
    sections: str,
) -> None:
    """Have these people of a course be in exactly these sections; not those who are held to their own."""
    for start in range(0, len(person_ids), _AT_ONCE):
        await session.exec(
            update(Membership)
            .where(
                col(Membership.organisation_id) == organisation_id,
                col(Membership.course_id) == course_id,
                col(Membership.person_id).in_(person_ids[start : start + _AT_ONCE]),
                col(Membership.section_restricted).is_(False),
                col(Membership.sections).is_distinct_from(sections),
            )
            .values(sections=sections)
            .execution_options(synchronize_session=False)
        )
