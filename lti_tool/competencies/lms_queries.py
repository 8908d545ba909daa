"""All SQL of the LMS's own outcomes and of what it aligns to them."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.lms_models import LmsAlignment, LmsAlignmentState, LmsOutcome
from lti_tool.competencies.lms_rules import Candidate
from lti_tool.competencies.models import Competency, Framework, MapCompetency
from lti_tool.content.models import ContentItem
from lti_tool.db.base import scoped
from lti_tool.db.locking import locking
from lti_tool.db.upsert import upsert

OUTCOME_KEY = ("organisation_id", "course_id", "outcome_id")
ALIGNMENT_KEY = ("organisation_id", "lms_outcome_id", "content_item_id")

_AT_ONCE = 300

_RECOGNISED: Mapping[str, ColumnElement[Any]] = {
    "competency_id": case(
        (col(LmsOutcome.chosen_by).is_not(None), col(LmsOutcome.competency_id)),
        else_=func.coalesce(col(LmsOutcome.competency_id), literal_column("excluded.competency_id")),
    )
}
"""For an upsert: what a teacher said stands, and what was recognised once stays."""


# --- Reading ------------------------------------------------------------------------------------------------------------


async def outcomes(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, *, lock: bool = False
) -> list[LmsOutcome]:
    """The outcomes that the LMS has, or had, in a course; by title."""
    statement = (
        scoped(LmsOutcome, organisation_id)
        .where(LmsOutcome.course_id == course_id)
        .order_by(func.lower(LmsOutcome.title), col(LmsOutcome.outcome_id))
    )
    return list((await session.exec(locking(statement, lock))).all())


async def outcome(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, row_id: uuid.UUID
) -> LmsOutcome | None:
    """One outcome of a course by our own id, as it stands now."""
    statement = scoped(LmsOutcome, organisation_id).where(LmsOutcome.course_id == course_id, LmsOutcome.id == row_id)
    return (await session.exec(locking(statement, True))).one_or_none()


async def alignments(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[LmsAlignment]:
    """What the LMS aligns, or aligned, in a course."""
    statement = (
        scoped(LmsAlignment, organisation_id)
        .where(LmsAlignment.course_id == course_id)
        .order_by(col(LmsAlignment.created_at), col(LmsAlignment.id))
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(statement)).all())


async def candidates(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, named: Collection[str]
) -> list[Candidate]:
    """The competencies that a course may use and that have one of these names (folded) as identifier, address or code."""
    here = (
        select(col(MapCompetency.competency_id))
        .where(
            col(MapCompetency.organisation_id) == organisation_id,
            col(MapCompetency.course_id) == course_id,
            col(MapCompetency.removed_at).is_(None),
        )
        .scalar_subquery()
    )
    in_map = col(Competency.id).in_(here)
    wanted = sorted(named)
    found: dict[uuid.UUID, Candidate] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        statement = (
            select(
                col(Competency.id),
                col(Competency.identifier),
                func.coalesce(Competency.uri, ""),
                col(Competency.code),
                in_map,
            )  # type: ignore[call-overload]
            .join(
                Framework,
                (col(Framework.organisation_id) == col(Competency.organisation_id))
                & (col(Framework.id) == col(Competency.framework_id)),
            )
            .where(
                col(Competency.organisation_id) == organisation_id,
                or_(col(Framework.course_id).is_(None), col(Framework.course_id) == course_id),
                or_(col(Competency.retired_at).is_(None), in_map),
                or_(
                    func.lower(Competency.identifier).in_(some),
                    func.lower(Competency.uri).in_(some),
                    func.lower(Competency.code).in_(some),
                ),
            )
        )
        rows: Sequence[Any] = (await session.exec(statement)).all()
        found |= {row[0]: Candidate(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows}
    return list(found.values())


async def item_ids(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, external_ids: Collection[str]
) -> dict[str, uuid.UUID]:
    """The items of a course by the platform's id, those that are gone included."""
    found: dict[str, uuid.UUID] = {}
    wanted = sorted(set(external_ids))
    for start in range(0, len(wanted), _AT_ONCE):
        statement = select(col(ContentItem.external_id), col(ContentItem.id)).where(
            col(ContentItem.organisation_id) == organisation_id,
            col(ContentItem.course_id) == course_id,
            col(ContentItem.external_id).in_(wanted[start : start + _AT_ONCE]),
        )
        rows: Sequence[Any] = (await session.exec(statement)).all()
        found |= {row[0]: row[1] for row in rows}
    return found


