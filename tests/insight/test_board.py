"""The class board: its order, its filters, its table, its page."""

import gzip
import html
import random
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.insight import board
from lti_tool.insight.board import Column, Counted, Face, Holding, Line, Order, Show, Words
from lti_tool.lti.models import Role
from lti_tool.playlists.monitor_rules import Calendar, Span, Watch
from tests.insight.large import a_large_class
from tests.insight.site import Site, a_group
from tests.playlists import seed

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
TODAY = board.epoch_day(NOW)
WORDS = Words(
    caption="Levels",
    student="Student",
    to_go="Not yet secure",
    secure="Secure",
    not_started=Face("Not started", "l0 ie"),
    due="%(level)s, review due",
    no_domain="Other",
)
FACES = {
    "started": Face("Started", "l1 iq"),
    "secure": Face("Secure", "l3 it"),
    "odd": Face("<Odd> & 'own'", "l4 is"),
}

RANKED = [Face(f"Rank {rank}", f"l{rank} ie") for rank in range(5)]


def column(number: int, domain: str = "", grade: str = "") -> Column:
    return Column(uuid.uuid4(), str(number), f"C.{number}", f"Statement {number}", domain, grade)


def line(name: str, held: dict[str, Holding], latest_at: datetime | None = None) -> Line:
    return Line(uuid.uuid4(), name, held, latest_at)


def counted(lines: list[Line], columns: list[Column]) -> list[Counted]:
    return board.counted(lines, columns, NOW)


# --- Pure


def test_a_students_counts_are_of_the_columns_that_are_shown() -> None:
    held: dict[str, Holding] = {"1": (3, "secure", TODAY), "2": (1, "started", None), "9": (4, "odd", TODAY)}
    (one,) = counted([line("Ada", held)], [column(1), column(2), column(3)])
    assert (one.to_go, one.due, one.secure) == (2, 1, ["1"])


def test_orders_put_who_needs_a_look_first_and_keep_names_in_order() -> None:
    columns = [column(1), column(2)]
    fine = line("Ada", {"1": (3, "secure", None), "2": (3, "secure", TODAY)}, NOW)
    half = line("Ben", {"1": (3, "secure", TODAY + 1)}, NOW - timedelta(days=8))
    none = line("Cem", {})
    also = line("Dua", {})
    rows = counted([fine, half, none, also], columns)

    def names(order: Order) -> list[str]:
        return [row.line.name for row in board.in_order(rows, order)]

    assert names(Order.NAME) == ["Ada", "Ben", "Cem", "Dua"]
    assert names(Order.NEED) == ["Cem", "Dua", "Ben", "Ada"]
    assert names(Order.QUIET) == ["Cem", "Dua", "Ben", "Ada"]
    assert names(Order.REVIEW) == ["Ada", "Ben", "Cem", "Dua"]
    shown = {show: [row.line.name for row in rows if board.is_shown(row, show, Watch(NOW))] for show in Show}
    assert shown == {
        Show.ALL: ["Ada", "Ben", "Cem", "Dua"],
        Show.NEED: ["Ben", "Cem", "Dua"],
        Show.QUIET: ["Ben", "Cem", "Dua"],
        Show.REVIEW: ["Ada"],
    }


@pytest.mark.parametrize(("days", "quiet"), [(8, True), (7, False)])
def test_quiet_counts_school_days(days: int, quiet: bool) -> None:
    # NOW is a Tuesday: eight days ago was a Monday, and five school days have passed entirely since.
    (row,) = counted([line("Ada", {}, NOW - timedelta(days=days))], [column(1)])
    assert row.is_quiet(Watch(NOW)) is quiet
    holidays = Calendar(off=(Span(date(2026, 8, 1), date(2026, 8, 31)),))
    assert not row.is_quiet(Watch(NOW, holidays))


def test_columns_of_one_domain_stand_together_under_its_name() -> None:
    columns = board.by_heading([column(1, "B"), column(2, "A"), column(3, "B"), column(4)])
    assert [one.number for one in columns] == ["1", "3", "2", "4"]
    made = board.table(counted([line("Ada", {})], columns), columns, FACES, RANKED, WORDS, "/m", NOW)
    assert re.findall(r"scope=colgroup colspan=(\d+) class=domain><span title=\"(.*?)\"", made) == [
        ("2", "B"),
        ("1", "A"),
        ("1", "Other"),
    ]


