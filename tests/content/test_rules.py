"""Addresses, search and sections."""

import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.content import rules
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.rules import BadAddress
from lti_tool.content.secrets import SecretBox, Unsealable
from lti_tool.platforms.native import NativeItem


def test_a_link_to_this_tool_is_known_by_its_launches_or_by_the_tools_address() -> None:
    tool = "https://playlists.example"

    def ours(**more: Any) -> bool:
        return rules.opens_this_tool(NativeItem("moodle:cm:29", "tool", "My playlists", **more), {"4"}, tool)

    assert ours(link_id="4")
    assert ours(link_id="5", tool_urls=("https://PLAYLISTS.example/static/icon/mark.svg",))
    assert not ours(link_id="5", tool_urls=("https://moodle.example/theme/image.php/boost/lti/1/monologo",))
    assert not ours(link_id="5", tool_urls=("http://playlists.example/", "https://[", ""))
    assert not ours()
    assert not rules.opens_this_tool(NativeItem("a", "tool", "b", tool_urls=("", "/x")), {"4"}, "")


def an_item(title: str, section: str = "Week 1", kind: ItemKind = ItemKind.PAGE, indent: int = 0) -> ContentItem:
    return ContentItem(
        organisation_id=uuid.uuid4(),
        course_id=uuid.uuid4(),
        external_id=title,
        kind=kind,
        title=title,
        section=section,
        indent=indent,
        seen_at=datetime(2026, 9, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "example.org",
        "/relative",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/",
        "https://",
        "https:///path",
        "https://user@example.org/",
        "https://user:password@example.org/",
        "https://@example.org/",
        "https://example.org/a b",
        "https://example.org/\n<script>",
        "https://example.org\\@evil.example/",
        "https://[::1",
        "https://example.org:99999999/",
        "https://example.org/" + "a" * 2000,
    ],
)
def test_what_a_step_cannot_lead_to_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        rules.clean_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org",
        "HTTP://Example.org:8080/a?b=c#d",
        "https://[2001:db8::1]/",
        "https://übung.example/ä?q=%20",
    ],
)
def test_plain_addresses_are_kept_as_they_are(address: str) -> None:
    assert rules.clean_address(f"  {address}\t") == address


@given(st.text(max_size=60), st.sampled_from(["", "https://", "http://", "https://example.org", "https:"]))
def test_an_address_that_passes_is_http_with_a_host_and_no_secret(text: str, before: str) -> None:
    try:
        address = rules.clean_address(before + text)
    except BadAddress:
        return
    parts = urlsplit(address)
    assert parts.scheme in {"http", "https"}
    assert parts.hostname
    assert parts.username is None
    assert len(address) <= 2000
    assert rules.address_title("", address)


def test_search_wants_every_word_whatever_case_and_accents() -> None:
    items = [an_item("Étude en forêt"), an_item("Quiz", "Week 2: la Forêt"), an_item("Forest", kind=ItemKind.HEADING)]
    assert [item.title for item in rules.matching(items, "FORET")] == ["Étude en forêt", "Quiz"]
    assert [item.title for item in rules.matching(items, "quiz foret")] == ["Quiz"]
    assert rules.matching(items, "etude quiz") == []
    assert rules.matching(items, "  ") == items


@given(st.lists(st.tuples(st.text(max_size=5), st.sampled_from("abc"), st.sampled_from(ItemKind)), max_size=20))
def test_sections_keep_everything_but_headings_of_nothing(given_items: list[tuple[str, str, ItemKind]]) -> None:
    items = [an_item(title, section, kind) for title, section, kind in given_items]
    shown = [item for section in rules.sections(items) for item in section.items]
    assert {id(item) for item in items if item.kind is not ItemKind.HEADING} <= {id(item) for item in shown}
    for section in rules.sections(items):
        assert section.items[-1].kind is not ItemKind.HEADING
        assert {item.section for item in section.items} == {section.title}


@given(st.text(max_size=200), st.text(min_size=1, max_size=20))
def test_a_secret_opens_for_its_purpose_alone(text: str, purpose: str) -> None:
    box = SecretBox("s" * 32)
    sealed = box.seal(text, purpose)
    assert box.open(sealed, purpose) == text
    with pytest.raises(Unsealable):
        box.open(sealed, purpose + "x")
    with pytest.raises(Unsealable):
        SecretBox("t" * 32).open(sealed, purpose)
    with pytest.raises(Unsealable):
        box.open("garbage", purpose)
