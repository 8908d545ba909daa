"""A map, or a part of it, as a drawing: boxes with their words, lines between them, bands. Plain values in SVG user units.

What stands where comes from ``layering``; this says how large things are, breaks words into lines, and puts bands and what
stands alone in their places. Pure. The same map gives the same drawing, so drawings are kept (``draw`` is cached).
"""

import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from lti_tool.competencies.layering import Sizes, layered
from lti_tool.competencies.rules_graph import reduced

Key = Hashable


@dataclass(frozen=True, slots=True)
class Node:
    """What is drawn as a box."""

    id: Key
    title: str
    """The code, in bold; empty where there is none, and then the words have its line too."""
    words: str
    band: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes of boxes, in user units, which are CSS pixels at 100 %."""

    width: int
    height: int
    aside: int
    """Between columns."""
    lines: int
    """How many lines of words a box holds below its title."""
    sizes: Sizes

    @property
    def pitch(self) -> int:
        """From one column to the next."""
        return self.width + self.aside


FULL = Style(width=236, height=98, aside=52, lines=3, sizes=Sizes(box=98, lane=10, gap=16))
"""Code, state and three lines of words."""

CODES = Style(width=116, height=40, aside=40, lines=0, sizes=Sizes(box=40, lane=6, gap=10))
"""The code alone, for a look at the whole of a large map."""

PADDING = 12
WORDS_SIZE = 14
TITLE_SIZE = 15
STATE_ROOM = 104
"""Kept free beside the title for a level: its shape and its word."""
MARGIN = 12
BAND_TITLE = 34
BAND_GAP = 20


@dataclass(frozen=True, slots=True)
class Box:
    """A box; ``x`` and ``y`` are its upper left corner."""

    id: Key
    x: float
    y: float
    width: float
    height: float
    title: str
    lines: tuple[str, ...]
    """Words as they fit; the last line ends in … where they do not."""
    needs: bool
    """Whether a line comes in, so that it has an arrowhead."""


@dataclass(frozen=True, slots=True)
class Line:
    """A prerequisite."""

    before: Key
    after: Key
    points: tuple[tuple[float, float], ...]
    """From the right side of ``before`` to the left side of ``after``; between, pairs that go straight through a column."""
    indirect: bool

    @property
    def path(self) -> str:
        """The ``d`` of an SVG path: curves between columns, straight through them."""
        parts = [f"M{_n(self.points[0][0])} {_n(self.points[0][1])}"]
        for number in range(1, len(self.points)):
            (x, y), (before_x, before_y) = self.points[number], self.points[number - 1]
            if number % 2:
                half = (x - before_x) / 2
                parts.append(f"C{_n(before_x + half)} {_n(before_y)} {_n(x - half)} {_n(y)} {_n(x)} {_n(y)}")
            else:
                parts.append(f"L{_n(x)} {_n(y)}")
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Band:
    """A stripe across the drawing."""

    label: str
    """Empty where the drawing is not divided, and for what stands alone in one that is not."""
    y: float
    height: float
    alone: bool = False
    """Whether this is where the competencies stand that nothing is joined to."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything to draw, in the order of drawing; boxes in the order of reading."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    bands: tuple[Band, ...]
    full: bool
    """Whether boxes have words."""


@lru_cache(maxsize=64)
def draw(
    nodes: tuple[Node, ...],
    direct: tuple[tuple[Key, Key], ...],
    indirect: tuple[tuple[Key, Key], ...] = (),
    *,
    style: Style = FULL,
    mirrored: bool = False,
) -> Drawing:
    """Draw ``nodes`` with the prerequisites among them, what comes first at the left; ``mirrored``: at the right.

    Lines that follow from others are left out. ValueError where the prerequisites have a cycle.
    """
    number = {node.id: place for place, node in enumerate(nodes)}
    every = [edge for edge in (*direct, *indirect) if edge[0] in number and edge[1] in number]
    edges = [(number[before], number[after]) for before, after in reduced(list(number), every)]
    joined = sorted({one for edge in edges for one in edge})
    spread = _Spread(nodes, edges, joined, style)
    dashed = {
        (number[before], number[after])
        for before, after in set(indirect) - set(direct)
        if before in number and after in number
    }
    needed = {after for _, after in edges}
    boxes = tuple(
        Box(nodes[one].id, *spread.spots[one], style.width, style.height, *_words(nodes[one], style), one in needed)
        for one in sorted(spread.spots, key=lambda one: spread.spots[one])
    )
    lines = tuple(
        Line(nodes[before].id, nodes[after].id, spread.points(before, after), (before, after) in dashed)
        for before, after in edges
    )
    drawing = Drawing(spread.width, spread.bottom, boxes, lines, tuple(spread.bands), full=style.lines > 0)
    return _mirrored(drawing) if mirrored else drawing


