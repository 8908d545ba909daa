"""What ``gradereport_user_get_grade_items`` tells of grades, read with distrust. Pure.

It is the user report as a table of numbers (grade/report/user/classes/report/user.php): the grade, its range, when it was
given, and whether the student may see it. What it does not tell: late penalties, whether a scale stands behind an item
(``scaleid`` is always null), and of a quiz anything but the grade that counts.
"""

import html
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from lti_tool.platforms.moodle_fields import moment_of, number, number_id
from lti_tool.platforms.moodle_rows import Worth
from lti_tool.platforms.native import NativeGap, NativeResult, NativeResults, NoResult

Row = Mapping[str, Any]

_NUMBER = re.compile(r"-?\d+(?:[.,٫]\d+)?")
_PERCENT = re.compile(r"(-?\d+)(?:[.,٫](\d+))?\s*%")


def worth_of(rows: Sequence[Row]) -> dict[str, Worth] | None:
    """The modules that are graded in points, by their number; from the grade items of anybody, with a grade or without.

    Of several grade items of one module (a workshop's assessment, a forum's whole, outcomes) the one with the number 0
    counts, which is the module's own. None where the course's report leaves ranges out, or tells of no item.
    """
    if not any("grademax" in row for row in rows):
        return None
    found: dict[str, Worth] = {}
    for row in rows:
        cmid = number_id(row.get("cmid"))
        span = _span(row)
        if cmid is not None and _is_own(row) and span is not None and _in_points(row):
            found.setdefault(cmid, Worth(float(span.size)))
    return found


def grades_shown(rows: Iterable[Row]) -> bool:
    """Whether the course's user report shows grades at all; a course, or the site, can leave them out of it."""
    return all("graderaw" in row or "percentageformatted" in row for row in rows)


@dataclass(frozen=True, slots=True)
class UserGrades:
    """One user's results and gaps; ``overridden`` are the modules whose grade a teacher has put in the place of its own."""

    results: NativeResults
    overridden: frozenset[str]


def results_of(user: Row, keys: Collection[str], since: datetime | None) -> UserGrades:
    """One user's row: a result or a gap for each module in ``keys`` that has a grade item in points.

    With ``since`` results that are older are left out. Gaps have no date and are always told.
    """
    overridden: set[str] = set()
    user_id = number_id(user.get("userid"))
    results: dict[str, NativeResult] = {}
    gaps: dict[str, NativeGap] = {}
    for row in grade_items(user):
        key = number_id(row.get("cmid"))
        if user_id is None or key is None or key not in keys or not _is_own(row) or key in results or key in gaps:
            continue
        found = _one(row, key, user_id)
        if isinstance(found, NativeGap):
            gaps[key] = found
        elif found is not None and (since is None or max(found.at, found.happened_at) >= since):
            results[key] = found
            if row.get("gradeisoverridden") is True:
                overridden.add(key)
    told = tuple(results.values())
    return UserGrades(NativeResults(told, told, tuple(gaps.values())), frozenset(overridden))


def grade_items(user: Row) -> list[Row]:
    """The grade items in a user's row."""
    rows = user.get("gradeitems")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _is_own(row: Row) -> bool:
    """A module's own grade: no total, no column by hand, no second grade of the module, no outcome."""
    return row.get("itemtype") == "mod" and row.get("itemnumber") in (0, None) and row.get("outcomeid") is None


@dataclass(frozen=True, slots=True)
class _Span:
    low: Decimal
    high: Decimal

    @property
    def size(self) -> Decimal:
        return self.high - self.low


def _span(row: Row) -> _Span | None:
    """From the lowest grade to the highest; None where the report hides ranges, or there is nothing in between."""
    low, high = decimal_of(row.get("grademin")), decimal_of(row.get("grademax"))
    return _Span(low, high) if low is not None and high is not None and high > low else None


def _in_points(row: Row) -> bool:
    """Whether the range is one of numbers: a scale's is told by the names of its ends, and an item without grades has none."""
    shown = row.get("rangeformatted")
    if not isinstance(shown, str):
        return True
    ends = re.split("[–—]", html.unescape(shown))
    return len(ends) == 2 and all(_NUMBER.fullmatch(end.strip().replace("\u2212", "-")) for end in ends)


def _one(row: Row, key: str, user_id: str) -> NativeResult | NativeGap | None:
    """None where nothing is told that could be read: grades that are left out of the report, scales."""
    if not _in_points(row):
        return None
    why = _why_none(row)
    if why is not None:
        return NativeGap(key, user_id, why)
    graded, submitted = moment_of(row.get("gradedategraded")), moment_of(row.get("gradedatesubmitted"))
    at = graded or submitted
    percent, earned, possible = _points(row)
    if percent is None:
        return None
    if at is None:
        return NativeGap(key, user_id, NoResult.UNGRADED)
    return NativeResult(
        result_key=key,
        user_id=user_id,
        percent=max(0.0, percent),
        at=at,
        earned=earned,
        possible=possible,
        submitted_at=submitted,
    )


