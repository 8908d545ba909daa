"""Gradebook exports of five LMSs, as they come: posting rows, points rows, decimal commas, dashes, other languages."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.mastery.gradebooks import (
    CellKind,
    GradebookFile,
    Identity,
    UnreadableGradebook,
    moodle,
    others,
    read_gradebook,
    schoology,
)
from lti_tool.mastery.gradebooks.table import Numbers

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Unit 1 Quiz (101),"Essay (draft) (102)",Notes,Bonus (103),\
Assignments Current Points,Current Score,Final Grade
,,,,,,Manual Posting,,,,,
    Points Possible,,,,,10,25.50,,0,(read only),(read only),(read only)
"Rivera, Ana",11,S1,ana@school.example,Block 3,9,EX,late bus,2,9.00,90.00,A
"Chen, Ben",12,S2,bchen,Block 3,0,,,,0.00,0.00,F
"Student, Test",15,,teststudent,Block 3,,,,,,,
"""

MOODLE = """First name,Last name,ID number,Institution,Department,Email address,Quiz: Fractions (Real),\
Quiz: Fractions (Percentage),Quiz: Fractions (Letter),Assignment: Essay: part 1 (Real),Assignment: Essay: part 1 (Feedback),\
Course total (Real),Last downloaded from this course
Ana,Rivera,S1,,,ana@school.example,8.50,85.00 %,B,-,,17.00,1795791600
Ben,Chen,,,,ben@school.example,0.00,0.00 %,F,12.00,Good,12.00,1795791600
"""

SCHOOLOGY = """Last Name,First Name,Unique User ID,Fractions Quiz,"Poster (20 pts)",Missing Work (2024),Overall
Rivera,Ana,S1,8.5,18,,92%
Chen,Ben,S2,Excused,Missing,3,70%
"""


def read(text: str, encoding: str = "utf-8") -> GradebookFile:
    return read_gradebook(text.encode(encoding))


def cells(file: GradebookFile) -> list[list[tuple[str, Decimal | None]]]:
    return [
        [(row.cells[column.index].kind.value, row.cells[column.index].value) for column in file.columns]
        for row in file.rows
    ]


def test_canvas_assignments_are_told_from_totals_and_columns_of_the_schools_own() -> None:
    file = read(CANVAS)
    assert file.lms == "canvas"
    assert [(c.title, c.external_id, c.possible) for c in file.columns] == [
        ("Unit 1 Quiz", "101", Decimal(10)),
        ("Essay (draft)", "102", Decimal("25.50")),
    ]
    assert [row.name for row in file.rows] == ["Rivera, Ana", "Chen, Ben"]
    assert file.rows[0].identities == {
        Identity.USER_ID: "11",
        Identity.SOURCED_ID: "S1",
        Identity.LOGIN: "ana@school.example",
        Identity.EMAIL: "ana@school.example",
    }
    assert cells(file) == [[("value", Decimal(9)), ("excused", None)], [("zero", Decimal(0)), ("blank", None)]]
    # The bonus out of 0 and the test student are said to be left out.
    assert [(one.line, one.title) for one in file.skipped] == [(None, "Bonus (103)"), (6, "")]


def test_canvas_in_another_language_with_decimal_commas_and_semicolons() -> None:
    text = (
        "Student;ID;SIS User ID;SIS Login ID;Section;Labb: git (24233);Assignments Current Score\n"
        "    Points Possible;;;;;10,0;(läs endast)\n"
        "Åsa Öberg;7;S7;asa;A;8,5;85,0\n"
    )
    file = read(text, "utf-8-sig")
    assert [(c.title, c.possible) for c in file.columns] == [("Labb: git", Decimal("10.0"))]
    assert cells(file) == [[("value", Decimal("8.5"))]]


def test_canvas_without_points_row_or_sections_keeps_its_assignments() -> None:
    file = read("Student,ID,SIS Login ID,Quiz (5)\nA,1,a,3\n")
    assert [(c.title, c.possible) for c in file.columns] == [("Quiz", None)]


def test_canvas_rows_without_an_id_are_people_too_if_they_have_a_name() -> None:
    file = read("Student,ID,Section,Quiz (5)\n    Points Possible,,,10\nAna Rivera,,A,9\n")
    assert [(row.name, row.identities) for row in file.rows] == [("Ana Rivera", {})]
    assert file.columns[0].possible == 10


def test_moodle_prefers_shares_and_leaves_out_letters_feedback_and_totals() -> None:
    file = read(MOODLE)
    assert file.lms == "moodle"
    assert [(c.title, c.kind, c.percent, c.out_of) for c in file.columns] == [
        ("Fractions", "quiz", True, Decimal(100)),
        ("Essay: part 1", "assignment", False, None),
    ]
    assert cells(file) == [
        [("value", Decimal("85.00")), ("blank", None)],
        [("zero", Decimal("0.00")), ("value", Decimal(12))],
    ]
    assert file.rows[1].name == "Ben Chen"
    assert file.rows[0].identities == {Identity.SOURCED_ID: "S1", Identity.EMAIL: "ana@school.example"}


