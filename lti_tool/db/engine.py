"""Engines for the two databases, set up as their traps demand.

SQLite: the driver's own transaction handling is off and every writing transaction begins with BEGIN IMMEDIATE; with the
driver's default, 28 of 30 concurrent increments were lost. The journal is WAL, and every commit reaches the disk.

Of the pool's connections the one used last is taken first: its caches are warm and its statements are prepared.
"""

from pathlib import Path
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import PoolResetState

from lti_tool.db import one_hop, waiting

BUSY_SECONDS = 30


def async_url(database_url: str) -> URL:
    """The address with the asynchronous driver of its database."""
    url = make_url(database_url)
    driver = "sqlite+aiosqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg"
    return url.set(drivername=driver)


def make_engine(database_url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine for ``sqlite:///FILE`` or ``postgresql://…``; SQLite's folder is made when it is missing."""
    url = async_url(database_url)
    if url.get_backend_name() == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(
            url,
            # One thread at a time uses a connection (its lock sees to that), but not always the same one.
            connect_args={"isolation_level": None, "timeout": BUSY_SECONDS, "check_same_thread": False},
            pool_size=pool_size,
            pool_use_lifo=True,
        )
        event.listen(engine.sync_engine, "do_connect", one_hop.connect)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    engine = create_async_engine(
        url,
        # What is fixed is prepared by name (``pipelined``). psycopg would count the others, prepare those that come often, and
        # have the server forget all that is prepared, ours included, with each transaction that is rolled back.
        # Texts are told in UTF-8, whatever a database keeps them in.
        connect_args={"prepare_threshold": None, "client_encoding": "utf8"},
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_use_lifo=True,
        pool_reset_on_return=None,
    )
    event.listen(engine.sync_engine, "reset", _roll_back_what_is_open)
    waiting.check_connections(engine)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    cursor.close()


def _roll_back_what_is_open(adapted: Any, _record: object, state: PoolResetState) -> None:
    """What SQLAlchemy's own reset does, without going to the driver for a transaction that is over."""
    driver = adapted.driver_connection
    if not state.terminate_only and driver.info.transaction_status is not TransactionStatus.IDLE:
        adapted.rollback()


def _begin_sqlite(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    driver: Any = connection.connection.dbapi_connection
    driver.begin_with = "BEGIN DEFERRED" if reads_only else "BEGIN IMMEDIATE"
