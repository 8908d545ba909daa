"""Signing one step off for many students at once."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.service import display_name
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.playlists import signing
from lti_tool.playlists.forms import parsed
from lti_tool.playlists.models import Playlist, PlaylistKind
from lti_tool.playlists.progress_routes import assigned, everybody_has_a_copy
from lti_tool.playlists.replies import Said, notice, playlist_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists/{playlist_id}/sign-off")


@router.get("", name="playlist_sign_off")
async def which(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Which step, and of one ``step`` for whom."""
    playlist = await _playlist(database, here, playlist_id)
    await everybody_has_a_copy(database, here, clock)
    async with database.reading() as session:
        found = await signing.to_sign(session, here, playlist, clock.now())
    wanted = request.query_params.get("step")
    chosen = next((one for one in found if str(one.step.id) == wanted), None)
    if wanted is not None and chosen is None:
        raise NotFound("no such step in this playlist")
    context = {
        "playlist": playlist,
        "found": found,
        "chosen": chosen,
        "display_name": display_name,
        "address": playlist_address(here.course, playlist_id),
        "notice": notice(request),
    }
    return pages.render(request, "playlists/sign_off.html", context)


@router.post("")
async def sign_off(
    request: Request, here: TeacherChanging, playlist_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Sign a step off for those who were ticked."""
    await _playlist(database, here, playlist_id)
    form = await request.form()
    step_id = parsed(uuid.UUID, str(form.get("step", "")))
    picked = {parsed(uuid.UUID, str(one)) for one in form.getlist("person")}
    address = f"{playlist_address(here.course, playlist_id)}/sign-off"
    if not picked:
        return see(f"{address}?step={step_id}", Said.NOTHING_TICKED)
    async with database.writing() as session:
        await signing.sign_off_for(session, here, playlist_id, step_id, picked, clock.now())
    return see(address, Said.SIGNED_OFF_ALL)


async def _playlist(database: Database, here: InCourse, playlist_id: uuid.UUID) -> Playlist:
    playlist = await assigned(database, here, playlist_id)
    if playlist is None or playlist.kind is not PlaylistKind.TEMPLATE:
        raise NotFound("no assigned template")
    return playlist
