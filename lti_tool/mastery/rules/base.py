"""What all level rules have in common: they start, they step, they say why and what is missing."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, Self

from lti_tool.mastery.rules import reviews
from lti_tool.mastery.rules.scales import Level, Scale, default_scale
from lti_tool.mastery.rules.states import Fall, Memory, Override, State, from_plain, to_plain
from lti_tool.mastery.rules.values import Observation, Source, Standing


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something is so: a stable code and its values, which are texts and numbers (moments and decimals as text).

    ``words.say`` makes the sentence.
    """

    code: str
    values: Mapping[str, str | int]

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column."""
        return {"code": self.code, "values": dict(self.values)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Back from ``to_json``."""
        return cls(str(data["code"]), dict(data["values"]))


class Verdict(NamedTuple):
    """What one observation leads to. ``why`` is the code of the fall, should the level be lower than before."""

    memory: Memory
    standing: Standing
    level: Level | None
    why: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Rule(ABC):
    """A level rule with its parameters. Equal parameters, equal rules; a wrong one raises ``ValueError``.

    A rule's own work is ``verdict``; everything around it (since when, falls, reviews, overrides, self-assessments) is the
    same for all and stands in ``step``.
    """

    kind: ClassVar[str]
    version: ClassVar[int] = 1
    memory: ClassVar[type[Memory]]

    def start(self) -> State:
        """The state before any evidence."""
        return State(self.memory())

    @abstractmethod
    def verdict(self, state: State, observation: Observation, scale: Scale) -> Verdict:
        """What an observation that is evidence leads to; never one by the learner themselves, never an override."""

    @abstractmethod
    def because(self, state: State, scale: Scale) -> Explanation:
        """Why the computed level is what it is; only asked where there is evidence."""

    @abstractmethod
    def missing(self, state: State, scale: Scale) -> Explanation | None:
        """What exactly is missing for the next level; None at the highest this rule gives."""

    def value(self, state: State, scale: Scale) -> Decimal | None:
        """A formula rule's value in the scale's points, rounded as its source rounds; None for all other rules."""
        del state, scale
        return None

    def step(self, state: State, observation: Observation, scale: Scale | None = None) -> State:
        """The state after one more observation, at a constant cost.

        The observation has to come after all earlier ones in the canonical order (``state.takes``); otherwise replay.
        ``scale`` is the one of the criterion, the default scale where none is given: use the same one throughout.
        """
        if observation.source is Source.SELF:
            return state
        if observation.source is Source.OVERRIDE and observation.judged is not None:
            return self._overridden(
                state, Override(observation.judged, observation.when, observation.until), observation
            )
        scale = scale or default_scale()
        at = observation.when
        found = self.verdict(state, observation, scale)
        key = found.level.key if found.level else ""
        moved = key != state.level or found.standing is not state.standing
        fell = state.fell
        if moved:
            fell = self._fall(state, found, at, scale)
        review = state.review
        if found.standing.rank >= 3:
            review = reviews.after(review, observation) if state.standing.rank >= 3 else reviews.begin(review, at)
        elif state.standing.rank >= 3:
            review = reviews.end(review, failed=found.why == "review")
        return State(
            found.memory,
            observation.order,
            state.count + found.counts,
            at if found.counts or not state.count else state.latest_at,
            found.standing,
            key,
            at if moved else state.since,
            fell,
            review,
            state.override,
        )

    @staticmethod
    def _overridden(state: State, override: Override, observation: Observation) -> State:
        return State(
            state.memory,
            observation.order,
            state.count,
            state.latest_at,
            state.standing,
            state.level,
            state.since,
            state.fell,
            state.review,
            override,
        )

    @staticmethod
    def _fall(state: State, found: Verdict, at: datetime, scale: Scale) -> Fall | None:
        """The fall to be told after a move: a new one, the old one while what was lost is not regained, or none."""
        before = _height(state.standing, scale.by_key(state.level), scale)
        after = _height(found.standing, found.level, scale)
        if after < before:
            return Fall(found.why, at, state.standing, state.level)
        fell = state.fell
        if fell is None or after >= _height(fell.was, scale.by_key(fell.level), scale):
            return None
        return fell

    def to_json(self) -> dict[str, Any]:
        """The rule and its parameters with a version, to be frozen on what was begun."""
        parameters = {field.name: to_plain(getattr(self, field.name)) for field in fields(self)}
        return {"rule": self.kind, "version": self.version, **parameters}


def _height(standing: Standing, level: Level | None, scale: Scale) -> tuple[int, int]:
    return standing.rank, -scale.levels.index(level) if level else -len(scale.levels)


def read_parameters(kind: type[Rule], data: Mapping[str, Any]) -> Rule:
    """A rule from its JSON. Raises ``ValueError``."""
    try:
        read = from_plain(kind, {name: value for name, value in data.items() if name not in {"rule", "version"}})
    except (TypeError, KeyError, ArithmeticError) as error:
        raise ValueError(f"these are no parameters of the rule {kind.kind}") from error
    if not isinstance(read, kind):
        raise TypeError(kind.kind)
    return read
