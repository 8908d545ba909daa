"""The SQL of changes to boards that can be undone."""

import uuid
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import scoped
from lti_tool.ids import new_id
from lti_tool.menus import board_states
from lti_tool.menus.board_states import State, What
from lti_tool.menus.models import Menu, MenuEdit

MOST = 50
"""Changes of a board that can be undone."""


async def keep(
    session: AsyncSession, menu: Menu, before: State, what: What, by: uuid.UUID | None, now: datetime
) -> None:
    """Keep how a menu was before the change that made its present revision. What was undone before it cannot be made again."""
    of = (col(MenuEdit.organisation_id) == menu.organisation_id, col(MenuEdit.menu_id) == menu.id)
    await session.exec(delete(MenuEdit).where(*of, col(MenuEdit.undone_at).is_not(None)))
    session.add(
        MenuEdit(
            organisation_id=menu.organisation_id,
            id=new_id(),
            menu_id=menu.id,
            revision=menu.revision - 1,
            before=board_states.to_json(before),
            what=what.value,
            changed_by=by,
            changed_at=now,
        )
    )
    await session.flush()
    old = select(MenuEdit.id).where(*of).order_by(col(MenuEdit.revision).desc()).offset(MOST)
    ids = (await session.exec(old)).all()
    if ids:
        await session.exec(delete(MenuEdit).where(of[0], col(MenuEdit.id).in_(ids)))


async def latest(session: AsyncSession, menu: Menu) -> MenuEdit | None:
    """The change made last that stands and can be undone."""
    statement = (
        scoped(MenuEdit, menu.organisation_id)
        .where(MenuEdit.menu_id == menu.id, col(MenuEdit.undone_at).is_(None))
        .order_by(col(MenuEdit.revision).desc())
        .limit(1)
    )
    return (await session.exec(statement)).first()


async def next_redo(session: AsyncSession, menu: Menu) -> MenuEdit | None:
    """The change undone last, which can be made again: the first after the latest that stands."""
    stands = await latest(session, menu)
    statement = scoped(MenuEdit, menu.organisation_id).where(
        MenuEdit.menu_id == menu.id, col(MenuEdit.undone_at).is_not(None)
    )
    if stands is not None:
        statement = statement.where(col(MenuEdit.revision) > stands.revision)
    return (await session.exec(statement.order_by(col(MenuEdit.revision)).limit(1))).first()
