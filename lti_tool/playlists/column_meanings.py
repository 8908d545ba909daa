"""What competencies a playlist's gradebook column is about: those that its steps are for, and that its items are aligned to."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.grades.resource_ids import ids_of
from lti_tool.mastery.reading import giving_evidence
from lti_tool.playlists.models import Playlist, PlaylistStep


async def competencies(
    session: AsyncSession, course: Course, resource_ids: Collection[str]
) -> Mapping[str, Collection[uuid.UUID]]:
    """By resource id, of playlists of the course. What single students have on their paths alone is none of it."""
    ids = ids_of("playlist", resource_ids)
    if not ids:
        return {}
    statement = (
        select(col(PlaylistStep.playlist_id), col(PlaylistStep.content_item_id), col(PlaylistStep.competency_id))
        .join(
            Playlist,
            (col(Playlist.organisation_id) == col(PlaylistStep.organisation_id))
            & (col(Playlist.id) == col(PlaylistStep.playlist_id)),
        )
        .where(
            col(PlaylistStep.organisation_id) == course.organisation_id,
            col(Playlist.course_id) == course.id,
            col(PlaylistStep.playlist_id).in_(ids),
            col(PlaylistStep.personal_playlist_id).is_(None),
            col(PlaylistStep.removed_at).is_(None),
        )
    )
    steps = (await session.exec(statement)).all()
    giving = await giving_evidence(session, course, {row[1] for row in steps if row[1] is not None})
    found: dict[str, set[uuid.UUID]] = defaultdict(set)
    for playlist_id, item_id, competency_id in steps:
        about = found[f"playlist:{playlist_id}"]
        if competency_id is not None:
            about.add(competency_id)
        if item_id is not None:
            about |= {view.competency_id for view in giving.get(item_id, ())}
    return found
