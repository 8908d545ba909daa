"""All SQL of courses brought in by files."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content import queries
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.rules import FILE_SOURCES
from lti_tool.db.base import scoped

_COLUMNS = ("id", "external_id", *queries.READ_COLUMNS)


async def rows(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[Any]:
    """Everything that is known of a course's items, gone ones included, in the course's order."""
    columns: list[Any] = [getattr(ContentItem, name) for name in _COLUMNS]
    statement = (
        select(*columns)
        .where(col(ContentItem.organisation_id) == organisation_id, col(ContentItem.course_id) == course_id)
        .order_by(col(ContentItem.position), col(ContentItem.id))
    )
    return list((await session.exec(statement)).all())


async def addressable(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, *, start: int, most: int
) -> list[ContentItem]:
    """Items that files brought and that a teacher can give an address, in the course's order, from ``start`` on."""
    statement = _addressable(organisation_id, course_id).offset(start).limit(most)
    return list((await session.exec(statement)).all())


async def addressable_among(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: list[uuid.UUID]
) -> list[ContentItem]:
    """Those of these items that a teacher can give an address."""
    statement = _addressable(organisation_id, course_id).where(col(ContentItem.id).in_(item_ids))
    return list((await session.exec(statement)).all())


def _addressable(organisation_id: uuid.UUID, course_id: uuid.UUID) -> Any:
    return (
        scoped(ContentItem, organisation_id)
        .where(
            ContentItem.course_id == course_id,
            col(ContentItem.deleted_at).is_(None),
            # A link has its address from the file, and a heading opens nothing.
            col(ContentItem.kind).not_in([ItemKind.HEADING, ItemKind.LINK]),
            or_(*(col(ContentItem.external_id).startswith(source, autoescape=True) for source in FILE_SOURCES)),
        )
        .order_by(col(ContentItem.position), col(ContentItem.id))
    )


async def give_addresses(
    session: AsyncSession, organisation_id: uuid.UUID, addresses: Mapping[uuid.UUID, str | None]
) -> None:
    """Note where items open; None for nowhere."""
    for item_id, address in addresses.items():
        await session.exec(
            update(ContentItem)
            .where(col(ContentItem.organisation_id) == organisation_id, col(ContentItem.id) == item_id)
            .values(url=address)
            .execution_options(synchronize_session=False)
        )
