"""Prerequisites as a graph: worked examples, networkx beside, and what holds whatever teachers do."""

from itertools import pairwise
from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies import rules_graph as graph

LETTERS = "abcdefgh"
NODES = st.sampled_from(LETTERS)
EDGES = st.lists(st.tuples(NODES, NODES), max_size=24)


def acyclic(edges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges turned so that each goes on in the alphabet."""
    return list(dict.fromkeys((min(edge), max(edge)) for edge in edges if edge[0] != edge[1]))


def digraph(edges: Any, nodes: Any = LETTERS) -> Any:
    made = nx.DiGraph()
    made.add_nodes_from(nodes)
    made.add_edges_from(edges)
    return made


# --- Worked examples


def test_what_a_framework_says_holds_among_what_was_picked() -> None:
    holds = graph.effective("abc", [("a", "b"), ("b", "c"), ("c", "z")])
    assert holds.direct == (("a", "b"), ("b", "c"))
    assert holds.indirect == ()


def test_a_chain_through_what_was_not_picked_is_an_indirect_prerequisite() -> None:
    holds = graph.effective("ad", [("a", "b"), ("b", "c"), ("c", "d")])
    assert holds.direct == ()
    assert holds.indirect == (("a", "d"),)


def test_a_chain_ends_at_the_first_competency_that_was_picked() -> None:
    holds = graph.effective("acd", [("a", "b"), ("b", "c"), ("c", "x"), ("x", "d"), ("b", "x")])
    assert holds.indirect == (("a", "c"), ("a", "d"), ("c", "d"))


def test_what_is_direct_is_not_indirect_too() -> None:
    holds = graph.effective("ac", [("a", "b"), ("b", "c"), ("a", "c")])
    assert (holds.direct, holds.indirect) == ((("a", "c"),), ())


def test_what_was_taken_away_holds_neither_way() -> None:
    published = [("a", "b"), ("b", "c"), ("a", "c")]
    assert graph.effective("ac", published, taken_away=[("a", "c")]).every == ()
    # Nor does a chain lead over what was taken away.
    assert graph.effective("ac", published[:2], taken_away=[("a", "b")]).every == ()


def test_what_a_teacher_drew_goes_before_what_a_framework_came_to_say_later() -> None:
    holds = graph.effective("abc", [("a", "b"), ("b", "c")], drawn=[("c", "a")])
    assert holds.direct == (("c", "a"), ("a", "b"))
    assert holds.set_aside == (("b", "c"),)


def test_the_loop_that_a_new_prerequisite_would_close_is_told() -> None:
    edges = [("a", "b"), ("b", "c"), ("a", "c")]
    assert graph.loop(edges, "b", "a") == ("b", "a", "b")
    assert graph.loop(edges, "c", "a") == ("c", "a", "c")
    assert graph.loop(edges[:2], "c", "a") == ("c", "a", "b", "c")
    assert graph.loop(edges, "a", "c") is None
    assert graph.loop(edges, "a", "a") == ("a", "a")


def test_a_cycle_is_told_as_the_loop_it_is() -> None:
    assert graph.cycle([("a", "b"), ("b", "c")]) is None
    assert graph.cycle([("a", "b"), ("b", "c"), ("c", "b")]) == ("c", "b", "c")
    assert graph.cycle([("a", "a")]) == ("a", "a")


def test_around_a_competency() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "c")]
    assert graph.ancestors(edges, "d") == {"c": 1, "b": 2, "a": 2}
    assert graph.ancestors(edges, "d", 1) == {"c": 1}
    assert graph.descendants(edges, "a", 1) == {"b": 1, "c": 1}


def test_order_keeps_to_the_teachers_where_it_can() -> None:
    assert graph.topological("cab", [("a", "b")]) == ["c", "a", "b"]
    assert graph.topological("bca", [("a", "b")]) == ["c", "a", "b"]
    with pytest.raises(ValueError, match="circle"):
        graph.topological("ab", [("a", "b"), ("b", "a")])


def test_layers() -> None:
    assert graph.layers_of("abcd", [("a", "b"), ("b", "c"), ("a", "c")]) == {"a": 0, "b": 1, "c": 2, "d": 0}
    assert graph.layers_of("ab", [("a", "b"), ("b", "a")]) is None


def test_what_a_learner_can_go_on_to() -> None:
    edges = [("a", "b"), ("b", "c"), ("a", "d"), ("x", "d")]
    nodes = "abcdx"
    assert graph.outer_fringe(nodes, edges, dict.fromkeys(nodes, False)) == ["a", "x"]
    # Unknown never blocks: nothing was measured yet, so everything is open.
    assert graph.outer_fringe(nodes, edges, {}) == list(nodes)
    assert graph.outer_fringe(nodes, edges, {"a": True, "b": False, "x": None}) == ["b", "d", "x"]
    assert graph.blocking(edges, {"a": False, "x": False, "b": True}) == {"b": ("a",), "d": ("a", "x")}


# --- Whatever there is


@given(EDGES)
def test_order_and_layers_respect_every_edge(edges: list[tuple[str, str]]) -> None:
    edges = acyclic(edges)
    ordered = graph.topological(LETTERS, edges)
    layers = graph.layers_of(LETTERS, edges)
    assert layers is not None
    assert sorted(ordered) == list(LETTERS)
    for before, after in edges:
        assert ordered.index(before) < ordered.index(after)
        assert layers[before] < layers[after]
    # And no layer is higher than it has to be.
    assert all(
        layer == 0 or any(layers[b] == layer - 1 for b, a in edges if a == node) for node, layer in layers.items()
    )


@given(EDGES)
def test_the_reduction_is_networkx_s(edges: list[tuple[str, str]]) -> None:
    edges = acyclic(edges)
    assert set(graph.reduced(LETTERS, edges)) == set(nx.transitive_reduction(digraph(edges)).edges)


@given(EDGES)
def test_the_reduction_keeps_what_reaches_what(edges: list[tuple[str, str]]) -> None:
    edges = acyclic(edges)
    left = graph.reduced(LETTERS, edges)
    assert all(graph.descendants(left, one).keys() == graph.descendants(edges, one).keys() for one in LETTERS)


@given(EDGES, NODES, NODES)
def test_a_loop_is_told_exactly_where_there_is_one(edges: list[tuple[str, str]], before: str, after: str) -> None:
    edges = acyclic(edges)
    told = graph.loop(edges, before, after)
    assert (told is None) == nx.is_directed_acyclic_graph(digraph([*edges, (before, after)]))
    if told is not None:
        assert told[0] == told[-1] == before
        assert told[1] == after
        assert set(pairwise(told)) <= {*edges, (before, after)}
        if before != after:
            assert len(told) == nx.shortest_path_length(digraph(edges), after, before) + 2


@given(EDGES)
def test_a_cycle_is_found_exactly_where_there_is_one(edges: list[tuple[str, str]]) -> None:
    told = graph.cycle(edges)
    assert (told is None) == nx.is_directed_acyclic_graph(digraph(edges))
    if told is not None:
        assert told[0] == told[-1]
        assert set(pairwise(told)) <= set(edges)


@given(EDGES, NODES)
def test_what_is_before_and_after_is_networkx_s(edges: list[tuple[str, str]], node: str) -> None:
    edges = acyclic(edges)
    assert graph.ancestors(edges, node).keys() == nx.ancestors(digraph(edges), node)
    assert graph.descendants(edges, node) == {
        other: far
        for other, far in nx.single_source_shortest_path_length(digraph(edges), node).items()
        if other != node
    }


@given(EDGES, EDGES, EDGES, st.sets(NODES))
def test_what_holds_has_no_cycle_whatever_is_said(
    published: list[tuple[str, str]], drawn: list[tuple[str, str]], gone: list[tuple[str, str]], picked: set[str]
) -> None:
    holds = graph.effective(picked, published, drawn, gone)
    assert nx.is_directed_acyclic_graph(digraph(holds.every))
    assert all(before in picked and after in picked for before, after in (*holds.every, *holds.set_aside))
    assert not set(holds.every) & set(gone)
    assert not set(holds.direct) & set(holds.indirect)


@given(EDGES, st.sets(NODES))
def test_what_is_reached_among_the_picked_does_not_depend_on_what_else_is_picked(
    published: list[tuple[str, str]], picked: set[str]
) -> None:
    published = acyclic(published)
    holds = graph.effective(picked, published)
    assert holds.set_aside == ()
    for one in picked:
        reached = graph.descendants(published, one).keys() & picked
        assert graph.descendants(holds.every, one).keys() == reached


class Course:
    """A map as teachers change it, by the rules of the service: a prerequisite that closes a loop is refused."""

    def __init__(self, published: list[tuple[str, str]]) -> None:
        self.published = published
        self.picked: set[str] = set()
        self.drawn: list[tuple[str, str]] = []
        self.gone: list[tuple[str, str]] = []

    @property
    def holds(self) -> graph.Effective[str]:
        return graph.effective(self.picked, self.published, self.drawn, self.gone)

    def draw(self, edge: tuple[str, str]) -> bool:
        if not set(edge) <= self.picked or graph.loop(self.holds.every, *edge) is not None:
            return False
        self.gone = [one for one in self.gone if one != edge]
        if edge not in self.holds.every:
            self.drawn.append(edge)
        return True

    def take_away(self, edge: tuple[str, str]) -> None:
        self.drawn = [one for one in self.drawn if one != edge]
        if edge in self.holds.every:
            self.gone.append(edge)


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("pick"), NODES),
        st.tuples(st.just("take out"), NODES),
        st.tuples(st.just("draw"), st.tuples(NODES, NODES)),
        st.tuples(st.just("take away"), st.tuples(NODES, NODES)),
    ),
    max_size=40,
)


@given(EDGES, EDITS)
def test_no_sequence_of_edits_makes_a_cycle(published: list[tuple[str, str]], edits: list[tuple[str, Any]]) -> None:
    course = Course(acyclic(published))
    for what, on in edits:
        if what == "pick":
            course.picked.add(on)
        elif what == "take out":
            course.picked.discard(on)
        elif what == "draw":
            drawn = course.draw(on)
            assert not drawn or on in course.holds.every
        else:
            course.take_away(on)
            assert on not in course.holds.every
        assert graph.cycle(course.holds.every) is None


@given(EDGES, st.dictionaries(NODES, st.sampled_from([True, False, None])))
def test_somebody_can_always_go_on(edges: list[tuple[str, str]], met: dict[str, bool | None]) -> None:
    """As long as something is not met, something is open; and nothing that is open has an unmet prerequisite."""
    edges = acyclic(edges)
    fringe = graph.outer_fringe(LETTERS, edges, met)
    assert bool(fringe) == any(met.get(one) is not True for one in LETTERS)
    held = graph.blocking(edges, met)
    assert not set(fringe) & set(held)
    assert set(fringe) | {one for one in held if met.get(one) is not True} == {
        one for one in LETTERS if met.get(one) is not True
    }
