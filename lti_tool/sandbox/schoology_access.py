"""Who calls Schoology's REST API, and what they may: OAuth 1.0a (RFC 5849) as its documentation has it, and its rate limit.

https://developers.schoology.com/api-documentation/authentication. Keys are the application's, which is approved for the
school, and a teacher's personal one, which since 25 June 2025 reads nobody else's data
(https://developers.schoology.com/api-documentation/api-authentication-update). The limit of fifty requests in five seconds is
reported, not documented.
"""

import hmac
import re
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from weakref import WeakKeyDictionary

from authlib.oauth1.rfc5849.signature import (
    construct_base_string,
    hmac_sha1_signature,
    plaintext_signature,
)
from authlib.oauth1.rfc5849.util import escape
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from lti_tool.sandbox.models import Course, Enrolment, Person
from lti_tool.sandbox.platform import Platform, platform_of
from lti_tool.sandbox.schoology_models import ACCESS, OAuthToken
from lti_tool.sandbox.store import enrolment_in

MOST_REQUESTS = 50
IN_SECONDS = 5.0
CLOCKS_APART = 300
"""Seconds by which a timestamp may be off."""

_FIELD = re.compile(r'([A-Za-z_]+)="([^"]*)"')


@dataclass
class ApiRefused(Exception):
    """A call that is refused, with a sentence for who reads answers by hand."""

    status: int
    words: str


@dataclass(frozen=True)
class Keys:
    """A key of the API with its secret."""

    key: str
    secret: str


async def app_keys(platform: Platform) -> Keys:
    """Those of the application that the school has installed."""
    return await _keys(platform, "app")


async def personal_keys(platform: Platform) -> Keys:
    """Those that the school's first teacher got for themselves at ``/api``."""
    return await _keys(platform, "personal")


async def _keys(platform: Platform, whose: str) -> Keys:
    found = _KEYS.setdefault(platform, {})
    if whose not in found:
        secret = platform.store.secret
        found[whose] = Keys(await secret(f"schoology {whose} key"), await secret(f"schoology {whose} secret"))
    return found[whose]


_KEYS: WeakKeyDictionary[Platform, dict[str, Keys]] = WeakKeyDictionary()


@dataclass
class Traffic:
    """What was called lately, by key and token: nonces, the last timestamp, and when."""

    nonces: set[tuple[str, str, str]] = field(default_factory=set)
    latest: dict[str, int] = field(default_factory=dict)
    calls: dict[str, deque[datetime]] = field(default_factory=dict)

    def take(self, who: str, nonce: str, timestamp: int, now: datetime) -> None:
        """Note a call. Raises ApiRefused for a repeated or an old one, and for one too many."""
        if abs(timestamp - now.timestamp()) > CLOCKS_APART:
            raise ApiRefused(401, "Expired timestamp")
        if timestamp < self.latest.get(who, 0) or (who, nonce, str(timestamp)) in self.nonces:
            raise ApiRefused(401, "Duplicate timestamp/nonce combination, possible replay attack. Request rejected.")
        self.latest[who] = timestamp
        self.nonces.add((who, nonce, str(timestamp)))
        calls = self.calls.setdefault(who, deque())
        while calls and (now - calls[0]).total_seconds() >= IN_SECONDS:
            calls.popleft()
        if len(calls) >= MOST_REQUESTS:
            raise ApiRefused(429, "Too many requests")
        calls.append(now)


@dataclass(frozen=True)
class Caller:
    """Whoever calls. ``person`` acts; ``app``: it is the application itself, which sees the whole school; ``personal``: by a
    personal key.
    """

    platform: Platform
    person: Person | None
    app: bool = False
    personal: bool = False
    token: OAuthToken | None = None

    async def course(self, session: AsyncSession, number: int) -> tuple[Course, Enrolment | None]:
        """A section, and the caller's place in it. Raises ApiRefused: 404 for none, 403 for one that is not the caller's."""
        course = await session.get(Course, number)
        if course is None:
            raise ApiRefused(404, "Section not found")
        enrolment = await enrolment_in(session, course.id, self.person.id) if self.person is not None else None
        here = enrolment if enrolment is not None and enrolment.active else None
        if here is None and not self.sees_all:
            raise ApiRefused(403, "You do not have permission to view this section")
        return course, here

    @property
    def sees_all(self) -> bool:
        """The school's own application, and its administrator."""
        return self.app or (not self.personal and self.person is not None and self.person.kind == "administrator")

    def may_see_others(self, enrolment: Enrolment | None) -> None:
        """Raises ApiRefused for who may not see what others did in a section."""
        if self.personal:
            raise ApiRefused(401, "Personal API keys cannot access other users' data")
        if not self.teaches(enrolment):
            raise ApiRefused(403, "You do not have permission to view this")

    def teaches(self, enrolment: Enrolment | None) -> bool:
        """Whether the caller administers the section."""
        return self.sees_all or (enrolment is not None and enrolment.role in ("teacher", "assistant"))


