"""Tables of evidence and of what follows from it.

Evidence is append-only: a row is voided with a reason, never changed or deleted. Everything else here is computed from it
and can be computed again to the same result.
"""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import Exact, UtcDateTime, json_type, one_of, words
from lti_tool.mastery.rules import values

EvidenceSource = values.Source
Standing = values.Standing

_ENDS = text("override_until IS NOT NULL")
"""Of all states only the few with an override that ends."""


class Evidence(TenantRow, table=True):
    """One dated observation of one learner and one competency in one course."""

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint(
            "organisation_id",
            "course_id",
            "person_id",
            "competency_id",
            "presentation",
            "revision",
            name="evidence_is_unique_by_presentation_revision",
        ),
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        belongs_to("competency", "competency_id"),
        belongs_to("content_item", "content_item_id", on_delete="RESTRICT"),
        one_of("source", EvidenceSource),
        one_of("judged", Standing),
        CheckConstraint("possible IS NULL OR possible > 0", name="is_out_of_something"),
        CheckConstraint("(earned IS NULL) = (possible IS NULL)", name="has_both_points_or_none"),
        CheckConstraint("earned IS NOT NULL OR judged IS NOT NULL", name="says_something"),
        Index(None, "organisation_id", "course_id", "competency_id"),
        Index(None, "organisation_id", "person_id"),
    )

    course_id: uuid.UUID
    person_id: uuid.UUID
    competency_id: uuid.UUID
    source: EvidenceSource = Field(sa_type=words(EvidenceSource))
    presentation: str = Field(
        max_length=255,
        description="Names the occasion: source, item and attempt. A regrade of it is a new revision, the old one is voided.",
    )
    revision: int = Field(default=1)
    content_item_id: uuid.UUID | None = None
    item: str | None = Field(
        default=None,
        max_length=255,
        description="What was answered, where finer than the content item: a question's id.",
    )
    earned: Decimal | None = Field(default=None, sa_type=Exact)
    possible: Decimal | None = Field(default=None, sa_type=Exact)
    passing_percent: float | None = Field(default=None, description="The alignment's passing mark as it was then.")
    weight: Decimal = Field(default=Decimal(1), sa_type=Exact)
    first: bool = Field(default=True, description="The first response to this presentation, without help.")
    whole: bool = Field(default=False, description="A whole score of a task rather than one answer.")
    shared: bool = Field(default=False, description="A whole score that is aligned to several competencies.")
    mixed: bool = Field(default=False, description="From an item that mixes skills, or from a review.")
    judged: Standing | None = Field(
        default=None, sa_type=words(Standing), description="A person's judgement: an observation, rating or override."
    )
    until: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When an override ends.")
    note: str = Field(default="", max_length=1000, description="What whoever entered it said about it; a reason.")
    observed_at: datetime = Field(sa_type=UtcDateTime, description="When it happened.")
    dated: bool = Field(
        default=True, description="False where nobody knows when it happened; it cannot satisfy spacing."
    )
    learned_at: datetime = Field(sa_type=UtcDateTime, description="When we learned of it.")
    entered_by: uuid.UUID | None = Field(
        default=None, description="The person who entered it; absent: the LMS or the tool."
    )
    voided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    voided_by: uuid.UUID | None = None
    void_reason: str | None = Field(default=None, max_length=500)


class FrozenCriterion(TenantRow, table=True):
    """A level rule with its scale, as it was frozen for those who began with it. Many states share one; it never changes."""

    __tablename__ = "frozen_criterion"
    __table_args__ = (belongs_to("course", "course_id"), Index(None, "organisation_id", "course_id"))

    course_id: uuid.UUID
    content: dict[str, Any] = Field(
        sa_type=json_type(), description="mastery.rules.Criterion as JSON; the id is made of the course and of this."
    )
    created_at: datetime = Field(sa_type=UtcDateTime)


