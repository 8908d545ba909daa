"""Groups of a course as the platform has them (Course Groups 1.0), read with the roster and shown on the page of people.

What a platform says of its groups must never keep its roster from being read: trouble with groups is logged, and leaves those
that are known as they were.
"""

import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import group_queries, queries
from lti_tool.courses.models import Course, CourseGroup
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.lti.models import Registration
from lti_tool.lti.services import Group, GroupsClient, Member, Protocol, ServiceRefused, ServiceUnreachable
from lti_tool.platforms import quirks

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundGroups:
    """The groups of a course and the names of the sets they come in."""

    groups: tuple[Group, ...]
    sets: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GroupWithMembers:
    """A group that is there, and who is in it."""

    group: CourseGroup
    person_ids: frozenset[uuid.UUID]


async def read(
    database: Database, protocol: Protocol, registration: Registration, course: Course
) -> FoundGroups | None:
    """What the platform says of a course's groups; None where it has no such service, or did not answer."""
    if course.groups_url is None:
        return None
    client = GroupsClient(protocol, registration, quirks(registration.lms))
    try:
        groups = await client.groups(course.groups_url)
    except (ServiceRefused, ServiceUnreachable) as trouble:
        if isinstance(trouble, ServiceRefused) and trouble.answered in (404, 410):
            await _forget(database, course)
        log.warning("groups could not be read", extra={"code": trouble.code, "detail": trouble.detail})
        return None
    return FoundGroups(tuple(groups), await _sets(client, course, groups))


async def _sets(client: GroupsClient, course: Course, groups: Sequence[Group]) -> Mapping[str, str]:
    """The names of the sets that groups come in; none where they cannot be read, which the groups can do without."""
    if course.group_sets_url is None or not any(group.set_id for group in groups):
        return {}
    try:
        return {one.id: one.name for one in await client.sets(course.group_sets_url)}
    except (ServiceRefused, ServiceUnreachable) as trouble:
        log.warning("sets of groups could not be read", extra={"code": trouble.code, "detail": trouble.detail})
        return {}


async def take_over(
    session: AsyncSession, course: Course, found: FoundGroups, members: Sequence[Member], now: datetime
) -> int:
    """Bring groups and who is in them up to what the platform says, in the transaction of the roster; how many there are.

    A group that is gone becomes inactive and keeps its row, and comes back as the same one.
    """
    organisation_id = course.organisation_id
    await queries.change(session, Course, organisation_id, course.id, {"groups_read_at": now})
    rows = [
        {
            "organisation_id": organisation_id,
            "id": new_id(),
            "course_id": course.id,
            "group_id": group.id,
            "name": group.name,
            "tag": group.tag[:255] if group.tag else None,
            "set_id": group.set_id,
            "set_name": found.sets.get(group.set_id) if group.set_id else None,
            "active": True,
            "created_at": now,
        }
        for group in sorted(found.groups, key=lambda group: group.id)
    ]
    ids = await group_queries.put_groups(session, rows)
    await group_queries.retire_groups(session, organisation_id, course.id, set(ids.values()))
    in_groups = [member for member in members if member.group_ids]
    people = await queries.people_by_sub(
        session, organisation_id, course.registration_id, [member.user_id for member in in_groups]
    )
    wanted = {
        (ids[group_id], people[member.user_id].id)
        for member in in_groups
        for group_id in member.group_ids
        if group_id in ids and member.user_id in people
    }
    await group_queries.replace_members(session, organisation_id, set(ids.values()), wanted)
    return len(rows)


async def of_course(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, *, also: Collection[uuid.UUID] = ()
) -> list[GroupWithMembers]:
    """The groups of a course by set and name, with who is in them. Empty where the platform has none.

    Groups named in ``also`` are there even if the platform does not have them any more, with who was in them last.
    """
    groups = await group_queries.groups(session, organisation_id, course_id, also=also)
    members = await group_queries.members(session, organisation_id, [group.id for group in groups])
    return [GroupWithMembers(group, frozenset(members[group.id])) for group in groups]


async def _forget(database: Database, course: Course) -> None:
    """The service really went away, and its groups with it; the next launch that offers it brings it back."""
    async with database.writing() as session:
        gone = {"groups_url": None, "group_sets_url": None}
        await queries.change(session, Course, course.organisation_id, course.id, gone)
        await group_queries.retire_groups(session, course.organisation_id, course.id, set())
