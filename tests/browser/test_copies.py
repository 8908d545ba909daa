"""A course is copied in the LMS for the next year, and its teacher carries the playlists over: the question in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.stories import Visitor, people_browser
from tests.browser_tools import contrast, screenshot, small_targets
from tests.servers import Demo, running_demo

pytestmark = pytest.mark.browser

TEACHER, TITLE, LATER = "Elena Rivera", "Ratios, week 1", "Ratios, week 2"
PAGE, QUIZ = "What is a ratio?", "Quiz 1: Comparing with ratios"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("copies")) as running:
        yield running


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with people_browser(tmp_path_factory.mktemp("profile"), "allowed") as opened:
        yield opened


def in_the_dark(visitor: Visitor, name: str) -> None:
    """The page in dark colours: axe looks at contrasts."""
    page: Page = visitor.page
    page.emulate_media(color_scheme="dark")
    screenshot(page, f"copies-{name}-dark")
    assert contrast(visitor.frame) == [], name
    page.emulate_media(color_scheme="light")


def make_playlists(teacher: Visitor, demo: Demo) -> None:
    """One with a page and a quiz of the course and an address that only means something in it; and an empty one."""
    tool = teacher.tool
    for title in (TITLE, LATER):
        tool.get_by_role("link", name="New playlist").click()
        tool.get_by_label("Title").fill(title)
        tool.get_by_role("button", name="Go on to the steps").click()
        expect(tool.get_by_role("heading", level=1, name=title)).to_be_visible()
        if title == TITLE:
            for item in (PAGE, QUIZ):
                tool.get_by_role("checkbox", name=item).check()
            tool.get_by_role("button", name="Add chosen items").click()
            # What is typed before they are there would go with the page that was.
            expect(tool.get_by_role("list", name="Steps in order").get_by_role("listitem")).to_have_count(2)
            tool.get_by_label("Address").fill(f"{demo.lms}/courses/1/files/999999")
            tool.locator("#address-title").fill("The old worksheet")
            tool.get_by_role("button", name="Add this address").click()
            expect(tool.get_by_role("list", name="Steps in order").get_by_role("listitem")).to_have_count(3)
        teacher.section("Playlists")


def make_map(teacher: Visitor) -> None:
    """Two competencies of the course's own, and a page and a quiz aligned to the first."""
    tool = teacher.tool
    teacher.section("Competencies")
    tool.get_by_role("link", name="Write your own").first.click()
    tool.get_by_label("One competency a line").fill("R.1 I can compare with ratios\nR.2 I can find a unit rate")
    tool.get_by_role("button", name="Add to the map").click()
    # A link that is pressed before they are there would be one of the page that was.
    expect(tool.get_by_text("I can find a unit rate").first).to_be_visible()
    expect(tool.get_by_label("One competency a line")).to_have_count(0)
    tool.get_by_role("link", name="Alignments", exact=True).click()
    tool.locator("#competencies").get_by_label(re.compile("R.1")).check()
    for item in (PAGE, QUIZ):
        tool.get_by_role("checkbox", name=item, exact=True).check()
    tool.get_by_role("button", name="Align", exact=True).click()
    expect(tool.get_by_text("2 alignments were added.")).to_be_visible()
    teacher.section("Playlists")


def test_next_year_s_course_takes_the_playlists_along(demo: Demo, context: BrowserContext) -> None:
    teacher = Visitor(demo, context, TEACHER, "copies")
    teacher.open_tool()
    make_playlists(teacher, demo)
    make_map(teacher)
    page, tool = teacher.page, teacher.tool
    page.goto(f"{demo.lms}/courses/1/copy")
    page.get_by_label("Name of the new course").fill("Mathematics 6, next year")
    page.get_by_role("button", name="Make the copy").click()
    page.wait_for_url("**/courses/2")

    # Opening the tool in the copy leads to the question; it can wait, and is then a line above the playlists.
    teacher.open_tool()
    expect(tool.get_by_role("heading", level=1, name="Carry over from last time?")).to_be_visible()
    expect(tool.get_by_text(f"{TITLE} (3 steps)")).to_be_visible()
    expect(tool.get_by_text("The competency map: 2 competencies, 2 alignments")).to_be_visible()
    teacher.look("1-question")
    assert small_targets(teacher.frame) == []
    in_the_dark(teacher, "1-question")
    tool.get_by_role("button", name="Decide later").click()
    expect(tool.get_by_text("whose playlists can come along")).to_be_visible()
    teacher.look("2-later")
    tool.get_by_role("link", name="Decide what to carry over").click()

    # By keyboard alone.
    tool.get_by_role("button", name="Carry over", exact=True).focus()
    page.keyboard.press("Enter")
    expect(tool.get_by_role("heading", name="2 playlists have come along")).to_be_visible()
    expect(tool.get_by_role("heading", name="The competency map has come along")).to_be_visible()
    teacher.look("3-carried")
    in_the_dark(teacher, "3-carried")

    # The step whose address could not be found again is marked, and given its place.
    tool.get_by_role("link", name=re.compile("Look at its steps")).click()
    steps = tool.get_by_role("list", name="Steps in order").get_by_role("listitem")
    expect(steps).to_have_count(3)
    expect(tool.get_by_text("Not found in this course", exact=True)).to_have_count(1)
    expect(steps.nth(2)).to_contain_text("Not found in this course")
    teacher.look("4-builder")
    place = steps.nth(2).get_by_label("Where it leads")
    place.select_option(value=place.locator("option", has_text=PAGE).get_attribute("value"))
    steps.nth(2).get_by_role("button", name="Save where it leads").click()
    expect(tool.get_by_text("The step leads there now")).to_be_visible()
    expect(tool.get_by_text("Not found in this course", exact=True)).to_have_count(0)

    # A copy of the copy could begin with either.
    page.goto(f"{demo.lms}/courses/2/copy")
    page.get_by_role("button", name="Make the copy").click()
    page.wait_for_url("**/courses/3")
    teacher.open_tool()
    expect(tool.get_by_role("radio", name="Mathematics 6, next year")).to_be_checked()
    teacher.look("5-several")
    tool.get_by_role("radio").nth(1).check()
    tool.get_by_role("button", name="Start fresh").click()
    expect(tool.get_by_text("You start fresh")).to_be_visible()

    # The course's groups, and one of them.
    page.goto(f"{demo.lms}/courses/1")
    teacher.open_tool()
    teacher.section("People")
    group = tool.get_by_label("Group")
    expect(group).to_be_visible()
    teacher.look("6-groups")
    group.select_option(index=1)
    # The page of one group looks like the one before it, so that one is marked.
    teacher.frame.evaluate("() => { document.body.dataset.before = '' }")
    tool.get_by_role("button", name="Show").press("Enter")
    expect(tool.locator("body[data-before]")).to_have_count(0)
    expect(tool.get_by_role("table", name="People in this course")).to_be_visible()
    teacher.look("7-one-group")
    teacher.leave()