@pytest.mark.parametrize(
    ("header", "title", "percent"),
    [
        ("Nombre,Apellido(s),Dirección de correo,Cuestionario: Uno (Real),Total del curso (Real)", "Uno", False),
        ("Vorname;Nachname;E-Mail-Adresse;Test: Eins (Prozentsatz);Kurs gesamt (Punkte)", "Eins", True),
        ("Prénom,Nom,Adresse de courriel,Test : Un (Brut),Total du cours (Brut)", "Un", False),
        # A language that is not known: addresses and the way of showing grades tell.
        ("Full name,Sähköposti,Tentti: Yksi (Real),Last downloaded from this course", "Yksi", False),
    ],
)
def test_moodle_in_other_languages(header: str, title: str, percent: bool) -> None:
    delimiter = ";" if ";" in header else ","
    count = header.count(delimiter) + 1
    row = ["Ana"] * count
    address = 1 if count == 4 and "Full" in header else 2
    row[address] = "ana@school.example"
    row[address + 1] = "7"
    file = read(header + "\n" + delimiter.join(row) + "\n")
    assert [(c.title, c.percent) for c in file.columns] == [(title, percent)]
    assert file.rows[0].identities == {Identity.EMAIL: "ana@school.example"}


def test_moodle_in_a_language_that_nobody_has_listed_is_told_by_its_shape() -> None:
    file = read(
        "名,姓,メールアドレス,小テスト: 分数 (実データ),小テスト: 分数 (パーセンテージ),課題：ポスター (文字),最新ダウンロード\n"
        "花子,山田,h@school.example,8.50,85.00 %,B,1795791600\n"
        "太郎,佐藤,t@school.example,-,-,-,1795791600\n"
    )
    assert file.lms == "moodle"
    assert [(c.title, c.percent) for c in file.columns] == [("分数", True)]
    assert cells(file) == [[("value", Decimal("85.00"))], [("blank", None)]]
    assert [row.identities[Identity.EMAIL] for row in file.rows] == ["h@school.example", "t@school.example"]
    assert [one.title for one in file.skipped] == ["課題：ポスター (文字)"]
    with pytest.raises(UnreadableGradebook):
        read("Naam;E-post;Klasse (Gruppe)\nAna;ana@school.example;7\n")


BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t'
    '"Fractions [Total Pts: 10 Score] |12345"\t"Essay (draft) [Total Pts: 40 Percentage] |12346"\t'
    '"Poll [Total Pts: 0 Score] |12347"\t"Letter grade"\n'
    '"Rivera"\t"Ana"\t"arivera"\t"S1"\t"2026-01-01"\t"Yes"\t"8.50"\t"75"\t"0"\t"A"\n'
)
BRIGHTSPACE = """OrgDefinedId,Username,Last Name,First Name,Email,Quiz: Fractions Points Grade <Numeric MaxPoints:10 Weight:5>,\
Seen <Selectbox MaxPoints:2>,Remarks <Text>,Calculated Final Grade Numerator,End-of-Line Indicator
#S1,#arivera,Rivera,Ana,ana@school.example,8.5,1,Good,9,#
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_blackboard_says_points_and_ids_in_its_headers(encoding: str) -> None:
    file = read(BLACKBOARD, encoding)
    assert file.lms == "blackboard"
    assert [(c.title, c.percent, c.out_of) for c in file.columns] == [
        ("Fractions", False, Decimal(10)),
        ("Essay (draft)", True, Decimal(100)),
    ]
    assert [one.title for one in file.skipped] == ["Poll [Total Pts: 0 Score] |12347"]
    assert cells(file) == [[("value", Decimal("8.50")), ("value", Decimal(75))]]
    (row,) = file.rows
    assert (row.name, row.identities) == ("Ana Rivera", {Identity.LOGIN: "arivera", Identity.SOURCED_ID: "S1"})


def test_brightspace_marks_ids_so_that_they_stay_text() -> None:
    file = read(BRIGHTSPACE)
    assert file.lms == "brightspace"
    assert [(c.title, c.possible) for c in file.columns] == [("Quiz: Fractions", Decimal(10)), ("Seen", Decimal(2))]
    (row,) = file.rows
    assert row.identities == {
        Identity.SOURCED_ID: "S1",
        Identity.LOGIN: "arivera",
        Identity.EMAIL: "ana@school.example",
    }


def test_schoology_reads_points_out_of_titles_and_words_out_of_cells() -> None:
    file = read(SCHOOLOGY)
    assert file.lms == "schoology"
    assert [(c.title, c.possible) for c in file.columns] == [
        ("Fractions Quiz", None),
        ("Poster", Decimal(20)),
        ("Missing Work (2024)", None),
    ]
    assert cells(file)[1] == [("excused", None), ("missing", None), ("value", Decimal(3))]
    assert file.rows[0].name == "Ana Rivera"
    assert file.rows[0].identities == {Identity.SOURCED_ID: "S1"}


def test_schoology_with_a_row_of_points_and_shares() -> None:
    file = read("Student Name,Unique ID,Quiz,Lab\nMax Points,,10,\nA,1,9,80%\n")
    assert [(c.title, c.possible, c.percent) for c in file.columns] == [
        ("Quiz", Decimal(10), False),
        ("Lab", None, True),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\x00\x01\x02",
        b"a,b\n1,2\n",
        b"code,statement,parent,prerequisites\nA,b,,\n",
        b"Student,ID,Section\nA,1,x\n",
        b"Student,ID,Section,Quiz (1)\n",
        b"PK\x03\x04" + b"\x00" * 50,
        b'Student,ID,Section,"Quiz (1)\n' + b"x" * 200_000,
        b"x" * 20_000_001,
    ],
    ids=["empty", "blank", "binary", "other", "framework", "no-grades", "no-rows", "xlsx", "open-quote", "large"],
)
def test_what_is_no_gradebook_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(UnreadableGradebook):
        read_gradebook(content)


_PEOPLE = b"Student,ID,Section,Quiz (1)\n"


@pytest.mark.parametrize(
    "content",
    [
        _PEOPLE + b"Ada,1,S,5\n" * 250_001,
        _PEOPLE + b"\n" * 200_001,
        b"Student,ID,Section,Quiz (1)" + b"," * 2_000 + b"\n" + (b"Ada,1,S,5" + b"," * 2_000 + b"\n") * 500,
        b"Student,ID,Section,Quiz " + b"1" * 500 + b" (1)\nAda,1,S,5\n",
    ],
    ids=["cells", "lines", "columns", "header"],
)
def test_a_table_larger_than_any_course_is_not_looked_through(content: bytes) -> None:
    with pytest.raises(UnreadableGradebook):
        read_gradebook(content)


@pytest.mark.parametrize("pump", ["x[{}", "x [{}]", "x <{}", "x <Numeric MaxPoints:{}", "x ({}", "x -{}", "x{}"])
@pytest.mark.parametrize("part", ["1", "a", " ", "1 ", "- "])
def test_a_header_of_one_sign_repeated_is_read_in_one_go(pump: str, part: str) -> None:
    """Some took the third power of their length: ten thousand signs held up everybody for hours."""
    label = pump.format(part * 20_000) + "!"
    for family in (others.is_blackboard, others.is_brightspace, moodle.is_moodle):
        assert not family(["Username", label])
    assert schoology._title_and_points(label) == (label, None)


def test_a_cell_of_many_digits_is_no_number() -> None:
    for digits in ("1" * 100_000, "1" * 100_000 + "x", "1," * 50_000):
        assert Numbers([digits]).number(digits) is None


def test_spreadsheets_own_encodings_are_read() -> None:
    text = "Student,ID,Section,Prüfung (1)\nJosé,1,A,7\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        file = read(text, encoding)
        assert (file.columns[0].title, file.rows[0].name) == ("Prüfung", "José")


@pytest.mark.parametrize(
    ("seen", "text", "value"),
    [
        ([], "8.5", "8.5"),
        ([], "8,5", "8.5"),
        ([], "1,234.5", "1234.5"),
        ([], "1.234,5", "1234.5"),
        ([], "1 234,5", "1234.5"),
        ([], "1,234", None),
        (["2.5"], "1,234", "1234"),
        (["2,5"], "1,234", "1.234"),
        ([], "0,125", "0.125"),
        ([], "1,234,567", "1234567"),
        ([], "-3", "-3"),
        ([], "7-8", None),
        ([], "=1+1", None),
        ([], "A-", None),
        ([], "NaN", None),
        ([], "1e5", None),
    ],
)
def test_numbers_of_many_countries(seen: list[str], text: str, value: str | None) -> None:
    assert Numbers([*seen, text]).number(text) == (None if value is None else Decimal(value))


@given(st.binary(max_size=300))
def test_whatever_bytes_come_only_our_own_error_goes(content: bytes) -> None:
    for start in (
        b"",
        b"Student,ID,Section,Quiz (1)\n",
        b"First name,Email address,Quiz (Real)\n",
        b"Name,Unique ID,Quiz\n",
    ):
        try:
            file = read_gradebook(start + content)
        except UnreadableGradebook:
            continue
        for row in file.rows:
            assert set(row.cells) == {column.index for column in file.columns}
            for cell in row.cells.values():
                assert (cell.value is not None) == (cell.kind in (CellKind.VALUE, CellKind.ZERO))
