"""What the pages of a class and of a learner show, read in one transaction each."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import maps
from lti_tool.competencies.map_views import CourseMapView, MapCompetencyView
from lti_tool.courses import groups
from lti_tool.courses.access import InCourse
from lti_tool.courses.groups import GroupWithMembers
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import NotFound
from lti_tool.insight import board, queries
from lti_tool.insight.board import Column, Counted, Line, Order, Show
from lti_tool.mastery.rules.scales import NoScale, Scale, default_scale
from lti_tool.playlists import monitor


@dataclass(frozen=True, slots=True)
class Choice:
    """What a teacher wants to see of the class. Empty values choose everything."""

    group: str = ""
    domain: str = ""
    grade: str = ""
    order: Order = Order.NAME
    show: Show = Show.ALL


@dataclass(frozen=True, slots=True)
class ClassBoard:
    """The class board: the rows and columns that were chosen, and what there is to choose from.

    ``choice`` holds only what there really is: a group that is gone, or a value of somebody's own making, is left out.
    """

    choice: Choice
    scale: Scale
    rows: list[Counted]
    columns: list[Column]
    groups: list[GroupWithMembers]
    domains: list[str]
    grades: list[str]
    students: int
    competencies: int
    has_evidence: bool
    waiting: Mapping[Show, int]
    """How many students each filter would show."""
    quiet_after: int
    """School days without evidence after which a student asks for a look."""


async def class_board(session: AsyncSession, here: InCourse, wanted: Choice, now: datetime) -> ClassBoard:
    """The board of a course as the teacher who is here may see it."""
    course_id = here.course.id
    # Without its prerequisites: which come first and which follow is nothing the board shows.
    listed = await maps.listed(session, here.organisation_id, course_id)
    every = [column_of(one) for one in listed.competencies]
    people = await visible_students(session, here)
    known = await groups.of_course(session, here.organisation_id, course_id)
    watch = await monitor.watch(session, here, now)
    held = await queries.glances(session, here.organisation_id, course_id)
    domains = board.names(column.domain for column in every)
    grades = board.names(column.grade for column in every)
    group = next((one for one in known if str(one.group.id) == wanted.group), None)
    choice = Choice(
        group=str(group.group.id) if group else "",
        domain=wanted.domain if wanted.domain in domains else "",
        grade=wanted.grade if wanted.grade in grades else "",
        order=wanted.order,
        show=wanted.show,
    )
    columns = board.by_heading(
        [column for column in every if choice.domain in ("", column.domain) and choice.grade in ("", column.grade)]
    )
    lines = [
        Line(
            person.id,
            display_name(person),
            *held.get(person.id, ({}, None)),
        )
        for person in people
        if group is None or person.id in group.person_ids
    ]
    rows = board.counted(lines, columns, now, watch.zone)
    return ClassBoard(
        choice=choice,
        scale=await scale_of(session, here.organisation_id, listed.scale_id),
        rows=board.in_order([row for row in rows if board.is_shown(row, choice.show, watch)], choice.order),
        columns=columns,
        groups=known,
        domains=domains,
        grades=grades,
        students=len(people),
        competencies=len(every),
        has_evidence=any(line.held for line in lines),
        waiting={show: sum(board.is_shown(row, show, watch) for row in rows) for show in Show},
        quiet_after=watch.calendar.quiet_after,
    )


def column_of(competency: MapCompetencyView) -> Column:
    """A competency of the map as a column of the board."""
    return Column(
        competency.id, str(competency.number), competency.code, competency.words, competency.domain, competency.grade
    )


async def scale_of(session: AsyncSession, organisation_id: uuid.UUID, scale_id: uuid.UUID | None) -> Scale:
    """The scale a course shows: its own, else the school's default, else the tool's."""
    row = await queries.scale(session, organisation_id, scale_id)
    if row is not None:
        try:
            return Scale.from_json(row.levels)
        except NoScale:
            # One that cannot be read must not keep a class from being seen.
            return default_scale()
    return default_scale()


async def map_of(session: AsyncSession, here: InCourse) -> CourseMapView:
    """The course's map; NotFound where nothing was ever picked."""
    view = await maps.the_map(session, here.organisation_id, here.course.id)
    if view is None:
        raise NotFound("the course has no map")
    return view
