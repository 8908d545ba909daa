"""What the LMS counts as completed, for what students have chosen: where their own word is enough, they need not give it.

A result that is asked for and work that is accepted are more than having been there. What was done stays done when the LMS takes
its completion back.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.taking import ItemCompletion
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.menus import copy_queries, own, people, result_queries, settling
from lti_tool.menus.models import ChoiceState, OptionDone
from lti_tool.menus.rules.changing import AT_WORK


async def take_completions(
    database: Database, course: Course, completions: Sequence[ItemCompletion], now: datetime
) -> None:
    """Have chosen options that lead to completed items be done, with the score that brings; without a lock where none are."""
    done = [one for one in completions if one.done]
    async with database.reading() as session:
        waits = await _waiting(session, course, done)
    fresh = [one for one in done if (one.person_id, one.content_item_id) in waits]
    if fresh:
        async with database.writing() as session:
            await enter(session, course, fresh, now)


async def awaiting(session: AsyncSession, course: Course) -> set[uuid.UUID]:
    """Students who have chosen something that is not done, and would be by the LMS's word."""
    found = await result_queries.waiting(session, course, None, OptionDone.MARKED)
    return {person_id for _, option, person_id in found if option.by_word}


async def wanting(session: AsyncSession, course: Course, since: datetime) -> set[uuid.UUID]:
    """Items whose result does an option that was chosen, or whose board was changed, since then: what was done before counts."""
    return await result_queries.items_since(session, course.organisation_id, course.id, since)


async def enter(session: AsyncSession, course: Course, completions: Sequence[ItemCompletion], now: datetime) -> int:
    """Enter what is completed into the boards it belongs to; how many choices are done by it. Twice is once."""
    open_ones = await result_queries.waiting(session, course, {one.person_id for one in completions}, OptionDone.MARKED)
    ids = {choice.personal_menu_id for choice, _, _ in open_ones}
    if not ids:
        return 0
    locked = await copy_queries.copies_by_id(session, course.organisation_id, ids, lock=True)
    menus = {
        one.id: one for one in await copy_queries.menus(session, course.organisation_id, course.id, people.ASSIGNED)
    }
    told = {(one.person_id, one.content_item_id): one for one in completions}
    changed = 0
    for board in await own.load(
        session, course, [(copy, menus[copy.menu_id]) for copy in locked if copy.menu_id in menus]
    ):
        if board.copy.state not in AT_WORK:
            continue
        before = changed
        for option_id, choice in board.choices.items():
            option = board.options[option_id]
            one = told.get((board.copy.person_id, option.content_item_id)) if option.content_item_id else None
            if one is None or not option.by_word or choice.state is ChoiceState.DONE:
                continue
            # A platform's clock may be ahead of ours; what it counts as completed has happened.
            choice.state, choice.done_at = ChoiceState.DONE, min(one.at or now, now)
            choice.completed_in_lms_at = choice.done_at
            session.add(choice)
            changed += 1
        if changed > before:
            await settling.settle(session, course, board, now)
    return changed


async def _waiting(
    session: AsyncSession, course: Course, done: Collection[ItemCompletion]
) -> set[tuple[uuid.UUID, uuid.UUID | None]]:
    people_told = {one.person_id for one in done}
    found = await result_queries.waiting(session, course, people_told, OptionDone.MARKED)
    return {(person_id, option.content_item_id) for _, option, person_id in found if option.by_word}
