"""The class board: which rows and columns it has, in which order, and its table as HTML. Pure.

The table is put together from strings, not by the template: 200 students × 480 competencies are 96,000 cells. A cell is its
level's word; shape and colour come from its class. Its end tag is left out, as HTML allows.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from html import escape
from typing import Any

from lti_tool.clock import day_in
from lti_tool.playlists.monitor_rules import Watch

SECURE = 3
"""The rank from which a competency counts as known: Secure."""
SHOWN_STATEMENT = 160
"""Characters of a statement in a column's header; the whole stands on the competency's page."""

_EPOCH = date(1970, 1, 1).toordinal()


Holding = tuple[int, str, int | None]
"""What somebody holds in a competency: rank 0 to 4, the key of the level, and the epoch day from which a review is due."""


class Order(StrEnum):
    """In which order the students stand."""

    NAME = "name"
    NEED = "need"
    QUIET = "quiet"
    REVIEW = "review"


class Show(StrEnum):
    """Which students stand on the board."""

    ALL = "all"
    NEED = "need"
    QUIET = "quiet"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Column:
    """A competency of the board. ``number`` names it in the standings.

    ``domain`` and ``grade`` are what it belongs to, or empty.
    """

    competency_id: uuid.UUID
    number: str
    code: str
    statement: str
    domain: str = ""
    grade: str = ""

    @property
    def heading(self) -> str:
        """What stands above it on the board: its grade and domain."""
        return " · ".join(part for part in (self.grade, self.domain) if part)


@dataclass(frozen=True, slots=True)
class Face:
    """How a level looks in a cell: its word, and the classes that give it shape and colour."""

    word: str
    css: str


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the table in the reader's language; ``due`` has a field ``%(level)s``."""

    caption: str
    student: str
    to_go: str
    secure: str
    not_started: Face
    due: str
    no_domain: str


@dataclass(frozen=True, slots=True)
class Line:
    """A student of the board, with what they hold by the competency's number."""

    person_id: uuid.UUID
    name: str
    held: Mapping[str, Holding] = field(default_factory=dict)
    latest_at: datetime | None = None

    def counted(self, numbers: Sequence[str], today: int) -> "Counted":
        """What the order, the filters and the cells ask for, over these competencies."""
        get = self.held.get
        cells = [get(number) for number in numbers]
        secure = [number for number, one in zip(numbers, cells, strict=True) if one is not None and one[0] >= SECURE]
        due = sum([1 for one in cells if one is not None and one[2] is not None and one[2] <= today])
        return Counted(self, cells, secure, len(numbers) - len(secure), due)


@dataclass(frozen=True, slots=True)
class Counted:
    """A student with what they hold in each column, which of these are Secure, how many are not yet, how many reviews are due."""

    line: Line
    cells: list[Holding | None]
    secure: list[str]
    to_go: int
    due: int

    def is_quiet(self, watch: Watch) -> bool:
        """Whether there has been no evidence for as many school days as the course's calendar says, or none at all."""
        return self.line.latest_at is None or watch.is_quiet(self.line.latest_at)


def epoch_day(moment: datetime, zone: tzinfo = UTC) -> int:
    """The day of a moment where clocks show ``zone``, in days since 1 January 1970."""
    return day_in(zone, moment).toordinal() - _EPOCH


def day_of(number: int) -> date:
    """The day of an ``epoch_day``."""
    return date.fromordinal(number + _EPOCH)


def counted(lines: Iterable[Line], columns: Sequence[Column], now: datetime, zone: tzinfo = UTC) -> list[Counted]:
    """Every student with their counts, in the order they came in. ``zone`` is where the school's day begins."""
    numbers = [column.number for column in columns]
    today = epoch_day(now, zone)
    return [line.counted(numbers, today) for line in lines]


def is_shown(one: Counted, show: Show, watch: Watch) -> bool:
    """Whether a filter lets a student through."""
    return {
        Show.ALL: True,
        Show.NEED: one.to_go > 0,
        Show.QUIET: one.is_quiet(watch),
        Show.REVIEW: one.due > 0,
    }[show]


_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

_KEYS: Mapping[Order, Callable[[Counted], Any]] = {
    Order.NEED: lambda one: -one.to_go,
    Order.QUIET: lambda one: one.line.latest_at or _LONG_AGO,
    Order.REVIEW: lambda one: -one.due,
}


def in_order(rows: Sequence[Counted], order: Order) -> list[Counted]:
    """The students in an order; those who are alike stay as they came in, by name."""
    key = _KEYS.get(order)
    return list(rows) if key is None else sorted(rows, key=key)


