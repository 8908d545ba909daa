"""The teacher's pages of menus: the list, a new one from a ready board, the board itself, duplicating and taking away.

The board is one form. Whichever of its buttons is pressed, what was typed is kept first; then the button's own thing is done.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course
from lti_tool.courses.roster import FreshRoster
from lti_tool.courses.service import display_name
from lti_tool.errors import BadRequest, NotFound, ToolError
from lti_tool.ids import new_id
from lti_tool.insight import learner_service
from lti_tool.menus import (
    board_building,
    board_editing,
    board_forms,
    board_history,
    board_preview,
    people,
    ready_boards,
    rubric_queries,
    sheet_rows,
    sheets,
)
from lti_tool.menus import copy_queries as queries
from lti_tool.menus.board_editing import MenuChanged
from lti_tool.menus.board_replies import CHANGES, Said, menu_address, menus_address, notice
from lti_tool.menus.board_states import What, Words
from lti_tool.menus.models import Menu
from lti_tool.menus.sheets import Sheet
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/menus")


# --- The list -----------------------------------------------------------------------------------------------------------


@router.get("", name="menus")
async def home(
    request: Request, here: TeacherIn, _fresh: FreshRoster, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """All menus of the course, how the class stands with each, and its one next thing to do."""
    async with database.reading() as session:
        late = await people.missing_copies(session, here.course)
    if late:
        async with database.writing() as session:
            await people.ensure_copies(session, here.course, clock.now())
    async with database.reading() as session:
        lines = await board_building.menu_lines(session, here, language_of(request))
    context = {"lines": lines, "notice": notice(request), "new_copy_id": new_id, "ready": ready_boards.READY}
    return pages.render(request, "menus/boards.html", context)


@router.get("/new", name="new_menu")
async def new(request: Request, here: TeacherIn, pages: CurrentPages) -> Response:
    """The ready boards; each begins a menu with one press."""
    context = {"ready": ready_boards.READY, "new_id": new_id}
    return pages.render(request, "menus/new_board.html", context)


@router.post("/new")
async def create(request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Begin a menu from a ready board and go on to its board."""
    entered = Entered.of(await request.form())
    language = language_of(request)
    board = ready_boards.ready(entered.values.get("ready", ""))
    menu_id = entered.made_id("menu_id") or new_id()
    words = Words(
        title=language.gettext(board.title),
        change_rule=board.change_rule,
        needs_approval=board.needs_approval,
        contract=language.gettext(board.contract),
    )
    async with database.writing() as session:
        await board_editing.create(
            session,
            here.course,
            words,
            ready_boards.made(board, language),
            here.visit.person_id,
            clock.now(),
            menu_id=menu_id,
        )
    return see(menu_address(here.course, menu_id))


# --- The board ----------------------------------------------------------------------------------------------------------


