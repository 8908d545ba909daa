"""Alignments as a file for a spreadsheet, and the way back: chosen, previewed, confirmed."""

import hashlib
import uuid
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.competencies import alignment_table as tables
from lti_tool.competencies import alignments
from lti_tool.competencies.alignment_replies import alignments_address, notice, told
from lti_tool.competencies.alignment_table import Reading
from lti_tool.competencies.alignments import AlignmentsChanged
from lti_tool.competencies.models import AlignmentOrigin
from lti_tool.competencies.sections import home, views
from lti_tool.content import drafts
from lti_tool.content.drafts import TheirDrafts
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.errors import ToolError
from lti_tool.web import spreadsheets
from lti_tool.web.dependencies import CurrentPages, ReadSession, WriteSession
from lti_tool.web.forms import Entered
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, say
from lti_tool.web.replies import see

KIND = "alignments"
"""What a kept file is to become; see content.drafts."""

SHOWN = 200
"""Changes and problems that a preview lists; the rest is counted."""

router = APIRouter(prefix="/courses/{course_id}/competencies/alignments")


@router.get(".csv", name="alignments_file")
async def exported(here: TeacherIn, session: ReadSession) -> Response:
    """Every item of the course with its alignments, as a table."""
    board = await alignments.board(session, here.organisation_id, here.course.id)
    text = spreadsheets.written(tables.table(board.items, board.competencies, board.views))
    headers = {"Content-Disposition": 'attachment; filename="alignments.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/file", name="alignments_as_file")
async def ask(request: Request, here: TeacherIn, pages: CurrentPages) -> Response:
    """How alignments leave as a file and come back."""
    return _page(request, here, pages)


@router.post("/file/upload", name="upload_alignments")
async def upload(
    request: Request,
    here: TeacherChanging,
    session: WriteSession,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """Keep a chosen file, and go on to its preview."""
    async with request.form() as form:
        name, content = await drafts.chosen(form, spreadsheets.MOST_BYTES)
    try:
        if not content:
            raise drafts.NoFile("no file", advice=N_("Choose a file, then press the button."))
        await _reading(session, here, content)
    except ToolError as trouble:
        return _page(request, here, pages, trouble)
    draft_id = await theirs.keep(session, KIND, name, content)
    return see(f"{alignments_address(here.course.id)}/file/{draft_id}")


@router.get("/file/{draft_id}", name="preview_alignments")
async def preview(
    request: Request,
    here: TeacherIn,
    draft_id: uuid.UUID,
    session: ReadSession,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """What a file would change, and which rows are not understood."""
    name, content = await theirs.find(session, KIND, draft_id)
    return _preview(request, here, pages, draft_id, name, await _reading(session, here, content))


@router.post("/file/{draft_id}")
async def confirm(
    request: Request,
    here: TeacherChanging,
    draft_id: uuid.UUID,
    session: WriteSession,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """Make the changes that the preview showed; where they would be others by now, show them again."""
    entered = Entered.of(await request.form())
    if entered.values.get("answer") == "no":
        await theirs.forget(session, draft_id)
        return see(alignments_address(here.course.id))
    name, content = await theirs.find(session, KIND, draft_id)
    reading = await _reading(session, here, content)
    if entered.values.get("shown") != _digest(reading):
        trouble = AlignmentsChanged("the file would change something else by now")
        return _preview(request, here, pages, draft_id, name, reading, trouble)
    changes = [planned.change for planned in reading.planned]
    changed = await alignments.change(
        session, here.course, changes, {}, by=here.visit.person_id, now=theirs.now, origin=AlignmentOrigin.CSV
    )
    await theirs.forget(session, draft_id)
    return see(alignments_address(here.course.id), told(changed))


# --- Parts --------------------------------------------------------------------------------------------------------------


async def _reading(session: AsyncSession, here: InCourse, content: bytes) -> Reading:
    board = await alignments.board(session, here.organisation_id, here.course.id)
    return tables.read(spreadsheets.read(content), board.items, board.competencies, board.views)


def _digest(reading: Reading) -> str:
    """What a preview showed, in a few characters."""
    said = "\n".join(f"{planned.change} {planned.before}" for planned in reading.planned)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _page(request: Request, here: InCourse, pages: Pages, trouble: ToolError | None = None) -> Response:
    context: dict[str, Any] = {
        "views": views(here.course.id, "alignments"),
        "map_address": home(here.course.id),
        "home": alignments_address(here.course.id),
        "trouble": say(request, trouble) if trouble is not None else None,
        "columns": tables.COLUMNS,
        "notice": notice(request),
    }
    status = trouble.status if trouble is not None else 200
    return pages.render(request, "competencies/alignments_file.html", context, status_code=status)


def _preview(
    request: Request,
    here: InCourse,
    pages: Pages,
    draft_id: uuid.UUID,
    name: str,
    reading: Reading,
    trouble: ToolError | None = None,
) -> Response:
    context: dict[str, Any] = {
        "views": views(here.course.id, "alignments"),
        "home": alignments_address(here.course.id),
        "address": f"{alignments_address(here.course.id)}/file/{draft_id}",
        "name": name,
        "reading": reading,
        "added": sum(planned.before is None for planned in reading.planned),
        "removed": sum(planned.change.role is None for planned in reading.planned),
        "most": SHOWN,
        "shown": _digest(reading),
        "trouble": say(request, trouble) if trouble is not None else None,
    }
    status = trouble.status if trouble is not None else 200
    return pages.render(request, "competencies/alignments_preview.html", context, status_code=status)
