"""One student's score in a gradebook column: every attempt, and what a teacher decides about it."""

import uuid

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.clock import Clock
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.visibility import limited_to
from lti_tool.grades import comparing
from lti_tool.grades import service as grades
from lti_tool.grades.models import Choice
from lti_tool.insight import grades_views
from lti_tool.insight.grades_replies import Said, grades_address, notice, said_words
from lti_tool.insight.grades_routes import knowing, leave_trace
from lti_tool.insight.grades_views import Line
from lti_tool.insight.replies import speaking
from lti_tool.mastery import theirs
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/grades/{line_item_id}/scores/{score_id}")


@router.get("", name="grades_score")
async def score(
    request: Request,
    here: TeacherIn,
    line_item_id: uuid.UUID,
    score_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Every attempt to deliver one student's score, the newest first. The look is audited."""
    with speaking(request):
        async with database.writing() as session:
            page = await grades_views.score_page(session, here, line_item_id, score_id, knowing(request), clock.now())
            typed = await grades_views.typed_advice(session, here.course)
            leave_trace(
                session, here, clock, "student.viewed", f"person:{page.line.standing.person_id}", f"score {score_id}"
            )
            await session.flush()
            session.expunge_all()
    context = said_words() | {
        "page": page,
        "line": page.line,
        "view": page.column.view,
        "pause": page.column.pause,
        "typed_advice": typed if page.line.can_choose else None,
        "most": grades_views.MOST_ATTEMPTS,
        "address": grades_address(here.course, line_item_id),
        "home": grades_address(here.course),
        "notice": notice(request),
        "now": clock.now(),
    }
    return pages.render(request, "insight/grades_score.html", context)


@router.post("/choose")
async def choose(
    request: Request,
    here: TeacherChanging,
    line_item_id: uuid.UUID,
    score_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Say which of two numbers counts: ``choice`` is *theirs* or *ours*."""
    entered = Entered.of(await request.form())
    choice = parsed(Choice, entered.values.get("choice", ""))
    async with database.writing() as session:
        line = await _line(session, here, line_item_id, score_id)
        if not line.can_choose:
            said = Said.SETTLED
        else:
            if choice is Choice.OURS:
                await _give_back(session, here, line_item_id, line, clock)
            await comparing.choose(session, here.organisation_id, score_id, choice, here.visit.person_id, clock.now())
            said = Said.KEPT if choice is Choice.THEIRS else Said.OURS
            action = "score.theirs-kept" if choice is Choice.THEIRS else "score.ours-sent"
            leave_trace(session, here, clock, action, f"person:{line.standing.person_id}", f"score {score_id}")
    return see(_back(here, entered, line_item_id, score_id), said)


@router.post("/send-again")
async def send_again(
    request: Request,
    here: TeacherChanging,
    line_item_id: uuid.UUID,
    score_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Send one student's score again, whatever stands there."""
    entered = Entered.of(await request.form())
    async with database.writing() as session:
        line = await _line(session, here, line_item_id, score_id)
        found = await grades_views.the_column(session, here, line_item_id)
        person_id = line.standing.person_id
        await _give_back(session, here, line_item_id, line, clock)
        await grades.send_again(session, line_item=found, now=clock.now(), person_ids=[person_id], over=True)
        leave_trace(session, here, clock, "scores.sent-again", f"person:{person_id}", f"score {score_id}")
    return see(_back(here, entered, line_item_id, score_id), Said.SENT_AGAIN)


async def _give_back(session: AsyncSession, here: InCourse, line_item_id: uuid.UUID, line: Line, clock: Clock) -> None:
    """What the number in the gradebook said of a competency is void before ours goes over it, so that ours does not count it."""
    found = await grades_views.the_column(session, here, line_item_id)
    person_id = line.standing.person_id
    done = await theirs.give_back(session, here.course, found, person_id, clock.now(), here.visit.person_id)
    if done:
        leave_trace(session, here, clock, "mastery.voided", f"person:{person_id}", f"{done} pieces of evidence")


async def _line(session: AsyncSession, here: InCourse, line_item_id: uuid.UUID, score_id: uuid.UUID) -> Line:
    """The line of a student whom whoever is here sees; NotFound for anybody else."""
    found = await grades_views.the_column(session, here, line_item_id)
    lines = await grades_views.lines(session, here, found, await limited_to(session, here))
    return grades_views.line_of(lines, score_id)


def _back(here: InCourse, entered: Entered, line_item_id: uuid.UUID, score_id: uuid.UUID) -> str:
    """The page that the form was on."""
    on_its_own = entered.values.get("page") == "score"
    return grades_address(here.course, line_item_id, score_id if on_its_own else None)
