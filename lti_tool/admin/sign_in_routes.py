"""How the installation's owner comes in and goes out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from lti_tool.admin import owners
from lti_tool.admin.access import OwnerChanging
from lti_tool.lti.sessions import refuse_foreign_change
from lti_tool.web.dependencies import CurrentPages, Now, ReadSession, WriteSession
from lti_tool.web.navigation import ADMINISTRATION

router = APIRouter(prefix=ADMINISTRATION)


@router.get("/sign-in", name="owner_sign_in")
async def show(request: Request, session: ReadSession, clock: Now, pages: CurrentPages, code: str = "") -> Response:
    """A page with one button: programs that look at links in messages open them too, and must not use this one up."""
    request.state.frame_ancestors = []
    await owners.check_link(session, code, clock.now())
    return pages.render(request, "admin/sign_in.html", {"code": code})


@router.post("/sign-in")
async def sign_in(request: Request, session: WriteSession, clock: Now, code: Annotated[str, Form()] = "") -> Response:
    """Use the link up and open the console."""
    refuse_foreign_change(request)
    token = await owners.sign_in(session, code, clock.now())
    response = RedirectResponse(ADMINISTRATION, 303)
    owners.set_cookie(response, token)
    return response


@router.post("/sign-out", name="owner_sign_out")
async def sign_out(
    request: Request, here: OwnerChanging, session: WriteSession, clock: Now, pages: CurrentPages
) -> Response:
    """End the owner's session."""
    await owners.sign_out(session, here.session_id, clock.now())
    response = pages.render(request, "admin/signed_out.html")
    owners.remove_cookie(response)
    return response
