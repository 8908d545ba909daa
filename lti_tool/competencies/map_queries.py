"""All SQL of a course's map."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import (
    Alignment,
    Competency,
    CompetencyLink,
    CourseMap,
    Framework,
    LinkKind,
    MapCompetency,
    MapPrerequisite,
)
from lti_tool.db.base import scoped
from lti_tool.db.locking import locking
from lti_tool.db.upsert import upsert
from lti_tool.ids import new_id

MAP_KEY = ("organisation_id", "course_id")
_AT_ONCE = 500
"""Ids in one statement; SQLite limits its parameters."""

T = TypeVar("T")


async def course_map(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, *, lock: bool = False
) -> CourseMap | None:
    """A course's map; ``lock`` holds it until the end of the transaction."""
    statement = scoped(CourseMap, organisation_id).where(CourseMap.course_id == course_id)
    statement = locking(statement, lock)
    return (await session.exec(statement)).one_or_none()


async def make_map(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> None:
    """Make a course's map, unless it has one."""
    row = {
        "organisation_id": organisation_id,
        "id": new_id(),
        "course_id": course_id,
        "passing_percent": 80.0,
        "next_number": 1,
        "revision": 1,
        "changed_at": now,
        "created_at": now,
    }
    await upsert(session, CourseMap, [row], key=MAP_KEY)


async def in_map(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Sequence[Any]:
    """Rows of the competencies a course uses, in its order, as plain columns: a class board reads hundreds of them."""
    statement = (
        select(
            MapCompetency.number,
            MapCompetency.rule,
            Competency.id,
            Competency.code,
            Competency.statement,
            Competency.short,
            Competency.kind,
            Competency.grades,
            Competency.parent_id,
            Competency.retired_at,
            Competency.framework_id,
        )  # type: ignore[call-overload]
        .where(MapCompetency.organisation_id == organisation_id, Competency.organisation_id == organisation_id)
        .where(MapCompetency.competency_id == Competency.id)
        .where(MapCompetency.course_id == course_id, col(MapCompetency.removed_at).is_(None))
        .order_by(MapCompetency.position, MapCompetency.number)
    )
    found: Sequence[Any] = (await session.exec(statement)).all()
    return found


async def numbered(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> list[tuple[uuid.UUID, int, uuid.UUID, datetime | None]]:
    """Every place of a course's map, in its order: competency, number, framework, and when it was taken out."""
    statement = (
        select(MapCompetency.competency_id, MapCompetency.number, Competency.framework_id, MapCompetency.removed_at)
        .where(MapCompetency.organisation_id == organisation_id, Competency.organisation_id == organisation_id)
        .where(MapCompetency.competency_id == Competency.id, MapCompetency.course_id == course_id)
        .order_by(col(MapCompetency.position), col(MapCompetency.number))
    )
    return [(row[0], row[1], row[2], row[3]) for row in (await session.exec(statement)).all()]


async def map_rows(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[MapCompetency]:
    """Every place of a course's map, taken out or not, in order."""
    statement = (
        scoped(MapCompetency, organisation_id)
        .where(MapCompetency.course_id == course_id)
        .order_by(col(MapCompetency.position), col(MapCompetency.number))
    )
    return list((await session.exec(statement)).all())


async def above(
    session: AsyncSession, organisation_id: uuid.UUID, parent_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Any]:
    """Rows of ``id, code, statement, short, kind, parent_id`` of these competencies and of all they stand in."""
    found: dict[uuid.UUID, Any] = {}
    wanted = set(parent_ids)
    while wanted:
        rows: list[Any] = []
        for some in _chunks(sorted(wanted)):
            statement = select(
                Competency.id,
                Competency.code,
                Competency.statement,
                Competency.short,
                Competency.kind,
                Competency.parent_id,
            ).where(  # type: ignore[call-overload]
                Competency.organisation_id == organisation_id, col(Competency.id).in_(some)
            )
            rows += (await session.exec(statement)).all()
        found |= {row.id: row for row in rows}
        wanted = {row.parent_id for row in rows if row.parent_id is not None} - set(found)
    return found


async def framework_titles(
    session: AsyncSession, organisation_id: uuid.UUID, framework_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Any]:
    """Rows of ``id, title, source, course_id, identifier``."""
    statement = select(
        Framework.id, Framework.title, Framework.source, Framework.course_id, Framework.identifier
    ).where(  # type: ignore[call-overload]
        Framework.organisation_id == organisation_id, col(Framework.id).in_(sorted(framework_ids))
    )
    return {row.id: row for row in (await session.exec(statement)).all()}


async def published(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, framework_ids: Collection[uuid.UUID]
) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """The prerequisites that frameworks have, ``(before, after)``: all of these frameworks, and others' that touch the map."""
    used = (
        select(MapCompetency.competency_id)
        .where(MapCompetency.organisation_id == organisation_id, MapCompetency.course_id == course_id)
        .where(col(MapCompetency.removed_at).is_(None))
    )
    statement = (
        select(CompetencyLink.origin_id, CompetencyLink.destination_id)
        .where(CompetencyLink.organisation_id == organisation_id, CompetencyLink.kind == LinkKind.PRECEDES)
        .where(
            or_(
                col(CompetencyLink.framework_id).in_(sorted(framework_ids)),
                col(CompetencyLink.origin_id).in_(used),
                col(CompetencyLink.destination_id).in_(used),
            )
        )
        .order_by(col(CompetencyLink.position), col(CompetencyLink.id))
    )
    return [(row[0], row[1]) for row in (await session.exec(statement)).all()]


async def changes(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[MapPrerequisite]:
    """What the teachers of a course changed about its prerequisites, the oldest first."""
    statement = (
        scoped(MapPrerequisite, organisation_id)
        .where(MapPrerequisite.course_id == course_id)
        .order_by(col(MapPrerequisite.created_at), col(MapPrerequisite.id))
    )
    return list((await session.exec(statement)).all())


async def change(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, before: uuid.UUID, after: uuid.UUID
) -> MapPrerequisite | None:
    """What a course changed about one prerequisite."""
    statement = scoped(MapPrerequisite, organisation_id).where(
        MapPrerequisite.course_id == course_id,
        MapPrerequisite.before_id == before,
        MapPrerequisite.after_id == after,
    )
    return (await session.exec(statement)).one_or_none()


async def usable(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, competency_ids: Collection[uuid.UUID]
) -> list[uuid.UUID]:
    """Those of these competencies that a course may pick, in their frameworks' order: shared or its own, and not retired.

    What its source has retired may come back into a map that it was taken out of.
    """
    had = select(MapCompetency.competency_id).where(
        MapCompetency.organisation_id == organisation_id, MapCompetency.course_id == course_id
    )
    found: list[tuple[uuid.UUID, int, uuid.UUID]] = []
    for some in _chunks(sorted(set(competency_ids))):
        statement = (
            select(Competency.framework_id, Competency.position, Competency.id)
            .where(Competency.organisation_id == organisation_id, Framework.organisation_id == organisation_id)
            .where(Competency.framework_id == Framework.id)
            .where(or_(col(Competency.retired_at).is_(None), col(Competency.id).in_(had)))
            .where(or_(col(Framework.course_id).is_(None), col(Framework.course_id) == course_id))
            .where(col(Competency.id).in_(some))
        )
        found += [(row[0], row[1], row[2]) for row in (await session.exec(statement)).all()]
    return [row[2] for row in sorted(found)]


async def in_frameworks_order(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> list[uuid.UUID]:
    """The competencies a course uses, framework by framework (the one with the course's first competency first), in theirs."""
    statement = (
        select(Competency.id, Competency.framework_id, Competency.position, MapCompetency.number)
        .where(MapCompetency.organisation_id == organisation_id, Competency.organisation_id == organisation_id)
        .where(MapCompetency.competency_id == Competency.id)
        .where(MapCompetency.course_id == course_id, col(MapCompetency.removed_at).is_(None))
    )
    rows: Sequence[Any] = (await session.exec(statement)).all()
    first: dict[uuid.UUID, int] = {}
    for row in rows:
        first[row.framework_id] = min(row.number, first.get(row.framework_id, row.number))
    return [row.id for row in sorted(rows, key=lambda row: (first[row.framework_id], row.position, row.number))]


async def last_position(session: AsyncSession, organisation_id: uuid.UUID, framework_id: uuid.UUID) -> int:
    """The place of a framework's last competency; -1 where it has none."""
    statement = select(func.max(Competency.position)).where(
        Competency.organisation_id == organisation_id, Competency.framework_id == framework_id
    )
    found: int | None = (await session.exec(statement)).one()
    return -1 if found is None else found


async def used_elsewhere(
    session: AsyncSession, organisation_id: uuid.UUID, framework_id: uuid.UUID, course_id: uuid.UUID
) -> int:
    """How many other courses' maps use a framework."""
    statement = (
        select(func.count(func.distinct(MapCompetency.course_id)))
        .where(MapCompetency.organisation_id == organisation_id, Competency.organisation_id == organisation_id)
        .where(MapCompetency.competency_id == Competency.id, Competency.framework_id == framework_id)
        .where(MapCompetency.course_id != course_id, col(MapCompetency.removed_at).is_(None))
    )
    return (await session.exec(statement)).one()


async def entries(
    session: AsyncSession, organisation_id: uuid.UUID, framework_ids: Collection[uuid.UUID]
) -> Sequence[Any]:
    """Rows of the competencies of frameworks that are not retired, in their order, as plain columns: there may be thousands."""
    statement = (
        select(
            Competency.id,
            Competency.code,
            Competency.statement,
            Competency.short,
            Competency.kind,
            Competency.grades,
            Competency.parent_id,
            Competency.framework_id,
        )  # type: ignore[call-overload]
        .where(Competency.organisation_id == organisation_id, col(Competency.retired_at).is_(None))
        .where(col(Competency.framework_id).in_(sorted(framework_ids)))
        .order_by(Competency.framework_id, Competency.position, Competency.id)
    )
    found: Sequence[Any] = (await session.exec(statement)).all()
    return found


async def frameworks_of(
    session: AsyncSession, organisation_id: uuid.UUID, competency_ids: Sequence[uuid.UUID]
) -> set[uuid.UUID]:
    """The frameworks that competencies stand in."""
    found: set[uuid.UUID] = set()
    for some in _chunks(competency_ids):
        statement = (
            select(Competency.framework_id)
            .where(Competency.organisation_id == organisation_id, col(Competency.id).in_(some))
            .distinct()
        )
        found |= set((await session.exec(statement)).all())
    return found


async def count_aligned(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, competency_id: uuid.UUID
) -> int:
    """How many items of a course are aligned to a competency."""
    statement = (
        select(func.count())
        .select_from(Alignment)
        .where(Alignment.organisation_id == organisation_id, Alignment.course_id == course_id)
        .where(Alignment.competency_id == competency_id)
    )
    return (await session.exec(statement)).one()


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
