"""Reading courses in the background: those of one connection one after the other, some connections at a time."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from lti_tool.clock import Clock
from lti_tool.content.connectors import Connectors
from lti_tool.content.sync import queries
from lti_tool.content.sync.engine import Reader
from lti_tool.content.sync.wishes import READ_DUE
from lti_tool.content.taking import Takers
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.jobs import Periodic, Work
from lti_tool.jobs.runner import log_failure

LOOK_EVERY = timedelta(seconds=10)
"""How soon a course is read that another process found due."""

AT_ONCE = 4
"""Connections that are read from at the same time in one process; pages and grades have to be served beside them."""

LOOKED_AT = 200
"""Due courses that one look considers."""

log = logging.getLogger(__name__)

_Connection = tuple[uuid.UUID, uuid.UUID]


class Readings:
    """Reads what is due, again and again, until it is cancelled.

    The tasks are its own and not the runner's: a reading may take many minutes, and must not keep grades from going out.
    """

    def __init__(self, database: Database, clock: Clock, reader: Reader) -> None:
        self._database = database
        self._clock = clock
        self._reader = reader
        self._under_way: dict[_Connection, asyncio.Task[bool]] = {}
        self._nudged = asyncio.Event()
        self._took_up = False

    async def nudge(self, _key: str) -> None:
        """Look at once."""
        self._nudged.set()

    async def run(self) -> None:
        """Look every few seconds, or when nudged; never returns. At its end, what is under way is cancelled."""
        try:
            while True:
                self._nudged.clear()
                await self.look()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._nudged.wait(), LOOK_EVERY.total_seconds())
        finally:
            under_way = list(self._under_way.values())
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def look(self) -> None:
        """Begin to read what is due, as far as there is room."""
        now = self._clock.now()
        if not self._took_up:
            self._took_up = await self._take_up()
        async with self._database.reading() as session:
            courses = await queries.due(session, now, LOOKED_AT)
            session.expunge_all()
        by_connection: dict[_Connection, list[Course]] = {}
        for course in courses:
            by_connection.setdefault((course.organisation_id, course.registration_id), []).append(course)
        for connection, some in by_connection.items():
            if connection in self._under_way or len(self._under_way) >= AT_ONCE:
                continue
            task = asyncio.create_task(self._read(some), name=READ_DUE)
            self._under_way[connection] = task
            task.add_done_callback(partial(self._ended, connection))

    async def _take_up(self) -> bool:
        """Make courses due that were read before there were readings of whole courses; whether that was all."""
        async with self._database.writing() as session:
            unknown = await queries.never_begun(session, LOOKED_AT)
            for organisation_id, course_id in unknown:
                await queries.want(session, organisation_id, course_id, self._clock.now(), asked=False)
        return len(unknown) < LOOKED_AT

    async def settled(self) -> None:
        """Wait until nothing is under way; for tests."""
        while self._under_way:
            await asyncio.wait(set(self._under_way.values()))
            await asyncio.sleep(0)

    def _ended(self, connection: _Connection, task: "asyncio.Task[bool]") -> None:
        del self._under_way[connection]
        # There may be more of this connection, or others that had no room. What another process is reading is looked at later.
        if not task.cancelled() and task.result():
            self._nudged.set()

    async def _read(self, courses: Sequence[Course]) -> bool:
        """Read them one after the other; whether anything came of any."""
        any_read = False
        for course in courses:
            try:
                any_read = await self._reader.read(course, only_due=True) is not None or any_read
            except ToolError as trouble:
                log.warning("a course could not be read", extra={"code": trouble.code, "detail": trouble.detail})
            except Exception as error:  # noqa: BLE001 - one course must not keep the others from being read.
                log_failure(READ_DUE, str(course.id), error)
        return any_read


def work(database: Database, clock: Clock, connectors: Connectors, takers: Takers) -> Work:
    """The reading of whole courses. ``takers`` are the rooms that take from what is read."""
    readings = Readings(database, clock, Reader(database, connectors, takers, clock))
    return Work(
        tasks={READ_DUE: readings.nudge},
        periodic=(Periodic("content.read-due", LOOK_EVERY, readings.run),),
    )
