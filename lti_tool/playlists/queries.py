"""All SQL of the playlists.

A student's copy is the lock of everything in it: whoever changes where a student stands locks the copy's row first
(``copy_of``, ``copies`` with ``lock=True``, in the order of ids) and reads the rest after. On SQLite the writing
transaction itself is the lock.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Membership, Person
from lti_tool.db.base import crossing, scoped
from lti_tool.db.locking import locking
from lti_tool.db.upsert import upsert
from lti_tool.grades.models import ColumnState, LineItem
from lti_tool.lti.models import Role
from lti_tool.playlists import titles
from lti_tool.playlists.models import DoneRule, PersonalPlaylist, PersonalStep, Playlist, PlaylistStatus, PlaylistStep

_MOST_NAMED = 500
"""Students who are named in a statement; of more, the class is read and those who are wanted are taken from it."""

_MOST_COPIES = 20
"""Copies of copies that are followed; a course that is copied each year gets there in twenty."""


async def playlist(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    playlist_id: uuid.UUID,
    *,
    lock: bool = False,
) -> Playlist | None:
    """One playlist of a course."""
    statement = scoped(Playlist, organisation_id).where(Playlist.course_id == course_id, Playlist.id == playlist_id)
    found: Playlist | None = (await session.exec(locking(statement, lock))).one_or_none()
    return found


async def playlist_carried_over(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, source_id: uuid.UUID
) -> Playlist | None:
    """The playlist of a course that was carried over from another course's; the latest of several."""
    statement = (
        scoped(Playlist, organisation_id)
        .where(Playlist.course_id == course_id, Playlist.copied_from_id == source_id)
        .order_by(col(Playlist.created_at).desc(), col(Playlist.id).desc())
        .limit(1)
    )
    return (await session.exec(statement)).first()


async def descendant(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, ancestor_id: uuid.UUID
) -> uuid.UUID | None:
    """The playlist of a course that goes back to another course's through copies of copies; the latest of several.

    From the course's own playlists upwards, by their keys, since nothing leads downwards but a look at every playlist.
    """
    statement = (
        scoped(Playlist, organisation_id)
        .where(Playlist.course_id == course_id, col(Playlist.copied_from_id).is_not(None))
        .order_by(col(Playlist.created_at), col(Playlist.id))
    )
    own = {one.id: one.copied_from_id for one in (await session.exec(statement)).all()}
    seen: set[uuid.UUID] = set()
    for _ in range(_MOST_COPIES):
        meant = [one for one, parent in own.items() if parent == ancestor_id]
        if meant:
            return meant[-1]
        parents = {parent for parent in own.values() if parent is not None} - seen
        if not parents:
            return None
        seen |= parents
        above = scoped(Playlist, organisation_id).where(col(Playlist.id).in_(parents))
        ups = {one.id: one.copied_from_id for one in (await session.exec(above)).all()}
        own = {one: ups.get(parent) if parent is not None else None for one, parent in own.items()}
    return None


async def playlists(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, statuses: Collection[PlaylistStatus]
) -> list[Playlist]:
    """The playlists of a course with one of these statuses, newest first."""
    statement = (
        scoped(Playlist, organisation_id)
        .where(Playlist.course_id == course_id, col(Playlist.status).in_(statuses))
        .order_by(col(Playlist.created_at).desc(), col(Playlist.id).desc())
    )
    return list((await session.exec(statement)).all())


async def by_ids(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, playlist_ids: Collection[uuid.UUID]
) -> Sequence[Playlist]:
    """These playlists of a course, whatever has become of them."""
    statement = scoped(Playlist, organisation_id).where(
        Playlist.course_id == course_id, col(Playlist.id).in_(playlist_ids)
    )
    return (await session.exec(statement)).all()


