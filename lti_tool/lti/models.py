"""Tables of the protocol: registrations and deployments, logins under way, and sessions."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy import false as sa_false
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


class DeploymentPolicy(StrEnum):
    """What becomes of a deployment id that nobody has seen: wait for an administrator, or the first one comes in by itself."""

    HOLD = "hold"
    FIRST = "first"


class RegisteredBy(StrEnum):
    """How a registration was made."""

    HAND = "hand"
    DYNAMIC = "dynamic"


class Registration(SQLModel, table=True):
    """A platform that knows this tool by a client id (LTI 1.3 §3.1.3). Issuers are shared: (issuer, client id) is the key."""

    __tablename__ = "registration"
    __table_args__ = (
        UniqueConstraint("issuer", "client_id"),
        one_of("lms", Family),
        one_of("deployment_policy", DeploymentPolicy),
        one_of("registered_by", RegisteredBy),
    )

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
    registered_by: RegisteredBy = Field(
        default=RegisteredBy.HAND, sa_type=words(RegisteredBy), sa_column_kwargs={"server_default": "hand"}
    )
    deployment_policy: DeploymentPolicy = Field(
        default=DeploymentPolicy.HOLD, sa_type=words(DeploymentPolicy), sa_column_kwargs={"server_default": "hold"}
    )
    role_overrides: dict[str, str] = Field(
        default_factory=dict,
        sa_type=json_type(),
        sa_column_kwargs={"server_default": "{}"},
        description="Roles as the platform writes them, and what they mean here instead of what the table says.",
    )
    own_frame_origins: list[str] = Field(
        default_factory=list,
        sa_type=json_type(),
        sa_column_kwargs={"server_default": "[]"},
        description="Origins of the school's own addresses that frame the tool, added by its administrator.",
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
    key_set: dict[str, Any] | None = Field(default=None, sa_type=json_type())
    key_set_fetched_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MovedIssuer(SQLModel, table=True):
    """What a platform was called before it moved: whoever still comes from there is told where it is now."""

    __tablename__ = "moved_issuer"

    issuer: str = Field(primary_key=True, max_length=500)
    client_id: str = Field(primary_key=True, max_length=255)
    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE", index=True)
    moved_at: datetime = Field(sa_type=UtcDateTime)


class Deployment(SQLModel, table=True):
    """One installation of a registration. Its organisation is the tenant of everything launched through it."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("registration_id", "deployment_id"), one_of("status", DeploymentStatus))

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: uuid.UUID | None = Field(
        default=None,
        foreign_key="organisation.id",
        index=True,
        description="Absent only while a deployment of a shared registration waits: nobody knows yet whose it is.",
    )
    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    deployment_id: str = Field(max_length=255)
    status: DeploymentStatus = Field(default=DeploymentStatus.ACCEPTED, sa_type=words(DeploymentStatus))
    described: str | None = Field(
        default=None, max_length=300, description="What the platform calls itself there, to tell deployments apart."
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
    launched_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Last launch, to the hour; absent before the first."
    )
    notices_url: str | None = Field(
        default=None, max_length=2000, description="The platform's notification service, where it offers one."
    )
    notices_asked_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When we last asked for notices there."
    )


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
    document_target: str | None = Field(default=None, max_length=32, description="iframe, window or frame.")
    time_zone: str | None = Field(
        default=None, max_length=64, description="An IANA name, where the platform gives one."
    )
    high_contrast: bool = Field(default=False, sa_column_kwargs={"server_default": sa_false()})
    masquerading: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="An administrator acts as this person: nothing is recorded as the person's own work.",
    )
    administers: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="The launch showed an administrator of the institution or the system: the console opens.",
    )
    roles_received: list[str] = Field(
        default_factory=list,
        sa_type=json_type(),
        sa_column_kwargs={"server_default": "[]"},
        description="The launch's roles as they came; kept for administrators only, who are shown what became of them.",
    )
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class RegistrationInvite(SQLModel, table=True):
    """A one-time link for Dynamic Registration. The link holds a random code; this row holds its digest."""

    __tablename__ = "registration_invite"
    __table_args__ = (UniqueConstraint("code_digest"), one_of("lms", Family))

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: uuid.UUID = Field(foreign_key="organisation.id", index=True)
    registration_id: uuid.UUID | None = Field(
        default=None,
        foreign_key="registration.id",
        ondelete="CASCADE",
        description="The registration this invite may replace; absent for a new one.",
    )
    lms: Family = Field(default=Family.OTHER, sa_type=words(Family))
    code_digest: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    claimed_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When a registration with it began that has not ended yet."
    )
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    made_id: uuid.UUID | None = Field(
        default=None, description="The registration it led to, which may have been removed since."
    )


class OwnerLink(SQLModel, table=True):
    """A one-time sign-in link to the console for the installation's owner; the row holds the code's digest."""

    __tablename__ = "owner_link"

    code_digest: str = Field(primary_key=True, max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class OwnerSession(SQLModel, table=True):
    """The owner's visit to the console, begun with a one-time link. It sees every organisation and no course."""

    __tablename__ = "owner_session"
    __table_args__ = (UniqueConstraint("token_digest"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    token_digest: str = Field(max_length=64)
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class DeepLinkingRequest(TenantRow, table=True):
    """A platform's request to pick content, kept until it is answered, once. ``settings`` is the claim without its addresses."""

    __tablename__ = "deep_linking_request"
    __table_args__ = (
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        Index(None, "organisation_id", "course_id"),
    )

    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    deployment_id: uuid.UUID = Field(foreign_key="deployment.id", ondelete="CASCADE")
    course_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=json_type())
    return_url: str = Field(max_length=4000, description="Where the answer is posted, unchanged. Never logged.")
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiToken(TenantRow, table=True):
    """A token that an administrator made for a script or another server; it reads the school's frameworks, and nothing else."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("token_digest"),)

    name: str = Field(max_length=100, description="What it is for, in the administrator's words.")
    token_digest: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str | None = Field(default=None, max_length=64, description="As the audit log names people.")
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_on: datetime | None = Field(default=None, sa_type=UtcDateTime, description="The day it was last used.")
