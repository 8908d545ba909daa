"""The rule of choice as data, and the board as a rule sees it. Pure.

A choice is a set of options. It is *complete* when the rule is kept: enough, not too much, and everything required in it.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


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
    """``least`` counts options (LIST, CONTRACT); ``goal`` is points (POINTS); ``courses`` are DINNER's, with their own limits.

    ``most`` is how many options may be chosen at most, on every kind but DINNER (None: no limit).

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
"""The options one student can choose from, by position. Two options may stand in one place of a square: either fills it."""


@dataclass(frozen=True, slots=True)
class CourseMissing:
    """What a course lacks (``few``), or has too much of (``many``); one of them is above 0."""

    section_id: uuid.UUID
    few: int = 0
    many: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """What keeps a choice from being complete. ``nothing`` says that it is complete.

    ``required``: options everybody chooses, not chosen yet. ``options`` and ``points``: how many more the rule asks for, those
    required among them. ``courses``: each course that has too few or too many. ``places``: positions still free of the line
    that lacks least (the first of them: rows, columns, diagonals); ``no_line``: this board has no whole line at all.
    ``too_many``: how many options have to be taken back.
    """

    required: frozenset[uuid.UUID] = frozenset()
    options: int = 0
    points: int = 0
    courses: tuple[CourseMissing, ...] = ()
    places: tuple[int, ...] = ()
    no_line: bool = False
    too_many: int = 0

    @property
    def nothing(self) -> bool:
        return self == Missing()


class ProblemKind(StrEnum):
    """Why nobody can complete a board. The numbers of ``Problem`` are named in brackets: (has, needs)."""

    NO_LINE = "no-line"
    """No row, column or diagonal has an option in every place (whole lines: 0, 1)."""
    LINE_OVER_MOST = "line-over-most"
    """A line and what is required are more options than may be chosen (most, the least possible)."""
    COURSE_TOO_FEW = "course-too-few"
    """A course has fewer options than are to be chosen from it (options, least)."""
    COURSE_OVER_MOST = "course-over-most"
    """More is required, or to be chosen, from a course than may be chosen from it (most, the least possible)."""
    POINTS_TOO_FEW = "points-too-few"
    """All options, or as many as may be chosen, do not reach the goal (the most points possible, goal)."""
    OPTIONS_TOO_FEW = "options-too-few"
    """There are fewer options than are to be chosen (options, least)."""
    OVER_MOST = "over-most"
    """More is required, or to be chosen, than may be chosen (most, the least possible)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why nobody can complete a board; ``section_id`` is set where it is about a course."""

    kind: ProblemKind
    has: int
    needs: int
    section_id: uuid.UUID | None = None


# --- What is complete -------------------------------------------------------------------------------------------------


def complete(rule: Rule, board: Board, chosen: frozenset[uuid.UUID]) -> bool:
    """Whether a choice keeps the rule: enough, not too much, everything required. What is not on the board counts for nothing."""
    return missing(rule, board, chosen).nothing


def missing(rule: Rule, board: Board, chosen: frozenset[uuid.UUID]) -> Missing:
    """What a choice still needs, and what it has too much of; ``Missing()`` where it is complete."""
    taken = [place for place in board if place.id in chosen]
    required = frozenset(place.id for place in board if place.required) - chosen
    if rule.kind is BoardKind.DINNER:
        return Missing(required, courses=tuple(_course_missing(course, taken) for course in _unkept(rule, taken)))
    too_many = max(0, len(taken) - rule.most) if rule.most is not None else 0
    if rule.kind is BoardKind.THREE_IN_A_ROW:
        whole = _lines_of(rule, board)
        filled = {place.position for place in taken}
        lacking = min(([at for at in line if at not in filled] for line in whole), key=len, default=[])
        return Missing(required, places=tuple(lacking), no_line=not whole, too_many=too_many)
    if rule.kind is BoardKind.POINTS:
        return Missing(required, points=max(0, rule.goal - sum(place.points for place in taken)), too_many=too_many)
    return Missing(required, options=max(0, rule.least - len(taken)), too_many=too_many)


def allowed(rule: Rule, board: Board, chosen: frozenset[uuid.UUID], option: uuid.UUID) -> bool:
    """Whether adding an option of the board keeps within the most that may be chosen.

    It says nothing about whether the choice can still be completed: ``possible`` does.
    """
    if all(place.id != option for place in board):
        return False
    then = missing(rule, board, chosen | {option})
    return not then.too_many and not any(course.many for course in then.courses)


def possible(rule: Rule, board: Board, chosen: frozenset[uuid.UUID]) -> bool:
    """Whether more can be added to a choice until it is complete, with nothing taken back."""
    return (
        example(rule, tuple(replace(place, required=place.required or place.id in chosen) for place in board))
        is not None
    )


