"""Reads a gzipped tar file from its first byte to its last, without trusting anything in it. Nothing is unpacked to disk.

Python's own reader takes a header's word for how much memory its names and attributes need; this one does not. It knows plain
files, folders, and the two ways of writing long names (GNU's and pax); whatever else a tar file can hold is refused.

Sources: POSIX.1-1988 ustar and POSIX.1-2001 pax, as the manual of GNU tar describes them.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from lti_tool.cartridges.archive import Limits
from lti_tool.cartridges.content import CartridgeError

_MEBIBYTE = 1024 * 1024
_BLOCK = 512
_CHUNK = 64 * 1024
_MOST_HEADER = 64 * 1024
"""Bytes of a long name, or of a pax header."""

_LINKS = (b"1", b"2")
_PLAIN = (b"0", b"\0", b"5", b"7")
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive, by its path with forward slashes. ``size`` in bytes."""

    path: str
    size: int


class Tar:
    """The files of a ``.tar.gz`` in their order, each to be read before the next one is asked for."""

    def __init__(self, source: BinaryIO, limits: Limits) -> None:
        self.limits = limits
        self._stream = _Gunzipped(source, limits)
        self._left = 0

    def members(self) -> Iterator[Member]:
        """All files.

        :raises CartridgeError: what cannot be unpacked is ``broken-zip``; links, devices and paths that lead outside are
            ``unsafe-path``; what is over a limit is ``too-large``, ``too-many-files`` or ``zip-bomb``.
        """
        longer = ""
        count = 0
        while (header := self._header()) is not None:
            size, kind = _number(header[124:136]), header[156:157]
            count += 1
            if count > self.limits.entries:
                raise CartridgeError("too-many-files", f"The file holds more than {self.limits.entries} files.")
            self._left = -(-size // _BLOCK) * _BLOCK
            if kind in (b"L", b"x", b"g"):
                said = self._said(size)
                longer = (_pax_path(said) or longer) if kind == b"x" else (_text(said) if kind == b"L" else longer)
            else:
                path = _safe_path(longer or _name(header), kind)
                longer = ""
                if kind != b"5" and not path.endswith("/"):
                    yield Member(path, size)
            self._skip()

    def read(self, member: Member, limit: int) -> bytes:
        """The bytes of the file that ``members`` has just given.

        :raises CartridgeError: ``too-large`` over ``limit`` bytes, ``broken-zip`` when there are fewer than it says.
        """
        if member.size > limit:
            raise CartridgeError("too-large", f"{member.path} is larger than {limit // _MEBIBYTE or 1} MB.")
        data = self._stream.take(member.size)
        self._left -= member.size
        return data

    def _header(self) -> bytes | None:
        header = self._stream.take(_BLOCK, may_end=True)
        if not header.strip(b"\0"):
            return None
        # The checksum's own eight bytes count as blanks.
        if _number(header[148:156]) != sum(header[:148]) + 256 + sum(header[156:]):
            raise CartridgeError("broken-zip", "The file is damaged: a header's checksum is wrong. Export it again.")
        return header

    def _said(self, size: int) -> bytes:
        if size > _MOST_HEADER:
            raise CartridgeError("unsafe-path", "The file has a name of more than 64 KB. It was not opened.")
        said = self._stream.take(size)
        self._left -= size
        return said

    def _skip(self) -> None:
        while self._left > 0:
            part = min(self._left, _CHUNK)
            self._stream.take(part)
            self._left -= part


class _Gunzipped:
    """The unpacked bytes of a gzip file, in order."""

    def __init__(self, source: BinaryIO, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._inflate = zlib.decompressobj(wbits=31)
        self._ready = bytearray()
        self._packed = 0
        self._unpacked = 0

    def take(self, size: int, *, may_end: bool = False) -> bytes:
        while len(self._ready) < size:
            if not self._more():
                if may_end and not self._ready and self._inflate.eof:
                    return b""
                raise CartridgeError(
                    "broken-zip", "The file is damaged: it ends too early. Export or download it again."
                )
        taken = bytes(self._ready[:size])
        del self._ready[:size]
        return taken

    def _more(self) -> bool:
        if self._inflate.eof:
            return False
        given = self._inflate.unconsumed_tail
        if not given:
            given = self._source.read(_CHUNK)
            self._packed += len(given)
            if not given:
                return False
        try:
            found = self._inflate.decompress(given, _CHUNK)
        except zlib.error as error:
            raise CartridgeError(
                "broken-zip", "The file is damaged: it cannot be unpacked. Export or download it again."
            ) from error
        self._unpacked += len(found)
        self._check()
        self._ready += found
        return True

    def _check(self) -> None:
        limits = self._limits
        if self._unpacked > limits.total:
            raise CartridgeError("too-large", f"The file unpacks to more than {limits.total // _MEBIBYTE or 1} MB.")
        if self._unpacked > max(limits.ratio_from, limits.ratio * self._packed):
            raise CartridgeError("zip-bomb", f"The file unpacks to more than {limits.ratio} times its size.")


def _number(field: bytes) -> int:
    """A number of a header, which is octal. Larger ones than eleven digits hold are over every limit."""
    digits = field.split(b"\0", 1)[0].strip()
    try:
        number = int(digits or b"0", 8)
    except ValueError:
        number = -1
    if number < 0 or field[:1] >= b"\x80":
        raise CartridgeError("broken-zip", "The file is damaged: a header has no size. Export or download it again.")
    return number


def _text(data: bytes) -> str:
    # A name in another encoding than UTF-8 is shown as well as it can be; what is looked for has plain names.
    return data.split(b"\0", 1)[0].decode("utf-8", "replace")


def _name(header: bytes) -> str:
    prefix = _text(header[345:500]) if header[257:262] == b"ustar" and header[262:263] != b" " else ""
    name = _text(header[:100])
    return f"{prefix}/{name}" if prefix else name


def _pax_path(said: bytes) -> str | None:
    """The path in a pax header's records, which are ``length key=value`` and a line's end each."""
    for record in said.split(b"\n"):
        _, _, pair = record.partition(b" ")
        key, _, value = pair.partition(b"=")
        if key == b"path":
            return _text(value)
    return None


def _safe_path(name: str, kind: bytes) -> str:
    plain = name.replace("\\", "/")
    path = PurePosixPath(plain)
    if kind in _LINKS:
        raise CartridgeError("unsafe-path", f"{name[:200]} is a link. The file was not opened.")
    if kind not in _PLAIN:
        raise CartridgeError("unsafe-path", f"{name[:200]} is neither a file nor a folder. The file was not opened.")
    if path.is_absolute() or plain[1:2] == ":" or ".." in path.parts:
        raise CartridgeError("unsafe-path", f"{name[:200]} points outside of the file. It was not opened.")
    return str(path) + ("/" if plain.endswith("/") else "")
