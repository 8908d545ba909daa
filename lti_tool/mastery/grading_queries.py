"""The SQL of columns about mastery."""

import uuid
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import CourseMap, MapCompetency
from lti_tool.courses.models import Membership
from lti_tool.db.base import scoped
from lti_tool.grades.models import LineItem, Policy, Score
from lti_tool.lti.models import Role
from lti_tool.mastery.models import LearnerMastery


class Entered(NamedTuple):
    """What the ledger has of a person in a column."""

    given: float
    maximum: float


async def columns(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[LineItem]:
    """A course's columns about mastery, on or off, in the order of their ids."""
    statement = (
        scoped(LineItem, organisation_id)
        .where(LineItem.course_id == course_id, LineItem.tag == Policy.MASTERY.value)
        .order_by(col(LineItem.id))
    )
    return list((await session.exec(statement)).all())


async def numbers(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, tuple[int, bool]]:
    """The map's number of each competency, and whether the map has it still."""
    statement = select(
        col(MapCompetency.competency_id), col(MapCompetency.number), col(MapCompetency.removed_at).is_(None)
    ).where(col(MapCompetency.organisation_id) == organisation_id, col(MapCompetency.course_id) == course_id)
    return {row[0]: (row[1], bool(row[2])) for row in (await session.exec(statement)).all()}


async def present(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, people: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Which of these people are students of the course now."""
    statement = select(col(Membership.person_id)).where(
        col(Membership.organisation_id) == organisation_id,
        col(Membership.course_id) == course_id,
        col(Membership.person_id).in_(people),
        col(Membership.active).is_(True),
        col(Membership.role) == Role.STUDENT,
    )
    return set((await session.exec(statement)).all())


async def entered(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    line_item_ids: Collection[uuid.UUID],
    people: Collection[uuid.UUID] | None = None,
) -> dict[tuple[uuid.UUID, uuid.UUID], Entered]:
    """What is owed in these columns to these people, or to all: by column and person."""
    statement = select(
        col(Score.line_item_id), col(Score.person_id), col(Score.owed_given), col(Score.owed_maximum)
    ).where(col(Score.organisation_id) == organisation_id, col(Score.line_item_id).in_(line_item_ids))
    if people is not None:
        statement = statement.where(col(Score.person_id).in_(people))
    return {(row[0], row[1]): Entered(row[2], row[3]) for row in (await session.exec(statement)).all()}


async def learners(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[uuid.UUID]:
    """Who has begun anything in a course, by id."""
    statement = (
        select(col(LearnerMastery.person_id))
        .where(col(LearnerMastery.organisation_id) == organisation_id, col(LearnerMastery.course_id) == course_id)
        .order_by(col(LearnerMastery.person_id))
    )
    return list((await session.exec(statement)).all())


async def follow_again(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> None:
    """Have the sweep go through a course's learners as after a change of its map."""
    mine = (col(CourseMap.organisation_id) == organisation_id) & (col(CourseMap.course_id) == course_id)
    await session.exec(
        update(CourseMap).where(mine).values(followed_at=None).execution_options(synchronize_session=False)
    )
