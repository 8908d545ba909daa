"""What a student asks the teacher for, takes back, and has read."""

import uuid

from fastapi import APIRouter
from starlette.responses import Response

from lti_tool.errors import BadRequest, Conflict
from lti_tool.playlists import asking
from lti_tool.playlists.learning_routes import OnOwnPath, OwnForm
from lti_tool.playlists.path_models import RequestKind
from lti_tool.playlists.replies import Said
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/my/{copy_id}")


async def _ask(form: OwnForm, step_id: uuid.UUID | None) -> Response:
    kind = form.entered.word("kind", RequestKind, RequestKind.HELP)
    try:
        async with form.database.writing() as session:
            await asking.ask(session, form.here, form.copy_id, step_id, kind, form.written, form.now)
    except (BadRequest, Conflict) as trouble:
        return await form.again(step_id, kind, trouble)
    return see(form.address, Said.ASKED_TEACHER, f"step-{step_id}" if step_id else "asked")


async def _take_back(form: OwnForm, step_id: uuid.UUID | None) -> Response:
    kind = form.entered.word("kind", RequestKind, RequestKind.HELP)
    async with form.database.writing() as session:
        await asking.take_back(session, form.here, form.copy_id, step_id, kind, form.now)
    return see(form.address, Said.ASKED_NO_MORE, f"step-{step_id}" if step_id else None)


@router.post("/ask")
async def ask(form: OnOwnPath) -> Response:
    """Ask the teacher for help or a talk about the path: ``kind``, ``words``."""
    return await _ask(form, None)


@router.post("/take-back")
async def take_back(form: OnOwnPath) -> Response:
    """Take that back."""
    return await _take_back(form, None)


@router.post("/steps/{step_id}/ask")
async def ask_about_step(form: OnOwnPath, step_id: uuid.UUID) -> Response:
    """Ask for help with a step, its sign-off, another try or a talk: ``kind``, ``words``."""
    return await _ask(form, step_id)


@router.post("/steps/{step_id}/take-back")
async def take_back_about_step(form: OnOwnPath, step_id: uuid.UUID) -> Response:
    """Take that back."""
    return await _take_back(form, step_id)


@router.post("/words/{word_id}/seen")
async def mark_seen(form: OnOwnPath, word_id: uuid.UUID) -> Response:
    """The student has read what the teacher said."""
    async with form.database.writing() as session:
        await asking.mark_seen(session, form.here, form.copy_id, word_id, form.now)
    return see(form.address)
