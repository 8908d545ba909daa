"""Tools inside the LMS: from the course's navigation and from module items, in a frame or in a window of their own.

The page holds a frame whose address is a page of the LMS; that one posts the login request to the tool, as a real LMS does.
"""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from lti_tool.sandbox.bench_models import ACTIVE
from lti_tool.sandbox.claims import DEEP_LINKING
from lti_tool.sandbox.models import ResourceLink, Tool
from lti_tool.sandbox.oidc import LaunchForm, LaunchNotPossible, form_post, launch_form
from lti_tool.sandbox.outline import Around, around
from lti_tool.sandbox.platform import Platform, ThisPlatform, platform_of
from lti_tool.sandbox.standing import messages_of, state_of
from lti_tool.sandbox.view import InCourse, PageMissing, Visit, page_headers, render, tool_origins

router = APIRouter(default_response_class=HTMLResponse)
_COURSE = "/courses/{course_id:int}"


@router.get(f"{_COURSE}/external_tools/{{tool_id:int}}")
async def tool(request: Request, platform: ThisPlatform, visit: InCourse, tool_id: int) -> HTMLResponse:
    """A tool opened from the course's navigation."""
    found = next((entry for entry in visit.tools if entry.id == tool_id), None)
    if found is None:
        raise PageMissing
    return framed(request, visit, found, f"/courses/{visit.course.id}/external_tools/{tool_id}", found.name)


async def item(request: Request, platform: Platform, visit: Visit, place: Around) -> HTMLResponse:
    """A module item that is a tool: in its frame, or explained when the tool is not registered here."""
    if place.item.resource_link_id is None:
        return render(request, "old_tool.html", visit=visit, item=place.item, place=place)
    async with platform.store.reading() as session:
        link = await session.get_one(ResourceLink, place.item.resource_link_id)
        found = await session.get_one(Tool, link.tool_id)
        state = await state_of(session, found.id)
        takes = await messages_of(session, found.id)
    if state != ACTIVE:
        return render(request, "tool_off.html", visit=visit, item=place.item, place=place, tool=found)
    address = f"/courses/{visit.course.id}/modules/items/{place.item.id}"
    return framed(
        request,
        visit,
        found,
        address,
        place.item.title,
        place,
        in_window=place.item.new_tab,
        again=f"{address}/choose" if visit.teaches and DEEP_LINKING in takes else None,
        removable=visit.teaches,
    )


def framed(
    request: Request,
    visit: Visit,
    tool: Tool,
    address: str,
    title: str,
    place: Around | None = None,
    *,
    in_window: bool = False,
    again: str | None = None,
    removable: bool = False,
) -> HTMLResponse:
    """A page with a tool in its frame, opened by the form at ``address`` + ``/frame``; with ``in_window``, by a button only.

    ``again`` is where the content of a link is chosen anew, ``removable`` whether its item can be removed.
    """
    storage = platform_of(request).behaviour.storage_target
    return render(
        request,
        "tool.html",
        visit=visit,
        frames=tool_origins(tool),
        scripts=storage is not None,
        tool=tool,
        launch=address,
        title=title,
        place=place,
        storage=storage,
        in_window=in_window,
        again=again,
        removable=removable,
    )


@router.get("/lti_storage")
async def keeper(request: Request) -> HTMLResponse:
    """The frame that keeps values for tools, where it is not the page around the tool itself that does."""
    return render(request, "keeper.html", scripts=True)


@router.get(f"{_COURSE}/external_tools/{{tool_id:int}}/{{target}}")
async def launch_tool(platform: ThisPlatform, visit: InCourse, tool_id: int, target: str) -> HTMLResponse:
    """What the frame or window loads: the form that begins the launch."""
    return await _launch(platform, visit, target, tool_id=tool_id)


@router.get(f"{_COURSE}/modules/items/{{item_id:int}}/{{target}}")
async def launch_item(platform: ThisPlatform, visit: InCourse, item_id: int, target: str) -> HTMLResponse:
    """The same for a module item; only for one that this person can see."""
    async with platform.store.reading() as session:
        if await around(session, visit, item_id) is None:
            raise PageMissing
    return await _launch(platform, visit, target, item_id=item_id)


async def _launch(
    platform: Platform, visit: Visit, target: str, *, tool_id: int | None = None, item_id: int | None = None
) -> HTMLResponse:
    try:
        form = await launch_form(
            platform,
            person_id=visit.person.id,
            course_id=visit.course.id,
            tool_id=tool_id,
            module_item_id=item_id,
            document_target=document_target(target),
        )
    except LaunchNotPossible as error:
        raise PageMissing from error
    return posting(form)


def document_target(word: str) -> str:
    """The document target by the last word of an address; PageMissing for another word."""
    targets = {"frame": "iframe", "window": "window"}
    if word not in targets:
        raise PageMissing
    return targets[word]


def posting(form: LaunchForm) -> HTMLResponse:
    """The page that posts a login request to a tool, for the frame or window it is opened in."""
    response = form_post(form.action, form.fields)
    response.headers["X-Frame-Options"] = page_headers()["X-Frame-Options"]
    return response
