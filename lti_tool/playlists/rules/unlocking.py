"""What is open, and what a step that is not open waits for."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lti_tool.playlists.models import Need, OrderRule, StepState
from lti_tool.playlists.rules.walk import Choice, Section, Step, Walk, choices


class WaitsFor(StrEnum):
    """What a step can wait for."""

    STEP = "step"
    CHOICE = "choice"
    COMPETENCY = "competency"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Waits:
    """Why a step is not open yet: ``step`` is to be done first; ``missing`` of ``section`` are; ``competency_id`` is to be
    Secure; or ``at`` has to come. What goes with the reason is set, and nothing else."""

    reason: WaitsFor
    step: Step | None = None
    section: Section | None = None
    missing: int = 0
    competency_id: uuid.UUID | None = None
    at: datetime | None = None


def locked(walk: Walk) -> dict[uuid.UUID, Waits]:
    """The steps that are not open yet, each with the first thing it waits for."""
    return {step_id: reasons[0] for step_id, reasons in waits(walk).items()}


def waits(walk: Walk) -> dict[uuid.UUID, tuple[Waits, ...]]:
    """The steps that are not open yet, each with everything it waits for: what can be done about first, dates last.

    What a student has begun is always open. In order, must-dos and choices wait for what counts before them; other may-dos, and
    what a teacher added for one student, do not. An ``after_step_id`` that names no step of the path, or that could never be
    done because the two wait for each other, counts as none.
    """
    before = _before(walk)
    ignored = _never(walk)
    by_id = {step.id: step for step in walk.steps}
    found = {}
    for step in walk.steps:
        if step.standing.state is StepState.TODO:
            reasons = tuple(_reasons(step, walk, before.get(step.id), by_id, ignored))
            if reasons:
                found[step.id] = reasons
    return found


def _reasons(
    step: Step,
    walk: Walk,
    before: Waits | None,
    by_id: Mapping[uuid.UUID, Step],
    ignored: frozenset[uuid.UUID],
) -> Iterator[Waits]:
    if before is not None:
        yield before
    after = by_id.get(step.after_step_id) if step.after_step_id is not None and step.id not in ignored else None
    if after is not None and not after.is_done and (before is None or before.step is not after):
        yield Waits(WaitsFor.STEP, step=after)
    if step.after_competency_id is not None and step.after_competency_id not in walk.secure:
        yield Waits(WaitsFor.COMPETENCY, competency_id=step.after_competency_id)
    if step.opens_at is not None and walk.now is not None and step.opens_at > walk.now:
        yield Waits(WaitsFor.DATE, at=step.opens_at)


# --- The playlist's order ---------------------------------------------------------------------------------------------


def _before(walk: Walk) -> dict[uuid.UUID, Waits]:
    """In order: what stands right before each step and is not done yet."""
    if walk.order is OrderRule.ANY:
        return {}
    asked = choices(walk)
    last = _last_of(asked)
    waiting: dict[uuid.UUID, Waits] = {}
    undone: Waits | None = None
    for step in walk.steps:
        if walk.is_extra(step):
            continue
        choice = asked.get(step.section_id) if step.need is Need.MAY and step.section_id else None
        if step.need is Need.MUST or choice is not None:
            if undone is not None and not step.is_done:
                waiting[step.id] = undone
            # What was passed over is no reason to wait: the student has decided, and can come back to it.
            if step.need is Need.MUST and not step.is_done and not step.standing.is_skipped:
                undone = Waits(WaitsFor.STEP, step=step)
        if choice is not None and last[choice.section.id] == step.id and choice.missing:
            undone = Waits(WaitsFor.CHOICE, section=choice.section, missing=choice.missing)
    return waiting


def _last_of(asked: Mapping[uuid.UUID, Choice]) -> dict[uuid.UUID, uuid.UUID]:
    return {section_id: choice.steps[-1].id for section_id, choice in asked.items()}


# --- What could never be ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Needs:
    """What must be possible before a step is: all of ``steps``, and of each choice so many as it asks for."""

    steps: set[uuid.UUID] = field(default_factory=set)
    choices: list[Choice] = field(default_factory=list)


def _never(walk: Walk) -> frozenset[uuid.UUID]:
    """The steps whose ``after_step_id`` is ignored, since it could never be done first.

    Which these are depends on how the playlist is made, never on what a student has done, so that nothing closes or opens for
    a reason nobody sees. Of a circle, the step that comes first on the path is let go.
    """
    present = {step.id for step in walk.steps}
    named = {step.id: step.after_step_id for step in walk.steps if step.after_step_id in present}
    if not named:
        return frozenset()
    needs = _order_needs(walk)
    ignored: set[uuid.UUID] = set()
    while True:
        after = {step_id: other for step_id, other in named.items() if step_id not in ignored}
        possible = _possible(walk.steps, needs, after)
        stuck = [step.id for step in walk.steps if step.id not in possible]
        if not stuck:
            return frozenset(ignored)
        inside = set(stuck)
        circling = [one for one in stuck if one in after and _leads_to(after[one], one, needs, after, inside)]
        ignored.add(circling[0])


def _order_needs(walk: Walk) -> dict[uuid.UUID, _Needs]:
    """What the order alone asks of each step, if nothing were done yet."""
    needs = {step.id: _Needs() for step in walk.steps}
    if walk.order is OrderRule.ANY:
        return needs
    asked = choices(walk)
    last = _last_of(asked)
    musts: set[uuid.UUID] = set()
    passed: list[Choice] = []
    for step in walk.steps:
        if walk.is_extra(step):
            continue
        choice = asked.get(step.section_id) if step.need is Need.MAY and step.section_id else None
        if step.need is Need.MUST or choice is not None:
            needs[step.id] = _Needs(set(musts), list(passed))
        if step.need is Need.MUST:
            musts.add(step.id)
        if choice is not None and last[choice.section.id] == step.id:
            passed.append(choice)
    return needs


def _possible(
    steps: Sequence[Step], needs: Mapping[uuid.UUID, _Needs], after: Mapping[uuid.UUID, uuid.UUID | None]
) -> set[uuid.UUID]:
    """The steps that can be done one day, if dates come and competencies are reached."""
    possible: set[uuid.UUID] = set()
    grew = True
    while grew:
        grew = False
        for step in steps:
            if step.id in possible or (step.id in after and after[step.id] not in possible):
                continue
            asked = needs[step.id]
            enough = all(sum(one.id in possible for one in choice.steps) >= choice.asked for choice in asked.choices)
            if enough and asked.steps <= possible:
                possible.add(step.id)
                grew = True
    return possible


def _leads_to(
    start: uuid.UUID | None,
    wanted: uuid.UUID,
    needs: Mapping[uuid.UUID, _Needs],
    after: Mapping[uuid.UUID, uuid.UUID | None],
    inside: set[uuid.UUID],
) -> bool:
    """Whether ``start`` waits for ``wanted``, through whatever is stuck as well."""
    seen: set[uuid.UUID] = set()
    open_ends = [start]
    while open_ends:
        at = open_ends.pop()
        if at == wanted:
            return True
        if at is None or at in seen or at not in inside:
            continue
        seen.add(at)
        asked = needs[at]
        open_ends.extend(asked.steps)
        open_ends.extend(step.id for choice in asked.choices for step in choice.steps)
        open_ends.append(after.get(at))
    return False
