"""The default: Elo, with recent form, practice and time in the same sum."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from lti_tool.mastery.prediction.base import Model, Observation, State, probability

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Hybrid(Model):
    """Elo's abilities and difficulties, and what a recency logistic knows, weighed by eight coefficients.

    ``log-odds = w · x + g_c ln(1 + n) - d_c``, where ``x`` is

    =========== ===========================================================================================================
    base        1
    ability     the learner's ability in all, as in Elo
    inside      the learner's ability in the competency, as in Elo
    form        recent answers in the competency: a running mean of +1 for right and -1 for wrong, from 0
    all_form    the same over all competencies
    first       1 at the learner's first answer in the competency, else 0
    gap         ``ln(1 + hours)`` since the learner's last answer in the competency, where times are known, else 0
    item        minus ``d_i``, how much harder than its competency the item is, where items are known, else 0
    =========== ===========================================================================================================

    ``n`` counts the learner's earlier answers in the competency; ``g_c`` is what practice brings there, never below 0; ``d_c`` is
    the competency's difficulty. An item that nobody has answered stands at its competency's difficulty, and moves from there;
    where items turn out to tell nothing, as those that every learner has alone, their coefficient goes to 0.

    After an answer ``y`` one number, the surprise ``y - p``, moves everything: abilities up by ``K(n) (y - p)``, difficulties
    down, with ``K(n) = first / (1 + fall n)``; ``g_c`` and ``w`` along their gradients (stochastic gradient ascent on the
    likelihood). Coefficients keep their meaning: those of abilities, forms and items never fall below 0, those of
    ``first`` and ``gap`` never rise above it. So a right answer never lowers what is predicted for the same moment.

    Sources: Elo as in :mod:`lti_tool.mastery.prediction.elo`, form as in :mod:`lti_tool.mastery.prediction.recency`, the
    weighing of counts, skills and items in one logistic regression as in T. Gervet, K. Koedinger, J. Schneider,
    T. Mitchell, "When is deep learning the best approach to knowledge tracing?", Journal of Educational Data Mining 12
    (2020). Where the numbers come from: docs/adr/0014-predictions.md.

    Learner: ``all`` [ability, answers, form], ``in`` {competency: [ability, answers, form, last answer in seconds or None]}.
    Shared: ``weights`` w, ``competencies`` {name: [difficulty, answers, g]}, ``items`` {name: [difficulty, answers]}.
    """

    name: ClassVar[str] = "hybrid"

    #                            base ability inside form all_form first gap item
    weights: tuple[float, ...] = (0.3, 0.25, 0.17, 0.33, 0.62, -0.45, -0.06, 1.0)
    overall: tuple[float, float] = (0.9, 0.018)
    inside: tuple[float, float] = (0.6, 0.07)
    competency: tuple[float, float] = (0.38, 0.057)
    item: tuple[float, float] = (0.6, 0.09)
    practice: tuple[float, float] = (0.15, 0.08)
    weight: tuple[float, float] = (0.02, 0.001)
    form: float = 0.5
    all_form: float = 0.16
    haste: float = 3.0
    """How many times faster the items' coefficient moves: items that tell nothing should do no harm for long."""
    known_elsewhere: float = 10.0
    """How many answers what is known from other courses weighs at most."""

    def new_shared(self) -> State:
        return {"answers": 0, "weights": list(self.weights), "competencies": {}, "items": {}}

    def new_learner(self) -> State:
        return {"all": [0.0, 0, 0.0], "in": {}}

    def predict(
        self, shared: State, learner: State, competency: str, item: str | None = None, at: float | None = None
    ) -> float:
        ability, _, all_form = learner["all"]
        base, by_ability, by_inside, by_form, by_all_form, by_first, by_gap, by_item = shared["weights"]
        log_odds = base + by_ability * ability + by_all_form * all_form
        known = shared["competencies"].get(competency)
        mine = learner["in"].get(competency)
        if mine is None:
            log_odds += by_first
        else:
            inside, answers, form, last = mine
            log_odds += by_inside * inside + by_form * form
            if answers:
                if known is not None:
                    log_odds += known[2] * math.log1p(answers)
                if at is not None and last is not None and at > last:
                    log_odds += by_gap * math.log1p((at - last) / _HOUR)
            else:
                log_odds += by_first
        if known is not None:
            log_odds -= known[0]
        if item is not None and (known := shared["items"].get(item)) is not None:
            log_odds -= by_item * known[0]
        return probability(log_odds)

    def update(self, shared: State, learner: State, observation: Observation, *, learn: bool = True) -> float:
        _, competency, correct, item, at = observation
        p = self.predict(shared, learner, competency, item, at)
        surprise = correct - p
        overall = learner["all"]
        mine = learner["in"].get(competency)
        if mine is None:
            mine = learner["in"][competency] = [0.0, 0, 0.0, None]
        if learn:
            self._learn(shared, overall, mine, surprise, competency, item, at)
        target = 2.0 * correct - 1.0
        first, fall = self.overall
        overall[0] += first / (1.0 + fall * overall[1]) * surprise
        overall[1] += 1
        overall[2] += self.all_form * (target - overall[2])
        first, fall = self.inside
        mine[0] += first / (1.0 + fall * mine[1]) * surprise
        mine[1] += 1
        mine[2] += self.form * (target - mine[2])
        if at is not None:
            mine[3] = at
        return p

    def _learn(
        self,
        shared: State,
        overall: list[float],
        mine: list[Any],
        surprise: float,
        competency: str,
        item: str | None,
        at: float | None,
    ) -> None:
        """Move coefficients and difficulties, given the learner's numbers before the answer."""
        inside, answers, form, last = mine
        weights = shared["weights"]
        first, fall = self.weight
        step = first / (1.0 + fall * shared["answers"]) * surprise
        shared["answers"] += 1
        weights[0] += step
        weights[1] = max(weights[1] + step * overall[0], 0.0)
        weights[4] = max(weights[4] + step * overall[2], 0.0)
        if answers:
            weights[2] = max(weights[2] + step * inside, 0.0)
            weights[3] = max(weights[3] + step * form, 0.0)
            if at is not None and last is not None and at > last:
                weights[6] = min(weights[6] + step * math.log1p((at - last) / _HOUR), 0.0)
        else:
            weights[5] = min(weights[5] + step, 0.0)
        known = shared["competencies"].get(competency)
        if known is None:
            known = shared["competencies"][competency] = [0.0, 0, 0.0]
        first, fall = self.competency
        known[0] -= first / (1.0 + fall * known[1]) * surprise
        if answers:
            first, fall = self.practice
            known[2] = max(known[2] + first / (1.0 + fall * known[1]) * surprise * math.log1p(answers), 0.0)
        known[1] += 1
        if item is not None:
            known = shared["items"].get(item)
            if known is None:
                known = shared["items"][item] = [0.0, 0]
            first, fall = self.item
            difficulty = known[0]
            weights[7] = max(weights[7] - self.haste * step * difficulty, 0.0)
            known[0] = difficulty - first / (1.0 + fall * known[1]) * surprise
            known[1] += 1

    def seed(self, others: Iterable[State]) -> State:
        """A new learner who begins with what the same person's other courses show, drawn towards the average learner.

        Abilities are means weighted by answers, as if ``known_elsewhere`` more answers had shown an average learner; form,
        practice and times begin anew. Which courses may be used is the organisation's decision, not the model's.
        """
        total, ability = 0.0, 0.0
        inside: dict[str, list[float]] = {}
        for other in others:
            total += other["all"][1]
            ability += other["all"][0] * other["all"][1]
            for competency, values in other["in"].items():
                sums = inside.setdefault(competency, [0.0, 0.0])
                sums[0] += values[0] * values[1]
                sums[1] += values[1]
        new = self.new_learner()
        if total:
            less = self.known_elsewhere
            new["all"] = [ability / (total + less), min(total, less), 0.0]
            new["in"] = {name: [sums[0] / (sums[1] + less), 0, 0.0, None] for name, sums in inside.items() if sums[1]}
            new["seed"] = {"all": list(new["all"]), "in": {name: list(values) for name, values in new["in"].items()}}
        return new
