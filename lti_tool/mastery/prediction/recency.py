"""A recency logistic: recent answers count most, in the competency and in all."""

import math
from dataclasses import dataclass
from typing import ClassVar

from lti_tool.mastery.prediction.base import Model, Observation, State, probability


@dataclass(frozen=True, slots=True)
class Recency(Model):
    """A logistic regression of seven coefficients on what a learner's recent answers were like.

    ``log-odds = w · (1, quick, slow, ln(1 + right), ln(1 + wrong), all, first) - d_c``. ``quick`` and ``slow`` are the learner's
    *form* in the competency, ``all`` that over all competencies: a running mean of +1 for right and -1 for wrong that begins
    at 0 and moves by a constant share of the way, so that newer answers weigh more. ``first`` is 1 at the first answer in the
    competency. The idea is that of A. Galyardt, I. Goldin, "Move your lamp post: recent data reflects learner knowledge better
    than older data", Journal of Educational Data Mining 7 (2015). Items and times are not looked at.

    Coefficients and the competencies' difficulties ``d_c`` are learned by stochastic gradients on the log loss.

    Learner: ``all`` [form], ``in`` {competency: [quick, slow, right, wrong]}. Shared: ``weights`` w, ``competencies``
    {name: [difficulty, answers]}.
    """

    name: ClassVar[str] = "recency"

    weights: tuple[float, ...] = (0.2, 0.4, 0.4, 0.2, -0.2, 0.8, -0.3)
    quick: float = 0.35
    slow: float = 0.1
    overall: float = 0.05
    competency: tuple[float, float] = (0.3, 0.03)
    weight: tuple[float, float] = (0.03, 0.001)

    def new_shared(self) -> State:
        return {"answers": 0, "weights": list(self.weights), "competencies": {}}

    def new_learner(self) -> State:
        return {"all": [0.0], "in": {}}

    def predict(
        self, shared: State, learner: State, competency: str, item: str | None = None, at: float | None = None
    ) -> float:
        difficulty = shared["competencies"].get(competency, (0.0,))[0]
        features = _features(learner, competency)
        return probability(sum(map(float.__mul__, shared["weights"], features)) - difficulty)

    def update(self, shared: State, learner: State, observation: Observation, *, learn: bool = True) -> float:
        competency, correct = observation.competency, observation.correct
        p = self.predict(shared, learner, competency)
        surprise = correct - p
        if learn:
            first, fall = self.weight
            step = first / (1.0 + fall * shared["answers"]) * surprise
            features = _features(learner, competency)
            shared["weights"] = [w + step * x for w, x in zip(shared["weights"], features, strict=True)]
            shared["answers"] += 1
            known = shared["competencies"].setdefault(competency, [0.0, 0])
            first, fall = self.competency
            known[0] -= first / (1.0 + fall * known[1]) * surprise
            known[1] += 1
        mine = learner["in"].setdefault(competency, [0.0, 0.0, 0.0, 0.0])
        form = 2.0 * correct - 1.0
        mine[0] += self.quick * (form - mine[0])
        mine[1] += self.slow * (form - mine[1])
        mine[2] += correct
        mine[3] += 1.0 - correct
        learner["all"][0] += self.overall * (form - learner["all"][0])
        return p


def _features(learner: State, competency: str) -> tuple[float, ...]:
    mine = learner["in"].get(competency)
    if mine is None:
        return 1.0, 0.0, 0.0, 0.0, 0.0, learner["all"][0], 1.0
    quick, slow, right, wrong = mine
    return 1.0, quick, slow, math.log1p(right), math.log1p(wrong), learner["all"][0], 0.0
