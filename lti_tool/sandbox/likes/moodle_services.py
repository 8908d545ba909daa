"""Moodle's gradebook services (mod/lti/service/gradebookservices), which differ from the specification in nearly every line.

Everything here was seen on Moodle 4.5.6 unless it is marked *code*.
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox.claims import (
    SCOPE_LINE_ITEM,
    SCOPE_LINE_ITEM_READ,
    SCOPE_RESULT_READ,
    SCOPE_SCORE,
    line_item_url,
    line_items_url,
)
from lti_tool.sandbox.likes.moodle_wire import answered, calling, course_of, is_own_link, number_in, speaking
from lti_tool.sandbox.models import Enrolment, LineItem, Person, Result, Score
from lti_tool.sandbox.scores import rescale
from lti_tool.sandbox.services import MAX_BODY, Caller, ServiceError

ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"

router = APIRouter()


Reading = Annotated[Caller, Depends(calling(SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READ))]
Writing = Annotated[Caller, Depends(calling(SCOPE_LINE_ITEM))]
Scoring = Annotated[Caller, Depends(calling(SCOPE_SCORE))]
Results = Annotated[Caller, Depends(calling(SCOPE_RESULT_READ))]


async def _item(session: AsyncSession, caller: Caller, course_id: int, number: int) -> LineItem:
    item = await session.get(LineItem, number) if number < 2**63 else None
    if item is None:
        raise ServiceError(404, "not_found", f"Not Found: Grade item {number} doesn't exist")
    if item.tool_id != caller.tool.id or item.course_id != course_id:
        raise ServiceError(404, "not_found", "Line item does not exist")
    return item


async def _body(request: Request) -> tuple[str, dict[str, Any]]:
    text = await request.body()
    try:
        body = json.loads(text) if len(text) <= MAX_BODY else None
    except ValueError:
        body = None
    return text.decode("utf-8", "replace"), body if isinstance(body, dict) else {}


# --- Line items ----------------------------------------------------------------------------------------------------------


@router.get("/mod/lti/services.php/{course_id:int}/lineitems", dependencies=[Depends(speaking(ITEMS, ITEM))])
async def line_items(request: Request, course_id: int, caller: Reading) -> Response:
    """The tool's line items. ``limit`` makes pages, whose links have typographic quotes and ``&amp;``; ``from`` is an offset."""
    if ITEMS not in request.headers.get("accept", ITEMS):
        raise ServiceError(400, "bad_request", "No context or unsupported content type")
    query = request.query_params
    columns = {"resource_id": LineItem.resource_id, "tag": LineItem.tag, "resource_link_id": LineItem.resource_link_id}
    found = select(LineItem).where(LineItem.course_id == course_id, LineItem.tool_id == caller.tool.id)
    for name, column in columns.items():
        if query.get(name):
            found = found.where(column == query[name])
    async with caller.platform.store.reading() as session:
        await course_of(session, course_id)
        rows = (await session.scalars(found.order_by(LineItem.id))).all()
    said = [_said(caller, row) for row in rows]
    limit, start = number_in(query.get("limit")), number_in(query.get("from")) or 0
    if not limit:
        return answered(said, ITEMS)
    base = f"{line_items_url(caller.platform.settings, caller.tool, course_id)}&amp;limit={limit}&amp;from="
    links = [f"<{base}0>; rel=“first”", f"<{base}{start}>; rel=“canonical”"]
    if start + limit < len(said):
        links.append(f"<{base}{start + limit}>; rel=“next”")
    links.append(f"<{base}{len(said)}>; rel=“last”")
    answer = answered(said[start : start + limit], ITEMS)
    # The quotes are UTF-8 on the wire, which Starlette's own headers cannot be.
    answer.raw_headers.append((b"link", ", ".join(links).encode()))
    return answer


@router.post("/mod/lti/services.php/{course_id:int}/lineitems", dependencies=[Depends(speaking(ITEM, ITEMS))])
async def create_line_item(request: Request, course_id: int, caller: Writing) -> Response:
    """Makes a column. What came is said again, the dates with it that are not kept; a second one of the same kind is made."""
    _, body = await _body(request)
    if not body.get("label") or not isinstance(body.get("scoreMaximum"), int | float):
        raise ServiceError(400, "bad_request", "No label or Score Maximum")
    link = body.get("resourceLinkId")
    async with caller.platform.store.writing() as session:
        course = await course_of(session, course_id)
        if link is not None and not await is_own_link(session, caller, course.id, str(link)):
            raise ServiceError(403, "forbidden", "Forbidden")
        item = LineItem(
            course_id=course.id,
            tool_id=caller.tool.id,
            label=str(body["label"]),
            score_maximum=float(body["scoreMaximum"]),
            resource_id=_text(body.get("resourceId")),
            tag=_text(body.get("tag")),
            resource_link_id=_text(link),
            created_at=caller.platform.now(),
        )
        session.add(item)
        await session.flush()
    return answered({**body, "id": _address(caller, item)}, ITEM, 201)


