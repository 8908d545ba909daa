"""The three kinds of CSV, their encodings and separators."""

import csv
import io

import pytest

from lti_tool.competencies.models import FrameworkSource, LinkKind
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.competencies.reading.values import FrameworkFile, Trouble, UnknownFormat, UnreadableFramework

from .formats import CANVAS, MOODLE_HEADER, MOODLE_SPANISH, OWN, moodle, table


def prerequisites(file: FrameworkFile) -> list[tuple[str, str]]:
    return [(one.origin, one.destination) for one in file.links if one.kind is LinkKind.PRECEDES]


def troubles(file: FrameworkFile) -> list[tuple[Trouble, str]]:
    return [(one.trouble, one.where) for one in file.problems]


# --- Our own -----------------------------------------------------------------------------------------------------------

EDGES = [("4.NF.1", "4.NF.2"), ("4.NF.1", "4.NF.3"), ("4.NF.2", "4.NF.3")]


def test_our_own_csv() -> None:
    file = read_framework(OWN.encode())
    assert file.source is FrameworkSource.CSV
    assert file.identifier is None
    assert [(row.code, row.parent, row.depth) for row in file.competencies] == [
        ("4.NF", None, 0),
        ("4.NF.1", "4.NF", 1),
        ("4.NF.2", "4.NF", 1),
        ("4.NF.3", "4.NF", 1),
    ]
    assert file.competencies[2].statement == "Compare two fractions, also with different denominators"
    assert prerequisites(file) == EDGES
    assert file.problems == ()
    assert file.says == {"code", "statement", "parent"}


def test_columns_may_stand_in_any_order_and_further_ones_are_tolerated() -> None:
    given = (
        "Kind;Prerequisites;Colour;STATEMENT;code;Grade;Title;parent\r\n"
        "Domain;;red;All;A;04;Everything;\r\n"
        'Standard;"B;A";blue;"Two\nlines";C;"04;05";;A\r\n'
        "Standard;;;Bee;B;;;A\r\n"
    )
    file = read_framework(given.encode())
    assert [row.code for row in file.competencies] == ["A", "C", "B"]
    assert file.competencies[0].short == "Everything"
    assert file.competencies[1].statement == "Two\nlines"
    assert file.competencies[1].grades == ("04", "05")
    assert prerequisites(file) == [("B", "C"), ("A", "C")]


@pytest.mark.parametrize(
    ("encoding", "problems"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("utf-16", []),
        ("utf-16-le", []),
        ("utf-16-be", []),
        ("cp1252", [(Trouble.NOT_UTF8, "")]),
    ],
)
def test_encodings(encoding: str, problems: list[tuple[Trouble, str]]) -> None:
    given = "code,statement\nÑ1,¿Cuántos días? – “muchos”\n"
    file = read_framework(given.encode(encoding))
    assert [(row.code, row.statement) for row in file.competencies] == [("Ñ1", "¿Cuántos días? – “muchos”")]
    assert troubles(file) == problems


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_separators(delimiter: str) -> None:
    rows = [["code", "statement", "parent", "prerequisites"], ["A", "x, y; z", "", ""], ["B", "b", "A", "A"]]
    file = read_framework(table(rows, delimiter).encode())
    assert file.competencies[0].statement == "x, y; z"
    assert prerequisites(file) == [("A", "B")]


def test_a_line_that_names_the_separator_is_no_row() -> None:
    assert len(read_framework(b"sep=;\r\ncode;statement\r\nA;x\r\n").competencies) == 1


def test_prerequisites_without_quotation_marks_in_a_file_with_semicolons() -> None:
    given = b"code;statement;prerequisites\nA;a\nB;b;\nC;c;A;B\n"
    file = read_framework(given)
    assert prerequisites(file) == [("A", "C"), ("B", "C")]
    assert troubles(file) == [(Trouble.TOO_FEW_CELLS, "row 2")]


def test_a_row_with_too_many_cells_is_refused_and_not_taken_for_gone() -> None:
    file = read_framework(b"code,statement\nA,a\nB,one, two\nC,c,,,\n")
    assert [row.code for row in file.competencies] == ["A", "C"]
    assert troubles(file) == [(Trouble.TOO_MANY_CELLS, "row 3")]
    assert file.left_out == {"B"}


