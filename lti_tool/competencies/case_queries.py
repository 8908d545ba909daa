"""SQL of the CASE endpoints: objects by the identifiers under which they are exported, among what a visit may see."""

import uuid
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.case_export import placing_id
from lti_tool.competencies.models import Competency, CompetencyLink, Framework
from lti_tool.db.base import scoped


def _visible(course_id: uuid.UUID | None) -> ColumnElement[bool]:
    """What the school shares, and the course's own."""
    shared = col(Framework.course_id).is_(None)
    return shared if course_id is None else or_(shared, col(Framework.course_id) == course_id)


async def framework(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID | None,
    identifier: str,
    as_uuid: uuid.UUID,
) -> Framework | None:
    """A framework by its source's identifier, or by its own id."""
    statement = scoped(Framework, organisation_id).where(
        or_(col(Framework.identifier) == identifier.lower(), col(Framework.id) == as_uuid), _visible(course_id)
    )
    return (await session.exec(statement.limit(1))).first()


async def competency(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID | None,
    identifier: str,
    as_uuid: uuid.UUID,
) -> tuple[Framework, Competency] | None:
    """A competency with its framework, also one that was retired."""
    statement = (
        select(Framework, Competency)
        .where(
            Framework.organisation_id == organisation_id,
            Competency.organisation_id == organisation_id,
            col(Framework.id) == col(Competency.framework_id),
            or_(col(Competency.identifier) == identifier.lower(), col(Competency.id) == as_uuid),
            _visible(course_id),
        )
        # Where several frameworks have it, one that still has it goes first.
        .order_by(col(Competency.retired_at).is_not(None), col(Framework.title), col(Competency.id))
        .limit(1)
    )
    found: Any = (await session.exec(statement)).first()
    return None if found is None else (found[0], found[1])


async def framework_of_association(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID | None,
    identifier: str,
    as_uuid: uuid.UUID,
) -> list[Framework]:
    """The frameworks that may hold an association: as a link, or as what places a competency."""
    linked = select(CompetencyLink.framework_id).where(
        CompetencyLink.organisation_id == organisation_id,
        or_(col(CompetencyLink.identifier) == identifier, col(CompetencyLink.id) == as_uuid),
    )
    placed = col(Competency.extra)["child"]["identifier"].as_string()
    placing = select(Competency.framework_id).where(
        Competency.organisation_id == organisation_id,
        or_(placed == identifier, col(Competency.id) == placing_id(as_uuid)),
    )
    statement = scoped(Framework, organisation_id).where(
        or_(col(Framework.id).in_(linked), col(Framework.id).in_(placing)), _visible(course_id)
    )
    return list((await session.exec(statement.limit(5))).all())