class _Spread:
    """Puts what ``layering`` made of each band, and what stands alone, one below the other."""

    def __init__(
        self, nodes: Sequence[Node], edges: Sequence[tuple[int, int]], joined: Sequence[int], style: Style
    ) -> None:
        self.style = style
        self.spots: dict[int, tuple[float, float]] = {}
        """The upper left corner of each node."""
        self.bands: list[Band] = []
        self._tops: dict[int, float] = {}
        """Where the band of each joined node begins."""
        self._place = {one: at for at, one in enumerate(joined)}
        labels = list(dict.fromkeys(node.band for node in nodes))
        self._layout = layered(
            len(joined),
            [(self._place[before], self._place[after]) for before, after in edges],
            [labels.index(nodes[one].band) for one in joined],
            style.sizes,
        )
        self._columns = max((*self._layout.layer, 3)) + 1
        self.bottom = float(MARGIN)
        for index, label in enumerate(labels):
            own = [one for one, node in enumerate(nodes) if node.band == label]
            inside = [one for one in own if one in self._place]
            outside = [one for one in own if one not in self._place]
            if label:
                self._band(label, index, inside, outside)
            else:
                self._band("", index, inside, [])
                self._band("", index, [], outside, alone=bool(inside))
        across = max((x + style.width for x, _ in self.spots.values()), default=0.0)
        self.width = across + MARGIN
        self.bottom += MARGIN - (BAND_GAP if self.bands else 0)

    def _band(
        self, label: str, index: int, inside: Sequence[int], outside: Sequence[int], *, alone: bool = False
    ) -> None:
        if not inside and not outside:
            return
        top = self.bottom + (BAND_TITLE if label or alone else 0)
        end = top
        for one in inside:
            x, y = self._layout.layer[self._place[one]], self._layout.top[self._place[one]]
            self.spots[one] = (MARGIN + x * float(self.style.pitch), top + y)
            self._tops[one] = top
        if inside:
            end += self._layout.heights[index]
        gap = self.style.sizes.gap
        for at, one in enumerate(outside):
            row, column = divmod(at, self._columns)
            begin = end + (gap if inside else 0)
            self.spots[one] = (
                MARGIN + column * float(self.style.pitch),
                begin + row * (self.style.height + gap),
            )
        end = max((end, *(self.spots[one][1] + self.style.height for one in outside)))
        self.bands.append(Band(label, self.bottom, end + gap - self.bottom, alone))
        self.bottom = end + gap + BAND_GAP

    def points(self, before: int, after: int) -> tuple[tuple[float, float], ...]:
        """The way of a line: out of one box, straight through columns, into the other."""
        half, wide = self.style.height / 2, self.style.width
        begin, end = self.spots[before], self.spots[after]
        way = [(begin[0] + wide, begin[1] + half)]
        for column, middle in self._layout.lanes.get((self._place[before], self._place[after]), ()):
            x, y = MARGIN + column * float(self.style.pitch), self._tops[before] + middle
            way += [(x, y), (x + wide, y)]
        return (*way, (end[0], end[1] + half))


def _mirrored(drawing: Drawing) -> Drawing:
    """For languages that are written from right to left."""
    wide = drawing.width
    return replace(
        drawing,
        boxes=tuple(replace(box, x=wide - box.x - box.width) for box in drawing.boxes),
        lines=tuple(replace(line, points=tuple((wide - x, y) for x, y in line.points)) for line in drawing.lines),
    )


def _n(value: float) -> str:
    """A coordinate to a tenth of a pixel, as short as it goes."""
    return f"{value:.1f}".removesuffix(".0")


# --- Words --------------------------------------------------------------------------------------------------------------

_NARROW, _WIDE, _CAPITAL, _USUAL = frozenset("iljtfrI.,;:!|'’()[] -·"), frozenset("mwMW@%—…"), 0.66, 0.53


def width_of(text: str, size: float) -> float:
    """About how wide a text is in the product's font at this size, rather too wide than too narrow."""
    return size * sum(_share(sign) for sign in text)


def _share(sign: str) -> float:
    if sign in _NARROW:
        return 0.31
    if sign in _WIDE:
        return 0.88
    if unicodedata.combining(sign):
        return 0.0
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.05
    return _CAPITAL if sign.isupper() or unicodedata.category(sign) == "So" else _USUAL


def wrap(text: str, width: float, size: float, lines: int) -> tuple[str, ...]:
    """The text in at most ``lines`` lines of at most ``width``; a word that is too long is broken, an end that is cut gets …"""
    words = text.split()
    found: list[str] = []
    line = ""
    while words:
        word = words.pop(0)
        longer = f"{line} {word}" if line else word
        if width_of(longer, size) <= width:
            line = longer
            continue
        if not line:
            fits = max(1, _fitting(word, width, size))
            line, rest = word[:fits], word[fits:]
            words.insert(0, rest)
        else:
            words.insert(0, word)
        if len(found) == lines - 1:
            return (*found, cut(f"{line} {words[0]}", width, size, must=True))
        found.append(line)
        line = ""
    return (*found, line) if line else tuple(found)


def cut(text: str, width: float, size: float, *, must: bool = False) -> str:
    """The text as far as it goes, up to the end of a word where there is one, with … where it goes on (``must``: it does)."""
    if not must and width_of(text, size) <= width:
        return text
    fits = text[: _fitting(text, width - width_of("…", size), size)]
    whole = fits if text[len(fits) : len(fits) + 1] in {"", " "} else fits.rpartition(" ")[0]
    return (whole or fits).rstrip() + "…"


def _fitting(text: str, width: float, size: float) -> int:
    """How many characters of the text fit."""
    used = 0.0
    for number, sign in enumerate(text):
        used += size * _share(sign)
        if used > width:
            return number
    return len(text)


def _words(node: Node, style: Style) -> tuple[str, tuple[str, ...]]:
    """Title and lines of a box."""
    room = style.width - 2 * PADDING
    if not style.lines:
        return cut(node.title or node.words, room, TITLE_SIZE), ()
    title = cut(node.title, room - STATE_ROOM, TITLE_SIZE)
    return title, wrap(node.words, room, WORDS_SIZE, style.lines + (not title))
