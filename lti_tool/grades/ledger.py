"""The ledger as pages about it read it: a course's columns, how many scores stand where, every attempt, the platform's pace.

All SQL of that. Whoever may not see every student of a course says whom they see (``among``); None is everybody.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, case, func, null
from sqlalchemy import select as sqlalchemy_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Person
from lti_tool.db.base import scoped
from lti_tool.grades import owed_to, rules
from lti_tool.grades.models import (
    Choice,
    Delivery,
    DeliveryPace,
    Difference,
    LineItem,
    Score,
    ScoreAttempt,
)
from lti_tool.grades.rules import Absence, Standing

Among = Collection[uuid.UUID] | None


class Place(StrEnum):
    """Where a score stands, what the teacher has said about a difference included."""

    CHOICE = "choice"
    """The gradebook has something else, and a teacher has not said yet which of the two counts."""

    REFUSED = "refused"
    RETRYING = "retrying"
    ON_ITS_WAY = "on-its-way"
    KEPT = "kept"
    """The gradebook has something else, and it stays, as a teacher said."""

    DELIVERED = "delivered"
    OFF = "off"
    """The column is switched off, and the score is not sent."""

    LEFT = "left"
    """Who it is of is no student of the course now."""

    TEST = "test"
    """Who it is of is the LMS's test student."""

    NOTHING_OWED = "nothing-owed"


NEEDS_SOMETHING = frozenset({Place.CHOICE, Place.REFUSED})
"""Where nothing goes on by itself."""

_PLACES = {
    Standing.NOTHING_OWED: Place.NOTHING_OWED,
    Standing.ON_ITS_WAY: Place.ON_ITS_WAY,
    Standing.RETRYING: Place.RETRYING,
    Standing.DELIVERED: Place.DELIVERED,
    Standing.REFUSED: Place.REFUSED,
    Standing.HELD: Place.CHOICE,
    Standing.KEPT: Place.KEPT,
    Standing.OFF: Place.OFF,
    Standing.LEFT: Place.LEFT,
    Standing.TEST: Place.TEST,
}


def place(state: Standing) -> Place:
    """Where a score stands."""
    return _PLACES[state]


# --- Columns ----------------------------------------------------------------------------------------------------------


async def columns(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Sequence[LineItem]:
    """Every gradebook column of a course, the eldest first."""
    statement = (
        scoped(LineItem, organisation_id)
        .where(LineItem.course_id == course_id)
        .order_by(col(LineItem.created_at), col(LineItem.id))
    )
    return (await session.exec(statement)).all()


async def column(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, line_item_id: uuid.UUID
) -> LineItem | None:
    """One of them."""
    statement = scoped(LineItem, organisation_id).where(LineItem.course_id == course_id, LineItem.id == line_item_id)
    return (await session.exec(statement)).one_or_none()


async def pace(session: AsyncSession, registration_id: uuid.UUID) -> DeliveryPace | None:
    """How deliveries to a platform go."""
    return await session.get(DeliveryPace, registration_id)


async def counts(
    session: AsyncSession, organisation_id: uuid.UUID, line_items: Sequence[LineItem], pause: str | None, among: Among
) -> dict[uuid.UUID, dict[Place, int]]:
    """How many scores of each column stand where; ``pause`` is why nothing is sent to the platform at the moment."""
    arrived = and_(col(Score.delivery) == Delivery.DELIVERED, col(Score.difference).is_(None))
    # What has arrived is there whoever it is of, and most has.
    absent = case((arrived, null()), else_=owed_to.absence()).label("absent")
    grouped: tuple[Any, ...] = (
        Score.line_item_id,
        Score.delivery,
        Score.trouble,
        Score.difference,
        Score.choice,
        absent,
    )
    statement: Any = (
        sqlalchemy_select(*grouped, func.count())
        .join(LineItem, owed_to.ITS_COLUMN)
        .where(
            col(Score.organisation_id) == organisation_id,
            col(Score.line_item_id).in_([one.id for one in line_items]),
        )
        .group_by(*grouped)
    )
    if among is not None:
        statement = statement.where(col(Score.person_id).in_(among))
    by_id = {one.id: one for one in line_items}
    found: dict[uuid.UUID, dict[Place, int]] = {one.id: {} for one in line_items}
    for line_item_id, delivery, trouble, difference, choice, why, number in await (await session.connection()).execute(
        statement
    ):
        its = by_id[line_item_id]
        state = standing_of(delivery, trouble, difference, choice, its, pause)
        where = place(rules.for_whom(state, Absence(why) if why else None))
        found[line_item_id][where] = found[line_item_id].get(where, 0) + number
    return found


def standing_of(
    delivery: Delivery,
    trouble: str | None,
    difference: Difference | None,
    choice: Choice | None,
    line_item: LineItem,
    pause: str | None,
) -> Standing:
    """How a score stands in its column."""
    state, _ = rules.standing(delivery, trouble, line_item.state, line_item.trouble, pause)
    return rules.beside_the_lms(state, difference, choice)


# --- People and attempts ----------------------------------------------------------------------------------------------


async def people(
    session: AsyncSession, organisation_id: uuid.UUID, person_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Person]:
    """These people, by id."""
    if not person_ids:
        return {}
    found = await session.exec(scoped(Person, organisation_id).where(col(Person.id).in_(person_ids)))
    return {one.id: one for one in found}


async def score(
    session: AsyncSession, organisation_id: uuid.UUID, line_item_id: uuid.UUID, score_id: uuid.UUID
) -> Score | None:
    """One ledger row of a column."""
    statement = scoped(Score, organisation_id).where(Score.line_item_id == line_item_id, Score.id == score_id)
    return (await session.exec(statement)).one_or_none()


async def attempts(
    session: AsyncSession, organisation_id: uuid.UUID, score_id: uuid.UUID, most: int
) -> Sequence[ScoreAttempt]:
    """The latest attempts to deliver a score, the newest first."""
    statement = (
        scoped(ScoreAttempt, organisation_id)
        .where(ScoreAttempt.score_id == score_id)
        .order_by(col(ScoreAttempt.at).desc(), col(ScoreAttempt.id).desc())
        .limit(most)
    )
    return (await session.exec(statement)).all()


@dataclass(frozen=True, slots=True)
class Tried:
    """How often a score was sent, and how often that did not go well."""

    attempts: int = 0
    failures: int = 0


async def tried(
    session: AsyncSession, organisation_id: uuid.UUID, line_item_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Tried]:
    """How often each score of some columns was tried; one that never was is absent."""
    arrived_then = case((col(ScoreAttempt.outcome) == "delivered", 1), else_=0)
    statement = (
        select(ScoreAttempt.score_id, func.count(), func.sum(arrived_then))
        .join(
            Score,
            (col(Score.organisation_id) == col(ScoreAttempt.organisation_id))
            & (col(Score.id) == col(ScoreAttempt.score_id)),
        )
        .where(ScoreAttempt.organisation_id == organisation_id, col(Score.line_item_id).in_(line_item_ids))
        .group_by(col(ScoreAttempt.score_id))
    )
    found = (await session.exec(statement)).all()
    return {score_id: Tried(number, number - int(arrived)) for score_id, number, arrived in found}
