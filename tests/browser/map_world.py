"""The whole tool in a process of the test, with a school, a course and a teacher whose browser is signed in."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Browser, BrowserContext, Page
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.app import create_app
from lti_tool.clock import SystemClock
from lti_tool.competencies import maps
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.lti.sessions import SessionStart, start_session
from lti_tool.settings import Settings
from tests.browser_tools import serving
from tests.competencies import map_seed
from tests.courses.school import NOW
from tests.playlists.seed import School, school
from tests.servers import free_port, migrated_file

T = TypeVar("T")


@dataclass
class World:
    """What a browser test needs: where it is, and how to come in."""

    address: str
    token: str
    school: School
    database_url: str

    @property
    def course(self) -> str:
        """The address of the course."""
        return f"{self.address}/courses/{self.school.course.id}"

    def do(self, change: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Change something behind the pages' back."""
        # Playwright keeps an event loop running in this thread.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, _alone(self.database_url, change)).result()

    @contextmanager
    def browsing(self, browser: Browser, **options: object) -> Iterator[Page]:
        """A page of the teacher's browser; errors of scripts and what the security policy stops fail the test."""
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context: BrowserContext = browser.new_context(locale="en-US", **options)  # type: ignore[arg-type]
        context.set_extra_http_headers({"Authorization": f"Bearer {self.token}"})
        page = context.new_page()
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda told: troubles.append(told.text) if "Content Security Policy" in told.text else None)
        try:
            yield page
        finally:
            context.close()
        assert troubles == []


async def _alone(database_url: str, change: Callable[[AsyncSession], Awaitable[T]]) -> T:
    database = Database.at(database_url)
    try:
        async with database.writing() as session:
            return await change(session)
    finally:
        await database.close()


async def _seed(database_url: str, common_core: Path | None, *, picked: bool) -> tuple[School, str]:
    database = Database.at(database_url)
    async with database.writing() as session:
        made = await school(session)
        if common_core is not None:
            every = await map_seed.common_core(session, made.id, common_core)
            if picked:
                await maps.pick(session, made.course, [one.id for one in map_seed.standards(every)], NOW, None)
        else:
            await map_seed.letters(session, made.id, "ABCDEF", [("A", "B"), ("B", "C"), ("A", "D")])
        start = SessionStart(
            organisation_id=made.id,
            registration_id=made.registration.id,
            person_id=made.teacher.id,
            course_id=made.course.id,
            resource_link_id=None,
            role=Role.TEACHER,
            observes=(),
        )
        token = await start_session(session, start, SystemClock().now())
    await database.close()
    return made, token


@contextmanager
def a_world(
    folder: Path, *, common_core: Path | None = None, picked: bool = False, connectors: object | None = None
) -> Iterator[World]:
    """The tool on a free port of this machine, with SQLite in ``folder``; ``connectors`` in place of its own, for its pages."""
    port = free_port()
    database_url = migrated_file(folder / "tool.db")
    with ThreadPoolExecutor(1) as thread:
        made, token = thread.submit(asyncio.run, _seed(database_url, common_core, picked=picked)).result()
    settings = Settings(
        _env_file=None,
        base_url=f"http://127.0.0.1:{port}",
        database_url=database_url,
        keys_dir=folder / "keys",
        secret_key="a secret of the tests, long enough to be one",
    )
    app = create_app(settings)
    if connectors is not None:
        app.state.connectors = connectors
    with serving(app, port=port) as address:
        yield World(address, token, made, database_url)


def shared_data() -> Path | None:
    """The folder of real maps, where it is."""
    given = os.environ.get("LTI_TOOL_SHARED_DATA")
    folder = Path(given) if given else Path(__file__).resolve().parents[3] / "shared" / "data"
    return folder if folder.is_dir() else None
