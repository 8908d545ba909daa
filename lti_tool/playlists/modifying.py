"""Steps that count by mastery follow at once when something else is asked of a student, and when that ends."""

import uuid
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.playlists import loading, path_queries, queries, rules, settling
from lti_tool.playlists.models import DoneBy, Playlist, PlaylistStep
from lti_tool.playlists.paths import Path, standing_of


async def follow(
    session: AsyncSession, course: Course, person_id: uuid.UUID, change: Callable[[], Awaitable[object]], now: datetime
) -> None:
    """Make a ``change`` of what is asked of a student (``learners.supports``), and have their paths follow in this transaction.

    A step of which nothing is asked any more is done. One that was done for that alone, and is asked for again, is to be done
    again; a score that stands does not fall by it.
    """
    assigned = {
        one.id: one for one in await queries.playlists(session, course.organisation_id, course.id, settling.ASSIGNED)
    }
    concerned = await path_queries.playlists_by_mastery(session, course.organisation_id, assigned)
    if not concerned:
        await change()
        return
    before = await _paths(session, course, assigned, concerned, person_id, now)
    excused = {path.copy.id: _excused(path) for path in before}
    await change()
    await session.flush()
    for path in await _paths(session, course, assigned, concerned, person_id, now):
        again = [
            (step, rules.asked_again)
            for step in [*path.present, *path.left_out]
            if step.id in excused.get(path.copy.id, ()) and step.competency_id not in path.secure
        ]
        await settling.move_some(session, course, path, again, now)
        await settling.settle_path(session, course, path, now)


async def _paths(
    session: AsyncSession,
    course: Course,
    assigned: dict[uuid.UUID, Playlist],
    concerned: Collection[uuid.UUID],
    person_id: uuid.UUID,
    now: datetime,
) -> list[Path]:
    copies = await queries.copies(session, course.organisation_id, concerned, [person_id], lock=True)
    pairs = [(copy, assigned[copy.playlist_id]) for copy in copies if copy.left_at is None]
    return await loading.load(session, course, pairs, now)


def _excused(path: Path) -> set[uuid.UUID]:
    """The steps that are done because nothing is asked in their competency."""
    return {step.id for step in [*path.present, *path.left_out] if _is_excused(path, step)}


def _is_excused(path: Path, step: PlaylistStep) -> bool:
    if step.competency_id is None or step.competency_id not in path.not_asked:
        return False
    standing, since = standing_of(path.rows.get(step.id)), path.secure.get(step.competency_id)
    if standing.done_by is not DoneBy.MASTERY or standing.done_at is None or since is None:
        return False
    return standing.done_at >= since
