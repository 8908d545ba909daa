"""A browser for the tests of this folder.

It lives as long as one module and those tests are plain functions: Playwright's synchronous interface keeps an event loop
running in its thread, in which asynchronous tests could not start theirs.
"""

from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser_tools import chromium

CALL_REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Leave the report of a test's own part with the test, so that a fixture can say what the page showed."""
    report = yield
    if report.when == "call":
        item.stash[CALL_REPORT] = report
    return report


SECONDS = 240
"""No test of a browser takes nearly as long; a browser that has stopped answering gets its second chance sooner."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bound the tests of this folder that name no time of their own."""
    for item in items:
        if item.path.parent.name == "browser" and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new page in a profile of its own; an error in a script, or something the security policy stops, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", timezone_id="Europe/Madrid")
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda told: troubles.append(told.text) if "Content Security Policy" in told.text else None)
    yield opened
    context.close()
    assert troubles == []
