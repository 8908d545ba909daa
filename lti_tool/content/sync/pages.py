"""Readings of whole courses as pages meet them: what is old is read behind the page, what is awaited for a little while."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from fastapi import Request

from lti_tool.clock import Clock
from lti_tool.content.connectors import Connectors
from lti_tool.content.sync import queries, rules
from lti_tool.content.sync.engine import Reader
from lti_tool.content.sync.wishes import wish
from lti_tool.content.sync_models import CourseSync, SyncPhase
from lti_tool.content.taking import GradebookTaker, Takers
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import ToolError

LOOK_EVERY = timedelta(minutes=1)
"""How often pages of a course look whether it is old."""

TRY_AGAIN = timedelta(minutes=10)
"""How soon somebody who comes in has it tried again what waits for people; they may have mended it elsewhere."""

POLL = 0.2
"""Seconds between two looks at a reading that another process does."""

POLLS = 300

_FIRST = frozenset({SyncPhase.WAITING, SyncPhase.CONTENTS})


def takers_of(request: Request, takers: Sequence[GradebookTaker] = ()) -> Takers:
    """Who takes what in this application; ``takers`` of gradebooks where it names nobody."""
    found: Takers | None = getattr(request.app.state, "takers", None)
    return found if found is not None else Takers(gradebook=takers)


def reader_of(request: Request, takers: Sequence[GradebookTaker] = ()) -> Reader:
    """Reads courses for this application's pages."""
    state = request.app.state
    return Reader(state.database, state.connectors, takers_of(request, takers), state.clock)


async def not_ready(request: Request, course: Course) -> ToolError | None:
    """Why the course's platform cannot be asked at all, if so."""
    database: Database = request.app.state.database
    connectors: Connectors = request.app.state.connectors
    async with database.reading() as session:
        try:
            await connectors.of(session, course)
        except ToolError as error:
            return error
    return None


async def freshen(request: Request, course: Course) -> None:
    """Have a course read behind the page if that is due because somebody comes in. Only where the platform can be asked."""
    state = request.app.state
    clock: Clock = state.clock
    database: Database = state.database
    looked: dict[tuple[uuid.UUID, uuid.UUID], datetime] | None = getattr(state, "course_looks", None)
    if looked is None:
        looked = state.course_looks = {}
    key, now = (course.organisation_id, course.id), clock.now()
    last = looked.get(key)
    if last is not None and timedelta(0) <= now - last < LOOK_EVERY:
        return
    for other in [other for other, at in looked.items() if not timedelta(0) <= now - at < LOOK_EVERY]:
        del looked[other]
    looked[key] = now
    async with database.reading() as session:
        row = await queries.state(session, course.organisation_id, course.id)
    if is_wished_for(row, now):
        async with database.writing() as session:
            await wish(session, course, now)


def is_wished_for(row: CourseSync | None, now: datetime) -> bool:
    """Whether somebody's coming in makes a course due that is not, or not yet."""
    if row is None:
        return True
    if not rules.is_free(row.lease, row.lease_until, now) or (row.due_at is not None and row.due_at <= now):
        return False
    if row.trouble in rules.FOR_PEOPLE:
        return row.started_at is None or not timedelta(0) <= now - row.started_at < TRY_AGAIN
    # What failed for a while is tried again by itself, each time a little later.
    return row.failures == 0 and rules.is_old(row.finished_at, now)


async def until_free(request: Request, course: Course, *, contents: bool) -> None:
    """Wait for a reading that another process does: until its ``contents`` are there, or to its end."""
    clock: Clock = request.app.state.clock
    database: Database = request.app.state.database
    for _ in range(POLLS):
        async with database.reading() as session:
            row = await queries.state(session, course.organisation_id, course.id)
        if row is None or rules.is_free(row.lease, row.lease_until, clock.now()):
            return
        if contents and row.phase not in _FIRST:
            return
        await asyncio.sleep(POLL)
