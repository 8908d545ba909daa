"""The sandbox LMS as a test bench, with real clicks: a tool is registered, approved, picked from and launched, without cookies.

The browser keeps nothing for the tool inside the LMS's pages (Chromium's own setting for that pair of sites), so that it gets in
by the values that the sandbox keeps for it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect, sync_playwright

from tests.bench import Bench, bench
from tests.browser_tools import ARGUMENTS, axe, chromium_path, overflow, screenshot, small_targets

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("bench")]

TITLE = "Ratios, step by step"
# See test_cookieless.
ONE_PROCESS = [*ARGUMENTS, "--disable-site-isolation-trials"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("bench"), like="canvas", storage_target="post_message_forwarding") as both:
        yield both


@pytest.fixture(scope="module")
def closed(running: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser set to keep nothing for the tool inside the LMS."""
    folder: Path = tmp_path_factory.mktemp("profile")
    (folder / "Default").mkdir()
    pair = f"{running.tool},{running.lms}"
    rules = {"profile": {"content_settings": {"exceptions": {"cookies": {pair: {"setting": 2}}}}}}
    (folder / "Default" / "Preferences").write_text(json.dumps(rules), "utf-8")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=chromium_path(),
            args=ONE_PROCESS,
            viewport={"width": 1280, "height": 900},
            locale="en-US",
        )
        yield context
        context.close()


@pytest.fixture
def page(closed: BrowserContext) -> Iterator[Page]:
    opened = closed.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda told: troubles.append(told.text) if "Content Security Policy" in told.text else None)
    opened.on("response", lambda got: troubles.append(got.url) if got.status >= 500 else None)
    yield opened
    assert troubles == []


def sign_in(page: Page, running: Bench, name: str) -> None:
    page.goto(f"{running.lms}/login")
    page.get_by_role("button", name=name).click()
    page.wait_for_url("**/courses/*")


def look(page: Page, name: str) -> None:
    """Axe, and no sideways scrolling at 320 pixels; a picture wide and narrow."""
    screenshot(page, f"bench-{name}")
    assert axe(page) == [], name
    assert small_targets(page) == [], name
    page.set_viewport_size({"width": 320, "height": 900})
    assert overflow(page) <= 0, name
    screenshot(page, f"bench-{name}-narrow")
    page.set_viewport_size({"width": 1280, "height": 900})


def tool_in(page: Page, running: Bench) -> FrameLocator:
    """What is in the tool's frame, once a launch has come to rest there."""
    seen, calm = "", 0
    for _ in range(300):
        page.wait_for_timeout(100)
        now = next((one.url for one in page.frames if one.url.startswith(running.tool)), "")
        calm = calm + 1 if now and now == seen and "/lti/" not in now else 0
        seen = now
        if calm == 5:
            break
    return page.frame_locator("iframe.tool")


