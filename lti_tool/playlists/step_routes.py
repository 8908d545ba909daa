"""One step of a template: everything a teacher says about it, and its other forms."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherIn
from lti_tool.courses.visibility import visible_students
from lti_tool.ids import new_id
from lti_tool.learners import supports
from lti_tool.learners.models import Support
from lti_tool.playlists import building, editing, forms, template_rows
from lti_tool.playlists.building_pages import Editing
from lti_tool.playlists.changes import What, duplicate_step, remove_variant
from lti_tool.playlists.models import VariantKind
from lti_tool.playlists.replies import Said, playlist_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists/{playlist_id}/steps/{step_id}")


@router.get("", name="playlist_step")
async def shown(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """A step's form: by itself for the builder's script, a whole page otherwise. A look at whom a form is for is recorded."""
    async with database.reading() as session:
        one = await building.one_step(session, here, playlist_id, step_id)
    if one.names_somebody:
        async with database.writing() as session:
            building.note_look(session, here, step_id, clock.now())
    context: dict[str, Any] = {
        "one": one,
        "playlist": one.playlist,
        "address": playlist_address(here.course, playlist_id),
        "values": {},
        "errors": {},
        "supports": list(Support),
        "new_id": new_id,
    }
    template = "playlists/_step_form.html" if request.headers.get("HX-Request") else "playlists/step.html"
    return pages.render(request, template, context)


@router.post("")
async def change_step(edit: Editing, step_id: uuid.UUID) -> Response:
    """Change what a step says, what counts as done and when it opens."""
    choice = forms.step_choice(edit.entered)
    return await edit.answer(
        lambda session: editing.change_step(session, *edit.which, step_id, choice, *edit.when),
        Said.SAVED,
        anchor=f"step-{step_id}",
        open_step=step_id,
    )


@router.post("/remove")
async def remove_step(edit: Editing, step_id: uuid.UUID) -> Response:
    """Take a step out."""
    return await edit.answer(
        lambda session: editing.remove_step(session, *edit.which, step_id, *edit.when),
        Said.REMOVED,
        anchor="steps",
        open_step=step_id,
    )


@router.post("/duplicate")
async def twin(edit: Editing, step_id: uuid.UUID) -> Response:
    """The same step once more, right behind it."""
    change = edit.of_template(What.STEP_DUPLICATED, lambda template: duplicate_step(template, step_id))
    return await edit.answer(change, Said.STEP_DUPLICATED, anchor=f"step-{step_id}", open_step=step_id)


@router.post("/place")
async def place_step(edit: Editing, step_id: uuid.UUID) -> Response:
    """Say where a step leads: an item of the course (``place``), or an address."""
    item_id, url = edit.entered.made_id("place"), edit.entered.text("place_url", 2000)
    if item_id is None and not url and not edit.entered.errors:
        return see(playlist_address(edit.here.course, edit.playlist_id), Said.NOTHING_CHOSEN, f"step-{step_id}")
    return await edit.answer(
        lambda session: editing.place_step(session, *edit.which, step_id, item_id or url, *edit.when),
        Said.PLACED,
        anchor=f"step-{step_id}",
        open_step=step_id,
    )


# --- Other forms ----------------------------------------------------------------------------------------------------------


@router.post("/variants")
async def put_variant(edit: Editing, step_id: uuid.UUID) -> Response:
    """Add another form of a step. For students by name, and modifications, only by those with the supports right."""
    people = [value for value in edit.form.getlist("person") if isinstance(value, str)]
    variant = forms.variant(edit.entered, people)

    async def change(session: AsyncSession) -> object:
        students: list[uuid.UUID] = []
        if variant.people or variant.kind is VariantKind.MODIFICATION:
            await supports.must_see(session, edit.here)
            students = [person.id for person in await visible_students(session, edit.here)]
        return await editing.put_variant(session, *edit.which, step_id, variant, students, *edit.when)

    return await edit.answer(change, Said.SAVED, anchor=f"step-{step_id}", open_step=step_id)


@router.post("/variants/{variant_id}/remove")
async def no_variant(edit: Editing, step_id: uuid.UUID, variant_id: uuid.UUID) -> Response:
    """Take another form out; what somebody without the supports right cannot see, they cannot take out."""
    take_out = edit.of_template(What.VARIANT_CHANGED, lambda template: remove_variant(template, step_id, variant_id))

    async def change(session: AsyncSession) -> object:
        await _may_touch(session, edit.here, edit.playlist_id, step_id, variant_id)
        return await take_out(session)

    return await edit.answer(change, Said.REMOVED, anchor=f"step-{step_id}")


async def _may_touch(
    session: AsyncSession, here: InCourse, playlist_id: uuid.UUID, step_id: uuid.UUID, variant_id: uuid.UUID
) -> None:
    playlist = await building.the_template(session, here, playlist_id)
    step = (await template_rows.current(session, playlist)).step(step_id)
    if any(one.id == variant_id and (one.people or one.kind is VariantKind.MODIFICATION) for one in step.variants):
        await supports.must_see(session, here)
