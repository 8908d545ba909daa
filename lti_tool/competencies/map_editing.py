"""Changing a course's map: drawing prerequisites and taking them away, putting in order, writing own competencies.

Every change names the revision it was made on; see ``maps.for_change``.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import framework_queries, maps, rules_graph
from lti_tool.competencies import map_queries as queries
from lti_tool.competencies.map_views import CourseMapView, Edge
from lti_tool.competencies.models import Competency, Framework, FrameworkSource, MapPrerequisite
from lti_tool.competencies.rules_lines import Line
from lti_tool.courses.models import Course
from lti_tool.errors import Conflict, NotAllowed, NotFound
from lti_tool.ids import new_id
from lti_tool.web.i18n import N_

ARROW = " → "


# --- Prerequisites --------------------------------------------------------------------------------------------------------


class PrerequisiteLoop(Conflict):
    """A prerequisite that would have competencies come before themselves. ``loop`` is the way round, by id."""

    code = "prerequisite-loop"
    title = N_("This prerequisite would go round in a circle")
    advice = N_(
        "%(loop)s: each comes before the next, so the last would come before the first. Nothing was changed. Take away one of "
        "the others first, or draw it the other way round."
    )

    def __init__(self, loop: Sequence[uuid.UUID], names: Sequence[str]) -> None:
        super().__init__(f"a loop of {len(loop) - 1}", fields={"loop": ARROW.join(names)})
        self.loop = tuple(loop)


async def draw(
    session: AsyncSession, course: Course, edge: Edge, revision: int, now: datetime, by: uuid.UUID | None
) -> bool:
    """Have one competency of the map come before another; whether that is new.

    Raises PrerequisiteLoop where it would go round in a circle, NotFound for a competency that is not in the map, Conflict
    ``map-changed``. What was taken away of a framework's comes back as the framework's.
    """
    await maps.for_change(session, course, revision, now)
    maps.levels_follow(session, course.organisation_id, course.id)
    view = await _view(session, course, edge)
    if edge in view.direct:
        return False
    loop = rules_graph.loop(view.edges, *edge)
    if loop is not None:
        raise PrerequisiteLoop(loop, [view.by_id[one].name for one in loop])
    changed = await queries.change(session, course.organisation_id, course.id, *edge)
    if changed is not None:
        await session.delete(changed)
        await session.flush()
        if edge in (await _view(session, course, edge)).direct:
            return True
    session.add(_change(course, edge, now, by, drawn=True))
    await session.flush()
    return True


async def take_away(
    session: AsyncSession, course: Course, edge: Edge, revision: int, now: datetime, by: uuid.UUID | None
) -> bool:
    """Have one competency no longer come before another in this course; whether it did.

    What a teacher drew is gone; what a framework has is taken away here and nowhere else, and so is one that holds through
    competencies this course does not use. NotFound and Conflict as for ``draw``.
    """
    await maps.for_change(session, course, revision, now)
    maps.levels_follow(session, course.organisation_id, course.id)
    view = await _view(session, course, edge)
    if edge not in (*view.edges, *view.set_aside):
        return False
    changed = await queries.change(session, course.organisation_id, course.id, *edge)
    if changed is not None:
        await session.delete(changed)
        await session.flush()
        view = await _view(session, course, edge)
        if edge not in (*view.edges, *view.set_aside):
            return True
    session.add(_change(course, edge, now, by, drawn=False))
    await session.flush()
    return True


def way_round(view: CourseMapView, edge: Edge) -> str:
    """The circle that an edge would close, as people read it; empty where it would close none."""
    loop = rules_graph.loop(view.edges, *edge)
    return ARROW.join(view.by_id[one].name for one in loop) if loop is not None else ""


async def _view(session: AsyncSession, course: Course, edge: Edge) -> CourseMapView:
    view = await maps.the_map(session, course.organisation_id, course.id)
    if view is None or not set(edge) <= view.by_id.keys() or edge[0] == edge[1]:
        raise NotFound("not two competencies of this map")
    return view


def _change(course: Course, edge: Edge, now: datetime, by: uuid.UUID | None, *, drawn: bool) -> MapPrerequisite:
    return MapPrerequisite(
        organisation_id=course.organisation_id,
        course_id=course.id,
        before_id=edge[0],
        after_id=edge[1],
        drawn=drawn,
        created_by=by,
        created_at=now,
    )


# --- Order ----------------------------------------------------------------------------------------------------------------


async def move(
    session: AsyncSession,
    course: Course,
    competency_id: uuid.UUID,
    revision: int,
    now: datetime,
    *,
    by: int = 0,
    to: int = 0,
) -> None:
    """Move a competency ``by`` places down (negative: up), or to place ``to``, from 1; no further than either end."""
    await maps.for_change(session, course, revision, now)
    rows = await queries.map_rows(session, course.organisation_id, course.id)
    present = [row for row in rows if row.removed_at is None]
    row = next((one for one in present if one.competency_id == competency_id), None)
    if row is None:
        raise NotFound("not a competency of this map")
    place = present.index(row)
    present.remove(row)
    present.insert(max(0, min(to - 1 if to else place + by, len(present))), row)
    maps.number_places(present)
    await session.flush()


async def reorder(
    session: AsyncSession, course: Course, order: Sequence[uuid.UUID], revision: int, now: datetime
) -> None:
    """Put all competencies in this order. Conflict when these are not exactly the ones there are."""
    await maps.for_change(session, course, revision, now)
    rows = await queries.map_rows(session, course.organisation_id, course.id)
    present = {row.competency_id: row for row in rows if row.removed_at is None}
    if len(order) != len(present) or set(order) != set(present):
        raise maps.changed_meanwhile("an order of other competencies")
    maps.number_places([present[one] for one in order])
    await session.flush()


async def sort(session: AsyncSession, course: Course, revision: int, now: datetime, *, prerequisites: bool) -> None:
    """Put the map in its frameworks' order, or else (``prerequisites``) each competency behind what comes before it."""
    view = await maps.the_map(session, course.organisation_id, course.id)
    ids = [one.id for one in view.competencies] if view is not None else []
    if view is not None and prerequisites:
        ids = rules_graph.topological(ids, view.edges)
    else:
        ids = await queries.in_frameworks_order(session, course.organisation_id, course.id)
    await reorder(session, course, ids, revision, now)


