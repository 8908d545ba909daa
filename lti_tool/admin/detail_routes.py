"""What hangs below a platform: where it is installed, roles that mean something else there, addresses that frame the tool."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from lti_tool.admin import service
from lti_tool.admin.access import AdministratorChanging, AdministratorIn, OwnerOnly
from lti_tool.admin.platform_routes import ADDRESS, address_of, farewell, forget, is_own_way_in, page
from lti_tool.admin.replies import show
from lti_tool.errors import BadRequest
from lti_tool.lti import changes, deployments
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.replies import see

router = APIRouter(prefix=ADDRESS + "/{registration_id}")


class WhoseIsIt(BadRequest):
    """A deployment of a shared registration was to be let in, and nobody said as whose."""

    code = "organisation-needed"
    title = N_("Choose the organisation")
    advice = N_("Everything that is launched from there will belong to it.")


# --- Deployments ------------------------------------------------------------------------------------------------------


@router.post("/deployments/{deployment_id}/accept", name="accept_deployment")
async def accept(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    deployment_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    organisation_id: Annotated[str, Form()] = "",
) -> Response:
    """Let people in from there. Of a shared platform it is the owner who says whose it is."""
    try:
        async with database.writing() as session:
            registration = await service.platform(session, here, registration_id)
            deployment = await service.deployment(session, here, registration_id, deployment_id)
            if registration.organisation_id is None and not here.owner:
                raise OwnerOnly("the registration is shared")
            school = deployment.organisation_id or registration.organisation_id or _id(organisation_id)
            await deployments.accept(session, deployment_id, school, here.actor, clock.now())
    except WhoseIsIt as error:
        return await page(request, here, database, registration_id, wrong=(f"organisation-{deployment_id}", error))
    forget(request)
    return see(address_of(registration_id), "accepted", "deployments")


@router.get("/deployments/{deployment_id}/hold", name="hold_deployment")
async def ask_hold(
    request: Request,
    here: AdministratorIn,
    registration_id: uuid.UUID,
    deployment_id: uuid.UUID,
    database: CurrentDatabase,
) -> Response:
    """What holding it means, before it is done."""
    async with database.reading() as session:
        registration = await service.platform(session, here, registration_id)
        deployment = await service.deployment(session, here, registration_id, deployment_id)
    context = {
        "registration": registration,
        "deployment": deployment,
        "address": address_of(registration_id),
        "own_way_in": is_own_way_in(here, registration),
    }
    return show(request, here, "admin/hold.html", context)


@router.post("/deployments/{deployment_id}/hold")
async def hold(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    deployment_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Let nobody in from there until it is allowed again."""
    async with database.writing() as session:
        registration = await service.platform(session, here, registration_id)
        await service.deployment(session, here, registration_id, deployment_id)
        await deployments.hold(session, deployment_id, here.actor, clock.now())
    forget(request)
    if is_own_way_in(here, registration):
        return farewell(request, pages, N_("This installation is on hold"))
    return see(address_of(registration_id), "held", "deployments")


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise WhoseIsIt("no organisation was chosen") from None


# --- Roles ------------------------------------------------------------------------------------------------------------


@router.post("/roles", name="override_role")
async def override_role(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    role: Annotated[str, Form()] = "",
    meaning: Annotated[str, Form()] = "",
) -> Response:
    """Have a role mean something else in this platform's courses."""
    try:
        async with database.writing() as session:
            await service.own_platform(session, here, registration_id)
            await changes.override_role(
                session, registration_id, role=role, meaning=meaning, actor=here.actor, now=clock.now()
            )
    except (changes.WrongRole, changes.TooManyEntries) as error:
        values = {"role": role, "meaning": meaning}
        return await page(request, here, database, registration_id, wrong=("role", error), values=values)
    forget(request)
    return see(address_of(registration_id), "role-set", "roles")


@router.post("/roles/remove", name="restore_role")
async def restore_role(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    role: Annotated[str, Form()] = "",
) -> Response:
    """Have a role mean again what the table says."""
    async with database.writing() as session:
        await service.own_platform(session, here, registration_id)
        await changes.restore_role(session, registration_id, role=role, actor=here.actor, now=clock.now())
    forget(request)
    return see(address_of(registration_id), "role-restored", "roles")


# --- Frames -----------------------------------------------------------------------------------------------------------


@router.post("/frames", name="add_frame_origin")
async def add_frame_origin(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    origin: Annotated[str, Form()] = "",
) -> Response:
    """Let an address of the school's own show the tool in a frame."""
    try:
        async with database.writing() as session:
            await service.own_platform(session, here, registration_id)
            await changes.add_frame_origin(session, registration_id, address=origin, actor=here.actor, now=clock.now())
    except (changes.WrongOrigin, changes.TooManyEntries) as error:
        values = {"origin": origin}
        return await page(request, here, database, registration_id, wrong=("origin", error), values=values)
    forget(request)
    return see(address_of(registration_id), "frame-added", "frames")


@router.post("/frames/remove", name="remove_frame_origin")
async def remove_frame_origin(
    request: Request,
    here: AdministratorChanging,
    registration_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    origin: Annotated[str, Form()] = "",
) -> Response:
    """Take an address away again."""
    async with database.writing() as session:
        await service.own_platform(session, here, registration_id)
        await changes.remove_frame_origin(session, registration_id, origin=origin, actor=here.actor, now=clock.now())
    forget(request)
    return see(address_of(registration_id), "frame-removed", "frames")
