"""The key set and the token endpoint: a tool proves itself with a signed assertion and gets a service token.

LTI Security Framework 1.0, section 4.1 (client credentials with a JWT assertion, RFC 7523); errors are those of RFC 6749,
section 5.2.
"""

import json
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse, Response

from lti_tool.sandbox.bench_models import ACTIVE, OFF
from lti_tool.sandbox.models import AccessToken, Tool, UsedJti
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.services import media_type
from lti_tool.sandbox.sessions import digest
from lti_tool.sandbox.standing import state_of

TOKEN_LIFE = timedelta(seconds=3600)
LEEWAY = timedelta(seconds=60)
LONGEST_ASSERTION = timedelta(hours=1)
MAX_JTI = 300
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

router = APIRouter()


@dataclass
class TokenRefused(Exception):
    """An OAuth error: its code, a sentence, and the status it is answered with. ``about`` says in a word what was wrong."""

    error: str
    description: str
    status: int = 400
    about: str = ""


async def jwks(platform: ThisPlatform) -> JSONResponse:
    """The platform's public keys."""
    return JSONResponse(await platform.keys.public(), headers={"Cache-Control": "max-age=60, public"})


async def token(request: Request, platform: ThisPlatform) -> Response:
    """Give a service token for the scopes that are both asked for and allowed."""
    try:
        answer = await _grant(platform, await _form(request))
    except TokenRefused as refusal:
        return platform.settings.profile.token_refused(refusal)
    return platform.settings.profile.token(answer)


async def _form(request: Request) -> dict[str, str]:
    if media_type(request.headers.get("content-type", "")) != "application/x-www-form-urlencoded":
        raise TokenRefused("invalid_request", "The request must be application/x-www-form-urlencoded.")
    asked: dict[str, str] = {}
    for name, value in (await request.form()).multi_items():
        if name in asked:
            raise TokenRefused("invalid_request", f"{name} was sent more than once.")
        asked[name] = str(value)
    return asked


async def _grant(platform: Platform, asked: Mapping[str, str]) -> dict[str, Any]:
    if platform.behaviour.refuses_tokens:
        raise TokenRefused("invalid_client", "Tokens are refused at the moment, on demand.", 401)
    if asked.get("grant_type") != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "grant_type must be client_credentials.")
    if asked.get("client_assertion_type") != ASSERTION_TYPE:
        raise TokenRefused("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}.")
    if not asked.get("client_assertion") or not asked.get("scope"):
        raise TokenRefused("invalid_request", "client_assertion and scope are both needed.")
    tool, claims = await verified_assertion(platform, asked["client_assertion"])
    now, profile = platform.now(), platform.settings.profile
    async with platform.store.writing() as session:
        if profile.checks_assertions:
            await _use_jti(session, tool, claims, now)
        wanted = list(dict.fromkeys(asked["scope"].split()))
        scopes = [scope for scope in wanted if scope in tool.scopes]
        if not profile.grants_in_part and scopes != wanted:
            scopes = []
        if scopes:
            value = await _new_token(session, tool, scopes, now)
    # The assertion is used up even when no scope is left, so this is said after the transaction has ended.
    if not scopes:
        raise TokenRefused("invalid_scope", "These scopes are not allowed for this tool.", about="scope")
    return {
        "access_token": value,
        "token_type": "Bearer",
        "expires_in": int(TOKEN_LIFE.total_seconds()),
        "scope": " ".join(scopes),
    }


async def _new_token(session: AsyncSession, tool: Tool, scopes: list[str], now: datetime) -> str:
    await session.execute(delete(AccessToken).where(AccessToken.expires_at < now))
    value = secrets.token_urlsafe(32)
    session.add(AccessToken(digest=digest(value), tool_id=tool.id, scopes=scopes, expires_at=now + TOKEN_LIFE))
    return value


async def _use_jti(session: AsyncSession, tool: Tool, claims: Mapping[str, Any], now: datetime) -> None:
    await session.execute(delete(UsedJti).where(UsedJti.expires_at < now))
    if await session.get(UsedJti, (tool.id, claims["jti"])) is not None:
        raise TokenRefused("invalid_client", "The assertion's jti was used before.", 401)
    await session.execute(
        upsert(UsedJti).values(tool_id=tool.id, jti=claims["jti"], expires_at=now + LONGEST_ASSERTION + 2 * LEEWAY)
    )


