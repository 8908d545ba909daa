"""A teacher's pages of columns about mastery: which there are, and one of them with what every student would get."""

import uuid
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool.competencies import maps
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.visibility import limited_to, visible_students
from lti_tool.errors import NotFound
from lti_tool.grades import service as grades
from lti_tool.grades import words as grade_words
from lti_tool.mastery import criteria, grading, grading_forms, grading_queries, queries, rules
from lti_tool.mastery.grading_forms import OVERALL, Wanted
from lti_tool.mastery.rules import Scale
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now, ReadSession, WriteSession
from lti_tool.web.forms import Entered
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/mastery/columns")

_SENTENCES = {
    "column-saved": N_("Saved. The scores go to the gradebook now."),
    "column-off": N_("Stopped. The column stays in your LMS as it is; new scores are kept here."),
    "column-on": N_("Scores are sent again. What is missing goes to the gradebook now."),
    "column-repaired": N_("It is tried again now."),
}


def address(course_id: uuid.UUID) -> str:
    """The list of a course's columns about mastery."""
    return f"/courses/{course_id}/mastery/columns"


@dataclass(frozen=True, slots=True)
class Line:
    """A student in the preview: the level's name in one competency, or how many of all are begun; the points that follow."""

    name: str
    level: rules.Level | None
    begun: int
    given: float | None
    owed: float | None


@router.get("", name="mastery_columns")
async def listed(request: Request, here: TeacherIn, session: ReadSession, pages: CurrentPages) -> Response:
    """Which columns there are, and what one can be made of."""
    found = await grading.columns(session, here.organisation_id, here.course.id)
    competencies = (await maps.listed(session, here.organisation_id, here.course.id)).competencies
    names = {one.id: one.name for one in competencies}
    there = {one.competency_id for one in found}
    said = _SENTENCES.get(request.query_params.get("said", ""))
    context: dict[str, Any] = {
        "address": address(here.course.id),
        "board_address": f"/courses/{here.course.id}/mastery",
        "map_address": f"/courses/{here.course.id}/competencies",
        "columns": [
            {
                "of": OVERALL if one.competency_id is None else str(one.competency_id),
                "label": one.line_item.label,
                "maximum": one.line_item.score_maximum,
                "name": None if one.competency_id is None else names.get(one.competency_id, ""),
                "counting": one.counting,
                "upkeep": grade_words.upkeep_of(one.line_item),
                "trouble": grade_words.words_for(one.line_item.trouble) if one.line_item.trouble else None,
            }
            for one in sorted(found, key=lambda one: (one.competency_id is not None, one.line_item.label.casefold()))
        ],
        "words": grade_words.COLUMNS,
        "without": [one for one in competencies if one.id not in there],
        "has_overall": None in there,
        "has_map": bool(competencies),
        "allowed": grading.can_have_column(here.course),
        "notice": {"tone": "success", "text": language_of(request).gettext(said)} if said is not None else None,
    }
    return pages.render(request, "mastery/columns.html", context)


@router.get("/one", name="mastery_column")
async def one(request: Request, here: TeacherIn, session: ReadSession, pages: CurrentPages) -> Response:
    """A column with its points by level, and what every student would get; ``of`` says what it is of, else all together."""
    entered = Entered.of(FormData([("of", OVERALL), *request.query_params.multi_items()]))
    return await _page(request, here, session, pages, entered, is_entered="label" in entered.values)


@router.post("", name="save_mastery_column")
async def save(
    request: Request, here: TeacherChanging, database: CurrentDatabase, pages: CurrentPages, clock: Now
) -> Response:
    """Switch a column on, or have it count otherwise; what everybody is owed is entered at once."""
    entered = Entered.of(await request.form())
    competency_id = grading_forms.what(entered.values.get("of", ""))
    now = clock.now()
    async with database.reading() as session:
        scale = (await criteria.basis(session, here.organisation_id, here.course.id)).scale
        wanted = grading_forms.read(entered, scale)
        if wanted is None:
            return await _page(request, here, session, pages, entered, is_entered=True, status_code=422)
    async with database.writing() as session:
        line_item = await grading.save(
            session,
            here.course,
            competency_id,
            wanted.label,
            wanted.maximum,
            wanted.counting(scale),
            here.visit.person_id,
            now,
        )
        line_item_id = line_item.id
    await grading.owe_everybody(database, here.organisation_id, here.course.id, now, anew=line_item_id)
    return see(address(here.course.id), "column-saved")


