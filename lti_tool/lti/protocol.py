"""What the protocol holds for the whole process: keys, registrations, platforms' key sets, access tokens, the way out."""

import copy
from collections.abc import Collection, Iterable
from typing import Self

import httpx

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.lti.access_tokens import AccessTokens, TokenRefused
from lti_tool.lti.directory import Directory
from lti_tool.lti.key_sets import KeySets
from lti_tool.lti.keys import KeyStore, open_key_store
from lti_tool.lti.links import retry_after
from lti_tool.lti.listening import Heard, listening
from lti_tool.lti.models import Registration
from lti_tool.lti.trouble import ServiceRefused, unreachable
from lti_tool.settings import Settings

_TOKEN_CODES = {408: "server-error", 425: "server-error", 429: "rate-limited"}


class Protocol:
    """One per process, as ``app.state.protocol``. Makes the first signing key when there is none."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        http: httpx.AsyncClient,
        database: Database,
        *,
        keys: KeyStore | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.database = database
        self.keys: KeyStore = keys if keys is not None else open_key_store(settings, clock)
        self.keys.active()
        self.directory = Directory(database, clock)
        self.key_sets = KeySets(http, clock, database)
        self.access_tokens = AccessTokens(http, clock, self.keys)

    @property
    def launch_url(self) -> str:
        """The redirect URI of every message."""
        return self.settings.base_url + "/lti/launch"

    async def token(
        self,
        registration: Registration,
        scopes: Iterable[str],
        *,
        needs: Collection[str] = (),
        spent: str | None = None,
        fresh: bool = False,
    ) -> str:
        """An access token for the platform's services, kept until a minute before its end.

        ``needs`` are scopes of which one has to be granted, where the platform says what it grants; ``spent`` is a token the
        platform no longer takes; ``fresh`` asks for a new one in any case, to see that it works.
        Raises ServiceRefused and ServiceUnreachable.
        """
        try:
            return await self.access_tokens.token(registration, scopes, needs=needs, spent=spent, fresh=fresh)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable("token", error) from error
        except TokenRefused as error:
            wait = retry_after(error.retry_after, self.clock.now())
            detail = f"token answered {error.status}: {error.error}"
            code = _TOKEN_CODES.get(error.status, "server-error" if error.status >= 500 else "no-permission")
            refused = ServiceRefused(error.status, code, code != "no-permission", wait, detail)
            refused.oauth_error = error.error
            raise refused from error

    def heard_by(self, heard: Heard, *, timeout: httpx.Timeout) -> Self:
        """The same for one check: with access tokens of its own, and every call to a token endpoint or a service told to
        ``heard``.
        """
        other = copy.copy(self)
        other.http = listening(self.http, heard, timeout=timeout)
        other.access_tokens = AccessTokens(other.http, self.clock, self.keys)
        return other

    def forget(self, registration: Registration) -> None:
        """Drop what is remembered of a registration that was changed or removed."""
        self.directory.forget()
        self.key_sets.forget(registration)
        self.access_tokens.forget(registration)
