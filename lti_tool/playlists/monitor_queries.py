"""All SQL of following a class on its paths: the calendar, what waits for the teacher, and words between them."""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Person
from lti_tool.db.base import scoped
from lti_tool.db.locking import locking
from lti_tool.playlists import titles
from lti_tool.playlists.models import PersonalPlaylist, PersonalStep, Playlist, PlaylistStatus, PlaylistStep
from lti_tool.playlists.monitor_rules import USUAL, Calendar, NoDays, OwnDays, Span, of_course, spans_of
from lti_tool.playlists.path_models import CourseCalendar, PathRequest, PathWord, SchoolCalendar, WordKind

Asked = tuple[PathRequest, PersonalPlaylist, Playlist]
"""A request with the copy it is about and its playlist."""


# --- School days ----------------------------------------------------------------------------------------------------


async def calendar_row(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, *, lock: bool = False
) -> CourseCalendar | None:
    """What the teachers of a course said about its school days; None where they said nothing."""
    statement = scoped(CourseCalendar, organisation_id).where(CourseCalendar.course_id == course_id)
    statement = locking(statement, lock)
    return (await session.exec(statement)).one_or_none()


async def school_row(session: AsyncSession, organisation_id: uuid.UUID, *, lock: bool = False) -> SchoolCalendar | None:
    """What a school said about its days; None where it said nothing."""
    return (await session.exec(locking(scoped(SchoolCalendar, organisation_id), lock))).one_or_none()


