"""Copying one menu to another course of the same teacher."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.content.reading import read_contents
from lti_tool.courses import queries as course_queries
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.menus import board_carrying, board_editing
from lti_tool.menus.board_replies import Said, menu_address, menus_address
from lti_tool.playlists import transferring
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/menus/{menu_id}/copy")


@router.get("", name="copy_menu")
async def ask(
    request: Request, here: TeacherIn, menu_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """Which course the menu is copied to."""
    async with database.reading() as session:
        menu = await board_editing.found(session, here.course, menu_id)
        courses = await transferring.courses_taught(session, here.course, here.visit.person_id)
    context = {
        "menu": menu,
        "courses": courses,
        "copy_id": new_id(),
        "address": menu_address(here.course, menu_id),
        "home": menus_address(here.course),
    }
    return pages.render(request, "menus/copy_board.html", context)


@router.post("")
async def copy(
    request: Request, here: TeacherChanging, menu_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Copy it as a draft. What the other course holds is read first, since each option has to find its place there."""
    entered = Entered.of(await request.form())
    wanted = parsed(uuid.UUID, entered.values.get("course", ""))
    copy_id = entered.made_id("copy_id") or new_id()
    async with database.reading() as session:
        await board_editing.found(session, here.course, menu_id)
        taught = await transferring.courses_taught(session, here.course, here.visit.person_id)
        if wanted not in {one.id for one in taught}:
            raise NotFound("a course that this person does not teach")
        course = await course_queries.course(session, here.organisation_id, wanted)
        if course is None:
            raise NotFound("the course was removed")
        session.expunge(course)
    # Where it cannot be read now, what was known before is taken; what is not found is marked in the copy.
    await read_contents(request, InCourse(here.visit, course), asked=False)
    async with database.writing() as session:
        menu = await board_editing.found(session, here.course, menu_id)
        await board_carrying.copy_to(
            session, here.course, menu, course, here.visit.person_id, clock.now(), copy_id=copy_id
        )
    return see(menu_address(here.course, menu_id), Said.COPIED_TO_COURSE)
