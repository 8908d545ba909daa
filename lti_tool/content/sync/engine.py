"""Reading one course from the platform: never twice at once, and never lost.

A reading holds a lease on its course and gives signs of life. When its process dies, the lease ends and another reading takes
the course over; should the first one come to life again, it finds its lease gone and stops. What was taken stays taken, since
every taker counts once what it is told twice; the next reading asks again from where the last good one began.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import Clock
from lti_tool.content import service
from lti_tool.content.connectors import Connectors
from lti_tool.content.ports import Capability, NativeTrouble
from lti_tool.content.sync import queries, rules
from lti_tool.content.sync.parts import CONTENT_COUNTS, PARTS, Part, Reading
from lti_tool.content.sync.rules import Report
from lti_tool.content.sync_models import CourseSync, SyncPhase
from lti_tool.content.taking import Takers
from lti_tool.courses import queries as course_queries
from lti_tool.courses.freshness import ReadingFailed
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.platforms.native import (
    ApiCourseNotFound,
    ApiNotOffered,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreadable,
)

log = logging.getLogger(__name__)

AT_MOST_EVERY = timedelta(seconds=1)
"""How often progress is written; a change of what is being read always is."""

_OF_ONE_PART = (ApiNotPermitted, ApiNotOffered, ApiUnreadable, ApiCourseNotFound)
"""Troubles with one part of a course, which stop none of the others: a course whose contents were found is there."""

_MAIN = frozenset({SyncPhase.CONTENTS, SyncPhase.RESULTS})
"""Parts without which a reading has not gone well."""

_Parts = Sequence[tuple[SyncPhase, Capability | None, Part]]


class LeaseLost(Exception):
    """This reading was given up for dead, and another has taken its place."""


class Reader:
    """Reads courses; for one application, with those who take from what is read."""

    def __init__(
        self,
        database: Database,
        connectors: Connectors,
        takers: Takers,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``chance`` gives a number of 0 to 1 by which pauses differ."""
        self._database = database
        self._connectors = connectors
        self._takers = takers
        self._clock = clock
        self._sleep = sleep
        self._chance = chance

    async def read(self, course: Course, *, only_due: bool = False) -> Report | None:
        """Read everything that is due of a course; None where somebody else reads it, or a course beside it, or where it is not
        due any more and ``only_due`` says that this counts.

        Raises what the connection raises (NotConnected and others) and NativeTrouble, once it is noted in the course's row.
        """
        return await self._read(course, PARTS, beside=False, only_due=only_due)

    async def read_contents(self, course: Course) -> Report | None:
        """Read what a course holds, for somebody who waits; the rest is due then. None and errors as ``read``."""
        return await self._read(course, PARTS[:1], beside=True)

    async def read_results(self, course: Course) -> Report | None:
        """Read people and new results, for somebody who waits. None and errors as ``read``."""
        return await self._read(course, PARTS[1:3], beside=True)

    async def _read(self, course: Course, parts: _Parts, *, beside: bool, only_due: bool = False) -> Report | None:
        async with self._database.writing() as session:
            claimed = await queries.claim(session, course, self._clock.now(), beside=beside, only_due=only_due)
            present = await course_queries.course(session, course.organisation_id, course.id)
            session.expunge_all()
        if claimed is None or present is None:
            return None
        lease, before = claimed
        held = _Held(self._database, self._clock, present, lease)
        alive = asyncio.create_task(held.stay_alive(self._sleep))
        try:
            return await self._hold(held, before, parts)
        except LeaseLost:
            log.warning("a reading was taken over", extra={"code": "reading-taken-over"})
            return None
        finally:
            alive.cancel()
            await asyncio.gather(alive, return_exceptions=True)

    async def _hold(self, held: "_Held", before: CourseSync, parts: _Parts) -> Report:
        reading: Reading | None = None
        try:
            async with self._database.reading() as session:
                connected = await self._connectors.of(session, held.course)
            reading = Reading(
                self._database,
                self._clock,
                held.course,
                connected,
                self._takers,
                held.progress,
                before,
                whole_course=len(parts) == len(PARTS),
                asked=before.asked_at is not None
                and (before.finished_at is None or before.asked_at >= before.finished_at),
            )
            await _parts_of(reading, parts)
        except LeaseLost:
            raise
        except ToolError as trouble:
            if isinstance(trouble, NativeTrouble) and reading is not None:
                await service.note_trouble(self._database, held.course, reading.connected, trouble, self._clock.now())
            await self._failed(held, before, reading, trouble.code)
            raise
        except Exception:
            await self._failed(held, before, reading, ReadingFailed.code)
            raise
        except asyncio.CancelledError:
            # The process ends: what is not read yet is due at once, for whoever comes next.
            await asyncio.shield(asyncio.create_task(held.end(due_at=self._clock.now())))
            raise
        await self._succeeded(held, before, reading, parts)
        return reading.report

    async def _failed(self, held: "_Held", before: CourseSync, reading: Reading | None, trouble: str) -> None:
        failures, now = before.failures + 1, self._clock.now()
        due_at = rules.after_failure(trouble, failures, now, self._chance())
        if trouble == ApiTokenRefused.code and reading is not None and reading.connected.grant_id is not None:
            # One person's consent has ended. Somebody else may have given theirs; if nobody has, the next reading says so.
            due_at = now
        values: dict[str, Any] = {"failures": failures, "trouble": trouble, "due_at": due_at}
        with contextlib.suppress(LeaseLost):
            await held.end(**values)

    async def _succeeded(self, held: "_Held", before: CourseSync, reading: Reading, parts: _Parts) -> None:
        now, course = self._clock.now(), held.course
        values: dict[str, Any] = {"grant_id": reading.connected.grant_id}
        if reading.since is not None:
            values["results_since"] = reading.since
            values["whole_at"] = reading.since if reading.whole else before.whole_at
        main = next((code for phase, code in reading.report.troubles.items() if SyncPhase(phase) in _MAIN), None)
        marker = before.report.get("marker") if reading.marker is None else reading.marker.hex
        kept = reading.report.as_json() | ({"marker": marker} if marker else {})
        known = before.report
        if parts == PARTS[:1]:
            # What was new then is not new now.
            known = {name: value for name, value in known.items() if name not in CONTENT_COUNTS}
        values["report"] = kept if reading.whole_course else {**known, **kept}
        async with self._database.writing() as session:
            await service.note_call(session, course, reading.connected, main, now)
            if main is not None:
                values |= {"failures": before.failures + 1, "trouble": main}
                values["due_at"] = rules.after_failure(main, before.failures + 1, now, self._chance())
            elif reading.whole_course:
                opened_at = await queries.last_opened(session, course.organisation_id, course.id)
                values |= {"failures": 0, "trouble": None, "finished_at": now}
                values["due_at"] = rules.after_success(opened_at, now, self._chance())
            elif parts == PARTS[:1]:
                values |= {"trouble": None, "due_at": now}
            await _end(session, course, held.lease, values)


