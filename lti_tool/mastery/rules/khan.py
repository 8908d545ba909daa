"""Khan Academy's ladder: Attempted, Familiar, Proficient, Mastered; it has demotions of its own.

Source: Khan Academy's support articles 5548760867853 and 115002552631, and its announcement of 2018.

- One exercise: below 70 % Attempted, from 70 % Familiar, without a mistake Proficient. From Proficient, an exercise with a
  mistake leads to Familiar (below 70 % too); from Mastered, one with 70 % to Proficient, one below to Familiar.
- Mixed-skill work: a right answer leads one level up (from nothing to Familiar), a wrong one a level down. Only so is
  Mastered reached.

A whole score that mixes nothing is one exercise. Single answers are gathered into exercises of ``exercise`` first attempts.
A whole score aligned to several competencies lifts nobody above Familiar. Weight has no effect. Attempted stands for Started,
Familiar for Developing, Proficient for Secure.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from lti_tool.mastery.rules.base import Explanation, Rule, Verdict
from lti_tool.mastery.rules.scales import Scale
from lti_tool.mastery.rules.states import Memory, State
from lti_tool.mastery.rules.values import ONE, Observation, Standing

FAMILIAR_FROM = Decimal("0.7")


@dataclass(frozen=True, slots=True)
class Practice(Memory):
    """Answers of the exercise being gathered, and what the last one that moved or held the level was.

    ``by`` is ``exercise``, ``mixed-right``, ``mixed-wrong`` or empty.
    """

    asked: int = 0
    right: int = 0
    by: str = ""
    percent: int = 0


@dataclass(frozen=True, slots=True)
class KhanLadder(Rule):
    """Khan Academy's rule; ``exercise`` is how many single answers make an exercise. Raises ``ValueError`` unless 1 to 50."""

    kind: ClassVar[str] = "khan"
    memory: ClassVar[type[Memory]] = Practice
    exercise: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.exercise <= 50:
            raise ValueError("an exercise has 1 to 50 answers")

    def verdict(self, state: State, observation: Observation, scale: Scale) -> Verdict:
        """One exercise, one mixed answer, or one more answer of an exercise."""
        practice = _practice(state)
        before = max(state.standing, Standing.STARTED)
        if not observation.is_attempt:
            return Verdict(practice, before, scale.for_standing(before), "exercise", counts=False)
        if observation.mixed:
            after = _after_mixed(state.standing, right=observation.right)
            by = "mixed-right" if observation.right else "mixed-wrong"
            return self._said(replace(practice, by=by), before, after, observation, scale, "mixed")
        share = observation.share
        if observation.whole:
            share = share if share is not None else Decimal(observation.right)
            practice = replace(practice, by="exercise", percent=int(share * 100))
            return self._said(practice, before, _after_exercise(before, share), observation, scale, "exercise")
        practice = replace(practice, asked=practice.asked + 1, right=practice.right + observation.right)
        if practice.asked < self.exercise:
            return Verdict(practice, before, scale.for_standing(before), "exercise")
        share = Decimal(practice.right) / practice.asked
        done = Practice(by="exercise", percent=int(share * 100))
        return self._said(done, before, _after_exercise(before, share), observation, scale, "exercise")

    @staticmethod
    def _said(
        practice: Practice, before: Standing, after: Standing, observation: Observation, scale: Scale, why: str
    ) -> Verdict:
        if observation.is_for_several and after.is_secure and after > before:
            after = max(before, Standing.DEVELOPING)
        return Verdict(practice, after, scale.for_standing(after), why)

    def because(self, state: State, scale: Scale) -> Explanation:
        """What moved or held the level last."""
        del scale
        practice = _practice(state)
        if not practice.by:
            return Explanation("khan.begun", {"asked": practice.asked, "exercise": self.exercise})
        return Explanation(f"khan.{practice.by}", {"percent": practice.percent})

    def missing(self, state: State, scale: Scale) -> Explanation | None:
        """An exercise or a mixed answer."""
        if state.standing is Standing.MASTERED:
            return None
        target = next(rung for rung in Standing if rung > max(state.standing, Standing.STARTED))
        level = scale.for_standing(target)
        return Explanation(f"missing.khan-{target.value}", {"level": level.name if level else ""})


def _after_mixed(standing: Standing, *, right: bool) -> Standing:
    if right:
        return {Standing.DEVELOPING: Standing.SECURE, Standing.SECURE: Standing.MASTERED}.get(
            standing, max(standing, Standing.DEVELOPING)
        )
    return max(standing.one_down(), Standing.STARTED)


def _after_exercise(standing: Standing, share: Decimal) -> Standing:
    if share >= ONE:
        return max(standing, Standing.SECURE)
    if standing is Standing.MASTERED and share >= FAMILIAR_FROM:
        return Standing.SECURE
    if standing.is_secure or share >= FAMILIAR_FROM:
        return Standing.DEVELOPING
    return Standing.STARTED


def _practice(state: State) -> Practice:
    if not isinstance(state.memory, Practice):
        raise TypeError("this state belongs to another rule")
    return state.memory
