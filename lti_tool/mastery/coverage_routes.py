"""A teacher's page of what alignments leave open."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.competencies.alignment_replies import alignments_address
from lti_tool.competencies.sections import home, views
from lti_tool.courses.access import TeacherChanging, TeacherIn
from lti_tool.errors import NotFound
from lti_tool.mastery import coverage, reading, settings
from lti_tool.mastery.settings_replies import notice
from lti_tool.web.dependencies import CurrentPages, Now, ReadSession, WriteSession
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/competencies/coverage")

SHOWN = 100
"""Of each list; the rest is counted."""


@router.get("", name="coverage")
async def covered(request: Request, here: TeacherIn, session: ReadSession, pages: CurrentPages) -> Response:
    """What nothing assesses, items that belong to nothing, rules that can never be satisfied."""
    context = {
        "views": views(here.course.id, "coverage"),
        "map_address": home(here.course.id),
        "alignments": alignments_address(here.course.id),
        "address": f"{home(here.course.id)}/coverage",
        "report": await coverage.report(session, here.organisation_id, here.course.id),
        "most": SHOWN,
        "notice": notice(request),
    }
    return pages.render(request, "mastery/coverage.html", context)


@router.post("/left", name="take_back_left_results")
async def take_back(request: Request, here: TeacherChanging, session: WriteSession, clock: Now) -> Response:
    """Take back what the chosen items' results said of competencies that they are not aligned to any more."""
    form = await request.form()
    chosen = {_pair(value) for value in form.getlist("left") if isinstance(value, str)}
    taken = await reading.take_back_alignment(session, here.course, chosen, clock.now(), here.visit.person_id)
    return see(f"{home(here.course.id)}/coverage", "results-taken-back" if taken else "nothing-taken-back", "left")


def _pair(value: str) -> tuple[uuid.UUID, uuid.UUID]:
    """An item's and a competency's id, as the form joins them."""
    item, _, competency = value.partition(".")
    return parsed(uuid.UUID, item), parsed(uuid.UUID, competency)


@router.post("/{competency_id}", name="take_alternative")
async def take_alternative(
    request: Request, here: TeacherChanging, competency_id: uuid.UUID, session: WriteSession, clock: Now
) -> Response:
    """Give a competency the rule that its items can satisfy, as the page offered it."""
    revision = Entered.of(await request.form()).revision()
    found = await coverage.report(session, here.organisation_id, here.course.id)
    problem = next((one for one in found.problems if one.competency.id == competency_id), None)
    if problem is None or problem.problem.alternative is None:
        raise NotFound("there is no other rule to take")
    await settings.set_rule(
        session,
        here.course,
        revision,
        problem.problem.alternative,
        here.visit.person_id,
        clock.now(),
        competency_id=competency_id,
    )
    return see(f"{home(here.course.id)}/coverage", "rule-saved", "rules")
