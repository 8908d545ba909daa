"""A page of which only the large part is packed."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from lti_tool.web import packing


@given(st.binary(max_size=200), st.binary(max_size=5000), st.binary(max_size=200))
def test_it_unpacks_to_what_it_was(before: bytes, large: bytes, after: bytes) -> None:
    assert gzip.decompress(packing.pack(before, large, after)) == before + large + after


@pytest.mark.parametrize("size", [0, 1, 65_534, 65_535, 65_536, 200_000])
def test_stored_parts_of_any_size_are_whole(size: int) -> None:
    packed = packing.pack(b"b" * size, b"large", b"a" * size)
    assert gzip.decompress(packed) == b"b" * size + b"large" + b"a" * size
    # Stored, not packed: as long as it was.
    assert len(packed) > 2 * size


def test_a_browsers_own_reader_takes_it_in_pieces() -> None:
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    packed = packing.pack(b"before", b"large" * 9999, b"after")
    found = b"".join(reader.decompress(packed[start : start + 100]) for start in range(0, len(packed), 100))
    assert found + reader.flush() == b"before" + b"large" * 9999 + b"after"
    assert reader.eof


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("*", True),
        ("GZIP", True),
        ("gzip;q=0", False),
        ("gzip;q=x", False),
        ("br", False),
        ("", False),
    ],
)
def test_only_a_browser_that_takes_gzip_gets_it(header: str, taken: bool) -> None:
    request = Request({"type": "http", "headers": [(b"accept-encoding", header.encode())]})
    assert packing.accepts_gzip(request) is taken
    answer = packing.respond(request, "b", "l" * 500, "a")
    assert answer.headers.get("content-encoding") == ("gzip" if taken else None)
