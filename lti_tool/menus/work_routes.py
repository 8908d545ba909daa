"""What a student does with what they chose: opening, marking, putting work in, handing it in, taking it back."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.clock import Clock
from lti_tool.content import drafts
from lti_tool.content.secrets import SecretBox
from lti_tool.courses.access import InCourse, StudentChanging, StudentIn
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, Conflict, NotFound, ToolError
from lti_tool.ids import new_id
from lti_tool.lti.sessions import by_script
from lti_tool.menus import handing_in, own, results, work_queries
from lti_tool.menus.models import HandedIn, WorkKind
from lti_tool.menus.my_routes import context_of, view_of
from lti_tool.menus.rules import changing, files
from lti_tool.menus.work_replies import Said, my_menu_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, CurrentSettings, Now
from lti_tool.web.forms import Entered
from lti_tool.web.pages import Pages, say
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/my/menus/{own_id}")

OPTION = "/options/{option_id}"


@dataclass(frozen=True, slots=True)
class _Work:
    """A form about one option that a student chose: whose board, which option, what was entered, and when."""

    request: Request
    here: InCourse
    own_id: uuid.UUID
    option_id: uuid.UUID
    database: Database
    clock: Clock
    pages: Pages

    @property
    def which(self) -> tuple[Course, uuid.UUID, uuid.UUID, uuid.UUID]:
        """What ``handing_in`` asks for first: course, student, their board and the option."""
        return self.here.course, self.here.person_id, self.own_id, self.option_id

    @property
    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self.clock.now()

    async def written(self, name: str) -> str:
        """A text of the form, without the spaces around it."""
        return Entered.of(await self.request.form()).values.get(name, "")

    def back(self, said: Said | None) -> Response:
        """To the option on the student's board."""
        return see(my_menu_address(self.here.course, self.own_id), said, f"option-{self.option_id}")

    async def again(self, trouble: ToolError, kind: WorkKind | None, text: str) -> Response:
        """The board again after work that was not accepted: what went wrong, and what was written, in its place."""
        view = await view_of(self.request, self.here, self.database, self.own_id)
        title, advice = say(self.request, trouble)
        context = context_of(self.request, self.here, view, self.clock)
        there = any(one.option.id == self.option_id and one.takes_work for one in view.options)
        context["kept"] = {"option": self.option_id, "kind": kind, "text": text, "trouble": f"{title}. {advice}"}
        if not there or kind is None:
            context["notice"] = {"tone": "warning", "text": f"{title}. {advice}"}
        return self.pages.render(self.request, "menus/my_menu.html", context, status_code=trouble.status)


