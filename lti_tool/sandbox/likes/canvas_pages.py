"""The address at which Canvas opens a tool by the tool's own address (app/controllers/external_tools_controller.rb, retrieve)."""

from urllib.parse import urlsplit

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import HTMLResponse

from lti_tool.sandbox import tool_pages
from lti_tool.sandbox.models import Tool
from lti_tool.sandbox.platform import ThisPlatform
from lti_tool.sandbox.view import InCourse, PageMissing

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/courses/{course_id:int}/external_tools/retrieve")
async def retrieve(platform: ThisPlatform, visit: InCourse, url: str, display: str = "default") -> HTMLResponse:
    """Launches the tool that lives on the address's host: without a frame when it is to be ``borderless``."""
    async with platform.store.reading() as session:
        tools = (await session.scalars(select(Tool).order_by(Tool.id))).all()
    tool = next((tool for tool in tools if urlsplit(tool.launch_url).netloc == urlsplit(url).netloc), None)
    if tool is None:
        raise PageMissing
    target = "window" if display == "borderless" else "frame"
    return await tool_pages.launch_tool(platform, visit, tool.id, target)
