"""Connections that died while they waited in the pool are replaced before anybody gets them."""

import asyncio

import psycopg
import pytest
from sqlalchemy import event, text
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db import waiting
from lti_tool.db.session import Database

# SQLite has nobody who could end a connection.
pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])


async def backend(session: AsyncSession) -> int:
    return int((await (await session.connection()).execute(text("SELECT pg_backend_pid()"))).scalar_one())


async def end_everything(database: Database) -> None:
    """What a restart of the server does to its connections."""
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        while (await (await connection.execute(left)).fetchone()) != (0,):  # noqa: ASYNC110 - another process.
            await asyncio.sleep(0.01)


async def test_nobody_notices_that_the_server_ended_every_connection(own_database: Database) -> None:
    async def use() -> int:
        async with own_database.writing() as session:
            found = await backend(session)
            await asyncio.sleep(0.05)
            return found

    before = await asyncio.gather(*(use() for _ in range(5)))
    for _ in range(3):
        await end_everything(own_database)
        after = await asyncio.gather(*(use() for _ in range(5)))
        assert set(before).isdisjoint(after)
        before = after


async def test_what_runs_alone_and_what_reads_does_not_notice_either(own_database: Database) -> None:
    from .test_fixed import TAKE_LOGIN

    for _ in range(3):
        await end_everything(own_database)
        assert await own_database.alone(TAKE_LOGIN, {"state": "none"}) == []
        await end_everything(own_database)
        async with own_database.reading() as session:
            await backend(session)


async def test_a_connection_that_lives_is_asked_only_after_a_long_wait(
    own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    dialect = own_database.engine.dialect
    ping = dialect.do_ping
    monkeypatch.setattr(dialect, "do_ping", lambda driver: asked.append(driver) or ping(driver))
    connected: list[object] = []
    event.listen(own_database.engine.sync_engine, "connect", lambda *_: connected.append(None))
    for _ in range(5):
        async with own_database.reading() as session:
            first = await backend(session)
    assert asked == []
    monkeypatch.setattr(waiting, "TRUSTED_SECONDS", 0)
    async with own_database.reading() as session:
        assert await backend(session) == first
    assert len(asked) == 1
    assert len(connected) <= 1
