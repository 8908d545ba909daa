"""What a form says of a question, for each kind; and orders that are typed as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.checks import responding
from lti_tool.checks.scoring import score
from tests.checks import asked


@pytest.mark.parametrize(
    ("make", "fields", "response"),
    [
        (asked.choice, {"a.1": ["a"]}, "a"),
        (asked.choice, {}, ""),
        (asked.response, {"a.1": ["two", "four", "two", "nonsense"]}, ["two", "four"]),
        (asked.response, {}, []),
        (asked.number, {"a.1": ["1,5\0"]}, "1,5"),
        (asked.text, {"a.1": ["x" * 3000]}, "x" * 2000),
        (asked.match, {"a.1.half": ["50"], "a.1.quarter": [""], "a.1.other": ["x"]}, {"half": "50"}),
        (asked.gaps, {"a.1.n": [" 50 "], "a.1.w": [" "]}, {"n": " 50 "}),
    ],
)
def test_a_form_is_read_for_each_kind(make: object, fields: dict[str, list[str]], response: object) -> None:
    question = make()  # type: ignore[operator]
    found = responding.read(question, "1", fields)
    assert found == response
    assert score(question, found).share >= 0


def test_an_order_is_read_from_numbers() -> None:
    shown = ["w", "h", "t", "q"]
    fields = {f"a.1.{one}": [str(place)] for place, one in enumerate(["q", "t", "h", "w"], 1)}
    assert responding.read(asked.order(), "1", fields, shown) == ["q", "t", "h", "w"]


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_numbers_that_are_each_given_once_are_the_order(shown: list[int], wanted: list[int]) -> None:
    places = {str(one): str(place) for place, one in enumerate(wanted, 1)}
    assert responding.ordered([str(one) for one in shown], places) == [str(one) for one in wanted]


@given(st.lists(st.sampled_from(["1", "2", "3", "4", "", "0", "x", "99999999", "-1", "٣"]), min_size=4, max_size=4))
def test_whatever_is_typed_it_is_an_order(typed: list[str]) -> None:
    assert sorted(responding.ordered(list("abcd"), dict(zip("abcd", typed, strict=True)))) == list("abcd")


def test_one_new_number_moves_the_others_along() -> None:
    places = {"a": "1", "b": "2", "c": "3", "d": "4"}
    assert responding.ordered(list("abcd"), places | {"d": "1"}) == list("dabc")
    assert responding.ordered(list("abcd"), places | {"a": "3"}) == list("bcad")
    assert responding.ordered(list("abcd"), places | {"b": "4"}) == list("acdb")


def test_things_are_moved_within_the_list_alone() -> None:
    assert responding.moved("abc", "b", -1) == list("bac")
    assert responding.moved("abc", "a", -1) == list("abc")
    assert responding.moved("abc", "c", 1) == list("abc")
    assert responding.moved("abc", "x", 1) == list("abc")
