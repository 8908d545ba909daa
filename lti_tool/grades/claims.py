"""All SQL of the workers: claiming what is due under a lease, and recording what became of it.

A lease is a token and a time. Who claims a row writes both; who records its outcome names the token, so that a worker
that slept past its lease, while another claimed the row, changes nothing. A row whose lease has ended is due again, which
is all that a kill leaves behind. On PostgreSQL, workers that claim at once pass over each other's rows (SKIP LOCKED); on
SQLite they come one after the other, since every writing transaction there is alone.

Workers serve all schools of a registration at once: its LMS counts their requests together.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, insert, null, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course, Person
from lti_tool.db.base import crossing
from lti_tool.db.types import UtcDateTime
from lti_tool.grades.models import ColumnState, Delivery, DeliveryPace, LineItem, Score, ScoreAttempt
from lti_tool.grades.queries import insert_unless_there
from lti_tool.grades.rules import next_timestamp
from lti_tool.ids import new_id
from lti_tool.lti.models import Registration

_ALL_SCHOOLS = crossing("a worker delivers for all schools that share a registration")


@dataclass(frozen=True, slots=True)
class ClaimedColumn:
    """A column to be made, and what making it needs."""

    organisation_id: uuid.UUID
    id: uuid.UUID
    resource_id: str
    tag: str
    label: str
    score_maximum: float
    end_at: datetime | None
    url: str | None
    attempts: int
    remade: int
    line_items_url: str | None
    token: uuid.UUID
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class ClaimedScore:
    """A score to be sent: its values and version at the time of the claim, and the timestamp that is its own."""

    organisation_id: uuid.UUID
    id: uuid.UUID
    line_item_id: uuid.UUID
    line_item_url: str
    user_id: str
    given: float
    maximum: float
    comment: str | None
    finished: bool
    version: int
    owed_at: datetime
    delivered_comment: str | None
    delivered_given: float | None
    delivered_maximum: float | None
    attempts: int
    trouble: str | None
    timestamp: datetime
    token: uuid.UUID
    lease_until: datetime


def _column_is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        col(LineItem.next_attempt_at) <= now,
        col(LineItem.state) == ColumnState.WANTED,
        or_(col(LineItem.lease_until).is_(None), col(LineItem.lease_until) <= now),
    )


def _score_is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        col(Score.next_attempt_at) <= now,
        or_(col(Score.lease_until).is_(None), col(Score.lease_until) <= now),
        col(LineItem.state) == ColumnState.MADE,
    )


_ITS_COLUMN = and_(
    col(LineItem.organisation_id) == col(Score.organisation_id), col(LineItem.id) == col(Score.line_item_id)
)
_ITS_PERSON = and_(col(Person.organisation_id) == col(Score.organisation_id), col(Person.id) == col(Score.person_id))
_ITS_COURSE = and_(
    col(Course.organisation_id) == col(LineItem.organisation_id), col(Course.id) == col(LineItem.course_id)
)


# --- Looking ----------------------------------------------------------------------------------------------------------


async def registration_with_pace(
    session: AsyncSession, registration_id: uuid.UUID
) -> tuple[Registration, DeliveryPace | None] | None:
    """A registration and how its deliveries go."""
    statement = (
        select(Registration, DeliveryPace)
        .outerjoin(DeliveryPace, col(DeliveryPace.registration_id) == col(Registration.id))
        .where(Registration.id == registration_id)
    )
    found = (await session.exec(statement)).one_or_none()
    return None if found is None else (found[0], found[1])


async def registrations_with_work(session: AsyncSession, now: datetime) -> Sequence[uuid.UUID]:
    """The registrations that have something due, or under a lease that has ended, and are not to be left in peace."""
    column = exists().where(col(LineItem.registration_id) == col(Registration.id), _column_is_due(now))
    score = exists().where(col(Score.registration_id) == col(Registration.id), _ITS_COLUMN, _score_is_due(now))
    statement = (
        select(Registration.id)
        .outerjoin(DeliveryPace, col(DeliveryPace.registration_id) == col(Registration.id))
        .where(
            col(Registration.enabled),
            or_(col(DeliveryPace.paused_until).is_(None), col(DeliveryPace.paused_until) <= now),
            or_(column, score),
        )
    )
    return (await session.exec(statement, execution_options=_ALL_SCHOOLS)).all()


async def due_now_and_next(
    session: AsyncSession, registration_id: uuid.UUID, now: datetime
) -> tuple[bool, datetime | None]:
    """Whether something of a registration can be claimed now, and when the next thing is due after now."""
    column = exists().where(col(LineItem.registration_id) == registration_id, _column_is_due(now))
    score = exists().where(col(Score.registration_id) == registration_id, _ITS_COLUMN, _score_is_due(now))
    next_column = (
        select(func.min(LineItem.next_attempt_at))
        .where(LineItem.registration_id == registration_id, col(LineItem.next_attempt_at) > now)
        .scalar_subquery()
    )
    next_score = (
        select(func.min(Score.next_attempt_at))
        .where(Score.registration_id == registration_id, col(Score.next_attempt_at) > now)
        .scalar_subquery()
    )
    statement = select(or_(column, score), next_column, next_score)
    due, one, other = (await session.exec(statement, execution_options=_ALL_SCHOOLS)).one()
    return bool(due), min((moment for moment in (one, other) if moment is not None), default=None)


# --- Claiming ---------------------------------------------------------------------------------------------------------


async def claim_columns(
    session: AsyncSession, registration_id: uuid.UUID, now: datetime, lease: timedelta, most: int
) -> list[ClaimedColumn]:
    """Take up to ``most`` columns that are due, longest due first."""
    statement = (
        select(
            LineItem.organisation_id,
            LineItem.id,
            LineItem.resource_id,
            LineItem.tag,
            LineItem.label,
            LineItem.score_maximum,
            LineItem.end_at,
            LineItem.url,
            LineItem.attempts,
            LineItem.remade,
            Course.line_items_url,
        )  # type: ignore[call-overload]
        .join(Course, _ITS_COURSE)
        .where(LineItem.registration_id == registration_id, _column_is_due(now))
        .order_by(LineItem.next_attempt_at)
        .limit(most)
        .with_for_update(of=LineItem, skip_locked=True)
    )
    rows = (await session.execute(statement, execution_options=_ALL_SCHOOLS)).all()
    if not rows:
        return []
    token, until = new_id(), now + lease
    await _many(session, _LEASE_COLUMN, [_key(row) | {"b_token": token, "b_until": until} for row in rows])
    return [ClaimedColumn(*row, token=token, lease_until=until) for row in rows]


async def claim_scores(
    session: AsyncSession,
    registration_id: uuid.UUID,
    now: datetime,
    lease: timedelta,
    most: int,
    timestamp_step: timedelta,
) -> list[ClaimedScore]:
    """Take up to ``most`` scores that are due and whose column is made, longest due first.

    Each gets its timestamp here, in the same transaction, strictly later than the one before: whatever becomes of the
    worker, no later claim can be given an earlier one.
    """
    statement = (
        select(
            Score.organisation_id,
            Score.id,
            Score.line_item_id,
            LineItem.url,
            Person.sub,
            Score.owed_given,
            Score.owed_maximum,
            Score.owed_comment,
            Score.owed_finished,
            Score.owed_version,
            Score.owed_at,
            Score.delivered_comment,
            Score.delivered_given,
            Score.delivered_maximum,
            Score.attempts,
            Score.trouble,
            Score.last_timestamp,
        )  # type: ignore[call-overload]
        .join(LineItem, _ITS_COLUMN)
        .join(Person, _ITS_PERSON)
        .where(Score.registration_id == registration_id, _score_is_due(now))
        .order_by(Score.next_attempt_at)
        .limit(most)
        .with_for_update(of=Score, skip_locked=True)
    )
    rows = (await session.execute(statement, execution_options=_ALL_SCHOOLS)).all()
    if not rows:
        return []
    token, until = new_id(), now + lease
    stamps = [next_timestamp(row.last_timestamp, now, timestamp_step) for row in rows]
    await _many(
        session,
        _LEASE_SCORE,
        [
            _key(row) | {"b_token": token, "b_until": until, "b_timestamp": stamp}
            for row, stamp in zip(rows, stamps, strict=True)
        ],
    )
    return [
        ClaimedScore(*row[:-1], timestamp=stamp, token=token, lease_until=until)
        for row, stamp in zip(rows, stamps, strict=True)
    ]


# --- Recording: columns -----------------------------------------------------------------------------------------------


async def column_is_made(session: AsyncSession, column: ClaimedColumn, url: str, now: datetime) -> None:
    """Write down a column's address; its scores are due now. In a new column, all of them are, delivered ones too."""
    done = await session.execute(
        _own(update(LineItem), LineItem, column)
        .where(col(LineItem.lease_token) == column.token)
        .values(
            state=ColumnState.MADE,
            url=url,
            attempts=0,
            trouble=None,
            next_attempt_at=None,
            lease_token=None,
            lease_until=None,
        )
    )
    if done.rowcount == 0:  # type: ignore[attr-defined]
        return
    scores = update(Score).where(
        col(Score.organisation_id) == column.organisation_id, col(Score.line_item_id) == column.id
    )
    if column.url is not None and column.url != url:
        lost = scores.where(col(Score.delivery) == Delivery.DELIVERED)
        await session.execute(
            lost.values(
                delivery=Delivery.DUE,
                owed_version=Score.owed_version + 1,
                delivered_comment=None,
            ).execution_options(synchronize_session=False)
        )
    await session.execute(
        scores.where(col(Score.delivery) == Delivery.DUE)
        .values(next_attempt_at=now)
        .execution_options(synchronize_session=False)
    )


