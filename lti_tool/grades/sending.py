"""Sending the scores of one registration: a feeder claims, some senders post, a recorder writes down what they were told.

The three work side by side, so that the LMS's slowness and the database's do not add up. While more is on its way, the recorder
waits for a moment for other answers, so that many are written in one transaction; nobody waits for it.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import DBAPIError

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.grades import claims, metrics, records, rules
from lti_tool.grades.claims import ClaimedScore
from lti_tool.grades.comparing import TAKE_THEIRS, theirs_key
from lti_tool.grades.models import Choice
from lti_tool.grades.ports import AgsPort
from lti_tool.grades.trouble import Trouble, calling
from lti_tool.jobs import nudge_after_commit
from lti_tool.lti.services import ResultData, ScoreData, ServiceQuirks

log = logging.getLogger(__name__)

_RECORDING_TRIES = 3
GATHERING_SECONDS = 0.05
"""How long an answer waits for others while scores are being sent. What a kill takes along is sent once more, that much of it."""


@dataclass(frozen=True, slots=True)
class _Delivered:
    """The LMS has it. ``status`` is the HTTP status where it was told so by one."""

    score: ClaimedScore
    status: int | None = 200


@dataclass(frozen=True, slots=True)
class _Failed:
    """The LMS has it not, or nobody knows."""

    score: ClaimedScore
    trouble: Trouble
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class _Released:
    """It was not sent after all."""

    score: ClaimedScore


@dataclass(frozen=True, slots=True)
class _Overridden:
    """Somebody else's number stands there: the LMS has refused the score for it, or (``status`` is None) it was not sent."""

    score: ClaimedScore
    found: ResultData
    status: int | None


_Outcome = _Delivered | _Failed | _Released | _Overridden


