"""A quiz of the LMS's own, taken there: within a minute mastery, path and the grade column have moved, and nobody did anything.

The tests of the class build on each other, in order: the teacher prepares, the student takes the quiz and never opens the tool,
the teacher sees it, and the student finds it done.
"""

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.stories import until
from tests.browser.story import browser_context, demo, visit, world
from tests.browser.test_stories import OTHER, QUIZ, STUDENT, TEACHER, _take, scores
from tests.browser_tools import ONE_PROCESS
from tests.servers import Demo

pytestmark = pytest.mark.browser

TITLE = "What the quiz shows"
SECONDS = 60.0

__all__ = ["browser_context", "demo", "visit", "world"]


@pytest.fixture(scope="class")
def browser_arguments() -> Sequence[str]:
    """All sites in one process."""
    return ONE_PROCESS


class TestNativeResults:
    """From the LMS's quiz to its gradebook, through the tool."""

    def test_the_teacher_aligns_the_quiz_and_assigns_it(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "native-teacher")
        tool = teacher.tool
        teacher.section("Competencies")
        tool.get_by_role("link", name="Write your own").first.press("Enter")
        tool.get_by_label("One competency a line").fill("R.1 Compare two amounts with a ratio")
        tool.get_by_role("button", name="Add to the map").press("Enter")
        expect(tool.get_by_role("heading", name="1 competency")).to_be_visible()
        tool.get_by_role("navigation").get_by_role("link", name="Alignments", exact=True).first.press("Enter")
        expect(tool.get_by_role("heading", level=1, name="Alignments")).to_be_visible()
        tool.get_by_role("checkbox", name=re.compile("R.1")).check()
        tool.get_by_role("checkbox", name=re.compile(re.escape(QUIZ))).first.check()
        tool.get_by_role("button", name="Align", exact=True).press("Enter")
        expect(tool.get_by_text(re.compile("1 of .* aligned"))).to_be_visible()

        teacher.section("Playlists")
        tool.get_by_role("link", name="New playlist").press("Enter")
        tool.get_by_label("Title").fill(TITLE)
        tool.get_by_role("button", name="Go on to the steps").press("Enter")
        tool.get_by_role("checkbox", name=QUIZ).check()
        tool.get_by_role("button", name="Add chosen items").press("Enter")
        steps = tool.get_by_role("list", name="Steps in order").get_by_role("listitem")
        expect(steps).to_have_count(1)
        steps.first.get_by_text(f"Change this step {QUIZ}").press("Enter")
        steps.first.get_by_label("What counts as done").select_option("result")
        steps.first.get_by_label("Counts from (percent)").fill("60")
        steps.first.get_by_role("button", name="Save this step").press("Enter")
        expect(steps.first.get_by_text("Done from a result of 60%")).to_be_visible()
        tool.get_by_role("link", name="Assign", exact=True).press("Enter")
        expect(tool.get_by_label("Make a column in the gradebook")).to_be_checked()
        tool.get_by_label("Points").fill("10")
        tool.get_by_role("button", name="Assign to these students").press("Enter")
        expect(tool.get_by_role("row", name=re.compile(STUDENT))).to_contain_text("Not begun yet")

    def test_the_course_is_read_and_the_page_says_so(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "native-content")
        tool = teacher.tool
        teacher.section("Content and results")

        def was_read() -> bool:
            # By another page: the heading of the one that is left would do for the one that is still to come.
            teacher.section("Playlists")
            teacher.section("Content and results")
            return tool.get_by_text("Last read").count() == 1 and tool.locator("#reading[hx-get]").count() == 0

        until(was_read, "the course was never read", SECONDS)
        expect(tool.get_by_text("asked about")).to_be_visible()
        teacher.look("1-read")
        tool.get_by_role("button", name="Read again").press("Enter")
        expect(tool.get_by_role("status").first).to_be_visible()
        until(was_read, "the course was never read again", SECONDS)

    def test_the_student_takes_it_in_the_lms(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "native-student")
        student.page.goto(f"{demo.lms}/courses/1")
        student.page.get_by_role("link", name=QUIZ).first.click()
        _take(student.page, right=True)

    def test_the_teacher_sees_that_everything_has_moved(
        self, visit, demo: Demo, browser_context: BrowserContext
    ) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "native-seen")
        tool = teacher.tool

        def path_moved() -> bool:
            teacher.section("Playlists")
            tool.get_by_role("link", name=f"See progress {TITLE}").press("Enter")
            row = tool.get_by_role("row", name=re.compile(STUDENT))
            try:
                expect(row).to_be_visible(timeout=5000)
            except AssertionError:
                return False  # The list was fetched anew just when its link was pressed: once more.
            return "Finished" in row.inner_text()

        until(path_moved, "the path never moved", SECONDS)
        teacher.look("1-progress")

        def mastery_moved() -> bool:
            teacher.section("Mastery")
            return "Secure" in tool.get_by_role("row", name=re.compile(STUDENT)).inner_text()

        until(mastery_moved, "mastery never moved", SECONDS)
        expect(tool.get_by_role("row", name=re.compile(OTHER))).not_to_contain_text("Secure")

        until(lambda: bool(scores(demo)), "no score went out", SECONDS)
        assert [(one["score_given"], one["grading_progress"]) for one in scores(demo)] == [(10.0, "FullyGraded")]
        teacher.page.goto(f"{demo.lms}/courses/1/grades")
        expect(teacher.page.get_by_role("columnheader", name=re.compile(TITLE))).to_be_visible()

    def test_the_student_finds_it_done(self, visit) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "native-done")
        expect(student.tool.get_by_text("You have finished this playlist!")).to_be_visible()
        student.section("My map")
        expect(student.tool.locator("main")).to_contain_text("Secure")
