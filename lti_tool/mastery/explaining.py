"""Why somebody stands where they stand, in sentences of the page's language; and the trace of a look at one learner."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses.models import Course
from lti_tool.logs import reference_code
from lti_tool.mastery import criteria, rules
from lti_tool.mastery.models import Evidence, MasteryState, Standing
from lti_tool.mastery.pieces import Columns, Piece
from lti_tool.mastery.rules import Audience

LOOKED = "student.evidence-viewed"
"""The audit log's word for somebody having looked at one learner's evidence."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A state, explained to somebody at some moment.

    ``sentence`` says why the level is what it is; ``missing`` what is needed for the next one, None at the highest;
    ``fell`` why it is lower than it was, None where it is not. ``level`` is None at Not started. ``review_due_at`` says when
    what is known should be looked at again. ``overridden`` says that a teacher's judgement stands over the computed one.
    """

    standing: Standing
    level: rules.Level | None
    sentence: str
    missing: str | None
    fell: str | None
    review_due_at: datetime | None
    overridden: bool
    computed: Standing


@dataclass(frozen=True, slots=True)
class Step:
    """A moment at which a learner's level became another one. ``evidence_id`` names what did it, None for an override's end."""

    at: datetime
    before: Standing
    after: Standing
    level: rules.Level | None
    evidence_id: uuid.UUID | None


def sentence(state: MasteryState, now: datetime, to: Audience = Audience.STUDENT) -> str:
    """Why a state's level is what it is, as it was stored; for lists, where nothing more has to be read."""
    because = rules.Explanation(str(state.because["code"]), {**state.because["values"], "now": now.isoformat()})
    return rules.say(_with_credit(because, state), to)


def _with_credit(because: rules.Explanation, state: MasteryState) -> rules.Explanation:
    """The reason with the review's date as harder work has moved it, and with the day of that work."""
    if state.credited_at is None or state.review_due_at is None or "review" not in because.values:
        return because
    moved = {"review": state.review_due_at.isoformat(), "harder": state.credited_at.isoformat()}
    return rules.Explanation(because.code, {**because.values, **moved})


async def explained(
    session: AsyncSession, state: MasteryState, now: datetime, to: Audience = Audience.STUDENT
) -> Explained:
    """Everything that is to be said of a state at this moment, by the criterion that was frozen for it."""
    found = await criteria.frozen(session, state.organisation_id, [state.criterion_id])
    criterion = found[state.criterion_id]
    if state.rolled_up or not state.running:
        return Explained(
            standing=state.standing,
            level=criterion.scale.by_key(state.level),
            sentence=sentence(state, now, to),
            missing=None,
            fell=None,
            review_due_at=None,
            overridden=False,
            computed=state.standing,
        )
    said = criterion.judge(criterion.read(state.running), now)
    return Explained(
        standing=said.standing,
        level=said.level,
        sentence=rules.say(_with_credit(said.because, state), to),
        missing=None if said.missing is None else rules.say(said.missing, to),
        fell=None if said.fell is None else rules.say_fall(said.fell, criterion.scale, now, to),
        review_due_at=state.review_due_at if state.credited_at is not None else said.review_due_at,
        overridden=said.override is not None,
        computed=said.computed,
    )


async def history(
    session: AsyncSession, state: MasteryState, evidence: Sequence[Evidence], now: datetime
) -> list[Step]:
    """How a level came about, the oldest first: what it would have been after each piece of evidence, void ones left out.

    ``evidence`` is the learner's of this competency (``queries.evidence_of``).
    """
    found = await criteria.frozen(session, state.organisation_id, [state.criterion_id])
    criterion = found[state.criterion_id]
    live = [row for row in evidence if row.voided_at is None]
    pieces = [(Piece(*(getattr(row, name) for name in Columns._fields)), row.id) for row in live]
    pieces = sorted((one for one in pieces if one[0].moves_levels), key=lambda one: one[0].order)
    steps: list[Step] = []
    running = criterion.start()
    standing, level = Standing.NOT_STARTED, ""
    moments: list[tuple[datetime, uuid.UUID | None]] = []
    for piece, evidence_id in pieces:
        for ended, _ in [one for one in moments if one[0] <= piece.observed_at]:
            standing, level = _noted(steps, criterion, running, ended, None, standing, level)
        moments = [one for one in moments if one[0] > piece.observed_at]
        running = criterion.step(running, piece.observation())
        standing, level = _noted(steps, criterion, running, piece.observed_at, evidence_id, standing, level)
        # An override that this one replaces ends with it and has no end of its own any more.
        if running.override is not None:
            moments = [(running.override.until, None)] if running.override.until is not None else []
    for ended, _ in moments:
        if ended <= now:
            standing, level = _noted(steps, criterion, running, ended, None, standing, level)
    return steps


def _noted(
    steps: list[Step],
    criterion: rules.Criterion,
    running: rules.State,
    at: datetime,
    evidence_id: uuid.UUID | None,
    standing: Standing,
    level: str,
) -> tuple[Standing, str]:
    said = criterion.judge(running, at)
    key = said.level.key if said.level else ""
    if (said.standing, key) != (standing, level):
        steps.append(Step(at, standing, said.standing, said.level, evidence_id))
    return said.standing, key


def note_look(session: AsyncSession, course: Course, person_id: uuid.UUID, now: datetime, by: uuid.UUID | None) -> None:
    """Leave a trace that somebody looked at one learner's evidence; for every page that shows it to anybody but the learner."""
    if by == person_id:
        return
    audit.record(
        session,
        now,
        LOOKED,
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"person {person_id}",
        reference=reference_code.get(),
        detail=f"course {course.id}",
    )


__all__ = ["LOOKED", "Audience", "Explained", "Step", "explained", "history", "note_look", "sentence"]
