"""Adding from a tool (LTI Deep Linking 2.0): the tool opens in a frame, and its signed answer becomes items of a module."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox import addresses
from lti_tool.sandbox.asking import picking_form, tools_that_take
from lti_tool.sandbox.bench_models import PickRequest
from lti_tool.sandbox.claims import DEEP_LINKING
from lti_tool.sandbox.content_items import as_words, claims_text, place, read_items
from lti_tool.sandbox.models import Module, ModuleItem, ResourceLink, Tool
from lti_tool.sandbox.oidc import LaunchNotPossible
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.sessions import person_signed_in
from lti_tool.sandbox.special_messages import DL
from lti_tool.sandbox.store import module_item
from lti_tool.sandbox.tool_messages import MessageRefused, use_nonce, verified
from lti_tool.sandbox.tool_pages import document_target, framed, posting
from lti_tool.sandbox.view import PageMissing, TeacherIn, from_own_pages, one_of, render, see_other

RESPONSE = "LtiDeepLinkingResponse"

router = APIRouter(prefix="/courses/{course_id:int}", default_response_class=HTMLResponse)
_ADD = "/modules/{module_id:int}/add_from_tool"
_CHOOSE = "/modules/items/{item_id:int}/choose"


@router.get(_ADD)
async def add_from_tool(request: Request, platform: ThisPlatform, visit: TeacherIn, module_id: int) -> Response:
    """The tools that content can be added from; straight to it where there is one."""
    async with platform.store.reading() as session:
        module = await one_of(session, Module, visit.course.id, module_id)
        tools = await tools_that_take(session, DEEP_LINKING)
    if len(tools) == 1:
        return see_other(f"/courses/{visit.course.id}/modules/{module_id}/add_from_tool/{tools[0].id}")
    return render(request, "add_from_tool.html", visit=visit, module=module, tools=tools)


@router.get(_ADD + "/{tool_id:int}")
async def pick(
    request: Request, platform: ThisPlatform, visit: TeacherIn, module_id: int, tool_id: int
) -> HTMLResponse:
    """A tool that content is picked from, in a frame."""
    async with platform.store.reading() as session:
        module = await one_of(session, Module, visit.course.id, module_id)
        tool = next((one for one in await tools_that_take(session, DEEP_LINKING) if one.id == tool_id), None)
    if tool is None:
        raise PageMissing
    address = f"/courses/{visit.course.id}/modules/{module_id}/add_from_tool/{tool_id}"
    return framed(request, visit, tool, address, f"Add from {tool.name} to “{module.name}”")


@router.get(_ADD + "/{tool_id:int}/{target}")
async def ask(platform: ThisPlatform, visit: TeacherIn, module_id: int, tool_id: int, target: str) -> HTMLResponse:
    """What the frame or window loads: the form that asks the tool."""
    async with platform.store.reading() as session:
        await one_of(session, Module, visit.course.id, module_id)
    try:
        form = await picking_form(
            platform,
            person=visit.person,
            tool_id=tool_id,
            course_id=visit.course.id,
            module_id=module_id,
            document_target=document_target(target),
        )
    except LaunchNotPossible as error:
        raise PageMissing from error
    return posting(form)


async def _chosen(session: AsyncSession, course_id: int, item_id: int) -> tuple[ModuleItem, Tool]:
    """An item that holds a tool's link, and the tool."""
    item = await module_item(session, course_id, item_id) if item_id < 2**63 else None
    if item is None or item.resource_link_id is None:
        raise PageMissing
    link = await session.get_one(ResourceLink, item.resource_link_id)
    return item, await session.get_one(Tool, link.tool_id)


@router.get(_CHOOSE)
async def choose_again(request: Request, platform: ThisPlatform, visit: TeacherIn, item_id: int) -> HTMLResponse:
    """The tool an item belongs to, to choose what the item holds."""
    async with platform.store.reading() as session:
        item, tool = await _chosen(session, visit.course.id, item_id)
    address = f"/courses/{visit.course.id}/modules/items/{item_id}/choose"
    return framed(request, visit, tool, address, f"Choose again: {item.title}")


