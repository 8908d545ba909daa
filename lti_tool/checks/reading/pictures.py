"""Pictures that questions show: found in their file, known for pictures by their bytes, and named by their digest.

What stands in a kept question is ``<img src="/question-pictures/<digest>" alt="…">``, whatever the file calls it: nothing is
ever fetched from elsewhere. No SVG: it can hold scripts, and drawings that look different to everybody.
"""

import base64
import binascii
import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import unquote

ADDRESS = "/question-pictures/"
MOST_BYTES = 2_000_000
"""Of one picture."""

MOST_TOGETHER = 12_000_000
"""Bytes of all pictures of one file."""

_OURS = re.compile(rf"{ADDRESS}([0-9a-f]{{64}})")
_ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
_FOLDERS = ("$IMS-CC-FILEBASE$", "$IMS_CC_FILEBASE$", "IMS-CC-FILEBASE", "@@PLUGINFILE@@")
_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def sniffed(content: bytes) -> str | None:
    """The media type that the first bytes show: PNG, JPEG, GIF or WebP; None for anything else, whatever it is called."""
    for sign, media_type in _SIGNS:
        if content.startswith(sign):
            return media_type
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def digests_in(html: str) -> frozenset[str]:
    """The pictures that a text, or questions as JSON, show."""
    return frozenset(_OURS.findall(html))


def is_ours(address: str) -> bool:
    """Whether an address is one that questions are kept with."""
    return _OURS.fullmatch(address) is not None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a file; ``data`` is its bytes in base64, so that it can be kept with the questions until they are wanted."""

    digest: str
    media_type: str
    data: str

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return base64.b64decode(self.data)


Find = Callable[[str, str], bytes | None]
"""Bytes of a file, by the document that names it and by the path it is named with; None where it is not there or too large."""


class Pictures:
    """The pictures of the file that is read now. ``at`` is the path of the document that is read."""

    def __init__(self) -> None:
        self.kept: dict[str, Picture] = {}
        self.find: Find = lambda base, path: None
        self.at = ""
        self._total = 0

    def address(self, source: str) -> str | None:
        """What a question shows in the place of ``source``, an address as its document has it; None for what is no picture."""
        source = source.strip()
        if is_ours(source):
            return source if source.removeprefix(ADDRESS) in self.kept else None
        if source.startswith("data:"):
            return self.take(_inline(source))
        plain = unquote(source)
        for folder in _FOLDERS:
            if plain.startswith(folder):
                return self.take(self.find("", plain.removeprefix(folder).lstrip("/")))
        if not plain or _ELSEWHERE.match(plain):
            return None
        return self.take(self.find(self.at, source))

    def take(self, content: bytes | None) -> str | None:
        """Keep a picture; where it is shown from, or None for what is none, is too large, or would be too much."""
        media_type = sniffed(content) if content is not None and len(content) <= MOST_BYTES else None
        if content is None or media_type is None:
            return None
        digest = hashlib.sha256(content).hexdigest()
        if digest not in self.kept:
            if self._total + len(content) > MOST_TOGETHER:
                return None
            self._total += len(content)
            self.kept[digest] = Picture(digest, media_type, base64.b64encode(content).decode())
        return ADDRESS + digest


def _inline(source: str) -> bytes | None:
    head, _, data = source.partition(",")
    if not head.endswith(";base64") or len(data) > 2 * MOST_BYTES:
        return None
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


_NOW: ContextVar[Pictures | None] = ContextVar("pictures of the file that is read", default=None)


@contextmanager
def of_a_file() -> Iterator[Pictures]:
    """While a file is read: its pictures. Outside of this, as when somebody types a question, only kept ones are known."""
    pictures = Pictures()
    token = _NOW.set(pictures)
    try:
        yield pictures
    finally:
        _NOW.reset(token)


def now() -> Pictures | None:
    """The pictures of the file that is read, if one is."""
    return _NOW.get()


def at(path: str) -> None:
    """Say which document of the file is read from here on: addresses are relative to it."""
    pictures = _NOW.get()
    if pictures is not None:
        pictures.at = path


def address_of(source: str) -> str | None:
    """What a question shows in the place of ``source``; None where its words have to do."""
    pictures = _NOW.get()
    if pictures is not None:
        return pictures.address(source)
    return source if is_ours(source) else None


def places(base: str, path: str) -> Iterator[str]:
    """Where in a package a picture may lie: beside the document that names it, at the top, or where Canvas keeps files."""
    plain = path.split("#", 1)[0].split("?", 1)[0]
    for folder in (posixpath.dirname(base), "", "web_resources"):
        found = posixpath.normpath(posixpath.join(folder, plain))
        if not found.startswith(("../", "/")) and found not in ("..", "."):
            yield found
