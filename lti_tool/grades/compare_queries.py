"""The SQL of comparing columns with what the LMS has in them."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, update
from sqlalchemy import select as sqlalchemy_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course, Membership, Person
from lti_tool.db.base import crossing, scoped
from lti_tool.db.locking import locking
from lti_tool.grades import claims, rules
from lti_tool.grades.models import ColumnState, Delivery, LineItem, Score
from lti_tool.lti.models import Registration, Role

_ALL_SCHOOLS = crossing("columns of all schools are compared, each by its own registration")


async def column(
    session: AsyncSession, organisation_id: uuid.UUID, line_item_id: uuid.UUID
) -> tuple[LineItem, Course, Registration, Collection[str]] | None:
    """A column, its course, its platform, and the gradebook scopes that the platform offers."""
    statement = (
        select(LineItem, Course, Registration)
        .join(
            Course,
            (col(Course.organisation_id) == col(LineItem.organisation_id))
            & (col(Course.id) == col(LineItem.course_id)),
        )
        .join(Registration, col(Registration.id) == col(LineItem.registration_id))
        .where(LineItem.organisation_id == organisation_id, LineItem.id == line_item_id)
    )
    found = (await session.exec(statement)).one_or_none()
    if found is None:
        return None
    return found[0], found[1], found[2], await claims.scopes_of(session, found[0].registration_id)


async def versions(session: AsyncSession, organisation_id: uuid.UUID, line_item_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """What the LMS was known to have of each score before it was asked."""
    statement = select(Score.id, Score.delivered_version).where(
        Score.organisation_id == organisation_id, Score.line_item_id == line_item_id
    )
    return dict((await session.exec(statement)).all())


async def certain(session: AsyncSession, line_item: LineItem) -> list[tuple[Score, str, bool]]:
    """The scores of a column of which nothing can have arrived unrecorded, with the person's ``sub`` and whether they are a
    student of the course now. Locked, in the order of their ids.
    """
    here = exists().where(
        col(Membership.organisation_id) == col(Score.organisation_id),
        col(Membership.person_id) == col(Score.person_id),
        col(Membership.course_id) == line_item.course_id,
        col(Membership.active),
        col(Membership.role) == Role.STUDENT,
    )
    statement: Any = (
        select(Score, Person.sub, here)
        .join(
            Person,
            (col(Person.organisation_id) == col(Score.organisation_id)) & (col(Person.id) == col(Score.person_id)),
        )
        .where(
            Score.organisation_id == line_item.organisation_id,
            Score.line_item_id == line_item.id,
            Score.delivered_version > 0,
            col(Score.lease_token).is_(None),
            Score.attempts == 0,
        )
        .order_by(col(Score.id))
        .with_for_update(of=Score)
        .execution_options(populate_existing=True)
    )
    return [(score, sub, bool(present)) for score, sub, present in (await session.exec(statement)).all()]


async def score(
    session: AsyncSession, organisation_id: uuid.UUID, score_id: uuid.UUID, *, lock: bool = False
) -> Score | None:
    """One ledger row."""
    statement = locking(scoped(Score, organisation_id).where(Score.id == score_id), lock)
    return (await session.exec(statement)).one_or_none()


def owe_anew(score: Score, now: datetime) -> None:
    """Have a score sent once more."""
    score.owed_version += 1
    score.delivery = Delivery.DUE
    score.next_attempt_at = now
    score.attempts = rules.tried(score.attempts)
    score.trouble = None


async def due(session: AsyncSession, now: datetime, most: int) -> list[tuple[uuid.UUID, uuid.UUID, uuid.UUID]]:
    """Columns whose time to be compared has come: registration, organisation and id, the longest due first."""
    statement = (
        sqlalchemy_select(col(LineItem.registration_id), col(LineItem.organisation_id), col(LineItem.id))
        .join(Registration, col(Registration.id) == col(LineItem.registration_id))
        .where(
            col(LineItem.state) == ColumnState.MADE,
            col(Registration.enabled),
            or_(
                col(LineItem.compare_at) <= now,
                and_(
                    col(LineItem.compare_at).is_(None),
                    exists().where(
                        col(Score.organisation_id) == col(LineItem.organisation_id),
                        col(Score.line_item_id) == col(LineItem.id),
                        col(Score.delivered_version) > 0,
                    ),
                ),
            ),
        )
        .order_by(func.coalesce(LineItem.compare_at, LineItem.created_at))
        .limit(most)
    )
    found: Any = await (await session.connection()).execute(statement, execution_options=_ALL_SCHOOLS)
    return [(row[0], row[1], row[2]) for row in found.all()]


async def about_to_send(
    session: AsyncSession, registration_id: uuid.UUID, now: datetime, looked_since: datetime, most: int
) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Columns with a new score due for somebody who has one in the LMS, not compared since: organisation and id."""
    statement = (
        sqlalchemy_select(col(LineItem.organisation_id), col(LineItem.id))
        .where(
            col(LineItem.registration_id) == registration_id,
            col(LineItem.state) == ColumnState.MADE,
            or_(col(LineItem.compared_at).is_(None), col(LineItem.compared_at) < looked_since),
            exists().where(
                col(Score.organisation_id) == col(LineItem.organisation_id),
                col(Score.line_item_id) == col(LineItem.id),
                col(Score.next_attempt_at) <= now,
                col(Score.delivered_version) > 0,
                # One delivered a moment ago is ours.
                col(Score.delivered_at) < looked_since,
            ),
        )
        .limit(most)
    )
    found: Any = await (await session.connection()).execute(statement, execution_options=_ALL_SCHOOLS)
    return [(row[0], row[1]) for row in found.all()]


async def is_compared(session: AsyncSession, line_item: LineItem, doubled: int, now: datetime, again: datetime) -> None:
    """A column was compared."""
    await _set(session, line_item, compared_at=now, compare_at=again, doubled=doubled, gone_at=None)


async def not_compared(
    session: AsyncSession, line_item: LineItem, now: datetime, again: datetime, *, listed: bool = False
) -> None:
    """The LMS did not tell. It counts as looked at, so that scores do not wait for what it does not tell.

    ``listed``: it did tell that the column is there.
    """
    there = {"gone_at": None} if listed else {}
    await _set(session, line_item, compared_at=now, compare_at=again, **there)


async def is_gone(session: AsyncSession, line_item: LineItem, now: datetime, again: datetime) -> None:
    """The LMS does not have the column any more."""
    await _set(session, line_item, compared_at=now, compare_at=again, gone_at=line_item.gone_at or now, doubled=0)


async def _set(session: AsyncSession, line_item: LineItem, **values: Any) -> None:
    await session.exec(
        update(LineItem)
        .where(col(LineItem.organisation_id) == line_item.organisation_id, col(LineItem.id) == line_item.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
