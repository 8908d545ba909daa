"""What an administrator changes in a registration afterwards: its name, what it trusts by itself, the addresses it is called
at, its roles, its frames.

Issuer and client id are not among it: a registration with other ones is another platform, or is renewed by an invite that
was made for it (``lti.dynamic``).
"""

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.errors import BadRequest, NotFound
from lti_tool.logs import reference_code
from lti_tool.lti import queries
from lti_tool.lti.models import DeploymentPolicy, Registration, Role
from lti_tool.lti.platform_fields import FieldsUnusable, NewPlatform, address_problems
from lti_tool.lti.registrations import usable_name
from lti_tool.lti.roles import same_role
from lti_tool.lti.sessions import origin_of
from lti_tool.settings import Settings
from lti_tool.web.i18n import N_

CHANGEABLE = ("auth_login_url", "token_url", "jwks_url", "token_audience")
"""The addresses of a registration that can be corrected, as columns."""

MOST_OVERRIDES = 50
MOST_ORIGINS = 20
MOST_CHARACTERS = 255

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_HOST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-:[]")


class WrongRole(BadRequest):
    """A role that no platform writes, or a meaning that is none."""

    code = "bad-role"
    title = N_("This role cannot be used")
    advice = N_("Copy the role exactly as your LMS sends it: one word or address without spaces.")


class WrongOrigin(BadRequest):
    """An address that no page is framed from."""

    code = "bad-origin"
    title = N_("This address cannot be used")
    advice = N_("Enter the beginning of your own address, such as https://learn.school.example, with https.")


class TooManyEntries(BadRequest):
    """A list of a registration is full."""

    code = "list-full"
    title = N_("This list is full")
    advice = N_("Remove an entry that is no longer needed, then add the new one.")


async def change_settings(
    session: AsyncSession,
    registration_id: uuid.UUID,
    *,
    name: str,
    policy: DeploymentPolicy,
    actor: str,
    now: datetime,
) -> Registration:
    """Another name, and what becomes of deployments that nobody has seen. Raises WrongName and NotFound."""
    name = usable_name(name)
    registration = await _locked(session, registration_id)
    detail = []
    if registration.name != name:
        detail.append(f"name {registration.name!r} is {name!r}")
    if registration.deployment_policy is not policy:
        detail.append(f"deployment policy {registration.deployment_policy.value} is {policy.value}")
    if not detail:
        return registration
    values = {"name": name, "deployment_policy": policy}
    return await _change(session, registration, values, "registration.changed", "; ".join(detail), actor, now)


async def change_addresses(
    session: AsyncSession,
    registration_id: uuid.UUID,
    *,
    settings: Settings,
    auth_login_url: str,
    token_url: str,
    jwks_url: str,
    token_audience: str | None,
    actor: str,
    now: datetime,
) -> Registration:
    """Other addresses of the same platform, from the next launch on; its courses and people stay.

    Another key set address makes what was read at the old one worth nothing. Raises FieldsUnusable and NotFound.
    """
    registration = await _locked(session, registration_id)
    wanted = NewPlatform(
        name=registration.name,
        issuer=registration.issuer,
        client_id=registration.client_id,
        auth_login_url=auth_login_url,
        token_url=token_url,
        jwks_url=jwks_url,
        deployment_ids=(),
        token_audience=token_audience,
    ).tidied()
    # The issuer is a name that is not changed here, and some platforms' is no address that may be called.
    wrong = [one for one in address_problems(settings, wanted) if one.field != "issuer"]
    if wrong:
        raise FieldsUnusable(wrong)
    said = {name: getattr(wanted, name) for name in CHANGEABLE}
    values: dict[str, Any] = {name: value for name, value in said.items() if value != getattr(registration, name)}
    if not values:
        return registration
    detail = "; ".join(f"{name} {getattr(registration, name)} is {value}" for name, value in values.items())
    if "jwks_url" in values:
        values |= {"key_set": None, "key_set_fetched_at": None}
    return await _change(session, registration, values, "registration.changed", detail, actor, now)


