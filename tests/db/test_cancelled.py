"""A request whose browser went away is cancelled wherever it stands; its transaction must not live on in the pool."""

import asyncio

from sqlalchemy import text
from sqlmodel import select

from lti_tool.db.session import Database
from lti_tool.lti.models import OidcLogin

from .test_database import a_school
from .test_fixed import ADD_LOGIN, TAKE_LOGIN, a_login

PATIENCE = 60.0
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


async def test_statements_of_launches_cancelled_at_any_step_hold_nothing(own_database: Database) -> None:
    """They go around SQLAlchemy: what it does for a cancelled statement has to happen for them too."""
    _, registration, _ = await a_school(own_database)

    async def login_and_launch(state: str) -> None:
        await own_database.alone(ADD_LOGIN, a_login(registration.id, state))
        async with own_database.writing() as session:
            assert len(await TAKE_LOGIN.run(session, {"state": state})) == 1
            assert await TAKE_LOGIN.run(session, {"state": state}) == []
            await asyncio.sleep(0)

    for step in range(24):
        task = asyncio.create_task(login_and_launch(f"cancelled {step}"))
        for _ in range(step // 2):
            await asyncio.sleep(0.0005 if step % 2 else 0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(PATIENCE):
            await login_and_launch(f"after {step}")
    async with own_database.reading() as session:
        left = {one.state_digest for one in (await session.exec(select(OidcLogin))).all()}
    assert not any(state.startswith("after") for state in left)