@router.get(
    "/mod/lti/services.php/{course_id:int}/lineitems/{number:int}/lineitem", dependencies=[Depends(speaking(ITEM))]
)
async def get_line_item(course_id: int, number: int, caller: Reading) -> Response:
    """One column."""
    async with caller.platform.store.reading() as session:
        return answered(_said(caller, await _item(session, caller, course_id, number)), ITEM)


@router.put(
    "/mod/lti/services.php/{course_id:int}/lineitems/{number:int}/lineitem", dependencies=[Depends(speaking(ITEM))]
)
async def put_line_item(request: Request, course_id: int, number: int, caller: Writing) -> Response:
    """Replaces a column, to the letter: a resource link that is left out is unlinked, an activity's own too."""
    _, body = await _body(request)
    async with caller.platform.store.writing() as session:
        item = await _item(session, caller, course_id, number)
        if not body.get("label") or not isinstance(body.get("scoreMaximum"), int | float):
            raise ServiceError(400, "bad_request", "Bad Request")
        link = _text(body.get("resourceLinkId"))
        if link is not None and not await is_own_link(session, caller, course_id, link):
            raise ServiceError(403, "forbidden", "Forbidden")
        item.label, item.resource_link_id = str(body["label"]), link
        item.resource_id, item.tag = _text(body.get("resourceId")), _text(body.get("tag"))
        if body["scoreMaximum"] != item.score_maximum:
            await rescale(session, item, float(body["scoreMaximum"]))
        return answered({**body, "id": _address(caller, item)}, ITEM)


@router.delete("/mod/lti/services.php/{course_id:int}/lineitems/{number:int}/lineitem")
async def delete_line_item(course_id: int, number: int, caller: Writing) -> Response:
    """Removes a column, an activity's own too."""
    async with caller.platform.store.writing() as session:
        await session.delete(await _item(session, caller, course_id, number))
    return Response(status_code=204, headers={"Content-Type": "text/html; charset=utf-8"})


@router.post(
    "/mod/lti/services.php/{course_id:int}/lineitems/{number:int}/lineitem", dependencies=[Depends(speaking(ITEM))]
)
async def post_to_line_item(course_id: int, number: int) -> Response:
    """Where scores arrive whose path was put behind the query: 400, for their type; for any other, the method is wrong."""
    raise ServiceError(405, "not_allowed", "Method Not Allowed")


# --- Scores and results --------------------------------------------------------------------------------------------------


@router.post(
    "/mod/lti/services.php/{course_id:int}/lineitems/{number:int}/lineitem/scores",
    dependencies=[Depends(speaking(SCORE))],
)
async def post_score(request: Request, course_id: int, number: int, caller: Scoring) -> Response:
    """Takes a score: 200 and nothing else; 409 within the same second. The reasons stand in the status line alone."""
    _, body = await _body(request)
    async with caller.platform.store.writing() as session:
        item = await _item(session, caller, course_id, number)
        status = await _record(session, caller, item, body)
    if status != 200:
        return answered([], SCORE, status)
    return Response(status_code=200, media_type=f"{SCORE}; charset=utf-8")


