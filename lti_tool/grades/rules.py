"""Pure rules of delivery: what may be sent, when to try again, and what an answer of the LMS means."""

import math
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from lti_tool.grades.models import Choice, ColumnState, Delivery, Difference

BACKOFF_BASE = timedelta(seconds=2)
BACKOFF_LEAST = timedelta(milliseconds=100)
BACKOFF_CAP = timedelta(minutes=15)
MOST_PATIENCE = timedelta(days=1)
"""A Retry-After beyond this is taken for a mistake."""

MOST_REMADE = 3
"""How often a column that is gone from the LMS is made again before somebody has to look."""

COMPLETED = "Completed"
IN_PROGRESS = "InProgress"
"""The two activity progresses of AGS 2.0 §3.4.7 that are sent. The grading progress is always FullyGraded with a number:
Canvas and Moodle 4.5 clear the grade at any other."""

_SAME_SHARE = 1e-4
"""Shares closer than this are the same score. Moodle 4.5 keeps five decimals of points."""

# Codes this room adds to those of the service clients (lti_tool.lti.trouble).
NO_GRADE_SERVICE = "no-grade-service"
UNEXPECTED = "unexpected"
LINE_ITEM_GONE = "line-item-gone"
CONFLICT = "conflict-newer"
NOT_ENROLLED = "not-enrolled"

_PATIENCE = {
    # Each is the number of tries before the answer is believed. A platform that has just lost our key, or is restarting,
    # refuses for a while what it will take again; a roster can lag behind an enrolment.
    "no-permission": 6,
    "unreadable-answer": 6,
    "answer-too-large": 3,
    CONFLICT: 5,
    LINE_ITEM_GONE: 2,
    "not-accepted": 2,
    # A gradebook that could not write for a moment answers the same (platforms.moodle).
    "grade-locked": 3,
    NOT_ENROLLED: 1,
    "course-concluded": 1,
    NO_GRADE_SERVICE: 1,
    "address-refused": 1,
}

_WHOLE_PLATFORM = {"unreachable", "timed-out", "rate-limited"}


FAILURES_THAT_OPEN = 5
"""Failures of a whole platform in a row, after which its circuit counts as open: teachers are told since when."""

FASTER_AFTER = timedelta(minutes=1)
"""How long all has to go well until one request more goes out at a time."""

LOW_QUOTA = 100.0
"""What is left of a platform's rate limit when requests go one after the other (Canvas: of 700, ``X-Rate-Limit-Remaining``)."""


def at_once(most: int, allowed: int | None, failures: int) -> int:
    """How many requests go to a platform at a time: one to see whether it answers again, else as many as have gone well."""
    return 1 if failures else max(1, min(most, most if allowed is None else allowed))


