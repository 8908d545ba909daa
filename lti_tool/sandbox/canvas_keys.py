"""API keys and the tokens that persons gave through them: making, changing, exchanging, refreshing, ending.

A token lives an hour, by the LMS's clock, and its refresh token as long as the key, the person's consent and every scope of it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_models import ConsentCode, ConsentRequest, DeveloperKey, PersonToken
from lti_tool.sandbox.models import Tool
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.sessions import digest

TOKEN_LIFE = timedelta(hours=1)
CODE_LIFE = timedelta(minutes=10)
_FIRST_CLIENT_ID = 10_000_000_000_000


@dataclass(frozen=True)
class KeyWanted:
    """What an administrator enters for a key."""

    name: str
    redirect_uris: Sequence[str]
    scopes: Sequence[str]
    enforces_scopes: bool = True
    allows_includes: bool = False


async def keys(session: AsyncSession) -> Sequence[DeveloperKey]:
    """Every key, oldest first."""
    return (await session.scalars(select(DeveloperKey).order_by(DeveloperKey.created_at, DeveloperKey.id))).all()


async def make_key(
    session: AsyncSession, platform: Platform, wanted: KeyWanted, tool: Tool | None = None
) -> DeveloperKey:
    """A new key, switched on."""
    key = DeveloperKey(
        id=_FIRST_CLIENT_ID + secrets.randbelow(1_000_000_000),
        name=wanted.name,
        secret=secrets.token_urlsafe(48),
        redirect_uris=list(wanted.redirect_uris),
        enforces_scopes=wanted.enforces_scopes,
        scopes=list(wanted.scopes),
        allows_includes=wanted.allows_includes,
        tool_id=tool.id if tool else None,
        created_at=platform.now(),
    )
    session.add(key)
    await session.flush()
    return key


async def change_key(session: AsyncSession, key: DeveloperKey, wanted: KeyWanted) -> None:
    """Change a key. Where a scope is taken away every token of the key ends, whether it had that scope or not."""
    lost = set(key.scopes) - set(wanted.scopes) if key.enforces_scopes or wanted.enforces_scopes else set()
    key.name, key.redirect_uris, key.scopes = wanted.name, list(wanted.redirect_uris), list(wanted.scopes)
    key.enforces_scopes, key.allows_includes = wanted.enforces_scopes, wanted.allows_includes
    if lost:
        await end_tokens_of(session, key)
    await session.flush()


async def take_scope(session: AsyncSession, key: DeveloperKey, scope: str) -> None:
    """Take one scope from a key, and so end its tokens."""
    wanted = KeyWanted(
        key.name,
        key.redirect_uris,
        [one for one in key.scopes if one != scope],
        enforces_scopes=key.enforces_scopes,
        allows_includes=key.allows_includes,
    )
    await change_key(session, key, wanted)


async def end_tokens_of(session: AsyncSession, key: DeveloperKey | None = None) -> None:
    """End the tokens of a key, or of every key, as when each person revoked theirs."""
    query = delete(PersonToken)
    await session.execute(query if key is None else query.where(PersonToken.key_id == key.id))


async def give_code(session: AsyncSession, platform: Platform, asked: ConsentRequest) -> str:
    """The person agreed: a code for the tool, good once and for ten minutes."""
    now = platform.now()
    await session.execute(delete(ConsentCode).where(ConsentCode.expires_at < now))
    code = secrets.token_hex(64)
    session.add(
        ConsentCode(
            digest=digest(code),
            key_id=asked.key_id,
            person_id=asked.person_id,
            scopes=asked.scopes,
            code_challenge=asked.code_challenge,
            expires_at=now + CODE_LIFE,
        )
    )
    await session.delete(asked)
    await session.flush()
    return code


async def take_code(session: AsyncSession, platform: Platform, code: str) -> ConsentCode | None:
    """What a code stands for; it is used up."""
    found = await session.get(ConsentCode, digest(code))
    if found is None:
        return None
    await session.delete(found)
    await session.flush()
    return found if found.expires_at > platform.now() else None


def proves(challenge: str | None, verifier: str | None) -> bool:
    """Whether the verifier belongs to the challenge, where there is one (RFC 7636, section 4.6, S256)."""
    if challenge is None:
        return True
    made = base64.urlsafe_b64encode(hashlib.sha256((verifier or "").encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(made, challenge)


async def new_token(session: AsyncSession, platform: Platform, code: ConsentCode) -> tuple[PersonToken, str, str]:
    """A person's token, with the access token and the refresh token themselves."""
    access, refresh = f"{code.key_id}~{secrets.token_urlsafe(48)}", f"{code.key_id}~{secrets.token_urlsafe(48)}"
    token = PersonToken(
        key_id=code.key_id,
        person_id=code.person_id,
        digest=digest(access),
        refresh_digest=digest(refresh),
        scopes=code.scopes,
        expires_at=platform.now() + TOKEN_LIFE,
        created_at=platform.now(),
    )
    session.add(token)
    await session.flush()
    return token, access, refresh


async def token_with_refresh(session: AsyncSession, refresh: str) -> PersonToken | None:
    """The token that this refresh token belongs to."""
    found = await session.scalars(select(PersonToken).where(PersonToken.refresh_digest == digest(refresh)))
    return found.one_or_none()


async def renew(session: AsyncSession, platform: Platform, token: PersonToken) -> str:
    """Another access token in the place of the one before, which ends."""
    access = f"{token.key_id}~{secrets.token_urlsafe(48)}"
    token.digest, token.expires_at = digest(access), platform.now() + TOKEN_LIFE
    await session.flush()
    return access
