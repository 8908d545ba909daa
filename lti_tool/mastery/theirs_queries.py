"""The SQL of numbers that teachers have typed into columns of ours, and of the evidence that they are."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.db.base import crossing, scoped
from lti_tool.grades.models import Choice, Difference, LineItem, Score
from lti_tool.mastery.models import Evidence, EvidenceSource


class Typed(NamedTuple):
    """A number that stands in the LMS in place of ours: ``given`` of ``maximum``, and when it was looked at."""

    person_id: uuid.UUID
    given: float
    maximum: float
    found_at: datetime


async def column(
    session: AsyncSession, organisation_id: uuid.UUID, line_item_id: uuid.UUID
) -> tuple[LineItem, Course] | None:
    """A column and its course."""
    statement = (
        select(LineItem, Course)
        .join(
            Course,
            (col(Course.organisation_id) == col(LineItem.organisation_id))
            & (col(Course.id) == col(LineItem.course_id)),
        )
        .where(LineItem.organisation_id == organisation_id, LineItem.id == line_item_id)
    )
    found = (await session.exec(statement)).one_or_none()
    return None if found is None else (found[0], found[1])


async def typed(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    line_item_id: uuid.UUID,
    person_ids: Collection[uuid.UUID] | None = None,
) -> dict[uuid.UUID, Typed]:
    """The numbers that stand in a column as somebody else's, and over which no teacher has said that ours goes; by person."""
    statement = select(
        col(Score.person_id), col(Score.lms_given), col(Score.lms_maximum), col(Score.compared_at)
    ).where(
        col(Score.organisation_id) == organisation_id,
        col(Score.line_item_id) == line_item_id,
        col(Score.difference) == Difference.OVERRIDDEN,
        col(Score.choice).is_distinct_from(Choice.OURS),
        col(Score.lms_given).is_not(None),
    )
    if person_ids is not None:
        statement = statement.where(col(Score.person_id).in_(person_ids))
    found: dict[uuid.UUID, Typed] = {}
    for person_id, given, maximum, at in (await session.exec(statement)).all():
        if given is not None and at is not None:
            # AGS 2.0 §3.3.3: a result without a maximum is out of 1.
            found[person_id] = Typed(person_id, given, 1.0 if maximum is None else maximum, at)
    return found


async def counting(
    session: AsyncSession,
    course: Course,
    presentation: str,
    person_ids: Collection[uuid.UUID] | None = None,
    competency_ids: Collection[uuid.UUID] | None = None,
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """The evidence of a column that counts, by person; of these people, or of these competencies."""
    statement = select(col(Evidence.person_id), col(Evidence.id)).where(
        col(Evidence.organisation_id) == course.organisation_id,
        col(Evidence.course_id) == course.id,
        col(Evidence.presentation) == presentation,
        col(Evidence.voided_at).is_(None),
    )
    if person_ids is not None:
        statement = statement.where(col(Evidence.person_id).in_(person_ids))
    if competency_ids is not None:
        statement = statement.where(col(Evidence.competency_id).in_(competency_ids))
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for person_id, evidence_id in (await session.exec(statement)).all():
        found.setdefault(person_id, []).append(evidence_id)
    return found


async def of_person(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID, presentation: str
) -> list[Evidence]:
    """What a student's numbers in a column said, the latest first; with what is void."""
    statement = (
        scoped(Evidence, organisation_id)
        .where(Evidence.course_id == course_id, Evidence.person_id == person_id, Evidence.presentation == presentation)
        .order_by(col(Evidence.learned_at).desc(), col(Evidence.revision).desc(), col(Evidence.competency_id))
    )
    return list((await session.exec(statement)).all())


async def latest(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID, prefix: str
) -> dict[uuid.UUID, Evidence]:
    """The latest typed number that counts, of one learner, by competency."""
    statement = (
        scoped(Evidence, organisation_id)
        .where(
            Evidence.course_id == course_id,
            Evidence.person_id == person_id,
            Evidence.source == EvidenceSource.LMS,
            col(Evidence.presentation).startswith(prefix, autoescape=True),
            col(Evidence.voided_at).is_(None),
        )
        .order_by(col(Evidence.observed_at), col(Evidence.id))
    )
    return {row.competency_id: row for row in (await session.exec(statement)).all()}


async def compared_since(session: AsyncSession, since: datetime, most: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Organisation and id, of all schools, of columns whose typed numbers are taken over and that were looked at since."""
    statement = (
        select(col(LineItem.organisation_id), col(LineItem.id))
        .where(col(LineItem.takes_theirs), col(LineItem.compared_at) >= since)
        .order_by(col(LineItem.compared_at).desc())
        .limit(most)
        .execution_options(**crossing("the sweep looks at columns of all schools, each is then done by itself"))
    )
    return [(row[0], row[1]) for row in (await session.exec(statement)).all()]
