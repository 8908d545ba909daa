"""A teacher's pages for bringing a course in by a file: choose it, look at what it would do, confirm; then addresses."""

import asyncio
import uuid
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from lti_tool.content import drafts
from lti_tool.content.drafts import TheirDrafts
from lti_tool.content.files import queries, reading, service
from lti_tool.content.files.beside import State
from lti_tool.content.files.values import FORMS, CourseFileTooLarge, FileReading, Left
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, CurrentSettings, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of, say
from lti_tool.web.replies import said_in, see

router = APIRouter(prefix="/courses/{course_id}/content/files")

KIND = "course-file"
"""What kind of draft these files are."""

SHOWN = 50
"""Items that a preview lists of what is gone and of what is known; the rest is counted."""

SHOWN_OF_A_MODULE = 300
"""The same of one module."""

_FIELD = "url_"

Counted = Annotated[int, Query(ge=0, le=1_000_000)]
Chosen = Annotated[str | None, Query(alias="as", max_length=64)]


class Said(StrEnum):
    """What a page says after a form."""

    CANCELLED = "cancelled"
    SAVED = "saved"


_SENTENCES = {
    Said.CANCELLED: N_("Nothing was brought in."),
    Said.SAVED: N_("Saved. Students go there from their paths now."),
}


@router.get("", name="course_file")
async def choose(
    request: Request,
    here: TeacherIn,
    pages: CurrentPages,
    done: bool = False,
    new: Counted = 0,
    changed: Counted = 0,
    adopted: Counted = 0,
    known: Counted = 0,
    gone: Counted = 0,
) -> Response:
    """The form that takes the file; after one was brought in, what came of it."""
    counts = {"new": new, "changed": changed, "adopted": adopted, "known": known, "gone": gone}
    return _choose(request, here, pages, counts=counts if done else None)


@router.post("/upload", name="course_file_upload")
async def upload(
    request: Request,
    here: TeacherChanging,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    settings: CurrentSettings,
    pages: CurrentPages,
) -> Response:
    """Read the file and keep what it says for the preview. One that cannot be read is said to be so; nothing is kept."""
    try:
        async with request.form() as form:
            given = form.get("file")
            if not isinstance(given, UploadFile) or not given.filename:
                raise drafts.NoFile("the form had no file")
            if given.size is not None and given.size > reading.MOST_BYTES:
                raise CourseFileTooLarge("over the limit")
            # The file lies on the disk as it came; it is looked at there, and gone with the form.
            found = await asyncio.to_thread(reading.read, given.file, settings.base_url)
            name = given.filename
    except ToolError as trouble:
        return _choose(request, here, pages, trouble=trouble)
    async with database.writing() as session:
        draft_id = await theirs.keep(session, KIND, name, reading.kept(found))
    return see(f"{_address(here.course)}/{draft_id}")


@router.get("/addresses", name="course_file_addresses")
async def addresses(
    request: Request,
    here: TeacherIn,
    database: CurrentDatabase,
    pages: CurrentPages,
    start: Annotated[int, Query(alias="from", ge=0, le=1_000_000)] = 0,
) -> Response:
    """Items that came by files, and where they open."""
    return await _addresses(request, here, database, pages, start)


@router.post("/addresses")
async def give_addresses(
    request: Request,
    here: TeacherChanging,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
    start: Annotated[int, Query(alias="from", ge=0, le=1_000_000)] = 0,
) -> Response:
    """Note where items open; or show again what cannot be used, with everything that was entered."""
    form = await request.form()
    given: dict[uuid.UUID, str] = {}
    for name, value in form.multi_items():
        item_id = _id(name.removeprefix(_FIELD)) if name.startswith(_FIELD) else None
        if item_id is not None and isinstance(value, str) and len(given) < service.MOST_AT_ONCE:
            given[item_id] = value
    async with database.writing() as session:
        refused = await service.give_addresses(session, here.course, given, clock.now())
    if refused:
        return await _addresses(request, here, database, pages, start, given=given, refused=refused)
    return see(f"{_address(here.course)}/addresses?from={start}", Said.SAVED)


@router.get("/{draft_id}", name="course_file_preview")
async def preview(
    request: Request,
    here: TeacherIn,
    draft_id: uuid.UUID,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    pages: CurrentPages,
    chosen: Chosen = None,
) -> Response:
    """What the file would do. Nothing happens before the button."""
    async with database.reading() as session:
        name, content = await theirs.find(session, KIND, draft_id)
    found = await asyncio.to_thread(reading.taken_up, content)
    return await _preview(request, here, database, pages, draft_id, name, found, chosen)


