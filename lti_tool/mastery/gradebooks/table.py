"""Text into rows of cells, and cells into numbers, as spreadsheets of many countries write them."""

import csv
import io
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from lti_tool.mastery.gradebooks.values import Cell, CellKind, UnreadableGradebook
from lti_tool.web.spreadsheets import text_of

MAX_BYTES = 20_000_000
MAX_COLUMNS = 3_000
MAX_LINES = 200_000
MAX_CELLS = 1_000_000
"""Of all rows together: each takes a hundred times its size in memory. 3,000 people with 300 columns are fewer."""
MAX_LABEL = 500
"""Characters of a column's header: LMSs allow half of it."""
_LONGEST_NUMBER = 40
"""Characters; no grade is longer."""

_DELIMITERS = ",;\t"
_NUMBER = re.compile(r"[+-]?[.,\u00a0\u202f' ]*\d[\d.,\u00a0\u202f' ]*")
_EXCUSED = frozenset({"ex", "excused", "exc", "dispensado", "exento", "justificado", "entschuldigt", "dispensé"})
_MISSING = frozenset({"mi", "m", "missing", "incomplete", "inc", "not submitted", "no entregado", "pendiente"})
_BLANK = frozenset({"", "-", "–", "—", "n/a", "na"})


def rows_of(content: bytes) -> list[tuple[int, list[str]]]:
    """The file's rows with their line numbers (from 1), empty ones left out. UTF-8, UTF-16 with its mark, or Windows-1252.

    Raises UnreadableGradebook for what is too large, no text, or no table.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableGradebook("the file is too large")
    text = text_of(content)
    if text is None:
        raise UnreadableGradebook("the file is not text")
    # A line of its own names the delimiter in files of some spreadsheets.
    named = re.match(r"sep=(.)\r?\n", text)
    delimiter = named.group(1) if named else _delimiter(text)
    lines = io.StringIO(text[named.end() :] if named else text, newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    found: list[tuple[int, list[str]]] = []
    cells = 0
    try:
        for row in reader:
            if len(row) > MAX_COLUMNS:
                raise UnreadableGradebook("a row has too many columns")
            cells += len(row)
            if reader.line_num > MAX_LINES or cells > MAX_CELLS:
                raise UnreadableGradebook("there are more rows than a course has people")
            if not found and any(len(cell) > MAX_LABEL for cell in row):
                raise UnreadableGradebook("a column's header is too long")
            if any(cell.strip() for cell in row):
                found.append((reader.line_num + (1 if named else 0), row))
    except csv.Error as error:
        raise UnreadableGradebook(f"the table cannot be read near line {reader.line_num}") from error
    return found


def _delimiter(text: str) -> str:
    """The one that parts the first line most often outside of quotes; a comma where none does."""
    first = re.sub(r'"[^"]*"', "", text.split("\n", 1)[0])
    return max(_DELIMITERS, key=first.count)


class Numbers:
    """Reads the numbers of one file: whether a comma parts decimals is decided once, by all cells together."""

    def __init__(self, cells: Iterable[str]) -> None:
        dots = commas = False
        for cell in cells:
            text = cell.strip().rstrip("%").strip()
            if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
                continue
            last = max(text.rfind("."), text.rfind(","))
            if last < 0:
                continue
            both = "." in text and "," in text
            if not both and text.count(text[last]) > 1:
                # What stands twice parts thousands, so the other parts decimals.
                dots, commas = dots or text[last] == ",", commas or text[last] == "."
                continue
            three = len(text) - last - 1 == 3
            # 1,000 and 1.000 alone say nothing: they may be a thousand or one.
            if both or not three or text.startswith(("0", "-0")):
                dots = dots or text[last] == "."
                commas = commas or text[last] == ","
        self._decimal = "," if commas and not dots else "." if dots and not commas else None

    def number(self, text: str) -> Decimal | None:
        """The number in ``text``; None for no number, or one that can be read in two ways."""
        text = re.sub(r"[\u00a0\u202f' ]", "", text.strip())
        if not text or len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
            return None
        last = max(text.rfind("."), text.rfind(","))
        mark = self._decimal
        if last >= 0 and mark is None:
            if ("." in text and "," in text) or len(text) - last - 1 != 3 or text.startswith(("0", "-0")):
                mark = text[last]
            elif text.count(text[last]) > 1:
                mark = "." if text[last] == "," else ","
            else:
                return None
        if mark is not None:
            other = "." if mark == "," else ","
            whole, found, places = text.partition(mark)
            if mark in places or other in places:
                return None
            if other in whole and not re.fullmatch(rf"[+-]?\d{{1,3}}(\{other}\d{{3}})+", whole):
                return None
            text = whole.replace(other, "") + (f".{places}" if found else "")
        try:
            return Decimal(text)
        except InvalidOperation:
            return None

    def cell(self, text: str) -> Cell:
        """What stands in a grade's cell."""
        text = text.strip()
        word = text.casefold()
        if word in _BLANK:
            return Cell(CellKind.BLANK)
        if word in _EXCUSED:
            return Cell(CellKind.EXCUSED)
        if word in _MISSING:
            return Cell(CellKind.MISSING)
        value = self.number(text.removesuffix("%"))
        if value is None:
            return Cell(CellKind.UNREADABLE)
        return Cell(CellKind.VALUE if value else CellKind.ZERO, value)
