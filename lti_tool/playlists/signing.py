"""Signing one step off for many students at once: what a class did away from the screen, in a few clicks."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import NotFound
from lti_tool.playlists import editing, loading, monitor_queries, service
from lti_tool.playlists.models import Playlist, PlaylistStep
from lti_tool.playlists.path_models import RequestKind


@dataclass(frozen=True, slots=True)
class ToSign:
    """A step with the students who have it and have not done it, and which of them asked for a sign-off."""

    step: PlaylistStep
    waiting: Sequence[Person]
    asked: frozenset[uuid.UUID]


async def to_sign(session: AsyncSession, here: InCourse, playlist: Playlist, now: datetime) -> list[ToSign]:
    """Every step that all have, with those who have not done it, of the students whom the teacher may see."""
    students = await visible_students(session, here)
    paths = await loading.paths_of_course(session, here.course, [playlist], now, students)
    by_id = {path.copy.person_id: path for path in paths}
    asked: dict[uuid.UUID, set[uuid.UUID]] = {}
    for request, copy, _ in await monitor_queries.open_requests(
        session, here.organisation_id, here.course.id, [playlist.id]
    ):
        if request.kind is RequestKind.SIGN_OFF and request.step_id is not None:
            asked.setdefault(request.step_id, set()).add(copy.person_id)
    found = []
    for step in await editing.present_steps(session, playlist):
        waiting = [
            one
            for one in students
            if one.id in by_id and by_id[one.id].step(step.id) is not None and not service.is_done(by_id[one.id], step)
        ]
        found.append(ToSign(step, waiting, frozenset(asked.get(step.id, ()))))
    return found


async def sign_off_for(
    session: AsyncSession,
    here: InCourse,
    playlist_id: uuid.UUID,
    step_id: uuid.UUID,
    person_ids: Collection[uuid.UUID],
    now: datetime,
) -> None:
    """Sign a step off for all of these; who has done it meanwhile keeps that. Leaves an audit entry for each.

    NotFound for whom this teacher may not see, and for who has not got the step.
    """
    seen = {person.id for person in await visible_students(session, here)}
    if set(person_ids) - seen:
        raise NotFound("a student whom this teacher does not see")
    copies = await monitor_queries.copies_of_people(session, here.organisation_id, here.course.id, person_ids)
    mine = sorted(
        (copy.id, copy.person_id) for copy in copies if copy.playlist_id == playlist_id and copy.left_at is None
    )
    if set(person_ids) - {person_id for _, person_id in mine}:
        raise NotFound("a student without a copy of this playlist")
    # In the order of the copies, so that two teachers cannot block each other.
    for _, person_id in mine:
        await service.sign_off(session, here.course, playlist_id, person_id, step_id, here.visit.person_id, now)
