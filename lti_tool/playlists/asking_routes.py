"""What a student asks the teacher for, takes back, and has read."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, StudentChanging
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, Conflict
from lti_tool.playlists import asking
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.learning_routes import back_address, show
from lti_tool.playlists.path_models import RequestKind
from lti_tool.playlists.replies import Said
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/my/{copy_id}")


async def _ask(
    request: Request,
    here: InCourse,
    copy_id: uuid.UUID,
    step_id: uuid.UUID | None,
    database: Database,
    clock: Now,
    pages: Pages,
) -> Response:
    entered = Entered.of(await request.form())
    kind = entered.word("kind", RequestKind, RequestKind.HELP)
    words = entered.values.get("words", "")
    try:
        async with database.writing() as session:
            await asking.ask(session, here, copy_id, step_id, kind, words, clock.now())
    except (BadRequest, Conflict) as trouble:
        return await show(
            request, here, copy_id, database, clock, pages, step_id=step_id, field=kind, text=words, trouble=trouble
        )
    anchor = f"step-{step_id}" if step_id else "asked"
    return see(back_address(here.course, copy_id, entered), Said.ASKED_TEACHER, anchor)


async def _take_back(
    request: Request, here: InCourse, copy_id: uuid.UUID, step_id: uuid.UUID | None, database: Database, clock: Now
) -> Response:
    entered = Entered.of(await request.form())
    kind = entered.word("kind", RequestKind, RequestKind.HELP)
    async with database.writing() as session:
        await asking.take_back(session, here, copy_id, step_id, kind, clock.now())
    anchor = f"step-{step_id}" if step_id else None
    return see(back_address(here.course, copy_id, entered), Said.ASKED_NO_MORE, anchor)


@router.post("/ask")
async def ask(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Ask the teacher for help or a talk about the path: ``kind``, ``words``."""
    return await _ask(request, here, copy_id, None, database, clock, pages)


@router.post("/take-back")
async def take_back(
    request: Request, here: StudentChanging, copy_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Take that back."""
    return await _take_back(request, here, copy_id, None, database, clock)


@router.post("/steps/{step_id}/ask")
async def ask_about_step(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Ask for help with a step, its sign-off, another try or a talk: ``kind``, ``words``."""
    return await _ask(request, here, copy_id, step_id, database, clock, pages)


@router.post("/steps/{step_id}/take-back")
async def take_back_about_step(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Take that back."""
    return await _take_back(request, here, copy_id, step_id, database, clock)


@router.post("/words/{word_id}/seen")
async def mark_seen(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    word_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """The student has read what the teacher said."""
    async with database.writing() as session:
        await asking.mark_seen(session, here, copy_id, word_id, clock.now())
    return see(back_address(here.course, copy_id, Entered.of(await request.form())))
