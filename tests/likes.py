"""The real tool and the sandbox as one of the LMSs it plays, in one process, over HTTP that touches no network.

Their clock stands still unless a test moves it, so that two scores of one second are two scores of one second.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from fastapi import FastAPI
from lxml import html
from sqlalchemy import delete, select

from lti_tool.app import create_app
from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.demo import SHARED
from lti_tool.lti.models import Family
from lti_tool.lti.registrations import add_platform, find_organisation
from lti_tool.sandbox.app import create_sandbox
from lti_tool.sandbox.gradebook import gradebook
from lti_tool.sandbox.models import AccessToken, ModuleItem, Score
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.settings import SandboxSettings
from lti_tool.sandbox.tools import NewTool, add_tool, registration
from lti_tool.settings import Settings

TOOL = "http://localhost:8000"
LMS = "http://127.0.0.1:8001"
SIGN_IN = "http://localhost:8002"
"""The host that hosted Canvas has for signing in."""

PATIENCE_SECONDS = 60.0


@dataclass
class Network(httpx.AsyncBaseTransport):
    """Leads each request to the application that is at its address now, and keeps it."""

    apps: dict[str, FastAPI] = field(default_factory=dict)
    asked: list[tuple[httpx.Request, int]] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, or refuse the connection where there is nobody."""
        app = self.apps.get(f"{request.url.scheme}://{request.url.netloc.decode()}")
        if app is None:
            raise httpx.ConnectError("nobody is there", request=request)
        answer = await httpx.ASGITransport(app).handle_async_request(request)
        self.asked.append((request, answer.status_code))
        return answer


@dataclass
class World:
    """A tool whose process can be ended and begun again, and an LMS."""

    settings: Settings
    database: Database
    lms: FastAPI
    network: Network
    clock: ManualClock
    tool_id: int = 0
    _running: contextlib.AsyncExitStack | None = None

    @property
    def platform(self) -> Platform:
        """The LMS's insides."""
        platform: Platform = self.lms.state.platform
        return platform

    async def start(self) -> None:
        """Begin a process of the tool."""
        app = create_app(self.settings, clock=self.clock, http=httpx.AsyncClient(transport=self.network))
        self._running = contextlib.AsyncExitStack()
        await self._running.enter_async_context(app.router.lifespan_context(app))
        self.network.apps[TOOL] = app

    async def stop(self) -> None:
        """End it."""
        if self._running is not None:
            await self._running.aclose()
        self._running = None
        self.network.apps.pop(TOOL, None)

    async def end_tokens(self) -> None:
        """Every service token counts no longer."""
        async with self.platform.store.writing() as session:
            await session.execute(delete(AccessToken))

    async def grades(self, login: str) -> dict[str, float | None]:
        """What the LMS's gradebook shows of a student in the tool's columns."""
        async with self.platform.store.reading() as session:
            book = await gradebook(session, 1)
        [row] = [row for row in book.rows if row.person.login == login]
        return {column.title: row.cells[column.key].score for column in book.columns if column.kind == "tool"}

    async def answers(self) -> list[int]:
        """How the LMS answered the scores that came, in their order."""
        async with self.platform.store.reading() as session:
            return list(await session.scalars(select(Score.answer).order_by(Score.id)))

    async def until(self, what: Callable[[], Any]) -> None:
        """Wait for something that the tool's background work brings about."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await what():  # noqa: ASYNC110 - what is waited for is in the LMS's store, not an event.
                await asyncio.sleep(0.02)

    async def launch_path(self) -> str:
        """Where the LMS's frame of the tool begins: in the course's navigation, or at the activity."""
        async with self.platform.store.reading() as session:
            found = await session.scalars(select(ModuleItem.id).where(ModuleItem.type == "ExternalTool").limit(1))
            item = found.one_or_none()
        return (
            f"/courses/1/external_tools/{self.tool_id}/frame"
            if item is None
            else f"/courses/1/modules/items/{item}/frame"
        )


@contextlib.asynccontextmanager
async def a_world(
    database: Database, folder: Path, like: str, *, hosted: bool = False, introduced: bool = True
) -> AsyncIterator[World]:
    """Both, running. They know each other, unless not ``introduced``: then the LMS knows the tool alone."""
    url = database.engine.url
    settings = Settings(
        _env_file=None,
        base_url=TOOL,
        database_url=url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False),
        keys_dir=folder / "keys",
        secret_key="a secret of the tests, long enough to be one",
    )
    clock = ManualClock(datetime(2026, 11, 27, 12, 0, tzinfo=UTC))
    network = Network()
    lms = create_sandbox(
        SandboxSettings(base_url=LMS, folder=folder / "lms", like=like, hosted=SIGN_IN if hosted else None),
        clock=clock.now,
        http=httpx.AsyncClient(transport=network),
    )
    network.apps |= {LMS: lms, SIGN_IN: lms}
    world = World(settings, database, lms, network, clock)
    async with lms.router.lifespan_context(lms):
        async with world.platform.store.writing() as session:
            tool = await add_tool(
                session,
                world.platform,
                NewTool(
                    name="Playlists",
                    login_url=f"{TOOL}/lti/login",
                    launch_url=f"{TOOL}/lti/launch",
                    jwks_url=f"{TOOL}/.well-known/jwks.json",
                ),
            )
        world.tool_id = tool.id
        if introduced:
            await introduce(world, await registration(world.platform, tool))
        await world.start()
        try:
            yield world
        finally:
            await world.stop()


async def introduce(world: World, facts: dict[str, Any]) -> None:
    """Register the LMS with the tool, as the demo does."""
    family = Family(world.platform.settings.like)
    async with world.database.writing() as session:
        await add_platform(
            session,
            world.clock.now(),
            settings=world.settings,
            organisation=await find_organisation(session, None, world.clock.now()),
            name="Sandbox LMS",
            issuer=facts["issuer"],
            client_id=facts["client_id"],
            auth_login_url=facts["auth_login_url"],
            token_url=facts["token_url"],
            jwks_url=facts["jwks_url"],
            deployment_ids=[facts["deployment_id"]],
            lms=family,
            shared=family in SHARED,
        )


@dataclass
class Page:
    """A page of the tool."""

    path: str
    status: int
    text: str

    @property
    def words(self) -> str:
        """What a person reads, on one line."""
        root = html.fromstring(self.text)
        for hidden in root.xpath("//script|//style|//head"):
            hidden.drop_tree()
        return " ".join(root.text_content().split())

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
class Someone:
    """A person's browser. Cookies are kept by hand: the tool's are Secure, and this is http."""

    world: World
    login: str
    keeps_cookies: bool = True
    cookies: dict[str, dict[str, str]] = field(default_factory=lambda: {TOOL: {}, LMS: {}})
    page: Page | None = None

    async def sign_in(self) -> None:
        """Sign in to the LMS."""
        answer = await self.send("POST", f"{LMS}/login", {"login": self.login})
        assert answer.status_code == 303, answer.text

    async def launch(self, path: str | None = None) -> Page:
        """Open the tool in the LMS, by the page of the LMS that its frame loads: on to the tool's first page."""
        if not self.cookies[LMS]:
            await self.sign_in()
        begun = await self.send("GET", urljoin(LMS, path or await self.world.launch_path()))
        answer = await self.send(*form_of(begun))
        for _ in range(10):
            if answer.is_redirect:
                answer = await self.send("GET", urljoin(str(answer.url), answer.headers["location"]))
            elif "data-storage-next" in answer.text:
                # The page keeps a value in the LMS before it goes on, which takes a script.
                [address] = html.fromstring(answer.text).xpath("//@data-storage-next")
                answer = await self.send("GET", str(address))
            elif 'data-storage="get"' in answer.text:
                # Nobody answers the page's question for the value, as in Canvas's mobile apps.
                answer = await self.send(*form_of(answer))
            elif 'method="post"' in answer.text and str(answer.url).startswith((LMS, SIGN_IN)):
                answer = await self.send(*form_of(answer))
            else:
                break
        self.page = Page(answer.url.path, answer.status_code, answer.text)
        return self.page

    async def open(self, path: str) -> Page:
        """A page of the tool, behind its redirects."""
        answer = await self.send("GET", urljoin(TOOL, path))
        while answer.is_redirect:
            answer = await self.send("GET", urljoin(str(answer.url), answer.headers["location"]))
        self.page = Page(answer.url.path, answer.status_code, answer.text)
        return self.page

    async def post(self, path: str, **fields: str) -> Page:
        """Send a form of the tool's page that is open; the page it leads to."""
        assert self.page is not None
        found = re.search(r'name="lti-session" content="([^"]+)"', self.page.text)
        assert found is not None, self.page.text[:500]
        answer = await self.send("POST", urljoin(TOOL, path), {"session": found[1], **fields})
        assert answer.status_code == 303, f"{path}: {answer.status_code} {Page(path, 0, answer.text).words[:300]}"
        return await self.open(answer.headers["location"])

    async def send(self, method: str, address: str, fields: dict[str, str] | None = None) -> httpx.Response:
        """One request, with the cookies of the site."""
        site = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        kept = self.cookies.get(site, {})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())} if kept else {}
        if method == "POST" and site == TOOL:
            headers["Sec-Fetch-Site"] = "same-origin"
        async with httpx.AsyncClient(transport=self.world.network) as client:
            answer = await client.request(method, address, data=fields, headers=headers)
        if site == LMS or self.keeps_cookies:
            for line in answer.headers.get_list("set-cookie"):
                name, _, value = line.partition(";")[0].partition("=")
                kept[name] = value
        return answer


