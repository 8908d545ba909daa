"""The workers' SQL, second half: what became of what was claimed.

Each statement on a claimed row names the lease's token, so that a worker that slept past its lease, while another claimed
the row, changes nothing. A score that changed after it was claimed stays due, whatever became of the one that was sent.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import CursorResult, Integer, and_, bindparam, case, func, insert, literal, null, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.fixed import Fixed, Told, together
from lti_tool.db.types import UtcDateTime
from lti_tool.grades.claims import ClaimedColumn, ClaimedScore, in_order
from lti_tool.grades.models import ColumnState, Delivery, DeliveryPace, Difference, LineItem, Score, ScoreAttempt
from lti_tool.grades.queries import insert_unless_there
from lti_tool.grades.rules import FAILURES_THAT_OPEN
from lti_tool.ids import new_id

# --- Recording: columns -----------------------------------------------------------------------------------------------


class FoundColumn(Protocol):
    """A column in the LMS: its address, whether it was made just now, and how many like it stand beside it."""

    @property
    def url(self) -> str: ...

    @property
    def made(self) -> bool: ...

    @property
    def doubled(self) -> int: ...


async def column_is_made(session: AsyncSession, column: ClaimedColumn, found: FoundColumn, now: datetime) -> None:
    """Write down a column's address; its scores are due now. In a new column, all of them are, delivered ones too.

    One that was made knows what it was made with; of one that was found, only what has changed since it was first wanted is
    told to the LMS: what a teacher has written there meanwhile stays.
    """
    url = found.url
    known = (
        column.version
        if found.made
        else case((col(LineItem.delivered_version) > 0, col(LineItem.delivered_version)), else_=1)
    )
    done: CursorResult[Any] = await session.exec(
        _own(update(LineItem), LineItem, column)
        .where(col(LineItem.lease_token) == column.token)
        .values(
            state=ColumnState.MADE,
            url=url,
            remade=0 if url == column.url else LineItem.remade,
            doubled=found.doubled,
            gone_at=None,
            delivered_version=known,
            attempts=0,
            trouble=None,
            next_attempt_at=case((col(LineItem.version) > known, now), else_=null()),
            lease_token=None,
            lease_until=None,
        )
    )
    if done.rowcount == 0:
        return
    scores = update(Score).where(
        col(Score.organisation_id) == column.organisation_id, col(Score.line_item_id) == column.id
    )
    if column.url is not None and column.url != url:
        # The new version makes those due again, too, that are on their way to the old column at this moment.
        await session.exec(
            scores.where(col(Score.delivery) != Delivery.REFUSED)
            .values(delivery=Delivery.DUE, owed_version=Score.owed_version + 1, delivered_comment=None)
            .execution_options(synchronize_session=False)
        )
    await session.exec(
        scores.where(col(Score.delivery) == Delivery.DUE)
        .values(next_attempt_at=now)
        .execution_options(synchronize_session=False)
    )


async def column_failed(
    session: AsyncSession, column: ClaimedColumn, code: str, next_attempt_at: datetime | None
) -> None:
    """Write down why a column could not be made, and when to try again; never again by itself when that is None."""
    values: dict[str, Any] = {"state": ColumnState.WANTED if next_attempt_at else ColumnState.REFUSED}
    done = await session.exec(
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
    if next_attempt_at is None and done.rowcount:
        # What waits for a refused column is not due, so that nobody looks at it again and again.
        await session.exec(
            update(Score)
            .where(
                col(Score.organisation_id) == column.organisation_id,
                col(Score.line_item_id) == column.id,
                col(Score.delivery) == Delivery.DUE,
            )
            .values(next_attempt_at=None)
            .execution_options(synchronize_session=False)
        )


async def column_is_in_step(session: AsyncSession, column: ClaimedColumn, now: datetime) -> None:
    """Write down that the LMS has what a made column was at the claim. One that changed meanwhile is due again."""
    await session.exec(
        _own(update(LineItem), LineItem, column)
        .where(col(LineItem.lease_token) == column.token)
        .values(
            delivered_version=column.version,
            attempts=0,
            trouble=None,
            next_attempt_at=case((col(LineItem.version) > column.version, now), else_=null()),
            lease_token=None,
            lease_until=None,
        )
    )


async def change_failed(
    session: AsyncSession, column: ClaimedColumn, code: str, next_attempt_at: datetime | None, now: datetime
) -> None:
    """Write down why a made column's change did not arrive. It stays made, and scores go to it as before.

    It is not tried again by itself where ``next_attempt_at`` is None, unless it was changed once more meanwhile.
    """
    again = null() if next_attempt_at is None else literal(next_attempt_at, UtcDateTime())
    await session.exec(
        _own(update(LineItem), LineItem, column)
        .where(col(LineItem.lease_token) == column.token)
        .values(
            attempts=LineItem.attempts + 1,
            trouble=code,
            next_attempt_at=case((col(LineItem.version) > column.version, literal(now, UtcDateTime())), else_=again),
            lease_token=None,
            lease_until=None,
        )
    )


async def column_is_gone(session: AsyncSession, column: ClaimedColumn, code: str, now: datetime) -> None:
    """Have a column looked for again whose change the LMS met with: there is no such column."""
    await session.exec(
        _own(update(LineItem), LineItem, column)
        .where(col(LineItem.lease_token) == column.token)
        .values(
            state=ColumnState.WANTED,
            trouble=code,
            attempts=0,
            remade=LineItem.remade + 1,
            next_attempt_at=now,
            lease_token=None,
            lease_until=None,
        )
    )


async def columns_are_gone(session: AsyncSession, scores: Iterable[ClaimedScore], code: str, now: datetime) -> None:
    """Have columns looked for again that the LMS says are not there; unless somebody else has looked meanwhile."""
    for organisation_id, line_item_id, url in sorted(
        {(score.organisation_id, score.line_item_id, score.line_item_url) for score in scores}
    ):
        await session.exec(
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
                # Whoever tells it a new name at this moment is late.
                lease_token=None,
                lease_until=None,
            )
        )


# --- Recording: scores ------------------------------------------------------------------------------------------------


# What became of scores is told in statements that never change, so that all of it can be told together (``together``).


def delivered(scores: Iterable[ClaimedScore], now: datetime) -> list[Told]:
    """That the LMS has these. One that changed meanwhile stays due."""
    return [
        (
            _DELIVERED,
            _held(score)
            | {
                "version": score.version,
                "given": score.given,
                "maximum": score.maximum,
                "comment": score.comment,
                "now": now,
            },
        )
        for score in in_order(scores)
    ]


@dataclass(frozen=True, slots=True)
class Failure:
    """A score that did not arrive: the code of why, when to try again (None: not by itself), and the latest timestamp
    that the LMS is known to have.
    """

    score: ClaimedScore
    code: str
    next_attempt_at: datetime | None
    timestamp: datetime


def failed(failures: Sequence[Failure], now: datetime) -> list[Told]:
    """What went wrong. A score that changed meanwhile is due at once."""
    of = {failure.score.id: failure for failure in failures}
    told: list[Told] = []
    for score in in_order(failure.score for failure in failures):
        failure = of[score.id]
        values = _held(score) | {
            "version": score.version,
            "code": failure.code,
            "now": now,
            "timestamp": failure.timestamp,
        }
        if failure.next_attempt_at is None:
            told.append((_REFUSED, values))
        else:
            told.append((_RETRYING, values | {"next": failure.next_attempt_at}))
    return told


def released(scores: Iterable[ClaimedScore]) -> list[Told]:
    """That scores were not sent after all; they are as due as before."""
    return [(_RELEASED, _held(score)) for score in in_order(scores)]


class FoundResult(Protocol):
    """What the LMS has of somebody."""

    @property
    def score(self) -> float | None: ...

    @property
    def maximum(self) -> float | None: ...


def overridden(found: Sequence[tuple[ClaimedScore, FoundResult]], now: datetime) -> list[Told]:
    """That the LMS refused scores for what somebody else has put there: they wait for the teacher's choice."""
    by_score = {score.id: result for score, result in found}
    return [
        (
            _OVERRIDDEN,
            _held(score)
            | {"lms_given": by_score[score.id].score, "lms_maximum": by_score[score.id].maximum, "now": now},
        )
        for score in in_order(score for score, _ in found)
    ]


