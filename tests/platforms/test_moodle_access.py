"""What keeps students out of a Moodle activity. The trees are those that Moodle 4.5.6 told of activities made for this."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.platforms.moodle_access import Access, access_of
from lti_tool.platforms.moodle_rows import course_items
from lti_tool.platforms.native import LIMITS

OPENS, CLOSES = 1_798_471_715, 1_799_000_000
FROM = {"type": "date", "d": ">=", "t": OPENS}
UNTIL = {"type": "date", "d": "<", "t": CLOSES}
GROUP = {"type": "group", "id": 3}
AT = datetime.fromtimestamp(OPENS, UTC)
END = datetime.fromtimestamp(CLOSES, UTC)


def tree(op: str, *conditions: Any) -> dict[str, Any]:
    return {"op": op, "c": list(conditions), "showc": [True] * len(conditions)}


@pytest.mark.parametrize(
    ("restriction", "expected"),
    [
        (tree("&", FROM), Access(AT)),
        (tree("&", FROM, UNTIL), Access(AT, END)),
        (tree("|", FROM), Access(AT)),
        (tree("&", GROUP), Access(limits=("groups",))),
        (tree("&", {"type": "grouping", "id": 1}), Access(limits=("groups",))),
        (tree("&", {"type": "completion", "cm": 1026, "e": 1}), Access(limits=("work",))),
        (tree("&", {"type": "grade", "id": 9, "min": 50}), Access(limits=("grade",))),
        (
            tree("&", {"type": "profile", "sf": "email", "op": "isequalto", "v": "ada@school.example"}),
            Access(limits=("profile",)),
        ),
        (tree("&", {"type": "relativedate", "n": 1}), Access(limits=("other",))),
        (tree("|", GROUP, FROM), Access(limits=("groups", "dates"))),
        (tree("!&", GROUP), Access(limits=("groups",))),
        (tree("!&", FROM), Access(limits=("dates",))),
        (tree("&", tree("&", FROM, GROUP)), Access(AT, None, ("groups",))),
        (tree("|", tree("&", FROM), GROUP), Access(limits=("groups", "dates"))),
        (tree("&"), Access()),
    ],
)
def test_a_tree_says_when_it_is_closed_to_all_and_what_keeps_some_out(
    restriction: dict[str, Any], expected: Access
) -> None:
    assert access_of(json.dumps(restriction), None) == expected


def test_what_names_somebody_is_not_kept() -> None:
    told = "Not available unless: Your <strong>Email address</strong> is <strong>ada@school.example</strong>"
    assert access_of(None, told) == Access(limits=("other",))
    assert "ada" not in repr(
        access_of(json.dumps(tree("&", {"type": "profile", "sf": "email", "v": "ada@school.example"})), told)
    )


@pytest.mark.parametrize("availability", [None, "", "{", "[]", '{"c": 3}', 7, '{"op":"&"}', "x" * 300_000])
def test_what_cannot_be_read_restricts_nothing_that_is_not_told(availability: object) -> None:
    assert access_of(availability, None) == Access()


def test_a_tree_without_an_end_is_read_to_a_depth() -> None:
    deep: dict[str, Any] = tree("&", GROUP)
    for _ in range(60):
        deep = tree("&", deep)
    assert access_of(json.dumps(deep), None).limits == ("other",)
    assert set(access_of(json.dumps(tree("&", *[FROM] * 3000)), None).limits) == {"other"}


@given(
    st.recursive(
        st.dictionaries(st.sampled_from(["type", "d", "t", "op", "c"]), st.none() | st.integers() | st.text()),
        lambda inner: st.fixed_dictionaries({"op": st.text(), "c": st.lists(inner)}) | st.lists(inner),
        max_leaves=20,
    )
)
def test_any_tree_is_read(whatever: object) -> None:
    found = access_of(json.dumps(whatever), None)
    assert set(found.limits) <= set(LIMITS)


def test_a_restricted_section_restricts_what_stands_in_it() -> None:
    sections = [
        {
            "name": "Later",
            "visible": 1,
            "availabilityinfo": "Available from <strong>28 December</strong>",
            "modules": [
                {"id": 5, "modname": "page", "name": "Read", "visible": 1, "availability": json.dumps(tree("&", FROM))},
                {"id": 6, "modname": "page", "name": "Free", "visible": 1, "availability": None},
            ],
        }
    ]
    read, free = course_items(sections, "https://moodle.example", None)
    assert (read.opens_at, read.limits) == (AT, ("other",))
    assert (free.opens_at, free.limits) == (None, ("other",))
