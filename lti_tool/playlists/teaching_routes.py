"""A teacher's pages: the list, a new playlist, the builder, the preview, assigning."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.content import service as content
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.roster import FreshRoster
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.ids import new_id
from lti_tool.lti.sessions import by_script
from lti_tool.playlists import answering, carrying, editing, forms, monitor, queries, service, views
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.models import Playlist, PlaylistKind, PlaylistStatus, PlaylistStep
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
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/playlists")

SHOWN = (PlaylistStatus.DRAFT, PlaylistStatus.ASSIGNED)


# --- The list ---------------------------------------------------------------------------------------------------------


@router.get("", name="playlists")
async def home(
    request: Request, here: TeacherIn, _fresh: FreshRoster, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """All playlists of the course, how the class stands with each, and its one next thing to do."""
    now = clock.now()
    async with database.reading() as session:
        copied = await carrying.question(session, here.course)
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


# --- The builder ------------------------------------------------------------------------------------------------------


async def _builder(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: CurrentPages,
    playlist_id: uuid.UUID,
    *,
    trouble: ToolError | None = None,
    entered: Entered | None = None,
    open_step: uuid.UUID | None = None,
    status_code: int = 200,
) -> Response:
    """The builder as it stands; with what went wrong and what was entered, when a form came back."""
    async with database.reading() as session:
        playlist = await _shown(session, here, playlist_id)
        steps = await editing.present_steps(session, playlist)
        items = await queries.items(
            session,
            here.organisation_id,
            here.course.id,
            [step.content_item_id for step in steps if step.content_item_id],
        )
        course_items = [
            item
            for item in await content.items(session, here.organisation_id, here.course.id)
            if editing.can_be_a_step(item)
        ]
    shown = views.path_view(service.preview(playlist, steps, playlist.changed_at), items)
    rules_of = {
        step.id: editing.rules_for(step, items.get(step.content_item_id) if step.content_item_id else None)
        for step in steps
    }
    context: dict[str, Any] = {
        "playlist": playlist,
        "steps": shown.steps,
        "minutes": sum(step.minutes or 0 for step in steps),
        "rules_of": rules_of,
        "course_items": course_items,
        "address": playlist_address(here.course, playlist.id),
        "notice": trouble_notice(request, trouble) or notice(request),
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "open_step": open_step,
    }
    return pages.render(request, "playlists/edit.html", context, status_code=status_code)


async def _shown(session: Any, here: InCourse, playlist_id: uuid.UUID) -> Playlist:
    playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id)
    if playlist is None or playlist.status is PlaylistStatus.ARCHIVED:
        raise NotFound("no such playlist in this course")
    return playlist


async def _is_personal(here: InCourse, database: CurrentDatabase, playlist_id: uuid.UUID) -> bool:
    """Whether the tool chooses the playlist's steps, so that it has pages of its own."""
    async with database.reading() as session:
        return (await _shown(session, here, playlist_id)).kind is PlaylistKind.PERSONAL


