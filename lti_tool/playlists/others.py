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


# --- Adding to the course ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pick:
    """Something that a link can open, as the picker offers it. ``has_own_column``: its gradebook column is there already."""

    id: uuid.UUID
    title: str
    text: str
    is_draft: bool
    has_own_column: bool
    points: float
    due_at: datetime | None
    resource_id: str
    address: str


@dataclass(frozen=True, slots=True)
class Pickables:
    """A room's things that links open. ``parameter`` is the links' custom parameter that names one; ``heading`` a message id.

    ``offered`` lists them, of which one may be ``chosen`` by the link that is being edited; ``take_column`` enters in one's terms
    that a column of so many points comes with the link.
    """

    parameter: str
    heading: str
    offered: Callable[[AsyncSession, Course, uuid.UUID | None], Awaitable[Sequence[Pick]]]
    take_column: Callable[[AsyncSession, Course, uuid.UUID, float, datetime], Awaitable[None]]

    def value(self, pick_id: uuid.UUID) -> str:
        """What the picker's form says for one."""
        return f"{self.parameter}:{pick_id}"


def pickables(request: Request) -> Sequence[Pickables]:
    """The rooms that have something that links can open."""
    found: Sequence[Pickables] = getattr(request.app.state, "pickables", ())
    return found


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
