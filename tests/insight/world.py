"""The whole tool over HTTP for a browser, on a database of its own that a school was put into."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.app import create_app
from lti_tool.clock import ManualClock
from lti_tool.courses.models import Person
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.lti.sessions import SessionStart, start_session
from lti_tool.settings import Settings
from tests.browser_tools import serving
from tests.playlists.seed import School
from tests.servers import free_port, migrated_file

T = TypeVar("T")


def in_a_loop(work: Callable[[], Awaitable[T]]) -> T:
    """Run ``work`` in a loop of its own: Playwright keeps one running in the tests' thread."""

    async def run() -> T:
        return await work()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()


@dataclass
class World:
    """A running tool and its school."""

    address: str
    url: str
    clock: ManualClock
    school: School

    @property
    def course(self) -> str:
        """The address of the school's course."""
        return f"{self.address}/courses/{self.school.course.id}"

    def sign_in(self, person: Person, role: Role, observes: tuple[str, ...] = ()) -> dict[str, str]:
        """The headers of a browser with a session."""
        start = SessionStart(
            organisation_id=self.school.id,
            registration_id=self.school.registration.id,
            person_id=person.id,
            course_id=self.school.course.id,
            resource_link_id=None,
            role=role,
            observes=observes,
        )

        async def begin(session: AsyncSession) -> str:
            return await start_session(session, start, self.clock.now())

        return {"Authorization": f"Bearer {self.write(begin)}"}

    def write(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Do something in a transaction."""

        async def run() -> T:
            database = Database.at(self.url)
            try:
                async with database.writing() as session:
                    return await work(session)
            finally:
                await database.close()

        return in_a_loop(run)


@contextmanager
def a_world(
    folder: Path, fill: Callable[[AsyncSession], Awaitable[School]], *, url: str | None = None
) -> Iterator[World]:
    """Make the database, unless the address of a migrated one is given; let ``fill`` put a school into it, serve."""
    url = url or migrated_file(folder / f"{uuid.uuid4().hex}.db")
    clock = ManualClock()

    async def prepare() -> School:
        database = Database.at(url)
        try:
            async with database.writing() as session:
                school = await fill(session)
                session.expunge_all()
                return school
        finally:
            await database.close()

    school = in_a_loop(prepare)
    port = free_port()
    settings = Settings(
        _env_file=None,
        base_url=f"http://127.0.0.1:{port}",
        database_url=url,
        secret_key="a secret of the tests, long enough to be one",
        worker="external",
        keys_dir=folder / "keys",
    )
    with serving(create_app(settings, clock=clock), port=port) as address:
        yield World(address, url, clock, school)
