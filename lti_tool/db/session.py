"""Transactions. A request or a job is one transaction; only the edge commits it.

What must happen after the commit, and only then (a nudge to the worker), is left with ``after_commit``.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util.concurrency import greenlet_spawn
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.engine import make_engine
from lti_tool.db.fixed import Fixed
from lti_tool.db.one_hop import OneHopConnection

_AFTER_COMMIT = "after_commit"

log = logging.getLogger(__name__)


def after_commit(session: AsyncSession, action: Callable[[], None]) -> None:
    """Have ``action`` called once this transaction is committed; a rollback forgets it. It must be quick and not raise."""
    session.info.setdefault(_AFTER_COMMIT, []).append(action)


class Database:
    """Opens transactions on one database, or, in tests, inside one connection's outer transaction."""

    def __init__(self, engine: AsyncEngine, *, inside: AsyncConnection | None = None) -> None:
        self.engine = engine
        self._inside = inside
        self._reading_engine = engine.execution_options(reads_only=True)
        self.session_info: dict[str, Any] = {}
        """What every session's ``info`` begins with, such as the runner that its transactions nudge."""

    @classmethod
    def at(cls, database_url: str) -> "Database":
        """The database at an address as the settings have it."""
        return cls(make_engine(database_url))

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database, which has one writer at a time."""
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A transaction that may change rows: committed at the end, rolled back when an error leaves the block."""
        session = self._session(self.engine)
        try:
            yield session
            await session.commit()
        except BaseException:
            await _to_the_end(session.close())
            raise
        _put_away(session)
        actions: list[Callable[[], None]] = session.info.pop(_AFTER_COMMIT, [])
        for action in actions:
            action()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads, and on SQLite waits for no writer. Whatever it changed is thrown away."""
        session = self._session(self._reading_engine)
        try:
            yield session
            # What was read stays readable afterwards; a rollback would mark it as stale.
            session.expunge_all()
            await session.rollback()
        except BaseException:
            session.expunge_all()
            await _to_the_end(session.close())
            raise
        _put_away(session)

    async def alone(self, statement: Fixed, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of one statement that is its own transaction: there is no BEGIN and no COMMIT to wait for."""
        dialect = self.engine.dialect
        if self._inside is not None:
            async with self._inside.begin_nested():
                raw = await self._inside.get_raw_connection()
                return await statement.on(raw.dbapi_connection, dialect, values)
        proxy = await greenlet_spawn(self.engine.sync_engine.raw_connection)
        try:
            async with _committing_itself(proxy.dbapi_connection):
                rows = await statement.on(proxy.dbapi_connection, dialect, values)
        except BaseException:
            await _to_the_end(greenlet_spawn(_give_back, proxy))
            raise
        await greenlet_spawn(_give_back, proxy)
        return rows

    def _session(self, engine: AsyncEngine) -> AsyncSession:
        if self._inside is not None:
            return AsyncSession(
                bind=self._inside,
                expire_on_commit=False,
                join_transaction_mode="create_savepoint",
                info=dict(self.session_info),
            )
        return AsyncSession(engine, expire_on_commit=False, info=dict(self.session_info))

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()


async def _to_the_end(work: Coroutine[Any, Any, object]) -> None:
    """Await ``work``; who is cancelled meanwhile leaves it running, so that no connection goes astray."""
    await asyncio.shield(asyncio.create_task(work))


def _put_away(session: AsyncSession) -> None:
    """Close a session whose transaction is over. Its connection is back in the pool: there is nothing to wait for."""
    session.sync_session.close()


def _give_back(proxy: PoolProxiedConnection) -> None:
    """Return a connection to the pool, but never one that would commit the next one's statements each by itself."""
    if getattr(proxy.driver_connection, "autocommit", False) is True:
        proxy.invalidate()
    proxy.close()


@asynccontextmanager
async def _committing_itself(adapted: Any) -> AsyncIterator[None]:
    """Statements on this connection are transactions of their own. SQLite's are whenever nobody has begun one."""
    if isinstance(adapted, OneHopConnection):
        yield
        return
    driver = adapted.driver_connection
    await driver.set_autocommit(True)
    try:
        yield
    finally:
        if not driver.closed:
            await driver.set_autocommit(False)