async def works(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, str]:
    """What work each of these items is, and each other place of the same: one quiz can stand in several places of a course."""
    own = (
        select(col(ContentItem.result_key))
        .where(
            col(ContentItem.organisation_id) == organisation_id,
            col(ContentItem.course_id) == course_id,
            col(ContentItem.result_key).is_not(None),
        )
        .distinct()
    )
    found: dict[uuid.UUID, str] = {one: one.hex for one in item_ids}
    wanted = sorted(found)
    for start in range(0, len(wanted), _AT_ONCE):
        keys = own.where(col(ContentItem.id).in_(wanted[start : start + _AT_ONCE])).scalar_subquery()
        statement = select(col(ContentItem.id), col(ContentItem.result_key)).where(
            col(ContentItem.organisation_id) == organisation_id,
            col(ContentItem.course_id) == course_id,
            col(ContentItem.result_key).in_(keys),
        )
        rows: Sequence[Any] = (await session.exec(statement)).all()
        found |= {row[0]: f"work {row[1]}" for row in rows}
    return found


async def competencies(
    session: AsyncSession, organisation_id: uuid.UUID, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Competency]:
    """Competencies by their ids."""
    statement = scoped(Competency, organisation_id).where(col(Competency.id).in_(sorted(set(ids))))
    return {one.id: one for one in (await session.exec(statement)).all()}


async def counting(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[str, tuple[uuid.UUID, uuid.UUID]]:
    """The outcomes whose ratings are evidence, by the LMS's id: our row's id and the competency's, which the map has."""
    statement = (
        select(col(LmsOutcome.outcome_id), col(LmsOutcome.id), col(LmsOutcome.competency_id))
        .join(
            MapCompetency,
            (col(MapCompetency.organisation_id) == col(LmsOutcome.organisation_id))
            & (col(MapCompetency.course_id) == col(LmsOutcome.course_id))
            & (col(MapCompetency.competency_id) == col(LmsOutcome.competency_id)),
        )
        .where(
            col(LmsOutcome.organisation_id) == organisation_id,
            col(LmsOutcome.course_id) == course_id,
            col(LmsOutcome.ratings_count).is_(True),
            col(LmsOutcome.gone_at).is_(None),
            col(MapCompetency.removed_at).is_(None),
        )
    )
    rows: Sequence[Any] = (await session.exec(statement)).all()
    return {row[0]: (row[1], row[2]) for row in rows}


async def how_many(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> tuple[int, int]:
    """How many outcomes the LMS has told of in a course, and how many of its alignments wait for the teacher's word."""
    told = select(func.count()).select_from(LmsOutcome)
    told = told.where(col(LmsOutcome.organisation_id) == organisation_id, col(LmsOutcome.course_id) == course_id)
    waiting = (
        select(func.count())
        .select_from(LmsAlignment)
        .join(
            LmsOutcome,
            (col(LmsOutcome.organisation_id) == col(LmsAlignment.organisation_id))
            & (col(LmsOutcome.id) == col(LmsAlignment.lms_outcome_id)),
        )
        .where(
            col(LmsAlignment.organisation_id) == organisation_id,
            col(LmsAlignment.course_id) == course_id,
            col(LmsAlignment.state) == LmsAlignmentState.OFFERED,
            col(LmsAlignment.gone_at).is_(None),
            col(LmsOutcome.competency_id).is_not(None),
        )
    )
    return (await session.exec(told)).one(), (await session.exec(waiting)).one()


# --- Writing ------------------------------------------------------------------------------------------------------------


async def put_outcomes(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> dict[str, uuid.UUID]:
    """Insert outcomes, or bring those that are known up to date; our ids by the LMS's."""
    ordered = sorted(rows, key=lambda row: str(row["outcome_id"]))
    written = await upsert(
        session,
        LmsOutcome,
        ordered,
        key=OUTCOME_KEY,
        update=("title", "code", "description", "identifiers", "gone_at", "seen_at"),
        compute=_RECOGNISED,
        returning=("id", "outcome_id"),
    )
    return {row.outcome_id: row.id for row in written}


async def put_alignments(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert alignments, or have those that are known be there again; what the teacher said of them stays."""
    ordered = sorted(rows, key=lambda row: (row["lms_outcome_id"], row["content_item_id"]))
    await upsert(session, LmsAlignment, ordered, key=ALIGNMENT_KEY, update=("gone_at", "seen_at"))


async def change(
    session: AsyncSession,
    model: type[LmsOutcome] | type[LmsAlignment],
    organisation_id: uuid.UUID,
    ids: Collection[uuid.UUID],
    changes: Mapping[str, Any],
) -> None:
    """Change columns of some rows."""
    wanted = sorted(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        await session.exec(
            update(model)
            .where(col(model.organisation_id) == organisation_id, col(model.id).in_(wanted[start : start + _AT_ONCE]))
            .values(**changes)
            .execution_options(synchronize_session=False)
        )


async def mark_gone(
    session: AsyncSession,
    model: type[LmsOutcome] | type[LmsAlignment],
    organisation_id: uuid.UUID,
    ids: Collection[uuid.UUID],
    now: datetime,
) -> None:
    """Take down that the LMS has these no more."""
    await change(session, model, organisation_id, ids, {"gone_at": now})
