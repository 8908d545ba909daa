"""The tool as it really is, beside a Moodle, and people with browsers."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from fastapi import FastAPI
from lxml import html

from lti_tool.app import create_app
from lti_tool.db.session import Database
from lti_tool.lti.http import make_client
from lti_tool.lti.models import Family
from lti_tool.lti.registrations import add_platform, find_organisation
from lti_tool.settings import Settings
from tests.moodle.moodle import CLIENT_ID, ROOT, TOOL, TYPE_ID, Moodle, form_of
from tests.moodle.services import User, Users

PATIENCE_SECONDS = 60.0


def a_class() -> Users:
    """A teacher, a non-editing teacher, an administrator of the site, and thirty students with the names students have."""
    named = [("José", "García"), ("Siobhán", "O'Brien"), ("小龍", "李"), ("Zoë", "Åkesson-Šimić"), ("Amina", "Diallo")]
    students = [User(str(190 + place), *name) for place, name in enumerate(named)]
    students += [User(str(190 + place), f"Student{place}", f"Learner{place:02}") for place in range(len(named), 30)]
    staff = [User("189", "Tessa", "Teacher", "teacher"), User("221", "Tom", "Assistant", "assistant")]
    everyone = [*staff, *students, User("2", "Admin", "User", "admin")]
    return {user.id: user for user in everyone}


@dataclass
class MovingClock:
    """The machine's clock, and what a test has added to it."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """The present moment, moved."""
        return datetime.now(UTC) + self.ahead


@dataclass
class World:
    """A tool whose process can be ended and begun again, and a Moodle."""

    settings: Settings
    database: Database
    moodle: Moodle
    clock: MovingClock = field(default_factory=MovingClock)
    app: FastAPI | None = None
    _running: contextlib.AsyncExitStack | None = None

    async def start(self) -> None:
        """Begin a process of the tool."""
        headers = make_client(self.settings).headers
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.moodle), headers=headers)
        self.app = create_app(self.settings, clock=self.clock, http=http)
        self._running = contextlib.AsyncExitStack()
        await self._running.enter_async_context(self.app.router.lifespan_context(self.app))

    async def stop(self) -> None:
        """End the tool's process; after some seconds what waits for an answer is cut off, as a kill would."""
        if self._running is not None:
            await self._running.aclose()
        self._running = self.app = None

    def pass_time(self, by: timedelta) -> None:
        """Move both clocks."""
        self.clock.ahead += by
        self.moodle.ahead += by

    def visit(self) -> httpx.AsyncClient:
        """A way to the tool as it runs now."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=TOOL)  # type: ignore[arg-type]

    async def keys(self, _address: str) -> dict[str, Any]:
        """The tool's key set, as Moodle reads it."""
        async with self.visit() as client:
            found: dict[str, Any] = (await client.get("/.well-known/jwks.json")).json()
            return found

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that the tool's background work brings about."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not true():  # noqa: ASYNC110 - what is waited for is in a dictionary of the fake, not an event.
                await asyncio.sleep(0.02)

    def grade(self, user_id: str, label: str) -> float | None:
        """What Moodle's gradebook shows."""
        grades = [
            column.grades.get(user_id) for column in self.moodle.gradebook.columns.values() if column.label == label
        ]
        return next((grade.points for grade in grades if grade is not None), None)


@contextlib.asynccontextmanager
async def a_world(database: Database, folder: Path) -> AsyncIterator[World]:
    """A running tool, told of Moodle as docs/moodle.md says."""
    url = database.engine.url
    settings = Settings(
        _env_file=None,
        base_url=TOOL,
        database_url=url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False),
        keys_dir=folder / "keys",
        secret_key="a secret of the tests, long enough to be one",
    )

    async def fetch_keys(address: str) -> dict[str, Any]:
        return await world.keys(address)

    world = World(settings, database, Moodle(fetch_keys, a_class()))
    now = world.clock.now()
    async with database.writing() as session:
        await add_platform(
            session,
            now,
            organisation=await find_organisation(session, None, now),
            name="Moodle",
            issuer=ROOT,
            client_id=CLIENT_ID,
            auth_login_url=f"{ROOT}/mod/lti/auth.php",
            token_url=f"{ROOT}/mod/lti/token.php",
            jwks_url=f"{ROOT}/mod/lti/certs.php",
            deployment_ids=[TYPE_ID],
            settings=settings,
            lms=Family.MOODLE,
        )
    await world.start()
    try:
        yield world
    finally:
        world.moodle.after_each_answer(None)
        await world.stop()


