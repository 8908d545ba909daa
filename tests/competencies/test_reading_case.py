"""CASE packages of both versions, and all the ways in which servers differ."""

from typing import Any

import pytest

from lti_tool.competencies.models import LinkKind
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.competencies.reading.values import FrameworkFile, Trouble, UnreadableFramework, Weight

from .formats import DOCUMENT, SERVER, as_bytes, association, guid, item, link, package


def read(value: Any) -> FrameworkFile:
    return read_framework(as_bytes(value))


def told(file: FrameworkFile) -> list[tuple[Trouble, str]]:
    return [(one.trouble, one.where) for one in file.problems]


def a_package(version: str = "v1p1") -> dict[str, Any]:
    return package(
        [item(code, version=version) for code in ("A", "A.1", "A.2", "B")],
        [
            association("isChildOf", "A", "document", version, sequenceNumber=2),
            association("isChildOf", "B", "document", version, sequenceNumber=1),
            association("isChildOf", "A.2", "A", version, sequenceNumber=1),
            association("isChildOf", "A.1", "A", version, sequenceNumber=2),
            association("precedes", "A.1", "A.2", version),
            association("isRelatedTo", "A.1", "B", version),
        ],
        version,
    )


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("version", ["v1p0", "v1p1"])
def test_a_package_bare_or_wrapped_is_a_tree_in_its_order(version: str, wrapped: bool) -> None:
    given = a_package(version)
    file = read({"CFPackage": given} if wrapped else given)
    assert (file.identifier, file.title, file.creator, file.subject) == (
        DOCUMENT,
        "Fractions",
        "A publisher",
        "Mathematics",
    )
    assert [(row.code, row.depth) for row in file.competencies] == [("B", 0), ("A", 0), ("A.2", 1), ("A.1", 1)]
    assert file.competencies[2].parent == guid("A")
    assert file.competencies[0].grades == ("04",)
    assert {(one.kind, one.origin, one.destination) for one in file.links} == {
        (LinkKind.PRECEDES, guid("A.1"), guid("A.2")),
        (LinkKind.RELATED, guid("A.1"), guid("B")),
    }
    assert file.problems == ()


def test_links_may_be_addresses_alone_and_identifiers_in_capitals() -> None:
    given = a_package()
    for one in given["CFAssociations"]:
        one["originNodeURI"] = one["originNodeURI"]["uri"]
        one["destinationNodeURI"] = "urn:uuid:" + one["destinationNodeURI"]["identifier"].upper()
    given["CFItems"][0]["identifier"] = given["CFItems"][0]["identifier"].upper()
    assert [row.code for row in read(given).competencies] == ["B", "A", "A.2", "A.1"]


def test_an_item_that_stands_twice_is_taken_once_and_said() -> None:
    given = package([item("A"), item("A"), item("A", "Other words")])
    file = read(given)
    assert [row.statement for row in file.competencies] == ["Statement A"]
    assert told(file) == [(Trouble.TWICE_SAME, "A"), (Trouble.TWICE_DIFFERENT, "A")]
    assert file.refused == 1
    assert "A stands in the file twice" in file.problems[0].words


def test_the_first_of_several_parents_counts_and_the_others_are_kept() -> None:
    given = package(
        [item("A"), item("B"), item("C")], [association("isChildOf", "C", "A"), association("isChildOf", "C", "B")]
    )
    file = read(given)
    assert [(row.code, row.parent) for row in file.competencies] == [("A", None), ("C", guid("A")), ("B", None)]
    assert [(one.kind, one.destination) for one in file.links] == [(LinkKind.CHILD, guid("B"))]
    assert told(file) == [(Trouble.SEVERAL_PARENTS, "C")]


def test_a_parent_that_is_not_there_leaves_its_child_at_the_top() -> None:
    file = read(package([item("A")], [association("isChildOf", "A", "gone")]))
    assert [(row.code, row.parent, row.depth) for row in file.competencies] == [("A", None, 0)]
    assert told(file) == [(Trouble.MISSING_PARENT, "A")]
    assert file.refused == 0


def test_a_loop_of_parents_is_shown_and_costs_only_its_rows() -> None:
    given = package(
        [item(code) for code in ("A", "B", "C", "D", "E")],
        [
            association("isChildOf", "A", "B"),
            association("isChildOf", "B", "C"),
            association("isChildOf", "C", "A"),
            association("isChildOf", "D", "A"),
            association("isChildOf", "E", "E"),
        ],
    )
    file = read(given)
    assert [row.code for row in file.competencies] == ["D"]
    assert file.left_out == {guid(code) for code in "ABCE"}
    words = [one.words for one in file.problems if one.weight is Weight.REFUSED]
    assert words[0] == "Its parents go in a loop: A → B → C → A. It was left out."
    assert words[3] == "It is said to be its own parent: E → E. It was left out."
    assert (Trouble.MISSING_PARENT, "D") in told(file)


