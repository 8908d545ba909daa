"""The one table of the background: which periodic work has been taken on, and until when nobody else does it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from lti_tool.db.types import UtcDateTime


class PeriodicClaim(SQLModel, table=True):
    """That one of several processes does a piece of periodic work in this period; of no school, since it is for all of them."""

    __tablename__ = "periodic_claim"

    name: str = Field(primary_key=True, max_length=64)
    until: datetime = Field(sa_type=UtcDateTime, description="From then on any process may take it on.")
