"""The workers' SQL, first half: finding and claiming what is due, under a lease. Recording what became of it is ``records``.

A lease is a token and a time. Who claims a row writes both; who records its outcome names the token, so that a worker
that slept past its lease, while another claimed the row, changes nothing. A row whose lease has ended is due again, which
is all that a kill leaves behind. On PostgreSQL, workers that claim at once pass over each other's rows (SKIP LOCKED); on
SQLite they come one after the other, since every writing transaction there is alone.

Workers serve all schools of a registration at once: its LMS counts their requests together.
"""

import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    update,
)
from sqlalchemy import cast as sqlalchemy_cast
from sqlalchemy import select as sqlalchemy_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course, Person, ResourceLink
from lti_tool.db.base import crossing
from lti_tool.db.fixed import Fixed, together
from lti_tool.db.types import UtcDateTime
from lti_tool.grades import owed_to
from lti_tool.grades.models import Choice, ColumnState, DeliveryPace, Difference, LineItem, Score
from lti_tool.grades.rules import next_timestamp
from lti_tool.ids import new_id
from lti_tool.lti.models import Registration

DUE_STATES = (ColumnState.WANTED, ColumnState.MADE)
"""What a worker has to do with columns: to make them, and to bring made ones in step with a change."""

_ALL_SCHOOLS = crossing("a worker delivers for all schools that share a registration")


@dataclass(frozen=True, slots=True)
class ClaimedColumn:
    """A column to be made, or a made one (``state``) to be brought in step, and what that needs."""

    organisation_id: uuid.UUID
    id: uuid.UUID
    state: ColumnState
    version: int
    resource_id: str
    tag: str
    label: str
    score_maximum: float
    end_at: datetime | None
    url: str | None
    attempts: int
    remade: int
    line_items_url: str | None
    resource_link_id: str | None
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
    choice: Choice | None
    timestamp: datetime
    token: uuid.UUID
    lease_until: datetime


def _column_is_due(now: datetime, states: Collection[ColumnState] = DUE_STATES) -> ColumnElement[bool]:
    return and_(
        col(LineItem.next_attempt_at) <= now,
        col(LineItem.state).in_(states),
        or_(col(LineItem.lease_until).is_(None), col(LineItem.lease_until) <= now),
    )


def _score_is_due(now: Any) -> ColumnElement[bool]:
    """Of a score. Nothing in it can become a join, so that looking for the first that are due reads no more than those, in
    the order of their index, however many wait behind them.
    """
    return and_(
        col(Score.next_attempt_at) <= now,
        or_(col(Score.lease_until).is_(None), col(Score.lease_until) <= now),
        # What somebody else has put into the gradebook is not overwritten before the teacher has said so.
        or_(
            col(Score.difference).is_(None),
            col(Score.difference) != Difference.OVERRIDDEN,
            col(Score.choice) == Choice.OURS,
        ),
        owed_to.in_a_column_that_is_made_to_a_student(),
    )


_ITS_COURSE = and_(
    col(Course.organisation_id) == col(LineItem.organisation_id), col(Course.id) == col(LineItem.course_id)
)


def _has_a_score_due(registration_id: Any, now: datetime) -> ColumnElement[bool]:
    """Of a registration. No EXISTS, of which PostgreSQL may make a list of all that are due."""
    one = (
        sqlalchemy_select(literal_column("1"))
        .select_from(Score)
        .where(col(Score.registration_id) == registration_id, _score_is_due(now))
        .limit(literal_column("1"))
        .correlate(Registration)
        .scalar_subquery()
    )
    return func.coalesce(one, literal_column("0")) == literal_column("1")


# The link that opens what the column is for, where there is one; the eldest of several.
_ITS_LINK = (
    sqlalchemy_select(col(ResourceLink.resource_link_id))
    .where(
        col(ResourceLink.organisation_id) == col(LineItem.organisation_id),
        col(ResourceLink.course_id) == col(LineItem.course_id),
        col(ResourceLink.opens) == col(LineItem.resource_id),
    )
    .order_by(col(ResourceLink.created_at), col(ResourceLink.id))
    .limit(1)
    .correlate(LineItem)
    .scalar_subquery()
)


