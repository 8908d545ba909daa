"""Outcomes as the LMS has them, and what it aligns to them: taken over from its own API.

Nothing is aligned by that. What the LMS says is offered to the teacher (``lms_deciding``); what it says no more is marked, and
stays what the teacher made of it.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import lms_queries as queries
from lti_tool.competencies import lms_rules as rules
from lti_tool.competencies.lms_models import LmsAlignment, LmsAlignmentState, LmsOutcome
from lti_tool.content.ports import NativeAlignment, NativeOutcome, NativeOutcomes
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.ids import new_id

MOST_OUTCOMES = 2000
"""More than any course has; what is beyond is left out, so that one reading stays small."""

_MOST_IDENTIFIERS = 20
_SEEN_STEP = timedelta(days=1)
"""How exactly it is remembered when something was last there; writing each reading down would make each a write."""

Pair = tuple[uuid.UUID, uuid.UUID]
"""An outcome's row and an item."""


async def take_outcomes(database: Database, course: Course, told: NativeOutcomes, now: datetime) -> Collection[str]:
    """Keep a course's outcomes as the LMS has them; of which of them (by the LMS's id) ratings are wanted. Twice is once.

    Looks first, without a lock, whether anything is other than before.
    """
    async with database.reading() as session:
        found = await _look(session, course, told, now)
        wanted = await queries.counting(session, course.organisation_id, course.id)
    if found.is_news:
        async with database.writing() as session:
            # As it stands now: somebody may have said something since, or another reading been quicker.
            await _write(session, course, await _look(session, course, told, now, lock=True), now)
            wanted = await queries.counting(session, course.organisation_id, course.id)
    return frozenset(wanted)


async def recognise(database: Database, course: Course) -> None:
    """Find out anew which competencies the outcomes are of which nobody knows it yet.

    A framework that was imported, or a competency that was picked into the map, since the LMS was read does not wait for the
    next reading.
    """
    async with database.reading() as session:
        late = await _recognised_late(session, course)
    if late:
        async with database.writing() as session:
            for row_id, competency_id in (await _recognised_late(session, course, lock=True)).items():
                await queries.change(
                    session, LmsOutcome, course.organisation_id, [row_id], {"competency_id": competency_id}
                )


async def _recognised_late(session: AsyncSession, course: Course, *, lock: bool = False) -> dict[uuid.UUID, uuid.UUID]:
    rows = await queries.outcomes(session, course.organisation_id, course.id, lock=lock)
    still = {
        row.outcome_id: {"identifiers": row.identifiers, "code": row.code}
        for row in rows
        if row.gone_at is None and _is_open(row)
    }
    ids = {row.outcome_id: row.id for row in rows}
    return {ids[key]: competency_id for key, competency_id in (await _recognised(session, course, still)).items()}


@dataclass(slots=True)
class _News:
    """What is to be written: rows of outcomes; pairs the LMS aligns, by the outcome's id there; and what is gone."""

    outcomes: list[dict[str, Any]] = field(default_factory=list)
    alignments: list[tuple[str, uuid.UUID]] = field(default_factory=list)
    known: dict[str, uuid.UUID] = field(default_factory=dict)
    gone_outcomes: list[uuid.UUID] = field(default_factory=list)
    gone_alignments: list[uuid.UUID] = field(default_factory=list)

    @property
    def is_news(self) -> bool:
        return bool(self.outcomes or self.alignments or self.gone_outcomes or self.gone_alignments)


async def _look(
    session: AsyncSession, course: Course, told: NativeOutcomes, now: datetime, *, lock: bool = False
) -> _News:
    known = {
        row.outcome_id: row for row in await queries.outcomes(session, course.organisation_id, course.id, lock=lock)
    }
    there = _outcomes(course, told.outcomes, now)
    meant = await _recognised(session, course, {key: row for key, row in there.items() if _is_open(known.get(key))})
    for outcome_id, row in there.items():
        row["competency_id"] = meant.get(outcome_id)
    news = _News(known={key: row.id for key, row in known.items()})
    news.outcomes = [row for key, row in there.items() if _is_other(row, known.get(key), now)]
    news.gone_outcomes = [row.id for key, row in known.items() if key not in there and row.gone_at is None]
    await _look_at_alignments(session, course, [one for one in told.alignments if one.outcome_id in there], news, now)
    return news


