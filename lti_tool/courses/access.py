"""Who may open a course's page: dependencies that a route names in its signature.

Each gives an ``InCourse`` for the ``{course_id}`` of the path. Whoever has two courses open in two tabs of one browser, whose
cookie is the last launch's, is in each by their own launch into it. A course that this person did not launch into, or one of
another school, is 404: that it exists is nobody's business. The wrong role is 403. The ``…Changing`` ones belong on routes
that change something; they also refuse what did not come from a page of this person's.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from lti_tool.courses import queries
from lti_tool.courses.models import Course, Person
from lti_tool.courses.rules import TEACHING
from lti_tool.db.session import Database
from lti_tool.errors import NotAllowed, NotFound
from lti_tool.lti.models import Role
from lti_tool.lti.sessions import ChangingVisit, CurrentVisit, Visit, visit_in_course
from lti_tool.web.dependencies import CurrentDatabase
from lti_tool.web.i18n import N_


class Nameless(NotAllowed):
    """A launch without ``sub`` (LTI Core 1.3 §5.3.6.1, anonymous) on a page that belongs to one person."""

    code = "anonymous-visit"
    title = N_("Your LMS did not say who you are")
    advice = N_("Sign in to your LMS, go to your course and open this tool from there.")


class ActingAs(NotAllowed):
    """An administrator of the LMS acts as a student, and asked for something that records the student's own work."""

    code = "acting-as"
    title = N_("You are acting as this person")
    advice = N_(
        "Nothing was recorded: only the person themselves can do this. End acting as them in your LMS to go on "
        "as yourself."
    )


class AnotherCourse(NotFound):
    """The address of a course that this visit has not been launched into; whether there is one is not said."""

    code = "another-course"
    title = N_("This page belongs to another visit")
    advice = N_(
        "Since it was opened, somebody else has used the tool in this browser, or the visit has ended. Go to the course you "
        "want in your LMS and open the tool from there. What you did before is kept."
    )


@dataclass(frozen=True, slots=True)
class InCourse:
    """A visit and the course it is in. ``course`` belongs to no transaction: read from it, change it through its id."""

    visit: Visit
    course: Course

    @property
    def organisation_id(self) -> uuid.UUID:
        """The school."""
        return self.course.organisation_id

    @property
    def person_id(self) -> uuid.UUID:
        """Who is here; Nameless (403) where the platform did not say."""
        if self.visit.person_id is None:
            raise Nameless("the launch had no sub")
        return self.visit.person_id

    @property
    def actor(self) -> str | None:
        """Who is here, as the audit log names them; None where the platform did not say."""
        return str(self.visit.person_id) if self.visit.person_id else None


@dataclass(frozen=True, slots=True)
class ObservedCourse(InCourse):
    """An observer's visit, with the active students of this course that the platform says they observe."""

    observed: tuple[Person, ...]


async def enter_course(
    request: Request, database: Database, visit: Visit, course_id: uuid.UUID, allowed: Collection[Role] | None
) -> InCourse:
    """The visit in its course; NotFound for another course, NotAllowed for a role that is not ``allowed`` (None: any)."""
    found = await visit_in_course(request, visit, course_id)
    if found is None:
        raise AnotherCourse("the course is not the visit's")
    return await _enter(request, database, found, course_id, allowed)


async def _enter(
    request: Request, database: Database, visit: Visit, course_id: uuid.UUID, allowed: Collection[Role] | None
) -> InCourse:
    if allowed is not None and visit.role not in allowed:
        raise NotAllowed(f"the role is {visit.role}")
    # A transaction of its own, closed before the route opens one: SQLite's reader must not hold up anything.
    async with database.reading() as session:
        course = await queries.course(session, visit.organisation_id, course_id)
        if course is None:
            raise NotFound("the course was removed")
        session.expunge(course)
    request.state.course = course
    return InCourse(visit, course)


_STUDENTS = frozenset({Role.STUDENT})


async def _member(request: Request, course_id: uuid.UUID, visit: CurrentVisit, database: CurrentDatabase) -> InCourse:
    return await enter_course(request, database, visit, course_id, None)


async def _teacher(request: Request, course_id: uuid.UUID, visit: CurrentVisit, database: CurrentDatabase) -> InCourse:
    return await enter_course(request, database, visit, course_id, TEACHING)


async def _student(request: Request, course_id: uuid.UUID, visit: CurrentVisit, database: CurrentDatabase) -> InCourse:
    return _someone(await enter_course(request, database, visit, course_id, _STUDENTS))


async def _observer(
    request: Request, course_id: uuid.UUID, visit: CurrentVisit, database: CurrentDatabase
) -> ObservedCourse:
    found = await enter_course(request, database, visit, course_id, {Role.OBSERVER})
    async with database.reading() as session:
        people = await queries.observed(
            session, found.organisation_id, course_id, found.visit.registration_id, found.visit.observes
        )
        session.expunge_all()
    return ObservedCourse(found.visit, found.course, tuple(people))


async def _teacher_changing(
    request: Request, course_id: uuid.UUID, visit: ChangingVisit, database: CurrentDatabase
) -> InCourse:
    return await _enter_changing(request, database, visit, course_id, TEACHING)


async def _student_changing(
    request: Request, course_id: uuid.UUID, visit: ChangingVisit, database: CurrentDatabase
) -> InCourse:
    here = _someone(await _enter_changing(request, database, visit, course_id, _STUDENTS))
    if here.visit.masquerading:
        raise ActingAs("the visit is masquerading")
    return here


async def _enter_changing(
    request: Request, database: Database, visit: Visit, course_id: uuid.UUID, allowed: Collection[Role]
) -> InCourse:
    """What changes something names its page's session, and that is in the course already: no other is looked for."""
    if visit.course_id != course_id:
        raise AnotherCourse("the course is not the page's")
    return await _enter(request, database, visit, course_id, allowed)


def _someone(here: InCourse) -> InCourse:
    """A student's pages are one person's; raises Nameless."""
    if here.visit.person_id is None:
        raise Nameless("the launch had no sub")
    return here


MemberIn = Annotated[InCourse, Depends(_member)]
"""Anyone whose visit is in the course."""

TeacherIn = Annotated[InCourse, Depends(_teacher)]
"""A teacher, an assistant or an administrator."""

StudentIn = Annotated[InCourse, Depends(_student)]
"""A student whom the platform has named."""

ObserverIn = Annotated[ObservedCourse, Depends(_observer)]
"""An observer, with those they observe in this course."""

TeacherChanging = Annotated[InCourse, Depends(_teacher_changing)]
"""Like TeacherIn, for requests that change something."""

StudentChanging = Annotated[InCourse, Depends(_student_changing)]
"""Like StudentIn, for requests that record the student's own work; not for somebody who acts as the student."""
