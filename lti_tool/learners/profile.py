"""What a learner chooses in a course: one goal, interests, and how much time there is.

A goal is a competency of the course's map, or a part of it (a domain, a cluster: what its competencies stand in). Plans read it
through ``towards``; they notice a change by ``LearnerProfile.changed_at``, so that nothing here knows of plans.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import maps, rules_graph
from lti_tool.competencies.map_views import CourseMapView, MapCompetencyView
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Course, Person
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_student
from lti_tool.errors import BadRequest, NotFound
from lti_tool.learners import profile_queries as queries
from lti_tool.learners.models import LearnerProfile
from lti_tool.mastery import queries as mastery_queries
from lti_tool.web.i18n import N_

MOST_INTERESTS = 20
MOST_MINUTES = 3000
"""Fifty hours a week: more is a typing error."""

MOST_OFFERED = 12
"""Goals that are offered at once; a search narrows them down."""


class GoalIsGone(BadRequest):
    """A goal that the course's map does not have, or has no more."""

    code = "goal-not-on-map"
    title = N_("This is not on the course’s map any more")
    advice = N_("Your teacher has changed the map. Choose another goal; everything else is kept.")


@dataclass(frozen=True, slots=True)
class Goal:
    """Something a learner can work towards. ``before``: how many competencies come before it and are not Secure yet.

    ``inside``: of a part, how many of its competencies are not Secure yet; of one competency 1, or 0 where it is.
    """

    id: uuid.UUID
    title: str
    code: str = ""
    is_part: bool = False
    before: int = 0
    inside: int = 1

    @property
    def is_reached(self) -> bool:
        """Whether all of it is Secure."""
        return self.inside == 0


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that items of the course have, and whether the learner is interested."""

    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a learner chose, as pages show it. ``set_by_teacher``: a teacher chose the goal with them.

    ``offered`` is what can be chosen now, for a search or without; ``found`` is how many there are in all.
    """

    goal: Goal | None
    goal_is_gone: bool
    set_by_teacher: bool
    topics: tuple[Topic, ...]
    weekly_minutes: int | None
    has_map: bool
    offered: tuple[Goal, ...] = ()
    found: int = 0
    changed_at: datetime | None = None


# --- Goals; pure ----------------------------------------------------------------------------------------------------------


def parts_of(view: CourseMapView) -> dict[uuid.UUID, tuple[str, str, list[uuid.UUID]]]:
    """The parts of a map by id: title, code, and their competencies. A part of one competency, or of all, is no part."""
    found: dict[uuid.UUID, tuple[str, str, list[uuid.UUID]]] = {}
    for one in view.competencies:
        for parent in one.parents:
            found.setdefault(parent.id, (parent.title, parent.code, []))[2].append(one.id)
    return {part: said for part, said in found.items() if 1 < len(said[2]) < len(view.competencies)}


def goal_of(view: CourseMapView, secure: Collection[uuid.UUID], goal_id: uuid.UUID) -> Goal | None:
    """A goal with what it would take; None where the map has nothing of this id."""
    return _Goals(view, secure).of(goal_id)


def towards(view: CourseMapView, secure: Collection[uuid.UUID], goal_id: uuid.UUID | None) -> MapCompetencyView | None:
    """The one competency to plan towards: the goal itself; of a part, the last in its order that is not Secure yet.

    Last by what comes before what, then by the map's order, so that a plan leads through the rest of the part. None without
    a goal, for one that is not on the map any more, and for a part all of whose competencies are Secure.
    """
    if goal_id is None:
        return None
    if goal_id in view.by_id:
        return view.by_id[goal_id]
    part = parts_of(view).get(goal_id)
    if part is None:
        return None
    open_ones = [one for one in part[2] if one not in secure]
    if not open_ones:
        return None
    layers = rules_graph.layers_of(open_ones, view.edges) or {}
    place = {one.id: number for number, one in enumerate(view.competencies)}
    return view.by_id[max(open_ones, key=lambda one: (layers.get(one, 0), place[one]))]


class _Goals:
    """The goals of one map for one learner."""

    def __init__(self, view: CourseMapView, secure: Collection[uuid.UUID]) -> None:
        self.view = view
        self.secure = frozenset(secure)
        self.parts = parts_of(view)
        self._needs = rules_graph.predecessors(view.edges)

    def of(self, goal_id: uuid.UUID) -> Goal | None:
        one = self.view.by_id.get(goal_id)
        if one is not None:
            return Goal(
                one.id,
                one.words,
                one.code,
                before=len(self._before([one.id]) - self.secure),
                inside=int(one.id not in self.secure),
            )
        part = self.parts.get(goal_id)
        if part is None:
            return None
        title, code, inside = part
        return Goal(
            goal_id,
            title,
            code,
            is_part=True,
            before=len(self._before(inside) - self.secure),
            inside=len(set(inside) - self.secure),
        )

    def _before(self, ends: Sequence[uuid.UUID]) -> set[uuid.UUID]:
        """Everything that comes before these, without themselves."""
        seen = set(ends)
        waiting = list(ends)
        while waiting:
            for one in self._needs.get(waiting.pop(), ()):
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return seen - set(ends)

    def offered(self, words: str) -> tuple[list[Goal], int]:
        """What can be chosen, and how many there are in all.

        Of a search, everything that has all its words, parts first. Without one: what is nearest (least before it) first, in
        the map's order, since a goal that is far away is found by its name.
        """
        wanted = words.casefold().split()
        parts = [(one, f"{title} {code}") for one, (title, code, _) in self.parts.items()]
        singles = [(one.id, f"{one.code} {one.short} {one.statement}") for one in self.view.competencies]
        if wanted:
            ids = [one for one, said in parts + singles if all(word in said.casefold() for word in wanted)]
            found = [goal for goal in map(self.of, ids[:MOST_OFFERED]) if goal is not None]
            return found, len(ids)
        open_ones = [one for one in self.view.competencies if one.id not in self.secure]
        goals = [goal for goal in (self.of(one.id) for one in open_ones) if goal is not None]
        goals.sort(key=lambda goal: goal.before)
        return goals[:MOST_OFFERED], len(goals)


