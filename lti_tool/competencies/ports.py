"""What this room asks of rooms it has never heard of; the application puts the real ones in (``app.state``)."""

import uuid
from collections.abc import Collection
from typing import NamedTuple, Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

LEVELS_FOLLOW = "levels-follow-map"
"""The task that has levels follow a course's map; mastery.jobs has it, under ``follow_key``."""


def follow_key(organisation_id: uuid.UUID, course_id: uuid.UUID) -> str:
    """A course as the key of that task."""
    return f"{organisation_id}:{course_id}"


class Held(NamedTuple):
    """What is known in one competency."""

    observations: int
    learners: int


class EvidenceHeld(Protocol):
    """``app.state.evidence_held``: mastery.held has the real one."""

    async def __call__(
        self,
        session: AsyncSession,
        organisation_id: uuid.UUID,
        course_id: uuid.UUID,
        competency_ids: Collection[uuid.UUID],
    ) -> dict[uuid.UUID, Held]:
        """By competency; those without evidence are not in it."""
        ...
