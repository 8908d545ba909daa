"""The course's own items: read from the platform, or pasted; and the grades the platform has for them."""

import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content import queries, rules
from lti_tool.content.access import connecting
from lti_tool.content.access import queries as access_queries
from lti_tool.content.connectors import Connected, Connectors, NotConnected
from lti_tool.content.models import ApiConnection, ContentItem, ItemKind
from lti_tool.content.ports import Capability, NativeResult, NativeResults, NativeTrouble, NoResult
from lti_tool.content.taking_over import RefreshReport, take_over
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.lti.models import Registration


@dataclass(frozen=True, slots=True)
class ItemResult:
    """A grade the platform has for a person on an item: ``percent`` is 0 to 100 and, with extra credit, beyond.

    ``at`` is when it was given. ``earned`` and ``possible`` are its points without a late penalty, ``attempt`` counts from 1
    (absent: nothing was handed in), ``done_at`` is when the work was done, as far as the platform tells. Items with the same
    ``result_key`` are places of one and the same work.
    """

    content_item_id: uuid.UUID
    person_id: uuid.UUID
    percent: float
    at: datetime
    earned: Decimal | None = None
    possible: Decimal | None = None
    attempt: int | None = None
    done_at: datetime | None = None
    result_key: str = ""


@dataclass(frozen=True, slots=True)
class ItemGap:
    """That the platform has an entry for a person and an item which is no result, and why; ``of_all``: of every attempt."""

    content_item_id: uuid.UUID
    person_id: uuid.UUID
    why: NoResult
    attempt: int | None = None
    result_key: str = ""
    of_all: bool = False


@dataclass(frozen=True, slots=True)
class Gradebook:
    """What the platform's gradebook says of the course's own items.

    ``results`` are the grades that count, at most one for each item and person; ``attempts`` each graded attempt by itself,
    where the platform tells them apart, else the same; ``gaps`` the entries that are no result.
    """

    results: tuple[ItemResult, ...] = ()
    attempts: tuple[ItemResult, ...] = ()
    gaps: tuple[ItemGap, ...] = ()


# --- Reading -----------------------------------------------------------------------------------------------------------


