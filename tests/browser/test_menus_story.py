"""Menus of every kind, as a teacher, a student and a family member live them: in the LMS's frame, on both databases.

The tests of the class build on each other, in order. What single pages can do stands in the tests of those pages. Buttons are
pressed by the keyboard: the LMS's frame grows with its page, and a press of the mouse may land where a button was.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, expect

from tests.browser.stories import Visitor, until
from tests.browser.story import browser_context, demo, told_in, visit, world
from tests.browser.test_stories import FAMILY, OTHER, STUDENT, TEACHER
from tests.browser_tools import ONE_PROCESS
from tests.servers import Demo

pytestmark = pytest.mark.browser

__all__ = ["browser_context", "demo", "visit", "world"]

SQUARE, DINNER, POINTS, CONTRACT, LIST = "Ratio squares", "Ratio dinner", "Ten points", "My contract", "Three of them"
OWN = """R.1 Compare two amounts with a ratio
R.2 Find equivalent ratios"""


@pytest.fixture(scope="class")
def browser_arguments() -> Sequence[str]:
    return ONE_PROCESS


def make(teacher: Visitor, ready: str, title: str, prefix: str) -> FrameLocator:
    """Take a ready board, call it something, fill every place."""
    tool = teacher.tool
    teacher.section("Menus")
    tool.get_by_role("link", name="New menu").first.press("Enter")
    tool.get_by_role("button", name=f"Take this board {ready}", exact=True).press("Enter")
    expect(tool.locator("#board-form")).to_be_visible()
    tool.get_by_label("Title", exact=True).fill(title)
    places = tool.locator('textarea[name^="title-"]')
    expect(places.first).to_be_visible()
    for number in range(places.count()):
        places.nth(number).fill(f"{prefix} {number + 1}")
    return tool


def assign(teacher: Visitor, title: str, *, points: str = "") -> None:
    """Assign the board that is open to everybody."""
    tool = teacher.tool
    tool.get_by_role("button", name="Save and assign").press("Enter")
    button = tool.get_by_role("button", name=re.compile("^Assign to"))
    expect(button).to_be_visible()
    if points:
        tool.get_by_label("Make a column in the gradebook").check()
        tool.get_by_label("Points", exact=True).fill(points)
    button.press("Enter")
    expect(tool.get_by_text("Assigned. Every student has their own board now")).to_be_visible()
    expect(tool.get_by_role("link", name=f"See progress {title}")).to_be_visible()


def class_on(teacher: Visitor, title: str) -> FrameLocator:
    """To the class on a board."""
    if not teacher.tool.get_by_role("heading", level=1, name="Menus", exact=True).is_visible():
        teacher.section("Menus")
    teacher.tool.get_by_role("link", name=f"See progress {title}").press("Enter")
    expect(teacher.tool.get_by_role("heading", level=1, name=title)).to_be_visible()
    return teacher.tool


def my(student: Visitor, title: str) -> FrameLocator:
    """To one of a student's boards."""
    if not student.tool.get_by_role("heading", level=1, name="My playlists").is_visible():
        student.section("My playlists")
    student.tool.get_by_role("link", name=title, exact=True).first.press("Enter")
    expect(student.tool.get_by_role("heading", level=1, name=title)).to_be_visible()
    return student.tool


def choose(tool: FrameLocator, *titles: str) -> None:
    """Choose these by the keyboard, in place."""
    for title in titles:
        tool.get_by_role("button", name=f"Choose {title}", exact=True).press("Enter")
        expect(tool.get_by_role("button", name=f"Take back {title}", exact=True)).to_be_visible()


def commit(tool: FrameLocator) -> None:
    expect(tool.locator(".menu-bar")).to_contain_text("Your choice is complete.")
    tool.get_by_role("button", name="That is my choice").press("Enter")


def upcoming(tool: FrameLocator) -> Locator:
    return tool.get_by_role("list", name="Up next")


