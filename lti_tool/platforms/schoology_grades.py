"""Rows of Schoology's gradebook and roster, read with distrust. Pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from lti_tool.platforms.native import NativeGap, NativeResult, NoResult
from lti_tool.platforms.schoology_rows import Paper, Row, flag, moment, number, row_id

EXCUSED, INCOMPLETE, MISSING = 1, 2, 3
"""What ``exception`` of a grade says. The first two are documented, the third is seen."""

# --- Grades ----------------------------------------------------------------------------------------------------------------


def grade_of(row: Row, key: str, user_id: str, paper: Paper | None) -> NativeResult | NativeGap | None:
    """A grade's row: what it is worth, or why it is none. None where it is about no piece of work that has points."""
    possible = number(row.get("max_points"))
    if possible is None and paper is not None and paper.points is not None:
        possible = Decimal(str(paper.points))
    if flag(row.get("is_final"), absent=paper is not None and paper.final) or possible is None or possible <= 0:
        return None
    earned, at = number(row.get("grade")), moment(row.get("timestamp"))
    why = _why_none(row, earned, paper)
    if why is not None or earned is None or at is None:
        return NativeGap(key, user_id, why or NoResult.UNGRADED)
    percent = float(max(Decimal(0), earned / possible * 100))
    if not math.isfinite(percent):
        return NativeGap(key, user_id, NoResult.UNGRADED)
    return NativeResult(result_key=key, user_id=user_id, percent=percent, at=at, earned=earned, possible=possible)


def _why_none(row: Row, earned: Decimal | None, paper: Paper | None) -> NoResult | None:
    exception = number(row.get("exception"))
    if exception == EXCUSED:
        return NoResult.EXCUSED
    if exception == MISSING:
        return NoResult.MISSING
    # An incomplete has no number; a test whose open answers wait for the teacher has a part of one.
    if flag(row.get("pending"), absent=False):
        return NoResult.WAITING
    if exception or earned is None:
        return NoResult.UNGRADED
    # The API does not tell which of these grades the teacher has shown by now; showing one here could give it away.
    return NoResult.HIDDEN if paper is not None and paper.held_back else None


# --- Enrolments ------------------------------------------------------------------------------------------------------------

ACTIVE, EXPIRED, ARCHIVED = 1, 2, 5
"""``status`` of an enrolment; somebody who left has grades still."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A person's place in a section. Grades and groups name it, not the person."""

    id: str
    user_id: str
    active: bool
    teaches: bool


def enrolment_of(row: Row) -> Enrolment | None:
    """A row of ``enrollments``; None without its ids."""
    found, user = row_id(row.get("id")), row_id(row.get("uid"))
    if found is None or user is None:
        return None
    active = number(row.get("status")) in {None, Decimal(ACTIVE)}
    return Enrolment(found, user, active, flag(row.get("admin"), absent=False))


def one_each(enrolments: Iterable[Enrolment]) -> dict[str, str]:
    """User ids by enrolment id, one for each person: who left and came back is graded in the active one, else the newest."""
    best: dict[str, Enrolment] = {}
    for one in enrolments:
        before = best.get(one.user_id)
        if before is None or (one.active, int(one.id)) > (before.active, int(before.id)):
            best[one.user_id] = one
    return {one.id: one.user_id for one in best.values()}
