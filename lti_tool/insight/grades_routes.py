"""The page *Grades*: every gradebook column of a course, what was sent, what stands there, and what can be done about it."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool import audit
from lti_tool.clock import Clock
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.roster import FreshRoster, readings
from lti_tool.courses.visibility import limited_to
from lti_tool.errors import NotAllowed, ToolError
from lti_tool.grades import comparing, ledger, send_runs
from lti_tool.grades import service as grades
from lti_tool.grades.comparing import Comparer
from lti_tool.grades.models import ColumnState, LineItem
from lti_tool.insight import grades_views
from lti_tool.insight.grades_replies import FILE_NAME, Said, came_of, grades_address, ledger_rows, notice, said_words
from lti_tool.insight.grades_views import Knowing, Line, Sources
from lti_tool.insight.replies import file, speaking
from lti_tool.logs import reference_code
from lti_tool.mastery import theirs
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/grades")

SHOW = ("need", "way")
"""What a column's page can be narrowed to: those that need something, and those on their way."""


def column_sources(request: Request) -> tuple[Sources, ...]:
    """Who knows what columns are of, beside playlists and mastery."""
    found: tuple[Sources, ...] = request.app.state.column_sources
    return found


def knowing(request: Request) -> Knowing:
    """The same, and who knows what columns of theirs are about."""
    return Knowing(column_sources(request), request.app.state.column_meanings)


def leave_trace(
    session: AsyncSession, here: InCourse, clock: Clock, action: str, subject: str, detail: str = ""
) -> None:
    """Enter a look or a deed into the audit log."""
    audit.record(
        session,
        clock.now(),
        action,
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=subject,
        reference=reference_code.get(),
        detail=detail or None,
    )


# --- The course -------------------------------------------------------------------------------------------------------


