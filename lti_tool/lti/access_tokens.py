"""Access tokens for a platform's services (Security Framework 1.0 §4.1: client credentials with a signed assertion)."""

import asyncio
import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from joserfc import jwt

from lti_tool.clock import Clock
from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.keys import KeyStore
from lti_tool.lti.models import Registration

ASSERTION_LIFE = timedelta(minutes=5)
BACKDATED = timedelta(seconds=60)
"""Moodle 4.5 refuses an assertion whose iat is ahead of its own clock at all: as far as clocks may be apart in a launch."""

EARLY = timedelta(seconds=60)
"""A token is not used for the last minute of its life, so that it does not end on the way."""

UNSAID_LIFE = timedelta(minutes=5)
"""How long a token is kept whose answer does not say how long it lives."""

NARROWED_LIFE = timedelta(minutes=5)
"""How long a token is kept that grants less than was asked for: an administrator may be switching the rest on just now."""

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MOST_KEPT = 10_000
_OAUTH_WORD = re.compile(r"[a-z_]{3,40}")

TokenKey = tuple[str, str, frozenset[str]]


class TokenRefused(Exception):
    """The token endpoint's answer is no token. ``error`` is its OAuth error word, when it has one."""

    def __init__(self, status: int, error: str, retry_after: str | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.retry_after = retry_after


@dataclass(slots=True)
class _Kept:
    token: str
    until: datetime
    granted: frozenset[str]


class AccessTokens:
    """Tokens by issuer, client id and scopes; of many who ask at once, one fetches and the others wait for it."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock, keys: KeyStore) -> None:
        self._http = http
        self._clock = clock
        self._keys = keys
        self._kept: dict[TokenKey, _Kept] = {}
        self._locks: dict[TokenKey, asyncio.Lock] = {}

    async def token(
        self,
        registration: Registration,
        scopes: Iterable[str],
        *,
        needs: Collection[str] = (),
        spent: str | None = None,
        fresh: bool = False,
    ) -> str:
        """A token for the scopes: another than ``spent``, which the platform no longer takes; ``fresh``, a new one in any case.

        One that the platform says holds none of ``needs`` is no use: TokenRefused. Raises it, and httpx's errors.
        """
        key: TokenKey = (registration.issuer, registration.client_id, frozenset(scopes))
        kept = None if fresh else self._usable(key, spent)
        if kept is None:
            kept = await self._fetched(registration, key, spent, fresh)
        if needs and kept.granted.isdisjoint(needs):
            raise TokenRefused(403, "invalid_scope")
        return kept.token

    async def _fetched(self, registration: Registration, key: TokenKey, spent: str | None, fresh: bool) -> _Kept:
        async with self._locks.setdefault(key, asyncio.Lock()):
            # Somebody who waited finds what the one before has fetched.
            kept = None if fresh else self._usable(key, spent)
            if kept is None:
                kept = await self._fetch(registration, key)
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[key] = kept
            return kept

    def forget(self, registration: Registration) -> None:
        """Drop the tokens of a registration that was changed or removed."""
        for key in [key for key in self._kept if key[:2] == (registration.issuer, registration.client_id)]:
            del self._kept[key]

    def assertion(self, registration: Registration) -> str:
        """The signed assertion that proves who asks (RFC 7523 §3): a new one each time, for five minutes."""
        signing = self._keys.active()
        now = self._clock.now() - BACKDATED
        body = {
            "iss": registration.client_id,
            "sub": registration.client_id,
            "aud": registration.token_audience or registration.token_url,
            "iat": int(now.timestamp()),
            "exp": int((now + ASSERTION_LIFE).timestamp()),
            "jti": secrets.token_urlsafe(24),
        }
        return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": signing.kid}, body, signing.private)

    def _usable(self, key: TokenKey, spent: str | None) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is None or kept.token == spent or self._clock.now() >= kept.until:
            return None
        return kept

    async def _fetch(self, registration: Registration, key: TokenKey) -> _Kept:
        asked_at = self._clock.now()
        response = await self._http.post(
            registration.token_url,
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": _ASSERTION_TYPE,
                "client_assertion": self.assertion(registration),
                "scope": " ".join(sorted(key[2])),
            },
            headers={"Accept": "application/json"},
        )
        answer = _parsed(response)
        token = answer.get("access_token")
        if not response.is_success or not isinstance(token, str) or not token:
            # A success without a token is as little use as a refusal.
            raise TokenRefused(response.status_code, _error_word(answer), response.headers.get("retry-after"))
        granted = _granted(answer.get("scope"), key[2])
        if not granted:
            raise TokenRefused(403, "invalid_scope")
        life = max(_life(answer.get("expires_in")) - EARLY, timedelta(0))
        if granted != key[2]:
            life = min(life, NARROWED_LIFE)
        return _Kept(token, asked_at + life, granted)


def _parsed(response: httpx.Response) -> dict[str, Any]:
    """The body as JSON, whatever its type says: Moodle 4.5 answers tokens as text/html, and some errors as broken JSON."""
    try:
        parsed = read_json(response.content)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _error_word(answer: dict[str, Any]) -> str:
    word = answer.get("error")
    return word if isinstance(word, str) and _OAUTH_WORD.fullmatch(word) else "no token in the answer"


def _granted(said: object, wanted: frozenset[str]) -> frozenset[str]:
    """What of the scopes was granted: all of them, unless the platform says otherwise (RFC 6749 §5.1).

    Moodle drops scopes without a word but this one.
    """
    if not isinstance(said, str) or not said.strip():
        return wanted
    return wanted & frozenset(said.split())


def _life(expires_in: object) -> timedelta:
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float | str):
        return UNSAID_LIFE
    try:
        return timedelta(seconds=min(max(float(expires_in), 0), 86_400))
    except (ValueError, OverflowError):
        return UNSAID_LIFE
