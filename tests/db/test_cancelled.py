"""A request whose browser went away is cancelled wherever it stands; its transaction must not live on in the pool."""

import asyncio

from sqlalchemy import text

from lti_tool.db.session import Database

PATIENCE = 5.0
_TOUCH = text("UPDATE organisation SET name = name")


async def _write(database: Database, entered: asyncio.Event) -> None:
    entered.set()
    async with database.writing() as session:
        await (await session.connection()).execute(_TOUCH)
        await asyncio.sleep(0)


async def test_cancelled_while_waiting_for_the_lock_it_holds_nothing(own_database: Database) -> None:
    """On SQLite the driver's thread goes on waiting when the coroutine is gone, and gets the lock for nobody."""
    entered = asyncio.Event()
    async with own_database.writing() as holder:
        await (await holder.connection()).execute(_TOUCH)
        waiting = asyncio.create_task(_write(own_database, entered))
        await entered.wait()
        await asyncio.sleep(0.2)
        waiting.cancel()
        await asyncio.sleep(0.1)
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(PATIENCE):
        await _write(own_database, asyncio.Event())


async def test_cancelled_at_any_step_it_holds_nothing(own_database: Database) -> None:
    for step in range(12):
        task = asyncio.create_task(_write(own_database, asyncio.Event()))
        for _ in range(step):
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(PATIENCE):
            await _write(own_database, asyncio.Event())
