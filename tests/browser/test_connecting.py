"""Connecting an LMS in the console, with real presses: by a link that is pasted into the LMS, and by hand."""

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext, Frame, FrameLocator, Locator, Page, expect

from tests.browser.conftest import CALL_REPORT
from tests.browser.stories import Visitor, people_browser
from tests.browser.test_console import look, sign_in_link
from tests.browser_tools import at_rest
from tests.servers import Demo, running_demo

pytestmark = pytest.mark.browser

ADMINISTRATOR = "Sam Okafor"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("connecting")) as running:
        yield running


@pytest.fixture(scope="module")
def browser_context(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with people_browser(tmp_path_factory.mktemp("connecting-profile"), "blocked") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=demo.tool)
        yield context


class Presses:
    """Counts what an administrator does: each press of a button or link, each value that is pasted."""

    def __init__(self) -> None:
        self.number = 0

    def press(self, what: Locator) -> None:
        """Press it by the keyboard."""
        self.number += 1
        what.focus()
        what.press("Enter")

    def paste(self, where: Locator) -> None:
        """Paste what was copied, by the keyboard."""
        self.number += 1
        where.focus()
        where.press("Control+V")


def add_a_tool(context: BrowserContext, demo: Demo) -> Page:
    """The LMS's own page for that, in another tab."""
    page = context.new_page()
    page.goto(demo.lms)
    page.get_by_role("navigation", name="Administration").get_by_role("link", name="Tools").click()
    page.get_by_role("link", name="Add a tool").click()
    return page


def announced(tool: FrameLocator | Page, words: str) -> None:
    expect(tool.locator("#announcer")).to_have_text(words)


# The LMS's frame grows with its page, so that a press of the mouse may land where a button was: in the frame the keyboard is
# used throughout.


