"""A student's page for teachers: map, evidence, levels set by hand, notes."""

import uuid
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_student
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.insight import files, learner_service, service, voiding
from lti_tool.insight.competency import in_map
from lti_tool.insight.drawn import learner_graph
from lti_tool.insight.learner_service import StudentPage
from lti_tool.insight.replies import Said, board_address, file, notice, speaking, student_address
from lti_tool.mastery import service as mastery
from lti_tool.mastery.models import Standing
from lti_tool.mastery.reading import bring_evidence
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_, current_language
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/mastery/students/{person_id}")

MOST_NOTE = 2000
MOST_REASON = 1000


def _chosen(request: Request) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.query_params.get("competency", ""))
    except ValueError:
        return None


@router.get("", name="mastery_student")
async def student(
    request: Request,
    here: TeacherIn,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """One student's map; with ``competency`` in the address, the evidence behind that level. The look is audited."""
    return await _page(request, here, person_id, _chosen(request), database, clock.now(), pages)


async def _page(
    request: Request,
    here: InCourse,
    person_id: uuid.UUID,
    competency_id: uuid.UUID | None,
    database: Database,
    now: datetime,
    pages: Pages,
    entered: Entered | None = None,
    status_code: int = 200,
) -> Response:
    # Of somebody who is not the course's student nothing is asked, and the page below says that there is nobody.
    answer = await bring_evidence(request, here.course, person_id)
    with speaking(request):
        async with database.writing() as session:
            page = await learner_service.student_page(session, here, person_id, competency_id, now)
            await session.flush()
            session.expunge_all()
        name = display_name(page.person)
        say = current_language().gettext
        graph = (
            learner_graph(page.map, request.query_params, competency_id, language_of(request))
            if page.map is not None and request.query_params.get("view") == "graph"
            else None
        )
        wrong = {name: say(message) for name, message in entered.errors.items()} if entered else {}
    context: dict[str, Any] = {
        "page": page,
        "answer": answer,
        "name": name,
        "board_address": board_address(here.course),
        "address": student_address(here.course, person_id),
        "entered": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "errors_in_words": wrong,
        "standing_choices": _choices(page),
        "graph": graph,
        "notice": notice(request),
        "now": now,
    }
    return pages.render(request, "insight/student.html", context, status_code=status_code)


def _choices(page: StudentPage) -> list[tuple[str, str]]:
    """The standings a teacher can set, in the words of the course's scale."""
    if page.map is None:
        return []
    levels = page.map.levels
    return [(one.value, levels.for_standing(one).name) for one in Standing if one is not Standing.NOT_STARTED]


@router.get("/levels.csv", name="mastery_student_file")
async def levels_file(
    request: Request, here: TeacherIn, person_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """The student's levels, as a file. Notes are not in it."""
    with speaking(request):
        async with database.writing() as session:
            page = await learner_service.student_page(session, here, person_id, None, clock.now())
        if page.map is None:
            raise NotFound("the course has no map")
        return file("student.csv", files.learner_rows(page.map))


@router.get("/evidence.csv", name="mastery_student_evidence_file")
async def evidence_file(
    request: Request, here: TeacherIn, person_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """The evidence behind one level, as a file."""
    with speaking(request):
        async with database.writing() as session:
            page = await learner_service.student_page(session, here, person_id, _chosen(request), clock.now())
        if page.behind is None:
            raise NotFound("no competency was named")
        return file("evidence.csv", files.evidence_rows(page.behind.evidence, {person_id: display_name(page.person)}))


# --- What a teacher decides ------------------------------------------------------------------------------------------


@router.post("/competencies/{competency_id}/override")
async def override(
    request: Request,
    here: TeacherChanging,
    person_id: uuid.UUID,
    competency_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Set where the student stands, with a reason and perhaps an end."""
    now = clock.now()
    entered = Entered.of(await request.form())
    standing = parsed(Standing, entered.values.get("standing", ""))
    reason = entered.text("reason", MOST_REASON, N_("Please say why. The reason stands beside the level."))
    day = entered.values.get("until", "")
    # A day is meant with its evening.
    until = Entered({**entered.values, "until": f"{day}T23:59" if day else ""}, entered.errors).moment("until")
    if until is not None and until <= now:
        entered.errors["until"] = N_("Please choose a day that is still to come, or leave it empty.")
    if entered.errors:
        return await _page(request, here, person_id, competency_id, database, now, pages, entered, 400)
    async with database.writing() as session:
        await visible_student(session, here, person_id)
        in_map(await service.map_of(session, here), competency_id)
        await mastery.override(
            session, here.course, person_id, competency_id, standing, reason, until, now, here.visit.person_id
        )
    return see(student_address(here.course, person_id, competency_id), Said.OVERRIDDEN, "evidence")


@router.post("/competencies/{competency_id}/override/end")
async def end_override(
    request: Request,
    here: TeacherChanging,
    person_id: uuid.UUID,
    competency_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """End the level that a teacher set, before its time."""
    reason = Entered.of(await request.form()).values.get("reason", "")
    async with database.writing() as session:
        await visible_student(session, here, person_id)
        await mastery.end_override(
            session, here.course, person_id, competency_id, reason, clock.now(), here.visit.person_id
        )
    return see(student_address(here.course, person_id, competency_id), Said.OVERRIDE_ENDED, "evidence")


@router.post("/evidence/{evidence_id}/void")
async def void(
    request: Request,
    here: TeacherChanging,
    person_id: uuid.UUID,
    evidence_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Void one piece of the student's evidence, with a reason."""
    reason = Entered.of(await request.form()).values.get("reason", "")
    async with database.writing() as session:
        await visible_student(session, here, person_id)
        competency_id = await voiding.void(session, here, evidence_id, reason, clock.now(), person_id=person_id)
    return see(student_address(here.course, person_id, competency_id), Said.VOIDED, "evidence")


# --- Notes -----------------------------------------------------------------------------------------------------------


@router.post("/notes")
async def write_note(
    request: Request,
    here: TeacherChanging,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Write a note for those who teach this course."""
    now = clock.now()
    entered = Entered.of(await request.form())
    text = entered.text("note", MOST_NOTE, N_("Please write something."))
    if entered.errors:
        return await _page(request, here, person_id, None, database, now, pages, entered, 400)
    async with database.writing() as session:
        await learner_service.write_note(session, here, person_id, text, now)
    return see(student_address(here.course, person_id), Said.NOTE_WRITTEN, "notes")


@router.post("/notes/{note_id}/remove")
async def remove_note(
    here: TeacherChanging, person_id: uuid.UUID, note_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Take a note away."""
    async with database.writing() as session:
        await learner_service.remove_note(session, here, person_id, note_id, clock.now())
    return see(student_address(here.course, person_id), Said.NOTE_REMOVED, "notes")
