"""What the pages of a path show, worked out before a template sees it; pure. Sentences are said when a template asks for them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lti_tool.clock import day_in
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem
from lti_tool.playlists import rules, service
from lti_tool.playlists.models import (
    DoneBy,
    DoneRule,
    Need,
    PlaylistSection,
    PlaylistStep,
    StepKind,
    StepOrigin,
    StepState,
)
from lti_tool.playlists.monitor_rules import USUAL, Calendar, Watch
from lti_tool.playlists.paths import Path, Shown
from lti_tool.playlists.planning.settings import Wheel, agreed


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as a page shows it. ``address`` is absent for what is done away from the screen, gone from the course,
    or found there by its name alone (``place``).

    ``is_missing``: it came with a copied course, where what it leads to was not found. ``title``, ``note`` and ``minutes`` are
    those of the form that whoever looks may know of.
    """

    step: PlaylistStep
    number: int
    kind: str | None
    address: str | None
    is_gone: bool
    standing: rules.Standing
    state: str
    waits_for: rules.Waits | None
    is_next: bool
    is_below_pass: bool
    is_missing: bool = False
    is_deleted: bool = False
    """Whether what it leads to was taken out of the course in the LMS."""
    title: str = ""
    note: str = ""
    minutes: int | None = None
    is_ours: bool = False
    """Whether it leads to a page of this tool, a check: that opens here, and not beside the course."""
    passing: float | None = None
    """From what result on it counts for this student, 0 to 100."""
    due_at: datetime | None = None
    """When it is due: for the student themselves, where the LMS has another date for them than for the class, that one."""
    place: str = ""
    """Where students find it in the course, where it opens at no address."""

    @property
    def teachers_address(self) -> str | None:
        """Where a teacher opens it: a check of ours has a page of its own for them."""
        if self.address is None or not self.is_ours:
            return self.address
        return self.address.partition("?")[0].replace("/my/", "/", 1)

    @property
    def is_locked(self) -> bool:
        """Whether something has to come first."""
        return self.waits_for is not None

    @property
    def is_done(self) -> bool:
        """Whether it is done."""
        return self.standing.state is StepState.DONE

    @property
    def is_begun(self) -> bool:
        """Whether it was opened, and neither done nor passed over since."""
        return self.standing.state is StepState.OPENED and not self.standing.is_skipped

    @property
    def needs_result(self) -> bool:
        """Whether a result of the LMS decides."""
        return self.step.done_rule is DoneRule.RESULT

    @property
    def can_be_marked(self) -> bool:
        """Whether the student may say that it is done; without an address there is nothing else to go by."""
        return not self.is_done and not self.is_locked and (self.step.done_rule is DoneRule.MARKED or self.no_way)

    @property
    def no_way(self) -> bool:
        """Whether a step that should be opened leads nowhere any more."""
        return self.step.done_rule is DoneRule.OPENED and self.address is None

    @property
    def can_be_opened(self) -> bool:
        """Whether the student may open it now."""
        return self.address is not None and not self.is_locked

    @property
    def can_be_unmarked(self) -> bool:
        """Whether the student may take their own mark back."""
        return self.is_done and self.standing.done_by is DoneBy.STUDENT and self.step.done_rule is DoneRule.MARKED

    @property
    def takes_words(self) -> bool:
        """Whether there is a place for what the student writes."""
        return service.takes_words(self.step)

    @property
    def own_words(self) -> str:
        """What the student wrote; why they passed it over is no such words."""
        return "" if self.standing.is_skipped else self.standing.words

    @property
    def can_be_skipped(self) -> bool:
        """Whether the student may pass it over now."""
        open_now = not self.is_done and not self.is_locked and not self.standing.is_skipped and not self.own_words
        return open_now and service.can_be_skipped(self.step)

    @property
    def is_talk(self) -> bool:
        """Whether it is a talk with the teacher."""
        return self.step.kind is StepKind.CONFERENCE

    @property
    def is_signed_off(self) -> bool:
        """Whether the teacher's sign-off decides."""
        return self.step.done_rule is DoneRule.SIGNED

    @property
    def waits_for_mastery(self) -> bool:
        """Whether being Secure decides."""
        return self.step.done_rule is DoneRule.MASTERY

    @property
    def can_be_exchanged(self) -> bool:
        """Whether another item may take its place: what the tool chose for this student."""
        return (
            self.step.personal_playlist_id is not None
            and self.step.origin is not StepOrigin.TEACHER
            and self.step.kind is StepKind.ITEM
            and not self.is_done
            and not self.is_locked
        )

    @property
    def is_chosen(self) -> bool:
        """Whether the student chose it among others."""
        return self.step.origin is StepOrigin.STUDENT


