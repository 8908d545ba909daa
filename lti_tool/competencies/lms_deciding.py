"""What a teacher decides about the LMS's own outcomes: which competency each is, which of its alignments are this course's,
and whether ratings on it are evidence.
"""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignments, map_editing, map_queries, maps
from lti_tool.competencies import lms_queries as queries
from lti_tool.competencies.alignment_rules import Change, Changed, can_be_aligned
from lti_tool.competencies.alignments import NotInTheMap
from lti_tool.competencies.lms_models import LmsAlignment, LmsAlignmentState, LmsOutcome
from lti_tool.competencies.models import AlignmentOrigin, AlignmentRole
from lti_tool.competencies.rules_lines import MOST_STATEMENT, Line
from lti_tool.content import service as content
from lti_tool.courses.models import Course
from lti_tool.errors import NotFound

NOBODY = uuid.UUID(int=0)
"""Stands for a teacher whom the platform does not name: that somebody has said it counts all the same."""

# --- Alignments ---------------------------------------------------------------------------------------------------------


async def accept(
    session: AsyncSession,
    course: Course,
    wanted: Mapping[uuid.UUID, AlignmentRole],
    by: uuid.UUID | None,
    now: datetime,
) -> Changed:
    """Align what the LMS aligns, by the ids of what was offered. Accepting twice is once.

    A competency that the map does not have yet is picked into it. What somebody has aligned in the meantime stays as they did
    it, and what is offered no more is left out.
    """
    # The map first, as whoever changes alignments does; what is offered is read as it stands after that.
    await maps.ensure(session, course, now)
    outcomes = {row.id: row for row in await queries.outcomes(session, course.organisation_id, course.id)}
    items = {
        item.id for item in await content.items(session, course.organisation_id, course.id) if can_be_aligned(item)
    }
    told = [
        one
        for one in await queries.alignments(session, course.organisation_id, course.id)
        if one.id in wanted
        and one.state is LmsAlignmentState.OFFERED
        and one.gone_at is None
        and one.content_item_id in items
        and outcomes[one.lms_outcome_id].competency_id is not None
    ]
    pairs: dict[tuple[uuid.UUID, uuid.UUID], AlignmentRole] = {}
    for one in told:
        competency_id = outcomes[one.lms_outcome_id].competency_id
        if competency_id is not None:
            pairs.setdefault((one.content_item_id, competency_id), wanted[one.id])
    await _pick(session, course, {competency_id for _, competency_id in pairs}, now, by)
    there = await alignments.of_items(session, course.organisation_id, course.id, {item_id for item_id, _ in pairs})
    known = {(view.content_item_id, view.competency_id) for some in there.values() for view in some}
    changes = [Change(*pair, role) for pair, role in pairs.items() if pair not in known]
    changed = await alignments.change(session, course, changes, {}, by=by, now=now, origin=AlignmentOrigin.LMS)
    await _say(session, course, [one.id for one in told], LmsAlignmentState.TAKEN, by)
    return changed


async def dismiss(session: AsyncSession, course: Course, ids: Collection[uuid.UUID], by: uuid.UUID | None) -> None:
    """Offer these no more, or keep as they are those that the LMS does not have any more."""
    told = await queries.alignments(session, course.organisation_id, course.id)
    await _say(session, course, [one.id for one in told if one.id in ids], LmsAlignmentState.DISMISSED, by)


async def offer_again(session: AsyncSession, course: Course) -> None:
    """Offer everything again that was dismissed, or was accepted and taken away since."""
    told = await queries.alignments(session, course.organisation_id, course.id)
    others = [one.id for one in told if one.state is not LmsAlignmentState.OFFERED and one.gone_at is None]
    await _say(session, course, others, LmsAlignmentState.OFFERED, None)


