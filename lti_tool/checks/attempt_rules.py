"""When a check may be tried, and what a result is in percent. Pure."""

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from lti_tool.checks.models import AttemptState, Check, CheckAttempt, CheckStatus, Feedback

GRACE = timedelta(seconds=20)
"""How long after a time limit what was answered before may still arrive."""


_OF_ALL = ":of-all:"


def told_of_all(attempt_id: uuid.UUID, place: int) -> str:
    """The presentation of evidence that stands for all questions of an adaptive check, the ``place``-th of an attempt."""
    return f"check:{attempt_id}{_OF_ALL}{place}"


def is_of_all(presentation: str) -> bool:
    """Whether evidence stands for all questions of an adaptive check, and is no answer to one of them."""
    return _OF_ALL in presentation


class Standing(StrEnum):
    """Whether a student can begin."""

    MAY_BEGIN = "may-begin"
    GOES_ON = "goes-on"
    NOT_YET = "not-yet"
    """It opens later: ``at``."""
    WAITS = "waits"
    """Another attempt may begin ``at``."""
    NO_MORE = "no-more"
    """All attempts are used."""
    CLOSED = "closed"
    EMPTY = "empty"
    """It asks nothing yet."""


@dataclass(frozen=True, slots=True)
class May:
    """Whether a student can begin, and when. ``left``: attempts that may still begin; None: any number."""

    standing: Standing
    at: datetime | None = None
    left: int | None = None


def left_of(check: Check, attempts: Sequence[CheckAttempt], more: int) -> int | None:
    """How many attempts may still begin, with those that the student was given beyond everybody's; None: any number."""
    return None if check.attempts is None else max(0, check.attempts + more - len(attempts))


def may_begin(check: Check, attempts: Sequence[CheckAttempt], questions: int, now: datetime, more: int = 0) -> May:
    """Whether a student with these attempts may begin another, or goes on with the open one. ``more`` are attempts that this
    student was given beyond everybody's.
    """
    left = left_of(check, attempts, more)
    if any(one.state is AttemptState.OPEN and not is_over(one, now) for one in attempts):
        return May(Standing.GOES_ON, left=left)
    standing, at = Standing.MAY_BEGIN, None
    ends = [one.finished_at or one.ends_at for one in attempts]
    waits = max((end for end in ends if end is not None), default=None)
    if check.status is not CheckStatus.OPEN:
        standing = Standing.CLOSED
    elif check.opens_at is not None and now < check.opens_at:
        standing, at = Standing.NOT_YET, check.opens_at
    elif left == 0:
        standing = Standing.NO_MORE
    elif waits is not None and now < waits + timedelta(minutes=check.wait_minutes):
        standing, at = Standing.WAITS, waits + timedelta(minutes=check.wait_minutes)
    elif questions == 0:
        standing = Standing.EMPTY
    return May(standing, at, left)


def is_over(attempt: CheckAttempt, now: datetime) -> bool:
    """Whether an attempt's time has run out, and what was on its way has had time to arrive."""
    return attempt.ends_at is not None and now > attempt.ends_at + GRACE


def tries(check: Check) -> int:
    """How often each question may be answered."""
    return max(1, check.tries) if check.feedback is Feedback.EACH else 1


def percent(earned: Decimal | None, possible: Decimal | None) -> float:
    """A result in percent, cut to two places, so that 79.999 is not 80."""
    if earned is None or not possible:
        return 0.0
    return math.floor(float(earned / possible) * 10_000 + 1e-9) / 100
