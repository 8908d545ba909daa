"""Rows of Canvas's REST API, read with distrust: what is absent, of another type or too long is left out. Pure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lti_tool.lti.foreign_json import UNREADABLE
from lti_tool.platforms.native import NativeItem, NativeKind, NativeResult

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


def result_of(row: Mapping[str, Any], points: Mapping[str, float]) -> NativeResult | None:
    """A submission's row, if it holds a grade that counts (see ``CanvasApi.read_results``); ``points`` by assignment id."""
    key, user = row_id(row.get("assignment_id")), row_id(row.get("user_id"))
    if key is None or user is None or key not in points:
        return None
    # pending_review has the automatic part of a score alone; a teacher has yet to read the rest.
    if row.get("workflow_state") != "graded" or row.get("excused") is True or row.get("missing") is True:
        return None
    # Held back by the teacher's posting policy: showing it here would give it away. Absent before Canvas had policies.
    if "posted_at" in row and row["posted_at"] is None:
        return None
    score = _number(row.get("entered_score"))
    if score is None:
        score = _number(row.get("score"))
    at = _moment(row.get("graded_at")) or _moment(row.get("posted_at")) or _moment(row.get("submitted_at"))
    if score is None or at is None:
        return None
    return NativeResult(result_key=key, user_id=user, percent=max(0.0, score / points[key] * 100), at=at)
