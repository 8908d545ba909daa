"""The token of a launch: taken apart, and checked against a platform's key. No I/O.

RS256 and nothing else (Security Framework 1.0 §5.1.3). What a header says about where to find a key (``jku``, ``x5u``,
``jwk``) is never looked at: the key is the one the registration's key set has under the token's ``kid``.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from lti_tool.lti import claims
from lti_tool.lti.foreign_json import exact, read_json
from lti_tool.lti.refusals import (
    AlgorithmRefused,
    ClaimMissing,
    KeyIdMissing,
    SignatureWrong,
    TokenTooLarge,
    TokenUnreadable,
)

TOKEN_LIMIT = 64_000
"""Characters of a token that are read."""

ALGORITHM = "RS256"


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """What a token claims, before anything shows that it is true; enough to find the key."""

    text: str
    kid: str
    issuer: str
    audiences: tuple[str, ...]
    authorized_party: str | None


def read(text: str) -> UnverifiedToken:
    """Take a token apart. Raises the LaunchRefused that says why it cannot be one for us."""
    if len(text) > TOKEN_LIMIT:
        raise TokenTooLarge("the id_token is over the limit")
    parts = text.split(".")
    if len(parts) != 3:
        raise TokenUnreadable("not a signed token in compact form")
    header, body = _object(parts[0]), _object(parts[1])
    if header.get("alg") != ALGORITHM:
        raise AlgorithmRefused("the token's alg is not RS256")
    # We understand no extension, so a token that needs one has to be refused, whatever it names (RFC 7515 §4.1.11).
    if "crit" in header:
        raise SignatureWrong("the token's header has crit")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise KeyIdMissing("the token's header has no kid")
    issuer = body.get("iss")
    audiences = audiences_of(body.get("aud"))
    missing = [name for name, value in (("iss", issuer), ("aud", audiences)) if not value]
    if missing or not isinstance(issuer, str):
        raise ClaimMissing(*(missing or ["iss"]))
    azp = body.get("azp")
    return UnverifiedToken(text, kid, issuer, audiences, azp if isinstance(azp, str) else None)


def verify(token: UnverifiedToken, key: RSAKey) -> dict[str, Any]:
    """The claims, once the signature has proved right. Raises SignatureWrong."""
    try:
        signed = jws.deserialize_compact(token.text, key, algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError) as error:
        # A header whose members are of other kinds than they should be is a TypeError.
        raise SignatureWrong(f"the signature does not verify ({type(error).__name__})") from None
    body = read_json(signed.payload)
    if not isinstance(body, dict):
        raise TokenUnreadable("the token's payload is not an object")
    settings = body.get(claims.DEEP_LINKING_SETTINGS)
    if isinstance(settings, dict) and "data" in settings:
        # It goes back to the platform as it came (Deep Linking 2.0 §4.4.1).
        settings["data"] = exact(signed.payload, claims.DEEP_LINKING_SETTINGS, "data")
    return body


def audiences_of(aud: object) -> tuple[str, ...]:
    """The audiences of a token: ``aud`` is one or a list (RFC 7519 §4.1.3)."""
    listed = aud if isinstance(aud, list) else [aud]
    return tuple(one for one in listed if isinstance(one, str) and one)


def _object(part: str) -> dict[str, Any]:
    try:
        parsed = read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        raise TokenUnreadable("a part of the token is not JSON in base64url") from None
    if not isinstance(parsed, dict):
        raise TokenUnreadable("a part of the token is not an object")
    return parsed
