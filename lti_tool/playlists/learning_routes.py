"""What a student and their family see: the paths, the one next step, and what moves it on."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.courses.access import InCourse, ObserverIn, StudentChanging, StudentIn
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.lti.sessions import by_script
from lti_tool.playlists import queries, service, views
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.paths import Path
from lti_tool.playlists.replies import Said, came_of, notice
from lti_tool.playlists.results import bring_results
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}")

_Act = Callable[[AsyncSession, Course, uuid.UUID, uuid.UUID, uuid.UUID, datetime], Awaitable[Path]]


def my_address(course: Course, copy_id: uuid.UUID | None = None) -> str:
    """A student's list, or one of their playlists."""
    return f"/courses/{course.id}/my" + (f"/{copy_id}" if copy_id else "")


async def _views(session: AsyncSession, course: Course, paths: Sequence[Path]) -> list[views.PathView]:
    ids = {item_id for path in paths for item_id in path.item_ids}
    items = await queries.items(session, course.organisation_id, course.id, ids)
    return [views.path_view(path, items) for path in paths]


async def _my_views(database: Database, here: InCourse, now: datetime) -> list[views.PathView]:
    async with database.reading() as session:
        paths = await service.paths_of_person(session, here.course, here.person_id, now, as_student=True)
        return await _views(session, here.course, paths)


async def _up_to_date_views(database: Database, here: InCourse, now: datetime) -> list[views.PathView]:
    """The student's paths, after what they have shown they know was entered; not by somebody who acts as them."""
    shown = await _my_views(database, here, now)
    if here.visit.masquerading or not any(service.mastery_moves(view.path, now) for view in shown):
        return shown
    async with database.writing() as session:
        await service.settle_mastery(session, here.course, [here.person_id], now)
    return await _my_views(database, here, now)


async def _has_their_copies(database: Database, here: InCourse, clock: Now) -> None:
    """A student who joined after a playlist was assigned gets it at their first visit; not by somebody who acts as them."""
    if here.visit.masquerading:
        return
    async with database.reading() as session:
        late = await service.missing_copies(session, here.course, [here.person_id])
    if late:
        async with database.writing() as session:
            await service.ensure_copies(session, here.course, clock.now(), [here.person_id])


@router.get("/my", name="my_playlists")
async def my_playlists(
    request: Request, here: StudentIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """A student's playlists; the only one opens by itself."""
    await _has_their_copies(database, here, clock)
    shown = await _up_to_date_views(database, here, clock.now())
    if len(shown) == 1:
        return see(my_address(here.course, shown[0].path.copy.id))
    # What is still to do comes first, in the order in which it was assigned.
    shown.sort(key=lambda view: view.progress.is_finished)
    return pages.render(
        request, "playlists/my.html", {"views": shown, "home": my_address(here.course), "now": clock.now()}
    )


@router.get("/my/{copy_id}", name="my_playlist")
async def my_playlist(
    request: Request, here: StudentIn, copy_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """One next step and why it is next; below it the whole path."""
    shown = await _up_to_date_views(database, here, clock.now())
    answer = Outcome()
    awaits = any(view.awaits_result for view in shown if view.path.copy.id == copy_id)
    if awaits and not here.visit.masquerading:
        answer = await bring_results(request, here.course, here.person_id)
        shown = await _my_views(database, here, clock.now())
    async with database.reading() as session:
        await service.path_of_person(session, here.course, here.person_id, copy_id, clock.now())
    view = next(view for view in shown if view.path.copy.id == copy_id)
    context = {
        "view": view,
        "answer": answer,
        "home": my_address(here.course) if len(shown) > 1 else None,
        "address": my_address(here.course, copy_id),
        "notice": notice(request),
        "asked_about": _asked_about(request, view),
        "now": clock.now(),
    }
    return pages.render(request, "playlists/path.html", context)


def _asked_about(request: Request, view: views.PathView) -> views.StepView | None:
    """The step whose result the student has just asked for, where the LMS answered."""
    if request.query_params.get("said") != Said.ASKED:
        return None
    return next((one for one in view.steps if str(one.step.id) == request.query_params.get("step")), None)


@router.post("/my/{copy_id}/check")
async def check(
    request: Request, here: StudentChanging, copy_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Ask the LMS for this student's results again now."""
    async with database.reading() as session:
        await service.path_of_person(session, here.course, here.person_id, copy_id, clock.now())
    entered = Entered.of(await request.form())
    outcome = await bring_results(request, here.course, here.person_id, asked=True)
    return see(my_address(here.course, copy_id), came_of(outcome), step=entered.made_id("step"))


async def _act(
    here: InCourse, copy_id: uuid.UUID, step_id: uuid.UUID, database: Database, clock: Now, act: _Act
) -> Path:
    async with database.writing() as session:
        return await act(session, here.course, here.person_id, copy_id, step_id, clock.now())


@router.post("/my/{copy_id}/steps/{step_id}/open")
async def open_step(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Record that a step was opened: told by the page's script while the step opens beside it, or by a button."""
    await _act(here, copy_id, step_id, database, clock, service.open_step)
    return Response(status_code=204) if by_script(request) else see(my_address(here.course, copy_id))


@router.post("/my/{copy_id}/steps/{step_id}/done")
async def mark_done(
    here: StudentChanging, copy_id: uuid.UUID, step_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """The student says that a step is done."""
    await _act(here, copy_id, step_id, database, clock, service.mark_done)
    return see(my_address(here.course, copy_id), Said.MARKED)


@router.post("/my/{copy_id}/steps/{step_id}/not-done")
async def mark_not_done(
    here: StudentChanging, copy_id: uuid.UUID, step_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """The student takes their own mark back."""
    await _act(here, copy_id, step_id, database, clock, service.mark_not_done)
    return see(my_address(here.course, copy_id), None, f"step-{step_id}")


@router.get("/family", name="family")
async def family(
    request: Request, here: ObserverIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """The paths of those an observer is linked to, to read and nothing else."""
    people = []
    async with database.reading() as session:
        for person in here.observed:
            paths = await service.paths_of_person(session, here.course, person.id, clock.now())
            people.append({"person": person, "views": await _views(session, here.course, paths)})
    return pages.render(request, "playlists/family.html", {"people": people, "now": clock.now()})
