"""The sandbox's pages: who may see what, content, files, tools in frames, and the headers on all of it."""

import re
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import select

from lti_tool.cartridges import CourseContent, CourseFile, Item, ItemKind, Module, Note
from lti_tool.sandbox.loading import load_course
from lti_tool.sandbox.models import Course, FileEntry, ModuleItem, Person
from lti_tool.sandbox.store import add_resource_link, enrol
from tests.sandbox.conftest import BASE, TOOL, Lms, client_of

CONTENT = CourseContent(
    "Rivers",
    "rivers-1",
    modules=(
        Module(
            "m1",
            "Sources",
            (
                Item("1", "p", ItemKind.PAGE, "Where rivers begin", body="<p>High up.<script>x</script></p>"),
                Item("2", "h", ItemKind.HEADING, "Go outside"),
                Item("3", "l", ItemKind.LINK, "A map", url="https://maps.example/rivers"),
                Item("4", "t", ItemKind.TOOL, "Old lab", url="https://lab.example/lti"),
                Item("5", "d", ItemKind.DISCUSSION, "Talk", body="<p>What do you think?</p>"),
                Item("6", "f", ItemKind.FILE, "Sheet", path="sheet.html"),
                Item("7", "s", ItemKind.PAGE, "Secret page", published=False),
            ),
        ),
        Module("m2", "Hidden module", (Item("8", "x", ItemKind.PAGE, "Hidden page"),), published=False),
    ),
    files=(
        CourseFile("f", "sheet.html", "text/html", b"<script>alert(1)</script>"),
        CourseFile("g", "map.svg", "image/svg+xml", b"<svg/>"),
    ),
    notes=(Note("x.xml", "was not understood"),),
)


@dataclass
class Rivers:
    """A second course of the sandbox, loaded from content, with the people of the first."""

    lms: Lms
    id: int
    items: dict[str, ModuleItem]

    def address(self, title: str) -> str:
        return f"/courses/{self.id}/modules/items/{self.items[title].id}"

    async def browser(self, person: Person) -> httpx.AsyncClient:
        client = client_of(self.lms.app, follow_redirects=True)
        answer = await client.post("/login", data={"login": person.login, "next": f"/courses/{self.id}"})
        assert answer.status_code == 200, answer.text
        return client


@pytest.fixture
async def rivers(lms: Lms) -> Rivers:
    course_id = await load_course(lms.platform.store, CONTENT, now=lms.clock.now())
    async with lms.platform.store.writing() as session:
        course = await session.get_one(Course, course_id)
        stranger = await session.get_one(Person, lms.stranger.id)
        (await enrol(session, course, stranger, "student", lms.clock.now())).active = False
        items = await session.scalars(select(ModuleItem).where(ModuleItem.course_id == course_id))
    return Rivers(lms, course_id, {item.title: item for item in items})


async def test_nobody_is_led_to_the_list_of_people_and_back(lms: Lms) -> None:
    answer = await lms.http.get(f"/courses/{lms.course.id}/grades?a=b")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/login?next=/courses/{lms.course.id}/grades%3Fa%3Db",
    )
    page = await lms.http.get(answer.headers["location"])
    assert page.text.count('name="login"') == 5
    assert f'value="/courses/{lms.course.id}/grades?a=b"' in page.text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "x"])
async def test_one_is_never_led_to_another_site(lms: Lms, back: str) -> None:
    answer = await lms.http.post("/login", data={"login": "student", "next": back})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_one_click_signs_in_and_one_signs_out(rivers: Rivers) -> None:
    browser = await rivers.browser(rivers.lms.student)
    home = await browser.get(f"/courses/{rivers.id}")
    assert "Noor Abdi" in home.text
    out = await browser.post("/logout")
    assert out.url.path == "/login"
    assert (await browser.get(f"/courses/{rivers.id}")).url.path == "/login"


async def test_switching_person_ends_the_session_before(rivers: Rivers) -> None:
    browser = await rivers.browser(rivers.lms.student)
    before = browser.cookies.get("sandbox_session")
    await browser.post("/login", data={"login": "teacher", "next": "/"})
    assert "Thea Cher" in (await browser.get("/courses")).text
    stale = client_of(rivers.lms.app, cookies={"sandbox_session": before or ""})
    assert (await stale.get("/courses")).status_code == 303


