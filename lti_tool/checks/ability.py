"""Where a student stands by what they answered, and how hard questions are. Pure.

The chance of a right answer is ``guess + (1 - guess) * sigmoid(ability - difficulty)``, in logits (the Rasch model with a floor
for guessing). A student has one ability for all and, for each competency, how far they differ there; before any answer the
first is 0 ± 0.8 and the second 0 ± 0.6, together 0 ± 1. The estimate is the most likely one, found by Fisher scoring, and its
certainty the curvature there (Lord, *Applications of Item Response Theory*, 1980). A share between 0 and 1 counts in part.

Difficulties are learned as Elo ratings whose steps become smaller with the count (Pelánek, *Applications of the Elo rating system
in adaptive educational systems*, Computers & Education 98, 2016); the constants were tuned on recorded answers for the
predictions, which use the same.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SHARED_VARIANCE = 0.64
OWN_VARIANCE = 0.36
"""What is known before any answer: of the ability for all, and of the difference in one competency."""

MOST_GUESS = 0.5
FARTHEST = 6.0
"""Logits from 0 that a difficulty can get."""

_STEP = 0.84
_SLOWER = 0.105
_ROUNDS = 20
_MOST_COMPETENCIES = 30
_FOLDS = 10

NOTHING = ""
"""The competency of a question without one."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question as it is chosen. ``guess``: the chance of a right answer without knowing, 0 to 1."""

    id: str
    difficulty: float = 0.0
    guess: float = 0.0
    competencies: tuple[str, ...] = ()

    @property
    def about(self) -> tuple[str, ...]:
        """Its competencies; never empty."""
        return self.competencies or (NOTHING,)


@dataclass(frozen=True, slots=True)
class Given:
    """An answer: to what, and what it was worth, 0 to 1."""

    item: Item
    share: float


@dataclass(frozen=True, slots=True)
class Ability:
    """Where a student stands: logits, and how far that may be off (standard deviations), by competency."""

    means: Mapping[str, float]
    deviations: Mapping[str, float]

    def of(self, item: Item) -> float:
        """The ability that an item asks for."""
        return sum(self.means.get(one, 0.0) for one in item.about) / len(item.about)


def sigmoid(value: float) -> float:
    """From 0 to 1; no number is too large for it."""
    return 0.5 * (1.0 + math.tanh(value / 2.0))


def chance(ability: float, item: Item) -> float:
    """The chance of a right answer, 0 to 1."""
    guess = min(max(item.guess, 0.0), MOST_GUESS)
    return guess + (1.0 - guess) * sigmoid(ability - item.difficulty)


def information(ability: float, item: Item) -> float:
    """How much an answer would say about the ability (Fisher's information, at most 0.25)."""
    right = chance(ability, item)
    rises = _slope(ability, item)
    return rises * rises / max(right * (1.0 - right), 1e-9)


def _slope(ability: float, item: Item) -> float:
    known = sigmoid(ability - item.difficulty)
    return (1.0 - min(max(item.guess, 0.0), MOST_GUESS)) * known * (1.0 - known)


def estimate(given: Sequence[Given], competencies: Sequence[str]) -> Ability:
    """The ability by these answers in these competencies (and in those the answers are about). No answers: 0 ± 1."""
    names = list(dict.fromkeys([*competencies, *(one for answer in given for one in answer.item.about)]))
    names = names[:_MOST_COMPETENCIES] or [NOTHING]
    places = {name: place + 1 for place, name in enumerate(names)}
    loads = [_loads(answer.item, places) for answer in given]
    priors = [1.0 / SHARED_VARIANCE] + [1.0 / OWN_VARIANCE] * len(names)
    where = [0.0] * len(priors)
    for _ in range(_ROUNDS):
        gradient, curvature = _around(given, loads, priors, where)
        step = _solve(curvature, gradient)
        largest = max(abs(one) for one in step)
        # A step of more than two logits comes from a tail where the curve is flat, and would overshoot.
        scale = min(1.0, 2.0 / largest) if largest else 1.0
        where = [old + scale * change for old, change in zip(where, step, strict=True)]
        if largest < 1e-6:
            break
    _, curvature = _around(given, loads, priors, where)
    deviations = {}
    for name, place in places.items():
        direction = [1.0 if one in {0, place} else 0.0 for one in range(len(priors))]
        spread = _solve(curvature, direction)
        deviations[name] = math.sqrt(spread[0] + spread[place])
    return Ability({name: where[0] + where[place] for name, place in places.items()}, deviations)


