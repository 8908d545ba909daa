"""When what is known should be looked at again: a ladder of 1, 3, 7, 14, 30 and 60 days.

Reaching Secure sets the first review a day later. A right first answer when a review is due goes a step up; a wrong one then,
or a wrong one in a review at any time, a step back; a right one before it is due only moves the date. Harder work that has
this competency inside gives credit: it moves the date, never the step. Time alone makes a review due; it lowers no level.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lti_tool.mastery.rules.states import Review
from lti_tool.mastery.rules.values import Observation, Source

DAYS = (1, 3, 7, 14, 30, 60)
"""The days from one review to the next, by step."""


def interval(step: int) -> timedelta:
    """How long the review of this step (0 to 5) waits."""
    return timedelta(days=DAYS[min(max(step, 0), len(DAYS) - 1)])


def begin(review: Review, at: datetime) -> Review:
    """The first review after Secure was reached at this moment; a step that was lost with a failed review stays lost."""
    return replace(review, due_at=at + interval(review.step))


def end(review: Review, *, failed: bool) -> Review:
    """No review is due below Secure; a failed one costs a step."""
    return Review(max(review.step - 1, 0) if failed else review.step)


def after(review: Review, observation: Observation) -> Review:
    """The ladder after an observation that left the learner Secure. What has no date, or came with help, moves nothing."""
    due_at = review.due_at
    if due_at is None or not observation.dated or not observation.is_attempt:
        return review
    at = observation.at
    if observation.right:
        step = min(review.step + 1, len(DAYS) - 1) if at >= due_at else review.step
        return Review(step, max(due_at, at + interval(step)))
    if observation.mixed or at >= due_at:
        step = max(review.step - 1, 0)
        return Review(step, at + interval(step))
    return review


REACH = 3
"""How many prerequisites away harder work still gives credit: further off, little of it is practised."""


_NO_ANSWERS = frozenset({Source.SELF, Source.OVERRIDE})


def practises(observation: Observation) -> bool:
    """Whether an observation is a right first answer with a date, so that it gives credit to what it builds on.

    A judgement of *Secure* is right as well; what learners say of themselves, and overrides, are no answers.
    """
    if observation.source in _NO_ANSWERS:
        return False
    return observation.dated and observation.is_attempt and observation.right


@dataclass(frozen=True, slots=True)
class Harder:
    """A right answer to harder work: when, and how many prerequisites lie between (1: a direct prerequisite)."""

    at: datetime
    distance: int = 1


@dataclass(frozen=True, slots=True)
class Credited:
    """When a review is due, with credit; and the harder work that the date is owed to, None where it is the review's own."""

    due_at: datetime | None
    harder: Harder | None = None


def with_credit(review: Review, harder: Iterable[Harder]) -> Credited:
    """The review with credit for harder work that this competency is a prerequisite of.

    Each right answer lets the review wait, from then on, its interval divided by the distance; the date only ever moves
    later, and the step stays. Of two that lead to the same date the later one is named. It follows from the evidence alone,
    whatever order that came in.
    """
    if review.due_at is None:
        return Credited(None)
    waits = interval(review.step)
    found = [(one.at + waits / max(one.distance, 1), one.at, one) for one in harder]
    best = max(found, key=lambda one: one[:2], default=None)
    if best is None or best[0] <= review.due_at:
        return Credited(review.due_at)
    return Credited(best[0], best[2])
