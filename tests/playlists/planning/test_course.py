"""Compiled courses: masks say what networkx says, in whatever order things come."""

import json
from pathlib import Path

import networkx as nx
from hypothesis import given

from lti_tool.playlists.planning.base import Competency
from lti_tool.playlists.planning.course import bits, compile_course
from tests.playlists.planning.made import any_case, course, thing


@given(any_case)
def test_masks_say_what_networkx_says(case: object) -> None:
    nodes, edges, items = case.parts  # type: ignore[attr-defined]
    made = compile_course(nodes, edges, items)
    graph = nx.DiGraph()
    graph.add_nodes_from(node.number for node in nodes)
    graph.add_edges_from(edges)
    for node in nodes:
        bit = made.bit_of[node.number]
        for mask, expected in (
            (made.needs[bit], set(graph.predecessors(node.number))),
            (made.opens[bit], set(graph.successors(node.number))),
            (made.before[bit], nx.ancestors(graph, node.number)),
            (made.after[bit], nx.descendants(graph, node.number)),
        ):
            assert {made.competencies[one].number for one in bits(mask)} == expected
        assert made.before[bit] < 1 << bit, "prerequisites have lower bits"


def test_a_cycle_neither_hangs_nor_hides_a_competency() -> None:
    made = course("abc", [(1, 2), (2, 3), (3, 1)])
    assert len(made.competencies) == 3
    assert sum(mask.bit_count() for mask in made.needs) == 2


def test_aims_at_what_the_map_does_not_have_are_left_out() -> None:
    made = course("a", items=[thing(1, (1, "teaches"), (9, "assesses"))])
    assert [item.id.int for item in made.teaches[0]] == [1]
    assert (made.with_items, made.measured) == (1, 0)


def test_a_real_map_of_480_standards(shared_data: Path) -> None:
    """The coherence map of the Common Core: half of the grade-7 standards have more than twenty others before them."""
    package = json.loads((shared_data / "ccss-math-coherence.case.json").read_text("utf-8"))
    standards = [item for item in package["CFItems"] if item["CFItemType"] == "Standard"]
    number = {item["identifier"]: place for place, item in enumerate(standards, 1)}
    edges = [
        (number[one["originNodeURI"]["identifier"]], number[one["destinationNodeURI"]["identifier"]])
        for one in package["CFAssociations"]
        if one["associationType"] == "precedes"
    ]
    made = compile_course(
        [Competency(place, place, item["humanCodingScheme"]) for place, item in enumerate(standards, 1)], edges, []
    )
    assert len(made.competencies) == 480
    assert sum(mask.bit_count() for mask in made.needs) == len(set(edges))
    seventh = sorted(
        made.before[made.bit_of[number[item["identifier"]]]].bit_count()
        for item in standards
        if item["educationLevel"] == ["07"]
    )
    assert seventh[len(seventh) // 2] == 21
