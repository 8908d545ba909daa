"""A teacher's look at how a class stands with a playlist, and at one student."""

import uuid
from datetime import datetime

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool import audit
from lti_tool.content.models import ContentItem
from lti_tool.courses import queries as course_queries
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Person
from lti_tool.courses.roster import FreshRoster
from lti_tool.courses.service import display_name
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.grades import service as grades
from lti_tool.grades import words
from lti_tool.grades.models import ColumnState
from lti_tool.playlists import forms, monitor, queries, service, views
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.models import Playlist, PlaylistStatus
from lti_tool.playlists.paths import Path
from lti_tool.playlists.replies import Said, came_of, notice, playlist_address
from lti_tool.playlists.results import bring_results
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists/{playlist_id}")

FILTERS = ("all", "not-begun", "stuck", "under-way", "finished")


async def _assigned(database: Database, here: InCourse, playlist_id: uuid.UUID) -> Playlist | None:
    """The playlist if it is assigned, None for a draft. NotFound for anything else."""
    async with database.reading() as session:
        playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id)
    if playlist is None or playlist.status is PlaylistStatus.ARCHIVED:
        raise NotFound("no such playlist in this course")
    return playlist if playlist.status is PlaylistStatus.ASSIGNED else None


async def _everybody_has_a_copy(database: Database, here: InCourse, clock: Now) -> None:
    async with database.reading() as session:
        late = await service.missing_copies(session, here.course)
    if late:
        async with database.writing() as session:
            await service.ensure_copies(session, here.course, clock.now())


