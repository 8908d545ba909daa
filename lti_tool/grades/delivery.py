"""Delivery: what is due for a registration goes to its LMS, and what became of it is written down.

The shape is always the same: a short transaction claims rows under a lease; the LMS is asked with no transaction open; a
short transaction records the answers. A kill between any two of these leaves rows whose lease ends, after which they are
due again. What was sent and not recorded is then sent once more, with a later timestamp, so the LMS never goes back.
"""

import asyncio
import logging
import random
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.grades import claims, metrics, records, rules
from lti_tool.grades.columns import deliver_column
from lti_tool.grades.comparing import Comparer
from lti_tool.grades.models import ColumnState
from lti_tool.grades.ports import AgsFactory
from lti_tool.grades.sending import Sending
from lti_tool.grades.service import DELIVER
from lti_tool.jobs import runner_of
from lti_tool.lti.models import Family
from lti_tool.lti.services import ServiceQuirks

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Requests to one LMS at a time, from one process."""

LEASE = timedelta(seconds=45)
REQUEST_SECONDS = 20.0
"""All the time one score has at the LMS, token and repetition included; less than half a lease."""

SWEEP_EVERY = timedelta(seconds=20)


class Deliverer:
    """Delivers what is due. One per process; any number of processes may run one against the same database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ags: AgsFactory,
        quirks: Callable[[Family], ServiceQuirks],
        *,
        at_once: int = AT_ONCE,
        lease: timedelta = LEASE,
        request_seconds: float = REQUEST_SECONDS,
        chance: Callable[[], float] = random.random,
        comparer: Comparer | None = None,
    ) -> None:
        if lease.total_seconds() < 2 * request_seconds:
            raise ValueError("a lease has to outlast the requests made under it")
        self._database = database
        self._clock = clock
        self._ags = ags
        self._quirks = quirks
        self._at_once = at_once
        self._lease = lease
        self._request_seconds = request_seconds
        self._chance = chance
        self._comparer = comparer

    async def run(self, key: str) -> None:
        """The task ``grades.deliver``: ``key`` is the registration's id."""
        await self.deliver(uuid.UUID(key))

    async def deliver(self, registration_id: uuid.UUID) -> None:
        """Send what is due for a registration until nothing is, and have the next time remembered."""
        async with self._database.reading() as session:
            found = await claims.registration_with_pace(session, registration_id)
            scopes = await claims.scopes_of(session, registration_id)
        if found is None or not found[0].enabled:
            return
        registration, pace = found
        now = self._clock.now()
        if pace is not None and pace.paused_until is not None and pace.paused_until > now:
            self._nudge_later(registration_id, pace.paused_until - now)
            return
        quirks = self._quirks(registration.lms)
        sending = Sending(
            self._database,
            self._clock,
            self._ags(registration, scopes),
            quirks,
            registration_id,
            failures=pace.failures if pace is not None else 0,
            most_at_once=self._at_once,
            allowed_at_once=pace.at_once if pace is not None else None,
            lease=self._lease,
            request_seconds=self._request_seconds,
            chance=self._chance,
        )
        await self._until_nothing_is_due(registration_id, sending, quirks.column_names_link)
        if pace is not None and pace.at_once is not None and sending.paused_for is None:
            await self._go_faster(registration_id, pace.at_once, pace.slowed_at)

    async def _go_faster(self, registration_id: uuid.UUID, at_once: int, slowed_at: datetime | None) -> None:
        now = self._clock.now()
        if slowed_at is None or now - slowed_at >= rules.FASTER_AFTER:
            async with self._database.writing() as session:
                await records.platform_is_well(session, registration_id, rules.faster(at_once, self._at_once), now)

    async def _until_nothing_is_due(self, registration_id: uuid.UUID, sending: Sending, names_link: bool) -> None:
        while True:
            async with self._database.reading() as session:
                due, soonest = await claims.due_now_and_next(session, registration_id, self._clock.now())
            if sending.paused_for is not None:
                self._nudge_later(registration_id, sending.paused_for)
                return
            if not due:
                if soonest is not None:
                    self._nudge_later(registration_id, soonest - self._clock.now())
                return
            await self._columns(registration_id, sending, names_link, ColumnState.WANTED)
            if self._comparer is not None:
                await self._comparer.before_sending(registration_id)
            await sending.scores()
            # A new name can wait for the scores, and a score waits for no name.
            await self._columns(registration_id, sending, names_link, ColumnState.MADE)

    async def _columns(
        self, registration_id: uuid.UUID, sending: Sending, names_link: bool, state: ColumnState
    ) -> None:
        """Make the columns that are due, or bring made ones in step, some at once."""
        while sending.paused_for is None:
            async with self._database.writing() as session:
                claimed = await claims.claim_columns(
                    session, registration_id, self._clock.now(), self._lease, self._at_once, state
                )
            if not claimed:
                return
            async with asyncio.TaskGroup() as group:
                made = [
                    group.create_task(
                        deliver_column(
                            self._database,
                            self._clock,
                            sending.ags,
                            column,
                            seconds=2 * self._request_seconds,
                            chance=self._chance(),
                            names_link=names_link,
                        )
                    )
                    for column in claimed
                ]
            for trouble in (task.result() for task in made):
                if trouble is not None:
                    await sending.consider_pausing(trouble)

    def _nudge_later(self, registration_id: uuid.UUID, after: timedelta) -> None:
        """Come back in time; what is further away than a sweep is left to the sweep."""
        if after < SWEEP_EVERY:
            # A little later than needed: a clock that reads a moment early would find nothing due.
            later = max(after, timedelta()) + timedelta(milliseconds=5)
            runner_of(self._database).nudge(DELIVER, str(registration_id), after=later)

    async def sweep(self) -> None:
        """Nudge every registration that has something due: what a lost nudge, a kill or a dead lease has left behind."""
        async with self._database.reading() as session:
            found = await claims.registrations_with_work(session, self._clock.now())
        runner = runner_of(self._database)
        for registration_id in found:
            runner.nudge(DELIVER, str(registration_id))

    async def measure(self) -> None:
        """Bring the gauges for /metrics up to date."""
        await metrics.measure(self._database, self._clock.now())
