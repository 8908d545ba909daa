"""The administrator's page of Moodle's external service: its token, its functions, its account's rights, the site's switches."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox.admin_pages import Administrator
from lti_tool.sandbox.moodle_service import RIGHTS, SWITCHES, new_token, service_of, web_service
from lti_tool.sandbox.moodle_ws import FUNCTIONS
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.view import from_own_pages, render, see_other

router = APIRouter(prefix="/admin/service", default_response_class=HTMLResponse)
SERVICE = "/admin/service"

DONE = {
    "saved": "The service is as it stands below.",
    "token": "The token that was there has ended; this is the new one.",
}


@router.get("")
async def page(request: Request, platform: ThisPlatform, person: Administrator, done: str = "") -> HTMLResponse:
    """The service as it is."""
    return render(
        request,
        "admin_service.html",
        person=person,
        service=await web_service(platform),
        functions=list(FUNCTIONS),
        rights=RIGHTS,
        switches=SWITCHES,
        address=platform.settings.base_url,
        done=DONE.get(done),
    )


@router.post("", dependencies=[Depends(from_own_pages)])
async def save(request: Request, platform: ThisPlatform, _person: Administrator) -> Response:
    """What is ticked is there; or a new token."""
    form = await request.form()
    if form.get("what") == "token":
        await end_token(platform)
        return see_other(f"{SERVICE}?done=token")
    ticked = {name: [str(value) for value in form.getlist(name)] for name in ("function", "right", "on")}
    await change(
        platform,
        without=[name for name in FUNCTIONS if name not in ticked["function"]],
        withheld=[name for name in RIGHTS if name not in ticked["right"]],
        switched_off=[name for name in SWITCHES if name not in ticked["on"]],
        by_administrator=form.get("administrator") == "yes",
    )
    return see_other(f"{SERVICE}?done=saved")


async def change(platform: Platform, **values: Sequence[str] | bool) -> None:
    """Change the service: ``without``, ``withheld``, ``switched_off``, ``by_administrator``; what is left out stays."""
    await web_service(platform)
    async with platform.store.writing() as session:
        service = await service_of(session)
        changes: Mapping[str, object] = {
            name: list(value) if not isinstance(value, bool) else value for name, value in values.items()
        }
        for name, value in changes.items():
            setattr(service, name, value)


async def end_token(platform: Platform) -> str:
    """Put another token in the place of the one that is there."""
    await web_service(platform)
    async with platform.store.writing() as session:
        service = await service_of(session)
        token = new_token()
        if service is not None:
            service.token = token
    return token
