"""The playlists' pages in an application of their own, with browsers that are signed in and an LMS that has results."""

import re
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from fastapi import FastAPI
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import ManualClock
from lti_tool.content.connectors import Connected
from lti_tool.courses.models import Course, Person
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.lti.models import Role
from lti_tool.lti.sessions import SessionStart, start_session
from lti_tool.platforms.native import Capability, NativeConnector, NativeResult, NativeResults, NativeTrouble
from lti_tool.playlists import routes
from lti_tool.settings import Settings
from lti_tool.web.install import install
from lti_tool.web.routing import add_router
from tests.playlists import seed
from tests.playlists.seed import School


@dataclass
class Lms(NativeConnector):
    """An LMS's own API, as the connector's port has it: results by item key and user."""

    offers = frozenset({Capability.RESULTS})

    clock: ManualClock
    known: list[NativeResult] = field(default_factory=list)
    trouble: NativeTrouble | None = None
    asked: int = 0

    async def of(self, _session: AsyncSession, _course: Course) -> Connected:
        return Connected(connector=self, connection_id=new_id(), course_id="1", source="canvas:")

    async def results(
        self,
        course_id: str,
        result_keys: Collection[str],
        user_ids: Collection[str],
        *,
        since: datetime | None = None,
    ) -> AsyncIterator[NativeResults]:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        found = tuple(
            one
            for one in self.known
            if one.result_key in result_keys and one.user_id in user_ids and (since is None or one.at >= since)
        )
        yield NativeResults(found, found)


@dataclass
class Site:
    """The application under test, and its school."""

    app: FastAPI
    database: Database
    clock: ManualClock
    lms: Lms
    school: School

    @property
    def course(self) -> str:
        """The address of the school's course."""
        return f"/courses/{self.school.course.id}"

    async def sign_in(
        self,
        person: Person,
        role: Role = Role.STUDENT,
        *,
        school: School | None = None,
        observes: tuple[str, ...] = (),
        **start: Any,
    ) -> "Visitor":
        """A browser with a session in the school's course."""
        school = school or self.school
        start = SessionStart(
            organisation_id=school.id,
            registration_id=school.registration.id,
            person_id=person.id,
            course_id=school.course.id,
            resource_link_id=None,
            role=role,
            observes=observes,
            **start,
        )
        async with self.database.writing() as session:
            token = await start_session(session, start, self.clock.now())
        return Visitor(self, token)

    async def teacher(self) -> "Visitor":
        """The course's teacher."""
        return await self.sign_in(self.school.teacher, Role.TEACHER)

    async def student(self, place: int = 0) -> "Visitor":
        """One of the course's students."""
        return await self.sign_in(self.school.students[place])

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """A browser, with or without a session."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="http://localhost:8000",
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )


@dataclass
class Visitor:
    """A browser with a session, that follows where forms lead."""

    site: Site
    token: str
    _session: str = ""

    async def get(self, path: str) -> httpx.Response:
        """Open a page."""
        async with self.site.client(self.token) as client:
            page = await client.get(path, follow_redirects=True)
        found = re.search(r'name="lti-session" content="([^"]+)"', page.text)
        self._session = found[1] if found else self._session
        return page

    async def post(self, path: str, *, follow: bool = True, **fields: str | list[str]) -> httpx.Response:
        """Send a form of the page last opened."""
        async with self.site.client(self.token) as client:
            return await client.post(
                path,
                data={"session": self._session, **fields},
                headers={"Origin": "http://localhost:8000"},
                follow_redirects=follow,
            )

    async def by_script(self, path: str, *, tab: bool = False, **fields: str) -> httpx.Response:
        """Send what the page's script sends; ``tab``: a form, where the tab keeps its session itself."""
        async with self.site.client(self.token) as client:
            return await client.post(
                path,
                data={"session": self._session, **fields},
                headers={"Origin": "http://localhost:8000", "X-LTI-Session": self._session}
                | ({"X-LTI-Tab": "1"} if tab else {}),
            )


async def a_site(database: Database, clock: ManualClock) -> Site:
    """The application with the playlists' pages, and a school."""
    async with database.writing() as session:
        school = await seed.school(session)
    settings = Settings(_env_file=None, secret_key="a secret of the tests, long enough to be one")
    lms = Lms(clock)
    app = FastAPI()
    app.state.settings, app.state.clock, app.state.database, app.state.connectors = settings, clock, database, lms
    app.state.protocol = None  # The school has no roster to read.
    install(app, settings)
    add_router(app, routes.router)
    return Site(app, database, clock, lms, school)
