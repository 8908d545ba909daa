"""Alignments go out as a table and come back, without a database."""

import csv
import io
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies import alignment_table as tables
from lti_tool.competencies.alignment_rules import AlignmentView, Change, by_item
from lti_tool.competencies.alignment_table import Reading, Trouble
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.web import spreadsheets
from lti_tool.web.spreadsheets import UnreadableTable
from tests.competencies.test_alignment_rules import item, view, views

TEACHES, PRACTISES, ASSESSES = AlignmentRole.TEACHES, AlignmentRole.PRACTISES, AlignmentRole.ASSESSES


def competency(number: int, code: str = "", statement: str = "") -> MapCompetencyView:
    return MapCompetencyView(
        id=uuid.UUID(int=number),
        number=number,
        code=code,
        statement=statement or f"Statement {number}",
        short="",
        kind="",
        grades=(),
        framework_id=uuid.UUID(int=100),
        framework="",
        own=True,
    )


ITEMS = [
    item(1, "Quiz", url="https://lms.example/1", section="Week 1"),
    item(2, "Quiz", section="Week 2"),
    item(3, "=1+1 sheet", ItemKind.PAGE),
    item(4, "Página única"),
]
MAP = [
    competency(1, "4.NF.A.1"),
    competency(2, "4.NF.A.2"),
    competency(3),
    competency(4, "X", "Same"),
    competency(5, "X", "Other"),
]


def read(text: str | bytes, some: list[AlignmentView] = [], items: list[ContentItem] = ITEMS) -> Reading:  # noqa: B006
    content = text if isinstance(text, bytes) else text.encode()
    return tables.read(spreadsheets.read(content), items, MAP, by_item(some))


def changes(text: str, some: list[AlignmentView] = []) -> list[Change]:  # noqa: B006
    found = read(text, some)
    assert found.problems == ()
    return [planned.change for planned in found.planned]


def troubles(text: str) -> list[tuple[int, Trouble, str]]:
    return [(problem.row, problem.trouble, problem.said) for problem in read(text).problems]


# --- There and back -------------------------------------------------------------------------------------------------------


@given(views)
def test_a_table_that_comes_back_changes_nothing(some: list[AlignmentView]) -> None:
    kept = [replace(one, passing_percent=round(one.passing_percent, 4)) for one in some]
    written = spreadsheets.written(tables.table(ITEMS, MAP, by_item(kept)))
    found = read(written, kept)
    assert found.planned == ()
    assert found.problems == ()
    assert found.unchanged == len(kept)
    assert found.empty == len(ITEMS) - len({one.content_item_id for one in kept})


