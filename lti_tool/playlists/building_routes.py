"""The builder: a template and its sections; what was changed, undone, given to the copies. Its steps are in ``step_routes``."""

import uuid
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.courses.access import TeacherIn
from lti_tool.lti.sessions import by_script
from lti_tool.playlists import building, changing, editing, forms, queries
from lti_tool.playlists.building import Builder
from lti_tool.playlists.building_pages import Edit, Editing, builder_page
from lti_tool.playlists.changes import What, add_section, change_section, remove_section
from lti_tool.playlists.models import PlaylistKind, StepKind
from lti_tool.playlists.replies import Said, path_address, playlist_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages
from lti_tool.web.i18n import N_
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists")

NO_HEADING = N_("Please give the section a heading.")

OFF_SCREEN = (StepKind.TASK, StepKind.REFLECTION, StepKind.CONFERENCE)


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
async def change_basics(edit: Editing) -> Response:
    """Change title, introduction or order."""
    basics = forms.basics(edit.entered)
    return await edit.answer(
        lambda session: editing.change_basics(session, *edit.which, basics, *edit.when), Said.SAVED
    )


@router.post("/{playlist_id}/undo")
async def undo(edit: Editing) -> Response:
    """Take the last change back, if whoever is here may see what it was."""
    return await _turn(edit, changing.undo, lambda shown: shown.can_undo, Said.UNDONE, Said.NOTHING_TO_UNDO)


@router.post("/{playlist_id}/redo")
async def redo(edit: Editing) -> Response:
    """Make the change again that was taken back last, if whoever is here may see what it is."""
    return await _turn(edit, changing.redo, lambda shown: shown.can_redo, Said.REDONE, Said.NOTHING_TO_REDO)


async def _turn(
    edit: Edit,
    turn: Callable[..., Awaitable[What | None]],
    may: Callable[[Builder], bool],
    said: Said,
    otherwise: Said,
) -> Response:
    turned: list[What] = []

    async def change(session: AsyncSession) -> None:
        shown = await building.builder(session, edit.here, edit.playlist_id)
        if may(shown) or shown.playlist.revision != edit.revision:
            what = await turn(session, *edit.which, *edit.when)
            turned.extend([what] if what else [])

    answer = await edit.answer(change, None, anchor="steps")
    if answer.status_code != 303:
        return answer
    address = playlist_address(edit.here.course, edit.playlist_id)
    return see(address, said if turned else otherwise, "steps", what=turned[0] if turned else None)


@router.post("/{playlist_id}/update")
async def update(edit: Editing) -> Response:
    """Give the changes that wait to every student's copy."""
    return await edit.answer(
        lambda session: changing.update_copies(session, *edit.which, *edit.when), Said.COPIES_UPDATED
    )


@router.post("/{playlist_id}/discard")
async def discard(edit: Editing) -> Response:
    """Forget the changes that wait."""
    return await edit.answer(lambda session: changing.discard(session, *edit.which, *edit.when), Said.DISCARDED)


@router.post("/{playlist_id}/order")
async def reorder(edit: Editing) -> Response:
    """Put steps and headings in order: all of them (``order``, from dragging), or one up or down (``item`` and ``move``)."""
    values = edit.entered.values
    wanted = [forms.parsed(uuid.UUID, part) for part in values.get("order", "").split(",") if part]
    one_id = None if wanted else forms.parsed(uuid.UUID, values.get("item", ""))
    places = {"up": -1, "down": 1}.get(values.get("move", ""), 0)

    async def change(session: AsyncSession) -> object:
        if one_id is None:
            return await editing.reorder(session, *edit.which, wanted, *edit.when)
        return await editing.move(session, *edit.which, one_id, places, *edit.when)

    # The script follows to the page as it stands now, and takes the next revision from it.
    anchor = "steps" if one_id is None else f"step-{one_id}"
    return await edit.answer(change, None if by_script(edit.request) else Said.MOVED, anchor=anchor)


# --- Adding -------------------------------------------------------------------------------------------------------------


@router.post("/{playlist_id}/steps")
async def add_steps(edit: Editing) -> Response:
    """Add chosen items of the course (``item``), a pasted address (``url``), or a task, reflection or conference."""
    entered, (now, by) = edit.entered, edit.when
    item_ids = [forms.parsed(uuid.UUID, value) for value in edit.form.getlist("item") if isinstance(value, str)]
    url, title = entered.text("url", 2000), entered.text("step_title", 500)
    kind = entered.word("step_kind", StepKind, StepKind.TASK)
    given = entered.values.get("section", "")
    section_id = None if given in ("", forms.NO_SECTION) else forms.parsed(uuid.UUID, given)
    before = entered.made_id("before")
    if not (item_ids or url or title or entered.errors):
        return see(playlist_address(edit.here.course, edit.playlist_id), Said.NOTHING_CHOSEN, "add", add=section_id)

    async def change(session: AsyncSession) -> object:
        if item_ids:
            return await editing.add_items(
                session, *edit.which, item_ids, now, section_id=section_id, before=before, by=by
            )
        if url:
            return await editing.add_address(session, *edit.which, url, title, now, section_id=section_id, by=by)
        off_screen = kind if kind in OFF_SCREEN else StepKind.TASK
        return await editing.add_offline(
            session, *edit.which, title, now, kind=off_screen, section_id=section_id, by=by
        )

    # After a choice from the course, most go on to assign; addresses and words are often added one after another.
    return await edit.answer(change, Said.ADDED, anchor=None if item_ids else "add", add=section_id)


# --- Sections -----------------------------------------------------------------------------------------------------------


@router.post("/{playlist_id}/sections")
async def new_section(edit: Editing) -> Response:
    """Add a section at the end."""
    title = edit.entered.text("section_title", 200, NO_HEADING)
    change = edit.of_template(What.SECTION_ADDED, lambda template: add_section(template, title))
    return await edit.answer(change, Said.SECTION_ADDED, anchor="add")


@router.post("/{playlist_id}/sections/{section_id}")
async def another_section(edit: Editing, section_id: uuid.UUID) -> Response:
    """Change a section's heading or note, and how many of its may-dos are asked for."""
    entered = edit.entered
    title, note = entered.text("section_title", 200, NO_HEADING), entered.text("section_note", 1000)
    needed = forms.needed(entered)
    change = edit.of_template(
        What.SECTION_CHANGED, lambda template: change_section(template, section_id, title, note, needed)
    )
    return await edit.answer(change, Said.SAVED, anchor=f"step-{section_id}", open_step=section_id)


@router.post("/{playlist_id}/sections/{section_id}/remove")
async def no_section(edit: Editing, section_id: uuid.UUID) -> Response:
    """Take a heading away; its steps stay."""
    change = edit.of_template(What.SECTION_REMOVED, lambda template: remove_section(template, section_id))
    return await edit.answer(change, Said.REMOVED, anchor="steps", open_step=section_id)
