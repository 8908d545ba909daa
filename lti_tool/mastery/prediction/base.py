"""What every prediction model has in common: what goes in, how state is kept, and what may be asked of it.

Models are stateless: an instance holds constants only. What is learned stands in two kinds of plain dictionaries that JSON
can hold as they are:

- **shared**: what a course's answers have taught about competencies and items (``"competencies"``, ``"items"``) and about how
  to weigh what is known of a learner (``"weights"``), with the number of ``"answers"`` it was learned from. Nothing in it
  names a learner. Only the entries of the competency and item at hand are read, so a caller may load just those.
- **learner**: what one learner's answers in one course have shown, in ``"all"`` (over all competencies) and ``"in"`` (by
  competency); a few numbers each.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

State = dict[str, Any]
"""A JSON object; see the module's text and each model for what stands in it."""

_FARTHEST = 12.0
"""Log-odds beyond this are taken for this: no prediction is nearer to 0 or 1 than 6 in a million."""


class Observation(NamedTuple):
    """One answer. This is all a model is ever told: nothing about who the learner is, only which one.

    An answer that shows several competencies is one observation for each of them; where a source reports combinations
    only, a combination is a competency of its own.
    """

    learner: str
    """An opaque name, to tell learners apart in :meth:`Model.run`; no model looks at it."""
    competency: str
    correct: float
    """1 right, 0 wrong; a share of the possible points between."""
    item: str | None = None
    """What was answered, where that is known."""
    at: float | None = None
    """When, in seconds since 1970 (UTC), where that is known."""


def probability(log_odds: float) -> float:
    """The logistic function, kept strictly between 0 and 1."""
    if log_odds > _FARTHEST:
        log_odds = _FARTHEST
    elif log_odds < -_FARTHEST:
        log_odds = -_FARTHEST
    return 1.0 / (1.0 + math.exp(-log_odds))


class Model(ABC):
    """A model that predicts the next answer and learns from each in constant time."""

    name: ClassVar[str]
    """Its name on the command line and in stored versions."""

    @abstractmethod
    def new_shared(self) -> State:
        """Shared state before any answer, with the defaults we ship."""

    @abstractmethod
    def new_learner(self) -> State:
        """A learner of whom nothing is known."""

    @abstractmethod
    def predict(
        self, shared: State, learner: State, competency: str, item: str | None = None, at: float | None = None
    ) -> float:
        """The probability, strictly between 0 and 1, that the learner's next answer is right. Changes nothing."""

    @abstractmethod
    def update(self, shared: State, learner: State, observation: Observation, *, learn: bool = True) -> float:
        """Take in one answer; returns what was predicted before it.

        ``learner`` always changes. ``shared`` changes only with ``learn``: without, it is a version that stands still, and
        the learner's state is a pure function of it and of the learner's answers in order.
        """

    def run(
        self,
        shared: State,
        observations: Iterable[Observation],
        learners: dict[str, State] | None = None,
        *,
        learn: bool = True,
    ) -> list[float]:
        """Take in many answers of many learners in the order given; returns what was predicted before each.

        ``learners`` holds their states by name, is added to, and may be looked at afterwards.
        """
        known = {} if learners is None else learners
        update, new_learner = self.update, self.new_learner
        predicted = []
        for observation in observations:
            learner = known.get(observation[0])
            if learner is None:
                learner = known[observation[0]] = new_learner()
            predicted.append(update(shared, learner, observation, learn=learn))
        return predicted

    def fit(self, observations: Iterable[Observation]) -> State:
        """Shared state learned from answers in time order.

        This is how a version of a course's difficulties is made: the same answers give the same version.
        """
        shared = self.new_shared()
        self.run(shared, observations)
        return shared

    def replay(self, shared: State, learner: State, observations: Iterable[Observation]) -> State:
        """The learner from the beginning, by ``observations`` in time order, e.g. those that are left after a void.

        Begins from what ``learner`` was seeded with, if anything, and touches neither ``shared`` nor anybody else.
        """
        again = self.restart(learner)
        for observation in observations:
            self.update(shared, again, observation, learn=False)
        return again

    def seed(self, others: Iterable[State]) -> State:
        """A new learner, given the same person's states of other courses. Models without such a carry-over begin anew."""
        return self.new_learner()

    def restart(self, learner: State) -> State:
        """The learner as before the first answer in this course: new, or as seeded."""
        new = self.new_learner()
        seed = learner.get("seed")
        if seed is not None:
            new["seed"] = seed
            new["all"] = list(seed["all"])
            new["in"] = {competency: list(values) for competency, values in seed["in"].items()}
        return new


def version_due(answers_then: int, answers_now: int) -> bool:
    """Whether a new version of a course's difficulties is worth making: at a quarter as many answers again, from 20 on.

    Going through all answers at each such step costs five times the answers in all, so it stays constant per answer.
    """
    return answers_now >= max(20, answers_then + answers_then // 4)
