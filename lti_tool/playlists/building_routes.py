"""The builder's pages: a template's steps, sections and other forms of steps; what was changed, undone, given to the copies.

Without script every change answers with a redirect to the place on the page where it was made; what is refused shows the page
again with the reason and what was entered.
"""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.ids import new_id
from lti_tool.learners.models import Support
from lti_tool.lti.sessions import by_script
from lti_tool.playlists import building, changing, editing, forms, queries
from lti_tool.playlists.changes import add_section, change_section, remove_section
from lti_tool.playlists.editing import What
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.models import PlaylistKind, StepKind
from lti_tool.playlists.replies import Said, notice, path_address, playlist_address
from lti_tool.playlists.templates import Section
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/playlists")

NO_HEADING = N_("Please give the section a heading.")

OFF_SCREEN = (StepKind.TASK, StepKind.REFLECTION, StepKind.CONFERENCE)


async def builder_page(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    playlist_id: uuid.UUID,
    *,
    trouble: ToolError | None = None,
    entered: Entered | None = None,
    open_step: uuid.UUID | None = None,
    status_code: int = 200,
) -> Response:
    """The builder as it stands; with what went wrong and what was entered, when a form came back."""
    async with database.reading() as session:
        shown = await building.builder(session, here, playlist_id)
        one = None
        if open_step is not None and any(step.id == open_step for step in shown.template.steps):
            one = await building.one_step(session, here, playlist_id, open_step)
    if one is not None and one.names_somebody:
        async with database.writing() as session:
            building.note_look(session, here, one.step.id, request.app.state.clock.now())
    context: dict[str, Any] = {
        "shown": shown,
        "playlist": shown.playlist,
        "one": one,
        "adds_to": _adds_to(request, entered, shown),
        "address": playlist_address(here.course, playlist_id),
        "notice": trouble_notice(request, trouble) or notice(request),
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "open_step": open_step,
        "supports": list(Support),
        "new_id": new_id,
    }
    return pages.render(request, "playlists/edit.html", context, status_code=status_code)


def _adds_to(request: Request, entered: Entered | None, shown: building.Builder) -> Section | None:
    """The section that new steps go to: the one that was asked for, else the last one."""
    sections = shown.template.sections
    asked = entered.values.get("section", "") if entered else request.query_params.get("add", "")
    for section in sections:
        if str(section.id) == asked:
            return section
    return sections[-1] if sections and asked != forms.NO_SECTION else None


async def changed(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    playlist_id: uuid.UUID,
    entered: Entered,
    change: Callable[[AsyncSession], Awaitable[object]],
    said: Said | None,
    *,
    anchor: str | None = None,
    open_step: uuid.UUID | None = None,
    **more: object,
) -> Response:
    """Make a change and go back to where it was made; the builder with the reason where it is refused."""
    trouble: ToolError | None = None
    if not entered.errors:
        try:
            async with database.writing() as session:
                await change(session)
        except NotFound:
            raise
        except ToolError as refused:
            if by_script(request):
                raise  # The page puts back what it showed, and says this error's words.
            trouble = refused
        else:
            return see(playlist_address(here.course, playlist_id), said, anchor, **more)
    return await builder_page(
        request,
        here,
        database,
        pages,
        playlist_id,
        trouble=trouble,
        entered=None if isinstance(trouble, Conflict) else entered,
        open_step=open_step,
        status_code=trouble.status if trouble is not None else 422,
    )


# --- The playlist -------------------------------------------------------------------------------------------------------


@router.get("/{playlist_id}", name="edit_playlist")
async def builder(
    request: Request, here: TeacherIn, playlist_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """The steps of a playlist, and everything to change them. What the tool chooses steps for has a page of its own."""
    async with database.reading() as session:
        playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id)
    if playlist is not None and playlist.kind is PlaylistKind.PERSONAL:
        return see(path_address(here.course, playlist_id))
    return await builder_page(request, here, database, pages, playlist_id)


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
    basics, revision = forms.basics(entered), entered.revision()

    async def change(session: AsyncSession) -> object:
        return await editing.change_basics(
            session, here.course, playlist_id, revision, basics, clock.now(), here.visit.person_id
        )

    return await changed(request, here, database, pages, playlist_id, entered, change, Said.SAVED)


