"""A teacher's pages: the list, a new playlist, the builder, the preview, assigning."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.roster import FreshRoster
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.learners import supports
from lti_tool.learners.models import Support
from lti_tool.learners.supports import Supports
from lti_tool.playlists import (
    answering,
    building,
    carrying,
    editing,
    forms,
    monitor,
    queries,
    service,
    template_rows,
    views,
)
from lti_tool.playlists.carrying_routes import carriers
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.models import Need, Playlist, PlaylistKind, PlaylistStatus
from lti_tool.playlists.replies import (
    Said,
    carry_over_address,
    notice,
    path_address,
    playlist_address,
    playlists_address,
)
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists")

PREVIEW_FACTOR = 1.5
"""How much more time a preview with extended time shows."""

SHOWN = (PlaylistStatus.DRAFT, PlaylistStatus.ASSIGNED)


# --- The list ---------------------------------------------------------------------------------------------------------


@router.get("", name="playlists")
async def home(
    request: Request, here: TeacherIn, _fresh: FreshRoster, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """All playlists of the course, how the class stands with each, and its one next thing to do."""
    now = clock.now()
    async with database.reading() as session:
        copied = await carrying.question(session, here.course, carriers=carriers(request))
        late = await service.missing_copies(session, here.course)
    if copied.asks:
        return see(carry_over_address(here.course))
    if late:
        async with database.writing() as session:
            await service.ensure_copies(session, here.course, now)
    async with database.reading() as session:
        playlists = await queries.playlists(session, here.organisation_id, here.course.id, SHOWN)
        seen = await visible_students(session, here)
        paths = await service.paths_of_course(session, here.course, playlists, now, seen)
        watch = await monitor.watch(session, here, now)
        waiting = await answering.count(session, here)
        steps = await queries.steps(session, here.organisation_id, [playlist.id for playlist in playlists])
        columns = await queries.columns(
            session, here.organisation_id, here.course.id, [service.resource_id(playlist) for playlist in playlists]
        )
    lines = [
        {
            "playlist": playlist,
            "steps": sum(step.removed_at is None for step in steps[playlist.id]),
            "may_dos": any(step.removed_at is None and step.need is Need.MAY for step in steps[playlist.id]),
            "counts": views.counts([path for path in paths if path.playlist.id == playlist.id], watch),
            "column": columns.get(service.resource_id(playlist)) if playlist.has_column else None,
        }
        for playlist in playlists
    ]
    context = {
        "lines": lines,
        "waiting": waiting,
        "carry_over": carry_over_address(here.course) if copied.open else None,
        "notice": notice(request),
        "new_copy_id": new_id,
        "now": now,
    }
    return pages.render(request, "playlists/home.html", context)


@router.get("/new", name="new_playlist")
async def new(request: Request, here: TeacherIn, pages: CurrentPages) -> Response:
    """The form that begins a playlist: its title."""
    return pages.render(request, "playlists/new.html", {"playlist_id": new_id(), "values": {}, "errors": {}})


@router.post("/new")
async def create(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Begin a playlist and go on to its builder."""
    entered = Entered.of(await request.form())
    basics = forms.basics(entered)
    playlist_id = entered.made_id("playlist_id") or new_id()
    if entered.errors:
        context = {"playlist_id": playlist_id, "values": entered.values, "errors": entered.errors}
        return pages.render(request, "playlists/new.html", context, status_code=422)
    async with database.writing() as session:
        await editing.create(session, here.course, basics, here.visit.person_id, clock.now(), playlist_id=playlist_id)
    return see(playlist_address(here.course, playlist_id))


# --- One playlist ---------------------------------------------------------------------------------------------------------


async def _shown(session: Any, here: InCourse, playlist_id: uuid.UUID) -> Playlist:
    playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id)
    if playlist is None or playlist.status is PlaylistStatus.ARCHIVED:
        raise NotFound("no such playlist in this course")
    return playlist


async def _is_personal(here: InCourse, database: CurrentDatabase, playlist_id: uuid.UUID) -> bool:
    """Whether the tool chooses the playlist's steps, so that it has pages of its own."""
    async with database.reading() as session:
        return (await _shown(session, here, playlist_id)).kind is PlaylistKind.PERSONAL


@router.post("/{playlist_id}/duplicate")
async def duplicate(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Make a draft with the same steps and go on to its builder."""
    entered = Entered.of(await request.form())
    async with database.writing() as session:
        source = await _shown(session, here, playlist_id)
        title = _copy_title(request, source.title)
        made = await editing.duplicate(
            session,
            here.course,
            playlist_id,
            title,
            here.visit.person_id,
            clock.now(),
            copy_id=entered.made_id("copy_id"),
        )
        made_id = made.id
    return see(playlist_address(here.course, made_id), Said.DUPLICATED)


def _copy_title(request: Request, title: str) -> str:
    named = language_of(request).gettext(N_("%(title)s (copy)"))
    return named % {"title": title[:180]}


@router.get("/{playlist_id}/remove", name="remove_playlist")
async def ask_to_remove(
    request: Request, here: TeacherIn, playlist_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """Ask before a playlist is taken away, and say what stays."""
    async with database.reading() as session:
        playlist = await _shown(session, here, playlist_id)
        copies = await queries.copies(session, here.organisation_id, [playlist.id])
    context = {
        "playlist": playlist,
        "begun": sum(copy.begun_at is not None for copy in copies),
        "address": playlist_address(here.course, playlist.id),
    }
    return pages.render(request, "playlists/remove.html", context)


@router.post("/{playlist_id}/remove")
async def remove(
    request: Request, here: TeacherChanging, playlist_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Take a playlist away."""
    entered = Entered.of(await request.form())
    async with database.writing() as session:
        await editing.remove(session, here.course, playlist_id, entered.revision(), here.visit.person_id, clock.now())
    return see(playlists_address(here.course), Said.REMOVED)


@router.get("/{playlist_id}/preview", name="preview_playlist")
async def preview(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The playlist as a student finds it before the first step; with supports, for those who may see them.

    Of one that the tool makes, where each student is.
    """
    if await _is_personal(here, database, playlist_id):
        return see(path_address(here.course, playlist_id))
    async with database.reading() as session:
        may_see = await supports.may_see(session, here)
    helped = _asked_supports(request) if may_see else Supports()
    view = await _preview_view(here, database, playlist_id, clock, helped)
    context = {
        "view": view,
        "address": playlist_address(here.course, playlist_id),
        "may_see": may_see,
        "supports": list(Support),
        "helped": helped,
        "now": clock.now(),
    }
    return pages.render(request, "playlists/preview.html", context)


def _asked_supports(request: Request) -> Supports:
    """The supports that a preview is asked with (``support`` once for each, ``language``); what is none is left out."""
    known = {support.value for support in Support}
    kinds = frozenset(Support(value) for value in request.query_params.getlist("support") if value in known)
    language = request.query_params.get("language", "")[:35]
    return Supports(kinds, language, PREVIEW_FACTOR if Support.EXTENDED_TIME in kinds else None)


async def _preview_view(
    here: InCourse,
    database: CurrentDatabase,
    playlist_id: uuid.UUID,
    clock: Now,
    helped: Supports | None = None,
) -> views.PathView:
    async with database.reading() as session:
        playlist = await _shown(session, here, playlist_id)
        path = building.preview(
            playlist, await template_rows.current(session, playlist), helped or Supports(), clock.now()
        )
        items = await queries.items(session, here.organisation_id, here.course.id, building.led_to(path))
    return views.path_view(path, items)