async def test_an_unknown_login_is_nobody(lms: Lms) -> None:
    assert (await lms.http.post("/login", data={"login": "ghost"})).status_code == 404


@pytest.mark.parametrize("path", ["/login", "/logout"])
async def test_forms_of_other_sites_are_turned_away(lms: Lms, path: str) -> None:
    answer = await lms.http.post(path, data={"login": "student"}, headers={"Origin": TOOL})
    assert answer.status_code == 403
    own = await lms.http.post(path, data={"login": "student"}, headers={"Origin": BASE})
    assert own.status_code == 303


async def test_only_members_enter(rivers: Rivers) -> None:
    browser = await rivers.browser(rivers.lms.teacher)
    assert (await browser.get(f"/courses/{rivers.id}")).status_code == 200
    stranger = client_of(rivers.lms.app, follow_redirects=True)
    await stranger.post("/login", data={"login": "stranger"})
    for path in ("", "/grades", "/users", "/pages/where-rivers-begin", "/import_notes"):
        assert (await stranger.get(f"/courses/{rivers.id}{path}")).status_code == 404
    assert (await browser.get("/courses/999")).status_code == 404
    assert (await browser.get(f"/courses/{'9' * 30}")).status_code == 404


async def test_a_course_with_one_course_opens_it(rivers: Rivers) -> None:
    stranger = client_of(rivers.lms.app, follow_redirects=True)
    answer = await stranger.post("/login", data={"login": "stranger"})
    assert "You are in no course" in answer.text
    teacher = await rivers.browser(rivers.lms.teacher)
    assert "Fractions" in (await teacher.get("/courses")).text


async def test_the_home_shows_modules_in_order(rivers: Rivers) -> None:
    student = await (await rivers.browser(rivers.lms.student)).get(f"/courses/{rivers.id}")
    titles = re.findall(r'<a href="/courses/\d+/modules/items/\d+">([^<]+)</a>', student.text)
    assert titles == ["Where rivers begin", "A map", "Old lab", "Talk", "Sheet"]
    assert "Hidden" not in student.text
    teacher = await (await rivers.browser(rivers.lms.teacher)).get(f"/courses/{rivers.id}")
    assert "Secret page" in teacher.text
    assert "Hidden module" in teacher.text


async def test_items_open_what_they_hold(rivers: Rivers) -> None:
    browser = await rivers.browser(rivers.lms.student)
    page = await browser.get(rivers.address("Where rivers begin"))
    assert page.url.path == f"/courses/{rivers.id}/pages/where-rivers-begin"
    assert "<p>High up.</p>" in page.text
    assert "Next" in page.text
    link = await browser.get(rivers.address("A map"))
    assert 'href="https://maps.example/rivers" target="_blank"' in link.text
    old = await browser.get(rivers.address("Old lab"))
    assert "LTI 1.1" in old.text
    assert "<iframe" not in old.text
    assert "What do you think?" in (await browser.get(rivers.address("Talk"))).text
    assert (await browser.get(rivers.address("Sheet"))).url.path.startswith(f"/courses/{rivers.id}/files/")
    assert (await browser.get(rivers.address("Go outside"))).url.path == f"/courses/{rivers.id}"


async def test_what_is_not_published_is_for_teachers(rivers: Rivers) -> None:
    student, teacher = [await rivers.browser(who) for who in (rivers.lms.student, rivers.lms.teacher)]
    for path in (
        rivers.address("Secret page"),
        rivers.address("Hidden page"),
        f"/courses/{rivers.id}/pages/secret-page",
    ):
        assert (await student.get(path)).status_code == 404
        assert (await teacher.get(path)).status_code == 200


async def test_things_of_another_course_are_not_here(rivers: Rivers) -> None:
    browser = await rivers.browser(rivers.lms.student)
    other = rivers.lms.course.id
    for path in (rivers.address("Talk"), f"/courses/{rivers.id}/pages/where-rivers-begin"):
        assert (await browser.get(path.replace(f"/courses/{rivers.id}", f"/courses/{other}"))).status_code == 404


