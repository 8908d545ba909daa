"""Rows of Canvas's REST API, read with distrust: what is absent, of another type or too long is left out. Pure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from lti_tool.lti.foreign_json import UNREADABLE
from lti_tool.platforms.native import NativeGap, NativeItem, NativeKind, NativeResult, NativeResults, NoResult

_KINDS: Mapping[str, NativeKind] = {
    "Page": "page",
    "Quiz": "quiz",
    "Assignment": "assignment",
    "Discussion": "discussion",
    "File": "file",
    "ExternalUrl": "link",
    "ExternalTool": "tool",
    "SubHeader": "heading",
}

_THROUGH_CANVAS = frozenset(
    {
        "online_text_entry",
        "online_url",
        "online_upload",
        "online_quiz",
        "media_recording",
        "student_annotation",
        "discussion_topic",
    }
)
"""Kinds of submission that leave a trace in Canvas; a tool may post a score without one, and paper leaves none."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """An assignment as far as the tool needs it; ``points`` and ``due_at`` are those for everyone."""

    id: str
    title: str
    url: str | None
    points: float | None
    due_at: datetime | None
    published: bool
    quiz_id: str | None
    discussion_id: str | None
    new_quiz: bool
    tool: bool
    handed_in: bool = False
    """Whether the only ways to hand it in go through Canvas, so that without a submission there is no work."""

    @property
    def kind(self) -> NativeKind:
        """What it is to a student: a quiz of either generation and a graded discussion are assignments as well."""
        if self.quiz_id or self.new_quiz:
            return "quiz"
        if self.discussion_id:
            return "discussion"
        return "tool" if self.tool else "assignment"


def is_id(value: str) -> bool:
    """Whether this can be one of Canvas's ids: a number, or ``shard~number``."""
    return value.replace("~", "", 1).isascii() and value.replace("~", "", 1).isdigit()


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address, for comparing; empty for one that is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


def row_id(value: object) -> str | None:
    """An id as text, whether it came as a number or as a string."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    written = str(value)
    return written if is_id(written) else None


def text(value: object) -> str:
    """Text that fits a title's column; empty for anything else."""
    return value.replace(UNREADABLE, "").strip()[:500] if isinstance(value, str) else ""


def _address(value: object) -> str | None:
    """A web address that fits its column; what a page links to must be nothing else."""
    if not isinstance(value, str) or len(value) > 2000:
        return None
    return value if origin(value)[0] in {"http", "https"} and origin(value)[1] else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def assignment_of(row: Mapping[str, Any]) -> Assignment | None:
    """An assignment's row; None without an id."""
    found = row_id(row.get("id"))
    if found is None:
        return None
    types = row.get("submission_types")
    discussion = row.get("discussion_topic")
    return Assignment(
        id=found,
        title=text(row.get("name")),
        url=_address(row.get("html_url")),
        points=_number(row.get("points_possible")),
        due_at=_moment(row.get("due_at")),
        published=row.get("published") is not False,
        quiz_id=row_id(row.get("quiz_id")),
        discussion_id=row_id(discussion.get("id")) if isinstance(discussion, dict) else None,
        new_quiz=row.get("is_quiz_lti_assignment") is True or row.get("is_quiz_assignment") is True,
        tool=isinstance(types, list) and "external_tool" in types,
        handed_in=isinstance(types, list) and bool(types) and _THROUGH_CANVAS.issuperset(map(str, types)),
    )


def by_content_id(assignments: Iterable[Assignment]) -> dict[tuple[str, str], Assignment]:
    """Assignments by what a module item calls them: its type and the id of its content."""
    found: dict[tuple[str, str], Assignment] = {}
    for one in assignments:
        found["Assignment", one.id] = one
        if one.quiz_id is not None:
            found["Quiz", one.quiz_id] = one
        if one.discussion_id is not None:
            found["Discussion", one.discussion_id] = one
    return found


def module_item(
    row: Mapping[str, Any], section: str, by_content: Mapping[tuple[str, str], Assignment]
) -> NativeItem | None:
    """A module item's row, joined with the assignment it leads to; ``section`` is its module. None without id and type."""
    item_id, given = row_id(row.get("id")), row.get("type")
    if item_id is None or not isinstance(given, str):
        return None
    kind = _KINDS.get(given, "link")
    content_id = row_id(row.get("content_id"))
    assignment = by_content.get((given, content_id)) if content_id is not None else None
    if assignment is not None and kind == "assignment":
        kind = assignment.kind
    details = row.get("content_details")
    details = details if isinstance(details, dict) else {}
    indent = row.get("indent")
    return NativeItem(
        external_id=f"canvas:module-item:{item_id}",
        kind=kind,
        title=text(row.get("title")) or (assignment.title if assignment else "") or given,
        # The item's address in its module, not the content's own: Canvas counts "must view" there.
        url=_address(row.get("html_url")) or _address(row.get("external_url")),
        section=section,
        indent=max(0, min(indent, 5)) if isinstance(indent, int) else 0,
        result_key=assignment.id if assignment else None,
        points_possible=assignment.points if assignment else _number(details.get("points_possible")),
        due_at=assignment.due_at if assignment else _moment(details.get("due_at")),
        # Absent for callers who may only see what is published.
        published=row.get("published") is not False,
    )


def loose_item(assignment: Assignment) -> NativeItem:
    """An assignment that stands in no module."""
    return NativeItem(
        external_id=f"canvas:assignment:{assignment.id}",
        kind=assignment.kind,
        title=assignment.title or assignment.id,
        url=assignment.url,
        result_key=assignment.id,
        points_possible=assignment.points,
        due_at=assignment.due_at,
        published=assignment.published,
    )


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
        by_attempt = {one.attempt: one for one in each if isinstance(one, NativeResult)}
        # A person who graded the entry after its attempt was graded has graded that attempt anew. A quiz's own grader is a
        # number below zero, which is no id.
        latest = by_attempt.get(_attempt(row))
        by_hand = row_id(row.get("grader_id")) is not None
        if by_hand and latest is not None and isinstance(found, NativeResult) and latest.at < found.at:
            by_attempt[latest.attempt] = found
        attempts = tuple(by_attempt.values()) or results
    return NativeResults(results, attempts, () if gap is None else (gap,))


def _one_result(row: Mapping[str, Any], assignment: Assignment, user: str) -> NativeResult | NativeGap:
    attempt = _attempt(row)
    why = _why_none(row, assignment)
    if why is not None:
        return NativeGap(assignment.id, user, why, attempt)
    score = _score(row)
    at = _moment(row.get("graded_at")) or _moment(row.get("posted_at")) or _moment(row.get("submitted_at"))
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
        submitted_at=_moment(row.get("submitted_at")),
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
    if row.get("workflow_state") != "graded" or score is None:
        # Without any number it is this attempt that has none, or has none any more.
        waits = score is not None and row.get("submitted_at") is not None
        return NoResult.WAITING if waits else NoResult.UNGRADED
    # Held back by the teacher's posting policy: showing it here would give it away. Absent before Canvas had policies.
    if "posted_at" in row and row["posted_at"] is None:
        return NoResult.HIDDEN
    if score == 0 and assignment.handed_in and "submitted_at" in row and row["submitted_at"] is None:
        return NoResult.BLANK
    return None


def _score(row: Mapping[str, Any]) -> float | None:
    """The score as entered, before a late policy reduced it: lateness says nothing about what somebody knows."""
    entered = _number(row.get("entered_score"))
    return entered if entered is not None else _number(row.get("score"))


def _attempt(row: Mapping[str, Any]) -> int | None:
    given = row.get("attempt")
    return given if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 1_000_000 else None
