"""Tables that people open in a spreadsheet and send back: written so that nothing in them is a formula, read as they come.

A cell that a spreadsheet would take for a formula gets an apostrophe in front, which is taken off again when the file comes
back, so that a file that went through a spreadsheet says the same as before.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lti_tool.errors import BadRequest, TooLarge
from lti_tool.web.i18n import N_

MARK = "\ufeff"
"""Spreadsheets read a file as UTF-8 when it begins with this."""

MOST_BYTES = 500_000

_DELIMITERS = ",;\t"
_FORMULA = re.compile("'*[=+\\-@\t\r＝＋－＠]")
_MADE_TEXT = re.compile("'+[=+\\-@\t\r＝＋－＠]")


class UnreadableTable(BadRequest):
    """A file that is no table of text."""

    code = "unreadable-table"
    title = N_("This file cannot be read as a table")
    advice = N_("Save it as CSV (in UTF-8, where your spreadsheet asks) and choose that file. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; ``number`` is the one that a spreadsheet shows beside it, from 1."""

    number: int
    cells: tuple[str, ...]


def written(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV (RFC 4180) for a spreadsheet."""
    out = io.StringIO()
    out.write(MARK)
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def harmless(cell: str) -> str:
    """A text that no spreadsheet takes for a formula; see ``meant``."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def meant(cell: str) -> str:
    """What ``harmless`` was given."""
    return cell[1:] if _MADE_TEXT.match(cell) else cell


def read(content: bytes) -> list[Row]:
    """The rows of a CSV file that are not empty, their cells without spaces around them and as they were meant.

    UTF-8, UTF-16 with its mark, or Windows-1252; parted by comma, semicolon or tab, whichever the first row has most of.
    Raises TooLarge over 500 kB, and UnreadableTable.
    """
    if len(content) > MOST_BYTES:
        raise TooLarge("the file is over 500 kB")
    text = text_of(content)
    if text is None:
        raise UnreadableTable("the file is not text")
    first = text.split("\n", 1)[0]
    named = re.fullmatch(r"sep=(.)\r?", first)
    delimiter = named[1] if named else max(_DELIMITERS, key="".join(first.split('"')[::2]).count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found = []
    try:
        for number, cells in enumerate(reader, start=1):
            stripped = tuple(meant(cell.strip(" \n")) for cell in cells)
            if any(stripped) and not (number == 1 and named):
                found.append(Row(number, stripped))
    except csv.Error as error:
        raise UnreadableTable(f"row {len(found) + 1}: {error}") from error
    return found


def text_of(content: bytes) -> str | None:
    """What a spreadsheet saved as text, in UTF-8, UTF-16 or Windows-1252; None for what is no text."""
    found = decoded(content)
    return found.text if found.is_whole and "\x00" not in found.text else None


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text. ``is_unicode``: not a guess; ``is_whole``: no byte stands for nothing and had to be replaced."""

    text: str
    is_unicode: bool = True
    is_whole: bool = True


def decoded(content: bytes) -> Decoded:
    """The text of a file: UTF-8, UTF-16 as spreadsheets write it (with or without its mark), else Windows-1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _replacing(content, "utf-16")
    sample = content[:2000]
    # A spreadsheet may leave the mark out; text of our alphabets then has a zero in every second place.
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if len(sample) > 8 and zeros.count(0) > len(zeros) * 0.8:
            return _replacing(content, encoding)
    try:
        return Decoded(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        # Five bytes mean nothing there.
        return _replacing(content, "cp1252", is_unicode=False)


def _replacing(content: bytes, encoding: str, *, is_unicode: bool = True) -> Decoded:
    try:
        return Decoded(content.decode(encoding), is_unicode)
    except UnicodeDecodeError:
        return Decoded(content.decode(encoding, errors="replace"), is_unicode, is_whole=False)
