"""Launches that always get in, in a real Chromium: by a partitioned cookie, the platform's storage, or in a window of its own.

After each of the three: two tabs, reloading, the back button, a session that has ended, and another person in the same browser.
A browser with a partitioned cookie blocks all other cookies of third parties. Two browsers without cookies are played: one in
front of whose requests the cookies are taken away, which keeps the tab's own storage; and one with Chromium's own setting for
the pair of sites, in which every kind of storage is closed to the tool's frame.
"""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Frame, FrameLocator, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from lti_tool.app import create_app
from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.lti.registrations import add_platform, find_organisation
from lti_tool.settings import Settings
from tests.browser.stories import kill_browser
from tests.browser.storing_platform import CLIENT_ID, DEPLOYMENT_ID, Cookieless, StoringPlatform
from tests.browser_tools import ONE_PROCESS, axe, chromium_path, contrast, overflow, screenshot, serving, shell_path
from tests.servers import free_port, migrated_file

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("cookieless")]

BLOCKED = "Your browser does not let this tool work inside the course page"


@dataclass
class School:
    """The tool and a platform, both running."""

    tool: str
    platform: StoringPlatform
    door: Cookieless
    clock: ManualClock

    def open(self, page: Page, person: str, keeps: str = "") -> FrameLocator:
        """Open the course; the tool is launched in its frame."""
        page.goto(f"{self.platform.address}/course?person={person}&keeps={keeps}")
        # Chromium 156 sometimes never answers a question to a frame that moves on at that moment: the launch comes to rest first.
        seen, calm = "", 0
        for _ in range(300):
            page.wait_for_timeout(100)
            now = frame_of(page).url
            calm = calm + 1 if now == seen and self.tool in now and not now.endswith("/lti/login") else 0
            seen = now
            if calm == 8:
                break
        return page.frame_locator("iframe[name=tool]")


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder, port = tmp_path_factory.mktemp("cookieless"), free_port()
    clock = ManualClock(datetime(2026, 9, 1, 8, 0, tzinfo=UTC))
    tool = f"http://localhost:{port}"
    settings = Settings(
        _env_file=None,
        base_url=tool,
        database_url=migrated_file(folder / "tool.db"),
        keys_dir=folder,
        secret_key="s" * 40,
        worker="external",
    )
    platform = StoringPlatform(clock)
    with serving(platform.app) as address:
        platform.address, platform.tool = address, tool
        _register(settings, platform, clock)
        door = Cookieless(create_app(settings, clock=clock))
        with serving(door, port=port):
            yield School(tool, platform, door, clock)