@router.get("/{playlist_id}", name="edit_playlist")
async def builder(
    request: Request, here: TeacherIn, playlist_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """The steps of a playlist, and everything to change them; of one that the tool makes, its own page."""
    if await _is_personal(here, database, playlist_id):
        return see(path_address(here.course, playlist_id))
    return await _builder(request, here, database, pages, playlist_id)


@router.post("/{playlist_id}")
async def change_basics(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Change title, introduction or order."""
    entered = Entered.of(await request.form())
    basics = forms.basics(entered)
    if entered.errors:
        return await _builder(request, here, database, pages, playlist_id, entered=entered, status_code=422)
    try:
        async with database.writing() as session:
            await editing.change_basics(session, here.course, playlist_id, entered.revision(), basics, clock.now())
    except Conflict as conflict:
        return await _builder(request, here, database, pages, playlist_id, trouble=conflict, status_code=409)
    return see(playlist_address(here.course, playlist_id), Said.SAVED)


@router.post("/{playlist_id}/steps")
async def add_steps(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Add chosen items of the course, a pasted address, or something to do away from the screen."""
    form = await request.form()
    entered = Entered.of(form)
    now, revision = clock.now(), entered.revision()
    item_ids = [forms.parsed(uuid.UUID, value) for value in form.getlist("item") if isinstance(value, str)]
    url = entered.text("url", 2000)
    title = entered.text("step_title", 500)
    if entered.errors:
        return await _builder(request, here, database, pages, playlist_id, entered=entered, status_code=422)
    try:
        async with database.writing() as session:
            if item_ids:
                await editing.add_items(session, here.course, playlist_id, revision, item_ids, now)
            elif url:
                await editing.add_address(session, here.course, playlist_id, revision, url, title, now)
            elif title:
                await editing.add_offline(session, here.course, playlist_id, revision, title, now)
            else:
                return see(playlist_address(here.course, playlist_id), Said.NOTHING_CHOSEN, "add")
    except NotFound:
        raise
    except ToolError as trouble:
        return await _builder(
            request, here, database, pages, playlist_id, trouble=trouble, entered=entered, status_code=trouble.status
        )
    # After a choice from the course, most go on to assign; addresses and words are often added one after another.
    return see(playlist_address(here.course, playlist_id), Said.ADDED, None if item_ids else "add")


@router.post("/{playlist_id}/steps/{step_id}")
async def change_step(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Change what a step says and what counts as done."""
    entered = Entered.of(await request.form())
    choice = forms.step_choice(entered)
    if entered.errors:
        return await _builder(
            request, here, database, pages, playlist_id, entered=entered, open_step=step_id, status_code=422
        )
    try:
        async with database.writing() as session:
            await editing.change_step(
                session, here.course, playlist_id, entered.revision(), step_id, choice, clock.now()
            )
    except Conflict as conflict:
        return await _builder(
            request, here, database, pages, playlist_id, trouble=conflict, open_step=step_id, status_code=409
        )
    return see(playlist_address(here.course, playlist_id), Said.SAVED, f"step-{step_id}")


@router.post("/{playlist_id}/steps/{step_id}/remove")
async def remove_step(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Take a step out."""
    entered = Entered.of(await request.form())
    try:
        async with database.writing() as session:
            await editing.remove_step(session, here.course, playlist_id, entered.revision(), step_id, clock.now())
    except Conflict as conflict:
        return await _builder(request, here, database, pages, playlist_id, trouble=conflict, status_code=409)
    return see(playlist_address(here.course, playlist_id), Said.REMOVED, "steps")


@router.post("/{playlist_id}/steps/{step_id}/place")
async def place_step(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Say where a step leads: an item of the course (``place``), or an address."""
    entered = Entered.of(await request.form())
    item_id, url = entered.made_id("place"), entered.text("place_url", 2000)
    if entered.errors:
        return await _builder(
            request, here, database, pages, playlist_id, entered=entered, open_step=step_id, status_code=422
        )
    if item_id is None and not url:
        return see(playlist_address(here.course, playlist_id), Said.NOTHING_CHOSEN, f"step-{step_id}")
    try:
        async with database.writing() as session:
            await editing.place_step(
                session, here.course, playlist_id, entered.revision(), step_id, item_id or url, clock.now()
            )
    except NotFound:
        raise
    except ToolError as trouble:
        return await _builder(
            request,
            here,
            database,
            pages,
            playlist_id,
            trouble=trouble,
            entered=entered,
            open_step=step_id,
            status_code=trouble.status,
        )
    return see(playlist_address(here.course, playlist_id), Said.PLACED, f"step-{step_id}")


@router.post("/{playlist_id}/order")
async def reorder(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Put the steps in order: all of them (``order``, from dragging), or one up or down (``item`` and ``move``)."""
    form = await request.form()
    entered = Entered.of(form)
    revision, now = entered.revision(), clock.now()
    wanted = [part for part in entered.values.get("order", "").split(",") if part]
    try:
        async with database.writing() as session:
            if wanted:
                order = [forms.parsed(uuid.UUID, part) for part in wanted]
                await editing.reorder(session, here.course, playlist_id, revision, order, now)
            else:
                step_id = forms.parsed(uuid.UUID, entered.values.get("item", ""))
                by = {"up": -1, "down": 1}.get(entered.values.get("move", ""), 0)
                await editing.shift_step(session, here.course, playlist_id, revision, step_id, by, now)
    except Conflict as conflict:
        if by_script(request):
            raise  # The page puts its list back and shows this error's words.
        return await _builder(request, here, database, pages, playlist_id, trouble=conflict, status_code=409)
    # The script follows to the page as it stands now, and takes the next revision from it.
    return see(playlist_address(here.course, playlist_id), None, "steps")


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
    """The playlist as a student finds it before the first step; of one that the tool makes, where each student is."""
    if await _is_personal(here, database, playlist_id):
        return see(path_address(here.course, playlist_id))
    view = await _preview_view(here, database, playlist_id, clock)
    return pages.render(
        request, "playlists/preview.html", {"view": view, "address": playlist_address(here.course, playlist_id)}
    )


async def _preview_view(
    here: InCourse, database: CurrentDatabase, playlist_id: uuid.UUID, clock: Now
) -> views.PathView:
    async with database.reading() as session:
        playlist = await _shown(session, here, playlist_id)
        steps = await editing.present_steps(session, playlist)
        items = await queries.items(session, here.organisation_id, here.course.id, _item_ids(steps))
    return views.path_view(service.preview(playlist, steps, clock.now()), items)


def _item_ids(steps: list[PlaylistStep]) -> list[uuid.UUID]:
    return [step.content_item_id for step in steps if step.content_item_id]
