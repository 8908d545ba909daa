"""Whose token it is, and whether it really is theirs: what launches and notices have in common before their claims are read."""

from typing import Any

from lti_tool.lti import id_tokens
from lti_tool.lti.key_sets import KeySetUnreachable
from lti_tool.lti.models import Registration
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.refusals import KeySetUnreachableNow, KeyUnknown, PlatformUnknown, SignatureWrong, WrongAudience


async def registration_of(protocol: Protocol, token: id_tokens.UnverifiedToken) -> Registration:
    """The registration a token claims to be of: that of its issuer which it is meant for. Raises LaunchRefused."""
    found = await protocol.directory.registrations_of(token.issuer)
    if not found:
        raise PlatformUnknown("no registration has the token's issuer")
    meant = [one for one in found if one.client_id in token.audiences]
    if len(meant) > 1:
        meant = [one for one in meant if one.client_id == token.authorized_party]
    if not meant:
        raise WrongAudience("aud names none of the issuer's registrations")
    return meant[0]


async def claims_of(protocol: Protocol, registration: Registration, token: id_tokens.UnverifiedToken) -> dict[str, Any]:
    """The claims of a token that the registration's platform has signed, not checked further. Raises LaunchRefused."""
    try:
        key = await protocol.key_sets.key(registration, token.kid)
    except KeySetUnreachable as error:
        raise KeySetUnreachableNow(str(error)) from error
    if key is None:
        raise KeyUnknown("the platform publishes no key with this kid")
    try:
        return id_tokens.verify(token, key)
    except SignatureWrong:
        replaced = await protocol.key_sets.in_place_of(key, registration, token.kid)
        if replaced is None:
            raise
        return id_tokens.verify(token, replaced)