async def steps(
    session: AsyncSession, organisation_id: uuid.UUID, playlist_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[PlaylistStep]]:
    """The steps of each playlist's template in order, those taken out included; what belongs to one copy is not among them."""
    found: dict[uuid.UUID, list[PlaylistStep]] = {playlist_id: [] for playlist_id in playlist_ids}
    statement = (
        scoped(PlaylistStep, organisation_id)
        .where(col(PlaylistStep.playlist_id).in_(playlist_ids), col(PlaylistStep.personal_playlist_id).is_(None))
        .order_by(col(PlaylistStep.position), col(PlaylistStep.id))
        .execution_options(populate_existing=True)
    )
    for step in await titles.followed(session, organisation_id, (await session.exec(statement)).all()):
        found[step.playlist_id].append(step)
    return found


async def items(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Iterable[uuid.UUID]
) -> dict[uuid.UUID, ContentItem]:
    """These items of the course by id; those of other courses are left out."""
    statement = scoped(ContentItem, organisation_id).where(
        ContentItem.course_id == course_id, col(ContentItem.id).in_(set(item_ids))
    )
    return {item.id: item for item in (await session.exec(statement)).all()}


async def copies(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    playlist_ids: Collection[uuid.UUID],
    person_ids: Collection[uuid.UUID] | None = None,
    *,
    lock: bool = False,
) -> list[PersonalPlaylist]:
    """The copies of these playlists, of these students (None: of all), in the order of ids, so that two writers cannot block
    each other.

    Those of students to whom the playlist is no longer assigned (``left_at``) are among them.
    """
    statement = (
        scoped(PersonalPlaylist, organisation_id)
        .where(col(PersonalPlaylist.playlist_id).in_(playlist_ids))
        .order_by(col(PersonalPlaylist.id))
    )
    if person_ids is not None and len(person_ids) <= _MOST_NAMED:
        statement = statement.where(col(PersonalPlaylist.person_id).in_(person_ids))
    found = list((await session.exec(locking(statement, lock))).all())
    return found if person_ids is None else [copy for copy in found if copy.person_id in person_ids]


async def copy_by_id(
    session: AsyncSession, organisation_id: uuid.UUID, copy_id: uuid.UUID, *, lock: bool = False
) -> PersonalPlaylist | None:
    """One copy."""
    statement = scoped(PersonalPlaylist, organisation_id).where(PersonalPlaylist.id == copy_id)
    found: PersonalPlaylist | None = (await session.exec(locking(statement, lock))).one_or_none()
    return found


async def copies_by_id(
    session: AsyncSession, organisation_id: uuid.UUID, copy_ids: Collection[uuid.UUID], *, lock: bool = False
) -> list[PersonalPlaylist]:
    """These copies, in the order of ids."""
    statement = (
        scoped(PersonalPlaylist, organisation_id)
        .where(col(PersonalPlaylist.id).in_(copy_ids))
        .order_by(col(PersonalPlaylist.id))
    )
    return list((await session.exec(locking(statement, lock))).all())


async def copy_of(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    *,
    lock: bool = False,
) -> PersonalPlaylist | None:
    """A student's copy of a playlist."""
    statement = scoped(PersonalPlaylist, organisation_id).where(
        PersonalPlaylist.playlist_id == playlist_id, PersonalPlaylist.person_id == person_id
    )
    found: PersonalPlaylist | None = (await session.exec(locking(statement, lock))).one_or_none()
    return found


