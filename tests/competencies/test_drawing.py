"""Drawings of maps: nothing overlaps, what comes first stands first, the words fit, the real map is drawn."""

import json
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies import drawing, rules_graph
from lti_tool.competencies.drawing import CODES, FULL, Box, Drawing, Node, Style
from lti_tool.competencies.layering import Sizes, layered

NUMBERS = st.integers(0, 11)
EDGES = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=30).map(
    lambda edges: tuple(dict.fromkeys((min(edge), max(edge)) for edge in edges if edge[0] != edge[1]))
)
BANDS = st.lists(st.sampled_from(["", "Numbers", "Geometry"]), min_size=12, max_size=12)


def nodes(bands: list[str]) -> tuple[Node, ...]:
    return tuple(Node(number, f"C{number}", f"What {number} says", band) for number, band in enumerate(bands))


def overlap(one: Box, other: Box) -> bool:
    return (
        abs(one.x - other.x) < (one.width + other.width) / 2 and abs(one.y - other.y) < (one.height + other.height) / 2
    )


def crossed(made: Drawing) -> list[tuple[object, object, object]]:
    """Boxes that a line goes through where it passes straight through a column."""
    found = []
    for line in made.lines:
        for place, ((left, y), (right, _)) in enumerate(pairwise(line.points)):
            if place % 2 == 0:
                continue
            found += [
                (line.before, line.after, box.id)
                for box in made.boxes
                if min(left, right) < box.x + box.width / 2 < max(left, right)
                and box.y - 1 < y < box.y + box.height + 1
            ]
    return found


def check(made: Drawing, style: Style) -> None:
    assert not [pair for pair in combinations(made.boxes, 2) if overlap(*pair)]
    assert crossed(made) == []
    by_id = {box.id: box for box in made.boxes}
    for line in made.lines:
        before, after = by_id[line.before], by_id[line.after]
        assert after.x - before.x >= style.pitch
        assert line.points[0] == (before.x + before.width, before.y + before.height / 2)
        assert line.points[-1] == (after.x, after.y + after.height / 2)
        assert all(one[0] < other[0] for one, other in pairwise(line.points))
    for box in made.boxes:
        assert 0 <= box.x <= made.width - box.width
        assert 0 <= box.y <= made.height - box.height
    assert all(one.y + one.height <= other.y for one, other in pairwise(made.bands))
    assert all(band.y + band.height <= made.height for band in made.bands)


@given(EDGES, BANDS)
def test_nothing_overlaps_and_lines_go_on(edges: tuple[tuple[int, int], ...], bands: list[str]) -> None:
    for style in (FULL, CODES):
        made = drawing.draw(nodes(bands), edges, style=style)
        assert {box.id for box in made.boxes} == set(range(12))
        assert [(line.before, line.after) for line in made.lines] == rules_graph.reduced(range(12), edges)
        check(made, style)


@given(EDGES, BANDS)
def test_every_box_stands_in_its_band(edges: tuple[tuple[int, int], ...], bands: list[str]) -> None:
    made = drawing.draw(nodes(bands), edges)
    for box in made.boxes:
        inside = [band for band in made.bands if band.y <= box.y and box.y + box.height <= band.y + band.height]
        assert [band.label for band in inside] == [bands[int(str(box.id))]]


@given(EDGES)
def test_a_mirrored_drawing_is_the_same_from_the_other_side(edges: tuple[tuple[int, int], ...]) -> None:
    made = drawing.draw(nodes([""] * 12), edges)
    other = drawing.draw(nodes([""] * 12), edges, mirrored=True)
    for one, two in zip(made.boxes, other.boxes, strict=True):
        assert (one.id, one.x + one.width, one.y) == (two.id, pytest.approx(made.width - two.x), two.y)
    for line in other.lines:
        assert line.points[0][0] > line.points[-1][0]


def test_a_chain_stands_in_a_row() -> None:
    made = layered(3, [(0, 1), (1, 2)], [0, 0, 0], Sizes(box=10, lane=2, gap=4))
    assert made.layer == (0, 1, 2)
    assert made.top == (0, 0, 0)
    assert made.heights == (10,)


def test_what_opens_one_thing_stands_beside_it() -> None:
    """A start that is needed late stands late, rather than at the far left with a long line."""
    made = layered(4, [(0, 1), (1, 2), (3, 2)], [0] * 4, Sizes(box=10, lane=2, gap=4))
    assert made.layer == (0, 1, 2, 1)


def test_lines_from_one_box_share_their_way() -> None:
    made = layered(5, [(0, 1), (1, 2), (0, 3), (2, 3), (2, 4), (0, 4)], [0] * 5, Sizes(box=10, lane=2, gap=4))
    assert made.lanes[0, 3] == made.lanes[0, 4]


def test_a_circle_is_refused_and_nothing_else_happens() -> None:
    sizes = Sizes(box=10, lane=2, gap=4)
    for edges in ([(0, 0)], [(0, 1), (1, 0)]):
        with pytest.raises(ValueError, match="circle"):
            layered(2, edges, [0, 0], sizes)


def test_there_may_be_nothing_to_draw() -> None:
    made = drawing.draw((), ())
    assert (made.boxes, made.lines, made.bands) == ((), (), ())
    alone = drawing.draw(nodes([""] * 12)[:1], ())
    assert len(alone.boxes) == 1


def test_an_indirect_prerequisite_is_told_apart() -> None:
    made = drawing.draw(nodes([""] * 12)[:3], ((0, 1),), ((1, 2),))
    assert [(line.before, line.after, line.indirect) for line in made.lines] == [(0, 1, False), (1, 2, True)]
    assert made.lines[0].path.startswith("M")


def test_words_are_broken_where_they_end() -> None:
    text = "Understand a fraction as a number on the number line"
    lines = drawing.wrap(text, 200, 14, 3)
    assert " ".join(lines) == text
    assert all(drawing.width_of(line, 14) <= 200 for line in lines)
    assert drawing.wrap(text, 120, 14, 2)[-1].endswith("…")
    assert len(drawing.wrap(text, 120, 14, 2)) == 2
    assert drawing.wrap("", 100, 14, 3) == ()


@given(st.text(max_size=300), st.integers(1, 4), st.integers(60, 300))
def test_every_line_of_words_fits(text: str, lines: int, width: int) -> None:
    found = drawing.wrap(text, width, 14, lines)
    assert len(found) <= lines
    assert all(drawing.width_of(line, 14) <= width for line in found)
    shown = "".join("".join(found).removesuffix("…").split())
    assert "".join(text.split()).startswith(shown.rstrip(",.;:")) or shown == ""


def test_the_common_core_map_is_drawn(shared_data: Path) -> None:
    package = json.loads((shared_data / "ccss-math-coherence.case.json").read_text("utf-8"))
    standards = [item for item in package["CFItems"] if item["CFItemType"] == "Standard"]
    precedes = tuple(
        (link["originNodeURI"]["identifier"], link["destinationNodeURI"]["identifier"])
        for link in package["CFAssociations"]
        if link["associationType"] == "precedes"
    )
    assert (len(standards), len(precedes)) == (480, 757)
    every = tuple(Node(one["identifier"], one["humanCodingScheme"], one["fullStatement"]) for one in standards)
    for style in (FULL, CODES):
        made = drawing.draw(every, precedes, style=style)
        assert len(made.boxes) == 480
        check(made, style)
