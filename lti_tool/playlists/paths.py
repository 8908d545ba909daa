"""A student's path: the teacher's steps, the student's copy and what they did, put together from the database's rows."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from lti_tool.learners.rules import Supports, minutes_for
from lti_tool.playlists import rules
from lti_tool.playlists.models import (
    DoneBy,
    Need,
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistKind,
    PlaylistSection,
    PlaylistStep,
    StepState,
    StepVariant,
    VariantKind,
)
from lti_tool.playlists.monitor_rules import Watch
from lti_tool.playlists.path_models import PathRequest, RequestKind

TARGET_STEPS = 10
"""So many steps of a personal playlist are asked for until the teacher says otherwise (``settings["target_steps"]``)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a step says and where it leads, for whoever looks at the path. ``form`` is set where that is another form."""

    title: str
    note: str
    content_item_id: uuid.UUID | None
    url: str | None
    minutes: int | None
    form: StepVariant | None = None


@dataclass
class Path:
    """One student's copy of one playlist, with everything it is judged by; what follows from that is worked out once.

    ``template`` and ``own`` hold those taken out as well, in order; ``rows`` holds a row for each step that was begun, by the
    step's id. ``secure`` says since when (the latest evidence) each competency that the path names is Secure; ``forms`` holds
    the other form of a step that is for this student, by the step's id. ``as_student``: who looks is the student, or may see
    supports, so that ``shown`` tells of the student's own forms; nobody else gets to know that there are any. ``common`` is
    what the paths of a class share: the template's steps as the rules see them before anybody has begun.
    """

    playlist: Playlist
    copy: PersonalPlaylist
    template: list[PlaylistStep]
    rows: dict[uuid.UUID, PersonalStep] = field(default_factory=dict)
    own: list[PlaylistStep] = field(default_factory=list)
    sections: list[PlaylistSection] = field(default_factory=list)
    secure: Mapping[uuid.UUID, datetime | None] = field(default_factory=dict)
    not_asked: Collection[uuid.UUID] = frozenset()
    """Those of ``secure`` that are there because nothing is asked of this student in them; nobody is told."""
    forms: Mapping[uuid.UUID, StepVariant] = field(default_factory=dict)
    supports: Supports = field(default_factory=Supports)
    requests: Sequence[PathRequest] = ()
    now: datetime | None = None
    as_student: bool = False
    common: dict[uuid.UUID, rules.Step] = field(default_factory=dict, repr=False, compare=False)
    unwritten: dict[uuid.UUID, PersonalStep] = field(default_factory=dict, repr=False, compare=False)
    """Those of ``rows`` that say something else than the database, by the step's id."""

    def changed(self) -> None:
        """Work everything out anew: a row is another now."""
        for name in ("walk", "judged", "progress", "next", "nothing_next", "locked"):
            self.__dict__.pop(name, None)

    @property
    def is_personal(self) -> bool:
        """Whether the tool chooses the steps."""
        return self.playlist.kind is PlaylistKind.PERSONAL

    @cached_property
    def present(self) -> list[PlaylistStep]:
        """The steps as the student walks them: what stands in no section, each section, then those of this copy alone."""
        own = [step for step in self.own if step.removed_at is None and not step.proposed]
        if self.is_personal:
            return own
        place = {section.id: index for index, section in enumerate(self.present_sections, start=1)}
        shared = [step for step in self.template if step.removed_at is None and not self._is_left_out(step)]
        shared.sort(key=lambda step: place.get(step.section_id, 0) if step.section_id else 0)
        return [*shared, *own]

    @cached_property
    def left_out(self) -> list[PlaylistStep]:
        """Steps of the template that a teacher took out for this student alone, in order."""
        if self.is_personal:
            return []
        return [step for step in self.template if step.removed_at is None and self._is_left_out(step)]

    def _is_left_out(self, step: PlaylistStep) -> bool:
        row = self.rows.get(step.id)
        return row is not None and row.left_out_at is not None

    @property
    def open_to_results(self) -> list[PlaylistStep]:
        """The steps of which it is kept what the LMS says: also those that are out for this student, since they may come back."""
        return [*self.present, *self.left_out]

    @property
    def proposed(self) -> list[PlaylistStep]:
        """Steps that wait for the teacher's approval; the student does not see them."""
        return [step for step in self.own if step.removed_at is None and step.proposed]

    @cached_property
    def present_sections(self) -> list[PlaylistSection]:
        """The sections as they stand now, in order."""
        return [section for section in self.sections if section.removed_at is None]

    @property
    def passed_over(self) -> list[PlaylistStep]:
        """Steps of a personal playlist that the student passed over, on the path or off it since; the latest first."""
        if not self.is_personal:
            return []
        passed = [step for step in self.own if not step.proposed and standing_of(self.rows.get(step.id)).is_skipped]
        return sorted(passed, key=lambda step: (self.rows[step.id].skipped_at, step.position), reverse=True)

    @property
    def removed_with_work(self) -> list[PlaylistStep]:
        """Steps that were taken out, for all or for this student, after this student had begun them."""
        gone = {step.id for step in self.left_out}
        return [
            step
            for step in [*self.template, *self.own]
            if (step.removed_at is not None or step.id in gone) and self._was_begun(step)
        ]

    def _was_begun(self, step: PlaylistStep) -> bool:
        row = self.rows.get(step.id)
        passed = self.is_personal and standing_of(row).is_skipped
        return row is not None and row.state is not StepState.TODO and not passed

    @property
    def steps(self) -> Sequence[rules.Step]:
        """The present steps as the rules see them."""
        return self.walk.steps

    @cached_property
    def walk(self) -> rules.Walk:
        """The path as the rules see it, in the words of whoever looks."""
        return self._walked([self._as_rules_see(step) for step in self.present])

    @cached_property
    def judged(self) -> rules.Walk:
        """The path by what is asked of this very student: a modification may ask for another result. Never shown as it is."""
        return self._walked([self._as_rules_see(step, judged=True) for step in self.present])

    def _walked(self, steps: Sequence[rules.Step]) -> rules.Walk:
        done_before = sum(
            step.removed_at is not None and standing_of(self.rows.get(step.id)).state is StepState.DONE
            for step in self.own
        )
        return rules.Walk(
            steps=steps,
            order=self.playlist.order_rule,
            sections=[rules.Section(one.id, one.title, one.needed) for one in self.present_sections],
            secure=frozenset(self.secure),
            now=self.now,
            target=target_of(self.playlist),
            done_before=done_before,
            asked_for_more=self._asked_for_more,
        )

    @property
    def _asked_for_more(self) -> bool:
        """Whether something that counts is out for this student: what is extra does not take its place."""
        choices = {section.id for section in self.present_sections if section.needed}
        return any(step.need is Need.MUST or step.section_id in choices for step in self.left_out)

    @cached_property
    def progress(self) -> rules.Progress:
        """How much of the path is done."""
        return rules.progress(self.walk)

    @cached_property
    def next(self) -> rules.Next | None:
        """What to do next, and why."""
        return rules.next_step(self.walk)

    @cached_property
    def nothing_next(self) -> rules.NoNext | None:
        """Why nothing is next; None where something is."""
        return rules.nothing_next(self.walk)

    @cached_property
    def locked(self) -> dict[uuid.UUID, rules.Waits]:
        """Steps that are not open yet, each with what it waits for."""
        return rules.locked(self.walk)

    @property
    def marked_by_student(self) -> int:
        """How many of the counting steps are done by the student's own word."""
        return sum(step.is_done and step.standing.done_by is DoneBy.STUDENT for step in rules.counting(self.walk))

    def attention(self, watch: Watch) -> rules.Attention | None:
        """Why the teacher should look at this student's row, or None."""
        return rules.attention(
            self.walk,
            begun=self.copy.begun_at is not None,
            due_at=self.playlist.due_at,
            now=watch.now,
            quiet=watch.is_quiet(self.copy.moved_at),
        )

    def step(self, step_id: uuid.UUID) -> PlaylistStep | None:
        """A present step."""
        return next((step for step in self.present if step.id == step_id), None)

    def ever(self, step_id: uuid.UUID) -> PlaylistStep | None:
        """A step that is, or was, part of this student's path."""
        return next((step for step in [*self.template, *self.own] if step.id == step_id and not step.proposed), None)

    def shown(self, step: PlaylistStep) -> Shown:
        """What a step says to whoever looks, and where it leads: this student's own form, or the usual one."""
        form = self.forms.get(step.id) if self.as_student else None
        usual = Shown(step.title, step.note, step.content_item_id, step.url, step.minutes)
        if form is None:
            return usual if not self.as_student else _with_time(usual, self.supports)
        item_id = form.content_item_id or step.content_item_id
        told = Shown(
            title=form.title or step.title,
            note=form.note or step.note,
            content_item_id=item_id,
            url=None if form.content_item_id else step.url,
            minutes=step.minutes if form.minutes is None else form.minutes,
            form=form,
        )
        return _with_time(told, self.supports)

    def items_of(self, step: PlaylistStep) -> set[uuid.UUID]:
        """The items of the course whose results are the step's: the usual one, and that of this student's form."""
        form = self.forms.get(step.id)
        return {one for one in (step.content_item_id, form.content_item_id if form else None) if one is not None}

    @property
    def item_ids(self) -> set[uuid.UUID]:
        """Every item of the course that the path may lead to."""
        return {item_id for step in [*self.template, *self.own] for item_id in self.items_of(step)}

    def passing(self, step: PlaylistStep) -> float | None:
        """From what result on the step counts for this student: a modification may ask for another."""
        form = self.forms.get(step.id)
        if form is not None and form.kind is VariantKind.MODIFICATION and form.pass_percent is not None:
            return form.pass_percent
        return step.pass_percent

    def standing(self, step: PlaylistStep) -> rules.Standing:
        """How the student stands with a step, for whoever looks. Beside the usual mark some results would tell of another one: of
        these, who may not know of it is told nothing but what came of them.
        """
        known = standing_of(self.rows.get(step.id))
        if self.as_student and known.done_by is DoneBy.MASTERY and step.competency_id in self.not_asked:
            # Done it is; that they know it nobody says.
            return replace(known, done_by=None)
        mark, usual = self.passing(step), step.pass_percent
        if self.as_student or mark == usual or known.result_percent is None:
            return known
        tells = (known.result_percent >= (mark or 0.0)) != (known.result_percent >= (usual or 0.0))
        return replace(known, result_percent=None, result_at=None) if tells else known

    def _as_rules_see(self, step: PlaylistStep, *, judged: bool = False) -> rules.Step:
        seen = self.common.get(step.id)
        if seen is None:
            seen = self.common[step.id] = _untouched(step)
        changes: dict[str, Any] = {}
        if step.id in self.rows:
            changes["standing"] = standing_of(self.rows[step.id]) if judged else self.standing(step)
        form = self.forms.get(step.id)
        if form is not None and self.as_student:
            changes["title"] = self.shown(step).title
        if form is not None and (self.as_student or judged):
            changes["pass_percent"] = self.passing(step)
        if any(one.step_id == step.id and one.kind is RequestKind.SIGN_OFF for one in self.requests):
            changes["is_asked"] = True
        return replace(seen, **changes) if changes else seen


