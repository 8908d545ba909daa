"""The tenant: one school, or one district that shares its data."""

import uuid
from datetime import datetime

from sqlmodel import Field, SQLModel

from lti_tool.db.types import UtcDateTime
from lti_tool.ids import new_id


class Organisation(SQLModel, table=True):
    """A school. Every row that belongs to one carries its id, and every query names it."""

    __tablename__ = "organisation"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
