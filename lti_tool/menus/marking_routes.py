"""A teacher's page of one piece of work: what was handed in, the rubric, a word, accept or return; then the next."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.content import drafts
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_student
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.menus import class_look, marking, own, rubric_queries, showing, work_queries
from lti_tool.menus.marking import Marks, NotReady, Verdict
from lti_tool.menus.progress_routes import recorded
from lti_tool.menus.work_replies import Said, marking_address, notice, student_address, work_address
from lti_tool.menus.work_routes import handed_out
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, CurrentSettings, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/menus/{menu_id}/students/{person_id}/options/{option_id}")

_SAID = {Verdict.ACCEPT: Said.ACCEPTED, Verdict.RETURN: Said.RETURNED, Verdict.KEEP: Said.MARKED}


@router.get("", name="menu_marking")
async def page(
    request: Request,
    here: TeacherIn,
    menu_id: uuid.UUID,
    person_id: uuid.UUID,
    option_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The work and the rubric; the look is recorded."""
    return await _page(request, here, menu_id, person_id, option_id, database, clock, pages)


async def _page(
    request: Request,
    here: InCourse,
    menu_id: uuid.UUID,
    person_id: uuid.UUID,
    option_id: uuid.UUID,
    database: Database,
    clock: Now,
    pages: Pages,
    entered: Entered | None = None,
) -> Response:
    async with database.writing() as session:
        await class_look.must_see(session, here, menu_id, option_id)
        person = await visible_student(session, here, person_id)
        board = await own.board_for_teacher(session, here.course, menu_id, person_id)
        view = await showing.board_view(session, here.course, board, language_of(request))
        one = next((one for one in view.options if one.option.id == option_id), None)
        if one is None:
            raise NotFound("no such option on this student's board")
        if not one.at_work:
            raise NotReady("not chosen, or the student is choosing")
        criteria = await marking.criteria_for(session, here.course, board)
        choice_id = board.rows[option_id].id
        given = (await rubric_queries.marks(session, here.organisation_id, [choice_id])).get(choice_id, {})
        seen = await class_look.look(session, here, menu_id)
        recorded(session, here, clock, menu_id, person_id)
        names = await showing.names_of(session, here.course)
        context: dict[str, Any] = {
            "view": view,
            "one": one,
            "menu": board.menu,
            "name": display_name(person),
            "criteria": criteria,
            "levels": {str(key): row.level for key, row in given.items()},
            "notes": {str(key): row.note for key, row in given.items()},
            "names": names,
            "left": len(seen.to_mark),
            "values": entered.values if entered else {},
            "errors": entered.errors if entered else {},
            "address": marking_address(here.course, menu_id, person_id, option_id),
            "student_address": student_address(here.course, menu_id, person_id),
            "class_address": work_address(here.course, menu_id),
            "home": f"/courses/{here.course.id}/menus",
            "most": marking.MOST_WORDS,
            "notice": notice(request),
            "now": clock.now(),
        }
        await session.flush()
    return pages.render(request, "menus/menu_marking.html", context, status_code=422 if entered else 200)


@router.post("")
async def mark(
    request: Request,
    here: TeacherChanging,
    menu_id: uuid.UUID,
    person_id: uuid.UUID,
    option_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Keep marks and words, accept or return the work, and go on to the next that waits."""
    entered = Entered.of(await request.form())
    verdict = entered.word("do", Verdict, Verdict.KEEP)
    words = entered.text("words", marking.MOST_WORDS)
    if verdict is Verdict.RETURN and not words:
        entered.errors["words"] = N_("Please say what to look at once more.")
    if entered.errors:
        return await _page(request, here, menu_id, person_id, option_id, database, clock, pages, entered)
    levels = {
        parsed(uuid.UUID, name.removeprefix("level-")): parsed(int, value)
        for name, value in entered.values.items()
        if name.startswith("level-") and value
    }
    notes = {
        parsed(uuid.UUID, name.removeprefix("note-")): value
        for name, value in entered.values.items()
        if name.startswith("note-")
    }
    async with database.writing() as session:
        await class_look.must_see(session, here, menu_id, option_id)
        await marking.mark(
            session, here, menu_id, person_id, option_id, Marks(levels, notes, words, verdict), clock.now()
        )
    return await _onwards(here, menu_id, person_id, option_id, database, _SAID[verdict])


async def _onwards(
    here: InCourse, menu_id: uuid.UUID, person_id: uuid.UUID, option_id: uuid.UUID, database: Database, said: Said
) -> Response:
    """To the next work that waits to be marked; to the class where none does."""
    if said is Said.MARKED:
        return see(marking_address(here.course, menu_id, person_id, option_id), said)
    async with database.reading() as session:
        waiting = (await class_look.look(session, here, menu_id)).to_mark
    if not waiting:
        return see(work_address(here.course, menu_id), Said.ALL_MARKED)
    following = waiting[0]
    return see(marking_address(here.course, menu_id, following.person.id, following.option.id), said)


@router.post("/unmark")
async def unmark(
    here: TeacherChanging,
    menu_id: uuid.UUID,
    person_id: uuid.UUID,
    option_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Take marks and verdict back."""
    async with database.writing() as session:
        await class_look.must_see(session, here, menu_id, option_id)
        await marking.unmark(session, here, menu_id, person_id, option_id, clock.now())
    return see(marking_address(here.course, menu_id, person_id, option_id), Said.UNMARKED)


@router.get("/pieces/{piece_id}", name="menu_piece")
async def piece(
    here: TeacherIn,
    menu_id: uuid.UUID,
    person_id: uuid.UUID,
    option_id: uuid.UUID,
    piece_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    settings: CurrentSettings,
) -> Response:
    """A file that this student handed in; the look is recorded. What is not handed in yet is the student's own."""
    async with database.writing() as session:
        await class_look.must_see(session, here, menu_id, option_id)
        await visible_student(session, here, person_id)
        board = await own.board_for_teacher(session, here.course, menu_id, person_id)
        found = await work_queries.piece(session, here.organisation_id, piece_id)
        choice = board.choices.get(option_id)
        if found is None or choice is None or found.choice_id != choice.id or choice.handed_in_at is None:
            raise NotFound("no such piece handed in by this student")
        recorded(session, here, clock, menu_id, person_id)
        await session.flush()
        session.expunge(found)
    return await handed_out(drafts.box(settings), found)