def completes(rule: Rule, board: Board, chosen: frozenset[uuid.UUID]) -> frozenset[uuid.UUID]:
    """The options each of which alone would complete a choice; none where it is complete already."""
    if complete(rule, board, chosen):
        return frozenset()
    return frozenset(
        place.id for place in board if place.id not in chosen and complete(rule, board, chosen | {place.id})
    )


def share(rule: Rule, board: Board, chosen: frozenset[uuid.UUID], done: frozenset[uuid.UUID]) -> float:
    """How much of a complete choice is done, 0 to 1; 1.0 exactly when what is done and chosen is enough (no ``most`` asked).

    What is required counts, and of the rest only as much as the rule asks for: of a list and of each course by number, on a
    points menu by points (one at least for what is required), on a square by the places of the line that is furthest: of the
    lines chosen, where one is chosen whole.
    """
    taken = [place for place in board if place.id in chosen & done]
    if rule.kind is BoardKind.THREE_IN_A_ROW:
        return _share_of_lines(rule, board, chosen, taken)
    got = needed = 0
    for part, asked in _parts(rule, board):
        musts = [place for place in part if place.required]
        weigh = rule.kind is BoardKind.POINTS
        rest = max(0, asked - sum(place.points if weigh else 1 for place in musts))
        needed += rest + sum(max(1, place.points) if weigh else 1 for place in musts)
        ready = [place for place in part if place in taken]
        got += sum(max(1, place.points) if weigh else 1 for place in ready if place.required)
        got += min(rest, sum(place.points if weigh else 1 for place in ready if not place.required))
    return got / needed if needed else 1.0


# --- What can be completed --------------------------------------------------------------------------------------------


def example(rule: Rule, board: Board) -> frozenset[uuid.UUID] | None:
    """A complete choice of as few options as can be, the first ones on the board; None where there is none."""
    musts = [place for place in board if place.required]
    rest = [place for place in board if not place.required]
    found = list(musts)
    if rule.kind is BoardKind.THREE_IN_A_ROW:
        line = _cheapest_line(rule, board)
        by_position = {place.position: place for place in reversed(board)}
        found += [by_position[at] for at in line]
    elif rule.kind is BoardKind.DINNER:
        for course in rule.courses:
            lacks = max(0, course.least - sum(place.section_id == course.section_id for place in found))
            found += [place for place in rest if place.section_id == course.section_id and place not in found][:lacks]
    elif rule.kind is BoardKind.POINTS:
        for place in sorted(rest, key=lambda place: -place.points):
            if sum(one.points for one in found) >= rule.goal:
                break
            found.append(place)
    else:
        found += rest[: max(0, rule.least - len(musts))]
    ids = frozenset(place.id for place in found)
    return ids if complete(rule, board, ids) else None


def problems(rule: Rule, board: Board) -> tuple[Problem, ...]:
    """Why nobody can complete a board; empty exactly when somebody can."""
    if rule.kind is BoardKind.DINNER:
        return tuple(problem for course in rule.courses for problem in _course_problems(course, board))
    if rule.kind is BoardKind.THREE_IN_A_ROW:
        return _line_problems(rule, board)
    if rule.kind is BoardKind.POINTS:
        return _points_problems(rule, board)
    return _count_problems(rule, board)


def avoiding(rule: Rule, board: Board, competency_id: uuid.UUID) -> frozenset[uuid.UUID] | None:
    """A complete choice in which nothing works on a competency; None where every complete choice does."""
    without = tuple(place for place in board if competency_id not in place.competencies)
    if any(place.required for place in board if place not in without):
        return None
    return example(rule, without)


def lines(side: int, diagonals: bool) -> tuple[tuple[int, ...], ...]:
    """The lines of a square as positions, from 0, row by row: rows, columns, and the two diagonals where they count."""
    rows = [tuple(range(row * side, row * side + side)) for row in range(side)]
    columns = [tuple(range(column, side * side, side)) for column in range(side)]
    falling, rising = tuple(range(0, side * side, side + 1)), tuple(range(side - 1, side * side - 1, max(1, side - 1)))
    crossing = [falling, rising] if diagonals and side > 1 else []
    return (*rows, *columns, *crossing)


# --- As JSON ------------------------------------------------------------------------------------------------------------


def rule_json(rule: Rule) -> dict[str, Any]:
    """A rule as it is kept."""
    return {
        "kind": rule.kind.value,
        "least": rule.least,
        "most": rule.most,
        "goal": rule.goal,
        "courses": [
            {"section": str(course.section_id), "least": course.least, "most": course.most} for course in rule.courses
        ],
        "side": rule.side,
        "diagonals": rule.diagonals,
    }


