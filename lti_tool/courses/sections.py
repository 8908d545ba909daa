"""What the sections of a course are called. That there is one, and who is in it, memberships say by the platform's ids.

The platform's own API tells names (Canvas). Where it does not, or a teacher calls a section otherwise, the teacher's name stands.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses import queries
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Course, CourseSection
from lti_tool.db.base import scoped
from lti_tool.db.upsert import upsert
from lti_tool.ids import new_id

MOST_LETTERS = 200
"""Letters of a teacher's name for a section."""

_KEY = ("organisation_id", "course_id", "section_id")


@dataclass(frozen=True, slots=True)
class Section:
    """A section with its present students. ``name`` is the platform's, ``called`` the teacher's; either may be empty.

    ``shown`` is what to call it: empty where nobody has said.
    """

    id: str
    name: str = ""
    called: str = ""
    shown: str = ""
    people: frozenset[uuid.UUID] = frozenset()

    @property
    def count(self) -> int:
        """How many present students are known to be in it."""
        return len(self.people)


async def of_course(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, only: frozenset[str] | None = None
) -> list[Section]:
    """The sections that somebody of the course's present students is in (of these ids), by what they are called."""
    people: dict[str, set[uuid.UUID]] = {}
    for person_id, ids in (await queries.sections_of_students(session, organisation_id, course_id)).items():
        for one in (ids or "").split(","):
            if one and (only is None or one in only):
                people.setdefault(one, set()).add(person_id)
    if not people:
        return []
    rows = await _rows(session, organisation_id, course_id)
    shown = distinct({one: rows[one].called or rows[one].name for one in people if one in rows})
    found = [
        Section(
            one,
            rows[one].name if one in rows else "",
            rows[one].called if one in rows else "",
            shown.get(one, ""),
            frozenset(members),
        )
        for one, members in people.items()
    ]
    return sorted(found, key=lambda one: (not one.shown, one.shown.casefold(), one.id))


async def seen(session: AsyncSession, here: InCourse) -> list[Section]:
    """Those that the teacher who is here may see: who is held to their own sections sees these."""
    only: frozenset[str] | None = None
    if here.visit.person_id is not None:
        restricted, mine = await queries.seeing(session, here.organisation_id, here.course.id, here.visit.person_id)
        only = frozenset((mine or "").split(",")) - {""} if restricted else None
    return await of_course(session, here.organisation_id, here.course.id, only)


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Names by section, those that several share with their ids, so that they can be told apart; empty ones are left out."""
    used: dict[str, int] = {}
    for name in names.values():
        used[name.casefold()] = used.get(name.casefold(), 0) + 1
    return {one: name if used[name.casefold()] == 1 else f"{name} ({one})" for one, name in names.items() if name}


async def take_names(session: AsyncSession, course: Course, names: Mapping[str, str], now: datetime) -> None:
    """Write down what the platform calls sections, in the caller's transaction. What it does not name keeps its name."""
    known = await _rows(session, course.organisation_id, course.id)
    rows = [
        {
            "organisation_id": course.organisation_id,
            "id": new_id(),
            "course_id": course.id,
            "section_id": section_id,
            "name": name[:500],
            "called": "",
            "changed_at": now,
        }
        for section_id, name in sorted(names.items())
        if name and (section_id not in known or known[section_id].name != name[:500])
    ]
    if rows:
        await upsert(session, CourseSection, rows, key=_KEY, update=("name", "changed_at"))


async def call(session: AsyncSession, here: InCourse, names: Mapping[str, str], now: datetime) -> bool:
    """Call sections what the teacher who is here says (at most 200 letters; empty: as the platform calls it); whether any is
    called otherwise now. Ids of sections that this teacher does not see are passed over. Leaves an audit entry.
    """
    there = {one.id: one for one in await seen(session, here)}
    rows = [
        {
            "organisation_id": here.organisation_id,
            "id": new_id(),
            "course_id": here.course.id,
            "section_id": section_id,
            "name": there[section_id].name,
            "called": called,
            "changed_at": now,
        }
        for section_id, called in sorted(_tidied(names).items())
        if section_id in there and there[section_id].called != called
    ]
    if not rows:
        return False
    await upsert(session, CourseSection, rows, key=_KEY, update=("called", "changed_at"))
    audit.record(
        session,
        now,
        "section.named",
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"course:{here.course.id}",
    )
    return True


def _tidied(names: Mapping[str, str]) -> dict[str, str]:
    return {
        section_id: " ".join(called.replace("\0", "").split())[:MOST_LETTERS] for section_id, called in names.items()
    }


def of_person(sections: Sequence[Section], person_id: uuid.UUID) -> list[Section]:
    """Those of these sections that somebody is in."""
    return [one for one in sections if person_id in one.people]


async def _rows(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> dict[str, CourseSection]:
    statement = scoped(CourseSection, organisation_id).where(col(CourseSection.course_id) == course_id)
    return {
        row.section_id: row for row in (await session.exec(statement.execution_options(populate_existing=True))).all()
    }
