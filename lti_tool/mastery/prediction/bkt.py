"""Bayesian knowledge tracing with forgetting."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from lti_tool.mastery.prediction.base import Model, Observation, State

_EDGE = 1e-6


@dataclass(frozen=True, slots=True)
class KnowledgeTracing(Model):
    """A competency is known or not; each answer tells which is likelier, and between answers it is learned or forgotten.

    ``P(right) = L (1 - slip) + (1 - L) guess``. After an answer, by Bayes,
    ``L' = L (1 - slip) / P(right)`` if it was right and ``L slip / P(wrong)`` if wrong; before the next,
    ``L = L' (1 - forget) + (1 - L') learn``. A share ``y`` of the points counts as ``y`` right and ``1 - y`` wrong.

    Source: A. Corbett, J. Anderson, "Knowledge tracing: modeling the acquisition of procedural knowledge", User Modeling
    and User-Adapted Interaction 4 (1995); forgetting as in M. Khajah, R. Lindsey, M. Mozer, "How deep is knowledge
    tracing?", EDM 2016. Items and times are not looked at.

    :meth:`fit` estimates the five numbers of each competency by expectation-maximisation (Baum-Welch for two states), drawn
    towards the defaults by ``strength`` imagined answers, with guess and slip kept at most 0.4 so that *known* keeps meaning it.

    Learner: ``in`` {competency: L}. Shared: ``competencies`` {name: [L at first, learn, slip, guess, forget]}.
    """

    name: ClassVar[str] = "bkt"

    known: float = 0.5
    learn: float = 0.2
    slip: float = 0.2
    guess: float = 0.3
    forget: float = 0.1
    strength: float = 10.0
    rounds: int = 12
    most_answers: int = 4000
    """Of one competency, that are looked at in fitting: more change the third decimal."""

    def new_shared(self) -> State:
        return {"answers": 0, "competencies": {}}

    def new_learner(self) -> State:
        return {"all": [], "in": {}}

    def _numbers(self, shared: State, competency: str) -> list[float]:
        found: list[float] | None = shared["competencies"].get(competency)
        return [self.known, self.learn, self.slip, self.guess, self.forget] if found is None else found

    def predict(
        self, shared: State, learner: State, competency: str, item: str | None = None, at: float | None = None
    ) -> float:
        known, _, slip, guess, _ = self._numbers(shared, competency)
        known = learner["in"].get(competency, known)
        p: float = known * (1.0 - slip) + (1.0 - known) * guess
        return min(max(p, _EDGE), 1.0 - _EDGE)

    def update(self, shared: State, learner: State, observation: Observation, *, learn: bool = True) -> float:
        competency, correct = observation.competency, observation.correct
        first, learning, slip, _, forget = self._numbers(shared, competency)
        known = learner["in"].get(competency, first)
        p = self.predict(shared, learner, competency)
        if_right = known * (1.0 - slip) / p
        if_wrong = known * slip / (1.0 - p)
        after = min(correct * if_right + (1.0 - correct) * if_wrong, 1.0)
        learner["in"][competency] = after * (1.0 - forget) + (1.0 - after) * learning
        if learn:
            shared["answers"] += 1
        return p

    def fit(self, observations: Iterable[Observation]) -> State:
        shared = self.new_shared()
        sequences: dict[str, dict[str, list[float]]] = {}
        for learner, competency, correct, _, _ in observations:
            sequences.setdefault(competency, {}).setdefault(learner, []).append(correct)
            shared["answers"] += 1
        for competency, by_learner in sequences.items():
            shared["competencies"][competency] = self._estimate(list(by_learner.values()))
        return shared

    def _estimate(self, sequences: list[list[float]]) -> list[float]:
        room, some = self.most_answers, []
        for sequence in sequences:
            if room <= 0:
                break
            some.append(sequence)
            room -= len(sequence)
        start = (self.known, self.learn, self.slip, self.guess, self.forget)
        numbers = start
        for _ in range(self.rounds):
            # What is expected, and out of how much: known at first, learned, slipped, guessed, forgotten.
            happened = [self.strength * number for number in start]
            could = [self.strength] * 5
            for sequence in some:
                _expect(sequence, numbers, happened, could)
            known, learning, slip, guess, forget = (a / b for a, b in zip(happened, could, strict=True))
            numbers = (known, learning, min(slip, 0.4), min(guess, 0.4), forget)
        return list(numbers)


def _expect(sequence: list[float], numbers: tuple[float, ...], happened: list[float], could: list[float]) -> None:
    """One learner's forward-backward pass; adds the expected counts."""
    known, learning, slip, guess, forget = numbers
    # Forward: how likely each answer is if known (a) and if not (b), and L before and after each answer.
    ahead, posterior = [], []
    for y in sequence:
        if_known, if_not = y * (1.0 - slip) + (1.0 - y) * slip, y * guess + (1.0 - y) * (1.0 - guess)
        after = known * if_known / (known * if_known + (1.0 - known) * if_not)
        ahead.append((if_known, if_not))
        posterior.append(after)
        known = after * (1.0 - forget) + (1.0 - after) * learning
    # Backward: what the answers that follow say about each moment, as a ratio of known to not.
    smooth = posterior[-1]
    right_if_known, right_if_not = 1.0, 1.0
    for k in range(len(sequence) - 1, -1, -1):
        if k < len(sequence) - 1:
            a, b = ahead[k + 1][0] * right_if_known, ahead[k + 1][1] * right_if_not
            was = posterior[k]
            stays, lost = was * (1.0 - forget) * a, was * forget * b
            gained, never = (1.0 - was) * learning * a, (1.0 - was) * (1.0 - learning) * b
            total = stays + lost + gained + never
            smooth = (stays + lost) / total
            happened[1] += gained / total
            could[1] += (gained + never) / total
            happened[4] += lost / total
            could[4] += (stays + lost) / total
            right_if_known = (1.0 - forget) * a + forget * b
            right_if_not = learning * a + (1.0 - learning) * b
            scale = right_if_known + right_if_not
            right_if_known, right_if_not = right_if_known / scale, right_if_not / scale
        y = sequence[k]
        happened[2] += smooth * (1.0 - y)
        could[2] += smooth
        happened[3] += (1.0 - smooth) * y
        could[3] += 1.0 - smooth
    happened[0] += smooth
    could[0] += 1.0
