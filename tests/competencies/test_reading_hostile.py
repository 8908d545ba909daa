"""Whatever the bytes are: a framework or our own error, in bounded time and memory."""

import json
import string
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies.import_rules import plan
from lti_tool.competencies.reading.loops import TooManyLoops, parent_loops, without_loops
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.competencies.reading.values import MOST_BYTES, FrameworkTooLarge, UnreadableFramework
from lti_tool.errors import ToolError

from .formats import CANVAS, DOCUMENT, MOODLE_HEADER, OWN, a_letter_changed, as_bytes, moodle, table

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from(["A", "B", "C", "", " ", "x" * 300, "\u0000", "=1"])
LINKS = NAMES | st.fixed_dictionaries({"identifier": NAMES | JSON, "uri": NAMES}) | JSON
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "identifier": NAMES | JSON,
        "fullStatement": NAMES | JSON,
        "humanCodingScheme": NAMES | JSON,
        "educationLevel": st.lists(NAMES, max_size=3) | JSON,
        "CFItemTypeURI": LINKS,
        "extensions": JSON,
    },
)
KINDS = st.sampled_from(["isChildOf", "precedes", "isRelatedTo", "ext:x", ""]) | JSON
ASSOCIATIONS = st.fixed_dictionaries(
    {"associationType": KINDS, "originNodeURI": LINKS, "destinationNodeURI": LINKS},
    optional={"identifier": NAMES | JSON, "sequenceNumber": JSON},
)
CELLS = st.sampled_from(["", "A", "B", "C", "A;B", "=1", "1", "deleted", "[{", '"', "group", "\x00", "é"])


def survives(given_bytes: bytes) -> None:
    refusal = None
    try:
        file = read_framework(given_bytes)
        done = plan(file, [], [])
    except ToolError as error:
        refusal = error
    if refusal is not None:
        assert refusal.status in {400, 413}
        assert refusal.advice % refusal.fields
        return
    names = {row.identifier for row in file.competencies}
    seen: set[str] = set()
    for row in file.competencies:
        assert row.parent is None or row.parent in seen
        assert row.statement
        seen.add(row.identifier)
    assert len(seen) == len(file.competencies) == len(done.added)
    assert all(one.origin in names and one.destination in names and one.origin != one.destination for one in file.links)
    # What is stored is JSON in both databases, and no text has what PostgreSQL refuses.
    stored = json.dumps([[row.extra, row.rule, row.statement, row.code, row.identifier] for row in file.competencies])
    assert "\\u0000" not in stored
    assert "Infinity" not in stored
    for problem in file.problems:
        assert problem.words


@given(st.binary(max_size=200))
def test_any_bytes(some: bytes) -> None:
    survives(some)


@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_any_text(some: str, encoding: str) -> None:
    survives(("code,statement,parent,prerequisites\n" + some).encode(encoding, errors="replace"))


@given(JSON)
def test_any_json(some: Any) -> None:
    survives(as_bytes(some))


@given(st.lists(ITEMS | JSON, max_size=6), st.lists(ASSOCIATIONS | JSON, max_size=8), JSON)
def test_any_package(items: list[Any], associations: list[Any], definitions: Any) -> None:
    document = {"identifier": DOCUMENT, "title": "T"}
    survives(
        as_bytes(
            {"CFDocument": document, "CFItems": items, "CFAssociations": associations, "CFDefinitions": definitions}
        )
    )


@given(st.lists(st.lists(CELLS, max_size=6), max_size=8), st.sampled_from([",", ";", "\t"]))
def test_any_rows_of_ours(rows: list[list[str]], delimiter: str) -> None:
    survives(table([["code", "statement", "parent", "prerequisites"], *rows], delimiter).encode())


@given(st.lists(st.lists(CELLS, min_size=12, max_size=15), max_size=6))
def test_any_rows_of_moodles(rows: list[list[str]]) -> None:
    survives(table([MOODLE_HEADER, *rows]).encode())


@given(st.lists(st.lists(CELLS, max_size=10), max_size=8))
def test_any_rows_of_canvas(rows: list[list[str]]) -> None:
    survives(
        table([["vendor_guid", "object_type", "title", "workflow_state", "parent_guids", "ratings"], *rows]).encode()
    )


@pytest.mark.parametrize("good", [OWN, CANVAS, moodle()], ids=["own", "canvas", "moodle"])
@given(place=st.integers(0, 2000), letter=st.sampled_from(string.printable + "\x00é\ufeff"), cut=st.booleans())
def test_a_letter_changed_or_the_end_cut_off(good: str, place: int, letter: str, cut: bool) -> None:
    survives(a_letter_changed(good, place, letter, cut).encode())


NODES = st.sampled_from("ABCDEF")


