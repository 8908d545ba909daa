"""Tables of the protocol: registrations and deployments, logins under way, and sessions."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, json_type, one_of, words
from lti_tool.ids import new_id


class Family(StrEnum):
    """The LMSs whose habits are known; ``other`` is everything else."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    SCHOOLOGY = "schoology"
    BLACKBOARD = "blackboard"
    BRIGHTSPACE = "brightspace"
    SAKAI = "sakai"
    OPENEDX = "openedx"
    OTHER = "other"


class Role(StrEnum):
    """What a person may do in a course, after every LMS's roles are mapped."""

    STUDENT = "student"
    TEACHER = "teacher"
    ASSISTANT = "assistant"
    OBSERVER = "observer"
    ADMINISTRATOR = "administrator"
    OTHER = "other"


class DeploymentStatus(StrEnum):
    """Whether launches from a deployment come in, or wait for an administrator."""

    ACCEPTED = "accepted"
    HELD = "held"


class Registration(SQLModel, table=True):
    """A platform that knows this tool by a client id (LTI 1.3 §3.1.3). Issuers are shared: (issuer, client id) is the key."""

    __tablename__ = "registration"
    __table_args__ = (UniqueConstraint("issuer", "client_id"), one_of("lms", Family))

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: uuid.UUID | None = Field(
        default=None, foreign_key="organisation.id", description="Absent where several schools share the registration."
    )
    name: str = Field(max_length=200)
    issuer: str = Field(max_length=500)
    client_id: str = Field(max_length=255)
    auth_login_url: str = Field(max_length=1000)
    token_url: str = Field(max_length=1000)
    token_audience: str | None = Field(
        default=None, max_length=1000, description="Where it differs from the token URL."
    )
    jwks_url: str = Field(max_length=1000)
    lms: Family = Field(default=Family.OTHER, sa_type=words(Family))
    enabled: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)
    key_set: dict[str, Any] | None = Field(default=None, sa_type=json_type())
    key_set_fetched_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Deployment(SQLModel, table=True):
    """One installation of a registration. Its organisation is the tenant of everything launched through it."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("registration_id", "deployment_id"), one_of("status", DeploymentStatus))

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: uuid.UUID = Field(foreign_key="organisation.id", index=True)
    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    deployment_id: str = Field(max_length=255)
    status: DeploymentStatus = Field(default=DeploymentStatus.ACCEPTED, sa_type=words(DeploymentStatus))
    created_at: datetime = Field(sa_type=UtcDateTime)


class OidcLogin(SQLModel, table=True):
    """A login under way: made at the login request, used up by the launch that answers it.

    State and nonce are kept as SHA-256 digests, bound to each other, to the registration and to the browser.
    """

    __tablename__ = "oidc_login"

    state_digest: str = Field(primary_key=True, max_length=64)
    nonce_digest: str = Field(max_length=64)
    browser_digest: str = Field(max_length=64)
    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    target_link_uri: str = Field(max_length=2000)
    storage_target: str | None = Field(default=None, max_length=255)
    request: dict[str, str] = Field(
        default_factory=dict,
        sa_type=json_type(),
        description="The login request's hints, for a fresh launch in a new window.",
    )
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class ToolSession(TenantRow, table=True):
    """A launched visit. The browser holds a random token, in a cookie or in the tab; this row holds its digest."""

    __tablename__ = "tool_session"
    __table_args__ = (
        UniqueConstraint("token_digest"),
        one_of("role", Role),
        belongs_to("person", "person_id"),
        belongs_to("course", "course_id"),
        belongs_to("resource_link", "resource_link_id"),
        Index(None, "organisation_id", "person_id"),
    )

    token_digest: str = Field(max_length=64)
    person_id: uuid.UUID | None = None
    course_id: uuid.UUID | None = Field(default=None, description="Absent on launches without a context.")
    resource_link_id: uuid.UUID | None = None
    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    role: Role = Field(sa_type=words(Role))
    observes: list[str] = Field(
        default_factory=list,
        sa_type=json_type(),
        description="The platform's user ids a mentor may see (role_scope_mentor).",
    )
    locale: str | None = Field(default=None, max_length=35)
    frame_origins: list[str] = Field(
        default_factory=list, sa_type=json_type(), description="Origins that may frame this session's pages."
    )
    return_url: str | None = Field(
        default=None, max_length=2000, description="Never logged: Moodle's holds a session key."
    )
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
