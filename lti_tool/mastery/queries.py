"""What pages read of evidence and levels. What the service locks and writes stands in ``writing``."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import distinct, exists, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Alignment, AlignmentRole, CourseMap, MapCompetency
from lti_tool.db.base import crossing, scoped
from lti_tool.mastery.models import Evidence, EvidenceSource, LearnerMastery, MasteryState, Standing


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One learner's levels in brief.

    ``standings`` holds, by the map's number of a competency (as text), ``[rank 0 to 4, level key, review due]``; the last is a
    day counted from 1970-01-01, or None. A competency that is absent is not started.
    """

    person_id: uuid.UUID
    standings: dict[str, list[Any]]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """How many learners of a course stand where in one competency. Who has not started has no row and is not counted."""

    competency_id: uuid.UUID
    standing: Standing
    learners: int


@dataclass(frozen=True, slots=True)
class ItemEvidence:
    """A piece of evidence that a platform's result on an item gave."""

    id: uuid.UUID
    person_id: uuid.UUID
    competency_id: uuid.UUID
    content_item_id: uuid.UUID
    presentation: str


@dataclass(frozen=True, slots=True)
class LeftEvidence:
    """Results of an item that count for a competency to which the item is not aligned any more."""

    content_item_id: uuid.UUID
    competency_id: uuid.UUID
    learners: int


BY_ALIGNMENT = "lms:"
"""What the presentation of a result begins with that an item's alignment made evidence of."""

_AT_ONCE = 500