def _untouched(step: PlaylistStep) -> rules.Step:
    """A step as the rules see it before anybody has begun it."""
    return rules.Step(
        id=step.id,
        title=step.title,
        need=step.need,
        done_rule=step.done_rule,
        pass_percent=step.pass_percent,
        kind=step.kind,
        section_id=step.section_id,
        competency_id=step.competency_id,
        is_precheck=step.is_precheck,
        after_step_id=step.after_step_id,
        after_competency_id=step.after_competency_id,
        opens_at=step.opens_at,
        due_at=step.due_at,
        is_own=step.personal_playlist_id is not None,
        is_planned=step.why is not None,
    )


def target_of(playlist: Playlist) -> int | None:
    """How many steps of a personal playlist are asked for, 1 or more; None for a template."""
    if playlist.kind is not PlaylistKind.PERSONAL:
        return None
    wanted = playlist.settings.get("target_steps", TARGET_STEPS)
    return wanted if isinstance(wanted, int) and wanted > 0 else TARGET_STEPS


def _with_time(told: Shown, supports: Supports) -> Shown:
    minutes = minutes_for(told.minutes, supports)
    return Shown(told.title, told.note, told.content_item_id, told.url, minutes, told.form)


def standing_of(row: PersonalStep | None) -> rules.Standing:
    """What a row says; the beginning where there is none."""
    if row is None:
        return rules.Standing()
    return rules.Standing(
        state=StepState(row.state),
        opened_at=row.opened_at,
        done_at=row.done_at,
        done_by=row.done_by,
        result_percent=row.result_percent,
        result_at=row.result_at,
        reopened_at=row.reopened_at,
        words=row.words,
        skipped_at=row.skipped_at,
    )


def write_standing(row: PersonalStep, standing: rules.Standing) -> None:
    """Have the row say what the standing says."""
    for name in _STANDS:
        said = getattr(standing, name)
        # Setting an attribute of a row costs ten times what looking at it does.
        if getattr(row, name) != said:
            setattr(row, name, said)


_STANDS = tuple(field.name for field in fields(rules.Standing))
"""What a row and a standing both say, by the same names."""