@router.post("/{draft_id}")
async def bring_in(
    request: Request,
    here: TeacherChanging,
    draft_id: uuid.UUID,
    database: CurrentDatabase,
    theirs: TheirDrafts,
) -> Response:
    """Bring it in as it was shown."""
    form = await request.form()
    if form.get("answer") == "cancel":
        async with database.writing() as session:
            await theirs.forget(session, draft_id)
        return see(_address(here.course), Said.CANCELLED)
    chosen = form.get("as")
    async with database.writing() as session:
        _, content = await theirs.find(session, KIND, draft_id)
        the_plan = await service.planned(
            session, here.course, reading.taken_up(content), chosen if isinstance(chosen, str) else None
        )
        done = await service.bring_in(
            session,
            here.course,
            the_plan,
            keep_gone=bool(the_plan.gone) and form.get("gone") != "yes",
            by=here.visit.person_id,
            now=theirs.now,
        )
        await theirs.forget(session, draft_id)
    return see(
        _address(here.course),
        done="true",
        new=done.new,
        changed=done.changed,
        adopted=done.adopted,
        known=done.known,
        gone=done.gone,
    )


# --- Parts --------------------------------------------------------------------------------------------------------------


def _address(course: Course) -> str:
    return f"/courses/{course.id}/content/files"


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _choose(
    request: Request,
    here: InCourse,
    pages: Pages,
    *,
    counts: dict[str, int] | None = None,
    trouble: ToolError | None = None,
) -> Response:
    context: dict[str, Any] = {
        "address": _address(here.course),
        "content": f"/courses/{here.course.id}/content",
        "done": counts,
        "notice": _notice(request),
        "trouble": say(request, trouble) if trouble is not None else None,
    }
    return pages.render(
        request, "content/file_choose.html", context, status_code=trouble.status if trouble is not None else 200
    )


def _notice(request: Request) -> dict[str, str] | None:
    said = said_in(request, Said)
    if said is None:
        return None
    tone = "info" if said is Said.CANCELLED else "success"
    return {"tone": tone, "text": language_of(request).gettext(_SENTENCES[said])}


async def _preview(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    draft_id: uuid.UUID,
    name: str,
    found: FileReading,
    chosen: str | None,
) -> Response:
    async with database.reading() as session:
        the_plan = await service.planned(session, here.course, found, chosen)
    context: dict[str, Any] = {
        "home": _address(here.course),
        "address": f"{_address(here.course)}/{draft_id}",
        "file_name": name,
        "form_name": language_of(request).gettext(FORMS[found.form]),
        "plan": the_plan,
        "reading": found,
        "states": State,
        "new": the_plan.counted(State.NEW, State.BACK),
        "changed": the_plan.counted(State.CHANGED),
        "same": the_plan.counted(State.SAME),
        "adopted": [one for one in the_plan.items if one.state is State.ADOPTED],
        "known": [one for one in the_plan.items if one.state is State.KNOWN and one.item.kind != "heading"],
        "gone": [row for row in the_plan.gone if row.kind.value != "heading"],
        "left": found.left,
        "why": Left,
        "total": sum(one.item.kind != "heading" for one in the_plan.items),
        "most": SHOWN,
        "most_of_a_module": SHOWN_OF_A_MODULE,
    }
    return pages.render(request, "content/file_preview.html", context)


async def _addresses(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    start: int,
    *,
    given: dict[uuid.UUID, str] | None = None,
    refused: dict[uuid.UUID, str] | None = None,
) -> Response:
    most = service.MOST_AT_ONCE
    async with database.reading() as session:
        found = await queries.addressable(session, here.organisation_id, here.course.id, start=start, most=most + 1)
        session.expunge_all()
    context: dict[str, Any] = {
        "home": _address(here.course),
        "content": f"/courses/{here.course.id}/content",
        "address": f"{_address(here.course)}/addresses",
        "items": found[:most],
        "start": start,
        "back": max(start - most, 0) if start else None,
        "next": start + most if len(found) > most else None,
        "given": given or {},
        "refused": refused or {},
        "notice": _notice(request),
    }
    return pages.render(request, "content/file_addresses.html", context, status_code=422 if refused else 200)
