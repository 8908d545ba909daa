"""Tables of the gradebook: columns, the score ledger, and every attempt to deliver."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy import false as sa_false
from sqlmodel import Field, SQLModel

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, json_type, one_of, words


class ColumnState(StrEnum):
    """A column's way into the LMS's gradebook; ``OFF``: the teacher has switched it off, and nothing is sent to it any more."""

    WANTED = "wanted"
    MADE = "made"
    REFUSED = "refused"
    OFF = "off"


class Policy(StrEnum):
    """Where a column's numbers come from; the column carries it as its tag."""

    PROGRESS = "progress"
    """The share of must-dos that are done."""

    MASTERY = "mastery"
    """Levels, each worth some points."""

    POINTS = "points"
    """Points earned."""


class Difference(StrEnum):
    """How what stands in the LMS differs from what this tool has delivered there."""

    OVERRIDDEN = "overridden"
    """Another number stands there."""

    MISSING = "missing"
    """Nothing stands there, though a number was accepted."""


class Choice(StrEnum):
    """What the teacher said about a difference; remembered until what stands in the LMS is another number again."""

    THEIRS = "theirs"
    """It stays as it stands in the LMS, and nothing is sent over it."""

    OURS = "ours"
    """The tool's score is sent again, over what stands there."""


class Delivery(StrEnum):
    """Where a score stands: in the LMS, on its way there, or refused by the LMS until somebody does something."""

    DELIVERED = "delivered"
    DUE = "due"
    REFUSED = "refused"


def _when_due(table: str) -> Index:
    """What a worker looks for: rows of one registration that are due. It holds only rows with something to do.

    It leads with the registration, not with the organisation, since schools can share a registration and its limits.
    """
    has_work = text("next_attempt_at IS NOT NULL")
    return Index(
        f"{table}_by_when_due",
        "registration_id",
        "next_attempt_at",
        postgresql_where=has_work,
        sqlite_where=has_work,
    )


