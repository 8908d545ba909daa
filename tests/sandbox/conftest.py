"""A sandbox LMS with one course, three kinds of people and a registered tool whose key set is served by a fake transport."""

import copy
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import RSAKey

from lti_tool.clock import ManualClock
from lti_tool.sandbox.app import create_sandbox
from lti_tool.sandbox.claims import ALL_SCOPES
from lti_tool.sandbox.models import Course, Person, SigningKey, Tool
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.settings import SandboxSettings
from lti_tool.sandbox.store import add_course, add_person, enrol, observe
from lti_tool.sandbox.token import ASSERTION_TYPE
from lti_tool.sandbox.tools import NewTool, add_tool

BASE = "http://127.0.0.1:8001"
TOOL = "http://localhost:8000"


@pytest.fixture(scope="session")
def tool_keys() -> list[RSAKey]:
    """Two keys of the tool; at first only the first is published."""
    return [RSAKey.generate_key(2048, {"kid": f"tool-key-{number}"}) for number in (1, 2)]


@pytest.fixture(scope="session")
def platform_key() -> str:
    """The platform's signing key, as PEM."""
    return RSAKey.generate_key(2048).as_pem(private=True).decode()


@dataclass
class ToolSide:
    """What the tool publishes, and how often it was fetched. ``down`` makes its key set unreachable."""

    published: list[RSAKey]
    fetched: int = 0
    down: bool = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.fetched += 1
        assert str(request.url) == f"{TOOL}/.well-known/jwks.json"
        if self.down:
            raise httpx.ConnectError("nobody there", request=request)
        return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.published]})


@dataclass
class Lms:
    """A running sandbox and what a test needs of it. ``http`` is signed in as nobody."""

    app: FastAPI
    platform: Platform
    http: httpx.AsyncClient
    clock: ManualClock
    tool_side: ToolSide
    keys: list[RSAKey]
    course: Course
    tool: Tool
    teacher: Person
    student: Person
    second: Person
    observer: Person
    stranger: Person
    jtis: list[str] = field(default_factory=list)

    def assertion(self, *, key: RSAKey | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A client assertion, right but for ``changes`` (a claim of None is left out)."""
        now = int(self.platform.now().timestamp())
        self.jtis.append(f"jti-{len(self.jtis)}-{time.monotonic_ns()}")
        claims = {
            "iss": self.tool.client_id,
            "sub": self.tool.client_id,
            "aud": self.platform.settings.token_url,
            "iat": now,
            "exp": now + 300,
            "jti": self.jtis[-1],
        } | changes
        signer = key or self.keys[0]
        full = header if header is not None else {"alg": "RS256", "kid": signer.kid}
        return jwt.encode(full, {name: value for name, value in claims.items() if value is not None}, signer)

    async def ask_token(self, assertion: str | None = None, scope: str = " ".join(ALL_SCOPES)) -> httpx.Response:
        """Ask for a token."""
        return await self.http.post(
            self.platform.settings.token_url,
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion or self.assertion(),
                "scope": scope,
            },
        )

    async def bearer(self, *scopes: str) -> dict[str, str]:
        """The header that carries a token for these scopes (all, when none is named)."""
        answer = await self.ask_token(scope=" ".join(scopes or ALL_SCOPES))
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def like() -> str:
    """The LMS that is played; modules about one of them say which."""
    return "plain"


@pytest.fixture
def sandbox_at(
    tmp_path: Path, clock: ManualClock, tool_keys: list[RSAKey], like: str
) -> Callable[[], tuple[FastAPI, ToolSide]]:
    """Makes the application on the test's own folder; made a second time it is the same LMS after a restart."""

    def make() -> tuple[FastAPI, ToolSide]:
        side = ToolSide(tool_keys[:1])
        app = create_sandbox(
            SandboxSettings(base_url=BASE, folder=tmp_path / "lms", sample=False, like=like),
            clock=clock.now,
            http=httpx.AsyncClient(transport=httpx.MockTransport(side.answer)),
        )
        return app, side

    return make


def client_of(app: FastAPI, **options: Any) -> httpx.AsyncClient:
    """A browser or a tool, talking to the application."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE, **options)


@dataclass(frozen=True)
class World:
    """What every test of one kind of LMS finds: the store's file, and the rows that a test asks about by name."""

    file: bytes
    rows: tuple[Any, ...]

    @classmethod
    async def made(cls, folder: Path, like: str, platform_key: str) -> "World":
        """A course with its people, and a tool."""
        settings = SandboxSettings(base_url=BASE, folder=folder, sample=False, like=like)
        nobody = httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: httpx.Response(404)))
        app = create_sandbox(settings, clock=ManualClock().now, http=nobody)
        platform: Platform = app.state.platform
        # Making a key takes longer than most tests, so the platform finds one in its store.
        await platform.store.open()
        async with platform.store.writing() as session:
            session.add(SigningKey(kid="platform-key", private_pem=platform_key, created_at=platform.now()))
        async with app.router.lifespan_context(app):
            now = platform.now()
            async with platform.store.writing() as session:
                people = [
                    await add_person(session, login=login, given_name=given, family_name=family, kind=kind, now=now)
                    for login, given, family, kind in (
                        ("teacher", "Thea", "Cher", "teacher"),
                        ("student", "Noor", "Abdi", "student"),
                        ("second", "Ben", "Ito", "student"),
                        ("observer", "Olu", "Abdi", "observer"),
                        ("stranger", "Sam", "Where", "student"),
                    )
                ]
                course = await add_course(session, name="Fractions", code="MATH-5", now=now)
                for person in people[:4]:
                    await enrol(session, course, person, person.kind, now)
                await observe(session, course, people[3], people[1])
                tool = await add_tool(
                    session,
                    platform,
                    NewTool(
                        name="Playlists",
                        login_url=f"{TOOL}/lti/login",
                        launch_url=f"{TOOL}/lti/launch",
                        jwks_url=f"{TOOL}/.well-known/jwks.json",
                    ),
                )
        # The last connection that closes leaves everything in the one file.
        return cls(settings.database.read_bytes(), (course, tool, *people))


@pytest.fixture(scope="session")
def worlds() -> dict[str, World]:
    """The worlds of this process, by the LMS that is played: a test gets copies, since writing all rows takes much longer."""
    return {}


@pytest.fixture
async def lms(
    sandbox_at: Callable[[], tuple[FastAPI, ToolSide]],
    clock: ManualClock,
    tool_keys: list[RSAKey],
    platform_key: str,
    like: str,
    worlds: dict[str, World],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Lms]:
    """A sandbox with a course, its people and a tool."""
    if like not in worlds:
        worlds[like] = await World.made(tmp_path_factory.mktemp("world"), like, platform_key)
    app, side = sandbox_at()
    platform: Platform = app.state.platform
    platform.settings.database.write_bytes(worlds[like].file)
    # The rows are this test's own too: some change them.
    course, tool, *people = copy.deepcopy(worlds[like].rows)
    async with app.router.lifespan_context(app), client_of(app) as http:
        yield Lms(app, platform, http, clock, side, tool_keys, course, tool, *people)
