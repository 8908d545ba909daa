"""JSON that somebody else has written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.foreign_json import read_json

characters = st.characters(exclude_categories=())
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(characters),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(characters), inner, max_size=4),
    max_leaves=8,
)


@given(values)
def test_whatever_comes_can_be_stored_and_sent_on(value: Any) -> None:
    read = read_json(json.dumps(value))
    written = json.dumps(read, ensure_ascii=False)
    assert "\\u0000" not in written
    written.encode()


@given(st.recursive(st.text(), lambda inner: st.dictionaries(st.text(), inner, max_size=3), max_leaves=5))
def test_what_is_right_stays_as_it_is(value: Any) -> None:
    if "\x00" not in json.dumps(value, ensure_ascii=False) and "\\u0000" not in json.dumps(value):
        assert read_json(json.dumps(value)) == value
        assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (b'{"name": "\\ud83e\\udd89 Zo\\u00eb"}', {"name": "🦉 Zoë"}),
        (b'{"na\\u0000me": ["\\ud800", "\\\\u0000"]}', {"na\ufffdme": ["\ufffd", "\\u0000"]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
    ids=["a whole character", "half of one", "a byte order mark", "a name twice"],
)
def test_what_is_read(text: bytes, read: Any) -> None:
    assert read_json(text) == read


@pytest.mark.parametrize(
    "text", [b"[" * 100_000, b'{"a":' * 50_000, b"NaN", b'{"a": Infinity}', b"\xed\xa0\x80", b"\xff", b"", b"1" * 5000]
)
def test_what_is_none_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind is the point.
        read_json(text)