def _register(settings: Settings, platform: StoringPlatform, clock: ManualClock) -> None:
    async def work() -> None:
        database = Database.at(settings.database_url)
        async with database.writing() as session:
            await add_platform(
                session,
                clock.now(),
                organisation=await find_organisation(session, None, clock.now()),
                name="Storing",
                issuer=platform.address,
                client_id=CLIENT_ID,
                auth_login_url=platform.address + "/auth",
                token_url=platform.address + "/token",
                jwks_url=platform.address + "/jwks",
                deployment_ids=[DEPLOYMENT_ID],
                settings=settings,
            )
        await database.close()

    # Playwright's loop may be running in this thread.
    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chrome(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser that keeps every cookie; the door takes them away."""
    folder = tmp_path_factory.mktemp("profile")
    (folder / "Default").mkdir()
    allowed = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
    (folder / "Default" / "Preferences").write_text(json.dumps(allowed), "utf-8")
    with _browser(playwright, folder, shell_path()) as context:
        yield context


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def page(chrome: BrowserContext, school: School, troubles: list[str]) -> Iterator[Page]:
    """A tab of the browser whose cookies are taken away on the way."""
    school.door.on = True
    school.door.asked.clear()
    opened = chrome.new_page()
    opened.bring_to_front()
    watch(opened, troubles)
    yield opened
    school.door.on = school.platform.stale = False
    assert troubles == []


def watch(page: Page, troubles: list[str]) -> None:
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda told: troubles.append(told.text) if "Content Security Policy" in told.text else None)


@contextmanager
def closed_browser(playwright: Playwright, school: School, folder: Path) -> Iterator[BrowserContext]:
    """A browser set to keep nothing for the tool inside the platform's pages."""
    profile = folder / "Default"
    profile.mkdir()
    pair = f"{school.tool},{school.platform.address}"
    rules = {"profile": {"content_settings": {"exceptions": {"cookies": {pair: {"setting": 2}}}}}}
    (profile / "Preferences").write_text(json.dumps(rules), "utf-8")
    with _browser(playwright, folder) as context:
        yield context


@contextmanager
def _browser(playwright: Playwright, folder: Path, path: str | None = None) -> Iterator[BrowserContext]:
    context = playwright.chromium.launch_persistent_context(
        folder,
        executable_path=path or chromium_path(),
        args=ONE_PROCESS,
        locale="en-US",
        viewport={"width": 1100, "height": 900},
    )
    try:
        yield context
    finally:
        # Pages stay until the end, since closing one of several sometimes never ends in headless Chromium 156; and a browser
        # that does not end by itself is ended.
        watchdog = threading.Timer(10, kill_browser, [str(folder)])
        watchdog.start()
        try:
            context.close()
        except PlaywrightError:
            # It was ended.
            pass
        finally:
            watchdog.cancel()


def frame_of(page: Page) -> Frame:
    frame = page.frame("tool")
    assert frame is not None
    return frame


def soon(page: Page, what: str) -> None:
    """Have the tool's frame do what takes its page away, and do not wait inside that page."""
    frame_of(page).evaluate(f"() => {{ setTimeout(() => {{ {what}; }}, 0); }}")


def title(tool: FrameLocator | Page, name: str | re.Pattern[str]) -> None:
    expect(tool.get_by_role("heading", level=1, name=name)).to_be_visible()


def look(page: Page, name: str) -> None:
    """Axe, no sideways scrolling at 320 pixels, and pictures wide, narrow, dark and with colours of the reader's own."""
    tool = frame_of(page)
    assert axe(tool) == [], name
    screenshot(page, f"cookieless-{name}")
    page.set_viewport_size({"width": 336, "height": 800})
    assert overflow(tool) <= 0, name
    screenshot(page, f"cookieless-{name}-narrow")
    page.set_viewport_size({"width": 1100, "height": 900})
    page.emulate_media(color_scheme="dark")
    assert contrast(tool) == [], f"{name}, dark"
    screenshot(page, f"cookieless-{name}-dark")
    page.emulate_media(color_scheme="light", forced_colors="active")
    screenshot(page, f"cookieless-{name}-forced")
    page.emulate_media(forced_colors="none")


# --- The platform's storage -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keeps", ["_parent", "post_message_forwarding", "capabilities", "liar"])
def test_the_platforms_storage_lets_the_browser_in(school: School, page: Page, keeps: str) -> None:
    tool = school.open(page, "teacher", keeps)
    title(tool, "Playlists")

    assert frame_of(page).evaluate("location.pathname").endswith("/playlists")
    assert not any("token" in address for address in school.door.asked), "a token is in no address"
    assert tool.locator("meta[name=lti-token]").count() == 0


def make(tool: FrameLocator | Page, name: str, address: str) -> None:
    tool.get_by_role("link", name="New playlist").click()
    title(tool, "New playlist")
    tool.get_by_label("Title").fill(name)
    tool.get_by_role("button", name="Go on to the steps").click()
    title(tool, name)
    tool.get_by_label("Address").fill(address)
    tool.locator("#address-title").fill("A page of the course")
    tool.get_by_role("button", name="Add this address").click()
    expect(tool.get_by_role("list", name="Steps in order").get_by_role("listitem")).to_have_count(1)


def test_every_page_works_with_the_token_in_the_tab(school: School, page: Page) -> None:
    tool = school.open(page, "teacher", "_parent")
    title(tool, "Playlists")
    make(tool, "Without cookies", school.platform.address + "/item")
    frame = frame_of(page)
    expect(tool.locator("#messages .message")).to_be_focused()
    assert "said=" not in frame.url
    assert frame.title().startswith("Without cookies")
    assert frame.evaluate("document.documentElement.lang") == "en-US"
    assert frame.evaluate("document.documentElement.classList.contains('framed')")

    # A form that is not right is shown again, as without a tab's token.
    tool.get_by_label("Address").fill("https://")
    tool.locator("form", has=tool.locator("#address-title")).evaluate("form => { form.noValidate = true; }")
    tool.get_by_role("button", name="Add this address").click()
    expect(tool.get_by_text("This address cannot be used")).to_be_visible()

    tool.get_by_role("link", name="Playlists", exact=True).first.click()
    title(tool, "Playlists")
    tool.get_by_role("link", name="Without cookies").first.click()
    title(tool, "Without cookies")
    before = frame.url

    # Back and forward; nothing of the pages is kept by the browser's storage.
    soon(page, "history.back()")
    title(tool, "Playlists")
    soon(page, "history.forward()")
    title(tool, "Without cookies")
    assert frame.url == before
    kept = frame.evaluate("Object.entries(sessionStorage).filter(([name]) => name !== 'lti-tool-token')")
    assert all(name == "htmx-current-path-for-history" for name, _ in kept), "an address, and no page"
    assert frame.evaluate("Object.keys(localStorage)") == []

    # The focus goes to the new page, and its title is said.
    tool.get_by_role("link", name="People").first.click()
    title(tool, "People")
    expect(tool.locator("main")).to_be_focused()
    expect(tool.locator("#announcer")).to_have_text(re.compile("^People"))

    # Reloading asks once more with the token.
    soon(page, "location.reload()")
    title(tool, "People")
    expect(tool.get_by_text("Your session has ended")).to_have_count(0)
    tool.get_by_role("link", name="Playlists", exact=True).first.click()
    title(tool, "Playlists")


def test_what_is_refused_is_shown_as_a_page(school: School, page: Page) -> None:
    tool = school.open(page, "teacher", "_parent")
    title(tool, "Playlists")
    frame = frame_of(page)
    frame.evaluate(
        """() => { const link = document.createElement('a'); link.href = location.pathname + '/nowhere';
                   link.textContent = 'Nowhere'; document.querySelector('main').append(link); }"""
    )
    tool.get_by_role("link", name="Nowhere").click()
    title(tool, "There is nothing here")
    tool.get_by_role("button", name="Go back").click()
    title(tool, "Playlists")


def test_a_student_marks_a_step_and_another_person_has_a_tab_beside_it(
    school: School, page: Page, chrome: BrowserContext
) -> None:
    student = school.open(page, "student", "_parent")
    title(student, re.compile("playlist", re.IGNORECASE))
    beside = chrome.new_page()
    teacher = school.open(beside, "teacher", "_parent")
    title(teacher, "Playlists")
    make(teacher, "For two tabs", school.platform.address + "/item")
    teacher.get_by_role("link", name="Assign", exact=True).click()
    teacher.get_by_role("button", name=re.compile("^Assign to")).click()
    expect(teacher.get_by_role("table")).to_be_visible()

    # The first tab is still the student's, also after a reload, though somebody else came in since.
    page.bring_to_front()
    soon(page, "location.reload()")
    expect(student.get_by_text("You see this course as a student.")).to_be_visible()
    if student.get_by_role("link", name="For two tabs", exact=True).count():
        student.get_by_role("link", name="For two tabs", exact=True).click()
    title(student, "For two tabs")
    with chrome.expect_page() as opening:
        student.get_by_role("link", name="Open this step").first.click()
    expect(opening.value.get_by_role("heading", name="An item of the course")).to_be_visible()
    page.bring_to_front()
    student.get_by_role("button", name="Mark as done").first.click()
    expect(student.get_by_text("You have finished this playlist!")).to_be_visible()
    beside.bring_to_front()
    teacher.get_by_role("link", name="People").first.click()
    expect(teacher.get_by_role("heading", level=1, name="People")).to_be_visible()
    expect(teacher.get_by_text("You see this course as a teacher.")).to_be_visible()


def test_a_second_launch_in_the_same_tab_is_the_second_person(school: School, page: Page) -> None:
    tool = school.open(page, "teacher", "_parent")
    title(tool, "Playlists")
    tool = school.open(page, "student", "_parent")
    expect(tool.get_by_text("You see this course as a student.")).to_be_visible()
    soon(page, "location.reload()")
    expect(tool.get_by_text("You see this course as a student.")).to_be_visible()


def test_a_session_that_ends_leads_back_to_the_course(school: School, page: Page) -> None:
    tool = school.open(page, "teacher", "_parent")
    title(tool, "Playlists")
    school.clock.move(timedelta(hours=3))
    tool.get_by_role("link", name="People").first.click()
    title(tool, "Your session has ended")
    look(page, "ended")
    soon(page, "location.reload()")
    title(tool, "Your session has ended")
    school.platform.messages.clear()
    tool.get_by_role("link", name="Back to your course").click()
    title(tool, "Back in the course")
    assert school.platform.messages == [{"course": "1", "sesskey": "Kx7"}]


def test_a_refused_launch_leads_back_and_says_why(school: School, page: Page) -> None:
    school.platform.stale = True
    tool = school.open(page, "teacher")
    title(tool, "This link waited too long")
    look(page, "refused")
    reference = tool.locator("code").inner_text()
    school.platform.messages.clear()
    tool.get_by_role("link", name="Back to your course").click()
    title(tool, "Back in the course")
    (told,) = school.platform.messages
    assert told["lti_errormsg"] == f"This link waited too long. Reference code: {reference}"


# --- The partitioned cookie ----------------------------------------------------------------------------------------------


@pytest.fixture
def strict(playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser that keeps no cookie of third parties but partitioned ones."""
    (tmp_path / "Default").mkdir()
    blocked = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(blocked), "utf-8")
    with _browser(playwright, tmp_path) as context:
        yield context


def test_by_the_partitioned_cookie(school: School, strict: BrowserContext, troubles: list[str]) -> None:
    first, second = strict.new_page(), strict.new_page()
    for each in (first, second):
        watch(each, troubles)
    first.bring_to_front()
    tool = school.open(first, "teacher")
    title(tool, "Playlists")
    [cookie] = [one for one in strict.cookies() if one["name"] == "__Host-lti_session"]
    assert cookie["partitionKey"]

    # Reload and back.
    tool.get_by_role("link", name="People").first.click()
    title(tool, "People")
    soon(first, "location.reload()")
    title(tool, "People")
    soon(first, "history.back()")
    title(tool, "Playlists")

    # Two tabs of one person: what is made in either is there in the other.
    second.bring_to_front()
    other = school.open(second, "teacher")
    title(other, "Playlists")
    make(other, "In the second tab", school.platform.address + "/item")
    first.bring_to_front()
    soon(first, "location.reload()")
    expect(tool.get_by_role("link", name="In the second tab", exact=True).first).to_be_visible()
    make(tool, "In the first tab", school.platform.address + "/item")

    # Another person in the same browser: a page of the first one's changes nothing any more, and says why.
    tool.get_by_label("Address").fill(school.platform.address + "/item?2")
    second.bring_to_front()
    other = school.open(second, "student")
    expect(other.get_by_text("You see this course as a student.")).to_be_visible()
    first.bring_to_front()
    tool.get_by_role("button", name="Add this address").click()
    expect(tool.get_by_text("The tool was opened again in this browser")).to_be_visible()

    # A session that has ended: the way back to the course, and in again.
    second.bring_to_front()
    school.clock.move(timedelta(hours=3))
    soon(second, "location.reload()")
    title(other, "Your session has ended")
    other.get_by_role("link", name="Back to your course").click()
    title(other, "Back in the course")
    other = school.open(second, "student")
    expect(other.get_by_text("You see this course as a student.")).to_be_visible()
    assert troubles == []


# --- A browser in which everything is closed ---------------------------------------------------------------------------


def test_with_all_storage_closed_the_pages_memory_has_the_token(
    school: School, playwright: Playwright, tmp_path: Path, troubles: list[str]
) -> None:
    with closed_browser(playwright, school, tmp_path) as context:
        page = context.new_page()
        watch(page, troubles)
        tool = school.open(page, "teacher", "_parent")
        title(tool, "Playlists")
        frame = frame_of(page)
        closed = "() => { try { return !sessionStorage; } catch { return true; } }"
        assert frame.evaluate(closed), "the setting closes the tab's storage to the frame"
        make(tool, "In memory", school.platform.address + "/item")
        soon(page, "history.back()")
        expect(tool.get_by_role("heading", level=1)).not_to_have_text("In memory")
        soon(page, "location.reload()")
        title(tool, "Your session has ended")
    assert troubles == []


@pytest.mark.parametrize("keeps", ["", "silent"])
def test_without_any_storage_a_window_of_its_own_opens(
    school: School, playwright: Playwright, tmp_path: Path, keeps: str, troubles: list[str]
) -> None:
    with closed_browser(playwright, school, tmp_path) as context:
        page = context.new_page()
        watch(page, troubles)
        tool = school.open(page, "teacher", keeps)
        title(tool, BLOCKED)
        assert tool.get_by_role("button").locator("visible=true").count() == 1
        if not keeps:
            look(page, "blocked")
        with context.expect_page() as opening:
            tool.get_by_role("button", name="Open in a new window").click()
        window = opening.value
        watch(window, troubles)
        expect(window.get_by_role("heading", level=1, name="Playlists")).to_be_visible()
        window.get_by_role("link", name="People").first.click()
        expect(window.get_by_role("heading", level=1, name="People")).to_be_visible()
        window.reload()
        expect(window.get_by_role("heading", level=1, name="People")).to_be_visible()
        window.go_back()
        expect(window.get_by_role("heading", level=1, name="Playlists")).to_be_visible()
        school.clock.move(timedelta(hours=3))
        window.reload()
        expect(window.get_by_role("heading", level=1, name="Your session has ended")).to_be_visible()
        expect(window.get_by_role("link", name="Back to your course")).to_be_visible()
    assert troubles == []


def open_window(school: School, context: BrowserContext, person: str, troubles: list[str]) -> Page:
    """The course in another tab, and from there the tool in a window of its own."""
    page = context.new_page()
    page.bring_to_front()
    tool = school.open(page, person)
    title(tool, BLOCKED)
    with context.expect_page() as opening:
        tool.get_by_role("button", name="Open in a new window").click()
    window = opening.value
    watch(window, troubles)
    expect(window.get_by_text(f"You see this course as a {person}.")).to_be_visible()
    return window


def test_two_windows_and_another_person(
    school: School, playwright: Playwright, tmp_path: Path, troubles: list[str]
) -> None:
    with closed_browser(playwright, school, tmp_path) as context:
        first = open_window(school, context, "teacher", troubles)
        second = open_window(school, context, "teacher", troubles)

        # Two windows of one person: what is made in either is there in the other.
        make(second, "In the second window", school.platform.address + "/item")
        first.bring_to_front()
        first.reload()
        expect(first.get_by_role("link", name="In the second window", exact=True).first).to_be_visible()
        make(first, "In the first window", school.platform.address + "/item")
        first.get_by_label("Address").fill(school.platform.address + "/item?2")

        # Another person in the same browser: a window of the first one's changes nothing any more, and says why.
        third = open_window(school, context, "student", troubles)
        first.bring_to_front()
        first.get_by_role("button", name="Add this address").click()
        expect(first.get_by_text("The tool was opened again in this browser")).to_be_visible()
        first.reload()
        expect(first.get_by_role("button", name="Add this address")).to_have_count(0)
        third.bring_to_front()
        third.reload()
        expect(third.get_by_text("You see this course as a student.")).to_be_visible()

        # A session that has ended: the way back leads to the course, whose page opens another window.
        school.clock.move(timedelta(hours=3))
        third.reload()
        expect(third.get_by_role("heading", level=1, name="Your session has ended")).to_be_visible()
        third.get_by_role("link", name="Back to your course").click()
        expect(third.get_by_role("heading", level=1, name="Back in the course")).to_be_visible()
        open_window(school, context, "student", troubles)
    assert troubles == []


def test_an_administrator_uses_the_console_with_the_tabs_token(page: Page, school: School) -> None:
    tool = school.open(page, "administrator", keeps="_parent")
    title(tool, "Playlists")
    tool.get_by_role("link", name="Administration").click()
    title(tool, "Administration")
    tool.get_by_role("table").get_by_role("link", name="Storing").click()
    title(tool, "Storing")
    tool.get_by_label("Your own address").fill("http://learn.school.example")
    tool.get_by_role("button", name="Add the address").click()
    expect(tool.get_by_role("alert").get_by_role("link", name="This address cannot be used")).to_be_visible()
    tool.get_by_label("Your own address").fill("https://learn.school.example")
    tool.get_by_role("button", name="Add the address").click()
    expect(tool.get_by_text("Added. It counts from the next launch on.")).to_be_visible()
    tool.get_by_role("link", name="Roles", exact=True).click()
    expect(tool.get_by_role("heading", name="Roles received, role given")).to_be_visible()
    # A file is asked for with the token too, and a link that is shown once stays on its page.
    tool.get_by_role("link", name="Audit log", exact=True).click()
    title(tool, "Audit log")
    with page.expect_download() as download:
        tool.get_by_role("link", name="Download as CSV").press("Enter")
    assert download.value.suggested_filename == "audit.csv"
    assert "registration.frame-added" in download.value.path().read_text("utf-8")
    tool.get_by_role("link", name="Connect", exact=True).click()
    tool.get_by_role("button", name="Make a link for Sakai").press("Enter")
    title(tool, "Your link for Sakai")
    expect(tool.get_by_role("button", name="Copy Registration link")).to_be_visible()
    tool.get_by_role("link", name="Links that are still open").press("Enter")
    expect(tool.get_by_role("row", name="Sakai")).to_be_visible()
    assert not [path for path in school.door.asked if "session" in path or "token" in path]
