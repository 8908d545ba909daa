"""Setting the sandbox up and making it misbehave: ``/_control/…``, for who sits at this machine only.

Nothing here belongs to an LMS. A browser's page cannot reach it either: requests that carry an Origin are refused.
"""

import ipaddress
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from lti_tool.sandbox.behaviour import ANY, ENDPOINTS
from lti_tool.sandbox.models import LineItem, Person, Score
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.store import courses_of, import_notes, people
from lti_tool.sandbox.tools import NewTool, add_tool, registration


def _loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def only_from_here(request: Request) -> None:
    """Refuses other machines, other host names (an attacker's name that resolves to this machine) and browsers' pages."""
    peer = request.client.host if request.client else None
    named = urlsplit(f"//{request.headers.get('host', '')}").hostname
    if not _loopback(peer) or not _loopback(named) or "origin" in request.headers:
        raise HTTPException(403, "The sandbox is set up from its own machine only.")


router = APIRouter(prefix="/_control", dependencies=[Depends(only_from_here)])


class Throttled(BaseModel):
    """Canvas's rate limit: the size of the bucket each token has, what a call costs, and what a full one is answered with."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[float, Field(gt=0)] = 600.0
    cost: Annotated[float, Field(ge=0)] = 0.5
    status: Literal[403, 429] = 403


class Misbehaviour(BaseModel):
    """What to change; what is left out stays. ``latency`` is in seconds by endpoint or ``*``; an empty ``storage_target``
    keeps nothing for tools.
    """

    model_config = ConfigDict(extra="forbid")

    latency: dict[str, Annotated[float, Field(ge=0, le=600)]] | None = None
    clock_offset_seconds: float | None = None
    message_hints_work_once: bool | None = None
    refuses_tokens: bool | None = None
    allowed_attempts: Annotated[int, Field(ge=1)] | None = None
    registration_names_deployment: bool | None = None
    picks_accept: list[Literal["ltiResourceLink", "link"]] | None = None
    storage_target: Annotated[str, Field(pattern=r"^[\w.-]{0,100}$")] | None = None
    throttle: Throttled | None = None
    forbidden_status: Literal[401, 403] | None = None


class FailNext(BaseModel):
    """Fail the next ``times`` calls of ``endpoint``; ``after``: carry them out and lose the answer; ``kind``: with a status, a
    page of HTML, an answer that breaks off, or nothing.
    """

    model_config = ConfigDict(extra="forbid")

    endpoint: str
    status: Annotated[int, Field(ge=400, le=599)] = 500
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    retry_after: Annotated[int, Field(ge=0)] | None = None
    after: bool = False
    kind: Literal["status", "html", "broken", "hang"] = "status"


class Rotate(BaseModel):
    """``forget_old``: stop publishing the keys there were."""

    model_config = ConfigDict(extra="forbid")

    forget_old: bool = False


def _known(endpoints: Sequence[str]) -> None:
    for endpoint in endpoints:
        if endpoint != ANY and endpoint not in ENDPOINTS:
            raise HTTPException(422, f"There is no endpoint {endpoint!r}; there are {', '.join(ENDPOINTS)} and {ANY}.")


@router.post("/tools")
async def register_tool(new: NewTool, platform: ThisPlatform) -> dict[str, Any]:
    """Register a tool, or bring it up to date; answers what its administrator needs."""
    async with platform.store.writing() as session:
        tool = await add_tool(session, platform, new)
    return await registration(platform, tool)


@router.get("/state")
async def state(platform: ThisPlatform) -> dict[str, Any]:
    """How the sandbox behaves now, and how often each endpoint was called."""
    return _state(platform)


def _state(platform: Platform) -> dict[str, Any]:
    behaviour = platform.behaviour
    return {
        "now": platform.now().isoformat(),
        "clock_offset_seconds": behaviour.clock_offset.total_seconds(),
        "latency": behaviour.latency,
        "message_hints_work_once": behaviour.message_hints_work_once,
        "refuses_tokens": behaviour.refuses_tokens,
        "allowed_attempts": behaviour.allowed_attempts,
        "registration_names_deployment": behaviour.registration_names_deployment,
        "picks_accept": list(behaviour.picks_accept),
        "storage_target": behaviour.storage_target,
        "throttle": vars(behaviour.throttle),
        "forbidden_status": behaviour.forbidden_status,
        "failures": [vars(failure) for failure in behaviour.failures],
        "calls": dict(behaviour.calls),
    }


@router.post("/behaviour")
async def behave(wanted: Misbehaviour, platform: ThisPlatform) -> dict[str, Any]:
    """Change latency, the clock, or what message hints do."""
    behaviour = platform.behaviour
    if wanted.latency is not None:
        _known(list(wanted.latency))
        behaviour.latency.update(wanted.latency)
    if wanted.clock_offset_seconds is not None:
        behaviour.clock_offset = timedelta(seconds=wanted.clock_offset_seconds)
    if wanted.message_hints_work_once is not None:
        behaviour.message_hints_work_once = wanted.message_hints_work_once
    if wanted.refuses_tokens is not None:
        behaviour.refuses_tokens = wanted.refuses_tokens
    if wanted.allowed_attempts is not None:
        behaviour.allowed_attempts = wanted.allowed_attempts
    if wanted.registration_names_deployment is not None:
        behaviour.registration_names_deployment = wanted.registration_names_deployment
    if wanted.picks_accept is not None:
        behaviour.picks_accept = tuple(wanted.picks_accept)
    if wanted.storage_target is not None:
        behaviour.storage_target = wanted.storage_target or None
    if wanted.throttle is not None:
        vars(behaviour.throttle).update(wanted.throttle.model_dump())
    if wanted.forbidden_status is not None:
        behaviour.forbidden_status = wanted.forbidden_status
    return _state(platform)


@router.post("/fail")
async def fail(wanted: FailNext, platform: ThisPlatform) -> dict[str, Any]:
    """Fail on demand."""
    _known([wanted.endpoint])
    platform.behaviour.fail_next(
        wanted.endpoint,
        wanted.status,
        times=wanted.times,
        retry_after=wanted.retry_after,
        after=wanted.after,
        kind=wanted.kind,
    )
    return _state(platform)


@router.post("/reset")
async def reset(platform: ThisPlatform) -> dict[str, Any]:
    """Behave ordinarily again, and count calls from zero. What is in the store stays."""
    platform.behaviour.reset()
    return _state(platform)


@router.post("/keys/rotate")
async def rotate(wanted: Rotate, platform: ThisPlatform) -> dict[str, str]:
    """Sign with a new key from now on."""
    return {"kid": await platform.keys.rotate(forget_old=wanted.forget_old)}


@router.get("/people")
async def who_can_sign_in(platform: ThisPlatform) -> list[dict[str, Any]]:
    """Everybody who can sign in, with their courses."""
    async with platform.store.reading() as session:
        return [
            {
                "login": person.login,
                "name": person.name,
                "role": person.kind,
                "courses": [course.id for course in await courses_of(session, person)],
            }
            for person in await people(session)
        ]


@router.get("/courses/{course_id}/notes")
async def notes(course_id: int, platform: ThisPlatform) -> list[dict[str, Any]]:
    """What of the course's cartridge was not understood."""
    async with platform.store.reading() as session:
        return [
            {"kind": note.kind, "title": note.title, "detail": note.detail, "identifier": note.identifier}
            for note in await import_notes(session, course_id)
        ]


@router.get("/scores")
async def scores(platform: ThisPlatform) -> list[dict[str, Any]]:
    """Every score that came in, in order of arrival, with the status it was answered with: the proof of what a tool sent."""
    query = (
        select(Score, LineItem, Person)
        .join(LineItem, Score.line_item_id == LineItem.id)
        .join(Person, Score.person_id == Person.id)
        .order_by(Score.id)
    )
    async with platform.store.reading() as session:
        return [
            {
                "line_item": line_item.id,
                "label": line_item.label,
                "resource_id": line_item.resource_id,
                "user_id": person.lti_id,
                "login": person.login,
                "timestamp": score.timestamp.isoformat(),
                "score_given": score.score_given,
                "score_maximum": score.score_maximum,
                "activity_progress": score.activity_progress,
                "grading_progress": score.grading_progress,
                "comment": score.comment,
                "answer": score.answer,
                "received_at": score.received_at.isoformat(),
            }
            for score, line_item, person in await session.execute(query)
        ]
