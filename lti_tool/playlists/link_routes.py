"""Where a link in the LMS leads that opens a playlist. Asked at each visit, so that reloading shows how it stands by then."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, MemberIn
from lti_tool.courses.rules import TEACHING
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.lti.models import Role
from lti_tool.playlists import carrying, queries, service
from lti_tool.playlists.destinations import resolve
from lti_tool.playlists.models import Playlist, PlaylistStatus
from lti_tool.playlists.replies import carry_over_address, my_address, playlist_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/links")


class LinkedPlaylistGone(NotFound):
    """A link to a playlist that was removed, or that this course never had."""

    code = "linked-playlist-gone"
    title = N_("The playlist behind this link is not there any more")
    advice = N_(
        "What students did is kept. A teacher can point the link to another playlist in the course, or remove it."
    )


@router.get("/{playlist_id}", name="linked_playlist")
async def linked(
    request: Request, here: MemberIn, playlist_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """On to the playlist as this role sees it: its class, its builder, the student's own path; or what is missing."""
    async with database.reading() as session:
        playlist = await resolve(session, here.course, playlist_id)
        waits = playlist is None and await carrying.waits(session, here.course, playlist_id)
    if waits:
        return _not_decided(request, here, pages)
    if playlist is None or playlist.status is PlaylistStatus.ARCHIVED:
        raise LinkedPlaylistGone("no such playlist in this course")
    assigned = playlist.status is PlaylistStatus.ASSIGNED
    if here.visit.role in TEACHING:
        address = playlist_address(here.course, playlist.id)
        return see(f"{address}/progress" if assigned else address)
    if here.visit.role is Role.OBSERVER:
        return see(f"/courses/{here.course.id}/family")
    if here.visit.role is not Role.STUDENT:
        return pages.render(request, "courses/no_role.html")
    copy_id = await _own_copy(database, here, playlist, clock) if assigned else None
    if copy_id is None:
        context = {"playlist": playlist, "for_others": assigned, "home": my_address(here.course)}
        return pages.render(request, "playlists/not_open.html", context)
    return see(my_address(here.course, copy_id))


def _not_decided(request: Request, here: InCourse, pages: Pages) -> Response:
    """The link came with a copied course, and nobody has decided yet whether its playlist does."""
    if here.visit.role in TEACHING:
        return see(carry_over_address(here.course))
    if here.visit.role is Role.OBSERVER:
        return see(f"/courses/{here.course.id}/family")
    if here.visit.role is not Role.STUDENT:
        return pages.render(request, "courses/no_role.html")
    return pages.render(request, "playlists/not_set_up.html", {"home": my_address(here.course)})


async def _own_copy(database: Database, here: InCourse, playlist: Playlist, clock: Now) -> uuid.UUID | None:
    """The student's copy; whoever joined after the playlist was assigned gets theirs now. None where it is for others."""
    async with database.reading() as session:
        copy = await queries.copy_of(session, here.organisation_id, playlist.id, here.person_id)
    if copy is not None and copy.left_at is None:
        return copy.id
    async with database.writing() as session:
        await service.ensure_copies(session, here.course, clock.now(), [here.person_id])
        copy = await queries.copy_of(session, here.organisation_id, playlist.id, here.person_id)
        return copy.id if copy is not None and copy.left_at is None else None
