"""Finding out what a connection can do: the platform is asked, and what it says is kept for pages and readings."""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content import queries as content_queries
from lti_tool.content.access import queries
from lti_tool.content.access.keeping import kept, unwanted_in
from lti_tool.content.connectors import Connected, ConnectedElsewhere, Connectors
from lti_tool.content.models import ApiConnection
from lti_tool.content.ports import FoundOut
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.lti.models import Family
from lti_tool.platforms.native import ApiConsentNeeded, ApiUnreachable

SECONDS = 45.0
"""How long somebody waits for the table; some two dozen calls are made for it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of asking: what was ``found``, or the ``trouble``; ``course`` is where it was tried, if in one."""

    found: FoundOut | None = None
    trouble: ToolError | None = None
    course: Course | None = field(default=None, repr=False)


async def find_out(
    database: Database,
    connectors: Connectors,
    family: Family,
    organisation_id: uuid.UUID,
    registration_id: uuid.UUID,
    now: datetime,
    course: Course | None = None,
) -> Finding:
    """Ask the platform what the school's connection can do, and keep the answer. Trouble is in the finding, never raised;
    nothing is found where there is no connection.

    It is tried in ``course``, else in the one that was launched last, else without one.
    """
    connection: ApiConnection | None = None
    try:
        async with database.reading() as session:
            connection = await content_queries.connection(session, organisation_id, registration_id)
            if connection is None:
                return Finding()
            tried = course or await _course_to_try(session, connection)
            try:
                connected = (
                    await connectors.by(session, family, connection)
                    if tried is None
                    else await connectors.of(session, tried)
                )
            except ConnectedElsewhere:
                # Another course may be on the connection's host.
                if course is not None:
                    raise
                tried = None
                connected = await connectors.by(session, family, connection)
        found = await _asked(connected)
    except ToolError as trouble:
        # That nobody has given access yet is no failure; the connection stands as it stood.
        if connection is not None and not isinstance(trouble, ApiConsentNeeded):
            await _keep_trouble(database, connection, trouble, now)
        return Finding(trouble=trouble)
    async with database.writing() as session:
        await queries.note_found(
            session,
            connection,
            abilities=kept(found, unwanted_in(connection.abilities)),
            remarks=[*found.remarks][:20],
            version=found.version[:120],
            found_out_at=now,
            working=True,
            trouble=None,
            checked_at=now,
        )
        if connected.grant_id is not None:
            await queries.note_grant(session, organisation_id, connected.grant_id, None, now)
    return Finding(found=found, course=tried)


async def _course_to_try(session: AsyncSession, connection: ApiConnection) -> Course | None:
    organisation_id = connection.organisation_id
    if connection.by_teachers:
        return await queries.last_course_with_consent(session, organisation_id, connection.id)
    return await queries.last_course(session, organisation_id, connection.registration_id)


async def _asked(connected: Connected) -> FoundOut:
    try:
        async with asyncio.timeout(SECONDS):
            return await connected.connector.find_out(connected.course_id or None)
    except TimeoutError:
        raise ApiUnreachable("not everything was answered in time") from None


async def _keep_trouble(database: Database, connection: ApiConnection, trouble: ToolError, now: datetime) -> None:
    async with database.writing() as session:
        await queries.note_found(
            session,
            connection,
            working=False,
            trouble=trouble.code[:64],
            checked_at=now,
        )