@router.get("/{menu_id}", name="edit_menu")
async def edit(
    request: Request, here: TeacherIn, menu_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """The board with everything to change it."""
    return await builder_page(request, here, database, pages, menu_id)


async def builder_page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: CurrentPages,
    menu_id: uuid.UUID,
    *,
    trouble: ToolError | None = None,
    sheet: Sheet | None = None,
    words: Words | None = None,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    """The board as it is stored; with what went wrong and what was entered, when the form came back."""
    async with database.reading() as session:
        shown = await board_building.builder(session, here, menu_id, language_of(request), sheet=sheet, words=words)
    context: dict[str, Any] = {
        "now": request.app.state.clock.now(),
        "shown": shown,
        "menu": shown.menu,
        "state": shown.state,
        "kind": shown.sheet.rule.kind.value,
        "address": menu_address(here.course, menu_id),
        "notice": trouble_notice(request, trouble) or notice(request),
        "errors": errors or {},
        "values": values or {},
        "changes": CHANGES,
    }
    return pages.render(request, "menus/edit_board.html", context, status_code=status_code)


@dataclass(frozen=True, slots=True)
class _Act:
    """What a button of the board does beside saving: a change, and where it leads after."""

    change: Callable[[Sheet], Sheet] = lambda sheet: sheet
    said: Said | None = Said.SAVED
    anchor: str | None = None
    page: str = ""
    what: What = What.BOARD
    then: Callable[[AsyncSession, Course, Menu, datetime], Awaitable[What | None]] | None = None
    """What is done in the same transaction once everything is saved; ``otherwise`` is said where it did nothing."""
    otherwise: Said | None = None


@router.post("/{menu_id}")
async def save(
    request: Request,
    here: TeacherChanging,
    menu_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Save what was typed, then do what the button says (``do``). Undo so takes back first what was just typed; redo has it."""
    entered = Entered.of(await request.form())
    act = _act(entered.values.get("do", "save"))
    async with database.reading() as session:
        menu = await board_editing.found(session, here.course, menu_id)
        sheet = await sheet_rows.sheet(session, menu)
        words = board_forms.words(entered, board_editing.words_of(menu))
        await _known_rubric(session, here, words, menu)
    filled = board_forms.filled(entered, sheet)
    if not entered.errors:
        said = act.said
        try:
            async with database.writing() as session:
                menu = await board_editing.change(
                    session,
                    here.course,
                    menu_id,
                    entered.revision(),
                    lambda sheet: act.change(sheets.fill(sheet, filled)),
                    clock.now(),
                    words,
                    what=act.what,
                    by=here.visit.person_id,
                )
                if act.then is not None and await act.then(session, here.course, menu, clock.now()) is None:
                    said = act.otherwise
        except NotFound:
            raise
        except ToolError as trouble:
            typed = None if isinstance(trouble, MenuChanged) else sheets.fill(sheet, filled)
            return await builder_page(
                request,
                here,
                database,
                pages,
                menu_id,
                trouble=trouble,
                sheet=typed,
                words=words if typed is not None else None,
                status_code=trouble.status,
            )
        return see(menu_address(here.course, menu_id) + act.page, said, act.anchor)
    return await builder_page(
        request,
        here,
        database,
        pages,
        menu_id,
        sheet=sheets.fill(sheet, filled),
        words=words,
        errors=entered.errors,
        values=dict(entered.values),
        status_code=422,
    )


def _act(do: str) -> _Act:
    """What a button says: a word, or a word and an id."""
    word, _, which = do.partition(":")
    plain = {
        "save": _Act(),
        "assign": _Act(page="/assign", said=None),
        "items": _Act(page="/items", said=None),
        "preview": _Act(page="/preview", said=None),
        "part": _Act(lambda sheet: sheets.add_section(sheet, "")[0], Said.PART_ADDED, "board", what=What.PART),
        "undo": _Act(said=Said.UNDONE, then=board_history.undo, otherwise=Said.NOTHING_TO_UNDO),
        "redo": _Act(said=Said.REDONE, then=board_history.redo, otherwise=Said.NOTHING_TO_REDO),
    }
    if word in plain and not which:
        return plain[word]
    one_id = parsed(uuid.UUID, which)
    to_it = f"option-{one_id}"
    acts = {
        "open": _Act(page=f"/options/{one_id}", said=None),
        "up": _Act(lambda sheet: sheets.shift(sheet, one_id, down=False), Said.MOVED, to_it, what=What.MOVED),
        "down": _Act(lambda sheet: sheets.shift(sheet, one_id, down=True), Said.MOVED, to_it, what=What.MOVED),
        "out": _Act(lambda sheet: sheets.remove_option(sheet, one_id), Said.REMOVED, "board", what=What.REMOVED),
        "place": _Act(
            lambda sheet: sheets.add_place(sheet, one_id), Said.PLACE_ADDED, f"part-{one_id}", what=What.PLACE
        ),
        "part-out": _Act(lambda sheet: sheets.remove_section(sheet, one_id), Said.REMOVED, "board", what=What.REMOVED),
        "items": _Act(page=f"/items?part={one_id}", said=None),
    }
    if word not in acts:
        raise BadRequest("a value no page of ours sends")
    return acts[word]


async def _known_rubric(session: AsyncSession, here: InCourse, words: Words, menu: Menu) -> None:
    """NotFound for a rubric that is none of this course."""
    if words.rubric_id is None or words.rubric_id == menu.rubric_id:
        return
    known = await rubric_queries.rubrics(session, here.organisation_id, here.course.id)
    if words.rubric_id not in {one.id for one in known}:
        raise NotFound("a rubric that is not in this course")


@router.post("/{menu_id}/check", name="check_board")
async def check(
    request: Request, here: TeacherChanging, menu_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """A fragment: what is to be said of the board as it is typed. Nothing is saved."""
    entered = Entered.of(await request.form())
    async with database.reading() as session:
        menu = await board_editing.found(session, here.course, menu_id)
        sheet = await sheet_rows.sheet(session, menu)
        typed = sheets.fill(sheet, board_forms.filled(entered, sheet))
        state = await board_building.board_state(session, here, menu, typed, language_of(request))
    return pages.render(request, "menus/_board_state.html", {"state": state, "menu": menu})


@router.get("/{menu_id}/preview", name="preview_menu")
async def preview(
    request: Request, here: TeacherIn, menu_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """The board before the first choice, as the ``student`` who is named finds it, else somebody of whom nothing is known."""
    asked = request.query_params.get("student", "")
    async with database.reading() as session:
        shown = await board_preview.preview(
            session,
            here,
            menu_id,
            parsed(uuid.UUID, asked) if asked else None,
            language_of(request),
            clock.now(),
        )
    if shown.tells and shown.chosen is not None:
        async with database.writing() as session:
            learner_service.record(session, here, clock.now(), "supports.viewed", shown.chosen)
    context = {
        "shown": shown,
        "menu": shown.menu,
        "view": shown.view,
        "now": clock.now(),
        "display_name": display_name,
        "address": menu_address(here.course, menu_id),
        "home": menus_address(here.course),
    }
    return pages.render(request, "menus/preview_board.html", context)


# --- Items of the course ------------------------------------------------------------------------------------------------


@router.get("/{menu_id}/items", name="menu_items")
async def items(
    request: Request, here: TeacherIn, menu_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """Items of the course to put onto the board: into its empty places first."""
    part = request.query_params.get("part", "")
    async with database.reading() as session:
        menu = await board_editing.found(session, here.course, menu_id)
        sheet = await sheet_rows.sheet(session, menu)
        section = sheet.section(parsed(uuid.UUID, part)) if part else None
        course_items = await board_building.course_items(session, here)
    context = {
        "menu": menu,
        "section": section,
        "blank": sum(section is None or one.section_id == section.id for one in sheet.blank),
        "square": sheet.is_square,
        "course_items": course_items,
        "address": menu_address(here.course, menu_id),
    }
    return pages.render(request, "menus/board_items.html", context)


@router.post("/{menu_id}/items")
async def add_items(
    request: Request,
    here: TeacherChanging,
    menu_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Put the chosen items onto the board."""
    form = await request.form()
    entered = Entered.of(form)
    chosen = [parsed(uuid.UUID, value) for value in form.getlist("item") if isinstance(value, str)]
    address = menu_address(here.course, menu_id)
    if not chosen:
        return see(address, Said.NOTHING_CHOSEN)
    try:
        async with database.writing() as session:
            await board_editing.add_items(
                session,
                here.course,
                menu_id,
                entered.revision(),
                chosen,
                clock.now(),
                section_id=entered.made_id("section"),
                by=here.visit.person_id,
            )
    except NotFound:
        raise
    except ToolError as trouble:
        return await builder_page(request, here, database, pages, menu_id, trouble=trouble, status_code=trouble.status)
    return see(address, Said.ADDED, "board")


# --- The menu as a whole ------------------------------------------------------------------------------------------------


@router.post("/{menu_id}/duplicate", name="duplicate_menu")
async def duplicate(
    request: Request, here: TeacherChanging, menu_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Make a draft with the same board and go on to it."""
    entered = Entered.of(await request.form())
    async with database.writing() as session:
        source = await board_editing.found(session, here.course, menu_id)
        title = language_of(request).gettext(N_("%(title)s (copy)")) % {"title": source.title[:180]}
        made = await board_editing.duplicate(
            session,
            here.course,
            menu_id,
            title,
            here.visit.person_id,
            clock.now(),
            copy_id=entered.made_id("copy_id"),
        )
        made_id = made.id
    return see(menu_address(here.course, made_id), Said.DUPLICATED)


@router.get("/{menu_id}/remove", name="remove_menu")
async def ask_to_remove(
    request: Request, here: TeacherIn, menu_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """Ask before a menu is taken away, and say what stays."""
    async with database.reading() as session:
        menu = await board_editing.found(session, here.course, menu_id)
        copies = await queries.copies(session, here.organisation_id, [menu.id])
    context = {
        "menu": menu,
        "begun": sum(copy.moved_at is not None for copy in copies),
        "address": menu_address(here.course, menu.id),
        "home": menus_address(here.course),
    }
    return pages.render(request, "menus/remove_board.html", context)


@router.post("/{menu_id}/remove")
async def remove(
    request: Request, here: TeacherChanging, menu_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Take a menu away."""
    entered = Entered.of(await request.form())
    async with database.writing() as session:
        await board_editing.remove(session, here.course, menu_id, entered.revision(), here.visit.person_id, clock.now())
    return see(menus_address(here.course), Said.REMOVED)
