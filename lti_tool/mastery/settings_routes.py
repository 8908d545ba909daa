"""A teacher's pages of how levels are decided: passing mark, level rules, scale."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.competencies import map_queries, maps
from lti_tool.competencies.alignments import USUAL_PASSING_PERCENT
from lti_tool.competencies.map_views import CourseMapView
from lti_tool.competencies.sections import home, views
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.mastery import coverage, criteria, parents, queries, rule_words, rules, scales, settings
from lti_tool.mastery import settings_forms as forms
from lti_tool.mastery.rule_words import AnyRule
from lti_tool.mastery.settings_replies import notice
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/competencies/settings")


def settings_address(course_id: uuid.UUID) -> str:
    """The page; rules and scales hang below."""
    return f"{home(course_id)}/settings"


@router.get("", name="map_settings")
async def shown(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """How levels are decided now."""
    return await _page(request, here, database, pages)


@router.post("")
async def change_passing(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Change the passing mark of new alignments."""
    entered = Entered.of(await request.form())
    passing = forms.passing(entered)
    if entered.errors:
        return await _page(request, here, database, pages, entered=entered, status_code=422)
    try:
        async with database.writing() as session:
            await settings.set_passing(
                session,
                here.course,
                entered.revision(),
                passing,
                here.visit.person_id,
                clock.now(),
                practice_counts=entered.values.get("practice") == "yes",
            )
    except Conflict as conflict:
        return await _page(request, here, database, pages, trouble=conflict, status_code=409)
    return see(settings_address(here.course.id), "passing-saved")


async def _page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: CurrentPages,
    *,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        found = await maps.the_map(session, here.organisation_id, here.course.id)
        basis = await criteria.basis(session, here.organisation_id, here.course.id)
        practice = await queries.practice_counts(session, here.organisation_id, here.course.id)
        begun = await settings.has_begun(session, here.organisation_id, here.course.id)
        known = await scales.scales(session, here.organisation_id, here.course.id)
        came = await settings.source_rules(session, here.organisation_id, here.course.id)
        sources = await scales.sources(session, here.organisation_id, here.course.id)
    apart = [one for one in found.competencies if one.rule is not None] if found is not None else []
    context: dict[str, Any] = {
        "views": views(here.course.id, "settings"),
        "address": settings_address(here.course.id),
        "map": found,
        "revision": found.revision if found is not None else 0,
        "passing": found.passing_percent if found is not None else USUAL_PASSING_PERCENT,
        "practice": practice if entered is None else entered.values.get("practice") == "yes",
        "basis": basis,
        # Names of the tool's own levels are translated; a teacher's are not, and are found in no catalogue.
        "levels": [(level, language_of(request).gettext(level.name)) for level in basis.scale.levels],
        "begun": begun,
        "words": rule_words,
        "apart": [(one, _read(one.rule)) for one in apart],
        "came": came,
        "for_school": may_decide_for_school(here),
        "scales": known,
        "sources": sources,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "notice": trouble_notice(request, trouble) or notice(request),
    }
    return pages.render(request, "mastery/settings.html", context, status_code=status_code)


def may_decide_for_school(here: InCourse) -> bool:
    """Whether somebody decides for the whole school: its administrators, as the platform says it."""
    return here.visit.administers and not here.visit.masquerading


