"""Nudging students about a playlist: one, or all that the monitor shows."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.service import display_name
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.playlists import monitor, monitor_saying, monitor_views
from lti_tool.playlists.forms import Entered, parsed
from lti_tool.playlists.monitor_saying import MOST_WORDS, Nudged
from lti_tool.playlists.progress_routes import assigned, chosen_in, query_of
from lti_tool.playlists.replies import Said, playlist_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists/{playlist_id}/nudge")


@router.get("", name="playlist_nudge")
async def nudge_page(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Whom to nudge and with which words: those of ``show``, or one ``person``."""
    return await _page(request, here, playlist_id, database, clock, pages)


async def _page(
    request: Request,
    here: InCourse,
    playlist_id: uuid.UUID,
    database: Database,
    clock: Now,
    pages: Pages,
    entered: Entered | None = None,
    picked: frozenset[uuid.UUID] | None = None,
    status_code: int = 200,
) -> Response:
    playlist = await assigned(database, here, playlist_id)
    if playlist is None:
        raise NotFound("the playlist is not assigned")
    async with database.reading() as session:
        now = await monitor.class_now(session, here, playlist, clock.now())
        nudged = await monitor_saying.nudged_today(session, here, [line.path.copy for line in now.lines], now.watch)
    chosen = chosen_in(request)
    wanted = request.query_params.get("person")
    lines = [
        line
        for line in monitor_views.shown(now.lines, chosen)
        if not line.progress.is_finished and (wanted is None or str(line.person.id) == wanted)
    ]
    context = {
        "playlist": playlist,
        "lines": lines,
        "nudged": nudged,
        "picked": picked if picked is not None else frozenset(line.person.id for line in lines),
        "chosen": chosen,
        "query": query_of(chosen),
        "display_name": display_name,
        "most": MOST_WORDS,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "address": playlist_address(here.course, playlist_id),
    }
    return pages.render(request, "playlists/nudge.html", context, status_code=status_code)


@router.post("")
async def nudge(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Nudge those who were ticked, each at most once a day."""
    if await assigned(database, here, playlist_id) is None:
        raise NotFound("the playlist is not assigned")
    form = await request.form()
    entered = Entered.of(form)
    picked = frozenset(parsed(uuid.UUID, str(one)) for one in form.getlist("person"))
    own = entered.values.get("words") == "own"
    text = entered.text("text", MOST_WORDS, N_("Please write what you want to say.") if own else None)
    if not picked:
        entered.errors["everybody"] = N_("Please choose at least one student.")
    if entered.errors:
        return await _page(request, here, playlist_id, database, clock, pages, entered, picked, 422)
    async with database.writing() as session:
        watch = await monitor.watch(session, here, clock.now())
        came = await monitor_saying.nudge(session, here, playlist_id, picked, text if own else "", watch)
    return see(f"{playlist_address(here.course, playlist_id)}/progress", _said(came))


def _said(came: Nudged) -> Said:
    if not came.sent:
        return Said.NUDGED_NOBODY
    return Said.NUDGED_SOME if came.had_one else Said.NUDGED
