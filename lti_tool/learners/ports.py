"""What other rooms do when something about a learner changes; the application says who (``app.state``)."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course


class FollowModification(Protocol):
    """Makes a ``change`` of what is asked of a student, and has what depends on it follow in the same transaction."""

    async def __call__(
        self,
        session: AsyncSession,
        course: Course,
        person_id: uuid.UUID,
        change: Callable[[], Awaitable[object]],
        now: datetime,
        /,
    ) -> None: ...