async def calendar(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Calendar:
    """The school days of a course: the school's, and what its teachers said beside it."""
    school = await school_row(session, organisation_id)
    return of_course(school_days(school), own_days(await calendar_row(session, organisation_id, course_id)))


def school_days(row: SchoolCalendar | None) -> Calendar | None:
    """What a school says, as the rules see it; None where it says nothing."""
    return None if row is None else Calendar(_weekdays(row.weekdays) or USUAL.weekdays, days_off(row))


def own_days(row: CourseCalendar | None) -> OwnDays | None:
    """What a course says, as the rules see it; None where it says nothing."""
    return None if row is None else OwnDays(_weekdays(row.weekdays) or None, days_off(row), row.quiet_after)


def days_off(row: SchoolCalendar | CourseCalendar) -> tuple[Span, ...]:
    """The days off of a row. Some that cannot be read must not keep a class from being seen: there are none then."""
    try:
        return spans_of(row.days_off)
    except NoDays:
        return ()


def _weekdays(kept: str) -> frozenset[int]:
    return frozenset(int(day) for day in kept if day in "1234567")


# --- What waits for the teacher -------------------------------------------------------------------------------------


async def open_requests(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    playlist_ids: Collection[uuid.UUID] | None = None,
) -> list[Asked]:
    """What nobody has answered yet on the course's assigned playlists (or on these), the oldest first.

    Of students whom a playlist is not for any more, nothing waits.
    """
    statement = (
        select(PathRequest, PersonalPlaylist, Playlist)
        .where(
            PathRequest.organisation_id == organisation_id,
            PersonalPlaylist.organisation_id == organisation_id,
            Playlist.organisation_id == organisation_id,
            col(PathRequest.personal_playlist_id) == col(PersonalPlaylist.id),
            col(PersonalPlaylist.playlist_id) == col(Playlist.id),
            Playlist.course_id == course_id,
            Playlist.status == PlaylistStatus.ASSIGNED,
            col(PathRequest.answered_at).is_(None),
            col(PersonalPlaylist.left_at).is_(None),
        )
        .order_by(col(PathRequest.created_at), col(PathRequest.id))
    )
    if playlist_ids is not None:
        statement = statement.where(col(Playlist.id).in_(playlist_ids))
    return [(one, copy, playlist) for one, copy, playlist in (await session.exec(statement)).all()]


async def request(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, request_id: uuid.UUID
) -> Asked | None:
    """One request of a course, answered or not."""
    statement = select(PathRequest, PersonalPlaylist, Playlist).where(
        PathRequest.organisation_id == organisation_id,
        PersonalPlaylist.organisation_id == organisation_id,
        Playlist.organisation_id == organisation_id,
        PathRequest.id == request_id,
        col(PathRequest.personal_playlist_id) == col(PersonalPlaylist.id),
        col(PersonalPlaylist.playlist_id) == col(Playlist.id),
        Playlist.course_id == course_id,
        Playlist.status == PlaylistStatus.ASSIGNED,
    )
    found = (await session.exec(statement)).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


async def request_again(session: AsyncSession, organisation_id: uuid.UUID, request_id: uuid.UUID) -> PathRequest | None:
    """A request as it stands once its copy is locked."""
    statement = scoped(PathRequest, organisation_id).where(PathRequest.id == request_id)
    return (await session.exec(statement.execution_options(populate_existing=True))).one_or_none()


async def steps_by_id(
    session: AsyncSession, organisation_id: uuid.UUID, step_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, PlaylistStep]:
    """These steps."""
    statement = scoped(PlaylistStep, organisation_id).where(col(PlaylistStep.id).in_(step_ids))
    found = await titles.followed(session, organisation_id, (await session.exec(statement)).all())
    return {step.id: step for step in found}


async def standings(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    copy_ids: Collection[uuid.UUID],
    step_ids: Collection[uuid.UUID],
) -> dict[tuple[uuid.UUID, uuid.UUID], PersonalStep]:
    """Where these copies stand with these steps, by copy and step."""
    statement = scoped(PersonalStep, organisation_id).where(
        col(PersonalStep.personal_playlist_id).in_(copy_ids), col(PersonalStep.step_id).in_(step_ids)
    )
    return {(row.personal_playlist_id, row.step_id): row for row in (await session.exec(statement)).all()}


# --- Words ----------------------------------------------------------------------------------------------------------


async def copies_of_people(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_ids: Collection[uuid.UUID]
) -> list[PersonalPlaylist]:
    """All copies of these people in a course, locked, in the order of ids, so that two writers cannot block each other."""
    here = scoped(Playlist, organisation_id).where(Playlist.course_id == course_id).with_only_columns(col(Playlist.id))
    statement = (
        scoped(PersonalPlaylist, organisation_id)
        .where(col(PersonalPlaylist.person_id).in_(person_ids), col(PersonalPlaylist.playlist_id).in_(here))
        .order_by(col(PersonalPlaylist.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(statement)).all())


async def nudged_since(
    session: AsyncSession, organisation_id: uuid.UUID, copy_ids: Collection[uuid.UUID], since: datetime
) -> set[uuid.UUID]:
    """Those of these copies whose student was nudged about them since."""
    statement = scoped(PathWord, organisation_id).where(
        col(PathWord.personal_playlist_id).in_(copy_ids),
        PathWord.kind == WordKind.NUDGE,
        col(PathWord.created_at) >= since,
    )
    return {row.personal_playlist_id for row in (await session.exec(statement)).all()}


async def said_about(
    session: AsyncSession, organisation_id: uuid.UUID, copy_id: uuid.UUID
) -> tuple[list[PathRequest], list[PathWord]]:
    """Everything that was asked, answered and said about a copy."""
    requests = scoped(PathRequest, organisation_id).where(PathRequest.personal_playlist_id == copy_id)
    words = scoped(PathWord, organisation_id).where(PathWord.personal_playlist_id == copy_id)
    return list((await session.exec(requests)).all()), list((await session.exec(words)).all())


async def people(
    session: AsyncSession, organisation_id: uuid.UUID, person_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Person]:
    """These people."""
    statement = scoped(Person, organisation_id).where(col(Person.id).in_(person_ids))
    return {person.id: person for person in (await session.exec(statement)).all()}
