"""The SQL of rubrics and of the marks given by them."""

import uuid
from collections.abc import Collection

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import scoped
from lti_tool.db.locking import locking
from lti_tool.menus.models import Menu, MenuStatus, Rubric, RubricCriterion, RubricMark


async def rubrics(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[Rubric]:
    """The rubrics of a course by name, without those taken away."""
    statement = (
        scoped(Rubric, organisation_id)
        .where(Rubric.course_id == course_id, col(Rubric.removed_at).is_(None))
        .order_by(col(Rubric.title), col(Rubric.id))
    )
    return list((await session.exec(statement)).all())


async def rubric(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, rubric_id: uuid.UUID, *, lock: bool = False
) -> Rubric | None:
    """One rubric of a course; also one taken away, by which boards may still mark."""
    statement = scoped(Rubric, organisation_id).where(Rubric.course_id == course_id, Rubric.id == rubric_id)
    statement = locking(statement, lock)
    found: Rubric | None = (await session.exec(statement)).one_or_none()
    return found


async def criteria(
    session: AsyncSession, organisation_id: uuid.UUID, rubric_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[RubricCriterion]]:
    """The criteria of rubrics in order, without those replaced or taken out."""
    found: dict[uuid.UUID, list[RubricCriterion]] = {rubric_id: [] for rubric_id in rubric_ids}
    statement = (
        scoped(RubricCriterion, organisation_id)
        .where(col(RubricCriterion.rubric_id).in_(rubric_ids), col(RubricCriterion.removed_at).is_(None))
        .order_by(col(RubricCriterion.position), col(RubricCriterion.id))
    )
    for row in (await session.exec(statement)).all():
        found[row.rubric_id].append(row)
    return found


async def criteria_by_id(
    session: AsyncSession, organisation_id: uuid.UUID, criterion_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, RubricCriterion]:
    """These criteria, those replaced or taken out included."""
    statement = scoped(RubricCriterion, organisation_id).where(col(RubricCriterion.id).in_(criterion_ids))
    return {row.id: row for row in (await session.exec(statement)).all()}


async def marked(
    session: AsyncSession, organisation_id: uuid.UUID, criterion_ids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of these criteria by which work was marked."""
    statement = (
        select(RubricMark.criterion_id)
        .where(RubricMark.organisation_id == organisation_id, col(RubricMark.criterion_id).in_(criterion_ids))
        .distinct()
    )
    return set((await session.exec(statement)).all())


async def marks(
    session: AsyncSession, organisation_id: uuid.UUID, choice_ids: Collection[uuid.UUID], *, afresh: bool = False
) -> dict[uuid.UUID, dict[uuid.UUID, RubricMark]]:
    """What work was marked with, by choice and criterion; a choice without marks is absent. ``afresh``: as it is by now, also
    where the session has seen it before.
    """
    found: dict[uuid.UUID, dict[uuid.UUID, RubricMark]] = {}
    statement = (
        scoped(RubricMark, organisation_id)
        .where(col(RubricMark.choice_id).in_(choice_ids))
        .execution_options(populate_existing=afresh)
    )
    for row in (await session.exec(statement)).all():
        found.setdefault(row.choice_id, {})[row.criterion_id] = row
    return found


async def used_by(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, list[str]]:
    """The titles of the boards that mark by each rubric; one that no board marks by is absent."""
    statement = (
        scoped(Menu, organisation_id)
        .where(Menu.course_id == course_id, col(Menu.rubric_id).is_not(None), col(Menu.status) != MenuStatus.ARCHIVED)
        .order_by(col(Menu.title), col(Menu.id))
    )
    found: dict[uuid.UUID, list[str]] = {}
    for menu in (await session.exec(statement)).all():
        if menu.rubric_id is not None:
            found.setdefault(menu.rubric_id, []).append(menu.title)
    return found
