"""Which of a school's accesses a course is read with. Pure but for reading the tables."""

import uuid
from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.access import queries
from lti_tool.content.access_models import ApiGrant
from lti_tool.content.models import ApiAuth, ApiConnection
from lti_tool.courses.models import Course
from lti_tool.platforms.native import ApiConsentNeeded
from lti_tool.web.i18n import N_

SCHOOLS_CONSENT = N_(
    "An administrator connects the tool to your LMS again, on the platform's page in the administration. What was "
    "read before is kept, and any address can be added by pasting it."
)


def needs_consent(connection: ApiConnection) -> bool:
    """Whether somebody has to say yes in the platform. Signing with the application's own keys needs nobody."""
    return connection.auth is ApiAuth.OAUTH2 or (connection.auth is ApiAuth.OAUTH1 and connection.by_teachers)


async def grant_for(session: AsyncSession, connection: ApiConnection, course: Course | None) -> ApiGrant | None:
    """The consent to read a course with; None for a connection that needs none. Raises ApiConsentNeeded.

    Where teachers give it, it is that of somebody who teaches the course now: the one it was read with last, else one that
    works, else the newest. Without a course it is anybody's that works.
    """
    if not needs_consent(connection):
        return None
    organisation_id = connection.organisation_id
    if not connection.by_teachers:
        found = await queries.organisations_grant(session, organisation_id, connection.id)
        if found is None or found.working is False:
            raise ApiConsentNeeded("no account of the school's has given access", advice=SCHOOLS_CONSENT)
        return found
    if course is None:
        chosen = best(await queries.grants(session, organisation_id, connection.id), None)
    else:
        teachers = await queries.grants_of_teachers(session, organisation_id, connection.id, course.id)
        last = await queries.read_with(session, organisation_id, course.id)
        chosen = best([grant for grant, _person in teachers], last)
    if chosen is None:
        raise ApiConsentNeeded("no teacher of the course has given access")
    return chosen


def best(grants: Sequence[ApiGrant], last: uuid.UUID | None) -> ApiGrant | None:
    """The one to use of those there are, the newest first: the ``last`` one, one that has worked, the newest. No dead one."""
    alive = [one for one in grants if one.working is not False]
    return min(alive, key=lambda one: (one.id != last, one.working is not True), default=None)
