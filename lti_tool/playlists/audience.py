"""Whom a playlist is assigned to, and who has a copy of it: everybody, groups and sections, or single students.

Groups and sections are the LMS's, as they were last read. Who comes into one gets a copy at the next look; who leaves keeps
their work, and the playlist leaves their page until they are back.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import group_queries
from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Course
from lti_tool.playlists import path_queries, queries, settling
from lti_tool.playlists.models import AudienceKind, PersonalPlaylist, Playlist, PlaylistAudience


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a playlist is for. ``everybody`` says so for all of the course; otherwise whoever is in one of the others."""

    everybody: bool = True
    groups: frozenset[uuid.UUID] = frozenset()
    sections: frozenset[str] = frozenset()
    people: frozenset[uuid.UUID] = frozenset()

    @classmethod
    def of(cls, rows: Sequence[PlaylistAudience]) -> "Audience":
        """What rows say; none: everybody."""
        return cls(
            everybody=not rows or any(row.kind is AudienceKind.COURSE for row in rows),
            groups=frozenset(row.group_id for row in rows if row.group_id is not None),
            sections=frozenset(row.section for row in rows if row.section is not None),
            people=frozenset(row.person_id for row in rows if row.person_id is not None),
        )

    @property
    def is_empty(self) -> bool:
        """Whether it names nobody at all."""
        return not (self.everybody or self.groups or self.sections or self.people)


