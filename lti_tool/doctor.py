"""``lti-tool doctor``: whether this installation and its platforms work, a line per check with what to do about a failure."""

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lti_tool.admin import check_queries, checking, planning
from lti_tool.admin.check_rules import Line, Outcome
from lti_tool.clock import Clock
from lti_tool.content.access import queries as access_queries
from lti_tool.content.access.finding import Finding, find_out
from lti_tool.content.access.words import TROUBLES
from lti_tool.content.connectors import Connectors
from lti_tool.content.ports import Lacking
from lti_tool.db import migrate
from lti_tool.db.session import Database
from lti_tool.errors import NotFound, WrongSetting
from lti_tool.lti import registrations
from lti_tool.lti.keys import public_key_set
from lti_tool.lti.models import DeploymentStatus
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.registrations import Platform
from lti_tool.lti.secret import secret_key
from lti_tool.platforms.native import ApiConsentNeeded
from lti_tool.settings import Settings


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, whether it is well or was not tried, and what was found or what to do."""

    name: str
    good: bool
    detail: str
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be looked at: one platform (its id) or all, and of it one course (its id) or the one launched last.

    With ``write`` a column is made and removed in the course's gradebook; with ``student`` scores are sent for that person,
    the platform's id of somebody.
    """

    platform: str | None = None
    course: uuid.UUID | None = None
    write: bool = False
    student: str | None = None


async def examine(
    settings: Settings, database: Database, http: httpx.AsyncClient, clock: Clock, wish: Wish | None = None
) -> AsyncIterator[Check]:
    """Every check, as it is done. Raises NotFound for an unknown platform or course."""
    wish = wish or Wish()
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
    found = await _wanted(database, wish)
    if not found:
        yield Check("platforms", True, "none yet: `lti-tool platform invite` or `lti-tool platform add` connects one")
    for platform in found:
        async for check in examine_platform(protocol, platform, wish):
            yield check
        if platform.registration.enabled:
            async for check in examine_access(protocol, platform):
                yield check
    await protocol.key_sets.settle()


async def _wanted(database: Database, wish: Wish) -> list[Platform]:
    async with database.reading() as session:
        wanted = wish.platform
        if wish.course is not None:
            owner = await check_queries.registration_of_course(session, wish.course)
            if owner is None or wanted not in {None, str(owner)}:
                raise NotFound(f"there is no course {str(wish.course)!r} of this platform")
            wanted = str(owner)
        if wanted is None:
            found = await registrations.platforms(session)
        else:
            found = [await registrations.platform(session, wanted)]
        session.expunge_all()
    return found


async def examine_platform(protocol: Protocol, platform: Platform, wish: Wish) -> AsyncIterator[Check]:
    """The checks of one platform: switched on, deployments, and every call to it; none while it is switched off."""
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
    plan = await planning.plan(
        protocol.database,
        registration,
        actor="command line",
        organisation_ids=None,
        course_id=wish.course,
        write=wish.write,
        sub=wish.student,
    )
    if plan.course is not None:
        yield Check(f"{name}: course", True, f"the rest is tried in “{plan.course.title or plan.course.context_id}”")
    async for line in checking.check(protocol, plan):
        yield _as_check(name, line)


async def examine_access(protocol: Protocol, platform: Platform) -> AsyncIterator[Check]:
    """What each school's connection to the LMS's own API can do: one line each."""
    registration = platform.registration
    connectors = Connectors(protocol.http, protocol.clock, secret_key(protocol.settings), protocol.database)
    async with protocol.database.reading() as session:
        found = await access_queries.connections(session, registration.id)
        schools = {one.id: one.name for one in await registrations.organisations(session)}
    for connection in found:
        school = schools.get(connection.organisation_id, "")
        name = f"{registration.name}: own API" + (f" ({school})" if len(found) > 1 else "")
        finding = await find_out(
            protocol.database,
            connectors,
            registration.lms,
            connection.organisation_id,
            registration.id,
            protocol.clock.now(),
        )
        yield _of_finding(name, finding)


def _of_finding(name: str, finding: Finding) -> Check:
    if isinstance(finding.trouble, ApiConsentNeeded):
        return Check(name, True, "nobody has given access yet; see its page in the console", skipped=True)
    if finding.trouble is not None:
        return Check(name, False, f"{finding.trouble.title}. {TROUBLES.get(finding.trouble.code, '')}".strip())
    abilities = finding.found.abilities if finding.found is not None else {}
    able = [one.value for one, ability in abilities.items() if ability.able]
    lacking = [
        f"{one.value} ({', '.join(ability.needs) or ability.why.value})"
        for one, ability in abilities.items()
        if not ability.able and ability.why is not None and ability.why is not Lacking.NOT_OFFERED
    ]
    detail = f"can: {', '.join(able) or 'nothing'}" + (f"; cannot, and needs: {'; '.join(lacking)}" if lacking else "")
    return Check(name, bool(able), detail)


def _as_check(name: str, line: Line) -> Check:
    """A line of a connection check, in the words its administrator reads."""
    detail = line.seen.in_words()
    if line.remedy is not None:
        detail = f"{detail} {line.remedy.in_words()}"
    label = f"{name}: {line.step.value.replace('-', ' ')}"
    return Check(label, line.outcome is not Outcome.FAILS, detail, skipped=line.outcome is Outcome.SKIPPED)


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
