"""Tables of competency frameworks, course maps, alignments and scales.

A framework belongs to the school and is shared by its courses; what one teacher writes belongs to that course's own
framework. A course's map names the competencies it uses; prerequisites are those of the frameworks, with what the teacher
added or took away.
"""

import uuid
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import false as sa_false
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import Exact, UtcDateTime, json_type, one_of, words


class FrameworkSource(StrEnum):
    """Where a framework came from."""

    CASE = "case"
    MOODLE = "moodle"
    CANVAS = "canvas"
    CSV = "csv"
    OWN = "own"


class LinkKind(StrEnum):
    """How two competencies belong together. ``precedes`` is the prerequisite: origin before destination (CASE 1.1)."""

    PRECEDES = "precedes"
    RELATED = "related"
    PEER = "peer"
    PART = "part"
    CHILD = "child"
    EXACT = "exact"
    REPLACED = "replaced"
    EXEMPLAR = "exemplar"
    SKILL_LEVEL = "skill-level"
    TRANSLATION = "translation"
    OTHER = "other"


class AlignmentRole(StrEnum):
    """What an item does for a competency. Only what assesses gives evidence."""

    TEACHES = "teaches"
    PRACTISES = "practises"
    ASSESSES = "assesses"


class AlignmentOrigin(StrEnum):
    """Who said that an item belongs to a competency."""

    TEACHER = "teacher"
    SUGGESTION = "suggestion"
    CSV = "csv"
    COPY = "copy"
    LMS = "lms"


class Framework(TenantRow, table=True):
    """A set of competencies. Known by the identifier of its source, so that importing it again updates it."""

    __tablename__ = "framework"
    __table_args__ = (
        UniqueConstraint("organisation_id", "identifier"),
        belongs_to("course", "course_id"),
        one_of("source", FrameworkSource),
        Index(None, "organisation_id", "course_id"),
    )

    identifier: str = Field(max_length=255, description="The source's id: a CASE document's, a Moodle id number, ours.")
    source: FrameworkSource = Field(sa_type=words(FrameworkSource))
    course_id: uuid.UUID | None = Field(
        default=None, description="The course whose own competencies these are; absent where the school shares it."
    )
    title: str = Field(max_length=500)
    creator: str = Field(default="", max_length=500)
    description: str = Field(default="", max_length=4000)
    subject: str = Field(default="", max_length=200)
    language: str = Field(default="", max_length=35, description="BCP 47; empty where unknown.")
    uri: str | None = Field(default=None, max_length=2000, description="Where its publisher has it.")
    source_address: str | None = Field(default=None, max_length=2000, description="Where it was fetched from, if so.")
    status: str = Field(default="", max_length=64, description="CASE adoptionStatus.")
    extra: dict[str, Any] = Field(
        default_factory=dict, sa_type=json_type(), description="What the source said besides, kept for export."
    )
    changed_at: datetime = Field(sa_type=UtcDateTime)
    created_by: uuid.UUID | None = Field(default=None, description="A person of this organisation; kept if they leave.")
    created_at: datetime = Field(sa_type=UtcDateTime)


class Competency(TenantRow, table=True):
    """One statement of a framework: a standard, or the grade, domain or cluster that others stand in.

    A competency that its source drops is retired, never deleted: evidence and maps keep it.
    """

    __tablename__ = "competency"
    __table_args__ = (
        UniqueConstraint("organisation_id", "framework_id", "identifier"),
        belongs_to("framework", "framework_id"),
        belongs_to("competency", "parent_id", name="competency_names_its_parent"),
        Index(None, "organisation_id", "framework_id", "position"),
        Index(None, "organisation_id", "parent_id"),
    )

    framework_id: uuid.UUID
    identifier: str = Field(max_length=255, description="The source's id; a code where the source has only that.")
    code: str = Field(default="", max_length=100, description="What people call it by (CASE humanCodingScheme).")
    statement: str = Field(max_length=4000)
    short: str = Field(
        default="", max_length=500, description="A shorter form of the statement, if the source has one."
    )
    kind: str = Field(default="", max_length=100, description="The source's word: Standard, Cluster, Domain, Grade …")
    grades: list[str] = Field(default_factory=list, sa_type=json_type(), description="CASE educationLevel: 04, K, HS.")
    parent_id: uuid.UUID | None = None
    position: int = Field(default=0, description="Place in the whole framework, from 0, parents before children.")
    depth: int = Field(default=0, description="0 for a root.")
    uri: str | None = Field(default=None, max_length=2000)
    rule: dict[str, Any] | None = Field(
        default=None,
        sa_type=json_type(),
        description="The source's own rule (Canvas calculation, Moodle rule), if any.",
    )
    extra: dict[str, Any] = Field(default_factory=dict, sa_type=json_type())
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When its source dropped it.")
    changed_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class CompetencyLink(TenantRow, table=True):
    """How two competencies of the school's frameworks belong together, as their source says it; parents stand elsewhere."""

    __tablename__ = "competency_link"
    __table_args__ = (
        UniqueConstraint("organisation_id", "origin_id", "destination_id", "kind"),
        belongs_to("framework", "framework_id"),
        belongs_to("competency", "origin_id", name="competency_link_names_its_origin"),
        belongs_to("competency", "destination_id", name="competency_link_names_its_destination"),
        one_of("kind", LinkKind),
        CheckConstraint("origin_id <> destination_id", name="joins_two"),
        Index(None, "organisation_id", "framework_id"),
        Index(None, "organisation_id", "destination_id"),
    )

    framework_id: uuid.UUID = Field(description="The framework whose source said it.")
    origin_id: uuid.UUID
    destination_id: uuid.UUID
    kind: LinkKind = Field(sa_type=words(LinkKind))
    identifier: str | None = Field(default=None, max_length=255, description="The source's id of the association.")
    position: int = Field(default=0, description="CASE sequenceNumber.")


