"""Roll-up: what the levels of children say of their parent. Children only, never grandchildren; nothing is weighted.

Below what a rule asks for, a parent is Developing when at least one child is Secure, and Started when one is Started.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from lti_tool.mastery.rules.base import Explanation
from lti_tool.mastery.rules.scales import Level, Scale, exact, two_places
from lti_tool.mastery.rules.states import from_plain, to_plain
from lti_tool.mastery.rules.values import ZERO, Standing


@dataclass(frozen=True, slots=True)
class Child:
    """A child's standing, overrides included, and the key of its level where the scale has several for one standing."""

    key: str
    standing: Standing
    level: str = ""


@dataclass(frozen=True, slots=True)
class RollUp:
    """What a parent rule says. ``value`` is the mean of children in points, for the rule that has one."""

    standing: Standing
    level: Level | None
    value: Decimal | None
    because: Explanation
    missing: Explanation | None


@dataclass(frozen=True, slots=True)
class ParentRule(ABC):
    """A rule for parents, with its parameters."""

    kind: ClassVar[str]
    version: ClassVar[int] = 1

    @abstractmethod
    def roll_up(self, children: Sequence[Child], scale: Scale) -> RollUp:
        """What the children say of the parent; Not started without any."""

    def to_json(self) -> dict[str, Any]:
        """The rule and its parameters with a version."""
        parameters = {field.name: to_plain(getattr(self, field.name)) for field in fields(self)}
        return {"rule": self.kind, "version": self.version, **parameters}


@dataclass(frozen=True, slots=True)
class AllChildren(ParentRule):
    """Secure when all children are (Moodle: all children proficient)."""

    kind: ClassVar[str] = "all-children"

    def roll_up(self, children: Sequence[Child], scale: Scale) -> RollUp:
        """All or not yet."""
        secure = _secure(children)
        values = {"secure": len(secure), "children": len(children)}
        met = bool(children) and len(secure) == len(children)
        missing = Explanation("missing.children", {"right": len(children) - len(secure)}) if children else None
        return _rolled(met, children, scale, Explanation("parent.count", values), missing)


@dataclass(frozen=True, slots=True)
class AtLeast(ParentRule):
    """Secure when at least ``n`` children are. Raises ``ValueError`` for fewer than one."""

    kind: ClassVar[str] = "at-least"
    n: int = 1

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError("at least one child")

    def roll_up(self, children: Sequence[Child], scale: Scale) -> RollUp:
        """n or not yet."""
        secure = _secure(children)
        values = {"secure": len(secure), "children": len(children)}
        missing = Explanation("missing.children", {"right": max(self.n - len(secure), 0)}) if children else None
        return _rolled(len(secure) >= self.n, children, scale, Explanation("parent.count", values), missing)


@dataclass(frozen=True, slots=True)
class ChildPoints:
    """What a child is worth under Moodle's points rule, and whether it has to be proficient."""

    key: str
    points: int
    required: bool = False


@dataclass(frozen=True, slots=True)
class MoodlePoints(ParentRule):
    """Secure when the points of the proficient children reach ``points``, and every required child is proficient.

    Source: Moodle's competency rule 'points are met', with its configuration. A child that is no longer there counts for
    nothing and, if it is required, keeps the rule from being met. Raises ``ValueError`` for negative points.
    """

    kind: ClassVar[str] = "points"
    points: int
    children: tuple[ChildPoints, ...] = ()

    def __post_init__(self) -> None:
        if self.points < 0 or any(child.points < 0 for child in self.children):
            raise ValueError("points are not negative")

    @classmethod
    def from_moodle(cls, configuration: str | Mapping[str, Any]) -> "MoodlePoints":
        """From ``{"base": {"points": n}, "competencies": [{"id", "points", "required"}]}``. Raises ``ValueError``."""
        try:
            data = json.loads(configuration) if isinstance(configuration, str) else configuration
            return cls(
                int(data["base"]["points"]),
                tuple(
                    ChildPoints(str(child["id"]), int(child["points"]), bool(int(child.get("required", 0))))
                    for child in data.get("competencies", [])
                ),
            )
        except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
            raise ValueError("this is no configuration of Moodle's points rule") from error

    def roll_up(self, children: Sequence[Child], scale: Scale) -> RollUp:
        """Enough points and nothing required missing."""
        secure = {child.key for child in _secure(children)}
        got = sum(child.points for child in self.children if child.key in secure)
        required = sum(child.required and child.key not in secure for child in self.children)
        values = {"points": got, "needed": self.points, "required": required}
        met = bool(children) and got >= self.points and not required
        code = "missing.required" if required else "missing.points"
        missing = Explanation(code, {"right": required, "points": max(self.points - got, 0)}) if children else None
        return _rolled(met, children, scale, Explanation("parent.points", values), missing)


