"""Competencies and mastery, as a teacher, a student and a family member live them: a real LMS page, a real frame, its quizzes.

The tests of the class build on each other, in order. What is shown of single pages, by keyboard and in every form, stands in
the tests of those pages; here they are one story with a real LMS behind them.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, expect

from tests.browser.stories import until
from tests.browser.story import browser_context, demo, told_in, visit, world
from tests.browser.test_stories import FAMILY, OTHER, QUIZ, STUDENT, TEACHER, _take
from tests.browser_tools import ONE_PROCESS
from tests.servers import Demo

pytestmark = pytest.mark.browser

OWN = """R.1 Compare two amounts with a ratio
R.2 Find equivalent ratios
R.3 Work with unit rates
R.4 Read percent as a rate per hundred"""

GRADEBOOK = f"""Student,ID,SIS User ID,SIS Login ID,Section,Percent warm-up (900),Current Score
    Points Possible,,,,,10,(read only)
"Nwosu, Amara",,,,A,9,90
"{STUDENT}",,,,A,0,50
Nobody Known,,,,A,5,10
"""


__all__ = ["browser_context", "demo", "visit", "world"]


@pytest.fixture(scope="class")
def browser_arguments() -> Sequence[str]:
    return ONE_PROCESS


def views(tool: FrameLocator, name: str) -> None:
    """Go on to another view of the competencies."""
    tool.get_by_role("navigation").get_by_role("link", name=name, exact=True).first.click()


@told_in("postgresql")
class TestMastery:
    """From an empty map to levels that everybody can explain."""

    def test_the_teacher_writes_competencies_and_draws_what_comes_first(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "mastery-story-teacher")
        tool = teacher.tool
        teacher.section("Competencies")
        expect(tool.get_by_role("heading", name="No competencies yet")).to_be_visible()
        teacher.look("1-no-map")
        tool.get_by_role("link", name="Write your own").first.click()
        tool.get_by_label("One competency a line").fill(OWN)
        tool.get_by_role("button", name="Add to the map").click()
        expect(tool.get_by_role("heading", name="4 competencies")).to_be_visible()
        teacher.look("2-map")

    def test_the_teacher_aligns_what_the_course_has(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "mastery-story-teacher")
        tool = teacher.tool
        teacher.section("Competencies")
        views(tool, "Alignments")
        expect(tool.get_by_role("heading", level=1, name="Alignments")).to_be_visible()
        teacher.look("3-alignments")
        tool.get_by_role("checkbox", name=re.compile("R.1")).check()
        tool.get_by_role("checkbox", name=re.compile(re.escape(QUIZ))).first.check()
        tool.get_by_role("button", name="Align", exact=True).click()
        expect(tool.get_by_text(re.compile("1 of .* aligned"))).to_be_visible()
        views(tool, "Coverage")
        expect(tool.get_by_role("heading", level=1, name="Coverage")).to_be_visible()
        teacher.look("4-coverage")

    def test_the_student_shows_it_in_the_lms(self, visit, demo: Demo, browser_context: BrowserContext) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "mastery-story-student")
        page = student.page
        page.goto(f"{demo.lms}/courses/1")
        page.get_by_role("link", name=QUIZ).first.click()
        _take(page, right=True)
        page.goto(f"{demo.lms}/courses/1")
        student.open_tool()
        tool = student.tool

        def known() -> bool:
            student.section("My map")
            return tool.get_by_text("R.1").first.is_visible() and "Secure" in tool.locator("main").inner_text()

        until(known, "the quiz never became evidence")
        student.look("1-my-map")
        expect(tool.get_by_text(OTHER)).to_have_count(0)

    def test_the_teacher_sees_it_and_why(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "mastery-story-teacher")
        tool = teacher.tool
        teacher.section("Mastery")
        row = tool.get_by_role("row", name=re.compile(STUDENT))
        expect(row).to_contain_text("Secure")
        expect(tool.get_by_role("row", name=re.compile(OTHER))).not_to_contain_text("Secure")
        teacher.look("5-board")
        row.get_by_role("link", name=re.compile(STUDENT)).first.click()
        expect(tool.get_by_role("heading", level=1)).to_contain_text(STUDENT)
        teacher.look("6-student")

    def test_the_teacher_brings_in_a_gradebook(self, visit, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "mastery-story-teacher")
        tool = teacher.tool
        teacher.section("Mastery")
        tool.get_by_role("link", name="Bring in a gradebook").click()
        expect(tool.get_by_role("heading", level=1, name="Bring in a gradebook")).to_be_visible()
        teacher.look("7-gradebook")
        file = tmp_path / "grades.csv"
        file.write_text(GRADEBOOK, "utf-8")
        tool.get_by_label("Gradebook export (CSV)").set_input_files(file)
        tool.get_by_role("button", name="Look at the file").click()
        expect(tool.get_by_role("heading", level=1, name="What this gradebook would bring in")).to_be_visible()
        tool.get_by_role("checkbox", name="Nwosu, Amara").check()
        tool.get_by_role("checkbox", name="Percent warm-up").check()
        teacher.look("8-gradebook-preview")
        tool.get_by_role("button", name="Bring in").click()
        expect(tool.get_by_role("alert")).to_contain_text("Choose what this column assesses")
        tool.get_by_label("Assesses").select_option(label="R.4 Read percent as a rate per hundred")
        tool.get_by_label("Day of the work").fill("2026-09-01")
        tool.get_by_role("button", name="Bring in").click()
        expect(tool.get_by_text("The grades of 1 student are evidence now")).to_be_visible()
        teacher.look("9-gradebook-done")
        tool.get_by_role("link", name="See the class board").click()
        expect(tool.get_by_role("row", name=re.compile(OTHER))).to_contain_text("Secure")

    def test_a_parent_sees_their_own_childs_map(self, visit) -> None:  # type: ignore[no-untyped-def]
        family = visit(FAMILY, "mastery-story-family")
        tool = family.tool
        tool.get_by_role("link", name="Map", exact=True).first.click()
        expect(tool.get_by_text("R.1").first).to_be_visible()
        expect(tool.get_by_text(OTHER)).to_have_count(0)
        family.look("1-map")
        address = family.frame.url
        for path in ("mastery", "competencies", "my-map", "mastery/board.csv"):
            answer = family.frame.goto(re.sub(r"/courses/([^/]+)/.*", rf"/courses/\1/{path}", address))
            assert answer is not None
            assert answer.status in (403, 404), path
