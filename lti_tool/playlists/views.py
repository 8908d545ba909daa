"""What the pages show, worked out before a template sees it; pure."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem
from lti_tool.playlists import rules
from lti_tool.playlists.models import DoneBy, DoneRule, Need, PlaylistStep, StepState
from lti_tool.playlists.monitor_rules import Watch
from lti_tool.playlists.paths import Path, Shown, standing_of


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as a page shows it. ``address`` is absent for what is done away from the screen, or gone from the course.

    ``is_missing``: it came with a copied course, where what it leads to was not found.
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
    title: str = ""
    """What the step is called for whoever looks; a student may have another form of it. So with ``note`` and ``minutes``."""
    note: str = ""
    minutes: int | None = None

    @property
    def is_locked(self) -> bool:
        """Whether something has to come first."""
        return self.waits_for is not None

    @property
    def is_done(self) -> bool:
        """Whether it is done."""
        return self.standing.state is StepState.DONE

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


@dataclass(frozen=True, slots=True)
class PathView:
    """A student's path as a page shows it."""

    path: Path
    progress: rules.Progress
    next: rules.Next | None
    must: list[StepView]
    may: list[StepView]
    removed: list[StepView]

    @property
    def steps(self) -> list[StepView]:
        """All present steps in the teacher's order."""
        return sorted([*self.must, *self.may], key=lambda view: view.number)

    @property
    def next_view(self) -> StepView | None:
        """The one step to do next."""
        return next((view for view in self.steps if view.is_next), None)

    @property
    def counts_everything(self) -> bool:
        """Whether all steps count because there are no must-dos."""
        return not self.must

    @property
    def awaits_result(self) -> bool:
        """Whether asking the LMS may change anything."""
        return any(not view.is_done and view.needs_result for view in self.steps)

    @property
    def minutes_left(self) -> int:
        """The teacher's estimates for what is still to do and counts."""
        counted = {step.id for step in rules.counting(self.path.walk) if not step.is_done}
        return sum(view.minutes or 0 for view in self.steps if view.step.id in counted)


def path_view(path: Path, items: Mapping[uuid.UUID, ContentItem]) -> PathView:
    """A path with the course's items it leads to."""
    following = path.next
    waiting = path.locked
    views = []
    for number, (step, seen) in enumerate(zip(path.present, path.steps, strict=True), start=1):
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
            )
        )
    removed = [
        _view(step, path.shown(step), number, items, standing_of(path.rows.get(step.id)))
        for number, step in enumerate(path.removed_with_work, start=1)
    ]
    return PathView(
        path=path,
        progress=path.progress,
        next=following,
        must=[view for view in views if view.step.need is Need.MUST],
        may=[view for view in views if view.step.need is Need.MAY],
        removed=removed,
    )


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
) -> StepView:
    item = items.get(shown.content_item_id) if shown.content_item_id else None
    is_gone = shown.content_item_id is not None and (
        item is None or item.deleted_at is not None or not item.published or item.url is None
    )
    kind = item.kind.value if item is not None else ("link" if shown.url else None)
    return StepView(
        step=step,
        number=number,
        kind=kind,
        address=None if is_gone else (item.url if item is not None else shown.url),
        is_gone=is_gone,
        standing=standing,
        state="locked" if waits_for is not None else standing.state.value,
        waits_for=waits_for,
        is_next=is_next,
        is_below_pass=is_below_pass,
        is_missing=item is not None and content_rules.is_missing(item),
        title=shown.title,
        note=shown.note,
        minutes=shown.minutes,
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """How a class stands with a playlist, in numbers of students."""

    students: int = 0
    begun: int = 0
    finished: int = 0
    stuck: int = 0

    @property
    def not_begun(self) -> int:
        """Those who have opened nothing yet."""
        return self.students - self.begun


def counts(paths: Sequence[Path], watch: Watch) -> Counts:
    """How a class stands with one playlist."""
    return Counts(
        students=len(paths),
        begun=sum(path.copy.begun_at is not None for path in paths),
        finished=sum(path.progress.is_finished for path in paths),
        stuck=sum(path.attention(watch) is not None for path in paths),
    )
