"""What the course's items seem to belong to: accepted one by one or all, or dismissed."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.competencies import alignment_forms as forms
from lti_tool.competencies import alignment_queries as queries
from lti_tool.competencies import alignments, suggestions
from lti_tool.competencies.alignment_replies import alignments_address, notice, told
from lti_tool.competencies.sections import home, views
from lti_tool.courses.access import TeacherChanging, TeacherIn
from lti_tool.web.dependencies import CurrentPages, Now, ReadSession, WriteSession
from lti_tool.web.forms import Entered
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/competencies/alignments/suggestions")

AT_ONCE = 100
"""Suggestions on one page; what is accepted or dismissed makes room for the next."""


@router.get("", name="alignment_suggestions")
async def suggested(request: Request, here: TeacherIn, session: ReadSession, pages: CurrentPages) -> Response:
    """Every suggestion with what it was found by."""
    board = await alignments.board(session, here.organisation_id, here.course.id)
    found = await suggestions.for_board(session, here.organisation_id, here.course.id, board)
    dismissed = await queries.dismissed(session, here.organisation_id, here.course.id)
    items = {item.id: item for item in board.items}
    context: dict[str, Any] = {
        "views": views(here.course.id, "alignments"),
        "map_address": home(here.course.id),
        "home": alignments_address(here.course.id),
        "address": f"{alignments_address(here.course.id)}/suggestions",
        "board": board,
        "items": items,
        "shown": found[:AT_ONCE],
        "total": len(found),
        "dismissed": len(dismissed),
        "notice": notice(request),
    }
    return pages.render(request, "competencies/suggestions.html", context)


@router.post("")
async def decide(request: Request, here: TeacherChanging, session: WriteSession, clock: Now) -> Response:
    """Accept what is ticked, or the one whose button was pressed; or dismiss one; or bring dismissed ones back."""
    form = await request.form()
    entered = Entered.of(form)
    address, by, now = f"{alignments_address(here.course.id)}/suggestions", here.visit.person_id, clock.now()
    if entered.values.get("bring_back") == "yes":
        await suggestions.bring_back(session, here.course)
        return see(address, "brought-back")
    if entered.values.get("dismiss"):
        await suggestions.dismiss(session, here.course, [forms.pair(entered.values["dismiss"])], by, now)
        return see(address, "dismissed")
    accepted = forms.accepted(form, entered)
    if not accepted:
        return see(address, "none-ticked")
    return see(address, told(await suggestions.accept(session, here.course, accepted, by, now)))