async def column_failed(
    session: AsyncSession, column: ClaimedColumn, code: str, next_attempt_at: datetime | None
) -> None:
    """Write down why a column could not be made, and when to try again; never again by itself when that is None."""
    values: dict[str, Any] = {"state": ColumnState.WANTED if next_attempt_at else ColumnState.REFUSED}
    done = await session.execute(
        _own(update(LineItem), LineItem, column)
        .where(col(LineItem.lease_token) == column.token)
        .values(
            attempts=LineItem.attempts + 1,
            trouble=code,
            next_attempt_at=next_attempt_at,
            lease_token=None,
            lease_until=None,
            **values,
        )
    )
    if next_attempt_at is None and done.rowcount:  # type: ignore[attr-defined]
        # What waits for a refused column is not due, so that nobody looks at it again and again.
        await session.execute(
            update(Score)
            .where(
                col(Score.organisation_id) == column.organisation_id,
                col(Score.line_item_id) == column.id,
                col(Score.delivery) == Delivery.DUE,
            )
            .values(next_attempt_at=None)
            .execution_options(synchronize_session=False)
        )


async def columns_are_gone(session: AsyncSession, scores: Iterable[ClaimedScore], code: str, now: datetime) -> None:
    """Have columns looked for again that the LMS says are not there; unless somebody else has looked meanwhile."""
    for organisation_id, line_item_id, url in sorted(
        {(score.organisation_id, score.line_item_id, score.line_item_url) for score in scores}
    ):
        await session.execute(
            update(LineItem)
            .where(
                col(LineItem.organisation_id) == organisation_id,
                col(LineItem.id) == line_item_id,
                col(LineItem.url) == url,
                col(LineItem.state) == ColumnState.MADE,
            )
            .values(
                state=ColumnState.WANTED,
                trouble=code,
                attempts=0,
                remade=LineItem.remade + 1,
                next_attempt_at=now,
            )
        )


