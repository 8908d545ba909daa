"""The SQL of the audit log's pages: entries within what is seen in the console, page by page, and the names in them."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, or_
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.admin.console import Console
from lti_tool.audit import AuditEntry
from lti_tool.courses.models import Course, Person
from lti_tool.db.base import TenantRow
from lti_tool.db.organisation import Organisation
from lti_tool.lti.models import Deployment, Registration
from lti_tool.playlists.models import Playlist


class Place(NamedTuple):
    """Where a page of the log ended: the next one begins after it, further back in time."""

    at: datetime
    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the log is narrowed to; all of it by default. ``begins`` are what actions begin with, before the dot."""

    organisation_id: uuid.UUID | None = None
    begins: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None


async def entries(
    session: AsyncSession, here: Console, wanted: Wanted, before: Place | None, most: int
) -> Sequence[AuditEntry]:
    """Entries that are seen here, the newest first; at most ``most``."""
    statement = select(AuditEntry).where(here.within(AuditEntry.organisation_id))
    if wanted.organisation_id is not None:
        statement = statement.where(AuditEntry.organisation_id == wanted.organisation_id)
    if wanted.begins:
        statement = statement.where(
            or_(*(col(AuditEntry.action).startswith(f"{one}.", autoescape=True) for one in sorted(wanted.begins)))
        )
    if wanted.since is not None:
        statement = statement.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditEntry.at < wanted.until)
    if before is not None:
        statement = statement.where(
            or_(
                col(AuditEntry.at) < before.at,
                and_(col(AuditEntry.at) == before.at, col(AuditEntry.id) < before.id),
            )
        )
    order = (col(AuditEntry.at).desc(), col(AuditEntry.id).desc())
    return (await session.exec(statement.order_by(*order).limit(most))).all()


async def has_looked(session: AsyncSession, actor: str, organisation_id: uuid.UUID | None, since: datetime) -> bool:
    """Whether somebody's look at the log is in it already, from a moment on."""
    whose = col(AuditEntry.organisation_id)
    statement = select(AuditEntry.id).where(
        whose.is_(None) if organisation_id is None else whose == organisation_id,
        AuditEntry.at >= since,
        AuditEntry.action == "audit.viewed",
        AuditEntry.actor == actor,
    )
    return (await session.exec(statement.limit(1))).first() is not None


async def people(session: AsyncSession, organisation_id: uuid.UUID, ids: Collection[uuid.UUID]) -> list[Person]:
    """Those of a school's people who have these ids."""
    return list(await _rows(session, Person, organisation_id, ids))


async def titles(session: AsyncSession, organisation_id: uuid.UUID, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The titles of a school's courses and playlists that have these ids."""
    found: Iterable[Course | Playlist] = (
        *await _rows(session, Course, organisation_id, ids),
        *await _rows(session, Playlist, organisation_id, ids),
    )
    return {one.id: one.title for one in found}


async def _rows(session: AsyncSession, table: type[Any], organisation_id: uuid.UUID, ids: Collection[uuid.UUID]) -> Any:
    if not ids:
        return ()
    row: type[TenantRow] = table
    statement = select(row).where(row.organisation_id == organisation_id, col(row.id).in_(ids))
    return (await session.exec(statement)).all()


async def names(session: AsyncSession, here: Console, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names of registrations, organisations and deployments that have these ids and are seen here."""
    if not ids:
        return {}
    connection = await session.connection()
    found: dict[uuid.UUID, str] = {}
    for key, name, condition in (
        (Registration.id, Registration.name, here.within(Registration.organisation_id)),
        (Organisation.id, Organisation.name, here.within(Organisation.id)),
        (Deployment.id, Deployment.deployment_id, here.within(Deployment.organisation_id)),
    ):
        rows = await connection.execute(sa_select(col(key), col(name)).where(col(key).in_(ids), condition))
        found |= {row[0]: row[1] for row in rows}
    return found
