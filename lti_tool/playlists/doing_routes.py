"""What moves a student on: opening, marking, writing, passing over, choosing another way."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import StudentChanging
from lti_tool.errors import BadRequest, Conflict
from lti_tool.lti.sessions import by_script
from lti_tool.playlists import service, ways
from lti_tool.playlists.forms import Entered, parsed
from lti_tool.playlists.learning_routes import SKIP_REASONS, back_address, show
from lti_tool.playlists.replies import Said
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_, current_language, speaking
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/my/{copy_id}/steps/{step_id}")


@router.post("/open")
async def open_step(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Record that a step was opened: told by the page's script while the step opens beside it, or by a button."""
    async with database.writing() as session:
        await ways.take_up(session, here, copy_id, step_id, clock.now())
        await service.open_step(session, here.course, here.person_id, copy_id, step_id, clock.now())
    if by_script(request):
        return Response(status_code=204)
    return see(back_address(here.course, copy_id, Entered.of(await request.form())), None, f"step-{step_id}")


@router.post("/done")
async def mark_done(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """The student says that a step is done."""
    async with database.writing() as session:
        await service.mark_done(session, here.course, here.person_id, copy_id, step_id, clock.now())
    return see(back_address(here.course, copy_id, Entered.of(await request.form())), Said.MARKED)


@router.post("/not-done")
async def mark_not_done(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """The student takes their own mark back."""
    async with database.writing() as session:
        await service.mark_not_done(session, here.course, here.person_id, copy_id, step_id, clock.now())
    return see(back_address(here.course, copy_id, Entered.of(await request.form())), None, f"step-{step_id}")


@router.post("/words")
async def write_words(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The student writes a reflection, or writes it anew. What cannot be taken comes back with its words."""
    entered = Entered.of(await request.form())
    words = entered.values.get("words", "")
    try:
        async with database.writing() as session:
            await service.write_words(session, here.course, here.person_id, copy_id, step_id, words, clock.now())
    except (BadRequest, Conflict) as trouble:
        return await show(
            request, here, copy_id, database, clock, pages, step_id=step_id, field="words", text=words, trouble=trouble
        )
    return see(back_address(here.course, copy_id, entered), Said.WRITTEN, f"step-{step_id}")


@router.post("/skip")
async def skip(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The student passes a step over: ``reason`` is a word of the list, ``words`` what they add."""
    entered = Entered.of(await request.form())
    words = entered.values.get("words", "")
    try:
        why = skip_words(request, entered.values.get("reason", ""), words)
        async with database.writing() as session:
            await service.skip(session, here.course, here.person_id, copy_id, step_id, why, clock.now())
    except (BadRequest, Conflict) as trouble:
        return await show(
            request, here, copy_id, database, clock, pages, step_id=step_id, field="skip", text=words, trouble=trouble
        )
    return see(back_address(here.course, copy_id, entered), Said.SKIPPED, "passed-over")


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
async def choose(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """The student does another item instead of what the tool chose: ``item``."""
    entered = Entered.of(await request.form())
    item_id = parsed(uuid.UUID, entered.values.get("item", ""))
    async with database.writing() as session:
        step = await ways.choose(session, here, copy_id, step_id, item_id, clock.now())
        chosen = step.id
    return see(back_address(here.course, copy_id, entered), Said.CHOSEN, f"step-{chosen}")