@router.post("/source-rules", name="take_source_rules")
async def take_source_rules(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Have competencies follow the rules that came with their frameworks."""
    entered = Entered.of(await request.form())
    try:
        async with database.writing() as session:
            await settings.take_source_rules(
                session, here.course, entered.revision(), here.visit.person_id, clock.now()
            )
    except Conflict as conflict:
        return await _page(request, here, database, pages, trouble=conflict, status_code=409)
    return see(settings_address(here.course.id), "rules-taken")


def _read(data: Any) -> AnyRule | None:
    try:
        return rule_words.read(data)
    except ValueError:
        return None


# --- A rule -------------------------------------------------------------------------------------------------------------


@router.get("/rule", name="level_rule")
async def choose_rule(
    request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages, clock: Now, competency: str = ""
) -> Response:
    """The rules to choose from, for the course or one of its competencies."""
    return await _rule_page(request, here, database, pages, _which(competency), clock)


@router.post("/rule")
async def save_rule(
    request: Request, here: TeacherChanging, database: CurrentDatabase, pages: CurrentPages, clock: Now
) -> Response:
    """Show what a rule would change, or have it hold from now on."""
    entered = Entered.of(await request.form())
    competency_id = _which(entered.values.get("competency", ""))
    chosen = forms.rule(entered)
    if entered.errors or entered.values.get("answer") == "preview":
        status = 422 if entered.errors else 200
        return await _rule_page(
            request, here, database, pages, competency_id, clock, entered=entered, chosen=chosen, status_code=status
        )
    try:
        async with database.writing() as session:
            await settings.set_rule(
                session,
                here.course,
                entered.revision(),
                chosen,
                here.visit.person_id,
                clock.now(),
                competency_id=competency_id,
            )
    except Conflict as conflict:
        return await _rule_page(
            request, here, database, pages, competency_id, clock, entered=entered, trouble=conflict, status_code=409
        )
    return see(settings_address(here.course.id), "rule-saved")


def _which(competency: str) -> uuid.UUID | None:
    return parsed(uuid.UUID, competency) if competency else None


async def _rule_page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: CurrentPages,
    competency_id: uuid.UUID | None,
    clock: Now,
    *,
    entered: Entered | None = None,
    chosen: AnyRule | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        found = await maps.the_map(session, here.organisation_id, here.course.id)
        competency = found.by_id.get(competency_id) if found is not None and competency_id is not None else None
        if competency_id is not None and competency is None:
            raise NotFound("the competency is not in the map")
        tree = await parents.tree(session, here.organisation_id, here.course.id)
        basis = await criteria.basis(session, here.organisation_id, here.course.id)
        preview, unreachable = None, 0
        if entered is not None and not entered.errors and trouble is None:
            preview = await _preview(session, here, clock, chosen, competency_id)
            unreachable = await _unreachable(session, here, found, chosen, competency_id)
    above = competency is not None and bool(tree.children.get(competency.id))
    holds = _read(competency.rule) if competency is not None and competency.rule is not None else None
    if competency is None and found is not None and found.rule is not None:
        holds = basis.rule
    context: dict[str, Any] = {
        "views": views(here.course.id, "settings"),
        "home": settings_address(here.course.id),
        "address": f"{settings_address(here.course.id)}/rule",
        "competency": competency,
        "revision": found.revision if found is not None else 0,
        "usual": basis.rule if competency is not None else rules.DefaultLadder(),
        # For a course the first of them is the usual one, and is not offered twice.
        "offered": [
            *(rule_words.RULES if competency is not None else rule_words.RULES[1:]),
            *(rule_words.PARENT_RULES if above else ()),
        ],
        "words": rule_words,
        "values": entered.values if entered is not None else forms.rule_fields(holds),
        "errors": entered.errors if entered is not None else {},
        "looked": entered is not None and not entered.errors and trouble is None,
        "preview": preview,
        "unreachable": unreachable,
        "standings": list(rules.Standing),
        "notice": trouble_notice(request, trouble),
    }
    return pages.render(request, "mastery/rule.html", context, status_code=status_code)


async def _preview(
    session: AsyncSession, here: InCourse, clock: Now, chosen: AnyRule | None, competency_id: uuid.UUID | None
) -> settings.Preview | None:
    """What the chosen rule makes of the evidence; a parent's rule says nothing about a learner's own evidence."""
    if isinstance(chosen, rules.ParentRule):
        return None
    rule = chosen
    if rule is None:
        basis = await criteria.basis(session, here.organisation_id, here.course.id)
        rule = basis.rule if competency_id is not None else rules.DefaultLadder()
    return await settings.preview(
        session,
        here.organisation_id,
        here.course.id,
        clock.now(),
        rule=rule,
        competency_ids=None if competency_id is None else [competency_id],
    )


async def _unreachable(
    session: AsyncSession,
    here: InCourse,
    found: CourseMapView | None,
    chosen: AnyRule | None,
    competency_id: uuid.UUID | None,
) -> int:
    """How many competencies the chosen rule could never make Secure by what is aligned."""
    if found is None or isinstance(chosen, rules.ParentRule):
        return 0
    basis = await criteria.basis(session, here.organisation_id, here.course.id)
    usual = basis.rule if competency_id is not None else rules.DefaultLadder()
    concerned = [
        row.competency_id
        for row in await map_queries.map_rows(session, here.organisation_id, here.course.id)
        if row.removed_at is None and (row.competency_id == competency_id if competency_id else row.rule is None)
    ]
    return await coverage.count_unreachable(session, here.organisation_id, here.course.id, chosen or usual, concerned)
