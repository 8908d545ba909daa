"""Letting the tool into the LMS's own API in a real browser: an administrator enters the key, a teacher says yes in a window.

The tool is in the LMS's frame, and the browser keeps no cookies of third parties; the LMS's page that asks refuses frames.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.stories import Visitor, people_browser
from tests.browser_tools import axe, overflow, screenshot
from tests.servers import Demo, running_demo

pytestmark = pytest.mark.browser

ADMINISTRATOR = "Sam Okafor"
TEACHER = "Elena Rivera"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("access")) as running:
        yield running


@pytest.fixture(scope="module")
def browser_context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with people_browser(tmp_path_factory.mktemp("access-profile"), "blocked") as context:
        yield context


def make_key(demo: Demo, **more: Any) -> dict[str, Any]:
    """An API key in the LMS, as its administrator makes one."""
    wanted = {"name": "Playlists", "redirect_uris": [f"{demo.tool}/api-access/back"], "allows_includes": True} | more
    made = httpx.post(f"{demo.lms}/_control/canvas/keys", json=wanted)
    made.raise_for_status()
    found: dict[str, Any] = made.json()
    return found


def look(page: Page, name: str) -> None:
    """A window of its own: axe, no sideways scrolling down to 320 pixels, a picture."""
    assert axe(page) == [], name
    screenshot(page, f"native-access-{name}")
    page.set_viewport_size({"width": 320, "height": 800})
    assert overflow(page) <= 0, name
    page.set_viewport_size({"width": 1280, "height": 900})


def window_of(visitor: Visitor) -> Page:
    """Open the window that the page offers; it is on the LMS's page that asks."""
    with visitor.context.expect_page() as opened:
        visitor.tool.get_by_role("link", name=re.compile("Open the window")).press("Enter")
    return opened.value


def test_an_administrator_enters_the_key_and_teachers_say_yes_in_a_window(
    demo: Demo, browser_context: BrowserContext, tmp_path: Path
) -> None:
    key = make_key(demo)
    administrator = Visitor(demo, browser_context, ADMINISTRATOR, "native-access-key")
    administrator.open_tool()
    administrator.section("Administration")
    tool = administrator.tool
    tool.get_by_role("link", name="Platforms", exact=True).first.press("Enter")
    expect(tool.get_by_role("heading", level=1, name="Platforms")).to_be_visible()
    tool.get_by_role("table").get_by_role("link").first.press("Enter")
    tool.get_by_role("link", name="Access to its own API").press("Enter")
    expect(tool.get_by_role("heading", name="How it stands")).to_be_visible()
    tool.get_by_role("button", name="Find out").press("Enter")
    expect(tool.get_by_text("This is what the connection can do now.")).to_be_visible()
    administrator.look("1-token")
    tool.locator("#key summary").press("Enter")
    expect(tool.get_by_text(f"{demo.tool}/api-access/back")).to_be_visible()
    tool.get_by_label("Id of the key").fill("not an id")
    tool.get_by_label("Secret of the key").fill("wrong")
    tool.get_by_role("button", name="Keep the key").press("Enter")
    expect(tool.get_by_role("alert")).to_contain_text("Copy the whole id")
    administrator.look("2-wrong")
    tool.get_by_label("Id of the key").fill(key["client_id"])
    tool.get_by_label("Secret of the key").fill(key["client_secret"])
    tool.get_by_label("Each teacher, for the courses they teach").check()
    tool.get_by_role("button", name="Keep the key").press("Enter")
    expect(tool.get_by_text("Ready for teachers")).to_be_visible()
    administrator.look("3-kept")
    administrator.leave()

    teacher = Visitor(demo, browser_context, TEACHER, "native-access-teacher")
    teacher.open_tool()
    teacher.section("Content and results")
    tool = teacher.tool
    expect(tool.get_by_role("heading", name="Access to your LMS")).to_be_visible()
    teacher.look("1-before")
    tool.get_by_role("button", name="Connect", exact=True).press("Enter")
    expect(tool.get_by_role("heading", level=1, name="Connect to your LMS")).to_be_visible()
    teacher.look("2-asked")

    window = window_of(teacher)
    expect(window.get_by_role("heading", name="Playlists asks for access")).to_be_visible()
    window.get_by_role("button", name="Cancel").click()
    expect(window.get_by_role("heading", name="You did not give access")).to_be_visible()
    look(window, "denied")
    window.close()
    expect(tool.get_by_text("Access was not given")).to_be_visible()
    tool.get_by_role("link", name="Back", exact=True).press("Enter")
    tool.get_by_role("button", name="Connect", exact=True).press("Enter")

    window = window_of(teacher)
    window.get_by_role("button", name="Authorise").click()
    expect(window.get_by_role("heading", name="Access was given")).to_be_visible()
    assert window.url.startswith(f"{demo.tool}/api-access/back?")
    look(window, "given")
    window.reload()
    expect(window.get_by_role("heading", name="used already")).to_be_visible()
    look(window, "used")
    window.close()
    expect(tool.get_by_text("You can close the other window")).to_be_visible()
    teacher.look("3-noticed")
    tool.get_by_role("link", name="Go on").press("Enter")
    expect(tool.get_by_text("You gave the tool access to your courses")).to_be_visible()
    tool.get_by_text("What the tool can read here").press("Enter")
    expect(tool.get_by_role("row", name=re.compile("Grades"))).to_contain_text("Works")
    teacher.look("4-connected")

    tool.get_by_role("link", name="End my access").press("Enter")
    expect(tool.get_by_role("heading", level=1, name="End your access?")).to_be_visible()
    teacher.look("5-end")
    tool.get_by_role("button", name="End my access").press("Enter")
    expect(tool.get_by_text("Your access has ended. What was read before stays.")).to_be_visible()
    expect(tool.get_by_role("button", name="Connect", exact=True)).to_be_visible()
    teacher.leave()


