"""Who comes, from where, in which role: what each launch and each roster teaches us about courses and people."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses import groups, origins, queries, rules
from lti_tool.courses.models import Course, Membership, Person, ResourceLink
from lti_tool.courses.queries import COURSE_KEY, LINK_KEY, MEMBERSHIP_KEY, PERSON_KEY, Known, Whereabouts
from lti_tool.db.session import Database
from lti_tool.db.upsert import upsert
from lti_tool.errors import NotFound, PlatformTrouble
from lti_tool.ids import new_id
from lti_tool.jobs import nudge_after_commit
from lti_tool.logs import reference_code
from lti_tool.lti.launch import Entry, Launch
from lti_tool.lti.models import Role
from lti_tool.lti.roles import is_test_user
from lti_tool.lti.services import Member, MemberStatus, NrpsClient, Protocol, ServiceRefused
from lti_tool.lti.tool_description import SECTION_RESTRICTED, SECTIONS
from lti_tool.platforms import quirks
from lti_tool.platforms.base import Quirks
from lti_tool.web.i18n import N_, current_language

NO_COURSE = "/no-course"
"""Where a launch without a context leads."""

_BESIDE = {**queries.SECTIONS_IF_SENT, **queries.STILL_TO_DO}
_BESIDE_TEACHING = {**_BESIDE, **queries.ROLE_UNLESS_CAME_TO_TEACH}
_FIRST_LAUNCH = {**queries.FIRST_LAUNCH, **queries.STILL_TO_DO}

CAME = "people-came"
"""The task of whoever has something to do for students who come, or come back: nudged with the course's key."""

_NAMELESS = {
    Role.STUDENT: N_("Student %(code)s"),
    Role.TEACHER: N_("Teacher %(code)s"),
    Role.ASSISTANT: N_("Assistant %(code)s"),
    Role.OBSERVER: N_("Observer %(code)s"),
    Role.ADMINISTRATOR: N_("Administrator %(code)s"),
    Role.OTHER: N_("Person %(code)s"),
}


class NoRoster(PlatformTrouble):
    """The platform offers no Names and Role Provisioning Service in this course, or has withdrawn it."""

    code = "no-roster-service"
    title = N_("Your LMS does not share who is in this course")
    advice = N_(
        "People appear here when they open this tool for the first time. To see everyone at once, ask your administrator to "
        "switch on “Names and Role Provisioning” for this tool."
    )


class EmptyRoster(PlatformTrouble):
    """The platform answered with nobody at all, which cannot be: somebody has launched."""

    code = "empty-roster"
    title = N_("Your LMS sent an empty list of people")
    advice = N_("Nothing was changed. Try again later; if it stays like this, tell your administrator.")


@dataclass(frozen=True, slots=True)
class RosterReport:
    """What a reading of the roster changed: people in it, newly met, newly or again active, and gone."""

    people: int
    new: int
    returned: int
    left: int


def display_name(person: Person, role: Role = Role.STUDENT) -> str:
    """The person's name, or where the platform shares none a neutral label such as “Student 3f9c”, in the page's language."""
    if person.name:
        return person.name
    return current_language().gettext(_NAMELESS[role]) % {"code": rules.short_code(person.id)}


# --- A launch --------------------------------------------------------------------------------------------------------


async def enter(session: AsyncSession, launch: Launch, now: datetime) -> Entry:
    """Take note of a verified launch and say where it leads. One statement to look, and one for each part that changed.

    Two first launches at once are safe on both databases: a part that is missing is inserted by a statement that takes over
    the row another transaction inserted meanwhile. Parts are written in one order (course, person, membership, link), so
    that transactions cannot wait for each other in a circle.
    """
    organisation_id = launch.organisation_id
    known = await queries.whereabouts(
        session,
        organisation_id=organisation_id,
        registration_id=launch.registration.id,
        deployment_id=launch.deployment.id,
        context_id=launch.context.id if launch.context else None,
        sub=launch.sub,
        link_id=launch.resource_link.id if launch.resource_link else None,
    )
    course_id = await _note_course(session, launch, known.course, now)
    if course_id is not None and launch.context is not None and not known.origins.issuperset(launch.context.history):
        await origins.note(session, organisation_id, course_id, launch.context.history, now)
    person_id = await _note_person(session, launch, known.person, now)
    link_id: uuid.UUID | None = None
    if course_id is not None:
        # Somebody who acts as a person shows neither that the person came nor what they are called.
        if person_id is not None and not launch.masquerading:
            await _note_membership(session, launch, known, course_id, person_id, now)
        link_id = await _note_link(session, launch, known.link, course_id, now)
    return Entry(
        organisation_id=organisation_id,
        person_id=person_id,
        course_id=course_id,
        resource_link_id=link_id,
        role=launch.role,
        address=NO_COURSE if course_id is None else f"/courses/{course_id}",
    )


