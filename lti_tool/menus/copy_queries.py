"""The SQL of students' own boards: who has one, what each holds.

A student's board is the lock of everything in it: whoever changes where a student stands locks its row first (``lock=True``, in
the order of ids) and reads the rest after. On SQLite the writing transaction itself is the lock.
"""

import uuid
from collections.abc import Collection, Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ContentItem
from lti_tool.db.base import scoped
from lti_tool.db.locking import locking
from lti_tool.db.upsert import upsert
from lti_tool.learners.models import LearnerProfile
from lti_tool.menus.models import (
    HandedIn,
    Menu,
    MenuAudience,
    MenuChoice,
    MenuOption,
    MenuOptionCompetency,
    MenuSection,
    MenuStatus,
    PersonalMenu,
)

_FEW = 500
"""People who are named in a statement; of more, the class is read and those who are wanted are taken from it."""


# --- Boards -----------------------------------------------------------------------------------------------------------


async def menu(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, menu_id: uuid.UUID, *, lock: bool = False
) -> Menu | None:
    """One board of a course."""
    statement = scoped(Menu, organisation_id).where(Menu.course_id == course_id, Menu.id == menu_id)
    found: Menu | None = (await session.exec(locking(statement, lock))).one_or_none()
    return found


async def menus(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, statuses: Collection[MenuStatus]
) -> list[Menu]:
    """The boards of a course with one of these statuses, newest first."""
    statement = (
        scoped(Menu, organisation_id)
        .where(Menu.course_id == course_id, col(Menu.status).in_(statuses))
        .order_by(col(Menu.created_at).desc(), col(Menu.id).desc())
    )
    return list((await session.exec(statement)).all())


async def sections(
    session: AsyncSession, organisation_id: uuid.UUID, menu_ids: Collection[uuid.UUID]
) -> list[MenuSection]:
    """The parts of boards in order, those taken out included."""
    statement = (
        scoped(MenuSection, organisation_id)
        .where(col(MenuSection.menu_id).in_(menu_ids))
        .order_by(col(MenuSection.position), col(MenuSection.id))
    )
    return list((await session.exec(statement)).all())


async def options(
    session: AsyncSession, organisation_id: uuid.UUID, menu_ids: Collection[uuid.UUID]
) -> list[MenuOption]:
    """The options of boards in order, those taken out included."""
    statement = (
        scoped(MenuOption, organisation_id)
        .where(col(MenuOption.menu_id).in_(menu_ids))
        .order_by(col(MenuOption.position), col(MenuOption.id))
    )
    return list((await session.exec(statement)).all())


async def competencies(
    session: AsyncSession, organisation_id: uuid.UUID, option_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, set[uuid.UUID]]:
    """What each option is work on; one with nothing is absent."""
    rows = await competency_rows(session, organisation_id, option_ids)
    return {option_id: {row.competency_id for row in some} for option_id, some in rows.items()}


async def competency_rows(
    session: AsyncSession, organisation_id: uuid.UUID, option_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[MenuOptionCompetency]]:
    """The rows that say what each option is work on; an option with none is absent."""
    statement = scoped(MenuOptionCompetency, organisation_id).where(col(MenuOptionCompetency.option_id).in_(option_ids))
    found: dict[uuid.UUID, list[MenuOptionCompetency]] = {}
    for row in (await session.exec(statement)).all():
        found.setdefault(row.option_id, []).append(row)
    return found


async def audience(
    session: AsyncSession, organisation_id: uuid.UUID, menu_ids: Collection[uuid.UUID]
) -> list[MenuAudience]:
    """Whom boards and their options are for."""
    statement = scoped(MenuAudience, organisation_id).where(col(MenuAudience.menu_id).in_(menu_ids))
    return list((await session.exec(statement)).all())


async def items(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, ContentItem]:
    """The course's items that options lead to, gone ones included."""
    statement = scoped(ContentItem, organisation_id).where(
        ContentItem.course_id == course_id, col(ContentItem.id).in_(item_ids)
    )
    return {one.id: one for one in (await session.exec(statement)).all()}


async def interests(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, frozenset[str]]:
    """What the learners of a course like, by person."""
    statement = select(LearnerProfile.person_id, LearnerProfile.interests).where(
        LearnerProfile.organisation_id == organisation_id, LearnerProfile.course_id == course_id
    )
    return {person_id: frozenset(liked) for person_id, liked in (await session.exec(statement)).all()}


