"""What a playlist means: progress, the next step and why it is next, what is open, and when a score is owed.

Pure logic: it is given what stands in the database and the time, and gives back what should stand there. Progress is how
much of a path is done; nothing here says what anybody knows.

Three decisions that the pages and the documentation repeat:

- A playlist without must-dos counts all its steps: it is finished when every one of them is done.
- What was done stays done. A later, lower result in the LMS takes nothing back; a teacher can, and so can the student
  with a step they marked themselves.
- A number that is owed to a gradebook falls only when work is taken back, never because the teacher changed the playlist.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from lti_tool.playlists.models import DoneBy, DoneRule, Need, OrderRule, SendRule, StepState


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one student stands with one step. The default is where everybody starts."""

    state: StepState = StepState.TODO
    opened_at: datetime | None = None
    done_at: datetime | None = None
    done_by: DoneBy | None = None
    result_percent: float | None = None
    result_at: datetime | None = None
    reopened_at: datetime | None = None
    """When a teacher last took the step back; results from before then no longer count."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the playlist together with where the student stands with it."""

    id: uuid.UUID
    title: str
    need: Need = Need.MUST
    done_rule: DoneRule = DoneRule.MARKED
    pass_percent: float | None = None
    standing: Standing = Standing()

    @property
    def is_done(self) -> bool:
        """Whether the student has done it."""
        return self.standing.state is StepState.DONE

    @property
    def is_below_pass(self) -> bool:
        """Whether it waits for a better result than the one there is."""
        return not self.is_done and self.done_rule is DoneRule.RESULT and _counting_result(self.standing) is not None


# --- Progress -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of a path is done: ``done`` of ``total`` steps that count."""

    done: int
    total: int

    @property
    def share(self) -> float:
        """From 0 to 1; 0 for a playlist without steps."""
        return self.done / self.total if self.total else 0.0

    @property
    def percent(self) -> int:
        """The share in whole percent, rounded down, so that 100 means finished."""
        return self.done * 100 // self.total if self.total else 0

    @property
    def is_finished(self) -> bool:
        """Whether everything that counts is done, and there was something to do."""
        return 0 < self.total == self.done


def counting(steps: Iterable[Step]) -> list[Step]:
    """The steps that count towards being finished: the must-dos, or all steps where there are none."""
    steps = list(steps)
    return [step for step in steps if step.need is Need.MUST] or steps


def progress(steps: Iterable[Step]) -> Progress:
    """How much of the path is done."""
    counted = counting(steps)
    return Progress(done=sum(step.is_done for step in counted), total=len(counted))


# --- What is open, and what is next -------------------------------------------------------------------------------------


def locked(steps: Sequence[Step], order: OrderRule) -> dict[uuid.UUID, Step]:
    """The steps that are not open yet, each with the undone step right before it.

    Only must-dos wait for each other; may-dos are always open, and so is what a student has already begun.
    """
    if order is OrderRule.ANY:
        return {}
    waiting: dict[uuid.UUID, Step] = {}
    undone_before: Step | None = None
    for step in steps:
        if step.need is not Need.MUST or step.is_done:
            continue
        if undone_before is not None and step.standing.state is StepState.TODO:
            waiting[step.id] = undone_before
        undone_before = step
    return waiting


class Why(StrEnum):
    """The reason why a step is next."""

    FIRST = "first"
    GO_ON = "go-on"
    REOPENED = "reopened"
    BELOW_PASS = "below-pass"  # noqa: S105 - a mark, not a word to sign in with.
    AWAITS_RESULT = "awaits-result"
    OPEN_NOW = "open-now"
    NEXT_MUST = "next-must"
    MAY = "may"
    MAY_FIRST = "may-first"


@dataclass(frozen=True, slots=True)
class Next:
    """The one step to do next, and why. ``percent`` and ``needed`` come with results, ``after`` with ``OPEN_NOW``."""

    step: Step
    why: Why
    percent: float | None = None
    needed: float | None = None
    after: str | None = None


