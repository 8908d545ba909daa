"""A teacher lets the tool make a playlist, in a real browser: by keyboard, without script, at 320 pixels, in the dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.lti.models import Role
from tests.browser.test_mastery_pages import look, somebody
from tests.insight.world import World, a_world
from tests.playlists import path_world
from tests.playlists.seed import School

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    async def fill(session: AsyncSession) -> School:
        return (await path_world.path_world(session)).world.school

    with a_world(tmp_path_factory.mktemp("personal"), fill) as running:
        yield running


def the_form(page: Page, world: World) -> None:
    """From the list of playlists to the form, as a teacher goes."""
    page.goto(f"{world.course}/playlists")
    page.get_by_role("link", name="Let the tool make it").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Let the tool make it")


def test_a_teacher_looks_assigns_and_decides(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        the_form(page, world)
        look(page, "personal-new")
        page.get_by_role("button", name="Assign").click()
        expect(page.get_by_role("alert")).to_contain_text("Please give the playlist a title.")
        page.get_by_label("Title").fill("My way through fractions")
        page.get_by_role("checkbox", name="Competencies of this course").check()
        page.get_by_label("See it for").select_option(label="Ben Birch")
        page.get_by_role("button", name="Look").click()
        shown = page.get_by_role("region", name="What Ben Birch would get now")
        expect(shown).to_contain_text("page F.1")
        expect(page.get_by_label("Title")).to_have_value("My way through fractions")
        expect(page.get_by_role("checkbox", name="Competencies of this course")).to_be_checked()
        look(page, "personal-look")
        page.get_by_role("checkbox", name="I approve steps before students see them").check()
        page.get_by_role("button", name="Assign").click()
        expect(page.get_by_role("heading", name="The steps of 3 students wait for you")).to_be_visible()
        look(page, "personal-path")
        page.get_by_role("button", name="Approve all of these Ben Birch").click()
        expect(page.get_by_role("heading", name="The steps of 2 students wait for you")).to_be_visible()
        page.get_by_role("button", name="Approve everything").click()
        expect(page.get_by_text("Approved. The students see it now.")).to_be_visible()
        page.get_by_role("link", name="Ada Ash", exact=True).first.click()
        steps = page.get_by_role("region", name="What comes")
        expect(steps.get_by_role("listitem").first).to_contain_text("page F.1")
        look(page, "personal-student")
        page.get_by_role("button", name="Up quiz F.1").click()
        expect(steps.get_by_role("listitem").first).to_contain_text("quiz F.1")
        expect(page.get_by_text("Pinned: “quiz F.1” at place 1")).to_be_visible()
        page.get_by_role("button", name="Take out page F.1").click()
        expect(page.get_by_text("Never: “page F.1”")).to_be_visible()
        expect(steps).not_to_contain_text("page F.1")


def test_the_unit_moves_on_by_keyboard(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/playlists")
        page.get_by_role("link", name="My way through fractions", exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Move the unit on").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Current unit")
        look(page, "personal-unit")
        page.get_by_role("checkbox", name="Competencies of this course").focus()
        page.keyboard.press("Space")
        page.get_by_text("Only some of them").focus()
        page.keyboard.press("Enter")
        page.get_by_role("checkbox", name="F.3").focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Save").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Current unit: 1 competency (F.3)")).to_be_visible()
        page.get_by_role("link", name="Settings").click()
        page.get_by_text("How the tool chooses").click()
        look(page, "personal-settings")


def test_without_script_a_playlist_is_made_for_one_student(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER, script=False) as page:
        the_form(page, world)
        page.get_by_label("Title").fill("For Cem alone")
        page.get_by_label("Single students").check()
        page.get_by_role("checkbox", name="Cem Cedar").check()
        page.get_by_role("button", name="Assign").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("For Cem alone")
        expect(page.get_by_role("rowheader")).to_have_count(1)
        expect(page.get_by_role("rowheader")).to_contain_text("Cem Cedar")


def test_a_student_finds_the_path(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.students[2], Role.STUDENT) as page:
        page.goto(f"{world.course}/my")
        expect(page.get_by_role("main")).to_contain_text("For Cem alone")


def test_traits_are_said_of_several_items(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/content/traits")
        page.get_by_role("checkbox", name="page F.1").check()
        page.get_by_role("checkbox", name="quiz F.1").check()
        page.get_by_label("Minutes", exact=True).fill("20")
        page.get_by_label("Topics to add").fill("football, cooking")
        look(page, "traits")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved. Paths are planned with it")).to_be_visible()
        page.get_by_role("link", name="Change page F.1").click()
        expect(page.get_by_label("Topics (optional)")).to_have_value("football, cooking")
        look(page, "traits-one")
        page.get_by_label("Topics (optional)").fill("music")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("row", name="page F.1")).to_contain_text("music")
