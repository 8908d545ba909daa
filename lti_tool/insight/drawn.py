"""A learner's map as a drawing: the course's graph with the learner's level in each box."""

import uuid
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from lti_tool.competencies import map_pages
from lti_tool.competencies.drawing import Drawing
from lti_tool.competencies.map_pages import GraphQuery, Shown
from lti_tool.insight.learner import LearnerMap
from lti_tool.web.i18n import Language


@dataclass(frozen=True, slots=True)
class LearnerGraph:
    """What the page draws, which part of the map it is, and what can be chosen instead."""

    drawing: Drawing
    part: Shown
    query: GraphQuery
    states: dict[uuid.UUID, dict[str, str]]
    grades: list[str]
    domains: list[str]
    mirrored: bool


def learner_graph(found: LearnerMap, params: QueryParams, focus: uuid.UUID | None, language: Language) -> LearnerGraph:
    """The part of a learner's map that the address asks for; of a large map without a wish, what is around ``focus``."""
    wanted = GraphQuery.of(params)
    query = map_pages.settle(
        found.view,
        GraphQuery(grade=wanted.grade, domain=wanted.domain, around=wanted.around, steps=wanted.steps, focus=focus),
    )
    part = map_pages.shown(found.view, query)
    mirrored = language.direction == "rtl"
    return LearnerGraph(
        drawing=map_pages.drawn(found.view, part, mirrored=mirrored),
        part=part,
        query=query,
        states={
            one.competency.id: {"level": one.level.standing.value, "label": one.level.name} for one in found.stands
        },
        grades=map_pages.grades_of(found.view),
        domains=map_pages.domains_of(found.view),
        mirrored=mirrored,
    )
