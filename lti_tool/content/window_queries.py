"""All SQL of dates that were set in the platform for single students."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ContentItem
from lti_tool.content.sync_models import StudentWindow
from lti_tool.courses.models import Person
from lti_tool.db.base import scoped
from lti_tool.db.locking import locking

MOST_SHOWN = 500
"""Windows on one page; more than a course has students with dates of their own."""


async def shown(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    *,
    item_id: uuid.UUID | None = None,
    person_id: uuid.UUID | None = None,
) -> list[tuple[StudentWindow, ContentItem, Person]]:
    """What was set in a course, of one item or student where they are named; the latest first, what stands before the rest."""
    statement = (
        select(StudentWindow, ContentItem, Person)
        .join(
            ContentItem,
            (col(ContentItem.organisation_id) == col(StudentWindow.organisation_id))
            & (col(ContentItem.id) == col(StudentWindow.content_item_id)),
        )
        .join(
            Person,
            (col(Person.organisation_id) == col(StudentWindow.organisation_id))
            & (col(Person.id) == col(StudentWindow.person_id)),
        )
        .where(col(StudentWindow.organisation_id) == organisation_id, col(StudentWindow.course_id) == course_id)
        .order_by(
            col(StudentWindow.taken_back_at).is_not(None),
            col(StudentWindow.created_at).desc(),
            col(StudentWindow.id).desc(),
        )
        .limit(MOST_SHOWN)
    )
    if item_id is not None:
        statement = statement.where(col(StudentWindow.content_item_id) == item_id)
    if person_id is not None:
        statement = statement.where(col(StudentWindow.person_id) == person_id)
    return list((await session.exec(statement)).all())


async def window(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, window_id: uuid.UUID, *, lock: bool = False
) -> StudentWindow | None:
    """One of a course's windows."""
    statement = scoped(StudentWindow, organisation_id).where(
        StudentWindow.course_id == course_id, StudentWindow.id == window_id
    )
    return (await session.exec(locking(statement, lock))).one_or_none()


async def standing(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID, item_id: uuid.UUID
) -> StudentWindow | None:
    """What stands for a student on an item, locked; the latest, if there is more than one."""
    statement = (
        scoped(StudentWindow, organisation_id)
        .where(
            StudentWindow.course_id == course_id,
            StudentWindow.person_id == person_id,
            StudentWindow.content_item_id == item_id,
            col(StudentWindow.taken_back_at).is_(None),
        )
        .order_by(col(StudentWindow.created_at).desc(), col(StudentWindow.id).desc())
    )
    return (await session.exec(locking(statement, True))).first()


async def change(
    session: AsyncSession, organisation_id: uuid.UUID, window_id: uuid.UUID, changes: Mapping[str, Any]
) -> None:
    """Change columns of one window."""
    await session.exec(
        update(StudentWindow)
        .where(col(StudentWindow.organisation_id) == organisation_id, col(StudentWindow.id) == window_id)
        .values(**changes)
        .execution_options(synchronize_session=False)
    )


async def forget(session: AsyncSession, organisation_id: uuid.UUID, window_id: uuid.UUID) -> None:
    """Delete a window that never was: the platform said no to it."""
    await session.exec(
        delete(StudentWindow)
        .where(col(StudentWindow.organisation_id) == organisation_id, col(StudentWindow.id) == window_id)
        .execution_options(synchronize_session=False)
    )


async def due_dates(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_id: uuid.UUID,
    item_ids: Collection[uuid.UUID],
) -> dict[uuid.UUID, datetime]:
    """When a student's own due date is, by item; of items that have one."""
    statement = (
        select(col(StudentWindow.content_item_id), col(StudentWindow.due_at))
        .where(
            col(StudentWindow.organisation_id) == organisation_id,
            col(StudentWindow.course_id) == course_id,
            col(StudentWindow.person_id) == person_id,
            col(StudentWindow.content_item_id).in_(sorted(item_ids)),
            col(StudentWindow.taken_back_at).is_(None),
            col(StudentWindow.due_at).is_not(None),
            # What the platform has not confirmed is nothing to tell a student.
            col(StudentWindow.external_id) != "",
        )
        .order_by(col(StudentWindow.created_at))
    )
    rows: Sequence[Any] = (await session.exec(statement)).all()
    return {row[0]: row[1] for row in rows}
