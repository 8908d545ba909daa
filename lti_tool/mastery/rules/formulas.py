"""Formula rules: highest, latest, mean, and Canvas's calculation methods. They rise and fall with the evidence.

Every result counts, in the canonical order, whoever helped: these are averages of scores, as their sources have them. A
score is its share times the scale's top points (Canvas's points possible); the value is rounded to two decimals, half up, and
the level is the highest whose threshold it reaches. Only ``Mean`` reads the weight; Canvas has none. A judgement without
points is worth the points of its level. Where only whole scores that are aligned to several competencies are right or at
Secure, the level stops below Secure.

Source of the Canvas methods: its rollup of outcome results, described in docs/mastery.md.
"""

from abc import abstractmethod
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import ClassVar

from lti_tool.mastery.rules.base import Explanation, Rule, Verdict
from lti_tool.mastery.rules.scales import HUNDREDTH, Level, Scale, exact, two_places
from lti_tool.mastery.rules.states import Memory, State
from lti_tool.mastery.rules.values import ONE, ZERO, Observation, Standing

Carried = tuple[int, Decimal, Decimal, Decimal]
"""Results, total, weight and value; see ``Running``."""


@dataclass(frozen=True, slots=True)
class Running(Memory):
    """What a formula carries along, in points: how many results, their (weighted) sum and weight, and a value.

    ``value`` is the highest, the latest or the decayed one; ``own`` says that a result of this
    competency alone was right or at Secure.
    """

    results: int = 0
    total: Decimal = ZERO
    weight: Decimal = ZERO
    value: Decimal = ZERO
    own: bool = False


@dataclass(frozen=True, slots=True)
class Formula(Rule):
    """What formula rules share."""

    memory: ClassVar[type[Memory]] = Running

    @abstractmethod
    def carry(self, before: Running, points: Decimal, observation: Observation, scale: Scale) -> Carried:
        """Results, total, weight and value after one more result of so many points."""

    @abstractmethod
    def unrounded(self, running: Running) -> Decimal | None:
        """The formula's value in points; None while it gives none."""

    @abstractmethod
    def needed(self, running: Running, points: Decimal) -> Decimal | None:
        """The points the next result needs for the value to reach ``points``; None where no single result can."""

    def verdict(self, state: State, observation: Observation, scale: Scale) -> Verdict:
        """The level of the new value."""
        before = _running(state)
        share = observation.share
        points = share * scale.top if share is not None else _worth(observation, scale)
        carried = self.carry(before, points, observation, scale)
        running = Running(*carried, before.own or _own(observation, points, scale))
        level = self._level(running, scale)
        standing = max(level.standing, Standing.STARTED) if level else Standing.STARTED
        return Verdict(running, standing, level or scale.levels[-1], "value")

    def _level(self, running: Running, scale: Scale) -> Level | None:
        value = self.unrounded(running)
        if value is None:
            return None
        level = scale.for_value(two_places(value))
        if level.standing.is_secure and not running.own:
            return scale.for_standing(Standing.DEVELOPING)
        return level

    def value(self, state: State, scale: Scale) -> Decimal | None:
        """The value in points, two decimals, half up."""
        del scale
        value = self.unrounded(_running(state))
        return None if value is None else two_places(value)

    def because(self, state: State, scale: Scale) -> Explanation:
        """The value, of how many results."""
        running = _running(state)
        value = self.value(state, scale)
        if value is None:
            return self.without(running)
        values: dict[str, str | int] = {"value": str(value), "top": str(scale.top), "results": running.results}
        if not running.own and scale.for_value(value).standing.is_secure:
            return Explanation("formula.shared", values)
        return Explanation(self.kind, {**values, **self.told()})

    def without(self, running: Running) -> Explanation:
        """What is said while the formula gives no value."""
        del running
        return Explanation("begun", {})

    def told(self) -> dict[str, str | int]:
        """Parameters that the explanation names."""
        return {}

    def missing(self, state: State, scale: Scale) -> Explanation | None:
        """The next result that would reach the next level, or the value that has to be reached."""
        running = _running(state)
        level = scale.above(scale.by_key(state.level))
        if level is None:
            return None
        target = scale.value_for(level)
        value = self.unrounded(running)
        if value is not None and two_places(value) >= target:
            return Explanation("missing.own", {"level": level.name})
        values: dict[str, str | int] = {"level": level.name, "value": str(target), "top": str(scale.top)}
        needed = self.needed(running, target)
        if needed is None or needed > scale.top:
            return Explanation("missing.value", values)
        share = (exact(max(needed, ZERO)) / scale.top).quantize(HUNDREDTH, ROUND_CEILING)
        return Explanation("missing.next", {**values, "percent": int(share * 100)})


