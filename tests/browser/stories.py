"""What the stories share: a browser as people have it, someone who signs in, and a look at every page on the way."""

import contextlib
import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Frame, FrameLocator, Page, expect, sync_playwright

from tests.browser_tools import ARGUMENTS, axe, overflow, screenshot, shell_path
from tests.servers import Demo

# Chromium's own switch for third-party cookies, as it stands in a profile's preferences: 0 allows them, 1 blocks them.
COOKIE_MODES = {"allowed": 0, "blocked": 1}


@contextmanager
def people_browser(
    folder: Path, cookies: str, arguments: Sequence[str] = ARGUMENTS, *, path: str | None = None
) -> Iterator[BrowserContext]:
    """A browser with a profile of its own in which third-party cookies are ``allowed`` or ``blocked``.

    A profile on disk, since private windows do not follow that setting. The shell reads no settings; there, every page is told
    so by the developer tools' own switch, which stands on what Chromium's setting stands on. ``arguments``: see ``ONE_PROCESS``.
    ``path``: which browser, if not the shell.
    """
    profile = folder / "Default"
    profile.mkdir(parents=True)
    preferences = {
        "profile": {"cookie_controls_mode": COOKIE_MODES[cookies], "block_third_party_cookies": cookies == "blocked"}
    }
    (profile / "Preferences").write_text(json.dumps(preferences), "utf-8")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=path or shell_path(),
            args=list(arguments),
            viewport={"width": 1280, "height": 900},
            locale="en-US",
            timezone_id="Europe/Madrid",
        )
        if cookies == "blocked":
            context.on("page", _block_cookies_of_others)
        try:
            yield context
        finally:
            # A browser that does not end by itself is ended, so that a test run is never held up by one.
            watchdog = threading.Timer(20, kill_browser, [str(folder)])
            watchdog.start()
            try:
                context.close()
            finally:
                watchdog.cancel()


def _block_cookies_of_others(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.setCookieControls",
        {
            "enableThirdPartyCookieRestriction": True,
            "disableThirdPartyCookieMetadata": True,
            "disableThirdPartyCookieHeuristics": True,
        },
    )


def kill_browser(profile: str) -> None:
    """End the browser that runs with this profile folder."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if profile in process.read_text("utf-8"):
                os.kill(int(process.parent.name), signal.SIGKILL)


@dataclass
class Visitor:
    """A person at their browser: signed in to the LMS, with the tool in the frame of its page."""

    demo: Demo
    context: BrowserContext
    name: str
    pictures: str
    looks: bool = True
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("response", lambda response: self._note(response.status, response.url))
        self.page.goto(self.demo.lms)
        self.page.get_by_role("button", name=re.compile(re.escape(self.name))).click()
        self.page.wait_for_url("**/courses/*")

    def _note(self, status: int, url: str) -> None:
        if status >= 500:
            self.troubles.append(f"{status} {url}")

    def open_tool(self) -> None:
        """Open the tool from the course's navigation: a whole launch."""
        self.page.get_by_role("navigation").get_by_role("link", name="Playlists", exact=True).click()
        expect(self.tool.get_by_role("heading", level=1)).to_be_visible()

    @property
    def tool(self) -> FrameLocator:
        """What is in the LMS's frame."""
        return self.page.frame_locator("iframe.tool")

    @property
    def frame(self) -> Frame:
        """The tool's frame itself."""
        for _ in range(300):
            for frame in self.page.frames:
                if frame.url.startswith(self.demo.tool):
                    return frame
            self.page.wait_for_timeout(100)  # Playwright hears of frames only while it waits itself.
        raise AssertionError(f"the tool is in no frame: {[frame.url for frame in self.page.frames]}")

    def come_back(self) -> None:
        """From another tab to this one."""
        self.page.bring_to_front()
        # The shell shows all tabs at once, and tells none that somebody came back to it.
        self.frame.evaluate("() => { dispatchEvent(new Event('focus')); }")

    def section(self, name: str, heading: str | None = None) -> None:
        """Go to one of the tool's sections by its header."""
        # By the keyboard: the LMS's frame grows with its page, and a press of the mouse may land where the link was.
        self.tool.get_by_role("link", name=name, exact=True).first.press("Enter")
        expect(self.tool.get_by_role("heading", level=1, name=heading or name)).to_be_visible()

    def look(self, name: str) -> None:
        """Look at the page as it stands: axe, no sideways scrolling down to 320 pixels, and a picture wide and narrow.

        Not for somebody whose story is told for its data alone (``looks``).
        """
        if not self.looks:
            return
        screenshot(self.page, f"{self.pictures}-{name}")
        found = axe(self.frame)
        assert found == [], f"{name}: " + "\n".join(found)
        try:
            # The sandbox's frame takes the whole width of a narrow window.
            self.page.set_viewport_size({"width": 320, "height": 900})
            self.page.wait_for_timeout(150)
            wide = overflow(self.frame)
            assert wide <= 0, f"{name}: {wide} pixels too wide at 320"
            screenshot(self.page, f"{self.pictures}-{name}-narrow")
        finally:
            self.page.set_viewport_size({"width": 1280, "height": 900})

    def describe(self) -> str:
        """What stood on the page, for the report of a test that failed."""
        screenshot(self.page, f"failed-{self.pictures}")
        shown = [f"{frame.url}\n{frame.evaluate('document.body.innerText')}" for frame in self.page.frames]
        log = self.demo.log.read_text("utf-8")[-2000:]
        return "\n".join([f"what {self.name} saw:", *shown, *self.troubles, "the demo's last lines:", log])

    def leave(self) -> None:
        """Sign out of the LMS; nothing may have gone wrong on the way."""
        self.page.goto(self.demo.lms + "/courses")
        self.page.get_by_role("button", name="Switch person").click()
        # The page stays, empty: closing one of several pages sometimes never ends in headless Chromium 156.
        self.page.goto("about:blank")
        assert self.troubles == []


def until(what: Callable[[], bool], message: str, seconds: float = 60.0) -> None:
    """Wait until ``what`` is true; AssertionError with ``message`` if it never is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return
        time.sleep(0.3)
    raise AssertionError(message)
