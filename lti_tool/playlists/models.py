"""Tables of playlists: the teacher's template and each student's own copy.

A playlist is either a *template*, whose steps a teacher chose, or *personal*: the tool chooses each student's steps from the
course's map, what the student has shown, and the course's aligned items. Both give every student a copy; the steps of a
personal one belong to the copy (``PlaylistStep.personal_playlist_id``), and so does what a teacher adds for one student.
"""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import false as sa_false
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, json_type, one_of, words


class PlaylistKind(StrEnum):
    """Who chooses the steps: the teacher, once for all; or the tool, for each student."""

    TEMPLATE = "template"
    PERSONAL = "personal"


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


class StepKind(StrEnum):
    """What a step asks for: something of the course or an address; something away from the screen; words about one's own
    work; or a talk with the teacher."""

    ITEM = "item"
    TASK = "task"
    REFLECTION = "reflection"
    CONFERENCE = "conference"


class DoneRule(StrEnum):
    """What counts as done: opened; opened and marked by the student; a result in the LMS of at least ``pass_percent``; the
    step's competency at Secure; the teacher's sign-off; or what the student wrote."""

    OPENED = "opened"
    MARKED = "marked"
    RESULT = "result"
    MASTERY = "mastery"
    SIGNED = "signed-off"
    WRITTEN = "written"


class StepState(StrEnum):
    """Where a student stands with a step."""

    TODO = "todo"
    OPENED = "opened"
    DONE = "done"


class DoneBy(StrEnum):
    """Who or what said that a step is done; the teacher's pages show it. ``TESTED``: a pre-check was passed."""

    STUDENT = "student"
    LMS = "lms"
    TEACHER = "teacher"
    MASTERY = "mastery"
    TESTED = "tested-out"


class StepOrigin(StrEnum):
    """Who put a step on the path."""

    TEACHER = "teacher"
    TOOL = "tool"
    STUDENT = "student"


class StepRole(StrEnum):
    """What a step is for, where the tool chose it."""

    TEACH = "teach"
    PRACTISE = "practise"
    ASSESS = "assess"
    REVIEW = "review"
    PLACE = "place"
    TALK = "talk"


class VariantKind(StrEnum):
    """An accommodation changes how something is done, and no rule; a modification changes what is asked."""

    ACCOMMODATION = "accommodation"
    MODIFICATION = "modification"


class AudienceKind(StrEnum):
    """Whom a playlist is assigned to."""

    COURSE = "course"
    GROUP = "group"
    SECTION = "section"
    STUDENT = "student"


