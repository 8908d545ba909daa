"""The ways in which platforms ask a person for access: OAuth 2 (Canvas) and OAuth 1.0a (Schoology), behind one face."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

from lti_tool.content.access import errors
from lti_tool.content.access.keeping import unwanted_in
from lti_tool.content.access.oauth2 import OAuth2Client
from lti_tool.content.access.scopes import wanted_scopes
from lti_tool.content.access.sealing import Secrets
from lti_tool.content.connectors import Connectors, NotConnected
from lti_tool.content.models import ApiAuth, ApiConnection
from lti_tool.lti.models import Family
from lti_tool.platforms import schoology_oauth
from lti_tool.platforms.credentials import SignedCredentials
from lti_tool.platforms.native import ApiTokenRefused


@dataclass(frozen=True, slots=True)
class Going:
    """Where the browser goes to be asked; ``temporary`` are keys to be kept until it is back (OAuth 1.0a)."""

    address: str = field(repr=False)
    temporary: Secrets | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """An access that somebody gave. ``account_ids`` are the names of whose it is; ``acting``: somebody acted as that person."""

    secrets: Secrets
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    account_ids: tuple[str, ...] = ()
    acting: bool = False


class Way(Protocol):
    """How one connection asks. Every call may raise NativeTrouble."""

    async def begin(self, back: str, state: str) -> Going:
        """Where the person is asked; the browser comes ``back`` with ``state``."""
        ...

    async def finish(self, back: str, code: str, token: str, verifier: str, temporary: Secrets | None) -> Given:
        """What they gave, for what came back with the browser. Raises ApiAnswerUnusable, ApiDenied."""
        ...

    async def end(self, held: Secrets) -> None:
        """Have the platform forget it, if there is a way to ask for that."""
        ...


class ByOAuth2:
    """Canvas's authorization code grant (RFC 6749 §4.1)."""

    def __init__(self, key: OAuth2Client, scopes: Collection[str]) -> None:
        self._key = key
        self._scopes = tuple(scopes)

    async def begin(self, back: str, state: str) -> Going:
        """The authorization endpoint."""
        return Going(self._key.authorize_address(back, state, self._scopes))

    async def finish(self, back: str, code: str, token: str, verifier: str, temporary: Secrets | None) -> Given:
        """The code becomes tokens."""
        if not code or len(code) > 2000:
            raise errors.ApiAnswerUnusable("the answer has no code")
        try:
            answer = await self._key.exchange(code, back)
        except ApiTokenRefused as error:
            raise errors.ApiAnswerUnusable(error.detail) from error
        return Given(
            Secrets(
                answer.token,
                refresh_token=answer.refresh_token or "",
                account_id=answer.account_ids[0] if answer.account_ids else "",
                account_name=answer.account_name,
            ),
            scopes=self._scopes
            if answer.scopes is None
            else tuple(one for one in self._scopes if one in answer.scopes),
            expires_at=answer.expires_at,
            account_ids=answer.account_ids,
            acting=answer.acting,
        )

    async def end(self, held: Secrets) -> None:
        """DELETE of the token, which takes what renews it along. A token whose hour is over cannot ask for that, so it is renewed
        for this one call.
        """
        if await self._key.revoke(held.token) or not held.refresh_token:
            return
        renewed = await self._key.refresh(held.refresh_token)
        await self._key.revoke(renewed.token)


class ByOAuth1:
    """Schoology's three legs (RFC 5849 §2)."""

    def __init__(self, connectors: Connectors, connection: ApiConnection) -> None:
        self._http = connectors.http
        self._clock = connectors.clock
        self._connection = connection
        self._consumer = SignedCredentials(connection.client_id or "", connectors.key_secret(connection))

    async def begin(self, back: str, state: str) -> Going:
        """A temporary key first; the state comes back in the callback's own query, for OAuth 1.0a has none."""
        callback = f"{back}?{urlencode({'state': state})}"
        try:
            asked = await schoology_oauth.request_token(
                self._http, self._clock, self._connection.base_url, self._consumer, callback
            )
        except ApiTokenRefused as error:
            raise errors.ApiKeyRefused(error.detail) from error
        address = schoology_oauth.authorize_address(self._connection.site_url, asked, callback)
        return Going(address, Secrets(asked.token, token_secret=asked.token_secret))

    async def finish(self, back: str, code: str, token: str, verifier: str, temporary: Secrets | None) -> Given:
        """The temporary key becomes a lasting one; then the platform says whose it is."""
        if not token:
            raise errors.ApiDenied("no temporary key came back")
        if temporary is None or token != temporary.token or len(verifier) > 2000:
            raise errors.ApiAnswerUnusable("the answer is for another temporary key")
        asked = SignedCredentials(
            self._consumer.consumer_key, self._consumer.consumer_secret, temporary.token, temporary.token_secret
        )
        base_url = self._connection.base_url
        try:
            lasting = await schoology_oauth.access_token(self._http, self._clock, base_url, asked, verifier)
        except ApiTokenRefused as error:
            raise errors.ApiDenied(error.detail) from error
        account = await schoology_oauth.whose(self._http, self._clock, base_url, lasting)
        return Given(
            Secrets(lasting.token, token_secret=lasting.token_secret, account_id=account), account_ids=(account,)
        )

    async def end(self, held: Secrets) -> None:
        """Schoology has no call for it; people end it in their own settings."""


def way_of(connectors: Connectors, connection: ApiConnection, family: Family) -> Way:
    """How this connection asks people. Raises NotConnected for one that asks nobody, and Unsealable."""
    match connection.auth:
        case ApiAuth.OAUTH2:
            scopes = wanted_scopes(family, unwanted_in(connection.abilities))
            return ByOAuth2(connectors.key(connection), scopes)
        case ApiAuth.OAUTH1:
            return ByOAuth1(connectors, connection)
        case _:
            raise NotConnected("a connection that asks nobody")
