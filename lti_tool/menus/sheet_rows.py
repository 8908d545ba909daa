"""Boards in the database: what the rows of a menu say as a sheet, and back.

Nothing is deleted while students may have chosen it: a row that a sheet no longer holds gets ``removed_at``.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.in_order import put_in_order
from lti_tool.menus import copy_queries as queries
from lti_tool.menus.models import (
    Menu,
    MenuAudience,
    MenuOption,
    MenuOptionCompetency,
    MenuSection,
    WorkKind,
)
from lti_tool.menus.rules.choosing import of_json, rule_json
from lti_tool.menus.sheets import Named, Option, Section, Sheet, Udl

_OF_SECTIONS = ("title",)
_PLAIN = (
    "section_id",
    "kind",
    "title",
    "note",
    "content_item_id",
    "url",
    "done_rule",
    "pass_percent",
    "points",
    "level",
    "minutes",
    "required",
)
_OF_OPTIONS = (*_PLAIN, "takes", "udl")


async def sheet(session: AsyncSession, menu: Menu) -> Sheet:
    """A menu's board."""
    return (await sheets(session, menu.organisation_id, [menu]))[menu.id]


async def sheets(session: AsyncSession, organisation_id: uuid.UUID, menus: Sequence[Menu]) -> dict[uuid.UUID, Sheet]:
    """The boards of menus by their ids, with five statements however many there are."""
    ids = [menu.id for menu in menus]
    sections = [one for one in await queries.sections(session, organisation_id, ids) if one.removed_at is None]
    options = [one for one in await queries.options(session, organisation_id, ids) if one.removed_at is None]
    competencies = await queries.competencies(session, organisation_id, [one.id for one in options])
    audience: dict[uuid.UUID, list[MenuAudience]] = {}
    for row in await queries.audience(session, organisation_id, ids):
        if row.option_id is not None:
            audience.setdefault(row.option_id, []).append(row)
    return {
        menu.id: Sheet(
            of_json(menu.rule),
            tuple(Section(one.id, one.title) for one in sections if one.menu_id == menu.id),
            tuple(
                _option(one, competencies.get(one.id, ()), audience.get(one.id, ()))
                for one in options
                if one.menu_id == menu.id
            ),
        )
        for menu in menus
    }


def _option(row: MenuOption, competencies: Iterable[uuid.UUID], audience: Iterable[MenuAudience]) -> Option:
    known = {udl.value for udl in Udl}
    return Option(
        id=row.id,
        position=row.position,
        takes=tuple(WorkKind(one) for one in row.takes),
        udl=tuple(Udl(one) for one in row.udl if one in known),
        competencies=frozenset(competencies),
        audience=tuple(Named(one.kind, one.group_id, one.person_id, one.word) for one in audience),
        **{name: getattr(row, name) for name in _PLAIN},
    )


async def store(session: AsyncSession, menu: Menu, wanted: Sheet, now: datetime) -> None:
    """Have the rows say what a sheet says."""
    organisation_id = menu.organisation_id
    menu.kind, menu.rule = wanted.rule.kind, rule_json(wanted.rule)
    session.add(menu)
    of: dict[str, Any] = {"organisation_id": organisation_id, "menu_id": menu.id}
    sections = {row.id: row for row in await queries.sections(session, organisation_id, [menu.id])}
    options = {row.id: row for row in await queries.options(session, organisation_id, [menu.id])}
    # Foreign keys name parts from options, so parts are there first.
    parts = [MenuSection(**of, id=one.id, position=place, title=one.title) for place, one in enumerate(wanted.sections)]
    await put_in_order(session, sections, parts, _OF_SECTIONS, now)
    rows = [
        MenuOption(
            **of,
            id=one.id,
            position=one.position,
            takes=[work.value for work in one.takes],
            udl=[udl.value for udl in one.udl],
            **{name: getattr(one, name) for name in _PLAIN},
        )
        for one in wanted.options
    ]
    await put_in_order(session, options, rows, _OF_OPTIONS, now)
    await _competencies(session, menu, wanted)
    await _audience(session, menu, wanted, now)


async def _competencies(session: AsyncSession, menu: Menu, wanted: Sheet) -> None:
    there = await queries.competency_rows(session, menu.organisation_id, [one.id for one in wanted.options])
    for option in wanted.options:
        rows = {row.competency_id: row for row in there.get(option.id, ())}
        for competency_id in sorted(option.competencies - rows.keys()):
            session.add(
                MenuOptionCompetency(
                    organisation_id=menu.organisation_id, option_id=option.id, competency_id=competency_id
                )
            )
        for competency_id, row in rows.items():
            if competency_id not in option.competencies:
                await session.delete(row)
    await session.flush()


async def _audience(session: AsyncSession, menu: Menu, wanted: Sheet, now: datetime) -> None:
    rows = await queries.audience(session, menu.organisation_id, [menu.id])
    for option in wanted.options:
        there = [row for row in rows if row.option_id == option.id]
        said = {Named(row.kind, row.group_id, row.person_id, row.word): row for row in there}
        for named in option.audience:
            if named not in said:
                session.add(
                    MenuAudience(
                        organisation_id=menu.organisation_id,
                        menu_id=menu.id,
                        option_id=option.id,
                        kind=named.kind,
                        group_id=named.group_id,
                        person_id=named.person_id,
                        word=named.word,
                        created_at=now,
                    )
                )
        for named, row in said.items():
            if named not in option.audience:
                await session.delete(row)
    await session.flush()


async def take_out(session: AsyncSession, menu: Menu) -> None:
    """Delete a draft with everything in it. Options go before the parts they stand in."""
    for row in await queries.options(session, menu.organisation_id, [menu.id]):
        await session.delete(row)
    await session.flush()
    await session.delete(menu)
    await session.flush()


async def write_audience(session: AsyncSession, menu: Menu, audience: Collection[Named], now: datetime) -> None:
    """Have a menu be for exactly these; none: for everybody."""
    for row in await queries.audience(session, menu.organisation_id, [menu.id]):
        if row.option_id is None:
            await session.delete(row)
    await session.flush()
    for named in audience:
        session.add(
            MenuAudience(
                organisation_id=menu.organisation_id,
                menu_id=menu.id,
                kind=named.kind,
                group_id=named.group_id,
                person_id=named.person_id,
                word=named.word,
                created_at=now,
            )
        )
    await session.flush()
