"""One press from a playlist's may-dos to a menu."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import TeacherChanging
from lti_tool.ids import new_id
from lti_tool.menus import from_playlists
from lti_tool.menus.board_replies import Said, menu_address
from lti_tool.web.dependencies import CurrentDatabase, Now
from lti_tool.web.forms import Entered
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/menus/from-playlist")


@router.post("/{playlist_id}", name="menu_from_playlist")
async def make(
    request: Request, here: TeacherChanging, playlist_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Make a draft of the playlist's may-dos and go on to it."""
    entered = Entered.of(await request.form())
    async with database.writing() as session:
        menu = await from_playlists.make(
            session,
            here.course,
            playlist_id,
            here.visit.person_id,
            clock.now(),
            menu_id=entered.made_id("menu_id") or new_id(),
        )
        menu_id = menu.id
    return see(menu_address(here.course, menu_id), Said.MADE_OF_PLAYLIST)
