"""Dynamic Registration 1.0: the platform's description of itself, and the endpoint a tool registers at.

The administrator opens the tool's link with a token (``RegistrationAttempt``); the tool reads the description and sends its
registration with the token, which then is used up. The tool is kept as pending until the administrator approves it.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse, Response

from lti_tool.sandbox.bench_models import RegistrationAttempt
from lti_tool.sandbox.claims import NOTICE_TYPES
from lti_tool.sandbox.likes import Like
from lti_tool.sandbox.models import Person, Tool
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.registration_body import (
    CANVAS,
    PLACEMENTS,
    TOOL_CONFIGURATION,
    Registration,
    RegistrationRefused,
    offered_scopes,
    read_registration,
)
from lti_tool.sandbox.services import read_body
from lti_tool.sandbox.sessions import digest
from lti_tool.sandbox.standing import apply, keep_registration

PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
ATTEMPT_LIFE = timedelta(hours=1)
VARIABLES = (
    "User.id", "User.username", "Person.name.full", "Person.name.given", "Person.name.family", "Person.address.timezone",
    "Message.locale", "Membership.role", "Context.id", "Context.title", "Context.id.history", "ResourceLink.id",
    "ResourceLink.title", "ResourceLink.id.history", "Canvas.user.id", "Canvas.course.id", "Canvas.api.domain",
    "Canvas.api.baseUrl", "Canvas.module.id", "Canvas.moduleItem.id",
)  # fmt: skip
_CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "locale")


def routes(like: Like) -> APIRouter:
    """The two endpoints, at the addresses of an LMS; none where tools are registered by hand alone."""
    router = APIRouter()
    if like.registers_by_link:
        router.add_api_route(like.configuration_path, configuration, methods=["GET"])
        router.add_api_route(like.registration_path, register, methods=["POST"])
    return router


@dataclass(frozen=True)
class Invitation:
    """What the administrator's page opens the tool with. ``address`` is the tool's link with the two parameters added."""

    address: str
    configuration_url: str
    token: str


async def begin(
    session: AsyncSession, platform: Platform, person: Person, link: str, *, tool: Tool | None = None
) -> RegistrationAttempt:
    """Begin a registration with a tool's link; with ``tool``, that one is brought up to date."""
    now = platform.now()
    await session.execute(
        delete(RegistrationAttempt).where(RegistrationAttempt.expires_at < now, RegistrationAttempt.used_at.is_(None))
    )
    attempt = RegistrationAttempt(
        id=secrets.token_urlsafe(16),
        person_id=person.id,
        link=link,
        tool_id=tool.id if tool else None,
        expires_at=now + ATTEMPT_LIFE,
    )
    session.add(attempt)
    await session.flush()
    return attempt


def invitation(platform: Platform, attempt: RegistrationAttempt) -> Invitation:
    """A fresh token for an attempt; the one before ends."""
    token = secrets.token_urlsafe(32)
    attempt.digest = digest(token)
    like = platform.settings.profile
    configuration = platform.settings.base_url + like.configuration_path
    if like.token_in_configuration:
        configuration += f"?registration_token={token}"
    link, _, fragment = attempt.link.partition("#")
    joint = "&" if "?" in link else "?"
    address = f"{link}{joint}openid_configuration={quote(configuration, safe='')}&registration_token={token}"
    return Invitation(address + (f"#{fragment}" if fragment else ""), configuration, token)


async def configuration(request: Request, platform: ThisPlatform) -> Response:
    """What the platform is and offers. A token, where one comes, has to be good: in the address or as a bearer's."""
    given = _bearer(request) or request.query_params.get("registration_token")
    try:
        if given is not None:
            async with platform.store.reading() as session:
                await _attempt(session, platform, given)
    except RegistrationRefused as refusal:
        return platform.settings.profile.registration_refused(request, refusal)
    return JSONResponse(description(platform), headers={"Cache-Control": "no-store"})


