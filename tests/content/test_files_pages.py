"""A teacher brings a course in by a file: the form, the preview, the confirmation, the same file again; on both databases."""

import io
import re
import uuid
from pathlib import Path

import httpx
import pytest

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.content import routes
from lti_tool.content.files import routes as file_routes
from lti_tool.content.models import ItemKind, Requirement, UploadDraft
from lti_tool.content.ports import NativeItem
from lti_tool.content.service import add_address, add_from_gradebook
from lti_tool.content.taking_over import take_over
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Family, Registration, Role
from tests.cartridges.build import cartridge, item, page, quiz, resource
from tests.cartridges.mbz import Activity, a_course, backup, tarred
from tests.courses.school import NOW, a_school, come_in
from tests.courses.site import Site, Visitor, a_site, nowhere

from .conftest import all_items, course_of

LINK = '<webLink xmlns="x"><title>Inner</title><url href="https://example.org/a"/></webLink>'


def course_file(*titles: str, link: bool = True) -> bytes:
    """A cartridge of one module: a page for each title, a quiz, and a link."""
    inside = "".join(item(f"i{n}", title, f"p{n}") for n, title in enumerate(titles))
    inside += item("iq", "Fractions quiz", "q") + (item("il", "Elsewhere", "l") if link else "")
    resources = "".join(resource(f"p{n}", "webcontent", f"p{n}.html") for n in range(len(titles)))
    resources += resource("q", "imsqti_xmlv1p2/imscc_xmlv1p1/assessment", "q.xml")
    resources += resource("l", "imswl_xmlv1p1", "l.xml") if link else ""
    files: dict[str, str | bytes] = {f"p{n}.html": page(title) for n, title in enumerate(titles)}
    return cartridge(
        item("m", "Week 1", inside=inside), resources, {**files, "q.xml": quiz(), "l.xml": LINK}
    ).getvalue()


async def upload(visitor: Visitor, content: bytes, name: str = "course.imscc") -> httpx.Response:
    """Choose a file in the form, as a browser posts it."""
    there = await visitor.get("/no-course")
    session = re.search(r'name="lti-session" content="([^"]+)"', there.text)
    async with visitor.site.client(visitor.token) as client:
        return await client.post(
            f"{visitor.course}/content/files/upload",
            data={"session": session[1] if session else ""},
            files={"file": (name, content, "application/octet-stream")},
            headers={"Origin": "http://localhost:8000"},
        )


async def bring(visitor: Visitor, content: bytes, **fields: str) -> httpx.Response:
    """Choose, look, and bring in; the page after it."""
    answer = await upload(visitor, content)
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    preview = await visitor.get(address)
    assert preview.status_code == 200, preview.text
    key = re.search(r'name="as" value="([^"]*)"', preview.text)
    ticked = {"gone": "yes"} if re.search(r'name="gone" value="yes"[^>]* checked', preview.text) else {}
    values = {"as": key[1] if key else "", **ticked, **fields}
    done = await visitor.post(address, answer="bring-in", **values)
    assert done.status_code == 303, done.text
    return await visitor.get(done.headers["location"])


async def drafts(site: Site) -> int:
    async with site.database.reading() as session:
        return len((await session.exec(scoped(UploadDraft, site.school.organisation.id))).all())


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end; the platform is not connected."""
    return await a_site(database, clock, file_routes.router, routes.router)


async def test_without_a_session_nothing_opens(site: Site) -> None:
    visitor = await site.teacher()
    async with site.client() as client:
        for path in ("", "/addresses", f"/{nowhere()}"):
            assert (await client.get(f"{visitor.course}/content/files{path}")).status_code == 401
        for path in ("/upload", "/addresses", f"/{nowhere()}"):
            assert (await client.post(f"{visitor.course}/content/files{path}")).status_code in (401, 403)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_files_are_for_teachers(site: Site, role: Role) -> None:
    visitor = await site.arrive(site.school.launch(role=role))
    for path in ("", "/addresses", f"/{nowhere()}"):
        assert (await visitor.get(f"{visitor.course}/content/files{path}")).status_code == 403
    for path in ("/upload", "/addresses", f"/{nowhere()}"):
        assert (await visitor.post(f"{visitor.course}/content/files{path}")).status_code == 403


async def test_another_course_and_another_schools_are_not_there(site: Site) -> None:
    visitor = await site.teacher()
    elsewhere = await a_school(site.database, "Other")
    foreign = await come_in(site.database, elsewhere.launch())
    for course_id in (nowhere(), str(foreign.course_id)):
        assert (await visitor.get(f"/courses/{course_id}/content/files")).status_code == 404
        for path in ("/upload", "/addresses", f"/{nowhere()}"):
            assert (await visitor.post(f"/courses/{course_id}/content/files{path}")).status_code == 404


async def test_a_preview_says_what_comes_and_keeps_nothing_until_the_button(site: Site) -> None:
    teacher = await site.teacher()
    answer = await upload(teacher, course_file("Read &amp; think", "Rivers"))
    assert answer.status_code == 303
    preview = await teacher.get(answer.headers["location"])
    for words in (
        "Week 1",
        "Read &amp; think",
        "Rivers",
        "Fractions quiz",
        "Elsewhere",
        "Common Cartridge",
        "Small course",
    ):
        assert words in preview.text
    assert "3 items come without an address" in preview.text
    assert await all_items(site) == {}
    done = await teacher.post(answer.headers["location"], answer="cancel")
    after = await teacher.get(done.headers["location"])
    assert "Nothing was brought in." in after.text
    assert (await all_items(site), await drafts(site)) == ({}, 0)
    assert (await teacher.get(answer.headers["location"])).status_code == 404


async def test_a_preview_is_for_who_chose_the_file(site: Site) -> None:
    answer = await upload(await site.teacher(), course_file("A"))
    other = await site.arrive(site.school.launch("t2", role=Role.TEACHER))
    assert (await other.get(answer.headers["location"])).status_code == 404
    assert (await other.post(answer.headers["location"], answer="bring-in")).status_code == 404
    assert await all_items(site) == {}


async def test_a_course_is_brought_in_and_its_content_page_shows_it(site: Site) -> None:
    teacher = await site.teacher()
    done = await bring(teacher, course_file("Rivers", "Lakes"))
    assert "The file was brought in" in done.text
    assert "4 items are new" in done.text
    found = {one.title: one for one in (await all_items(site)).values()}
    assert {title: one.kind for title, one in found.items()} == {
        "Rivers": ItemKind.PAGE,
        "Lakes": ItemKind.PAGE,
        "Fractions quiz": ItemKind.QUIZ,
        "Elsewhere": ItemKind.LINK,
    }
    assert all(one.external_id.startswith("cartridge:") and one.section == "Week 1" for one in found.values())
    assert (found["Rivers"].url, found["Elsewhere"].url) == (None, "https://example.org/a")
    content = await teacher.get(f"{teacher.course}/content")
    assert "Rivers" in content.text
    assert f"{teacher.course}/content/files" in content.text
    assert "3 items came by a file, without an address." in content.text
    assert await drafts(site) == 0
    async with site.database.reading() as session:
        statement = scoped(AuditEntry, site.school.organisation.id).where(AuditEntry.action == "content.imported")
        (entry,) = (await session.exec(statement)).all()
    assert entry.detail == "common-cartridge: 4 new, 0 changed, 0 adopted, 0 gone"


async def test_the_same_file_again_renames_moves_and_marks_what_is_gone(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, course_file("Rivers", "Lakes", "Seas"))
    before = {name: one.id for name, one in (await all_items(site)).items()}
    answer = await upload(teacher, course_file("Rivers of Europe", "Lakes", link=False))
    preview = await teacher.get(answer.headers["location"])
    assert "until now “Rivers”" in preview.text
    assert "Mark 2 items as gone" in preview.text
    done = await bring(teacher, course_file("Rivers of Europe", "Lakes", link=False))
    assert "1 item was brought up to date" in done.text
    assert "2 are marked as gone" in done.text
    found = await all_items(site)
    assert {name: one.id for name, one in found.items()} == before
    assert {one.title: one.deleted_at is None for one in found.values()} == {
        "Rivers of Europe": True,
        "Lakes": True,
        "Seas": False,
        "Fractions quiz": True,
        "Elsewhere": False,
    }
    await bring(teacher, course_file("Rivers of Europe", "Lakes", "Seas"))
    assert all(one.deleted_at is None for one in (await all_items(site)).values())


async def test_what_is_not_in_the_file_can_stay(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, course_file("Rivers", "Lakes"))
    await bring(teacher, course_file("Rivers"), gone="")
    assert all(one.deleted_at is None for one in (await all_items(site)).values())


async def test_nothing_of_another_source_is_touched(site: Site) -> None:
    teacher = await site.teacher()
    course = await course_of(site)
    async with site.database.writing() as session:
        natives = [
            NativeItem(
                external_id="canvas:module-item:1", kind="quiz", title="Fractions quiz", url="https://c.example/1"
            ),
            NativeItem(external_id="canvas:module-item:2", kind="page", title="Mountains", url="https://c.example/2"),
        ]
        await take_over(session, course, "canvas:", natives, NOW)
        pasted = await add_address(session, course, "https://example.org/a", "My link", NOW)
        kept = await add_address(session, course, "https://example.org/b", "Another", NOW)
        column = await add_from_gradebook(session, course, "x", "Essay", ItemKind.ASSIGNMENT, 10, NOW)
        ids = (pasted.id, kept.id, column)
    answer = await upload(teacher, course_file("Rivers"))
    preview = await teacher.get(answer.headers["location"])
    assert "1 item is known from your LMS and is not brought in twice" in preview.text
    done = await bring(teacher, course_file("Rivers"))
    assert "1 was known from your LMS already" in done.text
    found = await all_items(site)
    assert found["canvas:module-item:1"].url == "https://c.example/1"
    assert all(one.deleted_at is None for one in found.values())
    by_id = {one.id: one for one in found.values()}
    # The pasted address is the file's link now, and keeps its identity.
    assert by_id[ids[0]].external_id.startswith("cartridge:")
    assert by_id[ids[1]].external_id.startswith("address:")
    assert by_id[ids[2]].external_id.startswith("gradebook:")
    assert {one.title for one in found.values()} == {
        "Fractions quiz", "Mountains", "Elsewhere", "Another", "Essay", "Rivers",
    }  # fmt: skip


async def test_a_second_course_file_stands_beside_the_first(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, course_file("Rivers"))
    other = cartridge(
        item("m9", "Extra", inside=item("i0", "More", "p0")),
        resource("p0", "webcontent", "p0.html"),
        {"p0.html": page("x")},
    ).getvalue()
    other = _renamed(other, b'identifier="m1"', b'identifier="z9"')
    answer = await upload(teacher, other)
    preview = await teacher.get(answer.headers["location"])
    assert "One beside what is here" in preview.text
    await bring(teacher, other)
    assert {one.title for one in (await all_items(site)).values() if one.deleted_at is None} == {
        "Rivers", "Fractions quiz", "Elsewhere", "More",
    }  # fmt: skip
    # The teacher may say that it is a newer one of the first after all.
    first = next(one for one in (await all_items(site)).values() if one.title == "Rivers").external_id.split(":")[1]
    again = await upload(teacher, _renamed(other, b'identifier="z9"', b'identifier="y8"'))
    chosen = await teacher.get(f"{again.headers['location']}?as={first}")
    assert f'name="as" value="{first}"' in chosen.text
    assert "until now “Rivers”" in chosen.text
    assert "Mark 2 items as gone" in chosen.text


def _renamed(data: bytes, old: bytes, new: bytes) -> bytes:
    """A cartridge with other words in its manifest."""
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(target, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, content.replace(old, new) if name == "imsmanifest.xml" else content)
    return target.getvalue()


async def _as_moodle(site: Site, issuer: str, course_id: str) -> None:
    async with site.database.writing() as session:
        registration = await session.get(Registration, site.school.registration.id)
        course = (await session.exec(scoped(Course, site.school.organisation.id))).one()
        if registration is None:
            raise LookupError
        registration.issuer, registration.lms = issuer, Family.MOODLE
        course.context_id = course_id
        session.add_all([registration, course])


async def test_a_backup_of_this_very_moodle_course_says_where_items_open(site: Site) -> None:
    issuer = f"https://{uuid.uuid4()}.example"
    teacher = await site.teacher()
    await _as_moodle(site, issuer, "5")
    done = await bring(teacher, tarred(backup(a_course(), site=issuer)).getvalue())
    assert "The file was brought in" in done.text
    found = await all_items(site)
    assert found["moodle:cm:13"].url == f"{issuer}/mod/quiz/view.php?id=13"
    assert (found["moodle:cm:13"].requirement, found["moodle:cm:13"].requirement_points) == (Requirement.SCORE, 12)
    assert found["moodle:cm:13"].points_possible == 20
    assert found["moodle:cm:15"].url == f"{issuer}/mod/url/view.php?id=15"
    assert found["moodle:cm:16"].url is None
    assert not found["moodle:cm:14"].published
    # An API that is connected later finds the same items.
    async with site.database.writing() as session:
        told = [
            NativeItem(
                external_id="moodle:cm:13", kind="quiz", title="Fractions now", url="https://m/13", result_key="13"
            )
        ]
        await take_over(session, await course_of(site), "moodle:", told, NOW)
    again = await all_items(site)
    assert again["moodle:cm:13"].id == found["moodle:cm:13"].id
    assert again["moodle:cm:12"].deleted_at is not None


async def test_what_came_by_a_file_becomes_the_platforms_own_once_its_api_tells_of_it(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, course_file("Rivers", "Lakes"))
    before = {one.title: one.id for one in (await all_items(site)).values()}
    told = [
        NativeItem(external_id="canvas:module-item:1", kind="page", title="Rivers", url="https://c.example/1"),
        NativeItem(
            external_id="canvas:module-item:2",
            kind="quiz",
            title="fractions quiz",
            url="https://c.example/2",
            result_key="7",
        ),
    ]
    async with site.database.writing() as session:
        await take_over(session, await course_of(site), "canvas:", told, NOW)
    found = await all_items(site)
    assert found["canvas:module-item:1"].id == before["Rivers"]
    assert found["canvas:module-item:2"].id == before["Fractions quiz"]
    # The same file afterwards brings neither a second time, and takes neither away.
    done = await bring(teacher, course_file("Rivers", "Lakes"))
    assert "2 were known from your LMS already" in done.text
    again = await all_items(site)
    assert {name: one.id for name, one in again.items()} == {name: one.id for name, one in found.items()}
    assert all(one.deleted_at is None for one in again.values())
    assert again["canvas:module-item:2"].title == "fractions quiz"


async def test_a_backup_of_another_course_becomes_the_platforms_own_too(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, tarred(backup([Activity(12, "page", "P"), Activity(13, "quiz", "Q")])).getvalue())
    before = {one.title: one.id for one in (await all_items(site)).values()}
    told = [NativeItem(external_id="moodle:cm:90", kind="quiz", title="Q", url="https://m.example/90", result_key="90")]
    async with site.database.writing() as session:
        await take_over(session, await course_of(site), "moodle:", told, NOW)
    found = await all_items(site)
    assert found["moodle:cm:90"].id == before["Q"]
    assert {one.title for one in found.values() if one.deleted_at is None} == {"P", "Q"}


async def test_a_canvas_export_of_this_very_course_says_where_its_pages_open(site: Site) -> None:
    context = (
        "<context_info><course_id>17</course_id><canvas_domain>school.instructure.com</canvas_domain></context_info>"
    )
    files: dict[str, str | bytes] = {
        "wiki_content/rivers-and-lakes.html": page("x", "Rivers"),
        "course_settings/course_settings.xml": "<course><title>C</title></course>",
        "course_settings/context.xml": context,
        "q.xml": quiz(),
    }
    inside = item("a", "Rivers", "p") + item("b", "Quiz", "q")
    resources = resource("p", "webcontent", "wiki_content/rivers-and-lakes.html")
    resources += resource("q", "imsqti_xmlv1p2/imscc_xmlv1p1/assessment", "q.xml")
    export = cartridge(item("m", "Week 1", inside=inside), resources, files).getvalue()
    here = {"canvas_course_id": "17", "canvas_api_domain": "school.instructure.com"}
    for custom, url in (
        (here | {"canvas_course_id": "18"}, None),
        (here, "https://school.instructure.com/courses/17/pages/rivers-and-lakes"),
    ):
        teacher = await site.teacher(custom=custom)
        await bring(teacher, export)
        found = {one.title: one for one in (await all_items(site)).values()}
        assert (found["Rivers"].url, found["Quiz"].url) == (url, None)
        assert found["Rivers"].external_id.startswith("cartridge:")


async def test_a_backup_of_another_course_says_where_nothing_opens(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, tarred(backup([Activity(12, "page", "P"), Activity(13, "quiz", "Q")])).getvalue())
    found = await all_items(site)
    assert {name.split(":")[0] for name in found} == {"backup"}
    assert all(one.url is None for one in found.values())


async def test_a_part_of_a_course_leaves_the_rest_unless_the_teacher_says_so(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, tarred(backup([Activity(12, "page", "P"), Activity(13, "quiz", "Q")])).getvalue())
    part = tarred(backup([Activity(13, "quiz", "Q 2")], kind="activity")).getvalue()
    preview = await teacher.get((await upload(teacher, part)).headers["location"])
    assert "holds a part of its course" in preview.text
    await bring(teacher, part)
    assert all(one.deleted_at is None for one in (await all_items(site)).values())
    assert {one.title for one in (await all_items(site)).values()} == {"P", "Q 2"}


async def test_addresses_are_given_kept_and_refused(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, course_file("Rivers", "Lakes"))
    found = {one.title: one for one in (await all_items(site)).values()}
    address = f"{teacher.course}/content/files/addresses"
    form = await teacher.get(address)
    assert "Rivers" in form.text
    assert f"url_{found['Elsewhere'].id}" not in form.text
    field = f"url_{found['Rivers'].id}"
    refused = await teacher.post(
        address, **{field: "javascript:alert(1)", f"url_{found['Lakes'].id}": "https://l.example/"}
    )
    assert refused.status_code == 422
    assert "cannot be used" in refused.text
    assert 'value="https://l.example/"' in refused.text
    assert {one.url for one in (await all_items(site)).values()} == {None, "https://example.org/a"}
    saved = await teacher.post(
        address,
        **{field: " https://lms.example/rivers ", f"url_{nowhere()}": "https://x.example/", "url_nonsense": "x"},
    )
    assert "Saved" in (await teacher.get(saved.headers["location"])).text
    await bring(teacher, course_file("Rivers, longer", "Lakes"))
    assert {one.title: one.url for one in (await all_items(site)).values()} == {
        "Rivers, longer": "https://lms.example/rivers",
        "Lakes": None,
        "Fractions quiz": None,
        "Elsewhere": "https://example.org/a",
    }
    await teacher.post(address, **{field: ""})
    assert (await all_items(site))[found["Rivers"].external_id].url is None


async def test_another_schools_items_get_no_address(site: Site) -> None:
    teacher = await site.teacher()
    await bring(teacher, course_file("Rivers"))
    victim = next(one for one in (await all_items(site)).values() if one.title == "Rivers")
    stranger = await site.arrive((await a_school(site.database, "Other")).launch("t", role=Role.TEACHER))
    await stranger.post(f"{stranger.course}/content/files/addresses", **{f"url_{victim.id}": "https://evil.example/"})
    assert (await all_items(site))[victim.external_id].url is None


async def test_with_nothing_brought_in_there_is_nothing_to_address(site: Site) -> None:
    teacher = await site.teacher()
    answer = await teacher.get(f"{teacher.course}/content/files/addresses")
    assert "No item needs an address" in answer.text


@pytest.mark.parametrize(
    ("content", "name", "status", "words"),
    [
        (b"no course", "course.imscc", 400, "There is no course in this file"),
        (course_file("A")[:-200], "course.imscc", 400, "This file is damaged"),
        (tarred(backup(a_course())).getvalue()[:300], "course.mbz", 400, "This file is damaged"),
        (tarred({"../x": "y"}).getvalue(), "course.mbz", 400, "This file is not safe to read"),
        (tarred(backup([])).getvalue(), "course.mbz", 400, "The course in this file is empty"),
        (b"", "", 400, "No file was chosen"),
    ],
    ids=["other", "cut zip", "cut tar", "outside", "empty", "none"],
)
async def test_a_file_that_cannot_be_read_is_said_to_be_so_and_nothing_is_kept(
    site: Site, content: bytes, name: str, status: int, words: str
) -> None:
    teacher = await site.teacher()
    answer = await upload(teacher, content, name)
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert (await all_items(site), await drafts(site)) == ({}, 0)


async def test_real_courses_are_brought_in_whole_and_beside_each_other(site: Site, shared_data: Path) -> None:
    teacher = await site.teacher()
    for name, items in (("py4e-course", 189), ("canvas-export", 53)):
        content = (shared_data / f"{name}.imscc").read_bytes()
        done = await bring(teacher, content)
        assert f"{items} items are new" in done.text
        again = await bring(teacher, content)
        assert "0 items are new" in again.text
        assert "brought up to date" not in again.text
    found = [one for one in (await all_items(site)).values() if one.deleted_at is None and one.kind != "heading"]
    assert len(found) == 189 + 53
    assert sum(one.requirement is not None for one in found) == 6


async def test_the_empty_content_page_leads_to_the_form(site: Site) -> None:
    teacher = await site.teacher()
    content = await teacher.get(f"{teacher.course}/content")
    assert f'href="{teacher.course}/content/files"' in content.text
    form = await teacher.get(f"{teacher.course}/content/files")
    assert 'type="file"' in form.text
    assert "Moodle" in form.text
