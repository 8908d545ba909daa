"""From bytes to text and from text to rows: encodings, byte order marks, separators, and what is no text."""

import csv
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import nh3

from lti_tool.competencies.reading.values import (
    MOST_BYTES,
    MOST_ROWS,
    FrameworkTooLarge,
    Problem,
    Trouble,
    UnreadableFramework,
    Weight,
)
from lti_tool.web import spreadsheets
from lti_tool.web.i18n import N_

_SEPARATORS = (",", ";", "\t")
_MOST_CELLS = 2_000_000

_EMPTY = N_("The file is empty. Nothing was changed.")
_BROKEN_TABLE = N_(
    "The table breaks off in row %(row)s: a quotation mark is probably missing there. Nothing was changed."
)

THE_FILE = ""
"""Where a problem of the whole file is."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a file says, with what had to be done to read it."""

    text: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; ``number`` is the one a spreadsheet shows beside it, from 1."""

    number: int
    cells: list[str]

    @property
    def where(self) -> str:
        """The row as a problem names it."""
        return f"row {self.number}"


def decoded(given: bytes) -> Text:
    """The text of a file: UTF-8, UTF-16 as spreadsheets write it, else Windows-1252, which is said.

    Raises FrameworkTooLarge and UnreadableFramework.
    """
    if len(given) > MOST_BYTES:
        raise FrameworkTooLarge(f"the file has {len(given)} bytes")
    if not given.strip(b"\x00\t\n\r "):
        raise UnreadableFramework("the file is empty", advice=_EMPTY)
    problems: list[Problem] = []
    found = spreadsheets.decoded(given)
    text = found.text
    if not found.is_unicode:
        problems.append(Problem(Trouble.NOT_UTF8, THE_FILE, Weight.CHANGED))
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
        problems.append(Problem(Trouble.NUL, THE_FILE, Weight.CHANGED))
    return Text(text, tuple(problems))


def separator_of(text: str) -> str:
    """The separator of a table: the one that parts its first line into the most cells, the comma where none does.

    A spreadsheet in much of Europe writes a semicolon.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4]
    outside = _outside_quotes(first)
    return max(_SEPARATORS, key=outside.count)


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def rows(text: str, separator: str) -> Iterator[Row]:
    """The rows that are not empty, their cells without the spaces around them.

    Raises FrameworkTooLarge for more cells than anybody means, and UnreadableFramework where quotation marks do not fit.
    """
    # A byte order mark that was glued into the middle by putting files together is no character of a cell.
    reader = csv.reader(io.StringIO(text.replace("\ufeff", ""), newline=""), delimiter=separator, strict=False)
    cells = number = 0
    try:
        for number, row in enumerate(reader, start=1):
            cells += len(row)
            if cells > _MOST_CELLS or number > MOST_ROWS:
                raise FrameworkTooLarge(f"more than {_MOST_CELLS} cells or {MOST_ROWS} rows")
            stripped = [cell.strip() for cell in row]
            if any(stripped) and not (number == 1 and _names_separator(row)):
                yield Row(number, stripped)
    except csv.Error as error:
        row_number = str(number + 1)
        raise UnreadableFramework(
            f"row {row_number}: {error}", advice=_BROKEN_TABLE, fields={"row": row_number}
        ) from error


def _names_separator(row: list[str]) -> bool:
    """Whether a row is the line with which Excel is told the separator; it may be parted by it."""
    return row[0].lower().startswith("sep=") and not any(row[1:])


_ELEMENT = re.compile(
    r"</?(a|b|i|u|p|br|em|h[1-6]|hr|img|div|span|font|strong|small|sub|sup|ul|ol|li|table|tbody|tr|td|th|blockquote|code)"
    r"(\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,30}\d?);", re.IGNORECASE)
_WITHIN = re.compile(r"</?(a|b|i|u|em|span|font|strong|small|sub|sup|code)(\s[^<>]{0,2000})?>", re.IGNORECASE)
_RAISED = re.compile(r"<(sup|sub)(?:\s[^<>]{0,200})?>\s*([+\-\u2212]?\d{1,9})\s*</\1>", re.IGNORECASE)
_RAISED_DIGITS = {
    "sup": str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻"),
    "sub": str.maketrans("0123456789+-\u2212", "₀₁₂₃₄₅₆₇₈₉₊₋₋"),
}


def has_markup(text: str) -> bool:
    """Whether a text is written in HTML, and does not only compare with ``<``."""
    return _ELEMENT.search(text) is not None or _REFERENCE.search(text) is not None


def plain_text(text: str) -> str:
    """What HTML says, without its markup and in one line; text that has none stays as it is. Powers and indices stay so."""
    if _ELEMENT.search(text) is None:
        return " ".join(html.unescape(text).split() if _REFERENCE.search(text) else text.split())
    raised = _RAISED.sub(lambda found: found[2].translate(_RAISED_DIGITS[found[1].lower()]), text)
    # A tag between two words parts them, one within a line does not.
    parted = _WITHIN.sub("", raised).replace("<", " <")
    return " ".join(html.unescape(nh3.clean(parted, tags=set())).split())