class LineItem(TenantRow, table=True):
    """A gradebook column (AGS 2.0 line item). Wanted first, made by the worker, found by resource id and tag before that."""

    __tablename__ = "line_item"
    __table_args__ = (
        UniqueConstraint("organisation_id", "course_id", "resource_id", "tag"),
        belongs_to("course", "course_id"),
        one_of("state", ColumnState),
        _when_due("line_item"),
    )

    course_id: uuid.UUID
    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    resource_id: str = Field(max_length=255, description="What it is the column of, such as playlist:<id>.")
    tag: str = Field(default="progress", max_length=255, description="The policy behind its numbers.")
    label: str = Field(max_length=255)
    score_maximum: float
    end_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    url: str | None = Field(default=None, max_length=2000, description="The line item's address, once it is made.")
    state: ColumnState = Field(default=ColumnState.WANTED, sa_type=words(ColumnState))
    trouble: str | None = Field(default=None, max_length=64, description="The code of the last failure.")
    attempts: int = 0
    remade: int = Field(default=0, description="How often it was gone from the LMS and made again.")
    settings: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=json_type(),
        sa_column_kwargs={"server_default": "{}"},
        description="How its policy counts: points by level, best of or latest.",
    )
    version: int = Field(
        default=1, sa_column_kwargs={"server_default": "1"}, description="Counts changes of label, maximum and end."
    )
    delivered_version: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}, description="The version the LMS has; 0: never told."
    )
    label_told: str | None = Field(
        default=None,
        max_length=255,
        description="What the LMS calls it while it has not taken a change; absent: never said.",
    )
    maximum_told: float | None = Field(default=None, description="Its maximum there, with ``label_told``.")
    doubled: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}, description="Columns like it that were found beside it."
    )
    gone_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it was found gone from the LMS, not yet repaired."
    )
    compared_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When its results were last read back and compared."
    )
    compare_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When they are next.")
    takes_theirs: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa_false()},
        description="What teachers change in the LMS is taken over as evidence; the teacher says so.",
    )
    next_attempt_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Absent when nothing is due."
    )
    lease_token: uuid.UUID | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Score(TenantRow, table=True):
    """The ledger row of one line item and student: the latest score owed, and the last one delivered."""

    __tablename__ = "score"
    __table_args__ = (
        UniqueConstraint("organisation_id", "line_item_id", "person_id"),
        belongs_to("line_item", "line_item_id"),
        belongs_to("person", "person_id"),
        one_of("delivery", Delivery),
        one_of("difference", Difference),
        one_of("choice", Choice),
        _when_due("score"),
    )

    line_item_id: uuid.UUID
    person_id: uuid.UUID
    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE")
    owed_given: float
    owed_maximum: float
    owed_at: datetime = Field(sa_type=UtcDateTime, description="When the score came to be.")
    owed_version: int = Field(default=1, description="Counts changes of the score owed.")
    owed_comment: str | None = Field(default=None, max_length=1000)
    owed_finished: bool = Field(default=True, description="Whether the student is through, or still on the way.")
    delivery: Delivery = Field(default=Delivery.DUE, sa_type=words(Delivery))
    delivered_given: float | None = None
    delivered_maximum: float | None = None
    delivered_version: int = Field(default=0, description="The version the LMS has accepted.")
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="When the LMS accepted it.")
    delivered_comment: str | None = Field(default=None, max_length=1000)
    last_timestamp: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="The timestamp last sent; the next is strictly later."
    )
    attempts: int = Field(
        default=0, description="Failures since the last success; above 0 where something may have arrived unrecorded."
    )
    trouble: str | None = Field(default=None, max_length=64, description="The code of the last failure.")
    next_attempt_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Absent when nothing is due."
    )
    lease_token: uuid.UUID | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lms_given: float | None = Field(default=None, description="What stood in the LMS when it was last read back.")
    lms_maximum: float | None = None
    compared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    difference: Difference | None = Field(default=None, sa_type=words(Difference))
    choice: Choice | None = Field(default=None, sa_type=words(Choice))
    chosen_given: float | None = Field(
        default=None, description="What stood in the LMS when the teacher chose; the choice holds for that alone."
    )
    chosen_by: uuid.UUID | None = None
    chosen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ScoreAttempt(TenantRow, table=True):
    """One request to the LMS and its answer, in our words."""

    __tablename__ = "score_attempt"
    __table_args__ = (belongs_to("score", "score_id"), Index(None, "organisation_id", "score_id"))

    score_id: uuid.UUID
    at: datetime = Field(sa_type=UtcDateTime)
    version: int
    given: float
    status: int | None = Field(default=None, description="The HTTP status; absent when no answer came.")
    outcome: str = Field(max_length=64, description="delivered, or the code of what went wrong.")


class SendRun(TenantRow, table=True):
    """A teacher's *Send all*: how many scores it began with; how many have arrived follows from the ledger."""

    __tablename__ = "send_run"
    __table_args__ = (
        belongs_to("course", "course_id"),
        belongs_to("line_item", "line_item_id"),
        Index(None, "organisation_id", "course_id"),
    )

    course_id: uuid.UUID
    line_item_id: uuid.UUID | None = Field(default=None, description="Absent: all columns of the course.")
    total: int
    asked_by: uuid.UUID | None = None
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DeliveryPace(SQLModel, table=True):
    """How a registration's deliveries go. While its LMS is down or asks for patience, nothing is sent to it.

    One row for all schools of a registration, since its LMS counts their requests together.
    """

    __tablename__ = "delivery_pace"

    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE", primary_key=True)
    failures: int = Field(default=0, description="Failures of the whole LMS in a row.")
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    trouble: str | None = Field(default=None, max_length=64, description="The code of the last such failure.")
    open_since: datetime | None = Field(
        default=None,
        sa_type=UtcDateTime,
        description="Since when the circuit is open: failures came one after another.",
    )
    at_once: int | None = Field(
        default=None, description="Requests at a time that have gone well lately; absent: as many as allowed."
    )
    slowed_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it last asked to go slower."
    )
    quota: float | None = Field(default=None, description="What the LMS last said is left of its rate limit.")
    delivered: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}, description="Scores it has accepted, ever."
    )
    failed: int = Field(default=0, sa_column_kwargs={"server_default": "0"}, description="Attempts that failed, ever.")
    answered_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="When it last accepted a score or said why not."
    )