def _points(row: Row) -> tuple[float | None, Decimal | None, Decimal | None]:
    """Percent, and the points earned and possible where the report has ranges. A range may begin elsewhere than at 0."""
    raw, span = decimal_of(row.get("graderaw")), _span(row)
    if raw is not None and span is not None:
        earned = raw - span.low
        return float(earned / span.size * 100), earned, span.size
    shown = row.get("percentageformatted")
    match = _PERCENT.fullmatch(html.unescape(shown).strip()) if isinstance(shown, str) else None
    return (float(f"{match[1]}.{match[2] or 0}") if match else None), None, None


def _why_none(row: Row) -> NoResult | None:
    """Why a row holds no grade that counts; None where it does, or where the report leaves grades out."""
    # Excluding a grade from the totals is how a teacher excuses somebody in Moodle.
    if row.get("status") == "excluded":
        return NoResult.EXCUSED
    # A grade that waits to be worked out anew is told as none.
    if row.get("gradeneedsupdate") is True:
        return NoResult.WAITING
    if row.get("gradeishidden") is True or row.get("gradehiddenbydate") is True:
        return NoResult.HIDDEN
    if "graderaw" in row and row["graderaw"] is None:
        return NoResult.WAITING if moment_of(row.get("gradedatesubmitted")) is not None else NoResult.UNGRADED
    return None


def decimal_of(value: object) -> Decimal | None:
    """Points, which Moodle keeps to five places."""
    if number(value) is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


# --- Attempts at quizzes -----------------------------------------------------------------------------------------------


_NOT_THE_LAST = frozenset({1, 2, 3})
"""Quiz settings by which a grade there was stays while a later attempt waits to be read: highest, average, first (4: last)."""


@dataclass(frozen=True, slots=True)
class Quiz:
    """A quiz: its marks in all, the grade they are scaled to, and whether the last attempt alone counts, read or not."""

    quiz_id: str
    marks: Decimal
    grade: Decimal
    last_counts: bool = True


def quizzes_of(answer: object) -> dict[str, Quiz]:
    """The quizzes of ``mod_quiz_get_quizzes_by_courses`` that give a grade, by the number of their module."""
    rows = answer.get("quizzes") if isinstance(answer, dict) else None
    found: dict[str, Quiz] = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        quiz_id, cmid = number_id(row.get("id")), number_id(row.get("coursemodule"))
        marks, grade = decimal_of(row.get("sumgrades")), decimal_of(row.get("grade"))
        # Both are left out for who may not see the quiz's settings.
        if quiz_id is not None and cmid is not None and marks and grade and marks > 0 and grade > 0:
            found[cmid] = Quiz(quiz_id, marks, grade, row.get("grademethod") not in _NOT_THE_LAST)
    return found


def gaps_of(gaps: Iterable[NativeGap], quizzes: Mapping[str, Quiz]) -> tuple[NativeGap, ...]:
    """The gaps, of which those of a quiz without any grade hold of all its attempts: a teacher, or a course that was reset, has
    deleted them.
    """
    return tuple(
        replace(gap, of_all=True)
        if gap.why is NoResult.UNGRADED and (quiz := quizzes.get(gap.result_key)) is not None and not quiz.last_counts
        else gap
        for gap in gaps
    )


def attempts_of(answer: object, quiz: Quiz, best: NativeResult, *, overridden: bool) -> tuple[NativeResult, ...]:
    """Each finished attempt with the grade it alone would have given; ``best`` is the grade that counts.

    Marks are scaled as Moodle does it (``quiz_rescale_grade``). An attempt whose essays nobody has read has no marks yet. A
    grade that a teacher has put in the quiz's place, ``overridden``, is what the latest attempt is worth.
    """
    rows = answer.get("attempts") if isinstance(answer, dict) else None
    found: dict[int, NativeResult] = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict) or row.get("state") != "finished" or row.get("preview") in (1, True):
            continue
        attempt, marks = row.get("attempt"), decimal_of(row.get("sumgrades"))
        at = moment_of(row.get("timefinish")) or moment_of(row.get("timemodified"))
        if isinstance(attempt, bool) or not isinstance(attempt, int) or attempt < 1 or marks is None or at is None:
            continue
        earned = marks / quiz.marks * quiz.grade
        found[attempt] = NativeResult(
            result_key=best.result_key,
            user_id=best.user_id,
            percent=max(0.0, float(marks / quiz.marks * 100)),
            at=moment_of(row.get("timemodified")) or at,
            earned=earned.quantize(Decimal("0.00001")),
            possible=quiz.grade,
            attempt=attempt,
            submitted_at=at,
        )
    if overridden and found:
        last = max(found)
        found[last] = replace(best, attempt=last, submitted_at=found[last].submitted_at)
    return tuple(found[attempt] for attempt in sorted(found))
