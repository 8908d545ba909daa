"""Platforms' public keys: in memory, and in the registration's row for the time after a restart.

A key id that is not known is looked for once more at the platform, and so is a key that a signature does not fit: some put a new
key in the place of the old one, under its id. Both at most every COOL_DOWN; a set that is there stays in use while the platform
cannot be reached.
"""

import asyncio
import base64
import logging
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.lti import queries
from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.models import Registration

COOL_DOWN = timedelta(seconds=10)
"""The least time between two looks for a key that was not there or did not fit, and after a look that failed."""

AGE_LIMIT = timedelta(hours=1)
"""After this a set is fetched again beside the launches, so that a key the platform has withdrawn does not stay valid."""

FETCH_SECONDS = 6.0
WAIT_SECONDS = 8.0
"""How long a launch waits for a set that others are fetching, its own look included: a refusal comes within ten seconds."""

SET_LIMIT = 256_000
"""Bytes of a key set that are read."""

LEAST_BITS = 2048
MOST_KEYS = 100

log = logging.getLogger(__name__)

_SetKey = tuple[uuid.UUID, str]


class KeySetUnreachable(Exception):
    """The platform's key set cannot be had, and none is at hand."""


@dataclass(slots=True)
class _Held:
    keys: dict[str, RSAKey] = field(default_factory=dict)
    raw: dict[str, Any] | None = None
    fetched_at: datetime | None = None
    looked_at: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeySets:
    """Finds a platform's key by its id."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock, database: Database) -> None:
        self._http = http
        self._clock = clock
        self._database = database
        self._held: dict[_SetKey, _Held] = {}
        self._refreshing: dict[_SetKey, asyncio.Task[None]] = {}

    async def key(self, registration: Registration, kid: str) -> RSAKey | None:
        """The public key with this id, or None when the platform has none. Raises KeySetUnreachable."""
        held = self._of(registration)
        known = held.keys.get(kid)
        if known is not None:
            self._refresh_if_old(registration, held)
            return known
        try:
            async with asyncio.timeout(WAIT_SECONDS), held.lock:
                # While this one waited, another may have fetched.
                if kid not in held.keys and not self._cooling(held):
                    await self._look(registration, held)
        except TimeoutError:
            raise KeySetUnreachable(f"no key set of registration {registration.id} in time") from None
        if held.raw is None:
            raise KeySetUnreachable(f"no key set of registration {registration.id}")
        return held.keys.get(kid)

    async def in_place_of(self, unfit: RSAKey, registration: Registration, kid: str) -> RSAKey | None:
        """The key the platform publishes by now under the id of one that a signature did not fit; None where it is the same."""
        held = self._of(registration)
        try:
            async with asyncio.timeout(WAIT_SECONDS), held.lock:
                if _same(held.keys.get(kid), unfit) and not self._cooling(held):
                    await self._look(registration, held)
        except TimeoutError:
            return None
        found = held.keys.get(kid)
        return None if _same(found, unfit) else found

    async def fetch(self, registration: Registration) -> int:
        """Fetch the set now, whatever is at hand; says how many usable keys it has. Raises KeySetUnreachable."""
        held = self._of(registration)
        async with held.lock:
            if not await self._look(registration, held):
                raise KeySetUnreachable(f"no key set of registration {registration.id}")
            return len(held.keys)

    async def settle(self) -> None:
        """Wait for refreshes that run beside the launches; for the end of the process and for tests."""
        await asyncio.gather(*self._refreshing.values(), return_exceptions=True)

    def forget(self, registration: Registration) -> None:
        """Drop what is remembered of a registration."""
        for key in [key for key in self._held if key[0] == registration.id]:
            del self._held[key]

    def _of(self, registration: Registration) -> _Held:
        key = (registration.id, registration.jwks_url)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _Held()
            if registration.key_set is not None:
                held.raw = registration.key_set
                held.keys = usable_keys(registration.key_set)
                held.fetched_at = registration.key_set_fetched_at
        return held

    def _cooling(self, held: _Held) -> bool:
        return held.looked_at is not None and abs(self._clock.now() - held.looked_at) < COOL_DOWN

    def _refresh_if_old(self, registration: Registration, held: _Held) -> None:
        key = (registration.id, registration.jwks_url)
        now = self._clock.now()
        if held.fetched_at is not None and now - held.fetched_at < AGE_LIMIT:
            return
        if key in self._refreshing or self._cooling(held):
            return
        task = asyncio.create_task(self._refresh(registration, held))
        self._refreshing[key] = task
        task.add_done_callback(lambda _: self._refreshing.pop(key, None))

    async def _refresh(self, registration: Registration, held: _Held) -> None:
        async with held.lock:
            await self._look(registration, held)

    async def _look(self, registration: Registration, held: _Held) -> bool:
        now = self._clock.now()
        had_one = held.raw is not None
        try:
            raw = await self._download(registration.jwks_url)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            log.warning(
                "a key set could not be fetched",
                extra={"registration": str(registration.id), "trouble": type(error).__name__},
            )
            held.looked_at = now
            return False
        # The very first fetch starts no cool-down: a platform may change its key right after.
        held.looked_at = now if had_one else None
        changed = raw != held.raw
        held.raw, held.keys, held.fetched_at = raw, usable_keys(raw), now
        if changed or registration.key_set_fetched_at is None or now - registration.key_set_fetched_at >= AGE_LIMIT:
            async with self._database.writing() as session:
                await queries.keep_key_set(session, registration.id, raw, now)
        return True

    async def _download(self, address: str) -> dict[str, Any]:
        async with asyncio.timeout(FETCH_SECONDS), self._http.stream("GET", address) as response:
            if response.status_code != 200:
                raise ValueError(f"answered {response.status_code}")
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > SET_LIMIT:
                    raise ValueError("over the limit")
        parsed = read_json(body)
        if not isinstance(parsed, dict) or not isinstance(parsed.get("keys"), list):
            raise ValueError("not a key set")  # noqa: TRY004 - it is the text that is wrong.
        listed = {"keys": [key for key in parsed["keys"][:MOST_KEYS] if isinstance(key, dict)]}
        # Only what is used is kept: a set is public, but whatever else the answer holds need not be stored.
        return {"keys": [key.as_dict(private=False) | {"kid": kid} for kid, key in usable_keys(listed).items()]}


def usable_keys(key_set: dict[str, Any]) -> dict[str, RSAKey]:
    """The RSA keys of a set that can check RS256, by id. ``alg`` and ``use`` may be missing; keys for other ends, without an
    id or with less than 2048 bits are left out. Of two with one id the first counts.
    """
    found: dict[str, RSAKey] = {}
    for given in key_set.get("keys", ()):
        kid = given.get("kid")
        if not isinstance(kid, str) or not kid or kid in found or given.get("kty") != "RSA":
            continue
        if given.get("use", "sig") != "sig" or given.get("alg", "RS256") != "RS256":
            continue
        try:
            # joserfc warns of a short key and takes it all the same, so its length is looked at first.
            if _bits(given["n"]) >= LEAST_BITS:
                found[kid] = RSAKey.import_key({name: given[name] for name in ("kty", "n", "e")})
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return found


def _same(one: RSAKey | None, other: RSAKey) -> bool:
    return one is not None and one.as_dict(private=False) == other.as_dict(private=False)


def _bits(modulus: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))).bit_length()