@router.get("", name="grades")
async def course_grades(
    request: Request, here: TeacherIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Every column: what it is of, how it stands, and how many scores stand where. No student is named."""
    async with database.reading() as session:
        shown = await grades_views.overview(session, here, column_sources(request), clock.now())
    context = said_words() | {
        "shown": shown,
        "run": shown.run,
        "pause": shown.pause,
        "address": grades_address(here.course),
        "home": grades_address(here.course),
        "notice": notice(request),
        "now": clock.now(),
    }
    return pages.render(request, "insight/grades.html", context)


@router.get("/sending", name="grades_sending")
async def sending(
    request: Request, here: TeacherIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """A fragment for the page: how far *Send all* is, or what came of it."""
    return await _sending(request, here, None, database, clock, pages)


@router.get("/ledger.csv", name="grades_ledger_file")
async def ledger_file(request: Request, here: TeacherIn, database: CurrentDatabase, clock: Now) -> Response:
    """Every score of every column, as a file for a spreadsheet. The look is audited."""
    with speaking(request):
        async with database.writing() as session:
            columns = await ledger.columns(session, here.organisation_id, here.course.id)
            table = await _table(session, here, clock, columns)
        return file(FILE_NAME, table)


async def _table(session: AsyncSession, here: InCourse, clock: Clock, columns: Any) -> list[list[str]]:
    among = await limited_to(session, here)
    found = [(one, await grades_views.lines(session, here, one, among)) for one in columns]
    tried = await grades_views.tried(session, here, columns)
    leave_trace(session, here, clock, "students.scores-viewed", f"course:{here.course.id}", "a file")
    return ledger_rows(found, tried)


@router.post("/compare")
async def compare_all(request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Compare every column with what stands in the LMS now."""
    async with database.reading() as session:
        columns = await ledger.columns(session, here.organisation_id, here.course.id)
        ids = [one.id for one in columns if one.state is ColumnState.MADE]
    return await _compare(request, here, ids, grades_address(here.course), database, clock)


@router.post("/send-all")
async def send_all(here: TeacherChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Send everything of the course that does not stand in the gradebook."""
    async with database.writing() as session:
        columns = await ledger.columns(session, here.organisation_id, here.course.id)
        said = await _send_all(session, here, list(columns), None, clock)
    return see(grades_address(here.course), said)


# --- A column ---------------------------------------------------------------------------------------------------------


@router.get("/{line_item_id}", name="grades_column")
async def column(
    request: Request,
    here: TeacherIn,
    _fresh: FreshRoster,
    line_item_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Each student's score: what is owed, what was delivered, what stands there. ``show`` narrows it. The look is audited."""
    with speaking(request):
        async with database.writing() as session:
            page = await grades_views.column_page(session, here, line_item_id, knowing(request), clock.now())
            typed = await grades_views.typed_advice(session, here.course)
            leave_trace(
                session, here, clock, "students.scores-viewed", f"course:{here.course.id}", f"column {line_item_id}"
            )
            await session.flush()
            session.expunge_all()
    asked = request.query_params.get("show", "")
    chosen = asked if asked in SHOW else ""
    context = said_words() | {
        "page": page,
        "view": page.view,
        "lines": _shown(page.lines, chosen),
        "chosen": chosen,
        "needing": sum(line.needs_something for line in page.lines),
        "under_way": len(_shown(page.lines, "way")),
        "run": page.run,
        "pause": page.pause,
        "typed_advice": typed if any(line.can_choose for line in page.lines) else None,
        "address": grades_address(here.course, line_item_id),
        "home": grades_address(here.course),
        "notice": notice(request),
        "now": clock.now(),
    }
    return pages.render(request, "insight/grades_column.html", context)


def _shown(lines: list[Line], chosen: str) -> list[Line]:
    match chosen:
        case "need":
            return [line for line in lines if line.needs_something]
        case "way":
            return [line for line in lines if line.place in (ledger.Place.ON_ITS_WAY, ledger.Place.RETRYING)]
        case _:
            return lines


@router.get("/{line_item_id}/sending", name="grades_column_sending")
async def column_sending(
    request: Request,
    here: TeacherIn,
    line_item_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The same fragment for a column's page."""
    return await _sending(request, here, line_item_id, database, clock, pages)


async def _sending(
    request: Request,
    here: InCourse,
    line_item_id: uuid.UUID | None,
    database: CurrentDatabase,
    clock: Clock,
    pages: CurrentPages,
) -> Response:
    async with database.reading() as session:
        run = await grades_views.run_of(session, here, line_item_id, clock.now())
        pace = await ledger.pace(session, here.course.registration_id)
        pause = grades_views.pause_of(pace, clock.now())
    context = said_words() | {
        "run": run,
        "pause": pause,
        "was_busy": run is None or not run.busy,
        "address": grades_address(here.course, line_item_id),
    }
    return pages.render(request, "insight/_grades_sending.html", context)


@router.get("/{line_item_id}/ledger.csv", name="grades_column_file")
async def column_file(
    request: Request, here: TeacherIn, line_item_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Every score of a column, as a file for a spreadsheet. The look is audited."""
    with speaking(request):
        async with database.writing() as session:
            found = await grades_views.the_column(session, here, line_item_id)
            table = await _table(session, here, clock, [found])
        return file(FILE_NAME, table)


@router.post("/{line_item_id}/compare")
async def compare(
    request: Request, here: TeacherChanging, line_item_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Compare the column with what stands in the LMS now."""
    async with database.reading() as session:
        await grades_views.the_column(session, here, line_item_id)
    return await _compare(request, here, [line_item_id], grades_address(here.course, line_item_id), database, clock)


async def _compare(
    request: Request,
    here: InCourse,
    line_item_ids: list[uuid.UUID],
    address: str,
    database: CurrentDatabase,
    clock: Clock,
) -> Response:
    """Wait a little for the LMS to tell what it has; a slow one goes on behind the page."""
    comparer: Comparer = request.app.state.comparer

    async def read() -> None:
        trouble: ToolError | None = None
        for line_item_id in line_item_ids:
            try:
                await comparer.compare(here.organisation_id, line_item_id)
            except ToolError as error:
                # The trouble of one column need not be that of the next.
                trouble = error
        if trouble is not None:
            raise trouble

    outcome: Outcome = await readings(request).wait(("grades", *line_item_ids), read, asked=True)
    async with database.writing() as session:
        what = f"column {line_item_ids[0]}" if len(line_item_ids) == 1 else ""
        leave_trace(session, here, clock, "scores.compared", f"course:{here.course.id}", what)
    said, why = came_of(outcome)
    return see(address, said, why=why)


@router.post("/{line_item_id}/send-all")
async def send_all_of_column(
    here: TeacherChanging, line_item_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Send everything of the column that does not stand in the gradebook."""
    async with database.writing() as session:
        found = await grades_views.the_column(session, here, line_item_id)
        said = await _send_all(session, here, [found], found.id, clock)
    return see(grades_address(here.course, line_item_id), said)


async def _send_all(
    session: AsyncSession, here: InCourse, columns: list[LineItem], line_item_id: uuid.UUID | None, clock: Clock
) -> Said:
    run = await send_runs.begin(
        session,
        here.organisation_id,
        here.course.id,
        columns,
        line_item_id=line_item_id,
        among=await limited_to(session, here),
        by=here.visit.person_id,
        now=clock.now(),
    )
    detail = f"column {line_item_id}" if line_item_id else ""
    leave_trace(session, here, clock, "scores.all-sent", f"course:{here.course.id}", detail)
    return Said.SENDING if run is not None else Said.NOTHING_TO_SEND


@router.post("/{line_item_id}/repair")
async def repair(here: TeacherChanging, line_item_id: uuid.UUID, database: CurrentDatabase, clock: Now) -> Response:
    """Mend what the tool can mend of a column: one that is gone is made again with all its scores, a refused one tried again."""
    async with database.writing() as session:
        found = await grades_views.the_column(session, here, line_item_id)
        done = await grades.repair(session, found, clock.now())
        if done:
            leave_trace(session, here, clock, "column.repaired", f"course:{here.course.id}", f"column {line_item_id}")
    return see(grades_address(here.course, line_item_id), Said.REPAIRED if done else Said.NOTHING_TO_REPAIR)


@router.post("/{line_item_id}/switch")
async def switch(
    request: Request, here: TeacherChanging, line_item_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Send nothing to a column any more (``to`` is *off*), or again (*on*). What it owes meanwhile is kept."""
    off = parsed(_switch, Entered.of(await request.form()).values.get("to", ""))
    async with database.writing() as session:
        found = await grades_views.the_column(session, here, line_item_id)
        turn = grades.switch_off if off else grades.switch_on
        if await turn(session, found, clock.now()):
            action = "column.switched-off" if off else "column.switched-on"
            leave_trace(session, here, clock, action, f"course:{here.course.id}", f"column {line_item_id}")
    return see(grades_address(here.course, line_item_id), Said.OFF if off else Said.ON)


@router.post("/{line_item_id}/theirs")
async def take_theirs(
    request: Request, here: TeacherChanging, line_item_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Have numbers that teachers type over ours count as evidence (``to`` is *on*), or no more (*off*)."""
    on = not parsed(_switch, Entered.of(await request.form()).values.get("to", ""))
    meanings = knowing(request).meanings
    async with database.writing() as session:
        if await limited_to(session, here) is not None:
            raise NotAllowed("levels of students whom this teacher does not see would move")
        found = await grades_views.the_column(session, here, line_item_id)
        if on and (await theirs.about(session, here.course, found, meanings)).why is not None:
            return see(grades_address(here.course, line_item_id), Said.NO_EVIDENCE)
        if await comparing.take_theirs(session, found, on=on):
            action = "column.theirs-on" if on else "column.theirs-off"
            leave_trace(session, here, clock, action, f"course:{here.course.id}", f"column {line_item_id}")
    # What is known already counts, or not, when the page is there again.
    await theirs.keep_up(database, here.organisation_id, line_item_id, tuple(meanings), clock.now())
    return see(grades_address(here.course, line_item_id), Said.THEIRS_ON if on else Said.THEIRS_OFF)


def _switch(word: str) -> bool:
    """Whether it is switched off; ValueError for a word that is neither."""
    if word not in ("off", "on"):
        raise ValueError(word)
    return word == "off"
