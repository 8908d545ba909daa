"""When a score is owed to a gradebook, and what a teacher should notice."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from lti_tool.playlists.models import SendRule
from lti_tool.playlists.rules.walk import Progress, Walk, counting, progress


def points_given(share: float, points: float) -> float:
    """The score for a share of 0 to 1 of ``points``, to two decimals, halves rounded up as people do on paper."""
    exact = Decimal(str(share)) * Decimal(str(points))
    return float(exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Owed:
    """What the gradebook should hold: the share of must-dos done, from 0 to 1."""

    share: float


def owed(
    now_done: Progress,
    *,
    send: SendRule,
    begun: bool,
    due_at: datetime | None,
    now: datetime,
    before: float | None,
    taken_back: bool = False,
) -> Owed | None:
    """The share that is owed to the gradebook now, or None while nothing is.

    ``before`` is the share owed so far (None: nothing yet); ``taken_back`` says that this change took work back, the
    one thing that lowers it. At the end: a score is owed once everything is done or the due date has come. Live: from the
    first step done, since a nought on the day somebody opens a page would read as a failing grade. Nobody who has not
    begun is ever owed a score. Once a score stands in the gradebook it follows every change.
    """
    if not begun or not now_done.total:
        return None
    is_due = due_at is not None and now >= due_at
    wanted = now_done.is_finished or is_due or (send is SendRule.LIVE and now_done.done > 0)
    if before is None:
        return Owed(now_done.share) if wanted else None
    if taken_back:
        return Owed(now_done.share)
    return Owed(max(before, now_done.share))


# --- What a teacher should notice --------------------------------------------------------------------------------------------


class Attention(StrEnum):
    """Why a student's row deserves a look. Plain rules that a teacher can check by eye, in order of weight."""

    BELOW_PASS = "below-pass"  # noqa: S105 - a mark, not a word to sign in with.
    PAST_DUE = "past-due"
    QUIET = "quiet"


def attention(walk: Walk, *, begun: bool, due_at: datetime | None, now: datetime, quiet: bool) -> Attention | None:
    """The first reason why a student who began may be stuck, or None. ``quiet``: so many school days passed without a move
    that the teacher wants to be told (monitor_rules.Watch).
    """
    if not begun or progress(walk).is_finished:
        return None
    if any(step.is_below_pass for step in counting(walk)):
        return Attention.BELOW_PASS
    if due_at is not None and now >= due_at:
        return Attention.PAST_DUE
    return Attention.QUIET if quiet else None