def of_json(value: Mapping[str, Any]) -> Rule:
    """The rule that was kept; raises KeyError, TypeError or ValueError for what is none."""
    return Rule(
        kind=BoardKind(value["kind"]),
        least=int(value["least"]),
        most=None if value["most"] is None else int(value["most"]),
        goal=int(value["goal"]),
        courses=tuple(
            Course(uuid.UUID(one["section"]), int(one["least"]), None if one["most"] is None else int(one["most"]))
            for one in value["courses"]
        ),
        side=int(value["side"]),
        diagonals=bool(value["diagonals"]),
    )


# --- In detail ----------------------------------------------------------------------------------------------------------


def _lines_of(rule: Rule, board: Board) -> list[tuple[int, ...]]:
    """The lines that have an option in every place."""
    positions = {place.position for place in board}
    return [line for line in lines(rule.side, rule.diagonals) if positions.issuperset(line)]


def _cheapest_line(rule: Rule, board: Board) -> tuple[int, ...]:
    """The positions that what is required leaves free of the line that then lacks least; none where there is no line."""
    required = {place.position for place in board if place.required}
    free = [tuple(at for at in line if at not in required) for line in _lines_of(rule, board)]
    return min(free, key=len, default=())


def _share_of_lines(rule: Rule, board: Board, chosen: frozenset[uuid.UUID], taken: list[Place]) -> float:
    covered = {place.position for place in board if place.id in chosen}
    whole = _lines_of(rule, board)
    agreed = [line for line in whole if covered.issuperset(line)] or whole
    musts = [place for place in board if place.required]
    required = {place.position for place in musts}
    ready = {place.position for place in taken}
    musts_ready = sum(place in taken for place in musts)
    best = 0.0
    for line in agreed:
        free = [at for at in line if at not in required]
        best = max(best, (musts_ready + sum(at in ready for at in free)) / (len(musts) + len(free)))
    return best


def _parts(rule: Rule, board: Board) -> list[tuple[list[Place], int]]:
    """The options that count together, with how many of them (or how many points) are asked for."""
    if rule.kind is not BoardKind.DINNER:
        return [(list(board), rule.goal if rule.kind is BoardKind.POINTS else rule.least)]
    named = {course.section_id for course in rule.courses}
    parts = [
        ([place for place in board if place.section_id == course.section_id], course.least) for course in rule.courses
    ]
    return [*parts, ([place for place in board if place.section_id not in named], 0)]


def _unkept(rule: Rule, taken: list[Place]) -> list[Course]:
    return [course for course in rule.courses if _course_missing(course, taken) != CourseMissing(course.section_id)]


def _course_missing(course: Course, taken: list[Place]) -> CourseMissing:
    has = sum(place.section_id == course.section_id for place in taken)
    many = max(0, has - course.most) if course.most is not None else 0
    return CourseMissing(course.section_id, few=max(0, course.least - has), many=many)


def _course_problems(course: Course, board: Board) -> list[Problem]:
    options = [place for place in board if place.section_id == course.section_id]
    least = max(course.least, sum(place.required for place in options))
    found = []
    if len(options) < course.least:
        found.append(Problem(ProblemKind.COURSE_TOO_FEW, len(options), course.least, course.section_id))
    if course.most is not None and least > course.most:
        found.append(Problem(ProblemKind.COURSE_OVER_MOST, course.most, least, course.section_id))
    return found


def _line_problems(rule: Rule, board: Board) -> tuple[Problem, ...]:
    if not _lines_of(rule, board):
        return (Problem(ProblemKind.NO_LINE, 0, 1),)
    least = len(_cheapest_line(rule, board)) + sum(place.required for place in board)
    if rule.most is not None and least > rule.most:
        return (Problem(ProblemKind.LINE_OVER_MOST, rule.most, least),)
    return ()


def _points_problems(rule: Rule, board: Board) -> tuple[Problem, ...]:
    musts = [place.points for place in board if place.required]
    rest = sorted((place.points for place in board if not place.required), reverse=True)
    if rule.most is not None and len(musts) > rule.most:
        return (Problem(ProblemKind.OVER_MOST, rule.most, len(musts)),)
    best = sum(musts) + sum(rest if rule.most is None else rest[: rule.most - len(musts)])
    return (Problem(ProblemKind.POINTS_TOO_FEW, best, rule.goal),) if best < rule.goal else ()


def _count_problems(rule: Rule, board: Board) -> tuple[Problem, ...]:
    found = []
    if len(board) < rule.least:
        found.append(Problem(ProblemKind.OPTIONS_TOO_FEW, len(board), rule.least))
    least = max(rule.least, sum(place.required for place in board))
    if rule.most is not None and least > rule.most:
        found.append(Problem(ProblemKind.OVER_MOST, rule.most, least))
    return tuple(found)
