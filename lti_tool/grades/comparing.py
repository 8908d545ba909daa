"""What stands in the LMS is read back and compared with what it has accepted: reconciliation.

On a schedule, on request, and before new scores go to a column that nobody has looked at for a while: so a grade that a
teacher has typed into the gradebook is noticed before a new score would go over it. Differences are written into the ledger and
shown; nothing is overwritten until the teacher says so, and that holds until another number stands there.

Only what is certain is compared: a score under a lease, or whose last sending failed, may have arrived unrecorded.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.grades import compare_queries, rules
from lti_tool.grades.models import Choice, ColumnState, LineItem, Score
from lti_tool.grades.ports import AgsFactory, AgsPort
from lti_tool.grades.service import DELIVER
from lti_tool.grades.trouble import Trouble, calling
from lti_tool.jobs import nudge_after_commit
from lti_tool.lti.models import Family
from lti_tool.lti.services import ResultData, ServiceQuirks

log = logging.getLogger(__name__)

EVERY = timedelta(hours=12)
"""How often a column is compared that somebody uses."""

SELDOM = timedelta(days=7)
"""How often one is that no score has gone to for a month."""

USED_WITHIN = timedelta(days=30)

FRESH = timedelta(minutes=30)
"""How long a comparison counts before new scores go out."""

SECONDS = 60.0
"""All the time the LMS has to tell what a column holds."""

TAKE_THEIRS = "grades.theirs"
"""The task of whoever makes something of numbers that teachers have typed over ours; see ``theirs_key``."""

LOOK_EVERY = timedelta(minutes=5)
MOST_AT_ONCE = 200
"""Columns that one look at what is due compares."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing a column: scores that were compared, those that differ, and columns like it beside it."""

    scores: int = 0
    different: int = 0
    doubled: int = 0
    gone: bool = False