async def take_away(
    session: AsyncSession, course: Course, lms_alignment_id: uuid.UUID, by: uuid.UUID | None, now: datetime
) -> Changed:
    """Take away an alignment that the LMS does not have any more. If it has it again, it is offered again."""
    outcomes = {row.id: row for row in await queries.outcomes(session, course.organisation_id, course.id)}
    for one in await queries.alignments(session, course.organisation_id, course.id):
        competency_id = outcomes[one.lms_outcome_id].competency_id
        if one.id == lms_alignment_id and one.gone_at is not None and competency_id is not None:
            change = Change(one.content_item_id, competency_id, None)
            changed = await alignments.change(session, course, [change], {}, by=by, now=now)
            await _say(session, course, [one.id], LmsAlignmentState.OFFERED, by)
            return changed
    raise NotFound("no alignment that the platform has no more")


async def _say(
    session: AsyncSession,
    course: Course,
    ids: Collection[uuid.UUID],
    state: LmsAlignmentState,
    by: uuid.UUID | None,
) -> None:
    await queries.change(session, LmsAlignment, course.organisation_id, ids, {"state": state, "said_by": by})


# --- Outcomes -----------------------------------------------------------------------------------------------------------


async def say(
    session: AsyncSession,
    course: Course,
    row_id: uuid.UUID,
    competency_id: uuid.UUID | None,
    by: uuid.UUID | None,
) -> None:
    """Say which competency of the map an outcome is; None: none of them. Raises NotInTheMap, and NotFound."""
    row = await _outcome(session, course, row_id)
    if competency_id is not None:
        places = await map_queries.map_rows(session, course.organisation_id, course.id)
        if not any(place.competency_id == competency_id and place.removed_at is None for place in places):
            raise NotInTheMap("a competency that the map does not have")
    _means(row, competency_id, by)
    session.add(row)
    await session.flush()


async def add_own(
    session: AsyncSession, course: Course, row_id: uuid.UUID, title: str, by: uuid.UUID | None, now: datetime
) -> None:
    """Write an outcome as one of the course's own competencies, and take it into the map. Twice is once.

    ``title`` names the framework of the course's own competencies, if this begins it. Raises NotFound, and BadRequest where
    the map would become too large.
    """
    course_map = await maps.ensure(session, course, now)
    row = await _outcome(session, course, row_id)
    if row.competency_id is not None:
        return
    says = row.description if not row.title or row.title == row.code else row.title
    line = Line(row.code, (says or row.title or row.outcome_id)[:MOST_STATEMENT])
    [made] = await map_editing.write(session, course, [line], title, course_map.revision, now, by)
    _means(row, made, by)
    session.add(row)
    await session.flush()


async def ratings(
    session: AsyncSession, course: Course, row_id: uuid.UUID, by: uuid.UUID | None, now: datetime, *, count: bool
) -> None:
    """Have ratings on an outcome be evidence from the next reading on, or no longer; what came in stays.

    Raises NotInTheMap where nobody knows which competency it is, and NotFound.
    """
    await maps.ensure(session, course, now)
    row = await _outcome(session, course, row_id)
    if count:
        if row.competency_id is None:
            raise NotInTheMap("an outcome that is no competency of ours")
        await _pick(session, course, {row.competency_id}, now, by)
    if row.ratings_count == count:
        return
    row.ratings_count = count
    session.add(row)
    maps.trace(session, course, "map.ratings-count" if count else "map.ratings-end", by, now)
    await session.flush()


def _means(row: LmsOutcome, competency_id: uuid.UUID | None, by: uuid.UUID | None) -> None:
    if row.competency_id != competency_id:
        # That ratings count was said of another competency.
        row.ratings_count = False
    row.competency_id, row.chosen_by = competency_id, by or NOBODY


async def _outcome(session: AsyncSession, course: Course, row_id: uuid.UUID) -> LmsOutcome:
    row = await queries.outcome(session, course.organisation_id, course.id, row_id)
    if row is None:
        raise NotFound("no such outcome in this course")
    return row


async def _pick(
    session: AsyncSession, course: Course, competency_ids: Collection[uuid.UUID], now: datetime, by: uuid.UUID | None
) -> None:
    """Take what the map does not have into it."""
    places = await map_queries.map_rows(session, course.organisation_id, course.id)
    missing = set(competency_ids) - {place.competency_id for place in places if place.removed_at is None}
    if missing:
        await maps.pick(session, course, missing, now, by)