def test_what_is_wrong_with_rows_is_said_by_row() -> None:
    given = (
        "code,statement,parent,prerequisites\n"
        "A,a,,\n"
        ",nameless,,\n"
        "B,,,\n"
        "A,again,,\n"
        "A,a,,\n"
        "C,c,nowhere,A;A;gone;C\n"
        "\n"
        "D,d,D,\n"
    )
    file = read_framework(given.encode())
    assert [row.code for row in file.competencies] == ["A", "C"]
    assert troubles(file) == [
        (Trouble.NO_IDENTIFIER, "row 3"),
        (Trouble.NO_STATEMENT, "row 4"),
        (Trouble.TWICE_DIFFERENT, "row 5"),
        (Trouble.TWICE_SAME, "row 6"),
        (Trouble.OWN_PARENT, "row 9"),
        (Trouble.MISSING_PARENT, "row 7"),
        (Trouble.LINK_TWICE, "row 7"),
        (Trouble.MISSING_END, "row 7"),
        (Trouble.OWN_PREREQUISITE, "row 7"),
    ]
    assert file.refused == 4
    assert prerequisites(file) == [("A", "C")]


def test_cells_that_look_like_formulas_are_only_text() -> None:
    file = read_framework(b'code,statement\n\'=1+1,=HYPERLINK("x")\n-2,@cmd\n')
    assert [(row.code, row.statement) for row in file.competencies] == [("=1+1", '=HYPERLINK("x")'), ("-2", "@cmd")]


def test_codes_that_several_have_need_identifiers() -> None:
    given = b"identifier,code,statement,parent,prerequisites\n1,X,a,,\n2,X,b,1,\n3,Y,c,X,2\n"
    file = read_framework(given)
    assert [(row.identifier, row.parent) for row in file.competencies] == [("1", None), ("2", "1"), ("3", None)]
    assert prerequisites(file) == [("2", "3")]
    assert {one for one, _ in troubles(file)} == {Trouble.CODE_TWICE, Trouble.MISSING_PARENT}


def test_tables_with_cases_names_of_the_columns() -> None:
    given = (
        'Identifier,fullStatement,Human Coding Scheme,Abbreviated Statement,"Education Level",CFItemType,Is Child Of,IsPartOf\n'
        'Math,All of it,M,,"01,02",Domain,,\nMath.Fractions,Parts,M.F,F,"02",Standard,M,\n'
    )
    file = read_framework(given.encode())
    assert [
        (row.identifier, row.code, row.statement, row.short, row.grades, row.kind, row.parent)
        for row in file.competencies
    ] == [
        ("Math", "M", "All of it", "", ("01", "02"), "Domain", None),
        ("Math.Fractions", "M.F", "Parts", "F", ("02",), "Standard", "Math"),
    ]
    assert read_framework(b"code,statement,fullStatement\nA,ours,theirs\n").competencies[0].statement == "ours"


# --- Moodle ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [MOODLE_HEADER, MOODLE_SPANISH], ids=["english", "spanish"])
def test_moodles_framework_whatever_language_its_headings_are_in(header: list[str]) -> None:
    file = read_framework(("\ufeff" + moodle(header)).encode())
    assert (file.source, file.identifier, file.title) == (FrameworkSource.MOODLE, "MATH", "Mathematics")
    assert file.description == "Our & your maths"
    assert [(row.code, row.statement, row.short, row.kind, row.parent) for row in file.competencies] == [
        ("NF", "All of fractions", "Fractions", "Domain", None),
        ("NF,1", "Equal fractions", "Equal fractions", "Competency", "NF"),
        ("NF2", "Compare two fractions", "Compare", "Competency", "NF"),
    ]
    assert file.extra["scale"]["values"] == ["Not yet competent", "Competent"]
    assert file.extra["scale"]["configuration"][1] == {"id": 2, "scaledefault": 1, "proficient": 1}
    assert file.problems == ()


def test_moodles_rules_name_id_numbers_so_that_another_export_says_the_same() -> None:
    first, second = read_framework(moodle(id_prefix="1").encode()), read_framework(moodle(id_prefix="7").encode())
    rule = first.competencies[0].rule
    assert rule is not None
    assert [one["id"] for one in rule["config"]["competencies"]] == ["NF,1", "NF2"]
    assert rule == second.competencies[0].rule


