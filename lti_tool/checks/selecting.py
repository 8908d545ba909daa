"""Which questions are asked, in which order, and how choices stand. Pure; the same seed gives the same everywhere.

Adaptive selection asks, of the competency about which least is certain, the question that says most about where the student
stands (largest information at the present estimate), among those within reach: with an even chance to one of 85 percent. Even
chances say most, and much harder questions discourage. It ends when all competencies are certain, or the count is reached.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

from lti_tool.checks.ability import NOTHING, Ability, Given, Item, chance, estimate, information
from lti_tool.checks.models import Selection
from lti_tool.checks.questions import Choice, Question, QuestionKind

Thing = TypeVar("Thing")

LEAST_FOR_ADAPTIVE = 10
"""With fewer questions there is nothing to choose from; all are asked."""

USUAL_COUNT = 20
"""Questions that an adaptive check asks at most where its teacher named no number."""

CERTAIN = 0.6
"""A competency is certain when its ability is known within so many logits (one standard deviation); 1 before any answer."""

ZONE = (0.50, 0.85)
"""Chances of success between which a question is neither too hard nor too easy."""

LEAST_CHANCE = 0.50
ENOUGH_TO_END = 4
"""An attempt ends before a question with less than this chance of success, from so many answers on."""

_ALIKE = 0.95
"""Questions that say at least this part of what the best one says are as good; the seed chooses, so that classes see more."""


def shuffled(things: Sequence[Thing], seed: int, about: str = "") -> list[Thing]:
    """The things in an order that the seed decides; ``about`` tells one shuffle of an attempt from another."""
    mixed = list(things)
    random.Random(f"{seed}:{about}").shuffle(mixed)  # noqa: S311 - an order, no secret.
    return mixed


def is_adaptive(selection: Selection, questions: int) -> bool:
    """Whether a check with so many questions chooses the next one by the answers so far."""
    return selection is Selection.ADAPTIVE and questions >= LEAST_FOR_ADAPTIVE


def drawn(ids: Sequence[str], selection: Selection, count: int | None, seed: int, *, mixed: bool) -> list[str]:
    """The questions that an attempt begins with, in order; for an adaptive one none yet, see ``next_one``."""
    if is_adaptive(selection, len(ids)):
        return []
    if selection is Selection.RANDOM and count is not None and count < len(ids):
        chosen = set(shuffled(ids, seed, "draw")[:count])
        ids = [one for one in ids if one in chosen]
    return shuffled(ids, seed, "order") if mixed else list(ids)


def next_one(
    items: Sequence[Item], given: Sequence[Given], count: int | None, seed: int, certain: float = CERTAIN
) -> str | None:
    """The question that an adaptive attempt asks next; None when it has asked enough."""
    asked = {answer.item.id for answer in given}
    if len(given) >= (count or USUAL_COUNT):
        return None
    left = [one for one in items if one.id not in asked]
    competencies = list(dict.fromkeys(about for one in items for about in one.about))
    ability = estimate(given, competencies)
    for competency in _uncertain(ability, competencies, certain):
        among = [one for one in left if competency in one.about]
        if among:
            return _most_telling(among, ability, seed).id
    return None


def is_beyond(items: Sequence[Item], given: Sequence[Given], one: str) -> bool:
    """Whether the question that would come next is beyond the student, so that an attempt ends: after a few answers, less than an
    even chance. Nothing that is left is easier by much, and what is left counts by its estimated chance.
    """
    if len(given) < ENOUGH_TO_END:
        return False
    item = next(item for item in items if item.id == one)
    return chance(estimate(given, item.about).of(item), item) < LEAST_CHANCE


def _uncertain(ability: Ability, competencies: Sequence[str], certain: float) -> list[str]:
    """The competencies that are not certain yet, the least certain first; as they come where they are alike."""
    deviations = {one: ability.deviations.get(one, 0.0) for one in competencies or [NOTHING]}
    return sorted((one for one in deviations if deviations[one] > certain), key=lambda one: -round(deviations[one], 6))


def _most_telling(items: Sequence[Item], ability: Ability, seed: int) -> Item:
    low, high = ZONE
    chances = {one.id: chance(ability.of(one), one) for one in items}
    within = [one for one in items if low <= chances[one.id] <= high]
    if not within:
        nearest = min(_outside(chances[one.id]) for one in items)
        within = [one for one in items if _outside(chances[one.id]) <= nearest + 0.01]
    tells = {one.id: information(ability.of(one), one) for one in within}
    most = max(tells.values())
    alike = sorted((one for one in within if tells[one.id] >= _ALIKE * most), key=lambda one: one.id)
    return shuffled(alike, seed, f"next:{len(items)}")[0]


def _outside(right: float) -> float:
    """How far a chance is outside the zone."""
    return max(ZONE[0] - right, right - ZONE[1], 0.0)


def arranged(question: Question, seed: int, about: str) -> tuple[Choice, ...]:
    """A question's choices as they are shown: mixed by the seed where the question wants it, and always what is to be ordered.

    Things to be ordered never stand in the right order at first.
    """
    if question.kind is QuestionKind.ORDER:
        mixed = shuffled(question.choices, seed, about)
        if [one.id for one in mixed] == [one.id for one in question.choices]:
            mixed = [*mixed[1:], *mixed[:1]]
        return tuple(mixed)
    if not question.shuffled or question.kind is QuestionKind.GAPS:
        return question.choices
    return tuple(shuffled(question.choices, seed, about))
