"""Competencies as people write them: one a line, with a code in front of it or without. Pure."""

import re
from dataclasses import dataclass

MOST_LINES = 200
MOST_STATEMENT = 4000
MOST_CODE = 100

# "4.NF.1", "HSA-SSE.A.1a", "LO3", "MA.5.NSO.1.1", "2.1": capitals and digits with points or hyphens between, at least one digit.
_CODE = r"(?=[^\s]*\d)[A-Z0-9]{1,8}(?:[.\-_/][A-Za-z0-9]{1,4})*(?:(?<=\d)[a-z])?"
_MARKED = re.compile(r"^(?P<code>\S{1,40})\s*(?:\t|:\s|\s[–—-]\s)\s*(?P<statement>\S.*)$")
_BEFORE_WORDS = re.compile(rf"^(?P<code>{_CODE})\.?\s+(?P<statement>\S.*)$")
_BULLET = re.compile(r"^\s*[•●▪*–—-]\s+")


@dataclass(frozen=True, slots=True)
class Line:
    """One competency as it was written."""

    code: str
    statement: str


def lines_of(text: str) -> list[Line]:
    """The competencies of a pasted text, one a line; empty lines and bullets are dropped.

    A code is what stands before a tab, a colon or a dash, or a word in front that looks like one: capitals and digits with
    points between, at least one digit, and not a number alone.
    """
    bare = (_BULLET.sub("", line).strip() for line in text.splitlines())
    return [_line(line) for line in bare if line]


def _line(text: str) -> Line:
    marked = _MARKED.match(text)
    if marked is not None and (("\t" in text) or _looks_like_a_code(marked["code"])):
        return Line(marked["code"].rstrip(":"), _tidy(marked["statement"]))
    before = _BEFORE_WORDS.match(text)
    if before is not None and not before["code"].isdigit():
        return Line(before["code"], _tidy(before["statement"]))
    return Line("", _tidy(text))


def _looks_like_a_code(word: str) -> bool:
    return any(sign.isdigit() for sign in word) or word.isupper()


def _tidy(text: str) -> str:
    return " ".join(text.split())