async def test_native_pages_are_never_framed_by_others(rivers: Rivers) -> None:
    browser = await rivers.browser(rivers.lms.student)
    for path in ("/login", f"/courses/{rivers.id}", f"/courses/{rivers.id}/pages/where-rivers-begin", "/courses/999"):
        headers = (await browser.get(path)).headers
        assert headers["x-frame-options"] == "SAMEORIGIN"
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'self'" in policy
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"


async def test_files_are_kept_from_acting_as_pages(rivers: Rivers) -> None:
    browser = await rivers.browser(rivers.lms.student)
    async with rivers.lms.platform.store.reading() as session:
        files = {row.name: row.id for row in await session.scalars(select(FileEntry))}
    html = await browser.get(f"/courses/{rivers.id}/files/{files['sheet.html']}/download")
    assert html.headers["content-type"] == "application/octet-stream"
    assert html.headers["content-disposition"].startswith("attachment")
    svg = await browser.get(f"/courses/{rivers.id}/files/{files['map.svg']}/download")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    for answer in (html, svg):
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert (await browser.get(f"/courses/{rivers.lms.course.id}/files/{files['map.svg']}/download")).status_code == 404


async def test_a_tool_of_the_navigation_opens_in_a_frame(lms: Lms) -> None:
    browser = client_of(lms.app, follow_redirects=True)
    await browser.post("/login", data={"login": "student"})
    address = f"/courses/{lms.course.id}/external_tools/{lms.tool.id}"
    page = await browser.get(address)
    assert f'src="{address}/frame" title="Playlists"' in page.text
    assert f"frame-src 'self' {TOOL};" in page.headers["content-security-policy"]
    frame = await browser.get(f"{address}/frame")
    assert f'action="{TOOL}/lti/login"' in frame.text
    assert lms.student.lti_id in frame.text
    assert frame.headers["x-frame-options"] == "SAMEORIGIN"
    assert f'action="{TOOL}/lti/login"' in (await browser.get(f"{address}/window")).text
    for wrong in (f"{address}/elsewhere", f"/courses/{lms.course.id}/external_tools/99"):
        assert (await browser.get(wrong)).status_code == 404


async def test_a_module_item_opens_its_tool(lms: Lms) -> None:
    content = CourseContent("Links", "links-1", modules=(Module("m", "M", (Item("1", "t", ItemKind.TOOL, "Path"),)),))
    course_id = await load_course(lms.platform.store, content, now=lms.clock.now())
    async with lms.platform.store.writing() as session:
        link = await add_resource_link(session, course_id=course_id, tool=lms.tool, title="Path")
        item = (await session.scalars(select(ModuleItem).where(ModuleItem.course_id == course_id))).one()
        item.resource_link_id = link.id
    browser = client_of(lms.app, follow_redirects=True)
    await browser.post("/login", data={"login": "student"})
    address = f"/courses/{course_id}/modules/items/{item.id}"
    assert f'src="{address}/frame" title="Path"' in (await browser.get(address)).text
    assert f'action="{TOOL}/lti/login"' in (await browser.get(f"{address}/frame")).text
    item.published = False
    async with lms.platform.store.writing() as session:
        (await session.get_one(ModuleItem, item.id)).published = False
    assert (await browser.get(f"{address}/frame")).status_code == 404


async def test_people_and_whom_they_watch(rivers: Rivers) -> None:
    path = f"/courses/{rivers.lms.course.id}/users"
    for who, sees in ((rivers.lms.teacher, True), (rivers.lms.observer, True), (rivers.lms.student, False)):
        page = await (await rivers.browser(who)).get(path)
        assert ("Observer of" in page.text) == sees
        assert "Sam Where" not in page.text


async def test_notes_are_listed_for_the_teacher(rivers: Rivers) -> None:
    teacher = await rivers.browser(rivers.lms.teacher)
    assert "was not understood" in (await teacher.get(f"/courses/{rivers.id}/import_notes")).text
    assert "What was not understood" in (await teacher.get(f"/courses/{rivers.id}")).text
    assert (
        "Everything in this course was understood"
        in (await teacher.get(f"/courses/{rivers.lms.course.id}/import_notes")).text
    )


async def test_styles_are_served(lms: Lms) -> None:
    css = await lms.http.get("/static/sandbox.css")
    assert css.headers["content-type"].startswith("text/css")
    assert "http" not in css.text