@dataclass
class Page:
    """A page of the tool."""

    address: str
    status: int
    text: str

    @property
    def words(self) -> str:
        """What a person reads, on one line."""
        root = html.fromstring(self.text)
        for hidden in root.xpath("//script|//style|//head"):
            hidden.drop_tree()
        return " ".join(root.text_content().split())

    @property
    def session(self) -> str:
        """What the page's forms carry."""
        found = re.search(r'name="lti-session" content="([^"]+)"', self.text)
        assert found is not None, self.text[:500]
        return found[1]

    def forms(self, ending: str) -> dict[str, dict[str, str]]:
        """The fields of the forms whose action ends so, by action."""
        return {
            str(form.action): {name: value or "" for name, value in form.form_values()}
            for form in html.fromstring(self.text).forms
            if (form.action or "").endswith(ending)
        }

    def form(self, ending: str) -> tuple[str, dict[str, str]]:
        """The one form whose action ends so."""
        [found] = self.forms(ending).items()
        return found


@dataclass
class Browser:
    """One person's browser, signed in to Moodle. Its cookies for the tool are kept by hand: they are Secure, this is http."""

    world: World
    user_id: str
    cookies: dict[str, str] = field(default_factory=dict)
    keeps_cookies: bool = True
    page: Page | None = None

    async def open(self, path: str) -> Page:
        """A page of the tool, behind its redirects."""
        answer = await self._send("GET", path)
        while answer.is_redirect:
            answer = await self._send("GET", urljoin(str(answer.url), answer.headers["location"]))
        self.page = Page(str(answer.url.path), answer.status_code, answer.text)
        return self.page

    async def send(self, path: str, **fields: str) -> Page:
        """Send a form of the page that is open."""
        assert self.page is not None
        answer = await self._send("POST", path, {"session": self.page.session} | fields)
        if answer.is_redirect:
            return await self.open(answer.headers["location"])
        return Page(path, answer.status_code, answer.text)

    async def login(self, begun: dict[str, str]) -> httpx.Response:
        """Post Moodle's form to our login address, and go where we send the browser: Moodle's answer."""
        answer = await self._send("POST", "/lti/login", begun)
        assert answer.status_code == 302, answer.text
        session = {"Cookie": f"MoodleSession={self.user_id}"}
        return await self.world.moodle(httpx.Request("GET", answer.headers["location"], headers=session))

    async def launch(self, kind: str = "LtiResourceLinkRequest", **more: Any) -> Page:
        """Open the activity in Moodle."""
        action, fields = form_of(await self.login(self.world.moodle.begin(self.user_id, kind, **more)))
        assert action == f"{TOOL}/lti/launch"
        answer = await self._send("POST", "/lti/launch", fields)
        if answer.is_redirect:
            return await self.open(answer.headers["location"])
        self.page = Page("/lti/launch", answer.status_code, answer.text)
        return self.page

    async def _send(self, method: str, path: str, fields: dict[str, str] | None = None) -> httpx.Response:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST" and not path.startswith("/lti/"):
            headers["Origin"] = TOOL
        async with self.world.visit() as client:
            answer = await client.request(method, path, data=fields, headers=headers)
        for line in answer.headers.get_list("set-cookie") if self.keeps_cookies else []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


# --- What a teacher and a student do -------------------------------------------------------------------------------------


async def assign(teacher: Browser, title: str, steps: int = 2, send_rule: str = "at-end") -> str:
    """Make a playlist of pasted addresses of Moodle's pages and assign it with a column; the playlist's address."""
    home = (await teacher.launch()).address
    action, fields = (await teacher.open(f"{home}/new")).form("/new")
    await teacher.send(action, **(fields | {"title": title}))
    playlist = f"{home}/{fields['playlist_id']}"
    for number in range(steps):
        page = await teacher.open(playlist)
        revision = re.search(r'name="revision" value="(\d+)"', page.text)
        assert revision is not None
        address = f"{ROOT}/mod/page/view.php?id={70 + number}"
        added = {"url": address, "step_title": f"Page {number}", "revision": revision[1]}
        assert (await teacher.send(f"{playlist}/steps", **added)).status == 200
    page = await teacher.open(playlist)
    [(action, fields)] = [(action, form) for action, form in page.forms("").items() if "order_rule" in form]
    await teacher.send(action, **(fields | {"order_rule": "any"}))
    action, fields = (await teacher.open(f"{playlist}/assign")).form("/assign")
    answer = await teacher.send(action, **(fields | {"has_column": "yes", "points": "10", "send_rule": send_rule}))
    assert answer.status == 200, answer.words
    return playlist


async def mark(student: Browser, steps: int) -> Page:
    """Mark so many steps done."""
    page = student.page
    assert page is not None
    for _ in range(steps):
        action = next(iter(page.forms("/done")))
        page = await student.send(action)
        assert page.status == 200, page.words
    return page