async def _note_course(session: AsyncSession, launch: Launch, known: Known | None, now: datetime) -> uuid.UUID | None:
    context = launch.context
    if context is None:
        return None
    said: Known = {
        "title": context.title,
        "label": context.label,
        "memberships_url": launch.nrps_url,
        "line_items_url": launch.ags.line_items_url if launch.ags else None,
        "platform_course_id": _short(
            launch.custom.get("canvas_course_id") or quirks(launch.registration.lms).api_course_id(launch.custom)
        ),
        "api_domain": _short(launch.custom.get("canvas_api_domain")),
        "groups_url": launch.groups.groups_url if launch.groups else None,
        "group_sets_url": launch.groups.sets_url if launch.groups else None,
    }
    # What a launch leaves out is not gone: placements differ in what they send. A claim that is there is the whole truth.
    said = {name: value for name, value in said.items() if value}
    if launch.ags is not None:
        said["ags_scopes"] = sorted(launch.ags.scopes)
    if known is None:
        return await queries.put(
            session,
            Course,
            COURSE_KEY,
            {
                "organisation_id": launch.organisation_id,
                "registration_id": launch.registration.id,
                "deployment_id": launch.deployment.id,
                "context_id": context.id,
                "title": "",
                "label": "",
                "ags_scopes": [],
                "created_at": now,
                **said,
            },
            update_columns=said.keys(),
        )
    return await _bring_up_to_date(session, Course, launch, known, said)


async def _note_person(session: AsyncSession, launch: Launch, known: Known | None, now: datetime) -> uuid.UUID | None:
    if launch.sub is None:
        return None
    name, sort_name = rules.names(launch.name, launch.given_name, launch.family_name)
    said: Known = {
        "name": name,
        "sort_name": sort_name,
        "platform_user_id": _short(
            launch.custom.get("canvas_user_id")
            or quirks(launch.registration.lms).api_user_id(launch.sub, launch.custom)
        ),
    }
    said = {column: value for column, value in said.items() if value and not launch.masquerading}
    if is_test_user(launch.roles) and not launch.masquerading:
        said["is_test"] = True
    if known is None:
        return await queries.put(
            session,
            Person,
            PERSON_KEY,
            {
                "organisation_id": launch.organisation_id,
                "registration_id": launch.registration.id,
                "sub": launch.sub,
                "created_at": now,
                **said,
            },
            update_columns=said.keys(),
        )
    return await _bring_up_to_date(session, Person, launch, known, said)


async def _note_membership(
    session: AsyncSession, launch: Launch, known: Whereabouts, course_id: uuid.UUID, person_id: uuid.UUID, now: datetime
) -> None:
    organisation_id = launch.organisation_id
    before = known.membership
    said = _sections_said(launch)
    # Of somebody whom nobody has heard of before nothing can follow.
    comes = known.person is not None and launch.role is Role.STUDENT and not _takes_part(before)
    if comes:
        said["came_at"] = now
        nudge_after_commit(session, CAME, course_key(organisation_id, course_id))
    if before is None:
        await queries.put(
            session,
            Membership,
            MEMBERSHIP_KEY,
            {
                "organisation_id": organisation_id,
                "course_id": course_id,
                "person_id": person_id,
                "role": launch.role,
                "active": True,
                "launched_at": now,
                "last_launched_at": now,
                **said,
            },
            update_columns=("role", "active", "last_launched_at", *(name for name in said if name != "came_at")),
            compute=_FIRST_LAUNCH if comes else queries.FIRST_LAUNCH,
        )
        return
    changes: Known = {name: value for name, value in said.items() if before.get(name) != value}
    if before["role"] is not launch.role:
        changes["role"] = launch.role
    if not before["active"]:
        changes["active"] = True
    if before["launched_at"] is None:
        changes["launched_at"] = now
    if changes or rules.launch_is_worth_writing(before["last_launched_at"], now):
        changes["last_launched_at"] = now
        await queries.change(session, Membership, organisation_id, before["id"], changes)


def _takes_part(before: Known | None) -> bool:
    """Whether somebody was a student of the course until now."""
    return before is not None and before["active"] and before["role"] is Role.STUDENT


