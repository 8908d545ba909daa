"""Who did, or looked at, something that deserves a trace. The audit log alone may name a person next to a refusal."""

import uuid
from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.types import UtcDateTime
from lti_tool.ids import new_id


class AuditEntry(SQLModel, table=True):
    """One trace. ``organisation_id`` is absent while the organisation is not known, as in most refused launches."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "organisation_id", "at"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: uuid.UUID | None = Field(default=None, foreign_key="organisation.id")
    at: datetime = Field(sa_type=UtcDateTime)
    action: str = Field(max_length=64, description="A dotted word such as launch.refused or roster.read.")
    actor: str | None = Field(default=None, max_length=255, description="The person's id here, or the platform's sub.")
    subject: str | None = Field(default=None, max_length=255, description="What it was done to: a kind and an id.")
    reference: str | None = Field(default=None, max_length=32, description="The reference code of the request.")
    detail: str | None = Field(default=None, max_length=500)


def record(
    session: AsyncSession,
    at: datetime,
    action: str,
    *,
    organisation_id: uuid.UUID | None = None,
    actor: str | None = None,
    subject: str | None = None,
    reference: str | None = None,
    detail: str | None = None,
) -> None:
    """Add a trace to the transaction."""
    session.add(
        AuditEntry(
            organisation_id=organisation_id,
            at=at,
            action=action,
            actor=actor,
            subject=subject,
            reference=reference,
            detail=detail[:500] if detail else None,
        )
    )
