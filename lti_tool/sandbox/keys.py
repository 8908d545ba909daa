"""The keys the sandbox signs its messages with, kept in its store."""

import asyncio
import functools
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from joserfc.jwk import RSAKey
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.models import SigningKey
from lti_tool.sandbox.store import Store


class PlatformKeys:
    """RS256 keys: the newest signs, all that are not retired are published (LTI Security Framework 1.0, section 6.3)."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._signing: RSAKey | None = None
        self._lock = asyncio.Lock()

    async def signing(self) -> RSAKey:
        """The private key that signs now, with its ``kid``; one is made when there is none."""
        async with self._lock:
            if self._signing is None:
                async with self._store.reading() as session:
                    rows = await _published(session)
                self._signing = _private(rows[0]) if rows else await self._make(forget_old=False)
            return self._signing

    async def public(self) -> dict[str, Any]:
        """The key set to publish."""
        async with self._store.reading() as session:
            rows = await _published(session)
        return {"keys": [{**_private(row).as_dict(private=False), "alg": "RS256", "use": "sig"} for row in rows]}

    async def rotate(self, *, forget_old: bool = False) -> str:
        """Sign with a new key from now on; the old ones stay published unless they are to be forgotten. Returns the kid."""
        async with self._lock:
            self._signing = await self._make(forget_old=forget_old)
            return str(self._signing.kid)

    async def _make(self, *, forget_old: bool) -> RSAKey:
        kid = secrets.token_urlsafe(16)
        # Making a key takes long enough to be noticed by every other request, so it is made on another thread.
        key = await asyncio.to_thread(RSAKey.generate_key, 2048, {"kid": kid})
        now = self._now()
        async with self._store.writing() as session:
            if forget_old:
                await session.execute(update(SigningKey).where(SigningKey.retired_at.is_(None)).values(retired_at=now))
            session.add(SigningKey(kid=kid, private_pem=key.as_pem(private=True).decode(), created_at=now))
        return key


async def _published(session: AsyncSession) -> list[SigningKey]:
    # Clocks can be turned back in tests, so the order of making is the order of rows, not of times.
    found = await session.scalars(
        select(SigningKey).where(SigningKey.retired_at.is_(None)).order_by(SigningKey.number.desc())
    )
    return list(found)


def _private(row: SigningKey) -> RSAKey:
    return _parsed(row.private_pem, row.kid)


@functools.lru_cache(maxsize=32)
def _parsed(private_pem: str, kid: str) -> RSAKey:
    """Parsing takes as long as a dozen launches, and the key set is asked for often."""
    return RSAKey.import_key(private_pem, {"kid": kid})
