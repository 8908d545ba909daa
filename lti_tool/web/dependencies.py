"""What routes ask for by annotation: a transaction, the clock, the pages. FastAPI fills them from ``app.state``.

None of them waits for anything, and all are ``async`` nevertheless: FastAPI sends a plain function to another thread, which
takes longer than most of them together.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.settings import Settings
from lti_tool.web.pages import Pages


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _pages(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


async def _reading(request: Request) -> AsyncIterator[AsyncSession]:
    async with (await _database(request)).reading() as session:
        yield session


async def _writing(request: Request) -> AsyncIterator[AsyncSession]:
    async with (await _database(request)).writing() as session:
        yield session


# ``scope="function"`` ends the transaction when the route returns, before a byte of the response is sent: a browser that
# is told "saved" finds it saved, and a commit that fails is still an error page.
ReadSession = Annotated[AsyncSession, Depends(_reading, scope="function")]
"""A transaction that only reads; whatever it changed is thrown away."""

WriteSession = Annotated[AsyncSession, Depends(_writing, scope="function")]
"""The one transaction of a request that changes something; committed before the response is sent."""

Now = Annotated[Clock, Depends(_clock)]
"""The clock; ``clock.now()`` is the present moment in UTC."""

CurrentDatabase = Annotated[Database, Depends(_database)]
"""The database itself, for the few routes that wait for the network between two transactions."""

CurrentSettings = Annotated[Settings, Depends(_settings)]
"""The installation's settings."""

CurrentPages = Annotated[Pages, Depends(_pages)]
"""What renders templates."""
