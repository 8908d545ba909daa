"""All SQL of alignments.

A course's map row is the lock of its alignments: whoever changes them locks it first (``map_queries.course_map``), so that of two
editors the second sees what the first left. On SQLite the writing transaction itself is the lock.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Alignment, AlignmentDismissal, MapCompetency
from lti_tool.db.upsert import upsert

ALIGNMENT_KEY = ("organisation_id", "course_id", "content_item_id", "competency_id")
CHANGED_COLUMNS = ("role", "weight", "passing_percent", "mixed")
"""What saying an alignment again changes; who said it first, and how, stays."""

_AT_ONCE = 500


async def items_since(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, since: datetime
) -> set[uuid.UUID]:
    """Items with an alignment that was made from then on."""
    statement = select(col(Alignment.content_item_id)).where(
        col(Alignment.organisation_id) == organisation_id,
        col(Alignment.course_id) == course_id,
        col(Alignment.created_at) >= since,
    )
    return set((await session.exec(statement)).all())


async def alignments(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    item_ids: Collection[uuid.UUID] | None = None,
) -> list[tuple[Alignment, int]]:
    """Alignments to competencies that are in the map, each with the competency's number; of these items (None: of all).

    By item, then in the map's order.
    """
    statement = (
        select(Alignment, col(MapCompetency.number))
        .join(
            MapCompetency,
            (col(MapCompetency.organisation_id) == col(Alignment.organisation_id))
            & (col(MapCompetency.course_id) == col(Alignment.course_id))
            & (col(MapCompetency.competency_id) == col(Alignment.competency_id)),
        )
        .where(
            col(Alignment.organisation_id) == organisation_id,
            col(Alignment.course_id) == course_id,
            col(MapCompetency.removed_at).is_(None),
        )
        .order_by(col(Alignment.content_item_id), col(MapCompetency.position), col(MapCompetency.number))
    )
    if item_ids is None:
        return list((await session.exec(statement)).all())
    wanted = sorted(set(item_ids))
    found: list[tuple[Alignment, int]] = []
    for start in range(0, len(wanted), _AT_ONCE):
        some = statement.where(col(Alignment.content_item_id).in_(wanted[start : start + _AT_ONCE]))
        found += (await session.exec(some)).all()
    return found


async def put(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert alignments, or change those that are there."""
    ordered = sorted(rows, key=lambda row: (row["content_item_id"], row["competency_id"]))
    await upsert(session, Alignment, ordered, key=ALIGNMENT_KEY, update=CHANGED_COLUMNS)


async def take_away(session: AsyncSession, organisation_id: uuid.UUID, alignment_ids: Sequence[uuid.UUID]) -> None:
    """Delete alignments. Evidence that came by them stays: it names its competency itself."""
    for start in range(0, len(alignment_ids), _AT_ONCE):
        await session.exec(
            delete(Alignment)
            .where(
                col(Alignment.organisation_id) == organisation_id,
                col(Alignment.id).in_(alignment_ids[start : start + _AT_ONCE]),
            )
            .execution_options(synchronize_session=False)
        )


async def dismissed(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """The pairs of item and competency that a course does not want suggested."""
    statement = select(AlignmentDismissal.content_item_id, AlignmentDismissal.competency_id).where(
        AlignmentDismissal.organisation_id == organisation_id, AlignmentDismissal.course_id == course_id
    )
    return {(item_id, competency_id) for item_id, competency_id in (await session.exec(statement)).all()}


async def put_dismissals(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert dismissals; those that are there stay."""
    await upsert(session, AlignmentDismissal, rows, key=ALIGNMENT_KEY)


async def forget_dismissals(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> None:
    """Delete every dismissal of a course."""
    await session.exec(
        delete(AlignmentDismissal)
        .where(
            col(AlignmentDismissal.organisation_id) == organisation_id, col(AlignmentDismissal.course_id) == course_id
        )
        .execution_options(synchronize_session=False)
    )
