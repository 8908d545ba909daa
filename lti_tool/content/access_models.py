"""Tables of the consent that people give to the platform's own API."""

import uuid
from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, json_type

ORGANISATION = "organisation"
"""The holder of a grant that an account of the school's own gave, for all its courses."""


class ApiGrant(TenantRow, table=True):
    """An access that somebody consented to: a teacher for their courses, or the school by an account of its own."""

    __tablename__ = "api_grant"
    __table_args__ = (
        UniqueConstraint("organisation_id", "connection_id", "holder"),
        belongs_to("api_connection", "connection_id"),
        belongs_to("person", "person_id"),
    )

    connection_id: uuid.UUID
    holder: str = Field(max_length=64, description="'organisation', or the person's id: each has one grant at most.")
    person_id: uuid.UUID | None = Field(default=None, description="Absent for the school's own account.")
    secrets_encrypted: str = Field(
        max_length=8000, description="Access and refresh token, or token and its secret; JSON."
    )
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When the access token ends.")
    scopes: list[str] = Field(default_factory=list, sa_type=json_type(), description="What was asked for and given.")
    working: bool | None = Field(default=None, description="What the last call showed; absent before the first.")
    trouble: str | None = Field(default=None, max_length=64, description="The error code of the last failure.")
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    renewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiRequest(TenantRow, table=True):
    """A consent that somebody is being asked for, between the button and the platform's answer. Used once, gone after a while."""

    __tablename__ = "api_request"
    __table_args__ = (
        UniqueConstraint("state_digest"),
        belongs_to("api_connection", "connection_id"),
        belongs_to("person", "person_id"),
        belongs_to("course", "course_id"),
        Index(None, "expires_at"),
    )

    state_digest: str = Field(
        max_length=64, description="SHA-256 of the state that travels; the state itself is not kept."
    )
    connection_id: uuid.UUID
    person_id: uuid.UUID | None = Field(default=None, description="Whose access it will be; absent: the school's own.")
    course_id: uuid.UUID | None = Field(default=None, description="Where the way back leads.")
    begun_by: str = Field(default="", max_length=120, description="The actor for the audit log.")
    secret_encrypted: str | None = Field(
        default=None, max_length=2000, description="OAuth 1.0a: the request token and its secret."
    )
    opened_digest: str | None = Field(
        default=None, max_length=64, description="SHA-256 of the cookie of the browser that went to the platform."
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
