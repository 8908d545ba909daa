"""Checking a connection from the console, and the run of what the certification asks for.

What is found is shown and not kept: nobody else needs it, and a check is done again in seconds. Names of students are listed
only when somebody asks to choose one, which is recorded.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from lti_tool import __version__
from lti_tool.admin import certification, checking, planning, service
from lti_tool.admin.access import AdministratorChanging, AdministratorIn
from lti_tool.admin.check_rules import CUT_SHORT, LABEL, OUTCOME_WORDS, Line, Outcome
from lti_tool.admin.check_steps import Plan
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.admin.platform_routes import ADDRESS, address_of
from lti_tool.admin.replies import show
from lti_tool.admin.words import FAMILY_WORDS
from lti_tool.clock import Clock
from lti_tool.courses.models import Course, Person
from lti_tool.courses.service import display_name
from lti_tool.db.session import Database
from lti_tool.errors import Conflict
from lti_tool.lti.models import Registration
from lti_tool.lti.protocol import Protocol
from lti_tool.platforms import Matter, quirks
from lti_tool.web.dependencies import CurrentDatabase, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of

router = APIRouter(prefix=ADDRESS + "/{registration_id}")

ICONS = {Outcome.WORKS: "circle-check", Outcome.FAILS: "octagon-x", Outcome.SKIPPED: "minus"}
TONES = {Outcome.WORKS: "success", Outcome.FAILS: "error", Outcome.SKIPPED: "outline"}


class CheckUnderWay(Conflict):
    """A second check of the same course, while the first makes and removes its column there."""

    code = "check-under-way"
    title = N_("This connection is being checked already")
    advice = N_("Wait until that check has ended, twenty seconds at most, and begin again.")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a form said: a course, whether to write, and who a score is for (a student of the course, or the LMS's id)."""

    course_id: uuid.UUID | None
    write: bool
    person_id: uuid.UUID | None
    sub: str | None


async def _chosen(
    course: Annotated[str, Form()] = "",
    write: Annotated[str, Form()] = "",
    student: Annotated[str, Form()] = "",
    sub: Annotated[str, Form(max_length=255)] = "",
) -> Chosen:
    return Chosen(_id(course), bool(write), _id(student), sub.strip() or None)


# --- The forms --------------------------------------------------------------------------------------------------------


