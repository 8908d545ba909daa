"""Finding competencies in frameworks, and what goes with those that are picked."""

import uuid
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies import rules_graph
from lti_tool.competencies.rules_picking import Branch, folded, forest, matches, with_earlier


@dataclass
class Row:
    id: uuid.UUID
    code: str
    statement: str = ""
    short: str = ""
    kind: str = "Standard"
    parent_id: uuid.UUID | None = None


IDS = {letter: uuid.uuid5(uuid.NAMESPACE_OID, letter) for letter in "abcdefgh"}
NAMES = {one: letter for letter, one in IDS.items()}


def row(code: str, parent: str | None = None, kind: str = "Standard", **more: str) -> Row:
    return Row(IDS[code], code, parent_id=IDS[parent] if parent else None, kind=kind, **more)


def shape(branches: list[Branch]) -> list[object]:
    return [
        (branch.entry.code + ("" if branch.pickable else "!"), shape(branch.branches))
        if branch.branches
        else branch.entry.code
        for branch in branches
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("4.NF", True),
        ("4nf", True),
        ("nf.a.1", True),
        ("equivalent fractions", True),
        ("FRACTIONS equivalent", True),
        ("fracciónes", False),
        ("FRÁCTIONS", True),
        ("equivalent angles", False),
        ("", True),
    ],
)
def test_words_and_codes_find(wanted: str, found: bool) -> None:
    entry = Row(IDS["a"], "4.NF.A.1", "Explain why two fractions are equivalent")
    assert matches(entry, wanted) is found


def test_accents_and_capitals_do_not_matter() -> None:
    assert folded("Ángulo ÉTÉ Straße") == "angulo ete strasse"


def test_what_only_holds_others_is_a_heading() -> None:
    rows = [
        row("a", kind="Grade Level"),
        row("b", "a", "Domain"),
        row("c", "b"),
        row("d", "c"),
        row("e", "b", "Cluster"),
    ]
    # A standard with parts of its own can be picked; a domain cannot; a cluster that holds nothing can.
    assert shape(forest(rows)) == [("a!", [("b!", [("c", ["d"]), "e"])])]
    assert forest(rows)[0].count == 3


def test_a_search_shows_what_was_found_where_it_stands() -> None:
    rows = [row("a", kind="Grade"), row("b", "a"), row("c", "a"), row("d", kind="Grade"), row("e", "d")]
    assert shape(forest(rows, {IDS["c"]})) == [("a!", ["c"])]
    assert forest(rows, set()) == []


def test_what_is_needed_goes_down_to_the_grade_before() -> None:
    grades = {"a": ["02"], "b": ["03"], "c": ["03"], "d": ["04"], "e": ["04"]}
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")]
    added = with_earlier(
        [IDS["e"]], [(IDS[x], IDS[y]) for x, y in edges], {IDS[key]: value for key, value in grades.items()}
    )
    # All of the own grade, the first of the one before, nothing further down.
    assert {NAMES[one] for one in added} == {"d", "c"}


def test_without_grades_it_is_what_is_needed_directly() -> None:
    edges = [(IDS[x], IDS[y]) for x, y in ("ab", "bc", "dc")]
    assert {NAMES[one] for one in with_earlier([IDS["c"]], edges, {})} == {"b", "d"}


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=20),
    st.lists(st.sampled_from("abcdefgh"), max_size=4, unique=True),
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([["03"], ["04"], []])),
)
def test_what_is_added_comes_before_what_was_chosen(
    edges: list[tuple[str, str]], chosen: list[str], grades: dict[str, list[str]]
) -> None:
    known = [(IDS[min(edge)], IDS[max(edge)]) for edge in edges if edge[0] != edge[1]]
    picked = [IDS[one] for one in chosen]
    added = with_earlier(picked, known, {IDS[key]: value for key, value in grades.items()})
    assert not set(added) & set(picked)
    assert len(added) == len(set(added))
    for one in added:
        assert any(one in rules_graph.ancestors(known, goal) for goal in picked)
    # What is needed directly is always there.
    assert {before for before, after in known if after in picked} <= {*added, *picked}
