"""The console's front page."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.admin.access import AdministratorIn
from lti_tool.admin.replies import show
from lti_tool.web.navigation import ADMINISTRATION

router = APIRouter(prefix=ADMINISTRATION)


@router.get("", name="console")
async def overview(request: Request, here: AdministratorIn) -> Response:
    """What waits for whoever is here, and how the platforms stand."""
    return show(request, here, "admin/overview.html")
