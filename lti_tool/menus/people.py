"""Whom boards are for now, and who has one of their own: everybody, groups, sections, single students, languages, interests.

Who comes into an audience gets a board at the next look; who leaves keeps their work, and the board leaves their page until they
are back.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import group_queries
from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Course
from lti_tool.learners import supports
from lti_tool.menus import copy_queries
from lti_tool.menus.models import MenuAudience, MenuStatus, PersonalMenu
from lti_tool.menus.rules.audience import Row, Student, kinds, means

ASSIGNED = (MenuStatus.ASSIGNED,)


@dataclass(frozen=True, slots=True)
class Moves:
    """What has to happen so that everybody has the boards meant for them: (menu, student) pairs without one; boards of who is
    back; boards of who is not meant any more."""

    missing: Sequence[tuple[uuid.UUID, uuid.UUID]] = ()
    back: Sequence[PersonalMenu] = ()
    leaving: Sequence[PersonalMenu] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.back or self.leaving)


def of_board(rows: Iterable[MenuAudience], menu_id: uuid.UUID) -> list[MenuAudience]:
    """The rows that say whom a board is for."""
    return [row for row in rows if row.menu_id == menu_id and row.option_id is None]


def of_option(rows: Iterable[MenuAudience], option_id: uuid.UUID) -> list[MenuAudience]:
    """The rows that say whom an option is for."""
    return [row for row in rows if row.option_id == option_id]


async def known_of(
    session: AsyncSession,
    course: Course,
    rows: Collection[Row],
    person_ids: Collection[uuid.UUID] | None = None,
) -> list[Student]:
    """The present students of a course (or these of them), with what is needed to judge these rows and no more."""
    organisation_id, asked = course.organisation_id, kinds(rows)
    present = [one.id for one in await course_queries.students(session, organisation_id, course.id)]
    wanted = [one for one in present if person_ids is None or one in person_ids]
    group_ids = {row.group_id for row in rows if row.group_id is not None}
    members = await group_queries.members(session, organisation_id, group_ids) if group_ids else {}
    sections = (
        await course_queries.sections_of_students(session, organisation_id, course.id) if "section" in asked else {}
    )
    languages = await supports.for_people(session, organisation_id, course.id) if "language" in asked else {}
    likes = await copy_queries.interests(session, organisation_id, course.id) if "interest" in asked else {}
    return [
        Student(
            one,
            groups=frozenset(group_id for group_id, people in members.items() if one in people),
            sections=frozenset((sections.get(one) or "").split(",")) - {""},
            language=languages[one].language if one in languages else "",
            interests=likes.get(one, frozenset()),
        )
        for one in wanted
    ]


async def missing_copies(
    session: AsyncSession, course: Course, person_ids: Collection[uuid.UUID] | None = None
) -> Moves:
    """What ``ensure_copies`` would do, among these students or all the course has now; false where that is nothing."""
    assigned = await copy_queries.menus(session, course.organisation_id, course.id, ASSIGNED)
    if not assigned:
        return Moves()
    ids = [menu.id for menu in assigned]
    rows = [row for row in await copy_queries.audience(session, course.organisation_id, ids) if row.option_id is None]
    students = await known_of(session, course, rows, person_ids)
    there = await copy_queries.copies(session, course.organisation_id, ids)
    known = {(copy.menu_id, copy.person_id): copy for copy in there}
    looked_at = {student.id for student in students}
    meant = {
        (menu_id, student.id) for menu_id in ids for student in students if means(of_board(rows, menu_id), student)
    }
    return Moves(
        missing=sorted(pair for pair in meant if pair not in known),
        back=[known[pair] for pair in sorted(meant) if pair in known and known[pair].left_at is not None],
        leaving=[
            copy for pair, copy in known.items() if pair not in meant and pair[1] in looked_at and copy.left_at is None
        ],
    )


async def ensure_copies(
    session: AsyncSession, course: Course, now: datetime, person_ids: Collection[uuid.UUID] | None = None
) -> int:
    """Give every present student (or these) the boards that are assigned to them; how many boards that changed.

    Called when a board is assigned, when a student comes, and before a teacher looks at the class. Twice is once.
    """
    wanted = await missing_copies(session, course, person_ids)
    if wanted.missing:
        await copy_queries.add_copies(
            session,
            [
                PersonalMenu(
                    organisation_id=course.organisation_id, menu_id=menu_id, person_id=person_id, created_at=now
                )
                for menu_id, person_id in wanted.missing
            ],
        )
    leaving = {copy.id for copy in wanted.leaving}
    ids = leaving | {copy.id for copy in wanted.back}
    if ids:
        for copy in await copy_queries.copies_by_id(session, course.organisation_id, ids, lock=True):
            copy.left_at = (copy.left_at or now) if copy.id in leaving else None
            session.add(copy)
        await session.flush()
    return len(wanted.missing) + len(ids)
