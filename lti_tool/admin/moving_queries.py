"""The addresses of an LMS that are kept of its courses, and what it takes to have them begin otherwise."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, func, literal, or_, update
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ApiConnection, ContentItem
from lti_tool.content.rules import ADDRESS_SOURCE
from lti_tool.courses.models import Course, ResourceLink
from lti_tool.grades.models import LineItem
from lti_tool.lti.models import Deployment, MovedIssuer, Registration
from lti_tool.menus.models import Menu, MenuOption
from lti_tool.playlists.models import Playlist, PlaylistStep

LONGEST = 2000
"""Characters of an address that its column takes."""


@dataclass(frozen=True, slots=True)
class Bases:
    """What addresses began with, and what they begin with now; neither ends with a slash."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose addresses: a registration and the school that it belongs to."""

    organisation_id: uuid.UUID
    registration_id: uuid.UUID


def _table(model: Any) -> Table:
    found: Table = model.__table__
    return found


_course, _playlist, _menu = _table(Course), _table(Playlist), _table(Menu)

# What holds addresses, by what a page calls it; each with its columns, and the table by which its rows are of a course.
_PLACES: tuple[tuple[str, Table, tuple[str, ...], Table | None], ...] = (
    ("courses", _course, ("memberships_url", "line_items_url", "home_url", "groups_url", "group_sets_url"), None),
    ("links", _table(ResourceLink), ("line_item_url",), None),
    ("columns", _table(LineItem), ("url",), None),
    ("items", _table(ContentItem), ("url",), None),
    ("steps", _table(PlaylistStep), ("url",), _playlist),
    ("options", _table(MenuOption), ("url",), _menu),
)

PLACES = tuple(name for name, *_ in _PLACES)


def begins(column: Any, base: str) -> Any:
    """Whether an address is a base or stands below it; ``https://a.example`` is none of ``https://a.example.org``."""
    return or_(
        column == base,
        *(func.substr(column, 1, len(base) + 1) == base + mark for mark in ("/", "?", "#")),
    )


def _stands_there(column: Any, bases: Bases) -> Any:
    """Whether an address has to be changed. Where the new base stands below the old one, what has it is there already."""
    found = begins(column, bases.old)
    return found & ~begins(column, bases.new) if bases.new.startswith(bases.old) else found


def _changed(column: Any, bases: Bases) -> Any:
    return literal(bases.new) + func.substr(column, len(bases.old) + 1)


def _rows_of(table: Table, through: Table | None, tenant: Tenant) -> Any:
    """The condition that a row is of one of the registration's courses."""
    courses = sa_select(_course.c.id).where(
        _course.c.organisation_id == tenant.organisation_id, _course.c.registration_id == tenant.registration_id
    )
    ours = table.c.organisation_id == tenant.organisation_id
    if table is _course:
        return ours & (table.c.registration_id == tenant.registration_id)
    if through is None:
        return ours & table.c.course_id.in_(courses)
    parents = sa_select(through.c.id).where(
        through.c.organisation_id == tenant.organisation_id, through.c.course_id.in_(courses)
    )
    return ours & table.c[f"{through.name}_id"].in_(parents)


def _columns() -> Iterator[tuple[str, Table, Any, Table | None]]:
    for name, table, columns, through in _PLACES:
        for column in columns:
            yield name, table, table.c[column], through


async def count(session: AsyncSession, tenant: Tenant, bases: Bases) -> tuple[dict[str, int], int]:
    """How many addresses begin with the old base, by what has them; and how many of them would be too long with the new one."""
    found = dict.fromkeys(PLACES, 0)
    too_long = 0
    connection = await session.connection()
    for name, table, column, through in _columns():
        there = _rows_of(table, through, tenant) & _stands_there(column, bases)
        fits = func.length(column) - len(bases.old) + len(bases.new) <= LONGEST
        statement = sa_select(func.count(), func.count().filter(fits)).select_from(table).where(there)
        every, fitting = (await connection.execute(statement)).one()
        found[name] += fitting
        too_long += every - fitting
    return found, too_long


