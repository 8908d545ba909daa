"""What a teacher says to choices: yes to some or all, back with a word, choosing again allowed or not.

Whoever is held to their own sections answers their own students alone. Boards are locked in the order of their ids.
"""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.access import InCourse
from lti_tool.courses.visibility import visible_student, visible_students
from lti_tool.errors import BadRequest, NotFound
from lti_tool.menus import copy_queries, deciding, own, traces
from lti_tool.menus.models import MenuStatus, PersonalState
from lti_tool.menus.own import OwnBoard
from lti_tool.menus.rules import changing

MOST_WORDS = 1000


async def approve(
    session: AsyncSession,
    here: InCourse,
    menu_id: uuid.UUID,
    person_ids: Collection[uuid.UUID] | None,
    now: datetime,
) -> int:
    """Say yes to the choices of these students, or of all that wait; how many that were. Who does not wait is left as they are.

    NotFound for a student whom this teacher may not see.
    """
    seen = {person.id for person in await visible_students(session, here)}
    if person_ids is not None and not set(person_ids) <= seen:
        raise NotFound("a student whom this teacher does not see")
    menu = await copy_queries.menu(session, here.organisation_id, here.course.id, menu_id)
    if menu is None or menu.status is not MenuStatus.ASSIGNED:
        raise NotFound("no such assigned board in this course")
    wanted = seen if person_ids is None else set(person_ids)
    copies = await copy_queries.copies(session, here.organisation_id, [menu_id], wanted, lock=True)
    waiting = [copy for copy in copies if copy.state is PersonalState.WAITING and copy.left_at is None]
    for board in await own.load(session, here.course, [(copy, menu) for copy in waiting]):
        board.copy.state = PersonalState.WORKING
        board.copy.approved_at = now
        board.copy.approved_by = here.visit.person_id
        board.copy.answer = ""
        board.copy.revision += 1
        session.add(board.copy)
        await deciding.begin_work(session, here.course, board, now)
        _trace(session, here, "menu.approved", board, now)
    return len(waiting)


async def send_back(
    session: AsyncSession, here: InCourse, menu_id: uuid.UUID, person_id: uuid.UUID, words: str, now: datetime
) -> None:
    """Have a student choose again, with a word; twice is once. NotFound as ``approve``."""
    _must_fit(words)
    board = await _theirs(session, here, menu_id, person_id)
    if board.copy.state is not PersonalState.WAITING:
        return
    deciding.reopen(session, board, now)
    board.copy.answer = words
    _trace(session, here, "menu.sent-back", board, now)
    await session.flush()


async def allow_change(
    session: AsyncSession, here: InCourse, menu_id: uuid.UUID, person_id: uuid.UUID, words: str, now: datetime
) -> None:
    """Let a student choose again, who asked or not; what was handed in or is done stays. Twice is once."""
    _must_fit(words)
    board = await _theirs(session, here, menu_id, person_id)
    if board.copy.state not in changing.COMMITTED:
        return
    deciding.reopen(session, board, now)
    board.copy.answer = words
    _trace(session, here, "menu.change-allowed", board, now)
    await session.flush()


async def refuse_change(
    session: AsyncSession, here: InCourse, menu_id: uuid.UUID, person_id: uuid.UUID, words: str, now: datetime
) -> None:
    """Have a choice stay as it is, with a word to who asked; twice is once."""
    _must_fit(words)
    board = await _theirs(session, here, menu_id, person_id)
    if board.copy.wants_change_at is None:
        return
    board.copy.wants_change_at = None
    board.copy.answer = words
    board.copy.moved_at = now
    session.add(board.copy)
    _trace(session, here, "menu.change-refused", board, now)
    await session.flush()


async def _theirs(session: AsyncSession, here: InCourse, menu_id: uuid.UUID, person_id: uuid.UUID) -> OwnBoard:
    await visible_student(session, here, person_id)
    return await own.board_for_teacher(session, here.course, menu_id, person_id, lock=True)


def _must_fit(words: str) -> None:
    if len(words) > MOST_WORDS:
        raise BadRequest("more words than there is room for")


def _trace(session: AsyncSession, here: InCourse, action: str, board: OwnBoard, now: datetime) -> None:
    traces.about_student(session, here, action, board.copy.person_id, f"menu {board.menu.id}", now)
