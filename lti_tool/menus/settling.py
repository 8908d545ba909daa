"""What follows from a change of a student's work: finished or not, and the score it brings, in the caller's transaction."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.grades import service as grades
from lti_tool.menus.models import Menu, PersonalState
from lti_tool.menus.own import OwnBoard
from lti_tool.menus.rules import changing

_CENTS = 2


def resource_id(menu: Menu) -> str:
    """What the board's gradebook column is known by in the LMS (AGS 2.0 ``resourceId``)."""
    return f"menu:{menu.id}"


async def settle(
    session: AsyncSession, course: Course, own: OwnBoard, now: datetime, *, taken_back: bool = False
) -> None:
    """Draw the consequences of a change. A score falls only where something was ``taken_back``."""
    copy, menu = own.copy, own.menu
    copy.moved_at = now
    copy.state = changing.after_work(copy.state, complete=own.is_finished)
    copy.finished_at = (copy.finished_at or now) if copy.state is PersonalState.FINISHED else None
    session.add(copy)
    await session.flush()
    if not menu.has_column:
        return
    share = own.share
    before = copy.owed_share
    if before is not None and share < before and not taken_back:
        return
    if share == before or (before is None and share == 0):
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
