"""Tables of learners: what they say of themselves, and the supports that teachers give them.

Nothing here enters a level, a prediction or a gradebook. Supports are seen by the student, without a label, and by those with
the supports right (``supports.may_see``) alone; each look at them is audited.
"""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, json_type, one_of, words


class Support(StrEnum):
    """What helps a student to reach the same goal another way. Each is an accommodation: it changes no rule."""

    READ_ALOUD = "read-aloud"
    SIMPLER_TEXT = "simpler-text"
    LANGUAGE = "language"
    EXTENDED_TIME = "extended-time"
    FEWER_AT_ONCE = "fewer-at-once"
    ALTERNATIVE_FORMAT = "alternative-format"


class LearnerProfile(TenantRow, table=True):
    """What a learner chose in a course: one goal, interests, and how much time there is."""

    __tablename__ = "learner_profile"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "person_id"),
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        belongs_to("competency", "goal_competency_id", on_delete="RESTRICT"),
        CheckConstraint("weekly_minutes IS NULL OR weekly_minutes > 0", name="has_some_time"),
        Index(None, "organisation_id", "person_id"),
    )

    course_id: uuid.UUID
    person_id: uuid.UUID
    goal_competency_id: uuid.UUID | None = Field(default=None, description="What the learner is working towards.")
    goal_set_by: uuid.UUID | None = Field(default=None, description="Who chose it: the learner, or a teacher.")
    interests: list[str] = Field(default_factory=list, sa_type=json_type(), description="Topics, as items have them.")
    weekly_minutes: int | None = Field(default=None, description="The learner's pace: minutes a week.")
    changed_at: datetime = Field(sa_type=UtcDateTime)


class LearnerSupport(TenantRow, table=True):
    """A support that a student has in a course: an accommodation. Ended, never deleted."""

    __tablename__ = "learner_support"
    __table_args__ = (
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        one_of("support", Support),
        CheckConstraint("factor IS NULL OR factor >= 1", name="gives_more_time"),
        Index(None, "organisation_id", "course_id", "person_id"),
        Index(None, "organisation_id", "person_id"),
    )

    course_id: uuid.UUID
    person_id: uuid.UUID
    support: Support = Field(sa_type=words(Support))
    language: str = Field(default="", max_length=35, description="BCP 47, of the support in another language.")
    factor: float | None = Field(default=None, description="Of extended time: 1.5 is half as much again.")
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: uuid.UUID | None = None
