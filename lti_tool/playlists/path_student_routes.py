"""A teacher's page of one student's personal path: what comes and why, what waits for approval, and what is decided for them."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool import audit
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Person
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_student
from lti_tool.errors import BadRequest, NotFound, ToolError
from lti_tool.playlists import personal_editing as personals
from lti_tool.playlists import personal_forms as forms
from lti_tool.playlists import personal_pages, replanning
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.replies import Said, notice, path_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/playlists/{playlist_id}/path/students/{person_id}")


@router.get("", name="personal_student")
async def student(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """One student's path with why each step is on it. The look leaves an audit entry."""
    await _visible(here, database, playlist_id, person_id)
    await replanning.up_to_date(database, here.course, person_id, clock.now())
    return await _page(request, here, playlist_id, person_id, database, clock, pages)


async def _visible(here: InCourse, database: CurrentDatabase, playlist_id: uuid.UUID, person_id: uuid.UUID) -> Person:
    """The student, where this teacher may see them and they have this playlist. Raises NotFound."""
    async with database.reading() as session:
        playlist = await personals.found(session, here.course, playlist_id)
        person = await visible_student(session, here, person_id)
        await personals.copy_of(session, playlist, person_id)
    return person


async def _page(
    request: Request,
    here: InCourse,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
    *,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    person = await _visible(here, database, playlist_id, person_id)
    async with database.writing() as session:
        audit.record(
            session,
            clock.now(),
            "student.viewed",
            organisation_id=here.organisation_id,
            actor=here.actor,
            subject=f"person:{person_id}",
            detail=f"playlist {playlist_id}",
        )
        context = await personal_pages.student(session, here, playlist_id, person_id, clock.now())
        await session.flush()
        session.expunge_all()
    address = path_address(here.course, playlist_id)
    context |= {
        "person": person,
        "name": display_name(person),
        "address": f"{address}/students/{person_id}",
        "path": address,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "notice": trouble_notice(request, trouble) or notice(request),
    }
    return pages.render(request, "playlists/personal_student.html", context, status_code=status_code)


@router.post("/rulings")
async def decide(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Pin, forbid or take as known for this student alone."""
    await _visible(here, database, playlist_id, person_id)
    entered = Entered.of(await request.form())
    wish = forms.wish(entered, person_id)
    if entered.errors:
        return await _page(
            request, here, playlist_id, person_id, database, clock, pages, entered=entered, status_code=422
        )
    async with database.writing() as session:
        await personals.rule(session, here.course, playlist_id, wish, here.visit.person_id, clock.now())
    await replanning.up_to_date(database, here.course, person_id, clock.now())
    return see(f"{path_address(here.course, playlist_id)}/students/{person_id}", Said.SAVED, "rulings")


@router.post("/steps/{step_id}")
async def change_step(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Approve a step, take it out, or move it up or down (``do``)."""
    await _visible(here, database, playlist_id, person_id)
    entered = Entered.of(await request.form())
    do, now, by = entered.values.get("do", ""), clock.now(), here.visit.person_id
    course = here.course
    try:
        async with database.writing() as session:
            if do == "approve":
                await personals.approve(session, course, playlist_id, [person_id], by, now, step_ids=[step_id])
            elif do == "out":
                await personals.take_out(session, course, playlist_id, person_id, step_id, by, now)
            elif do in {"up", "down"}:
                places = -1 if do == "up" else 1
                await personals.shift(session, course, playlist_id, person_id, step_id, places, by, now)
            else:
                raise BadRequest("no such thing can be done with a step")
    except NotFound:
        raise
    except ToolError as trouble:
        return await _page(
            request,
            here,
            playlist_id,
            person_id,
            database,
            clock,
            pages,
            trouble=trouble,
            status_code=trouble.status,
        )
    await replanning.up_to_date(database, course, person_id, now)
    said = {"approve": Said.APPROVED, "out": Said.REMOVED}.get(do, Said.SAVED)
    back = path_address(course, playlist_id)
    if entered.values.get("back") != "path":
        back = f"{back}/students/{person_id}"
    return see(back, said, "steps" if entered.values.get("back") != "path" else "waiting")
