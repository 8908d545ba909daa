"""Who gets into a Moodle activity, read from its access restrictions with distrust. Pure.

``availability`` is the tree that "Restrict access" edits (availability/classes/tree.php): an operator, conditions and further
trees. Told are kinds of conditions and dates that hold for everybody, never what a condition names: a group, a profile's
field and its value can say more of a student than others may know.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lti_tool.lti.foreign_json import read_json
from lti_tool.platforms.moodle_fields import moment_of
from lti_tool.platforms.native import LIMITS, NativeLimit

_KINDS: Mapping[str, NativeLimit] = {
    "date": "dates",
    "group": "groups",
    "grouping": "groups",
    "completion": "work",
    "grade": "grade",
    "profile": "profile",
}
"""Conditions that come with Moodle (availability/condition); others are plugins."""

_DEEPEST = 20
_MOST = 500


@dataclass(frozen=True, slots=True)
class Access:
    """Closed to everybody before ``opens_at`` and from ``closes_at`` on; ``limits`` keep some out meanwhile."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    limits: tuple[NativeLimit, ...] = ()


@dataclass(slots=True)
class _Found:
    opens: list[datetime] = field(default_factory=list)
    closes: list[datetime] = field(default_factory=list)
    limits: set[NativeLimit] = field(default_factory=set)
    seen: int = 0


def access_of(availability: object, told: object) -> Access:
    """What keeps students out of a module. ``told`` is Moodle's own sentence to the account that asks: it counts where there is
    no tree that can be read, as for sections and for accounts without the right to see hidden activities.
    """
    found = _Found()
    tree = _tree(availability)
    if tree is not None:
        _look(tree, found, 0, for_all=True)
    elif isinstance(told, str) and told.strip():
        found.limits.add("other")
    return Access(
        max(found.opens, default=None),
        min(found.closes, default=None),
        tuple(limit for limit in LIMITS if limit in found.limits),
    )


def _tree(given: object) -> Mapping[str, Any] | None:
    if not isinstance(given, str) or len(given) > 200_000:
        return None
    try:
        read = read_json(given)
    except ValueError:
        return None
    return read if isinstance(read, dict) and isinstance(read.get("c"), list) else None


def _look(tree: Mapping[str, Any], found: _Found, depth: int, *, for_all: bool) -> None:
    """Note what a tree asks for. ``for_all``: its conditions hold whatever else does, so that a date closes it to everybody."""
    conditions = list(_conditions(tree))
    operator = tree.get("op")
    # With one condition alone, "any of these" is "all of these".
    every = for_all and (operator == "&" or (operator == "|" and len(conditions) == 1))
    for one in conditions:
        found.seen += 1
        if found.seen > _MOST or depth > _DEEPEST:
            found.limits.add("other")
            return
        if isinstance(one.get("c"), list):
            _look(one, found, depth + 1, for_all=every)
        elif not (every and _date(one, found)):
            found.limits.add(_KINDS.get(str(one.get("type")), "other"))


def _conditions(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    given = tree.get("c")
    yield from (one for one in (given if isinstance(given, list) else ()) if isinstance(one, dict))


def _date(condition: Mapping[str, Any], found: _Found) -> bool:
    """Note a date that holds for everybody; False for what is none."""
    moment = moment_of(condition.get("t")) if condition.get("type") == "date" else None
    if moment is None or condition.get("d") not in (">=", "<"):
        return False
    (found.opens if condition["d"] == ">=" else found.closes).append(moment)
    return True