def attempt(score: ClaimedScore, at: datetime, status: int | None, outcome: str) -> Told:
    """A row of the record of attempts."""
    return _ATTEMPT, {
        "organisation_id": score.organisation_id,
        "id": new_id(),
        "score_id": score.id,
        "at": at,
        "version": score.version,
        "given": score.given,
        "status": status,
        "outcome": outcome,
    }


# --- Recording: the platform ------------------------------------------------------------------------------------------


async def platform_failed(
    session: AsyncSession,
    registration_id: uuid.UUID,
    code: str,
    failures: int,
    paused_until: datetime,
    *,
    now: datetime,
    at_once: int | None = None,
) -> None:
    """Leave a platform in peace until then; a longer pause that somebody else has found is kept. ``at_once``: so many requests
    at a time from now on, where it asked to go slower. From some failures in a row on the circuit counts as open.
    """
    await insert_unless_there(session, DeliveryPace(registration_id=registration_id))
    current = col(DeliveryPace.paused_until)
    since = col(DeliveryPace.open_since)
    values: dict[str, Any] = {
        "failures": failures,
        "trouble": code,
        "paused_until": case((current > paused_until, current), else_=paused_until),
    }
    if failures >= FAILURES_THAT_OPEN:
        values["open_since"] = case((since.is_(None), now), else_=since)
    if at_once is not None:
        values |= {"at_once": at_once, "slowed_at": now}
    await _pace(session, registration_id, **values)


async def platform_is_well(
    session: AsyncSession, registration_id: uuid.UUID, at_once: int | None, now: datetime
) -> None:
    """All has gone well for a while: so many requests at a time from now on."""
    await _pace(session, registration_id, at_once=at_once, slowed_at=now)


