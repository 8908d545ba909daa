"""Assigning a menu: who gets it, on what terms; nothing happens before it is confirmed."""

import uuid

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.roster import FreshRoster
from lti_tool.courses.service import display_name
from lti_tool.errors import NotFound, ToolError
from lti_tool.menus import board_building, board_editing, board_forms
from lti_tool.menus.board_replies import Said, menu_address, menus_address
from lti_tool.menus.models import MenuStatus
from lti_tool.playlists import assign_forms, assigning
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/menus/{menu_id}/assign")


@router.get("", name="assign_menu")
async def ask(
    request: Request,
    here: TeacherIn,
    _fresh: FreshRoster,
    menu_id: uuid.UUID,
    database: CurrentDatabase,
    pages: CurrentPages,
) -> Response:
    """Who gets it, on what terms, and whether everybody could complete it."""
    return await _page(request, here, database, pages, menu_id)


@router.post("")
async def assign(
    request: Request,
    here: TeacherChanging,
    menu_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Assign it, or change whom it is for and on what terms."""
    form = await request.form()
    entered = Entered.of(form)
    terms = board_forms.terms(entered)
    try:
        async with database.writing() as session:
            menu = await board_editing.found(session, here.course, menu_id)
            before = menu.status
            current = await board_editing.current_audience(session, menu)
            offer = await assigning.offer_of(session, here, current, assigned=before is MenuStatus.ASSIGNED)
            unsaid = not entered.values.get("who") and offer.everybody
            audience = None if unsaid else assign_forms.meant(offer, entered, form)
            if not entered.errors:
                await board_editing.assign(
                    session,
                    here.course,
                    menu_id,
                    entered.revision(),
                    terms,
                    here.visit.person_id,
                    clock.now(),
                    audience=audience,
                )
    except NotFound:
        raise
    except ToolError as trouble:
        return await _page(
            request,
            here,
            database,
            pages,
            menu_id,
            form=form,
            entered=entered,
            trouble=trouble,
            status_code=trouble.status,
        )
    if entered.errors:
        return await _page(request, here, database, pages, menu_id, form=form, entered=entered, status_code=422)
    said = Said.TERMS_CHANGED if before is MenuStatus.ASSIGNED else Said.ASSIGNED
    return see(menus_address(here.course), said)


async def _page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: CurrentPages,
    menu_id: uuid.UUID,
    *,
    form: FormData | None = None,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        shown = await board_building.builder(session, here, menu_id, language_of(request))
        current = await board_editing.current_audience(session, shown.menu)
        assigned = shown.menu.status is MenuStatus.ASSIGNED
        offer = await assigning.offer_of(session, here, current, assigned=assigned)
        may_have_column = await board_editing.may_have_column(session, here.course, shown.menu)
        state = shown.state
        if isinstance(trouble, board_editing.BoardCannotBeCompleted):
            # For those who were just chosen, not for those whom it is for now.
            state = await board_building.state_with(session, here, shown.sheet, trouble.findings, language_of(request))
    context = {
        "shown": shown,
        "menu": shown.menu,
        "state": state,
        "offer": offer,
        "who": entered.values.get("who", offer.who) if entered else offer.who.value,
        "chosen": assign_forms.ticked(offer, form),
        "display_name": display_name,
        "can_have_column": may_have_column,
        "address": menu_address(here.course, menu_id),
        "home": menus_address(here.course),
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "came_back": entered is not None,
        "notice": trouble_notice(request, trouble),
    }
    return pages.render(request, "menus/assign_board.html", context, status_code=status_code)
