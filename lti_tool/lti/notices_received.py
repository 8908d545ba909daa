"""Notices a platform sends by itself (Platform Notification Service 1.0 §4.3): verified like a launch, each taken in once.

Nobody is signed in here, and nothing is asked in return: what counts is the signature. A platform may send several at once;
those that are right are taken in, whatever the others are, since it does not send them again.
"""

import hashlib
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lti_tool import audit
from lti_tool.errors import BadRequest, LaunchRefused, TooLarge
from lti_tool.logs import reference_code
from lti_tool.lti import claims, id_tokens, messages, queries, signed
from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.history import cleaned
from lti_tool.lti.launch import LaunchContext, read_context
from lti_tool.lti.models import Deployment, DeploymentStatus, Registration
from lti_tool.lti.notices import COURSE_COPIED, HELLO
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.refusals import DeploymentHeld
from lti_tool.web.i18n import N_
from lti_tool.web.routing import PlainRoute

MOST = 50
"""Notices of one request that are read; we ask for ten at a time."""

UNDERSTOOD = frozenset({COURSE_COPIED, HELLO})
"""The types of notices that mean something here. Others are acknowledged, so that the platform does not call us broken."""

_RECEIVED = "notice.received"


class NoticeUnreadable(BadRequest):
    """What came is not a list of signed notices."""

    code = "notice-unreadable"
    title = N_("The notice cannot be read")
    advice = N_("This address takes notices of LMSs: JSON with a list of signed notices.")


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified notice. ``origins`` are the ids of the courses that the one of ``context`` was copied from."""

    registration: Registration
    deployment: Deployment
    type: str
    once: str
    issued_at: datetime
    context: LaunchContext | None = None
    origins: tuple[str, ...] = ()

    @property
    def organisation_id(self) -> uuid.UUID:
        """The tenant: the deployment's organisation."""
        if self.deployment.organisation_id is None:
            raise ValueError("a held deployment has no organisation")
        return self.deployment.organisation_id


TakeNotice = Callable[[AsyncSession, Notice, datetime], Awaitable[None]]
"""Does what a notice is about, in the transaction that notes it. Doing it again must change nothing."""


async def receive(request: Request) -> Response:
    """POST: the notices of one request; answers how many were taken in, or the first reason why one was not."""
    protocol: Protocol = request.app.state.protocol
    take: TakeNotice = request.app.state.take_notice
    now = protocol.clock.now()
    refused: list[LaunchRefused] = []
    taken = 0
    for text in listed(await request.body()):
        try:
            notice = await verified(protocol, text, now)
        except LaunchRefused as refusal:
            refused.append(refusal)
            continue
        taken += await _take_in(protocol, notice, take, now)
    if refused:
        raise refused[0]
    return JSONResponse({"taken_in": taken})


def listed(body: bytes) -> list[str]:
    """The signed notices of a request. Raises NoticeUnreadable, and TooLarge for more than anybody was asked to send."""
    try:
        given = read_json(body)
    except ValueError:
        raise NoticeUnreadable("not JSON") from None
    notices = given.get("notices") if isinstance(given, dict) else None
    if not isinstance(notices, list) or not notices:
        raise NoticeUnreadable("no list of notices")
    if len(notices) > MOST:
        raise TooLarge(f"more than {MOST} notices at once")
    tokens = [one.get("jwt") if isinstance(one, dict) else None for one in notices]
    if not all(isinstance(token, str) and token for token in tokens):
        raise NoticeUnreadable("a notice without its jwt")
    return [str(token) for token in tokens]


async def verified(protocol: Protocol, text: str, now: datetime) -> Notice:
    """The notice that a signed token holds. Raises LaunchRefused.

    A deployment that nobody has accepted is refused and not noted: only a launch brings one in.
    """
    token = id_tokens.read(text)
    registration = await signed.registration_of(protocol, token)
    body = await signed.claims_of(protocol, registration, token)
    messages.check_notice(body, registration, now)
    deployment = await protocol.directory.deployment(registration, body[claims.DEPLOYMENT_ID])
    if deployment is None or deployment.status is not DeploymentStatus.ACCEPTED or deployment.organisation_id is None:
        raise DeploymentHeld("a notice for a deployment that is not accepted")
    return _read(body, registration, deployment)


def _read(body: Mapping[str, Any], registration: Registration, deployment: Deployment) -> Notice:
    context = read_context(body, {})
    origins = body.get(claims.ORIGIN_CONTEXTS)
    return Notice(
        registration=registration,
        deployment=deployment,
        type=body[claims.NOTICE]["type"],
        once=messages.once(body) or "",
        issued_at=datetime.fromtimestamp(max(0, body["iat"]), UTC),
        context=context,
        origins=cleaned(origins if isinstance(origins, list) else (), context.id if context else None),
    )


async def _take_in(protocol: Protocol, notice: Notice, take: TakeNotice, now: datetime) -> bool:
    """Do what a notice is about and leave a trace, which shows that it came, should it come again. False for that."""
    if notice.type not in UNDERSTOOD:
        return False
    named = hashlib.sha256(f"{notice.registration.id}\n{notice.once}".encode()).hexdigest()
    async with protocol.database.writing() as session:
        since = notice.issued_at - messages.LEEWAY
        if await queries.was_traced(session, notice.organisation_id, _RECEIVED, f"notice {named}", since):
            return False
        await take(session, notice, now)
        audit.record(
            session,
            now,
            _RECEIVED,
            organisation_id=notice.organisation_id,
            subject=f"notice {named}",
            reference=reference_code.get(),
            detail=f"{notice.type} of deployment {notice.deployment.id}",
        )
    return True


routes = (PlainRoute("/lti/notices", receive, "POST"),)
