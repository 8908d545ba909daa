"""A student's boards among what they work on: one card each beside their playlists."""

import uuid
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.menus import own, people
from lti_tool.menus.models import PersonalState
from lti_tool.menus.own import OwnBoard
from lti_tool.menus.work_replies import family_menu_address, my_menu_address
from lti_tool.playlists.others import Other, Room
from lti_tool.web.i18n import N_

_SAYS = {
    PersonalState.CHOOSING: (N_("A menu to choose from"), N_("Choose")),
    PersonalState.WAITING: (N_("A menu: your choice waits for your teacher"), N_("See it")),
    PersonalState.WORKING: (N_("A menu: your choice"), N_("Go on")),
    PersonalState.FINISHED: (N_("A menu: your choice"), N_("See it")),
}


async def update(database: Database, course: Course, person_id: uuid.UUID, now: datetime) -> None:
    """Give a student the boards assigned meanwhile."""
    async with database.reading() as session:
        late = await people.missing_copies(session, course, [person_id])
    if late:
        async with database.writing() as session:
            await people.ensure_copies(session, course, now, [person_id])


async def others(session: AsyncSession, course: Course, person_id: uuid.UUID) -> list[Other]:
    """A student's boards, in the order in which they were assigned."""
    return [_other(course, one) for one in await own.boards_of_person(session, course, person_id)]


def _other(course: Course, board: OwnBoard) -> Other:
    says, button = _SAYS[board.copy.state]
    at_work = board.copy.state in (PersonalState.WORKING, PersonalState.FINISHED)
    return Other(
        title=board.menu.title,
        address=my_menu_address(course, board.copy.id),
        family_address=family_menu_address(course, board.copy.id),
        icon="layout-grid",
        says=says,
        button=button,
        due_at=board.menu.due_at,
        done=len(board.done) if at_work else None,
        total=len(board.chosen),
        is_finished=board.copy.state is PersonalState.FINISHED,
        is_begun=bool(board.chosen),
    )


ROOM = Room(update, others)
"""This room, as the application tells it to the playlists."""
