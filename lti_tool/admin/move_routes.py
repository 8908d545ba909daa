"""An LMS that has another address: what would change, and moving it."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from lti_tool.admin import moving, service
from lti_tool.admin.access import AdministratorChanging, AdministratorIn
from lti_tool.admin.console import Console
from lti_tool.admin.platform_routes import ADDRESS, address_of, farewell, forget, is_own_way_in
from lti_tool.admin.replies import show
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.lti.platform_fields import FieldsUnusable
from lti_tool.settings import Settings
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, CurrentSettings, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of, say
from lti_tool.web.replies import see

PLACE_WORDS = {
    "courses": N_("services and pages of courses"),
    "links": N_("columns of links"),
    "columns": N_("gradebook columns"),
    "items": N_("items of courses"),
    "steps": N_("steps of playlists"),
    "options": N_("choices on menus"),
}
"""What has addresses, in words; message ids."""

_FIELD_OF = {
    moving.BasesUnusable.code: "old_base",
    moving.NothingMoves.code: "issuer",
    moving.PlaceTaken.code: "issuer",
}

router = APIRouter(prefix=ADDRESS)


@router.get("/{registration_id}/move", name="move_platform")
async def ask(
    request: Request,
    here: AdministratorIn,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    settings: CurrentSettings,
) -> Response:
    """Where it is now, to be entered."""
    return await _page(request, here, registration_id, database, settings, None)


@router.post("/{registration_id}/move")
async def move(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    settings: CurrentSettings,
    clock: Now,
    pages: CurrentPages,
    issuer: Annotated[str, Form()] = "",
    old_base: Annotated[str, Form()] = "",
    new_base: Annotated[str, Form()] = "",
    auth_login_url: Annotated[str, Form()] = "",
    token_url: Annotated[str, Form()] = "",
    jwks_url: Annotated[str, Form()] = "",
    do: Annotated[str, Form()] = "",
) -> Response:
    """What would change; or, with ``do`` of ``move``, change it."""
    wish = moving.Wish(issuer, old_base, new_base, auth_login_url, token_url, jwks_url)
    if do != "move":
        return await _page(request, here, registration_id, database, settings, wish)
    try:
        async with database.writing() as session:
            await service.own_platform(session, here, registration_id)
            done = await moving.move(session, registration_id, wish, settings, here.actor, clock.now())
    except (moving.NothingMoves, moving.PlaceTaken, moving.BasesUnusable, FieldsUnusable):
        # Something else was changed meanwhile: the page says what.
        return await _page(request, here, registration_id, database, settings, wish)
    forget(request, done.registration)
    if is_own_way_in(here, done.registration):
        return farewell(
            request, pages, N_("This platform is moved"), more=N_("Open the tool anew from the LMS’s new address.")
        )
    return see(address_of(registration_id), "moved")


async def _page(
    request: Request,
    here: Console,
    registration_id: uuid.UUID,
    database: Database,
    settings: Settings,
    wish: moving.Wish | None,
) -> Response:
    language = language_of(request)
    errors: dict[str, str] = {}
    found: moving.Plan | None = None
    status = 200
    async with database.reading() as session:
        registration = await service.own_platform(session, here, registration_id)
        if registration.organisation_id is None:
            raise moving.SharedCannotMove("the registration is shared")
        if wish is not None:
            try:
                found = await moving.plan(session, registration, wish, settings)
            except FieldsUnusable as error:
                errors = {one.field: language.gettext(one.words) for one in error.problems}
                status = error.status
            except ToolError as error:
                errors = {_FIELD_OF.get(error.code, "issuer"): ". ".join(say(request, error))}
                status = 422 if error.status < 409 else error.status
        session.expunge_all()
    context: dict[str, Any] = {
        "registration": registration,
        "address": address_of(registration_id),
        "wish": wish or moving.Wish(),
        "plan": found,
        "places": PLACE_WORDS,
        "errors": errors,
        "own_way_in": is_own_way_in(here, registration),
    }
    return show(request, here, "admin/move_platform.html", context, status_code=status)