@router.get(_CHOOSE + "/{target}")
async def ask_again(platform: ThisPlatform, visit: TeacherIn, item_id: int, target: str) -> HTMLResponse:
    """The form that asks the tool for an item's content."""
    async with platform.store.reading() as session:
        item, tool = await _chosen(session, visit.course.id, item_id)
    try:
        form = await picking_form(
            platform,
            person=visit.person,
            tool_id=tool.id,
            course_id=visit.course.id,
            module_id=item.module_id,
            item=item,
            document_target=document_target(target),
        )
    except LaunchNotPossible as error:
        raise PageMissing from error
    return posting(form)


@router.post("/modules/items/{item_id:int}/remove", dependencies=[Depends(from_own_pages)])
async def remove_item(platform: ThisPlatform, visit: TeacherIn, item_id: int) -> Response:
    """Take a tool's item out of its module. The column, if it has one, stays in the gradebook with its grades."""
    async with platform.store.writing() as session:
        item, _ = await _chosen(session, visit.course.id, item_id)
        await session.delete(item)
    return see_other(addresses.course(visit.course.id))


@router.post("/content_items/{pick_id}")
async def answered(
    request: Request,
    platform: ThisPlatform,
    visit: TeacherIn,
    pick_id: str,
    answer: Annotated[str, Form(alias="JWT")] = "",
) -> HTMLResponse:
    """Where a tool's answer is posted by the browser of the person who was asked. It counts once.

    What came of it stands on the course's page, which is led to; in the frame stands the same with a link.
    """
    pick = await _open_pick(request, platform, visit.course.id, pick_id)
    if pick.came_of is not None:
        return _said(request, pick, "This choice has been sent already.", refused=True)
    if pick.expires_at <= platform.now():
        return _said(request, pick, "This choice was opened too long ago. Open it again from the course.", refused=True)
    try:
        words = await _take(platform, pick, answer)
    except MessageRefused as refusal:
        return _said(request, pick, f"The tool's answer was not taken: {refusal}.", refused=True)
    return _said(request, pick, words)


async def _open_pick(request: Request, platform: Platform, course_id: int, pick_id: str) -> PickRequest:
    person = await person_signed_in(request)
    async with platform.store.reading() as session:
        pick = await session.get(PickRequest, pick_id)
    if pick is None or pick.course_id != course_id or person is None or pick.person_id != person.id:
        raise PageMissing
    return pick


async def _take(platform: Platform, pick: PickRequest, token: str) -> str:
    """Check an answer and put its items into the course; gives the words for the person. MessageRefused."""
    async with platform.store.reading() as session:
        tool = await session.get_one(Tool, pick.tool_id)
    claims = await verified(platform, tool, token, RESPONSE)
    asked = platform.settings.profile.pick_settings({"data": pick.data})
    if claims.get(f"{DL}/data") != asked.get("data"):
        raise MessageRefused("data did not come back as it was sent")
    items = read_items(claims.get(f"{DL}/content_items", []), tool, pick)
    trouble, said = claims_text(claims, f"{DL}/errormsg"), claims_text(claims, f"{DL}/msg")
    now = platform.now()
    async with platform.store.writing() as session:
        await use_nonce(session, tool, claims, now)
        row = await session.get_one(PickRequest, pick.id)
        if row.came_of is not None:
            raise MessageRefused("this choice has been sent already")
        if trouble is not None:
            words = f"{tool.name} says: {trouble} Nothing was added."
        elif not items:
            words = said or "Nothing was chosen."
        else:
            words = as_words(items, await place(session, tool, row, items, now)) + (f" {said}" if said else "")
        row.came_of = words
        row.log = claims_text(claims, f"{DL}/errorlog") or claims_text(claims, f"{DL}/log")
    return words


def _said(request: Request, pick: PickRequest, words: str, *, refused: bool = False) -> HTMLResponse:
    course = addresses.course(pick.course_id)
    return render(
        request,
        "picked.html",
        scripts=True,
        words=words,
        course=course,
        leave=None if refused else f"{course}?picked={quote(pick.id)}",
        refused=refused,
        status_code=400 if refused else 200,
    )