@dataclass(frozen=True, slots=True)
class Highest(Formula):
    """The best result so far (Canvas ``highest``)."""

    kind: ClassVar[str] = "highest"

    def carry(self, before: Running, points: Decimal, observation: Observation, scale: Scale) -> Carried:
        """The larger of two."""
        value = max(before.value, points) if before.results else points
        return before.results + 1, ZERO, ZERO, value

    def unrounded(self, running: Running) -> Decimal | None:
        """The best one."""
        return running.value if running.results else None

    def needed(self, running: Running, points: Decimal) -> Decimal | None:
        """Exactly that."""
        return points


@dataclass(frozen=True, slots=True)
class Latest(Formula):
    """The newest result, by when it happened (Canvas ``latest``)."""

    kind: ClassVar[str] = "latest"

    def carry(self, before: Running, points: Decimal, observation: Observation, scale: Scale) -> Carried:
        """The newer of two."""
        return before.results + 1, ZERO, ZERO, points

    def unrounded(self, running: Running) -> Decimal | None:
        """The newest one."""
        return running.value if running.results else None

    def needed(self, running: Running, points: Decimal) -> Decimal | None:
        """Exactly that."""
        return points


@dataclass(frozen=True, slots=True)
class Mean(Formula):
    """The mean of all results, each counted with its weight: sum(weight × score) / sum(weight).

    With equal weights it is Canvas's ``average``. A result of weight 0 has no part in it.
    """

    kind: ClassVar[str] = "mean"

    def carry(self, before: Running, points: Decimal, observation: Observation, scale: Scale) -> Carried:
        """One more term."""
        weight = observation.weight
        return before.results + (weight > 0), before.total + weight * points, before.weight + weight, ZERO

    def unrounded(self, running: Running) -> Decimal | None:
        """The weighted mean; none while all weights are 0."""
        return running.total / running.weight if running.weight else None

    def needed(self, running: Running, points: Decimal) -> Decimal | None:
        """With a weight of 1."""
        return points * (running.weight + 1) - running.total


@dataclass(frozen=True, slots=True)
class CanvasWeightedAverage(Formula):
    """Canvas's weighted average, stored there as ``decaying_average``: w % the newest, the rest the mean of all before.

    ``w/100 × s_n + (1 − w/100) × mean(s_1 … s_(n−1))``; a single result is itself. Raises ``ValueError`` unless 1 ≤ w ≤ 99.
    """

    kind: ClassVar[str] = "canvas-weighted-average"
    w: int = 65

    def __post_init__(self) -> None:
        if not 1 <= self.w <= 99:
            raise ValueError("the weight of the newest result is 1 to 99 %")

    def carry(self, before: Running, points: Decimal, observation: Observation, scale: Scale) -> Carried:
        """The newest apart, the sum of those before."""
        total = before.total + before.value if before.results else ZERO
        return before.results + 1, total, ZERO, points

    def unrounded(self, running: Running) -> Decimal | None:
        """As the formula says."""
        if running.results < 2:
            return running.value if running.results else None
        newest = Decimal(self.w) / 100
        return newest * running.value + (1 - newest) * running.total / (running.results - 1)

    def needed(self, running: Running, points: Decimal) -> Decimal | None:
        """The newest, given all before."""
        newest = Decimal(self.w) / 100
        if not running.results:
            return points
        return (points - (1 - newest) * (running.total + running.value) / running.results) / newest

    def told(self) -> dict[str, str | int]:
        """The newest result's part."""
        return {"newest": self.w, "older": 100 - self.w}


