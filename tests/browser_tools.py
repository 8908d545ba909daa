"""A real browser for tests: headless Chromium, axe's accessibility rules, pictures to look at.

``serving`` runs an ASGI application on a free port of this machine in a thread of its own; ``chromium`` starts the browser,
without what is around its pages (``shell_path``);
``look`` looks at a page in every colour and width; ``axe`` returns what axe finds, and ``screenshot`` keeps a picture in
``var/screenshots`` where one is wanted.
"""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Frame, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SCREENSHOTS = ROOT / "var" / "screenshots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Without the last one the shell draws words wider than a browser does, and tables outgrow their frames.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
ARGUMENTS += ["--font-render-hinting=none"]
# Nothing here runs for so long that compiling it well would pay; without, axe and our scripts take a sixth less.
ARGUMENTS += ["--js-flags=--no-maglev --no-turbofan"]
# With a process for each site, Chromium 156 on a busy machine sometimes never answers Playwright about a frame of another site
# that moves on at that moment. Which site a frame is, and what it may keep, does not depend on processes.
ONE_PROCESS = [*ARGUMENTS, "--disable-site-isolation-trials"]
PATIENCE = 30_000.0
"""Milliseconds for whatever a page is waited for, everywhere: Playwright's own for what is clicked. A machine with two cores that
runs other tests beside this one is slow at times; what never comes still fails."""
expect.set_options(timeout=PATIENCE)


def chromium_path() -> str | None:
    """The browser on this machine: ``LTI_TOOL_CHROMIUM``, or the first one found; None if there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = [os.environ.get("LTI_TOOL_CHROMIUM"), *(shutil.which(name) for name in names)]
    return next((path for path in found if path), None)


def shell_path() -> str | None:
    """Where Chromium is without windows, menus and settings: the same pages and rules for a third of the work.

    It is the whole browser where ``LTI_TOOL_CHROMIUM`` names one, or the shell is not installed. What a profile's own settings
    decide, needs the whole browser: ``chromium_path``.
    """
    return os.environ.get("LTI_TOOL_CHROMIUM") or shutil.which("chromium-headless-shell") or chromium_path()


@contextmanager
def chromium(*, arguments: list[str] | None = None, headless: bool = True) -> Iterator[Browser]:
    """A browser, closed at the end of the block. Where none is installed, Playwright's own is tried."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shell_path(), args=[*ARGUMENTS, *(arguments or [])], headless=headless
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serving(app: Any, *, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Run ``app`` and give its address. A free port is taken unless one is named."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="auto"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the application did not start")
        time.sleep(0.02)
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()


def axe(page: Page | Frame, *, allow: tuple[str, ...] = ()) -> list[str]:
    """What axe finds wrong, one line per rule and element; ``allow`` names rules that do not apply. Empty is good.

    The rules are put in through the debugger, which the page's content security policy does not bind.
    """
    return _found(page, {"type": "tag", "values": RULES}, allow)


def contrast(page: Page | Frame) -> list[str]:
    """What axe finds wrong with colours alone: enough where ``axe`` has looked at the same page in the light."""
    return _found(page, {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, ())


def at_rest(page: Page | Frame) -> None:
    """Bring every movement to its end: a colour on its way to another is neither.

    Nobody may wait for it: what is scrolled out of sight may stand still for as long as nobody scrolls.
    """
    page.evaluate(
        """() => document.getAnimations()
          .filter(one => one.effect.getComputedTiming().endTime < Infinity).forEach(one => one.finish())"""
    )


def look(page: Page, name: str) -> None:
    """axe in light, dark and forced colours; nothing too wide at 320 pixels, targets large enough; a picture of each."""
    size = page.viewport_size
    for looks in ("light", "dark", "forced"):
        page.emulate_media(
            color_scheme="dark" if looks == "dark" else "light", forced_colors="active" if looks == "forced" else "none"
        )
        assert (axe(page) if looks == "light" else contrast(page)) == [], f"{name}, {looks}"
        screenshot(page, f"{name}-{looks}")
    page.emulate_media(color_scheme="light", forced_colors="none")
    page.set_viewport_size({"width": 320, "height": 900})
    page.wait_for_timeout(100)
    screenshot(page, f"{name}-narrow")
    wide = overflow(page)
    assert wide <= 0, f"{name}: {wide} pixels too wide"
    assert small_targets(page) == [], name
    if size is not None:
        page.set_viewport_size(size)


@cache
def _rules_of_axe() -> str:
    return AXE.read_text("utf-8")


def _found(page: Page | Frame, rules: dict[str, Any], allow: tuple[str, ...]) -> list[str]:
    at_rest(page)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_rules_of_axe())
    # Frames have not got the rules and would be asked in vain; of the assets, only sounds and films decide anything.
    found: dict[str, Any] = page.evaluate(
        """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], iframes: false,
                                       preload: {assets: ['media']}})""",
        rules,
    )
    return [
        f"{violation['id']}: {violation['help']} – {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for violation in found["violations"]
        if violation["id"] not in allow
        for node in violation["nodes"]
    ]


def overflow(page: Page | Frame) -> int:
    """By how many pixels the page is wider than its window; 0 is good (WCAG 1.4.10, reflow).

    A window that has just become narrower, or text whose font is on its way, has three seconds to come to rest.
    """
    wide = 0
    for _ in range(30):
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide <= 0:
            break
        page.wait_for_timeout(100)
    return wide


def small_targets(page: Page | Frame, least: int = 24) -> list[str]:
    """Buttons, links and fields smaller than ``least`` pixels either way, links inside sentences excepted (WCAG 2.5.8)."""
    found: list[str] = page.evaluate(
        """least => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
          .filter(element => {
            const box = element.getBoundingClientRect();
            if (!box.width || getComputedStyle(element).visibility === 'hidden') return false;
            if (element.matches('a') && getComputedStyle(element).display === 'inline') return false;
            if (element.closest('.skip')) return false;
            const label = element.labels?.[0]?.getBoundingClientRect();
            if (label && label.height >= least) return false;
            return box.width < least || box.height < least;
          }).map(element => element.outerHTML.slice(0, 160))""",
        least,
    )
    return found


def screenshot(page: Page, name: str, *, full_page: bool = True) -> None:
    """Keep a picture of the page as ``var/screenshots/<name>.png``, if ``LTI_TOOL_SCREENSHOTS`` is set: they take a while."""
    if not os.environ.get("LTI_TOOL_SCREENSHOTS"):
        return
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full_page)
