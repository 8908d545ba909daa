"""Tables of competencies as the LMS has them: which of the course's competencies they are, and which items it aligns to them."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, json_type, one_of, words


class LmsAlignmentState(StrEnum):
    """What the teacher said about an alignment that the LMS has."""

    OFFERED = "offered"
    TAKEN = "taken"
    DISMISSED = "dismissed"


class LmsOutcome(TenantRow, table=True):
    """An outcome of the LMS in one course, and the competency of ours that it is, where that is known or was said."""

    __tablename__ = "lms_outcome"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "outcome_id"),
        belongs_to("course", "course_id"),
        belongs_to("competency", "competency_id"),
    )

    course_id: uuid.UUID
    outcome_id: str = Field(max_length=255, description="The LMS's own id.")
    title: str = Field(default="", max_length=500)
    code: str = Field(default="", max_length=100)
    description: str = Field(default="", max_length=4000)
    identifiers: list[str] = Field(default_factory=list, sa_type=json_type())
    competency_id: uuid.UUID | None = None
    chosen_by: uuid.UUID | None = Field(
        default=None, description="Who said which competency it is; absent: recognised by its identifiers."
    )
    ratings_count: bool = Field(default=False, description="Ratings in the LMS are evidence; the teacher says so.")
    gone_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When the LMS no longer had it.")
    seen_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class LmsAlignment(TenantRow, table=True):
    """That the LMS has an item belong to an outcome: offered to the teacher, who takes or dismisses it."""

    __tablename__ = "lms_alignment"
    __table_args__ = (
        UniqueConstraint("organisation_id", "lms_outcome_id", "content_item_id"),
        belongs_to("course", "course_id"),
        belongs_to("lms_outcome", "lms_outcome_id"),
        belongs_to("content_item", "content_item_id"),
        one_of("state", LmsAlignmentState),
        Index(None, "organisation_id", "course_id"),
        Index(None, "organisation_id", "content_item_id"),
    )

    course_id: uuid.UUID
    lms_outcome_id: uuid.UUID
    content_item_id: uuid.UUID
    state: LmsAlignmentState = Field(default=LmsAlignmentState.OFFERED, sa_type=words(LmsAlignmentState))
    said_by: uuid.UUID | None = None
    gone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