# In the order of the claims' own fields.
_COLUMN_FIELDS: tuple[Any, ...] = (
    LineItem.organisation_id,
    LineItem.id,
    LineItem.state,
    LineItem.version,
    LineItem.resource_id,
    LineItem.tag,
    LineItem.label,
    LineItem.score_maximum,
    LineItem.end_at,
    LineItem.url,
    LineItem.attempts,
    LineItem.remade,
    Course.line_items_url,
    _ITS_LINK,
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


async def scopes_of(session: AsyncSession, registration_id: uuid.UUID) -> frozenset[str]:
    """The gradebook scopes that every course of a registration offers, by the claims of its launches.

    One token with them serves all its courses. Schools that share a registration may differ in what they allow, and a scope
    that is not allowed must not be asked for.
    """
    as_text = sqlalchemy_cast(Course.ags_scopes, Text)
    statement = (
        sqlalchemy_select(as_text)
        .where(col(Course.registration_id) == registration_id, col(Course.line_items_url).is_not(None))
        .distinct()
    )
    found: Any = await (await session.connection()).execute(statement, execution_options=_ALL_SCHOOLS)
    offered = [frozenset(scopes) for said in found.scalars() if (scopes := json.loads(said))]
    return frozenset.intersection(*offered) if offered else frozenset()


async def registrations_with_work(session: AsyncSession, now: datetime) -> Sequence[uuid.UUID]:
    """The registrations that have something due, or under a lease that has ended, and are not to be left in peace."""
    column = exists().where(col(LineItem.registration_id) == col(Registration.id), _column_is_due(now))
    score = _has_a_score_due(col(Registration.id), now)
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
    score = _has_a_score_due(registration_id, now)
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
    statement = sqlalchemy_select(or_(column, score), next_column, next_score)
    due, one, other = (await (await session.connection()).execute(statement, execution_options=_ALL_SCHOOLS)).one()
    return bool(due), min((moment for moment in (one, other) if moment is not None), default=None)


async def on_their_way(session: AsyncSession) -> dict[uuid.UUID, tuple[int, datetime]]:
    """How many scores are due or tried again, and since when the oldest of them is owed, by registration; one that has none is
    absent. Those that wait for a teacher's choice, or are owed to nobody in the course, are on no way.
    """
    held = and_(
        col(Score.difference) == Difference.OVERRIDDEN,
        or_(col(Score.choice).is_(None), col(Score.choice) != Choice.OURS),
    )
    statement = (
        select(Score.registration_id, func.count(), func.min(Score.owed_at))
        .join(LineItem, owed_to.ITS_COLUMN)
        .where(
            col(Score.next_attempt_at).is_not(None),
            or_(col(Score.difference).is_(None), ~held),
            owed_to.owed_to_a_student(),
        )
        .group_by(col(Score.registration_id))
    )
    found = await session.exec(statement, execution_options=crossing("the gauges count all schools"))
    return {registration_id: (count, oldest) for registration_id, count, oldest in found}


async def paused(session: AsyncSession, now: datetime) -> dict[uuid.UUID, bool]:
    """Whether nothing is sent to a platform at the moment, by registration; one that nothing was sent to yet is absent."""
    found = await session.exec(select(DeliveryPace.registration_id, DeliveryPace.paused_until))
    return {registration_id: until is not None and until > now for registration_id, until in found}


# --- Claiming ---------------------------------------------------------------------------------------------------------


async def claim_columns(
    session: AsyncSession,
    registration_id: uuid.UUID,
    now: datetime,
    lease: timedelta,
    most: int,
    state: ColumnState = ColumnState.WANTED,
) -> list[ClaimedColumn]:
    """Take up to ``most`` columns that are due to be made, or with ``MADE`` to be brought in step; longest due first."""
    statement = (
        sqlalchemy_select(*_COLUMN_FIELDS)
        .join(Course, _ITS_COURSE)
        .where(col(LineItem.registration_id) == registration_id, _column_is_due(now, (state,)))
        .order_by(col(LineItem.next_attempt_at))
        .limit(most)
        .with_for_update(of=LineItem, skip_locked=True)
    )
    found: CursorResult[Any] = await (await session.connection()).execute(statement, execution_options=_ALL_SCHOOLS)
    rows = cast("list[Any]", found.all())
    if not rows:
        return []
    token, until = new_id(), now + lease
    await run_many(session, _LEASE_COLUMN, [_key(row) | {"b_token": token, "b_until": until} for row in rows])
    return [ClaimedColumn(*(*row, token, until)) for row in rows]


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
    asked = {"registration": registration_id, "now": now}
    [rows] = await together(session, [(_first_due(most), asked)], few=False)
    token, until = new_id(), now + lease
    claimed = [ClaimedScore(*(*row[:-1], next_timestamp(row[-1], now, timestamp_step), token, until)) for row in rows]
    leases = [
        (
            _LEASE_SCORE,
            {
                "organisation": one.organisation_id,
                "score": one.id,
                "token": token,
                "until": until,
                "timestamp": one.timestamp,
                "attempts": one.attempts,
            },
        )
        for one in in_order(claimed)
    ]
    await together(session, leases)
    return claimed


def in_order(scores: Iterable[ClaimedScore]) -> list[ClaimedScore]:
    """In the order of their keys, in which every worker changes rows, so that two of them never wait for each other."""
    return sorted(scores, key=attrgetter("organisation_id", "id"))


# --- The statements that never change ---------------------------------------------------------------------------------

# What a claim reads of a row of the ledger, beside its column's address and its person's name in the LMS.
_READ: tuple[Any, ...] = (
    Score.owed_given,
    Score.owed_maximum,
    Score.owed_comment,
    Score.owed_finished,
    Score.owed_version,
    Score.owed_at,
    Score.delivered_comment,
    Score.delivered_given,
    Score.delivered_maximum,
    # Whoever had it before may have sent it without a word.
    case((and_(col(Score.lease_token).is_not(None), col(Score.attempts) == 0), 1), else_=col(Score.attempts)).label(
        "attempts"
    ),
    Score.trouble,
    Score.choice,
    Score.last_timestamp,
)


@cache
def _first_due(most: int) -> Fixed:
    """Locks the first ``most`` scores of a registration that are due, and reads them in the order of a claim's own fields.

    The number stands in the text: PostgreSQL plans for it once, and not each time anew for want of it.
    """
    due: Any = (
        sqlalchemy_select(
            col(Score.organisation_id),
            col(Score.id),
            col(Score.line_item_id),
            col(Score.person_id),
            col(Score.next_attempt_at),
            *_READ,
        )
        .where(
            col(Score.registration_id) == bindparam("registration"),
            _score_is_due(bindparam("now", type_=UtcDateTime())),
        )
        .order_by(col(Score.next_attempt_at))
        .limit(literal_column(str(most)))
        .with_for_update(of=Score, skip_locked=True)
        .cte("due")
    )
    of = due.c
    its_column = and_(_LINE_ITEMS.c.organisation_id == of.organisation_id, _LINE_ITEMS.c.id == of.line_item_id)
    its_person = and_(_PEOPLE.c.organisation_id == of.organisation_id, _PEOPLE.c.id == of.person_id)
    statement = (
        sqlalchemy_select(
            of.organisation_id,
            of.id,
            of.line_item_id,
            _LINE_ITEMS.c.url,
            _PEOPLE.c.sub,
            *(of[one.key] for one in _READ),
        )
        .select_from(due)
        .join(_LINE_ITEMS, its_column)
        .join(_PEOPLE, its_person)
        .order_by(of.next_attempt_at)
    )
    return Fixed(statement, crosses="a worker delivers for all schools that share a registration")


# --- The statements that are run for many rows at once ----------------------------------------------------------------


def _key(row: Any) -> dict[str, Any]:
    return {"b_organisation": row.organisation_id, "b_id": row.id}


async def run_many(session: AsyncSession, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Run a statement on many rows, named by ``b_organisation`` and ``b_id`` among its parameters."""
    if rows:
        # In the order of the keys, as every worker does, so that two of them never wait for each other.
        in_order = sorted(rows, key=lambda row: (row["b_organisation"], row["b_id"]))
        await (await session.connection()).execute(statement, in_order)


_LINE_ITEMS = LineItem.__table__  # type: ignore[attr-defined]
_PEOPLE = Person.__table__  # type: ignore[attr-defined]
_SCORES = Score.__table__  # type: ignore[attr-defined]

_LEASE_COLUMN = (
    update(_LINE_ITEMS)
    .where(_LINE_ITEMS.c.organisation_id == bindparam("b_organisation"), _LINE_ITEMS.c.id == bindparam("b_id"))
    .values(lease_token=bindparam("b_token"), lease_until=bindparam("b_until"))
)
_LEASE_SCORE = Fixed(
    update(_SCORES)
    .where(_SCORES.c.organisation_id == bindparam("organisation"), _SCORES.c.id == bindparam("score"))
    .values(
        lease_token=bindparam("token"),
        lease_until=bindparam("until"),
        last_timestamp=bindparam("timestamp"),
        attempts=bindparam("attempts"),
    )
)
