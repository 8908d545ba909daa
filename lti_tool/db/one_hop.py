"""SQLite statements in one hop to the driver's thread instead of four.

aiosqlite runs SQLite in a thread of its own. SQLAlchemy's adapter crosses to it for opening a cursor, executing, fetching and
closing, and each crossing wakes two threads: most of what a small statement costs. Here one function does all four there.
A transaction begins in the hop of its first statement, and one that is over is not rolled back once more when its connection
goes back to the pool.
"""

import collections
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
from sqlalchemy.util import EMPTY_DICT
from sqlalchemy.util.concurrency import await_


class _Done:
    """What a statement left behind, in place of the cursor that is closed already."""

    __slots__ = ("arraysize", "description", "lastrowid", "rowcount")

    def __init__(self) -> None:
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1


def _at_once(
    connection: sqlite3.Connection, begin: str | None, statement: Callable[[sqlite3.Cursor], object]
) -> tuple[list[Any], _Done]:
    cursor = connection.cursor()
    try:
        if begin is not None:
            cursor.execute(begin)
        statement(cursor)
        done = _Done()
        done.description = cursor.description
        rows = cursor.fetchall() if cursor.description else []
        # After RETURNING, rows are counted only once they have been fetched.
        done.rowcount, done.lastrowid = cursor.rowcount, cursor.lastrowid
        return rows, done
    finally:
        cursor.close()


class OneHopCursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that exists only while its statement runs."""

    __slots__ = ()

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection  # noqa: SLF001 - the adapter's own contract.
        self._cursor: Any = _Done()
        self._rows = collections.deque()
        self._soft_closed_memoized = EMPTY_DICT

    def execute(self, operation: Any, parameters: Any = None) -> Any:
        """Run a statement and fetch all of its rows."""
        return self._run(lambda cursor: cursor.execute(operation, () if parameters is None else parameters))

    def executemany(self, operation: Any, seq_of_parameters: Sequence[Any]) -> Any:
        """Run a statement with many sets of parameters."""
        return self._run(lambda cursor: cursor.executemany(operation, seq_of_parameters))

    def close(self) -> None:
        """Drop rows nobody fetched."""
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    def _run(self, statement: Any) -> Any:
        adapted: Any = self._adapt_connection
        try:
            rows, self._cursor = await_(adapted.fetch(statement))
        except Exception as error:  # noqa: BLE001 - handed to the adapter, which raises it as the DBAPI's.
            adapted._handle_exception(error)  # noqa: SLF001
        self._rows = collections.deque(rows)
        return self


class OneHopConnection(AsyncAdapt_aiosqlite_connection):
    """SQLAlchemy's adapter of an aiosqlite connection, with the cursors above."""

    __slots__ = ("begin_with", "left_running")

    _cursor_cls = OneHopCursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self.begin_with: str | None = None
        """The statement that begins the transaction, as long as it is still to be run, before the first of the others."""
        self.left_running = False
        """Whether a statement's caller was cancelled: the thread goes on with it, and may begin a transaction for nobody."""

    async def fetch_short(self, statement: Callable[[sqlite3.Cursor], object]) -> list[Any]:
        """The rows of a statement that touches a few rows by their keys, without a hop where there is nothing to wait for.

        Inside a transaction that has begun SQLite waits for nobody's lock, and such a statement takes a tenth of what two
        threads need to wake each other. Beginning and committing wait for locks and for the disk: they stay in the thread.
        """
        driver: Any = self._connection
        async with self._execute_mutex:
            if self.begin_with is None and not self.left_running and driver.in_transaction:
                return _at_once(driver._conn, None, statement)[0]  # noqa: SLF001
        rows, _ = await self.fetch(statement)
        return rows

    async def fetch(self, statement: Callable[[sqlite3.Cursor], object]) -> tuple[list[Any], _Done]:
        """Have the thread begin the transaction if it is still to begin, run a statement and fetch all of its rows."""
        driver: Any = self._connection
        begin, self.begin_with = self.begin_with, None

        def in_the_thread() -> tuple[list[Any], _Done]:
            return _at_once(driver._conn, begin, statement)  # noqa: SLF001

        async with self._execute_mutex:
            self.left_running = True
            try:
                fetched: tuple[list[Any], _Done] = await driver._execute(in_the_thread)  # noqa: SLF001 - what aiosqlite's public methods call.
            except Exception:
                self.left_running = False
                if begin is not None and not driver.in_transaction:
                    # It could not begin. Whoever goes on all the same must not do so outside of a transaction.
                    self.begin_with = begin
                raise
            self.left_running = False
            return fetched

    def rollback(self) -> None:
        """Undo what is open; nothing to do, and no hop, when nothing is. After a cancelled statement one can only ask the
        thread, which answers when it is through with that.
        """
        if self._may_be_open():
            super().rollback()
            self.left_running = False

    def commit(self) -> None:
        """Keep what was done; nothing to do, and no hop, when no statement was run or each was its own transaction."""
        if self._may_be_open():
            super().commit()

    def _may_be_open(self) -> bool:
        self.begin_with = None
        driver: Any = self._connection
        return driver._connection is not None and (self.left_running or driver.in_transaction)  # noqa: SLF001


def connect(dialect: Any, _record: object, arguments: Any, options: Any) -> OneHopConnection:
    """A connection, for SQLAlchemy's ``do_connect`` event."""
    adapted = dialect.dbapi.connect(*arguments, **options)
    return OneHopConnection(adapted.dbapi, adapted._connection)  # noqa: SLF001