def next_step(steps: Sequence[Step], order: OrderRule) -> Next | None:
    """The step a student should do next, or None when all are done.

    Must-dos come before may-dos. Among each, where the order is free, what was begun comes before what was not; otherwise
    the teacher's order decides.
    """
    closed = locked(steps, order)
    for need in (Need.MUST, Need.MAY):
        undone = [step for step in steps if step.need is need and not step.is_done and step.id not in closed]
        if not undone:
            continue
        begun = [step for step in undone if step.standing.state is StepState.OPENED]
        in_teachers_order = need is Need.MUST and order is OrderRule.IN_ORDER
        return _reasoned(undone[0] if in_teachers_order or not begun else begun[0], steps, order)
    return None


def _reasoned(step: Step, steps: Sequence[Step], order: OrderRule) -> Next:
    standing = step.standing
    if step.is_below_pass:
        return Next(step, Why.BELOW_PASS, percent=standing.result_percent, needed=step.pass_percent or 0.0)
    if standing.reopened_at is not None:
        return Next(step, Why.REOPENED)
    if standing.state is not StepState.OPENED:
        return _reason_to_begin(step, steps, order)
    if step.done_rule is DoneRule.RESULT:
        return Next(step, Why.AWAITS_RESULT, needed=step.pass_percent or 0.0)
    return Next(step, Why.GO_ON)


def _reason_to_begin(step: Step, steps: Sequence[Step], order: OrderRule) -> Next:
    if step.need is Need.MAY:
        return Next(step, Why.MAY if any(other.need is Need.MUST for other in steps) else Why.MAY_FIRST)
    if all(other.standing.state is StepState.TODO for other in steps):
        return Next(step, Why.FIRST)
    before = [other for other in steps[: steps.index(step)] if other.need is Need.MUST]
    if order is OrderRule.IN_ORDER and before:
        return Next(step, Why.OPEN_NOW, after=before[-1].title)
    return Next(step, Why.NEXT_MUST)


# --- What moves a step ---------------------------------------------------------------------------------------------------


def opened(standing: Standing, rule: DoneRule, now: datetime) -> Standing:
    """After the student opened the step. Opening again changes nothing."""
    if standing.state is StepState.DONE:
        return standing
    if rule is DoneRule.OPENED:
        return _done(standing, DoneBy.STUDENT, now)
    if standing.state is StepState.OPENED:
        return standing
    return replace(standing, state=StepState.OPENED, opened_at=standing.opened_at or now)


def marked(standing: Standing, by: DoneBy, now: datetime) -> Standing:
    """After somebody said that the step is done. The first word stands: saying it again changes nothing."""
    return standing if standing.state is StepState.DONE else _done(standing, by, now)


def unmarked(standing: Standing, by: DoneBy, now: datetime) -> Standing:
    """After it was taken back. A student takes back only their own word; a teacher anybody's, and asks for newer work."""
    if standing.state is not StepState.DONE:
        return standing
    if by is not DoneBy.TEACHER and standing.done_by is not by:
        return standing
    return replace(
        standing,
        state=StepState.OPENED,
        done_at=None,
        done_by=None,
        reopened_at=now if by is DoneBy.TEACHER else standing.reopened_at,
    )


def afresh(standing: Standing, now: datetime) -> Standing:
    """After a teacher allowed another try that starts from nothing: what was done or scored before counts no more."""
    if standing.state is StepState.TODO and standing.result_at is None:
        return standing
    return replace(standing, state=StepState.OPENED, done_at=None, done_by=None, reopened_at=now)


def with_result(
    standing: Standing, rule: DoneRule, pass_percent: float | None, percent: float, at: datetime
) -> Standing:
    """After the LMS reported a result of ``percent`` (0 to 100 and beyond) that came to be ``at``.

    An older result than the one known changes nothing. A result shows that the step was opened; with ``RESULT`` it is
    done from ``pass_percent`` on (any result where that is absent), unless a teacher took the step back since.
    """
    if standing.result_at is not None and at < standing.result_at:
        return standing
    known = replace(
        standing,
        result_percent=percent,
        result_at=at,
        state=StepState.OPENED if standing.state is StepState.TODO else standing.state,
        opened_at=standing.opened_at or at,
    )
    return settled(known, rule, pass_percent)


