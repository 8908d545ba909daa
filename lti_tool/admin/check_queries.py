"""All SQL of checks: a platform's courses, the newest first, and what a check has to know of one."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course, Membership, Person, ResourceLink
from lti_tool.db.base import crossing, scoped
from lti_tool.lti.models import Deployment, Role

MOST_COURSES = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A course that can be tried: its row, and when somebody last came from it (to the hour; its first launch, if never)."""

    course: Course
    at: datetime


async def places(
    session: AsyncSession,
    registration_id: uuid.UUID,
    organisation_ids: Collection[uuid.UUID] | None,
    *,
    course_id: uuid.UUID | None = None,
) -> list[Place]:
    """The platform's courses of these organisations (None: of all), the one last launched first; at most MOST_COURSES.

    With ``course_id`` that one alone, or nothing.
    """
    at = func.coalesce(func.max(Membership.last_launched_at), col(Course.created_at))
    statement: Any = (
        select(Course, at)
        .outerjoin(
            Membership,
            and_(
                col(Membership.organisation_id) == col(Course.organisation_id),
                col(Membership.course_id) == col(Course.id),
            ),
        )
        .where(Course.registration_id == registration_id)
        .group_by(col(Course.organisation_id), col(Course.id))
        .order_by(at.desc(), col(Course.id))
        .limit(MOST_COURSES)
    )
    if course_id is not None:
        statement = statement.where(Course.id == course_id)
    if organisation_ids is None:
        found = await session.exec(
            statement, execution_options=crossing("the installation's owner checks every organisation's courses")
        )
    else:
        found = await session.exec(statement.where(col(Course.organisation_id).in_(organisation_ids)))
    return [Place(course, moment) for course, moment in found.all()]


async def registration_of_course(session: AsyncSession, course_id: uuid.UUID) -> uuid.UUID | None:
    """The platform of a course, whoever's it is; for the command line."""
    statement: Any = select(Course.registration_id).where(Course.id == course_id)
    found = await session.exec(statement, execution_options=crossing("whoever runs the installation names a course"))
    registration_id: uuid.UUID | None = found.first()
    return registration_id


async def notices_url(session: AsyncSession, course: Course) -> str | None:
    """Where the platform takes wishes for notices, if it offers that."""
    found = await session.get(Deployment, course.deployment_id)
    return found.notices_url if found is not None else None


async def newest_link(session: AsyncSession, course: Course) -> str | None:
    """The platform's id of the link of the course that came last."""
    statement = (
        scoped(ResourceLink, course.organisation_id)
        .where(ResourceLink.course_id == course.id)
        .order_by(col(ResourceLink.created_at).desc(), col(ResourceLink.id).desc())
        .limit(1)
    )
    found = (await session.exec(statement)).first()
    return found.resource_link_id if found is not None else None


async def student(session: AsyncSession, course: Course, person_id: uuid.UUID) -> Person | None:
    """An active student of the course."""
    statement = (
        scoped(Person, course.organisation_id)
        .join(
            Membership,
            and_(
                col(Membership.organisation_id) == col(Person.organisation_id),
                col(Membership.person_id) == col(Person.id),
            ),
        )
        .where(
            Person.id == person_id,
            Membership.course_id == course.id,
            Membership.role == Role.STUDENT,
            col(Membership.active).is_(True),
        )
    )
    return (await session.exec(statement)).one_or_none()