def counted(
    registration_id: uuid.UUID,
    now: datetime,
    *,
    delivered: int,
    failed: int,
    answered: bool,
    takes_again: bool = False,
) -> Told:
    """What one batch of answers came to; ``takes_again``: the platform takes scores again, and is left in peace no more."""
    return _TAKES_AGAIN if takes_again else _COUNTED, {
        "registration": registration_id,
        "delivered": delivered,
        "failed": failed,
        "answered_at": now if answered else None,
    }


async def write_down(session: AsyncSession, told: Sequence[Told], count: Told | None = None) -> None:
    """Tell the database what became of scores, all at once; ``count`` as ``counted`` has it."""
    found = await together(session, [*told, count] if count is not None else told)
    if count is not None and not found[-1]:
        # The first answer of this platform.
        await insert_unless_there(session, DeliveryPace(registration_id=count[1]["registration"]))
        await together(session, [count])


async def _pace(session: AsyncSession, registration_id: uuid.UUID, **values: Any) -> bool:
    """Change a platform's row; whether there is one."""
    done = await session.exec(
        update(DeliveryPace)
        .where(col(DeliveryPace.registration_id) == registration_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)


# --- The statements that never change ----------------------------------------------------------------------------------


def _own(statement: Any, table: type[LineItem], row: ClaimedColumn) -> Any:
    return statement.where(
        col(table.organisation_id) == row.organisation_id, col(table.id) == row.id
    ).execution_options(synchronize_session=False)


def _held(score: ClaimedScore) -> dict[str, Any]:
    return {"organisation": score.organisation_id, "score": score.id, "token": score.token}


_SCORES = Score.__table__  # type: ignore[attr-defined]
_FREE: dict[str, Any] = {"lease_token": null(), "lease_until": null()}
_SCORE_IS_HELD = and_(
    _SCORES.c.organisation_id == bindparam("organisation"),
    _SCORES.c.id == bindparam("score"),
    _SCORES.c.lease_token == bindparam("token"),
)
_UNCHANGED = _SCORES.c.owed_version == bindparam("version")
_NOW = bindparam("now", type_=UtcDateTime())

_DELIVERED = Fixed(
    update(_SCORES)
    .where(_SCORE_IS_HELD)
    .values(
        delivered_version=bindparam("version"),
        delivered_given=bindparam("given"),
        delivered_maximum=bindparam("maximum"),
        delivered_comment=bindparam("comment"),
        delivered_at=_NOW,
        attempts=0,
        trouble=null(),
        # What stands there now is ours.
        difference=null(),
        choice=null(),
        chosen_given=null(),
        delivery=case((_UNCHANGED, Delivery.DELIVERED.value), else_=Delivery.DUE.value),
        next_attempt_at=case((_UNCHANGED, null()), else_=_NOW),
        **_FREE,
    )
)
_RETRYING = Fixed(
    update(_SCORES)
    .where(_SCORE_IS_HELD)
    .values(
        attempts=_SCORES.c.attempts + 1,
        trouble=bindparam("code"),
        last_timestamp=bindparam("timestamp"),
        next_attempt_at=case((_UNCHANGED, bindparam("next", type_=UtcDateTime())), else_=_NOW),
        **_FREE,
    )
)
_REFUSED = Fixed(
    update(_SCORES)
    .where(_SCORE_IS_HELD)
    .values(
        attempts=_SCORES.c.attempts + 1,
        trouble=bindparam("code"),
        last_timestamp=bindparam("timestamp"),
        delivery=case((_UNCHANGED, Delivery.REFUSED.value), else_=Delivery.DUE.value),
        next_attempt_at=case((_UNCHANGED, null()), else_=_NOW),
        **_FREE,
    )
)
_RELEASED = Fixed(update(_SCORES).where(_SCORE_IS_HELD).values(**_FREE))
_OVERRIDDEN = Fixed(
    update(_SCORES)
    .where(_SCORE_IS_HELD)
    .values(
        difference=Difference.OVERRIDDEN.value,
        choice=null(),
        chosen_given=null(),
        lms_given=bindparam("lms_given"),
        lms_maximum=bindparam("lms_maximum"),
        compared_at=_NOW,
        **_FREE,
    )
)
_ATTEMPT = Fixed(insert(ScoreAttempt), values=tuple(ScoreAttempt.model_fields))


def _pace_statement(**more: Any) -> Fixed:
    answered_at = bindparam("answered_at", type_=UtcDateTime())
    return Fixed(
        update(_PACE)
        .where(_PACE.c.registration_id == bindparam("registration"))
        .values(
            delivered=_PACE.c.delivered + bindparam("delivered", type_=Integer()),
            failed=_PACE.c.failed + bindparam("failed", type_=Integer()),
            answered_at=func.coalesce(answered_at, _PACE.c.answered_at),
            **more,
        )
        .returning(_PACE.c.registration_id)
    )


_PACE = DeliveryPace.__table__  # type: ignore[attr-defined]
_COUNTED = _pace_statement()
_TAKES_AGAIN = _pace_statement(failures=0, trouble=null(), paused_until=null(), open_since=null())
