"""The scales of a school and of its courses: choosing one, keeping a course's own, those that came with frameworks."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import map_queries, maps
from lti_tool.competencies.models import Competency, CourseMap, Framework, Scale
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.errors import BadRequest, NotFound
from lti_tool.ids import new_id
from lti_tool.mastery import rules


@dataclass(frozen=True, slots=True)
class Source:
    """A scale that a course can begin its own with: ``key`` names it in a form, ``title`` is text as its source has it."""

    key: str
    title: str
    scale: rules.Scale


async def scales(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[Scale]:
    """The scales a course may choose: the school's and its own, by title."""
    statement = (
        scoped(Scale, organisation_id)
        .where((col(Scale.course_id).is_(None)) | (col(Scale.course_id) == course_id))
        .order_by(col(Scale.title), col(Scale.id))
    )
    return list((await session.exec(statement)).all())


async def scale(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, scale_id: uuid.UUID) -> Scale:
    """One of them. NotFound."""
    for one in await scales(session, organisation_id, course_id):
        if one.id == scale_id:
            return one
    raise NotFound("no such scale")


async def sources(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[Source]:
    """Scales that came with frameworks the course's map uses: Canvas's ratings, Moodle's scales; each once."""
    ids = sorted(
        {
            row.competency_id
            for row in await map_queries.map_rows(session, organisation_id, course_id)
            if row.removed_at is None
        }
    )
    found: list[Source] = []
    frameworks: set[uuid.UUID] = set()
    for start in range(0, len(ids), 500):
        statement = scoped(Competency, organisation_id).where(col(Competency.id).in_(ids[start : start + 500]))
        for one in (await session.exec(statement.order_by(col(Competency.position), col(Competency.id)))).all():
            frameworks.add(one.framework_id)
            _add(found, f"competency.{one.id}", one.code or one.short or one.statement, _canvas(one.rule))
            _add(found, f"competency.{one.id}", one.code or one.short or one.statement, _moodle(one.extra))
    statement_of = scoped(Framework, organisation_id).where(col(Framework.id).in_(sorted(frameworks)))
    for framework in (await session.exec(statement_of.order_by(col(Framework.title)))).all():
        _add(found, f"framework.{framework.id}", framework.title, _moodle(framework.extra))
    return found


def _add(found: list[Source], key: str, title: str, scale: rules.Scale | None) -> None:
    if scale is not None and all(one.scale != scale for one in found):
        found.append(Source(key, title[:200], scale))


def _canvas(rule: Mapping[str, Any] | None) -> rules.Scale | None:
    """The scale of an outcome's ratings; Canvas's mastery is at the given points, else at the highest rating below the top."""
    ratings = (rule or {}).get("ratings")
    if not isinstance(ratings, list) or not ratings:
        return None
    try:
        mastery = (rule or {}).get("mastery_points")
        if mastery is None:
            points = sorted((one["points"] for one in ratings), reverse=True)
            mastery = points[min(1, len(points) - 1)]
        made = rules.canvas_scale(ratings, str(mastery))
    except (rules.NoScale, KeyError, TypeError):
        return None
    return None if made.validate() else made


def _moodle(extra: Mapping[str, Any]) -> rules.Scale | None:
    scale = extra.get("scale")
    if not isinstance(scale, dict) or not scale.get("values") or not scale.get("configuration"):
        return None
    try:
        made = rules.moodle_scale(scale["values"], scale["configuration"])
    except (rules.NoScale, TypeError):
        return None
    return None if made.validate() else made


async def choose_scale(
    session: AsyncSession,
    course: Course,
    revision: int,
    scale_id: uuid.UUID | None,
    by: uuid.UUID | None,
    now: datetime,
) -> None:
    """The scale of what is begun from now on; None: the school's default, else the tool's. Conflict ``map-changed``."""
    if scale_id is not None:
        await scale(session, course.organisation_id, course.id, scale_id)
    found = await maps.for_change(session, course, revision, now)
    found.scale_id = scale_id
    session.add(found)
    maps.trace(session, course, "map.rules-changed", by, now, detail="scale")
    maps.levels_follow(session, course.organisation_id, course.id)
    await session.flush()


async def keep_scale(
    session: AsyncSession,
    course: Course,
    revision: int,
    title: str,
    levels: rules.Scale,
    by: uuid.UUID | None,
    now: datetime,
    *,
    scale_id: uuid.UUID | None = None,
    source: str = "own",
) -> uuid.UUID:
    """Make a scale of the course's own, or change it, and choose it; its id. Conflict ``map-changed``; NotFound for a scale
    that is not the course's own, which only a school changes; BadRequest for one that is not valid.
    """
    if levels.validate():
        raise BadRequest("the scale is not valid")
    found = None if scale_id is None else await scale(session, course.organisation_id, course.id, scale_id)
    if found is not None and found.course_id != course.id:
        raise NotFound("not this course's own scale")
    if found is None:
        found = Scale(
            organisation_id=course.organisation_id,
            id=new_id(),
            course_id=course.id,
            title=title,
            source=source,
            levels=levels.to_json(),
            changed_at=now,
            created_at=now,
        )
    found.title, found.levels, found.changed_at = title, levels.to_json(), now
    session.add(found)
    await session.flush()
    await choose_scale(session, course, revision, found.id, by, now)
    return found.id


async def make_schools(
    session: AsyncSession, course: Course, scale_id: uuid.UUID, by: uuid.UUID | None, now: datetime
) -> None:
    """Have the school's courses use these levels wherever a course has chosen none: a scale of the school, or of this course,
    which the school then has a copy of. NotFound.
    """
    chosen = await scale(session, course.organisation_id, course.id, scale_id)
    statement = scoped(Scale, course.organisation_id).where(col(Scale.course_id).is_(None)).with_for_update()
    schools = list((await session.exec(statement)).all())
    kept = next((one for one in schools if one.id == chosen.id or one.title == chosen.title), None)
    if kept is None:
        kept = Scale(
            organisation_id=course.organisation_id,
            id=new_id(),
            title=chosen.title,
            levels=[],
            changed_at=now,
            created_at=now,
        )
    kept.levels, kept.source, kept.is_default, kept.changed_at = chosen.levels, chosen.source, True, now
    for one in schools:
        if one.id != kept.id and one.is_default:
            one.is_default = False
            session.add(one)
    session.add(kept)
    audit.record(
        session,
        now,
        "organisation.levels-changed",
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"organisation {course.organisation_id}",
        detail=f"scale {kept.id}",
    )
    for course_id in await _without_scale(session, course.organisation_id):
        maps.levels_follow(session, course.organisation_id, course_id)
    await session.flush()


async def _without_scale(session: AsyncSession, organisation_id: uuid.UUID) -> list[uuid.UUID]:
    """The courses that use whatever levels the school has."""
    statement = select(col(CourseMap.course_id)).where(
        col(CourseMap.organisation_id) == organisation_id, col(CourseMap.scale_id).is_(None)
    )
    return list((await session.exec(statement)).all())
