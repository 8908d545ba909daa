"""From evidence to a judgement: replay, judge, and the criterion that is frozen on what was begun."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from lti_tool.mastery.rules.base import Explanation, Rule, read_parameters
from lti_tool.mastery.rules.counted import InARow, NOfM
from lti_tool.mastery.rules.formulas import (
    CanvasDecayingAverage,
    CanvasNMastery,
    CanvasWeightedAverage,
    Highest,
    Latest,
    Mean,
)
from lti_tool.mastery.rules.khan import KhanLadder
from lti_tool.mastery.rules.ladder import DefaultLadder
from lti_tool.mastery.rules.ratings import MoodleRating, TeacherJudgement
from lti_tool.mastery.rules.scales import NOT_STARTED_NAME, Level, Scale, exact
from lti_tool.mastery.rules.states import Fall, Override, Review, State
from lti_tool.mastery.rules.values import Observation, Standing

RULES: Mapping[str, type[Rule]] = {
    rule.kind: rule
    for rule in (
        DefaultLadder,
        NOfM,
        InARow,
        Highest,
        Latest,
        Mean,
        CanvasWeightedAverage,
        CanvasDecayingAverage,
        CanvasNMastery,
        KhanLadder,
        MoodleRating,
        TeacherJudgement,
    )
}
"""Every level rule by the word that its JSON has as ``rule``."""


def rule_from_json(data: Mapping[str, Any]) -> Rule:
    """Back from ``Rule.to_json``. Raises ``ValueError`` for an unknown rule, version or parameter."""
    kind = RULES.get(str(data.get("rule")))
    if kind is None or data.get("version") != kind.version:
        raise ValueError("no rule of this name and version")
    return read_parameters(kind, data)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a page shows. ``standing`` and ``level`` are the override's while one holds, else the computed ones.

    ``level`` is None at Not started. ``value`` is a formula rule's value in the scale's points, rounded as its source rounds,
    and ``share`` the same of the top points (it may exceed 1). ``computed`` is the standing without the override.
    """

    standing: Standing
    level: Level | None
    value: Decimal | None
    share: Decimal | None
    since: datetime | None
    count: int
    latest_at: datetime | None
    review: Review
    fell: Fall | None
    missing: Explanation | None
    because: Explanation
    override: Override | None
    computed: Standing

    @property
    def level_key(self) -> str:
        """The key of the level, ``not-started`` where there is none."""
        return self.level.key if self.level else Standing.NOT_STARTED.value

    @property
    def review_due_at(self) -> datetime | None:
        """When a review is due."""
        return self.review.due_at

    @property
    def override_until(self) -> datetime | None:
        """When an override that holds has to be judged again."""
        return self.override.until if self.override else None


def replay(rule: Rule, scale: Scale, observations: Iterable[Observation]) -> State:
    """The state after all of these, whatever order they come in; one that comes twice (the same key) counts once.

    O(n log n). Leave voided and replaced observations out.
    """
    state = rule.start()
    once = {observation.key: observation for observation in observations}
    for observation in sorted(once.values(), key=lambda one: one.order):
        state = rule.step(state, observation, scale)
    return state


def judge(
    rule: Rule, scale: Scale, given: State | Iterable[Observation], now: datetime, *, brief: bool = False
) -> Judgement:
    """What the rule says now, of a running state or of observations in any order.

    ``now`` (aware, not before the latest evidence) decides only whether an override still holds. ``brief`` leaves out what is
    missing for the next level, for who stores a judgement and says it later.
    """
    state = given if isinstance(given, State) else replay(rule, scale, given)
    override = state.override if state.override is not None and state.override.holds(now) else None
    value = rule.value(state, scale) if state.count else None
    share = exact(value / scale.top).normalize() if value is not None else None
    level: Level | None
    since: datetime | None
    if override is not None:
        level, standing, since = scale.for_standing(override.standing), override.standing, override.at
        until = {"until": override.until.isoformat()} if override.until else {}
        because, missing, fell = Explanation("override", until), None, None
    else:
        level, standing, since, fell = scale.by_key(state.level), state.standing, state.since, state.fell
        started = standing is not Standing.NOT_STARTED
        because = rule.because(state, scale) if started else Explanation("not-started", {})
        missing = None if brief else rule.missing(state, scale)
        if missing is not None:
            missing = Explanation(missing.code, {**missing.values, "now": now.isoformat()})
    return Judgement(
        standing=standing,
        level=level,
        value=value,
        share=share,
        since=since,
        count=state.count,
        latest_at=state.latest_at,
        review=state.review,
        fell=fell,
        missing=missing,
        because=_framed(because, level, state, now, reviewed=standing.is_secure),
        override=override,
        computed=state.standing,
    )


def _framed(because: Explanation, level: Level | None, state: State, now: datetime, *, reviewed: bool) -> Explanation:
    """The reason with what every explanation tells: the level, the latest evidence, the next review, and today."""
    frame: dict[str, str | int] = {"level": level.name if level else NOT_STARTED_NAME, "now": now.isoformat()}
    if state.latest_at is not None:
        frame["latest"] = state.latest_at.isoformat()
    if reviewed and state.review.due_at is not None:
        frame["review"] = state.review.due_at.isoformat()
    return Explanation(because.code, {**because.values, **frame})


CRITERION_VERSION = 1


@dataclass(frozen=True, slots=True)
class Criterion:
    """A rule with its scale: what a level means. Frozen, as JSON, on what a learner has begun."""

    rule: Rule
    scale: Scale

    def start(self) -> State:
        """The state before any evidence."""
        return self.rule.start()

    def step(self, state: State, observation: Observation) -> State:
        """The state after one more observation that ``state.takes``."""
        return self.rule.step(state, observation, self.scale)

    def replay(self, observations: Iterable[Observation]) -> State:
        """The state after all of these, in any order."""
        return replay(self.rule, self.scale, observations)

    def judge(self, given: State | Iterable[Observation], now: datetime, *, brief: bool = False) -> Judgement:
        """What it says now; ``brief`` without what is missing for the next level."""
        return judge(self.rule, self.scale, given, now, brief=brief)

    def read(self, data: dict[str, Any]) -> State:
        """A state of this criterion from its JSON. Raises ``ValueError`` where only a replay helps."""
        return State.from_json(data, self.rule.memory)

    def to_json(self) -> dict[str, Any]:
        """Rule and scale with a version."""
        return {"version": CRITERION_VERSION, "rule": self.rule.to_json(), "scale": self.scale.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Criterion":
        """Back from ``to_json``. Raises ``ValueError``."""
        if data.get("version") != CRITERION_VERSION:
            raise ValueError("no criterion of this version")
        return cls(rule_from_json(data["rule"]), Scale.from_json(data["scale"]))