class MasteryState(TenantRow, table=True):
    """What the level rule says of one learner and one competency in one course. Computed; see Evidence."""

    __tablename__ = "mastery_state"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "person_id", "competency_id"),
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        belongs_to("competency", "competency_id"),
        belongs_to("frozen_criterion", "criterion_id", on_delete="RESTRICT"),
        one_of("standing", Standing),
        Index(None, "organisation_id", "course_id", "competency_id"),
        Index(None, "override_until", postgresql_where=_ENDS, sqlite_where=_ENDS),
        # The class board asks when each learner's latest evidence was; with this it reads an index and no row.
        Index(None, "organisation_id", "course_id", "person_id", "latest_at"),
    )

    course_id: uuid.UUID
    person_id: uuid.UUID
    competency_id: uuid.UUID
    criterion_id: uuid.UUID = Field(description="The criterion, frozen when the learner began.")
    running: dict[str, Any] = Field(
        sa_type=json_type(), description="The rule's running state, for the next observation."
    )
    standing: Standing = Field(sa_type=words(Standing))
    level: str = Field(max_length=64, description="The key of the scale's level; empty where nothing is started.")
    rolled_up: bool = Field(default=False, description="The level is what the competencies below it say.")
    share: Decimal | None = Field(default=None, sa_type=Exact, description="The value of a formula rule.")
    because: dict[str, Any] = Field(sa_type=json_type(), description="The explanation: a code and its values.")
    since: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When this level was reached.")
    count: int = Field(default=0, description="Observations that count.")
    latest_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="The latest of them.")
    last_key: str = Field(default="", max_length=64, description="Its order key: what comes before it needs a replay.")
    review_due_at: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="With credit for harder work; the rule's own date is in ``running``.",
    )
    credited_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="The day of the harder work that let the review wait longer."
    )
    override_until: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When an override that holds now has to be judged again."
    )
    changed_at: datetime = Field(sa_type=UtcDateTime)


class LearnerMastery(TenantRow, table=True):
    """One learner in one course at a glance: every level by the map's numbers, and what predictions know of the learner.

    The row is locked while the learner's evidence is worked in, so that two pieces at once cannot lose one another.
    """

    __tablename__ = "learner_mastery"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "person_id"),
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        belongs_to("prediction_version", "version_id", on_delete="RESTRICT"),
    )

    course_id: uuid.UUID
    person_id: uuid.UUID
    standings: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=json_type(),
        description="By the map's number of a competency: [standing 0 to 4, level key, review due (epoch day) or null].",
    )
    predicting: dict[str, Any] = Field(
        default_factory=dict, sa_type=json_type(), description="mastery.prediction's state."
    )
    version_id: uuid.UUID | None = Field(default=None, description="The difficulties the state was computed with.")
    reviewing: dict[str, Any] | None = Field(
        default=None, sa_type=json_type(), description="mastery.credit's book; absent where it has to be made first."
    )
    changed_at: datetime = Field(sa_type=UtcDateTime)


class PredictionVersion(TenantRow, table=True):
    """A course's learned difficulties. An erasure retires the version; the next begins from what is left."""

    __tablename__ = "prediction_version"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "number"),
        belongs_to("course", "course_id"),
    )

    course_id: uuid.UUID
    number: int
    model: str = Field(max_length=64)
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Difficulty(TenantRow, table=True):
    """How hard an item or a competency has shown itself, in one version. Nothing here names a learner."""

    __tablename__ = "difficulty"
    __table_args__ = (
        UniqueConstraint("organisation_id", "version_id", "key"),
        belongs_to("prediction_version", "version_id"),
    )

    version_id: uuid.UUID
    key: str = Field(max_length=300, description="item:… or competency:…")
    state: dict[str, Any] = Field(sa_type=json_type())


class LearnerModification(TenantRow, table=True):
    """That something else is asked of a student: another competency in place of one, or none, or another passing mark.

    It stands here because a passing mark decides what counts as right. It is given and seen by those with the supports right
    alone (``learners.supports``). Ended, never deleted: that row is the private stamp on what was done meanwhile.
    """

    __tablename__ = "learner_modification"
    __table_args__ = (
        belongs_to("course", "course_id"),
        belongs_to("person", "person_id"),
        belongs_to("competency", "competency_id", on_delete="RESTRICT"),
        belongs_to(
            "competency",
            "instead_id",
            on_delete="RESTRICT",
            name="learner_modification_names_the_competency_instead",
        ),
        CheckConstraint(
            "passing_percent IS NULL OR passing_percent BETWEEN 0 AND 100", name="passes_between_0_and_100"
        ),
        Index(None, "organisation_id", "course_id", "person_id"),
        Index(None, "organisation_id", "person_id"),
    )

    course_id: uuid.UUID
    person_id: uuid.UUID
    competency_id: uuid.UUID
    instead_id: uuid.UUID | None = Field(default=None, description="Absent: nothing, or the same at another mark.")
    passing_percent: float | None = Field(default=None, description="0 to 100; with this the competency itself stays.")
    created_by: uuid.UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: uuid.UUID | None = None
