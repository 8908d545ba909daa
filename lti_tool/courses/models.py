"""Tables of who is where: courses, people, memberships, and the links the LMS launches from."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy import false as sa_false
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, json_type, one_of, words
from lti_tool.lti.models import Role


class Course(TenantRow, table=True):
    """A context of the platform, and what the last launch said can be asked of it."""

    __tablename__ = "course"
    __table_args__ = (UniqueConstraint("organisation_id", "deployment_id", "context_id"),)

    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    deployment_id: uuid.UUID = Field(foreign_key="deployment.id", ondelete="CASCADE")
    context_id: str = Field(max_length=255)
    title: str = Field(default="", max_length=500)
    label: str = Field(default="", max_length=200)
    memberships_url: str | None = Field(default=None, max_length=2000, description="NRPS context_memberships_url.")
    line_items_url: str | None = Field(default=None, max_length=2000, description="AGS lineitems.")
    ags_scopes: list[str] = Field(default_factory=list, sa_type=json_type())
    platform_course_id: str | None = Field(
        default=None, max_length=255, description="The id the platform's own API knows the course by, where it differs."
    )
    api_domain: str | None = Field(default=None, max_length=255, description="The host of the platform's own API.")
    home_url: str | None = Field(default=None, max_length=2000, description="The course's own page in the LMS.")
    groups_url: str | None = Field(default=None, max_length=2000, description="Course Groups context_groups_url.")
    group_sets_url: str | None = Field(
        default=None, max_length=2000, description="Course Groups context_group_sets_url."
    )
    groups_read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    roster_read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    content_read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    content_changed_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When what it holds was last found to be other than before."
    )
    created_at: datetime = Field(sa_type=UtcDateTime)


class CopyDecision(StrEnum):
    """What the teacher said about a course that was copied from another."""

    ASKED = "asked"
    CARRIED = "carried"
    FRESH = "fresh"


class CourseOrigin(TenantRow, table=True):
    """A course that another was copied from, as the platform says it. The teacher of the copy is asked once what to do."""

    __tablename__ = "course_origin"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "context_id"),
        belongs_to("course", "course_id"),
        one_of("decision", CopyDecision),
    )

    course_id: uuid.UUID
    context_id: str = Field(max_length=255, description="The platform's id of the course it was copied from.")
    position: int = Field(default=0, description="0 is the course it was copied from, 1 what that was copied from, …")
    decision: CopyDecision = Field(default=CopyDecision.ASKED, sa_type=words(CopyDecision))
    decided_by: uuid.UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class CourseGroup(TenantRow, table=True):
    """A group of a course as the platform has it (Course Groups 1.0). One that goes there becomes inactive here."""

    __tablename__ = "course_group"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "group_id"),
        belongs_to("course", "course_id"),
    )

    course_id: uuid.UUID
    group_id: str = Field(max_length=255)
    name: str = Field(default="", max_length=500)
    tag: str | None = Field(default=None, max_length=255)
    set_id: str | None = Field(default=None, max_length=255)
    set_name: str | None = Field(default=None, max_length=500)
    active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)


class CourseGroupMember(TenantRow, table=True):
    """A person's place in a group."""

    __tablename__ = "course_group_member"
    __table_args__ = (
        UniqueConstraint("organisation_id", "group_id", "person_id"),
        belongs_to("course_group", "group_id"),
        belongs_to("person", "person_id"),
        Index(None, "organisation_id", "person_id"),
    )

    group_id: uuid.UUID
    person_id: uuid.UUID


class CourseSection(TenantRow, table=True):
    """What a section of a course is called. That there is one, and who is in it, memberships say."""

    __tablename__ = "course_section"
    __table_args__ = (UniqueConstraint("organisation_id", "course_id", "section_id"), belongs_to("course", "course_id"))

    course_id: uuid.UUID
    section_id: str = Field(max_length=255, description="The platform's id, as memberships have it.")
    name: str = Field(
        default="", max_length=500, description="What the platform calls it; empty where it has not said."
    )
    called: str = Field(default="", max_length=200, description="What a teacher of the course calls it.")
    changed_at: datetime = Field(sa_type=UtcDateTime)


class Person(TenantRow, table=True):
    """A user of one platform. Known by (registration, sub) and nothing else; the name is there where the LMS shares it."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("organisation_id", "registration_id", "sub"),)

    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    sub: str = Field(max_length=255)
    platform_user_id: str | None = Field(
        default=None, max_length=255, description="The id the platform's own API knows the person by, where it differs."
    )
    name: str | None = Field(default=None, max_length=300)
    sort_name: str | None = Field(default=None, max_length=300, description="Family name first, for lists.")
    is_test: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="The platform's test student, as whom a teacher tries the course (Canvas's Student View).",
    )
    created_at: datetime = Field(sa_type=UtcDateTime)


_HAS_COME = text("came_at IS NOT NULL")
"""Of all memberships only the few of whom something is still to be done."""


class Membership(TenantRow, table=True):
    """A person's place in a course. People who leave become inactive and keep their history."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "person_id"),
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        one_of("role", Role),
        Index(None, "organisation_id", "person_id"),
        Index(None, "came_at", postgresql_where=_HAS_COME, sqlite_where=_HAS_COME),
    )

    course_id: uuid.UUID
    person_id: uuid.UUID
    role: Role = Field(sa_type=words(Role))
    active: bool = True
    launched_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="First launch; absent if never."
    )
    last_launched_at: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="Last launch, to the hour: a launch must not cost a write each time.",
    )
    seen_in_roster_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    came_at: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="When a person known before came, or came back, as a student; absent once what follows from it is done.",
    )
    sections: str | None = Field(
        default=None,
        max_length=2000,
        description="The ids of the sections the person is in, between commas, where the platform says so.",
    )
    section_restricted: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="The platform lets this person see only who is in their own sections.",
    )
    sees_supports: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="An assistant to whom a teacher of the course gave the supports right; teachers have it anyway.",
    )


class ResourceLink(TenantRow, table=True):
    """A place in the course that launches this tool."""

    __tablename__ = "resource_link"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "resource_link_id"),
        belongs_to("course", "course_id"),
    )

    course_id: uuid.UUID
    resource_link_id: str = Field(max_length=255)
    title: str = Field(default="", max_length=500)
    line_item_url: str | None = Field(default=None, max_length=2000)
    opens: str | None = Field(
        default=None, max_length=80, description="What of ours the link opens: a kind and an id, as in playlist:0193…"
    )
    history: list[str] = Field(
        default_factory=list,
        sa_type=json_type(),
        sa_column_kwargs={"server_default": "[]"},
        description="The ids of the links it was copied from, the latest first ($ResourceLink.id.history).",
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
