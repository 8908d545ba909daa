"""Dates of an item for one student, apart from the class's, set in the platform when a teacher asks for it, and taken back.

This is all that the tool ever writes to a platform besides scores to its own columns. What is to be written is taken down first,
so that nothing stands in the platform that nobody here knows of: if an answer never comes, the page says that it is not known
whether the dates were set.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.content import queries as content_queries
from lti_tool.content import window_queries as queries
from lti_tool.content.connectors import Connected, Connectors
from lti_tool.content.models import ContentItem
from lti_tool.content.ports import Capability, NativeTrouble, Window, WindowGiven
from lti_tool.content.sync_models import StudentWindow
from lti_tool.courses.models import Course, Person
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, Conflict, NotFound, ToolError
from lti_tool.ids import new_id
from lti_tool.platforms.native import ApiNotOffered, ApiTokenRefused, ApiUnreachable, ApiUnreadable
from lti_tool.web.i18n import N_

UNDER_WAY = timedelta(minutes=2)
"""How long dates are taken to be on their way to the platform; then it is not known what became of them."""

_NOT_KNOWN = (ApiUnreachable, ApiUnreadable)
"""After these, the platform may have done what it was asked for."""


class WrongDates(BadRequest):
    """Dates that no item can have together."""

    code = "wrong-dates"
    title = N_("These dates do not go together")
    advice = N_("Enter at least one date. An item opens before it is due, and closes no sooner than it is due.")


class DatesUnderWay(Conflict):
    """Somebody sets dates for this student and item at this moment."""

    code = "dates-under-way"
    title = N_("Dates are being set for this student right now")
    advice = N_("Wait a minute, then look at the page again to see what was set.")


class NotADatedItem(NotFound):
    """An item that the platform keeps no dates of, or not any more."""

    code = "no-dates-here"
    title = N_("Your LMS keeps no dates for single students on this")
    advice = N_("It has dates for quizzes and assignments that are in the course.")


@dataclass(frozen=True, slots=True)
class Given:
    """Dates of a student on an item, as pages show them. ``is_known`` False: whether the platform has them is not known."""

    window: StudentWindow
    item: ContentItem
    person: Person

    @property
    def stands(self) -> bool:
        """Whether it was not taken back."""
        return self.window.taken_back_at is None

    @property
    def is_known(self) -> bool:
        """Whether the platform said that it has them."""
        return self.window.external_id != ""


# --- What can be done ---------------------------------------------------------------------------------------------------


async def access(session: AsyncSession, connectors: Connectors, course: Course) -> Connected | None:
    """The course's access, if it can set dates for single students; None where it cannot, for whatever reason."""
    try:
        connected = await connectors.of(session, course)
    except ToolError:
        return None
    connection = await content_queries.connection(session, course.organisation_id, course.registration_id)
    if connection is not None and connection.working is False and connection.trouble == ApiTokenRefused.code:
        # It was ended in the platform; a reading that goes well again takes the mark away.
        return None
    return connected if connected.able(Capability.STUDENT_ACCESS) else None


def dates_of(connected: Connected, item: ContentItem) -> frozenset[str]:
    """Which dates of an item the platform keeps for one student, by their names in a window; empty where none."""
    native = item.external_id.startswith(connected.source)
    if not native or item.result_key is None or item.deleted_at is not None:
        return frozenset()
    return connected.connector.window_dates(item.kind.value, item.url)


def can_have(connected: Connected, item: ContentItem) -> bool:
    """Whether an item is one that the platform keeps dates of."""
    return bool(dates_of(connected, item))


def checked(window: Window) -> Window:
    """The same dates. Raises WrongDates for none at all, and for those in the wrong order."""
    in_order = [at for at in (window.opens_at, window.due_at, window.closes_at) if at is not None]
    if not in_order or in_order != sorted(in_order):
        raise WrongDates("no dates, or in the wrong order")
    if window.opens_at is not None and window.opens_at in {window.due_at, window.closes_at}:
        raise WrongDates("it would close as it opens")
    return window


# --- Reading ------------------------------------------------------------------------------------------------------------


async def given(
    session: AsyncSession,
    course: Course,
    visible: Collection[uuid.UUID],
    *,
    item_id: uuid.UUID | None = None,
    person_id: uuid.UUID | None = None,
) -> list[Given]:
    """What was set for those of the students who are ``visible``; the latest first, what stands before what was taken back."""
    rows = await queries.shown(session, course.organisation_id, course.id, item_id=item_id, person_id=person_id)
    return [Given(*row) for row in rows if row[2].id in visible]


# --- Setting and taking back --------------------------------------------------------------------------------------------


