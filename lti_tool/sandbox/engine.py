"""The engine for the sandbox's SQLite file.

The driver's own handling of transactions is switched off: with it, two readers that both go on to write lose one of the
writes. A writing transaction begins with BEGIN IMMEDIATE, the journal is WAL, and every commit reaches the disk, so that
killing the process at any moment loses nothing that was answered.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_SECONDS = 30


def make_engine(file: Path) -> AsyncEngine:
    """An engine on ``file``; its folder is made when it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{file}",
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS},
        pool_size=10,
        max_overflow=20,
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN DEFERRED" if reads_only else "BEGIN IMMEDIATE")
