"""A platform's own API in the console: connecting it, finding out what it can do, an account of the school's own, and the end."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from lti_tool.admin import api_access
from lti_tool.admin.access import AdministratorChanging, AdministratorIn
from lti_tool.admin.api_access import Place, Standing
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.admin.marked import marked
from lti_tool.admin.platform_routes import ADDRESS, address_of
from lti_tool.admin.replies import show
from lti_tool.admin.words import FAMILY_WORDS
from lti_tool.content import queries as content_queries
from lti_tool.content.access import connecting, consent, finding, words
from lti_tool.content.access import queries as access_queries
from lti_tool.content.access.choosing import needs_consent
from lti_tool.content.access.consent import NOTHING_YET, last_answer
from lti_tool.content.access.keeping import unwanted_in
from lti_tool.content.access.scopes import ToEnter, to_enter
from lti_tool.content.access_models import ORGANISATION
from lti_tool.content.connectors import Connectors
from lti_tool.content.models import ApiConnection
from lti_tool.content.ports import Capability
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest
from lti_tool.lti.secret import secret_key
from lti_tool.platforms import api_by_hand
from lti_tool.settings import Settings
from lti_tool.web.dependencies import CurrentDatabase, CurrentSettings, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see

router = APIRouter(prefix=ADDRESS + "/{registration_id}/api")

SAID = {
    "connected": N_("Kept. Find out now what it can do."),
    "connected-teachers": N_("Kept. Teachers find Connect on the page Content and results of their courses."),
    "connected-school": N_("Kept. Now let an account of your school give access."),
    "found": N_("This is what the connection can do now."),
    "given": N_("Access was given. Find out now what it can do."),
    "withdrawn": N_("The account's access was ended, here and in the LMS."),
    "ended": N_("Disconnected. Its secrets are deleted; what was read stays."),
    "ended-untold": N_(
        "Disconnected. Its secrets are deleted; what was read stays. The LMS did not answer for every access that people gave: "
        "delete the key there, which ends them all."
    ),
}

_WRONG = {
    "bad-address": ("base_url", N_("Begin with https:// and end with the host, such as https://school.example.")),
    "another-platform": (
        "base_url",
        N_("This is another Moodle's address. Enter the one that people open this Moodle at, as its launches name it."),
    ),
    "bad-token": ("token", N_("Copy the whole token: it has up to 2000 characters and no space inside.")),
    "bad-key": ("client_id", N_("Copy the whole id and the whole secret of the key: neither has a space inside.")),
}
"""The field that an error belongs to, and what to say there."""

School = Annotated[str, Query(max_length=36)]
SchoolField = Annotated[str, Form(max_length=36)]


@dataclass(frozen=True, slots=True)
class _At:
    """A place whose organisation is known."""

    place: Place
    organisation_id: uuid.UUID


@router.get("", name="platform_api")
async def one(
    request: Request,
    here: AdministratorIn,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    organisation: School = "",
) -> Response:
    """How the access stands, what it can do, and how it is given."""
    return await _page(request, here, database, registration_id, organisation)


@router.post("", name="connect_platform_api")
async def connect(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    settings: CurrentSettings,
    clock: Now,
    organisation: SchoolField = "",
) -> Response:
    """Keep a token or a key; an earlier access is replaced. What is wrong is said at its field, and no secret comes back."""
    form = await request.form()
    told = {name: value for name, value in form.items() if isinstance(value, str)}
    by_key = told.get("way") in {"teachers", "school"}
    wanted = connecting.Wanted(
        told.get("base_url", ""),
        token="" if by_key else told.get("token", ""),
        client_id=told.get("client_id", "") if by_key else None,
        client_secret=told.get("client_secret", ""),
        by_teachers=told.get("way") == "teachers",
        site_url=told.get("site_url", ""),
        unwanted=() if told.get("student_access") or not by_key else (Capability.STUDENT_ACCESS,),
    )
    connectors: Connectors = request.app.state.connectors
    async with database.reading() as session:
        at = _place(await api_access.place(session, here, registration_id, organisation))
        before = await content_queries.connection(session, at.organisation_id, registration_id)
        grants = await access_queries.grants(session, at.organisation_id, before.id) if before is not None else ()
    try:
        async with database.writing() as session:
            kept = await connecting.connect(
                session,
                at.place.registration,
                at.organisation_id,
                wanted,
                clock.now(),
                secret_key=secret_key(settings),
                actor=here.actor,
            )
    except BadRequest as error:
        return await _page(request, here, database, registration_id, organisation, wrong=error.code, values=told)
    if before is not None:
        await consent.end_all(connectors, before, at.place.registration, grants)
    said = "connected"
    if needs_consent(kept):
        said = "connected-teachers" if kept.by_teachers else "connected-school"
    return see(address_of(registration_id) + "/api", said, organisation=organisation or None)


@router.post("/find-out", name="find_out_platform_api")
async def find_out(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    organisation: SchoolField = "",
) -> Response:
    """Ask the platform what this access can do. What went wrong stands on the page afterwards."""
    async with database.reading() as session:
        at = _place(await api_access.place(session, here, registration_id, organisation))
    connectors: Connectors = request.app.state.connectors
    registration = at.place.registration
    found = await finding.find_out(
        database, connectors, registration.lms, at.organisation_id, registration_id, clock.now()
    )
    async with database.writing() as session:
        connecting.note(
            session,
            registration,
            at.organisation_id,
            clock.now(),
            "api.looked-at",
            actor=here.actor,
            detail=found.trouble.code if found.trouble is not None else None,
        )
    said = "found" if found.trouble is None else None
    return see(address_of(registration_id) + "/api", said, "can", organisation=organisation or None)


@router.post("/consent", name="ask_for_platform_api")
async def ask(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    organisation: SchoolField = "",
) -> Response:
    """Begin to let an account of the school's own give access: a link that opens a window of its own."""
    at, connection = await _connected(database, here, registration_id, organisation)
    async with database.writing() as session:
        code = await consent.begin(session, connection, clock.now(), begun_by=here.actor)
    context = _context(at.place) | {"code": code, "school": organisation}
    return show(request, here, "admin/api_consent.html", context)


