"""Menus in another course: with the copy of a course, and one to another course of the same teacher.

What comes along is the board as a draft: its rule, parts and options, each at its place there. Whom it is for, dates and the
names of anybody stay behind; what is not found there has an item that stands for it and says so.
"""

import uuid
from dataclasses import replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.checks import carrying as check_carrying
from lti_tool.competencies import maps
from lti_tool.content import places
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem
from lti_tool.content.places import Copied
from lti_tool.courses.models import Course
from lti_tool.errors import NotFound
from lti_tool.menus import board_editing, rubrics, sheet_rows, sheets
from lti_tool.menus import copy_queries as queries
from lti_tool.menus.board_editing import THERE, gives_results
from lti_tool.menus.board_replies import menu_address
from lti_tool.menus.models import Menu, MenuStatus, OptionDone
from lti_tool.menus.sheets import Option, Sheet
from lti_tool.playlists.carrying import Beside
from lti_tool.playlists.transferring import Names, courses_taught


async def moved(
    session: AsyncSession, both: Copied, original: Course, sheet: Sheet, names: Names, now: datetime
) -> Sheet:
    """The board for the other course (``both.course``), with ids of its own."""
    ids = [one.content_item_id for one in sheet.options if one.content_item_id]
    used = await queries.items(session, original.organisation_id, original.id, ids)
    lead = await places.places(session, both, used, now)
    listed = await maps.listed(session, both.course.organisation_id, both.course.id)
    known = {one.id for one in listed.competencies}

    def option(one: Option) -> Option:
        item = lead.get(one.content_item_id) if one.content_item_id else None
        by_result = one.done_rule is OptionDone.RESULT and _could_have_results(item)
        return replace(
            one,
            content_item_id=item.id if item is not None else None,
            done_rule=one.done_rule if by_result or one.done_rule is not OptionDone.RESULT else OptionDone.MARKED,
            pass_percent=one.pass_percent if by_result else None,
            competencies=frozenset(names.get(one_id, one_id) for one_id in one.competencies) & known,
        )

    there = replace(sheet, options=tuple(option(one) for one in sheet.options))
    return sheets.anew(sheets.without_people(there))


def _could_have_results(item: ContentItem | None) -> bool:
    """Whether results may be known there: they are, or nobody has said yet where the item is."""
    return gives_results(item) or (item is not None and content_rules.is_missing(item))


async def draft(
    session: AsyncSession,
    both: Copied,
    original: Course,
    menu: Menu,
    names: Names,
    by: uuid.UUID | None,
    now: datetime,
    *,
    menu_id: uuid.UUID | None = None,
    carried: bool = False,
) -> Menu:
    """A draft in the other course. ``carried``: links to the original in a copied course lead here. Its rubric comes along."""
    sheet = await moved(session, both, original, await sheet_rows.sheet(session, menu), names, now)
    rubric_id = None
    if menu.rubric_id is not None:
        rubric_id = await rubrics.in_course(session, original, both.course, menu.rubric_id, names, by, now)
    made = await board_editing.create(
        session,
        both.course,
        replace(board_editing.words_of(menu), rubric_id=rubric_id),
        sheet,
        by,
        now,
        menu_id=menu_id,
        copied_from_id=menu.id if carried else None,
    )
    made.has_column, made.points = menu.has_column, menu.points
    session.add(made)
    await session.flush()
    return made


class MenuCarrier:
    """Menus beside the playlists of a course that was copied; see ``playlists.carrying.Carrier``."""

    async def offered(self, session: AsyncSession, original: Course) -> tuple[str, ...]:
        """The titles of its menus, the oldest first."""
        menus = await queries.menus(session, original.organisation_id, original.id, THERE)
        return tuple(menu.title for menu in reversed(menus))

    async def carry(
        self, session: AsyncSession, both: Copied, original: Course, names: Names, by: uuid.UUID | None, now: datetime
    ) -> int:
        """Carry them over as drafts; how many came. One that came before does not come again."""
        menus = await queries.menus(session, original.organisation_id, original.id, THERE)
        there = await queries.menus(session, both.course.organisation_id, both.course.id, tuple(MenuStatus))
        came = {menu.copied_from_id for menu in there}
        wanted = [menu for menu in reversed(menus) if menu.id not in came]
        for menu in wanted:
            await draft(session, both, original, menu, names, by, now, carried=True)
        return len(wanted)

    async def brought(self, session: AsyncSession, course: Course) -> list[Beside]:
        """The menus of a course that were carried over into it, with how many options lead nowhere yet."""
        menus = await queries.menus(session, course.organisation_id, course.id, THERE)
        carried = [menu for menu in reversed(menus) if menu.copied_from_id is not None]
        boards = await sheet_rows.sheets(session, course.organisation_id, carried)
        ids = [one.content_item_id for sheet in boards.values() for one in sheet.options if one.content_item_id]
        items = await queries.items(session, course.organisation_id, course.id, ids)
        lost = {item.id for item in items.values() if content_rules.is_missing(item)}
        return [
            Beside(
                menu.title,
                menu_address(course, menu.id),
                sum(one.content_item_id in lost for one in boards[menu.id].options),
            )
            for menu in carried
        ]


async def copy_to(
    session: AsyncSession,
    original: Course,
    menu: Menu,
    course: Course,
    by: uuid.UUID | None,
    now: datetime,
    *,
    copy_id: uuid.UUID,
) -> Menu:
    """A draft of the menu in another course; sending the form twice (the same ``copy_id``) makes one.

    The content of both courses is read before. NotFound for a course that this person does not teach. Leaves an audit entry.
    """
    if course.id not in {one.id for one in await courses_taught(session, original, by)}:
        raise NotFound("a course that this person does not teach")
    existing = await queries.menu(session, course.organisation_id, course.id, copy_id)
    if existing is not None:
        return existing
    options = (await sheet_rows.sheet(session, menu)).options
    leads_to = {one.content_item_id for one in options if one.content_item_id}
    await check_carrying.carry(session, course, original, by, now, only=leads_to)
    both = await places.copied(session, course, original)
    made = await draft(session, both, original, menu, {}, by, now, menu_id=copy_id)
    audit.record(
        session,
        now,
        "menu.copied",
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"menu:{made.id}",
        detail=f"from course {original.id}",
    )
    return made
