"""Whether the items aligned to a competency can ever satisfy its rule; reported while aligning, with an alternative."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from lti_tool.mastery.rules.base import Rule
from lti_tool.mastery.rules.counted import InARow, NOfM
from lti_tool.mastery.rules.formulas import CanvasNMastery, Highest, Latest, Mean
from lti_tool.mastery.rules.khan import KhanLadder
from lti_tool.mastery.rules.ladder import FOR_SECURE, LOOKED_AT, DefaultLadder
from lti_tool.mastery.rules.ratings import MoodleRating, TeacherJudgement
from lti_tool.mastery.rules.values import ONE
from lti_tool.web.i18n import N_


@dataclass(frozen=True, slots=True)
class AlignedItem:
    """What an item that assesses a competency can give.

    ``answers`` is how many answers it gives each time it is presented (1 for a whole score), ``times`` how often it can be
    presented to one learner (None: as often as wanted).
    """

    key: str
    whole: bool = False
    shared: bool = False
    mixed: bool = False
    answers: int = 1
    times: int | None = 1
    weight: Decimal = ONE


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a rule can never be satisfied: a stable code and its values, and a rule that could be (None: align more first)."""

    code: str
    values: Mapping[str, int]
    alternative: Rule | None

    @property
    def text(self) -> str:
        """The gettext message id that says it, with ``%(…)s`` fields from ``values``."""
        return PROBLEM_TEXTS[self.code]


PROBLEM_TEXTS: Mapping[str, str] = {
    "no-items": N_("Nothing is aligned that assesses this competency, so no evidence can come."),
    "too-few": N_("The rule needs %(needed)s results, and what is aligned can give %(possible)s at most."),
    "only-shared": N_(
        "Every aligned item is a whole score that counts for several competencies. Such scores alone make none of them Secure."
    ),
    "no-weight": N_("Every aligned item has weight 0, so there is no mean."),
    "no-mixed": N_("Mastered needs a mixed-skill item, and none is aligned."),
}


def fitted(rule: Rule, aligned: Iterable[AlignedItem]) -> Rule:
    """The rule as it is frozen on what is begun: the default ladder learns how many items and tasks there are."""
    if not isinstance(rule, DefaultLadder):
        return rule
    items = list(aligned)
    return replace(rule, items=len(items), tasks=sum(item.whole for item in items))


def can_satisfy(rule: Rule, aligned: Iterable[AlignedItem]) -> Problem | None:
    """The first reason why the aligned items can never satisfy the rule; None when they can.

    Satisfied means the highest that the rule gives by items (for the default ladder and n of m: Secure; without a second
    item, Mastered is the teacher's to confirm, which is no problem).
    """
    items = list(aligned)
    if isinstance(rule, MoodleRating | TeacherJudgement):
        return None
    if not items:
        return Problem("no-items", {}, TeacherJudgement())
    if all(item.shared for item in items):
        return Problem("only-shared", {}, TeacherJudgement())
    return _too_few(rule, items) or _of_kind(rule, items)


def _of_kind(rule: Rule, items: list[AlignedItem]) -> Problem | None:
    if isinstance(rule, Mean) and not any(item.weight for item in items):
        return Problem("no-weight", {}, Latest())
    if isinstance(rule, KhanLadder) and not any(item.mixed for item in items):
        other = DefaultLadder()
        return Problem("no-mixed", {}, other if _too_few(other, items) is None else Highest())
    return None


def _too_few(rule: Rule, items: list[AlignedItem]) -> Problem | None:
    needed = _needed(rule, items)
    possible = _most(items)
    if possible is None or possible >= needed:
        return None
    return Problem("too-few", {"needed": needed, "possible": possible}, _instead(items, possible))


def _needed(rule: Rule, items: list[AlignedItem]) -> int:
    """How many results the rule needs before it can be at its highest."""
    match rule:
        case NOfM(n=n) | InARow(n=n) | CanvasNMastery(n=n):
            return n
        case DefaultLadder():
            # Whole scores have a track of their own, where one task suffices.
            return 1 if any(item.whole and not item.shared for item in items) else FOR_SECURE
        case KhanLadder(exercise=exercise):
            if any(item.whole and not item.mixed for item in items):
                return 1
            # Three right mixed answers lead from nothing to Mastered, too.
            return min(exercise, 3) if any(item.mixed for item in items) else exercise
    return 1


def _most(items: list[AlignedItem]) -> int | None:
    """How many results the items can give at most; None for any number."""
    total = 0
    for item in items:
        if item.times is None:
            return None
        total += item.times * (1 if item.whole else item.answers)
    return total


def _instead(items: list[AlignedItem], possible: int) -> Rule:
    """The rule to offer: the default ladder where whole scores make it work, else as many right as there can be."""
    if _needed(DefaultLadder(), items) <= possible:
        return DefaultLadder()
    if possible >= 2:
        return NOfM(n=max(possible * FOR_SECURE // LOOKED_AT, 1), m=possible)
    return Latest()
