"""One learner on a course's map: where they stand, why, what is next, what it opens, and how they can show it.

The same for the learner, their family and their teacher; only the words differ.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignments, maps, rules_graph
from lti_tool.competencies.alignment_rules import AlignmentView
from lti_tool.competencies.map_views import CourseMapView, MapCompetencyView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Course
from lti_tool.insight import queries, service
from lti_tool.insight.explained import missing_sentence, sentence
from lti_tool.insight.words import Levels, LevelView
from lti_tool.mastery import criteria, theirs
from lti_tool.mastery import queries as mastery_queries
from lti_tool.mastery.models import MasteryState
from lti_tool.mastery.rules import Audience

FIRST = 5
"""How many next steps are shown at once; more would be no help in choosing."""

MOST_CARDS = 40
"""Competencies of a map that are all shown as cards."""


@dataclass(frozen=True, slots=True)
class ItemLink:
    """An item of the course that belongs to a competency, as a learner opens it."""

    id: uuid.UUID
    title: str
    kind: str
    address: str | None
    role: AlignmentRole

    @property
    def shows(self) -> bool:
        """Whether it assesses: what is done there becomes evidence."""
        return self.role is AlignmentRole.ASSESSES


@dataclass(frozen=True, slots=True)
class OwnWord:
    """What the learner said of themselves last: a standing, in words of their own too, and when."""

    standing: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a learner stands with one competency. ``needs`` are prerequisites that are known not to be met yet."""

    competency: MapCompetencyView
    level: LevelView
    sentence: str
    missing: str
    since: datetime | None
    latest_at: datetime | None
    review_due_at: datetime | None
    is_due: bool
    count: int
    rolled_up: bool
    override_until: datetime | None
    needs: tuple[MapCompetencyView, ...]
    before: tuple[MapCompetencyView, ...]
    opens: tuple[MapCompetencyView, ...]
    items: tuple[ItemLink, ...]
    said: OwnWord | None
    is_next: bool
    better_first: tuple[MapCompetencyView, ...]
    """Prerequisites of which nobody knows whether they are met: they hold nobody up, and still come before."""
    typed: str = ""
    """What a teacher has entered about it in the platform's gradebook, as a sentence; empty where nothing was."""

    @property
    def is_known(self) -> bool:
        """Whether it is Secure or more."""
        return self.level.is_known

    @property
    def is_begun(self) -> bool:
        """Whether there is evidence, and not enough yet."""
        return not self.is_known and self.level.key != ""


@dataclass(frozen=True, slots=True)
class LearnerMap:
    """A learner's whole map, in the map's order."""

    view: CourseMapView
    levels: Levels
    stands: tuple[Stand, ...]

    @property
    def is_small(self) -> bool:
        """Whether every competency can have a card on one page; of a larger map most are lines that open one."""
        return len(self.stands) <= MOST_CARDS

    @property
    def known(self) -> list[Stand]:
        """What is Secure or more."""
        return [one for one in self.stands if one.is_known]

    @property
    def due(self) -> list[Stand]:
        """What is known, and should be looked at again."""
        return [one for one in self.stands if one.is_known and one.is_due]

    @property
    def next(self) -> list[Stand]:
        """What can be learned now: what was begun first, then what has nothing before it, then what opens most."""
        ready = [one for one in self.stands if one.is_next]
        return sorted(ready, key=lambda one: (not one.is_begun, bool(one.better_first), -len(one.opens)))

    @property
    def later(self) -> list[Stand]:
        """What something else comes before."""
        return [one for one in self.stands if not one.is_known and not one.is_next]

    @property
    def counts(self) -> list[tuple[LevelView, int]]:
        """How many competencies are at each level, from not started upwards."""
        return [(level, sum(one.level.key == level.key for one in self.stands)) for level in self.levels.rising]

    def stand(self, competency_id: uuid.UUID) -> Stand | None:
        """Where the learner stands with one competency; None for one that is not on the map."""
        return next((one for one in self.stands if one.competency.id == competency_id), None)

    def by_heading(self) -> list[tuple[str, list[Stand]]]:
        """The map in parts, by grade and domain, as the class board has them."""
        parts: dict[str, list[Stand]] = {}
        for one in self.stands:
            parts.setdefault(service.column_of(one.competency).heading, []).append(one)
        return list(parts.items())


