"""A teacher's pages of a class on a board: what waits, who chose what, what nobody picks; answers to choices; the file."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool import audit
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.roster import FreshRoster
from lti_tool.courses.service import display_name
from lti_tool.courses.traces import saved_as_file
from lti_tool.courses.visibility import visible_student
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.grades import service as grades
from lti_tool.grades import words as grade_words
from lti_tool.grades.models import ColumnState
from lti_tool.menus import approving, class_look, copy_queries, own, people, results, showing
from lti_tool.menus.class_look import ClassLook
from lti_tool.menus.models import MenuStatus, PersonalState
from lti_tool.menus.rules import changing
from lti_tool.menus.work_replies import Said, notice, student_address, work_address
from lti_tool.web import i18n, spreadsheets
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/menus/{menu_id}")

STATES = {
    PersonalState.CHOOSING: N_("Choosing"),
    PersonalState.WAITING: N_("Waits for your yes"),
    PersonalState.WORKING: N_("Working"),
    PersonalState.FINISHED: N_("Finished"),
}


async def _brought_up_to_date(database: Database, here: InCourse, menu_id: uuid.UUID, clock: Now) -> bool:
    """Give late joiners their boards; whether the board is assigned. NotFound for one that is not there."""
    async with database.reading() as session:
        menu = await copy_queries.menu(session, here.organisation_id, here.course.id, menu_id)
        late = await people.missing_copies(session, here.course)
    if menu is None or menu.status is MenuStatus.ARCHIVED:
        raise NotFound("no such board in this course")
    if late:
        async with database.writing() as session:
            await people.ensure_copies(session, here.course, clock.now())
    return menu.status is MenuStatus.ASSIGNED


@router.get("/progress", name="menu_progress")
async def progress(
    request: Request,
    here: TeacherIn,
    _fresh: FreshRoster,
    menu_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The class on a board: what waits for the teacher first, then who chose what, then what is picked and what is not."""
    if not await _brought_up_to_date(database, here, menu_id, clock):
        return see(f"/courses/{here.course.id}/menus/{menu_id}")
    async with database.reading() as session:
        seen = await class_look.look(session, here, menu_id)
    if any(option.content_item_id for line in seen.lines for option in line.board.options.values()):
        await results.bring_results(request, here.course)
        async with database.reading() as session:
            seen = await class_look.look(session, here, menu_id)
    return pages.render(request, "menus/menu_progress.html", _context(request, here, seen, clock))


def _context(request: Request, here: InCourse, seen: ClassLook, clock: Now) -> dict[str, Any]:
    trouble = seen.column.trouble if seen.column is not None and seen.column.state is not ColumnState.MADE else None
    return {
        "seen": seen,
        "menu": seen.menu,
        "states": STATES,
        "PersonalState": PersonalState,
        "rule": _rule(request, seen),
        "address": f"/courses/{here.course.id}/menus/{seen.menu.id}",
        "here": work_address(here.course, seen.menu.id),
        "home": f"/courses/{here.course.id}/menus",
        "display_name": display_name,
        "column_trouble": grade_words.words_for(trouble) if trouble else None,
        "standings": grade_words.STANDINGS,
        "trouble_words": grade_words.words_for,
        "most": approving.MOST_WORDS,
        "notice": notice(request),
        "now": clock.now(),
    }


def _rule(request: Request, seen: ClassLook) -> str:
    if not seen.lines:
        return ""
    return showing.rule_of(seen.lines[0].board, language_of(request))


