"""What a file that was handed in is, by its first bytes, and how it may be called. Pure.

A file is only ever handed out to be saved. Its kind is told to the browser where its bytes show one that no browser runs;
everything else is plain bytes, whatever its name says.
"""

import re
import unicodedata

PLAIN = "application/octet-stream"

MOST_BYTES = 10_000_000
"""Of one file."""

MOST_TOGETHER = 50_000_000
"""Bytes of one student's files on one board."""

_SIGNS = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (8, b"WAVE", "audio/wav"),
)
_ENDINGS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
_LONGEST = 120


def sniffed(content: bytes, name: str) -> str:
    """The media type that the bytes show; ``PLAIN`` for everything that might be run, and for what nobody knows."""
    for at, sign, media_type in _SIGNS:
        if content[at : at + len(sign)] == sign:
            return media_type
    if content[:4] == b"PK\x03\x04":
        return _ENDINGS.get(name.rpartition(".")[2].casefold(), "application/zip")
    return PLAIN


def safe_name(name: str) -> str:
    """A file's name without folders, control and direction marks, in at most 120 characters, its ending kept; "file" for none."""
    last = re.split(r"[/\\]", name)[-1]
    clean = _NOT_IN_NAMES.sub(" ", unicodedata.normalize("NFC", last)).strip(" .")
    clean = re.sub(r"\s+", " ", clean)
    if len(clean) > _LONGEST:
        stem, dot, ending = clean.rpartition(".")
        clean = stem[: _LONGEST - len(ending) - 1] + dot + ending if dot and len(ending) <= 10 else clean[:_LONGEST]
    return clean or "file"