def test_an_account_of_the_schools_gives_access_and_the_school_is_disconnected(
    demo: Demo, browser_context: BrowserContext
) -> None:
    key = make_key(demo)
    administrator = Visitor(demo, browser_context, ADMINISTRATOR, "native-access-school")
    administrator.open_tool()
    administrator.section("Administration")
    tool = administrator.tool
    tool.get_by_role("link", name="Platforms", exact=True).first.press("Enter")
    expect(tool.get_by_role("heading", level=1, name="Platforms")).to_be_visible()
    tool.get_by_role("table").get_by_role("link").first.press("Enter")
    tool.get_by_role("link", name="Access to its own API").press("Enter")
    tool.locator("#key summary").press("Enter")
    tool.get_by_label("Id of the key").fill(key["client_id"])
    tool.get_by_label("Secret of the key").fill(key["client_secret"])
    tool.get_by_label("One account of the school's, for all courses").check()
    tool.get_by_role("button", name="Keep the key").press("Enter")
    expect(tool.get_by_text("An account still has to give access")).to_be_visible()
    tool.get_by_role("button", name="Let an account give access").press("Enter")
    expect(tool.get_by_role("heading", level=1, name="Let an account give access")).to_be_visible()
    administrator.look("1-asked")
    window = window_of(administrator)
    expect(window.get_by_role("heading", name="Give this tool access to all courses?")).to_be_visible()
    look(window, "start")
    window.get_by_role("link", name="Go on to the LMS").press("Enter")
    window.get_by_role("button", name="Authorise").click()
    expect(window.get_by_role("heading", name="Access was given")).to_be_visible()
    window.close()
    tool.get_by_role("link", name="Go on").press("Enter")
    expect(tool.get_by_text(ADMINISTRATOR, exact=True)).to_be_visible()
    tool.get_by_role("button", name="Find out").press("Enter")
    expect(tool.get_by_text("This is what the connection can do now.")).to_be_visible()
    administrator.look("2-given")
    tool.get_by_role("link", name="Disconnect").press("Enter")
    expect(tool.get_by_text("1 consent ends.")).to_be_visible()
    administrator.look("3-disconnect")
    tool.get_by_role("button", name="Disconnect").press("Enter")
    expect(tool.get_by_text("Its secrets are deleted")).to_be_visible()
    administrator.look("4-disconnected")
    administrator.leave()


def test_a_teacher_of_schoology_says_yes_on_three_legs_and_it_lasts(
    browser_context: BrowserContext, tmp_path: Path
) -> None:
    demo = Demo(tmp_path, like="schoology")
    demo.start()
    try:
        tools = httpx.post(
            f"{demo.lms}/_control/tools",
            json={
                "name": "Playlists",
                "login_url": f"{demo.tool}/lti/login",
                "launch_url": f"{demo.tool}/lti/launch",
                "jwks_url": f"{demo.tool}/.well-known/jwks.json",
            },
        )
        facts = tools.raise_for_status().json()
        administrator = Visitor(demo, browser_context, ADMINISTRATOR, "native-access-schoology", looks=False)
        administrator.open_tool()
        administrator.section("Administration")
        tool = administrator.tool
        tool.get_by_role("link", name="Platforms", exact=True).first.press("Enter")
        expect(tool.get_by_role("heading", level=1, name="Platforms")).to_be_visible()
        tool.get_by_role("table").get_by_role("link").first.press("Enter")
        tool.get_by_role("link", name="Access to its own API").press("Enter")
        tool.locator("#key summary").press("Enter")
        tool.get_by_label("Id of the key").fill(facts["api_client_id"])
        tool.get_by_label("Secret of the key").fill(facts["api_client_secret"])
        tool.get_by_label("Each teacher, for the courses they teach").check()
        tool.get_by_label("Address where people sign in").fill(demo.lms)
        tool.get_by_role("button", name="Keep the key").press("Enter")
        expect(tool.get_by_text("Ready for teachers")).to_be_visible()
        administrator.leave()

        teacher = Visitor(demo, browser_context, TEACHER, "native-access-schoology-teacher", looks=False)
        teacher.open_tool()
        teacher.section("Content and results")
        tool = teacher.tool
        tool.get_by_role("button", name="Connect", exact=True).press("Enter")
        window = window_of(teacher)
        window.get_by_role("button", name="Do not allow").click()
        expect(window.get_by_role("heading", name="You did not give access")).to_be_visible()
        window.close()
        tool.get_by_role("link", name="Back", exact=True).press("Enter")
        tool.get_by_role("button", name="Connect", exact=True).press("Enter")
        window = window_of(teacher)
        window.get_by_role("button", name="Allow", exact=True).click()
        expect(window.get_by_role("heading", name="Access was given")).to_be_visible()
        window.close()
        tool.get_by_role("link", name="Go on").press("Enter")
        expect(tool.get_by_text("You gave the tool access to your courses")).to_be_visible()

        demo.stop()
        demo.start()
        teacher.page.reload()
        teacher.open_tool()
        teacher.section("Content and results")
        expect(tool.get_by_text("You gave the tool access to your courses")).to_be_visible()
        teacher.leave()
    finally:
        demo.stop()
