"""A teacher's pages of the scale: choosing one, beginning an own one, changing it."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.competencies import maps
from lti_tool.competencies.sections import views
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.errors import BadRequest, Conflict, NotAllowed, NotFound, ToolError
from lti_tool.mastery import colours, rules, scales, settings
from lti_tool.mastery import settings_forms as forms
from lti_tool.mastery.settings_routes import may_decide_for_school, settings_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now, WriteSession
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_, Language
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/competencies/settings/scale")

_CANVAS = (
    (4, N_("Exceeds Mastery"), "0374B5"),
    (3, N_("Mastery"), "0B874B"),
    (2, N_("Near Mastery"), "FAB901"),
    (1, N_("Below Mastery"), "D97900"),
    (0, N_("No Evidence"), "E0061F"),
)
"""Canvas's own levels (outcome_proficiency.rb): points, name, colour; mastery at 3."""

_MOODLE = (N_("Not yet competent"), N_("Competent"))
"""Moodle's default competence scale, the second value proficient."""


@router.post("", name="choose_scale")
async def choose(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Have another scale hold from now on: the school's or tool's (none named), or one of the list."""
    entered = Entered.of(await request.form())
    chosen = entered.made_id("scale")
    async with database.writing() as session:
        await scales.choose_scale(session, here.course, entered.revision(), chosen, here.visit.person_id, clock.now())
    return see(settings_address(here.course.id), "scale-saved")


@router.post("/school", name="choose_schools_scale")
async def choose_for_school(request: Request, here: TeacherChanging, session: WriteSession, clock: Now) -> Response:
    """Have all courses of the school use these levels, unless one has chosen others; for administrators."""
    if not may_decide_for_school(here):
        raise NotAllowed("only the school's administrators decide for it")
    chosen = Entered.of(await request.form()).made_id("scale")
    if chosen is None:
        raise BadRequest("no scale was chosen")
    await scales.make_schools(session, here.course, chosen, here.visit.person_id, clock.now())
    return see(settings_address(here.course.id), "schools-saved")


@router.get("/edit", name="edit_scale")
async def edit(
    request: Request,
    here: TeacherIn,
    database: CurrentDatabase,
    pages: CurrentPages,
    scale: str = "",
    start: str = "tool",
) -> Response:
    """The levels of a scale of the course's own; of a new one, begun with those of another."""
    scale_id = parsed(uuid.UUID, scale) if scale else None
    async with database.reading() as session:
        if scale_id is not None:
            kept = await scales.scale(session, here.organisation_id, here.course.id, scale_id)
            if kept.course_id != here.course.id:
                raise NotFound("not this course's own scale")
            title, levels = kept.title, rules.Scale.from_json(kept.levels)
        else:
            title, levels = await _start(session, here, forms.start_of(start), language_of(request))
    fields = {"title": title, "source": _source(start)} | forms.scale_fields(levels)
    return await _page(request, here, database, pages, scale_id, fields)


@router.post("/edit")
async def save(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Keep the levels, and have them hold from now on."""
    entered = Entered.of(await request.form())
    scale_id = entered.made_id("scale")
    title = entered.text("title", 200, N_("Please give the scale a name."))
    levels = forms.scale(entered)
    if entered.errors or entered.values.get("answer") == "look":
        status = 422 if entered.errors else 200
        return await _page(
            request, here, database, pages, scale_id, dict(entered.values), entered=entered, status_code=status
        )
    try:
        async with database.writing() as session:
            await scales.keep_scale(
                session,
                here.course,
                entered.revision(),
                title,
                levels,
                here.visit.person_id,
                clock.now(),
                scale_id=scale_id,
                source=_source(entered.values.get("source", "")),
            )
    except Conflict as conflict:
        return await _page(
            request, here, database, pages, scale_id, dict(entered.values), trouble=conflict, status_code=409
        )
    return see(settings_address(here.course.id), "scale-saved")


def _source(start: str) -> str:
    return start if start in {"canvas", "moodle"} else "own"


async def _start(session: AsyncSession, here: InCourse, start: str, language: Language) -> tuple[str, rules.Scale]:
    """A title and the levels that a new scale begins with. NotFound."""
    say = language.gettext
    if start == "canvas":
        ratings = [{"points": points, "description": say(name), "color": colour} for points, name, colour in _CANVAS]
        return "Canvas", rules.canvas_scale(ratings, 3)
    if start == "moodle":
        return "Moodle", rules.moodle_scale(
            [say(name) for name in _MOODLE], [{"id": 2, "scaledefault": 1, "proficient": 1}]
        )
    if start == "tool":
        named = rules.default_scale().to_json()
        return say(N_("Our levels")), rules.Scale.from_json([one | {"name": say(one["name"])} for one in named])
    kind, _, name = start.partition(".")
    if kind == "scale":
        kept = await scales.scale(session, here.organisation_id, here.course.id, parsed(uuid.UUID, name))
        return kept.title, rules.Scale.from_json(kept.levels)
    for source in await scales.sources(session, here.organisation_id, here.course.id):
        if source.key == start:
            return source.title, source.scale
    raise NotFound("no such scale")


async def _page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: CurrentPages,
    scale_id: uuid.UUID | None,
    fields: dict[str, str],
    *,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        found = await maps.the_map(session, here.organisation_id, here.course.id)
        begun = await settings.has_begun(session, here.organisation_id, here.course.id)
    filled = [place for place in range(forms.MOST_LEVELS) if fields.get(f"name-{place}")]
    # One empty line for another level, while there is room.
    free = next((place for place in range(forms.MOST_LEVELS) if place > max(filled, default=-1)), None)
    context: dict[str, Any] = {
        "views": views(here.course.id, "settings"),
        "home": settings_address(here.course.id),
        "address": f"{settings_address(here.course.id)}/scale/edit",
        "scale_id": scale_id,
        "revision": found.revision if found is not None else 0,
        "begun": begun,
        "values": fields,
        "errors": entered.errors if entered is not None else {},
        "places": filled if free is None else [*filled, free],
        "icons": list(rules.Icon),
        "standings": list(forms.STANDINGS),
        "contrasts": {
            place: colours.on_white(fields[f"colour-{place}"])
            for place in filled
            if _is_colour(fields.get(f"colour-{place}", ""))
        },
        "enough": colours.GRAPHIC,
        "notice": trouble_notice(request, trouble),
    }
    return pages.render(request, "mastery/scale.html", context, status_code=status_code)


def _is_colour(text: str) -> bool:
    return len(text) == 7 and text[0] == "#" and all(sign in "0123456789abcdefABCDEF" for sign in text[1:])
