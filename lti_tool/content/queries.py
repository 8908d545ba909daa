"""All SQL of content items and connections."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ApiConnection, ContentItem
from lti_tool.content.rules import ADDRESS_SOURCE
from lti_tool.courses.models import Course, Membership, Person, ResourceLink
from lti_tool.db.base import scoped
from lti_tool.db.upsert import upsert
from lti_tool.lti.models import Registration, Role

ITEM_KEY = ("organisation_id", "course_id", "external_id")

READ_COLUMNS = (
    "kind",
    "title",
    "url",
    "section",
    "position",
    "indent",
    "result_key",
    "points_possible",
    "due_at",
    "published",
    "requirement",
    "requirement_points",
    "opens_at",
    "closes_at",
    "limits",
    "deleted_at",
    "seen_at",
)
"""What a reading of the platform takes over."""


async def items(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[ContentItem]:
    """A course's items that are there, in its order."""
    statement = (
        scoped(ContentItem, organisation_id)
        .where(ContentItem.course_id == course_id, col(ContentItem.deleted_at).is_(None))
        .order_by(col(ContentItem.position), col(ContentItem.id))
    )
    return list((await session.exec(statement)).all())


async def link_ids(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> frozenset[str]:
    """What the platform calls the links in a course by which the tool was launched."""
    statement = select(ResourceLink.resource_link_id).where(
        ResourceLink.organisation_id == organisation_id, ResourceLink.course_id == course_id
    )
    return frozenset((await session.exec(statement)).all())


async def item(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_id: uuid.UUID
) -> ContentItem | None:
    """One item of a course, also one that is gone from the platform."""
    found = await session.get(ContentItem, (organisation_id, item_id))
    return found if found is not None and found.course_id == course_id else None


async def item_by_external_id(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, external_id: str
) -> ContentItem | None:
    """One item by the platform's id."""
    statement = scoped(ContentItem, organisation_id).where(
        ContentItem.course_id == course_id, ContentItem.external_id == external_id
    )
    return (await session.exec(statement)).one_or_none()


async def known_items(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, source: str) -> Any:
    """Rows of ``id, external_id`` and what ``READ_COLUMNS`` names of a source's items, gone ones included."""
    columns: list[Any] = [getattr(ContentItem, name) for name in ("id", "external_id", *READ_COLUMNS)]
    statement = select(*columns).where(
        col(ContentItem.organisation_id) == organisation_id,
        col(ContentItem.course_id) == course_id,
        col(ContentItem.external_id).startswith(source, autoescape=True),
    )
    return (await session.exec(statement)).all()


async def items_of_sources(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, sources: Sequence[str]
) -> Any:
    """Rows of ``id, external_id, kind, title, url`` of what is there of these sources."""
    names = ("id", "external_id", "kind", "title", "url")
    columns: list[Any] = [getattr(ContentItem, name) for name in names]
    statement = (
        select(*columns)
        .where(
            col(ContentItem.organisation_id) == organisation_id,
            col(ContentItem.course_id) == course_id,
            col(ContentItem.deleted_at).is_(None),
            or_(*(col(ContentItem.external_id).startswith(source, autoescape=True) for source in sources)),
        )
        .order_by(col(ContentItem.position), col(ContentItem.id))
    )
    return (await session.exec(statement)).all()


async def rename_external_id(
    session: AsyncSession, organisation_id: uuid.UUID, item_id: uuid.UUID, external_id: str
) -> None:
    """Give an item the id under which the platform has it now."""
    await session.exec(
        update(ContentItem)
        .where(col(ContentItem.organisation_id) == organisation_id, col(ContentItem.id) == item_id)
        .values(external_id=external_id)
        .execution_options(synchronize_session=False)
    )


async def put_items(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Insert items, or bring those that are there up to date."""
    await upsert(session, ContentItem, rows, key=ITEM_KEY, update=READ_COLUMNS)


async def mark_gone(
    session: AsyncSession, organisation_id: uuid.UUID, item_ids: Sequence[uuid.UUID], now: datetime
) -> None:
    """Note that items are no longer in the platform's course."""
    for start in range(0, len(item_ids), 500):
        await session.exec(
            update(ContentItem)
            .where(
                col(ContentItem.organisation_id) == organisation_id,
                col(ContentItem.id).in_(item_ids[start : start + 500]),
            )
            .values(deleted_at=now)
            .execution_options(synchronize_session=False)
        )


async def note_reading(session: AsyncSession, course: Course, read_at: datetime, home_url: str | None) -> None:
    """Remember when a course's contents were read, and its own page."""
    values: dict[str, Any] = {"content_read_at": read_at}
    if home_url is not None:
        values["home_url"] = home_url
    await session.exec(
        update(Course)
        .where(col(Course.organisation_id) == course.organisation_id, col(Course.id) == course.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def note_change(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> None:
    """Remember that what a course holds, or what teachers say of it, is other than before; who plans with it looks again.

    Each change has a later moment than the one before, whatever the clocks say.
    """
    here = (col(Course.organisation_id) == organisation_id, col(Course.id) == course_id)
    before = (await session.exec(select(col(Course.content_changed_at)).where(*here).with_for_update())).one_or_none()
    later = now if before is None else max(now, before + timedelta(microseconds=1))
    await session.exec(
        update(Course).where(*here).values(content_changed_at=later).execution_options(synchronize_session=False)
    )


async def last_address_position(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> int | None:
    """The place of a course's last item."""
    statement = select(func.max(ContentItem.position)).where(
        ContentItem.organisation_id == organisation_id, ContentItem.course_id == course_id
    )
    return (await session.exec(statement)).one()


async def told_at(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, address: str
) -> ContentItem | None:
    """The item that is there and leads to an address, if nobody pasted it and it is the only one."""
    statement = scoped(ContentItem, organisation_id).where(
        ContentItem.course_id == course_id,
        ContentItem.url == address,
        col(ContentItem.deleted_at).is_(None),
        ~col(ContentItem.external_id).startswith(ADDRESS_SOURCE, autoescape=True),
    )
    found = (await session.exec(statement.limit(2))).all()
    return found[0] if len(found) == 1 else None


async def put_address(session: AsyncSession, row: dict[str, Any], *, retitle: bool) -> uuid.UUID:
    """Insert a pasted address, or take up the one that is there; ``retitle`` when somebody gave a title."""
    changed = ("deleted_at", "seen_at", "title") if retitle else ("deleted_at", "seen_at")
    rows = await upsert(session, ContentItem, [row], key=ITEM_KEY, update=changed)
    found: uuid.UUID = rows[0].id
    return found


OWN_COLUMNS = ("title", "url", "points_possible", "due_at", "published", "deleted_at", "seen_at")
"""What changes of an item that is the tool's own."""


async def put_own_item(session: AsyncSession, row: dict[str, Any]) -> Sequence[Any]:
    """Insert an item of the tool's own, or bring it up to date. The row with its ``id``."""
    return await upsert(session, ContentItem, [row], key=ITEM_KEY, update=OWN_COLUMNS)


async def section_of(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, source: str) -> str:
    """What the items of a source stand under in a course; empty where there are none."""
    statement = (
        select(col(ContentItem.section))
        .where(
            col(ContentItem.organisation_id) == organisation_id,
            col(ContentItem.course_id) == course_id,
            col(ContentItem.external_id).startswith(source, autoescape=True),
        )
        .order_by(col(ContentItem.position))
        .limit(1)
    )
    return (await session.exec(statement)).first() or ""


async def people_of(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID] | None,
) -> list[Any]:
    """Rows of ``id, sub, platform_user_id`` of a course's active students, or of those of them in ``person_ids``."""
    statement = (
        select(col(Person.id), col(Person.sub), col(Person.platform_user_id))
        .join(
            Membership,
            (col(Membership.organisation_id) == col(Person.organisation_id))
            & (col(Membership.person_id) == col(Person.id)),
        )
        .where(
            col(Person.organisation_id) == organisation_id,
            col(Membership.course_id) == course_id,
            col(Membership.role) == Role.STUDENT,
            col(Membership.active).is_(True),
        )
    )
    rows: Sequence[Any] = (await session.exec(statement)).all()
    wanted = None if person_ids is None else set(person_ids)
    return [row for row in rows if wanted is None or row.id in wanted]


async def connection(
    session: AsyncSession, organisation_id: uuid.UUID, registration_id: uuid.UUID
) -> ApiConnection | None:
    """A school's access to a platform's own API."""
    statement = scoped(ApiConnection, organisation_id).where(ApiConnection.registration_id == registration_id)
    return (await session.exec(statement)).one_or_none()


async def note_call(
    session: AsyncSession, organisation_id: uuid.UUID, connection_id: uuid.UUID, trouble: str | None, now: datetime
) -> None:
    """Remember how the last call went: ``trouble`` is its error code, None when it went well."""
    await session.exec(
        update(ApiConnection)
        .where(col(ApiConnection.organisation_id) == organisation_id, col(ApiConnection.id) == connection_id)
        .values(working=trouble is None, trouble=trouble, checked_at=now)
        .execution_options(synchronize_session=False)
    )


async def registration(session: AsyncSession, registration_id: uuid.UUID) -> Registration | None:
    """The platform a course belongs to."""
    return await session.get(Registration, registration_id)