class Comparer:
    """Compares columns with what the LMS has in them. One per process."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ags: AgsFactory,
        quirks: Callable[[Family], ServiceQuirks],
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ags = ags
        self._quirks = quirks
        self._seconds = seconds

    async def compare(self, organisation_id: uuid.UUID, line_item_id: uuid.UUID) -> Compared:
        """Compare one column now. Raises NotFound for one that is not there, and Trouble when the LMS cannot be asked; then
        nothing has changed but when it is tried again.
        """
        async with self._database.reading() as session:
            found = await compare_queries.column(session, organisation_id, line_item_id)
            if found is None:
                raise NotFound("no such column")
            line_item, course, registration, scopes = found
            before = await compare_queries.versions(session, organisation_id, line_item_id)
            session.expunge_all()
        if line_item.state is not ColumnState.MADE or line_item.url is None or not registration.enabled:
            return Compared()
        ags, quirks = self._ags(registration, scopes), self._quirks(registration.lms)
        now = self._clock.now()
        listed = False
        try:
            addresses = await self._like_it(ags, line_item, course.line_items_url)
            listed = line_item.url in addresses
            results = await self._results(ags, line_item.url) if listed else None
        except Trouble:
            async with self._database.writing() as session:
                await compare_queries.not_compared(session, line_item, now, now + EVERY / 12, listed=listed)
            raise
        async with self._database.writing() as session:
            if results is None:
                await compare_queries.is_gone(session, line_item, now, now + EVERY)
                return Compared(gone=True)
            return await self._write_down(session, line_item, quirks, before, results, len(addresses) - 1, now)

    async def _like_it(self, ags: AgsPort, line_item: LineItem, line_items_url: str | None) -> list[str]:
        if line_items_url is None:
            raise Trouble(rules.NO_GRADE_SERVICE, temporary=False)
        async with self._asking():
            found = await ags.find_line_items(line_items_url, line_item.resource_id, line_item.tag)
        return [item.id for item in found if item.id is not None]

    async def _results(self, ags: AgsPort, url: str) -> dict[str, ResultData]:
        """What stands in a column that the LMS has just listed.

        Some find it in their list and not by its results: TAO where its address has a query, ILIAS 10 where it belongs to no
        link. Then they cannot be read, and nothing has to be repaired.
        """
        try:
            async with self._asking():
                return {result.user_id: result for result in await ags.results(url)}
        except Trouble as trouble:
            if trouble.code == rules.LINE_ITEM_GONE:
                raise Trouble("unreadable-answer", temporary=False, answered=trouble.answered) from trouble
            raise

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._seconds), calling():
                yield
        except TimeoutError:
            raise Trouble("timed-out", temporary=True) from None

    async def _write_down(
        self,
        session: AsyncSession,
        line_item: LineItem,
        quirks: ServiceQuirks,
        before: dict[uuid.UUID, int],
        results: dict[str, ResultData],
        doubled: int,
        now: datetime,
    ) -> Compared:
        """Write what differs; scores that were delivered meanwhile are left to the next time."""
        count = different = 0
        latest: datetime | None = None
        for score, sub, present in await compare_queries.certain(session, line_item):
            latest = max(filter(None, (latest, score.delivered_at)), default=None)
            if before.get(score.id) != score.delivered_version or score.delivered_given is None:
                continue
            count += 1
            found = results.get(sub)
            if found is None and not present:
                # LMSs show nothing of who has left: what was known stays until they are back.
                continue
            difference = rules.difference(
                score.delivered_given,
                score.delivered_maximum or 1.0,
                found.score if found is not None else None,
                found.maximum if found is not None else None,
                present=present,
                leaves_out_zeros=quirks.results_leave_out_zeros,
            )
            different += difference is not None
            _enter(score, difference, found, now)
            session.add(score)
        used = latest is not None and now - latest < USED_WITHIN
        await compare_queries.is_compared(session, line_item, doubled, now, now + (EVERY if used else SELDOM))
        await session.flush()
        if line_item.takes_theirs:
            nudge_after_commit(session, TAKE_THEIRS, theirs_key(line_item.organisation_id, line_item.id))
        return Compared(count, different, doubled)

    async def compare_due(self) -> int:
        """Compare the columns whose time has come, one after the other for each LMS; how many were. Trouble with one stops no
        other.
        """
        async with self._database.reading() as session:
            due = await compare_queries.due(session, self._clock.now(), MOST_AT_ONCE)
        by_registration: dict[uuid.UUID, list[tuple[uuid.UUID, uuid.UUID]]] = {}
        for registration_id, organisation_id, line_item_id in due:
            by_registration.setdefault(registration_id, []).append((organisation_id, line_item_id))
        done = await asyncio.gather(*(self._in_turn(columns) for columns in by_registration.values()))
        return sum(done)

    async def before_sending(self, registration_id: uuid.UUID) -> None:
        """Compare the columns of a registration that new scores are about to go to, where nobody has looked for a while."""
        now = self._clock.now()
        async with self._database.reading() as session:
            due = await compare_queries.about_to_send(session, registration_id, now, now - FRESH, MOST_AT_ONCE)
        await self._in_turn(due)

    async def _in_turn(self, columns: list[tuple[uuid.UUID, uuid.UUID]]) -> int:
        done = 0
        for organisation_id, line_item_id in columns:
            try:
                await self.compare(organisation_id, line_item_id)
            except (Trouble, NotFound) as trouble:
                log.info(
                    "a gradebook column could not be compared",
                    extra={"line_item": str(line_item_id), "code": trouble.code},
                )
            else:
                done += 1
        return done


def _enter(score: Score, difference: object, found: ResultData | None, now: datetime) -> None:
    given = found.score if found is not None else None
    if difference is None or not rules.choice_holds(score.choice, score.chosen_given, given):
        score.choice = None
        score.chosen_given = None
    score.difference = difference  # type: ignore[assignment]
    score.lms_given = given
    score.lms_maximum = found.maximum if found is not None else None
    score.compared_at = now


# --- What the teacher says ---------------------------------------------------------------------------------------------


async def choose(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    score_id: uuid.UUID,
    choice: Choice,
    by: uuid.UUID | None,
    now: datetime,
) -> Score:
    """What the teacher says about a difference: it stays as it stands in the LMS, or our score goes over it.

    Raises NotFound where there is no difference (any more). The same again changes nothing.
    """
    score = await compare_queries.score(session, organisation_id, score_id, lock=True)
    if score is None or score.difference is None:
        raise NotFound("no difference to say something about")
    if score.choice is choice:
        return score
    score.choice, score.chosen_given, score.chosen_by, score.chosen_at = choice, score.lms_given, by, now
    nudge_after_commit(session, TAKE_THEIRS, theirs_key(organisation_id, score.line_item_id))
    if choice is Choice.OURS:
        compare_queries.owe_anew(score, now)
        nudge_after_commit(session, DELIVER, str(score.registration_id))
    session.add(score)
    await session.flush()
    return score


def theirs_key(organisation_id: uuid.UUID, line_item_id: uuid.UUID) -> str:
    """How the task names a column."""
    return f"{organisation_id}:{line_item_id}"


async def take_theirs(session: AsyncSession, line_item: LineItem, *, on: bool) -> bool:
    """Say whether numbers that teachers type over ours in this column are taken over; whether it was otherwise before."""
    if line_item.takes_theirs is on:
        return False
    line_item.takes_theirs = on
    session.add(line_item)
    await session.flush()
    nudge_after_commit(session, TAKE_THEIRS, theirs_key(line_item.organisation_id, line_item.id))
    return True
