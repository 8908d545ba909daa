"""Remarks about files: a code with values, said in English here and in the reader's language by whoever shows them."""

import re

import pytest

from lti_tool.cartridges.notes import WORDS, Why, said, sentence


@pytest.mark.parametrize("why", list(Why))
def test_every_remark_has_words_whose_places_are_filled_or_left_open(why: Why) -> None:
    places = re.findall(r"%\((\w+)\)s", WORDS[why])
    values = {name: f"<{name}>" for name in places}
    words = str(said(why, **values))
    assert all(f"<{name}>" in words for name in places)
    assert "%(" not in words
    # A value that an older file does not have is a gap, and no error.
    assert str(said(why)).count("…") >= len(set(places))


def test_a_value_is_never_read_as_a_place() -> None:
    assert sentence("“%(title)s” is here", {"title": "100 %(x)s"}) == "“100 %(x)s” is here"


def test_the_same_remark_about_the_same_is_one() -> None:
    assert said(Why.NO_ID, title="A") == said(Why.NO_ID, title="A")
    assert said(Why.NO_ID, title="A").about(quiz="B").named == {"title": "A", "quiz": "B"}
