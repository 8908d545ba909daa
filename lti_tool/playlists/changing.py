"""How a template changes: loaded as a value, changed by a function, kept as it was, stored; taken back, and given to the copies.

A draft's rows follow at once. What changes in a template that is assigned waits in ``Playlist.working`` until ``update_copies``
gives it to the students' copies, where steps taken out keep what students did.

Every change names the revision it was made on. When the playlist has moved on since, nothing is changed and the editor is
told so (Conflict ``playlist-changed``); that also makes a second click harmless.
"""

import uuid
from collections.abc import Callable
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses.models import Course
from lti_tool.errors import NotFound
from lti_tool.playlists import queries, service, template_queries, template_rows, templates
from lti_tool.playlists.changes import What
from lti_tool.playlists.models import Playlist, PlaylistKind, PlaylistStatus
from lti_tool.playlists.templates import Template

# --- Changing ---------------------------------------------------------------------------------------------------------


async def change(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    what: What,
    make: Callable[[Template], Template],
    now: datetime,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Change a template, keep how it was, and store it: in the rows of a draft, beside those of one that is assigned.

    Raises what ``make`` raises, and Conflict ``playlist-changed``.
    """
    playlist = await _template_for_change(session, course, playlist_id, revision, now)
    before = await template_rows.current(session, playlist)
    after = make(before)
    if after != before:
        await template_rows.keep_edit(session, playlist, before, what, by, now)
        await _put(session, playlist, after, by, now)
    return playlist


async def undo(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    now: datetime,
    by: uuid.UUID | None = None,
) -> What | None:
    """Take the last change back; what it was, or None where no change is kept any more. Again and again to the first one kept."""
    playlist = await _template_for_change(session, course, playlist_id, revision, now)
    edit = await template_queries.latest_edit(session, course.organisation_id, playlist.id)
    if edit is None:
        return None
    # What was undone on top of older changes is not made again after a younger one: it was another template.
    await template_queries.forget_undone(session, course.organisation_id, playlist.id, before=edit.revision)
    edit.after, edit.undone_at = templates.to_json(await template_rows.current(session, playlist)), now
    session.add(edit)
    await _put(session, playlist, await template_rows.before(session, playlist, edit), by, now)
    return What(edit.what)


async def redo(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    now: datetime,
    by: uuid.UUID | None = None,
) -> What | None:
    """Make the change again that was undone last; what it was, or None where nothing was undone since the last change."""
    playlist = await _template_for_change(session, course, playlist_id, revision, now)
    edit = await template_queries.next_redo(session, course.organisation_id, playlist.id)
    if edit is None:
        return None
    await _put(session, playlist, await template_rows.after(session, playlist, edit), by, now)
    edit.after, edit.undone_at = None, None
    session.add(edit)
    await session.flush()
    return What(edit.what)


async def update_copies(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, now: datetime, by: uuid.UUID | None
) -> Playlist:
    """Give the changes that wait to every student's copy. What was done stays done, and no score falls; leaves an audit entry.

    Nothing happens where no change waits.
    """
    playlist = await _template_for_change(session, course, playlist_id, revision, now)
    if playlist.working is None:
        return playlist
    await template_rows.store(session, playlist, await template_rows.current(session, playlist), by, now)
    playlist.working = None
    trace(session, playlist, "playlist.updated", by, now)
    return await changed(session, course, playlist, now)


async def discard(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, now: datetime, by: uuid.UUID | None
) -> Playlist:
    """Forget the changes that wait: the template is again what students have. It can be undone like any other change."""
    playlist = await _template_for_change(session, course, playlist_id, revision, now)
    if playlist.working is not None:
        await template_rows.keep_edit(session, playlist, templates.of_json(playlist.working), What.DISCARDED, by, now)
        playlist.working = None
        session.add(playlist)
        await session.flush()
    return playlist


async def _put(
    session: AsyncSession, playlist: Playlist, template: Template, by: uuid.UUID | None, now: datetime
) -> None:
    if playlist.status is PlaylistStatus.DRAFT:
        await template_rows.store(session, playlist, template, by, now)
        return
    same = template == await template_rows.stored(session, playlist)
    playlist.working = None if same else templates.to_json(template)
    session.add(playlist)
    await session.flush()


# --- Finding ------------------------------------------------------------------------------------------------------------


async def found(session: AsyncSession, course: Course, playlist_id: uuid.UUID, *, lock: bool = False) -> Playlist:
    """A playlist of the course that was not taken away; NotFound."""
    playlist = await queries.playlist(session, course.organisation_id, course.id, playlist_id, lock=lock)
    if playlist is None or playlist.status is PlaylistStatus.ARCHIVED:
        raise NotFound("no such playlist in this course")
    return playlist


async def _template_for_change(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, now: datetime
) -> Playlist:
    playlist = await for_change(session, course, playlist_id, revision, now)
    if playlist.kind is not PlaylistKind.TEMPLATE:
        raise NotFound("the tool chooses this playlist's steps")
    return playlist


async def for_change(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, now: datetime
) -> Playlist:
    """The playlist, locked and with its next revision. Conflict when it is not at ``revision`` any more."""
    playlist = await found(session, course, playlist_id, lock=True)
    if playlist.revision != revision:
        raise templates.changed_meanwhile(f"made on revision {revision}, now {playlist.revision}")
    playlist.revision += 1
    playlist.changed_at = now
    session.add(playlist)
    return playlist


async def changed(session: AsyncSession, course: Course, playlist: Playlist, now: datetime) -> Playlist:
    """Store a playlist that changed for its students, and bring every copy in line with it."""
    session.add(playlist)
    await session.flush()
    if playlist.status is PlaylistStatus.ASSIGNED:
        await service.resettle(session, course, playlist, now)
    return playlist


def trace(session: AsyncSession, playlist: Playlist, action: str, by: uuid.UUID | None, now: datetime) -> None:
    """Leave an audit entry about a playlist."""
    audit.record(
        session,
        now,
        action,
        organisation_id=playlist.organisation_id,
        actor=str(by) if by else None,
        subject=f"playlist:{playlist.id}",
    )
