"""Bringing a framework in: a file or an address, what it would change, and the import once that is confirmed."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, Request
from starlette.datastructures import FormData, QueryParams
from starlette.responses import RedirectResponse, Response

from lti_tool.competencies import framework_queries, import_queries, importing
from lti_tool.competencies.fetching import Fetched, fetch
from lti_tool.competencies.framework_replies import (
    demand_change,
    field_name,
    frameworks_address,
    imported,
    notice,
    problem_words,
    where,
)
from lti_tool.competencies.importing import Preview, Wish
from lti_tool.competencies.models import FrameworkSource
from lti_tool.competencies.reading.loops import Edge
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.competencies.reading.values import MOST_BYTES, FrameworkFile
from lti_tool.competencies.sections import views
from lti_tool.content import drafts
from lti_tool.content.drafts import Drafts, TheirDrafts
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, Conflict, NotFound, ToolError
from lti_tool.settings import Settings
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, CurrentSettings
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, say
from lti_tool.web.replies import see

KIND = "framework"
"""What a kept file is to become; see content.drafts."""

SHOWN = 100
"""Changes and problems that a preview lists of each kind; the rest is counted."""

NEW = "new"

router = APIRouter(prefix="/courses/{course_id}/competencies/frameworks")


class PreviewChanged(Conflict):
    """The import would do something else by now than what was shown."""

    code = "framework-changed"
    title = N_("The framework was changed in the meantime")
    advice = N_("This is what the file would change now. Look at it again, then import. Nothing was changed.")


class NotAgain(BadRequest):
    """A framework without an address that it could be fetched from again."""

    code = "framework-no-address"
    title = N_("This framework came from a file")
    advice = N_("Choose the newer file instead.")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file between its preview and the import."""

    name: str
    address: str | None
    content: bytes


# --- Choosing -----------------------------------------------------------------------------------------------------------


@router.get("/new", name="new_framework")
async def ask(request: Request, here: TeacherIn, pages: CurrentPages) -> Response:
    """A file or an address."""
    demand_change(here)
    return _ask(request, here, pages)


