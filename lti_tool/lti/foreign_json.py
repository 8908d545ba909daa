"""JSON that somebody else has written: read once, here, so that nothing in it can break what comes after.

Python's reader takes more than JSON is: numbers that are none (RFC 8259 §6), and escapes of half a character (§8.2). It also
ends in an error of its own kind where text is nested deeply. And U+0000, which is JSON, fits no column of PostgreSQL.
"""

import json
import re
from typing import Any

UNREADABLE = "\ufffd"
"""Stands for U+0000 and for half a character (U+FFFD, "replacement character")."""

_BROKEN = re.compile("[\x00\ud800-\udfff]")
# A pair of escapes that is a whole character is found too, and left as it is.
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def read_json(given: bytes | str) -> Any:
    """What the text says. Raises ValueError for what is no JSON, and for what is nested too deeply to be meant."""
    try:
        text = given if isinstance(given, str) else given.decode("utf-8-sig")
        read = _DECODER.decode(text)
        return _mended(read) if _SUSPECT.search(text) else read
    except RecursionError:
        raise ValueError("nested too deeply") from None


def exact(given: bytes | str, *path: str) -> Any:
    """What stands in the text at a path of names, to the letter: for what is sent back as it came and looked at by nobody.

    The text is one that ``read_json`` has read. None where the path leads nowhere.
    """
    value: Any = json.loads(given)
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _mended(value: Any) -> Any:
    """The value with every broken character replaced, in names and in what they name."""
    if isinstance(value, str):
        return _BROKEN.sub(UNREADABLE, value)
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(one) for name, one in value.items()}
    return value