@router.get("/progress/students.csv", name="menu_progress_file")
async def progress_file(
    request: Request, here: TeacherIn, menu_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Who chose what and where each stands, a row for each choice, as a file for a spreadsheet. It is audited."""
    async with database.writing() as session:
        seen = await class_look.look(session, here, menu_id)
        saved_as_file(session, here, f"menu:{menu_id}", "progress", clock.now())
    with i18n.speaking(language_of(request)), i18n.in_zone(here.visit.shown_zone):
        table = _rows(seen)
    return Response(
        spreadsheets.written(table),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="menu.csv"'},
    )


CHOICES = {
    "chosen": N_("Chosen"),
    "handed-in": N_("Handed in"),
    "returned": N_("Returned"),
    "done": N_("Done"),
}


def _rows(seen: ClassLook) -> list[list[str]]:
    say = i18n.current_language().gettext
    head = (
        N_("Student"),
        N_("Board"),
        N_("Chosen"),
        N_("Where it stands"),
        N_("Handed in"),
        N_("Done"),
        N_("Share done"),
    )
    table = [[say(word) for word in head]]
    for line in seen.lines:
        share = i18n.format_percent(line.board.share)
        for one in line.chosen:
            handed_in, done = one.choice.handed_in_at, one.choice.done_at
            table.append(
                [
                    line.name,
                    say(STATES[line.state]),
                    one.option.title,
                    say(CHOICES[one.choice.state.value]),
                    i18n.format_datetime(handed_in, "short") if handed_in else "",
                    i18n.format_datetime(done, "short") if done else "",
                    share,
                ]
            )
        if not line.chosen:
            table.append([line.name, say(STATES[line.state]), "", "", "", "", share])
    return table


# --- Answers to choices -----------------------------------------------------------------------------------------------


@router.post("/progress/approve")
async def approve(
    request: Request, here: TeacherChanging, menu_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Say yes to the choices of those who are ticked (``person``), or of all that wait (``all=yes``)."""
    form = await request.form()
    everybody = form.get("all") == "yes"
    ticked = _people(form)
    address = work_address(here.course, menu_id)
    if not everybody and not ticked:
        return see(address, Said.NOTHING_TICKED)
    async with database.writing() as session:
        await approving.approve(session, here, menu_id, None if everybody else ticked, clock.now())
    return see(address, Said.APPROVED)


def _people(form: FormData) -> set[uuid.UUID]:
    return {parsed(uuid.UUID, value) for value in form.getlist("person") if isinstance(value, str)}


@router.post("/progress/send-again")
async def send_again(
    request: Request, here: TeacherChanging, menu_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Send one student's score again (``person``), or all that have not arrived and that this teacher sees."""
    entered = Entered.of(await request.form())
    person_id = entered.made_id("person")
    async with database.writing() as session:
        if person_id is not None:
            await visible_student(session, here, person_id)
        seen = await class_look.look(session, here, menu_id)
        if seen.column is None:
            raise NotFound("the board has no column")
        owing = [line.person.id for line in seen.lines if line.score is not None and line.score.given is not None]
        wanted = [person_id] if person_id is not None else owing
        await grades.send_again(
            session, line_item=seen.column, now=clock.now(), person_ids=wanted, over=person_id is not None
        )
        audit.record(
            session,
            clock.now(),
            "scores.sent-again",
            organisation_id=here.organisation_id,
            actor=here.actor,
            subject=f"person:{person_id}" if person_id else f"menu:{menu_id}",
        )
    return see(work_address(here.course, menu_id), Said.SENT_AGAIN)


# --- One student ------------------------------------------------------------------------------------------------------


@router.get("/students/{person_id}", name="menu_student")
async def student(
    request: Request,
    here: TeacherIn,
    menu_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """One student's board and work; the look is recorded."""
    async with database.writing() as session:
        await class_look.must_see(session, here, menu_id)
        person = await visible_student(session, here, person_id)
        board = await own.board_for_teacher(session, here.course, menu_id, person_id)
        view = await showing.board_view(session, here.course, board, language_of(request))
        recorded(session, here, clock, menu_id, person_id)
        context = {
            "view": view,
            "menu": board.menu,
            "copy": board.copy,
            "person": person,
            "name": display_name(person),
            "states": STATES,
            "can_reopen": board.copy.state in changing.COMMITTED,
            "address": student_address(here.course, menu_id, person_id),
            "class_address": work_address(here.course, menu_id),
            "home": f"/courses/{here.course.id}/menus",
            "most": approving.MOST_WORDS,
            "notice": notice(request),
            "now": clock.now(),
        }
        await session.flush()
    return pages.render(request, "menus/menu_student.html", context)


def recorded(session: Any, here: InCourse, clock: Now, menu_id: uuid.UUID, person_id: uuid.UUID) -> None:
    """Leave the trace of a look at one student's work."""
    audit.record(
        session,
        clock.now(),
        "student.viewed",
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"person:{person_id}",
        detail=f"menu {menu_id}",
    )


@router.post("/students/{person_id}/answer")
async def answer(
    request: Request,
    here: TeacherChanging,
    menu_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Answer a student's choice: ``do`` is approve, send-back, allow or refuse; ``words`` go to the student."""
    entered = Entered.of(await request.form())
    words = entered.values.get("words", "")
    now = clock.now()
    async with database.writing() as session:
        match entered.values.get("do", ""):
            case "approve":
                await approving.approve(session, here, menu_id, {person_id}, now)
                said = Said.APPROVED
            case "send-back":
                await approving.send_back(session, here, menu_id, person_id, words, now)
                said = Said.SENT_BACK
            case "allow":
                await approving.allow_change(session, here, menu_id, person_id, words, now)
                said = Said.CHANGE_ALLOWED
            case "refuse":
                await approving.refuse_change(session, here, menu_id, person_id, words, now)
                said = Said.CHANGE_REFUSED
            case _:
                parsed(PersonalState, "none")
    to_student = entered.values.get("back") == "student"
    address = student_address(here.course, menu_id, person_id) if to_student else work_address(here.course, menu_id)
    return see(address, said)
