"""What a course's students are known by in files of their LMS, read in the moment it is needed and not kept."""

import uuid
from dataclasses import dataclass, field

from lti_tool.courses import queries
from lti_tool.courses.models import Course, Person
from lti_tool.db.session import Database
from lti_tool.lti.models import Registration
from lti_tool.lti.services import Member, NrpsClient, Protocol, ServiceRefused, ServiceUnreachable
from lti_tool.platforms import quirks


@dataclass(frozen=True, slots=True)
class Known:
    """An active student, and every way of naming them that the platform shares. Addresses in lower case."""

    person_id: uuid.UUID
    names: tuple[str, ...] = field(repr=False)
    user_ids: frozenset[str] = field(repr=False)
    sourced_ids: frozenset[str] = field(default=frozenset(), repr=False)
    emails: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Identities:
    """The students of a course. ``asked``: whether the platform was reached; without it only what is stored is known."""

    known: tuple[Known, ...]
    asked: bool


async def of_course(database: Database, protocol: Protocol, course: Course) -> Identities:
    """Everybody's ways of being named: from the roster in this moment where the platform answers, else what is stored.

    The platform is asked outside any transaction, and nothing of its answer is kept: an address is used and forgotten.
    """
    async with database.reading() as session:
        registration = await queries.registration_of(session, course)
        people = await queries.students(session, course.organisation_id, course.id)
        session.expunge_all()
    members: dict[str, Member] = {}
    asked = False
    if registration is not None and course.memberships_url is not None:
        try:
            members = await _members(protocol, registration, course.memberships_url, course.context_id)
            asked = True
        except (ServiceRefused, ServiceUnreachable):
            # What is stored has to do; the page says so.
            members = {}
    parameter = quirks(registration.lms).user_id_parameter if registration is not None else None
    return Identities(tuple(_known(person, members.get(person.sub), parameter) for person in people), asked)


async def _members(protocol: Protocol, registration: Registration, url: str, context_id: str) -> dict[str, Member]:
    known = quirks(registration.lms)
    client = NrpsClient(protocol, registration, known)
    if known.user_id_parameter is not None:
        try:
            # The course's own id stands for a link that everybody may open; a link's would leave out who may not open that one.
            return {member.user_id: member for member in await client.members(url, rlid=context_id)}
        except ServiceRefused:
            # A platform that does not take it names everybody without it, too.
            pass
    return {member.user_id: member for member in await client.members(url)}


def _known(person: Person, member: Member | None, parameter: str | None) -> Known:
    ids = {person.sub, person.platform_user_id}
    names = {person.name, person.sort_name}
    if member is not None:
        names |= {member.name, " ".join(filter(None, (member.given_name, member.family_name)))}
        ids.add(member.custom.get(parameter) if parameter else None)
    return Known(
        person.id,
        tuple(sorted(name for name in names if name)),
        frozenset(one for one in ids if one),
        frozenset({member.sourced_id} if member is not None and member.sourced_id else ()),
        frozenset({member.email.casefold()} if member is not None and member.email else ()),
    )