@dataclass(frozen=True, slots=True)
class SectionView:
    """A part of a path under its heading. Without a ``section``: what stands in none."""

    section: PlaylistSection | None
    steps: tuple[StepView, ...]
    missing: int = 0
    """Of a choice: how many are still to be done."""

    @property
    def is_choice(self) -> bool:
        """Whether it asks for some of its may-dos."""
        return self.section is not None and bool(self.section.needed) and bool(self.to_choose)

    @property
    def to_choose(self) -> list[StepView]:
        """The may-dos there are to choose from."""
        return [one for one in self.steps if one.step.need is Need.MAY]

    @property
    def asked(self) -> int:
        """How many of them are asked for; no more than there are."""
        needed = self.section.needed if self.section is not None else None
        return min(needed or 0, len(self.to_choose))

    @property
    def chosen_done(self) -> int:
        """How many of them are done."""
        return sum(one.is_done for one in self.to_choose)

    @property
    def is_done(self) -> bool:
        """Whether nothing that counts is left in it."""
        return all(one.is_done for one in self.steps if one.step.need is Need.MUST) and not self.missing


@dataclass(frozen=True, slots=True)
class PathView:
    """A student's path as a page shows it."""

    path: Path
    progress: rules.Progress
    next: rules.Next | None
    must: list[StepView]
    may: list[StepView]
    removed: list[StepView]
    left_out: tuple[StepView, ...] = ()
    """Of a template: what a teacher took out for this student alone; it can be put back."""
    sections: tuple[SectionView, ...] = ()
    """The parts of a template in order, what stands in none first; empty ones are left out."""
    added: tuple[StepView, ...] = ()
    """What a teacher added to this one copy of a template; of a personal playlist, all of it."""
    passed_over: tuple[StepView, ...] = ()
    """Of a personal playlist: what the student passed over, the latest first; it can be taken up again."""
    nothing: rules.NoNext | None = None
    """Why nothing is next; None where something is."""
    minutes_left: int = 0
    """The estimates for what is still to do and counts; of a personal playlist, for as many steps as are still asked for."""
    minutes_at_least: bool = False
    """Whether it takes longer: some of that has no estimate, or more is asked for than is planned yet."""
    choices: tuple[StepView, ...] = ()
    """Where the student steers: the steps to choose from, the one that the tool would take first; else none."""

    @property
    def steps(self) -> list[StepView]:
        """All present steps in the order in which they are walked."""
        return sorted([*self.must, *self.may], key=lambda view: view.number)

    @property
    def next_view(self) -> StepView | None:
        """The one step to do next."""
        return next((view for view in self.steps if view.is_next), None)

    @property
    def is_personal(self) -> bool:
        """Whether the tool chooses the steps."""
        return self.path.is_personal

    @property
    def counts_everything(self) -> bool:
        """Whether steps count, and not must-dos alone: there are none, or there is a choice, or the tool chooses."""
        return not self.must or self.is_personal or any(one.is_choice for one in self.sections)

    @property
    def awaits_result(self) -> bool:
        """Whether asking the LMS may change anything."""
        return any(not view.is_done and (view.needs_result or view.waits_for_mastery) for view in self.steps)

    @property
    def done_steps(self) -> list[StepView]:
        """What is done."""
        return [one for one in self.steps if one.is_done]

    @property
    def to_come(self) -> list[StepView]:
        """What is not."""
        passed = {one.step.id for one in self.passed_over}
        return [one for one in self.steps if not one.is_done and one.step.id not in passed]

    @property
    def to_come_later(self) -> list[StepView]:
        """The same, but for what there is to choose from now."""
        now = {one.step.id for one in self.choices}
        return [one for one in self.to_come if one.step.id not in now]


