"""The console's front page."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.admin import service
from lti_tool.admin.access import AdministratorIn
from lti_tool.admin.replies import show
from lti_tool.admin.words import FAMILY_WORDS
from lti_tool.web.dependencies import Now, ReadSession
from lti_tool.web.navigation import ADMINISTRATION

router = APIRouter(prefix=ADMINISTRATION)


@router.get("", name="console")
async def overview(request: Request, here: AdministratorIn, session: ReadSession, clock: Now) -> Response:
    """What waits for whoever is here, and how the platforms stand."""
    standing = await service.standing(session, here, clock.now())
    return show(request, here, "admin/overview.html", {"standing": standing, "families": FAMILY_WORDS})