@router.get("/consent/state", name="state_of_platform_api_consent")
async def state(
    request: Request,
    here: AdministratorIn,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    organisation: School = "",
) -> Response:
    """A fragment: whether the account has given access by now."""
    _, connection = await _connected(database, here, registration_id, organisation)
    async with database.reading() as session:
        found = await consent.state_of(session, connection, None, clock.now())
    if found == "waiting":
        return Response(status_code=NOTHING_YET)
    context = {
        "state": found,
        "onward": f"{address_of(registration_id)}/api{_school(organisation, said='given')}",
        "back": f"{address_of(registration_id)}/api{_school(organisation)}",
    }
    return show(request, here, "content/access_state.html", context, status_code=last_answer(request))


@router.post("/consent/end", name="end_platform_api_consent")
async def end_consent(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    organisation: SchoolField = "",
) -> Response:
    """End the access of the school's own account; the key stays, so that another account can give it."""
    at, connection = await _connected(database, here, registration_id, organisation)
    connectors: Connectors = request.app.state.connectors
    await consent.withdraw(
        database, connectors, connection, at.place.registration, ORGANISATION, clock.now(), actor=here.actor
    )
    return see(address_of(registration_id) + "/api", "withdrawn", organisation=organisation or None)


@router.get("/disconnect", name="disconnect_platform_api")
async def ask_disconnect(
    request: Request,
    here: AdministratorIn,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    organisation: School = "",
) -> Response:
    """What disconnecting means, before it is done."""
    connectors: Connectors = request.app.state.connectors
    async with database.reading() as session:
        at = _place(await api_access.place(session, here, registration_id, organisation))
        standing = await api_access.standing(session, at.place, connectors.secrets)
    if standing.connection is None:
        raise NotInConsole("there is no connection")
    context = _context(at.place) | {"standing": standing, "school": organisation}
    return show(request, here, "admin/api_disconnect.html", context)