def test_unknown_kinds_are_kept_with_their_word() -> None:
    given = package(
        [item("A"), item("B")], [association("ext:opens", "A", "B"), association("isTranslationOf", "A", "B")]
    )
    file = read(given)
    assert [one.kind for one in file.links] == [LinkKind.OTHER, LinkKind.TRANSLATION]
    assert told(file)[0][0] is Trouble.UNKNOWN_KIND
    kept = file.extra["associations"][guid("A ext:opens B")]
    assert kept == {"associationType": "ext:opens"}


def test_what_leads_out_of_the_package_is_kept_as_it_was_written() -> None:
    outside = association("exactMatchOf", "A", "elsewhere")
    file = read(package([item("A")], [outside]))
    assert file.links == ()
    (kept,) = file.elsewhere
    assert kept["destinationNodeURI"] == link("elsewhere")
    assert kept["ends"] == [guid("A"), guid("elsewhere"), "exact"]
    assert [one.fields for one in file.problems] == [{"number": "1"}]


def test_what_case_does_not_know_is_kept_among_the_extensions() -> None:
    file = read(package([item("A", notes="Look", shade="blue", extensions={"x": 1})], colour="red"))
    assert file.competencies[0].extra == {"notes": "Look", "extensions": {"shade": "blue", "x": 1}}
    assert file.extra["extensions"] == {"colour": "red"}


def test_single_words_where_lists_are_meant() -> None:
    given = package([item("A", educationLevel="09,10"), item("B", educationLevel=None)], subject="Maths")
    given["CFAssociations"] = association("precedes", "A", "B")
    file = read(given)
    assert [row.grades for row in file.competencies] == [("09", "10"), ()]
    assert file.subject == "Maths"
    assert len(file.links) == 1


def test_items_without_words_or_identifiers_are_refused_one_by_one() -> None:
    given = package(
        [item("A"), item("B", fullStatement=" "), {"fullStatement": "x"}, 7, None, [], item("C", statement="")]
    )
    given["CFItems"][1]["abbreviatedStatement"] = ""
    file = read(given)
    assert [row.code for row in file.competencies] == ["A", "C"]
    assert file.refused == 5


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<p>One <b>two</b></p><p>three&nbsp;four</p>", "One two three four"),
        ("H<sub>2</sub>O and 10<sup>-3</sup>, the 4<sup>th</sup>", "H₂O and 10⁻³, the 4th"),
        ("Fish &amp; chips", "Fish & chips"),
        ("Show that 0<x<5 & y>2", "Show that 0<x<5 & y>2"),
        ("If a < b then b > a", "If a < b then b > a"),
        ("Solve $x^2 < 4$ as in `x`", "Solve $x^2 < 4$ as in `x`"),
        ("<script>alert(1)</script><p>x</p>", "x"),
    ],
)
def test_statements_are_shown_without_their_markup(written: str, shown: str) -> None:
    (row,) = read(package([item("A", written, abbreviatedStatement="<i>A</i>")])).competencies
    assert (row.statement, row.short) == (shown, "A")
    assert row.extra.get("fullStatement") == (written if shown != written else None)


def test_what_is_named_by_its_address_alone() -> None:
    given = a_package()
    for one in (given["CFDocument"], *given["CFItems"]):
        del one["identifier"]
    file = read([given])
    assert (file.identifier, [row.code for row in file.competencies]) == (DOCUMENT, ["B", "A", "A.2", "A.1"])


def test_texts_that_are_too_long_are_cut_and_said() -> None:
    file = read(package([item("A", "x" * 5000, uri=SERVER + "y" * 3000)], title="t" * 600))
    (row,) = file.competencies
    assert len(row.statement) == 4000
    assert row.statement.endswith("…")
    assert row.uri is None
    assert len(file.title) == 500
    assert {one for one, _ in told(file)} == {Trouble.SHORTENED, Trouble.NOT_UNDERSTOOD}


@pytest.mark.parametrize(
    "document", [None, {}, [], "x", {"title": "No identifier"}], ids=["none", "empty", "list", "word", "untold"]
)
def test_a_package_that_does_not_say_which_it_is_is_refused(document: Any) -> None:
    with pytest.raises(UnreadableFramework, match="CFDocument"):
        read({"CFDocument": document, "CFItems": [item("A")]})