@told_in("postgresql")
class TestMenus:
    """From ready boards to marked work."""

    def test_the_teacher_makes_one_of_each_kind(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "menus-story-teacher")
        tool = teacher.tool
        teacher.section("Competencies")
        tool.get_by_role("link", name="Write your own").first.press("Enter")
        tool.get_by_label("One competency a line").fill(OWN)
        tool.get_by_role("button", name="Add to the map").press("Enter")
        expect(tool.get_by_text("R.2").first).to_be_visible()
        teacher.section("Menus")
        tool.get_by_role("link", name="Rubrics").press("Enter")
        tool.get_by_role("button", name="Take the ready-made one").press("Enter")
        expect(tool.get_by_text("This is your own copy.")).to_be_visible()
        tool.get_by_label("A mark is evidence of").first.select_option(label="R.1 Compare two amounts with a ratio")
        tool.get_by_role("button", name="Save", exact=True).press("Enter")
        expect(tool.get_by_text("Saved. Marks given before keep")).to_be_visible()
        teacher.look("1-rubric")

        make(teacher, "Tic-tac-toe", SQUARE, "Square")
        tool.get_by_text("Introduction, approval, contract, rubric").click()
        tool.get_by_label("I say yes to each choice before work begins").check()
        tool.get_by_label("Work that is handed in is marked by").select_option(label="Four levels for any task")
        tool.get_by_role("button", name=re.compile("^Details (Row 1, column 1|Square 1)$")).press("Enter")
        tool.get_by_label("What counts as done").select_option("accepted")
        for kind in ("Files", "Links", "Words"):
            tool.get_by_role("checkbox", name=kind, exact=True).check()
        tool.get_by_role("button", name="Save", exact=True).press("Enter")
        expect(tool.get_by_text("Saved.")).to_be_visible()
        if not tool.locator("#board-form").is_visible():
            tool.get_by_role("link", name="Back to the board").press("Enter")
        expect(tool.get_by_text("Handed in").first).to_be_visible()
        assign(teacher, SQUARE, points="30")
        for ready, title, prefix in (
            ("Dinner menu", DINNER, "Dish"),
            ("2-5-8 menu", POINTS, "Item"),
            ("Learning contract", CONTRACT, "Promise"),
            ("Choose three", LIST, "Idea"),
        ):
            make(teacher, ready, title, prefix)
            assign(teacher, title)
        teacher.look("2-menus")

    def test_the_student_chooses_from_each(self, visit) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "menus-story-student")
        tool = student.tool
        expect(tool.get_by_role("heading", level=1, name="My playlists")).to_be_visible()
        student.look("1-my")
        my(student, SQUARE)
        choose(tool, "Square 1", "Square 5")
        expect(tool.get_by_text("This would complete a line.")).to_have_count(1)
        student.look("2-square")
        choose(tool, "Square 9")
        commit(tool)
        expect(tool.get_by_text("Your choice is sent")).to_be_visible()

        my(student, DINNER)
        expect(tool.locator("main")).to_contain_text("Choose 1 from “Starters”, 2 from “Mains”")
        choose(tool, "Dish 1", "Dish 4", "Dish 5")
        # A second starter has no button any more.
        expect(tool.get_by_role("button", name="Choose Dish 2", exact=True)).to_have_count(0)
        expect(tool.get_by_text("This would complete your choice.").first).to_be_visible()
        student.look("3-dinner")
        choose(tool, "Dish 8")
        commit(tool)
        expect(tool.get_by_text("That is your choice. You can begin.")).to_be_visible()
        upcoming(tool).get_by_role("button", name="Mark as done").press("Enter")
        expect(tool.get_by_text("1 of 4 done")).to_be_visible()

        my(student, POINTS)
        choose(tool, "Item 1")
        expect(tool.locator(".menu-bar")).to_contain_text("2 of 10 points.")
        choose(tool, "Item 9")
        commit(tool)
        expect(tool.get_by_text("That is your choice. You can begin.")).to_be_visible()
        student.look("4-points")

        my(student, CONTRACT)
        choose(tool, "Promise 1", "Promise 2", "Promise 3")
        tool.get_by_label("Your name, as you sign").fill(STUDENT)
        student.look("5-contract")
        tool.get_by_role("button", name="Sign", exact=True).press("Enter")
        expect(tool.get_by_text(f"Signed: {STUDENT}")).to_be_visible()

        my(student, LIST)
        choose(tool, "Idea 1", "Idea 2", "Idea 3")
        commit(tool)
        for number in (1, 2):
            upcoming(tool).get_by_role("button", name="Mark as done").press("Enter")
            expect(tool.get_by_text(f"{number} of 3 done")).to_be_visible()
        upcoming(tool).get_by_role("button", name="Mark as done").press("Enter")
        expect(tool.get_by_text("You have finished this menu!")).to_be_visible()
        student.look("6-list")

    def test_the_teacher_approves(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "menus-story-teacher")
        tool = class_on(teacher, SQUARE)
        expect(tool.get_by_role("heading", name="1 choice waits for your yes")).to_be_visible()
        expect(tool.locator("#approve")).to_contain_text("Square 1 · Square 5 · Square 9")
        teacher.look("3-approving")
        tool.get_by_role("checkbox", name=STUDENT).check()
        tool.get_by_role("button", name="Approve those ticked").press("Enter")
        expect(tool.get_by_text("Approved. The students can begin.")).to_be_visible()

    def test_the_student_hands_in_and_takes_back(self, visit, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "menus-story-student")
        tool = my(student, SQUARE)
        now = upcoming(tool)
        expect(now).to_contain_text("Square 1")
        now.get_by_label("In your words").fill("Two red to three blue.")
        now.get_by_role("button", name="Save words Square 1").press("Enter")
        expect(now.get_by_role("blockquote")).to_have_text("Two red to three blue.")
        now.get_by_label("A link").fill("https://example.org/film")
        now.get_by_role("button", name="Add the link Square 1").press("Enter")
        expect(now.get_by_role("link", name="https://example.org/film")).to_be_visible()
        drawing = tmp_path / "drawing.png"
        drawing.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))
        now.get_by_label("A file").set_input_files(drawing)
        now.get_by_role("button", name="Add the file Square 1").press("Enter")
        expect(tool.get_by_role("link", name="drawing.png")).to_be_visible()
        student.look("7-work")
        with student.page.expect_download() as downloading:
            tool.get_by_role("link", name="drawing.png").press("Enter")
        assert downloading.value.path().read_bytes() == drawing.read_bytes()
        now.get_by_role("button", name="Hand in", exact=True).press("Enter")
        expect(tool.get_by_text("Handed in. You can take it back")).to_be_visible()
        tool.get_by_role("button", name="Take it back Square 1").press("Enter")
        expect(tool.get_by_text("Taken back.")).to_be_visible()
        upcoming(tool).get_by_role("button", name="Hand in", exact=True).press("Enter")
        expect(tool.get_by_text("Handed in. You can take it back")).to_be_visible()

    def test_the_teacher_returns_and_then_accepts(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "menus-story-teacher")
        tool = class_on(teacher, SQUARE)
        tool.get_by_role("link", name="Begin marking").press("Enter")
        expect(tool.get_by_role("heading", level=1, name=f"{STUDENT}: Square 1")).to_be_visible()
        expect(tool.get_by_text("Two red to three blue.")).to_be_visible()
        with teacher.page.expect_download() as downloading:
            tool.get_by_role("link", name="drawing.png").press("Enter")
        assert downloading.value.suggested_filename == "drawing.png"
        tool.get_by_role("radio", name="Beginning").first.focus()
        for key in "23333":
            teacher.page.keyboard.press(key)
        expect(tool.get_by_label(f"To {STUDENT}")).to_be_focused()
        teacher.page.keyboard.type("Which is the whole?")
        teacher.look("4-marking")
        tool.get_by_role("button", name="Return").press("Enter")
        expect(tool.get_by_text("Nothing else waits to be marked.")).to_be_visible()
        expect(tool.locator("#options")).to_contain_text("6 options nobody has picked so far.")
        teacher.look("5-class")

    def test_the_student_improves_it(self, visit) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "menus-story-student")
        tool = my(student, SQUARE)
        now = upcoming(tool)
        expect(now).to_contain_text("“Which is the whole?”")
        expect(now.get_by_text("On the way", exact=True)).to_be_visible()
        student.look("8-returned")
        now.get_by_label("In your words").fill("Two red to three blue; five are the whole.")
        # Not saved before: what is typed goes along.
        now.get_by_role("button", name="Hand in", exact=True).press("Enter")
        expect(tool.get_by_text("Handed in. You can take it back")).to_be_visible()
        expect(tool.get_by_role("blockquote").filter(has_text="five are the whole")).to_be_visible()

    def test_what_is_accepted_is_evidence_and_a_score(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "menus-story-teacher")
        tool = class_on(teacher, SQUARE)
        tool.get_by_role("link", name="Begin marking").press("Enter")
        tool.get_by_role("radio", name="Beginning").first.focus()
        for key in "43333":
            teacher.page.keyboard.press(key)
        tool.get_by_role("button", name="Accept").press("Enter")
        expect(tool.get_by_text("Nothing else waits to be marked.")).to_be_visible()
        teacher.section("Mastery")
        tool.get_by_role("link", name=STUDENT).first.press("Enter")
        tool.get_by_role("link", name=re.compile("Compare two amounts")).first.press("Enter")
        expect(tool.get_by_text("Rubric").first).to_be_visible()
        teacher.page.goto(f"{demo.lms}/courses/1/grades")
        expect(teacher.page.get_by_role("columnheader", name=re.compile(SQUARE))).to_be_visible()
        cell = teacher.page.locator("tr").filter(has_text=STUDENT).locator("td").last

        def arrived() -> bool:
            teacher.page.reload()
            return cell.inner_text().strip().startswith("10")

        until(arrived, "the score never reached the gradebook")

    def test_a_parent_sees_their_own_childs_menus(self, visit) -> None:  # type: ignore[no-untyped-def]
        family = visit(FAMILY, "menus-story-family")
        tool = family.tool
        expect(tool.get_by_role("heading", level=1)).to_contain_text(STUDENT)
        tool.get_by_role("link", name=SQUARE, exact=True).press("Enter")
        expect(tool.get_by_role("heading", level=1, name=SQUARE)).to_be_visible()
        expect(tool.get_by_text("1 of 3 done")).to_be_visible()
        expect(tool.get_by_text(OTHER)).to_have_count(0)
        expect(tool.locator("main :is(form, button)")).to_have_count(0)
        family.look("1-child")
        address = family.frame.url
        for path in ("menus", "rubrics", "my"):
            answer = family.frame.goto(re.sub(r"/courses/([^/]+)/.*", rf"/courses/\1/{path}", address))
            assert answer is not None
            assert answer.status in (403, 404), path
