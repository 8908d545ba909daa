"""All SQL of readings: whose turn it is, how far one has come, who is asked about, and results that were set aside.

A lease is a token and a time. Who takes a course on writes both; every later line of that reading names the token, so that a
reading that was given up for dead and taken over by another process changes nothing any more.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ApiConnection
from lti_tool.content.sync.rules import LEASE, SKEW, is_free
from lti_tool.content.sync_models import CourseSync, LeftResult, SyncPhase
from lti_tool.courses.models import Course, Membership, Person
from lti_tool.db.base import crossing, scoped
from lti_tool.db.upsert import upsert
from lti_tool.ids import new_id
from lti_tool.lti.models import Role

SYNC_KEY = ("organisation_id", "course_id")
LEFT_KEY = ("organisation_id", "course_id", "person_id", "content_item_id", "attempt")
LEFT_COLUMNS = ("result_key", "percent", "earned", "possible", "at", "done_at", "kept_at")

SOME = 500
"""Ids that one statement names."""


@dataclass(frozen=True, slots=True)
class Someone:
    """A student of a course as a reading knows them. ``user_id`` is what the platform's own API calls them."""

    person_id: uuid.UUID
    user_id: str
    active: bool
    membership_id: uuid.UUID
    launched_at: datetime | None
    in_roster: bool


# --- Whose turn it is --------------------------------------------------------------------------------------------------