def topics_from(lists: Iterable[Iterable[str]]) -> list[str]:
    """Every topic once, as it was first written, by name."""
    found: dict[str, str] = {}
    for topics in lists:
        for topic in topics:
            found.setdefault(topic.casefold().strip(), topic.strip())
    found.pop("", None)
    return [found[key] for key in sorted(found)]


# --- Reading --------------------------------------------------------------------------------------------------------------


async def secure_ones(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> frozenset[uuid.UUID]:
    """The competencies in which a learner is Secure or more."""
    rows = await mastery_queries.states_of_person(session, organisation_id, course_id, person_id)
    return frozenset(row.competency_id for row in rows if row.standing.is_secure)


async def chosen(session: AsyncSession, course: Course, person_id: uuid.UUID, search: str | None = None) -> Chosen:
    """What a learner chose, and with ``search`` (also an empty one) what they can choose from."""
    row = await queries.profile(session, course.organisation_id, course.id, person_id)
    names = topics_from(await queries.topics(session, course.organisation_id, course.id))
    mine = {one.casefold() for one in (row.interests if row else ())}
    goal_id = row.goal_competency_id if row else None
    view = None
    if goal_id is not None or search is not None:
        view = await maps.the_map(session, course.organisation_id, course.id)
    goal = None
    offered: list[Goal] = []
    found = 0
    if view is not None and view.competencies:
        goals = _Goals(view, await secure_ones(session, course.organisation_id, course.id, person_id))
        goal = goals.of(goal_id) if goal_id is not None else None
        if search is not None:
            offered, found = goals.offered(search)
    return Chosen(
        goal=goal,
        goal_is_gone=goal_id is not None and goal is None,
        set_by_teacher=row is not None and row.goal_set_by is not None and row.goal_set_by != person_id,
        topics=tuple(Topic(name, name.casefold() in mine) for name in names),
        weekly_minutes=row.weekly_minutes if row else None,
        has_map=view is not None and bool(view.competencies),
        offered=tuple(offered),
        found=found,
        changed_at=row.changed_at if row else None,
    )


async def student(session: AsyncSession, here: InCourse, person_id: uuid.UUID) -> tuple[Person, str]:
    """A student whom the teacher who is here may see, with their name. NotFound."""
    person = await visible_student(session, here, person_id)
    return person, display_name(person)


# --- Choosing -------------------------------------------------------------------------------------------------------------


async def set_goal(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    goal_id: uuid.UUID | None,
    by: uuid.UUID | None,
    now: datetime,
) -> bool:
    """Choose a goal, or none; whether anything changed. GoalIsGone for what the map does not have.

    ``by`` is the learner, or the teacher who chose it with them; that leaves an audit entry.
    """
    if goal_id is not None:
        view = await maps.the_map(session, course.organisation_id, course.id)
        if view is None or (goal_id not in view.by_id and goal_id not in parts_of(view)):
            raise GoalIsGone("the goal is not on the map")
    row = await _row(session, course, person_id, now)
    if row.goal_competency_id == goal_id:
        return False
    row.goal_competency_id, row.goal_set_by, row.changed_at = goal_id, by if goal_id else None, now
    session.add(row)
    if by != person_id:
        audit.record(
            session,
            now,
            "student.goal-set",
            organisation_id=course.organisation_id,
            actor=str(by) if by else None,
            subject=f"person:{person_id}",
            detail=f"competency {goal_id}" if goal_id else "none",
        )
    return True


async def set_interests(
    session: AsyncSession, course: Course, person_id: uuid.UUID, wanted: Collection[str], now: datetime
) -> bool:
    """Choose topics among those the course's items have; others are left out. Whether anything changed."""
    names = topics_from(await queries.topics(session, course.organisation_id, course.id))
    said = {one.casefold().strip() for one in wanted}
    interests = [name for name in names if name.casefold() in said][:MOST_INTERESTS]
    row = await _row(session, course, person_id, now)
    if row.interests == interests:
        return False
    row.interests, row.changed_at = interests, now
    session.add(row)
    return True


async def set_pace(
    session: AsyncSession, course: Course, person_id: uuid.UUID, weekly_minutes: int | None, now: datetime
) -> bool:
    """Say how many minutes a week there are; None takes it back. Whether anything changed."""
    row = await _row(session, course, person_id, now)
    if row.weekly_minutes == weekly_minutes:
        return False
    row.weekly_minutes, row.changed_at = weekly_minutes, now
    session.add(row)
    return True


async def _row(session: AsyncSession, course: Course, person_id: uuid.UUID, now: datetime) -> LearnerProfile:
    """The learner's row, made where there is none yet, and locked: two tabs come one after the other."""
    for _ in range(2):
        row = await queries.profile(session, course.organisation_id, course.id, person_id, lock=True)
        if row is not None:
            return row
        await queries.add(
            session,
            LearnerProfile(
                organisation_id=course.organisation_id, course_id=course.id, person_id=person_id, changed_at=now
            ),
        )
    raise NotFound("the person has gone")