class Playlist(TenantRow, table=True):
    """A teacher's template in one course."""

    __tablename__ = "playlist"
    __table_args__ = (
        belongs_to("course", "course_id"),
        one_of("kind", PlaylistKind),
        one_of("status", PlaylistStatus),
        one_of("order_rule", OrderRule),
        one_of("send_rule", SendRule),
        Index(None, "organisation_id", "course_id"),
    )

    course_id: uuid.UUID
    copied_from_id: uuid.UUID | None = Field(
        default=None, description="The playlist of an earlier course that this one was carried over from."
    )
    kind: PlaylistKind = Field(
        default=PlaylistKind.TEMPLATE,
        sa_type=words(PlaylistKind),
        sa_column_kwargs={"server_default": PlaylistKind.TEMPLATE.value},
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
    working: dict[str, Any] | None = Field(
        default=None,
        sa_type=json_type(),
        description="Of an assigned template: how the teacher has changed it since, not yet given to the students' copies.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=json_type(),
        sa_column_kwargs={"server_default": "{}"},
        description="Of a personal playlist: playlists.planning.settings as JSON.",
    )
    assigned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_by: uuid.UUID | None = Field(default=None, description="A person of this organisation; kept if they leave.")
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class PlaylistSection(TenantRow, table=True):
    """A part of a template under a heading of its own; a choice where only some of its may-dos are asked for."""

    __tablename__ = "playlist_section"
    __table_args__ = (
        belongs_to("playlist", "playlist_id"),
        CheckConstraint("needed IS NULL OR needed > 0", name="asks_for_some"),
        Index(None, "organisation_id", "playlist_id"),
    )

    playlist_id: uuid.UUID
    position: int = Field(description="Place among the playlist's sections, from 0.")
    title: str = Field(max_length=200)
    note: str = Field(default="", max_length=1000)
    needed: int | None = Field(
        default=None, description="So many of its may-dos count towards being finished, whichever: any 2 of 4."
    )
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PlaylistStep(TenantRow, table=True):
    """One step: an item of the course, an address, something away from the screen, a reflection or a conference.

    Steps of the template belong to every copy; those with ``personal_playlist_id`` to that one.
    """

    __tablename__ = "playlist_step"
    __table_args__ = (
        belongs_to("playlist", "playlist_id"),
        belongs_to("personal_playlist", "personal_playlist_id"),
        belongs_to("playlist_section", "section_id", on_delete="RESTRICT"),
        belongs_to("content_item", "content_item_id", on_delete="RESTRICT"),
        belongs_to("competency", "competency_id", on_delete="RESTRICT"),
        belongs_to(
            "competency",
            "after_competency_id",
            on_delete="RESTRICT",
            name="playlist_step_names_the_competency_that_comes_before",
        ),
        one_of("kind", StepKind),
        one_of("need", Need),
        one_of("done_rule", DoneRule),
        one_of("origin", StepOrigin),
        one_of("role", StepRole),
        CheckConstraint("content_item_id IS NULL OR url IS NULL", name="leads_to_one_place_at_most"),
        CheckConstraint("pass_percent IS NULL OR pass_percent BETWEEN 0 AND 100", name="passes_between_0_and_100"),
        Index(None, "organisation_id", "playlist_id"),
        Index(None, "organisation_id", "personal_playlist_id"),
    )

    playlist_id: uuid.UUID
    personal_playlist_id: uuid.UUID | None = Field(default=None, description="The one copy it belongs to, if to one.")
    section_id: uuid.UUID | None = None
    position: int = Field(description="Place in the playlist, or among the copy's own steps, from 0, without gaps.")
    kind: StepKind = Field(
        default=StepKind.ITEM, sa_type=words(StepKind), sa_column_kwargs={"server_default": StepKind.ITEM.value}
    )
    title: str = Field(max_length=500)
    follows_item: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="The title is the item's, and follows it; else somebody wrote it.",
    )
    note: str = Field(default="", max_length=1000, description="What the teacher says to the student about it.")
    need: Need = Field(default=Need.MUST, sa_type=words(Need))
    content_item_id: uuid.UUID | None = None
    url: str | None = Field(default=None, max_length=2000)
    done_rule: DoneRule = Field(default=DoneRule.MARKED, sa_type=words(DoneRule))
    pass_percent: float | None = Field(default=None, description="With ``result``: the share that passes, 0 to 100.")
    minutes: int | None = Field(default=None, description="The teacher's estimate.")
    opens_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="It is locked until then.")
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    after_step_id: uuid.UUID | None = Field(
        default=None, description="A step of the playlist that has to be done first, besides what the order says."
    )
    after_competency_id: uuid.UUID | None = Field(
        default=None, description="A competency that has to be Secure before the step opens."
    )
    competency_id: uuid.UUID | None = Field(
        default=None, description="What the step is for; with ``mastery``, what has to be Secure for it to be done."
    )
    is_precheck: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="Who reaches ``pass_percent`` here has done the other steps of its section as well.",
    )
    origin: StepOrigin = Field(
        default=StepOrigin.TEACHER,
        sa_type=words(StepOrigin),
        sa_column_kwargs={"server_default": StepOrigin.TEACHER.value},
    )
    role: StepRole | None = Field(default=None, sa_type=words(StepRole))
    why: dict[str, Any] | None = Field(
        default=None, sa_type=json_type(), description="Why this, why now: playlists.planning.why as JSON."
    )
    expected: float | None = Field(
        default=None, description="The chance of success when it was planned, 0 to 1; never shown to a student."
    )
    proposed: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="Waits for the teacher's approval; the student does not see it yet.",
    )
    removed_at: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="Taken out of the template after it was assigned, or off the path.",
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
    planned_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When the tool last looked what comes next; see planning."
    )
    planned: dict[str, Any] | None = Field(
        default=None,
        sa_type=json_type(),
        description="What the last plan said besides its steps: conflicts, what was known, why nothing is next.",
    )
    left_at: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="The playlist is no longer assigned to this student; work is kept.",
    )
    created_at: datetime = Field(sa_type=UtcDateTime)


