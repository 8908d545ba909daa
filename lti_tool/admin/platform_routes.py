"""The platforms: their list, one with all that is known of it, its settings, switching it off and removing it."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.admin import queries, service
from lti_tool.admin.access import AdministratorChanging, AdministratorIn
from lti_tool.admin.console import Console
from lti_tool.admin.replies import show
from lti_tool.admin.words import FAMILY_WORDS, POLICY_WORDS, REGISTERED_WORDS, STATUS_WORDS
from lti_tool.content.access import consent
from lti_tool.content.connectors import BUILDERS
from lti_tool.courses.routes import ROLE_WORDS
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, ToolError
from lti_tool.lti import changes, registrations
from lti_tool.lti.families import frame_patterns
from lti_tool.lti.invites import WITHOUT_DYNAMIC_REGISTRATION
from lti_tool.lti.models import DeploymentPolicy, Registration
from lti_tool.lti.platform_fields import FieldsUnusable
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.sessions import origin_of
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, CurrentSettings, Now
from lti_tool.web.i18n import N_
from lti_tool.web.navigation import ADMINISTRATION
from lti_tool.web.pages import Pages, language_of, say
from lti_tool.web.replies import see

ADDRESS = f"{ADMINISTRATION}/platforms"
SAID = {
    "added": N_("Connected. Open the tool there once to see that it works."),
    "installed": N_("The installations are allowed. People can come in from there."),
    "saved": N_("Saved."),
    "addresses": N_("Saved. It counts from the next launch on."),
    "moved": N_("Moved. People come in from the new address."),
    "on": N_("Switched on. People can come in again."),
    "off": N_("Switched off. Nobody comes in, and whoever was in has had to leave. Nothing is lost."),
    "removed": N_("Removed, with everything that was launched from it."),
    "removed-untold": N_(
        "Removed, with everything that was launched from it. The LMS did not answer for every access that people gave: delete "
        "the tool's key there, which ends them all."
    ),
    "accepted": N_("Allowed. People can come in from there."),
    "held": N_("On hold. Nobody comes in from there until it is allowed again."),
    "role-set": N_("Saved. It counts from the next launch on."),
    "role-restored": N_("The role means again what the table says, from the next launch on."),
    "frame-added": N_("Added. It counts from the next launch on."),
    "frame-removed": N_("Removed. It counts from the next launch on."),
}

_UNTOLD = N_(
    "The LMS did not answer for every access to its own API that people gave: delete the tool's key there, which ends them all."
)

router = APIRouter(prefix=ADDRESS)


class NotThatName(BadRequest):
    """A platform is removed only by somebody who has written its name."""

    code = "name-differs"
    title = N_("This is not the platform's name")
    advice = N_("Write the name exactly as it stands above. Nothing was removed.")


def address_of(registration_id: uuid.UUID) -> str:
    """A platform's page; what is changed there hangs below."""
    return f"{ADDRESS}/{registration_id}"


# --- Looking ----------------------------------------------------------------------------------------------------------


@router.get("", name="platforms")
async def listed(request: Request, here: AdministratorIn, database: CurrentDatabase, clock: Now) -> Response:
    """Every platform that is seen here."""
    async with database.reading() as session:
        standing = await service.standing(session, here, clock.now())
    return show(request, here, "admin/platforms.html", {"standing": standing, "families": FAMILY_WORDS}, said=SAID)


@router.get("/{registration_id}", name="platform")
async def one(
    request: Request, here: AdministratorIn, registration_id: uuid.UUID, database: CurrentDatabase
) -> Response:
    """One platform with all its values, and the forms that change it."""
    return await page(request, here, database, registration_id)