async def learner_map(
    session: AsyncSession, course: Course, person_id: uuid.UUID, now: datetime, to: Audience
) -> LearnerMap | None:
    """One learner's map in the words for an audience; None where the course has no map."""
    view = await maps.the_map(session, course.organisation_id, course.id)
    if view is None or not view.competencies:
        return None
    levels = Levels(await service.scale_of(session, course.organisation_id, view.scale_id))
    states = {
        one.competency_id: one
        for one in await mastery_queries.states_of_person(session, course.organisation_id, course.id, person_id)
    }
    aligned = await alignments.of_course(session, course.organisation_id, course.id)
    items = await queries.items(session, course.organisation_id, course.id, {one.content_item_id for one in aligned})
    selves = await queries.self_assessments(session, course.organisation_id, course.id, person_id)
    said = {
        row.competency_id: OwnWord(row.judged.value, row.note, row.observed_at)
        for row in selves
        if row.judged is not None
    }
    frozen = await criteria.frozen(session, course.organisation_id, {one.criterion_id for one in states.values()})
    met = what_is_met(view, states, {one.competency_id for one in aligned if one.role is AlignmentRole.ASSESSES})
    ready = set(rules_graph.outer_fringe([one.id for one in view.competencies], view.edges, met))
    blocked = rules_graph.blocking(view.edges, met)
    before, after = rules_graph.predecessors(view.edges), rules_graph.successors(view.edges)
    by_competency = _by_competency(aligned, items)

    typed = await theirs.sentences(session, course, person_id, now, to)

    def stand(one: MapCompetencyView) -> Stand:
        state = states.get(one.id)
        level = levels.of(state.level, state.standing) if state else levels.none
        due_at = state.review_due_at if state else None
        criterion = frozen.get(state.criterion_id) if state else None
        return Stand(
            competency=one,
            level=level,
            sentence=sentence(state, now, to),
            missing=missing_sentence(criterion, state, now, to),
            since=state.since if state else None,
            latest_at=state.latest_at if state else None,
            review_due_at=due_at,
            is_due=due_at is not None and due_at <= now,
            count=state.count if state else 0,
            rolled_up=state.rolled_up if state else False,
            override_until=state.override_until if state else None,
            needs=_known(view, blocked.get(one.id, ())),
            before=_known(view, before.get(one.id, ())),
            opens=_known(view, after.get(one.id, ())),
            items=by_competency.get(one.id, ()),
            said=said.get(one.id),
            is_next=one.id in ready,
            better_first=_known(view, [near for near in before.get(one.id, ()) if met[near] is None]),
            typed=typed.get(one.id, ""),
        )

    return LearnerMap(view, levels, tuple(stand(one) for one in view.competencies))


def what_is_met(
    view: CourseMapView, states: Mapping[uuid.UUID, MasteryState], assessed: Collection[uuid.UUID]
) -> dict[uuid.UUID, bool | None]:
    """What is met (True), not yet (False), or cannot be known (None), by competency.

    Without evidence a competency is not yet met if the course can find out: where an item assesses it, or where no item
    assesses anything and all evidence is what teachers see. What nothing assesses holds nobody up.
    """
    met: dict[uuid.UUID, bool | None] = {}
    for one in view.competencies:
        state = states.get(one.id)
        if state is not None and state.level:
            met[one.id] = state.standing.is_secure
        else:
            met[one.id] = False if not assessed or one.id in assessed else None
    return met


def _known(view: CourseMapView, ids: Iterable[uuid.UUID]) -> tuple[MapCompetencyView, ...]:
    return tuple(view.by_id[one] for one in ids if one in view.by_id)


_ROLE_ORDER = [AlignmentRole.TEACHES, AlignmentRole.PRACTISES, AlignmentRole.ASSESSES]


def _by_competency(
    aligned: Iterable[AlignmentView], items: Mapping[uuid.UUID, ContentItem]
) -> dict[uuid.UUID, tuple[ItemLink, ...]]:
    """The items of each competency that are there and published: what teaches first, what assesses last."""
    found: dict[uuid.UUID, list[tuple[int, int, ItemLink]]] = {}
    for one in aligned:
        item = items.get(one.content_item_id)
        if item is None or item.deleted_at is not None or not item.published:
            continue
        link = ItemLink(item.id, item.title, item.kind.value, item.url, one.role)
        found.setdefault(one.competency_id, []).append((_ROLE_ORDER.index(one.role), item.position, link))
    return {
        competency_id: tuple(link for *_, link in sorted(links, key=lambda one: one[:2]))
        for competency_id, links in found.items()
    }
