"""All SQL of the ledger that answers pages and use cases. What workers ask is in ``claims``."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, and_, bindparam, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Membership, Person
from lti_tool.db.base import scoped
from lti_tool.db.loaded import Loaded, columns_of, load_together
from lti_tool.grades.models import ColumnState, Delivery, DeliveryPace, LineItem, Score
from lti_tool.lti.models import Role


async def insert_unless_there(session: AsyncSession, row: SQLModel) -> None:
    """Insert a row, or nothing when a unique key of it is taken already; two transactions at once make one row."""
    table: Table = row.__table__  # type: ignore[attr-defined]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.exec(insert(table).values(row.model_dump()).on_conflict_do_nothing())


_column, _score = LineItem.__table__, Score.__table__  # type: ignore[attr-defined]
_ORGANISATION: Any = bindparam("organisation")
_OF = (
    _column.c.organisation_id == _ORGANISATION,
    _column.c.course_id == bindparam("course"),
    _column.c.resource_id == bindparam("resource"),
    _column.c.tag == bindparam("tag"),
)
_COLUMN = Loaded(select(*columns_of(LineItem)).where(*_OF), LineItem)
_SCORE = Loaded(
    select(*columns_of(Score))
    .join(_column, (_column.c.organisation_id == _score.c.organisation_id) & (_column.c.id == _score.c.line_item_id))
    .where(
        *_OF,
        _score.c.organisation_id == _ORGANISATION,
        _score.c.person_id == bindparam("person"),
        # Who has to change the column holds it first and then its scores, as workers do.
        _column.c.state != literal(ColumnState.REFUSED, _column.c.state.type),
        _column.c.label == bindparam("label"),
        _column.c.score_maximum == bindparam("maximum"),
        _column.c.end_at.is_not_distinct_from(bindparam("end", type_=_column.c.end_at.type)),
    )
    .with_for_update(of=_score),
    Score,
)


class WantedColumn(NamedTuple):
    """A column as somebody wants it to be."""

    resource_id: str
    tag: str
    label: str
    score_maximum: float
    end_at: datetime | None

    def is_like(self, line_item: LineItem) -> bool:
        """Whether there is nothing to change of the column for it to be so."""
        there = (line_item.label, line_item.score_maximum, line_item.end_at)
        return line_item.state is not ColumnState.REFUSED and there == (self.label, self.score_maximum, self.end_at)


async def column_and_score(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, wanted: WantedColumn, person_id: uuid.UUID
) -> tuple[LineItem | None, Score | None]:
    """The column of something in a course and, unless something of the column has to be changed, the ledger row of a person in
    it, held until the transaction ends.
    """
    values = {
        "organisation": organisation_id,
        "course": course_id,
        "resource": wanted.resource_id,
        "tag": wanted.tag,
        "label": wanted.label,
        "maximum": wanted.score_maximum,
        "end": wanted.end_at,
        "person": person_id,
    }
    columns, scores = await load_together(session, [(_COLUMN, values), (_SCORE, values)])
    return (columns[0] if columns else None), (scores[0] if scores else None)


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
