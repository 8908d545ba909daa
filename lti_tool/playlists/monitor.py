"""Following a class on its paths: by which calendar, whom a teacher may see, and what a teacher says to students."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import maps
from lti_tool.courses import queries as course_queries
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import NotFound
from lti_tool.grades import service as grades
from lti_tool.grades.models import LineItem
from lti_tool.learners import profile_queries
from lti_tool.playlists import loading, monitor_queries, monitor_views, queries, settling
from lti_tool.playlists.models import Playlist, PlaylistKind
from lti_tool.playlists.monitor_rules import Watch
from lti_tool.playlists.monitor_views import Line
from lti_tool.playlists.path_models import PathRequest

# --- School days ----------------------------------------------------------------------------------------------------


async def watch(session: AsyncSession, here: InCourse, now: datetime) -> Watch:
    """How a class is looked at: now, by the course's calendar, in days that begin at the school's midnight."""
    calendar = await monitor_queries.calendar(session, here.organisation_id, here.course.id)
    return Watch(now, calendar, here.visit.days_in)


# --- The class now --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClassNow:
    """A class on one playlist, as the teacher who is here may see it. ``column`` is its gradebook column, if it has one."""

    lines: list[Line]
    column: LineItem | None
    watch: Watch

    @property
    def is_personal(self) -> bool:
        """Whether the tool chooses each student's steps."""
        return any(line.path.is_personal for line in self.lines)


async def class_now(session: AsyncSession, here: InCourse, playlist: Playlist, now: datetime) -> ClassNow:
    """Who is where on a playlist: a line for each student whom the teacher may see, the most pressing first."""
    seen = await watch(session, here, now)
    students = await visible_students(session, here)
    people = {person.id: person for person in students}
    paths = await loading.paths_of_course(session, here.course, [playlist], now, students)
    asked: dict[uuid.UUID, list[PathRequest]] = {}
    for request, copy, _ in await monitor_queries.open_requests(
        session, here.organisation_id, here.course.id, [playlist.id]
    ):
        asked.setdefault(copy.id, []).append(request)
    resource = settling.resource_id(playlist)
    column = (await queries.columns(session, here.organisation_id, here.course.id, [resource])).get(resource)
    scores = await grades.standing(session, here.organisation_id, column.id) if column else []
    by_person = {score.person_id: score for score in scores}
    names: dict[uuid.UUID, str] = {}
    goals: dict[uuid.UUID, uuid.UUID] = {}
    if playlist.kind is PlaylistKind.PERSONAL:
        names = await names_of(session, here)
        goals = await profile_queries.goals(session, here.organisation_id, here.course.id)
    lines = [
        monitor_views.line(
            path,
            people[path.copy.person_id],
            asked.get(path.copy.id, ()),
            seen,
            score=by_person.get(path.copy.person_id),
            names=names,
            goal=names.get(goals[path.copy.person_id], "") if path.copy.person_id in goals else "",
        )
        for path in paths
    ]
    return ClassNow(monitor_views.by_need(lines), column, seen)


async def names_of(session: AsyncSession, here: InCourse) -> dict[uuid.UUID, str]:
    """What the competencies of the course's map, and the parts of it that can be a goal, are called in a narrow place."""
    names: dict[uuid.UUID, str] = {}
    for one in (await maps.listed(session, here.organisation_id, here.course.id)).competencies:
        names |= {parent.id: parent.title for parent in one.parents}
        names[one.id] = one.name
    return names


async def numbers_of(session: AsyncSession, here: InCourse) -> dict[int, str]:
    """What the competencies of the course's map are called, by the map's numbers, as plans name them."""
    return {
        one.number: one.name for one in (await maps.listed(session, here.organisation_id, here.course.id)).competencies
    }


async def is_restricted(session: AsyncSession, here: InCourse) -> bool:
    """Whether the platform lets the teacher who is here see only the students of their own sections."""
    if here.visit.person_id is None:
        return False
    restricted, _ = await course_queries.seeing(session, here.organisation_id, here.course.id, here.visit.person_id)
    return restricted


async def seen(session: AsyncSession, here: InCourse, person_id: uuid.UUID) -> Person:
    """A student of the course, now or once, whom the teacher who is here may see; NotFound for anybody else.

    Somebody who has left is seen by teachers of the whole course alone: of whom the sections are not known any more, nobody
    can say whether they were a restricted teacher's.
    """
    for person in await visible_students(session, here):
        if person.id == person_id:
            return person
    restricted = await is_restricted(session, here)
    left = None if restricted else await queries.student(session, here.organisation_id, here.course.id, person_id)
    if left is None:
        raise NotFound("no such student for this teacher")
    return left
