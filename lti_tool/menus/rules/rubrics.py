"""What a rubric's marks are worth. Pure.

A criterion has levels, least first, each worth points; from one of them on, its ``meets``, the criterion is met. A level is
named by its place, from 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from enum import StrEnum
from itertools import pairwise
from typing import Any

FEWEST, MOST = 2, 6
"""Levels of a criterion."""

MOST_POINTS = Decimal(1000)
"""Of one level; points have at most two decimals."""

_CENT = Decimal("0.01")
_FINE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a criterion: its name, what work on it looks like, and its points (0 or more, at most two decimals)."""

    title: str
    description: str = ""
    points: Decimal = Decimal(0)


class Wrong(StrEnum):
    """Why levels cannot be used."""

    COUNT = "count"
    """Fewer than two, or more than six."""
    TITLE = "title"
    """A level without a name."""
    POINTS = "points"
    """Points below 0, above 1000, or with more than two decimals."""
    ORDER = "order"
    """A level that is not worth more than the one before it."""
    MEETS = "meets"
    """Met by the least level already, so that nothing could be below, or by none."""


Levels = Sequence[Level]


def wrong(levels: Levels, meets: int) -> Wrong | None:
    """Why these levels with this ``meets`` cannot be used; None where they can."""
    points = [level.points for level in levels]
    known = points if all(_is_amount(one) for one in points) else []
    checks = (
        (Wrong.COUNT, FEWEST <= len(levels) <= MOST),
        (Wrong.TITLE, all(level.title.strip() for level in levels)),
        (Wrong.POINTS, all(_is_amount(one) for one in points)),
        (Wrong.ORDER, all(one < other for one, other in pairwise(known))),
        (Wrong.MEETS, 0 < meets < len(levels)),
    )
    return next((kind for kind, holds in checks if not holds), None)


def share(levels: Levels, at: int) -> Decimal:
    """What a level is worth of the best one, 0 to 1."""
    return levels[at].points / levels[-1].points


def passing_percent(levels: Levels, meets: int) -> float:
    """The share of the best level's points from which on the criterion is met, 0 to 100: exactly the levels from ``meets`` on are
    right by it.

    Rounded down to a millionth, since two of three has no exact decimal; levels differ by far more than that.
    """
    return float((share(levels, meets) * 100).quantize(_FINE, ROUND_FLOOR))


def is_met(meets: int, at: int) -> bool:
    """Whether a level meets its criterion."""
    return at >= meets


def amount(written: str) -> Decimal | None:
    """Points as somebody writes them, with a point or a comma; None for what is no such number."""
    try:
        value = Decimal(written.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return value if _is_amount(value) else None


def as_json(levels: Levels) -> list[dict[str, Any]]:
    """Levels as they are kept."""
    return [
        {"title": level.title, "description": level.description, "points": format(level.points, "f")}
        for level in levels
    ]


def of_json(value: Sequence[Mapping[str, Any]]) -> tuple[Level, ...]:
    """Levels that were kept; raises KeyError or ArithmeticError for what is none."""
    return tuple(
        Level(str(one["title"]), str(one.get("description", "")), Decimal(str(one["points"]))) for one in value
    )


def _is_amount(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= MOST_POINTS and value == value.quantize(_CENT)
