"""The one step to do next and why; or why there is none."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lti_tool.playlists.models import DoneRule, Need, OrderRule, StepState
from lti_tool.playlists.rules.standing import counting_result
from lti_tool.playlists.rules.unlocking import Waits, WaitsFor, waits
from lti_tool.playlists.rules.walk import Choice, Section, Step, Walk, choices

SOON = timedelta(days=3)
"""A step that is due within this time is due soon."""


class Why(StrEnum):
    """The reason why a step is next."""

    FIRST = "first"
    GO_ON = "go-on"
    REOPENED = "reopened"
    BELOW_PASS = "below-pass"  # noqa: S105 - a mark, not a word to sign in with.
    AWAITS_RESULT = "awaits-result"
    AWAITS_MASTERY = "awaits-mastery"
    AWAITS_SIGN_OFF = "awaits-sign-off"
    OPEN_NOW = "open-now"
    READY = "ready"
    NEXT_MUST = "next-must"
    PRECHECK = "pre-check"
    CHOOSE = "choose"
    DUE_SOON = "due-soon"
    WAS_DUE = "was-due"
    FOR_YOU = "for-you"
    PLANNED = "planned"
    OPENS = "opens"
    MEANWHILE = "meanwhile"
    MAY = "may"
    MAY_FIRST = "may-first"
    PASSED_OVER = "passed-over"


@dataclass(frozen=True, slots=True)
class Next:
    """The one step to do next, and why.

    ``percent`` and ``needed`` come with results; ``after`` is the title of the step that opened it (``OPEN_NOW``) or that it
    opens (``OPENS``); ``section`` and ``missing`` come with ``CHOOSE``, ``competency_id`` with ``AWAITS_MASTERY`` and
    ``READY``, ``at`` with the two about a date.
    """

    step: Step
    why: Why
    percent: float | None = None
    needed: float | None = None
    after: str | None = None
    section: Section | None = None
    missing: int = 0
    competency_id: uuid.UUID | None = None
    at: datetime | None = None


class NothingNext(StrEnum):
    """Why no step is next."""

    EMPTY = "empty"
    ALL_DONE = "all-done"
    FOR_TEACHER = "for-teacher"
    FOR_DATE = "for-date"
    FOR_MASTERY = "for-mastery"


@dataclass(frozen=True, slots=True)
class NoNext:
    """Why no step is next: there is none; all are done; or what is left waits for the teacher's sign-off of ``step``, for
    the date ``at``, or for ``competency_id`` to be Secure."""

    why: NothingNext
    step: Step | None = None
    at: datetime | None = None
    competency_id: uuid.UUID | None = None


def next_step(walk: Walk) -> Next | None:
    """The step a student should do next, or None where there is nothing to do; ``nothing_next`` says why.

    What counts comes before what is extra. In order, the teacher's order decides; where it is free, what was begun, then what
    the teacher added for this student, then what is due soon. An open pre-check comes before the rest of its section. What
    was passed over comes last.
    """
    closed = waits(walk)
    open_now = [one for one in walk.steps if not one.is_done and one.id not in closed and not one.waits_for_teacher]
    asked = choices(walk)
    fresh = [one for one in open_now if not one.standing.is_skipped]
    counted = [one for one in fresh if one.need is Need.MUST or _missing(one, asked)]
    if counted:
        chosen = _first_counted(counted, walk, asked)
        return _reasoned(_precheck_of(chosen, fresh, walk) or chosen, walk, asked)
    if fresh:
        return _an_extra(fresh, walk, closed, asked)
    return _reasoned(open_now[0], walk, asked) if open_now else None


def nothing_next(walk: Walk) -> NoNext | None:
    """Why no step is next; None where one is."""
    if next_step(walk) is not None:
        return None
    if not walk.steps:
        return NoNext(NothingNext.EMPTY)
    left = [step for step in walk.steps if not step.is_done]
    if not left:
        return NoNext(NothingNext.ALL_DONE)
    asked = next((step for step in left if step.waits_for_teacher), None)
    if asked is not None:
        return NoNext(NothingNext.FOR_TEACHER, step=asked)
    closed = waits(walk)
    dates, competencies = [], []
    for step in left:
        reasons = closed.get(step.id, ())
        if any(one.reason in (WaitsFor.STEP, WaitsFor.CHOICE) for one in reasons):
            continue
        competencies += [one.competency_id for one in reasons if one.reason is WaitsFor.COMPETENCY]
        if all(one.reason is WaitsFor.DATE for one in reasons):
            dates += [one.at for one in reasons if one.at is not None]
    if dates:
        return NoNext(NothingNext.FOR_DATE, at=min(dates))
    return NoNext(NothingNext.FOR_MASTERY, competency_id=competencies[0] if competencies else None)


# --- Which --------------------------------------------------------------------------------------------------------------


def _missing(step: Step, asked: Mapping[uuid.UUID, Choice]) -> int:
    """How many the step's choice still asks for; 0 for a step outside any."""
    choice = asked.get(step.section_id) if step.need is Need.MAY and step.section_id else None
    return choice.missing if choice is not None else 0


def _first_counted(counted: Sequence[Step], walk: Walk, asked: Mapping[uuid.UUID, Choice]) -> Step:
    if walk.order is OrderRule.ANY:
        return min(counted, key=lambda step: _rank(step, walk))
    in_order = [step for step in counted if not walk.is_extra(step)]
    extra = [step for step in counted if walk.is_extra(step)]
    first = in_order[0] if in_order else None
    if first is not None and _missing(first, asked):
        of_choice = [step for step in in_order if step.section_id == first.section_id and step.need is Need.MAY]
        first = next((step for step in of_choice if step.is_begun), first)
    if first is None or (extra and not first.is_begun):
        return next((step for step in extra if step.is_begun), extra[0])
    return first


