"""Where the boxes of a map stand: a layered layout (Sugiyama, Tagawa and Toda 1981) of an acyclic graph, from left to right.

Pure, deterministic, and in units of the caller's. Four steps: each node gets a layer that is beyond its prerequisites'; edges
that span layers run through *lanes*, one for each start and layer, so that what opens much draws one line and not twenty; the
order within each layer is improved by barycentres, up and down, and the order with the fewest crossings is kept; and boxes move
towards what they are joined to as far as their neighbours let them (isotonic regression, exact). Nodes may stand in bands, which
are laid out one below the other. Why this is not a library: ADR 15.
"""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lti_tool.competencies.rules_graph import predecessors, successors, topological

_SWEEPS = 12
"""Rounds of reordering; the crossings of real maps stop falling after about eight."""

_STRAIGHTENING = 8
"""Rounds of moving boxes towards what they are joined to."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much room things take, in the caller's units."""

    box: float
    """Height of a box."""
    lane: float
    """Height that a line needs where it passes between boxes."""
    gap: float
    """Between one box or lane and the next."""


@dataclass(frozen=True, slots=True)
class Layered:
    """A layout. Nodes are the numbers 0 to n - 1."""

    layer: tuple[int, ...]
    """Each node's column, from 0."""
    top: tuple[float, ...]
    """Each node's upper edge, from the top of its band."""
    lanes: dict[tuple[int, int], tuple[tuple[int, float], ...]]
    """For each edge that spans layers: column, and middle from the top of the start's band, of each lane it runs through."""
    heights: tuple[float, ...]
    """Of each band."""


def layered(count: int, edges: Sequence[tuple[int, int]], bands: Sequence[int], sizes: Sizes) -> Layered:
    """Lay out ``count`` nodes with ``edges`` in the ``bands`` (numbers from 0) they belong to.

    ValueError for edges that have a cycle, or that join a node with itself.
    """
    if any(before == after for before, after in edges):
        raise ValueError("prerequisites go round in a circle")
    columns = _columns(count, edges)
    cells, joins, through = _with_lanes(count, edges, columns, bands)
    rows = _ordered(cells, joins)
    middles, heights = _placed(rows, joins, cells, max(bands, default=0) + 1, count, sizes)
    lanes = {
        edge: tuple((cells[lane].column, middles[lane]) for lane in passed)
        for edge, passed in through.items()
        if passed
    }
    tops = tuple(middles[node] - sizes.box / 2 for node in range(count))
    return Layered(tuple(columns), tops, lanes, heights)


# --- Columns ------------------------------------------------------------------------------------------------------------


