"""Looking at a student's work from the gradebook (LTI Submission Review 1.0): the tool that keeps the column shows it."""

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse

from lti_tool.sandbox.asking import review_form
from lti_tool.sandbox.bench_models import ACTIVE, LineItemReview
from lti_tool.sandbox.claims import SUBMISSION_REVIEW
from lti_tool.sandbox.models import LineItem, Person, Tool
from lti_tool.sandbox.oidc import LaunchNotPossible
from lti_tool.sandbox.platform import ThisPlatform
from lti_tool.sandbox.standing import messages_of, state_of
from lti_tool.sandbox.store import enrolment_in
from lti_tool.sandbox.tool_pages import document_target, framed, posting
from lti_tool.sandbox.view import PageMissing, TeacherIn, one_of

router = APIRouter(
    prefix="/courses/{course_id:int}/grades/tool/{column_id:int}/{person_id:int}/review",
    default_response_class=HTMLResponse,
)


async def review_label(session: AsyncSession, line_item: LineItem) -> str | None:
    """What the link from a cell to the tool says; None where the tool shows no work."""
    tool = await session.get_one(Tool, line_item.tool_id)
    if await state_of(session, tool.id) != ACTIVE or SUBMISSION_REVIEW not in await messages_of(session, tool.id):
        return None
    review = await session.get(LineItemReview, line_item.id)
    return (review.label if review else None) or f"Look at the work in {tool.name}"


async def _found(session: AsyncSession, course_id: int, column_id: int, person_id: int) -> tuple[LineItem, Person]:
    line_item: LineItem = await one_of(session, LineItem, course_id, column_id)
    enrolment = await enrolment_in(session, course_id, person_id) if person_id < 2**63 else None
    if enrolment is None or enrolment.role != "student":
        raise PageMissing
    return line_item, await session.get_one(Person, person_id)


@router.get("")
async def review(
    request: Request, platform: ThisPlatform, visit: TeacherIn, column_id: int, person_id: int
) -> HTMLResponse:
    """The tool in a frame, with the student's work."""
    async with platform.store.reading() as session:
        line_item, student = await _found(session, visit.course.id, column_id, person_id)
        if await review_label(session, line_item) is None:
            raise PageMissing
        tool = await session.get_one(Tool, line_item.tool_id)
    return framed(request, visit, tool, request.url.path, f"{student.name}: {line_item.label}")


@router.get("/{target}")
async def ask(platform: ThisPlatform, visit: TeacherIn, column_id: int, person_id: int, target: str) -> HTMLResponse:
    """What the frame or window loads: the form that begins the review."""
    async with platform.store.reading() as session:
        line_item, student = await _found(session, visit.course.id, column_id, person_id)
    try:
        form = await review_form(
            platform,
            person=visit.person,
            line_item=line_item,
            student_id=student.id,
            document_target=document_target(target),
        )
    except LaunchNotPossible as error:
        raise PageMissing from error
    return posting(form)
