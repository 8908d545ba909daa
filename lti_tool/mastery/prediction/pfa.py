"""Performance factors: what counts is how often the learner was right and wrong in the competency."""

import math
from dataclasses import dataclass
from typing import ClassVar

from lti_tool.mastery.prediction.base import Model, Observation, State, probability


@dataclass(frozen=True, slots=True)
class PerformanceFactors(Model):
    """``log-odds = b_c + g_c ln(1 + right) + r_c ln(1 + wrong)``, with the learner's earlier answers in the competency.

    Source: P. Pavlik, H. Cen, K. Koedinger, "Performance factors analysis", AIED 2009, whose counts stand here under a
    logarithm: the tenth right answer tells less than the second. Items and times are not looked at.

    The three numbers of each competency are learned by stochastic gradients on the log loss, with a pace that falls as
    ``first / (1 + fall n)`` by the competency's answers ``n``.

    Learner: ``in`` {competency: [right, wrong]}. Shared: ``competencies`` {name: [b, g, r, answers]}.
    """

    name: ClassVar[str] = "pfa"

    easiness: float = 0.2
    right: float = 0.7
    wrong: float = -0.5
    first: float = 0.2
    fall: float = 0.01

    def new_shared(self) -> State:
        return {"answers": 0, "competencies": {}}

    def new_learner(self) -> State:
        return {"all": [], "in": {}}

    def predict(
        self, shared: State, learner: State, competency: str, item: str | None = None, at: float | None = None
    ) -> float:
        right, wrong = learner["in"].get(competency, (0.0, 0.0))
        b, g, r, _ = shared["competencies"].get(competency) or (self.easiness, self.right, self.wrong, 0)
        return probability(b + g * math.log1p(right) + r * math.log1p(wrong))

    def update(self, shared: State, learner: State, observation: Observation, *, learn: bool = True) -> float:
        competency, correct = observation.competency, observation.correct
        p = self.predict(shared, learner, competency)
        counts = learner["in"].setdefault(competency, [0.0, 0.0])
        if learn:
            shared["answers"] += 1
            known = shared["competencies"].setdefault(competency, [self.easiness, self.right, self.wrong, 0])
            step = self.first / (1.0 + self.fall * known[3]) * (correct - p)
            known[0] += step
            known[1] += step * math.log1p(counts[0])
            known[2] += step * math.log1p(counts[1])
            known[3] += 1
        counts[0] += correct
        counts[1] += 1.0 - correct
        return p