async def verified_assertion(platform: Platform, assertion: str) -> tuple[Tool, dict[str, Any]]:
    """The tool an assertion proves, and its claims; raises TokenRefused. Whether the jti is new is not asked here."""
    unproven = _unproven_claims(assertion)
    async with platform.store.reading() as session:
        named = "iss" if platform.settings.profile.checks_assertions else "sub"
        found = await session.scalars(select(Tool).where(Tool.client_id == str(unproven.get(named))))
        tool = found.one_or_none()
        state = await state_of(session, tool.id) if tool else OFF
    if tool is None:
        raise TokenRefused(
            "invalid_client", f"No tool is registered here with the assertion's {named} as client_id.", 401, "client"
        )
    if state != ACTIVE:
        raise TokenRefused("invalid_client", "The tool waits for the administrator, or is switched off.", 401)
    key = await _tool_key(platform, tool, assertion)
    try:
        jws.deserialize_compact(assertion, key, algorithms=["RS256"])
    except (JoseError, ValueError) as error:
        raise TokenRefused("invalid_client", "The assertion's signature is not valid.", 401, "signature") from error
    if platform.settings.profile.checks_assertions:
        _check_claims(unproven, tool, platform.settings.token_url, platform.now())
    else:
        _check_times(unproven, platform.now())
    return tool, unproven


def _unproven_claims(assertion: str) -> dict[str, Any]:
    try:
        claims = json.loads(jws.extract_compact(assertion.encode()).payload)
    except (JoseError, ValueError) as error:
        raise TokenRefused("invalid_client", "The assertion is not a signed JWT.", 401) from error
    if not isinstance(claims, dict):
        raise TokenRefused("invalid_client", "The assertion's claims are not an object.", 401)
    return claims


async def _tool_key(platform: Platform, tool: Tool, assertion: str) -> RSAKey:
    header = jws.extract_compact(assertion.encode()).headers()
    kid = header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(kid, str):
        raise TokenRefused(
            "invalid_client", "The assertion must be signed with RS256 and name its key (kid).", 401, "algorithm"
        )
    key = await platform.tool_keys.find(tool.jwks_url, kid)
    if key is None:
        raise TokenRefused("invalid_client", "The assertion's kid is not in the tool's key set.", 401, "kid")
    return key


def _check_claims(claims: Mapping[str, Any], tool: Tool, audience: str, now: datetime) -> None:
    """RFC 7523, section 3, and LTI Security Framework 1.0, section 4.1.1. iss was compared when the tool was looked up."""
    if claims.get("sub") != tool.client_id:
        raise TokenRefused("invalid_client", "The assertion's sub must be the client_id.", 401)
    named = claims.get("aud")
    if audience not in (named if isinstance(named, list) else [named]):
        raise TokenRefused("invalid_client", f"The assertion's aud must be {audience}.", 401)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
        raise TokenRefused("invalid_client", "The assertion needs a jti.", 401)
    issued, expires, not_before = _moment(claims, "iat"), _moment(claims, "exp"), claims.get("nbf")
    seconds, leeway = now.timestamp(), LEEWAY.total_seconds()
    if expires <= seconds - leeway:
        raise TokenRefused("invalid_client", "The assertion has expired.", 401)
    if issued > seconds + leeway or (not_before is not None and _moment(claims, "nbf") > seconds + leeway):
        raise TokenRefused("invalid_client", "The assertion is from the future.", 401)
    if expires - issued > LONGEST_ASSERTION.total_seconds():
        raise TokenRefused("invalid_client", "The assertion is valid for longer than an hour.", 401)


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """What an LMS that checks little still checks, and without a second's leeway."""
    if "exp" in claims and _moment(claims, "exp") <= now.timestamp():
        raise TokenRefused("invalid_client", "The assertion has expired.", 401, "expired")
    if "iat" in claims and _moment(claims, "iat") > now.timestamp():
        raise TokenRefused("invalid_client", "The assertion is from the future.", 401, "early")


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TokenRefused("invalid_client", f"The assertion needs {name} as a number.", 401)
    return float(value)