def path_view(
    path: Path, items: Mapping[uuid.UUID, ContentItem], due_dates: Mapping[uuid.UUID, datetime] | None = None
) -> PathView:
    """A path with the course's items it leads to. ``due_dates``: the student's own in the LMS, by item, for the student alone."""
    following = path.next
    waiting = path.locked
    walk = path.walk
    views: list[StepView] = []
    for number, (step, seen) in enumerate(zip(path.present, walk.steps, strict=True), start=1):
        views.append(
            _view(
                step,
                path.shown(step),
                number,
                items,
                seen.standing,
                waits_for=waiting.get(step.id),
                is_next=following is not None and following.step.id == step.id,
                is_below_pass=seen.is_below_pass,
                passing=path.passing(step) if path.as_student else step.pass_percent,
                copy_id=path.copy.id,
                due_dates=due_dates,
            )
        )
    removed = [
        _view(step, path.shown(step), number, items, path.standing(step), copy_id=path.copy.id)
        for number, step in enumerate(path.removed_with_work, start=1)
    ]
    left_out = tuple(
        _view(step, path.shown(step), number, items, path.standing(step), copy_id=path.copy.id)
        for number, step in enumerate(path.left_out, start=1)
    )
    counted = [step.id for step in rules.counting(walk) if not step.is_done and not step.standing.is_skipped]
    asked = path.progress.total - path.progress.done if path.is_personal else len(counted)
    counted = counted[:asked]
    minutes = [view.minutes for view in views if view.step.id in counted]
    return PathView(
        path=path,
        progress=path.progress,
        next=following,
        must=[view for view in views if view.step.need is Need.MUST],
        may=[view for view in views if view.step.need is Need.MAY],
        removed=removed,
        left_out=left_out,
        sections=() if path.is_personal else _sections(path, views, rules.missing_choices(walk)),
        added=tuple(view for view in views if view.step.personal_playlist_id is not None),
        passed_over=tuple(
            _view(step, path.shown(step), number, items, path.standing(step), copy_id=path.copy.id)
            for number, step in enumerate(path.passed_over, start=1)
        ),
        nothing=path.nothing_next,
        minutes_left=sum(one or 0 for one in minutes),
        minutes_at_least=None in minutes or len(counted) < asked,
        choices=_choices(path, views) if path.is_personal else (),
    )


MOST_CHOICES = 4
"""More steps than these are no help in choosing the next one."""


def _choices(path: Path, views: Sequence[StepView]) -> tuple[StepView, ...]:
    """What a student who steers may begin with: of each competency the first step that the tool chose, while nothing is begun
    and the teacher wants nothing first. One step is no choice.
    """
    if agreed(path.playlist.settings).wheel is not Wheel.STUDENT:
        return ()
    following = next((view for view in views if view.is_next), None)
    if following is None or path.next is None or path.next.why is not rules.Why.PLANNED or not _is_free(following):
        return ()
    first: dict[uuid.UUID | None, StepView] = {}
    for view in (following, *views):
        if view.state == "todo" and view.step.kind is StepKind.ITEM and _is_free(view):
            first.setdefault(view.step.competency_id, view)
    return tuple(first.values())[:MOST_CHOICES] if len(first) > 1 else ()


def _is_free(view: StepView) -> bool:
    """Whether the tool chose a step, and neither a teacher nor a date."""
    return view.step.role is not None and not service.is_teachers(view.step)