def _loads(item: Item, places: Mapping[str, int]) -> dict[int, float]:
    """How much each part of an ability counts for an item, by place: the one for all fully, its competencies on average."""
    return {0: 1.0} | {places[one]: 1.0 / len(item.about) for one in item.about if one in places}


def _around(
    given: Sequence[Given], loads: Sequence[Mapping[int, float]], priors: Sequence[float], where: Sequence[float]
) -> tuple[list[float], list[list[float]]]:
    """The gradient of the likelihood, and its expected curvature."""
    size = len(priors)
    gradient = [-priors[one] * where[one] for one in range(size)]
    curvature = [[priors[one] if one == other else 0.0 for other in range(size)] for one in range(size)]
    for answer, load in zip(given, loads, strict=True):
        ability = sum(where[place] * much for place, much in load.items())
        right = chance(ability, answer.item)
        rises = _slope(ability, answer.item)
        spread = max(right * (1.0 - right), 1e-9)
        pull, weight = (answer.share - right) * rises / spread, rises * rises / spread
        for place, much in load.items():
            gradient[place] += pull * much
            for other, also in load.items():
                curvature[place][other] += weight * much * also
    return gradient, curvature


def _solve(matrix: Sequence[Sequence[float]], wanted: Sequence[float]) -> list[float]:
    """The solution of a system whose matrix is positive definite, as a curvature with a prior is: Gauss's elimination."""
    size = len(wanted)
    rows = [[*matrix[one], wanted[one]] for one in range(size)]
    for place in range(size):
        pivot = rows[place]
        for below in rows[place + 1 :]:
            factor = below[place] / pivot[place]
            if factor:
                for column in range(place, size + 1):
                    below[column] -= factor * pivot[column]
    found = [0.0] * size
    for place in reversed(range(size)):
        known = sum(rows[place][other] * found[other] for other in range(place + 1, size))
        found[place] = (rows[place][size] - known) / rows[place][place]
    return found


# --- What an adaptive attempt is worth ---------------------------------------------------------------------------------


def told_as(share: float, answers: int) -> list[bool]:
    """A share of all questions as so many answers, right or wrong, that say the same: spread evenly.

    The first is right where at least half of them are.
    """
    right = _half_up(min(max(share, 0.0), 1.0) * answers)
    return [_half_up((one + 1) * right / answers) > _half_up(one * right / answers) for one in range(answers)]


def _half_up(value: float) -> int:
    """To the nearest whole number. Rounded before, so that a sum's last digit does not decide."""
    return math.floor(round(value, 6) + 0.5)


# --- Difficulty -------------------------------------------------------------------------------------------------------


def learned(item: Item, answers: int, ability: float, share: float) -> float:
    """The difficulty after one more first answer; ``answers`` were there before, ``ability`` is known without this one."""
    step = _STEP / (1.0 + _SLOWER * max(answers, 0))
    difficulty = item.difficulty - step * (share - chance(ability, item))
    return min(FARTHEST, max(-FARTHEST, difficulty))


def without_each(given: Sequence[Given]) -> list[float]:
    """For each answer the ability it was given with, by others alone: an answer must not explain itself.

    Of many answers a tenth at a time is left out, which takes ten estimates however many there are.
    """
    folds = min(len(given), _FOLDS)
    found = [0.0] * len(given)
    for fold in range(folds):
        out = [place for place in range(len(given)) if place % folds == fold]
        others = [answer for place, answer in enumerate(given) if place % folds != fold]
        ability = estimate(others, [about for place in out for about in given[place].item.about])
        for place in out:
            found[place] = ability.of(given[place].item)
    return found
