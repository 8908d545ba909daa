"""Scales: the levels a school shows, each standing for a rung of the canonical ladder.

*Not started* is no level but their absence. A formula rule's value is a share times the scale's top points, rounded to two
decimals (half up, as Canvas does), and the level is the highest one whose threshold, times the top points, it reaches.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from lti_tool.mastery.rules.values import ONE, ZERO, Standing
from lti_tool.web.i18n import N_

HUNDREDTH = Decimal("0.01")
_FINE = Decimal("1E-18")
_CUT = Decimal("1E-12")
# Wide enough for any number a gradebook could hold; the default context refuses to write those with so many decimals.
_WIDE = Context(prec=60)


def exact(value: Decimal) -> Decimal:
    """Without the last digits that divisions leave behind, so that three thirds are one."""
    return value.quantize(_FINE, ROUND_HALF_UP, _WIDE)


def two_places(value: Decimal) -> Decimal:
    """Two decimals, half up: 4.125 is 4.13."""
    return exact(value).quantize(HUNDREDTH, ROUND_HALF_UP, _WIDE)


class Icon(StrEnum):
    """The shapes a level can have. A shape says what a colour alone must not."""

    EMPTY = "empty"
    QUARTER = "quarter"
    HALF = "half"
    THREE_QUARTERS = "three-quarters"
    FULL = "full"
    STAR = "star"
    TRIANGLE = "triangle"
    SQUARE = "square"
    DIAMOND = "diamond"

    @property
    def shape(self) -> str:
        """The shape as a character, for exports and plain text."""
        return _SHAPES[self]


_SHAPES: Mapping[Icon, str] = {
    Icon.EMPTY: "○",
    Icon.QUARTER: "◔",
    Icon.HALF: "◑",
    Icon.THREE_QUARTERS: "◕",
    Icon.FULL: "●",
    Icon.STAR: "★",
    Icon.TRIANGLE: "▲",
    Icon.SQUARE: "■",
    Icon.DIAMOND: "◆",
}


@dataclass(frozen=True, slots=True)
class Level:
    """One level. ``threshold`` is a share from 0 to 1, ``points`` what a rating of it is worth, ``colour`` as ``#RRGGBB``."""

    key: str
    name: str
    colour: str
    icon: Icon
    threshold: Decimal
    points: Decimal
    standing: Standing


@dataclass(frozen=True, slots=True)
class ScaleProblem:
    """What is wrong with a scale: a stable code, and the key of the level it is about."""

    code: str
    level: str = ""

    @property
    def text(self) -> str:
        """The gettext message id that says it."""
        return PROBLEM_TEXTS[self.code]


PROBLEM_TEXTS: Mapping[str, str] = {
    "too-few": N_("A scale needs at least two levels."),
    "too-many": N_("A scale has at most ten levels."),
    "key-missing": N_("A level has no key."),
    "key-twice": N_("Two levels have the same key."),
    "name-missing": N_("A level has no name."),
    "name-twice": N_("Two levels have the same name."),
    "colour": N_("A colour is written as # and six digits from 0 to 9 and A to F."),
    "icon-twice": N_("Two levels have the same icon; colour alone must not tell them apart."),
    "threshold-range": N_("A threshold is between 0 % and 100 %."),
    "threshold-order": N_("The threshold of each level must be lower than that of the level above it."),
    "points-order": N_("The points of each level must be lower than those of the level above it."),
    "points-range": N_("The points of a level cannot be negative, and those of the top level are more than 0."),
    "standing-order": N_("A level cannot stand for more than the level above it."),
    "standing-none": N_("A level cannot stand for Not started; that is having no level."),
    "nothing-below": N_("No level stands for less than Secure."),
    "secure-missing": N_("No level stands for Secure."),
    "secure-twice": N_("More than one level stands for Secure; the ones above it stand for Mastered."),
    "ratings": N_("The ratings could not be read."),
    "mastery": N_("No rating has the points that mean mastery."),
    "proficient": N_("The proficient values of a scale must be its last ones."),
}