# --- Students' own boards ---------------------------------------------------------------------------------------------


async def copies(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    menu_ids: Collection[uuid.UUID],
    person_ids: Collection[uuid.UUID] | None = None,
    *,
    lock: bool = False,
) -> list[PersonalMenu]:
    """Students' boards of these menus, of these people alone where they are named; in the order of ids."""
    statement = (
        scoped(PersonalMenu, organisation_id)
        .where(col(PersonalMenu.menu_id).in_(menu_ids))
        .order_by(col(PersonalMenu.id))
    )
    if person_ids is not None and len(person_ids) <= _FEW:
        statement = statement.where(col(PersonalMenu.person_id).in_(person_ids))
    found = (await session.exec(locking(statement, lock))).all()
    return [one for one in found if person_ids is None or one.person_id in person_ids]


async def copy(
    session: AsyncSession, organisation_id: uuid.UUID, copy_id: uuid.UUID, *, lock: bool = False
) -> PersonalMenu | None:
    """One student's board."""
    statement = scoped(PersonalMenu, organisation_id).where(PersonalMenu.id == copy_id)
    found: PersonalMenu | None = (await session.exec(locking(statement, lock))).one_or_none()
    return found


async def copies_by_id(
    session: AsyncSession, organisation_id: uuid.UUID, copy_ids: Collection[uuid.UUID], *, lock: bool = False
) -> list[PersonalMenu]:
    """These boards, in the order of ids."""
    statement = (
        scoped(PersonalMenu, organisation_id).where(col(PersonalMenu.id).in_(copy_ids)).order_by(col(PersonalMenu.id))
    )
    return list((await session.exec(locking(statement, lock))).all())


async def persons_copies(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> list[tuple[PersonalMenu, Menu]]:
    """A student's boards that are assigned in a course, in the order in which they were assigned."""
    statement = (
        select(PersonalMenu, Menu)
        .where(
            PersonalMenu.organisation_id == organisation_id,
            Menu.organisation_id == organisation_id,
            col(PersonalMenu.menu_id) == col(Menu.id),
            PersonalMenu.person_id == person_id,
            Menu.course_id == course_id,
            Menu.status == MenuStatus.ASSIGNED,
            col(PersonalMenu.left_at).is_(None),
        )
        .order_by(col(Menu.assigned_at), col(Menu.id))
    )
    return [(one, other) for one, other in (await session.exec(statement)).all()]


async def add_copies(session: AsyncSession, rows: Sequence[PersonalMenu]) -> None:
    """Add students' boards; one that somebody else added at the same moment is left as it is."""
    ordered = sorted(rows, key=lambda row: (row.menu_id, row.person_id))
    await upsert(
        session,
        PersonalMenu,
        [row.model_dump() for row in ordered],
        key=("organisation_id", "menu_id", "person_id"),
    )


async def choices(
    session: AsyncSession, organisation_id: uuid.UUID, copy_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, dict[uuid.UUID, MenuChoice]]:
    """What was chosen, by board and option; what was dropped again included."""
    found: dict[uuid.UUID, dict[uuid.UUID, MenuChoice]] = {copy_id: {} for copy_id in copy_ids}
    statement = (
        scoped(MenuChoice, organisation_id)
        .where(col(MenuChoice.personal_menu_id).in_(copy_ids))
        .execution_options(populate_existing=True)
    )
    for row in (await session.exec(statement)).all():
        found[row.personal_menu_id][row.option_id] = row
    return found


async def work(
    session: AsyncSession, organisation_id: uuid.UUID, choice_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[HandedIn]]:
    """What was handed in for choices, without the files' content; the oldest first, what was taken out again left out."""
    columns = [one for one in HandedIn.__table__.columns if one.name != "content"]  # type: ignore[attr-defined]
    statement = (
        select(*columns)
        .where(
            HandedIn.organisation_id == organisation_id,
            col(HandedIn.choice_id).in_(choice_ids),
            col(HandedIn.removed_at).is_(None),
        )
        .order_by(col(HandedIn.added_at), col(HandedIn.id))
    )
    found: dict[uuid.UUID, list[HandedIn]] = {}
    for row in (await session.exec(statement)).all():
        piece = HandedIn(**row._mapping)  # noqa: SLF001 - SQLAlchemy's own name for a row as a mapping.
        found.setdefault(piece.choice_id, []).append(piece)
    return found
