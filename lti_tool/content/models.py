"""Tables of the course's own content, and of the access to the platform's own API."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
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


class ContentItem(TenantRow, table=True):
    """One item of the course as it stands in the LMS. Known by the platform's id, so a rename keeps its playlists."""

    __tablename__ = "content_item"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "external_id"),
        belongs_to("course", "course_id"),
        one_of("kind", ItemKind),
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


class ApiConnection(TenantRow, table=True):
    """Access to a platform's own API with one token, encrypted at rest. Canvas now; the others as their connectors come."""

    __tablename__ = "api_connection"
    __table_args__ = (UniqueConstraint("organisation_id", "registration_id"),)

    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    base_url: str = Field(max_length=500, description="Scheme and host, without /api.")
    token_encrypted: str = Field(max_length=4000)
    working: bool | None = Field(default=None, description="What the last call showed; absent before the first.")
    trouble: str | None = Field(default=None, max_length=64, description="The error code of the last failure.")
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