def names(values: Iterable[str]) -> list[str]:
    """What there is to choose from, each once, in the map's order."""
    return list(dict.fromkeys(value for value in values if value))


def by_heading(columns: Sequence[Column]) -> list[Column]:
    """The columns with those of one grade and domain beside each other, in the order in which these first come."""
    places = {name: place for place, name in enumerate(dict.fromkeys(column.heading for column in columns))}
    return sorted(columns, key=lambda column: places[column.heading])


# --- The table -------------------------------------------------------------------------------------------------------


def table(
    rows: Sequence[Counted],
    columns: Sequence[Column],
    faces: Mapping[str, Face],
    ranked: Sequence[Face],
    words: Words,
    address: str,
    now: datetime,
    zone: tzinfo = UTC,
) -> str:
    """The board as an HTML table.

    ``faces`` are the scale's levels by key, ``ranked`` those that stand for each rank of the ladder, for keys of another scale;
    ``address`` is the board's own, below which the pages of students and competencies
    are. Everything from outside is escaped; nothing of the request is in it.
    """
    plain = {key: _cell(face.css, face.word) for key, face in faces.items()}
    due = {key: _cell(f"{face.css} due", words.due % {"level": face.word}) for key, face in faces.items()}
    others = [_cell(face.css, face.word) for face in ranked]
    others_due = [_cell(f"{face.css} due", words.due % {"level": face.word}) for face in ranked]
    blank = _cell(words.not_started.css, words.not_started.word)
    numbers = [column.number for column in columns]
    today = epoch_day(now, zone)
    here = escape(address)
    parts = [
        f'<table class="board" id="board" data-board><caption class="visually-hidden">{escape(words.caption)}</caption>'
        f"<colgroup><col class=board__name><col class=board__count><col class=board__cell span={len(columns)}>",
        _head(columns, words, here),
        "<tbody>",
        _class_row(rows, numbers, words),
    ]
    for row in rows:
        cells = [
            f'<tr><th scope=row><a href="{here}/students/{row.line.person_id}">{escape(row.line.name)}</a>'
            f"<td class=n>{row.to_go}"
        ]
        for held in row.cells:
            if held is None:
                cells.append(blank)
            elif held[2] is not None and held[2] <= today:
                cells.append(due.get(held[1]) or others_due[held[0]])
            else:
                cells.append(plain.get(held[1]) or others[held[0]])
        parts.append("".join(cells))
    parts.append("</table>")
    return "\n".join(parts)


def _cell(css: str, word: str) -> str:
    classes = f'"{escape(css)}"' if " " in css else escape(css)
    return f"<td class={classes}>{escape(word)}"


def _head(columns: Sequence[Column], words: Words, here: str) -> str:
    parts = ["<thead>"]
    # Where no column has a domain there is nothing to say.
    if any(column.heading for column in columns):
        parts.append("<tr><td colspan=2 class=corner>")
        for heading, count in _runs(columns):
            shown = escape(heading or words.no_domain)
            parts.append(f'<th scope=colgroup colspan={count} class=domain><span title="{shown}">{shown}</span>')
    parts.append(
        f"<tr><th scope=col class=corner>{escape(words.student)}<th scope=col class=n><span>{escape(words.to_go)}</span>"
    )
    parts.extend(_column_head(column, here) for column in columns)
    return "".join(parts)


def _runs(columns: Sequence[Column]) -> list[tuple[str, int]]:
    runs: list[tuple[str, int]] = []
    for column in columns:
        if runs and runs[-1][0] == column.heading:
            runs[-1] = (column.heading, runs[-1][1] + 1)
        else:
            runs.append((column.heading, 1))
    return runs


def _column_head(column: Column, here: str) -> str:
    statement = shortened(column.statement)
    shown = (
        f"{escape(column.code)}<span class=visually-hidden>: {escape(statement)}</span>"
        if column.code
        else escape(statement)
    )
    return (
        f'<th scope=col><a href="{here}/competencies/{column.competency_id}" title="{escape(statement)}">'
        f"<span>{shown}</span></a>"
    )


def shortened(statement: str) -> str:
    """A statement in one line, cut after a word."""
    text = " ".join(statement.split())
    return text if len(text) <= SHOWN_STATEMENT else text[: SHOWN_STATEMENT - 1].rsplit(" ", 1)[0] + "…"


def _class_row(rows: Sequence[Counted], numbers: Sequence[str], words: Words) -> str:
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(row.secure)
    cells = "".join([f"<td class=n>{counts[number]}" for number in numbers])
    return f"<tr class=of-class><th scope=row>{escape(words.secure)}<td class=n>{cells}"
