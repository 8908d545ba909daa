"""What an LMS's administrator fetches by address instead of pasting it."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lti_tool.lti.models import Family
from lti_tool.lti.tool_description import tool_configuration
from lti_tool.platforms import quirks
from lti_tool.platforms.canvas_key import canvas_developer_key
from lti_tool.web.routing import PlainRoute


async def canvas_json(request: Request) -> Response:
    """The configuration of a Canvas LTI developer key (method *Enter URL*). Public: it holds addresses only."""
    tool = tool_configuration(request.app.state.settings, quirks(Family.CANVAS))
    return JSONResponse(canvas_developer_key(tool), headers={"Cache-Control": "public, max-age=300"})


routes = (PlainRoute("/lti/config/canvas.json", canvas_json, "GET"),)
