"""A roster that is fresh enough, for the teacher's pages."""

from typing import Annotated

from fastapi import Depends, Request

from lti_tool.clock import Clock
from lti_tool.courses import rules, service
from lti_tool.courses.access import InCourse, TeacherIn
from lti_tool.courses.freshness import Outcome, Readings
from lti_tool.db.session import Database
from lti_tool.lti.services import Protocol


def readings(request: Request) -> Readings:
    """The application's readings of platforms, made at the first."""
    state = request.app.state
    found: Readings | None = getattr(state, "readings", None)
    if found is None:
        found = Readings(state.clock)
        state.readings = found
    return found


async def read_roster(request: Request, here: InCourse, *, asked: bool) -> Outcome:
    """Read the roster again if it is old, or because somebody ``asked``. Trouble is in the outcome, never raised."""
    clock: Clock = request.app.state.clock
    database: Database = request.app.state.database
    protocol: Protocol = request.app.state.protocol
    now, course = clock.now(), here.course
    if not asked and (course.memberships_url is None or not rules.is_stale(course.roster_read_at, now)):
        return Outcome()

    async def read() -> service.RosterReport:
        return await service.refresh_roster(database, protocol, course, now, actor=here.visit.person_id)

    return await readings(request).wait(("roster", course.organisation_id, course.id), read, asked=asked)


async def _fresh(request: Request, here: TeacherIn) -> Outcome:
    return await read_roster(request, here, asked=False)


FreshRoster = Annotated[Outcome, Depends(_fresh)]
"""Put into a teacher's route: the roster was read again if it was older than 15 minutes, waiting two seconds at most."""
