"""When keys sign, when the next one is due, and when an old one has outlived its use. Pure: no files, no clock.

A key is published from the moment it is made. One made by schedule begins to sign only when every platform's copy of the key
set is new enough to hold it; it stays published for a time after it stopped, so that whatever it signed can be checked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from joserfc.jwk import RSAKey

PUBLISHED_BEFORE_SIGNING = timedelta(days=1)
"""How long a key made by schedule is published before it signs. Ours may be kept for 5 minutes; platforms keep it longer."""

PUBLISHED_AFTER_SIGNING = timedelta(days=30)
"""How long a key that signs no more stays published. What it signed lives minutes: assertions 5, deep linking answers 10."""


class KeyState(StrEnum):
    """What a published key is for."""

    NEXT = "next"
    SIGNS = "signs"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, parsed once. ``scheduled`` keys wait for ``signs_from``; the others signed as soon as they were made."""

    kid: str
    created_at: datetime
    private: RSAKey
    signs_from: datetime
    scheduled: bool = False

    def public_jwk(self) -> dict[str, Any]:
        """The public half as it is published (RFC 7517)."""
        return {**self.private.as_dict(private=False), "kid": self.kid, "alg": "RS256", "use": "sig"}


def newest_first(keys: Iterable[SigningKey]) -> tuple[SigningKey, ...]:
    """Keys in the order in which they take over, the last one first."""
    return tuple(sorted(keys, key=lambda key: (key.signs_from, key.created_at), reverse=True))


def signing(keys: Iterable[SigningKey], now: datetime) -> SigningKey | None:
    """The key that signs: of those whose time has come the newest; None where there is no key."""
    ordered = newest_first(keys)
    # A key made to sign at once does, even after the clock went back.
    ready = (key for key in ordered if not key.scheduled or key.signs_from <= now)
    return next(ready, ordered[-1] if ordered else None)


def state_of(key: SigningKey, keys: Iterable[SigningKey], now: datetime) -> KeyState:
    """What a key of these is for at this moment."""
    active = signing(keys, now)
    if active is None or key.kid == active.kid:
        return KeyState.SIGNS
    return KeyState.NEXT if key.signs_from > active.signs_from else KeyState.STOPPED


def next_due(keys: Iterable[SigningKey], now: datetime, every: timedelta) -> datetime | None:
    """From when the next key should sign, if now is the time to make it; None otherwise.

    ``every`` is how long a key signs. A key that is overdue is followed as soon as the new one has been published long
    enough.
    """
    listed = tuple(keys)
    active = signing(listed, now)
    if active is None or any(state_of(key, listed, now) is KeyState.NEXT for key in listed):
        return None
    if now < active.signs_from + every - PUBLISHED_BEFORE_SIGNING:
        return None
    return due_from(listed, now, every)


def due_from(keys: Iterable[SigningKey], now: datetime, every: timedelta) -> datetime | None:
    """From when another key signs, of keys that sign for ``every``: one that is there already, or one yet to be made; None
    where there is no key.
    """
    listed = newest_first(keys)
    active = signing(listed, now)
    if active is None:
        return None
    coming = [key.signs_from for key in listed if state_of(key, listed, now) is KeyState.NEXT]
    return min(coming) if coming else max(active.signs_from + every, now + PUBLISHED_BEFORE_SIGNING)


def outlived(keys: Iterable[SigningKey], now: datetime) -> list[SigningKey]:
    """The keys that stopped signing so long ago that nothing they signed is still under way."""
    ordered = newest_first(keys)
    old = []
    for following, key in pairwise(ordered):
        stopped = state_of(key, ordered, now) is KeyState.STOPPED
        if stopped and following.signs_from + PUBLISHED_AFTER_SIGNING <= now:
            old.append(key)
    return old
