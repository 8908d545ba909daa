"""The rule of choice as data, and the board as a rule sees it. Pure.

A choice is a set of options. It is *complete* when the rule is kept: enough, not too much, and everything required in it.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum


class BoardKind(StrEnum):
    """The conventions teachers know. A kind says how a board looks and which parts of a rule it uses."""

    THREE_IN_A_ROW = "three-in-a-row"
    """A square of options; complete with one whole line: a row, a column or a diagonal."""
    DINNER = "dinner"
    """Courses, each with how many are chosen from it: starters, mains, sides, dessert."""
    POINTS = "points"
    """Options are worth points; complete when they reach the goal."""
    CONTRACT = "contract"
    """So many of a list, and a signature under what was agreed."""
    LIST = "list"
    """So many of a list."""


@dataclass(frozen=True, slots=True)
class Course:
    """How many are chosen from one section: at least ``least`` (0: it may be left out), at most ``most`` (None: no limit)."""

    section_id: uuid.UUID
    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """``least`` and ``most`` count options (LIST, CONTRACT); ``goal`` is points (POINTS); ``courses`` are DINNER's.

    ``side`` is the length of the square's sides (THREE_IN_A_ROW); ``diagonals``: whether they are lines as well.
    """

    kind: BoardKind
    least: int = 1
    most: int | None = None
    goal: int = 10
    courses: tuple[Course, ...] = ()
    side: int = 3
    diagonals: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """An option as rules see it. ``position`` counts from 0, row by row. ``points`` 0 where the board has none."""

    id: uuid.UUID
    position: int
    section_id: uuid.UUID | None = None
    points: int = 0
    required: bool = False
    competencies: frozenset[uuid.UUID] = frozenset()


Board = tuple[Place, ...]
"""The options one student can choose from, by position."""
