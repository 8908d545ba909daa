"""*Send all*: everything of a course or a column that does not stand in the gradebook goes out, and how far that is.

What a run has begun with is remembered; how many of it have arrived follows from the ledger, so that nothing has to keep count
and a run survives whatever happens to whoever watches it. Nothing goes over what somebody else has put into the gradebook.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, update
from sqlalchemy import select as sqlalchemy_select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import crossing, scoped
from lti_tool.db.session import Database
from lti_tool.grades import owed_to, queries
from lti_tool.grades.models import Choice, ColumnState, Delivery, Difference, LineItem, Score, SendRun
from lti_tool.grades.service import DELIVER
from lti_tool.jobs import nudge_after_commit

SHOWN_FOR = timedelta(minutes=15)
"""How long the page says of a run that it has ended."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is: ``left`` of ``total`` scores are still on their way."""

    run: SendRun
    total: int
    left: int

    @property
    def done(self) -> int:
        """How many the LMS has answered."""
        return self.total - self.left

    @property
    def busy(self) -> bool:
        """Whether something of it is still on its way."""
        return self.left > 0


def _held() -> ColumnElement[bool]:
    """Somebody else's number stands there, and the teacher has not said that ours goes over it."""
    return and_(
        col(Score.difference).is_not_distinct_from(Difference.OVERRIDDEN),
        col(Score.choice).is_distinct_from(Choice.OURS),
    )


def _is_not_there() -> ColumnElement[bool]:
    """What *Send all* sends: what the LMS has not accepted, or has no more; never over somebody else's number."""
    missing = col(Score.difference).is_not_distinct_from(Difference.MISSING)
    kept = and_(col(Score.difference).is_not(None), col(Score.choice).is_not_distinct_from(Choice.THEIRS))
    return and_(or_(col(Score.delivery) != Delivery.DELIVERED, missing), ~kept, ~_held())


async def begin(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    line_items: Sequence[LineItem],
    *,
    line_item_id: uuid.UUID | None,
    among: Collection[uuid.UUID] | None,
    by: uuid.UUID | None,
    now: datetime,
) -> SendRun | None:
    """Have everything sent of these columns that does not stand in the gradebook; None where there is nothing to send.

    Columns that the LMS refused are tried again as well; those that are switched off are left alone. ``line_item_id`` says that
    the run is about that column alone; ``among`` holds it to some students.
    """
    chosen = sorted((one for one in line_items if one.state is not ColumnState.OFF), key=lambda one: one.id)
    # A column first and then its scores, as workers do.
    for line_item in chosen:
        await queries.want_again(session, line_item, now)
    statement = update(Score).where(
        col(Score.organisation_id) == organisation_id,
        col(Score.line_item_id).in_([one.id for one in chosen]),
        _is_not_there(),
        owed_to.owed_to_a_student(course_id),
    )
    if among is not None:
        statement = statement.where(col(Score.person_id).in_(among))
    done = await session.exec(
        statement.values(
            owed_version=Score.owed_version + 1,
            delivery=Delivery.DUE,
            next_attempt_at=now,
            attempts=queries.TRIED,
            trouble=None,
        ).execution_options(synchronize_session=False)
    )
    for registration_id in {one.registration_id for one in chosen}:
        await queries.end_pause(session, registration_id)
        nudge_after_commit(session, DELIVER, str(registration_id))
    if done.rowcount == 0:
        return None
    run = SendRun(
        organisation_id=organisation_id,
        course_id=course_id,
        line_item_id=line_item_id,
        total=done.rowcount,
        asked_by=by,
        started_at=now,
    )
    session.add(run)
    await session.flush()
    return run


def _is_left(started_at: Any) -> ColumnElement[bool]:
    """A score of a run that began then and that is still on its way. One that came to be later is none of it."""
    return and_(
        col(Score.delivery) == Delivery.DUE,
        col(Score.next_attempt_at).is_not(None),
        col(Score.owed_at) <= started_at,
        ~_held(),
        col(LineItem.state).in_((ColumnState.WANTED, ColumnState.MADE)),
        owed_to.owed_to_a_student(),
    )


_ITS_COLUMN = and_(
    col(LineItem.organisation_id) == col(Score.organisation_id), col(LineItem.id) == col(Score.line_item_id)
)


async def latest(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    *,
    line_item_id: uuid.UUID | None,
    among: Collection[uuid.UUID] | None,
    by: uuid.UUID | None,
    now: datetime,
) -> Standing | None:
    """How far the last run is that somebody has asked for: under way, or ended a moment ago.

    With a column, runs of that column and of the whole course; without, all.
    """
    statement = scoped(SendRun, organisation_id).where(
        SendRun.course_id == course_id,
        or_(col(SendRun.finished_at).is_(None), col(SendRun.finished_at) > now - SHOWN_FOR),
        col(SendRun.asked_by).is_not_distinct_from(by),
    )
    if line_item_id is not None:
        statement = statement.where(or_(col(SendRun.line_item_id).is_(None), col(SendRun.line_item_id) == line_item_id))
    run = (await session.exec(statement.order_by(col(SendRun.started_at).desc(), col(SendRun.id).desc()))).first()
    if run is None:
        return None
    left = (
        sqlalchemy_select(func.count())
        .select_from(Score)
        .join(LineItem, _ITS_COLUMN)
        .where(
            col(Score.organisation_id) == organisation_id,
            col(LineItem.course_id) == course_id,
            _is_left(run.started_at),
        )
    )
    if run.line_item_id is not None:
        left = left.where(col(Score.line_item_id) == run.line_item_id)
    if among is not None:
        left = left.where(col(Score.person_id).in_(among))
    number = 0 if run.finished_at is not None else (await (await session.connection()).execute(left)).scalar_one()
    # What came into a wider column meanwhile, such as one that was made again, does not make the run larger.
    return Standing(run, run.total, min(number, run.total))


async def finish(database: Database, now: datetime) -> None:
    """Write down which runs have ended: those of which nothing is on its way any more."""
    left = exists().where(
        col(Score.organisation_id) == col(SendRun.organisation_id),
        _ITS_COLUMN,
        col(LineItem.course_id) == col(SendRun.course_id),
        or_(col(SendRun.line_item_id).is_(None), col(SendRun.line_item_id) == col(Score.line_item_id)),
        _is_left(col(SendRun.started_at)),
    )
    async with database.writing() as session:
        await session.exec(
            update(SendRun)
            .where(col(SendRun.finished_at).is_(None), ~left)
            .values(finished_at=now)
            .execution_options(synchronize_session=False, **crossing("runs of all schools end by themselves"))
        )