def dark(page: Page, frame: Frame, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    at_rest(frame)


@pytest.fixture
def visitor(demo: Demo, browser_context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """The administrator with the tool open; a test that fails says what they saw."""
    made = Visitor(demo, browser_context, ADMINISTRATOR, "connect")
    made.open_tool()
    yield made
    report = request.node.stash.get(CALL_REPORT, None)
    if report is not None and report.failed:
        print(made.describe())  # noqa: T201 - pytest shows it with the failure, and only then.


def test_an_administrator_connects_an_lms_by_a_link_and_another_by_hand(
    demo: Demo, browser_context: BrowserContext, visitor: Visitor
) -> None:
    tool = visitor.tool
    visitor.section("Administration")
    presses = Presses()

    # By a link: from the console's front page to a tool that is registered.
    presses.press(tool.get_by_role("link", name="Connect", exact=True).first)
    expect(tool.get_by_role("heading", level=1, name="Connect an LMS")).to_be_visible()
    expect(tool.get_by_label("For which organisation")).to_have_count(0)
    visitor.look("0-choose")
    presses.press(tool.get_by_role("button", name="Make a link for Moodle"))
    expect(tool.get_by_role("heading", name="Your link for Moodle")).to_be_visible()
    visitor.look("1-link")
    link = tool.get_by_label("Registration link").first.input_value()
    presses.press(tool.get_by_role("button", name="Copy Registration link"))
    expect(tool.get_by_role("button", name="Copied Registration link")).to_be_focused()
    announced(tool, "Registration link: copied.")
    lms = add_a_tool(browser_context, demo)
    presses.paste(lms.get_by_label("Registration link"))
    expect(lms.get_by_label("Registration link")).to_have_value(link)
    presses.press(lms.get_by_role("button", name="Open the registration"))
    presses.press(lms.frame_locator("iframe.tool").get_by_role("button", name="Connect 127.0.0.1"))
    presses.press(lms.get_by_role("button", name="Approve and switch on"))
    expect(lms.get_by_text("Active").first).to_be_visible()
    assert presses.number == 7
    lms.goto("about:blank")

    # The link is used up; one that is open is listed, and taken back.
    visitor.section("Connect", "Connect an LMS")
    expect(tool.get_by_role("row", name="Moodle")).to_have_count(0)
    tool.get_by_role("button", name="Make a link for Sakai").press("Enter")
    tool.get_by_role("link", name="Links that are still open").press("Enter")
    expect(tool.get_by_role("row", name="Sakai")).to_be_visible()
    visitor.look("2-open")
    tool.get_by_role("button", name="Take back Sakai").press("Enter")
    expect(tool.get_by_text("Taken back. The link opens nothing any more.")).to_be_visible()

    # By hand: the LMS is told, and its answer is entered by the keyboard alone.
    tool.get_by_role("link", name="By hand another LMS").press("Enter")
    expect(tool.get_by_role("heading", name="Connect another LMS by hand")).to_be_visible()
    visitor.look("3-by-hand")
    values = {
        "login_url": tool.get_by_label("Login initiation URL").first.input_value(),
        # The sandbox has the demo's own tool at that address already.
        "launch_url": tool.get_by_label("Redirect URI").first.input_value() + "?connected=by-hand",
        "jwks_url": tool.get_by_label("Key set URL (JWKS)").first.input_value(),
    }
    assert values["login_url"] == f"{demo.tool}/lti/login"
    shown = httpx.post(f"{demo.lms}/_control/tools", json={"name": "By hand", **values}).raise_for_status().json()
    tool.get_by_label("Issuer (platform id)").focus()
    visitor.page.keyboard.insert_text("127.0.0.1")
    visitor.page.keyboard.press("Enter")
    expect(tool.get_by_role("alert").get_by_text("need your attention")).to_be_visible()
    expect(tool.get_by_label("Issuer (platform id)")).to_have_value("127.0.0.1")
    dark(visitor.page, visitor.frame, "dark")
    visitor.look("4-wrong-dark")
    dark(visitor.page, visitor.frame, "light")
    answer = {
        "Name": "By hand",
        "Issuer (platform id)": shown["issuer"],
        "Client id": shown["client_id"],
        "Deployment id": shown["deployment_id"],
        "Sign-in address (OIDC authorization)": shown["auth_login_url"],
        "Token address": shown["token_url"],
        "Key set": shown["jwks_url"],
    }
    tool.get_by_label("Name", exact=True).last.focus()
    keys = 0
    for value in answer.values():
        visitor.page.keyboard.press("Control+A")
        visitor.page.keyboard.insert_text(value)
        visitor.page.keyboard.press("Tab")
        keys += 1
    for label, value in answer.items():
        expect(tool.get_by_label(label, exact=True).last).to_have_value(value)
    visitor.page.keyboard.press("Enter")
    expect(tool.get_by_role("heading", level=1, name="By hand", exact=True)).to_be_visible()
    expect(tool.get_by_text("Connected. Open the tool there once to see that it works.")).to_be_visible()
    assert keys + 1 == 8

    # A platform that is there is registered again by a link of its own.
    tool.get_by_role("button", name="Make a link that renews it").press("Enter")
    expect(tool.get_by_text("It renews the connection “By hand”.")).to_be_visible()
    visitor.look("5-again")

    visitor.section("Audit log")
    expect(tool.get_by_role("row", name="A platform was connected").first).to_contain_text("By hand")
    visitor.look("6-audit")
    tool.get_by_label("What").select_option("Platforms and organisations")
    tool.get_by_role("button", name="Show", exact=True).press("Enter")
    expect(tool.get_by_role("row", name="The audit log was looked at")).to_have_count(0)
    with visitor.page.expect_download() as download:
        tool.get_by_role("link", name="Download as CSV").press("Enter")
    assert "invite.revoked" in download.value.path().read_text("utf-8-sig")
    visitor.section("Data")
    visitor.look("7-data")
    visitor.leave()


def test_the_owner_connects_for_a_school_and_looks_after_the_keys(demo: Demo, browser_context: BrowserContext) -> None:
    page = browser_context.new_page()
    page.goto(sign_in_link(demo))
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{demo.tool}/admin/connect")
    expect(page.get_by_label("For which organisation").locator("option:checked")).to_have_count(1)
    look(page, "connect", "light", "dark")

    page.get_by_role("link", name="By hand Canvas").click()
    page.locator("summary").filter(has_text="The tool's JSON").click()
    page.get_by_role("button", name="Copy JSON").click()
    expect(page.get_by_role("button", name="Copied JSON")).to_be_visible()
    announced(page, "JSON: copied.")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied == httpx.get(f"{demo.tool}/lti/config/canvas.json").json()
    look(page, "connect-canvas", "light", "dark")
    page.goto(f"{demo.tool}/admin/connect/moodle")
    look(page, "connect-moodle")
    page.goto(f"{demo.tool}/admin/connect/blackboard")
    look(page, "connect-blackboard")

    page.goto(f"{demo.tool}/admin/keys")
    look(page, "keys", "light", "dark")
    page.get_by_role("button", name="Make a new key").click()
    expect(page.get_by_text("The new key signs from now on.")).to_be_visible()
    page.get_by_role("link", name="Retire").click()
    expect(page.get_by_role("heading", name="Retire this key?")).to_be_visible()
    look(page, "retire-key")
    page.get_by_role("button", name="Retire the key").click()
    expect(page.get_by_text("The key is published no longer.")).to_be_visible()
    assert len(httpx.get(f"{demo.tool}/.well-known/jwks.json").json()["keys"]) == 1

    page.goto(f"{demo.tool}/admin/audit")
    expect(page.get_by_role("row", name="A signing key was retired")).to_be_visible()
    expect(page.get_by_text(ADMINISTRATOR)).to_have_count(0)
    look(page, "audit", "light", "dark")
    page.goto(f"{demo.tool}/admin/audit?kind=launches&day=2020-01-01")
    look(page, "audit-nothing")
    page.goto(f"{demo.tool}/admin/data")
    look(page, "data", "light", "dark")
    page.goto("about:blank")
