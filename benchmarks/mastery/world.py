"""A made-up school whose truth is known: abilities, difficulties, learning and forgetting, in log-odds.

Stands in for real answers where there are none, as in the tests. Real pupils are not like this; it shows that models find
what is there, not how well they do in a classroom.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from lti_tool.mastery.prediction import Observation

_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class World:
    """Spreads are standard deviations; rates are per answer and per day."""

    learners: int = 300
    answers: int = 100
    competencies: int = 20
    items: int = 15
    """In each competency; 0 leaves items out."""
    ability: float = 1.0
    inside: float = 0.7
    competency: float = 0.8
    item: float = 0.9
    learning: float = 0.12
    """What an answer adds to the learner's strength in its competency."""
    forgetting: float = 0.03
    """The share of what was learned that a day takes away."""
    sitting: int = 10
    """Answers in one sitting, a minute each; then days pass."""
    seed: int = 1

    def answered(self) -> Iterator[tuple[Observation, float]]:
        """Answers in the order of learners and times, each with the true chance that it is right."""
        chance = random.Random(self.seed)
        hardness = [chance.gauss(0, self.competency) for _ in range(self.competencies)]
        items = [[chance.gauss(0, self.item) for _ in range(self.items)] for _ in range(self.competencies)]
        for number in range(self.learners):
            ability = chance.gauss(0, self.ability)
            strength = [ability + chance.gauss(0, self.inside) for _ in range(self.competencies)]
            learned = [0.0] * self.competencies
            last = [0.0] * self.competencies
            now, at_work = 1.7e9 + chance.random() * _DAY, 0
            for answer in range(self.answers):
                if answer % self.sitting == 0:
                    now += _DAY * chance.expovariate(1 / 4)
                if answer % 5 == 0:
                    at_work = chance.randrange(self.competencies)
                now += 60
                learned[at_work] *= math.exp(-self.forgetting * (now - last[at_work]) / _DAY) if last[at_work] else 1.0
                last[at_work] = now
                log_odds = strength[at_work] + learned[at_work] - hardness[at_work]
                item = None
                if self.items:
                    which = chance.randrange(self.items)
                    log_odds -= items[at_work][which]
                    item = f"c{at_work}-i{which}"
                p = 1 / (1 + math.exp(-log_odds))
                correct = float(chance.random() < p)
                learned[at_work] += self.learning
                yield Observation(f"learner-{number}", f"c{at_work}", correct, item, now), p