def test_a_tool_is_registered_approved_and_picked_from_in_a_browser_without_cookies(running: Bench, page: Page) -> None:
    # The administrator pastes the link, and the tool's page is confirmed in its frame.
    sign_in(page, running, "Sam Okafor")
    page.get_by_role("navigation", name="Administration").get_by_role("link", name="Tools").click()
    expect(page.get_by_text("No tool is registered here yet.")).to_be_visible()
    page.get_by_role("link", name="Add a tool").click()
    page.get_by_role("button", name="Open the registration").click()
    expect(page.get_by_text("Paste the whole registration link")).to_be_visible()
    look(page, "add")
    page.get_by_label("Registration link").fill(running.link)
    page.get_by_role("button", name="Open the registration").click()
    frame = page.frame_locator("iframe.tool")
    expect(frame.get_by_role("heading", name="Connect this LMS?")).to_be_visible()
    assert axe(page) == []
    screenshot(page, "bench-register")
    frame.get_by_role("button", name="Connect 127.0.0.1").click()

    # The tool says that it is done; the LMS shows it as waiting, and the administrator approves it.
    expect(page.get_by_role("heading", name="Playlists Waits for approval")).to_be_visible()
    look(page, "pending")
    page.get_by_role("button", name="Approve and switch on").click()
    expect(page.get_by_role("heading", name="Playlists Active")).to_be_visible()
    look(page, "tool")
    page.get_by_role("navigation", name="Administration").get_by_role("link", name="Tools").click()
    look(page, "tools")
    page.get_by_role("navigation", name="Administration").get_by_role("link", name="Trouble").click()
    expect(page.get_by_label("Values for tools are kept")).to_have_value("post_message_forwarding")
    look(page, "trouble")

    # A teacher adds from the tool, and is led back to the course.
    page.get_by_role("button", name="Switch person").click()
    page.get_by_role("button", name="Elena Rivera").click()
    page.wait_for_url("**/courses/1")
    look(page, "home")
    page.get_by_role("link", name="Add from a tool to 1. Comparing with ratios").click()
    tool = tool_in(page, running)
    expect(tool.get_by_role("heading", name="Add to your course")).to_be_visible()
    tool.get_by_label("Title of a new playlist").fill(TITLE)
    tool.get_by_role("button", name="Add to the course").click()
    expect(page.get_by_role("status")).to_contain_text(f"Added: “{TITLE}”. A gradebook column came with it.")
    assert page.url.startswith(f"{running.lms}/courses/1?picked=")

    # The item opens what was picked. All of it without one cookie of the tool.
    page.get_by_role("link", name=TITLE).click()
    expect(tool_in(page, running).get_by_role("heading", name=TITLE)).to_be_visible()
    assert axe(page) == []
    screenshot(page, "bench-item")
    assert [one for one in page.context.cookies() if one["name"].startswith("__Host-")] == []
    page.get_by_role("link", name="Choose the content again").click()
    tool = tool_in(page, running)
    expect(tool.get_by_role("radio", name=TITLE)).to_be_checked()
    tool.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text("Nothing was added.")

    # The same answer a second time: what stands in the frame then.
    picked = page.url.partition("picked=")[2]
    page.evaluate(
        """id => {
          const form = Object.assign(document.createElement("form"), {method: "post", action: `/courses/1/content_items/${id}`});
          document.body.append(form);
          form.submit();
        }""",
        picked,
    )
    expect(page.get_by_text("This choice has been sent already.")).to_be_visible()
    look(page, "refused")
    page.get_by_role("link", name="To the course").click()
    page.get_by_role("navigation", name="Course").get_by_role("link", name="Gradebook").click()
    page.get_by_role("link", name=f"Amara Nwosu, {TITLE}").click()
    expect(page.get_by_role("link", name="See this student’s path")).to_be_visible()
    look(page, "cell")
    page.get_by_role("navigation", name="Course").get_by_role("link", name="Home").click()

    # The page around the tool keeps its values as well.
    running.control("behaviour", {"storage_target": "_parent"})
    page.get_by_role("link", name=TITLE).click()
    expect(tool_in(page, running).get_by_role("heading", name=TITLE)).to_be_visible()
    assert page.locator("iframe[name=post_message_forwarding]").count() == 0
    page.get_by_role("navigation", name="Course").get_by_role("link", name="Home").click()

    page.get_by_role("link", name="Copy this course").click()
    look(page, "copy")
    page.get_by_role("navigation", name="Course").get_by_role("link", name="People").click()
    expect(page.get_by_text("Team Harbour")).to_be_visible()
    assert axe(page) == []


def test_values_are_kept_for_each_tool(running: Bench, page: Page) -> None:
    page.goto(f"{running.lms}/lti_storage")
    page.evaluate(
        """() => {
          window.ask = (message) => new Promise((resolve) => {
            const message_id = String(Math.random());
            addEventListener("message", function hear({data}) {
              if (data.message_id !== message_id || !data.subject.endsWith(".response")) return;
              removeEventListener("message", hear);
              resolve(data.error ? data.error.code : data.supported_messages ?? data.value);
            });
            postMessage({...message, message_id}, location.origin);
          });
        }"""
    )

    def ask(subject: str, **more: object) -> object:
        return page.evaluate("message => ask(message)", {"subject": subject, **more})

    assert ask("lti.capabilities") == [{"subject": one} for one in ("lti.capabilities", "lti.put_data", "lti.get_data")]
    assert ask("lti.get_data", key="a") is None
    assert ask("lti.put_data", key="a", value="1") == "1"
    assert ask("lti.get_data", key="a") == "1"
    assert ask("lti.put_data", key="a", value=None) is None
    assert ask("lti.get_data", key="a") is None
    assert ask("lti.put_data", key="", value="1") == "bad_request"
    assert ask("lti.put_data", key="a", value=7) == "bad_request"
    assert ask("lti.put_data", key="a", value="x" * 100_000) == "storage_exhaustion"
    assert ask("lti.fetch_window_size") == "unsupported_subject"
    page.evaluate(
        "async () => { for (let n = 0; n < 500; n++) await ask({subject: 'lti.put_data', key: `k${n}`, value: ''}) }"
    )
    assert ask("lti.put_data", key="one more", value="") == "storage_exhaustion"
    assert ask("lti.put_data", key="k7", value="known") == "known"
