"""The two processes, started once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.databases import new_database
from tests.openedx.harness import ENVIRONMENT, Browser, Platform, Tool


@dataclass
class World:
    """Open edX and our tool, registered with each other and both running."""

    platform: Platform
    tool: Tool
    registration_id: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder has the marker."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.openedx)


@pytest.fixture(scope="session")
def openedx_environment() -> None:
    """Demands the platform's own environment; a developer without it skips, continuous integration fails."""
    if (ENVIRONMENT / "bin" / "python").exists():
        return
    reason = "Open edX's environment is not set up: run `make openedx`"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def lone_platform(openedx_environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The platform with a tool that is not there: for looking at what it sends."""
    with Platform.start("http://127.0.0.1:9", tmp_path_factory.mktemp("lone")) as platform:
        yield platform


@contextmanager
def _world(folder: Path, database_url: str) -> Iterator[World]:
    with Tool.prepare(folder, database_url) as tool, Platform.start(tool.url, folder) as platform:
        registration_id = tool.register(platform)
        with tool.serving():
            yield World(platform, tool, registration_id)


@pytest.fixture(scope="session")
def world(openedx_environment: None, postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both processes, with the tool's data on PostgreSQL: what Open edX sends and takes depends on no database of ours."""
    with _world(tmp_path_factory.mktemp("openedx"), new_database(postgresql_url, "openedx")) as world:
        yield world


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser without a past."""
    with Browser() as fresh:
        yield fresh
