"""How much is known about learners in each competency: what a teacher is told before one is taken out of the map."""

import uuid
from collections.abc import Collection

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.ports import Held
from lti_tool.mastery.models import Evidence


async def evidence_held(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, competency_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Held]:
    """By competency, how many observations there are and of how many learners; competencies without any are not in it."""
    statement = (
        select(Evidence.competency_id, func.count(), func.count(func.distinct(Evidence.person_id)))
        .where(Evidence.organisation_id == organisation_id, Evidence.course_id == course_id)
        .where(col(Evidence.competency_id).in_(sorted(competency_ids)), col(Evidence.voided_at).is_(None))
        .group_by(col(Evidence.competency_id))
    )
    return {row[0]: Held(row[1], row[2]) for row in (await session.exec(statement)).all()}