def _rank(step: Step, walk: Walk) -> tuple[int, float]:
    """Where the order is free: the smaller, the sooner; the path's own order decides between equals."""
    if step.is_begun:
        # Becoming Secure takes more than this one step; nobody has to wait for it.
        return (4, 0.0) if step.done_rule is DoneRule.MASTERY else (0, 0.0)
    if walk.is_extra(step):
        return (1, 0.0)
    if step.due_at is not None and walk.now is not None and step.due_at - walk.now <= SOON:
        return (2, step.due_at.timestamp())
    return (3, 0.0)


def _precheck_of(chosen: Step, open_now: Sequence[Step], walk: Walk) -> Step | None:
    """The pre-check that may spare the student the chosen step."""
    if chosen.standing.state is not StepState.TODO or chosen.is_precheck or chosen.is_own:
        return None
    for step in open_now:
        same = step.section_id == chosen.section_id and not step.is_own
        if same and step.is_precheck and step.standing.state is StepState.TODO:
            return step
    return None


def _an_extra(
    fresh: Sequence[Step], walk: Walk, closed: Mapping[uuid.UUID, tuple[Waits, ...]], asked: Mapping[uuid.UUID, Choice]
) -> Next:
    """Nothing that counts is open: what opens something comes first, then what was begun, then the first."""
    counts_still = any(not one.is_done and (one.need is Need.MUST or _missing(one, asked)) for one in walk.steps)
    if counts_still:
        titles = {one.id: one.title for one in walk.steps}
        for step in fresh:
            for closed_id, reasons in closed.items():
                if any(one.step is not None and one.step.id == step.id for one in reasons):
                    return Next(step, Why.OPENS, after=titles[closed_id])
    chosen = next((step for step in fresh if step.is_begun), None) or _precheck_of(fresh[0], fresh, walk) or fresh[0]
    found = _reasoned(chosen, walk, asked)
    return Next(found.step, Why.MEANWHILE) if counts_still and found.why is Why.MAY else found


# --- Why ----------------------------------------------------------------------------------------------------------------


def _reasoned(step: Step, walk: Walk, asked: Mapping[uuid.UUID, Choice]) -> Next:
    standing = step.standing
    if standing.is_skipped:
        return Next(step, Why.PASSED_OVER)
    if step.is_below_pass:
        return Next(step, Why.BELOW_PASS, percent=counting_result(standing), needed=step.pass_percent or 0.0)
    if standing.reopened_at is not None:
        return Next(step, Why.REOPENED)
    return _reason_to_go_on(step) if standing.state is StepState.OPENED else _reason_to_begin(step, walk, asked)


def _reason_to_go_on(step: Step) -> Next:
    if step.done_rule is DoneRule.RESULT:
        return Next(step, Why.AWAITS_RESULT, needed=0.0 if step.is_precheck else step.pass_percent or 0.0)
    if step.done_rule is DoneRule.MASTERY:
        return Next(step, Why.AWAITS_MASTERY, competency_id=step.competency_id)
    return Next(step, Why.AWAITS_SIGN_OFF if step.done_rule is DoneRule.SIGNED else Why.GO_ON)


def _reason_to_begin(step: Step, walk: Walk, asked: Mapping[uuid.UUID, Choice]) -> Next:
    if step.is_planned:
        return Next(step, Why.PLANNED)
    if step.due_at is not None and walk.now is not None and step.due_at - walk.now <= SOON:
        return Next(step, Why.DUE_SOON if step.due_at > walk.now else Why.WAS_DUE, at=step.due_at)
    if step.is_own:
        return Next(step, Why.FOR_YOU)
    if step.is_precheck:
        return Next(step, Why.PRECHECK, needed=step.pass_percent)
    return _reason_in_turn(step, walk) if step.need is Need.MUST else _reason_to_choose(step, walk, asked)


def _reason_to_choose(step: Step, walk: Walk, asked: Mapping[uuid.UUID, Choice]) -> Next:
    missing = _missing(step, asked)
    if missing and step.section_id is not None:
        return Next(step, Why.CHOOSE, section=asked[step.section_id].section, missing=missing)
    any_counts = bool(asked) or any(other.need is Need.MUST for other in walk.steps)
    return Next(step, Why.MAY if any_counts else Why.MAY_FIRST)


def _reason_in_turn(step: Step, walk: Walk) -> Next:
    opener = next((other for other in walk.steps if other.id == step.after_step_id and other.is_done), None)
    if opener is not None:
        return Next(step, Why.OPEN_NOW, after=opener.title)
    if step.after_competency_id is not None:
        return Next(step, Why.READY, competency_id=step.after_competency_id)
    if all(other.standing.state is StepState.TODO for other in walk.steps):
        return Next(step, Why.FIRST)
    place = next(index for index, other in enumerate(walk.steps) if other.id == step.id)
    before = [other for other in walk.steps[:place] if other.need is Need.MUST and other.is_done]
    if walk.order is OrderRule.IN_ORDER and before:
        return Next(step, Why.OPEN_NOW, after=before[-1].title)
    return Next(step, Why.NEXT_MUST)
