"""Link and Retry-After headers as platforms write them, and addresses that carry a query."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.links import append_to_path, next_link, retry_after, with_query

BASE = "https://lms.example/api/items?page=1"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], None),
        (['<https://lms.example/a?page=2>; rel="next"'], "https://lms.example/a?page=2"),
        (["<https://lms.example/a?page=2>;rel=next"], "https://lms.example/a?page=2"),
        (["<https://lms.example/a?page=2>; REL='Next'"], "https://lms.example/a?page=2"),
        (["<https://lms.example/a?x=1&amp;from=2>; rel=“next”"], "https://lms.example/a?x=1&from=2"),
        (
            ['<https://lms.example/a?p=2&section=5&current=1&copy=2&region=eu&lt=3>; rel="next"'],
            "https://lms.example/a?p=2&section=5&current=1&copy=2&region=eu&lt=3",
        ),
        (['<https://lms.example/a>; title="a, b"; rel="prev next"'], "https://lms.example/a"),
        (['<https://lms.example/a>; rel = " next "'], "https://lms.example/a"),
        (['<https://lms.example/1>; rel="first",<https://lms.example/2>; rel="next"'], "https://lms.example/2"),
        (['<https://lms.example/1>; rel="first"', '<https://lms.example/2>; rel="next"'], "https://lms.example/2"),
        (['<https://lms.example/Bookmark:AbC,d>; rel="next"'], "https://lms.example/Bookmark:AbC,d"),
        (['</api/items?page=2>; rel="next"'], "https://lms.example/api/items?page=2"),
        (['<https://lms.example/1>; rel="nextish"'], None),
        (['<https://lms.example/1>; rel="last"; title="next"'], None),
        (['<https://lms.example/1>; rel="prev"'], None),
        (["nonsense"], None),
        (["<<>>; rel=next"], None),
        # Read in one go, whatever a platform pads its header with.
        (["<https://lms.example/1>; rel=" + " " * 90_000 + "x"], None),
        (["<https://lms.example/1>; " + "rel " * 20_000 + "=" + "a " * 20_000], None),
    ],
)
def test_next_links(headers: list[str], found: str | None) -> None:
    assert next_link(headers, BASE) == found


@given(st.text(max_size=300))
def test_any_link_header_is_read(header: str) -> None:
    try:
        next_link([header], BASE)
    except ValueError:
        # An address such as https://[ ; the caller calls that an answer it cannot read.
        assert "<" in header


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (None, None),
        ("", None),
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta(0)),
        ("99999999999999999999", timedelta(days=1)),
        ("Sun, 22 Nov 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Sun, 22 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
    ],
)
def test_retry_after(value: str | None, wait: timedelta | None) -> None:
    assert retry_after(value, NOW) == wait


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "https://m.example/8/lineitems/36/lineitem?type_id=2",
            "https://m.example/8/lineitems/36/lineitem/scores?type_id=2",
        ),
        ("https://c.example/line_items/1", "https://c.example/line_items/1/scores"),
        ("https://c.example/line_items/1/", "https://c.example/line_items/1/scores"),
        ("https://s.example/a?b=c%2Fd#e", "https://s.example/a/scores?b=c%2Fd#e"),
    ],
)
def test_scores_go_into_the_path(address: str, expected: str) -> None:
    assert append_to_path(address, "scores") == expected


def test_a_query_is_added_to_and_never_changed() -> None:
    assert with_query("https://a.example/x", {}) == "https://a.example/x"
    assert with_query("https://a.example/x?a=B%20c", {"role": "x#y"}) == "https://a.example/x?a=B%20c&role=x%23y"
    assert with_query("https://a.example/x?role=", {"role": "y"}) == "https://a.example/x?role="