async def board(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[BoardRow]:
    """Every learner of a course who has begun anything, in one statement; also those who have left the course."""
    statement = select(
        col(LearnerMastery.person_id), col(LearnerMastery.standings), col(LearnerMastery.changed_at)
    ).where(col(LearnerMastery.organisation_id) == organisation_id, col(LearnerMastery.course_id) == course_id)
    return [BoardRow(*row) for row in (await session.exec(statement)).all()]


async def states_of_person(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> list[MasteryState]:
    """What is said of one learner, for each competency with evidence."""
    statement = scoped(MasteryState, organisation_id).where(
        MasteryState.course_id == course_id, MasteryState.person_id == person_id
    )
    return list((await session.exec(statement)).all())


async def state(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_id: uuid.UUID,
    competency_id: uuid.UUID,
) -> MasteryState | None:
    """What is said of one learner and one competency; None where there is no evidence."""
    statement = scoped(MasteryState, organisation_id).where(
        MasteryState.course_id == course_id,
        MasteryState.person_id == person_id,
        MasteryState.competency_id == competency_id,
    )
    return (await session.exec(statement)).one_or_none()


async def evidence_of(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_id: uuid.UUID,
    competency_id: uuid.UUID | None = None,
    *,
    voided: bool = True,
) -> list[Evidence]:
    """A learner's evidence in a course, of one competency or of all, the latest first; with those that are void, or without.

    A page that shows it to somebody else than the learner notes that with ``explaining.note_look``.
    """
    statement = scoped(Evidence, organisation_id).where(
        Evidence.course_id == course_id, Evidence.person_id == person_id
    )
    if competency_id is not None:
        statement = statement.where(Evidence.competency_id == competency_id)
    if not voided:
        statement = statement.where(col(Evidence.voided_at).is_(None))
    statement = statement.order_by(
        col(Evidence.observed_at).desc(), col(Evidence.presentation), col(Evidence.revision).desc()
    )
    return list((await session.exec(statement)).all())


async def evidence_of_competency(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    competency_id: uuid.UUID,
    person_ids: Collection[uuid.UUID],
    *,
    most: int = 500,
) -> list[Evidence]:
    """What counts as evidence of one competency of these learners, the latest first, ``most`` rows."""
    statement = (
        scoped(Evidence, organisation_id)
        .where(
            Evidence.course_id == course_id,
            Evidence.competency_id == competency_id,
            col(Evidence.voided_at).is_(None),
            col(Evidence.person_id).in_(person_ids),
        )
        .order_by(col(Evidence.observed_at).desc(), col(Evidence.id).desc())
        .limit(most)
    )
    return list((await session.exec(statement)).all())


async def one_evidence(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, evidence_id: uuid.UUID
) -> Evidence | None:
    """One piece of evidence of a course; None for another course's or school's."""
    found = await session.get(Evidence, (organisation_id, evidence_id))
    return found if found is not None and found.course_id == course_id else None


async def whose(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, evidence_ids: Sequence[uuid.UUID]
) -> list[tuple[uuid.UUID, uuid.UUID, uuid.UUID, EvidenceSource]]:
    """Id, person, competency and source of those of these pieces of evidence that are the course's, by id."""
    found: list[tuple[uuid.UUID, uuid.UUID, uuid.UUID, EvidenceSource]] = []
    for start in range(0, len(evidence_ids), _AT_ONCE):
        statement = (
            select(col(Evidence.id), col(Evidence.person_id), col(Evidence.competency_id), col(Evidence.source))
            .where(
                col(Evidence.organisation_id) == organisation_id,
                col(Evidence.course_id) == course_id,
                col(Evidence.id).in_(evidence_ids[start : start + _AT_ONCE]),
            )
            .order_by(col(Evidence.id))
        )
        found += [(row[0], row[1], row[2], row[3]) for row in (await session.exec(statement)).all()]
    return found


async def left_by_alignments(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> list[LeftEvidence]:
    """What the platform's results on items still say of competencies of the map that the items are not aligned to (any more).

    What the platform itself rates, and what somebody has typed into a column, never came by an alignment.
    """
    aligned = exists().where(
        col(Alignment.organisation_id) == col(Evidence.organisation_id),
        col(Alignment.course_id) == col(Evidence.course_id),
        col(Alignment.content_item_id) == col(Evidence.content_item_id),
        col(Alignment.competency_id) == col(Evidence.competency_id),
        col(Alignment.role) != AlignmentRole.TEACHES,
    )
    on_the_map = exists().where(
        col(MapCompetency.organisation_id) == col(Evidence.organisation_id),
        col(MapCompetency.course_id) == col(Evidence.course_id),
        col(MapCompetency.competency_id) == col(Evidence.competency_id),
    )
    statement = (
        select(
            col(Evidence.content_item_id), col(Evidence.competency_id), func.count(distinct(col(Evidence.person_id)))
        )
        .where(
            col(Evidence.organisation_id) == organisation_id,
            col(Evidence.course_id) == course_id,
            col(Evidence.source) == EvidenceSource.LMS,
            col(Evidence.content_item_id).is_not(None),
            col(Evidence.voided_at).is_(None),
            col(Evidence.presentation).like(f"{BY_ALIGNMENT}%"),
            on_the_map,
            ~aligned,
        )
        .group_by(col(Evidence.content_item_id), col(Evidence.competency_id))
        .order_by(col(Evidence.content_item_id), col(Evidence.competency_id))
    )
    found = (await session.exec(statement)).all()
    return [
        LeftEvidence(item_id, competency_id, learners)
        for item_id, competency_id, learners in found
        if item_id is not None
    ]


async def of_items(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    item_ids: Sequence[uuid.UUID],
    person_ids: Sequence[uuid.UUID] | None = None,
) -> list[ItemEvidence]:
    """What counts as evidence from the platform's results on these items, of these people (None: of all)."""
    found: list[ItemEvidence] = []
    for start in range(0, len(item_ids), _AT_ONCE):
        statement = select(
            col(Evidence.id),
            col(Evidence.person_id),
            col(Evidence.competency_id),
            col(Evidence.content_item_id),
            col(Evidence.presentation),
        ).where(  # type: ignore[call-overload]
            col(Evidence.organisation_id) == organisation_id,
            col(Evidence.course_id) == course_id,
            col(Evidence.content_item_id).in_(item_ids[start : start + _AT_ONCE]),
            col(Evidence.source) == EvidenceSource.LMS,
            col(Evidence.voided_at).is_(None),
        )
        rows = [ItemEvidence(*row) for row in (await session.exec(statement)).all()]
        wanted = None if person_ids is None else set(person_ids)
        found += [row for row in rows if wanted is None or row.person_id in wanted]
    return found


async def counts(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[Counts]:
    """How many learners stand where, by competency, in one statement. Also those who have left the course are counted."""
    statement = (
        select(col(MasteryState.competency_id), col(MasteryState.standing), func.count())
        .where(col(MasteryState.organisation_id) == organisation_id, col(MasteryState.course_id) == course_id)
        .group_by(col(MasteryState.competency_id), col(MasteryState.standing))
    )
    return [Counts(*row) for row in (await session.exec(statement)).all()]


async def ended_overrides(
    session: AsyncSession, now: datetime, *, most: int = 1000
) -> list[tuple[uuid.UUID, uuid.UUID, uuid.UUID, list[uuid.UUID]]]:
    """Organisation, course, person and competencies whose override has reached its end, of all schools."""
    statement = (
        select(
            col(MasteryState.organisation_id),
            col(MasteryState.course_id),
            col(MasteryState.person_id),
            col(MasteryState.competency_id),
        )
        .where(col(MasteryState.override_until).is_not(None), col(MasteryState.override_until) <= now)
        .order_by(col(MasteryState.override_until))
        .limit(most)
        .execution_options(**crossing("the clock is everybody's; each learner is then worked in by themselves"))
    )
    found: dict[tuple[uuid.UUID, uuid.UUID, uuid.UUID], list[uuid.UUID]] = {}
    for organisation_id, course_id, person_id, competency_id in (await session.exec(statement)).all():
        found.setdefault((organisation_id, course_id, person_id), []).append(competency_id)
    return [(*learner, competency_ids) for learner, competency_ids in found.items()]


async def practice_counts(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> bool:
    """Whether a course's teacher wants results of what practises a competency as evidence, too."""
    statement = select(col(CourseMap.practice_counts)).where(
        col(CourseMap.organisation_id) == organisation_id, col(CourseMap.course_id) == course_id
    )
    return bool((await session.exec(statement)).one_or_none())
