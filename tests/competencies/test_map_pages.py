"""What the pages of a map show of it: sections, indentation, the part that is drawn, the focus."""

import uuid
from typing import Any

import pytest
from starlette.datastructures import QueryParams

from lti_tool.competencies import drawing, map_pages
from lti_tool.competencies.map_pages import GraphQuery
from lti_tool.competencies.map_views import CourseMapView, Edge, MapCompetencyView, Parent


def one(name: str, grade: str = "", domain: str = "") -> MapCompetencyView:
    parents = [Parent(uuid.uuid4(), "", title, kind) for title, kind in ((grade, "Grade"), (domain, "Domain")) if title]
    return MapCompetencyView(
        id=uuid.uuid5(uuid.NAMESPACE_OID, name),
        number=1,
        code=name,
        statement=f"What {name} says",
        short="",
        kind="",
        grades=(),
        framework_id=uuid.uuid4(),
        framework="F",
        own=False,
        parents=tuple(parents),
    )


def a_map(competencies: list[MapCompetencyView], edges: str = "", indirect: str = "", **more: Any) -> CourseMapView:
    ids = {other.code: other.id for other in competencies}

    def pairs(words: str) -> tuple[Edge, ...]:
        return tuple((ids[word.split("-")[0]], ids[word.split("-")[1]]) for word in words.split())

    values: dict[str, Any] = {
        "course_id": uuid.uuid4(),
        "revision": 1,
        "competencies": tuple(competencies),
        "direct": pairs(edges),
        "indirect": pairs(indirect),
        "set_aside": (),
        "drawn": frozenset(),
        "taken_away": (),
        "scale_id": None,
        "rule": None,
        "passing_percent": 80.0,
        "by_id": {other.id: other for other in competencies},
    }
    return CourseMapView(**(values | more))


def names(found: Any) -> str:
    return " ".join(other.code for other in found)


def test_headings_stand_where_grade_or_domain_changes() -> None:
    view = a_map([one("a", "3", "X"), one("b", "3", "X"), one("c", "4", "X"), one("d")], "a-b b-c")
    lines = map_pages.lines(view)
    assert [line.section for line in lines] == ["3 · X", None, "4 · X", ""]
    # c stands at the left: what it needs is in another part.
    assert [line.indent for line in lines] == [0, 1, 0, 0]
    assert [names(near.competency for near in line.needs) for line in lines] == ["", "a", "b", ""]
    assert [names(near.competency for near in line.opens) for line in lines] == ["b", "c", "", ""]


def test_a_map_without_grades_has_no_headings() -> None:
    lines = map_pages.lines(a_map([one(name) for name in "abcdefghi"], "a-b b-c c-d d-e e-f f-g g-h h-i"))
    assert [line.section for line in lines] == [None] * 9
    assert [line.indent for line in lines] == [0, 1, 2, 3, 4, 5, 6, 6, 6]


def test_where_a_prerequisite_comes_from() -> None:
    competencies = [one(name) for name in "abc"]
    a, b, c = (other.id for other in competencies)
    view = a_map(competencies, "a-b b-c", "a-c", drawn=frozenset({(b, c)}))
    needs, _ = map_pages.neighbours(view)
    assert [near.how for near in needs[b]] == ["framework"]
    assert [near.how for near in needs[c]] == ["indirect", "drawn"]


@pytest.mark.parametrize(
    ("query", "expected", "outside"),
    [
        ("", "a b c d e", ""),
        ("grade=4", "b c d", "b"),
        ("grade=4&part=yes", "c d", ""),
        ("domain=X&part=yes", "a b c", ""),
        ("grade=4&domain=X&part=yes", "c", ""),
        ("around={c}&steps=1", "b c d", ""),
        ("around={c}&steps=9", "a b c d", ""),
        ("show=whole", "a b c d e", ""),
        ("grade=none", "", ""),
    ],
)
def test_the_part_that_is_drawn(query: str, expected: str, outside: str) -> None:
    competencies = [one("a", "2", "X"), one("b", "3", "X"), one("c", "4", "X"), one("d", "4", "Y"), one("e")]
    view = a_map(competencies, "a-b b-c c-d")
    asked = GraphQuery.of(QueryParams(query.format(c=competencies[2].id)))
    part = map_pages.shown(view, map_pages.settle(view, asked))
    assert names(part.inside) == expected
    assert names(other for other in part.inside if other.id in part.outside) == outside
    assert part.hidden == 5 - len(part.inside)
    drawn = map_pages.drawn(view, part)
    assert {box.id for box in drawn.boxes} == {other.id for other in part.inside}


