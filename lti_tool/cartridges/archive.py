"""Opens the zip file of a cartridge without trusting anything in it. Nothing is ever unpacked to disk."""

import stat
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import unquote

from lti_tool.cartridges.content import CartridgeError

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a cartridge may hold. Sizes in bytes, after unpacking unless said otherwise."""

    entries: int = 20_000
    total: int = 512 * _MEBIBYTE
    xml: int = 16 * _MEBIBYTE
    """One XML or HTML file."""
    ratio: int = 200
    """How many times larger than its compressed form an entry may be, once it is over ``ratio_from`` bytes."""
    ratio_from: int = _MEBIBYTE
    depth: int = 200
    """How deep elements or items may lie in one another."""
    read: int = 256 * _MEBIBYTE
    """All XML and HTML that is read, a file as often as it is asked for."""
    marks: int = 3_000_000
    """The same in opening brackets: reading takes its time for each element, about ten seconds for as many as these."""


class Archive:
    """The files of a cartridge by path. Use it as a context manager.

    Raises ``CartridgeError`` when opened on something that is no zip file, is encrypted, damaged or over the limits, or
    has entries that point outside of it.
    """

    def __init__(self, source: Path | str | BinaryIO, limits: Limits) -> None:
        self.limits = limits
        self.doubled: tuple[str, ...] = ()
        self._read = 0
        self._marks = 0
        try:
            self._zip = zipfile.ZipFile(source)
        except FileNotFoundError as error:
            raise CartridgeError("not-found", f"There is no file {source}.") from error
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
            raise CartridgeError(
                "not-a-cartridge", "This is not a cartridge: a Common Cartridge is a zip file, and this file is not."
            ) from error
        try:
            self._entries = self._check(self._zip.infolist())
        except BaseException:
            self._zip.close()
            raise
        self._composed = {
            unicodedata.normalize("NFC", path): path for path in reversed(self._entries) if not path.isascii()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def paths(self) -> list[str]:
        """The paths of all files, in the order of the zip file."""
        return list(self._entries)

    def size(self, path: str) -> int:
        """A file's size in bytes, as the zip file states it."""
        return self._entries[path].file_size

    def find(self, href: str, *, base: str = "") -> str | None:
        """The path of the file an ``href`` of the manifest means, or None. ``base`` is the folder it is relative to.

        Writers disagree on whether an href is percent-encoded and on how accents are composed; each spelling is tried.
        """
        plain = href.split("#", 1)[0].split("?", 1)[0]
        for spelling in (href, plain, unquote(plain), unicodedata.normalize("NFC", unquote(plain))):
            path = inside(base, spelling)
            if path is None:
                continue
            if path in self._entries:
                return path
            known = self._composed.get(unicodedata.normalize("NFC", path))
            if known is not None:
                return known
        return None

    def read(self, path: str, limit: int | None = None) -> bytes:
        """A file's bytes. What has a ``limit`` is to be understood, and counts to what is read in all.

        :raises CartridgeError: ``too-large`` over ``limit`` bytes, ``broken-zip`` when the bytes are damaged.
        """
        entry = self._entries[path]
        if limit is not None:
            self._read += entry.file_size
            if entry.file_size > limit:
                raise CartridgeError("too-large", f"{path} is larger than {limit // _MEBIBYTE or 1} MB.")
            if self._read > self.limits.read:
                raise CartridgeError(
                    "too-large", f"The cartridge has more than {self.limits.read // _MEBIBYTE or 1} MB to read."
                )
        try:
            # zipfile never hands out more than the stated size, so what was checked at opening holds here.
            data = self._zip.read(entry)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
            # The central directory may say that an entry begins before the file does.
            ValueError,
        ) as error:
            raise CartridgeError(
                "broken-zip", f"The file is damaged: {path} cannot be unpacked. Export or download it again."
            ) from error
        if limit is not None:
            self._marks += data.count(b"<")
            if self._marks > self.limits.marks:
                raise CartridgeError("too-large", "The cartridge has more elements to read than anybody means.")
        return data

    def _check(self, entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        if len(entries) > self.limits.entries:
            raise CartridgeError("too-many-files", f"The cartridge holds more than {self.limits.entries} files.")
        found: dict[str, zipfile.ZipInfo] = {}
        doubled: list[str] = []
        total = 0
        for entry in entries:
            path = _safe_path(entry)
            if entry.is_dir():
                continue
            total += entry.file_size
            self._check_size(entry, total)
            if path in found:
                doubled.append(path)
            found[path] = entry
        self.doubled = tuple(doubled)
        return found

    def _check_size(self, entry: zipfile.ZipInfo, total: int) -> None:
        if total > self.limits.total:
            raise CartridgeError(
                "too-large", f"The cartridge unpacks to more than {self.limits.total // _MEBIBYTE or 1} MB."
            )
        if entry.file_size > self.limits.ratio_from and entry.file_size > self.limits.ratio * max(
            entry.compress_size, 1
        ):
            raise CartridgeError(
                "zip-bomb",
                f"{entry.filename} unpacks to more than {self.limits.ratio} times its size. It was not opened.",
            )


def inside(base: str, href: str) -> str | None:
    """The path that ``href`` means from the folder ``base``; None when it leads out of the cartridge."""
    parts: list[str] = [part for part in base.split("/") if part] if not href.startswith("/") else []
    for part in href.replace("\\", "/").split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _safe_path(entry: zipfile.ZipInfo) -> str:
    """The entry's path with forward slashes, or an error: nothing encrypted, no links, nothing that points outside."""
    name = entry.filename.replace("\\", "/")
    if entry.flag_bits & 0x1:
        raise CartridgeError("encrypted", "The cartridge is encrypted. Export it again without a password.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise CartridgeError("unsafe-path", f"{entry.filename} is a symbolic link. The cartridge was not opened.")
    path = PurePosixPath(name)
    drive = len(name) > 1 and name[1] == ":"
    if path.is_absolute() or drive or ".." in path.parts or "\0" in entry.orig_filename:
        raise CartridgeError("unsafe-path", f"{entry.filename} points outside of the cartridge. It was not opened.")
    return str(path)