def course_key(organisation_id: uuid.UUID, course_id: uuid.UUID) -> str:
    """How tasks about a course name it."""
    return f"{organisation_id}:{course_id}"


def _sections_said(launch: Launch) -> Known:
    """The sections a launch names, and whether the person is held to them; nothing where the platform says neither."""
    said: Known = {}
    found = rules.sections(launch.custom.get(SECTIONS))
    if found is not None:
        said["sections"] = found
    restricted = launch.custom.get(SECTION_RESTRICTED, "").strip().lower()
    if restricted in {"true", "false"}:
        said["section_restricted"] = restricted == "true"
    return said


async def _note_link(
    session: AsyncSession, launch: Launch, known: Known | None, course_id: uuid.UUID, now: datetime
) -> uuid.UUID | None:
    link = launch.resource_link
    if link is None:
        return None
    said: Known = {
        "title": link.title,
        "line_item_url": launch.ags.line_item_url if launch.ags else None,
        "history": list(link.history),
    }
    said = {name: value for name, value in said.items() if value}
    if known is None:
        return await queries.put(
            session,
            ResourceLink,
            LINK_KEY,
            {
                "organisation_id": launch.organisation_id,
                "course_id": course_id,
                "resource_link_id": link.id,
                "title": "",
                "created_at": now,
                **said,
            },
            update_columns=said.keys(),
        )
    return await _bring_up_to_date(session, ResourceLink, launch, known, said)


async def _bring_up_to_date(
    session: AsyncSession, model: type[Any], launch: Launch, known: Known, said: Known
) -> uuid.UUID:
    changes = {name: value for name, value in said.items() if known[name] != value}
    if changes:
        await queries.change(session, model, launch.organisation_id, known["id"], changes)
    found: uuid.UUID = known["id"]
    return found


def _short(value: str | None) -> str | None:
    """An identifier that fits its column; a longer one is none of the platform's own API."""
    return value.strip() if value and len(value.strip()) <= 255 else None


# --- The roster ------------------------------------------------------------------------------------------------------


async def refresh_roster(
    database: Database, protocol: Protocol, course: Course, now: datetime, *, actor: uuid.UUID | None = None
) -> RosterReport:
    """Read who is in the course (NRPS 2.0) and take it over in one transaction. People who vanish become inactive.

    The platform is asked outside any transaction. Raises NoRoster where there is no such service, EmptyRoster for an answer
    without anybody, and the service clients' errors; then nothing has changed.
    """
    if course.memberships_url is None:
        raise NoRoster("the course has no memberships address")
    async with database.reading() as session:
        registration = await queries.registration_of(session, course)
        if registration is None:
            raise NotFound("the course's platform was removed")
        session.expunge(registration)
        sections = await queries.has_restricted(session, course.organisation_id, course.id)
    habits = quirks(registration.lms)
    found = await groups.read(database, protocol, registration, course)
    try:
        members = await _members(
            NrpsClient(protocol, registration, habits),
            course.memberships_url,
            groups=bool(found),
            # The course's own id stands for a link that everybody may open, and brings everybody's custom parameters: their
            # sections, and what the platform's own API calls them, which nothing else tells of those who never came in.
            rlid=course.context_id if sections or habits.user_id_parameter is not None else None,
        )
    except ServiceRefused as refusal:
        if refusal.answered in (404, 410):
            await _forget_memberships_url(database, course)
            raise NoRoster(f"the memberships address answers {refusal.answered}") from refusal
        raise
    if not members:
        raise EmptyRoster("no members")
    async with database.writing() as session:
        report = await take_over_roster(session, course, members, now, known=habits)
        in_groups = await groups.take_over(session, course, found, members, now) if found is not None else None
        audit.record(
            session,
            now,
            "roster.read",
            organisation_id=course.organisation_id,
            actor=str(actor) if actor else None,
            subject=f"course {course.id}",
            reference=reference_code.get(),
            detail=f"{report.people} people, {report.new} new, {report.returned} returned, {report.left} left"
            + (f", {in_groups} groups" if in_groups is not None else ""),
        )
    return report


async def _members(client: NrpsClient, memberships_url: str, *, groups: bool, rlid: str | None = None) -> list[Member]:
    """Everyone, with their groups and sections where the platform has some; without, where it does not take that question."""
    if groups or rlid is not None:
        try:
            return await client.members(memberships_url, rlid=rlid, groups=groups)
        except ServiceRefused as refusal:
            if refusal.temporary:
                raise
    if groups and rlid is not None:
        return await _members(client, memberships_url, groups=True)
    return await client.members(memberships_url)