def settled(standing: Standing, rule: DoneRule, pass_percent: float | None) -> Standing:
    """Where a standing leads under a rule that may have changed: a result that suffices, or an opening, becomes done.

    Nothing is ever undone here, so that a teacher's change of mind takes no work away.
    """
    if standing.state is StepState.DONE:
        return standing
    percent = _counting_result(standing)
    if rule is DoneRule.RESULT and percent is not None and percent >= (pass_percent or 0.0):
        return _done(standing, DoneBy.LMS, standing.result_at)
    looked_again = standing.reopened_at is None or percent is not None
    if rule is DoneRule.OPENED and standing.opened_at is not None and looked_again:
        return _done(standing, DoneBy.STUDENT if percent is None else DoneBy.LMS, standing.opened_at)
    return standing


def _counting_result(standing: Standing) -> float | None:
    """The LMS's result, unless a teacher took the step back after it."""
    if standing.result_at is None or standing.result_percent is None:
        return None
    if standing.reopened_at is not None and standing.result_at <= standing.reopened_at:
        return None
    return standing.result_percent


def _done(standing: Standing, by: DoneBy, at: datetime | None) -> Standing:
    return replace(standing, state=StepState.DONE, opened_at=standing.opened_at or at, done_at=at, done_by=by)


# --- Scores --------------------------------------------------------------------------------------------------------------


def points_given(share: float, points: float) -> float:
    """The score for a share of 0 to 1 of ``points``, to two decimals, halves rounded up as people do on paper."""
    exact = Decimal(str(share)) * Decimal(str(points))
    return float(exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Owed:
    """What the gradebook should hold: the share of must-dos done, from 0 to 1."""

    share: float


def owed(
    now_done: Progress,
    *,
    send: SendRule,
    begun: bool,
    due_at: datetime | None,
    now: datetime,
    before: float | None,
    taken_back: bool = False,
) -> Owed | None:
    """The share that is owed to the gradebook now, or None while nothing is.

    ``before`` is the share owed so far (None: nothing yet); ``taken_back`` says that this change took work back, the
    one thing that lowers it. At the end: a score is owed once everything is done or the due date has come. Live: from the
    first step done, since a nought on the day somebody opens a page would read as a failing grade. Nobody who has not
    begun is ever owed a score. Once a score stands in the gradebook it follows every change.
    """
    if not begun or not now_done.total:
        return None
    is_due = due_at is not None and now >= due_at
    wanted = now_done.is_finished or is_due or (send is SendRule.LIVE and now_done.done > 0)
    if before is None:
        return Owed(now_done.share) if wanted else None
    if taken_back:
        return Owed(now_done.share)
    return Owed(max(before, now_done.share))


# --- What a teacher should notice --------------------------------------------------------------------------------------------


class Attention(StrEnum):
    """Why a student's row deserves a look. Plain rules that a teacher can check by eye, in order of weight."""

    BELOW_PASS = "below-pass"  # noqa: S105 - a mark, not a word to sign in with.
    PAST_DUE = "past-due"
    QUIET = "quiet"


def attention(
    steps: Sequence[Step], *, begun: bool, due_at: datetime | None, now: datetime, quiet: bool
) -> Attention | None:
    """The first reason why a student who began may be stuck, or None. ``quiet``: so many school days passed without a move
    that the teacher wants to be told (monitor_rules.Watch).
    """
    if not begun or progress(steps).is_finished:
        return None
    if any(step.is_below_pass for step in counting(steps)):
        return Attention.BELOW_PASS
    if due_at is not None and now >= due_at:
        return Attention.PAST_DUE
    return Attention.QUIET if quiet else None
