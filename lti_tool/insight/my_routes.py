"""A student's own map, and the same for their family: to read, and for the student to say how they see themselves."""

import uuid
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, ObserverIn, StudentChanging, StudentIn
from lti_tool.courses.service import display_name
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.insight import files, service
from lti_tool.insight.competency import in_map
from lti_tool.insight.drawn import LearnerGraph, learner_graph
from lti_tool.insight.learner import FIRST, LearnerMap, Stand, learner_map
from lti_tool.insight.replies import Said, file, my_address, notice, speaking
from lti_tool.mastery import service as mastery
from lti_tool.mastery.models import Standing
from lti_tool.mastery.reading import bring_evidence
from lti_tool.mastery.rules import Audience
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_, current_language
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}")

MOST_WORDS = 1000

IN_MY_WORDS = {
    Standing.STARTED: N_("I have begun"),
    Standing.DEVELOPING: N_("I can do some of it"),
    Standing.SECURE: N_("I can do it by myself"),
    Standing.MASTERED: N_("I could explain it to somebody"),
}
"""How a student speaks of a standing."""


async def _map(
    database: Database, here: InCourse, person_id: uuid.UUID, now: datetime, to: Audience
) -> LearnerMap | None:
    async with database.reading() as session:
        found = await learner_map(session, here.course, person_id, now, to)
        session.expunge_all()
    return found


def _chosen(request: Request, found: LearnerMap | None) -> Stand | None:
    """The competency that the address names."""
    try:
        wanted = uuid.UUID(request.query_params.get("competency", "") or request.path_params.get("competency_id", ""))
    except ValueError:
        return None
    return found.stand(wanted) if found is not None else None


def _graph(request: Request, found: LearnerMap | None) -> LearnerGraph | None:
    """The map as a graph, if that is what the address asks for; of a large one, what is around the first next step."""
    if found is None or request.query_params.get("view") != "graph":
        return None
    following = found.next
    focus = following[0].competency.id if following else None
    return learner_graph(found, request.query_params, focus, language_of(request))


@router.get("/my-map", name="my_map")
async def my_map(
    request: Request, here: StudentIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """What I know, what is next, what it opens, how I show it."""
    return await _mine(request, here, database, clock.now(), pages)


async def _mine(
    request: Request,
    here: InCourse,
    database: Database,
    now: datetime,
    pages: Pages,
    *,
    wrong: dict[uuid.UUID, str] | None = None,
    entered: Entered | None = None,
    status_code: int = 200,
) -> Response:
    answer = await bring_evidence(request, here.course, here.person_id)
    with speaking(request):
        found = await _map(database, here, here.person_id, now, Audience.STUDENT)
        say = current_language().gettext
        said = {one.value: say(words) for one, words in IN_MY_WORDS.items()}
    context: dict[str, Any] = {
        "found": found,
        "answer": answer,
        "graph": _graph(request, found),
        "chosen": _chosen(request, found),
        "first": FIRST,
        "address": my_address(here.course),
        "said": said,
        "wrong": {key: say(message) for key, message in (wrong or {}).items()},
        "entered": entered.values if entered else {},
        "can_say": not here.visit.masquerading,
        "notice": notice(request),
        "now": now,
    }
    return pages.render(request, "insight/my_map.html", context, status_code=status_code)


@router.get("/my-map.csv", name="my_map_file")
async def my_map_file(request: Request, here: StudentIn, database: CurrentDatabase, clock: Now) -> Response:
    """My map as a file."""
    with speaking(request):
        found = await _map(database, here, here.person_id, clock.now(), Audience.STUDENT)
        if found is None:
            raise NotFound("the course has no map")
        return file("my-map.csv", files.learner_rows(found))


@router.post("/my-map/{competency_id}/self")
async def assess_myself(
    request: Request,
    here: StudentChanging,
    competency_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Say how I see myself. It is kept and shown, and moves no level."""
    now = clock.now()
    entered = Entered.of(await request.form())
    words = entered.text("words", MOST_WORDS)
    if not entered.values.get("standing"):
        entered.errors["standing"] = N_("Please choose one.")
    if entered.errors:
        wrong = {competency_id: next(iter(entered.errors.values()))}
        return await _mine(request, here, database, now, pages, wrong=wrong, entered=entered, status_code=400)
    standing = parsed(Standing, entered.values["standing"])
    async with database.writing() as session:
        in_map(await service.map_of(session, here), competency_id)
        await mastery.self_assess(session, here.course, here.person_id, competency_id, standing, words, now)
    return see(f"{my_address(here.course)}?competency={competency_id}", Said.ASSESSED, f"competency-{competency_id}")


# --- Family ------------------------------------------------------------------------------------------------------------


@router.get("/family-map", name="family_map")
async def family_map(
    request: Request, here: ObserverIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """The only one an observer is linked to, or a list of those they are linked to."""
    if len(here.observed) == 1:
        return see(f"/courses/{here.course.id}/family-map/{here.observed[0].id}")
    people = [(person.id, display_name(person)) for person in here.observed]
    return pages.render(
        request, "insight/family.html", {"people": people, "home": f"/courses/{here.course.id}/family-map"}
    )


@router.get("/family-map/{person_id}", name="family_map_of")
async def family_map_of(
    request: Request,
    here: ObserverIn,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """One child's map, to read and nothing else. NotFound for anybody else's."""
    person = next((one for one in here.observed if one.id == person_id), None)
    if person is None:
        raise NotFound("not one of those this observer is linked to")
    answer = await bring_evidence(request, here.course, person_id)
    now = clock.now()
    with speaking(request):
        found = await _map(database, here, person_id, now, Audience.TEACHER)
        name = display_name(person)
        say = current_language().gettext
        said = {one.value: say(words) for one, words in IN_MY_WORDS.items()}
    context = {
        "found": found,
        "answer": answer,
        "graph": _graph(request, found),
        "chosen": _chosen(request, found),
        "address": f"/courses/{here.course.id}/family-map/{person_id}",
        "name": name,
        "first": FIRST,
        "home": f"/courses/{here.course.id}/family-map" if len(here.observed) > 1 else None,
        "said": said,
        "now": now,
    }
    return pages.render(request, "insight/family_map.html", context)
