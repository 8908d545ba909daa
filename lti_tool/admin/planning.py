"""Which course a check is to be tried in, and with whom: found in the database before anything is asked of the LMS."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from lti_tool import audit
from lti_tool.admin import check_queries
from lti_tool.admin.check_queries import Place
from lti_tool.admin.check_steps import Plan
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.courses import service as courses
from lti_tool.courses.models import Course, Person
from lti_tool.db.session import Database
from lti_tool.logs import reference_code
from lti_tool.lti.models import Registration

MOST_STUDENTS = 300
"""As many names as a list to choose from can hold."""


async def courses_to_try(database: Database, here: Console, registration_id: uuid.UUID) -> list[Place]:
    """The platform's courses that are seen in this console, the one last launched first."""
    async with database.reading() as session:
        found = await check_queries.places(session, registration_id, here.organisation_ids)
        session.expunge_all()
    return found


async def students_to_try(database: Database, course: Course, actor: str, now: datetime) -> Sequence[Person]:
    """The active students of a course, by family name; at most MOST_STUDENTS. That they were listed is recorded."""
    async with database.writing() as session:
        found = await courses.students(session, course.organisation_id, course.id)
        audit.record(
            session,
            now,
            "students.listed",
            organisation_id=course.organisation_id,
            actor=actor,
            subject=f"course {course.id}",
            reference=reference_code.get(),
            detail="to choose one for a check of the connection",
        )
        await session.flush()
        session.expunge_all()
    return found[:MOST_STUDENTS]


async def plan(
    database: Database,
    registration: Registration,
    *,
    actor: str,
    organisation_ids: Collection[uuid.UUID] | None,
    course_id: uuid.UUID | None = None,
    write: bool = False,
    person_id: uuid.UUID | None = None,
    sub: str | None = None,
) -> Plan:
    """The plan of a check: in this course of these organisations (None: of all), or in the one launched last.

    A score is sent for ``person_id``, a student of the course, or for ``sub``, the LMS's own id of somebody, and for nobody
    else. Raises NotInConsole for what is not there or not seen.
    """
    async with database.reading() as session:
        found = await check_queries.places(session, registration.id, organisation_ids, course_id=course_id)
        if not found:
            if course_id is not None:
                raise NotInConsole("there is no such course of this platform")
            return Plan(registration, actor)
        course = found[0].course
        if write and person_id is not None:
            person = await check_queries.student(session, course, person_id)
            if person is None:
                raise NotInConsole("there is no such student of this course")
            sub = person.sub
        notices_url = await check_queries.notices_url(session, course)
        link_id = await check_queries.newest_link(session, course)
        session.expunge_all()
    return Plan(registration, actor, course, notices_url, link_id, write, sub if write else None)
