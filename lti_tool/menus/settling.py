"""What follows from a change of a student's work: finished or not, and the score it brings, in the caller's transaction."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.grades import service as grades
from lti_tool.grades.models import LineItem
from lti_tool.menus import copy_queries, own
from lti_tool.menus.models import Menu, PersonalState
from lti_tool.menus.own import OwnBoard
from lti_tool.menus.rules import changing

_CENTS = 2


def resource_id(menu: Menu) -> str:
    """What the board's gradebook column is known by in the LMS (AGS 2.0 ``resourceId``)."""
    return f"menu:{menu.id}"


async def settle(
    session: AsyncSession, course: Course, own_board: OwnBoard, now: datetime, *, taken_back: bool = False
) -> None:
    """Draw the consequences of a change. A score falls only where something was ``taken_back``."""
    copy = own_board.copy
    copy.moved_at = now
    copy.state = changing.after_work(copy.state, complete=own_board.is_finished)
    copy.finished_at = (copy.finished_at or now) if copy.state is PersonalState.FINISHED else None
    session.add(copy)
    await session.flush()
    await _account(session, course, own_board, now, taken_back=taken_back)


async def _account(
    session: AsyncSession, course: Course, board: OwnBoard, now: datetime, *, taken_back: bool = False
) -> None:
    """Enter the score that is owed, if there is a column and anything to say. The same again changes nothing."""
    copy, menu = board.copy, board.menu
    if not menu.has_column:
        return
    before = copy.owed_share
    share = board.share if before is None or taken_back else max(board.share, before)
    if before is None and share == 0:
        return
    copy.owed_share = share
    session.add(copy)
    await grades.owe_in_column(
        session,
        course=course,
        resource_id=resource_id(menu),
        label=menu.title,
        score_maximum=menu.points,
        end_at=menu.due_at,
        person_id=copy.person_id,
        given=round(share * menu.points, _CENTS),
        maximum=menu.points,
        now=now,
        finished=copy.state is PersonalState.FINISHED,
    )


async def column(session: AsyncSession, course: Course, menu: Menu, now: datetime) -> LineItem:
    """The menu's gradebook column, wanted from now on if it was not before, with the menu's title, points and due date."""
    return await grades.want_column(
        session,
        course=course,
        resource_id=resource_id(menu),
        label=menu.title,
        score_maximum=menu.points,
        end_at=menu.due_at,
        now=now,
    )


async def settle_all(session: AsyncSession, course: Course, menu: Menu, now: datetime) -> None:
    """Bring every student's board in line after the menu itself changed: states, and scores that are owed. No score falls."""
    copies = await copy_queries.copies(session, course.organisation_id, [menu.id], lock=True)
    present = [(copy, menu) for copy in copies if copy.left_at is None]
    for board in await own.load(session, course, present):
        moved = board.copy.moved_at
        await settle(session, course, board, now)
        board.copy.moved_at = moved
        session.add(board.copy)
    await session.flush()