@router.post("/{playlist_id}/undo")
async def undo(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Take the last change back, if whoever is here may see what it was."""
    entered = Entered.of(await request.form())
    revision = entered.revision()
    taken: list[What] = []

    async def change(session: AsyncSession) -> None:
        shown = await building.builder(session, here, playlist_id)
        if shown.can_undo or shown.playlist.revision != revision:
            what = await changing.undo(session, here.course, playlist_id, revision, clock.now(), here.visit.person_id)
            taken.extend([what] if what else [])

    answer = await changed(request, here, database, pages, playlist_id, entered, change, None, anchor="steps")
    if answer.status_code != 303:
        return answer
    said = Said.UNDONE if taken else Said.NOTHING_TO_UNDO
    return see(playlist_address(here.course, playlist_id), said, "steps", what=taken[0] if taken else None)


@router.post("/{playlist_id}/redo")
async def redo(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Make the change again that was taken back last, if whoever is here may see what it is."""
    entered = Entered.of(await request.form())
    revision = entered.revision()
    made: list[What] = []

    async def change(session: AsyncSession) -> None:
        shown = await building.builder(session, here, playlist_id)
        if shown.can_redo or shown.playlist.revision != revision:
            what = await changing.redo(session, here.course, playlist_id, revision, clock.now(), here.visit.person_id)
            made.extend([what] if what else [])

    answer = await changed(request, here, database, pages, playlist_id, entered, change, None, anchor="steps")
    if answer.status_code != 303:
        return answer
    said = Said.REDONE if made else Said.NOTHING_TO_REDO
    return see(playlist_address(here.course, playlist_id), said, "steps")


@router.post("/{playlist_id}/update")
async def update(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Give the changes that wait to every student's copy."""
    entered = Entered.of(await request.form())
    revision = entered.revision()

    async def change(session: AsyncSession) -> object:
        return await changing.update_copies(
            session, here.course, playlist_id, revision, clock.now(), here.visit.person_id
        )

    return await changed(request, here, database, pages, playlist_id, entered, change, Said.COPIES_UPDATED)


@router.post("/{playlist_id}/discard")
async def discard(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Forget the changes that wait."""
    entered = Entered.of(await request.form())
    revision = entered.revision()

    async def change(session: AsyncSession) -> object:
        return await changing.discard(session, here.course, playlist_id, revision, clock.now(), here.visit.person_id)

    return await changed(request, here, database, pages, playlist_id, entered, change, Said.DISCARDED)


@router.post("/{playlist_id}/order")
async def reorder(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Put steps and headings in order: all of them (``order``, from dragging), or one up or down (``item`` and ``move``)."""
    entered = Entered.of(await request.form())
    revision, now, by = entered.revision(), clock.now(), here.visit.person_id
    wanted = [forms.parsed(uuid.UUID, part) for part in entered.values.get("order", "").split(",") if part]
    one_id = None if wanted else forms.parsed(uuid.UUID, entered.values.get("item", ""))
    places = {"up": -1, "down": 1}.get(entered.values.get("move", ""), 0)

    async def change(session: AsyncSession) -> object:
        if one_id is None:
            return await editing.reorder(session, here.course, playlist_id, revision, wanted, now, by)
        return await editing.move(session, here.course, playlist_id, revision, one_id, places, now, by)

    # The script follows to the page as it stands now, and takes the next revision from it.
    anchor = "steps" if one_id is None else f"step-{one_id}"
    said = None if by_script(request) else Said.MOVED
    return await changed(request, here, database, pages, playlist_id, entered, change, said, anchor=anchor)


# --- Adding -------------------------------------------------------------------------------------------------------------


@router.post("/{playlist_id}/steps")
async def add_steps(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Add chosen items of the course (``item``), a pasted address (``url``), or a task, reflection or conference."""
    form = await request.form()
    entered = Entered.of(form)
    now, revision, course, by = clock.now(), entered.revision(), here.course, here.visit.person_id
    item_ids = [forms.parsed(uuid.UUID, value) for value in form.getlist("item") if isinstance(value, str)]
    url, title = entered.text("url", 2000), entered.text("step_title", 500)
    kind = entered.word("step_kind", StepKind, StepKind.TASK)
    given = entered.values.get("section", "")
    section_id = None if given in ("", forms.NO_SECTION) else forms.parsed(uuid.UUID, given)
    before = entered.made_id("before")
    if not (item_ids or url or title or entered.errors):
        return see(playlist_address(course, playlist_id), Said.NOTHING_CHOSEN, "add", add=section_id)

    async def change(session: AsyncSession) -> object:
        if item_ids:
            return await editing.add_items(
                session, course, playlist_id, revision, item_ids, now, section_id=section_id, before=before, by=by
            )
        if url:
            return await editing.add_address(
                session, course, playlist_id, revision, url, title, now, section_id=section_id, by=by
            )
        return await editing.add_offline(
            session,
            course,
            playlist_id,
            revision,
            title,
            now,
            kind=kind if kind in OFF_SCREEN else StepKind.TASK,
            section_id=section_id,
            by=by,
        )

    # After a choice from the course, most go on to assign; addresses and words are often added one after another.
    anchor = None if item_ids else "add"
    return await changed(
        request, here, database, pages, playlist_id, entered, change, Said.ADDED, anchor=anchor, add=section_id
    )


# --- Sections -----------------------------------------------------------------------------------------------------------


@router.post("/{playlist_id}/sections")
async def new_section(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Add a section at the end."""
    entered = Entered.of(await request.form())
    title, revision = entered.text("section_title", 200, NO_HEADING), entered.revision()

    async def change(session: AsyncSession) -> object:
        return await changing.change(
            session,
            here.course,
            playlist_id,
            revision,
            What.SECTION_ADDED,
            lambda template: add_section(template, title),
            clock.now(),
            here.visit.person_id,
        )

    return await changed(request, here, database, pages, playlist_id, entered, change, Said.SECTION_ADDED, anchor="add")


@router.post("/{playlist_id}/sections/{section_id}")
async def another_section(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    section_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Change a section's heading or note, and how many of its may-dos are asked for."""
    entered = Entered.of(await request.form())
    title, note = entered.text("section_title", 200, NO_HEADING), entered.text("section_note", 1000)
    needed, revision = forms.needed(entered), entered.revision()

    async def change(session: AsyncSession) -> object:
        return await changing.change(
            session,
            here.course,
            playlist_id,
            revision,
            What.SECTION_CHANGED,
            lambda template: change_section(template, section_id, title, note, needed),
            clock.now(),
            here.visit.person_id,
        )

    return await changed(
        request,
        here,
        database,
        pages,
        playlist_id,
        entered,
        change,
        Said.SAVED,
        anchor=f"step-{section_id}",
        open_step=section_id,
    )


@router.post("/{playlist_id}/sections/{section_id}/remove")
async def no_section(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    section_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Take a heading away; its steps stay."""
    entered = Entered.of(await request.form())
    revision = entered.revision()

    async def change(session: AsyncSession) -> object:
        return await changing.change(
            session,
            here.course,
            playlist_id,
            revision,
            What.SECTION_REMOVED,
            lambda template: remove_section(template, section_id),
            clock.now(),
            here.visit.person_id,
        )

    return await changed(request, here, database, pages, playlist_id, entered, change, Said.REMOVED, anchor="steps")