def _outcomes(course: Course, told: Iterable[NativeOutcome], now: datetime) -> dict[str, dict[str, Any]]:
    """Rows by the LMS's id, as long as the table has room for."""
    rows: dict[str, dict[str, Any]] = {}
    for one in told:
        if not 1 <= len(one.outcome_id) <= 255 or len(rows) >= MOST_OUTCOMES:
            continue
        rows[one.outcome_id] = {
            "organisation_id": course.organisation_id,
            "id": new_id(),
            "course_id": course.id,
            "outcome_id": one.outcome_id,
            "title": one.title[:500],
            "code": one.code[:100],
            "description": one.description[:4000],
            "identifiers": [name[:500] for name in dict.fromkeys(one.identifiers) if name][:_MOST_IDENTIFIERS],
            "competency_id": None,
            "chosen_by": None,
            "ratings_count": False,
            "gone_at": None,
            "seen_at": now,
            "created_at": now,
        }
    return rows


def _is_open(known: LmsOutcome | None) -> bool:
    """Whether it is still to be found out which competency it is: a teacher's word stands, also that it is none."""
    return known is None or (known.competency_id is None and known.chosen_by is None)


async def _recognised(
    session: AsyncSession, course: Course, rows: Mapping[str, Mapping[str, Any]]
) -> dict[str, uuid.UUID]:
    named = {key: rules.names((*row["identifiers"], row["code"])) for key, row in rows.items()}
    every = frozenset().union(*named.values())
    if not every:
        return {}
    known = await queries.candidates(session, course.organisation_id, course.id, every)
    found = {key: rules.recognised(row["identifiers"], row["code"], known) for key, row in rows.items()}
    return {key: competency_id for key, competency_id in found.items() if competency_id is not None}


def _is_other(row: Mapping[str, Any], known: LmsOutcome | None, now: datetime) -> bool:
    if known is None or known.gone_at is not None or now - known.seen_at >= _SEEN_STEP:
        return True
    said = ("title", "code", "description", "identifiers")
    return row["competency_id"] is not None or any(row[name] != getattr(known, name) for name in said)


async def _look_at_alignments(
    session: AsyncSession, course: Course, told: Collection[NativeAlignment], news: _News, now: datetime
) -> None:
    items = await queries.item_ids(session, course.organisation_id, course.id, {one.external_id for one in told})
    there = {
        (one.outcome_id, items[one.external_id]): news.known.get(one.outcome_id)
        for one in told
        if one.external_id in items
    }
    known: dict[Pair, LmsAlignment] = {
        (row.lms_outcome_id, row.content_item_id): row
        for row in await queries.alignments(session, course.organisation_id, course.id)
    }
    present: set[Pair] = set()
    for (outcome_id, item_id), row_id in there.items():
        before = known.get((row_id, item_id)) if row_id is not None else None
        if row_id is not None:
            present.add((row_id, item_id))
        if before is None or before.gone_at is not None or now - before.seen_at >= _SEEN_STEP:
            news.alignments.append((outcome_id, item_id))
    news.gone_alignments = [row.id for pair, row in known.items() if pair not in present and row.gone_at is None]


async def _write(session: AsyncSession, course: Course, news: _News, now: datetime) -> None:
    ids = news.known | await queries.put_outcomes(session, news.outcomes)
    await queries.put_alignments(
        session,
        [
            {
                "organisation_id": course.organisation_id,
                "id": new_id(),
                "course_id": course.id,
                "lms_outcome_id": ids[outcome_id],
                "content_item_id": item_id,
                "state": LmsAlignmentState.OFFERED,
                "said_by": None,
                "gone_at": None,
                "seen_at": now,
                "created_at": now,
            }
            for outcome_id, item_id in news.alignments
        ],
    )
    await queries.mark_gone(session, LmsOutcome, course.organisation_id, news.gone_outcomes, now)
    await queries.mark_gone(session, LmsAlignment, course.organisation_id, news.gone_alignments, now)