async def persons_copies(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> list[tuple[PersonalPlaylist, Playlist]]:
    """A person's copies of the course's assigned playlists, as they were assigned; without those that left them."""
    statement = (
        select(PersonalPlaylist, Playlist)
        .where(
            PersonalPlaylist.organisation_id == organisation_id,
            Playlist.organisation_id == organisation_id,
            col(PersonalPlaylist.playlist_id) == col(Playlist.id),
            PersonalPlaylist.person_id == person_id,
            Playlist.course_id == course_id,
            Playlist.status == PlaylistStatus.ASSIGNED,
            col(PersonalPlaylist.left_at).is_(None),
        )
        .order_by(col(Playlist.assigned_at), col(Playlist.id))
    )
    return [(one, other) for one, other in (await session.exec(statement)).all()]


async def step_rows(
    session: AsyncSession, organisation_id: uuid.UUID, copy_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, dict[uuid.UUID, PersonalStep]]:
    """Where students stand with the steps they have begun, by copy and step. No row: not begun."""
    found: dict[uuid.UUID, dict[uuid.UUID, PersonalStep]] = {copy_id: {} for copy_id in copy_ids}
    statement = (
        scoped(PersonalStep, organisation_id)
        .where(col(PersonalStep.personal_playlist_id).in_(copy_ids))
        .execution_options(populate_existing=True)
    )
    for row in (await session.exec(statement)).all():
        found[row.personal_playlist_id][row.step_id] = row
    return found


async def add_copies(session: AsyncSession, rows: Sequence[PersonalPlaylist]) -> None:
    """Add copies; one that somebody else added at the same moment is left as it is."""
    ordered = sorted(rows, key=lambda row: (row.playlist_id, row.person_id))
    await upsert(
        session,
        PersonalPlaylist,
        [row.model_dump() for row in ordered],
        key=("organisation_id", "playlist_id", "person_id"),
    )


async def student(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> Person | None:
    """A student of the course, now or once."""
    statement = select(Person).where(
        Person.organisation_id == organisation_id,
        Person.id == person_id,
        Membership.organisation_id == organisation_id,
        col(Membership.person_id) == col(Person.id),
        Membership.course_id == course_id,
        Membership.role == Role.STUDENT,
    )
    return (await session.exec(statement)).one_or_none()


async def columns(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, resource_ids: Collection[str]
) -> dict[str, LineItem]:
    """The gradebook columns of these things in a course, by resource id; those not wanted yet are left out."""
    statement = scoped(LineItem, organisation_id).where(
        LineItem.course_id == course_id, col(LineItem.resource_id).in_(resource_ids)
    )
    return {column.resource_id: column for column in (await session.exec(statement)).all()}


async def made_columns(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[LineItem]:
    """The tool's columns that are in the LMS's gradebook, by name."""
    statement = (
        scoped(LineItem, organisation_id)
        .where(LineItem.course_id == course_id, LineItem.state == ColumnState.MADE)
        .order_by(col(LineItem.id))
    )
    return sorted((await session.exec(statement)).all(), key=lambda column: column.label.casefold())


async def playlists_with_scores_due(session: AsyncSession, now: datetime) -> list[Playlist]:
    """Playlists of all schools whose due date has come while a student who began is owed a score."""
    owing = (
        select(PersonalPlaylist.id)
        .where(
            PersonalPlaylist.organisation_id == Playlist.organisation_id,
            PersonalPlaylist.playlist_id == Playlist.id,
            col(PersonalPlaylist.begun_at).is_not(None),
            col(PersonalPlaylist.left_at).is_(None),
            col(PersonalPlaylist.owed_share).is_(None),
        )
        .exists()
    )
    statement = (
        select(Playlist)
        .where(
            Playlist.status == PlaylistStatus.ASSIGNED,
            col(Playlist.has_column).is_(True),
            col(Playlist.due_at) <= now,
            owing,
        )
        .execution_options(**crossing("the clock strikes for every school alike"))
    )
    return list((await session.exec(statement)).all())


async def items_since(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, since: datetime
) -> set[uuid.UUID]:
    """Items whose result does a step of a playlist that was changed, or copied for a student, from then on."""
    copied = (
        select(col(PersonalPlaylist.id))
        .where(
            col(PersonalPlaylist.organisation_id) == col(Playlist.organisation_id),
            col(PersonalPlaylist.playlist_id) == col(Playlist.id),
            col(PersonalPlaylist.created_at) >= since,
        )
        .exists()
    )
    statement = (
        select(col(PlaylistStep.content_item_id))
        .join(
            Playlist,
            (col(Playlist.organisation_id) == col(PlaylistStep.organisation_id))
            & (col(Playlist.id) == col(PlaylistStep.playlist_id)),
        )
        .where(
            col(PlaylistStep.organisation_id) == organisation_id,
            col(Playlist.course_id) == course_id,
            col(PlaylistStep.done_rule) == DoneRule.RESULT,
            col(PlaylistStep.content_item_id).is_not(None),
            col(PlaylistStep.removed_at).is_(None),
            (col(Playlist.changed_at) >= since) | copied,
        )
        .distinct()
    )
    return {item_id for item_id in (await session.exec(statement)).all() if item_id is not None}
