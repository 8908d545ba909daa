"""All SQL of importing a framework: what is there of it, in bulk, and writing a plan."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.import_rules import PlannedLink, Stored, StoredLink, Touched
from lti_tool.competencies.models import (
    Competency,
    CompetencyLink,
    Framework,
    FrameworkSource,
    MapCompetency,
)
from lti_tool.competencies.reading.values import CompetencyRow
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.db.upsert import upsert
from lti_tool.ids import new_id

_AT_ONCE = 5000
"""Values of one IN; both databases limit their number."""

FRAMEWORK_KEY = ("organisation_id", "identifier")


async def claim(session: AsyncSession, row: Mapping[str, Any]) -> uuid.UUID:
    """The id of the framework with this identifier, made where it is missing. Its row is this transaction's alone from now on:
    two imports of one framework come one after the other.
    """
    (found,) = await upsert(session, Framework, [dict(row)], key=FRAMEWORK_KEY)
    framework_id: uuid.UUID = found[0]
    return framework_id


async def stored_competencies(
    session: AsyncSession, organisation_id: uuid.UUID, framework_id: uuid.UUID
) -> list[Stored]:
    """All competencies of a framework, retired ones included, in its order."""
    columns = select(
        Competency.id,
        Competency.identifier,
        Competency.code,
        Competency.statement,
        Competency.short,
        Competency.kind,
        Competency.grades,
        Competency.uri,
        Competency.rule,
        Competency.extra,
        Competency.depth,
        Competency.parent_id,
        Competency.position,
        Competency.retired_at,
    )  # type: ignore[call-overload]
    statement = columns.where(
        Competency.organisation_id == organisation_id, Competency.framework_id == framework_id
    ).order_by(col(Competency.position))
    found = (await session.exec(statement)).all()
    names = {row.id: row.identifier for row in found}
    return [
        Stored(
            id=row.id,
            row=CompetencyRow(
                identifier=row.identifier,
                code=row.code,
                statement=row.statement,
                short=row.short,
                kind=row.kind,
                grades=tuple(row.grades),
                parent=names.get(row.parent_id),
                uri=row.uri,
                rule=row.rule,
                extra=row.extra,
                depth=row.depth,
            ),
            parent_id=row.parent_id,
            position=row.position,
            is_retired=row.retired_at is not None,
        )
        for row in found
    ]


async def stored_links(session: AsyncSession, organisation_id: uuid.UUID, framework_id: uuid.UUID) -> list[StoredLink]:
    """All links that a framework's source has stated."""
    statement = select(
        CompetencyLink.id,
        CompetencyLink.origin_id,
        CompetencyLink.destination_id,
        CompetencyLink.kind,
        CompetencyLink.identifier,
        CompetencyLink.position,
    ).where(  # type: ignore[call-overload]
        CompetencyLink.organisation_id == organisation_id, CompetencyLink.framework_id == framework_id
    )
    return [StoredLink(*row) for row in (await session.exec(statement)).all()]


async def by_overlap(
    session: AsyncSession, organisation_id: uuid.UUID, source: FrameworkSource, identifiers: Sequence[str]
) -> list[tuple[uuid.UUID, int, int]]:
    """Shared frameworks of a source with how many of ``identifiers`` they have and how many competencies in all, the most
    alike first.
    """
    alike: dict[uuid.UUID, int] = {}
    shared = (Competency.organisation_id == organisation_id, Framework.organisation_id == organisation_id)
    belongs = (col(Framework.id) == col(Competency.framework_id), Framework.source == source)
    for start in range(0, len(identifiers), _AT_ONCE):
        statement = (
            select(Competency.framework_id, func.count())
            .where(*shared, *belongs, col(Framework.course_id).is_(None))
            .where(col(Competency.identifier).in_(identifiers[start : start + _AT_ONCE]))
            .group_by(col(Competency.framework_id))
        )
        for framework_id, number in (await session.exec(statement)).all():
            alike[framework_id] = alike.get(framework_id, 0) + number
    if not alike:
        return []
    sizes = (
        select(Competency.framework_id, func.count())
        .where(Competency.organisation_id == organisation_id, col(Competency.retired_at).is_(None))
        .where(col(Competency.framework_id).in_(list(alike)))
        .group_by(col(Competency.framework_id))
    )
    size = {row[0]: row[1] for row in (await session.exec(sizes)).all()}
    found = [(framework_id, number, size.get(framework_id, 0)) for framework_id, number in alike.items()]
    return sorted(found, key=lambda one: (-one[1], one[2], str(one[0])))


