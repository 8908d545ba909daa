"""What moves a student on: opening, marking, writing, passing over, choosing another way."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.errors import BadRequest, Conflict
from lti_tool.lti.sessions import by_script
from lti_tool.playlists import service, ways
from lti_tool.playlists.forms import parsed
from lti_tool.playlists.learning_routes import SKIP_REASONS, OnOwnPath
from lti_tool.playlists.replies import Said
from lti_tool.web.i18n import N_, current_language, speaking
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/my/{copy_id}/steps/{step_id}")


@router.post("/open")
async def open_step(form: OnOwnPath, step_id: uuid.UUID) -> Response:
    """Record that a step was opened: told by the page's script while the step opens beside it, or by a button."""
    async with form.database.writing() as session:
        await ways.take_up(session, form.here, form.copy_id, step_id, form.now)
        await service.open_step(session, *form.which, step_id, form.now)
    return Response(status_code=204) if by_script(form.request) else see(form.address, None, f"step-{step_id}")


@router.post("/done")
async def mark_done(form: OnOwnPath, step_id: uuid.UUID) -> Response:
    """The student says that a step is done."""
    async with form.database.writing() as session:
        await service.mark_done(session, *form.which, step_id, form.now)
    return see(form.address, Said.MARKED)


@router.post("/not-done")
async def mark_not_done(form: OnOwnPath, step_id: uuid.UUID) -> Response:
    """The student takes their own mark back."""
    async with form.database.writing() as session:
        await service.mark_not_done(session, *form.which, step_id, form.now)
    return see(form.address, None, f"step-{step_id}")


@router.post("/words")
async def write_words(form: OnOwnPath, step_id: uuid.UUID) -> Response:
    """The student writes a reflection, or writes it anew. What cannot be taken comes back with its words."""
    try:
        async with form.database.writing() as session:
            await service.write_words(session, *form.which, step_id, form.written, form.now)
    except (BadRequest, Conflict) as trouble:
        return await form.again(step_id, "words", trouble)
    return see(form.address, Said.WRITTEN, f"step-{step_id}")


@router.post("/skip")
async def skip(form: OnOwnPath, step_id: uuid.UUID) -> Response:
    """The student passes a step over: ``reason`` is a word of the list, ``words`` what they add."""
    try:
        why = skip_words(form.request, form.entered.values.get("reason", ""), form.written)
        async with form.database.writing() as session:
            await service.skip(session, *form.which, step_id, why, form.now)
    except (BadRequest, Conflict) as trouble:
        return await form.again(step_id, "skip", trouble)
    return see(form.address, Said.SKIPPED, "passed-over")


def skip_words(request: Request, reason: str, words: str) -> str:
    """The reason in the student's language, and what they added. BadRequest for a word no page of ours sends, or no reason."""
    if not reason and not words:
        raise BadRequest(
            "no reason",
            code="reason-missing",
            title=N_("Say why you skip it"),
            advice=N_("Choose a reason, or write one. It helps your teacher to find something that fits you better."),
        )
    if reason and reason not in SKIP_REASONS:
        raise BadRequest("a reason no page of ours sends")
    with speaking(language_of(request)):
        said = current_language().gettext(SKIP_REASONS[reason]) if reason and not (reason == "other" and words) else ""
    return " ".join(part for part in (said, words) if part)


@router.post("/choose")
async def choose(form: OnOwnPath, step_id: uuid.UUID) -> Response:
    """The student does another item instead of what the tool chose: ``item``."""
    item_id = parsed(uuid.UUID, form.entered.values.get("item", ""))
    async with form.database.writing() as session:
        step = await ways.choose(session, form.here, form.copy_id, step_id, item_id, form.now)
        chosen = step.id
    return see(form.address, Said.CHOSEN, f"step-{chosen}")
