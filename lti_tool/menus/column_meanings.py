"""What competencies a board's gradebook column is about: those that its options are for, and that its items are aligned to."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import and_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.grades.resource_ids import ids_of
from lti_tool.mastery.reading import giving_evidence
from lti_tool.menus.models import Menu, MenuOption, MenuOptionCompetency


async def competencies(
    session: AsyncSession, course: Course, resource_ids: Collection[str]
) -> Mapping[str, Collection[uuid.UUID]]:
    """By resource id, of boards of the course."""
    ids = ids_of("menu", resource_ids)
    if not ids:
        return {}
    statement = (
        select(col(MenuOption.menu_id), col(MenuOption.content_item_id), col(MenuOptionCompetency.competency_id))
        .join(
            Menu,
            and_(col(Menu.organisation_id) == col(MenuOption.organisation_id), col(Menu.id) == col(MenuOption.menu_id)),
        )
        .outerjoin(
            MenuOptionCompetency,
            and_(
                col(MenuOptionCompetency.organisation_id) == col(MenuOption.organisation_id),
                col(MenuOptionCompetency.option_id) == col(MenuOption.id),
            ),
        )
        .where(
            col(MenuOption.organisation_id) == course.organisation_id,
            col(Menu.course_id) == course.id,
            col(MenuOption.menu_id).in_(ids),
            col(MenuOption.removed_at).is_(None),
        )
    )
    options: Sequence[tuple[uuid.UUID, uuid.UUID | None, uuid.UUID | None]] = (await session.exec(statement)).all()
    giving = await giving_evidence(session, course, {row[1] for row in options if row[1] is not None})
    found: dict[str, set[uuid.UUID]] = defaultdict(set)
    for menu_id, item_id, competency_id in options:
        about = found[f"menu:{menu_id}"]
        if competency_id is not None:
            about.add(competency_id)
        if item_id is not None:
            about |= {view.competency_id for view in giving.get(item_id, ())}
    return found
