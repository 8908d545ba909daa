"""Connecting a school to a platform's own API, and ending it: the one place where its secrets come in and go."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.content import queries as content_queries
from lti_tool.content.access import queries
from lti_tool.content.access.addresses import api_address, api_origin
from lti_tool.content.access.choosing import needs_consent
from lti_tool.content.access.keeping import kept_unwanted
from lti_tool.content.access.sealing import key_purpose, token_purpose
from lti_tool.content.models import ApiAuth, ApiConnection
from lti_tool.content.ports import Capability
from lti_tool.content.secrets import SecretBox
from lti_tool.content.sync.wishes import access_given
from lti_tool.errors import BadRequest
from lti_tool.ids import new_id
from lti_tool.logs import reference_code
from lti_tool.lti.models import Family, Registration

BY_KEY = {Family.CANVAS: ApiAuth.OAUTH2, Family.SCHOOLOGY: ApiAuth.OAUTH1}
"""The LMSs whose API is opened by an application's key, and how."""

BY_TOKEN = frozenset({Family.CANVAS, Family.MOODLE})
"""The LMSs whose API is opened by a token that an administrator makes there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a school wants to be connected. Either a token, or a client id with its secret (OAuth 2 or 1.0a, as the LMS has it).

    ``by_teachers``: each teacher gives access to their own courses. ``unwanted`` is what the tool shall not ask for.
    """

    base_url: str
    token: str = field(default="", repr=False)
    client_id: str | None = None
    client_secret: str = field(default="", repr=False)
    by_teachers: bool = False
    site_url: str = ""
    unwanted: Collection[Capability] = ()


async def connect(
    session: AsyncSession,
    registration: Registration,
    organisation_id: uuid.UUID,
    wanted: Wanted,
    now: datetime,
    *,
    secret_key: str,
    actor: str,
) -> ApiConnection:
    """Keep a school's access to a platform's own API, secrets encrypted; an earlier one is replaced, its consents forgotten.

    Raises BadRequest (codes ``bad-address``, ``another-platform``, ``bad-token``, ``bad-key``) for what cannot be used. Plain
    http is for this machine alone, since secrets would travel readable.
    """
    box = SecretBox(secret_key)
    address = api_address(wanted.base_url, registration.lms)
    if registration.lms is Family.MOODLE and not is_its_own(address, registration):
        raise BadRequest(
            f"the API of this Moodle is at its own address, {registration.issuer}", code="another-platform"
        )
    row: dict[str, Any] = {
        "organisation_id": organisation_id,
        "id": new_id(),
        "registration_id": registration.id,
        "base_url": address,
        "site_url": api_origin(wanted.site_url) if wanted.site_url.strip() else None,
        "auth": ApiAuth.TOKEN,
        "token_encrypted": None,
        "client_id": None,
        "client_secret_encrypted": None,
        "by_teachers": False,
        "abilities": kept_unwanted(wanted.unwanted),
        "remarks": [],
        "version": "",
        "found_out_at": None,
        "working": None,
        "trouble": None,
        "checked_at": None,
        "created_at": now,
    }
    if wanted.client_id is not None:
        row |= _by_key(box, registration, organisation_id, wanted)
    else:
        token = _secret(wanted.token, "bad-token", "the access token has 1 to 2000 characters, without spaces")
        row["token_encrypted"] = box.seal(token, token_purpose(organisation_id, registration.id))
    connection_id = await queries.put_connection(session, row)
    await queries.remove_grants(session, organisation_id, connection_id)
    how = row["auth"].value + (" by teachers" if row["by_teachers"] else "")
    note(
        session, registration, organisation_id, now, "api.connected", actor=actor, detail=f"{how} at {row['base_url']}"
    )
    await session.flush()
    kept = await content_queries.connection(session, organisation_id, registration.id)
    if kept is None:
        raise RuntimeError("a connection that was just written is not there")
    await session.refresh(kept)
    if not needs_consent(kept):
        await access_given(session, organisation_id, registration.id, now)
    return kept


async def disconnect(
    session: AsyncSession, registration: Registration, connection: ApiConnection, now: datetime, *, actor: str
) -> None:
    """Forget the access, every consent and every secret. What was read stays."""
    await queries.remove_connection(session, connection.organisation_id, connection.id)
    note(session, registration, connection.organisation_id, now, "api.disconnected", actor=actor)


def is_its_own(address: str, registration: Registration) -> bool:
    """Whether an address is on the host a platform launches from. Ids of one Moodle would name others' people on another."""
    own = (urlsplit(one).hostname for one in (registration.issuer, registration.auth_login_url))
    return urlsplit(address).hostname in set(own)


def note(
    session: AsyncSession,
    registration: Registration,
    organisation_id: uuid.UUID,
    now: datetime,
    action: str,
    *,
    actor: str,
    detail: str | None = None,
) -> None:
    """A trace of what became of a platform's access."""
    audit.record(
        session,
        now,
        action,
        organisation_id=organisation_id,
        actor=actor,
        subject=f"registration {registration.id}",
        reference=reference_code.get(),
        detail=detail,
    )


def _by_key(box: SecretBox, registration: Registration, organisation_id: uuid.UUID, wanted: Wanted) -> dict[str, Any]:
    auth = BY_KEY.get(registration.lms)
    if auth is None:
        raise BadRequest("this LMS's own API is not opened by an application's key", code="bad-key")
    client_id = _secret(wanted.client_id or "", "bad-key", "the client id has 1 to 255 characters, without spaces")
    if len(client_id) > 255:
        raise BadRequest("the client id has 1 to 255 characters, without spaces", code="bad-key")
    secret = _secret(wanted.client_secret, "bad-key", "the key's secret has 1 to 2000 characters, without spaces")
    return {
        "auth": auth,
        "client_id": client_id,
        "client_secret_encrypted": box.seal(secret, key_purpose(organisation_id, registration.id)),
        "by_teachers": wanted.by_teachers,
    }


def _secret(given: str, code: str, otherwise: str) -> str:
    text = given.strip()
    if not text.isascii() or not text.isprintable() or not 1 <= len(text) <= 2000 or " " in text:
        raise BadRequest(otherwise, code=code)
    return text
