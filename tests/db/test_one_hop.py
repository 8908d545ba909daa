"""Our cursor for SQLite behaves as SQLAlchemy's own does."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from lti_tool.db.engine import make_engine
from lti_tool.db.one_hop import OneHopConnection
from lti_tool.db.session import Database


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncEngine:
    return make_engine(f"sqlite:///{tmp_path}/one.db")


async def test_statements_of_every_kind(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        raw = await connection.get_raw_connection()
        assert isinstance(raw.dbapi_connection, OneHopConnection)
        await connection.execute(text("CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT UNIQUE)"))
        many = [{"word": word} for word in ("a", "b", "c")]
        await connection.execute(text("INSERT INTO t (word) VALUES (:word)"), many)
        returned = await connection.execute(text("DELETE FROM t WHERE word = 'b' RETURNING id, word"))
        assert returned.all() == [(2, "b")]
        changed = await connection.execute(text("UPDATE t SET word = word || 'x'"))
        assert changed.rowcount == 2
        nothing = await connection.execute(text("SELECT id, word FROM t WHERE id = 99"))
        assert list(nothing.keys()) == ["id", "word"]
        assert nothing.all() == []
        rows = await connection.execute(text("SELECT id, word FROM t ORDER BY id"))
        assert rows.first() == (1, "ax")
    await engine.dispose()


async def test_errors_are_sqlalchemys(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE t (word TEXT UNIQUE)"))
        await connection.execute(text("INSERT INTO t VALUES ('a')"))
    with pytest.raises(IntegrityError):
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO t VALUES ('a')"))
    with pytest.raises(OperationalError):
        async with engine.begin() as connection:
            await connection.execute(text("SELECT nonsense"))
    await engine.dispose()


async def test_what_is_not_committed_is_undone_when_the_connection_goes_back(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE t (word TEXT)"))
    async with engine.connect() as connection:
        await connection.execute(text("INSERT INTO t VALUES ('a')"))
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM t"))).scalar_one() == 0
    await engine.dispose()


async def test_a_transaction_that_cannot_begin_is_an_operational_error(tmp_path: Path) -> None:
    path = tmp_path / "locked.db"
    writer = make_engine(f"sqlite:///{path}")
    other = make_engine(f"sqlite:///{path}")
    async with other.connect() as impatient:
        driver = await impatient.get_raw_connection()
        assert driver.driver_connection is not None
        await driver.driver_connection.execute("PRAGMA busy_timeout=1")
    async with writer.begin() as connection:
        await connection.execute(text("CREATE TABLE t (word TEXT)"))
        with pytest.raises(OperationalError, match="locked"):
            async with other.begin() as waiting:
                await waiting.execute(text("SELECT 1"))
    await writer.dispose()
    await other.dispose()


async def test_a_request_cancelled_at_any_moment_leaves_no_transaction_behind(own_database: Database) -> None:
    """The driver's thread goes on with a statement whose caller is gone, and may get the lock for nobody."""

    async def write(begun: asyncio.Event) -> None:
        begun.set()
        async with own_database.writing() as session:
            connection = await session.connection()
            await connection.execute(text("UPDATE organisation SET name = name"))

    for moment in range(10):
        begun = asyncio.Event()
        async with own_database.writing() as holder:
            connection = await holder.connection()
            await connection.execute(text("UPDATE organisation SET name = name"))
            waiting = asyncio.create_task(write(begun))
            await begun.wait()
            await asyncio.sleep(moment / 200)
            waiting.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(60):
            await write(asyncio.Event())
