"""A teacher's pages of dates for single students: what was set in the LMS, setting more after a look at what is written there,
and taking them back.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lti_tool.content import service, student_dates, windows
from lti_tool.content.ports import Window
from lti_tool.courses.access import ActingAs, InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Person
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_student, visible_students
from lti_tool.db.session import Database
from lti_tool.errors import NotAllowed, NotFound, ToolError
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages
from lti_tool.web.forms import Entered
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import said_in, see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/content")

Named = Annotated[uuid.UUID | None, Query()]


class Said(StrEnum):
    """What came of a form."""

    SET = "dates-set"
    TAKEN_BACK = "dates-taken-back"


_SENTENCES = {
    Said.SET: N_("The dates stand in your LMS now."),
    Said.TAKEN_BACK: N_("Taken back. Your LMS has what stood there before."),
}


def dates_address(course_id: uuid.UUID, item_id: uuid.UUID) -> str:
    """The page of one item."""
    return f"/courses/{course_id}/content/items/{item_id}/dates"


@router.get("/dates", name="student_dates")
async def every(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """What was set in the LMS for single students of this course."""
    _allowed(here)
    async with database.reading() as session:
        visible = {person.id for person in await visible_students(session, here)}
        found = await windows.given(session, here.course, visible)
        able = await windows.access(session, request.app.state.connectors, here.course) is not None
        session.expunge_all()
    home = f"/courses/{here.course.id}"
    context: dict[str, Any] = {
        "given": found,
        "able": able,
        "home": home,
        "display_name": display_name,
        "notice": _notice(request),
    }
    return pages.render(request, "content/dates.html", context)


@dataclass
class _Form:
    """What was entered, to be looked at once more (``confirm``) or mended."""

    entered: Entered | None = None
    confirm: Window | None = None
    trouble: ToolError | None = None
    status: int = 200


@router.get("/items/{item_id}/dates", name="item_dates")
async def of_item(
    request: Request,
    here: TeacherIn,
    item_id: uuid.UUID,
    database: CurrentDatabase,
    pages: CurrentPages,
    person: Named = None,
    playlist: Named = None,
) -> Response:
    """Dates of one item for single students: who has some, and the form for one student."""
    _allowed(here)
    return await _page(request, here, item_id, person, playlist, database, pages, _Form())


@router.post("/items/{item_id}/dates", name="set_item_dates")
async def give(
    request: Request, here: TeacherChanging, item_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """Show what would be written in the LMS; with ``sure``, write it."""
    _changing(here)
    entered = Entered.of(await request.form())
    person_id, playlist_id = entered.made_id("person"), entered.made_id("playlist")
    if person_id is None:
        raise NotFound("no student was named")
    form = _Form(entered)
    window = Window(entered.moment("due_at"), entered.moment("opens_at"), entered.moment("closes_at"))
    if entered.errors:
        form.status = 422
        return await _page(request, here, item_id, person_id, playlist_id, database, pages, form)
    try:
        form.confirm = windows.checked(window)
        if entered.values.get("sure") != "yes":
            return await _page(request, here, item_id, person_id, playlist_id, database, pages, form)
        async with database.reading() as session:
            person = await visible_student(session, here, person_id)
            session.expunge_all()
        await windows.give(
            database, request.app.state.connectors, here.course, item_id, person, window, here.visit.person_id
        )
    except NotFound:
        raise
    except ToolError as trouble:
        form.confirm, form.trouble, form.status = None, trouble, trouble.status
        return await _page(request, here, item_id, person_id, playlist_id, database, pages, form)
    # Who came from a student's page finds the way back there.
    came_from = {"person": person_id, "playlist": playlist_id} if playlist_id is not None else {}
    return see(dates_address(here.course.id, item_id), Said.SET, None, **came_from)


@router.post("/items/{item_id}/dates/take-back", name="take_item_dates_back")
async def take_back(
    request: Request, here: TeacherChanging, item_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """Put back in the LMS what stood there before."""
    _changing(here)
    entered = Entered.of(await request.form())
    window_id = entered.made_id("window")
    async with database.reading() as session:
        visible = {person.id for person in await visible_students(session, here)}
        found = await windows.given(session, here.course, visible, item_id=item_id)
        session.expunge_all()
    # Of a student whom this teacher may not see, they take nothing back.
    if not any(one.window.id == window_id for one in found) or window_id is None:
        raise NotFound("no such dates for this teacher")
    try:
        await windows.take_back(database, request.app.state.connectors, here.course, window_id, here.visit.person_id)
    except NotFound:
        raise
    except ToolError as trouble:
        form = _Form(trouble=trouble, status=trouble.status)
        return await _page(request, here, item_id, None, None, database, pages, form)
    address = f"/courses/{here.course.id}/content/dates" if entered.values.get("list") == "yes" else None
    return see(address or dates_address(here.course.id, item_id), Said.TAKEN_BACK)


# --- The page -----------------------------------------------------------------------------------------------------------


async def _page(
    request: Request,
    here: InCourse,
    item_id: uuid.UUID,
    person_id: uuid.UUID | None,
    playlist_id: uuid.UUID | None,
    database: Database,
    pages: Pages,
    form: _Form,
) -> Response:
    async with database.reading() as session:
        item = await service.item(session, here.organisation_id, here.course.id, item_id)
        if item is None:
            raise NotFound("no such item in this course")
        students = await visible_students(session, here)
        person = _one(students, person_id)
        visible = {one.id for one in students}
        found = await windows.given(session, here.course, visible, item_id=item_id)
        connected = await windows.access(session, request.app.state.connectors, here.course)
        dates = windows.dates_of(connected, item) if connected is not None else frozenset()
        session.expunge_all()
    standing = next((one for one in found if one.stands and person is not None and one.person.id == person.id), None)
    context: dict[str, Any] = {
        "item": item,
        "person": person,
        "students": [(str(one.id), display_name(one)) for one in students],
        "given": found,
        "standing": standing,
        "able": bool(dates),
        "dates": dates,
        "home": f"/courses/{here.course.id}",
        "address": dates_address(here.course.id, item_id),
        "playlist": playlist_id,
        "back": _back(here, playlist_id, person),
        "display_name": display_name,
        "confirm": form.confirm,
        "values": form.entered.values if form.entered else {},
        "errors": form.entered.errors if form.entered else {},
        "notice": trouble_notice(request, form.trouble) or _notice(request),
    }
    template = "content/item_dates_confirm.html" if form.confirm is not None and dates else "content/item_dates.html"
    return pages.render(request, template, context, status_code=form.status)


def _one(students: list[Person], person_id: uuid.UUID | None) -> Person | None:
    """The student who was named; NotFound for whom this teacher may not see."""
    if person_id is None:
        return None
    for one in students:
        if one.id == person_id:
            return one
    raise NotFound("no such student for this teacher")


def _back(here: InCourse, playlist_id: uuid.UUID | None, person: Person | None) -> str | None:
    """The student's page that led here, if one did."""
    if playlist_id is None or person is None:
        return None
    return f"/courses/{here.course.id}/playlists/{playlist_id}/students/{person.id}"


def _notice(request: Request) -> dict[str, str] | None:
    said = said_in(request, Said)
    return {"tone": "success", "text": language_of(request).gettext(_SENTENCES[said])} if said else None


def _allowed(here: InCourse) -> None:
    if here.visit.role not in student_dates.MAY:
        raise NotAllowed("dates in the LMS are for teachers")


def _changing(here: InCourse) -> None:
    _allowed(here)
    if here.visit.masquerading:
        raise ActingAs("the visit is masquerading")