async def _parts_of(reading: Reading, parts: _Parts) -> None:
    """Read part by part. Trouble with one is noted in the report and stops no other, unless it would be the same with all."""
    for phase, capability, part in parts:
        if capability is not None and not reading.connected.able(capability):
            continue
        await reading.progress(phase)
        try:
            await part(reading)
        except _OF_ONE_PART as trouble:
            if isinstance(trouble, ApiCourseNotFound) and phase is SyncPhase.CONTENTS:
                raise
            log.warning("a part could not be read", extra={"code": trouble.code, "detail": trouble.detail})
            reading.report.troubles[phase.value] = trouble.code


async def _end(session: AsyncSession, course: Course, lease: str, values: dict[str, Any]) -> None:
    """Give a lease back with what came of its reading; what somebody asked for meanwhile is due at once."""
    row = await queries.state(session, course.organisation_id, course.id)
    if row is not None and row.asked_at is not None and row.started_at is not None and row.asked_at > row.started_at:
        values = {**values, "due_at": row.asked_at}
    if not await queries.end(session, course, lease, **values):
        raise LeaseLost


class _Held:
    """A lease on a course, kept alive."""

    def __init__(self, database: Database, clock: Clock, course: Course, lease: str) -> None:
        self._database = database
        self._clock = clock
        self.course = course
        self.lease = lease
        self._written: tuple[SyncPhase | None, datetime] = None, clock.now()
        self._lost = False

    async def progress(self, phase: SyncPhase, done: int = 0, total: int = 0) -> None:
        """Write how far the reading has come, if the last time was long enough ago. Raises LeaseLost."""
        now = self._clock.now()
        last_phase, last = self._written
        if self._lost:
            raise LeaseLost
        if phase is last_phase and timedelta(0) <= now - last < AT_MOST_EVERY:
            return
        self._written = phase, now
        if not await self._renew(phase=phase, done=done, total=total):
            raise LeaseLost

    async def stay_alive(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Give signs of life, also while the platform makes us wait; to be cancelled."""
        while not self._lost:
            await sleep(rules.SIGN_OF_LIFE.total_seconds())
            try:
                await self._renew()
            except Exception:  # noqa: BLE001 - a database that is away for a moment; the next sign may come through.
                log.warning("a sign of life could not be given", extra={"code": "unexpected"})

    async def end(self, **values: Any) -> None:
        """Give it back. Raises LeaseLost."""
        async with self._database.writing() as session:
            await _end(session, self.course, self.lease, values)

    async def _renew(self, **values: Any) -> bool:
        async with self._database.writing() as session:
            there = await queries.renew(session, self.course, self.lease, self._clock.now(), **values)
        self._lost = self._lost or not there
        return there
