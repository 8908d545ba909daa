"""Copying a course, for its teachers and for administrators; tools that asked are told of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox import addresses
from lti_tool.sandbox.course_copy import copy_course
from lti_tool.sandbox.models import Course
from lti_tool.sandbox.notices import send_copied
from lti_tool.sandbox.platform import ThisPlatform
from lti_tool.sandbox.view import TeacherIn, from_own_pages, render, see_other

router = APIRouter(prefix="/courses/{course_id:int}/copy", default_response_class=HTMLResponse)


@router.get("")
async def copy_page(request: Request, visit: TeacherIn) -> HTMLResponse:
    """What is copied and what is not, and the new course's name."""
    return render(request, "copy.html", visit=visit, entered=f"{visit.course.name} (copy)", error=None)


@router.post("", dependencies=[Depends(from_own_pages)])
async def copy(
    request: Request,
    platform: ThisPlatform,
    visit: TeacherIn,
    name: Annotated[str, Form()] = "",
    everybody: Annotated[str, Form()] = "",
) -> Response:
    """Make the copy and lead to it. Tools are told after that."""
    if not name.strip():
        words = "Give the new course a name."
        return render(request, "copy.html", visit=visit, entered="", error=words, status_code=422)
    async with platform.store.writing() as session:
        origin = await session.get_one(Course, visit.course.id)
        course = await copy_course(
            session, origin, name=name.strip(), now=platform.now(), with_everybody=everybody == "yes"
        )
    response = see_other(addresses.course(course.id))
    response.background = BackgroundTask(send_copied, platform, course, origin)
    return response
