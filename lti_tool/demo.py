"""``lti-tool demo``: the tool and a sandbox LMS side by side on this machine, registered with each other.

They are two sites to a browser (``localhost`` and ``127.0.0.1``), so that the tool's frame is a third party as it is in
life, and they talk over HTTP only. Both run in this process; each keeps its own data, so that a kill loses nothing.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import sys
import webbrowser
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from lti_tool.app import create_app
from lti_tool.cartridges import CartridgeError, CourseContent, read_cartridge
from lti_tool.clock import SystemClock
from lti_tool.content import queries as content_queries
from lti_tool.content.access.connecting import Wanted, connect
from lti_tool.db import migrate, scoping
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, WrongSetting
from lti_tool.logs import set_up_logging
from lti_tool.lti import registrations
from lti_tool.lti.invites import WITHOUT_DYNAMIC_REGISTRATION, invite_address, make_invite
from lti_tool.lti.models import Family
from lti_tool.lti.secret import secret_key
from lti_tool.sandbox.app import create_sandbox
from lti_tool.sandbox.settings import SandboxSettings
from lti_tool.settings import Settings

FOLDER = Path("var/demo")
"""Where the demo keeps its data when it plays Canvas; of another LMS beside it, as ``var/demo-moodle``."""

LOOPBACK = "127.0.0.1"
SHARED = frozenset({Family.SCHOOLOGY})
"""LMSs whose schools share one registration."""

INVITE_LIFE = timedelta(days=1)
GRACE_SECONDS = 3
"""How long a request may still take after Ctrl-C; a sandbox that was told to be slow would hold the demo otherwise."""


def folder_of(like: str) -> Path:
    """The demo's data, apart for each LMS it plays, so that trying another one mixes nothing."""
    return FOLDER if like == Family.CANVAS else FOLDER.with_name(f"{FOLDER.name}-{like}")


def run_demo(*, tool_port: int, lms_port: int, course: Path | None, like: str, reset: bool, open_browser: bool) -> None:
    """Run both until Ctrl-C. ``like`` is the LMS that the sandbox plays: ``canvas``, ``moodle`` or ``schoology``.

    Raises WrongSetting for a port in use and BadRequest for a cartridge that cannot be read.
    """
    for port, option in ((tool_port, "--tool-port"), (lms_port, "--lms-port")):
        _demand_free(port, option)
    content = _read(course) if course else None
    folder = folder_of(like)
    if reset:
        shutil.rmtree(folder, ignore_errors=True)
    settings = Settings(
        base_url=f"http://localhost:{tool_port}",
        database_url=os.environ.get("LTI_TOOL_DATABASE_URL", f"sqlite:///{folder}/tool.db"),
        keys_dir=folder / "keys",
    )
    set_up_logging(settings.log_format)
    # The lines about where to go should not scroll away; what goes wrong is still told.
    logging.getLogger().setLevel(logging.WARNING)
    with contextlib.suppress(KeyboardInterrupt):
        lms = SandboxSettings(
            base_url=f"http://{LOOPBACK}:{lms_port}", folder=folder / "lms", course=content, like=like
        )
        asyncio.run(_run(settings, lms, lms_port, open_browser=open_browser))


async def _run(settings: Settings, lms: SandboxSettings, lms_port: int, *, open_browser: bool) -> None:
    sandbox, lms_address = create_sandbox(lms), lms.base_url
    await _migrate(settings)
    tool = create_app(settings)
    scoping.guard(tool.state.database.engine)
    servers = [_server(tool, int(settings.base_url.rpartition(":")[2])), _server(sandbox, lms_port)]
    running = [asyncio.create_task(server.serve()) for server in servers]
    try:
        await _both_started(servers, running)
        people, link = await _introduce(settings, lms_address, Family(lms.like))
        await _say_notes(lms_address, people)
        _say(settings.base_url, lms, people, link)
        if open_browser:
            webbrowser.open(lms_address)
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # A request that is cut off on the way out is no news.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*running, return_exceptions=True)