@router.post("/disconnect")
async def disconnect(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    organisation: SchoolField = "",
) -> Response:
    """Forget secrets and consents, then have the platform forget them too, as far as it answers."""
    at, connection = await _connected(database, here, registration_id, organisation)
    connectors: Connectors = request.app.state.connectors
    async with database.writing() as session:
        grants = [*await access_queries.grants(session, at.organisation_id, connection.id)]
        session.expunge_all()
        await connecting.disconnect(session, at.place.registration, connection, clock.now(), actor=here.actor)
    done = await consent.end_all(connectors, connection, at.place.registration, grants)
    said = "ended" if done == len(grants) else "ended-untold"
    return see(address_of(registration_id) + "/api", said, organisation=organisation or None)


# --- Shared ------------------------------------------------------------------------------------------------------------


def _place(found: Place) -> _At:
    if found.organisation is None:
        raise NotInConsole("no organisation was chosen")
    return _At(found, found.organisation.id)


async def _connected(
    database: Database, here: Console, registration_id: uuid.UUID, organisation: str
) -> tuple[_At, ApiConnection]:
    """The place, and the connection that it must have."""
    async with database.reading() as session:
        at = _place(await api_access.place(session, here, registration_id, organisation))
        found = await content_queries.connection(session, at.organisation_id, registration_id)
    if found is None:
        raise NotInConsole("there is no connection")
    return at, found


def _school(organisation: str, said: str | None = None) -> str:
    """The part of an address that names the organisation, where one was chosen."""
    values = {name: value for name, value in (("organisation", organisation), ("said", said)) if value}
    return f"?{urlencode(values)}" if values else ""


def _context(at: Place) -> dict[str, Any]:
    return {
        "registration": at.registration,
        "organisation": at.organisation,
        "schools": at.schools,
        "address": address_of(at.registration.id),
        "family": FAMILY_WORDS[at.registration.lms],
    }


async def _page(
    request: Request,
    here: Console,
    database: Database,
    registration_id: uuid.UUID,
    organisation: str,
    *,
    wrong: str | None = None,
    values: Mapping[str, str] | None = None,
) -> Response:
    """The page; when a form came back with what was entered (never a secret), and the code of what is ``wrong``."""
    connectors: Connectors = request.app.state.connectors
    async with database.reading() as session:
        at = await api_access.place(session, here, registration_id, organisation)
        standing = await api_access.standing(session, at, connectors.secrets)
    told = dict(values or {})
    errors = {}
    if wrong is not None:
        field, sentence = _WRONG.get(wrong, _WRONG["bad-address"])
        by_token = told.get("way") == "token" and standing.by_key is not None
        errors[f"token_{field}" if by_token and field == "base_url" else field] = language_of(request).gettext(sentence)
    context = _context(at) | {
        "standing": standing,
        "school": organisation,
        "marked": marked,
        "key_steps": api_by_hand.BY_KEY.get(at.registration.lms, ()),
        "token_steps": api_by_hand.BY_TOKEN.get(at.registration.lms, ()),
        "key_enters": _enters(request, at, by_key=True),
        "token_enters": _enters(request, at, by_key=False),
        "troubles": words.TROUBLES,
        "remark_words": words.REMARKS,
        "need_words": words.NEEDS,
        "wants_dates": _wants_dates(standing, told),
        "values": told,
        "errors": errors,
    }
    return show(request, here, "admin/api.html", context, said=SAID, status_code=422 if errors else 200)


def _enters(request: Request, at: Place, *, by_key: bool) -> list[ToEnter]:
    settings: Settings = request.app.state.settings
    return to_enter(at.registration.lms, settings.base_url, by_key=by_key)


def _wants_dates(standing: Standing, told: Mapping[str, str]) -> bool:
    """Whether the box is ticked that lets the tool set dates for single students."""
    if told:
        return bool(told.get("student_access"))
    return standing.connection is None or Capability.STUDENT_ACCESS not in unwanted_in(standing.connection.abilities)
