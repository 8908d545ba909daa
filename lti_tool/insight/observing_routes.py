"""Observations: a competency is chosen, then a sheet with all students filled in, by mouse, finger or number keys."""

import uuid
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.clock import day_in, zone_named
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.roster import FreshRoster
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.insight import observing, queries, service
from lti_tool.insight.observing import Kind
from lti_tool.insight.replies import Said, board_address, notice, speaking
from lti_tool.mastery.entries import BadEvidence, NotOnMap
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_, current_language
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/mastery/observations")

WORDS = {"right": N_("Right"), "not-yet": N_("Not yet")}
UNDONE = N_("Taken back right after it was entered")


def _address(here: InCourse) -> str:
    return f"{board_address(here.course)}/observations"


@router.get("", name="observe")
async def choose(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """Which competency it is about, and how it is asked."""
    asked = request.query_params.get("competency", "")
    with speaking(request):
        async with database.reading() as session:
            view = await service.map_of(session, here)
        chosen = next((one for one in view.competencies if str(one.id) == asked), None)
        if chosen is not None:
            return see(f"{_address(here)}/{chosen.id}?kind={_kind(request).value}")
        parts = observing.choices(view)
    context = {"parts": parts, "address": _address(here), "board_address": board_address(here.course)}
    return pages.render(request, "insight/observe.html", context | {"notice": notice(request)})


def _kind(request: Request) -> Kind:
    try:
        return Kind(request.query_params.get("kind", ""))
    except ValueError:
        return Kind.ANSWER


@router.get("/{competency_id}", name="observe_competency")
async def fill_in(
    request: Request,
    here: TeacherIn,
    _fresh: FreshRoster,
    competency_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The sheet. After it was saved: what came of it, with a way back."""
    occasion = _occasion(request)
    saved = 0
    if occasion is not None:
        async with database.reading() as session:
            rows = await queries.of_occasion(session, here.organisation_id, here.course.id, f"observation:{occasion}")
            saved = len(rows)
    kind, group = _kind(request), request.query_params.get("group", "")
    part = request.query_params.get("part", "0")
    part_number = int(part) if part.isdecimal() and len(part) < 5 else 0
    return await _sheet(
        request, here, competency_id, kind, group, database, clock, pages, part_number, saved=saved, of=occasion
    )


def _occasion(request: Request) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.query_params.get("saved", ""))
    except ValueError:
        return None


async def _sheet(
    request: Request,
    here: InCourse,
    competency_id: uuid.UUID,
    kind: Kind,
    group: str,
    database: Database,
    clock: Now,
    pages: Pages,
    part: int,
    *,
    entered: Entered | None = None,
    saved: int = 0,
    of: uuid.UUID | None = None,
    status_code: int = 200,
) -> Response:
    now = clock.now()
    values = entered.values if entered else {}
    with speaking(request):
        say = current_language().gettext
        words = {name: say(word) for name, word in WORDS.items()}
        async with database.reading() as session:
            shown = await observing.sheet(session, here, competency_id, kind, group, words, values, part)
        wrong = {name: say(message) for name, message in entered.errors.items()} if entered else {}
    today = day_in(zone_named(here.visit.shown_zone), now).isoformat()
    context: dict[str, Any] = {
        "sheet": shown,
        "Kind": Kind,
        "address": f"{_address(here)}/{competency_id}",
        "choose_address": _address(here),
        "board_address": board_address(here.course),
        "occasion": values.get("occasion") or str(new_id()),
        "day": values.get("day") or today,
        "today": today,
        "note": values.get("note", ""),
        "errors": wrong,
        "saved": saved,
        "saved_occasion": str(of) if of else "",
        "notice": notice(request),
    }
    return pages.render(request, "insight/sheet.html", context, status_code=status_code)


@router.post("/{competency_id}")
async def save(
    request: Request,
    here: TeacherChanging,
    competency_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Keep a sheet. What is wrong with it is said on the sheet, with everything that was entered."""
    entered = Entered.of(await request.form())
    kind = entered.word("kind", Kind, Kind.ANSWER)
    group, part = entered.values.get("group", ""), entered.word("part", int, 0)
    occasion = entered.made_id("occasion") or new_id()
    now = clock.now()
    with speaking(request):
        async with database.reading() as session:
            shown = await observing.sheet(session, here, competency_id, kind, group, WORDS, part=part)
    filled = observing.read(entered.values, [row.person_id for row in shown.rows], competency_id, kind, now)
    entered.errors.update(filled.errors)
    if not entered.errors:
        try:
            async with database.writing() as session:
                await observing.save(session, here, filled, occasion, now)
        except (BadEvidence, NotOnMap) as trouble:
            entered.errors["rows"] = trouble.advice
    if entered.errors:
        return await _sheet(
            request, here, competency_id, kind, group, database, clock, pages, part, entered=entered, status_code=400
        )
    query = urlencode({"kind": kind.value, "group": shown.group, "part": part, "saved": occasion})
    return see(f"{_address(here)}/{competency_id}?{query}")


@router.post("/{competency_id}/undo")
async def undo(
    request: Request, here: TeacherChanging, competency_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Take a sheet back that was just kept; its evidence is void, and says so."""
    entered = Entered.of(await request.form())
    occasion = parsed(uuid.UUID, entered.values.get("occasion", ""))
    async with database.writing() as session:
        await observing.undo(session, here, occasion, UNDONE, clock.now())
    return see(f"{_address(here)}/{competency_id}", Said.UNDONE)