async def items(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[ContentItem]:
    """A course's items in its order, headings included; pasted addresses stand at the end."""
    return await queries.items(session, organisation_id, course_id)


async def item(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_id: uuid.UUID
) -> ContentItem | None:
    """One item of a course, also one that is gone from the platform; None for another course's or school's."""
    return await queries.item(session, organisation_id, course_id, item_id)


async def refresh(database: Database, connectors: Connectors, course: Course, now: datetime) -> RefreshReport:
    """Read what the course holds and take it over in one transaction, once everything is read.

    Items keep their identity when they are renamed or moved; those that vanish are marked, not deleted. Raises NotConnected,
    ConnectedElsewhere, Unsealable and NativeTrouble; then no item has changed.
    """
    connected = await _connected(database, connectors, course)
    if Capability.CONTENTS not in connected.connector.offers:
        raise NotConnected("the connector reads no contents")
    try:
        return await read_contents(database, connected, course, now)
    except NativeTrouble as trouble:
        await note_trouble(database, course, connected, trouble, now)
        raise


async def read_contents(
    database: Database,
    connected: Connected,
    course: Course,
    now: datetime,
    also: Callable[[AsyncSession, RefreshReport], Awaitable[None]] | None = None,
) -> RefreshReport:
    """As ``refresh``, with the connector at hand; trouble is raised and noted nowhere. ``also`` is done in the transaction."""
    async with database.reading() as session:
        columns = await connected.own.columns(session, course)
    contents = await connected.connector.read_contents(connected.course_id)
    async with database.writing() as session:
        items = await connected.own.left_out(session, course, contents.items, columns)
        report = await take_over(session, course, connected.source, items, now)
        await queries.note_reading(session, course, now, contents.home_url)
        await note_call(session, course, connected, None, now)
        if also is not None:
            await also(session, report)
    return report


# --- Pasting -----------------------------------------------------------------------------------------------------------


async def add_address(session: AsyncSession, course: Course, url: str, title: str, now: datetime) -> ContentItem:
    """A pasted address as an item of the course; the same address again is the same item, with its new title if one came.

    Without a title the host stands for it. Where the platform or a file has told an item with this address, it is that one, and
    keeps its title. Raises BadAddress.
    """
    address = rules.clean_address(url)
    told = await queries.told_at(session, course.organisation_id, course.id, address)
    if told is not None:
        return told
    item_id = await queries.put_address(
        session,
        _own_row(
            course,
            now,
            external_id=rules.address_id(address),
            kind=ItemKind.LINK,
            title=rules.address_title(title, address),
            url=address,
            position=await _behind_everything(session, course),
        ),
        retitle=bool(title.strip()),
    )
    added = await session.get(ContentItem, (course.organisation_id, item_id), populate_existing=True)
    if added is None:
        raise RuntimeError("an item that was just written is not there")
    return added


async def add_from_gradebook(
    session: AsyncSession, course: Course, name: str, title: str, kind: ItemKind, points: float | None, now: datetime
) -> uuid.UUID:
    """The id of an item that a gradebook export tells of, and nothing else does; the same ``name`` again is the same item.

    It has no address: nobody can open it from here, but competencies can be aligned to it.
    """
    return await queries.put_address(
        session,
        _own_row(
            course,
            now,
            external_id=rules.gradebook_id(name),
            kind=kind,
            title=title[:500],
            position=await _behind_everything(session, course),
            points_possible=points,
        ),
        retitle=True,
    )


async def put_own(
    session: AsyncSession,
    course: Course,
    name: str,
    now: datetime,
    *,
    title: str,
    url: str,
    section: str,
    points: float | None,
    due_at: datetime | None,
    published: bool,
    gone: bool = False,
) -> uuid.UUID:
    """The id of the item that stands for a check of the tool's own; the same ``name`` again is the same item, as it is now.

    ``url`` is a path of the tool. ``section`` is what its items stand under, in the teacher's language; those the course has
    already keep theirs. Readings of the platform leave these items alone. Paths that were planned with the course's content are
    planned anew.
    """
    external_id = rules.CHECK_SOURCE + name
    known = await queries.item_by_external_id(session, course.organisation_id, course.id, external_id)
    stands_under = await queries.section_of(session, course.organisation_id, course.id, rules.CHECK_SOURCE)
    row = _own_row(
        course,
        now,
        external_id=external_id,
        kind=ItemKind.QUIZ,
        title=title[:500],
        url=url,
        section=stands_under or section,
        position=await _behind_everything(session, course) if known is None else known.position,
        points_possible=points,
        due_at=due_at,
        published=published,
        deleted_at=now if gone else None,
    )
    (found,) = await queries.put_own_item(session, row)
    await queries.note_change(session, course.organisation_id, course.id, now)
    item_id: uuid.UUID = found.id
    return item_id


async def stand_in(
    session: AsyncSession,
    course: Course,
    kind: ItemKind,
    title: str,
    url: str | None,
    name: str,
    now: datetime,
) -> uuid.UUID:
    """The id of an item that stands for one the course was not found to have; the same ``name`` again is the same item.

    It is as gone as one that was deleted: a step that leads to it says so, until somebody says where it leads.
    """
    return await queries.put_address(
        session,
        _own_row(
            course,
            now,
            external_id=rules.MISSING_SOURCE + name,
            kind=kind,
            title=title,
            url=url,
            position=rules.FIRST_ADDRESS_POSITION,
            deleted_at=now,
        ),
        retitle=True,
    )


def _own_row(course: Course, now: datetime, **values: Any) -> dict[str, Any]:
    """An item that no platform told of, in no module."""
    return {
        "organisation_id": course.organisation_id,
        "id": new_id(),
        "course_id": course.id,
        "url": None,
        "section": "",
        "indent": 0,
        "published": True,
        "deleted_at": None,
        "seen_at": now,
        **values,
    }


async def _behind_everything(session: AsyncSession, course: Course) -> int:
    last = await queries.last_address_position(session, course.organisation_id, course.id)
    return max(rules.FIRST_ADDRESS_POSITION, (last or 0) + 1)


# --- Results -----------------------------------------------------------------------------------------------------------


async def results(
    database: Database,
    connectors: Connectors,
    course: Course,
    person_ids: Collection[uuid.UUID] | None,
    *,
    item_ids: Collection[uuid.UUID] | None = None,
) -> list[ItemResult]:
    """The grades that count; see ``gradebook``."""
    return list((await gradebook(database, connectors, course, person_ids, item_ids=item_ids)).results)


async def gradebook(
    database: Database,
    connectors: Connectors,
    course: Course,
    person_ids: Collection[uuid.UUID] | None,
    *,
    item_ids: Collection[uuid.UUID] | None = None,
) -> Gradebook:
    """What the platform's gradebook says of the course's own items: of these active students (None: of all), for these items
    (None: all that can have results). Empty where the connector reads no results.

    Asks the platform outside any transaction. Raises NotConnected, ConnectedElsewhere, Unsealable and NativeTrouble.
    """
    connected = await _connected(database, connectors, course)
    if Capability.RESULTS not in connected.connector.offers:
        return Gradebook()
    async with database.reading() as session:
        some = await queries.items(session, course.organisation_id, course.id)
        people = await queries.people_of(session, course.organisation_id, course.id, person_ids)
        by_key: dict[str, list[uuid.UUID]] = {}
        for one in some:
            if one.result_key is not None and (item_ids is None or one.id in item_ids):
                by_key.setdefault(one.result_key, []).append(one.id)
    by_user = {row.platform_user_id or row.sub: row.id for row in people}
    if not by_key or not by_user:
        return Gradebook()
    try:
        found = await connected.connector.read_results(connected.course_id, list(by_key), list(by_user))
    except NativeTrouble as trouble:
        await note_trouble(database, course, connected, trouble, connectors.clock.now())
        raise
    return gradebook_of(found, by_key, by_user)


def gradebook_of(
    found: NativeResults, by_key: Mapping[str, Collection[uuid.UUID]], by_user: Mapping[str, uuid.UUID]
) -> Gradebook:
    """What the platform tells, in the course's own items (by ``result_key``) and people (by the platform's id of the user).

    Whom or what nobody knows is left out.
    """

    def ours(natives: Iterable[NativeResult]) -> tuple[ItemResult, ...]:
        return tuple(
            ItemResult(
                item_id,
                by_user[one.user_id],
                one.percent,
                one.at,
                earned=one.earned,
                possible=one.possible,
                attempt=one.attempt,
                done_at=one.happened_at,
                result_key=one.result_key,
            )
            for one in natives
            if one.user_id in by_user
            for item_id in by_key.get(one.result_key, ())
        )

    gaps = tuple(
        ItemGap(item_id, by_user[gap.user_id], gap.why, gap.attempt, gap.result_key, gap.of_all)
        for gap in found.gaps
        if gap.user_id in by_user
        for item_id in by_key.get(gap.result_key, ())
    )
    return Gradebook(ours(found.results), ours(found.attempts), gaps)


# --- Connections -------------------------------------------------------------------------------------------------------


async def connect(
    session: AsyncSession,
    registration: Registration,
    organisation_id: uuid.UUID,
    base_url: str,
    token: str,
    now: datetime,
    *,
    secret_key: str,
) -> ApiConnection:
    """Keep a school's access to a platform's own API, the token encrypted; an earlier one is replaced.

    See ``access.connecting``, which also connects by an application's key.
    """
    return await connecting.connect(
        session,
        registration,
        organisation_id,
        connecting.Wanted(base_url, token=token),
        now,
        secret_key=secret_key,
        actor="command line",
    )


async def _connected(database: Database, connectors: Connectors, course: Course) -> Connected:
    async with database.reading() as session:
        return await connectors.of(session, course)


async def note_call(
    session: AsyncSession, course: Course, connected: Connected, trouble: str | None, now: datetime
) -> None:
    """Remember how the last call went: ``trouble`` is its error code, None when it went well."""
    if connected.grant_id is not None:
        await access_queries.note_grant(session, course.organisation_id, connected.grant_id, trouble, now)
    if connected.grant_id is None or trouble != access_queries.DEAD:
        # One person's consent that ended is no failure of the school's connection.
        await queries.note_call(session, course.organisation_id, connected.connection_id, trouble, now)


async def note_trouble(
    database: Database, course: Course, connected: Connected, trouble: NativeTrouble, now: datetime
) -> None:
    """Remember that the last call went wrong, in a transaction of its own."""
    async with database.writing() as session:
        await note_call(session, course, connected, trouble.code, now)
