"""How a course's levels are decided: its passing mark, its rule and those of single competencies, its scale.

What a learner has begun keeps the criterion it was begun with; a change holds for what is begun from then on. Rules of parents
are the map's as it stands, so that those hold at once.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import map_queries, maps
from lti_tool.competencies.models import Competency, Framework, MapCompetency, Scale
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.errors import BadRequest, NotFound
from lti_tool.ids import new_id
from lti_tool.mastery import criteria, parents, rules, writing
from lti_tool.mastery.models import MasteryState
from lti_tool.mastery.rule_words import AnyRule
from lti_tool.mastery.source_rules import rule_of as source_rule_of
from lti_tool.mastery.writing import Asked

MOST_REPLAYED = 60_000
"""Pieces of evidence that a preview computes anew; a course with more is not previewed."""


# --- Changing -----------------------------------------------------------------------------------------------------------


async def set_passing(
    session: AsyncSession, course: Course, revision: int, passing_percent: float, by: uuid.UUID | None, now: datetime
) -> None:
    """The passing mark of new alignments, 0 to 100; those that are there keep theirs. Conflict ``map-changed``."""
    found = await maps.for_change(session, course, revision, now)
    found.passing_percent = passing_percent
    session.add(found)
    maps.trace(session, course, "map.rules-changed", by, now, detail="passing mark")
    await session.flush()


async def set_rule(
    session: AsyncSession,
    course: Course,
    revision: int,
    rule: AnyRule | None,
    by: uuid.UUID | None,
    now: datetime,
    *,
    competency_id: uuid.UUID | None = None,
) -> None:
    """The level rule of the course, or of one of its competencies; None: the tool's own, or the course's.

    Conflict ``map-changed``; NotFound for a competency that is not in the map; BadRequest for a parent's rule where nothing
    stands below, since it would never say anything.
    """
    found = await maps.for_change(session, course, revision, now)
    data = None if rule is None else rule.to_json()
    if competency_id is None:
        if isinstance(rule, rules.ParentRule):
            raise BadRequest("a parent's rule for a whole course")
        found.rule = data
        session.add(found)
    else:
        place = await _place(session, course, competency_id)
        if isinstance(rule, rules.ParentRule):
            tree = await parents.tree(session, course.organisation_id, course.id)
            if not tree.children.get(competency_id):
                raise BadRequest("nothing stands below this competency")
        place.rule = data
        session.add(place)
    maps.trace(
        session, course, "map.rules-changed", by, now, detail="course" if competency_id is None else "one competency"
    )
    await session.flush()


async def _place(session: AsyncSession, course: Course, competency_id: uuid.UUID) -> MapCompetency:
    for row in await map_queries.map_rows(session, course.organisation_id, course.id):
        if row.competency_id == competency_id and row.removed_at is None:
            return row
    raise NotFound("the competency is not in the map")


# --- Rules that came with frameworks --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceRule:
    """A competency whose source says how its level is decided, and which this course has given no rule of its own."""

    competency_id: uuid.UUID
    name: str
    rule: AnyRule


async def source_rules(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[SourceRule]:
    """Those of a course's map, in its order. A parent's rule is left out where nothing of the map stands below."""
    places = {
        row.competency_id: row
        for row in await map_queries.map_rows(session, organisation_id, course_id)
        if row.removed_at is None
    }
    found: dict[uuid.UUID, Competency] = {}
    ids = sorted(places)
    for start in range(0, len(ids), 500):
        statement = scoped(Competency, organisation_id).where(col(Competency.id).in_(ids[start : start + 500]))
        found |= {one.id: one for one in (await session.exec(statement)).all()}
    tree = await parents.tree(session, organisation_id, course_id)
    known = {one.identifier: one.id for one in found.values()}
    came = []
    for competency_id, place in places.items():
        one = found[competency_id]
        rule = source_rule_of(one.rule, known) if place.rule is None else None
        if rule is None or (isinstance(rule, rules.ParentRule) and not tree.children.get(competency_id)):
            continue
        came.append(SourceRule(competency_id, one.code or one.short or one.statement, rule))
    return came


async def take_source_rules(
    session: AsyncSession, course: Course, revision: int, by: uuid.UUID | None, now: datetime
) -> int:
    """Have every competency follow the rule that its source says, unless it has one already; how many. Conflict
    ``map-changed``.
    """
    await maps.for_change(session, course, revision, now)
    wanted = {one.competency_id: one.rule for one in await source_rules(session, course.organisation_id, course.id)}
    for row in await map_queries.map_rows(session, course.organisation_id, course.id):
        if row.competency_id in wanted:
            row.rule = wanted[row.competency_id].to_json()
            session.add(row)
    maps.trace(session, course, "map.rules-changed", by, now, detail=f"{len(wanted)} rules of frameworks")
    await session.flush()
    return len(wanted)


# --- Scales -------------------------------------------------------------------------------------------------------------


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
    await session.flush()


# --- What would change --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """How levels stand, and how they would stand if everybody began anew: counts by standing. None: too much to compute.

    ``learners`` have begun something; what they have begun keeps its criterion.
    """

    learners: int
    begun: int
    before: Mapping[rules.Standing, int]
    after: Mapping[rules.Standing, int] | None


async def preview(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    now: datetime,
    *,
    rule: rules.Rule | None,
    scale: rules.Scale | None = None,
    competency_ids: Sequence[uuid.UUID] | None = None,
) -> Preview | None:
    """What a rule or a scale would make of the evidence that is there; None where there is none.

    ``rule`` None: each competency's own, as it is. ``competency_ids`` None: all that follow the course's rule.
    """
    places = {
        row.competency_id: row
        for row in await map_queries.map_rows(session, organisation_id, course_id)
        if row.removed_at is None
    }
    if competency_ids is None:
        wanted = [one for one, row in places.items() if rule is None or row.rule is None]
    else:
        wanted = [one for one in competency_ids if one in places]
    states = await _states(session, organisation_id, course_id, set(wanted))
    if not states:
        return None
    people = sorted({state.person_id for state in states})
    before = Counter(rules.Standing(state.standing.value) for state in states)
    counted = sum(state.count for state in states)
    if counted > MOST_REPLAYED:
        return Preview(len(people), len(states), before, None)
    basis = await criteria.basis(session, organisation_id, course_id)
    aligned = await criteria.aligned_items(session, organisation_id, course_id, wanted)
    begin: dict[uuid.UUID, rules.Criterion] = {}
    for one in wanted:
        usual = criteria.begun_with(basis, places[one].rule, aligned.get(one, ()))
        chosen = usual.rule if rule is None else rules.fitted(rule, aligned.get(one, ()))
        begin[one] = rules.Criterion(chosen, scale or usual.scale)
    observations: dict[tuple[uuid.UUID, uuid.UUID], list[rules.Observation]] = {}
    asked = Asked(organisation_id, course_id, people, sorted({state.competency_id for state in states}))
    for piece in await writing.live(session, asked):
        if piece.moves_levels:
            observations.setdefault((piece.person_id, piece.competency_id), []).append(piece.observation())
    after: Counter[rules.Standing] = Counter()
    for state in states:
        some = observations.get((state.person_id, state.competency_id), [])
        # A parent's level may stand on its children's alone; no rule of its own evidence changes that.
        kept = rules.Standing(state.standing.value)
        after[begin[state.competency_id].judge(some, now).standing if some else kept] += 1
    return Preview(len(people), len(states), before, after)


async def _states(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, competency_ids: set[uuid.UUID]
) -> list[MasteryState]:
    statement = scoped(MasteryState, organisation_id).where(MasteryState.course_id == course_id)
    return [row for row in (await session.exec(statement)).all() if row.competency_id in competency_ids and row.count]


async def has_begun(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> bool:
    """Whether any learner of the course has begun anything."""
    statement = scoped(MasteryState, organisation_id).where(MasteryState.course_id == course_id).limit(1)
    return (await session.exec(statement)).first() is not None
