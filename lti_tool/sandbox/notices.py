"""Platform Notification Service 1.0: tools say where they want to be told, and are told, in signed messages, once.

As on Canvas a notice that cannot be delivered is not sent again. What was sent is kept, with the status of the answer.
"""

import logging
import secrets
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, Depends, Request
from joserfc import jwt
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse

from lti_tool.sandbox.bench_models import ACTIVE, NoticeHandler, SentNotice
from lti_tool.sandbox.claims import (
    COPY_NOTICE,
    HELLO_NOTICE,
    LTI,
    NOTICE_TYPES,
    SCOPE_NOTICE_HANDLERS,
    context_claim,
)
from lti_tool.sandbox.models import Course, Tool
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.registration_body import hosts_of
from lti_tool.sandbox.services import Caller, Id, ServiceError, calling_with, read_body
from lti_tool.sandbox.standing import state_of

log = logging.getLogger(__name__)

TOKEN_SECONDS = 3600
router = APIRouter(prefix="/api/lti/notice-handlers/{tool_id}")
Subscriber = Annotated[Caller, Depends(calling_with(SCOPE_NOTICE_HANDLERS))]


class Subscription(BaseModel):
    """What a tool asks for; an empty handler ends it (section 4.2)."""

    model_config = ConfigDict(strict=True, extra="ignore")

    notice_type: str
    handler: Annotated[str, Field(max_length=2000)]
    max_batch_size: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


@router.get("")
async def handlers(tool_id: Id, caller: Subscriber) -> JSONResponse:
    """Where the tool is told what; every type is listed, as on Canvas, with an empty handler where it is not."""
    _own(caller, tool_id)
    async with caller.platform.store.reading() as session:
        known = {row.notice_type: row for row in await _handlers(session, tool_id)}
    listed = [_as_json(kind, known.get(kind)) for kind in NOTICE_TYPES]
    return JSONResponse(
        {"client_id": caller.tool.client_id, "deployment_id": caller.tool.deployment_id, "notice_handlers": listed}
    )


@router.put("")
async def subscribe(request: Request, tool_id: Id, caller: Subscriber) -> JSONResponse:
    """Ask to be told, or no longer. Who asks for the hello is told hello at once."""
    _own(caller, tool_id)
    wanted = _read(await read_body(request, "application/json"), caller.tool)
    async with caller.platform.store.writing() as session:
        row = await session.get(NoticeHandler, (tool_id, wanted.notice_type))
        if not wanted.handler:
            if row is not None:
                await session.delete(row)
            return JSONResponse(_as_json(wanted.notice_type, None))
        if row is None:
            row = NoticeHandler(tool_id=tool_id, notice_type=wanted.notice_type)
            session.add(row)
        row.handler, row.max_batch_size = wanted.handler, wanted.max_batch_size
    task = BackgroundTask(send, caller.platform, HELLO_NOTICE, {}) if wanted.notice_type == HELLO_NOTICE else None
    return JSONResponse(_as_json(wanted.notice_type, row), background=task)


def _own(caller: Caller, tool_id: int) -> None:
    if caller.tool.id != tool_id:
        raise ServiceError(404, "not_found", "There is no such tool.")


def _read(body: bytes, tool: Tool) -> Subscription:
    try:
        wanted = Subscription.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise ServiceError(400, "bad_request", f"{where}: {first['msg']}") from error
    if wanted.notice_type not in NOTICE_TYPES:
        raise ServiceError(400, "bad_request", f"notice_type: must be one of {', '.join(NOTICE_TYPES)}")
    own = set().union(*(hosts_of(address) for address in (tool.launch_url, *tool.redirect_uris)))
    if wanted.handler and (
        urlsplit(wanted.handler).scheme not in ("http", "https") or not hosts_of(wanted.handler) & own
    ):
        raise ServiceError(400, "bad_request", "handler: must be an address on the tool's domain")
    return wanted


def _as_json(kind: str, row: NoticeHandler | None) -> dict[str, Any]:
    body: dict[str, Any] = {"notice_type": kind, "handler": row.handler if row else ""}
    if row is not None and row.max_batch_size is not None:
        body["max_batch_size"] = row.max_batch_size
    return body


async def _handlers(session: AsyncSession, tool_id: int) -> list[NoticeHandler]:
    return list(await session.scalars(select(NoticeHandler).where(NoticeHandler.tool_id == tool_id)))


def copied(course: Course, origin: Course) -> dict[str, Any]:
    """What a notice of a copy says (section 5.2)."""
    return {f"{LTI}/context": context_claim(course), f"{LTI}/origin_contexts": [origin.context_id]}


async def send_copied(platform: Platform, course: Course, origin: Course) -> None:
    """Tell every tool that asked that ``course`` is a copy of ``origin``."""
    await send(platform, COPY_NOTICE, copied(course, origin))


async def send(platform: Platform, kind: str, said: dict[str, Any]) -> None:
    """Tell every active tool that asked for this type; nothing is tried twice."""
    async with platform.store.reading() as session:
        rows = await session.execute(
            select(NoticeHandler, Tool)
            .join(Tool, Tool.id == NoticeHandler.tool_id)
            .where(NoticeHandler.notice_type == kind)
            .order_by(Tool.id)
        )
        receivers = [
            (row.handler, tool)
            for row, tool in rows
            if await state_of(session, tool.id) == ACTIVE and SCOPE_NOTICE_HANDLERS in tool.scopes
        ]
    for handler, tool in receivers:
        claims = _claims(platform, tool, kind, said)
        status = await _deliver(platform, handler, claims)
        async with platform.store.writing() as session:
            session.add(
                SentNotice(
                    tool_id=tool.id,
                    notice_type=kind,
                    handler=handler,
                    claims=claims,
                    status=status,
                    sent_at=platform.now(),
                )
            )


def _claims(platform: Platform, tool: Tool, kind: str, said: dict[str, Any]) -> dict[str, Any]:
    now = platform.now()
    issued = int(now.timestamp())
    return {
        "iss": platform.settings.issuer,
        "aud": tool.client_id,
        "azp": tool.client_id,
        "iat": issued,
        "exp": issued + TOKEN_SECONDS,
        "nonce": secrets.token_urlsafe(16),
        f"{LTI}/version": "1.3.0",
        f"{LTI}/deployment_id": tool.deployment_id,
        f"{LTI}/notice": {
            "id": secrets.token_urlsafe(16),
            "timestamp": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "type": kind,
        },
        **said,
    }


async def _deliver(platform: Platform, handler: str, claims: dict[str, Any]) -> int | None:
    """Post one notice; the status of the answer, or None where nobody answered."""
    key = await platform.keys.signing()
    token = jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "JWT"}, claims, key)
    try:
        answer = await platform.http.post(handler, json={"notices": [{"jwt": token}]})
    except httpx.HTTPError as error:
        log.warning("A notice could not be delivered: %s", type(error).__name__)
        return None
    return answer.status_code
