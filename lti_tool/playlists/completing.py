"""What the LMS counts as completed, for the paths that lead there.

An item that is completed there makes a step be done for which opening it or the student's own word is enough. Nothing else
follows: a result that is asked for, mastery, a sign-off and written words are more than having been there. What was done
stays done when the LMS takes its completion back.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.taking import ItemCompletion
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.playlists import path_queries, rules, settling
from lti_tool.playlists.models import PlaylistStep
from lti_tool.playlists.paths import Path, standing_of

Completed = Mapping[tuple[uuid.UUID, uuid.UUID], ItemCompletion]
"""What is completed, by person and item."""


async def take_completions(
    database: Database, course: Course, completions: Sequence[ItemCompletion], now: datetime
) -> None:
    """Have the steps that lead to completed items be done, each student's with the score it brings. Twice is once.

    Looks first, without a lock, whether there is anything to enter.
    """
    told = _completed(completions)
    async with database.reading() as session:
        fresh = await news(session, course, told, now)
    if fresh:
        async with database.writing() as session:
            await enter(session, course, fresh, now)


async def awaiting(session: AsyncSession, course: Course) -> set[uuid.UUID]:
    """Students with a step that is not done, and would be by the LMS's word."""
    return await path_queries.people_waiting(session, course.organisation_id, course.id, rules.ENOUGH)


def _completed(completions: Iterable[ItemCompletion]) -> Completed:
    """What is done; of several that say so of the same the latest, for a teacher may have taken back what was done before."""
    found: dict[tuple[uuid.UUID, uuid.UUID], ItemCompletion] = {}
    for one in completions:
        key = (one.person_id, one.content_item_id)
        known = found.get(key)
        if one.done and (known is None or known.at is None or (one.at is not None and one.at > known.at)):
            found[key] = one
    return found


async def news(session: AsyncSession, course: Course, told: Completed, now: datetime) -> Completed:
    """What of it would change a step. Mostly nothing does, which is found out before any path is put together."""
    waiting = await path_queries.waiting_for(
        session,
        course.organisation_id,
        course.id,
        {person_id for person_id, _ in told},
        {item_id for _, item_id in told},
        rules.ENOUGH,
    )
    told = {key: one for key, one in told.items() if key in waiting}
    fresh: dict[tuple[uuid.UUID, uuid.UUID], ItemCompletion] = {}
    for path in await settling.paths_with_items(session, course, told.keys(), now, lock=False):
        for step, one in _matching(path, told):
            before = standing_of(path.rows.get(step.id))
            if before != rules.completed(before, step.done_rule, one.at, now):
                fresh[one.person_id, one.content_item_id] = one
    return fresh


async def enter(session: AsyncSession, course: Course, told: Completed, now: datetime) -> int:
    """Enter what is completed into the paths that lead there; how many steps are done by it.

    A step that is not open yet is done by it as well: work is never thrown away.
    """
    changed = 0
    for path in await settling.paths_with_items(session, course, told.keys(), now, lock=True):
        changes = [
            (step, partial(rules.completed, rule=step.done_rule, at=one.at, now=now))
            for step, one in _matching(path, told)
        ]
        changed += await settling.move_some(session, course, path, changes, now)
    return changed


def _matching(path: Path, told: Completed) -> list[tuple[PlaylistStep, ItemCompletion]]:
    """The completions of this student that belong to their steps, in the usual form or another."""
    return [
        (step, told[path.copy.person_id, item_id])
        for step in path.open_to_results
        for item_id in path.items_of(step)
        if (path.copy.person_id, item_id) in told
    ]