def _columns(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The longest way to each node; then those that open more than they need move towards what they open."""
    ordered = topological(range(count), edges)
    after, before = successors(edges), predecessors(edges)
    column = [0] * count
    for node in ordered:
        for later in after.get(node, ()):
            column[later] = max(column[later], column[node] + 1)
    for _ in range(4):
        moved = False
        for node in reversed(ordered):
            opens = after.get(node, ())
            if len(opens) > len(before.get(node, ())):
                to = min(column[later] for later in opens) - 1
                moved = moved or to > column[node]
                column[node] = max(column[node], to)
        if not moved:
            break
    first = min(column, default=0)
    return [one - first for one in column]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A node, or a lane that lines of one node pass through."""

    column: int
    band: int


def _with_lanes(
    count: int, edges: Sequence[tuple[int, int]], columns: Sequence[int], bands: Sequence[int]
) -> tuple[list[_Cell], list[tuple[int, int]], dict[tuple[int, int], list[int]]]:
    """Cells (the nodes, then the lanes), joins from each column to the next, and the lanes that each edge passes."""
    cells = [_Cell(columns[node], bands[node]) for node in range(count)]
    lanes: dict[tuple[int, int], int] = {}
    joins: dict[tuple[int, int], None] = {}
    through: dict[tuple[int, int], list[int]] = {}
    for before, after in edges:
        here, passed = before, []
        for column in range(columns[before] + 1, columns[after]):
            lane = lanes.get((before, column))
            if lane is None:
                lane = lanes[before, column] = len(cells)
                cells.append(_Cell(column, bands[before]))
            joins[here, lane] = None
            passed.append(lane)
            here = lane
        joins[here, after] = None
        through[before, after] = passed
    return cells, list(joins), through


# --- Order within columns -----------------------------------------------------------------------------------------------


def _ordered(cells: Sequence[_Cell], joins: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The cells of each column from top to bottom, bands kept together, with as few crossings as the sweeps find."""
    rows: list[list[int]] = [[] for _ in range(max((cell.column for cell in cells), default=-1) + 1)]
    for number in sorted(range(len(cells)), key=lambda one: (cells[one].band, one)):
        rows[cells[number].column].append(number)
    after, before = successors(joins), predecessors(joins)
    best, fewest = [list(row) for row in rows], _crossings(rows, after)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        forwards = sweep % 2 == 0
        for row, fixed in _neighbours(rows, forwards=forwards):
            place = {cell: float(number) for number, cell in enumerate(fixed)}
            joined = before if forwards else after
            want = {
                cell: _mean([place[one] for one in joined.get(cell, ())], number * len(fixed) / len(row))
                for number, cell in enumerate(row)
            }
            row.sort(key=lambda cell: (cells[cell].band, want[cell]))
        found = _crossings(rows, after)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    return best


def _neighbours(rows: list[list[int]], *, forwards: bool) -> list[tuple[list[int], list[int]]]:
    """Each column that moves with the one beside it that stands still."""
    if forwards:
        return [(rows[number], rows[number - 1]) for number in range(1, len(rows))]
    return [(rows[number], rows[number + 1]) for number in range(len(rows) - 2, -1, -1)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(rows: Sequence[Sequence[int]], after: dict[int, list[int]]) -> int:
    """How often lines between neighbouring columns cross."""
    total = 0
    for row, following in pairwise(rows):
        place = {cell: number for number, cell in enumerate(following)}
        ends: list[int] = []
        for cell in row:
            reached = sorted(place[one] for one in after.get(cell, ()))
            total += sum(len(ends) - bisect_right(ends, end) for end in reached)
            for end in reached:
                insort(ends, end)
    return total


# --- Places -------------------------------------------------------------------------------------------------------------


def _placed(
    rows: Sequence[Sequence[int]],
    joins: Sequence[tuple[int, int]],
    cells: Sequence[_Cell],
    bands: int,
    count: int,
    sizes: Sizes,
) -> tuple[list[float], tuple[float, ...]]:
    """The middle of each cell from the top of its band, and the height of each band."""
    inside = [join for join in joins if cells[join[0]].band == cells[join[1]].band]
    after, before = successors(inside), predecessors(inside)
    half = [sizes.box / 2 if cell < count else sizes.lane / 2 for cell in range(len(cells))]
    middle = [0.0] * len(cells)
    heights = []
    for band in range(bands):
        own = [[cell for cell in row if cells[cell].band == band] for row in rows]
        for row in own:
            _pack(row, half, sizes.gap, middle)
        for sweep in range(_STRAIGHTENING):
            forwards = sweep % 2 == 0
            joined = before if forwards else after
            for row in own if forwards else reversed(own):
                wanted = [_mean([middle[one] for one in joined.get(cell, ())], middle[cell]) for cell in row]
                _settle(row, wanted, half, sizes.gap, middle)
        used = [cell for row in own for cell in row]
        least = min((middle[cell] - half[cell] for cell in used), default=0.0)
        for cell in used:
            middle[cell] -= least
        heights.append(max((middle[cell] + half[cell] for cell in used), default=0.0))
    return middle, tuple(heights)


def _pack(row: Sequence[int], half: Sequence[float], gap: float, middle: list[float]) -> None:
    """One below the other, with the middle of the column at 0."""
    total = sum(2 * half[cell] for cell in row) + gap * max(len(row) - 1, 0)
    at = -total / 2
    for cell in row:
        middle[cell] = at + half[cell]
        at += 2 * half[cell] + gap


def _settle(
    row: Sequence[int], wanted: Sequence[float], half: Sequence[float], gap: float, middle: list[float]
) -> None:
    """Move the cells of a column as near to where they want to be as their order and their sizes allow (least squares).

    With the room above each cell taken off, the places have to rise and nothing else: isotonic regression by pooling adjacent
    violators (Ayer and others 1955).
    """
    room = 0.0
    offsets: list[float] = []
    for number, cell in enumerate(row):
        if number:
            room += half[row[number - 1]] + gap + half[cell]
        offsets.append(room)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, size = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean, size = (mean * size + other * others) / (size + others), size + others
        pools.append((mean, size))
    places = [mean for mean, size in pools for _ in range(size)]
    for cell, place, offset in zip(row, places, offsets, strict=True):
        middle[cell] = place + offset
