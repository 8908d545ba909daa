"""Copying one playlist to another course of the same teacher."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.content.reading import read_contents
from lti_tool.courses import queries as course_queries
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.playlists import changing, forms, transferring
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.replies import Said, playlist_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists/{playlist_id}/copy")


@router.get("", name="copy_playlist")
async def ask(
    request: Request, here: TeacherIn, playlist_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """Which course the playlist is copied to."""
    async with database.reading() as session:
        playlist = await changing.found(session, here.course, playlist_id)
        courses = await transferring.courses_taught(session, here.course, here.visit.person_id)
    context = {
        "playlist": playlist,
        "courses": courses,
        "copy_id": new_id(),
        "address": playlist_address(here.course, playlist_id),
    }
    return pages.render(request, "playlists/copy.html", context)


@router.post("")
async def copy(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Copy it as a draft. What the other course holds is read first, since each step has to find its place there."""
    entered = Entered.of(await request.form())
    wanted = forms.parsed(uuid.UUID, entered.values.get("course", ""))
    copy_id = entered.made_id("copy_id") or new_id()
    async with database.reading() as session:
        await changing.found(session, here.course, playlist_id)
        taught = await transferring.courses_taught(session, here.course, here.visit.person_id)
        if wanted not in {one.id for one in taught}:
            raise NotFound("a course that this person does not teach")
        course = await course_queries.course(session, here.organisation_id, wanted)
        if course is None:
            raise NotFound("the course was removed")
        session.expunge(course)
    # Where it cannot be read now, what was known before is taken; what is not found is marked in the copy.
    await read_contents(request, InCourse(here.visit, course), asked=False)
    async with database.writing() as session:
        playlist = await changing.found(session, here.course, playlist_id)
        await transferring.copy_to(
            session, here.course, playlist, course, here.visit.person_id, clock.now(), copy_id=copy_id
        )
    return see(playlist_address(here.course, playlist_id), Said.COPIED_TO_COURSE)
