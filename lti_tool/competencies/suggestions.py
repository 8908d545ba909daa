"""What the items of a course seem to belong to: suggested, accepted, or dismissed and then never suggested again."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignment_queries as queries
from lti_tool.competencies import alignments, suggestion_rules
from lti_tool.competencies.alignment_rules import Change, Changed
from lti_tool.competencies.alignments import Board
from lti_tool.competencies.models import AlignmentOrigin, AlignmentRole
from lti_tool.competencies.suggestion_rules import Known, Suggestion
from lti_tool.courses.models import Course
from lti_tool.ids import new_id

Pair = tuple[uuid.UUID, uuid.UUID]
"""An item's id and a competency's."""


async def for_board(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, board: Board
) -> list[Suggestion]:
    """Suggestions for a course's items, in their order; what is aligned or was dismissed is left out."""
    if not board.competencies:
        return []
    dismissed = await queries.dismissed(session, organisation_id, course_id)
    aligned = {(view.content_item_id, view.competency_id) for view in board.all_views()}
    known = [Known(one.id, one.code, one.statement, one.short) for one in board.competencies]
    return suggestion_rules.suggestions(board.items, known, dismissed | aligned)


async def accept(
    session: AsyncSession,
    course: Course,
    accepted: Mapping[Pair, AlignmentRole],
    by: uuid.UUID | None,
    now: datetime,
) -> Changed:
    """Align these pairs. What somebody has aligned in the meantime stays as they did it. Raises NotInTheMap."""
    there = await alignments.of_items(session, course.organisation_id, course.id, {item_id for item_id, _ in accepted})
    known = {(view.content_item_id, view.competency_id) for some in there.values() for view in some}
    changes = [Change(*pair, role) for pair, role in accepted.items() if pair not in known]
    return await alignments.change(session, course, changes, {}, by=by, now=now, origin=AlignmentOrigin.SUGGESTION)


async def dismiss(
    session: AsyncSession, course: Course, pairs: Sequence[Pair], by: uuid.UUID | None, now: datetime
) -> None:
    """Suggest these pairs no more. Raises NotInTheMap for what is not in the course."""
    await alignments.all_in_course(session, course, pairs)
    await queries.put_dismissals(
        session,
        [
            {
                "organisation_id": course.organisation_id,
                "id": new_id(),
                "course_id": course.id,
                "content_item_id": item_id,
                "competency_id": competency_id,
                "created_by": by,
                "created_at": now,
            }
            for item_id, competency_id in sorted(set(pairs))
        ],
    )


async def bring_back(session: AsyncSession, course: Course) -> None:
    """Suggest everything again that was dismissed in this course."""
    await queries.forget_dismissals(session, course.organisation_id, course.id)