def slower(at_once: int) -> int:
    """How many at a time, once a platform asks to go slower: half of them."""
    return max(1, at_once // 2)


def faster(at_once: int, most: int) -> int | None:
    """How many at a time, once all has gone well for a while: one more, up to as many as there may be (None)."""
    return None if at_once + 1 >= most else at_once + 1


class Next(StrEnum):
    """What follows a failure."""

    TRY_AGAIN = "try-again"
    GIVE_UP = "give-up"


def after_failure(code: str, *, temporary: bool, failures: int) -> Next:
    """Whether to try again after the ``failures``-th failure in a row (from 1). What is temporary is never given up.

    A code that nobody has heard of is given up only when the client calls it permanent, and then at the second try.
    """
    if temporary or code == UNEXPECTED:
        return Next.TRY_AGAIN
    return Next.TRY_AGAIN if failures < _PATIENCE.get(code, 2) else Next.GIVE_UP


def is_about_the_key(code: str, oauth_error: str | None) -> bool:
    """Whether a refusal is one of the token endpoint, and not about what was asked for: the platform does not take our key.

    ``oauth_error`` is its word (RFC 6749 §5.2), None where a service refused.
    """
    return code == "no-permission" and oauth_error is not None and oauth_error != "invalid_scope"


def holds_for_all(code: str, *, retry_after: timedelta | None) -> bool:
    """Whether a failure says something about the whole platform, so that its other scores had better wait as well."""
    return code in _WHOLE_PLATFORM or retry_after is not None


def backoff(failures: int, chance: float, retry_after: timedelta | None = None) -> timedelta:
    """How long to wait after the ``failures``-th failure in a row (from 1).

    Full jitter: anything from next to nothing to a limit that doubles from 2 s to 15 min; ``chance`` in [0, 1] picks
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). What the platform asked for in Retry-After
    (RFC 9110 §10.2.3) is the least, and the jitter comes on top, so that not everything comes back in the same instant.
    """
    doubled = BACKOFF_BASE * (1 << min(max(failures - 1, 0), 20))
    jitter = max(min(doubled, BACKOFF_CAP) * chance, BACKOFF_LEAST)
    if retry_after is None:
        return jitter
    return min(max(retry_after, timedelta()), MOST_PATIENCE) + jitter


def next_timestamp(last_sent: datetime | None, now: datetime, step: timedelta) -> datetime:
    """The timestamp of the next score: on the platform's own grid of ``step``, strictly later than the last one sent.

    It is the present, cut to the grid, unless a score was sent at that moment or (after the clock was set back) later
    than it; then it is the first moment of the grid after that one, and no further ahead of the present than it must be.
    A platform that cuts what it is sent to the grid still sees a later one.
    """
    present = _on_grid(now, step)
    if last_sent is None:
        return present
    return max(present, _on_grid(last_sent, step) + step)


def _on_grid(moment: datetime, step: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (moment - epoch) // step * step


def comment_to_send(owed: str | None, standing: str | None, *, repeat: bool) -> str | None:
    """The comment to put into a score; None to leave it out.

    Canvas adds a comment at each post, so there it goes along only when it changed. Where ``repeat`` is set (Moodle),
    leaving it out erases the one that stands.
    """
    return owed if repeat or owed != standing else None


def activity_progress(finished: bool) -> str:
    """How far the student is, in the words of AGS 2.0 §3.4.7."""
    return COMPLETED if finished else IN_PROGRESS


def check_score(given: float, maximum: float) -> None:
    """Refuse what no platform could take (ValueError): not a number, negative, or out of nothing."""
    if not (math.isfinite(given) and math.isfinite(maximum)):
        raise ValueError("a score needs two finite numbers")
    if given < 0 or maximum <= 0:
        raise ValueError("a score is 0 or more, out of more than 0")


def same_score(given: float, maximum: float, result: float | None, result_maximum: float | None) -> bool:
    """Whether a result of the LMS is this score, which the LMS scales to its own maximum and may cap there.

    ``result_maximum`` is 1 where it is left out (AGS 2.0 §3.3.3).
    """
    if result is None:
        return False
    out_of = 1.0 if result_maximum is None else result_maximum
    if out_of <= 0:
        return False
    ours, theirs = given / maximum, result / out_of
    return abs(ours - theirs) < _SAME_SHARE or (ours > 1 and abs(theirs - 1) < _SAME_SHARE)


def difference(
    given: float,
    maximum: float,
    result: float | None,
    result_maximum: float | None,
    *,
    present: bool,
    leaves_out_zeros: bool,
) -> Difference | None:
    """How what stands in the LMS differs from the score that it has accepted; None where it does not, or nobody can tell.

    ``present``: whether the person is a student of the course now; LMSs show nothing of others. A zero may be missing where the
    LMS leaves zeros out.
    """
    if result is None:
        unseen = not present or (leaves_out_zeros and given == 0)
        return None if unseen else Difference.MISSING
    return None if same_score(given, maximum, result, result_maximum) else Difference.OVERRIDDEN


def choice_holds(choice: Choice | None, chosen_given: float | None, result: float | None) -> bool:
    """Whether what a teacher chose about a difference still holds: it was about the number that stood there then."""
    if choice is None:
        return False
    if chosen_given is None or result is None:
        return chosen_given is result
    return abs(chosen_given - result) < _SAME_SHARE


def tried(attempts: int) -> int:
    """How many failures a score begins with that is owed anew: one where there were any, since something may have arrived.

    Patience begins anew with it all the same, by its trouble.
    """
    return min(attempts, 1)


class Standing(StrEnum):
    """How a student's score stands, for the teacher's page."""

    NOTHING_OWED = "nothing-owed"
    ON_ITS_WAY = "on-its-way"
    DELIVERED = "delivered"
    RETRYING = "retrying"
    REFUSED = "refused"
    HELD = "held"
    """The gradebook has something else, by somebody else; the teacher has not said which of the two counts."""
    KEPT = "kept"
    """It has something else, and that stays, as the teacher said."""
    OFF = "off"
    """The column is switched off: what is owed is kept, and sent when it is on again."""
    LEFT = "left"
    """Who it is of is no student of the course now: it is kept, and sent when they are back."""
    TEST = "test"
    """Who it is of is the LMS's test student, for whom nothing is sent."""


class Absence(StrEnum):
    """Why a score is owed to nobody."""

    LEFT = "left"
    TEST = "test"


def standing(
    delivery: Delivery | None, trouble: str | None, column: ColumnState, column_trouble: str | None, pause: str | None
) -> tuple[Standing, str | None]:
    """The state of a score and, where there is any, the code of what is in its way.

    ``delivery`` is None for a student without a score. What is delivered stays delivered, whatever became of the column.
    A refused column refuses what waits for it, and one that is off keeps it; ``pause`` is why nothing is sent to the platform
    at the moment.
    """
    match delivery:
        case None:
            return Standing.NOTHING_OWED, None
        case Delivery.DELIVERED:
            return Standing.DELIVERED, None
        case Delivery.REFUSED:
            return Standing.REFUSED, trouble
        case Delivery.DUE:
            return _waiting(trouble or pause, column, column_trouble)


def _waiting(in_the_way: str | None, column: ColumnState, column_trouble: str | None) -> tuple[Standing, str | None]:
    if column is ColumnState.OFF:
        return Standing.OFF, None
    if column is ColumnState.REFUSED:
        return Standing.REFUSED, column_trouble
    if column is ColumnState.WANTED and column_trouble is not None:
        return Standing.RETRYING, column_trouble
    return (Standing.ON_ITS_WAY if in_the_way is None else Standing.RETRYING), in_the_way


def beside_the_lms(state: Standing, difference_: Difference | None, choice: Choice | None) -> Standing:
    """How a score stands whose delivery stands at ``state``, beside what was found in the LMS.

    What a teacher has kept stays so. Without a choice a score is held up by another number, and goes to an empty place by itself.
    """
    if difference_ is None or choice is Choice.OURS:
        return state
    if choice is Choice.THEIRS:
        return Standing.KEPT
    goes_there = state in (Standing.ON_ITS_WAY, Standing.RETRYING, Standing.OFF)
    return state if goes_there and difference_ is not Difference.OVERRIDDEN else Standing.HELD


def for_whom(state: Standing, absence: Absence | None) -> Standing:
    """How a score stands, beside who it is of. What is in the gradebook is there; nobody has to see to the rest."""
    if absence is Absence.TEST and state is not Standing.DELIVERED:
        return Standing.TEST
    stays = state in (Standing.NOTHING_OWED, Standing.DELIVERED, Standing.KEPT)
    return Standing.LEFT if absence is Absence.LEFT and not stays else state


class Upkeep(StrEnum):
    """How a column stands in the LMS, for the teacher's page."""

    OFF = "off"
    MAKING = "making"
    REFUSED = "refused"
    GONE = "gone"
    CHANGING = "changing"
    """A new name, maximum or due date is on its way."""
    CHANGE_REFUSED = "change-refused"
    DOUBLED = "doubled"
    IN_STEP = "in-step"


def upkeep(
    state: ColumnState,
    trouble: str | None,
    *,
    gone: bool,
    behind: bool,
    due: bool,
    doubled: int,
) -> Upkeep:
    """The one thing to say of a column, the most serious first.

    ``gone``: it was found gone and is not looked for again; ``behind``: the LMS has not heard of its last change; ``due``: a
    worker comes by itself; ``doubled``: columns like it that stand beside it.
    """
    said = {
        Upkeep.OFF: state is ColumnState.OFF,
        Upkeep.GONE: gone or (state is ColumnState.REFUSED and trouble == LINE_ITEM_GONE),
        Upkeep.REFUSED: state is ColumnState.REFUSED,
        Upkeep.MAKING: state is ColumnState.WANTED,
        Upkeep.DOUBLED: doubled > 0,
        Upkeep.CHANGING: behind and due,
        Upkeep.CHANGE_REFUSED: behind,
    }
    return next((one for one, holds in said.items() if holds), Upkeep.IN_STEP)
