"""What the other rooms take from a reading of the platform. They are above this room, so the application names them.

Every taker works in transactions of its own, and what it is told twice counts once.
"""

import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.ports import NativeOutcomes
from lti_tool.content.service import Gradebook
from lti_tool.courses.models import Course
from lti_tool.db.session import Database


@dataclass(frozen=True, slots=True)
class ItemCompletion:
    """That the platform counts an item as completed by a person, or not any more; ``at`` is when, as far as it tells.

    ``passed`` is True or False where there is a mark to reach and the platform says whether it was.
    """

    content_item_id: uuid.UUID
    person_id: uuid.UUID
    done: bool
    at: datetime | None = None
    passed: bool | None = None


@dataclass(frozen=True, slots=True)
class PersonRating:
    """How a person was rated on an outcome of the platform: ``earned`` of ``possible`` points, at ``at``.

    ``source_id`` is the platform's name for the occasion. ``content_item_id`` is the item it came from, if from one.
    """

    source_id: str
    outcome_id: str
    person_id: uuid.UUID
    earned: Decimal
    possible: Decimal
    at: datetime
    mastered: bool | None = None
    content_item_id: uuid.UUID | None = None


GradebookTaker = Callable[[Database, Course, Gradebook, datetime], Awaitable[Mapping[str, int] | None]]
"""Takes what its room is there for from a gradebook, or from a batch of one. May answer what came of it, as counts by name."""

Wanting = Callable[[AsyncSession, Course, datetime], Awaitable[Collection[uuid.UUID]]]
"""The items of which old results are wanted too, because of something that has come up since a moment, such as an alignment."""

CompletionTaker = Callable[[Database, Course, Sequence[ItemCompletion], datetime], Awaitable[None]]
"""Takes what the platform counts as completed; some people's at a time."""

Awaiting = Callable[[AsyncSession, Course], Awaitable[Collection[uuid.UUID]]]
"""The people of whom something would follow if the platform counted an item as completed. Nobody else has to be asked about,
which some platforms answer one person at a time."""

OutcomesTaker = Callable[[Database, Course, NativeOutcomes, datetime], Awaitable[Collection[str]]]
"""Takes the course's outcomes; answers which of them (by outcome_id) ratings are wanted of."""

RatingsTaker = Callable[[Database, Course, Sequence[PersonRating], datetime], Awaitable[None]]
"""Takes ratings on outcomes; some people's at a time."""


@dataclass(frozen=True, slots=True)
class Takers:
    """Who takes what; kept as ``app.state.takers``."""

    gradebook: Sequence[GradebookTaker] = ()
    wanting: Sequence[Wanting] = ()
    completion: Sequence[CompletionTaker] = ()
    outcomes: OutcomesTaker | None = None
    ratings: Sequence[RatingsTaker] = ()
    awaiting: Sequence[Awaiting] | None = None
    """None where everybody is to be asked about."""
