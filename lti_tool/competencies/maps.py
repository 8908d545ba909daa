"""A course's map: reading it, making it, picking competencies into it and taking them out.

Whoever changes a map names the revision it was made on (``for_change``); picking alone does not need to, since two teachers
who pick want both. A competency that is taken out keeps its place, its number and its learners' evidence, and finds all of it
again when it is picked once more.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import map_queries as queries
from lti_tool.competencies import rules_graph, rules_picking
from lti_tool.competencies.map_views import CourseMapView, Edge, MapCompetencyView, Parent
from lti_tool.competencies.models import CourseMap, FrameworkSource, MapCompetency
from lti_tool.competencies.ports import LEVELS_FOLLOW, follow_key
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.jobs import nudge_after_commit
from lti_tool.web.i18n import N_

MOST_COMPETENCIES = 1000
"""More than any course uses (the whole of Common Core mathematics is 480); a limit keeps pages and transactions small."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A course's competencies without what comes before what. ``scale_id`` is the course's own scale, if it has one."""

    scale_id: uuid.UUID | None
    competencies: tuple[MapCompetencyView, ...]


# --- Reading ------------------------------------------------------------------------------------------------------------


async def the_map(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> CourseMapView | None:
    """A course's map as it stands; None where nothing was ever picked. Seven statements at most, however large it is."""
    found = await queries.course_map(session, organisation_id, course_id)
    if found is None:
        return None
    competencies = await _competencies(session, organisation_id, course_id)
    by_id = {one.id: one for one in competencies}
    holds, drawn, gone = await _holding(
        session, organisation_id, course_id, by_id, {one.framework_id for one in competencies}
    )
    return CourseMapView(
        course_id=course_id,
        revision=found.revision,
        competencies=competencies,
        direct=holds.direct,
        indirect=holds.indirect,
        set_aside=holds.set_aside,
        drawn=frozenset(drawn) & frozenset(holds.direct),
        taken_away=tuple(edge for edge in gone if edge[0] in by_id and edge[1] in by_id),
        scale_id=found.scale_id,
        rule=found.rule,
        passing_percent=found.passing_percent,
        by_id=by_id,
    )


async def _holding(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    present: Collection[uuid.UUID],
    framework_ids: Collection[uuid.UUID],
) -> tuple[rules_graph.Effective[uuid.UUID], list[Edge], list[Edge]]:
    """The prerequisites that hold among the competencies of a map; what its teachers drew, and what they took away."""
    published = await queries.published(session, organisation_id, course_id, framework_ids)
    changes = await queries.changes(session, organisation_id, course_id)
    drawn = [(change.before_id, change.after_id) for change in changes if change.drawn]
    gone = [(change.before_id, change.after_id) for change in changes if not change.drawn]
    return rules_graph.effective(present, published, drawn, gone), drawn, gone


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """What comes before what in a course's map, by the map's numbers; ``numbers`` also has what was taken out of the map."""

    numbers: Mapping[uuid.UUID, int]
    edges: tuple[tuple[int, int], ...]


async def prerequisites(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Prerequisites:
    """The prerequisites that hold in a course, without anything that a page would show of it; three statements."""
    rows = await queries.numbered(session, organisation_id, course_id)
    numbers = {competency_id: number for competency_id, number, _, _ in rows}
    present = {row[0]: row[2] for row in rows if row[3] is None}
    holds, _, _ = await _holding(session, organisation_id, course_id, present, set(present.values()))
    return Prerequisites(numbers, tuple((numbers[before], numbers[after]) for before, after in holds.every))


async def listed(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Listed:
    """A course's competencies in the teacher's order, and its scale; empty where nothing was ever picked.

    For pages to which it does not matter what comes before what: prerequisites cost more than all the rest of a large map.
    """
    found = await queries.course_map(session, organisation_id, course_id)
    if found is None:
        return Listed(None, ())
    return Listed(found.scale_id, await _competencies(session, organisation_id, course_id))


async def _competencies(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> tuple[MapCompetencyView, ...]:
    rows = await queries.in_map(session, organisation_id, course_id)
    parents = await queries.above(
        session, organisation_id, {row.parent_id for row in rows if row.parent_id is not None}
    )
    frameworks = await queries.framework_titles(session, organisation_id, {row.framework_id for row in rows})
    chains = _chains(parents)
    return tuple(_view(row, frameworks, chains) for row in rows)


def _view(
    row: Any, frameworks: Mapping[uuid.UUID, Any], chains: Mapping[uuid.UUID, tuple[Parent, ...]]
) -> MapCompetencyView:
    framework = frameworks[row.framework_id]
    return MapCompetencyView(
        id=row.id,
        number=row.number,
        code=row.code,
        statement=row.statement,
        short=row.short,
        kind=row.kind,
        grades=tuple(row.grades),
        framework_id=row.framework_id,
        framework=framework.title,
        own=framework.source is FrameworkSource.OWN,
        parents=chains.get(row.parent_id, ()),
        retired=row.retired_at is not None,
        rule=row.rule,
    )


def _chains(rows: Mapping[uuid.UUID, Any]) -> dict[uuid.UUID, tuple[Parent, ...]]:
    """What stands above each, from the outermost to itself."""
    chains: dict[uuid.UUID, tuple[Parent, ...]] = {}
    for row in rows.values():
        way = []
        here = row
        # However deep a framework is, and even if it goes round, this ends.
        while here is not None and here.id not in chains and here not in way:
            way.append(here)
            here = rows.get(here.parent_id)
        above = chains.get(here.id, ()) if here is not None else ()
        for one in reversed(way):
            above = chains[one.id] = (*above, Parent(one.id, one.code, one.short or one.statement, one.kind))
    return chains


# --- Making and changing ------------------------------------------------------------------------------------------------


async def ensure(session: AsyncSession, course: Course, now: datetime) -> CourseMap:
    """The course's map, made where there is none yet, and locked: who changes it comes one after the other."""
    found = await queries.course_map(session, course.organisation_id, course.id, lock=True)
    if found is None:
        await queries.make_map(session, course.organisation_id, course.id, now)
        found = await queries.course_map(session, course.organisation_id, course.id, lock=True)
    if found is None:
        raise NotFound("the course has gone")
    return found


async def for_change(session: AsyncSession, course: Course, revision: int, now: datetime) -> CourseMap:
    """The map, locked and with its next revision. Conflict ``map-changed`` when it is not at ``revision`` any more.

    Revision 0 is that of a course that has no map yet.
    """
    found = await queries.course_map(session, course.organisation_id, course.id, lock=True)
    if found is None and revision == 0:
        return _changed(await ensure(session, course, now), now)
    if found is None or found.revision != revision:
        raise changed_meanwhile(f"made on revision {revision}, now {found.revision if found else 0}")
    return _changed(found, now)


def _changed(course_map: CourseMap, now: datetime) -> CourseMap:
    course_map.revision += 1
    course_map.changed_at = now
    return course_map


def levels_follow(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> None:
    """Have levels and reviews follow the map once this transaction is committed; in the background, once for many changes."""
    nudge_after_commit(session, LEVELS_FOLLOW, follow_key(organisation_id, course_id))


def changed_meanwhile(detail: str) -> Conflict:
    """Two editors: the second one's change was made on a map that has moved on."""
    return Conflict(
        detail,
        code="map-changed",
        title=N_("This map has changed since you opened it"),
        advice=N_("Here it is as it stands now. If your change is not in it, make it once more."),
    )


@dataclass(frozen=True, slots=True)
class Picked:
    """What came of picking. ``added``: competency ids that were not in the map before, in order."""

    added: tuple[uuid.UUID, ...]
    already: int
    refused: int
    """Of another school or course, or retired by their source."""


async def pick(
    session: AsyncSession, course: Course, competency_ids: Collection[uuid.UUID], now: datetime, by: uuid.UUID | None
) -> Picked:
    """Take competencies into a course's map, at its end, in their frameworks' order; makes the map.

    What was in it once comes back to its old place with its number. What this course may not use is left out and counted.
    BadRequest where the map would become too large.
    """
    wanted = set(competency_ids)
    usable = await queries.usable(session, course.organisation_id, course.id, wanted)
    course_map = await ensure(session, course, now)
    rows = await queries.map_rows(session, course.organisation_id, course.id)
    known = {row.competency_id: row for row in rows}
    present = [row for row in rows if row.removed_at is None]
    here = {row.competency_id for row in present}
    fresh = [one for one in usable if one not in here]
    if len(present) + len(fresh) > MOST_COMPETENCIES:
        raise BadRequest(
            "too many competencies",
            code="too-many-competencies",
            title=N_("This map would become too large"),
            advice=N_(
                "A course's map holds at most %(most)s competencies. Pick fewer at once, or take some out first."
            ),
            fields={"most": str(MOST_COMPETENCIES)},
        )
    if not fresh:
        return Picked((), len(usable), len(wanted) - len(usable))
    for competency_id in fresh:
        row = known.get(competency_id)
        if row is not None:
            row.removed_at = None
            present.insert(min(row.position, len(present)), row)
        else:
            row = MapCompetency(
                organisation_id=course.organisation_id,
                course_id=course.id,
                competency_id=competency_id,
                number=course_map.next_number,
                created_at=now,
            )
            course_map.next_number += 1
            present.append(row)
        session.add(row)
    number_places(present)
    session.add(_changed(course_map, now))
    trace(session, course, "map.picked", by, now, detail=f"{len(fresh)} competencies")
    levels_follow(session, course.organisation_id, course.id)
    await session.flush()
    return Picked(tuple(fresh), len(usable) - len(fresh), len(wanted) - len(usable))


async def earlier(session: AsyncSession, course: Course, competency_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """What these competencies need and is not among them: in their own grade all, and the first of earlier grades on each way."""
    usable = await queries.usable(session, course.organisation_id, course.id, competency_ids)
    framework_ids = await queries.frameworks_of(session, course.organisation_id, usable)
    published = await queries.published(session, course.organisation_id, course.id, framework_ids)
    grades = {row.id: row.grades for row in await queries.entries(session, course.organisation_id, framework_ids)}
    return rules_picking.with_earlier(usable, published, grades)


async def take_out(
    session: AsyncSession,
    course: Course,
    competency_ids: Collection[uuid.UUID],
    revision: int,
    now: datetime,
    by: uuid.UUID | None,
) -> tuple[uuid.UUID, ...]:
    """Take competencies out of the map; their evidence, numbers and prerequisites are kept. Those that were in it.

    Conflict ``map-changed``.
    """
    await for_change(session, course, revision, now)
    wanted = set(competency_ids)
    present = [
        row for row in await queries.map_rows(session, course.organisation_id, course.id) if row.removed_at is None
    ]
    out = [row for row in present if row.competency_id in wanted]
    for row in out:
        row.removed_at = now
        session.add(row)
    left = [row for row in present if row.removed_at is None]
    number_places(left)
    trace(session, course, "map.taken-out", by, now, detail=f"{len(out)} competencies")
    levels_follow(session, course.organisation_id, course.id)
    await session.flush()
    return tuple(row.competency_id for row in out)


def number_places(present: Sequence[MapCompetency]) -> None:
    """Number places from 0 in this order; those whose number stays are not written."""
    for position, row in enumerate(present):
        if row.position != position:
            row.position = position


def trace(
    session: AsyncSession,
    course: Course,
    action: str,
    by: uuid.UUID | None,
    now: datetime,
    *,
    detail: str | None = None,
) -> None:
    """Leave an entry in the audit log."""
    audit.record(
        session,
        now,
        action,
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"course:{course.id}",
        detail=detail,
    )
