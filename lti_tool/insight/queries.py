"""All SQL of the class board and of the pages around it that no room below has already."""

import gc
import json
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Scale
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Person
from lti_tool.db.base import scoped
from lti_tool.insight.models import LearnerNote
from lti_tool.mastery.models import Evidence, EvidenceSource, LearnerMastery, MasteryState

_AT_ONCE = 500
"""Ids in one statement; SQLite limits its parameters."""


async def standings(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, dict[str, list[Any]]]:
    """What every learner of a course holds, by person and by the map's number: ``[rank, level key, review due]``.

    Like ``mastery.queries.board``, for a class of any size: 96,000 small lists are read while the garbage collector waits.
    It would go through everything there is in the process several times, and take ten times as long as the reading.
    """
    statement = select(col(LearnerMastery.person_id), cast(col(LearnerMastery.standings), Text)).where(
        col(LearnerMastery.organisation_id) == organisation_id, col(LearnerMastery.course_id) == course_id
    )
    rows = (await session.exec(statement)).all()
    with _collector_waiting():
        return {person_id: json.loads(text) for person_id, text in rows}


@contextmanager
def _collector_waiting() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def latest_evidence(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, datetime]:
    """When each learner's latest observation that counts happened; who has none is absent. Read from an index alone."""
    statement = (
        select(col(MasteryState.person_id), func.max(col(MasteryState.latest_at)))
        .where(col(MasteryState.organisation_id) == organisation_id, col(MasteryState.course_id) == course_id)
        .group_by(col(MasteryState.person_id))
    )
    return {person_id: at for person_id, at in (await session.exec(statement)).all() if at is not None}


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
