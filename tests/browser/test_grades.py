"""A teacher types a grade over the tool's, sees it on the page *Grades*, keeps it, and then sends the tool's after all.

The tests of the class build on each other, in order. One world is enough: what the database does is tried elsewhere.
"""

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.stories import until
from tests.browser.story import World, browser_context, demo, visit
from tests.browser.test_stories import PAGE, STUDENT, TEACHER, _open, scores
from tests.browser_tools import ONE_PROCESS
from tests.servers import Demo

pytestmark = pytest.mark.browser

TITLE = "Ratios for a grade"
SECONDS = 60.0

__all__ = ["browser_context", "demo", "visit"]


@pytest.fixture(scope="class")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """SQLite, and cookies as they come."""
    return "sqlite", "allowed", tmp_path_factory.mktemp("story-grades")


@pytest.fixture(scope="class")
def browser_arguments() -> Sequence[str]:
    """All sites in one process."""
    return ONE_PROCESS


class TestGrades:
    """One score, there and back."""

    def test_the_teacher_assigns_a_playlist_with_a_column(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "grades-teacher")
        tool = teacher.tool
        teacher.section("Grades")
        expect(tool.get_by_role("heading", name="No gradebook column yet")).to_be_visible()
        teacher.look("0-none")
        teacher.section("Playlists")
        tool.get_by_role("link", name="New playlist").press("Enter")
        tool.get_by_label("Title").fill(TITLE)
        tool.get_by_role("button", name="Go on to the steps").press("Enter")
        item = tool.get_by_role("checkbox", name=PAGE)

        def is_read() -> bool:
            # On a busy machine the course is still being read when the page opens, which it says.
            if not item.is_visible():
                teacher.frame.goto(teacher.frame.url)
            return item.is_visible()

        expect(tool.get_by_role("heading", level=1, name=TITLE)).to_be_visible()
        until(is_read, "the course was never read", SECONDS)
        item.check()
        tool.get_by_role("button", name="Add chosen items").press("Enter")
        expect(tool.get_by_role("list", name="Steps in order").get_by_role("listitem")).to_have_count(1)
        tool.get_by_role("link", name="Assign", exact=True).press("Enter")
        expect(tool.get_by_label("Make a column in the gradebook")).to_be_checked()
        tool.get_by_label("Points").fill("10")
        tool.get_by_role("button", name="Assign to these students").press("Enter")
        expect(tool.get_by_role("row", name=re.compile(STUDENT))).to_contain_text("Not begun yet")

    def test_the_student_earns_a_score(self, visit, demo: Demo, browser_context: BrowserContext) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "grades-student")
        following = student.tool.get_by_role("list", name="Your next step")
        _open(browser_context, student, following)
        student.page.bring_to_front()
        following.get_by_role("button", name="Mark as done").press("Enter")
        expect(student.tool.get_by_text("You have finished this playlist!")).to_be_visible()
        until(lambda: len(scores(demo)) == 1, "no score went out", SECONDS)

    def test_the_teacher_types_another_grade_in_the_lms(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "grades-lms")
        teacher.page.goto(f"{demo.lms}/courses/1/grades")
        row = teacher.page.get_by_role("row", name=re.compile(STUDENT))
        row.get_by_role("link", name=re.compile(TITLE)).click()
        teacher.page.get_by_label("Points out of 10").fill("4")
        teacher.page.get_by_role("button", name="Save the grade").click()
        expect(teacher.page.get_by_role("heading", name="Gradebook")).to_be_visible()

    def test_the_teacher_keeps_it_and_then_sends_ours(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "grades-page")
        tool = teacher.tool
        teacher.section("Grades")
        expect(tool.get_by_role("row", name=re.compile(TITLE))).to_contain_text("1 In the gradebook")
        teacher.look("1-columns")
        tool.get_by_role("link", name=TITLE, exact=True).first.press("Enter")
        expect(tool.get_by_role("heading", level=1, name=TITLE)).to_be_visible()
        tool.get_by_role("button", name="Compare now").press("Enter")
        row = tool.get_by_role("row", name=re.compile(STUDENT))
        expect(row).to_contain_text("Waits for your choice")
        expect(row).to_contain_text("4 of 10")
        teacher.look("2-difference")
        tool.get_by_role("button", name=re.compile("Keep what stands in the gradebook")).press("Enter")
        expect(row).to_contain_text("Stays as it stands in the gradebook")
        assert len(scores(demo)) == 1
        # The playlist's own page says the same, and a number in this column can be no evidence: nothing is aligned.
        expect(tool.get_by_text("Align its items first.")).to_be_visible()
        tool.get_by_role("main").get_by_role("link", name=TITLE, exact=True).press("Enter")
        row = tool.get_by_role("row", name=re.compile(STUDENT))
        expect(row).to_contain_text("Finished")
        expect(row).to_contain_text("Stays as it stands in the gradebook")
        teacher.look("2-kept-on-the-playlist")
        teacher.section("Grades")
        tool.get_by_role("link", name=TITLE, exact=True).first.press("Enter")
        expect(tool.get_by_role("heading", level=1, name=TITLE)).to_be_visible()
        tool.get_by_role("button", name=re.compile("Send ours")).press("Enter")
        expect(tool.get_by_text("The score of this tool is sent over")).to_be_visible()
        until(lambda: len(scores(demo)) == 2, "ours never went out", SECONDS)

        def is_in_the_gradebook() -> bool:
            teacher.section("Grades")
            return "1 In the gradebook" in tool.get_by_role("row", name=re.compile(TITLE)).inner_text()

        until(is_in_the_gradebook, "it never came to rest", SECONDS)
        tool.get_by_role("link", name=TITLE, exact=True).first.press("Enter")
        tool.get_by_role("link", name=STUDENT, exact=True).press("Enter")
        expect(tool.get_by_role("heading", level=2, name="Every attempt")).to_be_visible()
        expect(tool.get_by_text("Accepted", exact=True)).to_have_count(2)
        teacher.look("3-attempts")
        teacher.section("Grades")
        tool.get_by_role("button", name="Send all that is not there").press("Enter")
        expect(tool.get_by_text("There is nothing to send")).to_be_visible()
