"""The tenant: one school, or one district that shares its data."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from lti_tool.db.types import UtcDateTime
from lti_tool.ids import new_id


class Organisation(SQLModel, table=True):
    """A school. Every row that belongs to one carries its id, and every query names it."""

    __tablename__ = "organisation"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=200)
    shares_predictions: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": sa.false()},
        description="Whether evidence of a learner's other courses may seed predictions; no course ever sees its details.",
    )
    time_zone: str | None = Field(
        default=None, max_length=64, description="An IANA name: when the school's day begins. Absent: in UTC."
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
