"""A teacher types a number over a competency's score in the LMS, has such numbers count as evidence, and sends ours after all.

The tests of the class build on each other, in order. One world is enough: what the database does is tried elsewhere.
"""

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import expect

from tests.browser.stories import until
from tests.browser.story import World, browser_context, demo, visit
from tests.browser.test_mastery_story import views
from tests.browser.test_stories import QUIZ, STUDENT, TEACHER, _take, scores
from tests.browser_tools import ONE_PROCESS
from tests.servers import Demo

pytestmark = pytest.mark.browser

LABEL = "Mastery: R.1"
SECONDS = 60.0

__all__ = ["browser_context", "demo", "visit"]


@pytest.fixture(scope="class")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """SQLite, and cookies as they come."""
    return "sqlite", "allowed", tmp_path_factory.mktemp("story-entered")


@pytest.fixture(scope="class")
def browser_arguments() -> Sequence[str]:
    """All sites in one process."""
    return ONE_PROCESS


class TestEnteredNumbers:
    """A level, its score, a number over it, and what follows."""

    def test_the_teacher_has_a_map_and_aligns_the_quiz(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "entered-teacher")
        tool = teacher.tool
        teacher.section("Competencies")
        tool.get_by_role("link", name="Write your own").first.click()
        tool.get_by_label("One competency a line").fill("R.1 Compare two amounts with a ratio")
        tool.get_by_role("button", name="Add to the map").click()
        expect(tool.get_by_role("heading", name="1 competency")).to_be_visible()
        views(tool, "Alignments")
        tool.get_by_role("checkbox", name=re.compile("R.1")).check()
        tool.get_by_role("checkbox", name=re.compile(re.escape(QUIZ))).first.check()
        tool.get_by_role("button", name="Align", exact=True).click()
        expect(tool.get_by_text(re.compile("1 of .* aligned"))).to_be_visible()

    def test_the_student_takes_it(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "entered-student")
        student.page.goto(f"{demo.lms}/courses/1")
        student.page.get_by_role("link", name=QUIZ).first.click()
        _take(student.page, right=True)
        student.page.goto(f"{demo.lms}/courses/1")
        student.open_tool()

        def known() -> bool:
            student.section("My map")
            return "Secure" in student.tool.locator("main").inner_text()

        until(known, "the quiz never became evidence", SECONDS)

    def test_the_level_goes_to_the_gradebook(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "entered-teacher")
        tool = teacher.tool
        teacher.section("Grades")
        tool.get_by_role("link", name="Columns for mastery").press("Enter")
        tool.get_by_label("Make a column of").select_option(index=1)
        tool.get_by_role("button", name="Look at what students would get").press("Enter")
        tool.get_by_role("button", name="Switch this column on").press("Enter")
        until(lambda: len(scores(demo)) == 1, "no score went out", SECONDS)

    def test_a_number_that_is_typed_over_it_counts_once_the_teacher_says_so(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "entered-teacher")
        teacher.page.goto(f"{demo.lms}/courses/1/grades")
        row = teacher.page.get_by_role("row", name=re.compile(STUDENT))
        row.get_by_role("link", name=re.compile(LABEL)).click()
        teacher.page.get_by_label("Points out of 100").fill("20")
        teacher.page.get_by_role("button", name="Save the grade").click()
        expect(teacher.page.get_by_role("heading", name="Gradebook")).to_be_visible()
        teacher.page.goto(f"{demo.lms}/courses/1")
        teacher.open_tool()
        tool = teacher.tool
        teacher.section("Grades")
        tool.get_by_role("link", name=LABEL, exact=True).first.press("Enter")
        expect(tool.get_by_role("heading", level=2, name="Numbers entered in the gradebook")).to_be_visible()
        expect(tool.get_by_text("levels do not know of it")).to_be_visible()
        teacher.look("1-off")
        tool.get_by_role("button", name="Count them as evidence").press("Enter")
        expect(tool.get_by_text("count as evidence from now on")).to_be_visible()
        tool.get_by_role("button", name="Compare now").press("Enter")
        row = tool.get_by_role("row", name=re.compile(STUDENT))
        expect(row).to_contain_text("Waits for your choice")

        def counts() -> bool:
            teacher.section("Grades")
            tool.get_by_role("link", name=LABEL, exact=True).first.press("Enter")
            expect(tool.get_by_role("heading", level=1, name=LABEL)).to_be_visible()
            return "counts as evidence" in row.inner_text()

        until(counts, "the number never became evidence", SECONDS)
        teacher.look("2-on")
        # Ours waits, whatever is due now.
        assert len(scores(demo)) == 1
        tool.get_by_role("link", name=STUDENT, exact=True).press("Enter")
        expect(tool.get_by_text("Counts as evidence", exact=True)).to_be_visible()
        teacher.look("3-score")

    def test_the_student_reads_what_was_entered(self, visit) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "entered-student")
        student.section("My map")
        expect(student.tool.get_by_text("Your teacher entered 20 of 100 in the gradebook on")).to_be_visible()
        student.look("1-my-map")

    def test_the_teacher_finds_it_among_the_evidence(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "entered-teacher")
        teacher.section("Mastery")
        teacher.tool.get_by_role("row", name=re.compile(STUDENT)).get_by_role(
            "link", name=re.compile(STUDENT)
        ).first.click()
        expect(teacher.tool.get_by_role("heading", level=1)).to_contain_text(STUDENT)
        teacher.tool.locator("a[href$='#evidence']").first.press("Enter")
        expect(teacher.tool.get_by_text("20 of 100 was entered in the gradebook on")).to_be_visible()
        expect(teacher.tool.get_by_text("Entered in the gradebook").first).to_be_visible()
        teacher.look("4-evidence")

    def test_ours_goes_over_it_and_it_counts_no_more(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "entered-teacher")
        tool = teacher.tool
        teacher.section("Grades")
        tool.get_by_role("link", name=LABEL, exact=True).first.press("Enter")
        tool.get_by_role("link", name=STUDENT, exact=True).press("Enter")
        expect(tool.get_by_role("heading", level=1, name=STUDENT)).to_be_visible()
        tool.get_by_role("button", name=re.compile("Send ours")).press("Enter")
        expect(tool.get_by_text("Void: The score of this tool was sent over the number")).to_be_visible()
        teacher.look("5-void")
        until(lambda: len(scores(demo)) == 2, "ours never went out", SECONDS)
        sent = [one["score_given"] for one in scores(demo)]
        assert sent[0] == sent[1]
