"""What the command line does with an LMS's own API: connect it, disconnect it, say what is entered there."""

from dataclasses import dataclass

import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import Clock
from lti_tool.content import queries as content_queries
from lti_tool.content.access import connecting, consent, queries
from lti_tool.content.access.choosing import needs_consent
from lti_tool.content.access.connecting import Wanted
from lti_tool.content.access.scopes import to_enter
from lti_tool.content.connectors import BUILDERS, Connectors
from lti_tool.content.models import ApiConnection
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, NotFound
from lti_tool.lti import registrations
from lti_tool.lti.models import Family, Registration
from lti_tool.lti.secret import secret_key
from lti_tool.settings import Settings

ACTOR = "command line"


@dataclass(frozen=True, slots=True)
class Place:
    """A platform and the school whose access is meant."""

    registration: Registration
    organisation: Organisation


async def connect(
    database: Database, settings: Settings, clock: Clock, platform_id: str, organisation: str | None, wanted: Wanted
) -> str:
    """Keep an access; what is to be done next, as a line. Raises NotFound and BadRequest."""
    secret = secret_key(settings)
    async with database.writing() as session:
        at = await _place(session, clock, platform_id, organisation)
        if at.registration.lms not in BUILDERS:
            raise BadRequest(f"the tool has no connector for {at.registration.lms.value}", code="no-connector")
        kept = await connecting.connect(
            session, at.registration, at.organisation.id, wanted, clock.now(), secret_key=secret, actor=ACTOR
        )
        return _next_step(settings, at, kept)


def _next_step(settings: Settings, at: Place, kept: ApiConnection) -> str:
    if not needs_consent(kept):
        return "`lti-tool doctor` says what it can do"
    if kept.by_teachers:
        return "teachers now choose Connect on the page Content and results of their courses"
    page = f"{settings.base_url.rstrip('/')}/admin/platforms/{at.registration.id}/api"
    return f"an account of the school's now gives access at {page}"


async def remove_platform(
    database: Database, settings: Settings, http: httpx.AsyncClient, clock: Clock, platform_id: str
) -> int:
    """Remove a platform, and have the LMS forget its tokens, as far as it answers; for how many it did not. Raises NotFound."""
    async with database.writing() as session:
        registration = (await registrations.platform(session, platform_id)).registration
        given = await consent.everything_of(session, registration)
        await registrations.remove_platform(session, platform_id, ACTOR, clock.now())
    if not given:
        return 0
    return await consent.end_everything(Connectors(http, clock, secret_key(settings), database), registration, given)


async def disconnect(
    database: Database,
    settings: Settings,
    http: httpx.AsyncClient,
    clock: Clock,
    platform_id: str,
    organisation: str | None,
) -> int:
    """Delete secrets and consents, and have the LMS forget its tokens, as far as it answers; for how many it did not.

    Raises NotFound.
    """
    connectors = Connectors(http, clock, secret_key(settings), database)
    async with database.writing() as session:
        at = await _place(session, clock, platform_id, organisation)
        connection = await content_queries.connection(session, at.organisation.id, at.registration.id)
        if connection is None:
            raise NotFound(f"{at.organisation.name} is not connected to this platform's own API")
        grants = [*await queries.grants(session, at.organisation.id, connection.id)]
        session.expunge_all()
        await connecting.disconnect(session, at.registration, connection, clock.now(), actor=ACTOR)
    return len(grants) - await consent.end_all(connectors, connection, at.registration, grants)


def entered_in(family: Family, settings: Settings) -> dict[str, tuple[str, ...]]:
    """What an administrator enters or ticks in the LMS, by label; scopes of Canvas under the headings it has for them."""
    found: dict[str, tuple[str, ...]] = {}
    for one in to_enter(family, settings.base_url, by_key=True):
        found |= {f"{one.label}: {heading}": some for heading, some in one.headings.items()} or {one.label: one.lines}
    return found


def as_lines(entered: dict[str, tuple[str, ...]]) -> list[str]:
    """The same to be read."""
    return [line for label, some in entered.items() for line in (f"{label}:", *(f"  {one}" for one in some))]


async def _place(session: AsyncSession, clock: Clock, platform_id: str, organisation: str | None) -> Place:
    found = (await registrations.platform(session, platform_id)).registration
    wanted = organisation
    if wanted is None and found.organisation_id is not None:
        wanted = str(found.organisation_id)
    school = await registrations.find_organisation(session, wanted, clock.now())
    if found.organisation_id not in {None, school.id}:
        raise NotFound(f"this platform is not {school.name}'s")
    return Place(found, school)