@router.get("/check", name="check_platform")
async def check_form(
    request: Request, here: AdministratorIn, registration_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Which course to try it in, and whether to write to its gradebook."""
    return await _form(request, here, database, clock, registration_id, "admin/check.html")


@router.get("/certification", name="certification")
async def certification_form(
    request: Request, here: AdministratorIn, registration_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """The same for the run of what the certification asks for, which always writes."""
    return await _form(request, here, database, clock, registration_id, "admin/certification.html")


# --- The checks -------------------------------------------------------------------------------------------------------


@router.post("/check")
async def check(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    chosen: Annotated[Chosen, Depends(_chosen)],
) -> Response:
    """Try every call, and show what each came to."""
    registration, plan = await _plan(here, database, registration_id, chosen)
    lines = await _run(request, plan)
    gettext = language_of(request).gettext
    told = {
        "lines": [_told(line, gettext) for line in lines],
        "failures": sum(line.outcome is Outcome.FAILS for line in lines),
        "cut_short": any(line.code == CUT_SHORT for line in lines),
        "wrote": chosen.write,
    }
    return await _page(request, here, database, registration, plan.course, "admin/check.html", told)


@router.post("/certification")
async def certify(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    chosen: Annotated[Chosen, Depends(_chosen)],
) -> Response:
    """Make the calls that the certification asks for, and show of each what was sent and answered."""
    registration, plan = await _plan(here, database, registration_id, replace(chosen, write=True))
    lines = await _run(request, plan)
    gettext = language_of(request).gettext
    found = certification.cases({line.step: line for line in lines}, launched=plan.course is not None)
    told = {
        "cases": [_case(case, gettext) for case in found],
        "failures": sum(case.outcome is Outcome.FAILS for case in found),
        "missing": sum(case.outcome is Outcome.SKIPPED for case in found),
        "report": certification.report(
            found, tool=f"lti-tool {__version__}", platform=registration.issuer, at=clock.now(), gettext=gettext
        ),
    }
    return await _page(request, here, database, registration, plan.course, "admin/certification.html", told)


async def _plan(
    here: Console, database: Database, registration_id: uuid.UUID, chosen: Chosen
) -> tuple[Registration, Plan]:
    registration = await _registration(database, here, registration_id)
    plan = await planning.plan(
        database,
        registration,
        actor=here.actor,
        organisation_ids=here.organisation_ids,
        course_id=chosen.course_id,
        write=chosen.write,
        person_id=chosen.person_id,
        # A school's administrator chooses among the students of the course; the owner, who sees none, knows an id.
        sub=chosen.sub if here.owner else None,
    )
    return registration, plan


async def _run(request: Request, plan: Plan) -> list[Line]:
    """The lines of a check; CheckUnderWay where one goes on in the same course."""
    state = request.app.state
    under_way: set[uuid.UUID] = getattr(state, "checks_under_way", set())
    state.checks_under_way = under_way
    place = plan.course.id if plan.course is not None else plan.registration.id
    if place in under_way:
        raise CheckUnderWay("a check of this course goes on")
    under_way.add(place)
    try:
        protocol: Protocol = state.protocol
        return [line async for line in checking.check(protocol, plan)]
    finally:
        under_way.discard(place)


# --- What is shown ----------------------------------------------------------------------------------------------------


async def _registration(database: Database, here: Console, registration_id: uuid.UUID) -> Registration:
    async with database.reading() as session:
        found = await service.platform(session, here, registration_id)
        session.expunge_all()
    return found


async def _form(
    request: Request, here: Console, database: Database, clock: Clock, registration_id: uuid.UUID, template: str
) -> Response:
    """A form before anything is tried; ``?course=`` chooses another course, ``?students=yes`` lists its students."""
    registration = await _registration(database, here, registration_id)
    wanted = _id(request.query_params.get("course", ""))
    course: Course | None = None
    if wanted is not None:
        chosen = await planning.plan(
            database, registration, actor=here.actor, organisation_ids=here.organisation_ids, course_id=wanted
        )
        course = chosen.course
    listed = bool(request.query_params.get("students")) and not here.owner
    return await _page(
        request, here, database, registration, course, template, {}, students_at=clock.now() if listed else None
    )


async def _page(
    request: Request,
    here: Console,
    database: Database,
    registration: Registration,
    course: Course | None,
    template: str,
    told: Mapping[str, Any],
    *,
    students_at: datetime | None = None,
) -> Response:
    places = await planning.courses_to_try(database, here, registration.id)
    if course is None and places:
        course = places[0].course
    people: Sequence[Person] = ()
    if course is not None and students_at is not None:
        people = await planning.students_to_try(database, course, here.actor, students_at)
    words = quirks(registration.lms).remedy(Matter.WRITING)
    context: dict[str, Any] = {
        "registration": registration,
        "address": address_of(registration.id),
        "families": FAMILY_WORDS,
        "places": places,
        "course": course,
        "label": LABEL,
        "writing": language_of(request).gettext(words),
        "listed": students_at is not None,
        "people": [(one.id, display_name(one)) for one in people],
        "more_people": len(people) == planning.MOST_STUDENTS,
        "lines": None,
        "cases": None,
        **told,
    }
    return show(request, here, template, context)


def _told(line: Line, gettext: Callable[[str], str]) -> dict[str, Any]:
    return {
        "step": line.step.value,
        "name": gettext(line.name),
        "seen": line.seen.in_words(gettext),
        "remedy": line.remedy.in_words(gettext) if line.remedy is not None else None,
        **_outcome(line.outcome, gettext),
    }


def _case(case: certification.Case, gettext: Callable[[str], str]) -> dict[str, Any]:
    exchange = case.exchange
    return {
        "part": gettext(case.part),
        "name": gettext(case.name),
        "why": case.why.in_words(gettext) if case.why is not None else None,
        "sent": [said.in_words(gettext) for said in certification.sent(exchange)] if exchange else [],
        "answered": [said.in_words(gettext) for said in certification.answered(exchange)] if exchange else [],
        **_outcome(case.outcome, gettext),
    }


def _outcome(outcome: Outcome, gettext: Callable[[str], str]) -> dict[str, Any]:
    fails = outcome is Outcome.FAILS
    return {"fails": fails, "word": gettext(OUTCOME_WORDS[outcome]), "icon": ICONS[outcome], "tone": TONES[outcome]}


def _id(text: str) -> uuid.UUID | None:
    """An id that a form or an address gave; nothing for none. NotInConsole for what is no id."""
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotInConsole("this is no id") from None