@router.get("/progress", name="playlist_progress")
async def progress(
    request: Request,
    here: TeacherIn,
    _fresh: FreshRoster,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The class in one table: progress, next step, what deserves a look, and where each score stands."""
    playlist = await _assigned(database, here, playlist_id)
    if playlist is None:
        return see(f"{playlist_address(here.course, playlist_id)}/assign")
    await _everybody_has_a_copy(database, here, clock)
    answer = await _ask_for_class(request, here, database, playlist)
    async with database.reading() as session:
        playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id) or playlist
        paths = await service.paths_of_course(session, here.course, [playlist], clock.now())
        watch = await monitor.watch(session, here, clock.now())
        people = {
            person.id: person for person in await course_queries.students(session, here.organisation_id, here.course.id)
        }
        resource = service.resource_id(playlist)
        column = (await queries.columns(session, here.organisation_id, here.course.id, [resource])).get(resource)
        lines = await grades.standing(session, here.organisation_id, column.id) if column else []
    now = clock.now()
    rows = views.student_rows(paths, people, watch, {line.person_id: line for line in lines})
    chosen = request.query_params.get("show", "all")
    chosen = chosen if chosen in FILTERS else "all"
    column_trouble = column.trouble if column is not None and column.state is not ColumnState.MADE else None
    context = {
        "playlist": playlist,
        "display_name": display_name,
        "rows": [row for row in rows if chosen in {"all", row.group}],
        "all_rows": rows,
        "groups": {name: sum(name in {"all", row.group} for row in rows) for name in FILTERS},
        "chosen": chosen,
        "watch": watch,
        "counts": views.counts(paths, watch),
        "column": column if playlist.has_column else None,
        "column_trouble": words.words_for(column_trouble) if column_trouble else None,
        "standings": words.STANDINGS,
        "trouble_words": words.words_for,
        "answer": answer,
        "address": playlist_address(here.course, playlist_id),
        "notice": notice(request),
        "now": now,
    }
    return pages.render(request, "playlists/progress.html", context)


async def _ask_for_class(request: Request, here: InCourse, database: Database, playlist: Playlist) -> Outcome:
    """Ask the LMS for the class's results, if this playlist has a step that a result could move."""
    async with database.reading() as session:
        steps = (await queries.steps(session, here.organisation_id, [playlist.id]))[playlist.id]
        ids = [step.content_item_id for step in steps if step.content_item_id and step.removed_at is None]
        items = await queries.items(session, here.organisation_id, here.course.id, ids)
    if not any(item.result_key for item in items.values()):
        return Outcome()
    return await bring_results(request, here.course)


@router.post("/progress/check")
async def check(request: Request, here: TeacherChanging, playlist_id: uuid.UUID, database: CurrentDatabase) -> Response:
    """Ask the LMS for results again now."""
    if await _assigned(database, here, playlist_id) is None:
        raise NotFound("the playlist is not assigned")
    outcome = await bring_results(request, here.course, asked=True)
    return see(f"{playlist_address(here.course, playlist_id)}/progress", came_of(outcome))


@router.post("/progress/send-again")
async def send_again(
    request: Request, here: TeacherChanging, playlist_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Send one student's score again, or all that have not arrived."""
    entered = Entered.of(await request.form())
    person = entered.values.get("person")
    async with database.writing() as session:
        playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id)
        if playlist is None:
            raise NotFound("no such playlist in this course")
        resource = service.resource_id(playlist)
        column = (await queries.columns(session, here.organisation_id, here.course.id, [resource])).get(resource)
        if column is None:
            raise NotFound("the playlist has no column")
        person_ids = [forms.parsed(uuid.UUID, person)] if person else None
        await grades.send_again(session, line_item=column, now=clock.now(), person_ids=person_ids)
        audit.record(
            session,
            clock.now(),
            "scores.sent-again",
            organisation_id=here.organisation_id,
            actor=str(here.visit.person_id) if here.visit.person_id else None,
            subject=f"person:{person_ids[0]}" if person_ids else f"playlist:{playlist_id}",
        )
    return see(f"{playlist_address(here.course, playlist_id)}/progress", Said.SENT_AGAIN)


# --- One student ------------------------------------------------------------------------------------------------------


@router.get("/students/{person_id}", name="playlist_student")
async def student(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """One student's path as they see it, with who said that each step is done. The look leaves an audit entry."""
    playlist = await _assigned(database, here, playlist_id)
    if playlist is None:
        raise NotFound("the playlist is not assigned")
    await _everybody_has_a_copy(database, here, clock)
    async with database.writing() as session:
        person, path, items = await _students_path(session, here, playlist, person_id, clock.now())
        watch = await monitor.watch(session, here, clock.now())
        audit.record(
            session,
            clock.now(),
            "student.viewed",
            organisation_id=here.organisation_id,
            actor=str(here.visit.person_id) if here.visit.person_id else None,
            subject=f"person:{person_id}",
            detail=f"playlist {playlist_id}",
        )
        resource = service.resource_id(playlist)
        column = (await queries.columns(session, here.organisation_id, here.course.id, [resource])).get(resource)
        lines = await grades.standing(session, here.organisation_id, column.id) if column else []
    context = {
        "display_name": display_name,
        "person": person,
        "playlist": playlist,
        "view": views.path_view(path, items),
        "attention": path.attention(watch),
        "watch": watch,
        "score": next((line for line in lines if line.person_id == person_id), None),
        "standings": words.STANDINGS,
        "trouble_words": words.words_for,
        "address": playlist_address(here.course, playlist_id),
        "notice": notice(request),
        "now": clock.now(),
    }
    return pages.render(request, "playlists/student.html", context)


async def _students_path(
    session: AsyncSession, here: InCourse, playlist: Playlist, person_id: uuid.UUID, now: datetime
) -> tuple[Person, Path, dict[uuid.UUID, ContentItem]]:
    person = await queries.student(session, here.organisation_id, here.course.id, person_id)
    if person is None:
        raise NotFound("no such student in this course")
    for path in await service.paths_of_person(session, here.course, person_id, now):
        if path.playlist.id == playlist.id:
            items = await queries.items(session, here.organisation_id, here.course.id, path.item_ids)
            return person, path, items
    raise NotFound("no copy for this person")


@router.post("/students/{person_id}/steps/{step_id}/done")
async def sign_off(
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Sign a step off for a student."""
    async with database.writing() as session:
        await service.sign_off(session, here.course, playlist_id, person_id, step_id, here.visit.person_id, clock.now())
    address = f"{playlist_address(here.course, playlist_id)}/students/{person_id}"
    return see(address, Said.MARKED, f"step-{step_id}")


@router.post("/students/{person_id}/steps/{step_id}/not-done")
async def take_back(
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Ask a student to look at a step again."""
    async with database.writing() as session:
        await service.take_back(
            session, here.course, playlist_id, person_id, step_id, here.visit.person_id, clock.now()
        )
    address = f"{playlist_address(here.course, playlist_id)}/students/{person_id}"
    return see(address, Said.TAKEN_BACK, f"step-{step_id}")