async def signed(request: Request) -> tuple[dict[str, str], OAuthToken | None]:
    """The protocol's parameters of a request whose signature is right, and its token. Raises ApiRefused."""
    platform = platform_of(request)
    given = parameters(request.headers.get("authorization", ""))
    keys = {one.key: one for one in (await app_keys(platform), await personal_keys(platform))}
    consumer = keys.get(given.get("oauth_consumer_key", ""))
    if consumer is None or platform.behaviour.refuses_tokens:
        raise ApiRefused(401, "Invalid consumer key")
    async with platform.store.reading() as session:
        token = await session.get(OAuthToken, given["oauth_token"]) if given.get("oauth_token") else None
    if "oauth_token" not in given or (given["oauth_token"] and token is None):
        raise ApiRefused(401, "Invalid token")
    if token is not None and token.expires_at <= platform.now():
        raise ApiRefused(401, "Expired token")
    expected = _signature(request, platform, given, consumer.secret, token.secret if token is not None else "")
    if not hmac.compare_digest(expected, given.get("oauth_signature", "")):
        raise ApiRefused(401, "Invalid signature")
    stamp = given.get("oauth_timestamp", "")
    traffic(request).take(
        f"{consumer.key} {given['oauth_token']}",
        given.get("oauth_nonce", ""),
        int(stamp) if stamp.isdecimal() and len(stamp) < 12 else 0,
        platform.now(),
    )
    return given, token


async def caller_of(request: Request) -> Caller:
    """Whoever calls with the application's keys, a person's token, or a personal key. Raises ApiRefused."""
    platform = platform_of(request)
    given, token = await signed(request)
    async with platform.store.reading() as session:
        if token is not None:
            person = await session.get(Person, token.person_id) if token.kind == ACCESS else None
            if person is None:
                raise ApiRefused(401, "Invalid token")
            return Caller(platform, person, token=token)
        personal = given["oauth_consumer_key"] == (await personal_keys(platform)).key
        kind = "teacher" if personal else "administrator"
        query = select(Person).where(Person.kind == kind).order_by(Person.id).limit(1)
        return Caller(platform, (await session.scalars(query)).first(), app=not personal, personal=personal)


def traffic(request: Request) -> Traffic:
    """What this sandbox was called with lately; forgotten when it ends."""
    state: Any = request.app.state
    if not hasattr(state, "schoology_traffic"):
        state.schoology_traffic = Traffic()
    found: Traffic = state.schoology_traffic
    return found


def parameters(header: str) -> dict[str, str]:
    """The fields of an ``Authorization`` header, unescaped (RFC 5849, section 3.5.1); none for another scheme."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        return {}
    return {name: unquote(value) for name, value in _FIELD.findall(rest) if name.startswith("oauth_")}


def _signature(request: Request, platform: Platform, given: dict[str, str], secret: str, token_secret: str) -> str:
    """The signature that a request has to have. What is signed is the address as it is known outside."""
    if given.get("oauth_signature_method") == "PLAINTEXT":
        return str(plaintext_signature(secret, token_secret))
    if given.get("oauth_signature_method") != "HMAC-SHA1":
        raise ApiRefused(401, "Unsupported signature method")
    address = f"{platform.settings.base_url}{request.url.path}"
    query = parse_qsl(urlsplit(str(request.url)).query, keep_blank_values=True)
    # authlib takes protocol parameters escaped, as they stand in the header.
    protocol = [(name, escape(value)) for name, value in given.items() if name != "oauth_signature"]
    base = construct_base_string(request.method, address, [*query, *protocol])
    return str(hmac_sha1_signature(base, secret, token_secret))
