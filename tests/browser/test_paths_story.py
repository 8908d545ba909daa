"""Every student's own path, as a teacher, two students and a family member live it: a real LMS page, a real frame, its quizzes.

The tests of the class build on each other, in order. What single pages can do, by keyboard and in every form, stands in the
tests of those pages; here they are one story with a real LMS behind them.
"""

import re
from collections.abc import Sequence

import httpx
import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, expect

from tests.browser.stories import Visitor, until
from tests.browser.story import browser_context, demo, visit, world
from tests.browser.test_stories import FAMILY, OTHER, STUDENT, TEACHER, _open, _take
from tests.browser_tools import ONE_PROCESS
from tests.servers import Demo

pytestmark = pytest.mark.browser

PATH, KITCHEN, THIRD = "My way through ratios", "In the kitchen", "Mateo Núñez García"
OWN = """R.1 Compare two amounts with a ratio
R.2 Find equivalent ratios
R.3 Work with unit rates
R.4 Read percent as a rate per hundred"""
PAGE, PERCENT = "What is a ratio?", "Percent means per hundred"
FIRST_QUIZ, LAST_QUIZ = "Quiz 1: Comparing with ratios", "Quiz 4: Percent"
CHOICES = (PAGE, "Ratio tables", "Double number lines", PERCENT)
SUPPORTS = re.compile("read.aloud|support|accommodation", re.IGNORECASE)

__all__ = ["browser_context", "demo", "visit", "world"]


@pytest.fixture(scope="class")
def browser_arguments() -> Sequence[str]:
    return ONE_PROCESS


def following(tool: FrameLocator) -> Locator:
    """The card of a student's next step."""
    return tool.get_by_role("list", name="Your next step")


def to_the_list(teacher: Visitor) -> None:
    """To the list of playlists, where it is not there already."""
    if not teacher.tool.get_by_role("heading", level=1, name="Playlists", exact=True).is_visible():
        teacher.section("Playlists")


def the_path(teacher: Visitor) -> None:
    """To the page of the personal playlist, as a teacher goes."""
    to_the_list(teacher)
    teacher.tool.get_by_role("link", name=PATH, exact=True).click()
    expect(teacher.tool.get_by_role("heading", level=1, name=PATH)).to_be_visible()


def the_monitor(teacher: Visitor, title: str = PATH) -> None:
    """To who is where."""
    to_the_list(teacher)
    teacher.tool.get_by_role("link", name=f"See progress {title}").click()
    expect(teacher.tool.get_by_role("table", name=re.compile("Progress of each student"))).to_be_visible()


def steps_in(tool: FrameLocator) -> Locator:
    """Steps and headings in the builder."""
    return tool.get_by_role("list", name="Steps in order").get_by_role("listitem")


