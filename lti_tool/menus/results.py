"""Results of the LMS's quizzes and assignments, and of our own checks, for what students have chosen.

A result from the passing mark on is done; one below is kept beside the choice. Nothing done is undone by a later, lower one.
"""

import uuid
from collections.abc import Collection, Sequence
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
from lti_tool.menus import copy_queries, own, people, result_queries, settling
from lti_tool.menus.models import ChoiceState, MenuChoice, MenuOption, OptionDone
from lti_tool.menus.own import OwnBoard
from lti_tool.menus.rules.changing import AT_WORK


async def bring_results(
    request: Request, course: Course, person_id: uuid.UUID | None = None, *, asked: bool = False
) -> Outcome:
    """Bring in the LMS's results of one student, or of all the course's students; see ``content.asking.bring_gradebook``."""
    return await bring_gradebook(request, course, person_id, asked=asked, takers=(take,))


async def take(database: Database, course: Course, gradebook: Gradebook, now: datetime) -> None:
    """Enter the grades that count into the boards they belong to; without a lock where there is nothing to enter."""
    async with database.reading() as session:
        fresh = await news(session, course, gradebook.results)
    if fresh:
        async with database.writing() as session:
            await take_results(session, course, fresh, now)


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
    """Enter the result of one of our own checks, in the transaction that ends the attempt. See ``app.state.check_takers``."""
    percent = float(earned / possible * 100) if possible else 0.0
    await take_results(session, course, [ItemResult(content_item_id, person_id, percent, at)], now)


async def news(session: AsyncSession, course: Course, results: Collection[ItemResult]) -> list[ItemResult]:
    """Those results that would change something; for looking, without a lock, whether there is anything to write."""
    open_ones = await _waiting(session, course, results)
    return [
        result
        for result in results
        if any(
            person_id == result.person_id
            and option.content_item_id == result.content_item_id
            and _says_something(choice, option, result.percent)
            for choice, option, person_id in open_ones
        )
    ]


async def take_results(session: AsyncSession, course: Course, results: Sequence[ItemResult], now: datetime) -> int:
    """Enter results into the boards they belong to; how many choices they changed. Twice is once."""
    open_ones = await _waiting(session, course, results)
    ids = {choice.personal_menu_id for choice, _, _ in open_ones}
    if not ids:
        return 0
    locked = await copy_queries.copies_by_id(session, course.organisation_id, ids, lock=True)
    menus = {
        one.id: one for one in await copy_queries.menus(session, course.organisation_id, course.id, people.ASSIGNED)
    }
    pairs = [(copy, menus[copy.menu_id]) for copy in locked if copy.menu_id in menus]
    changed = 0
    for board in await own.load(session, course, pairs):
        mine = [one for one in results if one.person_id == board.copy.person_id]
        changes = sum([_enter(session, board, one) for one in mine]) if board.copy.state in AT_WORK else 0
        if changes:
            await settling.settle(session, course, board, now)
        changed += changes
    return changed


async def _waiting(
    session: AsyncSession, course: Course, results: Collection[ItemResult]
) -> list[tuple[MenuChoice, MenuOption, uuid.UUID]]:
    """The choices that one of these results might be about."""
    items = {one.content_item_id for one in results}
    found = await result_queries.waiting(session, course, {one.person_id for one in results}, OptionDone.RESULT)
    return [(choice, option, person_id) for choice, option, person_id in found if option.content_item_id in items]


async def known(session: AsyncSession, course: Course, board: OwnBoard) -> None:
    """Enter what our own checks already know of what was chosen; work was never for nothing. ``settle`` after."""

    wanted = {
        option.content_item_id: option
        for option_id, option in board.options.items()
        if option_id in board.chosen and option.done_rule is OptionDone.RESULT and option.content_item_id is not None
    }
    for one in await result_queries.of_checks(session, course, board.copy.person_id, wanted):
        _enter(session, board, ItemResult(one.content_item_id, board.copy.person_id, one.percent, one.at))


def _says_something(choice: MenuChoice, option: MenuOption, percent: float) -> bool:
    if choice.state is ChoiceState.DONE:
        return False
    best = choice.result_percent
    return percent >= (option.pass_percent or 0) or best is None or percent > best


def _enter(session: AsyncSession, board: OwnBoard, result: ItemResult) -> int:
    """Enter one result of this student where it belongs; how many choices it changed."""
    changed = 0
    for option_id, choice in board.choices.items():
        option = board.options[option_id]
        fits = option.done_rule is OptionDone.RESULT and option.content_item_id == result.content_item_id
        if not fits or not _says_something(choice, option, result.percent):
            continue
        choice.result_percent = max(result.percent, choice.result_percent or 0)
        if result.percent >= (option.pass_percent or 0):
            choice.state = ChoiceState.DONE
            choice.done_at = result.at
        session.add(choice)
        changed += 1
    return changed


async def leads(session: AsyncSession, course: Course, person_id: uuid.UUID, _now: datetime) -> dict[uuid.UUID, Lead]:
    """The items that a student's choices of menus lead to."""
    found: dict[uuid.UUID, Lead] = {}
    for board in await own.boards_of_person(session, course, person_id):
        for option_id in sorted(board.chosen & board.options.keys()):
            item_id = board.options[option_id].content_item_id
            if item_id is not None:
                found.setdefault(item_id, Lead(board.menu.title))
    return found
