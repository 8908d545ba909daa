"""The SQL of learners' profiles."""

import uuid

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ContentItem, ItemTrait
from lti_tool.db.base import scoped
from lti_tool.db.locking import locking
from lti_tool.db.upsert import upsert
from lti_tool.learners.models import LearnerProfile


async def profile(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_id: uuid.UUID,
    *,
    lock: bool = False,
) -> LearnerProfile | None:
    """What a learner chose in a course; None where they never chose."""
    statement = scoped(LearnerProfile, organisation_id).where(
        LearnerProfile.course_id == course_id, LearnerProfile.person_id == person_id
    )
    statement = locking(statement, lock)
    found: LearnerProfile | None = (await session.exec(statement)).one_or_none()
    return found


async def add(session: AsyncSession, row: LearnerProfile) -> None:
    """Add a profile; one that another tab added at the same moment is left as it is."""
    await upsert(session, LearnerProfile, [row.model_dump()], key=("organisation_id", "course_id", "person_id"))


async def topics(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[list[str]]:
    """The topics of each item of the course that is there."""
    statement = (
        select(ItemTrait.topics)
        .where(
            ItemTrait.organisation_id == organisation_id,
            ItemTrait.course_id == course_id,
            ContentItem.organisation_id == organisation_id,
            col(ItemTrait.content_item_id) == col(ContentItem.id),
            col(ContentItem.deleted_at).is_(None),
            col(ContentItem.published).is_(True),
        )
        .order_by(col(ContentItem.position), col(ContentItem.id))
    )
    return [list(one) for one in (await session.exec(statement)).all()]


async def goals(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> dict[uuid.UUID, uuid.UUID]:
    """What the learners of a course work towards, by person; who has no goal is absent."""
    statement = select(LearnerProfile.person_id, LearnerProfile.goal_competency_id).where(
        LearnerProfile.organisation_id == organisation_id,
        LearnerProfile.course_id == course_id,
        col(LearnerProfile.goal_competency_id).is_not(None),
    )
    return {person_id: goal_id for person_id, goal_id in (await session.exec(statement)).all() if goal_id is not None}
