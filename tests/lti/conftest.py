"""A tool with the protocol's routes alone, and two platforms registered with it."""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.db.base import crossing
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.lti.keys import MemoryKeys
from lti_tool.lti.launch import Entry, Launch
from lti_tool.lti.models import Deployment, OidcLogin, Registration, ToolSession
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.routes import routes
from lti_tool.settings import Settings
from lti_tool.web.install import install
from lti_tool.web.routing import add_routes
from tests.lti.support import TOOL, Browser, Platform, signing_key


@dataclass
class Tool:
    """The tool under test, and what the test wants to know of it."""

    app: FastAPI
    database: Database
    protocol: Protocol
    clock: ManualClock
    platform: Platform
    other: Platform
    organisation_id: uuid.UUID
    registration: Registration
    entered: list[Launch] = field(default_factory=list)

    def browser(self) -> Browser:
        return Browser(self.app)

    async def rows(self, table: type[SQLModel]) -> list[Any]:
        async with self.database.reading() as session:
            found = await session.exec(
                select(table),
                execution_options=crossing("the test looks at everything"),  # type: ignore[call-overload]
            )
            rows = list(found.scalars().all())
            session.expunge_all()
            return rows

    async def counts(self) -> dict[str, int]:
        """Rows by table, of every table."""
        counts = {}
        async with self.database.reading() as session:
            connection = await session.connection()
            for table in SQLModel.metadata.sorted_tables:
                found = await connection.execute(
                    select(func.count()).select_from(table), execution_options=crossing("the test counts everything")
                )
                counts[table.name] = found.scalar_one()
        return counts

    async def refused(self, response: httpx.Response, code: str, *statuses: int) -> AuditEntry:
        """Check that a launch was refused for this reason, readably, and left its audit entry alone; returns that."""
        assert response.status_code in (statuses or (400, 401, 403)), response.text
        assert response.headers["content-type"].startswith("text/html")
        assert "__Host-lti_session" not in response.headers.get("set-cookie", "")
        assert await self.rows(ToolSession) == []
        assert await self.rows(OidcLogin) == []
        assert self.entered == []
        entries = await self.rows(AuditEntry)
        assert [entry.action for entry in entries] == ["launch.refused"]
        assert entries[0].detail.startswith(code + ":"), entries[0].detail
        assert entries[0].reference
        assert entries[0].reference in response.text
        return entries[0]


def settings_for(folder: Path, **changes: Any) -> Settings:
    return Settings(_env_file=None, base_url=TOOL, keys_dir=folder, secret_key="s" * 40, **changes)


async def build(database: Database, clock: ManualClock, folder: Path) -> tuple[Tool, Callable[[], Any]]:
    platform, other = Platform(clock), Platform(clock, "other", "client-2")
    hosts = {f"{one.name}.example": one for one in (platform, other)}
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: hosts[request.url.host].handle(request)))
    async with database.writing() as session:
        organisation = Organisation(name="School", created_at=clock.now())
        session.add(organisation)
        await session.flush()
        registrations = []
        for one in (platform, other):
            registration = Registration(**one.columns(organisation.id, clock.now()))
            session.add(registration)
            await session.flush()
            session.add(
                Deployment(
                    organisation_id=organisation.id,
                    registration_id=registration.id,
                    deployment_id=one.deployment_id,
                    created_at=clock.now(),
                )
            )
            registrations.append(registration)
    settings = settings_for(folder)
    keys = MemoryKeys(clock, lambda: signing_key("tool"))
    app = FastAPI()
    protocol = Protocol(settings, clock, http, database, keys=keys)
    tool = Tool(app, database, protocol, clock, platform, other, organisation.id, registrations[0])

    async def enter(_session: AsyncSession, launch: Launch, _now: datetime) -> Entry:
        tool.entered.append(launch)
        return Entry(launch.deployment.organisation_id, None, None, None, launch.role, "/welcome")

    app.state.settings, app.state.clock, app.state.database = settings, clock, database
    app.state.http, app.state.protocol, app.state.enter = http, protocol, enter
    install(app, settings)
    add_routes(app, routes)
    return tool, http.aclose


@pytest.fixture
async def tool(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Tool]:
    """The tool on each of the two databases, rolled back at the end."""
    built, close = await build(database, clock, tmp_path)
    yield built
    await built.protocol.key_sets.settle()
    await close()


@pytest.fixture
async def own_tool(own_database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Tool]:
    """The tool on a database with real commits and many connections."""
    built, close = await build(own_database, clock, tmp_path)
    yield built
    await built.protocol.key_sets.settle()
    await close()
