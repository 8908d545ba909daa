"""A teacher who has never seen the tool makes and assigns a first menu from a ready board, counted in clicks and keys.

In the LMS's frame, on both databases, with third-party cookies blocked and not blocked; by keyboard, and on a phone's width.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.stories import Visitor
from tests.browser.story import browser_arguments, browser_context, demo, told_in, visit, world
from tests.browser.test_first_playlist import CLICK, KEY, Counted

pytestmark = pytest.mark.browser

__all__ = ["browser_arguments", "browser_context", "demo", "visit", "world"]

TEACHER = "Elena Rivera"
TASKS = (
    "Draw a ratio you see at home",
    "Write a recipe for six",
    "Solve page 12",
    "Film an explanation",
    "Read “What is a ratio?”",
    "Build a scale model",
    "Interview a cook",
    "Make a quiz for a friend",
    "Explain it in your own words",
)


@told_in("sqlite")
class TestAFirstMenu:
    def test_it_is_made_and_assigned_in_under_five_minutes(self, visit, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
        teacher: Visitor = visit(TEACHER, "first-menu")
        tool, counted = teacher.tool, Counted()
        counted.click(tool.get_by_role("link", name="Menus", exact=True))
        counted.click(tool.get_by_role("link", name="New menu"))
        expect(tool.get_by_role("heading", level=1, name="New menu")).to_be_visible()
        teacher.look("1-ready")
        counted.click(tool.get_by_role("button", name="Take this board Tic-tac-toe", exact=True))
        expect(tool.get_by_text("Nothing to choose yet")).to_be_visible()
        places = [f"Row {row}, column {column}" for row in (1, 2, 3) for column in (1, 2, 3)]
        for place, task in zip(places, TASKS, strict=True):
            counted.enter(tool.get_by_role("textbox", name=place), task)
        # The page says by itself that everybody can complete it now; nothing was saved yet.
        expect(tool.get_by_text("Everybody can complete it.")).to_be_visible()
        teacher.look("2-board")
        counted.click(tool.get_by_role("button", name="Save and assign"))
        expect(tool.get_by_role("button", name=re.compile("^Assign to"))).to_be_visible()
        teacher.look("3-assign")
        counted.click(tool.get_by_role("button", name=re.compile("^Assign to")))
        expect(tool.locator("#messages .message").first).to_contain_text(
            "Assigned. Every student has their own board now"
        )
        expect(tool.get_by_text("0 of 6 have chosen, 0 have finished")).to_be_visible()
        teacher.look("4-list")
        with capsys.disabled():
            print(  # noqa: T201 - the figure is what this test is for.
                f"\na first menu: {counted.clicks} clicks, {counted.fields} fields, {counted.keys} keys,"
                f" {counted.seconds / 60:.1f} minutes at {CLICK} s a click and {KEY} s a key"
            )
        assert counted.seconds < 300

    def test_a_dinner_menu_by_keyboard_with_an_item_and_a_refusal(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher: Visitor = visit(TEACHER, "dinner-menu")
        tool, keyboard = teacher.tool, teacher.page.keyboard
        teacher.section("Menus")
        tool.get_by_role("link", name="New menu").press("Enter")
        tool.get_by_role("button", name="Take this board Dinner menu").press("Enter")
        first = tool.get_by_role("textbox", name="Place 1 of Starters")
        first.focus()
        keyboard.type("Warm up with a puzzle")
        # Only a starter: two mains have to be chosen, and there are none.
        tool.get_by_role("textbox", name="Title").press("Enter")
        expect(tool.get_by_text("Nobody could complete this board")).to_be_visible()
        expect(tool.get_by_text("“Mains” asks for 2, but has 0 to choose from.")).to_be_visible()
        teacher.look("1-refused")
        tool.get_by_role("button", name="Details Place 1 of Mains").press("Enter")
        expect(tool.get_by_role("heading", level=1, name="Place 4")).to_be_visible()
        tool.get_by_label("What it is").select_option("item")
        tool.get_by_label("Where it leads").select_option(index=1)
        teacher.look("2-option")
        tool.get_by_role("button", name="Save", exact=True).press("Enter")
        expect(tool.get_by_text("From the course").first).to_be_visible()
        teacher.look("3-parts")

    def test_the_may_dos_of_a_playlist_become_a_menu_with_one_press(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher: Visitor = visit(TEACHER, "menu-of-may-dos")
        tool = teacher.tool
        tool.get_by_role("link", name="New playlist").press("Enter")
        tool.get_by_label("Title").fill("Extras")
        tool.get_by_role("button", name="Go on to the steps").press("Enter")
        tool.get_by_label("Heading").fill("Choose two")
        tool.get_by_role("button", name="Add this section").press("Enter")
        expect(tool.get_by_text("Change this section")).to_be_visible()
        for task in ("Cook", "Measure", "Draw"):
            tool.get_by_label("What to do, or what to ask").fill(task)
            tool.get_by_role("button", name="Add this step").press("Enter")
            expect(tool.get_by_role("listitem").filter(has_text=task).first).to_be_visible()
        tool.get_by_text("Change this section").click()
        tool.get_by_label("Students do").select_option("some")
        tool.get_by_label("How many of them").fill("2")
        tool.get_by_role("button", name="Save this section").press("Enter")
        expect(tool.get_by_text("Any 2 of 3")).to_be_visible()
        teacher.section("Playlists")
        tool.locator("summary", has_text="More for Extras").click()
        tool.get_by_role("button", name="Make a menu of its may-dos").press("Enter")
        expect(tool.get_by_text("Choose 2 from “Choose two”.")).to_be_visible()
        expect(tool.get_by_role("textbox", name="Place 3 of Choose two")).to_have_value("Draw")