def test_without_any_domain_there_is_one_row_of_headers() -> None:
    columns = [column(1), column(2)]
    made = board.table(counted([line("Ada", {})], columns), columns, FACES, RANKED, WORDS, "/m", NOW)
    assert "colgroup colspan" not in made


def test_the_day_of_a_review_is_due_from_its_morning() -> None:
    columns = [column(1), column(2)]
    ada = line("Ada", {"1": (3, "secure", TODAY), "2": (3, "secure", TODAY + 1)})
    made = board.table(counted([ada], columns), columns, FACES, RANKED, WORDS, "/m", NOW)
    assert made.count("Secure, review due") == 1
    assert '<td class="l3 it due">Secure, review due<td class="l3 it">Secure' in made


def test_a_level_of_another_scale_is_shown_by_its_rank() -> None:
    """A criterion is frozen with its scale; the course may have chosen another since."""
    columns = [column(1), column(2)]
    ada = line("Ada", {"1": (3, "gone", None), "2": (4, "gone", TODAY)})
    made = board.table(counted([ada], columns), columns, FACES, RANKED, WORDS, "/m", NOW)
    assert '<td class="l3 ie">Rank 3<td class="l4 ie due">Rank 4, review due' in made


class Attributes(HTMLParser):
    """Every attribute that a browser would find, and what titles say."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.titles: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {name for name, _ in attrs}
        self.titles += [value for name, value in attrs if name == "title"]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(TEXT, TEXT, TEXT)
def test_nothing_from_outside_becomes_markup(name: str, code: str, statement: str) -> None:
    strange = Column(uuid.uuid4(), "1", code, statement, name, code)
    made = board.table(
        counted([line(name, {"1": (4, "odd", None)})], [strange]), [strange], FACES, RANKED, WORDS, "/m", NOW
    )
    tags = set(re.findall(r"<(/?[a-zA-Z]+)", made))
    assert tags <= {
        "table", "/table", "caption", "/caption", "colgroup", "col", "thead", "tbody",
        "tr", "th", "td", "a", "/a", "span", "/span",
    }  # fmt: skip
    assert html.escape(name) in made
    assert "&lt;Odd&gt; &amp; &#x27;own&#x27;" in made
    seen = Attributes()
    seen.feed(made)
    assert seen.names <= {"class", "id", "data-board", "span", "scope", "colspan", "title", "href"}
    assert board.shortened(statement) in seen.titles


# --- The page


async def raw(site: Site, token: str, address: str, accepts: str) -> httpx.Response:
    async with (
        site.client(token) as client,
        client.stream("GET", address, headers={"Accept-Encoding": accepts}) as answer,
    ):
        body = b"".join([part async for part in answer.aiter_raw()])
    return httpx.Response(
        answer.status_code,
        headers=[(k, v) for k, v in answer.headers.items() if k != "content-encoding"],
        content=body,
        extensions={"coding": answer.headers.get("content-encoding", "")},
    )


async def test_the_board_shows_every_student_and_competency(site: Site) -> None:
    await site.holds(0, 3, 2, due=TODAY)
    teacher = await site.teacher()
    page = await teacher.get(site.mastery)
    assert page.status_code == 200
    rows = re.findall(r"<tr><th scope=row><a href=\"[^\"]*\">([^<]*)</a>(.*)", page.text)
    assert [name for name, _ in rows] == ["Ada Ash", "Ben Birch", "Cem Cedar"]
    cells = [re.findall(r"<td class=(?:\"[^\"]*\"|\w+)>([^<]*)", cells) for _, cells in rows]
    assert cells[0] == ["3", "Secure, review due", "Developing", "Not started", "Not started"]
    assert cells[1] == ["4", "Not started", "Not started", "Not started", "Not started"]
    assert page.text.count("<th scope=col><a href=") == 4
    assert "Number and fractions" in page.text
    assert "Find fractions that are &lt;equal&gt; &amp; compare them" in page.text


async def test_filters_and_orders_come_from_the_address(site: Site) -> None:
    await site.holds(0, 3, 3, 3, 3)
    await site.holds(1, 1, due=None)
    async with site.database.writing() as session:
        group = await a_group(session, site.school, "Red <1>", 0, 2)
    teacher = await site.teacher()

    async def names(query: str) -> list[str]:
        page = await teacher.get(f"{site.mastery}?{query}")
        assert page.status_code == 200
        return re.findall(r"<tr><th scope=row><a href=\"[^\"]*\">([^<]*)</a>", page.text)

    assert await names("order=need") == ["Ben Birch", "Cem Cedar", "Ada Ash"]
    assert await names("show=need") == ["Ben Birch", "Cem Cedar"]
    assert await names(f"group={group.id}") == ["Ada Ash", "Cem Cedar"]
    assert await names("domain=Number+and+fractions") == ["Ada Ash", "Ben Birch", "Cem Cedar"]
    assert await names("show=review") == []
    # What no page of ours offers chooses nothing.
    assert len(await names("order=%3Cscript%3E&show=x&group=y&domain=z&grade=w")) == 3


async def test_nothing_of_the_request_is_in_what_is_packed(site: Site) -> None:
    """Whoever can put words into a packed page can guess what else is in it by its length (BREACH)."""
    teacher = await site.teacher()
    marked = "zzq7zzq7"
    page = await teacher.get(f"{site.mastery}?order={marked}&group={marked}&domain={marked}&grade={marked}&{marked}=1")
    assert page.status_code == 200
    assert marked not in page.text


async def test_only_the_table_is_packed(site: Site) -> None:
    teacher = await site.teacher()
    plain = await raw(site, teacher.token, site.mastery, "identity")
    packed = await raw(site, teacher.token, site.mastery, "gzip, br")
    assert (plain.extensions["coding"], packed.extensions["coding"]) == ("", "gzip")
    whole = gzip.decompress(packed.content)
    session = re.search(rb'name="lti-session" content="([^"]+)"', whole)
    assert session is not None
    # What names the session stands there as it is: it shares nothing with what is packed.
    assert session[1] in packed.content
    assert b"<td class=" not in packed.content
    assert b"Ada Ash" not in packed.content
    assert b"Ada Ash" in plain.content
    assert packed.headers["vary"] == "Accept-Encoding"


async def test_two_answers_differ_in_length(site: Site) -> None:
    teacher = await site.teacher()
    lengths = {len((await raw(site, teacher.token, site.mastery, "gzip")).content) for _ in range(12)}
    assert len(lengths) > 2


async def test_a_class_of_200_with_480_competencies_stays_small(site: Site) -> None:
    async with site.database.writing() as session:
        school = await a_large_class(session, 200, 480, random.Random(4), states=False)
    teacher = await site.sign_in(school.teacher, Role.TEACHER, school=school)
    answer = await raw(site, teacher.token, f"/courses/{school.course.id}/mastery?order=need", "gzip")
    assert answer.status_code == 200
    assert len(answer.content) <= 300_000
    whole = gzip.decompress(answer.content).decode()
    assert len(re.findall(r"<td class=\"l\d ", whole)) == 200 * 480


async def test_there_is_something_to_read_where_there_is_nothing_yet(site: Site) -> None:
    async with site.database.writing() as session:
        empty = await seed.school(session, "Elm School", students=0)
    bare = await site.sign_in(empty.teacher, Role.TEACHER, school=empty)
    page = await bare.get(f"/courses/{empty.course.id}/mastery")
    assert "No competency map yet" in page.text
    teacher = await site.teacher()
    assert "There is no evidence yet." in (await teacher.get(site.mastery)).text


async def test_the_file_has_what_the_page_shows(site: Site) -> None:
    await site.holds(0, 3, 2, due=TODAY)
    async with site.database.writing() as session:
        person = await session.get(type(site.school.students[1]), (site.school.id, site.school.students[1].id))
        assert person is not None
        person.name = "=HYPERLINK(1)"
    teacher = await site.teacher()
    await teacher.get(site.mastery)
    file = await teacher.get(f"{site.mastery}/board.csv?order=need")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in file.headers["content-disposition"]
    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Student,Not yet secure,N.1 Understand a fraction as a part of a whole,")
    assert 'Ada Ash,3,"Secure, review due",Developing,Not started,Not started' in lines
    assert any(line.startswith("'=HYPERLINK(1),4,") for line in lines)
