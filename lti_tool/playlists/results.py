"""Results of the LMS's own quizzes and assignments, and of our own checks, for the paths they belong to."""

import uuid
from datetime import datetime
from decimal import Decimal

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks.my_list import Lead
from lti_tool.content.asking import bring_gradebook
from lti_tool.content.service import Gradebook, ItemResult
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.playlists import queries, service


async def bring_results(
    request: Request, course: Course, person_id: uuid.UUID | None = None, *, asked: bool = False
) -> Outcome:
    """Bring in the results of one student, or of all the course's students; see ``content.asking.bring_gradebook``."""
    return await bring_gradebook(request, course, person_id, asked=asked, takers=(take,))


async def take(database: Database, course: Course, gradebook: Gradebook, now: datetime) -> None:
    """Enter the grades that count into the paths they belong to; without a lock where there is nothing to enter."""
    async with database.reading() as session:
        fresh = await service.news(session, course, gradebook.results, now)
    if fresh:
        async with database.writing() as session:
            await service.take_results(session, course, fresh, now)


async def wanting(session: AsyncSession, course: Course, since: datetime) -> set[uuid.UUID]:
    """Items of playlists that were changed or assigned since then: what was done before counts as done."""
    return await queries.items_since(session, course.organisation_id, course.id, since)


async def take_check(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    content_item_id: uuid.UUID,
    earned: Decimal,
    possible: Decimal,
    at: datetime,
    now: datetime,
) -> None:
    """Enter the result of one of our own checks into the paths that lead to it, in the transaction that ended the attempt."""
    percent = float(earned / possible * 100) if possible else 0.0
    result = ItemResult(content_item_id, person_id, percent, at, earned, possible)
    await service.take_results(session, course, [result], now)


async def leads(session: AsyncSession, course: Course, person_id: uuid.UUID, now: datetime) -> dict[uuid.UUID, Lead]:
    """The items that the steps of a student's paths lead to, each with its playlist: where a step is open, that one."""
    found: dict[uuid.UUID, Lead] = {}
    paths = await service.paths_of_person(session, course, person_id, now, as_student=True)
    for path in sorted(paths, key=lambda one: one.progress.is_finished):
        for step in path.present:
            item_id = path.shown(step).content_item_id
            if item_id is not None and (item_id not in found or found[item_id].is_locked):
                found[item_id] = Lead(path.playlist.title, path.copy.id, is_locked=step.id in path.locked)
    return found
