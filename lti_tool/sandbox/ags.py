"""Assignment and Grade Services 2.0: line items, scores, results. A tool sees only its own line items."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse, Response

from lti_tool.sandbox.claims import (
    SCOPE_LINE_ITEM,
    SCOPE_LINE_ITEM_READ,
    SCOPE_RESULT_READ,
    SCOPE_SCORE,
    line_item_url,
)
from lti_tool.sandbox.likes import Like
from lti_tool.sandbox.models import LineItem, Person, ResourceLink, Result
from lti_tool.sandbox.scores import LineItemBody, check_attempts, read_line_item, read_score, record, rescale
from lti_tool.sandbox.services import Caller, Id, ServiceError, calling_with, one_page, read_body, require_accept

LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"

LineItemReader = Annotated[Caller, Depends(calling_with(SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READ))]
LineItemWriter = Annotated[Caller, Depends(calling_with(SCOPE_LINE_ITEM))]
ScoreWriter = Annotated[Caller, Depends(calling_with(SCOPE_SCORE))]
ResultReader = Annotated[Caller, Depends(calling_with(SCOPE_RESULT_READ))]


async def line_items(request: Request, course_id: Id, caller: LineItemReader) -> JSONResponse:
    """The tool's line items in the course, by ``resource_id``, ``tag`` and ``resource_link_id``; ``limit`` makes pages."""
    require_accept(request, LINE_ITEMS)
    query = request.query_params
    async with caller.platform.store.reading() as session:
        await caller.course(session, course_id)
        found = select(LineItem).where(LineItem.course_id == course_id, LineItem.tool_id == caller.tool.id)
        if "resource_id" in query:
            found = found.where(LineItem.resource_id == query["resource_id"])
        if "tag" in query:
            found = found.where(LineItem.tag == query["tag"])
        if "resource_link_id" in query:
            found = found.where(LineItem.resource_link_id == query["resource_link_id"])
        rows = (await session.scalars(found.order_by(LineItem.id))).all()
    usual, most = caller.platform.settings.profile.gradebook_page
    page, headers = one_page(request, caller.platform, rows, size_name="limit", default=usual, most=most)
    return JSONResponse([as_json(caller, row) for row in page], headers=headers, media_type=LINE_ITEMS)


async def create_line_item(request: Request, course_id: Id, caller: LineItemWriter) -> JSONResponse:
    """Make a line item: a column of the gradebook."""
    raw = await read_body(request, LINE_ITEM)
    body = read_line_item(raw)
    platform = caller.platform
    like = platform.settings.profile
    for name in sorted(like.unknown_members & json.loads(raw).keys()):
        raise ServiceError(400, "bad_request", f'Invalid parameter "body.{name}": "{name}" is not allowed')
    async with platform.store.writing() as session:
        await caller.course(session, course_id)
        await _check_link(session, caller, course_id, body.resourceLinkId)
        line_item = LineItem(
            course_id=course_id,
            tool_id=caller.tool.id,
            label=body.label,
            score_maximum=body.scoreMaximum,
            resource_id=body.resourceId,
            tag=body.tag,
            resource_link_id=body.resourceLinkId,
            start_at=body.startDateTime if like.keeps_dates else None,
            end_at=body.endDateTime if like.keeps_dates else None,
            created_at=platform.now(),
        )
        session.add(line_item)
        await session.flush()
    return JSONResponse(as_json(caller, line_item), 201, media_type=LINE_ITEM)


async def get_line_item(request: Request, course_id: Id, line_item_id: Id, caller: LineItemReader) -> JSONResponse:
    """One line item."""
    require_accept(request, LINE_ITEM)
    async with caller.platform.store.reading() as session:
        line_item = await _own(session, caller, course_id, line_item_id)
    return JSONResponse(as_json(caller, line_item), media_type=LINE_ITEM)


async def put_line_item(request: Request, course_id: Id, line_item_id: Id, caller: LineItemWriter) -> JSONResponse:
    """Replace a line item. What is left out is emptied, but the resource link it hangs on stays."""
    body = read_line_item(await read_body(request, LINE_ITEM))
    async with caller.platform.store.writing() as session:
        line_item = await _own(session, caller, course_id, line_item_id)
        await _replace(session, line_item, body, caller.platform.settings.profile)
    return JSONResponse(as_json(caller, line_item), media_type=LINE_ITEM)


async def _replace(session: AsyncSession, line_item: LineItem, body: LineItemBody, like: Like) -> None:
    if body.resourceLinkId is not None and body.resourceLinkId != line_item.resource_link_id:
        raise ServiceError(422, "unprocessable_entity", "resourceLinkId: cannot be changed")
    line_item.label, line_item.resource_id, line_item.tag = body.label, body.resourceId, body.tag
    if like.keeps_dates:
        line_item.start_at, line_item.end_at = body.startDateTime, body.endDateTime
    if body.scoreMaximum != line_item.score_maximum:
        await rescale(session, line_item, body.scoreMaximum)


async def delete_line_item(course_id: Id, line_item_id: Id, caller: LineItemWriter) -> Response:
    """Remove a line item with its scores and results."""
    async with caller.platform.store.writing() as session:
        line_item = await _own(session, caller, course_id, line_item_id)
        if line_item.resource_link_id is not None and not caller.platform.settings.profile.deletes_coupled:
            return Response(status_code=401)
        await session.delete(line_item)
    return Response(status_code=204)


