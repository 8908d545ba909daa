"""Rows of Canvas's gradebook: which grade counts, what each attempt was worth, and why there is none. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from lti_tool.platforms.canvas_fields import Row, moment, number, part, row_id
from lti_tool.platforms.canvas_rows import Assignment
from lti_tool.platforms.native import NativeGap, NativeRating, NativeResult, NativeResults, NoResult


def together(found: Iterable[NativeResults]) -> NativeResults:
    """Several entries as one batch; of an entry that is told twice, as when a list changes between its pages, the first."""
    results: dict[tuple[str, str], NativeResult] = {}
    attempts: dict[tuple[str, str, int | None], NativeResult] = {}
    gaps: dict[tuple[str, str], NativeGap] = {}
    met: set[tuple[str, str]] = set()
    for each in found:
        pairs = {(one.result_key, one.user_id) for one in (*each.results, *each.attempts)}
        pairs |= {(gap.result_key, gap.user_id) for gap in each.gaps}
        if pairs & met:
            continue
        met |= pairs
        results |= {(one.result_key, one.user_id): one for one in each.results}
        attempts |= {(one.result_key, one.user_id, one.attempt): one for one in each.attempts}
        gaps |= {(gap.result_key, gap.user_id): gap for gap in each.gaps}
    return NativeResults(tuple(results.values()), tuple(attempts.values()), tuple(gaps.values()))


def results_of(row: Mapping[str, Any], assignments: Mapping[str, Assignment]) -> NativeResults:
    """A submission's row: the grade that counts, each attempt with a grade of its own, or why there is none.

    Nothing for a row that names no known assignment and user. ``submission_history`` holds the attempts where it was asked
    for and the key allows it; on a quiz that keeps the highest score it alone tells what the latest attempt was worth.
    """
    key, user = row_id(row.get("assignment_id")), row_id(row.get("user_id"))
    assignment = assignments.get(key) if key is not None else None
    if assignment is None or user is None or not assignment.points:
        return NativeResults()
    found = _one_result(row, assignment, user)
    gap = found if isinstance(found, NativeGap) else None
    results = (found,) if isinstance(found, NativeResult) else ()
    attempts: tuple[NativeResult, ...] = results
    history = row.get("submission_history")
    # What holds for the whole entry, an excuse or a grade that is not shown yet, holds for each of its attempts.
    if isinstance(history, list) and (gap is None or gap.why is NoResult.WAITING):
        whole = {name: row[name] for name in ("excused", "posted_at") if name in row}
        each = [
            _one_result({**one, **whole}, assignment, user)
            for one in history
            if isinstance(one, dict) and _attempt(one) is not None
        ]
        by_attempt: dict[int | None, NativeResult] = {}
        for one in each:
            # Of a quiz each saving is told, the latest first.
            if isinstance(one, NativeResult):
                by_attempt.setdefault(one.attempt, one)
        # A person who graded the entry after its attempt was graded has graded that attempt anew, unless the number is what the
        # quiz keeps of another attempt. A quiz's own grader is a number below zero, which is no id.
        latest = by_attempt.get(_attempt(row))
        by_hand = row_id(row.get("grader_id")) is not None
        if (
            by_hand
            and latest is not None
            and isinstance(found, NativeResult)
            and latest.at < found.at
            and all(one.earned != found.earned for one in by_attempt.values())
        ):
            by_attempt[latest.attempt] = found
        attempts = tuple(sorted(by_attempt.values(), key=lambda one: one.attempt or 0)) or results
    return NativeResults(results, attempts, () if gap is None else (gap,))


def _one_result(row: Mapping[str, Any], assignment: Assignment, user: str) -> NativeResult | NativeGap:
    attempt = _attempt(row)
    why = _why_none(row, assignment)
    if why is not None:
        return NativeGap(assignment.id, user, why, attempt)
    score = _score(row)
    # A quiz without a time limit has no end, which is what its attempts are graded at.
    others = ("submitted_at", "posted_at") if _is_quiz_attempt(row) else ("posted_at", "submitted_at")
    at = next((found for name in ("graded_at", *others) if (found := moment(row.get(name)))), None)
    if score is None or at is None or not assignment.points:
        return NativeGap(assignment.id, user, NoResult.UNGRADED, attempt)
    return NativeResult(
        result_key=assignment.id,
        user_id=user,
        percent=max(0.0, score / assignment.points * 100),
        at=at,
        earned=Decimal(str(score)),
        possible=Decimal(str(assignment.points)),
        attempt=attempt,
        submitted_at=moment(row.get("submitted_at")),
        late=row.get("late") is True,
    )


def _why_none(row: Mapping[str, Any], assignment: Assignment) -> NoResult | None:
    """Why a row holds no grade that counts; None where it does."""
    if row.get("excused") is True:
        return NoResult.EXCUSED
    # The policy for missing work puts its own number there, and a teacher's status "missing" does.
    if row.get("missing") is True:
        return NoResult.MISSING
    score = _score(row)
    # pending_review has the automatic part of a score alone; a teacher has yet to read the rest. What was handed in again
    # shows the old score until it is graded.
    if not (row.get("workflow_state") == "graded" or _is_quiz_attempt(row)) or score is None:
        # Without any number it is this attempt that has none, or has none any more.
        waits = score is not None and row.get("submitted_at") is not None
        return NoResult.WAITING if waits else NoResult.UNGRADED
    # Held back by the teacher's posting policy: showing it here would give it away. Absent before Canvas had policies.
    if "posted_at" in row and row["posted_at"] is None:
        return NoResult.HIDDEN
    if score == 0 and assignment.handed_in and "submitted_at" in row and row["submitted_at"] is None:
        return NoResult.BLANK
    return None


def _is_quiz_attempt(row: Mapping[str, Any]) -> bool:
    """Whether a row of a history is a finished attempt at a classic quiz. Canvas lays what the quiz knows of it over the
    whole entry (lib/api/v1/submission.rb, ``quiz_submission_attempt_json``): state and score are the attempt's, and
    ``entered_score`` is not.
    """
    return row.get("workflow_state") == "complete"


def _score(row: Mapping[str, Any]) -> float | None:
    """The score as entered, before a late policy reduced it: lateness says nothing about what somebody knows."""
    entered = None if _is_quiz_attempt(row) else number(row.get("entered_score"))
    return entered if entered is not None else number(row.get("score"))


def _attempt(row: Mapping[str, Any]) -> int | None:
    given = row.get("attempt")
    return given if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 1_000_000 else None


def rubric_ratings(row: Row, assignment: Assignment) -> Iterable[NativeRating]:
    """What a teacher's rubric says of outcomes, where the grade it led to is shown to the student."""
    user, at = row_id(row.get("user_id")), moment(row.get("graded_at"))
    if user is None or at is None or not assignment.criteria:
        return
    # An excuse takes the work off, and what is held back would be given away.
    if row.get("excused") is True or ("posted_at" in row and row["posted_at"] is None):
        return
    assessed = part(row, "rubric_assessment")
    for name, criterion in assignment.criteria.items():
        points = number(part(assessed, name).get("points"))
        if points is not None and points >= 0:
            yield NativeRating(
                source_id=f"rubric:{assignment.id}:{user}:{name}",
                outcome_id=criterion.outcome_id,
                user_id=user,
                earned=Decimal(str(points)),
                possible=Decimal(str(criterion.points)),
                at=at,
            )
