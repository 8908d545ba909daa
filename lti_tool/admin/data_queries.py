"""The SQL of the page about data: how much is held for each organisation that is seen in the console."""

import uuid
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.admin.console import Console
from lti_tool.audit import AuditEntry
from lti_tool.courses.models import Course, Person
from lti_tool.db.base import crossing
from lti_tool.grades.models import Score
from lti_tool.mastery.models import Evidence
from lti_tool.playlists.models import PersonalPlaylist, Playlist

_OWNERS = crossing("the owner of the installation sees how much every school has")


@dataclass(frozen=True, slots=True)
class Held:
    """How much of each is held."""

    people: int = 0
    courses: int = 0
    playlists: int = 0
    paths: int = 0
    evidence: int = 0
    scores: int = 0
    audit: int = 0


_TABLES: dict[str, Any] = {
    "people": Person,
    "courses": Course,
    "playlists": Playlist,
    "paths": PersonalPlaylist,
    "evidence": Evidence,
    "scores": Score,
    "audit": AuditEntry,
}


async def held(session: AsyncSession, here: Console) -> dict[uuid.UUID, Held]:
    """How much is held, by organisation; one that holds nothing is absent."""
    counted: dict[uuid.UUID, dict[str, int]] = {}
    connection = await session.connection()
    for field in fields(Held):
        whose = col(_TABLES[field.name].organisation_id)
        rows = await connection.execute(
            sa_select(whose, func.count()).where(here.within(whose), whose.is_not(None)).group_by(whose),
            execution_options=_OWNERS if here.owner else {},
        )
        for organisation_id, number in rows:
            counted.setdefault(organisation_id, {})[field.name] = number
    return {organisation_id: Held(**numbers) for organisation_id, numbers in counted.items()}