async def elsewhere(
    session: AsyncSession, organisation_id: uuid.UUID, framework_id: uuid.UUID | None, identifiers: Sequence[str]
) -> dict[str, uuid.UUID]:
    """Ids of competencies of the school's other shared frameworks, by identifier."""
    found: dict[str, uuid.UUID] = {}
    for start in range(0, len(identifiers), _AT_ONCE):
        statement = (
            select(Competency.identifier, Competency.id)
            .where(Competency.organisation_id == organisation_id, Framework.organisation_id == organisation_id)
            .where(col(Framework.id) == col(Competency.framework_id), col(Framework.course_id).is_(None))
            .where(col(Competency.identifier).in_(identifiers[start : start + _AT_ONCE]))
        )
        if framework_id is not None:
            statement = statement.where(Competency.framework_id != framework_id)
        found.update((row[0], row[1]) for row in (await session.exec(statement)).all())
    return found


async def courses_using(
    session: AsyncSession, organisation_id: uuid.UUID, framework_id: uuid.UUID
) -> list[tuple[uuid.UUID, str]]:
    """The courses whose map uses at least one competency of a framework, with their titles."""
    statement = (
        select(Course.id, Course.title)
        .where(
            Course.organisation_id == organisation_id,
            MapCompetency.organisation_id == organisation_id,
            Competency.organisation_id == organisation_id,
        )
        .where(
            col(MapCompetency.course_id) == col(Course.id),
            col(MapCompetency.competency_id) == col(Competency.id),
            Competency.framework_id == framework_id,
            col(MapCompetency.removed_at).is_(None),
        )
        .distinct()
        .order_by(col(Course.title))
    )
    return [(row[0], row[1] or "") for row in (await session.exec(statement)).all()]


async def change_framework(
    session: AsyncSession, organisation_id: uuid.UUID, framework_id: uuid.UUID, values: Mapping[str, Any]
) -> None:
    """Write a framework's own fields."""
    statement = update(Framework).where(
        col(Framework.organisation_id) == organisation_id, col(Framework.id) == framework_id
    )
    await session.exec(statement.values(**values))


async def add_competencies(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    framework_id: uuid.UUID,
    added: Sequence[Touched],
    now: datetime,
) -> None:
    """Insert competencies, parents before children."""
    if added:
        fixed = {
            "organisation_id": organisation_id,
            "framework_id": framework_id,
            "retired_at": None,
            "created_at": now,
            "changed_at": now,
        }
        rows = [fixed | {"id": one.id, "identifier": one.row.identifier} | _values(one) for one in added]
        connection = await session.connection()
        await connection.execute(insert(Competency), rows)


async def change_competencies(
    session: AsyncSession, organisation_id: uuid.UUID, touched: Sequence[Touched], now: datetime
) -> None:
    """Write what competencies say now, each whole; one that was retired is back."""
    if touched:
        table = Competency.__table__  # type: ignore[attr-defined]
        names = [*_values(touched[0]), "changed_at"]
        statement = (
            update(table)
            .where(table.c.organisation_id == organisation_id, table.c.id == bindparam("its_id"))
            .values({name: bindparam(f"its_{name}") for name in names} | {"retired_at": None})
        )
        rows = [
            {f"its_{name}": value for name, value in {**_values(one), "changed_at": now, "id": one.id}.items()}
            for one in touched
        ]
        connection = await session.connection()
        await connection.execute(statement, rows)