def test_what_is_said_in_the_address_comes_back_from_it() -> None:
    asked = GraphQuery.of(
        QueryParams(f"grade=Grade 4&part=yes&bands=yes&steps=3&around={uuid.uuid4()}&focus={uuid.uuid4()}")
    )
    again = GraphQuery.of(QueryParams(asked.query(focus=asked.focus)[1:]))
    assert again == asked


@pytest.mark.parametrize("query", ["around=x", "steps=-1", "steps=١", "focus=&start=y", "grade=" + "x" * 5000])
def test_what_makes_no_sense_in_an_address_is_left_out(query: str) -> None:
    view = a_map([one("a", "3")])
    found = map_pages.settle(view, GraphQuery.of(QueryParams(query)))
    assert (found.around, found.focus, found.start, found.end) == (None, None, None, None)
    assert 1 <= found.steps <= map_pages.MOST_STEPS


def test_a_large_map_opens_on_a_part() -> None:
    graded = [one(f"{grade}.{number}", f"Grade {grade}") for grade in (3, 4) for number in range(40)]
    assert map_pages.settle(a_map(graded), GraphQuery()).grade == "Grade 3"
    # What a few things are needed from is not what the course is about.
    assert map_pages.settle(a_map([one("2.1", "Grade 2"), *graded[1:]]), GraphQuery()).grade == "Grade 4"
    larger = [one(f"9.{number}", "High school") for number in range(100)]
    assert map_pages.settle(a_map([*graded[1:], *larger]), GraphQuery()).grade == "Grade 4"
    assert map_pages.settle(a_map(larger), GraphQuery()).grade == "High school"
    domains = [one(f"{domain}.{number}", "", domain) for domain in "XY" for number in range(40)]
    assert map_pages.settle(a_map(domains), GraphQuery()).domain == "X"
    plain = [one(str(number)) for number in range(80)]
    assert map_pages.settle(a_map(plain), GraphQuery()).around == plain[0].id
    assert map_pages.settle(a_map(plain), GraphQuery(focus=plain[5].id)).around == plain[5].id
    assert map_pages.settle(a_map(plain[:60]), GraphQuery()).whole


def test_many_boxes_show_their_codes_alone() -> None:
    view = a_map([one(str(number)) for number in range(map_pages.MOST_WITH_WORDS + 1)])
    part = map_pages.shown(view, GraphQuery(whole=True))
    assert not map_pages.drawn(view, part).full
    smaller = map_pages.Shown(part.inside[:-1], frozenset(), 1)
    assert map_pages.drawn(view, smaller).full


def test_a_line_through_what_is_not_shown_is_dashed() -> None:
    competencies = [one("a", "4"), one("b", "3"), one("c", "4")]
    view = a_map(competencies, "a-b b-c")
    part = map_pages.Shown((competencies[0], competencies[2]), frozenset(), 1)
    (line,) = map_pages.drawn(view, part).lines
    assert line.indirect


def test_the_focus_knows_all_the_way() -> None:
    competencies = [one(name) for name in "abcde"]
    a, b, c, d, e = (other.id for other in competencies)
    focus = map_pages.focused(a_map(competencies, "a-b b-c c-d a-d"), c)
    assert focus is not None
    assert [focus.stands(other) for other in (a, b, c, d, e)] == ["before", "before", "focus", "after", ""]
    assert [focus.line(edge) for edge in ((a, b), (b, c), (c, d), (a, d))] == ["before", "before", "after", ""]
    assert map_pages.focused(a_map(competencies), uuid.uuid4()) is None


def test_bands_by_domain_name_those_without_one() -> None:
    view = a_map([one("a", "", "X"), one("b")], "a-b")
    part = map_pages.shown(view, GraphQuery(whole=True))
    made = map_pages.drawn(view, part, bands="Elsewhere")
    assert [band.label for band in made.bands] == ["X", "Elsewhere"]
    assert isinstance(made, drawing.Drawing)


def test_the_table_names_what_is_in_the_map_alone() -> None:
    competencies = [one("a", "3", "X"), one("b", "4", "X")]
    rows = map_pages.table(a_map(competencies, "a-b"), ["opens", "grade", "domain", "from"])
    assert rows[0][:4] == ["code", "statement", "parent", "prerequisites"]
    assert rows[2] == ["b", "What b says", "", "a", "", "4", "X", "F"]
    assert rows[1][4] == "b"