# --- Recording: scores ------------------------------------------------------------------------------------------------


async def scores_are_delivered(session: AsyncSession, scores: Sequence[ClaimedScore], now: datetime) -> None:
    """Write down that the LMS has these. One that changed meanwhile stays due."""
    await _many(
        session,
        _DELIVERED,
        [
            _held(score)
            | {
                "b_version": score.version,
                "b_given": score.given,
                "b_maximum": score.maximum,
                "b_comment": score.comment,
                "b_now": now,
            }
            for score in scores
        ],
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """A score that did not arrive: the code of why, when to try again (None: not by itself), and the latest timestamp
    that the LMS is known to have.
    """

    score: ClaimedScore
    code: str
    next_attempt_at: datetime | None
    timestamp: datetime


async def scores_failed(session: AsyncSession, failures: Sequence[Failure], now: datetime) -> None:
    """Write down what went wrong. A score that changed meanwhile is due at once."""
    for statement, some in (
        (_RETRYING, [failure for failure in failures if failure.next_attempt_at is not None]),
        (_REFUSED, [failure for failure in failures if failure.next_attempt_at is None]),
    ):
        rows = [
            _held(failure.score)
            | {
                "b_version": failure.score.version,
                "b_code": failure.code,
                "b_now": now,
                "b_next": failure.next_attempt_at,
                "b_timestamp": failure.timestamp,
            }
            for failure in some
        ]
        if statement is _REFUSED:
            for row in rows:
                del row["b_next"]
        await _many(session, statement, rows)


async def scores_are_released(session: AsyncSession, scores: Sequence[ClaimedScore]) -> None:
    """Give back scores that were not sent after all; they are as due as before."""
    await _many(session, _RELEASED, [_held(score) for score in scores])


async def remember_attempts(session: AsyncSession, attempts: Sequence[dict[str, Any]]) -> None:
    """Append to the record of attempts."""
    if attempts:
        await (await session.connection()).execute(insert(ScoreAttempt), attempts)


# --- Recording: the platform ------------------------------------------------------------------------------------------


async def platform_failed(
    session: AsyncSession, registration_id: uuid.UUID, code: str, failures: int, paused_until: datetime
) -> None:
    """Leave a platform in peace until then. A longer pause that somebody else has found is kept."""
    await insert_unless_there(session, DeliveryPace(registration_id=registration_id))
    current = col(DeliveryPace.paused_until)
    await session.execute(
        update(DeliveryPace)
        .where(col(DeliveryPace.registration_id) == registration_id)
        .values(
            failures=failures,
            trouble=code,
            paused_until=case((current > paused_until, current), else_=paused_until),
        )
        .execution_options(synchronize_session=False)
    )


async def platform_answers(session: AsyncSession, registration_id: uuid.UUID) -> None:
    """The platform takes scores again."""
    await session.execute(
        update(DeliveryPace)
        .where(col(DeliveryPace.registration_id) == registration_id)
        .values(failures=0, trouble=None, paused_until=None)
        .execution_options(synchronize_session=False)
    )


# --- The statements that are run for many rows at once ----------------------------------------------------------------


def _own(statement: Any, table: type[LineItem], row: ClaimedColumn) -> Any:
    return statement.where(
        col(table.organisation_id) == row.organisation_id, col(table.id) == row.id
    ).execution_options(synchronize_session=False)


def _key(row: Any) -> dict[str, Any]:
    return {"b_organisation": row.organisation_id, "b_id": row.id}


def _held(score: ClaimedScore) -> dict[str, Any]:
    return {"b_organisation": score.organisation_id, "b_id": score.id, "b_token": score.token}


async def _many(session: AsyncSession, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        # In the order of the keys, as every worker does, so that two of them never wait for each other.
        in_order = sorted(rows, key=lambda row: (row["b_organisation"], row["b_id"]))
        await (await session.connection()).execute(statement, in_order)


_LINE_ITEMS = LineItem.__table__  # type: ignore[attr-defined]
_SCORES = Score.__table__  # type: ignore[attr-defined]
_FREE: dict[str, Any] = {"lease_token": null(), "lease_until": null()}
_SCORE_IS_HELD = and_(
    _SCORES.c.organisation_id == bindparam("b_organisation"),
    _SCORES.c.id == bindparam("b_id"),
    _SCORES.c.lease_token == bindparam("b_token"),
)
_UNCHANGED = _SCORES.c.owed_version == bindparam("b_version")
_NOW = bindparam("b_now", type_=UtcDateTime())

_LEASE_COLUMN = (
    update(_LINE_ITEMS)
    .where(_LINE_ITEMS.c.organisation_id == bindparam("b_organisation"), _LINE_ITEMS.c.id == bindparam("b_id"))
    .values(lease_token=bindparam("b_token"), lease_until=bindparam("b_until"))
)
_LEASE_SCORE = (
    update(_SCORES)
    .where(_SCORES.c.organisation_id == bindparam("b_organisation"), _SCORES.c.id == bindparam("b_id"))
    .values(lease_token=bindparam("b_token"), lease_until=bindparam("b_until"), last_timestamp=bindparam("b_timestamp"))
)
_DELIVERED = (
    update(_SCORES)
    .where(_SCORE_IS_HELD)
    .values(
        delivered_version=bindparam("b_version"),
        delivered_given=bindparam("b_given"),
        delivered_maximum=bindparam("b_maximum"),
        delivered_comment=bindparam("b_comment"),
        delivered_at=_NOW,
        attempts=0,
        trouble=null(),
        delivery=case((_UNCHANGED, Delivery.DELIVERED.value), else_=Delivery.DUE.value),
        next_attempt_at=case((_UNCHANGED, null()), else_=_NOW),
        **_FREE,
    )
)
_RETRYING = (
    update(_SCORES)
    .where(_SCORE_IS_HELD)
    .values(
        attempts=_SCORES.c.attempts + 1,
        trouble=bindparam("b_code"),
        last_timestamp=bindparam("b_timestamp"),
        next_attempt_at=case((_UNCHANGED, bindparam("b_next", type_=UtcDateTime())), else_=_NOW),
        **_FREE,
    )
)
_REFUSED = (
    update(_SCORES)
    .where(_SCORE_IS_HELD)
    .values(
        attempts=_SCORES.c.attempts + 1,
        trouble=bindparam("b_code"),
        last_timestamp=bindparam("b_timestamp"),
        delivery=case((_UNCHANGED, Delivery.REFUSED.value), else_=Delivery.DUE.value),
        next_attempt_at=case((_UNCHANGED, null()), else_=_NOW),
        **_FREE,
    )
)
_RELEASED = update(_SCORES).where(_SCORE_IS_HELD).values(**_FREE)