async def give(
    database: Database,
    connectors: Connectors,
    course: Course,
    item_id: uuid.UUID,
    person: Person,
    window: Window,
    by: uuid.UUID | None,
) -> None:
    """Set dates for one student on one item in the platform, in place of what was set here before. Twice is once.

    Raises WrongDates, NotADatedItem, DatesUnderWay, ApiNotOffered where the access cannot, and NativeTrouble.
    """
    checked(window)
    now = connectors.clock.now()
    connected, item = await _ready(database, connectors, course, item_id, window)
    key = item.result_key or ""
    row_id, before = await _take_down(database, course, item, person, window, by, now)
    try:
        found = await connected.connector.give_window(connected.course_id, key, api_id(person), window)
    except NativeTrouble as trouble:
        if before is None:
            await _failed(database, course, trouble, row_id)
        raise
    async with database.writing() as session:
        # Given once more in the same place, what stood before is what stood there before the first time.
        kept = before is not None and before.external_id == found.external_id
        changes = {
            "external_id": found.external_id,
            "before": dict(before.before if kept and before is not None else found.before),
            **_dates(window),
            "result_key": key,
            "created_by": by,
            "created_at": now,
        }
        await queries.change(session, course.organisation_id, row_id, changes)
        _trace(session, course, "student.dates-set", person.id, item, by, now)


async def take_back(
    database: Database, connectors: Connectors, course: Course, window_id: uuid.UUID, by: uuid.UUID | None
) -> None:
    """Put back in the platform what stood before. What is gone there already is no trouble; twice is once.

    Raises NotFound, ApiNotOffered where the access cannot, and NativeTrouble: then it stands as it did.
    """
    now = connectors.clock.now()
    async with database.reading() as session:
        row = await queries.window(session, course.organisation_id, course.id, window_id)
        if row is None:
            raise NotFound("no such dates in this course")
        item = await content_queries.item(session, course.organisation_id, course.id, row.content_item_id)
        person = await session.get(Person, (course.organisation_id, row.person_id))
        connected = await access(session, connectors, course)
        session.expunge_all()
    if item is None or person is None:
        raise NotFound("the item or the student is gone")
    if row.taken_back_at is not None:
        return
    if row.external_id:
        if connected is None:
            raise ApiNotOffered("the access cannot set dates any more")
        standing = WindowGiven(row.external_id, row.before)
        await connected.connector.take_window_back(connected.course_id, row.result_key, api_id(person), standing)
    async with database.writing() as session:
        there = await queries.window(session, course.organisation_id, course.id, window_id, lock=True)
        if there is not None and there.taken_back_at is None:
            there.taken_back_at, there.taken_back_by = now, by
            session.add(there)
            _trace(session, course, "student.dates-taken-back", person.id, item, by, now)


def api_id(person: Person) -> str:
    """What the platform's own API calls a person."""
    return person.platform_user_id or person.sub


async def _ready(
    database: Database, connectors: Connectors, course: Course, item_id: uuid.UUID, window: Window
) -> tuple[Connected, ContentItem]:
    async with database.reading() as session:
        connected = await access(session, connectors, course)
        item = await content_queries.item(session, course.organisation_id, course.id, item_id)
        session.expunge_all()
    if connected is None:
        raise ApiNotOffered("the access cannot set dates for single students")
    if item is None or not can_have(connected, item):
        raise NotADatedItem("no item that the platform keeps dates of")
    if not _named(window) <= dates_of(connected, item):
        raise WrongDates("a date that the platform does not keep of this item")
    return connected, item


def _named(window: Window) -> set[str]:
    return {name for name, at in _dates(window).items() if at is not None}


@dataclass(frozen=True, slots=True)
class _Before:
    """What was set here before for the same student and item."""

    external_id: str
    before: dict[str, object]


async def _take_down(
    database: Database,
    course: Course,
    item: ContentItem,
    person: Person,
    window: Window,
    by: uuid.UUID | None,
    now: datetime,
) -> tuple[uuid.UUID, _Before | None]:
    """Write down what is about to be set; the row's id, and what was set before, if anything."""
    async with database.writing() as session:
        there = await queries.standing(session, course.organisation_id, course.id, person.id, item.id)
        if there is not None and there.external_id:
            return there.id, _Before(there.external_id, there.before)
        if there is not None and now - there.created_at < UNDER_WAY:
            raise DatesUnderWay("dates that were not confirmed yet")
        row = there or StudentWindow(
            organisation_id=course.organisation_id,
            id=new_id(),
            course_id=course.id,
            person_id=person.id,
            content_item_id=item.id,
            result_key=item.result_key or "",
            external_id="",
            created_at=now,
        )
        row.created_at, row.created_by = now, by
        for name, at in _dates(window).items():
            setattr(row, name, at)
        session.add(row)
        return row.id, None


def _dates(window: Window) -> dict[str, datetime | None]:
    return {"due_at": window.due_at, "opens_at": window.opens_at, "closes_at": window.closes_at}


async def _failed(database: Database, course: Course, trouble: NativeTrouble, row_id: uuid.UUID) -> None:
    """What the platform refused never was; after what left no answer, it may have been, and stays written down."""
    if not isinstance(trouble, _NOT_KNOWN):
        async with database.writing() as session:
            await queries.forget(session, course.organisation_id, row_id)


def _trace(
    session: AsyncSession,
    course: Course,
    action: str,
    person_id: uuid.UUID,
    item: ContentItem,
    by: uuid.UUID | None,
    now: datetime,
) -> None:
    audit.record(
        session,
        now,
        action,
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"person:{person_id}",
        detail=f"item {item.id}",
    )
