"""A sandbox LMS in this process, with a course and its people, and the tool registered with it, for checks of the connection."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI
from sqlalchemy import select as sa_select
from sqlmodel import col, select

from lti_tool.admin import checking, planning
from lti_tool.admin.check_rules import Line, Step
from lti_tool.admin.check_steps import Limits
from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.courses.models import Course, Membership, Person, ResourceLink
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.lti import claims
from lti_tool.lti.keys import MemoryKeys, public_key_set
from lti_tool.lti.models import Deployment, Family, Registration, Role
from lti_tool.lti.protocol import Protocol
from lti_tool.sandbox import models as lms
from lti_tool.sandbox.app import create_sandbox
from lti_tool.sandbox.behaviour import Behaviour
from lti_tool.sandbox.claims import line_items_url, memberships_url
from lti_tool.sandbox.platform import Platform as SandboxPlatform
from lti_tool.sandbox.settings import SandboxSettings
from lti_tool.sandbox.store import add_course, add_person, enrol
from lti_tool.sandbox.tools import NewTool, add_tool
from tests.lti.conftest import Tool, settings_for
from tests.lti.support import TOOL, pem, private_key, signing_key

BASE = "http://127.0.0.1:8001"
AGS = [claims.LINE_ITEM_SCOPE, claims.LINE_ITEM_READ_SCOPE, claims.RESULT_READ_SCOPE, claims.SCORE_SCOPE]

Meddler = Callable[[httpx.Request, Callable[[], Awaitable[httpx.Response]]], Awaitable[httpx.Response]]


@dataclass
class Checked:
    """The tool and the LMS. ``meddler`` stands between the two; ``asked`` has every request of the tool, and
    ``seconds`` is the time that a check measures itself by.
    """

    database: Database
    clock: ManualClock
    protocol: Protocol
    sandbox: FastAPI
    registration: Registration
    course: Course
    student: lms.Person
    teacher: lms.Person
    tool: lms.Tool
    person: Person
    asked: list[httpx.Request] = field(default_factory=list)
    meddler: Meddler | None = None
    seconds: float = 0.0

    @property
    def behaviour(self) -> Behaviour:
        found: Behaviour = self.sandbox.state.platform.behaviour
        return found

    @property
    def settings(self) -> SandboxSettings:
        found: SandboxSettings = self.sandbox.state.platform.settings
        return found

    async def check(self, limits: Limits = checking.LIMITS, **plan: Any) -> dict[Step, Line]:
        """Run a check; its lines by step."""
        made = await planning.plan(
            self.database, self.registration, actor="tester", organisation_ids=(self.course.organisation_id,), **plan
        )
        return {line.step: line async for line in checking.check(self.protocol, made, limits, lambda: self.seconds)}

    async def columns(self) -> list[lms.LineItem]:
        """What is in the LMS's gradebook."""
        async with self.sandbox.state.platform.store.reading() as session:
            return list(await session.scalars(sa_select(lms.LineItem)))

    async def scores(self) -> list[lms.Score]:
        """Every score the LMS was ever sent, as long as its column is there."""
        async with self.sandbox.state.platform.store.reading() as session:
            return list(await session.scalars(sa_select(lms.Score)))

    async def change_tool(self, **values: Any) -> None:
        """Change how the tool is registered in the LMS."""
        async with self.sandbox.state.platform.store.writing() as session:
            found = await session.get_one(lms.Tool, self.tool.id)
            for name, value in values.items():
                setattr(found, name, value)

    async def change_course(self, **values: Any) -> None:
        """Change what the last launch said of the course."""
        async with self.database.writing() as session:
            found = await session.get(Course, (self.course.organisation_id, self.course.id))
            assert found is not None
            for name, value in values.items():
                setattr(found, name, value)
            session.add(found)

    async def audited(self) -> list[str]:
        async with self.database.reading() as session:
            entries = (await session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))).all()
            assert all(entry.actor == "tester" and entry.organisation_id for entry in entries)
            return [entry.action for entry in entries]

    def refuse(self, method: str, ending: str, status: int, *, done: bool = False) -> None:
        """Answer calls with ``status`` from now on; with ``done`` after the LMS has done them."""

        async def meddle(request: httpx.Request, on: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
            if request.method == method and request.url.path.rstrip("0123456789").endswith(ending):
                if done:
                    await on()
                return httpx.Response(status, json={"errors": {"message": "This failure was asked for."}})
            return await on()

        self.meddler = meddle

    def bodies(self, ending: str) -> list[dict[str, Any]]:
        """What was sent to addresses that end so."""
        return [
            json.loads(request.content)
            for request in self.asked
            if request.method == "POST" and request.url.path.endswith(ending)
        ]


@asynccontextmanager
async def a_checked_lms(
    database: Database, clock: ManualClock, folder: Path, *, beside: Tool | None = None, like: str = "plain"
) -> AsyncIterator[Checked]:
    """The sandbox runs as long as the block. ``beside`` is a tool whose first school it then belongs to as well; ``like`` is
    the LMS it plays.
    """
    keys = MemoryKeys(clock, lambda: signing_key("tool"))

    def published(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=public_key_set(keys))

    sandbox = create_sandbox(
        SandboxSettings(base_url=BASE, folder=folder / "lms", sample=False, like=like),
        clock=clock.now,
        http=httpx.AsyncClient(transport=httpx.MockTransport(published)),
    )
    platform = sandbox.state.platform
    # Making a key takes longer than most tests, so the platform finds one in its store.
    await platform.store.open()
    async with platform.store.writing() as session:
        private = pem(private_key("sandbox")).decode()
        session.add(lms.SigningKey(kid="platform-key", private_pem=private, created_at=platform.now()))
    async with sandbox.router.lifespan_context(sandbox):
        made = await _furnish(platform)
        checked = await _tell_the_tool(database, clock, folder, keys, sandbox, made, beside)
        yield checked
        await checking.settled()
        await checked.protocol.http.aclose()


Furniture = tuple[lms.Course, lms.Person, lms.Person, lms.Tool]


async def _furnish(platform: SandboxPlatform) -> Furniture:
    now = platform.now()
    async with platform.store.writing() as session:
        teacher, student = [
            await add_person(session, login=kind, given_name="Thea", family_name="Cher", kind=kind, now=now)
            for kind in ("teacher", "student")
        ]
        course = await add_course(session, name="Fractions", code="MATH-5", now=now)
        for person in (teacher, student):
            await enrol(session, course, person, person.kind, now)
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
    return course, teacher, student, tool


async def _tell_the_tool(
    database: Database,
    clock: ManualClock,
    folder: Path,
    keys: MemoryKeys,
    sandbox: FastAPI,
    made: Furniture,
    beside: Tool | None,
) -> Checked:
    taught, teacher, student, tool = made
    way = httpx.ASGITransport(app=sandbox)
    settings: SandboxSettings = sandbox.state.platform.settings

    async def answer(request: httpx.Request) -> httpx.Response:
        if beside is not None and request.url.host != urlsplit(BASE).hostname:
            return await beside.protocol.http.send(request)
        checked.asked.append(request)

        async def on() -> httpx.Response:
            answered = await way.handle_async_request(request)
            await answered.aread()
            return answered

        return await on() if checked.meddler is None else await checked.meddler(request, on)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    organisation = Organisation(name="School", created_at=clock.now())
    school_id = beside.organisation_id if beside is not None else organisation.id
    registration = Registration(
        organisation_id=school_id,
        name="Sandbox",
        issuer=BASE,
        client_id=tool.client_id,
        auth_login_url=settings.authorization_url,
        token_url=settings.token_url,
        jwks_url=settings.jwks_url,
        lms=Family(settings.like) if settings.like in set(Family) else Family.OTHER,
        created_at=clock.now(),
    )
    deployment = Deployment(
        organisation_id=school_id,
        registration_id=registration.id,
        deployment_id=tool.deployment_id,
        created_at=clock.now(),
    )
    course = Course(
        organisation_id=school_id,
        registration_id=registration.id,
        deployment_id=deployment.id,
        context_id=taught.context_id,
        title="Fractions",
        memberships_url=memberships_url(settings, tool, taught.id),
        line_items_url=line_items_url(settings, tool, taught.id),
        ags_scopes=AGS,
        created_at=clock.now(),
    )
    person = Person(
        organisation_id=school_id,
        registration_id=registration.id,
        sub=student.lti_id,
        name="Noor Abdi",
        created_at=clock.now(),
    )
    rows: list[list[Any]] = [[organisation], [registration], [deployment], [course, person]]
    rows.append(
        [
            Membership(organisation_id=school_id, course_id=course.id, person_id=person.id, role=Role.STUDENT),
            # Course navigation: its link's id is the context's.
            ResourceLink(
                organisation_id=school_id,
                course_id=course.id,
                resource_link_id=taught.context_id,
                created_at=clock.now(),
            ),
        ]
    )
    async with database.writing() as session:
        for some in rows:
            session.add_all(some)
            await session.flush()
        session.expunge_all()
    protocol = Protocol(settings_for(folder), clock, http, database, keys=keys)
    if beside is not None:
        beside.app.state.protocol = protocol
    checked = Checked(database, clock, protocol, sandbox, registration, course, student, teacher, tool, person)
    return checked
