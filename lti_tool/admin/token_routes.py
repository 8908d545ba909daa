"""Tokens for scripts and other servers in the console: made and shown once, listed, revoked."""

import uuid
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from lti_tool.admin import connect, queries
from lti_tool.admin.access import AdministratorChanging, AdministratorIn
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.admin.replies import show
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.lti import api_tokens
from lti_tool.lti.models import ApiToken
from lti_tool.web.dependencies import CurrentDatabase, CurrentSettings, Now
from lti_tool.web.i18n import N_
from lti_tool.web.navigation import ADMINISTRATION
from lti_tool.web.pages import say
from lti_tool.web.replies import see

ADDRESS = f"{ADMINISTRATION}/tokens"
SAID = {"revoked": N_("Revoked. Whoever sends this token is refused from now on.")}

router = APIRouter(prefix=ADDRESS)


@router.get("", name="api_tokens")
async def listed(
    request: Request, here: AdministratorIn, database: CurrentDatabase, settings: CurrentSettings, clock: Now
) -> Response:
    """Every token with when it ends and when it was last used, and the form that makes one."""
    return await _list(request, here, database, clock, settings.base_url)


@router.post("", name="make_api_token")
async def make(
    request: Request,
    here: AdministratorChanging,
    database: CurrentDatabase,
    settings: CurrentSettings,
    clock: Now,
    name: Annotated[str, Form()] = "",
    days: Annotated[str, Form()] = "",
    organisation: Annotated[str, Form()] = "",
) -> Response:
    """Make a token, and show it: once, since only its digest is kept."""
    life = int(days) if days in {str(one) for one in api_tokens.LIVES} else api_tokens.LIVES[0]
    try:
        async with database.writing() as session:
            school = await connect.organisation_for(session, here, organisation, clock.now())
            _, secret = await api_tokens.make(
                session,
                organisation_id=school.id,
                name=name,
                life=timedelta(days=life),
                now=clock.now(),
                actor=here.actor,
            )
    except api_tokens.WrongTokenName as error:
        values = {"name": name, "days": str(life), "organisation": organisation}
        errors = {"name": say(request, error)[1]}
        return await _list(request, here, database, clock, settings.base_url, values=values, errors=errors)
    return await _list(request, here, database, clock, settings.base_url, made=secret)


@router.post("/{token_id}/revoke", name="revoke_api_token")
async def revoke(here: AdministratorChanging, token_id: uuid.UUID, database: CurrentDatabase, clock: Now) -> Response:
    """Make a token useless."""
    try:
        async with database.writing() as session:
            await api_tokens.revoke(
                session, token_id, here.within(ApiToken.organisation_id), clock.now(), actor=here.actor
            )
    except NotFound as error:
        raise NotInConsole(error.detail) from error
    return see(ADDRESS, "revoked")


async def _list(
    request: Request,
    here: Console,
    database: Database,
    clock: Now,
    base_url: str,
    *,
    made: str | None = None,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    async with database.reading() as session:
        tokens = await api_tokens.listed(session, here.within(ApiToken.organisation_id))
        organisations = await queries.organisations(session, here)
    context: dict[str, Any] = {
        "tokens": tokens,
        "organisations": organisations,
        "schools": {one.id: one.name for one in organisations},
        "lives": api_tokens.LIVES,
        "now": clock.now(),
        "made": made,
        "example": f"{base_url.rstrip('/')}/ims/case/v1p1/CFDocuments",
        "values": values or {},
        "errors": errors or {},
    }
    return show(request, here, "admin/tokens.html", context, said=SAID, status_code=422 if errors else 200)