@router.post("/upload", name="upload_framework")
async def upload(
    request: Request,
    here: TeacherChanging,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """Keep a chosen file, and go on to its preview."""
    # The form is open already, since it names its page's session: whoever may not import closes it too.
    async with request.form() as form:
        demand_change(here)
        name, content = await drafts.chosen(form, MOST_BYTES)
    try:
        if not content and not name:
            raise drafts.NoFile("no file")
        await asyncio.to_thread(read_framework, content)
    except ToolError as trouble:
        return _ask(request, here, pages, trouble)
    return await _keep(database, theirs, Kept(name, None, content))


@router.post("/fetch", name="fetch_framework")
async def from_address(
    request: Request,
    here: TeacherChanging,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    settings: CurrentSettings,
    pages: CurrentPages,
) -> Response:
    """Read a CASE server's address: a package goes on to its preview, a list is shown to choose from."""
    demand_change(here)
    form = await request.form()
    address = _text(form, "address")
    return await _fetched(request, here, database, theirs, settings, pages, address)


@router.post("/{framework_id}/fetch", name="fetch_framework_again")
async def again(
    request: Request,
    here: TeacherChanging,
    framework_id: uuid.UUID,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    settings: CurrentSettings,
    pages: CurrentPages,
) -> Response:
    """Read a framework's address once more, to see what its publisher has changed."""
    demand_change(here)
    async with database.reading() as session:
        found = await framework_queries.framework(session, here.organisation_id, framework_id, here.course.id)
        if found is None:
            raise NotFound("no such framework for this course")
        address = found.source_address
    if address is None:
        raise NotAgain("the framework has no address")
    return await _fetched(request, here, database, theirs, settings, pages, address)


async def _fetched(
    request: Request,
    here: InCourse,
    database: Database,
    theirs: Drafts,
    settings: Settings,
    pages: Pages,
    address: str,
) -> Response:
    http: httpx.AsyncClient = request.app.state.http
    try:
        if not address:
            raise drafts.NoFile("no address")
        # The other side is waited for outside of any transaction.
        found = await fetch(http, settings, address)
        if found.content is not None:
            await asyncio.to_thread(read_framework, found.content)
    except ToolError as trouble:
        return _ask(request, here, pages, trouble, address)
    if found.content is None:
        return _choose(request, here, pages, address, found)
    return await _keep(database, theirs, Kept("", found.address, found.content))


# --- Looking ------------------------------------------------------------------------------------------------------------


@router.get("/drafts/{draft_id}", name="preview_framework")
async def preview(
    request: Request,
    here: TeacherIn,
    draft_id: uuid.UUID,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """What a kept file would change. Nothing is stored by looking."""
    demand_change(here)
    kept = await _kept(database, theirs, draft_id)
    file = await asyncio.to_thread(read_framework, kept.content)
    wish = _wish(here, kept, file, request.query_params)
    return await _preview(request, here, database, pages, draft_id, kept, file, wish)


@router.post("/drafts/{draft_id}", name="import_framework")
async def confirm(
    request: Request,
    here: TeacherChanging,
    draft_id: uuid.UUID,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """Import what the preview showed; where it would be something else by now, show that."""
    demand_change(here)
    form = await request.form()
    if _text(form, "answer") == "no":
        async with database.writing() as session:
            await theirs.forget(session, draft_id)
        return see(frameworks_address(here.course.id), "discarded")
    if _text(form, "answer") == "look":
        return RedirectResponse(f"{request.url.path}?{_choices(form)}", status_code=303)
    kept = await _kept(database, theirs, draft_id)
    file = await asyncio.to_thread(read_framework, kept.content)
    wish = _wish(here, kept, file, form)
    try:
        async with database.writing() as session:
            now = theirs.now
            shown = await importing.preview(session, here.organisation_id, file, wish)
            if _digest(shown) != _text(form, "shown"):
                raise PreviewChanged("the import would change something else by now")
            done = await importing.apply(
                session,
                here.organisation_id,
                file,
                wish,
                now,
                by=here.visit.person_id,
                confirmed=_text(form, "confirmed") == "yes",
            )
            await theirs.forget(session, draft_id)
    except ToolError as trouble:
        return await _preview(request, here, database, pages, draft_id, kept, file, wish, trouble)
    address = f"{frameworks_address(here.course.id)}/{done.framework_id}"
    return see(address, imported(done.counts, is_new=done.is_new))


# --- Parts --------------------------------------------------------------------------------------------------------------


def _text(form: FormData | QueryParams, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


async def _keep(database: Database, theirs: Drafts, kept: Kept) -> Response:
    # An address says where the framework can be fetched again; it is kept with the file, in a line before it.
    content = json.dumps({"address": kept.address}).encode() + b"\n" + kept.content
    async with database.writing() as session:
        draft_id = await theirs.keep(session, KIND, kept.name, content)
    return see(f"{frameworks_address(theirs.course.id)}/drafts/{draft_id}")


async def _kept(database: Database, theirs: Drafts, draft_id: uuid.UUID) -> Kept:
    async with database.reading() as session:
        name, content = await theirs.find(session, KIND, draft_id)
    head, _, body = content.partition(b"\n")
    return Kept(name, json.loads(head)["address"], body)


def _wish(here: InCourse, kept: Kept, file: FrameworkFile, form: FormData | QueryParams) -> Wish:
    """What the preview's form says; without it, what is most likely meant."""
    into = _text(form, "into")
    chosen: uuid.UUID | None = None
    if into and into != NEW and file.identifier is None:
        try:
            chosen = uuid.UUID(into)
        except ValueError:
            raise BadRequest("into is no id") from None
    related: bool | None = None
    if file.related and "related" in form:
        related = _text(form, "related") == "prerequisites"
    return Wish(
        course_id=here.course.id,
        into=chosen,
        as_new=into == NEW,
        title=_text(form, "title")[:500],
        title_if_none=kept.name.rpartition(".")[0] or kept.name or "CSV",
        related_as_prerequisites=related,
        left_out=_left_out(file, form.getlist("leave")),
        source_address=kept.address,
    )


def _left_out(file: FrameworkFile, given: Sequence[Any]) -> list[Edge] | None:
    """Prerequisites by the places of their ends in the file, as the form writes them: ``3.5``."""
    if not given:
        return None
    found: list[Edge] = []
    for one in given:
        first, _, second = str(one).partition(".")
        if first.isascii() and second.isascii() and first.isdigit() and second.isdigit():
            ends = int(first[:6]), int(second[:6])
            if max(ends) < len(file.competencies):
                found.append((file.competencies[ends[0]].identifier, file.competencies[ends[1]].identifier))
    return found


def _choices(form: FormData) -> str:
    """What was chosen in a preview, as a query: no session, and nothing that only the import itself needs."""
    named = ("into", "title", "related", "leave")
    return urlencode([(name, one) for name, one in form.multi_items() if name in named and isinstance(one, str)])


def _digest(shown: Preview) -> str:
    """What a preview showed, in a few characters."""
    plan = shown.plan
    said = [
        str(shown.framework_id),
        str(shown.counts),
        *(f"{one.row.identifier} {one.changes}" for one in plan.updated),
        *(str(one.id) for one in plan.retired),
        *(str(loop) for loop in plan.loops),
        # A title is entered in the same form, and is no surprise.
        *(str(one) for one in shown.changes if one.name != "title"),
        str((len(plan.links_added), len(plan.links_removed))),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _ask(
    request: Request, here: InCourse, pages: Pages, trouble: ToolError | None = None, address: str = ""
) -> Response:
    context: dict[str, Any] = {
        "views": views(here.course.id, "frameworks"),
        "home": frameworks_address(here.course.id),
        "trouble": say(request, trouble) if trouble is not None else None,
        "address": address,
        "notice": notice(request),
    }
    status = trouble.status if trouble is not None else 200
    return pages.render(request, "competencies/framework_new.html", context, status_code=status)


def _choose(request: Request, here: InCourse, pages: Pages, address: str, found: Fetched) -> Response:
    context: dict[str, Any] = {
        "views": views(here.course.id, "frameworks"),
        "home": frameworks_address(here.course.id),
        "address": address,
        "offered": found.offered,
    }
    return pages.render(request, "competencies/framework_choose.html", context)


async def _preview(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    draft_id: uuid.UUID,
    kept: Kept,
    file: FrameworkFile,
    wish: Wish,
    trouble: ToolError | None = None,
) -> Response:
    async with database.reading() as session:
        shown = await importing.preview(session, here.organisation_id, file, wish)
        others = []
        if file.identifier is None:
            found = await import_queries.shared_frameworks_of(session, here.organisation_id, file.source)
            others = [(str(one.id), one.title) for one in found]
    place = {row.identifier: number for number, row in enumerate(file.competencies)}
    plan, names = shown.plan, shown.plan.names
    context: dict[str, Any] = {
        "views": views(here.course.id, "frameworks"),
        "home": frameworks_address(here.course.id),
        "address": f"{frameworks_address(here.course.id)}/drafts/{draft_id}",
        "kept": kept,
        "preview": shown,
        "counts": shown.counts,
        "others": others,
        "into": str(shown.framework_id or NEW),
        "new": NEW,
        "is_moodle": file.source is FrameworkSource.MOODLE,
        "added": plan.added[:SHOWN],
        "updated": [(one.row, _changes(request, one.changes)) for one in plan.updated[:SHOWN]],
        "retired": plan.retired[:SHOWN],
        "changes": _changes(request, shown.changes),
        "problems": [
            (where(request, one), problem_words(request, one), one.weight.value) for one in file.problems[:SHOWN]
        ],
        "most": SHOWN,
        "loops": [
            {
                "shown": loop.shown(names),
                "options": [
                    (f"{place[edge[0]]}.{place[edge[1]]}", " → ".join(names[end] for end in edge))
                    for edge in loop.edges
                ],
                "left_out": ".".join(str(place[end]) for end in loop.left_out),
            }
            for loop in plan.loops[:SHOWN]
        ],
        "shown": _digest(shown),
        "trouble": say(request, trouble) if trouble is not None else None,
    }
    status = trouble.status if trouble is not None else 200
    return pages.render(request, "competencies/framework_preview.html", context, status_code=status)


def _changes(request: Request, changes: Sequence[Any]) -> list[dict[str, str]]:
    return [
        {"field": field_name(request, one.name), "before": one.before, "after": one.after, "name": one.name}
        for one in changes
    ]
