"""One student's path for their teachers: with its evidence, what was asked and said, and what can be done for them alone."""

import uuid
from datetime import datetime

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool import audit
from lti_tool.content.models import ContentItem
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Person
from lti_tool.courses.service import display_name
from lti_tool.errors import NotFound
from lti_tool.grades import service as grades
from lti_tool.grades import words
from lti_tool.playlists import monitor, queries, service, views
from lti_tool.playlists.models import Playlist
from lti_tool.playlists.paths import Path
from lti_tool.playlists.progress_routes import assigned, everybody_has_a_copy
from lti_tool.playlists.replies import Said, notice, playlist_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists/{playlist_id}/students/{person_id}")


@router.get("", name="playlist_student")
async def student(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """One student's path as they see it, with who said that each step is done. The look leaves an audit entry."""
    playlist = await assigned(database, here, playlist_id)
    if playlist is None:
        raise NotFound("the playlist is not assigned")
    await everybody_has_a_copy(database, here, clock)
    async with database.writing() as session:
        person, path, items = await _students_path(session, here, playlist, person_id, clock.now())
        watch = await monitor.watch(session, here, clock.now())
        audit.record(
            session,
            clock.now(),
            "student.viewed",
            organisation_id=here.organisation_id,
            actor=str(here.visit.person_id) if here.visit.person_id else None,
            subject=f"person:{person_id}",
            detail=f"playlist {playlist_id}",
        )
        resource = service.resource_id(playlist)
        column = (await queries.columns(session, here.organisation_id, here.course.id, [resource])).get(resource)
        lines = await grades.standing(session, here.organisation_id, column.id) if column else []
    context = {
        "display_name": display_name,
        "person": person,
        "playlist": playlist,
        "view": views.path_view(path, items),
        "attention": path.attention(watch),
        "watch": watch,
        "score": next((line for line in lines if line.person_id == person_id), None),
        "standings": words.STANDINGS,
        "trouble_words": words.words_for,
        "address": playlist_address(here.course, playlist_id),
        "notice": notice(request),
        "now": clock.now(),
    }
    return pages.render(request, "playlists/student.html", context)


async def _students_path(
    session: AsyncSession, here: InCourse, playlist: Playlist, person_id: uuid.UUID, now: datetime
) -> tuple[Person, Path, dict[uuid.UUID, ContentItem]]:
    person = await monitor.seen(session, here, person_id)
    for path in await service.paths_of_person(session, here.course, person_id, now):
        if path.playlist.id == playlist.id:
            items = await queries.items(session, here.organisation_id, here.course.id, path.item_ids)
            return person, path, items
    raise NotFound("no copy for this person")


@router.post("/steps/{step_id}/done")
async def sign_off(
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Sign a step off for a student."""
    async with database.writing() as session:
        await monitor.seen(session, here, person_id)
        await service.sign_off(session, here.course, playlist_id, person_id, step_id, here.visit.person_id, clock.now())
    address = f"{playlist_address(here.course, playlist_id)}/students/{person_id}"
    return see(address, Said.MARKED, f"step-{step_id}")


@router.post("/steps/{step_id}/not-done")
async def take_back(
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Ask a student to look at a step again."""
    async with database.writing() as session:
        await monitor.seen(session, here, person_id)
        await service.take_back(
            session, here.course, playlist_id, person_id, step_id, here.visit.person_id, clock.now()
        )
    address = f"{playlist_address(here.course, playlist_id)}/students/{person_id}"
    return see(address, Said.TAKEN_BACK, f"step-{step_id}")
