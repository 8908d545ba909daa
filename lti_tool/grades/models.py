"""Tables of the gradebook: columns, the score ledger, and every attempt to deliver."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from lti_tool.db.base import TenantRow, belongs_to
from lti_tool.db.types import UtcDateTime, one_of, words


class ColumnState(StrEnum):
    """A column's way into the LMS's gradebook."""

    WANTED = "wanted"
    MADE = "made"
    REFUSED = "refused"


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
    attempts: int = Field(default=0, description="Failures since the last success.")
    trouble: str | None = Field(default=None, max_length=64, description="The code of the last failure.")
    next_attempt_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="Absent when nothing is due."
    )
    lease_token: uuid.UUID | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


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


class DeliveryPace(SQLModel, table=True):
    """How a registration's deliveries go. While its LMS is down or asks for patience, nothing is sent to it.

    One row for all schools of a registration, since its LMS counts their requests together. Rates per registration find
    their place here.
    """

    __tablename__ = "delivery_pace"

    registration_id: uuid.UUID = Field(foreign_key="registration.id", ondelete="CASCADE", primary_key=True)
    failures: int = Field(default=0, description="Failures of the whole LMS in a row.")
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    trouble: str | None = Field(default=None, max_length=64, description="The code of the last such failure.")