async def _record(session: AsyncSession, caller: Caller, item: LineItem, body: dict[str, Any]) -> int:
    """The status: 400 for what is incomplete or for somebody who cannot be graded here, 409 for what comes too late."""
    person = await _student(session, item.course_id, str(body.get("userId")))
    at = _moment(body.get("timestamp"))
    given, maximum = body.get("scoreGiven"), body.get("scoreMaximum")
    complete = body.get("gradingProgress") and body.get("activityProgress") and (given is None or maximum is not None)
    if person is None or at is None or not complete:
        return 400
    now, like = caller.platform.now(), caller.platform.settings.profile
    before = await _result(session, item, person)
    stale = before is not None and before.timestamp is not None and like.is_stale(at, before.timestamp)
    session.add(
        Score(
            line_item_id=item.id,
            person_id=person.id,
            timestamp=at,
            activity_progress=str(body["activityProgress"]),
            grading_progress=str(body["gradingProgress"]),
            score_given=given,
            score_maximum=maximum,
            comment=body.get("comment"),
            answer=409 if stale else 200,
            body=body,
            received_at=now,
        )
    )
    if stale:
        return 409
    result = before or Result(line_item_id=item.id, person_id=person.id, maximum=item.score_maximum)
    session.add(result)
    result.activity_progress, result.grading_progress = str(body["activityProgress"]), str(body["gradingProgress"])
    result.timestamp, result.updated_at, result.graded_by = at, now, "tool"
    # Replaced each time, and cleared when none comes.
    result.comment, result.maximum = body.get("comment") or None, item.score_maximum
    if given is None or result.grading_progress not in like.keeps_score:
        result.score = None
        if item.resource_link_id is not None:
            # An activity's own cell forgets the moment with the grade, so that an older score is taken after it.
            result.timestamp = None
    else:
        share = given / maximum if maximum else 0.0
        result.score = round(min(max(share, 0.0), 1.0) * item.score_maximum, 5)
    await session.flush()
    return 200


@router.get(
    "/mod/lti/services.php/{course_id:int}/lineitems/{number:int}/lineitem/results",
    dependencies=[Depends(speaking(RESULTS))],
)
async def results(request: Request, course_id: int, number: int, caller: Results) -> Response:
    """What stands in a column. Asked for in pages it is a page of HTML; in the whole list zeros are left out (*code*)."""
    if "limit" in request.query_params:
        return HTMLResponse("<!DOCTYPE html>\n<html><head><title>Error</title></head><body></body></html>", 404)
    user_id = request.query_params.get("user_id")
    query = select(Result, Person.lti_id).join(Person, Person.id == Result.person_id)
    async with caller.platform.store.reading() as session:
        item = await _item(session, caller, course_id, number)
        query = query.where(Result.line_item_id == item.id).order_by(Result.id)
        if user_id is not None:
            query = query.where(Person.lti_id == user_id)
        found = [
            _result_said(caller, item, result, lti_id)
            for result, lti_id in await session.execute(query)
            # Of an activity's own column nothing is said of an empty cell; of others that it is there.
            if (result.score or user_id is not None or (result.score is None and item.resource_link_id is None))
            and not (result.score is None and item.resource_link_id is not None)
        ]
    return answered(found, RESULTS)


def _result_said(caller: Caller, item: LineItem, result: Result, lti_id: str) -> dict[str, Any]:
    address = _address(caller, item).replace("/lineitem?", "/lineitem/results?")
    said: dict[str, Any] = {"id": f"{address}&user_id={lti_id}", "userId": lti_id}
    if result.score is None:
        return said
    said |= {"resultScore": _plain(result.score), "resultMaximum": _plain(result.maximum)}
    if result.comment:
        said["comment"] = result.comment
    moment = (result.timestamp or result.updated_at).replace(microsecond=0)
    return said | {"scoreOf": _address(caller, item), "timestamp": moment.isoformat()}


# --- Small things ---------------------------------------------------------------------------------------------------------


def _said(caller: Caller, item: LineItem) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": _address(caller, item),
        "label": item.label,
        "scoreMaximum": _plain(item.score_maximum),
        "resourceId": item.resource_id or "",
        "tag": item.tag or "",
    }
    if item.resource_link_id is not None:
        said |= {"resourceLinkId": item.resource_link_id, "ltiLinkId": item.resource_link_id}
    return said


def _address(caller: Caller, item: LineItem) -> str:
    return line_item_url(caller.platform.settings, caller.tool, item.course_id, item.id)


async def _student(session: AsyncSession, course_id: int, lti_id: str) -> Person | None:
    """Somebody whom the gradebook has a line for."""
    found = await session.scalars(
        select(Person)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(
            Person.lti_id == lti_id,
            Enrolment.course_id == course_id,
            Enrolment.role == "student",
            Enrolment.active,
        )
    )
    return found.one_or_none()


async def _result(session: AsyncSession, item: LineItem, person: Person) -> Result | None:
    found = await session.scalars(select(Result).where(Result.line_item_id == item.id, Result.person_id == person.id))
    return found.one_or_none()


def _moment(value: object) -> datetime | None:
    """With a zone or without one, a space for the T: all are taken."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _text(value: object) -> str | None:
    return str(value) if value not in (None, "") else None


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value
