"""All SQL that reads frameworks: which a course may use, their competencies, and how these belong together."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Competency, CompetencyLink, Framework, LinkKind, MapCompetency
from lti_tool.db.base import scoped


@dataclass(frozen=True, slots=True)
class FrameworkCounts:
    """What a framework holds: competencies that are not retired, and prerequisites among them."""

    competencies: int = 0
    prerequisites: int = 0
    courses: int = 0
    """Courses whose map uses at least one of its competencies."""


async def frameworks(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID | None = None
) -> list[Framework]:
    """The frameworks that the school shares, and with ``course_id`` that course's own too; by title."""
    shared = col(Framework.course_id).is_(None)
    own = shared if course_id is None else or_(shared, col(Framework.course_id) == course_id)
    statement = scoped(Framework, organisation_id).where(own).order_by(col(Framework.title), col(Framework.id))
    return list((await session.exec(statement)).all())


async def framework(
    session: AsyncSession, organisation_id: uuid.UUID, framework_id: uuid.UUID, course_id: uuid.UUID | None = None
) -> Framework | None:
    """One framework that the school shares, or that is ``course_id``'s own; None for another course's or school's."""
    found = await session.get(Framework, (organisation_id, framework_id))
    return found if found is not None and found.course_id in {None, course_id} else None


async def framework_by_identifier(
    session: AsyncSession, organisation_id: uuid.UUID, identifier: str
) -> Framework | None:
    """One framework by its source's identifier."""
    statement = scoped(Framework, organisation_id).where(Framework.identifier == identifier)
    return (await session.exec(statement)).first()


async def competencies(
    session: AsyncSession, organisation_id: uuid.UUID, framework_id: uuid.UUID, *, retired: bool = False
) -> list[Competency]:
    """A framework's competencies in its order, parents before children; ``retired``: also those its source has dropped."""
    statement = scoped(Competency, organisation_id).where(Competency.framework_id == framework_id)
    if not retired:
        statement = statement.where(col(Competency.retired_at).is_(None))
    found = await session.exec(statement.order_by(col(Competency.position), col(Competency.id)))
    return list(found.all())


async def links(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    framework_id: uuid.UUID,
    kinds: Collection[LinkKind] | None = None,
) -> list[CompetencyLink]:
    """What a framework's source says of how competencies belong together, of these kinds (None: of all), in its order."""
    statement = scoped(CompetencyLink, organisation_id).where(CompetencyLink.framework_id == framework_id)
    if kinds is not None:
        statement = statement.where(col(CompetencyLink.kind).in_(list(kinds)))
    found = await session.exec(statement.order_by(col(CompetencyLink.position), col(CompetencyLink.id)))
    return list(found.all())


async def counts(
    session: AsyncSession, organisation_id: uuid.UUID, framework_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, FrameworkCounts]:
    """How much each framework holds, and in how many courses it is used."""
    wanted = list(framework_ids)
    of = Competency.framework_id
    held = (
        select(of, func.count())
        .where(Competency.organisation_id == organisation_id, col(of).in_(wanted))
        .where(col(Competency.retired_at).is_(None))
        .group_by(col(of))
    )
    precede = (
        select(CompetencyLink.framework_id, func.count())
        .where(CompetencyLink.organisation_id == organisation_id, col(CompetencyLink.framework_id).in_(wanted))
        .where(CompetencyLink.kind == LinkKind.PRECEDES)
        .group_by(col(CompetencyLink.framework_id))
    )
    used = (
        select(of, func.count(func.distinct(MapCompetency.course_id)))
        .where(MapCompetency.organisation_id == organisation_id, Competency.organisation_id == organisation_id)
        .where(MapCompetency.competency_id == Competency.id, col(of).in_(wanted))
        .where(col(MapCompetency.removed_at).is_(None))
        .group_by(col(of))
    )
    competency_counts = {row[0]: row[1] for row in (await session.exec(held)).all()}
    link_counts = {row[0]: row[1] for row in (await session.exec(precede)).all()}
    course_counts = {row[0]: row[1] for row in (await session.exec(used)).all()}
    return {
        one: FrameworkCounts(competency_counts.get(one, 0), link_counts.get(one, 0), course_counts.get(one, 0))
        for one in wanted
    }
