"""The rooms' pages in an application of their own, with an LMS that answers over a faked transport."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI
from joserfc.jwk import RSAKey

from lti_tool.clock import ManualClock
from lti_tool.content.connectors import Connectors
from lti_tool.content.own import Own
from lti_tool.courses import routes as course_routes
from lti_tool.db.session import Database
from lti_tool.grades.column_queries import made_columns
from lti_tool.lti.keys import MemoryKeys
from lti_tool.lti.launch import Entry, Launch
from lti_tool.lti.models import Role
from lti_tool.lti.services import Protocol
from lti_tool.lti.sessions import SessionStart, start_session
from lti_tool.settings import Settings
from lti_tool.web.install import install
from lti_tool.web.routing import add_router

from .school import School, a_school, come_in

SECRET = "a secret of the tests, long enough to be one"
Answer = Callable[[httpx.Request], httpx.Response]


@cache
def _key() -> RSAKey:
    return RSAKey.generate_key(2048)


@dataclass
class Lms:
    """Answers by path; what it was asked stands in ``asked``."""

    answers: dict[str, Answer | httpx.Response] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 3600})
        answer = self.answers.get(request.url.path)
        if answer is None:
            return httpx.Response(404, json={"errors": []})
        return answer(request) if callable(answer) else answer


@dataclass
class Site:
    """The application under test."""

    app: FastAPI
    database: Database
    clock: ManualClock
    lms: Lms
    protocol: Protocol
    connectors: Connectors
    school: School

    async def arrive(self, launch: Launch | None = None, **start: Any) -> "Visitor":
        """Launch, start the session, and be the browser with it."""
        launch = launch or self.school.launch()
        entry = await come_in(self.database, launch, self.clock.now())
        begun = SessionStart(
            organisation_id=entry.organisation_id,
            registration_id=launch.registration.id,
            person_id=entry.person_id,
            course_id=entry.course_id,
            resource_link_id=entry.resource_link_id,
            role=entry.role,
            observes=launch.mentor_of,
            **start,
        )
        async with self.database.writing() as session:
            token = await start_session(session, begun, self.clock.now())
        return Visitor(self, entry, token)

    async def teacher(self, **changes: Any) -> "Visitor":
        """A teacher of the school's course."""
        return await self.arrive(self.school.launch("teacher", role=Role.TEACHER, name="Grace Hopper", **changes))

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://localhost:8000", headers=headers
        )


@dataclass
class Visitor:
    """A browser with a session."""

    site: Site
    entry: Entry
    token: str

    @property
    def course(self) -> str:
        """The address of the course."""
        return f"/courses/{self.entry.course_id}"

    async def get(self, path: str) -> httpx.Response:
        async with self.site.client(self.token) as client:
            return await client.get(path)

    async def post(self, path: str, **data: str | list[str]) -> httpx.Response:
        """Send a form of our own page."""
        page = await self.get("/no-course")
        session = page.text.split('name="lti-session" content="')[1].split('"')[0]
        async with self.site.client(self.token) as client:
            return await client.post(
                path, data={"session": session, **data}, headers={"Origin": "http://localhost:8000"}
            )


async def a_site(database: Database, clock: ManualClock, *routers: APIRouter) -> Site:
    """The application with the courses' routes and ``routers``."""
    school = await a_school(database)
    lms = Lms()
    http = httpx.AsyncClient(transport=httpx.MockTransport(lms))
    settings = Settings(_env_file=None, secret_key=SECRET)
    protocol = Protocol(settings, clock, http, database, keys=MemoryKeys(clock, _key))
    connectors = Connectors(http, clock, SECRET, database, own=Own(settings.base_url, made_columns))
    app = FastAPI()
    app.state.settings, app.state.clock, app.state.database = settings, clock, database
    app.state.http, app.state.protocol, app.state.connectors = http, protocol, connectors
    install(app, settings)
    for router in (course_routes.router, *routers):
        add_router(app, router)
    return Site(app, database, clock, lms, protocol, connectors, school)


def nowhere() -> str:
    """The id of nothing."""
    return str(uuid.uuid4())
