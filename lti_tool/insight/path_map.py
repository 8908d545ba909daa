"""A student's path on the course's map: what its steps are for, where the student stands with each, what is next."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lti_tool.competencies import map_pages, rules_graph
from lti_tool.competencies.drawing import Drawing
from lti_tool.competencies.map_pages import Shown
from lti_tool.insight.learner import LearnerMap, Stand
from lti_tool.playlists.views import PathView, StepView

MOST_BEFORE = 60
"""Competencies that come before those of the path are drawn beside them while there are no more than this in all."""


@dataclass(frozen=True, slots=True)
class PathStand:
    """A competency that the path is about, and the steps for it, in the path's order."""

    stand: Stand
    steps: tuple[StepView, ...]

    @property
    def is_next(self) -> bool:
        """Whether the one next step is for it."""
        return any(step.is_next for step in self.steps)


@dataclass(frozen=True, slots=True)
class PathMap:
    """The competencies of a path in its order, the steps that are for none, and the drawing.

    ``before`` are the prerequisites that the drawing shows beside them. ``states`` is what each box of the drawing says.
    """

    stands: tuple[PathStand, ...]
    without: tuple[StepView, ...]
    before: tuple[Stand, ...]
    part: Shown
    states: Mapping[uuid.UUID, Mapping[str, str]]

    @property
    def known(self) -> int:
        """How many of the path's competencies are Secure or more."""
        return sum(one.stand.is_known for one in self.stands)

    @property
    def next_ids(self) -> frozenset[uuid.UUID]:
        """What the next step is for."""
        return frozenset(one.stand.competency.id for one in self.stands if one.is_next)

    def drawing(self, found: LearnerMap, *, mirrored: bool) -> Drawing:
        """The part as a drawing."""
        return map_pages.drawn(found.view, self.part, mirrored=mirrored)


def path_map(
    view: PathView, found: LearnerMap, about: Mapping[uuid.UUID, Sequence[uuid.UUID]], up_next: str
) -> PathMap:
    """The map of a path. ``about`` says what each step is for, by the step's id; ``up_next`` is a format with ``level``."""
    by_id = {one.competency.id: one for one in found.stands}
    steps: dict[uuid.UUID, list[StepView]] = {}
    without = []
    for step in view.steps:
        on_map = [one for one in about.get(step.step.id, ()) if one in by_id]
        for one in on_map:
            steps.setdefault(one, []).append(step)
        if not on_map:
            without.append(step)
    stands = tuple(PathStand(by_id[one], tuple(those)) for one, those in steps.items())
    wanted = set(steps)
    needs = rules_graph.predecessors(found.view.edges)
    outside = {one for wish in wanted for one in needs.get(wish, ())} - wanted
    if len(wanted | outside) > MOST_BEFORE:
        outside = set()
    inside = tuple(one for one in found.view.competencies if one.id in wanted or one.id in outside)
    next_ids = {one.stand.competency.id for one in stands if one.is_next}
    return PathMap(
        stands=stands,
        without=tuple(without),
        before=tuple(by_id[one.id] for one in inside if one.id in outside),
        part=Shown(inside, frozenset(outside), len(found.view.competencies) - len(inside)),
        states={
            one.id: {
                "level": by_id[one.id].level.standing.value,
                "label": up_next % {"level": by_id[one.id].level.name}
                if one.id in next_ids
                else by_id[one.id].level.name,
            }
            for one in inside
        },
    )
