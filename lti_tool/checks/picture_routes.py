"""Pictures of questions, for who may see the question. Their address is in the question and names no course."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from lti_tool.checks import pictures
from lti_tool.checks.reading.pictures import ADDRESS
from lti_tool.lti.sessions import CurrentVisit
from lti_tool.web.dependencies import CurrentDatabase

router = APIRouter()

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


@router.get(ADDRESS + "{digest}", name="question_picture")
async def picture(request: Request, visit: CurrentVisit, digest: Digest, database: CurrentDatabase) -> Response:
    """A picture, of the kind that its bytes show; nothing in it is run, and no other site may show it."""
    async with database.reading() as session:
        found = await pictures.shown(session, visit, digest)
    # It is what its address says, for ever; but only for who may see it, who is asked each time.
    cached = {"ETag": f'"{digest}"', "Cache-Control": "private, no-cache"}
    if f'"{digest}"' in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=cached)
    return Response(
        found.content,
        media_type=found.media_type,
        headers={
            **cached,
            "Content-Disposition": "inline",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )
