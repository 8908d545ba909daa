"""A teacher without any rights brings the course in by its file and builds a playlist from it; by mouse, and without script."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ContentItem
from lti_tool.db.base import scoped
from tests.browser.map_world import World, a_world
from tests.browser.test_alignments import Hands
from tests.browser_tools import look
from tests.cartridges.build import cartridge, item, page, quiz, resource
from tests.cartridges.mbz import a_course, backup, tarred

pytestmark = pytest.mark.browser


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One for each test: both begin with a course that no file was brought into."""
    with a_world(tmp_path / "world") as running:
        yield running


def a_file(folder: Path, *titles: str) -> Path:
    """A course of one module, with a part that cannot be understood."""
    inside = "".join(item(f"i{n}", title, f"p{n}") for n, title in enumerate(titles))
    inside += item("iq", "Water quiz", "q") + item("iw", "Wonder", "w")
    resources = "".join(resource(f"p{n}", "webcontent", f"p{n}.html") for n in range(len(titles)))
    resources += resource("q", "imsqti_xmlv1p2/imscc_xmlv1p1/assessment", "q.xml") + resource("w", "wonder_v1", "w.bin")
    files: dict[str, str | bytes] = {f"p{n}.html": page(title) for n, title in enumerate(titles)}
    path = folder / "water.imscc"
    whole = cartridge(item("m", "Week of water", inside=inside), resources, {**files, "q.xml": quiz(), "w.bin": "?"})
    path.write_bytes(whole.getvalue())
    return path


def titles(world: World) -> set[str]:
    """What the course holds now of the files."""

    async def read(session: AsyncSession) -> set[str]:
        rows = (await session.exec(scoped(ContentItem, world.school.id))).all()
        return {
            one.title
            for one in rows
            if one.deleted_at is None and one.external_id.startswith(("cartridge:", "backup:"))
        }

    return world.do(read)


def choose(at: Page, path: Path) -> None:
    at.locator("#file").set_input_files(path)
    at.get_by_role("button", name="Look at the file").click()
    expect(at.get_by_role("heading", name="What this file would bring in")).to_be_visible()


def test_a_course_is_looked_at_brought_in_and_stands_in_the_builder(
    world: World, browser: Browser, tmp_path: Path
) -> None:
    with world.browsing(browser) as at:
        hands = Hands(at)
        at.goto(f"{world.course}/content")
        hands.click(at.get_by_role("link", name="Bring in a file"))
        expect(at.get_by_label("Course file")).to_be_visible()
        look(at, "course-file-choose")
        choose(at, a_file(tmp_path, "Rivers", "Lakes"))
        for one in at.locator("main details:not([open]) summary").all():
            one.click()
        look(at, "course-file-preview")
        assert titles(world) == set()
        hands.click(at.get_by_role("button", name="Bring in"))
        expect(at.get_by_text("3 items are new")).to_be_visible()
        look(at, "course-file-done")
        assert titles(world) == {"Rivers", "Lakes", "Water quiz"}
        hands.click(at.get_by_role("link", name="Say where items open", exact=True))
        at.get_by_label("Rivers").fill("https://lms.example/rivers")
        look(at, "course-file-addresses")
        hands.click(at.get_by_role("button", name="Save"))
        expect(at.get_by_text("Students go there from their paths now")).to_be_visible()
        expect(at.get_by_label("Rivers")).to_have_value("https://lms.example/rivers")

        at.goto(f"{world.course}/playlists/new")
        at.get_by_label("Title").fill("Water")
        at.keyboard.press("Enter")
        expect(at.get_by_role("heading", name="Water")).to_be_visible()
        module = at.locator("#content-picker details.module", has_text="Week of water")
        if module.get_attribute("open") is None:
            module.locator("summary").click()
        at.locator("#content-picker").get_by_label("Lakes").check()
        at.get_by_role("button", name="Add chosen items").click()
        expect(at.get_by_text("In the course: Week of water › Lakes")).to_be_visible()


def test_a_file_the_next_file_and_a_backup_without_script(world: World, browser: Browser, tmp_path: Path) -> None:
    with world.browsing(browser, java_script_enabled=False) as at:
        at.goto(f"{world.course}/content/files")
        choose(at, a_file(tmp_path, "Rivers", "Lakes"))
        at.get_by_role("button", name="Bring in").click()
        expect(at.get_by_text("3 items are new")).to_be_visible()
        assert titles(world) == {"Rivers", "Lakes", "Water quiz"}
        at.goto(f"{world.course}/content/files")
        choose(at, a_file(tmp_path, "Rivers of Europe"))
        expect(at.get_by_text("until now “Rivers”")).to_be_visible()
        expect(at.get_by_role("link", name="One beside what is here")).to_be_visible()
        at.get_by_role("button", name="Bring in").click()
        expect(at.get_by_text("1 is marked as gone")).to_be_visible()
        assert titles(world) == {"Rivers of Europe", "Water quiz"}
        path = tmp_path / "backup.mbz"
        path.write_bytes(tarred(backup(a_course())).getvalue())
        choose(at, path)
        expect(at.get_by_text("Moodle backup")).to_be_visible()
        at.get_by_role("button", name="Cancel").click()
        expect(at.get_by_text("Nothing was brought in.")).to_be_visible()
        at.locator("#file").set_input_files({"name": "x.imscc", "mimeType": "application/zip", "buffer": b"no course"})
        at.get_by_role("button", name="Look at the file").click()
        expect(at.get_by_text("There is no course in this file")).to_be_visible()
        assert titles(world) == {"Rivers of Europe", "Water quiz"}