class PersonalStep(TenantRow, table=True):
    """Where a student stands with one step of their copy."""

    __tablename__ = "personal_step"
    __table_args__ = (
        UniqueConstraint("organisation_id", "personal_playlist_id", "step_id"),
        belongs_to("personal_playlist", "personal_playlist_id"),
        belongs_to("playlist_step", "step_id"),
        belongs_to("step_variant", "variant_id", on_delete="RESTRICT"),
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
    words: str = Field(
        default="",
        max_length=4000,
        sa_column_kwargs={"server_default": ""},
        description="What the student wrote: a reflection, or why the step was skipped.",
    )
    skipped_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When the student passed it over."
    )
    variant_id: uuid.UUID | None = Field(
        default=None, description="The variant the student began with; a modification among them is the private stamp."
    )
    left_out_at: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="When a teacher took the template's step out for this student alone.",
    )


class StepVariant(TenantRow, table=True):
    """Another form of a step: read aloud, simpler text, another language, more time; or a modification of what is asked."""

    __tablename__ = "step_variant"
    __table_args__ = (
        belongs_to("playlist_step", "step_id"),
        belongs_to("content_item", "content_item_id", on_delete="RESTRICT"),
        one_of("kind", VariantKind),
        CheckConstraint("pass_percent IS NULL OR pass_percent BETWEEN 0 AND 100", name="passes_between_0_and_100"),
        Index(None, "organisation_id", "step_id"),
    )

    step_id: uuid.UUID
    position: int = 0
    kind: VariantKind = Field(default=VariantKind.ACCOMMODATION, sa_type=words(VariantKind))
    support: str = Field(max_length=32, description="What it serves: learners.supports.Support.")
    language: str = Field(default="", max_length=35, description="BCP 47, where it is another language.")
    title: str = Field(default="", max_length=500, description="Empty: the step's own.")
    note: str = Field(default="", max_length=1000)
    content_item_id: uuid.UUID | None = Field(default=None, description="Where it leads; absent: where the step does.")
    minutes: int | None = None
    pass_percent: float | None = Field(default=None, description="Of a modification alone.")
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StepVariantLearner(TenantRow, table=True):
    """That a variant is for this student, whatever the student's supports say; the only way a modification is given."""

    __tablename__ = "step_variant_learner"
    __table_args__ = (
        UniqueConstraint("organisation_id", "variant_id", "person_id"),
        belongs_to("step_variant", "variant_id"),
        belongs_to("person", "person_id"),
        Index(None, "organisation_id", "person_id"),
    )

    variant_id: uuid.UUID
    person_id: uuid.UUID
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class PlaylistAudience(TenantRow, table=True):
    """Whom a playlist is assigned to: everybody in the course, a group, a section, or single students. No row: everybody.

    A row may name nobody: it keeps a playlist that was for some from becoming everybody's when the last of them is erased.
    """

    __tablename__ = "playlist_audience"
    __table_args__ = (
        belongs_to("playlist", "playlist_id"),
        belongs_to("course_group", "group_id"),
        belongs_to("person", "person_id"),
        one_of("kind", AudienceKind),
        Index(None, "organisation_id", "playlist_id"),
    )

    playlist_id: uuid.UUID
    kind: AudienceKind = Field(sa_type=words(AudienceKind))
    group_id: uuid.UUID | None = None
    section: str | None = Field(default=None, max_length=255, description="A section's id, as memberships have it.")
    person_id: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class PlaylistEdit(TenantRow, table=True):
    """How a template was before a change, so that the change can be undone. The latest fifty are kept."""

    __tablename__ = "playlist_edit"
    __table_args__ = (
        UniqueConstraint("organisation_id", "playlist_id", "revision"),
        belongs_to("playlist", "playlist_id"),
    )

    playlist_id: uuid.UUID
    revision: int = Field(description="The revision before the change.")
    before: dict[str, Any] = Field(sa_type=json_type(), description="playlists.templates.Template as JSON.")
    undone_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When the change was taken back; it can be made again."
    )
    after: dict[str, Any] | None = Field(
        default=None, sa_type=json_type(), description="Of a change that was taken back: how the template was after it."
    )
    what: str = Field(max_length=64, description="What was changed: a word of playlists.templates.")
    changed_by: uuid.UUID | None = None
    changed_at: datetime = Field(sa_type=UtcDateTime)