class _Server(uvicorn.Server):
    """One of two servers in a process: the process's signals are handled once, by ``asyncio.run``."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


def _server(app: FastAPI, port: int) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            host=LOOPBACK,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


async def _both_started(servers: list[_Server], running: list[asyncio.Task[None]]) -> None:
    while not all(server.started for server in servers):
        for task in running:
            if task.done():
                task.result()
                raise WrongSetting("a server did not start; the lines above say why")
        await asyncio.sleep(0.02)


async def _migrate(settings: Settings) -> None:
    database = Database.at(settings.database_url)
    try:
        await migrate.upgrade(database.engine)
    finally:
        await database.close()


async def _introduce(settings: Settings, lms_address: str, family: Family) -> tuple[list[dict[str, Any]], str | None]:
    """Register the tool with the LMS and the LMS with the tool, unless they know each other.

    Returns who can sign in, and an invitation to register once more, by link; None for an LMS that takes none.
    """
    async with httpx.AsyncClient(base_url=lms_address, timeout=30) as lms:
        answer = await lms.post(
            "/_control/tools",
            json={
                "name": "Playlists",
                "login_url": f"{settings.base_url}/lti/login",
                "launch_url": f"{settings.base_url}/lti/launch",
                "jwks_url": f"{settings.base_url}/.well-known/jwks.json",
            },
        )
        answer.raise_for_status()
        facts = answer.json()
        people: list[dict[str, Any]] = (await lms.get("/_control/people")).raise_for_status().json()
    database = Database.at(settings.database_url)
    try:
        await _register(database, settings, facts, family)
        link = await _invite(database, settings, family)
    finally:
        await database.close()
    return people, link


async def _invite(database: Database, settings: Settings, family: Family) -> str | None:
    """A link for the LMS's administrator to try Dynamic Registration with."""
    if family in WITHOUT_DYNAMIC_REGISTRATION:
        return None
    now = SystemClock().now()
    async with database.writing() as session:
        school = await registrations.find_organisation(session, None, now)
        _, code = await make_invite(
            session, organisation_id=school.id, lms=family, now=now, life=INVITE_LIFE, actor="command line"
        )
    return invite_address(settings.base_url, code)


async def _register(database: Database, settings: Settings, facts: dict[str, Any], family: Family) -> None:
    addresses = {name: facts[name] for name in ("auth_login_url", "token_url", "jwks_url")}
    now = SystemClock().now()
    async with database.writing() as session:
        known = [
            one.registration
            for one in await registrations.platforms(session)
            if (one.registration.issuer, one.registration.client_id) == (facts["issuer"], facts["client_id"])
        ]
        school = await registrations.find_organisation(session, None, now)
        if known:
            registration = known[0]
            # An issuer that all schools share stays when the sandbox moves to another port.
            registration.sqlmodel_update(addresses)
        else:
            added = await registrations.add_platform(
                session,
                now,
                organisation=school,
                name="Sandbox LMS",
                issuer=facts["issuer"],
                client_id=facts["client_id"],
                **addresses,
                deployment_ids=[facts["deployment_id"]],
                settings=settings,
                lms=family,
                shared=family in SHARED,
            )
            registration = added.registration
        if "api_url" not in facts:
            return
        there = await content_queries.connection(session, school.id, registration.id)
        if there is not None and there.base_url == facts["api_url"] and (there.by_teachers or there.client_id):
            # Somebody has tried another way in, and may have said yes to it: that stays.
            return
        # Where there is no token, the LMS's own key reads.
        key = {} if "api_token" in facts else {name: facts[f"api_{name}"] for name in ("client_id", "client_secret")}
        wanted = Wanted(facts["api_url"], token=facts.get("api_token", ""), site_url=facts["api_url"], **key)
        await connect(
            session,
            registration,
            school.id,
            wanted,
            now,
            secret_key=secret_key(settings),
            actor="command line",
        )


async def _say_notes(lms_address: str, people: list[dict[str, Any]]) -> None:
    """List what of the newest course's cartridge was not understood: nothing is dropped in silence."""
    course_id = max(course for person in people for course in person["courses"])
    async with httpx.AsyncClient(base_url=lms_address, timeout=30) as lms:
        notes = (await lms.get(f"/_control/courses/{course_id}/notes")).raise_for_status().json()
    if notes:
        sys.stdout.write(f"\n  {len(notes)} things in the cartridge were not understood:\n")
        for note in notes:
            sys.stdout.write(f"  - {note['title'] or note['identifier']}: {note['detail']}\n")


def _read(course: Path) -> CourseContent:
    try:
        return read_cartridge(course)
    except CartridgeError as error:
        raise BadRequest(f"--course {course}: {error}") from error


def _demand_free(port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise WrongSetting(f"{option}: port {port} is in use; choose another") from error


def _say(tool: str, lms: SandboxSettings, people: list[dict[str, Any]], link: str | None) -> None:
    roles: dict[str, list[str]] = {}
    for person in people:
        roles.setdefault(person["role"], []).append(person["name"])
    lines = [
        "",
        f"  The sandbox LMS   {lms.base_url}   (open this one: choose a person, then Playlists in the course)",
        f"  The tool          {tool}   (it opens inside the LMS)",
        "",
        *(f"  Sign in as {role:<14} {', '.join(names)}" for role, names in roles.items()),
        "  The administrator adds and approves tools, and makes trouble on demand (docs/sandbox.md).",
        *(
            [
                "  To see the tool register itself, the administrator adds it by this link (once, for a day):",
                f"  {link}",
            ]
            if link
            else []
        ),
        "",
        f"  It behaves as {lms.like.capitalize()} does. Ctrl-C ends both;",
        f"  what you did is kept in {folder_of(lms.like)} until --reset.",
        "",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
