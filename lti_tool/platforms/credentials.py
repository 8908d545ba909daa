"""What a connector shows to a platform's own API to be let in. Who keeps it, and how it is renewed, is ``content``'s business."""

from dataclasses import dataclass
from typing import Protocol

from lti_tool.platforms.native import ApiTokenRefused


class BearerCredentials(Protocol):
    """An access token that may end."""

    async def token(self) -> str:
        """The token to send, renewed if it is known to end now. Raises NativeTrouble where there is none any more."""
        ...

    async def renew(self, refused: str) -> str:
        """Another token in place of one that the platform has just ``refused`` as dead. Raises ApiTokenRefused if there is none.

        Called by several at once it renews once.
        """
        ...


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token that an administrator entered, and that nobody can renew."""

    value: str

    def __repr__(self) -> str:
        """Without the token."""
        return "FixedToken()"

    async def token(self) -> str:
        """The token."""
        return self.value

    async def renew(self, refused: str) -> str:
        """There is no other."""
        raise ApiTokenRefused("the token that was entered is dead")


@dataclass(frozen=True, slots=True)
class SignedCredentials:
    """Keys that sign each request (OAuth 1.0a, RFC 5849). Without ``token`` it is the application's own access: two-legged."""

    consumer_key: str
    consumer_secret: str
    token: str = ""
    token_secret: str = ""

    def __repr__(self) -> str:
        """Without the secrets."""
        return "SignedCredentials()"
