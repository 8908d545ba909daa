"""All SQL of bringing in gradebook exports."""

import uuid
from collections.abc import Collection

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import scoped
from lti_tool.mastery.models import Evidence, EvidenceSource

_AT_ONCE = 500


async def of_presentations(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, presentations: Collection[str]
) -> list[Evidence]:
    """What counts of earlier imports of these columns."""
    found: list[Evidence] = []
    wanted = sorted(presentations)
    for start in range(0, len(wanted), _AT_ONCE):
        statement = scoped(Evidence, organisation_id).where(
            Evidence.course_id == course_id,
            Evidence.source == EvidenceSource.CSV,
            col(Evidence.voided_at).is_(None),
            col(Evidence.presentation).in_(wanted[start : start + _AT_ONCE]),
        )
        found += (await session.exec(statement)).all()
    return found


async def told_by_files(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> list[tuple[uuid.UUID, uuid.UUID, uuid.UUID]]:
    """Person, item and id of what counts and came from gradebook exports of these items."""
    found: list[tuple[uuid.UUID, uuid.UUID, uuid.UUID]] = []
    wanted = sorted(item_ids)
    for start in range(0, len(wanted), _AT_ONCE):
        statement = select(col(Evidence.person_id), col(Evidence.content_item_id), col(Evidence.id)).where(
            col(Evidence.organisation_id) == organisation_id,
            col(Evidence.course_id) == course_id,
            col(Evidence.source) == EvidenceSource.CSV,
            col(Evidence.voided_at).is_(None),
            col(Evidence.content_item_id).in_(wanted[start : start + _AT_ONCE]),
        )
        found += [
            (person, item, one) for person, item, one in (await session.exec(statement)).all() if item is not None
        ]
    return found


async def told_by_the_lms(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Pairs of person and item whose results the LMS has told itself, so that a file must not count them again."""
    found: set[tuple[uuid.UUID, uuid.UUID]] = set()
    wanted = sorted(item_ids)
    for start in range(0, len(wanted), _AT_ONCE):
        statement = (
            select(col(Evidence.person_id), col(Evidence.content_item_id))
            .where(
                col(Evidence.organisation_id) == organisation_id,
                col(Evidence.course_id) == course_id,
                col(Evidence.source) == EvidenceSource.LMS,
                col(Evidence.voided_at).is_(None),
                col(Evidence.content_item_id).in_(wanted[start : start + _AT_ONCE]),
            )
            .distinct()
        )
        found |= {(person, item) for person, item in (await session.exec(statement)).all() if item is not None}
    return found
