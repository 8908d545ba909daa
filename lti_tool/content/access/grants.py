"""Access tokens that end: renewed ahead of time and when they are refused, once however many ask, and kept for all to use."""

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lti_tool.clock import Clock
from lti_tool.content.access import queries
from lti_tool.content.access.oauth2 import OAuth2Client, TokenAnswer
from lti_tool.content.access.sealing import Secrets, grant_purpose
from lti_tool.content.access_models import ApiGrant
from lti_tool.content.secrets import SecretBox
from lti_tool.db.session import Database
from lti_tool.platforms.native import ApiTokenRefused, NativeTrouble

AHEAD = timedelta(seconds=90)
"""How long before its end a token is renewed: longer than any one request takes."""


@dataclass(frozen=True, slots=True)
class Held:
    """A consent with its secrets, as it was read."""

    grant: ApiGrant
    secrets: Secrets

    def ends_by(self, moment: datetime) -> bool:
        """Whether the access token is known to have ended by then."""
        return self.grant.expires_at is not None and self.grant.expires_at <= moment


class GrantCredentials:
    """An access token that somebody's consent gave, and renews (``platforms.credentials.BearerCredentials``).

    Canvas ends the old token when it gives a new one. So what another process has renewed meanwhile is looked for first, and
    what two have renewed at once settles at the next refusal.
    """

    def __init__(
        self, database: Database, box: SecretBox, client: OAuth2Client, clock: Clock, turn: asyncio.Lock, held: Held
    ) -> None:
        """``turn`` is shared by everybody in this process who renews the same consent."""
        self._database = database
        self._box = box
        self._client = client
        self._clock = clock
        self._turn = turn
        self._held = held

    def __repr__(self) -> str:
        """Without the token."""
        return "GrantCredentials()"

    async def token(self) -> str:
        """The access token, renewed if it ends soon. Raises ApiTokenRefused and, when it has ended, NativeTrouble."""
        now = self._clock.now()
        if not self._held.ends_by(now + AHEAD):
            return self._held.secrets.token
        old = self._held
        try:
            return await self.renew(old.secrets.token)
        except NativeTrouble as trouble:
            # A platform that cannot be asked just now may still take the old one for its last minute.
            if trouble.temporary and not old.ends_by(now):
                return old.secrets.token
            raise

    async def renew(self, refused: str) -> str:
        """Another access token in place of ``refused``. Raises ApiTokenRefused when the consent is over, and NativeTrouble."""
        async with self._turn:
            held = await self._read()
            if held.secrets.token == refused or held.ends_by(self._clock.now() + AHEAD):
                held = await self._renewed(held)
            self._held = held
            return held.secrets.token

    async def _renewed(self, held: Held) -> Held:
        try:
            answer = await self._refreshed(held.secrets.refresh_token)
        except ApiTokenRefused:
            if await self._note_end(held):
                raise
            return await self._other(held)
        secrets = replace(
            held.secrets, token=answer.token, refresh_token=answer.refresh_token or held.secrets.refresh_token
        )
        grant = held.grant
        values = {
            "secrets_encrypted": secrets.sealed(self._box, _purpose(grant)),
            "expires_at": answer.expires_at,
            "scopes": _narrowed(grant.scopes, answer.scopes),
            "renewed_at": self._clock.now(),
            "working": True,
            "trouble": None,
        }
        async with self._database.writing() as session:
            kept = await queries.renewed(session, grant, **values)
        # Where another process was quicker, its token is the one that lives.
        return await self._read() if kept else await self._other(held)

    async def _refreshed(self, refresh_token: str) -> TokenAnswer:
        if not refresh_token:
            raise ApiTokenRefused("the consent gave nothing to renew it with")
        return await self._client.refresh(refresh_token)

    async def _other(self, held: Held) -> Held:
        found = await self._read()
        if found.secrets.token == held.secrets.token:
            raise ApiTokenRefused("the consent was changed while it was renewed")
        return found

    async def _read(self) -> Held:
        grant = self._held.grant
        async with self._database.reading() as session:
            found = await queries.grant(session, grant.organisation_id, grant.id)
        if found is None:
            raise ApiTokenRefused("the consent was taken back")
        return opened(self._box, found)

    async def _note_end(self, held: Held) -> bool:
        async with self._database.writing() as session:
            return await queries.renewed(
                session,
                held.grant,
                working=False,
                trouble=ApiTokenRefused.code,
                checked_at=self._clock.now(),
            )


def opened(box: SecretBox, grant: ApiGrant) -> Held:
    """A consent with its secrets. Raises Unsealable."""
    return Held(grant, Secrets.opened(box, grant.secrets_encrypted, _purpose(grant)))


class Turns:
    """Locks by what they are for: a token, which is asked with one request at a time, or a consent that is renewed."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, uuid.UUID], asyncio.Lock] = {}

    def of(self, what: str, owner: uuid.UUID) -> asyncio.Lock:
        """The lock that everybody in this process shares."""
        return self._locks.setdefault((what, owner), asyncio.Lock())


def _purpose(grant: ApiGrant) -> str:
    return grant_purpose(grant.organisation_id, grant.connection_id, grant.holder)


def _narrowed(before: list[str], told: tuple[str, ...] | None) -> list[str]:
    """The scopes a consent has now: an answer that names none leaves them as they were."""
    return before if told is None else [one for one in before if one in told] if before else list(told)
