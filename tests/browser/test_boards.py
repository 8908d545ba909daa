"""Boards of every kind as their teacher edits them: in every colour and width, and without script."""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.lti.models import Role
from lti_tool.menus import board_editing, ready_boards, sheets
from lti_tool.menus.board_states import Words
from lti_tool.menus.sheets import Filled
from lti_tool.web.i18n import language_for
from tests.browser.test_mastery_pages import somebody
from tests.browser_tools import look
from tests.insight.world import World, a_world
from tests.playlists import seed
from tests.playlists.seed import NOW, School

pytestmark = pytest.mark.browser

ENGLISH = language_for(("en",))
made: dict[str, uuid.UUID] = {}


async def a_school(session: AsyncSession) -> School:
    """A square, a points menu and a contract, each filled but for one place."""
    school = await seed.school(session, students=3)
    made.clear()
    for key in ("tic-tac-toe-centre", "two-five-eight", "contract"):
        board = ready_boards.ready(key)
        sheet = ready_boards.made(board, ENGLISH)
        titles = {one.id: f"Task {one.position + 1}" for one in sheet.options[:-1]}
        words = Words(board.title, needs_approval=board.needs_approval, contract=board.contract)
        filled = sheets.fill(sheet, Filled(titles=titles))
        made[key] = (await board_editing.create(session, school.course, words, filled, None, NOW)).id
    return school


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("boards"), a_school) as running:
        yield running


def test_boards_in_every_look(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        for key in ("tic-tac-toe-centre", "two-five-eight"):
            page.goto(f"{world.course}/menus/{made[key]}")
            expect(page.get_by_text("Everybody can complete it.")).to_be_visible()
            look(page, f"board-{key}")
        page.goto(f"{world.course}/menus/{made['contract']}")
        page.get_by_role("button", name="Details Task 2").click()
        expect(page.get_by_role("heading", level=1, name="Task 2")).to_be_visible()
        for part in ("Level, time and UDL", "Whom it is for"):
            page.get_by_text(part, exact=True).click()
        look(page, "board-option")
        page.goto(f"{world.course}/menus/{made['tic-tac-toe-centre']}/preview")
        expect(page.get_by_text("This is how a student finds it.")).to_be_visible()
        # The last place is empty; what is in the last row still stands in its column.
        rows = page.get_by_role("table").get_by_role("row")
        expect(rows.nth(3).get_by_role("cell").nth(1)).to_contain_text("Task 8")
        expect(rows.nth(3).get_by_role("cell").nth(2)).to_have_text("")
        look(page, "board-preview")


def test_a_points_menu_is_typed_checked_and_moved_by_keyboard(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/menus/{made['two-five-eight']}")
        goal = page.get_by_label("Points to reach")
        goal.focus()
        page.keyboard.press("Control+a")
        page.keyboard.type("90")
        page.keyboard.press("Tab")
        # The page says so by itself; nothing was saved.
        expect(page.get_by_text("The goal is 90 points, but no choice reaches more than 34.")).to_be_visible()
        goal.fill("12")
        page.get_by_role("button", name="Move down Task 3").press("Enter")
        expect(page.get_by_text("Moved.")).to_be_visible()
        # What was typed was kept with it, and the option joined the next part.
        expect(page.get_by_label("Points to reach")).to_have_value("12")
        expect(page.get_by_role("textbox", name="Place 1 of 5 points")).to_have_value("Task 3")


def test_a_change_is_taken_back_and_made_again_by_keyboard(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/menus/{made['two-five-eight']}")
        page.get_by_label("Points to reach").fill("12")
        page.get_by_role("button", name="Save").first.click()
        expect(page.get_by_text("Saved.")).to_be_visible()
        page.get_by_role("button", name="Move down Task 3").press("Enter")
        expect(page.get_by_text("Moved.")).to_be_visible()
        first = page.get_by_role("textbox", name="Place 1 of 5 points")
        expect(first).to_have_value("Task 3")
        page.locator("#board-heading").click()
        page.keyboard.press("Control+z")
        expect(page.get_by_text("Taken back.")).to_be_visible()
        expect(first).not_to_have_value("Task 3")
        # What was typed and not saved yet is a change as well.
        page.get_by_label("Title").fill("Points for everybody")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_label("Title")).not_to_have_value("Points for everybody")
        page.locator("#board-heading").click()
        for again in ("Control+y", "Control+Shift+z"):
            page.keyboard.press(again)
            expect(page.get_by_text("The change is there again.")).to_be_visible()
            expect(page.get_by_label("Title")).to_have_value("Points for everybody")
            page.locator("#board-heading").click()
            page.keyboard.press("Control+z")
            expect(page.get_by_role("button", name="Redo")).to_be_visible()
            page.locator("#board-heading").click()
        look(page, "board-undo")


def test_everything_works_without_script(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER, script=False) as page:
        page.goto(f"{world.course}/menus/new")
        page.get_by_role("button", name="Take this board Choose three").click()
        page.get_by_role("textbox", name="Place 1", exact=True).fill("Read")
        page.get_by_role("button", name="Take items from the course").click()
        page.get_by_role("checkbox", name="Quiz on halves").check()
        page.get_by_role("checkbox", name="Draw a fraction").check()
        page.get_by_role("button", name="Add chosen items").click()
        expect(page.get_by_text("Everybody can complete it.")).to_be_visible()
        page.get_by_role("button", name="Save and assign").click()
        page.get_by_role("button", name="Assign to these students").click()
        expect(page.get_by_text("0 of 3 have chosen, 0 have finished")).to_be_visible()
