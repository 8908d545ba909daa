"""What teachers write about a learner for one another."""

import uuid
from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime


class LearnerNote(TenantRow, table=True):
    """A note about a learner in a course, for those who teach it. It is never shown to the learner or their family.

    A note is not changed: it is taken away, and another written. One that was taken away is shown to nobody.
    """

    __tablename__ = "learner_note"
    __table_args__ = (
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        Index(None, "organisation_id", "course_id", "person_id"),
        Index(None, "organisation_id", "person_id"),
    )

    course_id: uuid.UUID
    person_id: uuid.UUID
    text: str = Field(max_length=2000)
    written_by: uuid.UUID | None = Field(default=None, description="A person of this organisation; kept if they leave.")
    created_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_by: uuid.UUID | None = None
