"""Tables of playlists: the teacher's template and each student's own copy."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, one_of, words


class PlaylistStatus(StrEnum):
    """A template's life."""

    DRAFT = "draft"
    ASSIGNED = "assigned"
    ARCHIVED = "archived"


class OrderRule(StrEnum):
    """Whether must-do steps open one after the other, or in any order."""

    IN_ORDER = "in-order"
    ANY = "any"


class SendRule(StrEnum):
    """When a score goes out: once a student finishes or the due date has come, or at every change."""

    AT_END = "at-end"
    LIVE = "live"


class Need(StrEnum):
    """Whether a step counts towards being finished."""

    MUST = "must"
    MAY = "may"


class DoneRule(StrEnum):
    """What counts as done: opened; opened and marked by the student; or a result in the LMS of at least ``pass_percent``."""

    OPENED = "opened"
    MARKED = "marked"
    RESULT = "result"


class StepState(StrEnum):
    """Where a student stands with a step."""

    TODO = "todo"
    OPENED = "opened"
    DONE = "done"


class DoneBy(StrEnum):
    """Who said that a step is done; the teacher's pages show it."""

    STUDENT = "student"
    LMS = "lms"
    TEACHER = "teacher"


class Playlist(TenantRow, table=True):
    """A teacher's template in one course."""

    __tablename__ = "playlist"
    __table_args__ = (
        belongs_to("course", "course_id"),
        one_of("status", PlaylistStatus),
        one_of("order_rule", OrderRule),
        one_of("send_rule", SendRule),
        Index(None, "organisation_id", "course_id"),
    )

    course_id: uuid.UUID
    copied_from_id: uuid.UUID | None = Field(
        default=None, description="The playlist of an earlier course that this one was carried over from."
    )
    title: str = Field(max_length=200)
    introduction: str = Field(default="", max_length=2000)
    status: PlaylistStatus = Field(default=PlaylistStatus.DRAFT, sa_type=words(PlaylistStatus))
    order_rule: OrderRule = Field(default=OrderRule.IN_ORDER, sa_type=words(OrderRule))
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    has_column: bool = Field(default=False, description="Whether the LMS's gradebook has a column for it.")
    send_rule: SendRule = Field(default=SendRule.AT_END, sa_type=words(SendRule))
    points: float = Field(default=100.0, description="The column's maximum.")
    revision: int = Field(default=1, description="Counts changes, so that two editors notice each other.")
    assigned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_by: uuid.UUID | None = Field(default=None, description="A person of this organisation; kept if they leave.")
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class PlaylistStep(TenantRow, table=True):
    """One step of a template: an item of the course, an address, or (with neither) something to do away from the screen."""

    __tablename__ = "playlist_step"
    __table_args__ = (
        belongs_to("playlist", "playlist_id"),
        belongs_to("content_item", "content_item_id", on_delete="RESTRICT"),
        one_of("need", Need),
        one_of("done_rule", DoneRule),
        CheckConstraint("content_item_id IS NULL OR url IS NULL", name="leads_to_one_place_at_most"),
        CheckConstraint("pass_percent IS NULL OR pass_percent BETWEEN 0 AND 100", name="passes_between_0_and_100"),
        Index(None, "organisation_id", "playlist_id"),
    )

    playlist_id: uuid.UUID
    position: int = Field(description="Place in the playlist, from 0, without gaps.")
    title: str = Field(max_length=500)
    note: str = Field(default="", max_length=1000, description="What the teacher says to the student about it.")
    need: Need = Field(default=Need.MUST, sa_type=words(Need))
    content_item_id: uuid.UUID | None = None
    url: str | None = Field(default=None, max_length=2000)
    done_rule: DoneRule = Field(default=DoneRule.MARKED, sa_type=words(DoneRule))
    pass_percent: float | None = Field(default=None, description="With ``result``: the share that passes, 0 to 100.")
    minutes: int | None = Field(default=None, description="The teacher's estimate.")
    removed_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Taken out of the template after it was assigned."
    )


class PersonalPlaylist(TenantRow, table=True):
    """A student's own copy, made when the playlist is assigned or when they join later."""

    __tablename__ = "personal_playlist"
    __table_args__ = (
        UniqueConstraint("organisation_id", "playlist_id", "person_id"),
        belongs_to("playlist", "playlist_id"),
        belongs_to("person", "person_id"),
        Index(None, "organisation_id", "person_id"),
    )

    playlist_id: uuid.UUID
    person_id: uuid.UUID
    begun_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When the first step was opened.")
    finished_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When the last must-do was done."
    )
    moved_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When something last changed.")
    owed_share: float | None = Field(
        default=None, description="The share of must-dos, 0 to 1, last entered in the ledger; absent before the first."
    )
    created_at: datetime = Field(sa_type=UtcDateTime)


class PersonalStep(TenantRow, table=True):
    """Where a student stands with one step of their copy."""

    __tablename__ = "personal_step"
    __table_args__ = (
        UniqueConstraint("organisation_id", "personal_playlist_id", "step_id"),
        belongs_to("personal_playlist", "personal_playlist_id"),
        belongs_to("playlist_step", "step_id"),
        one_of("state", StepState),
        one_of("done_by", DoneBy),
    )

    personal_playlist_id: uuid.UUID
    step_id: uuid.UUID
    state: StepState = Field(default=StepState.TODO, sa_type=words(StepState))
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: DoneBy | None = Field(default=None, sa_type=words(DoneBy))
    result_percent: float | None = Field(default=None, description="The LMS's latest result, 0 to 100 and beyond.")
    result_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reopened_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When a teacher took it back; older results count no more."
    )
