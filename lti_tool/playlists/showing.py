"""What the pages of students and families show of paths, read from the database."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import zone_named
from lti_tool.competencies import alignments, maps
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.content import window_queries
from lti_tool.courses.models import Course
from lti_tool.learners import profile
from lti_tool.learners.profile import Goal
from lti_tool.mastery import queries as mastery_queries
from lti_tool.playlists import asking, levels, monitor_queries, queries, views, ways
from lti_tool.playlists.asking import Conversation
from lti_tool.playlists.levels import LevelView
from lti_tool.playlists.paths import Path
from lti_tool.playlists.planning import why
from lti_tool.playlists.planning.base import Nothing
from lti_tool.playlists.ways import Ways

MOST_SPOKEN = 80
"""Letters of a competency that a sentence can hold and still be read."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A competency that the path is about, and where the student stands with it."""

    competency: MapCompetencyView
    level: LevelView

    @property
    def is_known(self) -> bool:
        """Whether it is Secure or more."""
        return self.level.standing.is_secure


@dataclass(frozen=True, slots=True)
class PathPage:
    """Everything a student's page of one path shows besides the path itself. ``other``: their other paths, unfinished first.

    ``ways`` are the other ways of the steps that are open, by step; ``names`` the map's competencies by number.
    """

    view: views.PathView
    conversation: Conversation = field(default_factory=Conversation)
    aims: tuple[Aim, ...] = ()
    ways: Mapping[uuid.UUID, Ways] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    by_id: Mapping[uuid.UUID, str] = field(default_factory=dict)
    goal: Goal | None = None
    has_map: bool = False
    days: views.Days | None = None
    other: tuple[views.PathView, ...] = ()

    @property
    def known(self) -> list[Aim]:
        """What the student knows of what the path is about."""
        return [one for one in self.aims if one.is_known]

    @property
    def not_yet(self) -> list[Aim]:
        """What is still to be learned."""
        return [one for one in self.aims if not one.is_known]

    def why(self, view: views.StepView, to: str = "student") -> str:
        """Why this, why now, of a step that the tool chose, in the language of the page being rendered; empty for others."""
        if view.step.why is None:
            return ""
        try:
            return why.sentence(why.of_json(view.step.why), self.names, to)
        except ValueError:
            return ""

    @property
    def nothing_planned(self) -> str:
        """Why the tool has chosen no step, and what to do, in the language of the page; empty where it is not known."""
        said = (self.view.path.copy.planned or {}).get("nothing")
        try:
            return why.nothing_sentence(Nothing(said)) if said else ""
        except ValueError:
            return ""

    def waits_for(self, competency_id: uuid.UUID | None) -> str:
        """What to call a competency; empty where it is not on the map."""
        return self.by_id.get(competency_id, "") if competency_id is not None else ""


async def path_views(session: AsyncSession, course: Course, paths: Sequence[Path]) -> list[views.PathView]:
    """Paths with the items they lead to."""
    ids = {item_id for path in paths for item_id in path.item_ids}
    items = await queries.items(session, course.organisation_id, course.id, ids)
    return [views.path_view(path, items, await _own_dates(session, course, path)) for path in paths]


async def _own_dates(session: AsyncSession, course: Course, path: Path) -> dict[uuid.UUID, datetime]:
    """The student's own due dates in the LMS, of items that steps with a date lead to; for the student alone."""
    dated = {path.shown(step).content_item_id for step in path.present if step.due_at is not None}
    ids = {one for one in dated if one is not None}
    if not ids or not path.as_student:
        return {}
    return await window_queries.due_dates(session, course.organisation_id, course.id, path.copy.person_id, ids)


async def path_page(
    session: AsyncSession,
    course: Course,
    view: views.PathView,
    now: datetime,
    *,
    other: Sequence[views.PathView] = (),
    zone: str | None = None,
    to_read: bool = False,
) -> PathPage:
    """The page of one path. ``zone`` is the one in which it writes moments (``Visit.shown_zone``). ``to_read``: without what only
    the student can do something about, as for a family.
    """
    path = view.path
    organisation_id, person_id = course.organisation_id, path.copy.person_id
    listed = await maps.listed(session, organisation_id, course.id)
    aligned = await alignments.of_items(session, organisation_id, course.id, path.item_ids)
    states = await mastery_queries.states_of_person(session, organisation_id, course.id, person_id)
    held = {row.competency_id: row for row in states}
    scale = await levels.of_course(session, organisation_id, listed.scale_id)
    about = competencies_of(path, aligned)
    wanted = {one for those in about.values() for one in those}
    chosen = await profile.chosen(session, course, person_id)
    here = now.astimezone(zone_named(zone))
    return PathPage(
        view=view,
        conversation=Conversation() if to_read else await asking.conversation(session, organisation_id, path.copy.id),
        aims=tuple(
            Aim(one, scale.of(held[one.id].level, held[one.id].standing) if one.id in held else levels.NONE)
            for one in listed.competencies
            if one.id in wanted
        ),
        ways=await _ways(session, course, view) if listed.competencies and not to_read else {},
        names={one.number: spoken(one) for one in listed.competencies},
        by_id={one.id: spoken(one) for one in listed.competencies},
        goal=chosen.goal,
        has_map=bool(listed.competencies),
        days=await _days(session, course, path, here),
        other=tuple(other),
    )


async def _days(session: AsyncSession, course: Course, path: Path, here: datetime) -> views.Days | None:
    due_at = path.playlist.due_at
    if due_at is None or due_at <= here:
        return None
    calendar = await monitor_queries.calendar(session, course.organisation_id, course.id)
    return views.days_until(path.copy.created_at, due_at, here, calendar)


def spoken(one: MapCompetencyView) -> str:
    """What to call a competency to a student in a sentence: what it says, or its code where that is long."""
    return one.code if one.code and len(one.words) > MOST_SPOKEN else one.words


def competencies_of(path: Path, aligned: Mapping[uuid.UUID, Any]) -> dict[uuid.UUID, list[uuid.UUID]]:
    """What each present step is for, by the step's id: its own competency, or what its items are aligned to."""
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for step in path.present:
        if step.competency_id is not None:
            found[step.id] = [step.competency_id]
            continue
        # Another form of a step, and what that is for, is told to nobody but the student and who may see supports.
        own = path.items_of(step) if path.as_student else {step.content_item_id}
        of_items = [one.competency_id for item_id in own if item_id is not None for one in aligned.get(item_id, ())]
        found[step.id] = list(dict.fromkeys(of_items))
    return found


async def _ways(session: AsyncSession, course: Course, view: views.PathView) -> dict[uuid.UUID, Ways]:
    open_now = [one for one in view.steps if not one.is_done and not one.is_locked]
    if not open_now:
        return {}
    finder = await ways.finder(session, course, view.path)
    found = {one.step.id: finder.of(one.step) for one in open_now}
    return {step_id: some for step_id, some in found.items() if some.any}
