"""How a course's levels are decided: its passing mark, its rule and those of single competencies. Scales: mastery.scales.

What a learner has begun keeps the criterion it was begun with; a change holds for what is begun from then on. Rules of parents
are the map's as it stands, so that those hold at once.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import map_queries, maps
from lti_tool.competencies.models import Competency, MapCompetency
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.errors import BadRequest, NotFound
from lti_tool.mastery import criteria, looking, parents, rules
from lti_tool.mastery.looking import Asked
from lti_tool.mastery.models import MasteryState
from lti_tool.mastery.rule_words import AnyRule
from lti_tool.mastery.source_rules import rule_of as source_rule_of

MOST_REPLAYED = 60_000
"""Pieces of evidence that a preview computes anew; a course with more is not previewed."""


# --- Changing -----------------------------------------------------------------------------------------------------------


async def set_passing(
    session: AsyncSession,
    course: Course,
    revision: int,
    passing_percent: float,
    by: uuid.UUID | None,
    now: datetime,
    *,
    practice_counts: bool = False,
) -> None:
    """The passing mark of new alignments, 0 to 100; those that are there keep theirs. Conflict ``map-changed``.

    ``practice_counts``: whether results of what only practises a competency are evidence of it, from the next reading on.
    """
    found = await maps.for_change(session, course, revision, now)
    found.passing_percent = passing_percent
    found.practice_counts = practice_counts
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
    maps.levels_follow(session, course.organisation_id, course.id)
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
    maps.levels_follow(session, course.organisation_id, course.id)
    await session.flush()
    return len(wanted)


# --- What would change --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    """A learner's standing in a competency that would become another one."""

    person_id: uuid.UUID
    competency_id: uuid.UUID
    before: rules.Standing
    after: rules.Standing


@dataclass(frozen=True, slots=True)
class Preview:
    """How levels stand, and how they would stand if everybody began anew: counts by standing. None: too much to compute.

    ``learners`` have begun something; what they have begun keeps its criterion. ``moves`` are those of their own evidence that
    would become others; parents follow.
    """

    learners: int
    begun: int
    before: Mapping[rules.Standing, int]
    after: Mapping[rules.Standing, int] | None
    moves: tuple[Move, ...] = ()


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
    for piece in await looking.live(session, asked):
        if piece.moves_levels:
            observations.setdefault((piece.person_id, piece.competency_id), []).append(piece.observation())
    after: Counter[rules.Standing] = Counter()
    moves: list[Move] = []
    for state in states:
        some = observations.get((state.person_id, state.competency_id), [])
        # A parent's level may stand on its children's alone; no rule of its own evidence changes that.
        kept = rules.Standing(state.standing.value)
        becomes = kept
        if some and not state.rolled_up:
            becomes = begin[state.competency_id].judge(some, now, brief=True).standing
        after[becomes] += 1
        if becomes is not kept:
            moves.append(Move(state.person_id, state.competency_id, kept, becomes))
    return Preview(len(people), len(states), before, after, tuple(moves))


async def _states(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, competency_ids: set[uuid.UUID]
) -> list[MasteryState]:
    statement = scoped(MasteryState, organisation_id).where(MasteryState.course_id == course_id)
    return [row for row in (await session.exec(statement)).all() if row.competency_id in competency_ids and row.count]


async def has_begun(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> bool:
    """Whether any learner of the course has begun anything."""
    statement = scoped(MasteryState, organisation_id).where(MasteryState.course_id == course_id).limit(1)
    return (await session.exec(statement)).first() is not None
