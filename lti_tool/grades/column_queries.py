"""The SQL of what becomes of columns themselves: another name, off and on, made anew."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Table, case, literal, null, or_, update
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.own import OwnColumn
from lti_tool.courses.models import Course
from lti_tool.grades.models import ColumnState, Delivery, LineItem, Score
from lti_tool.grades.queries import WantedColumn

_column: Table = LineItem.__table__  # type: ignore[attr-defined]


def _own(line_item: LineItem, *states: ColumnState) -> Any:
    return (
        update(LineItem)
        .where(
            col(LineItem.organisation_id) == line_item.organisation_id,
            col(LineItem.id) == line_item.id,
            col(LineItem.state).in_(states or tuple(ColumnState)),
        )
        .execution_options(synchronize_session="fetch")
    )


def _its_scores(line_item: LineItem) -> Any:
    return (
        update(Score)
        .where(col(Score.organisation_id) == line_item.organisation_id, col(Score.line_item_id) == line_item.id)
        .execution_options(synchronize_session=False)
    )


async def change_column(session: AsyncSession, line_item: LineItem, wanted: WantedColumn, now: datetime) -> None:
    """Give a column another label, maximum or end; a made one is due, so that the LMS hears of it."""
    is_made = col(LineItem.state) == ColumnState.MADE
    is_told = col(LineItem.version) == col(LineItem.delivered_version)
    await session.exec(
        _own(line_item).values(
            label_told=case((is_told, col(LineItem.label)), else_=col(LineItem.label_told)),
            maximum_told=case((is_told, col(LineItem.score_maximum)), else_=col(LineItem.maximum_told)),
            label=wanted.label,
            score_maximum=wanted.score_maximum,
            end_at=wanted.end_at,
            version=LineItem.version + 1,
            attempts=case((is_made, 0), else_=col(LineItem.attempts)),
            trouble=case((is_made, null()), else_=col(LineItem.trouble)),
            next_attempt_at=case((is_made, now), else_=col(LineItem.next_attempt_at)),
        )
    )


async def change_again(session: AsyncSession, line_item: LineItem, now: datetime) -> bool:
    """Tell the LMS once more of a change that it has not taken; whether there is one."""
    done = await session.exec(
        _own(line_item, ColumnState.MADE)
        .where(col(LineItem.version) > col(LineItem.delivered_version))
        .values(next_attempt_at=now, attempts=0, trouble=None)
    )
    return bool(done.rowcount)


async def take_address(session: AsyncSession, line_item: LineItem, url: str) -> None:
    """Remember the address of a column that is off, where none is known."""
    await session.exec(_own(line_item, ColumnState.OFF).where(col(LineItem.url).is_(None)).values(url=url))


async def on(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """The columns of a course that are not off, each with its registration."""
    statement = select(col(LineItem.id), col(LineItem.registration_id)).where(
        col(LineItem.organisation_id) == organisation_id,
        col(LineItem.course_id) == course_id,
        col(LineItem.state) != ColumnState.OFF,
    )
    return [(row[0], row[1]) for row in (await session.exec(statement)).all()]


async def switch_off(session: AsyncSession, line_item: LineItem) -> bool:
    """Switch a column off; whether it was on. A worker that is at it finds its lease gone."""
    done = await session.exec(
        _own(line_item, ColumnState.WANTED, ColumnState.MADE, ColumnState.REFUSED).values(
            state=ColumnState.OFF, next_attempt_at=None, lease_token=None, lease_until=None, attempts=0, trouble=None
        )
    )
    if done.rowcount == 0:
        return False
    await session.exec(_its_scores(line_item).values(next_attempt_at=None))
    return True


async def switch_on(session: AsyncSession, line_item: LineItem, now: datetime) -> bool:
    """Switch a column on, and have sent what it has come to owe; whether it was off."""
    there = col(LineItem.url).is_not(None)
    to_tell = or_(~there, col(LineItem.version) > col(LineItem.delivered_version))
    made = literal(ColumnState.MADE, _column.c.state.type)
    done = await session.exec(
        _own(line_item, ColumnState.OFF).values(
            state=case((there, made), else_=literal(ColumnState.WANTED, _column.c.state.type)),
            next_attempt_at=case((to_tell, now), else_=null()),
        )
    )
    if done.rowcount == 0:
        return False
    await session.exec(_its_scores(line_item).where(col(Score.delivery) == Delivery.DUE).values(next_attempt_at=now))
    return True


async def make_anew(session: AsyncSession, line_item: LineItem, now: datetime) -> None:
    """Have a column that is gone looked for and made again, however often that was done before."""
    await session.exec(
        _own(line_item, ColumnState.WANTED, ColumnState.MADE, ColumnState.REFUSED).values(
            state=ColumnState.WANTED,
            next_attempt_at=now,
            attempts=0,
            remade=0,
            trouble=None,
            gone_at=None,
            lease_token=None,
            lease_until=None,
        )
    )


async def owe_all_again(session: AsyncSession, line_item: LineItem, now: datetime) -> None:
    """Have all scores of a column sent again, for a column that begins empty."""
    await session.exec(
        _its_scores(line_item).values(
            owed_version=Score.owed_version + 1,
            delivery=Delivery.DUE,
            next_attempt_at=now,
            attempts=0,
            trouble=None,
            delivered_comment=None,
            difference=None,
            choice=None,
            chosen_given=None,
        )
    )


async def made_columns(session: AsyncSession, course: Course) -> list[OwnColumn]:
    """The columns that stand in a course's gradebook, also those that are off now, by all that they may be called there:
    until the LMS has taken another label or maximum, by what it was told before as well.
    """
    is_told = col(LineItem.version) == col(LineItem.delivered_version)
    statement: Any = sa_select(
        col(LineItem.label),
        col(LineItem.score_maximum),
        col(LineItem.doubled),
        case((is_told, null()), else_=col(LineItem.label_told)),
        col(LineItem.maximum_told),
    ).where(
        col(LineItem.organisation_id) == course.organisation_id,
        col(LineItem.course_id) == course.id,
        col(LineItem.url).is_not(None),
        col(LineItem.gone_at).is_(None),
    )
    return [
        OwnColumn(label, points, 1 + doubled, None if told is None else (told, points if maximum is None else maximum))
        for label, points, doubled, told, maximum in (await session.exec(statement)).all()
    ]
