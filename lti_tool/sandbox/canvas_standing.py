"""What teachers do with a student's work beside giving points: excuse it, call it late or missing, grade it by a rubric, show the
grade; and what that leaves of a score.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_models import (
    AssignmentMore,
    Outcome,
    OutcomeAlignment,
    OutcomeResult,
    Rubric,
    SubmissionMore,
)
from lti_tool.sandbox.gradebook import grade
from lti_tool.sandbox.models import Assignment, Submission

LATE_STATUSES = ("late", "missing", "none")


class WrongRating(ValueError):
    """Points by a rubric that has no such criterion, or less than none."""


@dataclass(frozen=True)
class Decision:
    """What a teacher decides about one student's work. None leaves it as it is, an empty ``late_status`` to the dates."""

    excused: bool | None = None
    late_status: str | None = None
    deducted: float | None = None
    posted: bool | None = None


async def more_of(session: AsyncSession, assignment_id: int, person_id: int) -> SubmissionMore | None:
    """What is known of a submission beside its own row."""
    found = await session.scalars(
        select(SubmissionMore).where(
            SubmissionMore.assignment_id == assignment_id, SubmissionMore.person_id == person_id
        )
    )
    return found.one_or_none()


async def _more(session: AsyncSession, assignment_id: int, person_id: int) -> SubmissionMore:
    more = await more_of(session, assignment_id, person_id)
    if more is None:
        more = SubmissionMore(assignment_id=assignment_id, person_id=person_id, excused=False)
        session.add(more)
    return more


async def decide(
    session: AsyncSession, assignment: Assignment, person_id: int, wanted: Decision, grader_id: int, now: datetime
) -> None:
    """Do what the teacher decided. Whoever is excused has no score; points that are taken off are taken off what was given."""
    more = await _more(session, assignment.id, person_id)
    if wanted.excused is not None and wanted.excused != more.excused:
        submission = await grade(session, assignment, person_id, None, grader_id, now)
        more.excused = wanted.excused
        if wanted.excused:
            submission.workflow_state, submission.graded_at, submission.grader_id = "graded", now, grader_id
    if wanted.late_status is not None:
        more.late_status = wanted.late_status or None
        more.deducted = wanted.deducted if more.late_status == "late" else None
    if wanted.posted is not None:
        more.posted_at = now if wanted.posted else None
    await session.flush()


async def forgive(session: AsyncSession, assignment_id: int, person_id: int) -> None:
    """A grade was given: whoever has one is not excused any more."""
    more = await more_of(session, assignment_id, person_id)
    if more is not None:
        more.excused = False
        await session.flush()


async def grade_by_rubric(
    session: AsyncSession,
    assignment: Assignment,
    person_id: int,
    ratings: Mapping[str, Mapping[str, Any]],
    grader_id: int,
    now: datetime,
) -> Submission:
    """Grade by the assignment's rubric: ``ratings`` from criterion to ``{points, comments}``; their sum is the grade. The
    criteria that are outcomes rate these. WrongRating.
    """
    rubric = await rubric_of(session, assignment.id)
    criteria = {str(one["id"]): one for one in (rubric.criteria if rubric else ())}
    rated: dict[str, Any] = {}
    for key, rating in ratings.items():
        if key not in criteria or not isinstance(points := rating.get("points"), int | float) or points < 0:
            raise WrongRating(f"no points for {key}")
        rated[key] = {
            "rating_id": _rating(criteria[key], points),
            "comments": str(rating.get("comments", "")),
            "points": float(points),
        }
    submission = await grade(
        session, assignment, person_id, sum(one["points"] for one in rated.values()), grader_id, now
    )
    more = await _more(session, assignment.id, person_id)
    more.rubric, more.excused = rated, False
    for key, one in rated.items():
        outcome_id = criteria[key].get("learning_outcome_id")
        if outcome_id is not None:
            share = one["points"] / criteria[key]["points"] if criteria[key]["points"] else 0.0
            await _rate(session, int(outcome_id), assignment.id, person_id, share, now)
    await session.flush()
    return submission


def _rating(criterion: Mapping[str, Any], points: float) -> str | None:
    """The rating that these points are, if they are exactly one's."""
    return next((str(one["id"]) for one in criterion["ratings"] if one["points"] == points), None)


async def rubric_of(session: AsyncSession, assignment_id: int) -> Rubric | None:
    """The rubric that an assignment is graded by."""
    more = await session.get(AssignmentMore, assignment_id)
    return await session.get(Rubric, more.rubric_id) if more and more.rubric_id else None


async def rate_aligned(
    session: AsyncSession, assignment: Assignment, person_id: int, score: float | None, now: datetime
) -> None:
    """A quiz was marked: its share of points rates the outcomes that it belongs to, and not those of a rubric."""
    if score is None or not assignment.points_possible:
        return
    rubric = await rubric_of(session, assignment.id)
    by_rubric = {one.get("learning_outcome_id") for one in (rubric.criteria if rubric else ())}
    found = await session.scalars(
        select(OutcomeAlignment.outcome_id).where(OutcomeAlignment.assignment_id == assignment.id)
    )
    for outcome_id in found:
        if outcome_id not in by_rubric:
            await _rate(session, outcome_id, assignment.id, person_id, score / assignment.points_possible, now)


async def _rate(
    session: AsyncSession, outcome_id: int, assignment_id: int, person_id: int, share: float, now: datetime
) -> None:
    outcome = await session.get(Outcome, outcome_id)
    if outcome is None:
        return
    rows = await session.scalars(
        select(OutcomeResult).where(
            OutcomeResult.outcome_id == outcome_id,
            OutcomeResult.assignment_id == assignment_id,
            OutcomeResult.person_id == person_id,
        )
    )
    result = rows.one_or_none()
    if result is None:
        result = OutcomeResult(outcome_id=outcome_id, assignment_id=assignment_id, person_id=person_id)
        session.add(result)
    result.score, result.possible, result.at = round(share * outcome.points_possible, 4), outcome.points_possible, now
    await session.flush()
