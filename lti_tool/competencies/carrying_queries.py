"""All SQL of carrying a map over into the copy of a course."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Alignment, Competency, CompetencyLink, Framework, MapCompetency, Scale
from lti_tool.content.models import ContentItem
from lti_tool.content.rules import MISSING_SOURCE
from lti_tool.db.base import scoped


async def frameworks_of_course(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> list[Framework]:
    """Frameworks that only this course uses."""
    statement = scoped(Framework, organisation_id).where(Framework.course_id == course_id).order_by(col(Framework.id))
    return list((await session.exec(statement)).all())


async def competencies_of(
    session: AsyncSession, organisation_id: uuid.UUID, framework_ids: Collection[uuid.UUID]
) -> list[Competency]:
    """Their competencies, parents before children; retired ones included."""
    statement = (
        scoped(Competency, organisation_id)
        .where(col(Competency.framework_id).in_(sorted(framework_ids)))
        .order_by(col(Competency.framework_id), col(Competency.depth), col(Competency.position), col(Competency.id))
    )
    return list((await session.exec(statement)).all())


async def links_of(
    session: AsyncSession, organisation_id: uuid.UUID, framework_ids: Collection[uuid.UUID]
) -> list[CompetencyLink]:
    """What these frameworks say of how competencies belong together."""
    statement = scoped(CompetencyLink, organisation_id).where(
        col(CompetencyLink.framework_id).in_(sorted(framework_ids))
    )
    return list((await session.exec(statement)).all())


async def scale(session: AsyncSession, organisation_id: uuid.UUID, scale_id: uuid.UUID) -> Scale | None:
    """One scale."""
    return await session.get(Scale, (organisation_id, scale_id))


async def alignment_rows(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[Alignment]:
    """A course's alignments, those to competencies that were taken out of its map included."""
    statement = scoped(Alignment, organisation_id).where(Alignment.course_id == course_id).order_by(col(Alignment.id))
    return list((await session.exec(statement)).all())


async def items_by_id(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, ContentItem]:
    """Items of a course, those that are gone included."""
    found: dict[uuid.UUID, ContentItem] = {}
    for start in range(0, len(item_ids), 500):
        statement = scoped(ContentItem, organisation_id).where(
            ContentItem.course_id == course_id, col(ContentItem.id).in_(item_ids[start : start + 500])
        )
        found |= {item.id: item for item in (await session.exec(statement)).all()}
    return found


async def counts(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> tuple[int, int]:
    """How many competencies a course's map has, and how many alignments to them."""
    present = (
        select(MapCompetency.competency_id)
        .where(MapCompetency.organisation_id == organisation_id, MapCompetency.course_id == course_id)
        .where(col(MapCompetency.removed_at).is_(None))
    )
    competencies = (await session.exec(select(func.count()).select_from(present.subquery()))).one()
    statement = (
        select(func.count())
        .select_from(Alignment)
        .where(Alignment.organisation_id == organisation_id, Alignment.course_id == course_id)
        .where(col(Alignment.competency_id).in_(present))
    )
    return competencies, (await session.exec(statement)).one()


async def stand_ins(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> list[tuple[ContentItem, Alignment]]:
    """Alignments of a copy whose items were not found there, with what stands for the items; by title."""
    statement = (
        select(ContentItem, Alignment)
        .join(
            Alignment,
            (col(Alignment.organisation_id) == col(ContentItem.organisation_id))
            & (col(Alignment.content_item_id) == col(ContentItem.id)),
        )
        .where(
            col(ContentItem.organisation_id) == organisation_id,
            col(ContentItem.course_id) == course_id,
            col(ContentItem.external_id).startswith(MISSING_SOURCE, autoescape=True),
        )
        .order_by(col(ContentItem.title), col(ContentItem.id), col(Alignment.id))
    )
    return [(item, alignment) for item, alignment in (await session.exec(statement)).all()]
