"""All SQL of the class board and of the pages around it that no room below has already."""

import gc
import json
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Text, cast, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Scale
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Person
from lti_tool.db.base import scoped
from lti_tool.insight.board import Holding
from lti_tool.insight.models import LearnerNote
from lti_tool.mastery.models import Evidence, EvidenceSource, LearnerMastery, MasteryState

_AT_ONCE = 500
"""Ids in one statement; SQLite limits its parameters."""


async def standings(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, dict[str, Holding]]:
    """What every learner of a course holds, by person and by the map's number: ``[rank, level key, review due]``."""
    return {person_id: held for person_id, (held, _) in (await glances(session, organisation_id, course_id)).items()}


async def glances(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, tuple[dict[str, Holding], datetime | None]]:
    """The same, with when the learner's latest observation that counts happened; None where none does.

    Like ``mastery.queries.board``, for a class of any size: 96,000 small lists are read while the garbage collector waits.
    It would go through everything there is in the process several times, and take ten times as long as the reading. What
    comes out of it is few tuples, which it need not look at again.
    """
    mine, state = LearnerMastery, MasteryState
    # The end of an index's stretch, for each learner; a maximum by groups would read all 96,000 entries.
    latest = (
        select(func.max(col(state.latest_at)))
        .where(
            col(state.organisation_id) == col(mine.organisation_id),
            col(state.course_id) == col(mine.course_id),
            col(state.person_id) == col(mine.person_id),
        )
        .correlate(mine)
        .scalar_subquery()
    )
    statement = select(col(mine.person_id), cast(col(mine.standings), Text), latest).where(
        col(mine.organisation_id) == organisation_id, col(mine.course_id) == course_id
    )
    rows = (await session.exec(statement)).all()
    shared: dict[Holding, Holding] = {}
    with _collector_waiting():
        return {person_id: (_held(text, shared), at) for person_id, text, at in rows}


def _held(text: str, shared: dict[Holding, Holding]) -> dict[str, Holding]:
    """What one learner holds. Most of a class hold the same few things, so there is one tuple of each in ``shared``."""
    found = {}
    for number, (rank, level, due) in json.loads(text).items():
        one = (rank, level, due)
        found[number] = shared.setdefault(one, one)
    return found


@contextmanager
def _collector_waiting() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def scale(session: AsyncSession, organisation_id: uuid.UUID, scale_id: uuid.UUID | None) -> Scale | None:
    """A scale by its id; without one, the school's own default. None where there is neither."""
    if scale_id is not None:
        return await session.get(Scale, (organisation_id, scale_id))
    statement = scoped(Scale, organisation_id).where(col(Scale.course_id).is_(None), col(Scale.is_default).is_(True))
    return (await session.exec(statement.order_by(col(Scale.created_at)))).first()


async def items(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, ContentItem]:
    """These items of the course, also those that are gone, by id."""
    statement = scoped(ContentItem, organisation_id).where(ContentItem.course_id == course_id)
    # A course has hundreds of items at most; SQLite takes no list of any length.
    return {item.id: item for item in (await session.exec(statement)).all() if item.id in item_ids}


async def self_assessments(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> list[Evidence]:
    """What a learner said of themselves, the oldest first."""
    statement = (
        scoped(Evidence, organisation_id)
        .where(
            Evidence.course_id == course_id,
            Evidence.person_id == person_id,
            Evidence.source == EvidenceSource.SELF,
            col(Evidence.voided_at).is_(None),
        )
        .order_by(col(Evidence.observed_at), col(Evidence.id))
    )
    return list((await session.exec(statement)).all())


async def names(
    session: AsyncSession, organisation_id: uuid.UUID, person_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, str]:
    """The names of people by id; who shares none is absent."""
    found: dict[uuid.UUID, str] = {}
    wanted = sorted(set(person_ids))
    for start in range(0, len(wanted), _AT_ONCE):
        statement = select(col(Person.id), col(Person.name)).where(
            col(Person.organisation_id) == organisation_id, col(Person.id).in_(wanted[start : start + _AT_ONCE])
        )
        found |= {person_id: name for person_id, name in (await session.exec(statement)).all() if name}
    return found


# --- Notes -----------------------------------------------------------------------------------------------------------


async def notes(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> list[LearnerNote]:
    """What teachers wrote about a learner in a course and did not take away, the latest first."""
    statement = (
        scoped(LearnerNote, organisation_id)
        .where(
            LearnerNote.course_id == course_id,
            LearnerNote.person_id == person_id,
            col(LearnerNote.removed_at).is_(None),
        )
        .order_by(col(LearnerNote.created_at).desc(), col(LearnerNote.id).desc())
    )
    return list((await session.exec(statement)).all())


async def note(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID, note_id: uuid.UUID
) -> LearnerNote | None:
    """One note about a learner that is still there."""
    found = await session.get(LearnerNote, (organisation_id, note_id))
    if found is None or found.removed_at is not None:
        return None
    return found if (found.course_id, found.person_id) == (course_id, person_id) else None


# --- Observations ----------------------------------------------------------------------------------------------------


async def of_occasion(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, presentation: str
) -> list[Evidence]:
    """What counts of the evidence that was entered on one occasion."""
    statement = scoped(Evidence, organisation_id).where(
        Evidence.course_id == course_id,
        Evidence.presentation == presentation,
        Evidence.source == EvidenceSource.OBSERVATION,
        col(Evidence.voided_at).is_(None),
    )
    return list((await session.exec(statement)).all())
