"""Dynamic Registration 1.0: a platform opens our page with an invitation, its administrator confirms, and it is registered.

    ask      fetch the platform's configuration, check it, and say who is asking
    confirm  fetch it again (it has to be the same), take the invitation, register, save, and use the invitation up

Nothing is kept between the two but what stands in the page. A failure leaves the invitation usable.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.db.organisation import Organisation
from lti_tool.errors import ToolError
from lti_tool.logs import reference_code
from lti_tool.lti import invites
from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.http import AddressRefused
from lti_tool.lti.models import (
    Deployment,
    DeploymentPolicy,
    DeploymentStatus,
    RegisteredBy,
    Registration,
    RegistrationInvite,
)
from lti_tool.lti.platform_configuration import PlatformConfiguration, check_address, read_configuration
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.registration_message import Answer, read_answer, registration_request
from lti_tool.lti.registration_refusals import (
    AlreadyRegistered,
    AnotherPlatformsInvite,
    ConfigurationChanged,
    ConfigurationUnreachable,
    ConfigurationUnreadable,
    InviteBusy,
    InviteUsed,
    NoConfiguration,
    RegistrationAddressRefused,
    RegistrationNotTaken,
    RegistrationTokenRefused,
    RegistrationUnanswered,
    RegistrationUnreadable,
)
from lti_tool.lti.tool_description import QuirksOf, tool_configuration

CONFIGURATION_SECONDS = 4.0
REGISTRATION_SECONDS = 4.5
"""With the configuration's, and our own work, under the ten seconds in which somebody who waits has an answer."""

ANSWER_LIMIT = 500_000
"""Bytes of a configuration, or of the answer to a registration."""

