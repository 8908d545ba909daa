"""What a course's page shows of the access to the LMS's own API: what can be done, who gave it, and who may."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content import queries as content_queries
from lti_tool.content import rules
from lti_tool.content.access import choosing, queries, words
from lti_tool.content.access.keeping import of_connection, unwanted_in
from lti_tool.content.connectors import BUILDERS
from lti_tool.content.models import ApiAuth
from lti_tool.content.ports import Ability, Capability, Lacking
from lti_tool.courses.models import Course
from lti_tool.platforms.native import ApiConsentNeeded


@dataclass(frozen=True, slots=True)
class AbilityLine:
    """One thing a platform's API can be asked for. ``label``, ``use`` and ``reason`` are message ids; ``reason`` is empty
    where it can be done. ``needs`` are scopes, functions or settings as the platform writes them.
    """

    capability: Capability
    label: str
    use: str
    able: bool
    reason: str = ""
    needs: tuple[str, ...] = ()


def lines(abilities: Mapping[Capability, Ability], unwanted: Collection[Capability] = ()) -> tuple[AbilityLine, ...]:
    """What is to be shown of abilities: everything the tool could do with this kind of platform."""
    found = []
    for one in Capability:
        ability = abilities[one]
        if ability.why is Lacking.NOT_OFFERED and not ability.able:
            continue
        label, use = words.CAPABILITIES[one]
        reason = "" if ability.able else words.reason(ability.why, unwanted=one in unwanted)
        found.append(AbilityLine(one, label, use, ability.able, reason, ability.needs))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class OwnAccess:
    """What a teacher has given: since when, and whether it still works (None: not used yet)."""

    given_at: datetime
    working: bool | None


@dataclass(frozen=True, slots=True)
class CourseAbilities:
    """What the page *Content and results* shows of the access to the LMS's own API.

    ``offered``: the tool has a connector for this LMS. ``connected``: the school has connected it. ``elsewhere``: to another
    host than the course's. ``ready``: the course can be read now. ``by_teachers``: teachers give access themselves;
    ``can_connect``: this teacher may; ``own``: what they gave; ``givers``: the names of all whose access still works.
    ``lines`` are empty until the course can be read. ``trouble`` is the code of the last failure.
    """

    offered: bool = False
    connected: bool = False
    elsewhere: bool = False
    ready: bool = False
    by_teachers: bool = False
    can_connect: bool = False
    own: OwnAccess | None = None
    givers: tuple[str, ...] = ()
    lines: tuple[AbilityLine, ...] = ()
    found_out_at: datetime | None = None
    trouble: str | None = None

    def able(self, capability: Capability | str) -> bool:
        """Whether the course can be asked for this now."""
        return any(one.able for one in self.lines if one.capability == capability)


async def of_course(
    session: AsyncSession, course: Course, person_id: uuid.UUID | None = None, *, teaches: bool = False
) -> CourseAbilities:
    """How a course's access stands, for a teacher's page. ``teaches``: whoever looks has the role of a teacher there."""
    registration = await content_queries.registration(session, course.registration_id)
    builder = BUILDERS.get(registration.lms) if registration is not None else None
    if registration is None or builder is None:
        return CourseAbilities()
    connection = await content_queries.connection(session, course.organisation_id, course.registration_id)
    if connection is None:
        return CourseAbilities(offered=True)
    if course.api_domain is not None and not rules.same_host(connection.base_url, course.api_domain):
        return CourseAbilities(offered=True, connected=True, elsewhere=True)
    teachers: Sequence[Any] = ()
    if connection.by_teachers and connection.auth is not ApiAuth.TOKEN:
        teachers = await queries.grants_of_teachers(session, course.organisation_id, connection.id, course.id)
    own = next((grant for grant, person in teachers if person.id == person_id), None)
    shown = CourseAbilities(
        offered=True,
        connected=True,
        by_teachers=bool(connection.by_teachers),
        can_connect=bool(connection.by_teachers and teaches and person_id is not None),
        own=OwnAccess(own.created_at, own.working) if own is not None else None,
        givers=tuple(person.name or "" for grant, person in teachers if grant.working is not False),
        found_out_at=connection.found_out_at,
        trouble=connection.trouble if connection.working is False else None,
    )
    try:
        grant = await choosing.grant_for(session, connection, course)
    except ApiConsentNeeded:
        return shown
    found = of_connection(connection, registration.lms, builder.offers, grant, for_course=True)
    return replace(shown, ready=True, lines=lines(found, unwanted_in(connection.abilities)))
