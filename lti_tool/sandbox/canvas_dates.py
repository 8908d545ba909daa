"""When a student may do an assignment: its dates, and over them those of the overrides that name the student.

An override of the student's own goes first; of sections and groups the one that leaves most time
(app/models/assignment_override_applicator.rb).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.bench_models import GroupMember
from lti_tool.sandbox.canvas_models import AssignmentMore, Override, OverrideStudent
from lti_tool.sandbox.canvas_sections import section_ids_of
from lti_tool.sandbox.models import Assignment, Person
from lti_tool.sandbox.view import Visit


@dataclass(frozen=True)
class Dates:
    """When work is due, from when it can be done and until when; None for no such date."""

    due_at: datetime | None = None
    unlock_at: datetime | None = None
    lock_at: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """Whether nothing can be handed in now."""
        early = self.unlock_at is not None and now < self.unlock_at
        return early or (self.lock_at is not None and now >= self.lock_at)


@dataclass(frozen=True)
class CourseDates:
    """The dates of a course's assignments for everybody, and for each whom an override names.

    ``sets`` are the sets that a person belongs to: ``("ADHOC", override)``, ``("CourseSection", section)``, ``("Group", group)``.
    """

    usual: Mapping[int, Dates]
    overrides: Mapping[int, Sequence[Override]]
    sets: Mapping[int, Collection[tuple[str, int]]]

    def of(self, assignment_id: int, person_id: int | None = None) -> Dates:
        """The dates for everybody, or for one person."""
        usual = self.usual.get(assignment_id, Dates())
        if person_id is None:
            return usual
        mine = [one for one in self.overrides.get(assignment_id, ()) if _key(one) in self.sets.get(person_id, ())]
        return Dates(*(_date(name, mine, getattr(usual, name)) for name in ("due_at", "unlock_at", "lock_at")))

    def all_of(self, assignment_id: int) -> Sequence[Override]:
        """The overrides of an assignment, oldest first."""
        return self.overrides.get(assignment_id, ())


def _usual(row: Assignment, more: AssignmentMore | None) -> Dates:
    return Dates(row.due_at) if more is None else Dates(row.due_at, more.unlock_at, more.lock_at)


def _key(override: Override) -> tuple[str, int]:
    return override.set_type, override.id if override.set_type == "ADHOC" else override.set_id or 0


def _date(name: str, mine: Iterable[Override], usual: datetime | None) -> datetime | None:
    told = [one for one in mine if name in one.overrides]
    own = [one for one in told if one.set_type == "ADHOC"]
    values = [getattr(one, name) for one in (own or told)]
    if not values:
        return usual
    if None in values:
        return None
    found: datetime = min(values) if name == "unlock_at" else max(values)
    return found


async def course_dates(session: AsyncSession, course_id: int) -> CourseDates:
    """Every date of a course, read once."""
    rows = await session.execute(
        select(Assignment, AssignmentMore)
        .outerjoin(AssignmentMore, AssignmentMore.assignment_id == Assignment.id)
        .where(Assignment.course_id == course_id)
    )
    usual = {row.id: _usual(row, more) for row, more in rows}
    found = await session.scalars(
        select(Override)
        .join(Assignment, Assignment.id == Override.assignment_id)
        .where(Assignment.course_id == course_id)
        .order_by(Override.id)
    )
    overrides: dict[int, list[Override]] = {}
    for one in found:
        overrides.setdefault(one.assignment_id, []).append(one)
    return CourseDates(usual, overrides, await _sets(session, course_id) if overrides else {})


@dataclass(frozen=True)
class OtherDates:
    """Other dates as a page shows them: for whom, and which."""

    title: str
    dates: Dates


async def overrides_shown(session: AsyncSession, visit: Visit, assignment_id: int) -> Sequence[OtherDates]:
    """The other dates of an assignment, for those who teach."""
    if not visit.teaches:
        return ()
    found = (await course_dates(session, visit.course.id)).all_of(assignment_id)
    named = await session.execute(
        select(OverrideStudent.override_id, Person.name)
        .join(Person, Person.id == OverrideStudent.person_id)
        .where(OverrideStudent.assignment_id == assignment_id)
        .order_by(Person.sortable_name)
    )
    names: dict[int, list[str]] = {}
    for override_id, name in named:
        names.setdefault(override_id, []).append(name)
    return [
        OtherDates(", ".join(names.get(one.id, [])) or one.title, Dates(one.due_at, one.unlock_at, one.lock_at))
        for one in found
    ]


async def _sets(session: AsyncSession, course_id: int) -> dict[int, set[tuple[str, int]]]:
    sets: dict[int, set[tuple[str, int]]] = {}
    named = await session.execute(
        select(OverrideStudent.person_id, OverrideStudent.override_id)
        .join(Assignment, Assignment.id == OverrideStudent.assignment_id)
        .where(Assignment.course_id == course_id)
    )
    for person_id, override_id in named:
        sets.setdefault(person_id, set()).add(("ADHOC", override_id))
    for person_id, section_id in (await section_ids_of(session, course_id)).items():
        sets.setdefault(person_id, set()).add(("CourseSection", section_id))
    for person_id, group_id in await session.execute(select(GroupMember.person_id, GroupMember.group_id)):
        sets.setdefault(person_id, set()).add(("Group", group_id))
    return sets
