"""A competency's page: who is where, what comes before and after, which items belong to it, what the evidence is."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import alignments, rules_graph
from lti_tool.competencies.alignment_rules import AlignmentView
from lti_tool.competencies.map_views import CourseMapView, MapCompetencyView
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import NotFound
from lti_tool.insight import board, queries, service
from lti_tool.insight.board import Holding
from lti_tool.insight.evidence_views import EvidenceView, evidence_views
from lti_tool.insight.words import Levels, LevelView
from lti_tool.learners import supports
from lti_tool.logs import reference_code
from lti_tool.mastery import queries as mastery_queries

MOST_EVIDENCE = 200
"""Rows of evidence on the page; all of a student's stand on the student's own."""


@dataclass(frozen=True, slots=True)
class Here:
    """A student at a level."""

    person_id: uuid.UUID
    name: str
    is_due: bool


@dataclass(frozen=True, slots=True)
class Beside:
    """A competency that comes before or after, and how many of the class are secure in it."""

    competency: MapCompetencyView
    secure: int


@dataclass(frozen=True, slots=True)
class Aligned:
    """An item that belongs to the competency."""

    view: AlignmentView
    item: ContentItem

    @property
    def address(self) -> str | None:
        """Where it opens; None where it is gone or not published."""
        return (
            content_rules.teachers_address(self.item) if self.item.deleted_at is None and self.item.published else None
        )


@dataclass(frozen=True, slots=True)
class CompetencyPage:
    """Everything the page shows."""

    competency: MapCompetencyView
    levels: Levels
    places: list[tuple[LevelView, list[Here]]]
    before: list[Beside]
    opens: list[Beside]
    items: list[Aligned]
    evidence: list[EvidenceView]
    names: dict[uuid.UUID, str]
    students: int

    @property
    def is_assessed(self) -> bool:
        """Whether anything the LMS can tell results of assesses it."""
        return any(one.view.gives_evidence and one.address for one in self.items)

    @property
    def is_assessed_by_hand(self) -> bool:
        """Whether something assesses it whose results do not come by themselves, such as a column of a gradebook file."""
        return not self.is_assessed and any(one.view.gives_evidence for one in self.items)

    @property
    def secure(self) -> int:
        """How many are secure or more."""
        return sum(len(people) for level, people in self.places if level.is_known)


async def competency_page(
    session: AsyncSession, here: InCourse, competency_id: uuid.UUID, now: datetime
) -> CompetencyPage:
    """The page of one competency of the course's map; the look leaves an audit entry. Raises NotFound."""
    view = await service.map_of(session, here)
    competency = in_map(view, competency_id)
    levels = Levels(await service.scale_of(session, here.organisation_id, view.scale_id))
    people = await visible_students(session, here)
    held = await queries.standings(session, here.organisation_id, here.course.id)
    aligned = [
        one
        for one in await alignments.of_course(session, here.organisation_id, here.course.id)
        if one.competency_id == competency_id
    ]
    items = await queries.items(session, here.organisation_id, here.course.id, {one.content_item_id for one in aligned})
    rows = await mastery_queries.evidence_of_competency(
        session,
        here.organisation_id,
        here.course.id,
        competency_id,
        [person.id for person in people],
        most=MOST_EVIDENCE,
    )
    known = await queries.items(
        session, here.organisation_id, here.course.id, {row.content_item_id for row in rows if row.content_item_id}
    )
    entered = await queries.names(session, here.organisation_id, {row.entered_by for row in rows if row.entered_by})
    audit.record(
        session,
        now,
        "students.mastery-viewed",
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"course:{here.course.id}",
        reference=reference_code.get(),
        detail=f"competency {competency_id}",
    )
    rows_by_person = {person.id: held.get(person.id, {}) for person in people}
    secure = _secure_counts(rows_by_person.values())
    return CompetencyPage(
        competency=competency,
        levels=levels,
        places=_places(competency, people, rows_by_person, levels, board.epoch_day(now, here.visit.days_in)),
        before=_beside(view, rules_graph.predecessors(view.edges).get(competency_id, ()), secure),
        opens=_beside(view, rules_graph.successors(view.edges).get(competency_id, ()), secure),
        items=sorted(
            (Aligned(one, items[one.content_item_id]) for one in aligned if one.content_item_id in items),
            key=lambda one: one.item.position,
        ),
        evidence=evidence_views(rows, known, entered, levels, knows_marks=await supports.may_see(session, here)),
        names={person.id: display_name(person) for person in people},
        students=len(people),
    )


def in_map(view: CourseMapView, competency_id: uuid.UUID) -> MapCompetencyView:
    """A competency of the map; NotFound for one that it does not hold (any more)."""
    found = view.by_id.get(competency_id)
    if found is None:
        raise NotFound("the competency is not on the course's map")
    return found


def _secure_counts(held: Iterable[dict[str, Holding]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in held:
        for number, one in row.items():
            if one[0] >= board.SECURE:
                counts[number] = counts.get(number, 0) + 1
    return counts


def _beside(view: CourseMapView, ids: Iterable[uuid.UUID], secure: dict[str, int]) -> list[Beside]:
    found = [view.by_id[one] for one in dict.fromkeys(ids) if one in view.by_id]
    return [Beside(one, secure.get(str(one.number), 0)) for one in found]


def _places(
    competency: MapCompetencyView,
    people: list[Person],
    held: dict[uuid.UUID, dict[str, Holding]],
    levels: Levels,
    today: int,
) -> list[tuple[LevelView, list[Here]]]:
    """The students at each level, from not started upwards, by name within a level: never a ranking."""
    found: dict[str, list[Here]] = {level.key: [] for level in levels.rising}
    for person in people:
        one = held[person.id].get(str(competency.number))
        level = levels.held(one)
        due = one is not None and one[2] is not None and one[2] <= today
        found[level.key].append(Here(person.id, display_name(person), due))
    return [(level, found[level.key]) for level in levels.rising]