async def post_score(request: Request, course_id: Id, line_item_id: Id, caller: ScoreWriter) -> JSONResponse:
    """Take a score; 409 (400 on Canvas) when it is not later than the one before."""
    raw = await read_body(request, SCORE)
    body = read_score(raw)
    platform = caller.platform
    async with platform.store.writing() as session:
        line_item = await _own(session, caller, course_id, line_item_id)
        like, said = platform.settings.profile, json.loads(raw)
        if like.counts_attempts and platform.behaviour.allowed_attempts is not None:
            await check_attempts(session, line_item, body.userId, said, platform.behaviour.allowed_attempts)
        recorded = await record(session, line_item, body, said, platform.now(), like)
    if recorded.refused is not None:
        raise ServiceError(recorded.status, "conflict", recorded.refused)
    return JSONResponse({"resultUrl": f"{_results_url(caller, line_item)}/{recorded.result_id}"})


async def results(request: Request, course_id: Id, line_item_id: Id, caller: ResultReader) -> JSONResponse:
    """The results of a line item, or of one student with ``user_id``."""
    require_accept(request, RESULTS)
    user_id = request.query_params.get("user_id")
    async with caller.platform.store.reading() as session:
        line_item = await _own(session, caller, course_id, line_item_id)
        found = select(Result, Person.lti_id).join(Person).where(Result.line_item_id == line_item.id)
        if user_id is not None:
            found = found.where(Person.lti_id == user_id)
        rows = [(row, lti_id) for row, lti_id in await session.execute(found.order_by(Result.id))]
    usual, most = caller.platform.settings.profile.gradebook_page
    page, headers = one_page(request, caller.platform, rows, size_name="limit", default=usual, most=most)
    body = [_result_json(caller, line_item, row, lti_id) for row, lti_id in page]
    return JSONResponse(body, headers=headers, media_type=RESULTS)


async def _own(session: AsyncSession, caller: Caller, course_id: int, line_item_id: int) -> LineItem:
    """The tool's own line item of this course. Others' are not even said to exist."""
    line_item = await session.get(LineItem, line_item_id)
    if line_item is None or line_item.course_id != course_id or line_item.tool_id != caller.tool.id:
        raise ServiceError(404, "not_found", "There is no such line item.")
    return line_item


async def _check_link(session: AsyncSession, caller: Caller, course_id: int, lti_id: str | None) -> None:
    if lti_id is None:
        return
    found = await session.scalars(
        select(ResourceLink.id).where(
            ResourceLink.lti_id == lti_id,
            ResourceLink.course_id == course_id,
            ResourceLink.tool_id == caller.tool.id,
        )
    )
    if found.one_or_none() is None:
        raise ServiceError(404, "not_found", "resourceLinkId: there is no such resource link in this course")
    if caller.platform.settings.profile.links_need_line_items:
        others = await session.scalars(select(LineItem.id).where(LineItem.resource_link_id == lti_id).limit(1))
        if others.one_or_none() is None:
            raise ServiceError(412, "precondition_failed", "resourceLinkId: the link has no line item of its own")


def as_json(caller: Caller, line_item: LineItem) -> dict[str, Any]:
    """A line item as AGS shows it; fields without a value are left out."""
    fields: Mapping[str, Any] = {
        "id": line_item_url(caller.platform.settings, caller.tool, line_item.course_id, line_item.id),
        "label": line_item.label,
        "scoreMaximum": line_item.score_maximum,
        "resourceId": line_item.resource_id,
        "tag": line_item.tag,
        "resourceLinkId": line_item.resource_link_id,
        "startDateTime": line_item.start_at.isoformat() if line_item.start_at else None,
        "endDateTime": line_item.end_at.isoformat() if line_item.end_at else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _results_url(caller: Caller, line_item: LineItem) -> str:
    return f"{line_item_url(caller.platform.settings, caller.tool, line_item.course_id, line_item.id)}/results"


def _result_json(caller: Caller, line_item: LineItem, result: Result, lti_id: str) -> dict[str, Any]:
    fields: Mapping[str, Any] = {
        "id": f"{_results_url(caller, line_item)}/{result.id}",
        "scoreOf": line_item_url(caller.platform.settings, caller.tool, line_item.course_id, line_item.id),
        "userId": lti_id,
        "resultScore": result.score,
        "resultMaximum": result.maximum,
        "comment": result.comment,
    }
    return {name: value for name, value in fields.items() if value is not None}


def routes(like: Like) -> APIRouter:
    """The service at the addresses that the LMS has it at."""
    router = APIRouter()
    router.add_api_route(like.line_items_path, line_items, methods=["GET"])
    router.add_api_route(like.line_items_path, create_line_item, methods=["POST"], status_code=201)
    router.add_api_route(like.line_item_path, get_line_item, methods=["GET"])
    router.add_api_route(like.line_item_path, put_line_item, methods=["PUT"])
    router.add_api_route(like.line_item_path, delete_line_item, methods=["DELETE"], status_code=204)
    router.add_api_route(f"{like.line_item_path}/scores", post_score, methods=["POST"])
    router.add_api_route(f"{like.line_item_path}/results", results, methods=["GET"])
    return router
