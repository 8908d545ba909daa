"""The picker: what a teacher sees who adds this tool's content from the LMS's course editor, and the answer they send."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.lti import deep_linking
from lti_tool.lti.deep_linking import PLAIN_LINK_TYPE, Answer, OpenRequest
from lti_tool.lti.sessions import origin_of
from lti_tool.lti.tool_description import ToolConfiguration, tool_configuration
from lti_tool.platforms import quirks
from lti_tool.playlists import forms, picking
from lti_tool.playlists.forms import MOST_POINTS, Entered
from lti_tool.playlists.others import pickables
from lti_tool.playlists.replies import picker_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of

router = APIRouter(prefix="/courses/{course_id}/pick/{request_id}")

_NEW = "new"
_FRONT = "front"


@router.get("", name="pick_content")
async def picker(
    request: Request, here: TeacherIn, request_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """The course's playlists to choose from, or a page that says that nothing here fits that place."""
    found = await _found(database, here, request_id, clock)
    return await _page(request, here, database, pages, found)


@router.post("")
async def send(
    request: Request,
    here: TeacherChanging,
    request_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Send the choice to the LMS: a page whose form is posted there by itself, or with its button."""
    now = clock.now()
    form = await request.form()
    entered = Entered.of(form)
    found = await _found(database, here, request_id, clock)
    choice = _choice(form, entered, found)
    if entered.errors:
        return await _page(request, here, database, pages, found, form=form, entered=entered, status_code=422)
    language = language_of(request)
    words = picking.Words(language.gettext(N_("My playlists")), language.gettext(N_("See this student’s path")))
    async with database.writing() as session:
        configuration = _configuration(request, found)
        items = await picking.pick(
            session, here.course, found, configuration, choice, words, here.person_id, now, pickables(request)
        )
        text = language.ngettext("%(num)s link was added.", "%(num)s links were added.", len(items))
        said = deep_linking.Said(msg=text % {"num": len(items)})
        answer = await deep_linking.answer(session, request.app.state.protocol.keys, found, items, now, said)
    return _answer_page(request, pages, answer)


@router.post("/cancel", name="cancel_picking")
async def cancel(
    request: Request,
    here: TeacherChanging,
    request_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Back to the LMS with nothing chosen; with an error where nothing could be."""
    now = clock.now()
    found = await _found(database, here, request_id, clock)
    language = language_of(request)
    if picking.item_type(found.settings) is None:
        said = deep_linking.Said(
            errormsg=language.gettext(N_("This tool has nothing that can be added in this place.")),
            errorlog="accept_types holds neither ltiResourceLink nor link",
        )
    else:
        said = deep_linking.Said(msg=language.gettext(N_("Nothing was added.")), log="cancelled by the person")
    async with database.writing() as session:
        answer = await deep_linking.answer(session, request.app.state.protocol.keys, found, [], now, said)
    return _answer_page(request, pages, answer)


async def _found(database: Database, here: InCourse, request_id: uuid.UUID, clock: Now) -> OpenRequest:
    async with database.reading() as session:
        return await deep_linking.find_request(
            session,
            here.organisation_id,
            request_id,
            course_id=here.course.id,
            person_id=here.person_id,
            now=clock.now(),
        )


def _configuration(request: Request, found: OpenRequest) -> ToolConfiguration:
    return tool_configuration(request.app.state.settings, quirks(found.settings.family))


# --- The form -----------------------------------------------------------------------------------------------------------


def _choice(form: FormData, entered: Entered, found: OpenRequest) -> picking.Choice:
    """What was chosen; look at ``entered.errors`` after."""
    settings = found.settings
    picked = [value for value in form.getlist("pick") if isinstance(value, str)]
    others = {value for value in picked if ":" in value}
    ids = {forms.parsed(uuid.UUID, value) for value in picked if value not in {_NEW, _FRONT} and value not in others}
    title = entered.text("new_title", 200)
    wants_new = _NEW in picked or (bool(title) and (settings.accept_multiple or not picked))
    if wants_new and not title:
        entered.errors["new_title"] = N_("Please give the playlist a title.")
    many = len(ids) + len(others) + wants_new + (_FRONT in picked)
    if many == 0 and "new_title" not in entered.errors:
        entered.errors["pick"] = N_("Please choose a playlist, or make a new one.")
    elif many > 1 and not settings.accept_multiple:
        entered.errors["pick"] = N_("Only one can be added in this place. Please choose one.")
    elif many > picking.MOST_PICKED:
        entered.errors["pick"] = N_("That is too much at once. Please choose fewer.")
    has_column = entered.values.get("has_column") == "yes"
    points = None
    if has_column:
        points = entered.number("points", 0.01, MOST_POINTS, N_("Please enter points above 0, at most 10 000."))
    offered = picking.targets(settings)
    target = entered.values.get("target", "")
    return picking.Choice(
        playlist_ids=ids,
        others=others,
        front=_FRONT in picked,
        new_title=title if wants_new else "",
        new_id=entered.made_id("new_id"),
        has_column=has_column,
        points=100.0 if points is None else points,
        target=target if target in offered else next(iter(offered), None),
    )


async def _page(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    found: OpenRequest,
    *,
    form: FormData | None = None,
    entered: Entered | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        offer = await picking.offer(session, here.course, found.settings, pickables(request))
    _let_forms_go(request, found.return_url)
    picked = [value for value in form.getlist("pick") if isinstance(value, str)] if form is not None else []
    chosen = [str(offer.chosen)] if offer.chosen else []
    chosen += [room.value(one.id) for room, picks in offer.others for one in picks if one.id == offer.chosen]
    context: dict[str, Any] = {
        "offer": offer,
        "picked": picked if form is not None else chosen,
        "plain": offer.item_type == PLAIN_LINK_TYPE,
        "address": picker_address(here.course.id, found.id),
        "new_id": (entered.values.get("new_id") if entered else None) or new_id(),
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "came_back": entered is not None,
        "sections": [],
    }
    template = "playlists/pick.html" if offer.item_type else "playlists/pick_nothing.html"
    return pages.render(request, template, context, status_code=status_code)


# --- The answer ---------------------------------------------------------------------------------------------------------


def _answer_page(request: Request, pages: Pages, answer: Answer) -> Response:
    _let_forms_go(request, answer.return_url)
    return pages.render(request, "playlists/pick_answer.html", {"answer": answer})


def _let_forms_go(request: Request, return_url: str) -> None:
    """Let a form of this page be posted to the LMS, whose answer may redirect within its own origins.

    Already the picker says so: where the answer is fetched by script, the page's own policy stays in force.
    """
    visit = request.state.visit
    request.state.form_action = [origin for origin in (origin_of(return_url), *visit.frame_origins) if origin]
