"""Sending one large page packed (gzip, RFC 1952), and only the part of it that is large.

Whoever can make a browser ask for a page, see how long the answer is, and put words of their own into it can guess secrets
that are packed together with those words (the BREACH attack). So a page is packed only where a route asks for it, and:

- what stands around the large part (the session's id among it) goes as it is, in stored blocks (RFC 1951 §3.2.4) of the same
  stream, which share nothing with what is packed;
- the large part must hold nothing that the request has brought;
- the header carries a file name of random length, so that two answers of the same content differ in length.
"""

import secrets
import struct
import zlib

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

LEVEL = 6
"""Of zlib, 1 to 9: for a table of a few repeated cells, 5 packs a third worse, 8 takes three times as long for a little
more."""
_MOST_PADDING = 100
_STORED = 0xFFFF


def accepts_gzip(request: Request) -> bool:
    """Whether the browser takes gzip (RFC 9110 §12.5.3); weight 0 means that it does not."""
    for part in request.headers.get("accept-encoding", "").split(","):
        coding, _, parameter = part.strip().partition(";")
        if coding.strip().lower() in {"gzip", "*"}:
            try:
                return float(parameter.strip().removeprefix("q=") or 1) > 0
            except ValueError:
                return False
    return False


def respond(request: Request, before: str, large: str, after: str) -> Response:
    """A page of three parts, the ``large`` one packed if the browser takes it. ``large`` holds nothing of the request's."""
    headers = {"Vary": "Accept-Encoding"}
    if not accepts_gzip(request):
        return HTMLResponse(before + large + after, headers=headers)
    body = pack(before.encode(), large.encode(), after.encode())
    return HTMLResponse(body, headers={**headers, "Content-Encoding": "gzip"})


def pack(before: bytes, large: bytes, after: bytes) -> bytes:
    """One gzip member: ``before`` and ``after`` stored, ``large`` deflated by itself."""
    deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
    packed = deflater.compress(large) + deflater.flush(zlib.Z_SYNC_FLUSH)
    crc = zlib.crc32(after, zlib.crc32(large, zlib.crc32(before)))
    size = (len(before) + len(large) + len(after)) & 0xFFFFFFFF
    return b"".join(
        [
            # Flags: a file name follows. No time; operating system unknown.
            b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff",
            b"a" * secrets.randbelow(_MOST_PADDING) + b"\x00",
            _stored(before, last=False),
            # A sync flush ends on a whole byte, as a stored block begins on one.
            packed,
            _stored(after, last=True),
            struct.pack("<II", crc, size),
        ]
    )


def _stored(data: bytes, *, last: bool) -> bytes:
    parts = [data[start : start + _STORED] for start in range(0, len(data), _STORED)] or [b""]
    blocks = []
    for number, part in enumerate(parts, start=1):
        ends = last and number == len(parts)
        blocks.append(struct.pack("<BHH", int(ends), len(part), len(part) ^ 0xFFFF) + part)
    return b"".join(blocks)
