"""Rules where a person decides: Moodle's ratings, and the teacher's judgement.

Only the latest judgement counts; points, numbers and weights of other evidence have no effect on it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from lti_tool.mastery.rules.base import Explanation, Rule, Verdict
from lti_tool.mastery.rules.scales import Level, Scale, exact
from lti_tool.mastery.rules.states import Memory, State
from lti_tool.mastery.rules.values import Observation, Standing


@dataclass(frozen=True, slots=True)
class Rated(Memory):
    """The rating that holds, as the key of its level, and whether a completed activity gave it."""

    level: str = ""
    completed: bool = False


@dataclass(frozen=True, slots=True)
class MoodleRating(Rule):
    """Moodle's user competency: the latest rating on the scale; its proficient values stand for Secure or Mastered.

    A rating is an observation with ``judged``; with points (value i of n as ``earned`` and ``possible``) they name the value
    exactly, where several values stand for the same rung. With ``completes``, a right result of an activity gives the
    default value, in points, if there is no rating yet (Moodle's outcome 'complete the competency'; its default is only to
    attach evidence). ``default`` absent: the Secure level. Raises ``ValueError`` for a default that is not positive.
    """

    kind: ClassVar[str] = "moodle-rating"
    memory: ClassVar[type[Memory]] = Rated
    completes: bool = False
    default: Decimal | None = None

    def __post_init__(self) -> None:
        if self.default is not None and self.default <= 0:
            raise ValueError("the default rating is a value of the scale, counted from 1")

    def verdict(self, state: State, observation: Observation, scale: Scale) -> Verdict:
        """The rating, or the default one for a completed activity."""
        rated = _rated(state)
        if observation.judged is not None:
            return _given(_rating(observation, observation.judged, scale), completed=False)
        if self.completes and not rated.level and observation.right and not observation.is_for_several:
            default = scale.for_points(self.default) if self.default is not None else scale.cut()
            return _given(default, completed=True)
        standing = max(state.standing, Standing.STARTED)
        level = scale.by_key(rated.level) or scale.for_standing(Standing.STARTED)
        return Verdict(rated, standing, level, "judged", counts=False)

    def because(self, state: State, scale: Scale) -> Explanation:
        """Who gave the rating."""
        del scale
        rated = _rated(state)
        if not rated.level:
            return Explanation("judged.none", {})
        return Explanation("judged.completed" if rated.completed else "judged", {})

    def missing(self, state: State, scale: Scale) -> Explanation | None:
        """A rating."""
        return _missing(state, scale)


@dataclass(frozen=True, slots=True)
class TeacherJudgement(Rule):
    """The latest judgement of a person other than the learner; until there is one, Started with any evidence."""

    kind: ClassVar[str] = "teacher-judgement"
    memory: ClassVar[type[Memory]] = Rated

    def verdict(self, state: State, observation: Observation, scale: Scale) -> Verdict:
        """The judgement."""
        rated = _rated(state)
        if observation.judged is not None:
            standing = max(observation.judged, Standing.STARTED)
            level = scale.for_standing(standing)
            return Verdict(Rated(level.key if level else ""), standing, level, "judged")
        standing = max(state.standing, Standing.STARTED)
        return Verdict(rated, standing, scale.for_standing(standing), "judged", counts=False)

    def because(self, state: State, scale: Scale) -> Explanation:
        """That it was judged, or not yet."""
        del scale
        return Explanation("judged" if _rated(state).level else "judged.none", {})

    def missing(self, state: State, scale: Scale) -> Explanation | None:
        """A judgement."""
        return _missing(state, scale)


def _rating(observation: Observation, judged: Standing, scale: Scale) -> Level:
    share = observation.share
    if share is not None:
        return scale.for_points(exact(share * scale.top))
    return scale.for_standing(judged) or scale.levels[-1]


def _given(level: Level, *, completed: bool) -> Verdict:
    return Verdict(Rated(level.key, completed), max(level.standing, Standing.STARTED), level, "judged")


def _missing(state: State, scale: Scale) -> Explanation | None:
    level = scale.above(scale.by_key(state.level))
    return Explanation("missing.judgement", {"level": level.name}) if level else None


def _rated(state: State) -> Rated:
    if not isinstance(state.memory, Rated):
        raise TypeError("this state belongs to another rule")
    return state.memory
