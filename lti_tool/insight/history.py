"""How a learner came to their levels: each change, when it happened, from which level to which."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.insight.words import Levels, LevelView
from lti_tool.mastery import explaining
from lti_tool.mastery.models import Evidence, MasteryState


@dataclass(frozen=True, slots=True)
class Change:
    """A change of level. ``evidence_id`` is what brought it; None where an override ended."""

    at: datetime
    before: LevelView
    after: LevelView
    evidence_id: uuid.UUID | None


async def changes(
    session: AsyncSession, state: MasteryState | None, evidence: Sequence[Evidence], levels: Levels, now: datetime
) -> list[Change]:
    """The changes of one learner's level in one competency, the oldest first; worked out from the evidence."""
    if state is None or not state.running:
        return []
    found: list[Change] = []
    level = levels.none
    for step in await explaining.history(session, state, evidence, now):
        after = levels.of(step.level.key if step.level else None, step.after)
        found.append(Change(step.at, level, after, step.evidence_id))
        level = after
    return found


async def all_changes(
    session: AsyncSession,
    states: Mapping[uuid.UUID, MasteryState],
    evidence: Sequence[Evidence],
    levels: Levels,
    now: datetime,
) -> dict[uuid.UUID, list[Change]]:
    """The same for every competency, by its id."""
    by_competency: dict[uuid.UUID, list[Evidence]] = {}
    for row in evidence:
        by_competency.setdefault(row.competency_id, []).append(row)
    return {
        competency_id: await changes(session, states.get(competency_id), rows, levels, now)
        for competency_id, rows in by_competency.items()
    }