_TOKEN_LIMIT = 16_000
_URL_LIMIT = 16_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a platform opened our page with. ``configuration_url`` is used as it came, to the letter."""

    code: str
    configuration_url: str
    token: str | None


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is asking, for the page: the platform, the school it will belong to, and the registration that is renewed."""

    platform: PlatformConfiguration
    organisation: str
    renews: str | None


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration that succeeded; ``deployment_known`` is False where it is learned at the first launch."""

    registration: Registration
    deployment_known: bool


async def ask(protocol: Protocol, quirks_of: QuirksOf, asked: Asked) -> Asking:
    """Who is asking. Raises RegistrationRefused."""
    now = protocol.clock.now()
    async with protocol.database.reading() as session:
        invite = await invites.usable_invite(session, asked.code, now)
        organisation = await session.get(Organisation, invite.organisation_id)
        renewed = await session.get(Registration, invite.registration_id) if invite.registration_id else None
        name = organisation.name if organisation else ""
        renews = renewed.name if renewed else None
        renewed_issuer = renewed.issuer if renewed else None
        lms = invite.lms
    platform = await _configuration(protocol, asked, lms, quirks_of)
    _same_platform(renewed_issuer, platform)
    return Asking(platform, name, renews)


async def confirm(protocol: Protocol, quirks_of: QuirksOf, asked: Asked, shown: str) -> Registered:
    """Register with the platform whose ``fingerprint`` was shown. Raises RegistrationRefused, and leaves its trace."""
    now = protocol.clock.now()
    async with protocol.database.reading() as session:
        invite = await invites.usable_invite(session, asked.code, now)
        renewed = await session.get(Registration, invite.registration_id) if invite.registration_id else None
        renewed_issuer = renewed.issuer if renewed else None
        session.expunge_all()
    try:
        platform = await _configuration(protocol, asked, invite.lms, quirks_of)
        if platform.fingerprint != shown:
            raise ConfigurationChanged("the configuration differs from the one that was shown")
        _same_platform(renewed_issuer, platform)
        async with _claimed(protocol, invite.id, now):
            answer = await _register(protocol, quirks_of, platform, asked.token)
            shared = quirks_of(platform.family).shared_by_schools
            done = await _save(protocol, invite, platform, answer, now, shared=shared)
    except ToolError as refusal:
        await _record_refusal(protocol, invite, refusal, now)
        raise
    protocol.forget(done.registration)
    return done


async def _configuration(protocol: Protocol, asked: Asked, lms: Any, quirks_of: QuirksOf) -> PlatformConfiguration:
    if not asked.configuration_url:
        raise NoConfiguration("no openid_configuration came")
    url = check_address(protocol.settings, asked.configuration_url, "openid_configuration", _URL_LIMIT)
    if asked.token is not None and (
        len(asked.token) > _TOKEN_LIMIT
        or not asked.token.isascii()
        or not asked.token.isprintable()
        or " " in asked.token
    ):
        raise RegistrationTokenRefused("the registration token is not one")
    try:
        async with asyncio.timeout(CONFIGURATION_SECONDS):
            status, body = await _call(protocol.http, _exact_get(url, asked.token))
    except AddressRefused as error:
        raise RegistrationAddressRefused("openid_configuration: the address may not be called") from error
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise ConfigurationUnreachable(f"openid_configuration: {type(error).__name__}") from error
    if status in {401, 403}:
        raise RegistrationTokenRefused(f"openid_configuration answered {status}")
    if status != 200:
        raise ConfigurationUnreachable(f"openid_configuration answered {status}")
    try:
        parsed = read_json(body)
    except ValueError as error:
        raise ConfigurationUnreadable("the configuration is no JSON") from error
    return read_configuration(protocol.settings, parsed, url, lms, quirks_of)


async def _register(
    protocol: Protocol, quirks_of: QuirksOf, platform: PlatformConfiguration, token: str | None
) -> Answer:
    """Send the registration (§3.2) and read the answer."""
    quirks = quirks_of(platform.family)
    body = registration_request(tool_configuration(protocol.settings, quirks), platform, quirks)
    request = httpx.Request("POST", platform.registration_url, json=body, headers=_authorization(token))
    try:
        async with asyncio.timeout(REGISTRATION_SECONDS):
            status, answer = await _call(protocol.http, request)
    except AddressRefused as error:
        raise RegistrationAddressRefused("registration_endpoint: the address may not be called") from error
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise RegistrationUnanswered(f"registration_endpoint: {type(error).__name__}") from error
    # Moodle answers a token that is none of its own with a page of HTML and 404.
    if status in {401, 403, 404}:
        raise RegistrationTokenRefused(f"registration_endpoint answered {status}")
    if status >= 500:
        raise RegistrationUnanswered(f"registration_endpoint answered {status}")
    # The specification has 200 (§3.6); RFC 7591 has 201.
    if status not in {200, 201}:
        raise RegistrationNotTaken(f"registration_endpoint answered {status}")
    try:
        return read_answer(read_json(answer))
    except ValueError as error:
        raise RegistrationUnreadable("the answer is no JSON") from error


def _exact_get(url: str, token: str | None) -> httpx.Request:
    """A request for an address as it was given: httpx would write some of its characters otherwise.

    Canvas's configuration carries the registration token in its query, and the specification has the address used as it is.
    """
    parts = urlsplit(url)
    target = url[len(parts.scheme) + len("://") + len(parts.netloc) :]
    if not target.startswith("/"):
        target = "/" + target
    headers = {"Accept": "application/json", **_authorization(token)}
    return httpx.Request("GET", url, headers=headers, extensions={"target": target.encode("ascii")})


def _authorization(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


async def _call(http: httpx.AsyncClient, request: httpx.Request) -> tuple[int, bytes]:
    """Status and body of an answer. Raises httpx's errors; a body over the limit is one of them."""
    # A request that is built apart from the client has neither its name nor its time limits.
    request.headers.setdefault("User-Agent", http.headers["User-Agent"])
    request.headers.setdefault("Accept", "application/json")
    request.headers.setdefault("Accept-Encoding", "gzip")
    request.extensions = {"timeout": http.timeout.as_dict(), **request.extensions}
    response = await http.send(request, stream=True, follow_redirects=False)
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > ANSWER_LIMIT:
                raise httpx.ReadError("the answer is over the limit", request=request)
        return response.status_code, bytes(body)
    finally:
        await response.aclose()


@asynccontextmanager
async def _claimed(protocol: Protocol, invite_id: uuid.UUID, now: datetime) -> AsyncIterator[None]:
    """Holds the invitation for one registration: of two confirmations at once the second is refused."""
    async with protocol.database.writing() as session:
        taken = await invites.claim(session, invite_id, now)
        if not taken:
            invite = await session.get(RegistrationInvite, invite_id)
            if invite is not None and invite.used_at is not None:
                raise InviteUsed(f"invite {invite_id} was used meanwhile")
            raise InviteBusy(f"invite {invite_id} is being used")
    try:
        yield
    except BaseException:
        async with protocol.database.writing() as session:
            await invites.give_back(session, invite_id)
        raise


