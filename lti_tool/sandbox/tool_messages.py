"""Messages that tools sign: the answer to a request to pick content, checked claim by claim (LTI Security Framework 1.0)."""

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.bench_models import UsedToolNonce
from lti_tool.sandbox.claims import LTI
from lti_tool.sandbox.models import Tool
from lti_tool.sandbox.platform import Platform

LEEWAY = timedelta(seconds=60)
LONGEST = timedelta(hours=1)
MOST = 1_000_000


class MessageRefused(Exception):
    """A tool's message that is not what it must be; the words say which part, and may be shown."""


async def verified(platform: Platform, tool: Tool, token: str, message_type: str) -> dict[str, Any]:
    """The claims of a tool's message: signed with a key of the tool's set, meant for this platform, of now, of this type.

    Whether its nonce is new, ``use_nonce`` says. Raises MessageRefused.
    """
    header, claims = _read(token)
    kid = header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(kid, str):
        raise MessageRefused("it has to be signed with RS256 and to name its key (kid)")
    key = await platform.tool_keys.find(tool.jwks_url, kid)
    if key is None:
        raise MessageRefused("its key is not in the tool's key set")
    try:
        jws.deserialize_compact(token, key, algorithms=["RS256"])
    except (JoseError, ValueError) as error:
        raise MessageRefused("its signature is not valid") from error
    _check(claims, tool, platform.settings.issuer, message_type)
    _check_times(claims, platform.now())
    return claims


async def use_nonce(session: AsyncSession, tool: Tool, claims: Mapping[str, Any], now: datetime) -> None:
    """Use a message's nonce up; a second time is MessageRefused."""
    await session.execute(delete(UsedToolNonce).where(UsedToolNonce.expires_at < now))
    nonce = claims["nonce"]
    known = await session.scalars(
        select(UsedToolNonce.id).where(UsedToolNonce.tool_id == tool.id, UsedToolNonce.nonce == nonce)
    )
    if known.first() is not None:
        raise MessageRefused("its nonce was used before")
    session.add(UsedToolNonce(tool_id=tool.id, nonce=nonce, expires_at=now + LONGEST + 2 * LEEWAY))


def _read(token: str) -> tuple[Mapping[str, Any], dict[str, Any]]:
    if len(token) > MOST:
        raise MessageRefused("it is too large")
    try:
        parts = jws.extract_compact(token.encode())
        claims = json.loads(parts.payload)
    except (JoseError, ValueError) as error:
        raise MessageRefused("it is not a signed JWT") from error
    if not isinstance(claims, dict):
        raise MessageRefused("its claims are not an object")
    return parts.headers(), claims


def _check(claims: Mapping[str, Any], tool: Tool, issuer: str, message_type: str) -> None:
    """A tool's message names itself by its client_id, and the platform by its issuer (section 5.2.2)."""
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    expected = {
        f"{LTI}/message_type": message_type,
        f"{LTI}/version": "1.3.0",
        f"{LTI}/deployment_id": tool.deployment_id,
        "iss": tool.client_id,
    }
    for name, value in expected.items():
        if claims.get(name) != value:
            raise MessageRefused(f"{name.rpartition('/')[2]} must be {value}")
    if issuer not in named:
        raise MessageRefused(f"aud must be {issuer}")
    if len(named) > 1 and claims.get("azp") != issuer:
        raise MessageRefused("azp must say which audience is meant")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not 0 < len(nonce) <= 300:
        raise MessageRefused("it needs a nonce")


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    moments = [claims.get(name) for name in ("iat", "exp")]
    if not all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) for value in moments
    ):
        raise MessageRefused("iat and exp must be numbers")
    issued, expires = (float(value) for value in moments if value is not None)
    seconds, leeway = now.timestamp(), LEEWAY.total_seconds()
    if expires <= seconds - leeway:
        raise MessageRefused("it has expired")
    if issued > seconds + leeway:
        raise MessageRefused("it is from the future")
    if expires - issued > LONGEST.total_seconds():
        raise MessageRefused("it is valid for longer than an hour")
