"""Tables of reading whole courses from the platform, and of what is set for single students there."""

import uuid
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import Exact, UtcDateTime, json_type, one_of, words


class SyncPhase(StrEnum):
    """What a reading of a course is busy with."""

    IDLE = "idle"
    WAITING = "waiting"
    CONTENTS = "contents"
    GROUPS = "groups"
    RESULTS = "results"
    COMPLETION = "completion"
    OUTCOMES = "outcomes"


class CourseSync(TenantRow, table=True):
    """Where the reading of a course from the platform stands: one row a course, from its first reading on."""

    __tablename__ = "course_sync"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id"),
        belongs_to("course", "course_id"),
        one_of("phase", SyncPhase),
        Index(None, "due_at"),
    )

    course_id: uuid.UUID
    grant_id: uuid.UUID | None = Field(
        default=None, description="The api_grant it was read with last; another one is found when it is gone."
    )
    phase: SyncPhase = Field(default=SyncPhase.IDLE, sa_type=words(SyncPhase))
    done: int = Field(default=0, description="Steps of the phase that are done; of students mostly.")
    total: int = 0
    lease: str | None = Field(
        default=None, max_length=64, description="Who reads it now; a newer one takes over its place."
    )
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    asked_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When somebody last pressed the button."
    )
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When a reading last went well."
    )
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When it is read next by itself.")
    results_since: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Results up to here are known; the next reading asks from here."
    )
    whole_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When all results were last read, not only new ones."
    )
    failures: int = Field(default=0, description="In a row; each makes the pause until the next reading longer.")
    trouble: str | None = Field(default=None, max_length=64, description="The error code of the last failure.")
    report: dict[str, Any] = Field(
        default_factory=dict, sa_type=json_type(), description="What the last reading found: counts by name."
    )
    created_at: datetime = Field(sa_type=UtcDateTime)


class LeftResult(TenantRow, table=True):
    """A result of somebody who is not in the course any more: kept apart, until they come back or are erased."""

    __tablename__ = "left_result"
    __table_args__ = (
        UniqueConstraint(
            "organisation_id",
            "course_id",
            "person_id",
            "content_item_id",
            "attempt",
            name="left_result_is_unique_by_person_item_and_attempt",
        ),
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        belongs_to("content_item", "content_item_id"),
        Index(None, "organisation_id", "person_id"),
    )

    course_id: uuid.UUID
    person_id: uuid.UUID
    content_item_id: uuid.UUID
    result_key: str = Field(default="", max_length=255)
    attempt: int = Field(default=0, description="0 where the platform tells of no attempts.")
    percent: float
    earned: Decimal | None = Field(default=None, sa_type=Exact)
    possible: Decimal | None = Field(default=None, sa_type=Exact)
    at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    kept_at: datetime = Field(sa_type=UtcDateTime)


class StudentWindow(TenantRow, table=True):
    """Dates that a teacher set in the platform for one student on one item, apart from the class's; can be taken back."""

    __tablename__ = "student_window"
    __table_args__ = (
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        belongs_to("content_item", "content_item_id"),
        Index(None, "organisation_id", "course_id", "person_id"),
        Index(None, "organisation_id", "person_id"),
    )

    course_id: uuid.UUID
    person_id: uuid.UUID
    content_item_id: uuid.UUID
    result_key: str = Field(max_length=255)
    external_id: str = Field(max_length=255, description="The platform's id of what was set there.")
    before: dict[str, Any] = Field(
        default_factory=dict, sa_type=json_type(), description="What the connector needs to put back what stood before."
    )
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opens_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    taken_back_by: uuid.UUID | None = None
    taken_back_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
