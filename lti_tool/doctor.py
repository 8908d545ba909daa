"""``lti-tool doctor``: whether this installation and its platforms work, a line per check with what to do about a failure."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lti_tool.clock import Clock
from lti_tool.db import migrate
from lti_tool.db.session import Database
from lti_tool.errors import PlatformTrouble, WrongSetting
from lti_tool.lti import registrations
from lti_tool.lti.key_sets import KeySetUnreachable
from lti_tool.lti.keys import public_key_set
from lti_tool.lti.models import DeploymentStatus, Registration
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.registrations import Platform
from lti_tool.lti.secret import secret_key
from lti_tool.lti.tool_description import SCOPES
from lti_tool.settings import Settings


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, whether it is well, and what was found or what to do."""

    name: str
    good: bool
    detail: str


async def examine(
    settings: Settings, database: Database, http: httpx.AsyncClient, clock: Clock, wanted: str | None = None
) -> AsyncIterator[Check]:
    """Every check, as it is done; of one platform (its id) or of all. Raises NotFound for an unknown platform."""
    yield _secret(settings)
    reached = await _database(database)
    yield reached
    if not reached.good:
        return
    migrated = await _migrations(database)
    yield migrated
    try:
        protocol = Protocol(settings, clock, http, database)
    except WrongSetting as error:
        yield Check("signing keys", False, error.detail or error.title)
        return
    yield Check("signing keys", True, f"{len(protocol.keys.keys())} published")
    yield await _base_url(settings, protocol)
    if not migrated.good:
        return
    async with database.reading() as session:
        found = await registrations.platforms(session)
        if wanted is not None:
            found = [await registrations.platform(session, wanted)]
        session.expunge_all()
    if not found:
        yield Check("platforms", True, "none yet: `lti-tool platform invite` or `lti-tool platform add` connects one")
    for platform in found:
        async for check in examine_platform(protocol, platform):
            yield check
    await protocol.key_sets.settle()


async def examine_platform(protocol: Protocol, platform: Platform) -> AsyncIterator[Check]:
    """The checks of one platform that need no course: switched on, deployments, key set, token."""
    registration = platform.registration
    name = registration.name
    if not registration.enabled:
        yield Check(
            f"{name}: switched on", False, "it is switched off, so no launch opens; `lti-tool platform enable ID`"
        )
        return
    waiting = sum(one.status is DeploymentStatus.HELD for one in platform.deployments)
    yield Check(
        f"{name}: deployments",
        not waiting,
        f"{waiting} wait for you: `lti-tool platform deployments` lists them, `lti-tool platform accept` lets one in"
        if waiting
        else f"{len(platform.deployments)} let in",
    )
    yield await _key_set(protocol, registration)
    yield await _token(protocol, registration)


def _secret(settings: Settings) -> Check:
    try:
        secret_key(settings)
    except WrongSetting as error:
        return Check("secret", False, error.detail or error.title)
    where = "set" if settings.secret_key else "kept in the keys folder, as this is a machine of its own"
    return Check("secret", True, where)


async def _database(database: Database) -> Check:
    try:
        async with database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        return Check("database", False, f"LTI_TOOL_DATABASE_URL cannot be used: {reason}")
    return Check("database", True, database.engine.dialect.name)


async def _migrations(database: Database) -> Check:
    lacking = await migrate.missing(database.engine)
    if lacking:
        return Check("migrations", False, f"missing: {', '.join(lacking)}; run `lti-tool db upgrade`")
    return Check("migrations", True, "up to date")


async def _base_url(settings: Settings, protocol: Protocol) -> Check:
    if settings.on_loopback:
        return Check("base URL", True, f"{settings.base_url} is this machine: only an LMS on it can launch the tool")
    if urlsplit(settings.base_url).scheme != "https":
        return Check(
            "base URL", False, "LTI_TOOL_BASE_URL has to begin with https://: browsers keep no cookie otherwise"
        )
    address = settings.base_url + "/.well-known/jwks.json"
    try:
        response = await protocol.http.get(address)
        published = json.loads(response.content)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Check(
            "base URL",
            False,
            f"{address} does not answer ({type(error).__name__}): is `lti-tool serve` running, and does the name lead to it? "
            "A machine that cannot call its own public name shows this too",
        )
    if published != public_key_set(protocol.keys):
        return Check(
            "base URL", False, f"{address} shows other keys than LTI_TOOL_KEYS_DIR holds: platforms refuse ours"
        )
    return Check("base URL", True, settings.base_url)


async def _key_set(protocol: Protocol, registration: Registration) -> Check:
    name = f"{registration.name}: key set"
    try:
        usable = await protocol.key_sets.fetch(registration)
    except KeySetUnreachable:
        return Check(
            name,
            False,
            f"{registration.jwks_url} does not answer with keys: check the address in the LMS; an LMS in your own network "
            "needs LTI_TOOL_ALLOWED_NETWORKS",
        )
    if not usable:
        return Check(
            name, False, f"{registration.jwks_url} has no RSA key that can check RS256: no launch can be verified"
        )
    return Check(name, True, registration.jwks_url)


async def _token(protocol: Protocol, registration: Registration) -> Check:
    name = f"{registration.name}: access token"
    try:
        await protocol.token(registration, SCOPES, fresh=True)
    except PlatformTrouble as error:
        return Check(
            name,
            False,
            f"{registration.token_url} gave none ({error.detail or error.title}): in the LMS, look whether the tool is switched "
            f"on, has the client id {registration.client_id}, its key set address is "
            f"{protocol.settings.base_url}/.well-known/jwks.json, and the services for grades and names are allowed",
        )
    return Check(name, True, "given for the gradebook and the roster")