@given(views)
def test_a_table_brings_everything_into_an_empty_course(some: list[AlignmentView]) -> None:
    kept = {
        (one.content_item_id, one.competency_id): replace(one, passing_percent=round(one.passing_percent, 4))
        for one in some
    }
    written = spreadsheets.written(tables.table(ITEMS, MAP, by_item(kept.values())))
    for planned in read(written).planned:
        one = kept.pop((planned.change.item_id, planned.change.competency_id))
        assert (planned.change.role, planned.change.weight, planned.change.mixed) == (one.role, one.weight, one.mixed)
        assert planned.change.passing_percent == one.passing_percent
    assert kept == {}


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@given(
    st.lists(
        st.lists(
            st.one_of(names, st.sampled_from(["=A1", "'=A1", "''+1", "@x", "-1", "a,b", 'say "x"', "two\nlines"])),
            min_size=3,
            max_size=3,
        ),
        max_size=5,
    )
)
def test_cells_are_harmless_and_come_back_as_they_were_meant(rows: list[list[str]]) -> None:
    written = spreadsheets.written(rows)
    for row in csv.reader(io.StringIO(written.removeprefix(spreadsheets.MARK), newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    expected = [tuple(cell.strip(" \n") for cell in row) for row in rows]
    assert [row.cells for row in spreadsheets.read(written.encode())] == [row for row in expected if any(row)]


# --- What people write ------------------------------------------------------------------------------------------------------


def test_items_are_known_by_id_address_or_title_and_competencies_by_code_or_statement() -> None:
    one = uuid.UUID(int=1)
    for line in (
        f"{one},,,4.NF.A.1,",
        ",https://lms.example/1,,4.nf.a.1,",
        f"{str(one).upper()},https://elsewhere.example,Nothing,4.NF.A.1,",
    ):
        (change,) = changes(f"item id,Address,Title,Code,Competency\n{line}\n")
        assert change == Change(one, uuid.UUID(int=1), ASSESSES)
    (change,) = changes("title;statement\npagina  UNICA;statement 3\n")
    assert change == Change(uuid.UUID(int=4), uuid.UUID(int=3), ASSESSES)
    (change,) = changes("external id,item,section,standard\n,Quiz,week 2,4.NF.A.2\n")
    assert change.item_id == uuid.UUID(int=2)
    (change,) = changes("title,code,competency\nPágina única,X,other\n")
    assert change.competency_id == uuid.UUID(int=5)


def test_everything_about_an_alignment_can_be_said() -> None:
    text = 'title,code,role,weight,passing mark,mixed\n"=1+1 sheet",4.NF.A.1,Practices,"0,5",66.6 %,X\n'
    assert changes(text) == [Change(uuid.UUID(int=3), uuid.UUID(int=1), PRACTISES, Decimal("0.5"), 66.6, mixed=True)]
    # What is left out stays as it is; a page teaches until somebody says otherwise.
    assert changes("title,code\n'=1+1 sheet,4.NF.A.1\n") == [Change(uuid.UUID(int=3), uuid.UUID(int=1), TEACHES)]
    there = view(3, 1, PRACTISES, weight=Decimal(2))
    assert changes("title,code\n'=1+1 sheet,4.NF.A.1\n", [there]) == []
    (change,) = changes("title,code,mixed\n'=1+1 sheet,4.NF.A.1,yes\n", [there])
    assert change == Change(uuid.UUID(int=3), uuid.UUID(int=1), PRACTISES, mixed=True)


def test_none_takes_away_and_nothing_else_does() -> None:
    there = [view(4, 1), view(4, 2)]
    (change,) = changes("title,code,role\nPágina única,4.NF.A.1,none\n", there)
    assert change == Change(uuid.UUID(int=4), uuid.UUID(int=1), None)
    assert changes("title,code,role\nPágina única,4.NF.A.1,none\n") == []


def test_problems_name_the_row_as_the_spreadsheet_counts_it() -> None:
    text = (
        "title,code,role,weight,passing,mixed\n"
        "Quiz,4.NF.A.1,,,,\n"
        "Nowhere,4.NF.A.1,,,,\n"
        "\n"
        "Página única,9.ZZ.1,,,,\n"
        "Página única,X,,,,\n"
        "Página única,4.NF.A.1,knows,,,\n"
        "Página única,4.NF.A.1,,heavy,,\n"
        "Página única,4.NF.A.1,,0,,\n"
        "Página única,4.NF.A.1,,,120,\n"
        "Página única,4.NF.A.1,,,,perhaps\n"
        "Página única,,,,,\n"
        "Página única,4.NF.A.2,teaches,,,\n"
        "Página única,4.NF.A.2,assesses,,,\n"
        "Página única,4.NF.A.2,teaches,,,\n"
    )
    assert troubles(text) == [
        (2, Trouble.ITEM_AMBIGUOUS, "Quiz"),
        (3, Trouble.ITEM_UNKNOWN, "Nowhere"),
        (5, Trouble.COMPETENCY_UNKNOWN, "9.ZZ.1"),
        (6, Trouble.COMPETENCY_AMBIGUOUS, "X"),
        (7, Trouble.ROLE, "knows"),
        (8, Trouble.WEIGHT, "heavy"),
        (9, Trouble.WEIGHT, "0"),
        (10, Trouble.PASSING, "120"),
        (11, Trouble.MIXED, "perhaps"),
        (14, Trouble.TWICE, "Página única"),
    ]
    found = read(text)
    assert found.empty == 1
    assert [planned.row for planned in found.planned] == [13]


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"a,b\n1,2\n", b"title,role\nQuiz,teaches\n", b"\x89PNG\x00\x1a", b"code\n4.NF.A.1\n"]
)
def test_what_is_no_table_of_alignments_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableTable):
        read(content)


def test_encodings_and_separators_of_spreadsheets() -> None:
    text = "title;code\nPágina única;4.NF.A.1\n"
    for content in (text.encode(), text.encode("utf-16"), text.encode("cp1252"), b"\xef\xbb\xbf" + text.encode()):
        assert len(read(content).planned) == 1
    assert len(read(text.replace(";", "\t")).planned) == 1
    assert len(read("sep=;\r\n" + text).planned) == 1


@given(st.binary(max_size=200))
def test_no_file_is_too_strange(content: bytes) -> None:
    try:
        read(content)
        read(b"title,code\n" + content)
    except UnreadableTable:
        return