@dataclass(frozen=True, slots=True)
class LowestChild(ParentRule):
    """As high as the lowest child."""

    kind: ClassVar[str] = "lowest"

    def roll_up(self, children: Sequence[Child], scale: Scale) -> RollUp:
        """The lowest standing; Started while some children have not begun."""
        if not children:
            return _nothing()
        lowest = min(child.standing for child in children)
        at_it = sum(child.standing is lowest for child in children)
        shown = max(lowest, Standing.STARTED) if _begun(children) else lowest
        if shown is Standing.NOT_STARTED:
            return _nothing()
        missing = None if lowest is Standing.MASTERED else Explanation("missing.lowest", {"right": at_it})
        because = Explanation("parent.lowest", {"children": len(children)})
        return _told(shown, scale.for_standing(shown), None, because, missing)


@dataclass(frozen=True, slots=True)
class MeanOfChildren(ParentRule):
    """The mean of the points of the children's levels (0 for one not started), two decimals, half up.

    The level is the highest that is worth no more, at least the lowest once a child has begun.
    """

    kind: ClassVar[str] = "mean-of-children"

    def roll_up(self, children: Sequence[Child], scale: Scale) -> RollUp:
        """The level of the mean."""
        if not _begun(children):
            return _nothing()
        total = ZERO
        for child in children:
            level = scale.by_key(child.level) or scale.for_standing(child.standing)
            total += level.points if level else ZERO
        value = two_places(total / len(children))
        level = scale.for_points(value)
        values: dict[str, str | int] = {"value": str(value), "top": str(scale.top), "children": len(children)}
        above = scale.above(level)
        missing = None
        if above is not None:
            gap = exact(above.points * len(children) - total)
            missing = Explanation(
                "missing.mean", {"level": above.name, "value": str(above.points), "gap": str(gap.normalize())}
            )
        standing = max(level.standing, Standing.STARTED)
        return _told(standing, level, value, Explanation("parent.mean", values), missing)


PARENT_RULES: Mapping[str, type[ParentRule]] = {
    rule.kind: rule for rule in (AllChildren, AtLeast, MoodlePoints, LowestChild, MeanOfChildren)
}
"""Every roll-up rule by the word that its JSON has as ``rule``."""


def parent_rule_from_json(data: Mapping[str, Any]) -> ParentRule:
    """Back from ``ParentRule.to_json``. Raises ``ValueError``."""
    kind = PARENT_RULES.get(str(data.get("rule")))
    if kind is None or data.get("version") != kind.version:
        raise ValueError("no roll-up rule of this name and version")
    try:
        read = from_plain(kind, {name: value for name, value in data.items() if name not in {"rule", "version"}})
    except (TypeError, KeyError) as error:
        raise ValueError(f"these are no parameters of the rule {kind.kind}") from error
    if not isinstance(read, ParentRule):
        raise TypeError(kind.kind)
    return read


def _secure(children: Sequence[Child]) -> list[Child]:
    return [child for child in children if child.standing.is_secure]


def _begun(children: Sequence[Child]) -> bool:
    return any(child.standing is not Standing.NOT_STARTED for child in children)


def _nothing() -> RollUp:
    return RollUp(Standing.NOT_STARTED, None, None, Explanation("not-started", {}), None)


def _rolled(
    met: bool, children: Sequence[Child], scale: Scale, because: Explanation, missing: Explanation | None
) -> RollUp:
    if met:
        return _told(Standing.SECURE, scale.cut(), None, because, None)
    if not _begun(children):
        return RollUp(Standing.NOT_STARTED, None, None, Explanation("not-started", {}), missing)
    standing = Standing.DEVELOPING if _secure(children) else Standing.STARTED
    return _told(standing, scale.for_standing(standing), None, because, missing)


def _told(
    standing: Standing, level: Level | None, value: Decimal | None, because: Explanation, missing: Explanation | None
) -> RollUp:
    name = {"level": level.name} if level else {}
    return RollUp(standing, level, value, Explanation(because.code, {**because.values, **name}), missing)