async def override_role(
    session: AsyncSession, registration_id: uuid.UUID, *, role: str, meaning: str, actor: str, now: datetime
) -> Registration:
    """Have a role, as the platform writes it, mean something else in its courses from the next launch on.

    It replaces what was said of the same role before. Raises WrongRole, TooManyEntries and NotFound.
    """
    role = role.strip()
    if not role or len(role) > MOST_CHARACTERS or not role.isprintable() or " " in role:
        raise WrongRole("the role is empty, too long or no single word")
    if meaning not in {one.value for one in Role}:
        raise WrongRole("the meaning is none of ours")
    registration = await _locked(session, registration_id)
    kept = {known: word for known, word in registration.role_overrides.items() if not same_role(known, role)}
    if len(kept) >= MOST_OVERRIDES:
        raise TooManyEntries(f"{len(kept)} roles are overridden")
    values = {"role_overrides": kept | {role: meaning}}
    return await _change(session, registration, values, "registration.role-set", f"{role} means {meaning}", actor, now)


async def restore_role(
    session: AsyncSession, registration_id: uuid.UUID, *, role: str, actor: str, now: datetime
) -> Registration:
    """Have a role mean again what the table says. Raises NotFound."""
    registration = await _locked(session, registration_id)
    kept = {known: word for known, word in registration.role_overrides.items() if known != role}
    if kept == registration.role_overrides:
        return registration
    values = {"role_overrides": kept}
    return await _change(session, registration, values, "registration.role-restored", role, actor, now)


async def add_frame_origin(
    session: AsyncSession, registration_id: uuid.UUID, *, address: str, actor: str, now: datetime
) -> Registration:
    """Let a school's own address frame the tool from the next launch on. Raises WrongOrigin, TooManyEntries and NotFound."""
    origin = frame_origin(address)
    registration = await _locked(session, registration_id)
    if origin in registration.own_frame_origins:
        return registration
    if len(registration.own_frame_origins) >= MOST_ORIGINS:
        raise TooManyEntries(f"{MOST_ORIGINS} origins are listed")
    values = {"own_frame_origins": [*registration.own_frame_origins, origin]}
    return await _change(session, registration, values, "registration.frame-added", origin, actor, now)


async def remove_frame_origin(
    session: AsyncSession, registration_id: uuid.UUID, *, origin: str, actor: str, now: datetime
) -> Registration:
    """Take an address away again. Raises NotFound."""
    registration = await _locked(session, registration_id)
    if origin not in registration.own_frame_origins:
        return registration
    values = {"own_frame_origins": [one for one in registration.own_frame_origins if one != origin]}
    return await _change(session, registration, values, "registration.frame-removed", origin, actor, now)


def frame_origin(address: str) -> str:
    """The origin of an address that may frame the tool: https, or http on this machine. Raises WrongOrigin.

    It ends up in a header, so its host is nothing but letters, digits, dots and hyphens; no wildcards, which would let in
    whoever gets a name there.
    """
    address = address.strip()
    origin = origin_of(address)
    if origin is None or len(origin) > MOST_CHARACTERS or "@" in urlsplit(address).netloc:
        raise WrongOrigin("it is no plain web address")
    scheme, _, host = origin.partition("://")
    if not set(host) <= _HOST or host.startswith((".", "-")):
        raise WrongOrigin("the host is no plain name")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if scheme != "https" and name not in _LOOPBACK:
        raise WrongOrigin("http is for this machine alone")
    return origin


async def _locked(session: AsyncSession, registration_id: uuid.UUID) -> Registration:
    registration = await queries.lock_registration(session, registration_id)
    if registration is None:
        raise NotFound("there is no such platform")
    return registration


async def _change(
    session: AsyncSession,
    registration: Registration,
    values: dict[str, Any],
    action: str,
    detail: str,
    actor: str,
    now: datetime,
) -> Registration:
    for name, value in values.items():
        setattr(registration, name, value)
    session.add(registration)
    audit.record(
        session,
        now,
        action,
        organisation_id=registration.organisation_id,
        actor=actor,
        subject=f"registration {registration.id}",
        reference=reference_code.get(),
        detail=detail,
    )
    await session.flush()
    return registration
