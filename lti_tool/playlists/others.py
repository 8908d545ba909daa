"""What students work on beside playlists, where rooms above have something: listed with the playlists, for one place to look.

The application says who has something (``app.state.others``); this room knows nothing of what it is.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.db.session import Database


@dataclass(frozen=True, slots=True)
class Other:
    """One thing as a list shows it. ``says`` and ``button`` are message ids, ``fields`` fill the former.

    ``done`` of ``total`` is how much of it is done, absent while that cannot be said. ``address`` is the student's page of it,
    ``family_address`` what family opens.
    """

    title: str
    address: str
    family_address: str
    icon: str
    says: str
    button: str
    fields: Mapping[str, object] = field(default_factory=dict)
    due_at: datetime | None = None
    done: int | None = None
    total: int = 0
    is_finished: bool = False
    is_begun: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """A room that has such things. ``update`` brings a student's up to date, ``list`` reads them, what is to be done first."""

    update: Callable[[Database, Course, uuid.UUID, datetime], Awaitable[None]]
    list: Callable[[AsyncSession, Course, uuid.UUID], Awaitable[Sequence[Other]]]


def rooms(request: Request) -> Sequence[Room]:
    """The rooms that have something."""
    found: Sequence[Room] = getattr(request.app.state, "others", ())
    return found


async def of_person(request: Request, course: Course, person_id: uuid.UUID) -> list[Other]:
    """What a student works on besides, what is still to do first."""
    database: Database = request.app.state.database
    found: list[Other] = []
    for room in rooms(request):
        async with database.reading() as session:
            found += await room.list(session, course, person_id)
    return sorted(found, key=lambda other: other.is_finished)
