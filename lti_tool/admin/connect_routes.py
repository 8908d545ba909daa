"""Connecting an LMS: choose it, by a link that its administrator pastes there, or by hand with every value to copy."""

import json
import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.admin import connect, connect_forms, queries
from lti_tool.admin.access import AdministratorChanging, AdministratorIn, OwnerOnly
from lti_tool.admin.connect_forms import Told
from lti_tool.admin.console import Console
from lti_tool.admin.marked import marked
from lti_tool.admin.replies import show
from lti_tool.admin.words import FAMILY_WORDS
from lti_tool.db.session import Database
from lti_tool.errors import Conflict
from lti_tool.lti.invites import WITHOUT_DYNAMIC_REGISTRATION, invite_address
from lti_tool.lti.models import Family, RegistrationInvite
from lti_tool.lti.platform_fields import AlreadyConnected
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.tool_description import tool_configuration
from lti_tool.platforms import by_link, quirks
from lti_tool.platforms.by_hand import Choice, by_hand
from lti_tool.platforms.canvas_key import canvas_developer_key
from lti_tool.settings import Settings
from lti_tool.web.dependencies import CurrentDatabase, CurrentSettings, Now, ReadSession
from lti_tool.web.i18n import N_
from lti_tool.web.navigation import ADMINISTRATION
from lti_tool.web.pages import language_of
from lti_tool.web.replies import see

ADDRESS = f"{ADMINISTRATION}/connect"
SAID = {"revoked": N_("Taken back. The link opens nothing any more.")}
_FIELDS = ("name", "site", "client_id", "deployment_ids", *connect_forms.COMPLETED)

router = APIRouter(prefix=ADDRESS)


@router.get("", name="connect")
async def choose(request: Request, here: AdministratorIn, session: ReadSession, clock: Now) -> Response:
    """Every LMS, the quick way first, and the links that are still open."""
    context = {
        "easy": by_link.EASY,
        "by_hand_only": [one for one in Family if one in WITHOUT_DYNAMIC_REGISTRATION],
        "families": FAMILY_WORDS,
        "organisations": await queries.organisations(session, here),
        "open_invites": await connect.open_invites(session, here, clock.now()),
    }
    return show(request, here, "admin/connect.html", context, said=SAID)


# An address of its own: what is shown after the form is no longer the page that the form was on.
@router.post("/invites", name="invite")
async def invite(
    request: Request,
    here: AdministratorChanging,
    database: CurrentDatabase,
    settings: CurrentSettings,
    clock: Now,
    lms: Annotated[Family, Form()],
    organisation: Annotated[str, Form()] = "",
) -> Response:
    """Make a link for an LMS, and show it: once, since only its digest is kept."""
    async with database.writing() as session:
        school = await connect.organisation_for(session, here, organisation, clock.now())
        made, code = await connect.make_invite(session, here, school, lms, clock.now())
    return _invited(request, here, settings, made, code, {"organisation": school.name, "renews": None})


@router.get("/invites", name="invites")
async def invites_page(_here: AdministratorIn) -> Response:
    """Whoever asks again for a link that was shown finds those that are open."""
    return see(ADDRESS, anchor="links")


@router.post("/again/{registration_id}", name="invite_again")
async def invite_again(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    settings: CurrentSettings,
    clock: Now,
) -> Response:
    """Make a link that renews a registration, after its addresses or what it may do have changed in the LMS."""
    async with database.writing() as session:
        renewed, made, code = await connect.make_renewal(session, here, registration_id, clock.now())
    return _invited(request, here, settings, made, code, {"organisation": None, "renews": renewed})


@router.get("/again/{registration_id}")
async def again_page(_here: AdministratorIn, registration_id: uuid.UUID) -> Response:
    """Whoever asks again for a link that was shown is back where it was made."""
    return see(f"{ADMINISTRATION}/platforms/{registration_id}")


@router.post("/invites/{invite_id}/revoke", name="revoke_invite")
async def revoke(here: AdministratorChanging, invite_id: uuid.UUID, database: CurrentDatabase, clock: Now) -> Response:
    """Take a link back."""
    async with database.writing() as session:
        await connect.revoke(session, here, invite_id, clock.now())
    return see(ADDRESS, "revoked")


