"""Tables of the course's own content, and of the access to the platform's own API."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy import false as sa_false
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, json_type, one_of, words


class ItemKind(StrEnum):
    """What a content item is to a student."""

    PAGE = "page"
    QUIZ = "quiz"
    ASSIGNMENT = "assignment"
    DISCUSSION = "discussion"
    FILE = "file"
    LINK = "link"
    TOOL = "tool"
    HEADING = "heading"


class Requirement(StrEnum):
    """What a student has to do for the platform to count an item as completed."""

    VIEW = "view"
    SUBMIT = "submit"
    CONTRIBUTE = "contribute"
    MARK = "mark"
    SCORE = "score"
    OTHER = "other"


class ContentItem(TenantRow, table=True):
    """One item of the course as it stands in the LMS. Known by the platform's id, so a rename keeps its playlists."""

    __tablename__ = "content_item"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "external_id"),
        belongs_to("course", "course_id"),
        one_of("kind", ItemKind),
        one_of("requirement", Requirement),
        # Paths ask when something last opened or closed; most items do neither.
        Index(
            None,
            "organisation_id",
            "course_id",
            "opens_at",
            postgresql_where=text("opens_at IS NOT NULL"),
            sqlite_where=text("opens_at IS NOT NULL"),
        ),
        Index(
            None,
            "organisation_id",
            "course_id",
            "closes_at",
            postgresql_where=text("closes_at IS NOT NULL"),
            sqlite_where=text("closes_at IS NOT NULL"),
        ),
    )

    course_id: uuid.UUID
    external_id: str = Field(
        max_length=255, description="Source and id, such as canvas:module-item:17 or address:<digest>."
    )
    kind: ItemKind = Field(sa_type=words(ItemKind))
    title: str = Field(max_length=500)
    url: str | None = Field(
        default=None,
        max_length=2000,
        description="Where a person opens it; top window, never a frame. A path: a page of this tool.",
    )
    section: str = Field(default="", max_length=500, description="The module or folder it stands in.")
    position: int = Field(default=0, description="Place in the whole course, from 0.")
    indent: int = 0
    result_key: str | None = Field(
        default=None,
        max_length=255,
        description="What results are asked by (Canvas: the assignment id); absent if none.",
    )
    points_possible: float | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    published: bool = True
    requirement: Requirement | None = Field(
        default=None, sa_type=words(Requirement), description="What the platform counts as completed; absent: nothing."
    )
    requirement_points: float | None = Field(default=None, description="Points to reach, where it is a score.")
    opens_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Before that the platform lets no student in."
    )
    closes_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="From then on the platform lets no student in."
    )
    limits: list[str] = Field(
        default_factory=list,
        sa_type=json_type(),
        sa_column_kwargs={"server_default": "[]"},
        description="What keeps some students out: platforms.native.NativeLimit. Never which group and whose profile.",
    )
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When it was found gone.")
    seen_at: datetime = Field(sa_type=UtcDateTime)


class ItemTrait(TenantRow, table=True):
    """What teachers say about an item beside the platform: its time, its topics, and which form of which item it is."""

    __tablename__ = "item_trait"
    __table_args__ = (
        UniqueConstraint("organisation_id", "content_item_id"),
        belongs_to("course", "course_id"),
        belongs_to("content_item", "content_item_id"),
        belongs_to("content_item", "variant_of_id", name="item_trait_names_the_item_it_is_a_form_of"),
        CheckConstraint("minutes IS NULL OR minutes > 0", name="takes_some_time"),
        Index(None, "organisation_id", "course_id"),
    )

    course_id: uuid.UUID
    content_item_id: uuid.UUID
    minutes: int | None = Field(default=None, description="The teacher's estimate.")
    topics: list[str] = Field(
        default_factory=list, sa_type=json_type(), description="What students can be interested in."
    )
    variant_of_id: uuid.UUID | None = Field(
        default=None, description="The item this one is another form of: it replaces that one for whom it serves."
    )
    serves: list[str] = Field(
        default_factory=list, sa_type=json_type(), description="The supports it serves: learners.models.Support."
    )
    language: str = Field(default="", max_length=35, description="BCP 47; empty: the course's.")
    changed_at: datetime = Field(sa_type=UtcDateTime)


class UploadDraft(TenantRow, table=True):
    """A file that a person chose to bring in, between its preview and their confirmation. Gone after an hour, or once used."""

    __tablename__ = "upload_draft"
    __table_args__ = (belongs_to("course", "course_id"), Index(None, "expires_at"))

    course_id: uuid.UUID
    person_id: uuid.UUID | None = Field(default=None, description="Who chose it; nobody else sees it.")
    kind: str = Field(max_length=32, description="What it is to become: gradebook, framework …")
    name: str = Field(default="", max_length=255, description="The file's name, to be shown again.")
    content: bytes = Field(description="Compressed and encrypted; see content.drafts.")
    expires_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ApiAuth(StrEnum):
    """How the tool is let in: with one token that was entered; by consent of people (OAuth 2); by signing (OAuth 1.0a)."""

    TOKEN = "token"  # noqa: S105 (the name of a way in, not a secret)
    OAUTH2 = "oauth2"
    OAUTH1 = "oauth1"


class ApiConnection(TenantRow, table=True):
    """A school's access to a platform's own API: one token, or an application's keys by which people give theirs (api_grant).

    Secrets are encrypted at rest, and gone once it is disconnected.
    """

    __tablename__ = "api_connection"
    __table_args__ = (UniqueConstraint("organisation_id", "registration_id"), one_of("auth", ApiAuth))

    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    base_url: str = Field(max_length=500, description="Scheme and host, and the path of a Moodle that has one.")
    site_url: str | None = Field(
        default=None,
        max_length=500,
        description="Where people say yes, if not at base_url: a Schoology district's host.",
    )
    auth: ApiAuth = Field(
        default=ApiAuth.TOKEN, sa_type=words(ApiAuth), sa_column_kwargs={"server_default": ApiAuth.TOKEN.value}
    )
    token_encrypted: str | None = Field(default=None, max_length=4000, description="The one token; absent with OAuth.")
    client_id: str | None = Field(
        default=None, max_length=255, description="OAuth 2 client id, OAuth 1.0a consumer key."
    )
    client_secret_encrypted: str | None = Field(default=None, max_length=4000)
    by_teachers: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="Each teacher gives access to their own courses; otherwise an account of the school's does for all.",
    )
    abilities: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=json_type(),
        sa_column_kwargs={"server_default": "{}"},
        description="What it was found able to do, by capability: able, why, needs. Empty before it was found out.",
    )
    remarks: list[str] = Field(
        default_factory=list, sa_type=json_type(), sa_column_kwargs={"server_default": "[]"}, description="Codes."
    )
    version: str = Field(default="", max_length=120, sa_column_kwargs={"server_default": ""})
    found_out_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    working: bool | None = Field(default=None, description="What the last call showed; absent before the first.")
    trouble: str | None = Field(default=None, max_length=64, description="The error code of the last failure.")
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
