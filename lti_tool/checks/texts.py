"""Short texts compared as people type them. Pure.

Unicode in its composed form (NFC), spaces around cut off and inside drawn together, typographic quotes as the plain ones that
keyboards have; without regard to case unless the question asks for it. In a pattern ``*`` stands for anything, also nothing,
and ``\\*`` for an asterisk, as in Moodle.
"""

import unicodedata

LONGEST = 1000
"""Characters of a response that are looked at; what is longer is no short text."""

_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "´": "'", "“": '"', "”": '"', "„": '"', "‐": "-", "‑": "-", "–": "-"}
)
_ASTERISK = "\ufdd0"
"""A character that no text holds: what an escaped asterisk becomes while a pattern is taken apart."""


def plain(text: str, *, case_sensitive: bool) -> str:
    """The text as it is compared."""
    composed = unicodedata.normalize("NFC", text).translate(_PLAIN)
    if not case_sensitive:
        composed = unicodedata.normalize("NFC", composed.casefold())
    return " ".join(composed.split())


def matches(typed: str, accepted: str, *, pattern: bool, case_sensitive: bool) -> bool:
    """Whether what was typed is the accepted text, or fits it as a pattern."""
    given = plain(typed, case_sensitive=case_sensitive)
    if not pattern:
        return given == plain(accepted, case_sensitive=case_sensitive)
    pieces = accepted.replace(_ASTERISK, "").replace("\\*", _ASTERISK).split("*")
    wanted = [_piece(piece, case_sensitive=case_sensitive) for piece in pieces]
    if len(wanted) == 1:
        return given == wanted[0].strip()
    wanted[0], wanted[-1] = wanted[0].lstrip(), wanted[-1].rstrip()
    return _fits(given, wanted)


def _piece(piece: str, *, case_sensitive: bool) -> str:
    """A part of a pattern between asterisks. Spaces at its ends stand, since they part it from what is around."""
    before = " " if piece[:1].isspace() else ""
    after = " " if piece[-1:].isspace() and piece.strip() else ""
    return before + plain(piece.replace(_ASTERISK, "*"), case_sensitive=case_sensitive) + after


def _fits(given: str, pieces: list[str]) -> bool:
    """Whether the pieces follow one another, the first at the start and the last at the end; each is taken as early as can be."""
    first, *inner, last = pieces
    if not given.startswith(first) or not given.endswith(last) or len(given) < len(first) + len(last):
        return False
    at, end = len(first), len(given) - len(last)
    for piece in inner:
        found = given.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
