"""What a copy of a course takes along of what Canvas's REST API shows: what completes items, rubrics, outcomes, dates for all.

Completion, work and the dates of single students stay behind.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_models import AssignmentMore, ItemRequirement, Outcome, OutcomeAlignment, Rubric
from lti_tool.sandbox.models import Course

Ids = Mapping[int, int]
"""The new id of each old one."""


async def copy_more(session: AsyncSession, origin: Course, course: Course, items: Ids, assignments: Ids) -> None:
    """Copy it, once the modules and the assignments are."""
    for wanted in await session.scalars(select(ItemRequirement).where(ItemRequirement.item_id.in_(items))):
        session.add(ItemRequirement(item_id=items[wanted.item_id], type=wanted.type, least=wanted.least))
    outcomes = await _outcomes(session, origin, course, assignments)
    rubrics = await _rubrics(session, origin, course, outcomes)
    for more in await session.scalars(select(AssignmentMore).where(AssignmentMore.assignment_id.in_(assignments))):
        session.add(
            AssignmentMore(
                assignment_id=assignments[more.assignment_id],
                unlock_at=more.unlock_at,
                lock_at=more.lock_at,
                new_quiz=more.new_quiz,
                hides_grades=more.hides_grades,
                rubric_id=rubrics.get(more.rubric_id or 0),
            )
        )
    await session.flush()


async def _outcomes(session: AsyncSession, origin: Course, course: Course, assignments: Ids) -> dict[int, int]:
    names = ("title", "display_name", "description", "guid", "points_possible", "mastery_points", "ratings")
    outcomes: dict[int, int] = {}
    for one in (
        await session.scalars(select(Outcome).where(Outcome.course_id == origin.id).order_by(Outcome.id))
    ).all():
        twin = Outcome(course_id=course.id, **{name: getattr(one, name) for name in names})
        session.add(twin)
        await session.flush()
        outcomes[one.id] = twin.id
    found = await session.scalars(select(OutcomeAlignment).where(OutcomeAlignment.outcome_id.in_(outcomes)))
    for aligned in found.all():
        session.add(
            OutcomeAlignment(outcome_id=outcomes[aligned.outcome_id], assignment_id=assignments[aligned.assignment_id])
        )
    return outcomes


async def _rubrics(session: AsyncSession, origin: Course, course: Course, outcomes: Ids) -> dict[int, int]:
    rubrics: dict[int, int] = {}
    for one in (await session.scalars(select(Rubric).where(Rubric.course_id == origin.id).order_by(Rubric.id))).all():
        twin = Rubric(
            course_id=course.id, title=one.title, criteria=[_criterion(row, outcomes) for row in one.criteria]
        )
        session.add(twin)
        await session.flush()
        rubrics[one.id] = twin.id
    return rubrics


def _criterion(row: Mapping[str, Any], outcomes: Ids) -> dict[str, Any]:
    old = row.get("learning_outcome_id")
    return {**row} if old is None else {**row, "learning_outcome_id": outcomes.get(old, old)}