@router.get("/{lms}", name="connect_by_hand")
async def by_hand_page(
    request: Request, here: AdministratorIn, lms: Family, database: CurrentDatabase, settings: CurrentSettings
) -> Response:
    """The values to paste, the steps, and the form for what comes back."""
    async with database.reading() as session:
        return await _by_hand(request, here, session, settings, lms)


@router.post("/{lms}")
async def connect_by_hand(
    request: Request,
    here: AdministratorChanging,
    lms: Family,
    database: CurrentDatabase,
    settings: CurrentSettings,
    clock: Now,
) -> Response:
    """Register what came back; the platform's page is next. What cannot be used is said at its field."""
    if by_hand(settings, lms).back.shared and not here.owner:
        raise OwnerOnly("the schools of this family share a registration")
    form = await request.form()
    values = {name: value for name in (*_FIELDS, "organisation") if isinstance(value := form.get(name, ""), str)}
    told = connect_forms.read(settings, lms, values, has_organisation=True)
    if not told.errors:
        try:
            done = await _connected(here, database, settings, lms, told, clock)
        except (AlreadyConnected, Conflict) as error:
            field = "client_id" if isinstance(error, AlreadyConnected) else "deployment_ids"
            told.errors[field] = _WORDS[field]
        else:
            protocol: Protocol = request.app.state.protocol
            protocol.forget(done.registration)
            return see(f"{ADMINISTRATION}/platforms/{done.registration.id}", "added" if done.added else "installed")
    async with database.reading() as session:
        return await _by_hand(request, here, session, settings, lms, told)


_WORDS = {
    "client_id": N_("A platform with this issuer and client id is connected already. Look in the list of platforms."),
    "deployment_ids": N_("One of these deployments belongs to another organisation already."),
}


async def _connected(
    here: Console, database: Database, settings: Settings, lms: Family, told: Told, clock: Now
) -> connect.Connected:
    async with database.writing() as session:
        school = await connect.organisation_for(session, here, told.values.get("organisation", ""), clock.now())
        return await connect.connect(session, here, settings, school, lms, told.platform, clock.now())


def _invited(
    request: Request,
    here: Console,
    settings: Settings,
    made: RegistrationInvite,
    code: str,
    context: Mapping[str, Any],
) -> Response:
    values = {
        "invite": made,
        "link": invite_address(settings.base_url, code),
        "family": FAMILY_WORDS[made.lms],
        "steps": by_link.steps(made.lms),
        "marked": marked,
        **context,
    }
    return show(request, here, "admin/invited.html", values)


async def _by_hand(
    request: Request, here: Console, session: AsyncSession, settings: Settings, lms: Family, told: Told | None = None
) -> Response:
    how = by_hand(settings, lms)
    values = told.values if told else {}
    usual = {"name": "" if lms is Family.OTHER else language_of(request).gettext(FAMILY_WORDS[lms])}
    shared = await connect.shared_client_ids(session, lms) if how.back.shared else ()
    if len(shared) == 1:
        usual["client_id"] = shared[0]
    errors = _sentences(request, told)
    openly = connect_forms.asked_openly(how)
    context = {
        "lms": lms,
        "family": FAMILY_WORDS[lms],
        "how": how,
        "marked": marked,
        "is_choice": lambda value: isinstance(value, Choice),
        "developer_key": _developer_key(settings) if lms is Family.CANVAS else None,
        "by_link": lms not in WITHOUT_DYNAMIC_REGISTRATION,
        "openly": openly,
        "wrong_below": any(name in errors for name in connect_forms.COMPLETED if name not in openly),
        "known": {name: how.back.known(name) for name in connect_forms.COMPLETED},
        "shared_client_ids": shared,
        "organisations": await queries.organisations(session, here),
        "values": usual | dict(values),
        "errors": errors,
        "only_https": not settings.on_loopback,
    }
    return show(request, here, "admin/connect_by_hand.html", context, status_code=422 if errors else 200)


def _sentences(request: Request, told: Told | None) -> dict[str, str]:
    language = language_of(request)
    return {name: language.gettext(words) for name, words in told.errors.items()} if told else {}


def _developer_key(settings: Settings) -> str:
    return json.dumps(canvas_developer_key(tool_configuration(settings, quirks(Family.CANVAS))), indent=2)