class Sending:
    """One run of deliveries to one LMS. ``paused_for`` is set once the LMS had better be left in peace."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ags: AgsPort,
        quirks: ServiceQuirks,
        registration_id: uuid.UUID,
        *,
        failures: int,
        most_at_once: int,
        allowed_at_once: int | None,
        lease: timedelta,
        request_seconds: float,
        chance: Callable[[], float],
    ) -> None:
        self.ags = ags
        self.paused_for: timedelta | None = None
        self._database = database
        self._clock = clock
        self._quirks = quirks
        self._registration_id = registration_id
        self._failures = failures
        self._most_at_once = most_at_once
        self._allowed_at_once = allowed_at_once
        self._in_turn = asyncio.Lock()
        self._lease = lease
        self._request_seconds = request_seconds
        self._chance = chance

    async def scores(self) -> None:
        """Send until a claim finds nothing more, or until the LMS wants to be left in peace."""
        first = await self._claim()
        if not first:
            return
        senders_now = min(self._at_once, len(first))
        # Bounded: a lease begins with the claim, so nothing should be claimed long before its turn comes. But the next claim
        # begins early enough that no sender waits for it.
        to_send: asyncio.Queue[ClaimedScore | None] = asyncio.Queue(3 * senders_now)
        outcomes: asyncio.Queue[_Outcome | None] = asyncio.Queue()
        all_sent = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._record(outcomes, all_sent))
            async with asyncio.TaskGroup() as senders:
                for _ in range(senders_now):
                    senders.create_task(self._send(to_send, outcomes))
                await self._feed(first, to_send, senders_now)
            outcomes.put_nowait(None)
            all_sent.set()

    @property
    def _at_once(self) -> int:
        return rules.at_once(self._most_at_once, self._allowed_at_once, self._failures)

    @property
    def _batch(self) -> int:
        return 4 * self._at_once

    async def _claim(self) -> list[ClaimedScore]:
        async with self._database.writing() as session:
            return await claims.claim_scores(
                session,
                self._registration_id,
                self._clock.now(),
                self._lease,
                self._batch,
                self._quirks.timestamp_step,
            )

    async def _feed(
        self, batch: Sequence[ClaimedScore], to_send: asyncio.Queue[ClaimedScore | None], senders: int
    ) -> None:
        trying = self._failures > 0
        while batch:
            for score in batch:
                await to_send.put(score)
            # A batch that was not full was all there is. One that tries whether the LMS answers again is the last of its kind.
            full = len(batch) >= 4 * senders
            batch = await self._claim() if full and self.paused_for is None and not trying else []
        for _ in range(senders):
            await to_send.put(None)

    async def _send(
        self, to_send: asyncio.Queue[ClaimedScore | None], outcomes: asyncio.Queue[_Outcome | None]
    ) -> None:
        while (score := await to_send.get()) is not None:
            outcomes.put_nowait(await self._send_one(score))

    async def _send_one(self, score: ClaimedScore) -> _Outcome:
        # Under a lease that could end meanwhile, another worker could send a later score before this one arrives.
        last_moment = score.lease_until - timedelta(seconds=self._request_seconds)
        if self.paused_for is not None or self._clock.now() > last_moment:
            return _Released(score)
        try:
            try:
                async with asyncio.timeout(self._request_seconds), self._little_by_little(), calling():
                    over = await self._goes_over(score)
                    if isinstance(over, _Overridden):
                        return over
                    await self.ags.post_score(score.line_item_url, self._payload(score, over=over))
            except TimeoutError:
                raise Trouble("timed-out", temporary=True) from None
        except Trouble as trouble:
            if trouble.code == rules.CONFLICT:
                return await self._settle(score, trouble)
            await self.consider_pausing(trouble)
            return _Failed(score, trouble, score.timestamp)
        return _Delivered(score)

    @asynccontextmanager
    async def _little_by_little(self) -> AsyncIterator[None]:
        """One request after the other while little is left of the LMS's rate limit: those beside each other pay in advance."""
        if self.ags.quota is None or self.ags.quota >= rules.LOW_QUOTA:
            yield
            return
        async with self._in_turn:
            yield

    async def _goes_over(self, score: ClaimedScore) -> "bool | _Overridden":
        """Whether a score goes over the number that stands there; or that it does not go at all, since that is somebody else's.

        Where the LMS can only be told to keep whatever stands there, it would keep the score before as well. So that is told with
        the first score alone; before a later one it is looked whose number it is. An LMS that does not let anybody look holds
        nothing back. What may have arrived unrecorded is ours where there is a result: there is none before the first score.
        """
        if score.choice is Choice.OURS:
            return True
        sent_before = score.attempts > 0 or score.delivered_given is not None
        if not self._quirks.keeps_any_number or not sent_before:
            return False
        try:
            async with calling():
                found = await self._result_of(score)
        except Trouble as trouble:
            if trouble.temporary:
                raise
            return True
        if found is not None and _is_somebody_elses(score, found):
            return _Overridden(score, found, None)
        return found is not None

    async def _result_of(self, score: ClaimedScore) -> ResultData | None:
        results = await self.ags.results(score.line_item_url, score.user_id)
        return next((result for result in results if result.user_id == score.user_id), None)

    def _payload(self, score: ClaimedScore, *, over: bool) -> ScoreData:
        return ScoreData(
            user_id=score.user_id,
            given=score.given,
            maximum=score.maximum,
            at=score.timestamp,
            comment=rules.comment_to_send(score.comment, score.delivered_comment, repeat=self._quirks.repeat_comment),
            activity_progress=rules.activity_progress(score.finished),
            over=over,
        )

    async def _settle(self, score: ClaimedScore, conflict: Trouble) -> _Outcome:
        """The LMS says it has a newer score: look at what it has. Ours? Then it has arrived. Another one? Send again, later.

        An answer that came too late can have been ours all along. What is certainly somebody else's waits for the teacher's
        choice, and what is not ours for all we know is believed after some tries.
        """
        found: ResultData | None = None
        try:
            async with asyncio.timeout(self._request_seconds), calling():
                found = await self._result_of(score)
        except (Trouble, TimeoutError):
            return _Failed(score, conflict, score.timestamp)
        if found is not None and rules.same_score(score.given, score.maximum, found.score, found.maximum):
            return _Delivered(score, conflict.answered)
        if found is not None and _is_somebody_elses(score, found):
            return _Overridden(score, found, conflict.answered)
        theirs = _moment(found)
        return _Failed(score, conflict, score.timestamp if theirs is None else max(theirs, score.timestamp))

    # --- Recording ----------------------------------------------------------------------------------------------------

    async def _record(self, outcomes: asyncio.Queue[_Outcome | None], all_sent: asyncio.Event) -> None:
        more = True
        while more:
            arrived = [await outcomes.get()]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(all_sent.wait(), GATHERING_SECONDS)
            while not outcomes.empty():
                arrived.append(outcomes.get_nowait())
            more = None not in arrived
            batch = [outcome for outcome in arrived if outcome is not None]
            if batch:
                await self._write_down(batch)

    async def _write_down(self, batch: Sequence[_Outcome]) -> None:
        """Record answers in one transaction. One that fails is tried again, since nobody else knows the answers."""
        for tried in range(1, _RECORDING_TRIES + 1):
            try:
                await self._write_once(batch)
            except DBAPIError:
                if tried == _RECORDING_TRIES:
                    raise
                await asyncio.sleep(0.1 * tried)
            else:
                return

    async def _write_once(self, batch: Sequence[_Outcome]) -> None:
        now = self._clock.now()
        delivered = [outcome for outcome in batch if isinstance(outcome, _Delivered)]
        failed = [outcome for outcome in batch if isinstance(outcome, _Failed)]
        released = [outcome.score for outcome in batch if isinstance(outcome, _Released)]
        overridden = [outcome for outcome in batch if isinstance(outcome, _Overridden)]
        failures = [self._failure(outcome, now) for outcome in failed]
        # What arrived before the LMS went down says nothing against leaving it in peace.
        takes_again = bool(delivered) and self._failures > 0 and self.paused_for is None
        async with self._database.writing() as session:
            gone = [failure.score for failure in failures if _asks_for_its_column(failure)]
            await records.columns_are_gone(session, gone, rules.LINE_ITEM_GONE, now)
            for refused in overridden:
                key = theirs_key(refused.score.organisation_id, refused.score.line_item_id)
                nudge_after_commit(session, TAKE_THEIRS, key)
            count = records.counted(
                self._registration_id,
                now,
                delivered=len(delivered),
                failed=len(failed),
                answered=bool(delivered) or any(one.trouble.answered is not None for one in failed),
                takes_again=takes_again,
            )
            await records.write_down(
                session,
                [
                    *records.delivered((outcome.score for outcome in delivered), now),
                    *records.failed(failures, now),
                    *records.released(released),
                    *records.overridden([(one.score, one.found) for one in overridden], now),
                    *(records.attempt(one.score, now, one.status, "delivered") for one in delivered),
                    *(records.attempt(one.score, now, one.trouble.answered, one.trouble.code) for one in failed),
                    *(records.attempt(one.score, now, one.status, rules.CONFLICT) for one in overridden),
                ],
                count if delivered or failed else None,
            )
        if takes_again:
            self._failures = 0
        for one in delivered:
            metrics.delivered(now - one.score.owed_at)
        for failure in failures:
            metrics.failed(failure.code)
            self._log(failure)

    def _failure(self, outcome: _Failed, now: datetime) -> records.Failure:
        score, trouble = outcome.score, outcome.trouble
        # A different trouble than before has patience of its own.
        failures = score.attempts + 1 if score.trouble == trouble.code else 1
        again = rules.after_failure(trouble.code, temporary=trouble.temporary, failures=failures)
        next_attempt_at = None
        if again is rules.Next.TRY_AGAIN:
            next_attempt_at = now + rules.backoff(score.attempts + 1, self._chance(), trouble.retry_after)
        return records.Failure(score, trouble.code, next_attempt_at, outcome.timestamp)

    def _log(self, failure: records.Failure) -> None:
        log.log(
            logging.WARNING if failure.next_attempt_at is None else logging.INFO,
            "a score was not delivered",
            extra={
                "score": str(failure.score.id),
                "registration": str(self._registration_id),
                "code": failure.code,
                "again": failure.next_attempt_at is not None,
            },
        )

    async def consider_pausing(self, trouble: Trouble) -> None:
        """Leave the LMS in peace when the trouble is its own; once in a run, however many requests have met it."""
        if self.paused_for is not None or not (
            trouble.key or rules.holds_for_all(trouble.code, retry_after=trouble.retry_after)
        ):
            return
        self._failures += 1
        self.paused_for = rules.backoff(self._failures, self._chance(), trouble.retry_after)
        until = self._clock.now() + self.paused_for
        log.warning(
            "the platform is left in peace for a while",
            extra={
                "registration": str(self._registration_id),
                "code": trouble.code,
                "failures": self._failures,
                "seconds": round(self.paused_for.total_seconds(), 1),
            },
        )
        slower = None
        if trouble.code == "rate-limited":
            slower = self._allowed_at_once = rules.slower(rules.at_once(self._most_at_once, self._allowed_at_once, 0))
        async with self._database.writing() as session:
            await records.platform_failed(
                session,
                self._registration_id,
                trouble.code,
                self._failures,
                until,
                now=self._clock.now(),
                at_once=slower,
            )


def _is_somebody_elses(score: ClaimedScore, found: ResultData) -> bool:
    """Whether a number in the LMS is certainly none of ours, and the teacher has not said yet which of the two counts.

    It is neither the score nor the one before, of which nothing can have arrived unrecorded since.
    """
    return (
        score.attempts == 0
        and score.choice is not Choice.OURS
        and score.delivered_given is not None
        and found.score is not None
        and not rules.same_score(score.delivered_given, score.delivered_maximum or 1.0, found.score, found.maximum)
    )


def _asks_for_its_column(failure: records.Failure) -> bool:
    """Whether this is the score's first 404: then its column is looked for. A second one is about the person."""
    return failure.code == rules.LINE_ITEM_GONE and failure.next_attempt_at is not None


def _moment(result: ResultData | None) -> datetime | None:
    """When the LMS says the result is from; Moodle 4.5 adds it, in the form of ISO 8601."""
    if result is None:
        return None
    said = result.extra.get("timestamp")
    if not isinstance(said, str):
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
