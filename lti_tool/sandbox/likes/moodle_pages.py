"""Moodle's own addresses of what the sandbox shows elsewhere, and the one an activity is launched from."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse

from lti_tool.sandbox import addresses, tool_pages
from lti_tool.sandbox.models import ModuleItem
from lti_tool.sandbox.platform import ThisPlatform
from lti_tool.sandbox.view import PageMissing, SignedIn, see_other, visit_of

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/course/view.php")
async def course(id: int) -> RedirectResponse:  # noqa: A002 - the address says id.
    """A course."""
    return see_other(addresses.course(id))


@router.get("/mod/lti/launch.php")
async def launch(request: Request, platform: ThisPlatform, person: SignedIn, id: int) -> HTMLResponse:  # noqa: A002
    """Begins a launch of an activity, by its course module's number: in a frame of its page, or in a window of its own."""
    item = await _item(platform, id)
    visit = await visit_of(item.course_id, person, platform)
    framed = request.headers.get("sec-fetch-dest") == "iframe"
    return await tool_pages.launch_item(platform, visit, item.id, "frame" if framed else "window")


@router.get("/mod/{kind}/view.php")
async def module(platform: ThisPlatform, kind: str, id: int) -> RedirectResponse:  # noqa: A002
    """An activity's page. What kind it is decides its number alone."""
    return see_other(addresses.item(await _item(platform, id)))


async def _item(platform: ThisPlatform, number: int) -> ModuleItem:
    async with platform.store.reading() as session:
        item = await session.get(ModuleItem, number) if 0 < number < 2**63 else None
    if item is None:
        raise PageMissing
    return item
