"""A path as the rules see it, and how much of it is done."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lti_tool.playlists.models import DoneRule, Need, OrderRule, StepKind, StepState
from lti_tool.playlists.rules.standing import Standing, counting_result


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a playlist. ``needed``: so many of its may-dos count towards being finished, whichever; None: none do."""

    id: uuid.UUID
    title: str = ""
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the path together with where the student stands with it."""

    id: uuid.UUID
    title: str
    need: Need = Need.MUST
    done_rule: DoneRule = DoneRule.MARKED
    pass_percent: float | None = None
    standing: Standing = field(default_factory=Standing)
    kind: StepKind = StepKind.ITEM
    section_id: uuid.UUID | None = None
    competency_id: uuid.UUID | None = None
    """What the step is for; with ``MASTERY``, what has to be Secure for it to be done."""
    is_precheck: bool = False
    after_step_id: uuid.UUID | None = None
    after_competency_id: uuid.UUID | None = None
    opens_at: datetime | None = None
    due_at: datetime | None = None
    is_own: bool = False
    """Whether it belongs to this one copy."""
    is_planned: bool = False
    """Whether the tool chose it, so that the plan says why."""
    is_asked: bool = False
    """Whether the student has asked for its sign-off, and waits."""

    @property
    def is_done(self) -> bool:
        """Whether the student has done it."""
        return self.standing.state is StepState.DONE

    @property
    def is_begun(self) -> bool:
        """Whether it was opened and is not done; what was passed over is neither."""
        return self.standing.state is StepState.OPENED and not self.standing.is_skipped

    @property
    def is_below_pass(self) -> bool:
        """Whether it waits for a better result than the one there is."""
        return not self.is_done and self.done_rule is DoneRule.RESULT and counting_result(self.standing) is not None

    @property
    def waits_for_teacher(self) -> bool:
        """Whether there is nothing left for the student to do with it: a sign-off was asked for."""
        return not self.is_done and self.done_rule is DoneRule.SIGNED and self.is_asked


@dataclass(frozen=True, slots=True)
class Walk:
    """Everything the rules judge a path by.

    ``steps`` are in the order in which they are walked. ``secure`` holds the competencies that are Secure or above. ``target``
    is set for a personal playlist: so many steps done are what the teacher asks for.
    """

    steps: Sequence[Step]
    order: OrderRule = OrderRule.IN_ORDER
    sections: Sequence[Section] = ()
    secure: frozenset[uuid.UUID] = frozenset()
    now: datetime | None = None
    """Absent: no date matters, as in a preview."""
    target: int | None = None
    done_before: int = 0
    """Of a personal playlist: steps done that are not on the path any more."""
    asked_for_more: bool = False
    """Whether something that counts is out for this student: what is extra stays extra then, also where it is all there is."""

    def is_extra(self, step: Step) -> bool:
        """Whether a teacher added the step to one student's copy of a template; it stands outside the template's order."""
        return step.is_own and self.target is None


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


@dataclass(slots=True)
class Choice:
    """A section that asks for some of its may-dos, on this path."""

    section: Section
    steps: list[Step] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """How many it asks for; no more than there are."""
        return min(self.section.needed or 0, len(self.steps))

    @property
    def missing(self) -> int:
        """How many are still to be done."""
        return max(0, self.asked - sum(step.is_done for step in self.steps))

    @property
    def counted(self) -> list[Step]:
        """Those that count: the ones done first, then the ones begun, then the first of the others."""
        ranked = sorted(self.steps, key=lambda step: (not step.is_done, not step.is_begun, step.standing.is_skipped))
        return ranked[: self.asked]


def choices(walk: Walk) -> dict[uuid.UUID, Choice]:
    """The choices of a path, by section, with their may-dos in order."""
    found = {section.id: Choice(section) for section in walk.sections if section.needed}
    for step in walk.steps:
        if step.need is Need.MAY and step.section_id in found:
            found[step.section_id].steps.append(step)
    return {section_id: choice for section_id, choice in found.items() if choice.steps}


def missing_choices(walk: Walk) -> dict[uuid.UUID, int]:
    """By choice section: how many of its may-dos are still to be done."""
    return {section_id: choice.missing for section_id, choice in choices(walk).items()}


def counting(walk: Walk) -> list[Step]:
    """The steps that count towards being finished, in order.

    Must-dos, and of each choice as many may-dos as it asks for; all steps where the playlist asks for none. Of a personal
    playlist, all.
    """
    if walk.target is not None:
        return list(walk.steps)
    chosen = {step.id for choice in choices(walk).values() for step in choice.counted}
    counted = [step for step in walk.steps if step.need is Need.MUST or step.id in chosen]
    return counted if counted or walk.asked_for_more else list(walk.steps)


def progress(walk: Walk) -> Progress:
    """How much of the path is done; of a personal playlist, how many steps of those asked for, whichever they were."""
    counted = counting(walk)
    done = sum(step.is_done for step in counted)
    if walk.target is not None:
        return Progress(min(done + walk.done_before, walk.target), walk.target)
    return Progress(done, len(counted))
