"""Carrying a competency map over into the copy of a course: what was picked and drawn, how levels are decided, the course's own
competencies and scale, and alignments. Never evidence, and nothing of the original's people.

Carrying over twice changes nothing: what is in the copy already stays as it is there. So does what its teachers have taken out.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import (
    alignment_queries,
    carrying_queries,
    framework_queries,
    map_editing,
    map_queries,
    maps,
)
from lti_tool.competencies.models import (
    Alignment,
    AlignmentOrigin,
    Competency,
    CompetencyLink,
    CourseMap,
    Framework,
    FrameworkSource,
    MapCompetency,
    MapPrerequisite,
    Scale,
)
from lti_tool.content import places
from lti_tool.content.models import ContentItem
from lti_tool.content.places import Copied
from lti_tool.courses.models import Course
from lti_tool.ids import new_id

Names = Mapping[uuid.UUID, uuid.UUID]
"""The copy's competencies by the original's. Those of shared frameworks are the same, and are not named."""


@dataclass(frozen=True, slots=True)
class OfferedMap:
    """A map that can be carried over: all that is said of it."""

    competencies: int = 0
    alignments: int = 0

    def __bool__(self) -> bool:
        return self.competencies > 0


@dataclass(frozen=True, slots=True)
class LostItem:
    """An item of the original that was not found in the copy, and how many alignments wait for it to be."""

    item: ContentItem
    alignments: int


async def offered(session: AsyncSession, course: Course) -> OfferedMap:
    """What there is to be carried over from a course; falsy where it has no map."""
    return OfferedMap(*await carrying_queries.counts(session, course.organisation_id, course.id))


async def lost_items(session: AsyncSession, course: Course) -> list[LostItem]:
    """What alignments of a copy lead to and was not found there, by title."""
    counts: dict[uuid.UUID, list[ContentItem]] = {}
    for item, _ in await carrying_queries.stand_ins(session, course.organisation_id, course.id):
        counts.setdefault(item.id, []).append(item)
    return [LostItem(same[0], len(same)) for same in counts.values()]


async def carry(session: AsyncSession, both: Copied, original: Course, by: uuid.UUID | None, now: datetime) -> Names:
    """Take over the original's map with everything that hangs on it, in the caller's transaction.

    What became of competencies that only the original has, by their ids there.
    """
    course = both.course
    source = await map_queries.course_map(session, course.organisation_id, original.id)
    if source is None:
        return {}
    names = await _own_competencies(session, course, original, by, now)
    made = await maps.ensure(session, course, now)
    before = {row.competency_id: row for row in await map_queries.map_rows(session, course.organisation_id, course.id)}
    await _settings(session, made, source, course, names, now, fresh=not before)
    await _competencies(session, made, original, names, before, now)
    await _prerequisites(session, course, original, names, by, now)
    await _alignments(session, both, original, names, by, now)
    maps.levels_follow(session, course.organisation_id, course.id)
    await session.flush()
    return names


# --- Own competencies -----------------------------------------------------------------------------------------------------


async def _own_competencies(
    session: AsyncSession, course: Course, original: Course, by: uuid.UUID | None, now: datetime
) -> dict[uuid.UUID, uuid.UUID]:
    """Copies of what only the original has; the copy's teachers change theirs and nobody else's."""
    organisation_id = course.organisation_id
    names: dict[uuid.UUID, uuid.UUID] = {}
    for framework in await carrying_queries.frameworks_of_course(session, organisation_id, original.id):
        copy = await _framework(session, framework, course, by, now)
        there = {
            one.identifier: one for one in await carrying_queries.competencies_of(session, organisation_id, [copy.id])
        }
        for one in await carrying_queries.competencies_of(session, organisation_id, [framework.id]):
            known = there.get(one.identifier)
            if known is None:
                known = _competency(one, copy, names, now)
                session.add(known)
            names[one.id] = known.id
        await session.flush()
        await _links(session, framework, copy, names)
    return names


async def _framework(
    session: AsyncSession, framework: Framework, course: Course, by: uuid.UUID | None, now: datetime
) -> Framework:
    own = framework.source is FrameworkSource.OWN
    identifier = map_editing.own_identifier(course.id) if own else f"copy:{course.id}:{framework.id}"
    found = await framework_queries.framework_by_identifier(session, course.organisation_id, identifier)
    if found is None:
        found = Framework(
            **framework.model_dump(exclude={"id", "identifier", "course_id", "created_by", "created_at", "changed_at"}),
            id=new_id(),
            identifier=identifier,
            course_id=course.id,
            created_by=by,
            changed_at=now,
            created_at=now,
        )
        session.add(found)
        await session.flush()
    return found


def _competency(one: Competency, copy: Framework, names: Names, now: datetime) -> Competency:
    kept = one.model_dump(exclude={"id", "framework_id", "parent_id", "created_at", "changed_at"})
    return Competency(
        **kept,
        id=new_id(),
        framework_id=copy.id,
        parent_id=names.get(one.parent_id) if one.parent_id is not None else None,
        created_at=now,
        changed_at=now,
    )


async def _links(session: AsyncSession, framework: Framework, copy: Framework, names: Names) -> None:
    organisation_id = framework.organisation_id
    there = {
        (link.origin_id, link.destination_id, link.kind)
        for link in await carrying_queries.links_of(session, organisation_id, [copy.id])
    }
    for link in await carrying_queries.links_of(session, organisation_id, [framework.id]):
        ends = names.get(link.origin_id, link.origin_id), names.get(link.destination_id, link.destination_id)
        if (*ends, link.kind) not in there:
            kept = link.model_dump(exclude={"id", "framework_id", "origin_id", "destination_id"})
            session.add(
                CompetencyLink(**kept, id=new_id(), framework_id=copy.id, origin_id=ends[0], destination_id=ends[1])
            )


# --- The map --------------------------------------------------------------------------------------------------------------


async def _settings(
    session: AsyncSession,
    made: CourseMap,
    source: CourseMap,
    course: Course,
    names: Names,
    now: datetime,
    *,
    fresh: bool,
) -> None:
    """How levels are decided, unless the copy has said something of its own already."""
    if not fresh:
        return
    made.rule = renamed(source.rule, names)
    made.passing_percent = source.passing_percent
    made.scale_id = await _scale(session, source.scale_id, course, now)
    session.add(made)


async def _scale(session: AsyncSession, scale_id: uuid.UUID | None, course: Course, now: datetime) -> uuid.UUID | None:
    """The same scale where the school shares it; a copy of one that is the course's own."""
    if scale_id is None:
        return None
    scale = await carrying_queries.scale(session, course.organisation_id, scale_id)
    if scale is None or scale.course_id is None:
        return scale_id
    copy = Scale(
        organisation_id=course.organisation_id,
        id=new_id(),
        course_id=course.id,
        title=scale.title,
        source=scale.source,
        levels=scale.levels,
        changed_at=now,
        created_at=now,
    )
    session.add(copy)
    await session.flush()
    return copy.id