@router.post("/off", name="mastery_column_off")
async def off(request: Request, here: TeacherChanging, session: WriteSession, clock: Now) -> Response:
    """Send nothing to a column any more."""
    of = grading_forms.what(Entered.of(await request.form()).values.get("of", ""))
    await grading.switch(session, here.course, of, here.visit.person_id, clock.now(), on=False)
    return see(address(here.course.id), "column-off")


@router.post("/on", name="mastery_column_on")
async def on(request: Request, here: TeacherChanging, session: WriteSession, clock: Now) -> Response:
    """Send to a column again."""
    of = grading_forms.what(Entered.of(await request.form()).values.get("of", ""))
    await grading.switch(session, here.course, of, here.visit.person_id, clock.now(), on=True)
    return see(address(here.course.id), "column-on")


@router.post("/repair", name="mastery_column_repair")
async def repair(request: Request, here: TeacherChanging, session: WriteSession, clock: Now) -> Response:
    """Have a column that is gone made again, or tried again what was refused."""
    of = grading_forms.what(Entered.of(await request.form()).values.get("of", ""))
    line_item = await grading.found(session, here.course, of)
    done = await grades.repair(session, line_item, clock.now())
    return see(address(here.course.id), "column-repaired" if done else None)


async def _page(
    request: Request,
    here: InCourse,
    session: AsyncSession,
    pages: CurrentPages,
    entered: Entered,
    *,
    is_entered: bool,
    status_code: int = 200,
) -> Response:
    competency_id = grading_forms.what(entered.values.get("of", ""))
    scale = (await criteria.basis(session, here.organisation_id, here.course.id)).scale
    there = await grading.column(session, here.organisation_id, here.course.id, competency_id)
    competency = await _competency(session, here, competency_id, gone=there is not None)
    translate = language_of(request).gettext
    if is_entered:
        wanted = grading_forms.read(entered, scale)
    elif there is not None:
        wanted = grading_forms.there(there.line_item.label, there.line_item.score_maximum, there.counting, scale)
    elif competency is None:
        wanted = grading_forms.usual(translate(N_("Mastery")), scale)
    else:
        wanted = grading_forms.usual(translate(N_("Mastery: %(name)s")) % {"name": competency.name}, scale)
    lines = [] if wanted is None else await _preview(session, here, competency_id, wanted, scale, there)
    context: dict[str, Any] = {
        "home": address(here.course.id),
        "of": OVERALL if competency_id is None else str(competency_id),
        "competency": competency,
        "wanted": wanted,
        "values": entered.values,
        "errors": entered.errors,
        "levels": [(level, translate(level.name)) for level in scale.levels],
        "level_names": {level.key: translate(level.name) for level in scale.levels},
        "lines": lines,
        "owing": sum(line.given is not None for line in lines),
        "is_there": there is not None,
        "limited": await limited_to(session, here) is not None,
        "allowed": grading.can_have_column(here.course),
    }
    return pages.render(request, "mastery/column.html", context, status_code=status_code)


async def _competency(
    session: AsyncSession, here: InCourse, competency_id: uuid.UUID | None, *, gone: bool
) -> MapCompetencyView | None:
    if competency_id is None:
        return None
    for one in (await maps.listed(session, here.organisation_id, here.course.id)).competencies:
        if one.id == competency_id:
            return one
    if gone:
        # Its column stays when a competency leaves the map, and is switched off on the list.
        raise NotFound("the competency is not on the map any more")
    raise NotFound("no such competency on the map")


async def _preview(
    session: AsyncSession,
    here: InCourse,
    competency_id: uuid.UUID | None,
    wanted: Wanted,
    scale: Scale,
    there: grading.MasteryColumn | None,
) -> list[Line]:
    """What every student would get whom the teacher may see, by name."""
    counting = wanted.counting(scale)
    counts = await grading.worth(session, here.organisation_id, here.course.id)
    boards = {
        row.person_id: row.standings for row in await queries.board(session, here.organisation_id, here.course.id)
    }
    entered = (
        {} if there is None else await grading_queries.entered(session, here.organisation_id, [there.line_item.id])
    )
    lines = []
    for student in await visible_students(session, here):
        standings = boards.get(student.id, {})
        brief = None if competency_id is None else counts.brief(competency_id, standings)
        was = None if there is None else entered.get((there.line_item.id, student.id))
        lines.append(
            Line(
                student.name or "",
                None if brief is None else _level(scale, brief[1], int(brief[0])),
                counts.begun(standings)[0],
                counts.of(counting, competency_id, standings),
                None if was is None else was.given,
            )
        )
    return lines


def _level(scale: Scale, key: str, rank: int) -> rules.Level | None:
    """A level as the course's scale shows it; one of an earlier scale by what it stands for."""
    return scale.by_key(key) or scale.for_standing(list(rules.Standing)[rank])
