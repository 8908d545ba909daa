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
    if all(_for_several(item) for item in items):
        return Problem("only-shared", {}, TeacherJudgement())
    return _too_few(rule, items) or _of_kind(rule, items)


def _of_kind(rule: Rule, items: list[AlignedItem]) -> Problem | None:
    if isinstance(rule, Mean) and not any(item.weight for item in items):
        return Problem("no-weight", {}, Latest())
    if not isinstance(rule, KhanLadder):
        return None
    mixed = _most([item for item in items if item.mixed and not _for_several(item)])
    if mixed == 0:
        return Problem("no-mixed", {}, DefaultLadder() if _suits_the_ladder(items) else Highest())
    # From nothing, three right mixed answers lead to Mastered; from Familiar two, from Proficient one.
    needed = 1 if _gives_exercise(rule, items) else 2 if any(_for_several(item) for item in items) else 3
    if mixed is None or mixed >= needed:
        return None
    return Problem("too-few", {"needed": needed, "possible": mixed}, _instead(items, _most(items)))


def _gives_exercise(rule: KhanLadder, items: list[AlignedItem]) -> bool:
    practice = [item for item in items if not item.mixed]
    answers = _most([item for item in practice if not item.whole])
    return any(item.whole and not item.shared for item in practice) or answers is None or answers >= rule.exercise


def _for_several(item: AlignedItem) -> bool:
    return item.whole and item.shared


def _too_few(rule: Rule, items: list[AlignedItem]) -> Problem | None:
    needed, counted = _needed(rule, items)
    possible = _most(counted)
    if possible is None or possible >= needed:
        return None
    return Problem("too-few", {"needed": needed, "possible": possible}, _instead(items, _most(items)))


def _needed(rule: Rule, items: list[AlignedItem]) -> tuple[int, list[AlignedItem]]:
    """How many results the rule needs before it can be Secure, and the items whose results it counts."""
    match rule:
        case NOfM(n=n) | InARow(n=n) | CanvasNMastery(n=n):
            return n, items
        case DefaultLadder():
            tasks = [item for item in items if item.whole]
            # Whole scores have a track of their own, where one task suffices; they are no answers.
            if any(not item.shared for item in tasks):
                return 1, tasks
            return FOR_SECURE, [item for item in items if not item.whole]
    return 1, items


def _most(items: list[AlignedItem]) -> int | None:
    """How many results the items can give at most; None for any number."""
    total = 0
    for item in items:
        if item.times is None:
            return None
        total += item.times * (1 if item.whole else item.answers)
    return total


def _instead(items: list[AlignedItem], possible: int | None) -> Rule:
    """The rule to offer: the default ladder where it can be satisfied, else as many right as there can be."""
    if _suits_the_ladder(items):
        return DefaultLadder()
    if possible is None:
        return NOfM(FOR_SECURE, LOOKED_AT)
    if possible >= 2:
        m = min(possible, LOOKED_AT)
        return NOfM(n=max(m * FOR_SECURE // LOOKED_AT, 1), m=m)
    return Latest()


def _suits_the_ladder(items: list[AlignedItem]) -> bool:
    """Whether the default ladder can be satisfied."""
    needed, counted = _needed(DefaultLadder(), items)
    possible = _most(counted)
    return possible is None or possible >= needed
