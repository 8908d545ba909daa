"""A student's path: the teacher's steps, the student's copy and what they did, put together from the database's rows."""

import uuid
from dataclasses import dataclass, field

from lti_tool.playlists import rules
from lti_tool.playlists.models import DoneBy, PersonalPlaylist, PersonalStep, Playlist, PlaylistStep, StepState
from lti_tool.playlists.monitor_rules import Watch


@dataclass(slots=True)
class Path:
    """One student's copy of one playlist. ``rows`` holds a row for each step that was begun, by the step's id."""

    playlist: Playlist
    copy: PersonalPlaylist
    template: list[PlaylistStep]
    rows: dict[uuid.UUID, PersonalStep] = field(default_factory=dict)

    @property
    def present(self) -> list[PlaylistStep]:
        """The steps of the playlist as it stands now, in order."""
        return [step for step in self.template if step.removed_at is None]

    @property
    def removed_with_work(self) -> list[PlaylistStep]:
        """Steps the teacher took out after this student had begun them."""
        return [step for step in self.template if step.removed_at is not None and step.id in self.rows]

    @property
    def steps(self) -> list[rules.Step]:
        """The present steps as the rules see them."""
        return [as_rules_see(step, self.rows.get(step.id)) for step in self.present]

    @property
    def progress(self) -> rules.Progress:
        """How much of the path is done."""
        return rules.progress(self.steps)

    @property
    def next(self) -> rules.Next | None:
        """What to do next, and why."""
        return rules.next_step(self.steps, self.playlist.order_rule)

    @property
    def locked(self) -> dict[uuid.UUID, rules.Step]:
        """Steps that are not open yet, with the step to be done before each."""
        return rules.locked(self.steps, self.playlist.order_rule)

    @property
    def marked_by_student(self) -> int:
        """How many of the counting steps are done by the student's own word."""
        return sum(step.is_done and step.standing.done_by is DoneBy.STUDENT for step in rules.counting(self.steps))

    def attention(self, watch: Watch) -> rules.Attention | None:
        """Why the teacher should look at this student's row, or None."""
        return rules.attention(
            self.steps,
            begun=self.copy.begun_at is not None,
            due_at=self.playlist.due_at,
            now=watch.now,
            quiet=watch.is_quiet(self.copy.moved_at),
        )

    def step(self, step_id: uuid.UUID) -> PlaylistStep | None:
        """A present step."""
        return next((step for step in self.present if step.id == step_id), None)


def as_rules_see(step: PlaylistStep, row: PersonalStep | None) -> rules.Step:
    """A step of the playlist with where a student stands with it."""
    return rules.Step(
        id=step.id,
        title=step.title,
        need=step.need,
        done_rule=step.done_rule,
        pass_percent=step.pass_percent,
        standing=standing_of(row),
    )


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
    )


def write_standing(row: PersonalStep, standing: rules.Standing) -> None:
    """Have the row say what the standing says."""
    row.state = standing.state
    row.opened_at = standing.opened_at
    row.done_at = standing.done_at
    row.done_by = standing.done_by
    row.result_percent = standing.result_percent
    row.result_at = standing.result_at
    row.reopened_at = standing.reopened_at