async def change(session: AsyncSession, tenant: Tenant, bases: Bases) -> None:
    """Have the addresses begin with the new base; those that would be too long stay."""
    connection = await session.connection()
    for _name, table, column, through in _columns():
        there = _rows_of(table, through, tenant) & _stands_there(column, bases)
        fits = func.length(column) - len(bases.old) + len(bases.new) <= LONGEST
        await connection.execute(update(table).where(there, fits).values({column.name: _changed(column, bases)}))
    notices = _table(Deployment)
    ours = notices.c.registration_id == tenant.registration_id
    there = _stands_there(notices.c.notices_url, bases)
    await connection.execute(
        update(notices).where(ours, there).values(notices_url=_changed(notices.c.notices_url, bases))
    )


async def pasted(session: AsyncSession, tenant: Tenant, bases: Bases) -> Sequence[Any]:
    """Rows of ``id, course_id, external_id, url`` of pasted addresses that begin with the old base."""
    item = _table(ContentItem)
    statement = sa_select(item.c.id, item.c.course_id, item.c.external_id, item.c.url).where(
        _rows_of(item, None, tenant),
        item.c.external_id.startswith(ADDRESS_SOURCE, autoescape=True),
        _stands_there(item.c.url, bases),
    )
    return (await (await session.connection()).execute(statement)).all()


async def external_ids(session: AsyncSession, tenant: Tenant) -> set[tuple[uuid.UUID, str]]:
    """The pasted addresses of the registration's courses, by course and external id."""
    item = _table(ContentItem)
    statement = sa_select(item.c.course_id, item.c.external_id).where(
        _rows_of(item, None, tenant), item.c.external_id.startswith(ADDRESS_SOURCE, autoescape=True)
    )
    return {(row[0], row[1]) for row in (await (await session.connection()).execute(statement)).all()}


async def change_hosts(session: AsyncSession, tenant: Tenant, old_host: str, new_host: str) -> None:
    """Have courses whose launches named the old host for the LMS's own API be at the new one."""
    connection = await session.connection()
    there = _rows_of(_course, None, tenant) & (func.lower(_course.c.api_domain) == old_host.lower())
    await connection.execute(update(_course).where(there).values(api_domain=new_host))


async def connection_of(session: AsyncSession, tenant: Tenant) -> ApiConnection | None:
    """The access to the LMS's own API."""
    statement = select(ApiConnection).where(
        col(ApiConnection.organisation_id) == tenant.organisation_id,
        col(ApiConnection.registration_id) == tenant.registration_id,
    )
    return (await session.exec(statement)).one_or_none()


async def others_there(session: AsyncSession, tenant: Tenant, issuer: str) -> list[str]:
    """The names of the school's other platforms that have an issuer."""
    statement = (
        select(col(Registration.name))
        .where(
            col(Registration.issuer) == issuer,
            col(Registration.organisation_id) == tenant.organisation_id,
            col(Registration.id) != tenant.registration_id,
        )
        .order_by(col(Registration.created_at))
    )
    return list((await session.exec(statement)).all())


async def taken(session: AsyncSession, issuer: str, client_id: str, but: uuid.UUID) -> Registration | None:
    """Another registration that has this key."""
    statement = select(Registration).where(
        col(Registration.issuer) == issuer, col(Registration.client_id) == client_id, col(Registration.id) != but
    )
    return (await session.exec(statement)).one_or_none()


async def remember(session: AsyncSession, moved: MovedIssuer, now_called: tuple[str, str]) -> None:
    """Keep what a platform was called; what it is called now is forgotten as a former name."""
    await session.merge(moved)
    there = await session.get(MovedIssuer, now_called)
    if there is not None:
        await session.delete(there)
    await session.flush()
