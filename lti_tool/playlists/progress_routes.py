"""A teacher's look at how a class stands with a playlist: the monitor, its file, and what can be done for all at once."""

import uuid
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool import audit
from lti_tool.content import rules as content_rules
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.roster import FreshRoster
from lti_tool.courses.service import display_name
from lti_tool.courses.traces import saved_as_file
from lti_tool.courses.visibility import visible_students
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.grades import service as grades
from lti_tool.grades import words
from lti_tool.grades.models import ColumnState, LineItem
from lti_tool.grades.rules import Standing
from lti_tool.playlists import answering, forms, monitor, monitor_views, monitor_words, queries, replanning, service
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.models import Playlist, PlaylistKind, PlaylistStatus
from lti_tool.playlists.monitor_rules import Sign
from lti_tool.playlists.monitor_views import Line
from lti_tool.playlists.replies import Said, came_of, notice, playlist_address
from lti_tool.playlists.results import bring_results
from lti_tool.web import i18n, spreadsheets
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists/{playlist_id}")


async def assigned(database: Database, here: InCourse, playlist_id: uuid.UUID) -> Playlist | None:
    """The playlist if it is assigned, None for a draft. NotFound for anything else."""
    async with database.reading() as session:
        playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id)
    if playlist is None or playlist.status is PlaylistStatus.ARCHIVED:
        raise NotFound("no such playlist in this course")
    return playlist if playlist.status is PlaylistStatus.ASSIGNED else None


async def everybody_has_a_copy(database: Database, here: InCourse, clock: Now) -> None:
    """Give late joiners their copies."""
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
    """Who is where, the most pressing first: what comes next for each, what deserves a look, where each score stands.

    ``show`` narrows it to one kind of line, ``order=name`` puts it by name.
    """
    playlist = await assigned(database, here, playlist_id)
    if playlist is None:
        return see(f"{playlist_address(here.course, playlist_id)}/assign")
    await everybody_has_a_copy(database, here, clock)
    answer = await _ask_for_class(request, here, database, playlist)
    if playlist.kind is PlaylistKind.PERSONAL:
        await replanning.plan_some(database, here.course, clock.now())
    async with database.reading() as session:
        playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id) or playlist
        now = await monitor.class_now(session, here, playlist, clock.now())
        waiting = await answering.count(session, here)
        deleted = await _deleted(session, here, playlist)
    chosen, order = chosen_in(request), _order(request)
    trouble = now.column.trouble if now.column is not None and now.column.state is not ColumnState.MADE else None
    context = {
        "playlist": playlist,
        "personal": playlist.kind is PlaylistKind.PERSONAL,
        "display_name": display_name,
        "lines": in_order(monitor_views.shown(now.lines, chosen), order),
        "all_lines": now.lines,
        "numbers": monitor_views.numbers(now.lines),
        "Sign": Sign,
        "chosen": chosen,
        "order": order,
        "query": query_of(chosen, order),
        "waiting": waiting,
        "deleted": deleted,
        "column": now.column if playlist.has_column else None,
        "column_trouble": words.words_for(trouble) if trouble else None,
        "standings": words.STANDINGS,
        "trouble_words": words.words_for,
        "answer": answer,
        "address": playlist_address(here.course, playlist_id),
        "calendar": now.watch.calendar,
        "notice": notice(request),
        "now": clock.now(),
    }
    return pages.render(request, "playlists/progress.html", context)


async def _deleted(session: AsyncSession, here: InCourse, playlist: Playlist) -> list[str]:
    """The titles of the playlist's steps whose items were deleted in the LMS. A path that the tool makes goes round them."""
    if playlist.kind is PlaylistKind.PERSONAL:
        return []
    steps = (await queries.steps(session, here.organisation_id, [playlist.id]))[playlist.id]
    present = [step for step in steps if step.content_item_id is not None and step.removed_at is None]
    items = await queries.items(
        session, here.organisation_id, here.course.id, [one.content_item_id for one in present if one.content_item_id]
    )
    return [one.title for one in present if content_rules.is_deleted(items.get(one.content_item_id or one.id))]


def chosen_in(request: Request) -> Sign | None:
    """Which lines the address asks for; what it says wrongly chooses all."""
    try:
        return Sign(request.query_params.get("show", ""))
    except ValueError:
        return None


def _order(request: Request) -> str:
    return "name" if request.query_params.get("order") == "name" else "need"


def in_order(lines: list[Line], order: str) -> list[Line]:
    """By need, as they come, or by name."""
    if order != "name":
        return lines
    return sorted(
        lines, key=lambda line: ((line.person.sort_name or display_name(line.person)).casefold(), line.person.id)
    )


def query_of(chosen: Sign | None, order: str = "need") -> str:
    """The choice as an address has it."""
    return urlencode(
        {name: value for name, value in (("show", chosen), ("order", "name" if order == "name" else None)) if value}
    )


@router.get("/progress/students.csv", name="playlist_progress_file")
async def progress_file(
    request: Request, here: TeacherIn, playlist_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """The lines that are shown, as a file for a spreadsheet. Neither supports nor modifications are in it. It is audited."""
    playlist = await assigned(database, here, playlist_id)
    if playlist is None:
        raise NotFound("the playlist is not assigned")
    async with database.writing() as session:
        saved_as_file(session, here, f"playlist:{playlist_id}", "progress", clock.now())
        now = await monitor.class_now(session, here, playlist, clock.now())
    lines = in_order(monitor_views.shown(now.lines, chosen_in(request)), _order(request))
    with i18n.speaking(language_of(request)), i18n.in_zone(here.visit.shown_zone):
        personal = playlist.kind is PlaylistKind.PERSONAL
        table = monitor_views.rows(
            lines,
            monitor_words.file_words(personal, playlist.has_column),
            personal=personal,
            scores=playlist.has_column,
        )
    return Response(
        spreadsheets.written(table),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="progress.csv"'},
    )


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
    if await assigned(database, here, playlist_id) is None:
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
        person_ids = await _to_send_again(session, here, column, person)
        await grades.send_again(session, line_item=column, now=clock.now(), person_ids=person_ids, over=bool(person))
        audit.record(
            session,
            clock.now(),
            "scores.sent-again",
            organisation_id=here.organisation_id,
            actor=here.actor,
            subject=f"person:{person}" if person else f"playlist:{playlist_id}",
        )
    return see(f"{playlist_address(here.course, playlist_id)}/progress", Said.SENT_AGAIN)


_NOT_SENT_AGAIN = (Standing.DELIVERED, Standing.HELD, Standing.KEPT)
"""What has arrived, and what goes over nobody's number."""


async def _to_send_again(
    session: AsyncSession, here: InCourse, column: LineItem, person: str | None
) -> list[uuid.UUID] | None:
    """Whose scores: that person's, or None for all that have not arrived; of these, whom a restricted teacher may see."""
    if person:
        return [(await monitor.seen(session, here, forms.parsed(uuid.UUID, person))).id]
    if not await monitor.is_restricted(session, here):
        return None
    seen = {one.id for one in await visible_students(session, here)}
    lines = await grades.standing(session, here.organisation_id, column.id)
    return [one.person_id for one in lines if one.person_id in seen and one.state not in _NOT_SENT_AGAIN]