def _sections(path: Path, views: Sequence[StepView], missing: Mapping[uuid.UUID, int]) -> tuple[SectionView, ...]:
    shared = [view for view in views if view.step.personal_playlist_id is None]
    known = {section.id for section in path.present_sections}
    loose = tuple(view for view in shared if view.step.section_id not in known)
    parts = [SectionView(None, loose)] if loose else []
    for section in path.present_sections:
        inside = tuple(view for view in shared if view.step.section_id == section.id)
        if inside:
            parts.append(SectionView(section, inside, missing.get(section.id, 0)))
    return tuple(parts)


def _view(
    step: PlaylistStep,
    shown: Shown,
    number: int,
    items: Mapping[uuid.UUID, ContentItem],
    standing: rules.Standing,
    *,
    waits_for: rules.Waits | None = None,
    is_next: bool = False,
    is_below_pass: bool = False,
    passing: float | None = None,
    copy_id: uuid.UUID | None = None,
    due_dates: Mapping[uuid.UUID, datetime] | None = None,
) -> StepView:
    item = items.get(shown.content_item_id) if shown.content_item_id else None
    address = content_rules.students_address(item) if shown.content_item_id else shown.url
    place = content_rules.place_in_course(item)
    is_gone = shown.content_item_id is not None and address is None and not place
    is_ours = address is not None and address.startswith("/")
    kind = item.kind.value if item is not None else ("link" if shown.url else _WITHOUT.get(StepKind(step.kind)))
    state = "locked" if waits_for is not None else standing.state.value
    own_date = (due_dates or {}).get(item.id) if item is not None else None
    return StepView(
        step=step,
        # A step without a date of its own shows none.
        due_at=(own_date or step.due_at) if step.due_at is not None else None,
        number=number,
        kind=kind,
        # A page of ours leads back to where it was opened from.
        address=f"{address}?path={copy_id}" if is_ours else address,
        is_ours=is_ours,
        is_gone=is_gone,
        standing=standing,
        state="skipped" if standing.is_skipped else state,
        waits_for=waits_for,
        is_next=is_next,
        is_below_pass=is_below_pass,
        is_missing=item is not None and content_rules.is_missing(item),
        is_deleted=content_rules.is_deleted(item),
        title=shown.title,
        note=shown.note,
        minutes=shown.minutes,
        passing=passing,
        place=place,
    )


_WITHOUT = {StepKind.TASK: "task", StepKind.REFLECTION: "reflection", StepKind.CONFERENCE: "conference"}
"""What a step is where it leads nowhere."""


# --- How long ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Days:
    """The days a student has until the due date, today among them; ``school`` of those that are left are school days."""

    left: int
    total: int
    school: int


def days_until(begins: datetime, due_at: datetime | None, now: datetime, calendar: Calendar = USUAL) -> Days | None:
    """The days from the first on which a student has a playlist to its due date, and those of them that are left.

    All three in the zone that ``now`` has, since a day begins at its midnight. None without a date, or after it.
    """
    if due_at is None or due_at <= now:
        return None
    zone = now.tzinfo or UTC
    last, today = day_in(zone, due_at), now.date()
    first = min(day_in(zone, begins), today)
    a_day = timedelta(days=1)
    return Days(
        left=(last - today).days + 1,
        total=(last - first).days + 1,
        school=calendar.between(today - a_day, last + a_day),
    )


# --- A class ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """How a class stands with a playlist, in numbers of students."""

    students: int = 0
    begun: int = 0
    finished: int = 0
    stuck: int = 0


def counts(paths: Sequence[Path], watch: Watch) -> Counts:
    """How a class stands with one playlist."""
    return Counts(
        students=len(paths),
        begun=sum(path.copy.begun_at is not None for path in paths),
        finished=sum(path.progress.is_finished for path in paths),
        stuck=sum(path.attention(watch) is not None for path in paths),
    )
