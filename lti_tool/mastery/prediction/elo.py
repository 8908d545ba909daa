"""Elo: learners and tasks play each other, as in chess."""

from dataclasses import dataclass
from typing import ClassVar

from lti_tool.mastery.prediction.base import Model, Observation, State, probability


@dataclass(frozen=True, slots=True)
class Elo(Model):
    """The logistic model with abilities and difficulties that move by each surprise.

    ``p = 1 / (1 + exp(-(a + a_c - d_c - d_i)))`` with the learner's ability ``a`` in all and ``a_c`` in the competency, and the
    difficulties ``d_c`` of the competency and ``d_i`` of the item in it. After an answer ``y`` each moves by
    ``K(n) (y - p)`` (difficulties the other way), where ``n`` counts its earlier answers and ``K(n) = first / (1 + fall n)``.

    Source: R. Pelánek, "Applications of the Elo rating system in adaptive educational systems", Computers & Education 98
    (2016). The pairs ``(first, fall)`` were found on ASSISTments 2009 training learners.

    Learner: ``all`` [ability, answers], ``in`` {competency: [ability, answers]}. Shared: ``competencies`` and ``items``
    {name: [difficulty, answers]}. All in log-odds.
    """

    name: ClassVar[str] = "elo"

    overall: tuple[float, float] = (1.04, 0.114)
    inside: tuple[float, float] = (0.31, 0.046)
    competency: tuple[float, float] = (0.5, 0.05)
    item: tuple[float, float] = (0.84, 0.105)

    def new_shared(self) -> State:
        return {"answers": 0, "competencies": {}, "items": {}}

    def new_learner(self) -> State:
        return {"all": [0.0, 0], "in": {}}

    def predict(
        self, shared: State, learner: State, competency: str, item: str | None = None, at: float | None = None
    ) -> float:
        log_odds = learner["all"][0]
        for values, name, sign in ((learner["in"], competency, 1), (shared["competencies"], competency, -1)):
            if (found := values.get(name)) is not None:
                log_odds += sign * found[0]
        if item is not None and (found := shared["items"].get(item)) is not None:
            log_odds -= found[0]
        return probability(log_odds)

    def update(self, shared: State, learner: State, observation: Observation, *, learn: bool = True) -> float:
        _, competency, correct, item, at = observation
        p = self.predict(shared, learner, competency, item, at)
        surprise = correct - p
        _move(learner["all"], self.overall, surprise)
        _move(learner["in"].setdefault(competency, [0.0, 0]), self.inside, surprise)
        if learn:
            shared["answers"] += 1
            _move(shared["competencies"].setdefault(competency, [0.0, 0]), self.competency, -surprise)
            if item is not None:
                _move(shared["items"].setdefault(item, [0.0, 0]), self.item, -surprise)
        return p


def _move(values: list[float], pace: tuple[float, float], by: float) -> None:
    first, fall = pace
    values[0] += first / (1.0 + fall * values[1]) * by
    values[1] += 1
