"""A teacher who has never seen the tool makes and assigns a first playlist: in the LMS's frame, counted in clicks and keys.

Played on both databases, with third-party cookies blocked and not blocked.
"""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.stories import Visitor
from tests.browser.story import browser_arguments, browser_context, demo, visit, world

pytestmark = pytest.mark.browser

__all__ = ["browser_arguments", "browser_context", "demo", "visit", "world"]

TEACHER = "Elena Rivera"
PAGE, QUIZ = "What is a ratio?", "Quiz 1: Comparing with ratios"
CHOICES = ("Three ways to write a ratio", "Read more: ratios in an encyclopedia", "Ratio tables")
CLICK, KEY = 3.5, 0.3
"""Seconds: what somebody takes who looks for the next button, and who types."""


class Counted:
    """What the teacher does, counted: clicks, and keys typed into fields."""

    def __init__(self) -> None:
        self.clicks = self.fields = self.keys = 0

    def click(self, *where: Locator) -> None:
        for one in where:
            one.click()
            self.clicks += 1

    def enter(self, where: Locator, text: str) -> None:
        """Click into a field and type."""
        self.click(where)
        where.press_sequentially(text)
        self.fields += 1
        self.keys += len(text)

    def choose(self, where: Locator, value: str) -> None:
        """Open a list of choices and take one."""
        where.select_option(value)
        self.clicks += 2

    @property
    def seconds(self) -> float:
        return self.clicks * CLICK + self.keys * KEY


class TestAFirstPlaylist:
    def test_it_is_made_and_assigned_in_under_ten_minutes(self, visit, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
        teacher: Visitor = visit(TEACHER, "first-playlist")
        tool, counted = teacher.tool, Counted()
        counted.click(tool.get_by_role("link", name="New playlist"))
        counted.enter(tool.get_by_label("Title"), "Ratios, week 1")
        counted.click(tool.get_by_role("button", name="Go on to the steps"))
        steps = tool.get_by_role("list", name="Steps in order").locator(":scope > li")

        counted.click(*(tool.get_by_role("checkbox", name=title) for title in (PAGE, QUIZ)))
        counted.click(tool.get_by_role("button", name="Add chosen items"))
        expect(steps).to_have_count(2)
        # A quiz counts from 70 % by itself.
        expect(steps.nth(1)).to_contain_text("Done from a result of 70%")

        counted.enter(tool.get_by_label("What to do, or what to ask"), "Measure your kitchen")
        counted.click(tool.get_by_role("button", name="Add this step"))
        expect(steps).to_have_count(3)

        counted.enter(tool.get_by_label("Heading"), "Choose two")
        counted.click(tool.get_by_role("button", name="Add this section"))
        expect(tool.get_by_text("They go to the end of “Choose two”.")).to_be_visible()
        counted.click(*(tool.get_by_role("checkbox", name=title) for title in CHOICES))
        counted.click(tool.get_by_role("button", name="Add chosen items"))
        expect(steps).to_have_count(7)
        counted.choose(tool.get_by_label("What it is"), "reflection")
        counted.enter(tool.get_by_label("What to do, or what to ask"), "Where do you see ratios?")
        counted.click(tool.get_by_role("button", name="Add this step"))
        expect(steps).to_have_count(8)
        counted.click(tool.get_by_text("Change this section"))
        counted.choose(tool.get_by_label("Students do"), "some")
        counted.enter(tool.get_by_label("How many of them"), "2")
        counted.click(tool.get_by_role("button", name="Save this section"))
        expect(tool.get_by_text("Any 2 of 4")).to_be_visible()
        teacher.look("1-builder")

        counted.click(tool.get_by_role("link", name="Assign", exact=True))
        expect(tool.get_by_role("button", name=re.compile("^Assign to"))).to_be_visible()
        teacher.look("2-assign")
        counted.click(tool.get_by_role("button", name=re.compile("^Assign to")))
        expect(tool.locator("#messages .message").first).to_contain_text("Assigned")

        with capsys.disabled():
            print(  # noqa: T201 - the figure is what this test is for.
                f"\na first playlist: {counted.clicks} clicks, {counted.fields} fields, {counted.keys} keys,"
                f" {counted.seconds / 60:.1f} minutes at {CLICK} s a click and {KEY} s a key"
            )
        assert counted.seconds < 600

    def test_what_is_changed_afterwards_waits_and_is_given_or_taken_back(self, visit) -> None:  # type: ignore[no-untyped-def]
        teacher: Visitor = visit(TEACHER, "first-playlist-again")
        tool = teacher.tool
        tool.locator("summary", has_text="More for Ratios, week 1").click()
        tool.get_by_role("link", name="Edit").click()
        step = tool.get_by_role("list", name="Steps in order").locator(":scope > li").filter(has_text=QUIZ)
        expect(step).to_be_visible()
        step.get_by_text("Change this step").click()
        step.get_by_label("Counts from (percent)").fill("60")
        teacher.look("1-step")
        step.get_by_role("button", name="Save this step").click()
        expect(tool.get_by_role("heading", name="1 change is not in your students’ copies yet")).to_be_visible()
        expect(tool.get_by_role("listitem").filter(has_text=f"“{QUIZ}” changed: what counts as done")).to_be_visible()
        teacher.look("2-waiting")
        # The keyboard's own undo, where no field has the focus.
        teacher.page.keyboard.press("Control+z")
        expect(tool.get_by_text("Taken back: the step is as it was.")).to_be_visible()
        expect(tool.get_by_text("students’ copies yet")).to_have_count(0)
        tool.get_by_label("What to do, or what to ask").fill("Draw a ratio table")
        tool.get_by_role("button", name="Add this step").click()
        tool.get_by_role("button", name="Update 6 copies").click()
        expect(tool.get_by_text("Every student has the changes now.")).to_be_visible()