def test_moodles_cross_references_are_related_unless_somebody_says_otherwise() -> None:
    file = read_framework(moodle().encode())
    assert [(one.kind, one.origin, one.destination) for one in file.links] == [(LinkKind.RELATED, "NF,1", "NF2")]
    assert file.related == 1
    meant = file.with_related_as_prerequisites()
    assert prerequisites(meant) == [("NF,1", "NF2")]


@pytest.mark.parametrize(
    "header",
    [
        [name for name in MOODLE_HEADER if name not in ("Cross referenced competency id numbers", "Exported id")],
        ["Id number", "Parent ID number", "Short name", "Description", "Is framework"],
        [
            f"{name} (optional)" if name.startswith("Rule") else name.replace("Cross ", "Cross-")
            for name in MOODLE_HEADER
        ],
    ],
    ids=["older", "by hand", "remarks"],
)
def test_moodles_columns_of_other_versions_and_orders(header: list[str]) -> None:
    whole = list(csv.reader(io.StringIO(moodle())))
    plain = [name.lower().replace(" ", "") for name in MOODLE_HEADER]
    places = [plain.index(name.lower().replace(" ", "").replace("-", "").replace("(optional)", "")) for name in header]
    file = read_framework(table([header, *([row[place] for place in places] for row in whole[1:])]).encode())
    assert (file.source, file.identifier) == (FrameworkSource.MOODLE, "MATH")
    expected = read_framework(moodle().encode())
    assert [(row.code, row.parent, row.statement) for row in file.competencies] == [
        (row.code, row.parent, row.statement) for row in expected.competencies
    ]


def test_a_moodle_file_without_its_framework_says_what_is_missing() -> None:
    rows = moodle().splitlines()
    with pytest.raises(UnreadableFramework) as caught:
        read_framework("\r\n".join([rows[0], *rows[2:]]).encode())
    assert "Is framework" in caught.value.advice


# --- Canvas ------------------------------------------------------------------------------------------------------------


def test_canvas_outcomes() -> None:
    file = read_framework(CANVAS.encode())
    assert (file.source, file.identifier, file.title) == (FrameworkSource.CANVAS, None, "Grade 4")
    assert [(row.identifier, row.code, row.kind, row.parent, row.depth) for row in file.competencies] == [
        ("a", "G-4", "Group", None, 0),
        ("b", "G-4-F", "Group", "a", 1),
        ("d", "LS-101", "Outcome", "b", 2),
        ("c", "LS-100", "Outcome", "a", 1),
    ]
    standard = file.competencies[3]
    assert standard.statement == "Add < compare"
    assert standard.rule == {
        "calculation_method": "decaying_average",
        "calculation_int": 40,
        "ratings": [
            {"points": 3, "description": "Excellent"},
            {"points": 2, "description": "Better"},
            {"points": 1, "description": "Good"},
        ],
    }
    assert [(one.kind, one.origin, one.destination) for one in file.links] == [(LinkKind.CHILD, "c", "b")]
    assert troubles(file) == [(Trouble.SEVERAL_PARENTS, "row 4")]


def test_canvas_ratings_that_are_no_numbers_or_in_no_order() -> None:
    given = (
        "vendor_guid,object_type,title,parent_guids,ratings\n"
        "a,outcome,A,,x,Good\n"
        "b,outcome,B,,1,Low,3,High\n"
        "c,outcome,C,nowhere,,\n"
    )
    file = read_framework(given.encode())
    assert [row.rule for row in file.competencies] == [
        None,
        {"ratings": [{"points": 3, "description": "High"}, {"points": 1, "description": "Low"}]},
        None,
    ]
    assert troubles(file) == [
        (Trouble.WRONG_NUMBER, "row 2"),
        (Trouble.UNSORTED_RATINGS, "row 3"),
        (Trouble.MISSING_PARENT, "row 4"),
    ]


# --- None of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", [b"hello", b"a,b\n1,2\n", b'{"a": 1}', b"[]", b"code\nA\n", b"\x89PNG\r\n\x1a\n\x00\x00", b"PK\x03\x04"]
)
def test_what_is_no_framework_is_said(given: bytes) -> None:
    with pytest.raises(UnknownFormat):
        read_framework(given)


@pytest.mark.parametrize(
    "given", [b"", b" \n", b"\x00" * 100, b"{", b'{"CFItems": [', b"code,statement\n", b"code,statement\n,\n,x\n"]
)
def test_what_cannot_be_used_is_said(given: bytes) -> None:
    with pytest.raises(UnreadableFramework):
        read_framework(given)