def renamed(value: Any, names: Names) -> Any:
    """A rule as JSON in which the original's own competencies are the copy's."""
    if isinstance(value, dict):
        return {renamed(key, names): renamed(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one, names) for one in value]
    if isinstance(value, str):
        return next((str(new) for old, new in names.items() if str(old) == value), value)
    return value


async def _competencies(
    session: AsyncSession,
    made: CourseMap,
    original: Course,
    names: Names,
    before: Mapping[uuid.UUID, MapCompetency],
    now: datetime,
) -> None:
    """The original's competencies in its order, behind what the copy has. A copy that has none keeps the numbers too."""
    rows = [
        row
        for row in await map_queries.map_rows(session, made.organisation_id, original.id)
        if row.removed_at is None and names.get(row.competency_id, row.competency_id) not in before
    ]
    if not rows:
        return
    last = max((row.position for row in before.values()), default=-1)
    for place, row in enumerate(rows, start=1):
        number = made.next_number + place - 1 if before else row.number
        session.add(
            MapCompetency(
                organisation_id=made.organisation_id,
                course_id=made.course_id,
                competency_id=names.get(row.competency_id, row.competency_id),
                number=number,
                position=last + place,
                rule=renamed(row.rule, names),
                created_at=now,
            )
        )
    made.next_number = made.next_number + len(rows) if before else max(row.number for row in rows) + 1
    made.revision += 1
    made.changed_at = now
    session.add(made)
    await session.flush()


async def _prerequisites(
    session: AsyncSession, course: Course, original: Course, names: Names, by: uuid.UUID | None, now: datetime
) -> None:
    """What was drawn and taken away. What the copy's teachers said of the same two stays."""
    there = {
        (row.before_id, row.after_id) for row in await map_queries.changes(session, course.organisation_id, course.id)
    }
    for row in await map_queries.changes(session, course.organisation_id, original.id):
        ends = names.get(row.before_id, row.before_id), names.get(row.after_id, row.after_id)
        if ends not in there:
            session.add(
                MapPrerequisite(
                    organisation_id=course.organisation_id,
                    course_id=course.id,
                    before_id=ends[0],
                    after_id=ends[1],
                    drawn=row.drawn,
                    created_by=by,
                    created_at=now,
                )
            )
    await session.flush()


# --- Alignments -----------------------------------------------------------------------------------------------------------


async def _alignments(
    session: AsyncSession, both: Copied, original: Course, names: Names, by: uuid.UUID | None, now: datetime
) -> None:
    """Alignments to what is in the copy's map, at the items' places in the copy; those that are there stay as they are."""
    course = both.course
    organisation_id = course.organisation_id
    present = {
        row.competency_id
        for row in await map_queries.map_rows(session, organisation_id, course.id)
        if row.removed_at is None
    }
    rows = [
        row
        for row in await carrying_queries.alignment_rows(session, organisation_id, original.id)
        if names.get(row.competency_id, row.competency_id) in present
    ]
    ids = sorted({row.content_item_id for row in rows})
    items = await carrying_queries.items_by_id(session, organisation_id, original.id, ids)
    found = await places.places(session, both, items, now)
    there = {
        (row.content_item_id, row.competency_id)
        for row in await carrying_queries.alignment_rows(session, organisation_id, course.id)
    }
    made: dict[tuple[uuid.UUID, uuid.UUID], dict[str, Any]] = {}
    for row in rows:
        place = found.get(row.content_item_id)
        if place is None:
            continue
        key = (place.id, names.get(row.competency_id, row.competency_id))
        if key not in there:
            made.setdefault(key, _row(row, course, key, by, now))
    await alignment_queries.put(session, list(made.values()))


def _row(
    row: Alignment, course: Course, key: tuple[uuid.UUID, uuid.UUID], by: uuid.UUID | None, now: datetime
) -> dict[str, Any]:
    return {
        "organisation_id": course.organisation_id,
        "id": new_id(),
        "course_id": course.id,
        "content_item_id": key[0],
        "competency_id": key[1],
        "role": row.role,
        "weight": row.weight,
        "passing_percent": row.passing_percent,
        "mixed": row.mixed,
        "origin": AlignmentOrigin.COPY,
        "created_by": by,
        "created_at": now,
    }
