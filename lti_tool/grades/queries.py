"""All SQL of the ledger that answers pages and use cases. What workers ask is in ``claims``."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, and_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Membership, Person
from lti_tool.db.base import scoped
from lti_tool.grades.models import ColumnState, Delivery, DeliveryPace, LineItem, Score
from lti_tool.lti.models import Role


async def insert_unless_there(session: AsyncSession, row: SQLModel) -> None:
    """Insert a row, or nothing when a unique key of it is taken already; two transactions at once make one row."""
    table: Table = row.__table__  # type: ignore[attr-defined]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.exec(insert(table).values(row.model_dump()).on_conflict_do_nothing())


async def line_item_of(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, resource_id: str, tag: str
) -> LineItem | None:
    """The column of something in a course."""
    statement = scoped(LineItem, organisation_id).where(
        LineItem.course_id == course_id, LineItem.resource_id == resource_id, LineItem.tag == tag
    )
    return (await session.exec(statement)).one_or_none()


async def line_item_at(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, url: str
) -> LineItem | None:
    """The column of a course with this address in the LMS; of several, the first made."""
    statement = (
        scoped(LineItem, organisation_id)
        .where(LineItem.course_id == course_id, LineItem.url == url)
        .order_by(col(LineItem.created_at), col(LineItem.id))
        .limit(1)
    )
    return (await session.exec(statement)).first()


async def score_of(session: AsyncSession, line_item: LineItem, person_id: uuid.UUID) -> Score | None:
    """The ledger row of a person in a column as it is now, held until the transaction ends."""
    statement = scoped(Score, line_item.organisation_id).where(
        Score.line_item_id == line_item.id, Score.person_id == person_id
    )
    # A row read earlier in this transaction may have been delivered meanwhile.
    fresh = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(fresh)).one_or_none()


async def want_again(session: AsyncSession, line_item: LineItem, now: datetime) -> None:
    """Take back that a column is refused: it is tried again, and what waits for it with it."""
    await session.exec(
        update(LineItem)
        .where(
            col(LineItem.organisation_id) == line_item.organisation_id,
            col(LineItem.id) == line_item.id,
            col(LineItem.state) == ColumnState.REFUSED,
        )
        .values(state=ColumnState.WANTED, next_attempt_at=now, attempts=0, remade=0, trouble=None)
        .execution_options(synchronize_session="fetch")
    )


async def take_column(session: AsyncSession, line_item: LineItem, url: str, now: datetime) -> bool:
    """Give a column that is not made yet its address, and make due what waits for it; whether it was still not made.

    A worker that is making it at this moment finds its lease gone and writes nothing.
    """
    done = await session.exec(
        update(LineItem)
        .where(
            col(LineItem.organisation_id) == line_item.organisation_id,
            col(LineItem.id) == line_item.id,
            col(LineItem.state) != ColumnState.MADE,
        )
        .values(
            state=ColumnState.MADE,
            url=url,
            attempts=0,
            trouble=None,
            next_attempt_at=None,
            lease_token=None,
            lease_until=None,
        )
        .execution_options(synchronize_session="fetch")
    )
    if done.rowcount == 0:
        return False
    await session.exec(
        update(Score)
        .where(
            col(Score.organisation_id) == line_item.organisation_id,
            col(Score.line_item_id) == line_item.id,
            col(Score.delivery) == Delivery.DUE,
        )
        .values(next_attempt_at=now)
        .execution_options(synchronize_session=False)
    )
    return True


async def owe_again(
    session: AsyncSession, line_item: LineItem, now: datetime, person_ids: Sequence[uuid.UUID] | None
) -> int:
    """Make scores due with a new version: those of the persons, or all that are not delivered. Returns how many."""
    scores = update(Score).where(
        col(Score.organisation_id) == line_item.organisation_id, col(Score.line_item_id) == line_item.id
    )
    if person_ids is None:
        scores = scores.where(col(Score.delivery) != Delivery.DELIVERED)
    else:
        scores = scores.where(col(Score.person_id).in_(person_ids))
    done = await session.exec(
        scores.values(
            owed_version=Score.owed_version + 1,
            delivery=Delivery.DUE,
            next_attempt_at=now,
            attempts=0,
            trouble=None,
        ).execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


async def end_pause(session: AsyncSession, registration_id: uuid.UUID) -> None:
    """Let a platform be tried at once that did not answer; one that asked for patience keeps it."""
    await session.exec(
        update(DeliveryPace)
        .where(
            col(DeliveryPace.registration_id) == registration_id,
            col(DeliveryPace.trouble) != "rate-limited",
        )
        .values(paused_until=None)
    )


async def column_with_pace(
    session: AsyncSession, organisation_id: uuid.UUID, line_item_id: uuid.UUID
) -> tuple[LineItem, DeliveryPace | None] | None:
    """A column, and how deliveries to its platform go."""
    statement = (
        select(LineItem, DeliveryPace)
        .outerjoin(DeliveryPace, col(DeliveryPace.registration_id) == col(LineItem.registration_id))
        .where(LineItem.organisation_id == organisation_id, LineItem.id == line_item_id)
    )
    found = (await session.exec(statement)).one_or_none()
    return None if found is None else (found[0], found[1])


async def present_students(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> Sequence[tuple[uuid.UUID, str | None, str | None]]:
    """The present students of a course: id, name, name for sorting."""
    statement = (
        select(Person.id, Person.name, Person.sort_name)
        .join(
            Membership,
            and_(
                col(Membership.organisation_id) == col(Person.organisation_id),
                col(Membership.person_id) == col(Person.id),
            ),
        )
        .where(
            col(Membership.organisation_id) == organisation_id,
            Membership.course_id == course_id,
            col(Membership.active).is_(True),
            Membership.role == Role.STUDENT,
        )
    )
    return (await session.exec(statement)).all()


async def scores_with_names(
    session: AsyncSession, line_item: LineItem
) -> Sequence[tuple[Score, str | None, str | None]]:
    """The ledger rows of a column, with the name and the name for sorting of each person."""
    statement = (
        select(Score, Person.name, Person.sort_name)
        .join(
            Person,
            and_(col(Person.organisation_id) == col(Score.organisation_id), col(Person.id) == col(Score.person_id)),
        )
        .where(Score.organisation_id == line_item.organisation_id, Score.line_item_id == line_item.id)
    )
    return (await session.exec(statement)).all()