def form_of(page: httpx.Response) -> tuple[str, str, dict[str, str]]:
    """A page's form, as what sends it: method, address, fields."""
    forms = html.fromstring(page.text).forms
    assert len(forms) == 1, page.text[:500]
    fields = {name: value or "" for name, value in forms[0].form_values()}
    return "POST", urljoin(str(page.url), forms[0].action or ""), fields


async def assign(teacher: Someone, title: str, *, points: str = "10") -> str:
    """Make a playlist of two pasted addresses and assign it with a column whose score goes out with every step; its address."""
    home = (await teacher.launch()).path
    action, fields = (await teacher.open(f"{home}/new")).form("/new")
    await teacher.post(action, **(fields | {"title": title}))
    playlist = f"{home}/{fields['playlist_id']}"
    for number in range(2):
        page = await teacher.open(playlist)
        revision = re.search(r'name="revision" value="(\d+)"', page.text)
        assert revision is not None
        added = {"url": f"{LMS}/mod/page/view.php?id={1 + number}", "step_title": f"Page {number}"}
        await teacher.post(f"{playlist}/steps", **added, revision=revision[1])
    page = await teacher.open(playlist)
    [(action, fields)] = [(action, form) for action, form in page.forms("").items() if "order_rule" in form]
    await teacher.post(action, **(fields | {"order_rule": "any"}))
    action, fields = (await teacher.open(f"{playlist}/assign")).form("/assign")
    await teacher.post(action, **(fields | {"has_column": "yes", "points": points, "send_rule": "live"}))
    return playlist


async def mark(student: Someone, ending: str = "/done") -> Page:
    """Mark the first step that is not done, or with ``/not-done`` take one back."""
    assert student.page is not None
    return await student.post(next(iter(student.page.forms(ending))))
