"""The pages about frameworks: anonymous, wrong role, another school, and the whole way from a file to the list."""

import re
import uuid
from html import unescape

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.competencies import routes
from lti_tool.competencies.models import Competency, Framework, MapCompetency
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.content.models import UploadDraft
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.launch import LaunchContext
from lti_tool.lti.models import Role
from tests.courses.school import NOW, a_school, come_in
from tests.courses.site import Site, Visitor, a_site, nowhere
from tests.pairs import on_postgresql, on_sqlite

from .formats import CANVAS, DOCUMENT, OWN, as_bytes, item, moodle, package

BASE = "/competencies/frameworks"
GETS = ("", "/new", "/{id}", "/{id}/case.json", "/{id}/competencies.csv", "/drafts/{id}")
POSTS = ("/upload", "/fetch", "/{id}/fetch", "/drafts/{id}")
LOOP = b"code,statement,parent,prerequisites\nA,a,,C\nB,b,,A\nC,c,,B\nD,d,D,\n"


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end."""
    return await a_site(database, clock, routes.router)


def path(pattern: str) -> str:
    return BASE + pattern.replace("{id}", nowhere())


async def upload(visitor: Visitor, content: bytes, name: str = "standards.csv") -> httpx.Response:
    """Choose a file in the form, as a browser posts it."""
    page = await visitor.get("/no-course")
    session = page.text.split('name="lti-session" content="')[1].split('"')[0]
    async with visitor.site.client(visitor.token) as client:
        return await client.post(
            f"{visitor.course}{BASE}/upload",
            data={"session": session},
            files={"file": (name, content, "text/csv")},
            headers={"Origin": "http://localhost:8000"},
        )


def shown(page: httpx.Response) -> str:
    found = re.search(r'name="shown" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


def stats(page: httpx.Response) -> list[int]:
    """New, changed, as they are, no longer there, left out."""
    return [int(one) for one in re.findall(r'<dd class="stat__value">(\d+)</dd>', page.text)]


async def bring_in(visitor: Visitor, content: bytes, name: str = "standards.csv", **form: str) -> httpx.Response:
    """Choose, look, import."""
    answer = await upload(visitor, content, name)
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    page = await visitor.get(address)
    assert page.status_code == 200
    return await visitor.post(address, answer="yes", shown=shown(page), **form)


async def every(site: Site) -> list[Framework]:
    async with site.database.reading() as session:
        return list((await session.exec(scoped(Framework, site.school.organisation.id))).all())


@on_sqlite
@pytest.mark.parametrize("pattern", [*GETS, *POSTS])
async def test_without_a_session_nothing_opens(site: Site, pattern: str) -> None:
    visitor = await site.teacher()
    async with site.client() as client:
        method = "POST" if pattern in POSTS and pattern != "/drafts/{id}" else "GET"
        answer = await client.request(method, visitor.course + path(pattern))
    assert answer.status_code in {401, 403}


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_frameworks_are_for_those_who_teach(site: Site, role: Role) -> None:
    visitor = await site.arrive(site.school.launch(role=role))
    for pattern in GETS:
        assert (await visitor.get(visitor.course + path(pattern))).status_code == 403
    for pattern in POSTS:
        assert (await visitor.post(visitor.course + path(pattern))).status_code == 403


async def test_an_assistant_looks_and_imports_nothing(site: Site) -> None:
    teacher = await site.teacher()
    await bring_in(teacher, OWN.encode())
    (framework,) = await every(site)
    visitor = await site.arrive(site.school.launch("ta", role=Role.ASSISTANT))
    page = await visitor.get(visitor.course + BASE)
    assert page.status_code == 200
    assert "Import a framework" not in page.text
    assert (await visitor.get(f"{visitor.course}{BASE}/{framework.id}")).status_code == 200
    refusals = [
        await visitor.get(f"{visitor.course}{BASE}/new"),
        await visitor.get(f"{visitor.course}{path('/drafts/{id}')}"),
        await upload(visitor, OWN.encode()),
        *[await visitor.post(visitor.course + path(pattern)) for pattern in POSTS],
    ]
    assert {one.status_code for one in refusals} == {403}
    assert "Only teachers import frameworks" in refusals[0].text


async def test_other_courses_and_schools_are_not_there(site: Site, database: Database) -> None:
    visitor = await site.teacher()
    elsewhere = await a_school(database, "Other")
    foreign = await come_in(database, elsewhere.launch())
    async with database.writing() as session:
        theirs = Framework(
            organisation_id=elsewhere.organisation.id,
            identifier="x",
            source="own",
            title="Theirs",
            changed_at=NOW,
            created_at=NOW,
        )
        session.add(theirs)
    for course_id in (nowhere(), foreign.course_id):
        for pattern in GETS:
            assert (await visitor.get(f"/courses/{course_id}{path(pattern)}")).status_code == 404
        for pattern in POSTS:
            assert (await visitor.post(f"/courses/{course_id}{path(pattern)}")).status_code == 404
    for ending in ("", "/case.json", "/competencies.csv"):
        assert (await visitor.get(f"{visitor.course}{BASE}/{theirs.id}{ending}")).status_code == 404
    assert (await visitor.post(f"{visitor.course}{BASE}/{theirs.id}/fetch")).status_code == 404
    assert "Theirs" not in (await visitor.get(visitor.course + BASE)).text


async def test_a_request_from_another_site_imports_nothing(site: Site) -> None:
    visitor = await site.teacher()
    async with site.client(visitor.token) as client:
        answer = await client.post(
            f"{visitor.course}{BASE}/upload",
            files={"file": ("x.csv", OWN.encode(), "text/csv")},
            headers={"Origin": "https://evil.example"},
        )
    assert answer.status_code == 403


async def test_the_empty_list_says_what_to_do(site: Site) -> None:
    visitor = await site.teacher()
    page = await visitor.get(visitor.course + BASE)
    assert "No framework yet" in page.text
    assert f'href="{visitor.course}{BASE}/new"' in page.text


FILES = {
    "own": OWN.encode(),
    "moodle": moodle().encode(),
    "canvas": CANVAS.encode(),
    "case": as_bytes(package([item("A<b>")])),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
async def test_a_file_is_looked_at_then_imported_then_browsed(site: Site, content: bytes) -> None:
    visitor = await site.teacher()
    answer = await upload(visitor, content, "a <b> name.csv")
    page = await visitor.get(answer.headers["location"])
    number = len(read_framework(content).competencies)
    assert stats(page)[:2] == [number, 0]
    # Looking has stored nothing.
    assert await every(site) == []
    done = await visitor.post(answer.headers["location"], answer="yes", shown=shown(page), title="A title")
    assert done.status_code == 303
    (framework,) = await every(site)
    assert done.headers["location"] == f"{visitor.course}{BASE}/{framework.id}?said=imported.{number}.0.0.0"
    browsed = await visitor.get(done.headers["location"])
    assert browsed.status_code == 200
    assert "Imported." in browsed.text
    assert "<b>" not in browsed.text
    for row in read_framework(content).competencies:
        assert row.statement in unescape(browsed.text)
    listed = await visitor.get(visitor.course + BASE)
    assert f'href="{visitor.course}{BASE}/{framework.id}"' in listed.text
    # The file is not kept once it has been used.
    assert (await visitor.get(answer.headers["location"])).status_code == 404
    async with site.database.reading() as session:
        assert (await session.exec(scoped(UploadDraft, site.school.organisation.id))).all() == []


async def test_importing_again_shows_what_changes_before_it_does(site: Site) -> None:
    visitor = await site.teacher()
    await bring_in(visitor, OWN.encode())
    newer = (
        OWN.replace("Add fractions", "Add <i>and</i> subtract").replace('4.NF.2,"', '4.NF.9,"').replace(";4.NF.2", "")
    )
    answer = await upload(visitor, newer.encode())
    page = await visitor.get(answer.headers["location"])
    assert stats(page) == [1, 1, 2, 1, 0]
    for words in ("Add fractions", "Add &lt;i&gt;and&lt;/i&gt; subtract", "No longer in the source", "4.NF.9"):
        assert words in page.text
    assert "Update “standards”?" in page.text
    done = await visitor.post(answer.headers["location"], answer="yes", shown=shown(page))
    assert done.headers["location"].endswith("?said=updated.1.1.1.0")
    browsed = await visitor.get(done.headers["location"])
    assert "1 competency is no longer in the source" in browsed.text
    again = await upload(visitor, newer.encode())
    assert "Everything in this file is here already" in (await visitor.get(again.headers["location"])).text


async def test_loops_are_shown_and_decided(site: Site) -> None:
    visitor = await site.teacher()
    answer = await upload(visitor, LOOP)
    address = answer.headers["location"]
    page = await visitor.get(address)
    assert "A → B → C → A" in page.text
    assert "Row 5" in page.text
    assert "It is said to be its own parent: D → D" in page.text
    options = re.findall(r'<option value="(\d+\.\d+)"( selected)?>', page.text)
    assert [value for value, _ in options] == ["0.1", "1.2", "2.0"]
    assert [value for value, chosen in options if chosen] == ["2.0"]
    look = await visitor.post(address, answer="look", leave="0.1", title="T", shown="x")
    assert look.status_code == 303
    assert "session" not in look.headers["location"]
    page = await visitor.get(look.headers["location"])
    assert re.search(r'<option value="0.1" selected>', page.text)
    done = await visitor.post(address, answer="yes", leave="0.1", title="T", shown=shown(page))
    browsed = await visitor.get(done.headers["location"])
    assert "A → B" in browsed.text
    (framework,) = await every(site)
    assert framework.extra["left_out"] == [["A", "B"]]


async def test_moodles_pairs_are_asked_about(site: Site) -> None:
    visitor = await site.teacher()
    answer = await upload(visitor, moodle().encode())
    page = await visitor.get(answer.headers["location"])
    assert "but not which comes first" in page.text
    look = await visitor.post(answer.headers["location"], answer="look", related="prerequisites")
    page = await visitor.get(look.headers["location"])
    done = await visitor.post(answer.headers["location"], answer="yes", related="prerequisites", shown=shown(page))
    browsed = await visitor.get(done.headers["location"])
    assert "comes after" in browsed.text


async def test_a_csv_can_be_a_framework_of_its_own(site: Site) -> None:
    visitor = await site.teacher()
    await bring_in(visitor, OWN.encode(), title="First")
    answer = await upload(visitor, OWN.encode())
    look = await visitor.post(answer.headers["location"], answer="look", into="new", title="Second")
    page = await visitor.get(look.headers["location"])
    assert "Import “Second”?" in page.text
    await visitor.post(answer.headers["location"], answer="yes", into="new", title="Second", shown=shown(page))
    assert {one.title for one in await every(site)} == {"First", "Second"}
    assert (await visitor.get(f"{answer.headers['location']}?into=nonsense")).status_code == 404


async def test_a_preview_that_is_old_is_shown_again(site: Site) -> None:
    visitor = await site.teacher()
    await bring_in(visitor, OWN.encode())
    newer = OWN.replace("Add fractions", "Add").encode()
    answer = await upload(visitor, newer)
    page = await visitor.get(answer.headers["location"])
    # Somebody else imports something in between.
    await bring_in(visitor, OWN.replace("Compare", "Order").encode())
    late = await visitor.post(answer.headers["location"], answer="yes", shown=shown(page))
    assert late.status_code == 409
    assert "changed in the meantime" in late.text
    done = await visitor.post(answer.headers["location"], answer="yes", shown=shown(late))
    assert done.status_code == 303


async def test_other_courses_are_named_and_have_to_be_confirmed(site: Site) -> None:
    visitor = await site.teacher()
    await bring_in(visitor, OWN.encode())
    (framework,) = await every(site)
    other = await site.arrive(
        site.school.launch("t2", role=Role.TEACHER, context=LaunchContext("c2", "Maths <5>", "M5", ()))
    )
    async with site.database.writing() as session:
        rows = (await session.exec(scoped(Competency, site.school.organisation.id))).all()
        assert other.entry.course_id is not None
        session.add(
            MapCompetency(
                organisation_id=site.school.organisation.id,
                course_id=other.entry.course_id,
                competency_id=rows[0].id,
                number=1,
                created_at=NOW,
            )
        )
    answer = await upload(visitor, OWN.replace("Add", "Sum").encode())
    page = await visitor.get(answer.headers["location"])
    assert "1 other course uses this framework" in page.text
    assert "Maths &lt;5&gt;" in page.text
    refused = await visitor.post(answer.headers["location"], answer="yes", shown=shown(page))
    assert refused.status_code == 409
    assert "Other courses use this framework" in refused.text
    done = await visitor.post(answer.headers["location"], answer="yes", confirmed="yes", shown=shown(page))
    assert done.status_code == 303
    assert f"{framework.id}?said=updated.0.1.0.0" in done.headers["location"]


async def test_a_file_can_be_discarded_and_is_nobody_elses(site: Site) -> None:
    visitor = await site.teacher()
    answer = await upload(visitor, OWN.encode())
    address = answer.headers["location"]
    colleague = await site.arrive(site.school.launch("t2", role=Role.TEACHER))
    assert (await colleague.get(address)).status_code == 404
    assert (await colleague.post(address, answer="yes")).status_code == 404
    done = await visitor.post(address, answer="no")
    assert done.headers["location"].endswith("?said=discarded")
    assert "Nothing was imported" in (await visitor.get(done.headers["location"])).text
    assert (await visitor.get(address)).status_code == 404
    assert await every(site) == []


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"hello", 400, "This is no competency framework"),
        (b"{", 400, "breaks off"),
        (b"", 400, "The file is empty"),
        (b'code,statement\nA,"' + b"x\n" * 200_000, 400, "a quotation mark is probably missing"),
        (b"code,statement\n" + b"A,b\n" * 60_000, 413, "This framework is too large"),
    ],
    ids=["text", "broken", "empty", "quotes", "repeated"],
)
async def test_files_that_cannot_be_read_are_said_above_the_form(
    site: Site, content: bytes, status: int, words: str
) -> None:
    visitor = await site.teacher()
    answer = await upload(visitor, content)
    assert answer.status_code == status
    assert words in answer.text
    assert 'type="file"' in answer.text


async def test_of_problems_without_number_some_are_listed_and_the_rest_is_counted(site: Site) -> None:
    visitor = await site.teacher()
    answer = await upload(visitor, b"code,statement\nA,a\n" + b"A,b\n" * 3000)
    page = await visitor.get(answer.headers["location"])
    assert stats(page)[:1] == [1]
    assert "and 2900 more" in page.text
    assert len(page.text) < 100_000


async def test_a_form_without_a_file(site: Site) -> None:
    visitor = await site.teacher()
    answer = await visitor.post(f"{visitor.course}{BASE}/upload")
    assert answer.status_code == 400
    assert "No file was chosen" in answer.text


# --- From a server ------------------------------------------------------------------------------------------------------


async def test_an_address_is_fetched_and_can_be_fetched_again(site: Site) -> None:
    where = f"/ims/case/v1p1/CFPackages/{DOCUMENT}"
    site.lms.answers[where] = httpx.Response(200, json=package([item("A"), item("B")]))
    visitor = await site.teacher()
    answer = await visitor.post(f"{visitor.course}{BASE}/fetch", address=f"https://case.example{where}")
    assert answer.status_code == 303
    page = await visitor.get(answer.headers["location"])
    assert stats(page)[0] == 2
    await visitor.post(answer.headers["location"], answer="yes", shown=shown(page))
    (framework,) = await every(site)
    assert framework.source_address == f"https://case.example{where}"
    browsed = await visitor.get(f"{visitor.course}{BASE}/{framework.id}")
    assert "Fetch from its server again" in browsed.text
    site.lms.answers[where] = httpx.Response(200, json=package([item("A")]))
    answer = await visitor.post(f"{visitor.course}{BASE}/{framework.id}/fetch")
    assert stats(await visitor.get(answer.headers["location"])) == [0, 0, 1, 1, 0]


async def test_a_server_is_chosen_from(site: Site) -> None:
    documents = [{"identifier": f"d{number}", "title": f"Set <{number}>", "creator": "C"} for number in range(12)]
    site.lms.answers["/ims/case/v1p1/CFDocuments"] = httpx.Response(200, json={"CFDocuments": documents})
    visitor = await site.teacher()
    page = await visitor.post(f"{visitor.course}{BASE}/fetch", address="https://case.example/ims/case/v1p1")
    assert page.status_code == 200
    assert "Set &lt;3&gt;" in page.text
    assert 'value="https://case.example/ims/case/v1p1/CFPackages/d3"' in page.text
    assert "12 frameworks at" in page.text


@on_postgresql
@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("", 400, "No file was chosen"),
        ("https://10.1.2.3/ims/case/v1p1", 400, "private network"),
        ("ftp://case.example", 400, "begins with https"),
        ("https://case.example/gone", 424, "It answered with the status 404"),
        ("https://case.example/html", 424, "There is no CASE package"),
    ],
)
async def test_what_is_wrong_with_an_address_is_said(site: Site, address: str, status: int, words: str) -> None:
    site.lms.answers["/html"] = httpx.Response(200, content=b"<html>")
    visitor = await site.teacher()
    answer = await visitor.post(f"{visitor.course}{BASE}/fetch", address=address)
    assert answer.status_code == status
    assert words in unescape(answer.text)
    if address:
        assert f'value="{address}"' in answer.text


async def test_a_framework_from_a_file_has_no_address_to_fetch(site: Site) -> None:
    visitor = await site.teacher()
    await bring_in(visitor, OWN.encode())
    (framework,) = await every(site)
    answer = await visitor.post(f"{visitor.course}{BASE}/{framework.id}/fetch")
    assert answer.status_code == 400
    assert "came from a file" in answer.text


# --- Browsing -----------------------------------------------------------------------------------------------------------


def large() -> bytes:
    lines = ["code,statement,parent,prerequisites,grade,kind"]
    for grade in range(1, 5):
        lines.append(f"G{grade},Grade {grade},,,0{grade},Grade")
        for domain in "ABC":
            lines.append(f"G{grade}{domain},Domain {domain} of {grade},G{grade},,0{grade},Domain")
            for number in range(12):
                before = f"G{grade}{domain}{number - 1}" if number else ""
                lines.append(
                    f"G{grade}{domain}{number},Standard {grade}{domain}{number},G{grade}{domain},{before},0{grade},Standard"
                )
    return "\n".join(lines).encode()


async def test_a_large_framework_opens_part_by_part(site: Site) -> None:
    visitor = await site.teacher()
    await bring_in(visitor, large())
    (framework,) = await every(site)
    address = f"{visitor.course}{BASE}/{framework.id}"
    page = await visitor.get(address)
    assert "Domain C of 4" in page.text
    assert "Standard 4C3" not in page.text
    assert "Show the 12 below" in page.text
    (domain,) = re.findall(r'within=([0-9a-f-]{36})">Show the 12 below<span class="visually-hidden"> G2B<', page.text)
    page = await visitor.get(f"{address}?within={domain}")
    assert "Standard 2B11" in page.text
    assert "Standard 2C1" not in page.text
    assert page.text.count("comes after") == 11
    assert "13 competencies found" in page.text
    page = await visitor.get(f"{address}?q=standard+3a&grade=03")
    assert "12 competencies found" in page.text
    assert "Domain A of 3" in page.text
    page = await visitor.get(f"{address}?show=all")
    assert all(f"Standard {grade}{domain}11" in page.text for grade in range(1, 5) for domain in "ABC")
    (one,) = re.findall(
        r'id="c-([0-9a-f-]{36})">\s*<div class="outline__line">\s*<p class="outline__said"><strong class="code">G3B5<',
        page.text,
    )
    page = await visitor.get(f"{address}?at={one}")
    assert "outline__item--at" in page.text
    assert "Standard 3B4" in page.text
    assert "Standard 3C4" not in page.text
    page = await visitor.get(f"{address}?q=%3Cscript%3E&within=nonsense&at={nowhere()}&grade=99")
    assert "Nothing found" in page.text
    assert "<script>alert" not in page.text


async def test_what_is_nested_beyond_reason_is_still_a_page(site: Site) -> None:
    rows = "".join(f"C{number},Step {number},{f'C{number - 1}' if number else ''}\n" for number in range(400))
    visitor = await site.teacher()
    done = await bring_in(visitor, f"code,statement,parent\n{rows}".encode())
    page = await visitor.get(f"{done.headers['location'].partition('?')[0]}?show=all")
    assert page.status_code == 200
    assert "Step 399" in page.text


async def test_files_leave_as_they_came(site: Site) -> None:
    visitor = await site.teacher()
    await bring_in(visitor, as_bytes(package([item("A"), item("B")])))
    (framework,) = await every(site)
    address = f"{visitor.course}{BASE}/{framework.id}"
    case = await visitor.get(f"{address}/case.json")
    assert case.headers["content-type"] == "application/json; charset=utf-8"
    assert case.headers["content-disposition"] == 'attachment; filename="Fractions.case.json"'
    assert read_framework(case.content).identifier == DOCUMENT
    table = await visitor.get(f"{address}/competencies.csv")
    assert [row.code for row in read_framework(table.content).competencies] == ["A", "B"]
    assert uuid.UUID(str(framework.id))
