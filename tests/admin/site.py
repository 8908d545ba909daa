"""The console in an application of its own: two schools whose LMSs really launch, and the installation's owner."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter
from sqlmodel import col, select

from lti_tool.admin import owners
from lti_tool.admin import routes as admin_routes
from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.content.connectors import Connectors
from lti_tool.courses import routes as course_routes
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.lti.models import Deployment, Registration
from lti_tool.platforms import quirks
from lti_tool.playlists import destinations
from lti_tool.playlists import routes as playlist_routes
from lti_tool.web.routing import add_router
from tests.lti.conftest import Tool, build
from tests.lti.support import LTI, TOOL, Browser, Platform

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
SCHOOL_ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
TEACHER = MEMBERSHIP + "Instructor"


@dataclass
class School:
    """An organisation with its LMS and the one place the tool is installed at."""

    platform: Platform
    organisation_id: uuid.UUID
    registration_id: uuid.UUID
    deployment_id: uuid.UUID


@dataclass
class Site:
    """The application under test. ``school`` and ``other`` are two organisations that know nothing of each other."""

    tool: Tool
    school: School
    other: School

    @property
    def database(self) -> Database:
        return self.tool.database

    @property
    def clock(self) -> ManualClock:
        return self.tool.clock

    async def owner(self) -> "Visitor":
        """A browser in which the installation's owner has signed in."""
        async with self.database.writing() as session:
            code = await owners.make_link(session, self.clock.now(), actor="command line")
        visitor = self.anybody()
        signed_in = await visitor.client.post("/admin/sign-in", data={"code": code}, headers={"Origin": TOOL})
        assert signed_in.status_code == 303, signed_in.text
        return visitor

    async def launched(self, *roles: str, school: School | None = None, sub: str = "39890", **claims: Any) -> "Visitor":
        """A browser that a launch with these roles has led in."""
        browser = Browser(self.tool.app)
        school = school or self.school
        answer = await browser.launch(school.platform, sub=sub, **{LTI + "roles": list(roles)}, **claims)
        assert answer.status_code == 303, answer.text
        return Visitor(browser.client)

    async def administrator(self, school: School | None = None, **claims: Any) -> "Visitor":
        """An administrator of a school, by a launch."""
        return await self.launched(SCHOOL_ADMINISTRATOR, TEACHER, school=school, **claims)

    def anybody(self) -> "Visitor":
        """A browser without any session."""
        return Visitor(Browser(self.tool.app).client)

    async def actions(self) -> list[tuple[str, str | None]]:
        """What the audit log holds, in order: action and actor."""
        async with self.database.reading() as session:
            entries = (await session.exec(select(AuditEntry).order_by(col(AuditEntry.at), col(AuditEntry.id)))).all()
            return [(entry.action, entry.actor) for entry in entries]

    async def registration(self, school: School | None = None) -> Registration:
        """A school's registration as it stands."""
        async with self.database.reading() as session:
            found = await session.get(Registration, (school or self.school).registration_id)
        assert found is not None
        return found


@dataclass
class Visitor:
    """A browser that keeps its cookies, and sends the forms of the page it has open."""

    client: httpx.AsyncClient
    session: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, *, follow: bool = True) -> httpx.Response:
        """Open a page."""
        page = await self.client.get(path, headers=self.headers, follow_redirects=follow)
        self._note(page)
        return page

    async def post(self, path: str, *, follow: bool = True, **fields: str | list[str]) -> httpx.Response:
        """Send a form of the page last opened, or of the console's front page."""
        if not self.session:
            await self.get("/admin")
        page = await self.client.post(
            path,
            data={"session": self.session, **fields},
            headers={"Origin": TOOL} | self.headers,
            follow_redirects=follow,
        )
        self._note(page)
        return page

    def _note(self, page: httpx.Response) -> None:
        found = re.search(r'name="lti-session" content="([^"]+)"', page.text)
        self.session = found[1] if found else self.session


async def a_site(
    database: Database, clock: ManualClock, folder: Path, *routers: APIRouter
) -> tuple[Site, Callable[[], Any]]:
    """The site, and what closes it. ``routers`` are further pages than the courses', the playlists' and the console's."""
    tool, close = await build(database, clock, folder)
    tool.app.state.enter = destinations.enter
    tool.app.state.quirks_of = quirks
    tool.app.state.connectors = Connectors(tool.protocol.http, clock, "s" * 40, database)
    for router in (course_routes.router, playlist_routes.router, admin_routes.router, *routers):
        add_router(tool.app, router)
    async with database.writing() as session:
        elsewhere = Organisation(name="Elsewhere", created_at=clock.now())
        session.add(elsewhere)
        await session.flush()
        schools = []
        for platform, organisation_id in ((tool.platform, tool.organisation_id), (tool.other, elsewhere.id)):
            registration = (
                await session.exec(select(Registration).where(Registration.issuer == platform.issuer))
            ).one()
            deployment = (
                await session.exec(select(Deployment).where(Deployment.registration_id == registration.id))
            ).one()
            registration.organisation_id = deployment.organisation_id = organisation_id
            schools.append(School(platform, organisation_id, registration.id, deployment.id))
    return Site(tool, *schools), close