async def _of_option(
    request: Request,
    here: StudentChanging,
    own_id: uuid.UUID,
    option_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> _Work:
    return _Work(request, here, own_id, option_id, database, clock, pages)


_OnOption = Annotated[_Work, Depends(_of_option)]


@router.post("/check")
async def check(request: Request, here: StudentChanging, own_id: uuid.UUID, database: CurrentDatabase) -> Response:
    """Ask the LMS for this student's results again now."""
    await view_of(request, here, database, own_id)
    outcome = await results.bring_results(request, here.course, here.person_id, asked=True)
    said = Said.CHECKED if outcome.trouble is None and not outcome.late else Said.CHECKED_IN_VAIN
    return see(my_menu_address(here.course, own_id), said)


@router.post(OPTION + "/open")
async def open_option(work: _OnOption) -> Response:
    """Record that what was chosen was opened: told by the page's script, or by a button."""
    async with work.database.writing() as session:
        await handing_in.open_option(session, *work.which, work.now)
    return Response(status_code=204) if by_script(work.request) else work.back(None)


@router.post(OPTION + "/done")
async def done(work: _OnOption) -> Response:
    """The student says that it is done; words typed beside it go along."""
    written = await work.written("words")
    async with work.database.writing() as session:
        await _with_words(session, work, written)
        await handing_in.mark_done(session, *work.which, work.now)
    return work.back(Said.DONE)


@router.post(OPTION + "/not-done")
async def not_done(work: _OnOption) -> Response:
    """The student takes their own mark back."""
    async with work.database.writing() as session:
        await handing_in.mark_not_done(session, *work.which, work.now)
    return work.back(Said.NOT_DONE)


@router.post(OPTION + "/upload")
async def upload(work: _OnOption, settings: CurrentSettings) -> Response:
    """Put a file in."""
    async with work.request.form() as form:
        name, content = await drafts.chosen(form, files.MOST_BYTES)
        piece_id = Entered.of(form).made_id("piece_id") or new_id()
    try:
        handing_in.must_fit(content)
        box = drafts.box(settings)
        sealed = await asyncio.to_thread(handing_in.seal, box, content, piece_id)
        async with work.database.writing() as session:
            await handing_in.add_file(session, *work.which, name, content, sealed, piece_id, work.now)
    except (BadRequest, Conflict) as trouble:
        return await work.again(trouble, WorkKind.FILE, "")
    return work.back(Said.ADDED)


@router.post(OPTION + "/link")
async def add_link(work: _OnOption) -> Response:
    """Put an address in."""
    written = await work.written("address")
    try:
        async with work.database.writing() as session:
            await handing_in.add_link(session, *work.which, written, work.now)
    except (BadRequest, Conflict) as trouble:
        return await work.again(trouble, WorkKind.LINK, written)
    return work.back(Said.ADDED)


@router.post(OPTION + "/words")
async def add_words(work: _OnOption) -> Response:
    """Put words in, or write them anew."""
    written = await work.written("words")
    try:
        async with work.database.writing() as session:
            await handing_in.add_words(session, *work.which, written, work.now)
    except (BadRequest, Conflict) as trouble:
        return await work.again(trouble, WorkKind.WORDS, written)
    return work.back(Said.ADDED)


@router.post(OPTION + "/pieces/{piece_id}/remove")
async def take_out(work: _OnOption, piece_id: uuid.UUID) -> Response:
    """Take a piece of work out again."""
    async with work.database.writing() as session:
        await handing_in.take_out(session, *work.which, piece_id, work.now)
    return work.back(Said.TAKEN_OUT)


@router.post(OPTION + "/hand-in")
async def hand_in(work: _OnOption) -> Response:
    """Hand in what was put in, and the words typed beside it."""
    written = await work.written("words")
    try:
        async with work.database.writing() as session:
            await _with_words(session, work, written)
            await handing_in.hand_in(session, *work.which, work.now)
    except (BadRequest, Conflict) as trouble:
        return await work.again(trouble, WorkKind.WORDS if written else None, written)
    return work.back(Said.HANDED_IN)


async def _with_words(session: AsyncSession, work: _Work, written: str) -> None:
    """Save what was typed, unless it was handed in already: then it is what was handed in."""
    if written:
        board = await own.board_of_person(session, work.here.course, work.here.person_id, work.own_id, lock=True)
        if changing.takes_work(board.copy.state, board.choice(work.option_id).state):
            await handing_in.add_words(session, *work.which, written, work.now)


@router.post(OPTION + "/take-back")
async def take_back(work: _OnOption) -> Response:
    """Take back what was handed in."""
    try:
        async with work.database.writing() as session:
            await handing_in.take_back(session, *work.which, work.now)
    except Conflict as trouble:
        return await work.again(trouble, None, "")
    return work.back(Said.TAKEN_BACK)


@router.get(OPTION + "/pieces/{piece_id}", name="my_piece")
async def piece(
    request: Request,
    here: StudentIn,
    own_id: uuid.UUID,
    option_id: uuid.UUID,
    piece_id: uuid.UUID,
    database: CurrentDatabase,
    settings: CurrentSettings,
) -> Response:
    """A file that this student put in."""
    view = await view_of(request, here, database, own_id)
    mine = [one for option in view.options if option.option.id == option_id for one in option.pieces]
    if all(one.id != piece_id for one in mine):
        raise NotFound("no such piece of this student's")
    async with database.reading() as session:
        found = await work_queries.piece(session, here.organisation_id, piece_id)
        if found is None:
            raise NotFound("it was taken out")
        session.expunge_all()
    return await handed_out(drafts.box(settings), found)


async def handed_out(box: SecretBox, piece: HandedIn) -> Response:
    """A file to be saved, never to be shown in our own name: an attachment, of a kind that its bytes show."""
    content = await asyncio.to_thread(handing_in.unseal, box, piece)
    plain = piece.name.encode("ascii", "ignore").decode().replace('"', "").replace("\\", "") or "file"
    return Response(
        content,
        media_type=piece.media_type or files.PLAIN,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(piece.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