def description(platform: Platform) -> dict[str, Any]:
    """The OpenID configuration with LTI's part (Dynamic Registration 1.0, section 2.1)."""
    settings = platform.settings
    return settings.profile.configuration(
        {
            "issuer": settings.issuer,
            "authorization_endpoint": settings.authorization_url,
            "registration_endpoint": settings.base_url + settings.profile.registration_path,
            "jwks_uri": settings.jwks_url,
            "token_endpoint": settings.token_url,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", *offered_scopes(settings.profile)],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": list(_CLAIMS),
            "authorization_server": settings.host,
            PLATFORM_CONFIGURATION: {
                "product_family_code": settings.profile.product_family_code,
                "version": "cloud",
                "messages_supported": [
                    {"type": kind, "placements": [CANVAS + place for place in places]}
                    for kind, places in PLACEMENTS.items()
                ],
                "notice_types_supported": list(NOTICE_TYPES),
                "variables": list(VARIABLES),
                CANVAS + "account_name": settings.name,
            },
        }
    )


async def register(request: Request, platform: ThisPlatform) -> Response:
    """Take a registration. The token works once; a registration that is refused leaves it as it is."""
    try:
        return JSONResponse(await _take(request, platform), headers={"Cache-Control": "no-store"})
    except RegistrationRefused as refusal:
        return platform.settings.profile.registration_refused(request, refusal)


async def _take(request: Request, platform: Platform) -> dict[str, Any]:
    token = _bearer(request)
    if token is None:
        raise _refused("token missing", "A registration needs the registration token as a bearer token.")
    async with platform.store.reading() as session:
        await _attempt(session, platform, token)
    body = await read_body(request, "application/json")
    registration = read_registration(body, platform.settings.profile)
    sent = {**json.loads(body), "scope": registration.scope}
    async with platform.store.writing() as session:
        attempt = await _attempt(session, platform, token)
        tool = await _keep(session, platform, attempt, registration, sent)
        attempt.tool_id, attempt.used_at = tool.id, platform.now()
    return _answer(platform, tool, registration, sent)


async def _keep(
    session: AsyncSession,
    platform: Platform,
    attempt: RegistrationAttempt,
    registration: Registration,
    sent: dict[str, Any],
) -> Tool:
    now = platform.now()
    known = await session.get(Tool, attempt.tool_id) if attempt.tool_id is not None else None
    if known is not None:
        await keep_registration(session, known, sent, now, is_new=False)
        return known
    like = platform.settings.profile
    tool = Tool(
        client_id=like.new_client_id(registration.initiate_login_uri),
        deployment_id=secrets.token_hex(20),
        created_at=now,
    )
    apply(tool, registration)
    session.add(tool)
    await session.flush()
    tool.deployment_id = like.new_deployment_id(tool)
    await keep_registration(session, tool, sent, now, is_new=True)
    return tool


def _answer(platform: Platform, tool: Tool, registration: Registration, sent: dict[str, Any]) -> dict[str, Any]:
    """The registration with what it got (section 3.3)."""
    like = platform.settings.profile
    address = f"{platform.settings.base_url}{like.registration_path}/{tool.id}"
    answer = {
        **sent,
        "client_id": tool.client_id,
        "registration_client_uri": address,
        "scope": " ".join(["openid", *registration.scopes]),
        TOOL_CONFIGURATION: {**sent[TOOL_CONFIGURATION], CANVAS + "registration_config_url": address},
    }
    return like.registration(answer, tool, names_deployment=platform.behaviour.registration_names_deployment)


async def _attempt(session: AsyncSession, platform: Platform, token: str) -> RegistrationAttempt:
    found = await session.scalars(select(RegistrationAttempt).where(RegistrationAttempt.digest == digest(token)))
    attempt = found.one_or_none()
    if attempt is None or attempt.expires_at <= platform.now():
        raise _refused("token unknown", "The registration token is unknown, or has expired.")
    if attempt.used_at is not None:
        raise _refused("token used", "The registration token was used before.")
    return attempt


def _bearer(request: Request) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value.strip() else None


def _refused(about: str, words: str) -> RegistrationRefused:
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return RegistrationRefused(401, "unauthorized", words, challenge, about=about)
