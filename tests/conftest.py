"""Fixtures every test may ask for: the two databases, built by the migrations; a clock to move; no network but loopback."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import socket_allow_hosts
from sqlalchemy.ext.asyncio import AsyncEngine

from lti_tool.clock import ManualClock
from lti_tool.db import scoping
from lti_tool.db.engine import make_engine
from lti_tool.db.session import Database
from tests import templates, workers
from tests.again import AT_ONCE
from tests.databases import MigratedOnce, postgresql_server
from tests.order import in_order
from tests.servers import be_patient

DATABASES = ("sqlite", "postgresql")

# A busy machine is no finding, and every run tries the same examples: what fails has come with the code, not by chance.
# `make explore` tries others, and more of them.
settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, database=None
)
settings.register_profile("fresh", settings.get_profile("steady"), derandomize=False, max_examples=500, print_blob=True)
settings.load_profile("steady")


def pytest_configure() -> None:
    """A run in the background of a shell begins with Ctrl-C ignored, and so would every process that a test ends by it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    be_patient()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On several workers the longest files begin first; a run on one takes them as they are named."""
    for item in items:
        if "own_database_url" in getattr(item, "fixturenames", ()):
            item.add_marker("at_once")
    if hasattr(config, "workerinput"):
        places = {nodeid: place for place, nodeid in enumerate(in_order(item.nodeid for item in items))}
        items.sort(key=lambda item: places[item.nodeid])
        workers.tell(config, items)


# Everything that is made until every test is known stays to the end: looking through it for what nobody needs any more finds
# nothing, and took a quarter of what collecting takes.
gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there by now is not looked through again either; that took a twelfth of what the tests of pages take."""
    if "lti_tool.web.pages" in sys.modules:
        templates.shared()
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000)
    workers.step_back(session.config)


_failed_at_once: set[str] = set()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note which of the tests that failed had several connections at once; see tests/again.py."""
    if report.failed and "at_once" in report.keywords:
        _failed_at_once.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave their names where those of all that failed are."""
    if not hasattr(session.config, "workerinput") and hasattr(session.config, "cache"):
        session.config.cache.set(AT_ONCE, sorted(_failed_at_once))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """``--dist loadfile``, but for what tests/workers.py says."""
    return workers.ByScope(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def _only_loopback() -> None:
    """A test that reaches for another machine fails."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


@pytest.fixture
def clock() -> ManualClock:
    """Stands still until it is moved."""
    return ManualClock()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server's address; each worker of a parallel run has its own, or its own database on the given one."""
    with postgresql_server() as address:
        yield address


@pytest.fixture(scope="session")
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], MigratedOnce]:
    """The migrated databases of a kind, which is migrated when it is first asked for."""

    @cache
    def of(kind: str) -> MigratedOnce:
        server = request.getfixturevalue("postgresql_url") if kind == "postgresql" else None
        return MigratedOnce(kind, tmp_path_factory.mktemp("migrated"), server)

    return of


@pytest.fixture(scope="session")
def shared_databases(
    migrated: Callable[[str], MigratedOnce], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """The address of the one database of a kind that most tests share."""

    @cache
    def of(kind: str) -> str:
        return migrated(kind).copy(tmp_path_factory.mktemp("shared") / "tool.db")

    return of


@pytest.fixture(params=DATABASES)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Runs a test once on each database."""
    kind: str = request.param
    return kind


@pytest.fixture
def database_url(database_kind: str, shared_databases: Callable[[str], str]) -> str:
    """The address of a migrated database, shared by the tests of this process. See ``database`` for the rolled-back one."""
    return shared_databases(database_kind)


@pytest.fixture(scope="session")
def shared_engine() -> Iterator[Callable[[str], AsyncEngine]]:
    """The one engine of an address: what it has compiled for one test, it need not compile for the next.

    Nor need its connection be made anew, or what PostgreSQL has learned of the tables be learned again: neither driver holds
    on to the event loop in which a connection was made.
    """
    engines: list[AsyncEngine] = []

    @cache
    def of(url: str) -> AsyncEngine:
        engine = make_engine(url, pool_size=1)
        scoping.guard(engine)
        engines.append(engine)
        return engine

    yield of
    for engine in engines:
        asyncio.run(engine.dispose())


@pytest.fixture
async def database(database_url: str, shared_engine: Callable[[str], AsyncEngine]) -> AsyncIterator[Database]:
    """A database, on each of the two kinds, whose every change this test makes is rolled back at its end.

    Its transactions are savepoints of one connection: use it one at a time. What needs two connections at once takes
    ``own_database``.
    """
    engine = shared_engine(database_url)
    async with engine.connect() as connection:
        transaction = await connection.begin()
        yield Database(engine, inside=connection)
        await transaction.rollback()


@pytest.fixture
def own_database_url(database_kind: str, migrated: Callable[[str], MigratedOnce], tmp_path: Path) -> Iterator[str]:
    """The address of a whole migrated database of the test's own, on each of the two kinds."""
    url = migrated(database_kind).copy(tmp_path / "own.db")
    yield url
    migrated(database_kind).forget(url)


@pytest.fixture
async def own_database(own_database_url: str) -> AsyncIterator[Database]:
    """A whole database of the test's own, with real commits and many connections, on each of the two kinds."""
    engine = make_engine(own_database_url)
    scoping.guard(engine)
    database = Database(engine)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real courses and maps; tests that need it skip, saying so, where it is absent."""
    folder = Path(os.environ.get("LTI_TOOL_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real course data is not here: {folder} (set LTI_TOOL_SHARED_DATA)")
    return folder