@dataclass(frozen=True, slots=True)
class CanvasDecayingAverage(Formula):
    """Canvas's decaying average, stored there as ``standard_decaying_average``: each result pulls the value towards itself.

    ``d_1 = s_1; d_k = (1 − r/100) × d_(k−1) + r/100 × s_k``, rounded only at the end. Raises ``ValueError`` unless
    50 ≤ r ≤ 99.
    """

    kind: ClassVar[str] = "canvas-decaying-average"
    r: int = 65

    def __post_init__(self) -> None:
        if not 50 <= self.r <= 99:
            raise ValueError("the newest result's part is 50 to 99 %")

    def carry(self, before: Running, points: Decimal, observation: Observation, scale: Scale) -> Carried:
        """One more pull."""
        newest = Decimal(self.r) / 100
        value = (1 - newest) * before.value + newest * points if before.results else points
        return before.results + 1, ZERO, ZERO, value

    def unrounded(self, running: Running) -> Decimal | None:
        """Where it was pulled to."""
        return running.value if running.results else None

    def needed(self, running: Running, points: Decimal) -> Decimal | None:
        """The next pull."""
        newest = Decimal(self.r) / 100
        return (points - (1 - newest) * running.value) / newest if running.results else points

    def told(self) -> dict[str, str | int]:
        """The newest result's part."""
        return {"newest": self.r}


@dataclass(frozen=True, slots=True)
class CanvasNMastery(Formula):
    """Canvas's n-mastery: nothing until ``n`` results are at ``mastery`` points or more, then the mean of those results.

    ``mastery`` is in the scale's points; absent, it is the scale's Secure threshold in points. Raises ``ValueError`` unless
    1 ≤ n ≤ 10.
    """

    kind: ClassVar[str] = "canvas-n-mastery"
    n: int = 5
    mastery: Decimal | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.n <= 10 or (self.mastery is not None and self.mastery < 0):
            raise ValueError("n-mastery wants 1 to 10 results, and mastery points that are not negative")

    def carry(self, before: Running, points: Decimal, observation: Observation, scale: Scale) -> Carried:
        """Kept, if it is at mastery. ``weight`` counts the kept ones."""
        mastery = self.mastery if self.mastery is not None else scale.value_for(scale.cut())
        if exact(points) >= mastery:
            return before.results + 1, before.total + points, before.weight + ONE, ZERO
        return before.results + 1, before.total, before.weight, ZERO

    def unrounded(self, running: Running) -> Decimal | None:
        """The mean of those kept, once there are enough."""
        return running.total / running.weight if running.weight >= self.n else None

    def needed(self, running: Running, points: Decimal) -> Decimal | None:
        """Only the last one that is missing can bring a value."""
        if running.weight + 1 < self.n:
            return None
        mastery = self.mastery or ZERO
        return max(points * (running.weight + 1) - running.total, mastery)

    def without(self, running: Running) -> Explanation:
        """How many of how many."""
        return Explanation("canvas-n-mastery.none", {"kept": int(running.weight), "n": self.n})

    def told(self) -> dict[str, str | int]:
        """How many were wanted."""
        return {"n": self.n}

    def missing(self, state: State, scale: Scale) -> Explanation | None:
        """Until there is a value: how many results at mastery are missing."""
        running = _running(state)
        if running.weight < self.n:
            level = scale.cut()
            mastery = self.mastery if self.mastery is not None else scale.value_for(level)
            return Explanation(
                "missing.at-mastery",
                {
                    "level": level.name,
                    "right": self.n - int(running.weight),
                    "value": str(mastery),
                    "top": str(scale.top),
                },
            )
        return Formula.missing(self, state, scale)


def _own(observation: Observation, points: Decimal, scale: Scale) -> bool:
    """Whether a result of this competency alone is right, or by itself at Secure."""
    if observation.is_for_several:
        return False
    return observation.right or scale.for_value(two_places(points)).standing.is_secure


def _worth(observation: Observation, scale: Scale) -> Decimal:
    level = scale.for_standing(observation.judged) if observation.judged else None
    return level.points if level else ZERO


def _running(state: State) -> Running:
    if not isinstance(state.memory, Running):
        raise TypeError("this state belongs to another rule")
    return state.memory
