"""A student's own board: choosing, committing, changing one's mind; and as family sees it.

Everything works with plain forms. Where the page's script is there, choosing changes the board in place.
"""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, ObserverIn, StudentChanging, StudentIn
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.menus import deciding, listing, own, results, showing
from lti_tool.menus.deciding import ChoiceFixed, ChoiceFull, ChoiceIncomplete, ChoiceMoved, NotSigned
from lti_tool.menus.models import PersonalState
from lti_tool.menus.rules.changing import Change
from lti_tool.menus.showing import BoardView
from lti_tool.menus.work_replies import Said, my_menu_address, notice
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/my/menus/{own_id}")
family_router = APIRouter(prefix="/courses/{course_id}/family/menus")


async def view_of(request: Request, here: InCourse, database: Database, own_id: uuid.UUID) -> BoardView:
    """One of this student's boards. Raises NotFound and MenuRemoved."""
    async with database.reading() as session:
        board = await own.board_of_person(session, here.course, here.person_id, own_id)
        return await showing.board_view(session, here.course, board, language_of(request))


def context_of(request: Request, here: InCourse, view: BoardView, clock: Now) -> dict[str, Any]:
    """What the page of a student's board needs."""
    return {
        "view": view,
        "menu": view.own.menu,
        "copy": view.own.copy,
        "change": view.own.change,
        "Change": Change,
        "address": my_menu_address(here.course, view.own.copy.id),
        "home": f"/courses/{here.course.id}/my",
        "notice": notice(request),
        "now": clock.now(),
        "can_act": not here.visit.masquerading,
        "kept": None,
    }


@router.get("", name="my_menu")
async def my_menu(
    request: Request, here: StudentIn, own_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """The board: what can be chosen and what is missing; then what was chosen, and the one thing to do next."""
    if not here.visit.masquerading:
        await listing.update(database, here.course, here.person_id, clock.now())
    view = await view_of(request, here, database, own_id)
    if view.awaits_result and not here.visit.masquerading:
        await results.bring_results(request, here.course, here.person_id)
        view = await view_of(request, here, database, own_id)
    return pages.render(request, "menus/my_menu.html", context_of(request, here, view, clock))


@router.post("/options/{option_id}/choose")
async def choose(
    here: StudentChanging, own_id: uuid.UUID, option_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Choose an option."""
    said = None
    try:
        async with database.writing() as session:
            await deciding.choose(session, here.course, here.person_id, own_id, option_id, clock.now())
    except ChoiceFull:
        said = Said.FULL
    except ChoiceFixed:
        said = Said.FIXED
    return see(my_menu_address(here.course, own_id), said, f"option-{option_id}")


@router.post("/options/{option_id}/drop")
async def drop(
    here: StudentChanging, own_id: uuid.UUID, option_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Take a choice back."""
    said = None
    try:
        async with database.writing() as session:
            await deciding.drop(session, here.course, here.person_id, own_id, option_id, clock.now())
    except ChoiceFixed:
        said = Said.FIXED
    return see(my_menu_address(here.course, own_id), said, f"option-{option_id}")


@router.post("/commit")
async def commit(
    request: Request, here: StudentChanging, own_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Commit to the choice; ``signed`` is the name under the contract, ``revision`` the choice that was seen."""
    entered = Entered.of(await request.form())
    address = my_menu_address(here.course, own_id)
    try:
        async with database.writing() as session:
            board = await deciding.commit(
                session,
                here.course,
                here.person_id,
                own_id,
                entered.revision(),
                entered.values.get("signed", ""),
                clock.now(),
            )
            waits = board.copy.state is PersonalState.WAITING
    except ChoiceMoved:
        return see(address, Said.STALE, "board")
    except ChoiceIncomplete:
        return see(address, Said.INCOMPLETE, "choice")
    except NotSigned:
        return see(address, Said.UNSIGNED, "choice")
    return see(address, Said.SENT if waits else Said.COMMITTED)


@router.post("/change")
async def change(here: StudentChanging, own_id: uuid.UUID, database: CurrentDatabase, clock: Now) -> Response:
    """Choose again, or ask for it, as the board's rule says."""
    address = my_menu_address(here.course, own_id)
    try:
        async with database.writing() as session:
            board = await deciding.change_mind(session, here.course, here.person_id, own_id, clock.now())
            again = board.copy.state is PersonalState.CHOOSING
    except ChoiceFixed:
        return see(address, Said.FIXED)
    return see(address, Said.REOPENED if again else Said.ASKED)


@router.post("/leave")
async def leave(here: StudentChanging, own_id: uuid.UUID, database: CurrentDatabase, clock: Now) -> Response:
    """Take back having asked to choose again."""
    async with database.writing() as session:
        await deciding.leave_it(session, here.course, here.person_id, own_id, clock.now())
    return see(my_menu_address(here.course, own_id), Said.LEFT)


# --- Family -----------------------------------------------------------------------------------------------------------


@family_router.get("/{own_id}", name="family_menu")
async def family_menu(
    request: Request, here: ObserverIn, own_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """The board of somebody an observer is linked to, to read and nothing else."""
    async with database.reading() as session:
        for person in here.observed:
            mine = await own.boards_of_person(session, here.course, person.id)
            board = next((one for one in mine if one.copy.id == own_id), None)
            if board is not None:
                view = await showing.board_view(session, here.course, board, language_of(request))
                break
        else:
            raise NotFound("no board of anybody this person observes")
        session.expunge_all()
    context = {"view": view, "menu": view.own.menu, "copy": view.own.copy, "person": person, "now": clock.now()}
    return pages.render(request, "menus/family_menu.html", context)
