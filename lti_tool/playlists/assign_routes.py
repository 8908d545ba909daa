"""Assigning a playlist: to everybody, to groups and sections, or to single students; and on what terms."""

import uuid

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.roster import FreshRoster
from lti_tool.courses.service import display_name
from lti_tool.errors import NotFound, ToolError
from lti_tool.playlists import assign_forms, assigning, editing, forms, path_queries, queries, service, views
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.models import Playlist, PlaylistStatus
from lti_tool.playlists.replies import Said, playlist_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/playlists/{playlist_id}")


@router.get("/assign", name="assign_playlist")
async def ask_to_assign(
    request: Request,
    here: TeacherIn,
    _fresh: FreshRoster,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Who gets it, on what terms, and what each would see; nothing happens before it is confirmed."""
    return await _page(request, here, database, clock, pages, playlist_id)


@router.post("/assign")
async def assign(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Assign, or change whom it is for and on what terms."""
    form = await request.form()
    entered = Entered.of(form)
    terms = forms.terms(entered)
    try:
        async with database.writing() as session:
            playlist = await _shown(session, here, playlist_id)
            before = playlist.status
            offer = await assigning.offer(session, here, playlist)
            unsaid = not entered.values.get("who") and offer.everybody
            meant = None if unsaid else assign_forms.meant(offer, entered, form)
            if not entered.errors:
                await editing.assign(
                    session,
                    here.course,
                    playlist_id,
                    entered.revision(),
                    terms,
                    here.visit.person_id,
                    clock.now(),
                    meant=meant,
                )
    except NotFound:
        raise
    except ToolError as trouble:
        return await _page(
            request,
            here,
            database,
            clock,
            pages,
            playlist_id,
            form=form,
            entered=entered,
            trouble=trouble,
            status_code=trouble.status,
        )
    if entered.errors:
        return await _page(
            request, here, database, clock, pages, playlist_id, form=form, entered=entered, status_code=422
        )
    assigned = Said.ASSIGNED if meant is None or meant.everybody else Said.ASSIGNED_TO_SOME
    said = Said.TERMS_CHANGED if before is PlaylistStatus.ASSIGNED else assigned
    return see(f"{playlist_address(here.course, playlist_id)}/progress", said)


async def _shown(session: AsyncSession, here: InCourse, playlist_id: uuid.UUID) -> Playlist:
    playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id)
    if playlist is None or playlist.status is PlaylistStatus.ARCHIVED:
        raise NotFound("no such playlist in this course")
    return playlist


async def _page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
    playlist_id: uuid.UUID,
    *,
    form: FormData | None = None,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        playlist = await _shown(session, here, playlist_id)
        steps = await editing.present_steps(session, playlist)
        sections = await path_queries.sections(session, here.organisation_id, [playlist.id])
        ids = [step.content_item_id for step in steps if step.content_item_id]
        items = await queries.items(session, here.organisation_id, here.course.id, ids)
        offer = await assigning.offer(session, here, playlist)
        may_have_column = await editing.may_have_column(session, here.course, playlist)
    view = views.path_view(service.preview(playlist, steps, clock.now(), sections[playlist.id]), items)
    context = {
        "view": view,
        "playlist": playlist,
        "offer": offer,
        "who": entered.values.get("who", offer.who) if entered else offer.who.value,
        "chosen": assign_forms.ticked(offer, form),
        "display_name": display_name,
        "can_have_column": may_have_column,
        "address": playlist_address(here.course, playlist_id),
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "came_back": entered is not None,
        "notice": trouble_notice(request, trouble),
        "now": clock.now(),
    }
    return pages.render(request, "playlists/assign.html", context, status_code=status_code)
