"""All SQL of what learners chose and of the supports they have."""

import uuid
from collections.abc import Collection

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from lti_tool.courses.models import Membership, Person
from lti_tool.courses.rules import TEACHING
from lti_tool.db.base import Row, scoped
from lti_tool.db.listed import ids, within
from lti_tool.db.locking import locking
from lti_tool.learners.models import LearnerSupport
from lti_tool.mastery.models import LearnerModification


def _of(
    statement: SelectOfScalar[Row], whose: uuid.UUID, person_ids: Collection[uuid.UUID] | None
) -> SelectOfScalar[Row]:
    """The statement for these people alone, however many they are; for everybody without a list."""
    if person_ids is None:
        return statement
    return statement.where(within(col(whose), ids("people"))).params(people=sorted(set(person_ids)))


async def hold(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID) -> None:
    """Have whoever else changes what this student has in the course wait for this transaction to end."""
    statement = (
        scoped(Membership, organisation_id)
        .where(Membership.course_id == course_id, Membership.person_id == person_id)
        .with_for_update()
    )
    await session.exec(statement)


async def supports(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID] | None = None,
    *,
    lock: bool = False,
) -> list[LearnerSupport]:
    """The supports that hold now in a course, of these people (None: of all), the oldest first."""
    statement = (
        scoped(LearnerSupport, organisation_id)
        .where(LearnerSupport.course_id == course_id, col(LearnerSupport.ended_at).is_(None))
        .order_by(col(LearnerSupport.created_at), col(LearnerSupport.id))
    )
    statement = locking(statement, lock)
    return list((await session.exec(_of(statement, LearnerSupport.person_id, person_ids))).all())


async def modifications(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID] | None = None,
) -> list[LearnerModification]:
    """The modifications that hold now in a course, of these people (None: of all), the oldest first."""
    statement = (
        scoped(LearnerModification, organisation_id)
        .where(LearnerModification.course_id == course_id, col(LearnerModification.ended_at).is_(None))
        .order_by(col(LearnerModification.created_at), col(LearnerModification.id))
    )
    return list((await session.exec(_of(statement, LearnerModification.person_id, person_ids))).all())


async def modification(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_id: uuid.UUID,
    modification_id: uuid.UUID,
) -> LearnerModification | None:
    """One modification of a student, whether it still holds or not."""
    statement = scoped(LearnerModification, organisation_id).where(
        LearnerModification.course_id == course_id,
        LearnerModification.person_id == person_id,
        LearnerModification.id == modification_id,
    )
    return (await session.exec(statement)).one_or_none()


async def teaching(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> list[tuple[Person, Membership]]:
    """Those who teach or help to teach a course now, by name."""
    statement = (
        select(Person, Membership)
        .where(
            Person.organisation_id == organisation_id,
            Membership.organisation_id == organisation_id,
            col(Membership.person_id) == col(Person.id),
            Membership.course_id == course_id,
            col(Membership.active).is_(True),
            col(Membership.role).in_(sorted(TEACHING)),
        )
        .order_by(col(Person.sort_name), col(Person.id))
    )
    return [(person, membership) for person, membership in (await session.exec(statement)).all()]
