"""The main job, as a teacher, a student and a family member live it: a real LMS page, a real frame, a real browser.

The tests of a class build on each other, in order: what the teacher assigns the student works through. The whole story is
played on both databases, with third-party cookies blocked and not blocked.
"""

import re

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.stories import Visitor, until
from tests.browser.story import browser_arguments, browser_context, demo, visit, world
from tests.servers import Demo

pytestmark = pytest.mark.browser

WHOLE_BROWSER = True
"""Its own setting blocks cookies, and its tabs come to the front and go behind."""

TITLE = "Ratios, week 1"
TEACHER, STUDENT, OTHER, FAMILY = "Elena Rivera", "Declan O'Neill", "Amara Nwosu", "Fiona O'Neill"
PAGE, LINK, QUIZ = "What is a ratio?", "Read more: ratios in an encyclopedia", "Quiz 1: Comparing with ratios"


__all__ = ["browser_arguments", "browser_context", "demo", "visit", "world"]


def scores(demo: Demo) -> list[dict[str, object]]:
    found: list[dict[str, object]] = httpx.get(f"{demo.lms}/_control/scores").raise_for_status().json()
    return found


class TestTheMainJob:
    """One playlist from its making to the grade."""

    def test_the_teacher_sees_who_and_what_is_in_the_course(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "teacher")
        expect(teacher.tool.get_by_text("Make your first playlist")).to_be_visible()
        teacher.look("1-empty")
        teacher.section("People")
        expect(teacher.tool.get_by_role("row", name=re.compile(STUDENT))).to_be_visible()
        expect(teacher.tool.get_by_text("ليلى حداد")).to_be_visible()
        teacher.look("2-people")
        teacher.section("Content and results")
        expect(teacher.tool.get_by_text(QUIZ).first).to_be_visible()
        teacher.look("3-content")

    def test_the_teacher_makes_a_playlist_and_assigns_it(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "teacher")
        tool = teacher.tool
        tool.get_by_role("link", name="New playlist").click()
        tool.get_by_label("Title").fill(TITLE)
        teacher.look("4-new")
        tool.get_by_role("button", name="Go on to the steps").click()
        for title in (PAGE, LINK, QUIZ):
            tool.get_by_role("checkbox", name=title).check()
        teacher.look("5-picker")
        tool.get_by_role("button", name="Add chosen items").click()
        steps = tool.get_by_role("list", name="Steps in order").get_by_role("listitem")
        expect(steps).to_have_count(3)

        tool.get_by_label("Address").fill("https://www.mathsisfun.com/numbers/ratio.html")
        tool.locator("#address-title").fill("More about ratios")
        tool.get_by_role("button", name="Add this address").click()
        expect(steps).to_have_count(4)
        # The address is extra, and the quiz counts from 60 percent.
        tool.get_by_text("Change this step More about ratios").click()
        last = steps.nth(3)
        last.get_by_label("Must or may").select_option("may")
        last.get_by_role("button", name="Save this step").click()
        expect(steps.nth(3).get_by_text("May do", exact=True)).to_be_visible()
        quiz = steps.nth(2)
        quiz.get_by_text(f"Change this step {QUIZ}").click()
        quiz.get_by_label("What counts as done").select_option("result")
        quiz.get_by_label("Counts from (percent)").fill("60")
        quiz.get_by_role("button", name="Save this step").click()
        expect(steps.nth(2).get_by_text("Done from a result of 60%")).to_be_visible()
        teacher.look("6-builder")

        tool.get_by_role("link", name="Assign", exact=True).click()
        expect(tool.get_by_label("Make a column in the gradebook")).to_be_checked()
        tool.get_by_label("Points").fill("10")
        expect(tool.get_by_label("When a student finishes, or at the due date")).to_be_checked()
        teacher.look("7-assign")
        tool.get_by_role("button", name="Assign to these students").click()
        expect(tool.get_by_role("row", name=re.compile(STUDENT))).to_contain_text("Not begun yet")
        teacher.look("8-progress-at-first")

        def column() -> bool:
            teacher.page.goto(f"{demo.lms}/courses/1/grades")
            return teacher.page.get_by_role("columnheader", name=re.compile(TITLE)).count() == 1

        until(column, "the column never came to the LMS's gradebook")
        assert scores(demo) == [], "a score went out for someone who has not begun"

    def test_the_student_works_through_it(self, visit, demo: Demo, browser_context: BrowserContext) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "student")
        tool = student.tool
        expect(tool.get_by_role("heading", level=1, name=TITLE)).to_be_visible()
        following = tool.get_by_role("list", name="Your next step")
        expect(following).to_contain_text(PAGE)
        expect(following).to_contain_text("Everything starts here")
        student.look("1-first-step")

        opened = _open(browser_context, student, following)
        assert opened.url.startswith(demo.lms)
        assert opened.evaluate("window.top === window"), "native content was framed"
        student.page.bring_to_front()
        following.get_by_role("button", name="Mark as done").click()
        expect(tool.get_by_text("1 of 3 must-dos done")).to_be_visible()
        expect(following).to_contain_text(f"You finished “{PAGE}”, so this one is open now.")
        student.look("2-second-step")

        _open(browser_context, student, following)
        student.page.bring_to_front()
        following.get_by_role("button", name="Mark as done").click()
        expect(following).to_contain_text(QUIZ)

        quiz = _open(browser_context, student, following)
        _take(quiz, right=False)
        student.page.bring_to_front()
        following.get_by_role("button", name="Check again").click()
        expect(following).to_contain_text("Not yet, but you can try again.")
        student.look("3-not-yet")
        quiz = _open(browser_context, student, following, "Open again")
        _take(quiz, right=True)
        student.page.bring_to_front()
        following.get_by_role("button", name="Check again").click()
        expect(tool.get_by_text("You have finished this playlist!")).to_be_visible()
        student.look("4-finished")

        def arrived() -> bool:
            student.page.goto(f"{demo.lms}/courses/1/grades")
            row = student.page.get_by_role("row", name=re.compile(TITLE))
            return row.count() == 1 and row.locator("td").inner_text().strip().startswith("10 of 10")

        until(arrived, "the score never came to the LMS's gradebook")
        assert [(one["score_given"], one["grading_progress"]) for one in scores(demo)] == [(10.0, "FullyGraded")]

    def test_the_teacher_sees_who_is_where_and_that_the_score_arrived(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "teacher")
        tool = teacher.tool
        tool.get_by_role("link", name=f"See progress {TITLE}").click()
        row = tool.get_by_role("row", name=re.compile(STUDENT))
        expect(row).to_contain_text("Finished")
        expect(tool.get_by_role("columnheader", name=re.compile("Marked by", re.IGNORECASE))).to_be_visible()
        expect(row.get_by_role("cell", name="2", exact=True)).to_be_visible()
        expect(row).to_contain_text("10 of 10")
        expect(row).to_contain_text("In the gradebook")
        expect(tool.get_by_role("row", name=re.compile(OTHER))).to_contain_text("Not begun yet")
        teacher.look("9-progress")
        row.get_by_role("link", name=STUDENT).click()
        expect(tool.get_by_text("Marked by the student").first).to_be_visible()
        expect(tool.get_by_text("Done by result: 80%").first).to_be_visible()
        teacher.look("10-one-student")

    def test_a_parent_sees_their_own_child_and_nobody_else(self, visit) -> None:  # type: ignore[no-untyped-def]
        family = visit(FAMILY, "family")
        expect(family.tool.get_by_role("heading", level=1)).to_contain_text(STUDENT)
        expect(family.tool.get_by_text("3 of 3 must-dos done")).to_be_visible()
        expect(family.tool.get_by_text(OTHER)).to_have_count(0)
        expect(family.tool.get_by_role("button", name="Mark as done")).to_have_count(0)
        family.look("1-child")
        address = family.frame.url
        for path in ("playlists", "people", "content", "my"):
            answer = family.frame.goto(address.replace("/family", f"/{path}"))
            assert answer is not None
            assert answer.status in (403, 404), path

    def test_nothing_is_lost_when_the_process_is_killed(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        before = scores(demo)
        demo.kill()
        demo.start()
        teacher = visit(TEACHER, "again")
        teacher.tool.get_by_role("link", name=f"See progress {TITLE}").click()
        expect(teacher.tool.get_by_role("row", name=re.compile(STUDENT))).to_contain_text("Finished")
        assert scores(demo) == before


def _open(context: BrowserContext, student: Visitor, where, label: str = "Open this step") -> Page:  # type: ignore[no-untyped-def]
    with context.expect_page() as opening:
        where.get_by_role("link", name=label).click()
    opened = opening.value
    opened.wait_for_load_state("domcontentloaded")
    return opened


def _take(page: Page, *, right: bool) -> None:
    page.get_by_role("button", name=re.compile("Take the quiz|Try again")).click()
    if right:
        page.get_by_label("3 : 7", exact=True).check()
        page.get_by_label("False").check()
        page.get_by_label("Your answer (a number)").fill("2")
        for choice in ("Red to blue is 4 : 6.", "Red to all marbles is 4 : 10.", "Blue to all marbles is 3 : 5."):
            page.get_by_label(choice).check()
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text(re.compile("points", re.IGNORECASE)).first).to_be_visible()
