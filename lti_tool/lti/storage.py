"""The platform's own storage as proof that the browser of the login has come back, where no cookie can say so.

LTI Client Side postMessages 0.1 and LTI OIDC Login with LTI Client Side postMessages 0.1: a login request that carries
``lti_storage_target`` says that a window of the platform keeps small values for us. Before the browser leaves for the
platform it puts a proof there; after the message has come it reads the proof back and posts it with the message.

The proof is made for one login: from the digest of the browser's secret, which only the server has, and from the state.
Whoever reads the platform's storage learns neither the cookie's value nor anything that helps with another login.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lti_tool.lti.models import Registration
from lti_tool.lti.sessions import origin_of

PROOF_FIELD = "proof"
"""The field of the launch that carries the proof. Empty, it says that the storage was asked and did not have it."""

_TARGET = re.compile(r"[\w.:-]{1,255}")
_KEY_LENGTH = 16


@dataclass(frozen=True, slots=True)
class StoragePlace:
    """Where a value lies: the platform's window by its name (``_parent`` for the window around ours), that window's origin,
    and the key. The origin is that of the registration's authorization address (Client Side postMessages 0.1 §3), never
    what a request says.
    """

    target: str
    origin: str
    key: str


def target_in(given: Mapping[str, str]) -> str | None:
    """The storage target of a login request; None without one, or with one that cannot be a window's name."""
    target = given.get("lti_storage_target", "")
    return target if _TARGET.fullmatch(target) else None


def place_for(registration: Registration, target: str | None, state: str) -> StoragePlace | None:
    """Where the proof of a login lies; None where the platform offers no storage."""
    origin = origin_of(registration.auth_login_url)
    if target is None or origin is None:
        return None
    return StoragePlace(target, origin, f"lti_login_{state[:_KEY_LENGTH]}")


def proof_for(browser_digest: str, state: str) -> str:
    """The proof of one login: 64 hexadecimal characters (HMAC-SHA-256)."""
    return hmac.new(browser_digest.encode(), f"lti-storage:{state}".encode(), hashlib.sha256).hexdigest()


def proves(proof: str, browser_digest: str, state: str) -> bool:
    """Whether a proof is that of this login; takes the same time whatever was given."""
    return hmac.compare_digest(proof.encode("utf-8", "replace"), proof_for(browser_digest, state).encode())
