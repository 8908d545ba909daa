"""What a story stands on: a demo, a browser with a profile, and people who come in.

A module imports the fixtures. Third-party cookies are blocked in one world and not in the other. The main stories are played in
both: pages are looked at in the first; the second one, whose pages are the same, tells the story once more for its data. Others
are ``told_in`` one of the two, with all their looks: every page and every statement behind them has tests on both databases.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import CALL_REPORT
from tests.browser.stories import Visitor, people_browser
from tests.browser_tools import ARGUMENTS, chromium_path
from tests.servers import Demo, running_demo

World = tuple[str, str, Path]
WORLDS = [("sqlite", "blocked"), ("postgresql", "allowed")]


def told_in(kind: str) -> pytest.MarkDecorator:
    """A story of one world: that of this database."""
    return pytest.mark.parametrize(
        "world", [one for one in WORLDS if one[0] == kind], ids="-".join, indirect=True, scope="class"
    )


@pytest.fixture(scope="class", params=WORLDS, ids="-".join)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    kind, cookies = request.param
    return kind, cookies, tmp_path_factory.mktemp(f"story-{kind}")


@pytest.fixture(scope="class")
def demo(world: World, request: pytest.FixtureRequest) -> Iterator[Demo]:
    kind, _, folder = world
    url = None
    if kind == "postgresql":
        url = request.getfixturevalue("migrated")("postgresql").copy(folder / "none")
    with running_demo(folder, url) as running:
        yield running


@pytest.fixture(scope="class")
def browser_arguments() -> Sequence[str]:
    """What the browser is told; a module may say otherwise (``ONE_PROCESS``)."""
    return ARGUMENTS


@pytest.fixture(scope="class")
def browser_context(
    world: World, browser_arguments: Sequence[str], request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    """The shell, or a whole browser where a module says ``WHOLE_BROWSER = True``."""
    _, cookies, folder = world
    path = chromium_path() if getattr(request.module, "WHOLE_BROWSER", False) else None
    with people_browser(folder / "profile", cookies, browser_arguments, path=path) as context:
        yield context


@pytest.fixture
def visit(
    world: World, demo: Demo, browser_context: BrowserContext, request: pytest.FixtureRequest
) -> Iterator[Callable[[str, str], Visitor]]:
    opened: list[Visitor] = []

    def enter(name: str, pictures: str) -> Visitor:
        looks = world[0] == "sqlite" or request.node.get_closest_marker("parametrize") is not None
        visitor = Visitor(demo, browser_context, name, pictures, looks=looks)
        opened.append(visitor)
        visitor.open_tool()
        return visitor

    yield enter
    report = request.node.stash.get(CALL_REPORT, None)
    if report is not None and report.failed:
        for visitor in opened:
            print(visitor.describe())  # noqa: T201 - pytest shows it with the failure, and only then.
    for visitor in opened:
        visitor.leave()
