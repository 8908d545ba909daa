"""Tables of what people say about a student's path: the teacher's rulings, the student's requests, and words between them."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, json_type, one_of, words
from lti_tool.playlists.models import StepOrigin


class RulingKind(StrEnum):
    """What a teacher decides about the steps that the tool chooses.

    ``PIN``: this item comes, at its place if one is named; ``BAN``: it never does; ``KNOWN``: this competency is taken as
    known, the starting point.
    """

    PIN = "pin"
    BAN = "ban"
    KNOWN = "known"


class RequestKind(StrEnum):
    """What a student asks the teacher for, or what the tool asks for where a student is stuck."""

    HELP = "help"
    SIGN_OFF = "sign-off"
    RETAKE = "retake"
    CONFERENCE = "conference"


class Outcome(StrEnum):
    """How a teacher answered a request: the work is signed off or not yet; a question answered; another try allowed or not
    now; a talk arranged, or held.
    """

    SIGNED = "signed"
    NOT_YET = "not-yet"
    ANSWERED = "answered"
    ALLOWED = "allowed"
    ARRANGED = "arranged"
    HELD = "held"


class WordKind(StrEnum):
    """What a teacher says to a student about their path."""

    NUDGE = "nudge"
    COMMENT = "comment"


class PathRuling(TenantRow, table=True):
    """A teacher's decision about a personal playlist, for one student or for all. Ended, never deleted."""

    __tablename__ = "path_ruling"
    __table_args__ = (
        belongs_to("playlist", "playlist_id"),
        belongs_to("person", "person_id"),
        belongs_to("content_item", "content_item_id"),
        belongs_to("competency", "competency_id"),
        one_of("kind", RulingKind),
        Index(None, "organisation_id", "playlist_id"),
        Index(None, "organisation_id", "person_id"),
    )

    playlist_id: uuid.UUID
    person_id: uuid.UUID | None = Field(default=None, description="Absent: for everybody.")
    kind: RulingKind = Field(sa_type=words(RulingKind))
    content_item_id: uuid.UUID | None = Field(default=None, description="Of a pin or a ban.")
    competency_id: uuid.UUID | None = Field(
        default=None, description="Of what is taken as known; or a ban of all its items."
    )
    place: int | None = Field(default=None, description="Of a pin: its place among the steps to come, from 0.")
    note: str = Field(default="", max_length=500, description="Why; for those who teach the course.")
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PathRequest(TenantRow, table=True):
    """Something that waits for the teacher. Answered, never deleted."""

    __tablename__ = "path_request"
    __table_args__ = (
        belongs_to("personal_playlist", "personal_playlist_id"),
        belongs_to("playlist_step", "step_id"),
        one_of("kind", RequestKind),
        one_of("outcome", Outcome),
        one_of("origin", StepOrigin),
        Index(None, "organisation_id", "personal_playlist_id"),
    )

    personal_playlist_id: uuid.UUID
    step_id: uuid.UUID | None = None
    kind: RequestKind = Field(sa_type=words(RequestKind))
    outcome: Outcome | None = Field(
        default=None,
        sa_type=words(Outcome),
        description="Absent where the student took it back, or what was asked came about.",
    )
    origin: StepOrigin = Field(
        default=StepOrigin.STUDENT,
        sa_type=words(StepOrigin),
        sa_column_kwargs={"server_default": StepOrigin.STUDENT.value},
        description="Who asks: the student, or the tool where the student is stuck.",
    )
    words: str = Field(default="", max_length=1000, description="What the student said about it.")
    created_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_by: uuid.UUID | None = Field(default=None, description="Absent where the student took it back.")
    answer: str = Field(default="", max_length=1000)
    why: dict[str, Any] | None = Field(
        default=None, sa_type=json_type(), description="Of the tool's: why, as playlists.planning.why writes it."
    )


class PathWord(TenantRow, table=True):
    """What a teacher said to a student about their path: a nudge or a comment. Shown until the student has seen it, and after."""

    __tablename__ = "path_word"
    __table_args__ = (
        belongs_to("personal_playlist", "personal_playlist_id"),
        belongs_to("playlist_step", "step_id"),
        one_of("kind", WordKind),
        Index(None, "organisation_id", "personal_playlist_id"),
    )

    personal_playlist_id: uuid.UUID
    step_id: uuid.UUID | None = None
    kind: WordKind = Field(sa_type=words(WordKind))
    text: str = Field(default="", max_length=1000, description="Empty: the nudge's usual sentence.")
    written_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SchoolCalendar(TenantRow, table=True):
    """A school's week and days off, which hold for all its courses. No row: Monday to Friday, no days off."""

    __tablename__ = "school_calendar"
    __table_args__ = (UniqueConstraint("organisation_id"),)

    weekdays: str = Field(default="12345", max_length=7, description="ISO weekdays, Monday 1 to Sunday 7.")
    days_off: str = Field(default="", max_length=4000, description="ISO dates or spans (a..b), between commas.")
    changed_at: datetime = Field(sa_type=UtcDateTime)


class CourseCalendar(TenantRow, table=True):
    """What a course's teachers say about its school days beside what the school says. No row: nothing."""

    __tablename__ = "course_calendar"
    __table_args__ = (UniqueConstraint("organisation_id", "course_id"), belongs_to("course", "course_id"))

    course_id: uuid.UUID
    weekdays: str = Field(
        default="", max_length=7, description="ISO weekdays, Monday 1 to Sunday 7. Empty: the school's."
    )
    days_off: str = Field(default="", max_length=4000, description="ISO dates or spans (a..b), between commas.")
    quiet_after: int = Field(default=5, description="After so many school days without a move the teacher is told.")
    changed_at: datetime = Field(sa_type=UtcDateTime)