class NoScale(ValueError):
    """What was to be a scale is none; ``problem`` says why."""

    def __init__(self, problem: ScaleProblem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Scale:
    """Levels from the highest to the lowest. ``validate()`` says what is wrong with it."""

    levels: tuple[Level, ...]
    _cuts: tuple[tuple[Decimal, Level], ...] = field(init=False, repr=False, compare=False)
    _by_key: Mapping[str, Level] = field(init=False, repr=False, compare=False)
    _by_standing: Mapping[Standing, Level | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Rules ask for these at every observation, so they are worked out once. A threshold times the top points is rounded
        # a little more coarsely than the threshold was: two of three points are two points again.
        points = self.levels[0].points if self.levels else ZERO
        cuts = tuple(
            ((level.threshold * points).quantize(_CUT, ROUND_HALF_UP, _WIDE).normalize(), level)
            for level in self.levels
        )
        object.__setattr__(self, "_cuts", cuts)
        object.__setattr__(self, "_by_key", {level.key: level for level in reversed(self.levels)})
        object.__setattr__(self, "_by_standing", {standing: self._shown(standing) for standing in Standing})

    def _shown(self, standing: Standing) -> Level | None:
        if standing is Standing.NOT_STARTED or not self.levels:
            return None
        below = [level for level in self.levels if level.standing <= standing]
        if not below:
            return None if self.levels[-1].standing.is_secure else self.levels[-1]
        highest = max(level.standing for level in below)
        return next(level for level in reversed(below) if level.standing is highest)

    @property
    def top(self) -> Decimal:
        """The points of the highest level: what a share of 1 is worth."""
        return self.levels[0].points

    def by_key(self, key: str) -> Level | None:
        """The level with this key."""
        return self._by_key.get(key)

    def for_standing(self, standing: Standing) -> Level | None:
        """The level that shows a standing: the lowest that stands for it, else the next one below; none for Not started."""
        return self._by_standing[standing]

    def for_value(self, value: Decimal) -> Level:
        """The level of a formula rule's value in points: the highest whose threshold it reaches, else the lowest."""
        return next((level for cut, level in self._cuts if value >= cut), self.levels[-1])

    def for_points(self, points: Decimal) -> Level:
        """The level of a rating in points: the highest that is worth no more, else the lowest."""
        return next((level for level in self.levels if points >= level.points), self.levels[-1])

    def above(self, level: Level | None) -> Level | None:
        """The next level up; none above the highest."""
        if level is None:
            return self.levels[-1]
        place = self.levels.index(level)
        return self.levels[place - 1] if place else None

    def cut(self) -> Level:
        """The level that stands for Secure."""
        return next(level for level in self.levels if level.standing is Standing.SECURE)

    def value_for(self, level: Level) -> Decimal:
        """The points from which a formula rule's value is at this level."""
        return self._cuts[self.levels.index(level)][0]

    def validate(self) -> list[ScaleProblem]:
        """Everything wrong with it; empty when it can be used."""
        if not 2 <= len(self.levels) <= 10:
            return [ScaleProblem("too-few" if len(self.levels) < 2 else "too-many")]
        return [*self._each(), *self._twice(), *self._order(), *self._standings()]

    def _each(self) -> Iterable[ScaleProblem]:
        for level in self.levels:
            if not level.key.strip():
                yield ScaleProblem("key-missing")
            if not level.name.strip():
                yield ScaleProblem("name-missing", level.key)
            if not re.fullmatch(r"#[0-9A-Fa-f]{6}", level.colour):
                yield ScaleProblem("colour", level.key)
            if not 0 <= level.threshold <= 1:
                yield ScaleProblem("threshold-range", level.key)
            if level.points < 0 or self.top <= 0:
                yield ScaleProblem("points-range", level.key)

    def _twice(self) -> Iterable[ScaleProblem]:
        for code, values in (
            ("key-twice", [level.key for level in self.levels]),
            ("name-twice", [level.name.strip().casefold() for level in self.levels]),
            ("icon-twice", [level.icon for level in self.levels]),
        ):
            for place, value in enumerate(values):
                if value in values[:place]:
                    yield ScaleProblem(code, self.levels[place].key)

    def _order(self) -> Iterable[ScaleProblem]:
        for higher, lower in zip(self.levels, self.levels[1:], strict=False):
            if higher.threshold <= lower.threshold:
                yield ScaleProblem("threshold-order", lower.key)
            if higher.points <= lower.points:
                yield ScaleProblem("points-order", lower.key)
            if higher.standing < lower.standing:
                yield ScaleProblem("standing-order", lower.key)

    def _standings(self) -> Iterable[ScaleProblem]:
        for level in self.levels:
            if level.standing is Standing.NOT_STARTED:
                yield ScaleProblem("standing-none", level.key)
        secure = [level for level in self.levels if level.standing is Standing.SECURE]
        if self.levels[-1].standing.is_secure:
            yield ScaleProblem("nothing-below", self.levels[-1].key)
        if len(secure) != 1:
            yield ScaleProblem("secure-twice", secure[1].key) if secure else ScaleProblem("secure-missing")

    def to_json(self) -> list[dict[str, Any]]:
        """The levels, highest first; decimals as text."""
        return [
            {
                "key": level.key,
                "name": level.name,
                "colour": level.colour,
                "icon": level.icon.value,
                "threshold": str(level.threshold),
                "points": str(level.points),
                "standing": level.standing.value,
            }
            for level in self.levels
        ]

    @classmethod
    def from_json(cls, levels: Sequence[Mapping[str, Any]]) -> "Scale":
        """Back from ``to_json``. Raises ``NoScale`` when that is not what it is."""
        try:
            return cls(
                tuple(
                    Level(
                        key=str(level["key"]),
                        name=str(level["name"]),
                        colour=str(level["colour"]),
                        icon=Icon(level["icon"]),
                        threshold=_number(level["threshold"]),
                        points=_number(level["points"]),
                        standing=Standing(level["standing"]),
                    )
                    for level in levels
                )
            )
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise NoScale(ScaleProblem("ratings")) from error


def _number(value: object) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(str(value))
    return number


NOT_STARTED_NAME = N_("Not started")

_DEFAULT = Scale(
    (
        Level("mastered", N_("Mastered"), "#5D38A6", Icon.STAR, Decimal("0.9"), Decimal(4), Standing.MASTERED),
        Level("secure", N_("Secure"), "#0D6A55", Icon.THREE_QUARTERS, Decimal("0.75"), Decimal(3), Standing.SECURE),
        Level("developing", N_("Developing"), "#804F00", Icon.HALF, Decimal("0.5"), Decimal(2), Standing.DEVELOPING),
        Level("started", N_("Started"), "#1F5F95", Icon.QUARTER, ZERO, Decimal(1), Standing.STARTED),
    )
)


def default_scale() -> Scale:
    """Four levels above Not started; names are gettext message ids, colours and icons the design system's."""
    return _DEFAULT


def canvas_scale(ratings: Sequence[Mapping[str, Any]], mastery_points: Decimal | str | float) -> Scale:
    """A Canvas scale: ``ratings`` with ``description``, ``points`` and perhaps ``color`` (six hexadecimal digits).

    Thresholds are points of the highest rating's points. The rating with ``mastery_points`` stands for Secure, those above
    for Mastered, the one below for Developing where there is still another, the rest for Started. Raises ``NoScale``.
    """
    try:
        rows = [
            (
                str(rating["description"]).strip(),
                _number(rating["points"]),
                str(rating.get("color") or "").lstrip("#"),
            )
            for rating in ratings
        ]
        mastery = _number(mastery_points)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise NoScale(ScaleProblem("ratings")) from error
    rows.sort(key=lambda row: row[1], reverse=True)
    if not rows or rows[0][1] <= 0:
        raise NoScale(ScaleProblem("ratings"))
    cut = next((place for place, row in enumerate(rows) if row[1] == mastery), None)
    if cut is None:
        raise NoScale(ScaleProblem("mastery"))
    top = rows[0][1]
    return _numbered([(name, exact(points / top).normalize(), points, colour) for name, points, colour in rows], cut)


def moodle_scale(names: str | Sequence[str], configuration: str | Sequence[Mapping[str, Any]]) -> Scale:
    """A Moodle scale: its values from worst to best (or in one text between commas) and a framework's scale configuration.

    The configuration is Moodle's list, or its JSON: ``{"scaleid": …}``, then ``{"id": n, "scaledefault": 0|1,
    "proficient": 0|1}`` for values that mean something; ids count from 1. The lowest proficient value stands for Secure,
    those above for Mastered. A value is worth its number in points. Moodle knows no thresholds: a share is at the nearest
    value, so value i of n begins at (i - 1/2) / n, and the lowest at 0. Raises ``NoScale``.
    """
    if isinstance(names, str):
        names = names.split(",")
    values = [name.strip() for name in names if name.strip()]
    proficient = {number for number, row in _moodle_rows(configuration) if int(row.get("proficient", 0))}
    count = len(values)
    if not proficient or proficient != set(range(min(proficient), count + 1)):
        raise NoScale(ScaleProblem("proficient"))
    rows = [
        (
            values[number - 1],
            exact((Decimal(number) - Decimal("0.5")) / count).normalize() if number > 1 else ZERO,
            Decimal(number),
            "",
        )
        for number in range(count, 0, -1)
    ]
    return _numbered(rows, count - min(proficient))


def moodle_default(configuration: str | Sequence[Mapping[str, Any]]) -> Decimal | None:
    """The points of the value that Moodle gives when an activity completes a competency (``scaledefault``)."""
    return next(
        (Decimal(number) for number, row in _moodle_rows(configuration) if int(row.get("scaledefault", 0))), None
    )


def _moodle_rows(configuration: str | Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        rows = json.loads(configuration) if isinstance(configuration, str) else configuration
        return [(int(row["id"]), row) for row in rows if "id" in row]
    except (TypeError, ValueError, KeyError) as error:
        raise NoScale(ScaleProblem("ratings")) from error


_ICONS_BELOW = (Icon.HALF, Icon.QUARTER, Icon.EMPTY)
_ICONS_ABOVE = (Icon.STAR, Icon.FULL, Icon.DIAMOND)
_COLOURS = {
    Standing.MASTERED: "#5D38A6",
    Standing.SECURE: "#0D6A55",
    Standing.DEVELOPING: "#804F00",
    Standing.STARTED: "#1F5F95",
}


def _numbered(rows: Sequence[tuple[str, Decimal, Decimal, str]], cut: int) -> Scale:
    """A scale of name, threshold, points and colour from the top, ``cut`` being the place of Secure."""
    levels: list[Level] = []
    last = len(rows) - 1
    for place, (name, threshold, points, colour) in enumerate(rows):
        if place < cut:
            standing, wanted = Standing.MASTERED, _ICONS_ABOVE[place:]
        elif place == cut:
            standing, wanted = Standing.SECURE, (Icon.THREE_QUARTERS,)
        else:
            near = place == cut + 1 and place < last
            standing, wanted = Standing.DEVELOPING if near else Standing.STARTED, _ICONS_BELOW[place - cut - 1 :]
        used = {level.icon for level in levels} | ({Icon.THREE_QUARTERS} if place < cut else set())
        icon = next((icon for icon in (*wanted, *reversed(Icon)) if icon not in used), Icon.EMPTY)
        written = f"#{colour.upper()}" if re.fullmatch(r"[0-9A-Fa-f]{6}", colour) else _COLOURS[standing]
        levels.append(Level(f"level-{last - place + 1}", name, written, icon, min(threshold, ONE), points, standing))
    return Scale(tuple(levels))
