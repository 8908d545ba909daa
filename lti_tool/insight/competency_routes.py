"""A competency's page for teachers."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import TeacherChanging, TeacherIn
from lti_tool.insight import files, service, voiding
from lti_tool.insight.competency import competency_page, in_map
from lti_tool.insight.replies import Said, board_address, competency_address, file, notice, speaking
from lti_tool.mastery.reading import bring_evidence
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/mastery/competencies/{competency_id}")


@router.get("", name="mastery_competency")
async def competency(
    request: Request,
    here: TeacherIn,
    competency_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Who is where, what comes before and after, items, evidence. The look leaves an audit entry."""
    answer = await bring_evidence(request, here.course)
    now = clock.now()
    with speaking(request):
        async with database.writing() as session:
            page = await competency_page(session, here, competency_id, now)
            await session.flush()
            session.expunge_all()
    context = {
        "page": page,
        "answer": answer,
        "board_address": board_address(here.course),
        "address": competency_address(here.course, competency_id),
        "notice": notice(request),
        "now": now,
    }
    return pages.render(request, "insight/competency.html", context)


@router.get("/students.csv", name="mastery_competency_file")
async def competency_file(
    request: Request, here: TeacherIn, competency_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Who is where, as a file."""
    with speaking(request):
        async with database.writing() as session:
            page = await competency_page(session, here, competency_id, clock.now())
        return file("competency.csv", files.competency_rows(page))


@router.get("/evidence.csv", name="mastery_competency_evidence_file")
async def evidence_file(
    request: Request, here: TeacherIn, competency_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """The evidence of the page, as a file."""
    with speaking(request):
        async with database.writing() as session:
            page = await competency_page(session, here, competency_id, clock.now())
        return file("evidence.csv", files.evidence_rows(page.evidence, page.names))


@router.post("/evidence/{evidence_id}/void")
async def void(
    request: Request,
    here: TeacherChanging,
    competency_id: uuid.UUID,
    evidence_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Void one piece of evidence, with a reason."""
    reason = Entered.of(await request.form()).values.get("reason", "")
    async with database.writing() as session:
        in_map(await service.map_of(session, here), competency_id)
        await voiding.void(session, here, evidence_id, reason, clock.now(), competency_id=competency_id)
    return see(competency_address(here.course, competency_id), Said.VOIDED, "evidence")