class TestPaths:
    """From a map to a path that is each student's own, and a playlist that a teacher built beside it."""

    def test_the_teacher_lets_the_tool_make_it(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "paths-story-teacher")
        tool = teacher.tool
        # What students should be able to do, what comes first, and what the course has for it.
        teacher.section("Competencies")
        tool.get_by_role("link", name="Write your own").first.click()
        tool.get_by_label("One competency a line").fill(OWN)
        tool.get_by_role("button", name="Add to the map").click()
        tool.get_by_role("link", name="Change R.2").click()
        tool.get_by_label("Add what comes before").select_option(label="R.1 Compare two amounts with a ratio")
        tool.locator("#before").get_by_role("button", name="Draw prerequisite").click()
        expect(tool.get_by_text("The prerequisite is drawn.")).to_be_visible()
        tool.get_by_role("link", name="Alignments", exact=True).first.click()
        tool.get_by_role("checkbox", name=re.compile(r"^R\.1")).first.check()
        tool.get_by_label("The items do this for them").select_option("teaches")
        tool.get_by_role("checkbox", name=PAGE, exact=True).check()
        tool.get_by_role("button", name="Align", exact=True).click()
        expect(tool.get_by_text("1 alignment was added.")).to_be_visible()
        # The titles tell the rest.
        tool.get_by_role("link", name="Look at the suggestions").click()
        tool.get_by_role("button", name="Accept what is ticked").click()
        expect(tool.get_by_text(re.compile(r"alignments? (was|were) added"))).to_be_visible()

        teacher.section("Playlists")
        tool.get_by_role("link", name="Let the tool make it").first.click()
        tool.get_by_label("Title").fill(PATH)
        tool.get_by_role("checkbox", name=re.compile("Competencies of this course")).check()
        tool.get_by_role("checkbox", name="I approve steps before students see them").check()
        tool.get_by_label("See it for").select_option(label=STUDENT)
        tool.get_by_role("button", name="Look").click()
        shown = tool.get_by_role("region", name=f"What {STUDENT} would get now")
        expect(shown.get_by_role("listitem").first).to_contain_text(PAGE)
        expect(shown).to_contain_text("R.2 builds on it")
        teacher.look("1-look")
        tool.get_by_role("button", name="Assign", exact=True).click()
        expect(tool.get_by_role("heading", name="The steps of 6 students wait for you")).to_be_visible()

    def test_the_teacher_decides(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "paths-story-teacher")
        tool = teacher.tool
        the_path(teacher)
        tool.get_by_role("button", name=f"Approve all of these {STUDENT}").click()
        expect(tool.get_by_role("heading", name="The steps of 5 students wait for you")).to_be_visible()
        teacher.look("2-approving")
        tool.get_by_role("link", name=f"Change their order {THIRD}").click()
        expect(tool.get_by_role("heading", level=1, name=f"Path of {THIRD}")).to_be_visible()
        tool.get_by_text("Decide something").click()
        tool.get_by_label("Item", exact=True).select_option(label=LAST_QUIZ)
        tool.get_by_role("button", name="Decide", exact=True).click()
        expect(tool.get_by_text(f"Pinned: “{LAST_QUIZ}”")).to_be_visible()
        coming = tool.get_by_role("region", name="What comes")
        expect(coming.get_by_role("listitem").first).to_contain_text(LAST_QUIZ)
        tool.get_by_role("button", name=f"Take out {PERCENT}").click()
        expect(tool.get_by_text(f"Never: “{PERCENT}”")).to_be_visible()
        expect(coming).not_to_contain_text(PERCENT)
        teacher.look("3-decided")

    def test_the_student_walks_and_the_path_moves_on(self, visit, demo: Demo, browser_context: BrowserContext) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "paths-story-student")
        tool, now = student.tool, following(student.tool)
        expect(tool.get_by_role("heading", level=1, name=PATH)).to_be_visible()
        expect(now).to_contain_text(PAGE)
        expect(now).to_contain_text("You can begin this now, and you need it for: Find equivalent ratios.")
        expect(tool.get_by_text("0 of 10 steps done")).to_be_visible()
        student.look("1-first")
        _open(browser_context, student, now)
        student.come_back()
        now.get_by_role("button", name="Mark as done").click()
        expect(now).to_contain_text("Show that you can do this: Compare two amounts with a ratio.")
        # Something else is begun, then the quiz is taken, which is the next step only until the page has heard of that.
        _open(browser_context, student, tool, f"Open this step {PERCENT}")
        student.come_back()
        _take(_open(browser_context, student, tool, f"Open this step {FIRST_QUIZ}"), right=True)
        student.come_back()

        def moved_on() -> bool:
            student.page.goto(f"{demo.lms}/courses/1")
            student.open_tool()
            return tool.get_by_text("2 of 10 steps done").is_visible()

        until(moved_on, "the quiz never moved the path on")
        # What was begun stayed; what the quiz opened waits for the teacher.
        expect(now).to_contain_text(PERCENT)
        expect(now).to_contain_text("You have begun this one. Finish it before you go on.")
        expect(tool.locator("main")).not_to_contain_text("Quiz 2")
        # Progress is one thing, what is known another.
        tool.get_by_text("What you know: 1 of the 2 things this path is about").click()
        expect(tool.get_by_role("list", name="Levels").get_by_role("listitem").first).to_contain_text("Secure")
        now.locator("summary", has_text="Ask for help").click()
        now.get_by_label("What is difficult?").fill("What is the hundred for?")
        now.get_by_role("button", name="Ask my teacher").click()
        expect(now).to_contain_text("You asked for help.")
        student.look("2-asked")

    def test_the_student_chooses_and_passes_over(self, visit) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "paths-story-student")
        tool = student.tool
        tool.get_by_role("link", name="Choose a goal").click()
        tool.get_by_role("button", name="Choose Find equivalent ratios").click()
        expect(tool.get_by_text("The goal now", exact=True)).to_be_visible()
        student.look("3-goal")
        student.section("My playlists", PATH)
        expect(tool.get_by_role("link", name="Your goal: Find equivalent ratios")).to_be_visible()
        tool.locator("summary", has_text=f"Skip it {LAST_QUIZ}").click()
        step = tool.get_by_role("list", name="What comes next").get_by_role("listitem").filter(has_text=LAST_QUIZ)
        step.get_by_label("It is too hard for me at the moment.").check()
        step.get_by_role("button", name=f"Skip it {LAST_QUIZ}").click()
        expect(tool.get_by_text("Skipped. You find it in the list")).to_be_visible()
        tool.get_by_text("1 step skipped").click()
        expect(tool.get_by_text("“It is too hard for me at the moment.”")).to_be_visible()
        tool.get_by_role("link", name="As a map").click()
        expect(tool.get_by_role("heading", level=1, name="Map of my path")).to_be_visible()
        student.look("4-map")
        student.section("My playlists", PATH)
        tool.get_by_role("link", name="On paper").click()
        expect(tool.get_by_role("button", name="Print")).to_be_visible()
        student.look("5-paper")

    def test_the_teacher_follows_the_class(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "paths-story-teacher")
        tool = teacher.tool
        the_monitor(teacher)
        rows = tool.locator("#students tbody tr")
        expect(rows.first).to_contain_text(STUDENT)
        expect(rows.first).to_contain_text("Asks for help")
        expect(rows.first).to_contain_text("20 of 100")
        expect(rows.nth(1)).to_contain_text("Waits for your approval")
        inside = tool.locator("#students").evaluate("table => table.scrollWidth <= table.parentElement.clientWidth + 1")
        assert inside, "the table reaches out of its frame"
        teacher.look("4-monitor")
        tool.get_by_role("link", name="1 request waits for you").click()
        tool.get_by_label(f"To {STUDENT}").fill("It stands for the whole: all of it.")
        teacher.look("5-waiting")
        tool.get_by_role("button", name="Answer").click()
        expect(tool.get_by_text("Answered.")).to_be_visible()

        the_path(teacher)
        tool.get_by_role("button", name="Approve everything").click()
        expect(tool.get_by_text("Approved. The students see it now.")).to_be_visible()
        the_monitor(teacher)
        tool.get_by_role("link", name=OTHER).click()
        tool.get_by_role("link", name="Nudge…").click()
        tool.get_by_role("button", name="Nudge").click()
        expect(tool.locator("#messages")).to_contain_text("Nudged.")
        tool.get_by_role("link", name=OTHER).click()
        tool.get_by_role("link", name="Give a step…").click()
        tool.get_by_label("What to do").fill("Measure a recipe at home")
        tool.get_by_role("button", name="Give it").click()
        expect(tool.get_by_role("heading", name="Measure a recipe at home")).to_be_visible()
        teacher.look("6-student")
        tool.get_by_role("link", name="As they see it").click()
        expect(tool.get_by_text(f"You see what {OTHER} sees.")).to_be_visible()
        expect(tool.locator("main :is(form, button)")).to_have_count(0)
        # What a teacher gives comes before what the tool chose.
        expect(following(tool)).to_contain_text("Measure a recipe at home")
        expect(following(tool)).to_contain_text("Your teacher added this one for you.")
        expect(tool.get_by_text("Go on with your next step.")).to_be_visible()
        teacher.look("7-as-they-see-it")

    def test_supports_are_seen_by_those_who_may_and_nobody_else(self, visit, demo: Demo) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "paths-story-teacher")
        tool = teacher.tool
        the_monitor(teacher)
        tool.get_by_role("link", name=OTHER).click()
        tool.get_by_role("link", name="Supports", exact=True).click()
        tool.get_by_role("checkbox", name="Read aloud", exact=True).check()
        tool.get_by_role("button", name="Save supports").click()
        expect(tool.get_by_text("Saved. It holds from")).to_be_visible()
        teacher.look("8-supports")
        the_monitor(teacher)
        expect(tool.locator("main")).not_to_contain_text(SUPPORTS)
        tool.locator("summary", has_text="More for").click()
        with teacher.page.expect_download() as downloading:
            tool.get_by_role("link", name="Download as CSV").click()
        written = downloading.value.path().read_text("utf-8-sig")
        assert OTHER in written
        assert not SUPPORTS.search(written)
        the_path(teacher)
        expect(tool.locator("main")).not_to_contain_text(SUPPORTS)
        tool.get_by_role("link", name="Settings").click()
        expect(tool.get_by_role("button", name="Save")).to_be_visible()
        teacher.look("9-settings")
        teacher.page.goto(f"{demo.lms}/courses/1/grades")
        expect(teacher.page.get_by_role("columnheader", name=re.compile(PATH))).to_be_visible()
        expect(teacher.page.locator("main")).not_to_contain_text(SUPPORTS)
        assert not SUPPORTS.search(httpx.get(f"{demo.lms}/_control/scores").raise_for_status().text)

    def test_the_teacher_builds_a_template(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "paths-story-teacher")
        tool = teacher.tool
        tool.get_by_role("link", name="New playlist").click()
        tool.get_by_label("Title").fill(KITCHEN)
        tool.get_by_role("button", name="Go on to the steps").click()
        for number, (title, kind) in enumerate(
            (("Where do you see ratios?", "reflection"), ("Measure a recipe", "task")), 1
        ):
            tool.get_by_label("What it is", exact=True).select_option(kind)
            tool.get_by_label("What to do, or what to ask").fill(title)
            tool.get_by_role("button", name="Add this step").click()
            expect(steps_in(tool)).to_have_count(number)
        tool.get_by_text("Change this step Measure a recipe").click()
        tool.get_by_label("What counts as done").select_option("signed-off")
        tool.get_by_role("button", name="Save this step").click()
        expect(tool.get_by_text("Done when a teacher signs it off")).to_be_visible()
        tool.get_by_label("Heading").fill("Choose two of these")
        tool.get_by_role("button", name="Add this section").click()
        expect(steps_in(tool)).to_have_count(3)
        for title in CHOICES:
            tool.get_by_role("checkbox", name=title).check()
        tool.get_by_role("button", name="Add chosen items").click()
        expect(steps_in(tool)).to_have_count(7)
        tool.get_by_text("Change this section Choose two of these").click()
        tool.get_by_label("Students do").select_option("some")
        tool.get_by_label("How many of them").fill("2")
        tool.get_by_role("button", name="Save this section").click()
        expect(tool.get_by_text("Any 2 of 4")).to_be_visible()
        teacher.look("10-builder")
        tool.get_by_role("link", name="Assign", exact=True).click()
        tool.get_by_role("button", name="Assign to these students").click()
        expect(tool.get_by_role("row", name=re.compile(STUDENT))).to_contain_text("Not begun yet")

    def test_the_student_writes_and_asks_for_the_sign_off(self, visit) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "paths-story-student")
        tool, now = student.tool, following(student.tool)
        expect(tool.get_by_role("heading", level=1, name="My playlists")).to_be_visible()
        student.look("6-my")
        tool.get_by_role("link", name=PATH, exact=True).click()
        expect(tool.get_by_text("“It stands for the whole: all of it.”")).to_be_visible()
        # The teacher has approved what the quiz opened.
        expect(tool.get_by_role("list", name="What comes next")).to_contain_text("Find equivalent ratios")
        student.section("My playlists")
        tool.get_by_role("link", name=KITCHEN, exact=True).click()
        expect(now).to_contain_text("Where do you see ratios?")
        now.get_by_label("In your words").fill("In every pancake: two eggs to a cup of flour.")
        now.get_by_role("button", name=re.compile("^Save")).click()
        expect(now).to_contain_text("Measure a recipe")
        now.get_by_role("button", name="I am ready: ask for the sign-off").click()
        expect(tool.get_by_text("You asked for the sign-off.").first).to_be_visible()
        expect(tool.get_by_role("button", name=re.compile("ask for the sign-off"))).to_have_count(0)
        expect(tool.get_by_text("Do any 2 of these 4: 0 done")).to_be_visible()
        student.look("7-waiting")

    def test_the_teacher_signs_off_and_changes_the_template(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher = visit(TEACHER, "paths-story-teacher")
        tool = teacher.tool
        the_monitor(teacher, KITCHEN)
        expect(tool.locator("#students tbody tr").first).to_contain_text("Waits for a sign-off")
        teacher.look("11-monitor")
        tool.get_by_role("link", name="1 request waits for you").click()
        tool.get_by_role("button", name=re.compile("^Sign off")).first.click()
        expect(tool.locator("#messages")).to_contain_text("Signed off.")

        the_monitor(teacher, KITCHEN)
        tool.get_by_role("link", name="Edit steps").click()
        tool.get_by_label("What to do, or what to ask").fill("Cut a pizza for six")
        tool.get_by_role("button", name="Add this step").click()
        expect(tool.get_by_role("heading", name="1 change is not in your students’ copies yet")).to_be_visible()
        tool.get_by_label("What to do, or what to ask").fill("A slip of the hand")
        tool.get_by_role("button", name="Add this step").click()
        expect(tool.get_by_role("heading", name="2 changes are not in your students’ copies yet")).to_be_visible()
        tool.get_by_role("button", name=re.compile("^Undo")).click()
        expect(tool.get_by_role("heading", name="1 change is not in your students’ copies yet")).to_be_visible()
        expect(steps_in(tool).filter(has_text="A slip of the hand")).to_have_count(0)
        teacher.look("12-changed")
        tool.get_by_role("button", name="Update 6 copies").click()
        expect(tool.get_by_role("heading", name=re.compile("not in your students’ copies"))).to_have_count(0)

    def test_what_was_done_stays(self, visit) -> None:  # type: ignore[no-untyped-def]
        student = visit(STUDENT, "paths-story-student")
        tool = student.tool
        tool.get_by_role("link", name=KITCHEN, exact=True).click()
        expect(tool.get_by_text("Cut a pizza for six").first).to_be_visible()
        expect(tool.get_by_role("blockquote")).to_have_text("In every pancake: two eggs to a cup of flour.")
        expect(tool.get_by_text("A slip of the hand")).to_have_count(0)
        choice = tool.get_by_role("list", name="Choose two of these")
        choice.get_by_role("button", name="Mark as done Ratio tables").click()
        expect(tool.get_by_text("Do any 2 of these 5: 1 done")).to_be_visible()
        student.look("8-choice")

    def test_a_parent_sees_their_own_childs_path(self, visit) -> None:  # type: ignore[no-untyped-def]
        family = visit(FAMILY, "paths-story-family")
        tool = family.tool
        expect(tool.get_by_role("heading", level=1)).to_contain_text(STUDENT)
        expect(tool.get_by_text(PATH).first).to_be_visible()
        expect(tool.get_by_text(OTHER)).to_have_count(0)
        expect(tool.locator("main").get_by_role("button", name=re.compile("Mark as done|Ask|Skip it"))).to_have_count(0)
        family.look("1-child")
        address = family.frame.url
        for path in (
            "playlists",
            "playlists/waiting",
            "playlists/personal/new",
            "supports",
            "calendar",
            "my",
            "my/goal",
        ):
            answer = family.frame.goto(re.sub(r"/courses/([^/]+)/.*", rf"/courses/\1/{path}", address))
            assert answer is not None
            assert answer.status in (403, 404), path
