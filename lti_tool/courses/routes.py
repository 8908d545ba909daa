"""The course's front door, its people, and the page of a launch that came from no course."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from lti_tool.courses import groups, queries, rules, sections, service
from lti_tool.courses.access import InCourse, MemberIn, TeacherChanging, TeacherIn
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Course, Membership, Person
from lti_tool.courses.roster import FreshRoster, read_roster
from lti_tool.courses.sections import Section
from lti_tool.courses.visibility import may_see_supports, visible_students
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.lti.sessions import CurrentVisit
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, say

router = APIRouter()

ROLE_WORDS = {
    Role.STUDENT: N_("Student"),
    Role.TEACHER: N_("Teacher"),
    Role.ASSISTANT: N_("Assistant"),
    Role.OBSERVER: N_("Observer"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.OTHER: N_("Other"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A person's line in the list of people; ``role`` is a message id."""

    person_id: uuid.UUID
    name: str
    named: bool
    role: str
    active: bool
    launched_at: datetime | None
    groups: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group to choose."""

    id: uuid.UUID
    name: str
    set_name: str | None
    people: int


@router.get("/no-course", name="no_course")
async def no_course(request: Request, visit: CurrentVisit, pages: CurrentPages) -> Response:
    """Where a launch without a context leads: what happened, and what to do."""
    return pages.render(request, "courses/no_course.html", {"has_course": visit.course_id is not None})


@router.get("/courses/{course_id}", name="course")
async def front_door(request: Request, here: MemberIn, pages: CurrentPages) -> Response:
    """On to the page a role came for; a page that says what is missing for a role that has none."""
    home = rules.home_of(here.visit.role)
    if home is None:
        return pages.render(request, "courses/no_role.html")
    return RedirectResponse(f"/courses/{here.course.id}/{home}", status_code=303)


@router.get("/courses/{course_id}/people", name="people")
async def people(
    request: Request,
    here: TeacherIn,
    fresh: FreshRoster,
    database: CurrentDatabase,
    pages: CurrentPages,
    group: str = "",
) -> Response:
    """Who is in the course, or in one ``group`` or section (``section:<id>``) of it; read again if that was long ago."""
    return await _people(request, here, fresh, database, pages, said=request.query_params.get("said"), group=group)


@router.get("/courses/{course_id}/people/sections", name="sections")
async def section_names(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """What the sections of the course are called."""
    async with database.reading() as session:
        known = await sections.seen(session, here)
    context = {"address": _address(here.course), "known": known, "most": sections.MOST_LETTERS}
    return pages.render(request, "courses/sections.html", context)


@router.post("/courses/{course_id}/people/sections", name="name_sections")
async def name_sections(request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Call sections something: ``section`` and ``called``, one of each for each section."""
    form = await request.form()
    ids = [one for one in form.getlist("section") if isinstance(one, str)]
    called = [one for one in form.getlist("called") if isinstance(one, str)]
    async with database.writing() as session:
        await sections.call(session, here, dict(zip(ids, called, strict=False)), clock.now())
    return RedirectResponse(f"{_address(here.course)}?said=named", status_code=303)


@router.post("/courses/{course_id}/people/refresh", name="refresh_people")
async def refresh_people(
    request: Request, here: TeacherChanging, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """Ask the platform who is in the course, now."""
    outcome = await read_roster(request, here, asked=True)
    if outcome.trouble is not None:
        return await _people(request, here, outcome, database, pages, status_code=outcome.trouble.status)
    said = "late" if outcome.late else "read"
    return RedirectResponse(f"/courses/{here.course.id}/people?said={said}", status_code=303)


async def _people(
    request: Request,
    here: InCourse,
    outcome: Outcome,
    database: Database,
    pages: Pages,
    *,
    said: str | None = None,
    group: str = "",
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        rows = await _seen(session, here, await queries.roster(session, here.organisation_id, here.course.id))
        course = await queries.course(session, here.organisation_id, here.course.id) or here.course
        known = await groups.of_course(session, here.organisation_id, here.course.id)
        active = {person.id for membership, person in rows if membership.active}
        # A group that is not there, such as one in an old address, shows everybody.
        chosen = next((one for one in known if str(one.group.id) == group), None)
        parts = await sections.seen(session, here)
        part = next((one for one in parts if f"section:{one.id}" == group), None)
        within = chosen.person_ids if chosen else part.people if part else None
        lines = [_line(membership, person, known, parts) for membership, person in rows]
        context: dict[str, Any] = {
            "here": [line for line in lines if line.active and (within is None or line.person_id in within)],
            "gone": [line for line in lines if not line.active and within is None],
            "groups": [_group_line(one, active) for one in known],
            "parts": parts,
            "chosen": group if within is not None else None,
            "students": sum(1 for membership, _ in rows if membership.active and membership.role is Role.STUDENT),
            "nameless": any(line.active and not line.named for line in lines),
            "address": _address(course),
            "supports": f"/courses/{course.id}/supports" if await may_see_supports(session, here) else None,
            "read_at": course.roster_read_at,
            "can_read": course.memberships_url is not None,
            "late": outcome.late or said == "late",
            "just_read": said == "read",
            "just_named": said == "named",
            "trouble": say(request, outcome.trouble) if outcome.trouble else None,
        }
    return pages.render(request, "courses/people.html", context, status_code=status_code)


async def _seen(
    session: AsyncSession, here: InCourse, rows: Sequence[tuple[Membership, Person]]
) -> list[tuple[Membership, Person]]:
    """Those whom the person who is here may see: who is held to their own sections sees these students, and all who teach."""
    restricted = False
    if here.visit.person_id is not None:
        restricted, _ = await queries.seeing(session, here.organisation_id, here.course.id, here.visit.person_id)
    if not restricted:
        return list(rows)
    students = {person.id for person in await visible_students(session, here)}
    return [one for one in rows if one[0].role in rules.TEACHING or one[1].id in students]


def _address(course: Course) -> str:
    return f"/courses/{course.id}/people"


def _group_line(known: groups.GroupWithMembers, active: set[uuid.UUID]) -> GroupLine:
    group = known.group
    return GroupLine(group.id, group.name or group.group_id, group.set_name, len(known.person_ids & active))


def _line(
    membership: Membership, person: Person, known: Sequence[groups.GroupWithMembers], parts: Sequence[Section]
) -> Line:
    return Line(
        person_id=person.id,
        name=service.display_name(person, membership.role),
        named=person.name is not None,
        role=ROLE_WORDS[membership.role],
        active=membership.active,
        launched_at=membership.last_launched_at or membership.launched_at,
        groups=tuple(one.group.name or one.group.group_id for one in known if person.id in one.person_ids),
        sections=tuple(sections.of_person(parts, person.id)),
    )