@given(st.lists(st.tuples(NODES, NODES).filter(lambda edge: edge[0] != edge[1]), max_size=20), st.data())
def test_without_its_loops_a_graph_has_none(edges: list[tuple[str, str]], data: st.DataObject) -> None:
    decided = data.draw(st.lists(st.sampled_from(edges), max_size=3) if edges else st.just([]))
    kept, loops = without_loops(edges, decided, "ABCDEF")
    assert set(kept) | {loop.left_out for loop in loops} == set(edges)
    assert set(kept).isdisjoint(loop.left_out for loop in loops)
    for loop in loops:
        # Each is a way along edges that are there, and the one that was left out is on it.
        assert set(loop.edges) <= set(edges)
        assert loop.left_out in loop.edges
        assert len(set(loop.nodes)) == len(loop.nodes)
    after: dict[str, set[str]] = {}
    for origin, destination in kept:
        after.setdefault(origin, set()).add(destination)
    while after:
        free = {origin for origin in after if not any(origin in ends for ends in after.values())}
        assert free
        for one in free:
            del after[one]


@given(st.dictionaries(NODES, NODES | st.none()))
def test_loops_of_parents(parents: dict[str, str | None]) -> None:
    found = parent_loops(parents)
    inside = [node for loop in found for node in loop]
    assert len(set(inside)) == len(inside)
    for loop in found:
        assert all(parents[one] == other for one, other in zip(loop, (*loop[1:], loop[0]), strict=True))
    for start in parents:
        node: str | None = start
        for _ in range(10):
            node = parents.get(node) if node is not None else None
        assert node is None or node in inside


def test_loops_are_told_from_their_first_competency_on() -> None:
    kept, (loop,) = without_loops([("C", "A"), ("A", "B"), ("B", "C")], (), "ABC")
    assert loop.shown({"A": "4.NF.1"}) == "4.NF.1 → B → C → 4.NF.1"
    assert loop.left_out == ("C", "A")
    assert kept == [("A", "B"), ("B", "C")]
    kept, (loop,) = without_loops([("C", "A"), ("A", "B"), ("B", "C")], [("A", "B"), ("X", "Y")], "ABC")
    assert (loop.nodes, loop.left_out, kept) == (("A", "B", "C"), ("A", "B"), [("C", "A"), ("B", "C")])


def test_a_file_is_not_read_beyond_its_limit() -> None:
    with pytest.raises(FrameworkTooLarge):
        read_framework(b"x" * (MOST_BYTES + 1))


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"CFDocument":{"identifier":"x","extensions":'])
def test_json_that_is_nested_without_end(opening: str) -> None:
    with pytest.raises(UnreadableFramework):
        read_framework(b'{"CFItems":' + opening.encode() * 100_000)
    with pytest.raises(UnreadableFramework):
        read_framework((opening * 50_000 + "1" + ("}" if opening[0] == "{" else "]") * 50_000).encode())


def test_json_of_nothing_but_brackets() -> None:
    with pytest.raises(FrameworkTooLarge):
        read_framework(b'{"CFItems":[' + b"{}," * 1_600_000 + b"{}]}")


def test_more_competencies_than_anybody_means() -> None:
    rows = "".join(f"{number},x\n" for number in range(20_001))
    with pytest.raises(FrameworkTooLarge):
        read_framework(("code,statement\n" + rows).encode())


def test_more_rows_and_objects_than_are_looked_at() -> None:
    for some in (
        b"code,statement\n" + b"A,a\n" * 50_001,
        as_bytes({"CFDocument": {"identifier": DOCUMENT}, "CFItems": [1] * 50_001}),
        as_bytes({"CFDocument": {"identifier": DOCUMENT}, "CFItems": [], "CFAssociations": [1] * 400_001}),
    ):
        with pytest.raises(FrameworkTooLarge):
            read_framework(some)


def test_a_long_chain_and_a_long_loop_need_no_stack() -> None:
    rows = "".join(
        f"{number},x,{number - 1 if number else ''},{number - 1 if number else 19_999}\n" for number in range(20_000)
    )
    file = read_framework(("code,statement,parent,prerequisites\n" + rows).encode())
    assert file.competencies[-1].depth == 19_999
    (loop,) = plan(file, [], []).loops
    assert len(loop.nodes) == 20_000


def test_more_loops_than_anybody_can_decide_on() -> None:
    nodes = [str(number) for number in range(2_000)]
    edges = list(pairwise(nodes)) + [(one, nodes[0]) for one in nodes[1:]]
    with pytest.raises(TooManyLoops):
        without_loops(edges)


def test_a_quotation_mark_that_is_never_closed() -> None:
    with pytest.raises(UnreadableFramework) as caught:
        read_framework(b'code,statement\nA,"open\n' + b"B,b\n" * 40_000)
    assert "row 2" in caught.value.advice % caught.value.fields