async def page(
    request: Request,
    here: Console,
    database: Database,
    registration_id: uuid.UUID,
    *,
    wrong: tuple[str, ToolError] | None = None,
    words: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    """A platform's page; when a form came back with what was entered, and what is ``wrong``: the field's id, and why.

    ``words`` says it for several fields, as message ids.
    """
    language = language_of(request)
    errors = {field: language.gettext(said) for field, said in (words or {}).items()}
    if wrong is not None:
        errors[wrong[0]] = ". ".join(say(request, wrong[1]))
    async with database.reading() as session:
        registration = await service.platform(session, here, registration_id)
        deployments = await queries.deployments(session, here, registration_id)
        organisations = {one.id: one for one in await queries.organisations(session, here)}
        access = await queries.connections(session, here, registration_id)
    by_itself = [registration.auth_login_url, registration.issuer]
    origins = [origin for origin in map(origin_of, by_itself) if origin] + [*frame_patterns(registration.lms)]
    context: dict[str, Any] = {
        "registration": registration,
        "address": address_of(registration_id),
        "deployments": deployments,
        "organisations": organisations,
        "mine": here.holds(registration.organisation_id),
        "shared": registration.organisation_id is None,
        "families": FAMILY_WORDS,
        "policies": POLICY_WORDS,
        "registered": REGISTERED_WORDS,
        "statuses": STATUS_WORDS,
        "role_words": {role.value: words for role, words in ROLE_WORDS.items()},
        "own_way_in": is_own_way_in(here, registration),
        "renewable": registration.organisation_id is not None and registration.lms not in WITHOUT_DYNAMIC_REGISTRATION,
        "known_origins": list(dict.fromkeys(origins)),
        "values": values or {"role": request.query_params.get("role", "")},
        "errors": errors,
        "reads_content": registration.lms in BUILDERS,
        "access": access,
    }
    status = wrong[1].status if wrong is not None else (FieldsUnusable.status if words else 200)
    return show(request, here, "admin/platform.html", context, said=SAID, status_code=status)


# --- Changing ---------------------------------------------------------------------------------------------------------


@router.post("/{registration_id}", name="change_platform")
async def change(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    name: Annotated[str, Form()] = "",
    policy: Annotated[DeploymentPolicy, Form()] = DeploymentPolicy.HOLD,
) -> Response:
    """Its name, and what becomes of installations that nobody has seen."""
    try:
        async with database.writing() as session:
            await service.own_platform(session, here, registration_id)
            await changes.change_settings(
                session, registration_id, name=name, policy=policy, actor=here.actor, now=clock.now()
            )
    except registrations.WrongName as error:
        return await page(request, here, database, registration_id, wrong=("name", error), values={"name": name})
    forget(request)
    return see(address_of(registration_id), "saved")


@router.post("/{registration_id}/addresses", name="change_addresses")
async def change_addresses(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    settings: CurrentSettings,
    clock: Now,
    auth_login_url: Annotated[str, Form()] = "",
    token_url: Annotated[str, Form()] = "",
    jwks_url: Annotated[str, Form()] = "",
    token_audience: Annotated[str, Form()] = "",
) -> Response:
    """The addresses it is called at, where they were entered wrongly or have moved."""
    values = {
        "auth_login_url": auth_login_url,
        "token_url": token_url,
        "jwks_url": jwks_url,
        "token_audience": token_audience,
    }
    try:
        async with database.writing() as session:
            await service.own_platform(session, here, registration_id)
            registration = await changes.change_addresses(
                session, registration_id, settings=settings, **values, actor=here.actor, now=clock.now()
            )
    except FieldsUnusable as error:
        words = {one.field: one.words for one in error.problems}
        return await page(request, here, database, registration_id, values=values, words=words)
    forget(request, registration)
    return see(address_of(registration_id), "addresses", "values")


@router.get("/{registration_id}/switch-off", name="switch_platform_off")
async def ask_switch_off(
    request: Request, here: AdministratorIn, registration_id: uuid.UUID, database: CurrentDatabase
) -> Response:
    """What switching it off means, before it is done."""
    async with database.reading() as session:
        registration = await service.own_platform(session, here, registration_id)
        context = await _question(here, session, registration)
    return show(request, here, "admin/switch_off.html", context)


@router.post("/{registration_id}/switch-off")
async def switch_off(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Nobody comes in any more, and nobody stays in."""
    registration = await _switch(here, database, registration_id, clock, enabled=False)
    forget(request, registration)
    if is_own_way_in(here, registration):
        return farewell(request, pages, N_("This platform is switched off"))
    return see(address_of(registration_id), "off")


@router.post("/{registration_id}/switch-on", name="switch_platform_on")
async def switch_on(
    request: Request, here: AdministratorChanging, registration_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """People come in again."""
    registration = await _switch(here, database, registration_id, clock, enabled=True)
    forget(request, registration)
    return see(address_of(registration_id), "on")


@router.get("/{registration_id}/remove", name="remove_platform")
async def ask_remove(
    request: Request, here: AdministratorIn, registration_id: uuid.UUID, database: CurrentDatabase
) -> Response:
    """What would be lost, and a field for its name."""
    async with database.reading() as session:
        return await _removal(request, here, session, registration_id)


@router.post("/{registration_id}/remove")
async def remove(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
    name: Annotated[str, Form()] = "",
) -> Response:
    """Remove it, with everything that was launched from it."""
    async with database.writing() as session:
        registration = await service.own_platform(session, here, registration_id)
        if name.strip() != registration.name:
            return await _removal(
                request, here, session, registration_id, wrong=NotThatName("another name was written"), name=name
            )
        given = await consent.everything_of(session, registration)
        await registrations.remove_platform(session, str(registration_id), here.actor, clock.now())
    forget(request, registration)
    # Secrets and consents are gone here, whatever the platform answers.
    left = await consent.end_everything(request.app.state.connectors, registration, given)
    if is_own_way_in(here, registration):
        return farewell(request, pages, N_("This platform is removed"), more=_UNTOLD if left else None)
    return see(ADDRESS, "removed-untold" if left else "removed")


# --- Shared with the pages below --------------------------------------------------------------------------------------


def is_own_way_in(here: Console, registration: Registration) -> bool:
    """Whether whoever is here came in through this platform, and leaves with it."""
    return here.visit is not None and here.visit.registration_id == registration.id


def farewell(request: Request, pages: Pages, title: str, *, more: str | None = None) -> Response:
    """The last page of somebody who has closed the way they came in by. ``title`` and what ``more`` to say are message ids."""
    return pages.render(request, "admin/farewell.html", {"farewell": title, "more": more})


def forget(request: Request, registration: Registration | None = None) -> None:
    """Have this process look at what was changed at its next launch; others do within ``directory.REMEMBERED``."""
    protocol: Protocol = request.app.state.protocol
    if registration is None:
        protocol.directory.forget()
    else:
        protocol.forget(registration)


async def _switch(
    here: Console, database: Database, registration_id: uuid.UUID, clock: Now, *, enabled: bool
) -> Registration:
    async with database.writing() as session:
        await service.own_platform(session, here, registration_id)
        return await registrations.switch_platform(session, str(registration_id), enabled, here.actor, clock.now())


async def _removal(
    request: Request,
    here: Console,
    session: AsyncSession,
    registration_id: uuid.UUID,
    *,
    wrong: ToolError | None = None,
    name: str = "",
) -> Response:
    registration = await service.own_platform(session, here, registration_id)
    courses, people = await queries.held_by(session, registration_id)
    context = await _question(here, session, registration) | {
        "courses": courses,
        "people": people,
        "name": name,
        "errors": {"name": ". ".join(say(request, wrong))} if wrong else {},
    }
    return show(request, here, "admin/remove_platform.html", context, status_code=422 if wrong else 200)


async def _question(here: Console, session: AsyncSession, registration: Registration) -> dict[str, Any]:
    deployments = await queries.deployments(session, here, registration.id)
    return {
        "schools": len({one.organisation_id for one in deployments if one.organisation_id}),
        "registration": registration,
        "address": address_of(registration.id),
        "own_way_in": is_own_way_in(here, registration),
    }