# --- Own competencies -----------------------------------------------------------------------------------------------------


def own_identifier(course_id: uuid.UUID) -> str:
    """What the framework of a course's own competencies is known by, shared or not."""
    return f"own:{course_id}"


async def own_framework(session: AsyncSession, course: Course) -> Framework | None:
    """The framework of what the course's teachers wrote themselves, if they did."""
    return await framework_queries.framework_by_identifier(session, course.organisation_id, own_identifier(course.id))


async def write(
    session: AsyncSession,
    course: Course,
    lines: Sequence[Line],
    title: str,
    revision: int,
    now: datetime,
    by: uuid.UUID | None,
) -> tuple[uuid.UUID, ...]:
    """Write own competencies and take them into the map; their ids. ``title`` names the framework they begin.

    Conflict ``map-changed``, which also makes a second click harmless; BadRequest where the map would become too large.
    """
    await maps.for_change(session, course, revision, now)
    framework = await own_framework(session, course)
    if framework is None:
        framework = Framework(
            organisation_id=course.organisation_id,
            identifier=own_identifier(course.id),
            source=FrameworkSource.OWN,
            course_id=course.id,
            title=title[:500],
            created_by=by,
            changed_at=now,
            created_at=now,
        )
        session.add(framework)
        await session.flush()
    last = await queries.last_position(session, course.organisation_id, framework.id)
    made = [
        Competency(
            organisation_id=course.organisation_id,
            framework_id=framework.id,
            identifier=str(new_id()),
            code=line.code,
            statement=line.statement,
            position=last + number,
            changed_at=now,
            created_at=now,
        )
        for number, line in enumerate(lines, 1)
    ]
    session.add_all(made)
    framework.changed_at = now
    session.add(framework)
    await session.flush()
    picked = await maps.pick(session, course, [one.id for one in made], now, by)
    return picked.added


async def rewrite(
    session: AsyncSession, course: Course, competency_id: uuid.UUID, line: Line, revision: int, now: datetime
) -> None:
    """Change what one of the course's own competencies says. NotAllowed for one of a published framework."""
    await maps.for_change(session, course, revision, now)
    found = await session.get(Competency, (course.organisation_id, competency_id))
    framework = await own_framework(session, course)
    if found is None:
        raise NotFound("no such competency")
    if framework is None or found.framework_id != framework.id:
        raise NotAllowed(
            "a competency that this course did not write",
            code="not-own-competency",
            title=N_("This competency cannot be changed here"),
            advice=N_("It belongs to a framework. Only what was written in this course can be changed in this course."),
        )
    found.code, found.statement, found.changed_at = line.code, line.statement, now
    session.add(found)
    await session.flush()


async def share(session: AsyncSession, course: Course, now: datetime, by: uuid.UUID | None, *, shared: bool) -> None:
    """Let the school's other courses pick what this course wrote, or no longer.

    Conflict ``own-in-use`` where another course has picked some of it; what it picked stays its own decision.
    """
    framework = await own_framework(session, course)
    if framework is None:
        raise NotFound("nothing was written here")
    if not shared and await queries.used_elsewhere(session, course.organisation_id, framework.id, course.id):
        raise Conflict(
            "another course uses some",
            code="own-in-use",
            title=N_("Another course uses these competencies"),
            advice=N_("They stay shared as long as another course's map has some of them. Nothing was changed."),
        )
    framework.course_id = None if shared else course.id
    framework.changed_at = now
    session.add(framework)
    maps.trace(session, course, "map.shared" if shared else "map.unshared", by, now)
    await session.flush()