class Scale(TenantRow, table=True):
    """Levels with names, colours, icons and thresholds, of the school or of one course. Rules of it: mastery.rules.Scale."""

    __tablename__ = "scale"
    __table_args__ = (belongs_to("course", "course_id"), Index(None, "organisation_id", "course_id"))

    course_id: uuid.UUID | None = Field(default=None, description="Absent where the whole school may use it.")
    title: str = Field(max_length=200)
    source: str = Field(default="own", max_length=32, description="own, canvas or moodle.")
    levels: list[dict[str, Any]] = Field(sa_type=json_type(), description="mastery.rules.Scale as JSON.")
    is_default: bool = Field(default=False, description="The school's own default, used where a course chose none.")
    changed_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class CourseMap(TenantRow, table=True):
    """A course's competency map: how its levels are decided. The first competency picked makes it."""

    __tablename__ = "course_map"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id"),
        belongs_to("course", "course_id"),
        belongs_to("scale", "scale_id", on_delete="RESTRICT"),
        CheckConstraint("passing_percent BETWEEN 0 AND 100", name="passes_between_0_and_100"),
    )

    course_id: uuid.UUID
    scale_id: uuid.UUID | None = Field(default=None, description="Absent: the school's default, else the tool's.")
    rule: dict[str, Any] | None = Field(
        default=None, sa_type=json_type(), description="mastery.rules as JSON; absent: the default ladder."
    )
    passing_percent: float = Field(default=80.0, description="The passing mark of new alignments, 0 to 100.")
    practice_counts: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="Results of items that practise a competency are evidence as well.",
    )
    next_number: int = Field(default=1, description="The number the next competency of the map gets.")
    revision: int = Field(default=1, description="Counts changes, so that two editors notice each other.")
    changed_at: datetime = Field(sa_type=UtcDateTime)
    followed_at: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="When levels last followed the map; a later change makes them due.",
    )
    created_at: datetime = Field(sa_type=UtcDateTime)


class MapCompetency(TenantRow, table=True):
    """A competency's place in a course's map. One that is taken out keeps its row, and with it its learners' evidence."""

    __tablename__ = "map_competency"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "competency_id"),
        UniqueConstraint("organisation_id", "course_id", "number"),
        belongs_to("course", "course_id"),
        belongs_to("competency", "competency_id", on_delete="RESTRICT"),
    )

    course_id: uuid.UUID
    competency_id: uuid.UUID
    number: int = Field(description="Names it within the course in compact places; never given twice.")
    position: int = Field(default=0, description="Place in the map's list, from 0.")
    rule: dict[str, Any] | None = Field(
        default=None, sa_type=json_type(), description="mastery.rules as JSON where it differs from the course's."
    )
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class MapPrerequisite(TenantRow, table=True):
    """What a teacher changed about the frameworks' prerequisites in one course: one drawn, or one taken away."""

    __tablename__ = "map_prerequisite"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "before_id", "after_id"),
        belongs_to("course", "course_id"),
        belongs_to("competency", "before_id", name="map_prerequisite_names_what_comes_before"),
        belongs_to("competency", "after_id", name="map_prerequisite_names_what_comes_after"),
        CheckConstraint("before_id <> after_id", name="joins_two"),
    )

    course_id: uuid.UUID
    before_id: uuid.UUID
    after_id: uuid.UUID
    drawn: bool = Field(default=True, description="False: the framework has it and this course does not want it.")
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class Alignment(TenantRow, table=True):
    """That an item of the course teaches, practises or assesses a competency of its map."""

    __tablename__ = "alignment"
    __table_args__ = (
        UniqueConstraint(
            "organisation_id",
            "course_id",
            "content_item_id",
            "competency_id",
            name="alignment_is_unique_by_item_competency",
        ),
        belongs_to("course", "course_id"),
        belongs_to("content_item", "content_item_id"),
        belongs_to("competency", "competency_id"),
        one_of("role", AlignmentRole),
        one_of("origin", AlignmentOrigin),
        CheckConstraint("passing_percent BETWEEN 0 AND 100", name="passes_between_0_and_100"),
        CheckConstraint("weight > 0", name="weighs_something"),
        Index(None, "organisation_id", "competency_id"),
    )

    course_id: uuid.UUID
    content_item_id: uuid.UUID
    competency_id: uuid.UUID
    role: AlignmentRole = Field(default=AlignmentRole.ASSESSES, sa_type=words(AlignmentRole))
    weight: Decimal = Field(default=Decimal(1), sa_type=Exact, description="Above 0; see docs/mastery.md.")
    passing_percent: float = Field(description="At or above this share, 0 to 100, an answer or score counts as right.")
    mixed: bool = Field(
        default=False, description="Mixes several skills or reviews earlier ones, so that it can confirm."
    )
    origin: AlignmentOrigin = Field(default=AlignmentOrigin.TEACHER, sa_type=words(AlignmentOrigin))
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class AlignmentDismissal(TenantRow, table=True):
    """That a teacher said no to a suggestion: this item does not belong to this competency. It is not suggested again."""

    __tablename__ = "alignment_dismissal"
    __table_args__ = (
        UniqueConstraint(
            "organisation_id",
            "course_id",
            "content_item_id",
            "competency_id",
            name="alignment_dismissal_is_unique_by_item_competency",
        ),
        belongs_to("course", "course_id"),
        belongs_to("content_item", "content_item_id"),
        belongs_to("competency", "competency_id"),
    )

    course_id: uuid.UUID
    content_item_id: uuid.UUID
    competency_id: uuid.UUID
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
