"""A teacher's pages of the school's frameworks: the list, one to browse, and what leaves as a file."""

import json
import re
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.competencies import framework_queries as queries
from lti_tool.competencies import import_queries
from lti_tool.competencies.case_export import Exporter
from lti_tool.competencies.csv_export import as_csv
from lti_tool.competencies.framework_replies import frameworks_address, may_change, notice
from lti_tool.competencies.models import Competency, Framework
from lti_tool.competencies.outline import Look, grade_name, outline
from lti_tool.competencies.sections import home, views
from lti_tool.courses.access import InCourse, TeacherIn
from lti_tool.errors import NotFound
from lti_tool.web.dependencies import CurrentPages, CurrentSettings, ReadSession
from lti_tool.web.pages import language_of

router = APIRouter(prefix="/courses/{course_id}/competencies/frameworks")

Words = Annotated[str, Query(max_length=200)]
Grade = Annotated[str, Query(max_length=100)]


@router.get("", name="frameworks")
async def listed(request: Request, here: TeacherIn, session: ReadSession, pages: CurrentPages) -> Response:
    """The school's frameworks, and the course's own."""
    found = await queries.frameworks(session, here.organisation_id, here.course.id)
    counts = await queries.counts(session, here.organisation_id, [one.id for one in found])
    context: dict[str, Any] = {
        "views": views(here.course.id, "frameworks"),
        "home": frameworks_address(here.course.id),
        "frameworks": [(one, counts[one.id]) for one in found],
        "may_change": may_change(here),
        "notice": notice(request),
    }
    return pages.render(request, "competencies/frameworks.html", context)


@router.get("/{framework_id}", name="framework")
async def browse(
    request: Request,
    here: TeacherIn,
    framework_id: uuid.UUID,
    session: ReadSession,
    pages: CurrentPages,
    q: Words = "",
    grade: Grade = "",
    within: Words = "",
    at: Words = "",
    show: Words = "",
) -> Response:
    """A framework as an indented list, narrowed by words, grade and part."""
    framework = await the_framework(session, here, framework_id)
    every = await queries.competencies(session, here.organisation_id, framework_id, retired=True)
    links = await queries.links(session, here.organisation_id, framework_id)
    present = [one for one in every if one.retired_at is None]
    look = Look(q, grade, _as_id(within), _as_id(at), show == "all")
    found = outline(present, links, look)
    say = language_of(request).gettext
    used = await import_queries.courses_using(session, here.organisation_id, framework_id)
    context: dict[str, Any] = {
        "views": views(here.course.id, "frameworks"),
        "home": frameworks_address(here.course.id),
        "map_address": home(here.course.id),
        "address": f"{frameworks_address(here.course.id)}/{framework_id}",
        "framework": framework,
        "outline": found,
        "look": look,
        "at": look.at,
        "grades": [(one, _grade_words(say, one)) for one in found.grades],
        "retired": [one for one in every if one.retired_at is not None],
        "loops": _left_out(framework, present),
        "used_here": any(one[0] == here.course.id for one in used),
        "used": len(used),
        "may_change": may_change(here),
        "notice": notice(request),
    }
    return pages.render(request, "competencies/framework.html", context)


@router.get("/{framework_id}/case.json", name="framework_as_case")
async def as_case(
    here: TeacherIn, framework_id: uuid.UUID, session: ReadSession, settings: CurrentSettings
) -> Response:
    """A framework as a CASE 1.1 package."""
    exporter = await exporter_of(
        session, here.organisation_id, await the_framework(session, here, framework_id), settings.base_url
    )
    text = json.dumps(exporter.package(), ensure_ascii=False, indent=1)
    return _file(text, "application/json", exporter.framework, "case.json")


@router.get("/{framework_id}/competencies.csv", name="framework_as_csv")
async def as_table(
    here: TeacherIn, framework_id: uuid.UUID, session: ReadSession, settings: CurrentSettings
) -> Response:
    """A framework as our own CSV."""
    exporter = await exporter_of(
        session, here.organisation_id, await the_framework(session, here, framework_id), settings.base_url
    )
    text = as_csv(exporter.framework, exporter.competencies, exporter.links)
    return _file(text, "text/csv", exporter.framework, "csv")


async def the_framework(session: AsyncSession, here: InCourse, framework_id: uuid.UUID) -> Framework:
    """A framework that the course may use; NotFound for any other."""
    found = await queries.framework(session, here.organisation_id, framework_id, here.course.id)
    if found is None:
        raise NotFound("no such framework for this course")
    return found


async def exporter_of(
    session: AsyncSession, organisation_id: uuid.UUID, framework: Framework, base_url: str
) -> Exporter:
    """What writes a framework, with what its source has now."""
    return Exporter(
        framework,
        await queries.competencies(session, organisation_id, framework.id),
        await queries.links(session, organisation_id, framework.id),
        base_url,
    )


def _file(text: str, media_type: str, framework: Framework, ending: str) -> Response:
    name = re.sub(r"[^A-Za-z0-9]+", "-", framework.title).strip("-")[:60] or "framework"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}
    return Response(text, media_type=f"{media_type}; charset=utf-8", headers=headers)


def _as_id(value: str) -> uuid.UUID | None:
    """An id in a query, or None: a narrowed list that cannot be is the whole list, not an error."""
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


def _grade_words(say: Any, grade: str) -> str:
    words, number = grade_name(grade)
    return str(say(words) % {"number": number}) if number is not None else str(say(words))


def _left_out(framework: Framework, competencies: list[Competency]) -> list[tuple[str, str]]:
    """The prerequisites that were left out because they would close a loop, by what people call their ends."""
    names = {one.identifier: one.code or one.statement[:40] for one in competencies}
    pairs = framework.extra.get("left_out") or []
    return [(names[one[0]], names[one[1]]) for one in pairs if len(one) == 2 and one[0] in names and one[1] in names]