async def state(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> CourseSync | None:
    """Where the reading of a course stands; None before the first."""
    statement = scoped(CourseSync, organisation_id).where(CourseSync.course_id == course_id)
    return (await session.exec(statement.execution_options(populate_existing=True))).one_or_none()


async def begin(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> None:
    """Have a row for a course; one that is there stays as it is."""
    row = {"organisation_id": organisation_id, "id": new_id(), "course_id": course_id, "created_at": now}
    await upsert(session, CourseSync, [{**_NEW, **row}], key=SYNC_KEY)


_OF_ITS_COURSE = and_(
    col(Course.organisation_id) == col(CourseSync.organisation_id), col(Course.id) == col(CourseSync.course_id)
)

_NEW: Mapping[str, Any] = {"phase": SyncPhase.IDLE, "done": 0, "total": 0, "failures": 0, "report": {}}


async def claim(
    session: AsyncSession, course: Course, now: datetime, *, beside: bool, only_due: bool = False
) -> tuple[str, CourseSync] | None:
    """Take the reading of a course on: its lease, and where it stood before. None where somebody reads it.

    Unless it may run ``beside`` others, also where another course of the same connection is being read: platforms want one
    question at a time from one access, whatever the number of processes. With ``only_due``, also where it is not due any more.
    """
    await begin(session, course.organisation_id, course.id, now)
    if not beside:
        # Two processes that take on two courses at once meet here, so that the second sees the first.
        await session.exec(
            scoped(ApiConnection, course.organisation_id)
            .where(ApiConnection.registration_id == course.registration_id)
            .with_for_update()
        )
        if await _others(session, course, now):
            return None
    statement = scoped(CourseSync, course.organisation_id).where(CourseSync.course_id == course.id)
    row = (await session.exec(statement.with_for_update().execution_options(populate_existing=True))).one()
    if not is_free(row.lease, row.lease_until, now):
        return None
    if only_due and (row.due_at is None or row.due_at > now):
        return None
    before = CourseSync(**row.model_dump())
    lease = new_id().hex
    row.lease, row.lease_until = lease, now + LEASE
    row.phase, row.done, row.total = SyncPhase.WAITING, 0, 0
    row.started_at = now
    session.add(row)
    await session.flush()
    return lease, before


def _free(now: datetime) -> ColumnElement[bool]:
    """What `is_free` says of one row, for a statement over many."""
    return or_(
        col(CourseSync.lease).is_(None),
        col(CourseSync.lease_until) <= now,
        col(CourseSync.lease_until) > now + LEASE + SKEW,
    )


async def _others(session: AsyncSession, course: Course, now: datetime) -> bool:
    """Whether another course of the same connection is being read."""
    statement = (
        select(col(CourseSync.id))
        .join(Course, _OF_ITS_COURSE)
        .where(
            col(CourseSync.organisation_id) == course.organisation_id,
            col(Course.registration_id) == course.registration_id,
            col(CourseSync.course_id) != course.id,
            ~_free(now),
        )
        .limit(1)
    )
    return (await session.exec(statement)).first() is not None


async def renew(session: AsyncSession, course: Course, lease: str, now: datetime, **values: Any) -> bool:
    """Write how far a reading has come, and live on; False where it was taken over."""
    return await _under_lease(session, course, lease, {"lease_until": now + LEASE, **values})


async def end(session: AsyncSession, course: Course, lease: str, **values: Any) -> bool:
    """Give the lease back, and write what came of the reading; False where it was taken over."""
    idle = {"lease": None, "lease_until": None, "phase": SyncPhase.IDLE, "done": 0, "total": 0}
    return await _under_lease(session, course, lease, {**idle, **values})


async def _under_lease(session: AsyncSession, course: Course, lease: str, values: dict[str, Any]) -> bool:
    changed = await session.exec(
        update(CourseSync)
        .where(
            col(CourseSync.organisation_id) == course.organisation_id,
            col(CourseSync.course_id) == course.id,
            col(CourseSync.lease) == lease,
        )
        .values(**values)
        .returning(col(CourseSync.id))
        .execution_options(synchronize_session=False)
    )
    return changed.first() is not None


async def forget_whole(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> None:
    """Have all results of a course read the next time."""
    await _note(session, organisation_id, course_id, {"whole_at": None})


async def want(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime, *, asked: bool
) -> None:
    """Have a course read as soon as may be; ``asked`` when somebody pressed the button."""
    await begin(session, organisation_id, course_id, now)
    values: dict[str, Any] = {"due_at": now} | ({"asked_at": now} if asked else {})
    await _note(session, organisation_id, course_id, values)


async def _note(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, values: dict[str, Any]
) -> None:
    """Write to a course's row whoever reads it."""
    await session.exec(
        update(CourseSync)
        .where(col(CourseSync.organisation_id) == organisation_id, col(CourseSync.course_id) == course_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def due(session: AsyncSession, now: datetime, most: int) -> list[Course]:
    """Courses of all schools whose reading is due and that nobody reads, the longest waiting first."""
    statement = (
        select(Course)
        .join(CourseSync, _OF_ITS_COURSE)
        .where(
            col(CourseSync.due_at) <= now,
            _free(now),
        )
        .order_by(col(CourseSync.due_at), col(Course.id))
        .limit(most)
        .execution_options(**crossing("every school's courses are read, each by its own access"))
    )
    return list((await session.exec(statement)).all())


async def never_begun(session: AsyncSession, most: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Organisations and courses whose contents were read before there were readings of whole courses, and never since."""
    begun = select(col(CourseSync.id)).where(_OF_ITS_COURSE).exists()
    statement = (
        select(col(Course.organisation_id), col(Course.id))
        .where(col(Course.content_read_at).is_not(None), ~begun)
        .limit(most)
        .execution_options(**crossing("every school's courses are read, each by its own access"))
    )
    return [(row[0], row[1]) for row in (await session.exec(statement)).all()]


async def waiting_for_people(
    session: AsyncSession, organisation_id: uuid.UUID, registration_id: uuid.UUID, troubles: Collection[str]
) -> list[uuid.UUID]:
    """The courses of a platform whose reading stopped over one of these troubles."""
    statement = (
        select(col(CourseSync.course_id))
        .join(Course, _OF_ITS_COURSE)
        .where(
            col(CourseSync.organisation_id) == organisation_id,
            col(Course.registration_id) == registration_id,
            col(CourseSync.trouble).in_(sorted(troubles)),
        )
    )
    return list((await session.exec(statement)).all())


async def last_opened(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> datetime | None:
    """When anybody last came into a course, to the hour."""
    statement = select(func.max(Membership.last_launched_at)).where(
        Membership.organisation_id == organisation_id, Membership.course_id == course_id
    )
    return (await session.exec(statement)).one()


# --- Who is asked about ------------------------------------------------------------------------------------------------


async def students(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[Someone]:
    """Everybody who is or was a student of a course."""
    columns: list[Any] = [
        Person.id,
        Person.sub,
        Person.platform_user_id,
        Membership.active,
        Membership.id,
        Membership.launched_at,
        Membership.seen_in_roster_at,
    ]
    statement = (
        select(*columns)
        .join(
            Membership,
            and_(
                col(Membership.organisation_id) == col(Person.organisation_id),
                col(Membership.person_id) == col(Person.id),
            ),
        )
        .where(
            col(Person.organisation_id) == organisation_id,
            col(Membership.course_id) == course_id,
            col(Membership.role) == Role.STUDENT,
        )
        .order_by(col(Person.id))
    )
    rows: Sequence[Any] = (await session.exec(statement)).all()
    return [Someone(row[0], row[2] or row[1], row[3], row[4], row[5], in_roster=row[6] is not None) for row in rows]


async def learn_user_ids(session: AsyncSession, course: Course, told: Mapping[str, str]) -> set[uuid.UUID]:
    """Remember what the platform's own API calls people, given by the subject of their launches; whose was not known.

    People who never came in and stand in no roster are not made here.
    """
    subjects = sorted(told)
    changed: list[tuple[uuid.UUID, str]] = []
    for start in range(0, len(subjects), SOME):
        statement = select(col(Person.id), col(Person.sub), col(Person.platform_user_id)).where(
            col(Person.organisation_id) == course.organisation_id,
            col(Person.registration_id) == course.registration_id,
            col(Person.sub).in_(subjects[start : start + SOME]),
        )
        rows = (await session.exec(statement)).all()
        changed += [(row[0], told[row[1]]) for row in rows if row[2] != told[row[1]]]
    for person_id, user_id in sorted(changed):
        await session.exec(
            update(Person)
            .where(col(Person.organisation_id) == course.organisation_id, col(Person.id) == person_id)
            .values(platform_user_id=user_id)
            .execution_options(synchronize_session=False)
        )
    return {person_id for person_id, _ in changed}


# --- Results that were set aside ---------------------------------------------------------------------------------------


async def set_aside(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Keep results of people who left the course; told again, they are the same."""
    await upsert(session, LeftResult, rows, key=LEFT_KEY, update=LEFT_COLUMNS)


async def forget_aside(session: AsyncSession, organisation_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> None:
    """Results that were set aside are not, any more: they were taken in, or taken back in the platform."""
    for start in range(0, len(ids), SOME):
        await session.exec(
            delete(LeftResult).where(
                col(LeftResult.organisation_id) == organisation_id, col(LeftResult.id).in_(ids[start : start + SOME])
            )
        )


async def aside_of(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_ids: Collection[uuid.UUID]
) -> list[LeftResult]:
    """What was set aside of these people."""
    found: list[LeftResult] = []
    some = sorted(person_ids)
    for start in range(0, len(some), SOME):
        statement = (
            scoped(LeftResult, organisation_id)
            .where(LeftResult.course_id == course_id, col(LeftResult.person_id).in_(some[start : start + SOME]))
            .order_by(col(LeftResult.person_id), col(LeftResult.at))
        )
        found += (await session.exec(statement)).all()
    return found


async def returned(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[uuid.UUID]:
    """Students of whom results were set aside and who are in the course again."""
    statement = (
        select(col(LeftResult.person_id))
        .join(
            Membership,
            and_(
                col(Membership.organisation_id) == col(LeftResult.organisation_id),
                col(Membership.course_id) == col(LeftResult.course_id),
                col(Membership.person_id) == col(LeftResult.person_id),
            ),
        )
        .where(
            col(LeftResult.organisation_id) == organisation_id,
            col(LeftResult.course_id) == course_id,
            col(Membership.active).is_(True),
            col(Membership.role) == Role.STUDENT,
        )
        .distinct()
        .order_by(col(LeftResult.person_id))
    )
    return list((await session.exec(statement)).all())


async def count_aside(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> tuple[int, int]:
    """How many results are set aside, and of how many people."""
    statement = select(func.count(col(LeftResult.id)), func.count(func.distinct(col(LeftResult.person_id)))).where(
        col(LeftResult.organisation_id) == organisation_id, col(LeftResult.course_id) == course_id
    )
    row = (await session.exec(statement)).one()
    return row[0], row[1]
