"""The schools of the installation, for its owner."""

import uuid
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.admin import service
from lti_tool.admin.access import OwnerChanging, OwnerIn
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.admin.replies import show
from lti_tool.admin.words import FAMILY_WORDS
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.lti import registrations
from lti_tool.lti.registrations import WrongName, WrongZone
from lti_tool.web.dependencies import CurrentDatabase, Now
from lti_tool.web.i18n import N_
from lti_tool.web.navigation import ADMINISTRATION
from lti_tool.web.pages import say
from lti_tool.web.replies import see

ADDRESS = f"{ADMINISTRATION}/organisations"
SAID = {
    "added": N_("Added. Connect its LMS next."),
    "renamed": N_("Saved."),
}

router = APIRouter(prefix=ADDRESS)


@router.get("", name="organisations")
async def listed(request: Request, here: OwnerIn, database: CurrentDatabase, clock: Now) -> Response:
    """Every school, with how many platforms and installations it has, and the form that adds one."""
    return await _list(request, here, database, clock)


@router.post("", name="add_organisation")
async def add(
    request: Request, here: OwnerChanging, database: CurrentDatabase, clock: Now, name: Annotated[str, Form()] = ""
) -> Response:
    """Add a school."""
    try:
        async with database.writing() as session:
            await registrations.add_organisation(session, name, clock.now(), actor=here.actor)
    except WrongName as error:
        return await _list(request, here, database, clock, wrong=error, name=name)
    return see(ADDRESS, "added")


@router.get("/{organisation_id}", name="organisation")
async def one(
    request: Request, here: OwnerIn, organisation_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """One school: its platforms, its name and its time zone."""
    return await _one(request, here, database, clock, organisation_id)


@router.post("/{organisation_id}", name="change_organisation")
async def change(
    request: Request,
    here: OwnerChanging,
    organisation_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    name: Annotated[str, Form()] = "",
) -> Response:
    """Another name for a school, or another zone in which its days begin; without the field, that stays as it is."""
    given = (await request.form()).get("time_zone")
    time_zone = given if isinstance(given, str) else None
    entered = {"name": name, "time_zone": time_zone}
    try:
        async with database.writing() as session:
            organisation = await _found(session, organisation_id)
            zone = (organisation.time_zone or "") if time_zone is None else time_zone
            await registrations.change_organisation(session, organisation_id, name, zone, clock.now(), actor=here.actor)
    except WrongName as error:
        wrong = {"name": say(request, error)[1]}
        return await _one(request, here, database, clock, organisation_id, wrong=wrong, entered=entered)
    except WrongZone as error:
        wrong = {"time_zone": say(request, error)[1]}
        return await _one(request, here, database, clock, organisation_id, wrong=wrong, entered=entered)
    return see(f"{ADDRESS}/{organisation_id}", "renamed")


async def _list(
    request: Request, here: Console, database: Database, clock: Now, *, wrong: WrongName | None = None, name: str = ""
) -> Response:
    async with database.reading() as session:
        standing = await service.standing(session, here, clock.now())
    context = {
        "standing": standing,
        "name": name,
        "errors": {"name": say(request, wrong)[1]} if wrong else {},
    }
    status_code = 422 if wrong else 200
    return show(request, here, "admin/organisations.html", context, said=SAID, status_code=status_code)


async def _one(
    request: Request,
    here: Console,
    database: Database,
    clock: Now,
    organisation_id: uuid.UUID,
    *,
    wrong: Mapping[str, str] | None = None,
    entered: Mapping[str, str | None] | None = None,
) -> Response:
    async with database.reading() as session:
        organisation = await _found(session, organisation_id)
        standing = await service.standing(session, here, clock.now())
    context = {
        "organisation": organisation,
        "standing": standing,
        "families": FAMILY_WORDS,
        "name": organisation.name,
        "time_zone": organisation.time_zone or "",
        **{field: value for field, value in (entered or {}).items() if value is not None},
        "zones": registrations.zones(),
        "errors": wrong or {},
    }
    status_code = 422 if wrong else 200
    return show(request, here, "admin/organisation.html", context, said=SAID, status_code=status_code)


async def _found(session: AsyncSession, organisation_id: uuid.UUID) -> Organisation:
    organisation = await session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotInConsole("no such organisation")
    return organisation
