"""All SQL of bringing in gradebook exports."""

import uuid
from collections.abc import Collection
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import scoped
from lti_tool.db.listed import ids, texts, within
from lti_tool.mastery.models import Evidence, EvidenceSource


def _counting(statement: Any, course_id: uuid.UUID, source: EvidenceSource) -> Any:
    return statement.where(
        col(Evidence.course_id) == course_id, col(Evidence.source) == source, col(Evidence.voided_at).is_(None)
    )


async def of_presentations(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, presentations: Collection[str]
) -> list[Evidence]:
    """What earlier imports of these columns said, the latest revision of each; also what is void, whoever voided it."""
    statement = (
        scoped(Evidence, organisation_id)
        .where(
            Evidence.course_id == course_id,
            Evidence.source == EvidenceSource.CSV,
            within(Evidence.presentation, texts("presentations")),
        )
        .order_by(col(Evidence.revision))
    )
    rows = (await session.exec(statement, params={"presentations": presentations})).all()
    # Later revisions come later, and stay.
    return list({(row.person_id, row.competency_id, row.presentation): row for row in rows}.values())


async def told_by_files(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> list[tuple[uuid.UUID, uuid.UUID, uuid.UUID]]:
    """Person, item and id of what counts and came from gradebook exports of these items."""
    what = select(col(Evidence.person_id), col(Evidence.content_item_id), col(Evidence.id)).where(
        col(Evidence.organisation_id) == organisation_id
    )
    statement = _counting(what, course_id, EvidenceSource.CSV).where(within(Evidence.content_item_id, ids("items")))
    return [tuple(row) for row in (await session.exec(statement, params={"items": item_ids})).all()]


async def told_by_the_lms(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Pairs of person and item whose results the LMS has told itself, so that a file must not count them again."""
    what = (
        select(col(Evidence.person_id), col(Evidence.content_item_id))
        .where(col(Evidence.organisation_id) == organisation_id)
        .distinct()
    )
    statement = _counting(what, course_id, EvidenceSource.LMS).where(within(Evidence.content_item_id, ids("items")))
    return {tuple(row) for row in (await session.exec(statement, params={"items": item_ids})).all()}
