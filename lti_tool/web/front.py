"""The tool's own root: a person who types its address learns that courses open it, and from where."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.web.dependencies import CurrentPages

router = APIRouter(include_in_schema=False)


@router.get("/", name="front")
async def front(request: Request, pages: CurrentPages) -> Response:
    """What this is, and how it is opened; the same for everybody, whoever is signed in."""
    return pages.render(request, "web/front.html")
