"""Groups and sections of a course as the platform's own API has them, for platforms without the groups service.

Where a launch brought the service (Course Groups 1.0) its word stands, and the API's groups are left alone: the same group must
not be there twice under two names.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import group_queries, queries, rules
from lti_tool.courses import sections as section_names
from lti_tool.courses.models import Course
from lti_tool.ids import new_id
from lti_tool.platforms.native import NativeGroup

PREFIX = "api:"
"""Begins the id of a group that the platform's own API told of, which may call it otherwise than the groups service does."""

_LONGEST = 255 - len(PREFIX)


async def take_over(session: AsyncSession, course: Course, groups: Sequence[NativeGroup], now: datetime) -> int:
    """Bring groups, who is in them, and everybody's sections up to what the API says, in the caller's transaction; how many
    groups and sections there are.

    A group that is gone becomes inactive and keeps its row, and comes back as the same one. Sections are taken over for whom
    the API names in one, and as launches name them: by what follows the kind in ``group_id``. Of nobody are they taken away.
    Who is held to their own sections keeps those that their launch named, by which the platform says whom they may see.
    """
    groups = [group for group in groups if len(group.group_id) <= _LONGEST]
    # The course first, as in a launch and in a reading of the roster, so that none waits for another in a circle.
    await queries.change(session, Course, course.organisation_id, course.id, {"groups_read_at": now})
    people = await group_queries.people_by_api_id(session, course.organisation_id, course.id)
    sections = [group for group in groups if group.section]
    taken = len(sections)
    await _take_sections(session, course, sections, people)
    names = {_section_id(one): one.name for one in sections if one.name != _section_id(one)}
    await section_names.take_names(session, course, names, now)
    if course.groups_url is None:
        taken += await _take_groups(session, course, [group for group in groups if not group.section], people, now)
    return taken


async def _take_groups(
    session: AsyncSession,
    course: Course,
    groups: Iterable[NativeGroup],
    people: Mapping[str, uuid.UUID],
    now: datetime,
) -> int:
    by_id = {f"{PREFIX}{group.group_id}": group for group in groups}
    rows = [
        {
            "organisation_id": course.organisation_id,
            "id": new_id(),
            "course_id": course.id,
            "group_id": group_id,
            "name": by_id[group_id].name[:500],
            "tag": None,
            "set_id": None,
            "set_name": by_id[group_id].set_name[:500] or None,
            "active": True,
            "created_at": now,
        }
        for group_id in sorted(by_id)
    ]
    ids = await group_queries.put_groups(session, rows)
    await group_queries.retire_groups(session, course.organisation_id, course.id, set(ids.values()), named=PREFIX)
    wanted = {
        (ids[group_id], people[user_id])
        for group_id, group in by_id.items()
        for user_id in group.user_ids
        if user_id in people
    }
    await group_queries.replace_members(session, course.organisation_id, set(ids.values()), wanted)
    return len(rows)


async def _take_sections(
    session: AsyncSession, course: Course, sections: Iterable[NativeGroup], people: Mapping[str, uuid.UUID]
) -> None:
    found: dict[uuid.UUID, set[str]] = {}
    for section in sections:
        for user_id in section.user_ids:
            if user_id in people:
                found.setdefault(people[user_id], set()).add(_section_id(section))
    together: dict[str, list[uuid.UUID]] = {}
    for person_id, ids in found.items():
        kept = rules.sections(",".join(ids))
        if kept is not None:
            together.setdefault(kept, []).append(person_id)
    for kept, person_ids in sorted(together.items()):
        await group_queries.put_sections(session, course.organisation_id, course.id, sorted(person_ids), kept)


def _section_id(section: NativeGroup) -> str:
    """A section's id as launches name it."""
    return section.group_id.rpartition(":")[2]
