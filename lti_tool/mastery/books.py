"""Making the books of reviews (``credit.Book``) of learners who have none yet: those who began before books were kept."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.mastery import credit, looking, rules
from lti_tool.mastery.looking import Asked, Learner


async def make(session: AsyncSession, asked: Asked, learners: Collection[Learner]) -> None:
    """Make the books of these learners, who are locked, from their states and all their evidence; once for each learner."""
    every = await looking.all_places(session, asked.organisation_id, asked.course_id)
    here = replace(asked, people=sorted(learner.person_id for learner in learners), competencies=every)
    numbers = {one: str(place.number) for one, place in (await looking.places(session, here)).items()}
    observed: dict[tuple[uuid.UUID, uuid.UUID], list[rules.Observation]] = defaultdict(list)
    for piece in await looking.all_live(session, here):
        observed[piece.person_id, piece.competency_id].append(piece.observation())
    states = await looking.states(session, here)
    for learner in learners:
        learner.reviewing = {}
    by_person = {learner.person_id: learner for learner in learners}
    for person_id, competency_id in observed.keys() | states.keys():
        book = by_person[person_id].reviewing
        if book is None:
            continue
        state = states.get((person_id, competency_id))
        step, due_at = (0, None) if state is None or state.rolled_up else _review(state.running)
        practised = credit.practised(observed.get((person_id, competency_id), ()))
        credit.enter(book, numbers[competency_id], step, due_at, practised)


def _review(running: dict[str, Any]) -> tuple[int, datetime | None]:
    """The review of a running state as it is stored (``rules.State.to_json``)."""
    review = running.get("review") or {}
    due_at = review.get("due_at")
    return int(review.get("step", 0)), None if due_at is None else datetime.fromisoformat(due_at)
