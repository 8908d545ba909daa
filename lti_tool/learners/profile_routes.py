"""What I work towards: a student's goal, interests and pace; and the same page for the teacher who sets a goal with them."""

import uuid
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool import audit
from lti_tool.courses.access import InCourse, StudentChanging, StudentIn, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.learners import profile
from lti_tool.learners.profile import MOST_MINUTES
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import said_in, see

router = APIRouter(prefix="/courses/{course_id}")

MOST_SEARCHED = 100


class Said(StrEnum):
    """What the page says after a form."""

    GOAL_SET = "goal-set"
    GOAL_TAKEN_AWAY = "goal-taken-away"
    INTERESTS_KEPT = "interests-kept"
    PACE_KEPT = "pace-kept"


_SENTENCES = {
    Said.GOAL_SET: N_("This is the goal now. The path leads there from the next step on; what is begun stays."),
    Said.GOAL_TAKEN_AWAY: N_("There is no goal now. A new one can be chosen at any time."),
    Said.INTERESTS_KEPT: N_("Kept. Where two steps would do as well, the one you like more comes first."),
    Said.PACE_KEPT: N_("Kept. Your path is planned for this much time."),
}


def goal_address(course: Course) -> str:
    """A student's own goal, interests and pace."""
    return f"/courses/{course.id}/my/goal"


def students_goal_address(course: Course, person_id: uuid.UUID) -> str:
    """A student's goal as the teacher who sets it with them finds it."""
    return f"/courses/{course.id}/students/{person_id}/goal"


def _notice(request: Request) -> dict[str, str] | None:
    said = said_in(request, Said)
    return {"tone": "success", "text": language_of(request).gettext(_SENTENCES[said])} if said else None


def _searched(request: Request) -> str:
    return request.query_params.get("search", "").strip()[:MOST_SEARCHED]


# --- The student ----------------------------------------------------------------------------------------------------------


@router.get("/my/goal", name="my_goal")
async def my_goal(
    request: Request, here: StudentIn, database: CurrentDatabase, pages: CurrentPages, clock: Now
) -> Response:
    """One goal with what it would take, interests where items have topics, and how much time there is."""
    return await _mine(request, here, database, pages)


async def _mine(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    entered: Entered | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        chosen = await profile.chosen(session, here.course, here.person_id, _searched(request))
    say = language_of(request).gettext
    context: dict[str, Any] = {
        "chosen": chosen,
        "search": _searched(request),
        "address": goal_address(here.course),
        "home": f"/courses/{here.course.id}/my",
        "map": f"/courses/{here.course.id}/my-map",
        "entered": entered.values if entered else {},
        "wrong": {name: say(message) for name, message in entered.errors.items()} if entered else {},
        "can_choose": not here.visit.masquerading,
        "notice": _notice(request),
    }
    return pages.render(request, "learners/my_goal.html", context, status_code=status_code)


@router.post("/my/goal")
async def choose_goal(request: Request, here: StudentChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Choose a goal: ``goal`` is a competency of the map or a part of it; empty takes it away."""
    goal_id = _goal_in(await request.form())
    async with database.writing() as session:
        await profile.set_goal(session, here.course, here.person_id, goal_id, here.person_id, clock.now())
    return see(goal_address(here.course), Said.GOAL_SET if goal_id else Said.GOAL_TAKEN_AWAY)


@router.post("/my/goal/interests")
async def choose_interests(request: Request, here: StudentChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Choose topics: each ``topic`` that is sent; none takes all away."""
    wanted = [one for one in (await request.form()).getlist("topic") if isinstance(one, str)]
    async with database.writing() as session:
        await profile.set_interests(session, here.course, here.person_id, wanted, clock.now())
    return see(goal_address(here.course), Said.INTERESTS_KEPT, "interests")


@router.post("/my/goal/pace")
async def choose_pace(
    request: Request, here: StudentChanging, database: CurrentDatabase, pages: CurrentPages, clock: Now
) -> Response:
    """Say how many minutes a week there are: ``minutes``; empty takes it back."""
    entered = Entered.of(await request.form())
    minutes = entered.number("minutes", 1, MOST_MINUTES, N_("Please enter whole minutes from 1 to 3000."))
    if entered.errors:
        return await _mine(request, here, database, pages, entered, 400)
    async with database.writing() as session:
        await profile.set_pace(
            session, here.course, here.person_id, None if minutes is None else max(round(minutes), 1), clock.now()
        )
    return see(goal_address(here.course), Said.PACE_KEPT, "pace")


def _goal_in(form: FormData) -> uuid.UUID | None:
    value = form.get("goal")
    return parsed(uuid.UUID, value) if isinstance(value, str) and value else None


# --- The teacher, with the student ------------------------------------------------------------------------------------------


@router.get("/students/{person_id}/goal", name="students_goal")
async def students_goal(
    request: Request,
    here: TeacherIn,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    pages: CurrentPages,
    clock: Now,
) -> Response:
    """What a student chose, and a goal to be set with them. The look leaves an audit entry."""
    async with database.writing() as session:
        _, name = await profile.student(session, here, person_id)
        chosen = await profile.chosen(session, here.course, person_id, _searched(request))
        audit.record(
            session,
            clock.now(),
            "student.viewed",
            organisation_id=here.organisation_id,
            actor=here.actor,
            subject=f"person:{person_id}",
            detail="goal",
        )
    context = {
        "chosen": chosen,
        "name": name,
        "search": _searched(request),
        "address": students_goal_address(here.course, person_id),
        "board": f"/courses/{here.course.id}/mastery/students/{person_id}",
        "notice": _notice(request),
    }
    return pages.render(request, "learners/students_goal.html", context)


@router.post("/students/{person_id}/goal")
async def set_students_goal(
    request: Request, here: TeacherChanging, person_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Set a goal with a student; empty takes it away. Leaves an audit entry."""
    goal_id = _goal_in(await request.form())
    async with database.writing() as session:
        await profile.student(session, here, person_id)
        await profile.set_goal(session, here.course, person_id, goal_id, here.visit.person_id, clock.now())
    address = students_goal_address(here.course, person_id)
    return see(address, Said.GOAL_SET if goal_id else Said.GOAL_TAKEN_AWAY)