EVERYBODY = Audience()
NOBODY = Audience(everybody=False)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the present students of a course are: in which groups, in which sections."""

    students: Sequence[uuid.UUID]
    members: Mapping[uuid.UUID, Collection[uuid.UUID]] = field(default_factory=dict)
    sections: Mapping[uuid.UUID, str | None] = field(default_factory=dict)

    def meant(self, audience: Audience) -> set[uuid.UUID]:
        """The students whom an audience means now."""
        if audience.everybody:
            return set(self.students)
        chosen = set(audience.people)
        for group_id in audience.groups:
            chosen.update(self.members.get(group_id, ()))
        return {one for one in self.students if one in chosen or self._is_in(one, audience.sections)}

    def _is_in(self, person_id: uuid.UUID, sections: frozenset[str]) -> bool:
        known = self.sections.get(person_id)
        return bool(known) and not sections.isdisjoint((known or "").split(","))


@dataclass(frozen=True, slots=True)
class Moves:
    """What has to happen so that everybody has the copies that are meant for them: (playlist, student) pairs without one;
    copies of who is back; copies of who is not meant any more."""

    missing: Sequence[tuple[uuid.UUID, uuid.UUID]] = ()
    back: Sequence[PersonalPlaylist] = ()
    leaving: Sequence[PersonalPlaylist] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.back or self.leaving)

    def __len__(self) -> int:
        return len(self.missing) + len(self.back) + len(self.leaving)


def moves(
    audiences: Mapping[uuid.UUID, Audience],
    copies: Sequence[PersonalPlaylist],
    places: Places,
    person_ids: Collection[uuid.UUID] | None = None,
) -> Moves:
    """What has to happen for these assigned playlists, among these students or all who are present. Pure."""
    looked_at = {one for one in places.students if person_ids is None or one in person_ids}
    wanted = [
        (playlist_id, person_id)
        for playlist_id, audience in audiences.items()
        for person_id in sorted(places.meant(audience) & looked_at)
    ]
    meant = set(wanted)
    known = {(copy.playlist_id, copy.person_id): copy for copy in copies}
    return Moves(
        missing=[pair for pair in wanted if pair not in known],
        back=[known[pair] for pair in wanted if pair in known and known[pair].left_at is not None],
        leaving=[
            copy
            for pair, copy in known.items()
            if pair not in meant and pair[0] in audiences and pair[1] in looked_at and copy.left_at is None
        ],
    )


# --- Who has a copy ---------------------------------------------------------------------------------------------------


async def missing_copies(
    session: AsyncSession, course: Course, person_ids: Collection[uuid.UUID] | None = None
) -> Moves:
    """What ``ensure_copies`` would do, among these students or all the course has now; false where that is nothing."""
    assigned = await queries.playlists(session, course.organisation_id, course.id, settling.ASSIGNED)
    if not assigned:
        return Moves()
    ids = [playlist.id for playlist in assigned]
    audiences = await audiences_of(session, course.organisation_id, ids)
    copies = await queries.copies(session, course.organisation_id, ids)
    return moves(audiences, copies, await places_of(session, course, audiences.values()), person_ids)


async def ensure_copies(
    session: AsyncSession, course: Course, now: datetime, person_ids: Collection[uuid.UUID] | None = None
) -> int:
    """Give every present student (or these) their copies of the playlists assigned to them; how many copies that changed.

    Called when a playlist is assigned, when a student comes, and after the roster was read: late joiners get theirs, and who
    came into a group. Who is not meant any more keeps their work; who is back finds it.
    """
    wanted = await missing_copies(session, course, person_ids)
    await queries.add_copies(
        session,
        [
            PersonalPlaylist(
                organisation_id=course.organisation_id, playlist_id=playlist_id, person_id=person_id, created_at=now
            )
            for playlist_id, person_id in wanted.missing
        ],
    )
    if wanted.back or wanted.leaving:
        await _come_and_go(session, course, wanted, now)
    return len(wanted)


async def _come_and_go(session: AsyncSession, course: Course, wanted: Moves, now: datetime) -> None:
    leaving = {copy.id for copy in wanted.leaving}
    ids = leaving | {copy.id for copy in wanted.back}
    locked = await queries.copies_by_id(session, course.organisation_id, ids, lock=True)
    back: dict[uuid.UUID, list[PersonalPlaylist]] = {}
    for copy in locked:
        copy.left_at = (copy.left_at or now) if copy.id in leaving else None
        session.add(copy)
        if copy.id not in leaving:
            back.setdefault(copy.playlist_id, []).append(copy)
    await session.flush()
    # While they were away, results may have come and the playlist may have changed.
    for playlist_id in sorted(back):
        playlist = await queries.playlist(session, course.organisation_id, course.id, playlist_id)
        if playlist is not None:
            await settling.settle_copies(session, course, playlist, back[playlist_id], now)


# --- Rows -------------------------------------------------------------------------------------------------------------


async def audiences_of(
    session: AsyncSession, organisation_id: uuid.UUID, playlist_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Audience]:
    """Whom each of these playlists is for."""
    rows = await path_queries.audience_rows(session, organisation_id, playlist_ids)
    return {playlist_id: Audience.of(some) for playlist_id, some in rows.items()}


async def places_of(session: AsyncSession, course: Course, audiences: Collection[Audience]) -> Places:
    """Where the present students are, as far as these audiences have to know."""
    students = await course_queries.students(session, course.organisation_id, course.id)
    group_ids = {group_id for audience in audiences for group_id in audience.groups}
    members = await group_queries.members(session, course.organisation_id, group_ids) if group_ids else {}
    by_section = any(audience.sections for audience in audiences)
    sections = (
        await course_queries.sections_of_students(session, course.organisation_id, course.id) if by_section else {}
    )
    return Places([student.id for student in students], members, sections)


async def write(session: AsyncSession, playlist: Playlist, audience: Audience, now: datetime) -> None:
    """Have a playlist be for exactly this audience. Copies follow with ``ensure_copies``.

    No row at all means everybody. So an audience of some has one row that names nobody: when the last person it names is
    erased, the playlist is for nobody, and not for everybody.
    """
    organisation_id = playlist.organisation_id
    await path_queries.forget_audience(session, organisation_id, playlist.id)
    if audience.everybody:
        return
    made: list[dict[str, Any]] = [
        {"kind": AudienceKind.STUDENT},
        *({"kind": AudienceKind.GROUP, "group_id": one} for one in sorted(audience.groups)),
        *({"kind": AudienceKind.SECTION, "section": one} for one in sorted(audience.sections)),
        *({"kind": AudienceKind.STUDENT, "person_id": one} for one in sorted(audience.people)),
    ]
    for one in made:
        session.add(PlaylistAudience(organisation_id=organisation_id, playlist_id=playlist.id, created_at=now, **one))
    await session.flush()