async def move_competencies(session: AsyncSession, organisation_id: uuid.UUID, moved: Sequence[Touched]) -> None:
    """Write where competencies stand that say the same as before."""
    if moved:
        table = Competency.__table__  # type: ignore[attr-defined]
        statement = (
            update(table)
            .where(table.c.organisation_id == organisation_id, table.c.id == bindparam("its_id"))
            .values(position=bindparam("its_position"), depth=bindparam("its_depth"), parent_id=bindparam("its_parent"))
        )
        rows = [
            {"its_id": one.id, "its_position": one.position, "its_depth": one.row.depth, "its_parent": one.parent_id}
            for one in moved
        ]
        connection = await session.connection()
        await connection.execute(statement, rows)


def _values(one: Touched) -> dict[str, Any]:
    row = one.row
    return {
        "code": row.code,
        "statement": row.statement,
        "short": row.short,
        "kind": row.kind,
        "grades": list(row.grades),
        "parent_id": one.parent_id,
        "position": one.position,
        "depth": row.depth,
        "uri": row.uri,
        "rule": row.rule,
        "extra": row.extra,
    }


async def retire(session: AsyncSession, organisation_id: uuid.UUID, ids: Sequence[uuid.UUID], now: datetime) -> None:
    """Mark competencies as dropped by their source."""
    for start in range(0, len(ids), _AT_ONCE):
        statement = update(Competency).where(
            col(Competency.organisation_id) == organisation_id, col(Competency.id).in_(ids[start : start + _AT_ONCE])
        )
        await session.exec(statement.values(retired_at=now, changed_at=now))


async def add_links(
    session: AsyncSession, organisation_id: uuid.UUID, framework_id: uuid.UUID, added: Sequence[PlannedLink]
) -> None:
    """Insert links; one that another framework's source has stated already stays that one's."""
    rows = [
        {
            "organisation_id": organisation_id,
            "id": new_id(),
            "framework_id": framework_id,
            "origin_id": one.origin_id,
            "destination_id": one.destination_id,
            "kind": one.kind,
            "identifier": one.identifier,
            "position": one.position,
        }
        for one in added
    ]
    await upsert(session, CompetencyLink, rows, key=("organisation_id", "origin_id", "destination_id", "kind"))


async def change_links(
    session: AsyncSession, organisation_id: uuid.UUID, changed: Iterable[tuple[uuid.UUID, PlannedLink]]
) -> None:
    """Write the identifier and the place of links that are there."""
    table = CompetencyLink.__table__  # type: ignore[attr-defined]
    statement = (
        update(table)
        .where(table.c.organisation_id == organisation_id, table.c.id == bindparam("its_id"))
        .values(identifier=bindparam("its_identifier"), position=bindparam("its_position"))
    )
    rows = [{"its_id": one, "its_identifier": link.identifier, "its_position": link.position} for one, link in changed]
    if rows:
        connection = await session.connection()
        await connection.execute(statement, rows)


async def remove_links(session: AsyncSession, organisation_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> None:
    """Delete links that their source no longer states."""
    for start in range(0, len(ids), _AT_ONCE):
        await session.exec(
            delete(CompetencyLink).where(
                col(CompetencyLink.organisation_id) == organisation_id,
                col(CompetencyLink.id).in_(ids[start : start + _AT_ONCE]),
            )
        )


async def shared_frameworks_of(
    session: AsyncSession, organisation_id: uuid.UUID, source: FrameworkSource
) -> list[Framework]:
    """The school's shared frameworks of a source, by title."""
    statement = scoped(Framework, organisation_id).where(Framework.source == source, col(Framework.course_id).is_(None))
    return list((await session.exec(statement.order_by(col(Framework.title)))).all())