async def take_over_roster(
    session: AsyncSession, course: Course, members: list[Member], now: datetime, *, known: Quirks
) -> RosterReport:
    """Bring people and memberships up to what the platform says; ``now`` is when the reading began.

    Where the roster hides assistants, somebody who came in to teach stays what the launch said, until another launch.
    """
    organisation_id, hides_assistants = course.organisation_id, known.roster_hides_assistants
    # The course first, as in a launch, so that the two cannot wait for each other in a circle.
    await queries.change(session, Course, organisation_id, course.id, {"roster_read_at": now})
    members = sorted(members, key=lambda member: member.user_id)
    ids, new = await _take_over_people(session, course, members, now, known)
    before = await queries.memberships(session, organisation_id, course.id)
    rows: list[Known] = []
    returned = came = 0
    for member in members:
        active = member.status is MemberStatus.ACTIVE
        person_id = ids[member.user_id]
        row = before.get(person_id)
        if row is not None and active and not row.active:
            returned += 1
        studies = row is not None and row.active and row.role is Role.STUDENT
        comes = active and member.role is Role.STUDENT and not studies and member.user_id not in new
        came += comes
        rows.append(
            {
                "organisation_id": organisation_id,
                "id": new_id(),
                "course_id": course.id,
                "person_id": person_id,
                "role": member.role,
                "active": active,
                "seen_in_roster_at": now,
                "sections": rules.sections(member.custom.get(SECTIONS)),
                "came_at": now if comes else None,
            }
        )
    rows.sort(key=lambda row: str(row["person_id"]))
    await upsert(
        session,
        Membership,
        rows,
        key=MEMBERSHIP_KEY,
        update=("active", "seen_in_roster_at") if hides_assistants else ("role", "active", "seen_in_roster_at"),
        compute=_BESIDE_TEACHING if hides_assistants else _BESIDE,
        returning=("id",),
    )
    switched_off = sum(1 for row in rows if not row["active"] and (was := before.get(row["person_id"])) and was.active)
    there = {row["person_id"] for row in rows}
    missing = sorted((person_id for person_id, row in before.items() if row.active and person_id not in there), key=str)
    gone = await queries.retire(session, organisation_id, course.id, missing, now)
    if came:
        nudge_after_commit(session, CAME, course_key(organisation_id, course.id))
    return RosterReport(people=len(members), new=len(new), returned=returned, left=switched_off + gone)


async def _take_over_people(
    session: AsyncSession, course: Course, members: list[Member], now: datetime, habits: Quirks
) -> tuple[dict[str, uuid.UUID], frozenset[str]]:
    """The ids of everyone by sub, and who of them was not known before. A name the platform does not send stays as it was."""
    known = await queries.people_by_sub(
        session, course.organisation_id, course.registration_id, [member.user_id for member in members]
    )
    rows: list[Known] = []
    for member in members:
        before = known.get(member.user_id)
        name, sort_name = rules.names(member.name, member.given_name, member.family_name)
        api_id = _short(habits.api_user_id(member.user_id, member.custom))
        is_test = is_test_user(member.roles)
        if (
            before is not None
            and (name is None or (before.name, before.sort_name) == (name, sort_name))
            and (api_id is None or before.platform_user_id == api_id)
            and (before.is_test or not is_test)
        ):
            continue
        rows.append(
            {
                "organisation_id": course.organisation_id,
                "id": new_id(),
                "registration_id": course.registration_id,
                "sub": member.user_id,
                "name": name,
                "sort_name": sort_name,
                "platform_user_id": api_id,
                "is_test": is_test,
                "created_at": now,
            }
        )
    written = await upsert(
        session, Person, rows, key=PERSON_KEY, compute=queries.NAMES_IF_SENT, returning=("id", "sub")
    )
    ids = {sub: row.id for sub, row in known.items()} | {row.sub: row.id for row in written}
    return ids, frozenset(member.user_id for member in members) - known.keys()


async def _forget_memberships_url(database: Database, course: Course) -> None:
    """The service really went away; the next launch that offers it brings it back."""
    async with database.writing() as session:
        await queries.change(session, Course, course.organisation_id, course.id, {"memberships_url": None})


# --- For other rooms -------------------------------------------------------------------------------------------------


async def students(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[Person]:
    """The active students of a course, by family name."""
    return await queries.students(session, organisation_id, course_id)