async def _save(
    protocol: Protocol,
    invite: RegistrationInvite,
    platform: PlatformConfiguration,
    answer: Answer,
    now: datetime,
    *,
    shared: bool,
) -> Registered:
    """One transaction: the registration, its deployment if it is known, the invitation used up."""
    try:
        async with protocol.database.writing() as session:
            registration = await _registration_for(session, invite, platform, answer, now, shared=shared)
            await session.flush()
            if not await invites.use_up(session, invite.id, registration.id, now):
                raise InviteUsed(f"invite {invite.id} ended meanwhile")
            if answer.deployment_id is not None:
                await _accept_deployment(session, registration, invite.organisation_id, answer.deployment_id, now)
            audit.record(
                session,
                now,
                "registration.renewed" if invite.registration_id else "registration.made",
                organisation_id=invite.organisation_id,
                actor=f"invite {invite.id}",
                subject=f"registration {registration.id}",
                reference=reference_code.get(),
                detail=f"{platform.family.value} {platform.issuer}",
            )
            audit.record(
                session,
                now,
                "invite.used",
                organisation_id=invite.organisation_id,
                subject=f"invite {invite.id}",
                reference=reference_code.get(),
            )
            await session.flush()
            await session.refresh(registration)
            session.expunge_all()
    except IntegrityError as error:
        raise AlreadyRegistered("another registration took the issuer and client id meanwhile") from error
    return Registered(registration, answer.deployment_id is not None)


async def _registration_for(
    session: AsyncSession,
    invite: RegistrationInvite,
    platform: PlatformConfiguration,
    answer: Answer,
    now: datetime,
    *,
    shared: bool,
) -> Registration:
    taken = await session.exec(
        select(Registration).where(
            Registration.client_id == answer.client_id,
            # Where two issuers get their tokens at one address, tokens of the one would be sent to the other.
            (col(Registration.issuer) == platform.issuer) | (col(Registration.token_url) == platform.token_url),
        )
    )
    if any(one.id != invite.registration_id for one in taken.all()):
        raise AlreadyRegistered("a registration has this client id at this issuer or token address")
    values: dict[str, Any] = {
        "issuer": platform.issuer,
        "client_id": answer.client_id,
        "auth_login_url": platform.auth_login_url,
        "token_url": platform.token_url,
        "token_audience": platform.token_audience,
        "jwks_url": platform.jwks_url,
        "lms": platform.family,
    }
    known = await session.get(Registration, invite.registration_id) if invite.registration_id else None
    if known is not None:
        for name, value in values.items():
            setattr(known, name, value)
        # Keys fetched from the old address prove nothing about the new one.
        known.key_set = known.key_set_fetched_at = None
        session.add(known)
        return known
    made = Registration(
        organisation_id=None if shared else invite.organisation_id,
        name=platform.name[:200],
        registered_by=RegisteredBy.DYNAMIC,
        deployment_policy=DeploymentPolicy.HOLD if shared else DeploymentPolicy.FIRST,
        created_at=now,
        **values,
    )
    session.add(made)
    return made


async def _accept_deployment(
    session: AsyncSession,
    registration: Registration,
    organisation_id: uuid.UUID,
    deployment_id: str,
    now: datetime,
) -> None:
    known = (
        await session.exec(
            select(Deployment).where(
                Deployment.registration_id == registration.id, Deployment.deployment_id == deployment_id
            )
        )
    ).one_or_none()
    if known is not None:
        # An administrator may have put it on hold; a renewal does not lift that.
        return
    session.add(
        Deployment(
            organisation_id=organisation_id,
            registration_id=registration.id,
            deployment_id=deployment_id,
            status=DeploymentStatus.ACCEPTED,
            created_at=now,
        )
    )


def _same_platform(renewed_issuer: str | None, platform: PlatformConfiguration) -> None:
    if renewed_issuer is not None and renewed_issuer != platform.issuer:
        raise AnotherPlatformsInvite("the invite renews a registration of another issuer")


async def _record_refusal(protocol: Protocol, invite: RegistrationInvite, refusal: ToolError, now: datetime) -> None:
    async with protocol.database.writing() as session:
        audit.record(
            session,
            now,
            "registration.refused",
            organisation_id=invite.organisation_id,
            actor=f"invite {invite.id}",
            reference=reference_code.get(),
            detail=f"{refusal.code}: {refusal.detail}",
        )


def asked_of(given: Mapping[str, Any]) -> Asked:
    """What came in a query or a form; what is no text is as if it had not come."""
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    return Asked(
        texts.get("invite", ""), texts.get("openid_configuration", ""), texts.get("registration_token") or None
    )
