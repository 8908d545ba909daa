"""Platforms registered by hand: adding, listing, switching and removing them, and the schools they belong to."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.db.organisation import Organisation
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.logs import reference_code
from lti_tool.lti import queries
from lti_tool.lti.models import Deployment, Family, Registration
from lti_tool.lti.platform_fields import AlreadyConnected, FieldsUnusable, NewPlatform, is_text, problems
from lti_tool.settings import Settings
from lti_tool.web.i18n import N_

FIRST_ORGANISATION = "My school"


class WrongName(BadRequest):
    """No name, or one that is too long."""

    code = "bad-name"
    title = N_("This name cannot be used")
    advice = N_("A name has 1 to 200 characters.")


class WrongZone(BadRequest):
    """A time zone that there is not."""

    code = "bad-time-zone"
    title = N_("This is no time zone")
    advice = N_("Choose one of the list: the zone of the place where the school is.")


_REGIONS = frozenset(
    "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()  # noqa: SIM905 - a list of words.
)


@dataclass(frozen=True)
class Platform:
    """A registration with its deployments, as lists and commands show it."""

    registration: Registration
    deployments: tuple[Deployment, ...]


async def organisations(session: AsyncSession) -> Sequence[Organisation]:
    """Every school of the installation, oldest first."""
    return (await session.exec(select(Organisation).order_by(col(Organisation.created_at), col(Organisation.id)))).all()


async def add_organisation(
    session: AsyncSession, name: str, now: datetime, *, actor: str | None = None
) -> Organisation:
    """A new school; names need not be unique. WrongName for an empty or overlong one."""
    organisation = Organisation(name=usable_name(name), created_at=now)
    session.add(organisation)
    await session.flush()
    _record_organisation(session, now, "organisation.added", organisation, actor, organisation.name)
    return organisation


async def change_organisation(
    session: AsyncSession, organisation_id: uuid.UUID, name: str, time_zone: str, now: datetime, *, actor: str
) -> Organisation:
    """Another name for a school, or another zone in which its days begin (an IANA name; empty: none, which is UTC).

    Raises WrongName, WrongZone, and NotFound where there is no such school.
    """
    name, zone = usable_name(name), usable_zone(time_zone)
    organisation = await session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound("there is no such organisation; see `lti-tool organisation list`")
    if organisation.name != name:
        _record_organisation(
            session, now, "organisation.renamed", organisation, actor, f"{organisation.name!r} is {name!r}"
        )
        organisation.name = name
    if organisation.time_zone != zone:
        _record_organisation(session, now, "organisation.time-zone", organisation, actor, zone or "none")
        organisation.time_zone = zone
    await session.flush()
    return organisation


def usable_zone(name: str) -> str | None:
    """The zone, if it is one of the IANA database; None for an empty name. Raises WrongZone."""
    name = name.strip()
    if not name:
        return None
    if name not in zones():
        raise WrongZone("not a zone of the IANA database")
    return name


@cache
def zones() -> tuple[str, ...]:
    """The zones that a school can have, by name: those of places, and UTC."""
    return ("UTC", *sorted(name for name in available_timezones() if name.partition("/")[0] in _REGIONS))


def usable_name(name: str) -> str:
    """A name in one line, with single spaces. Raises WrongName for one that is empty, too long or holds what is no text."""
    name = " ".join(name.split())
    if not name or len(name) > 200 or not is_text(name):
        raise WrongName("a name has 1 to 200 characters, all of them text")
    return name


def _record_organisation(
    session: AsyncSession, now: datetime, action: str, organisation: Organisation, actor: str | None, detail: str
) -> None:
    audit.record(
        session,
        now,
        action,
        organisation_id=organisation.id,
        actor=actor,
        subject=f"organisation {organisation.id}",
        reference=reference_code.get(),
        detail=detail,
    )


async def find_organisation(session: AsyncSession, wanted: str | None, now: datetime) -> Organisation:
    """The school by id or name; without either the installation's first, which is made when there is none.

    Raises NotFound for an unknown one and Conflict for a name that several schools have.
    """
    every = await organisations(session)
    if wanted is None:
        return every[0] if every else await add_organisation(session, FIRST_ORGANISATION, now)
    found = [one for one in every if str(one.id) == wanted] or [one for one in every if one.name == wanted]
    if not found:
        raise NotFound(
            f"there is no organisation {wanted!r}; see `lti-tool organisation list`, or `lti-tool organisation add` makes it"
        )
    if len(found) > 1:
        raise Conflict(f"{len(found)} organisations are called {wanted!r}; give the id instead")
    return found[0]


async def add_platform(
    session: AsyncSession,
    now: datetime,
    *,
    organisation: Organisation | None,
    name: str,
    issuer: str,
    client_id: str,
    auth_login_url: str,
    token_url: str,
    jwks_url: str,
    deployment_ids: Sequence[str],
    settings: Settings,
    token_audience: str | None = None,
    lms: Family = Family.OTHER,
    shared: bool = False,
    actor: str | None = None,
) -> Platform:
    """Register a platform with at least one deployment, which belongs to the organisation as the registration does.

    A ``shared`` registration belongs to the installation, since several schools launch through it; its deployments belong to
    the organisation, and there may be none yet. Each unknown deployment waits for an administrator.

    Raises FieldsUnusable where values cannot be used and AlreadyConnected where (issuer, client id) is registered already.
    """
    wanted = NewPlatform(
        name, issuer, client_id, auth_login_url, token_url, jwks_url, tuple(deployment_ids), token_audience, shared
    ).tidied()
    troubles = problems(settings, wanted, has_organisation=organisation is not None)
    if troubles:
        raise FieldsUnusable(troubles)
    taken = await session.exec(
        select(Registration).where(Registration.issuer == wanted.issuer, Registration.client_id == wanted.client_id)
    )
    if taken.first() is not None:
        raise AlreadyConnected(
            f"client id {wanted.client_id} of {wanted.issuer} is registered already; see `lti-tool platform list`"
        )
    registration = Registration(
        organisation_id=None if shared or organisation is None else organisation.id,
        name=wanted.name,
        issuer=wanted.issuer,
        client_id=wanted.client_id,
        auth_login_url=wanted.auth_login_url,
        token_url=wanted.token_url,
        token_audience=wanted.token_audience,
        jwks_url=wanted.jwks_url,
        lms=lms,
        created_at=now,
    )
    session.add(registration)
    try:
        await session.flush()
    except IntegrityError as error:
        raise AlreadyConnected("another registration took the issuer and client id meanwhile") from error
    audit.record(
        session,
        now,
        "registration.made",
        organisation_id=organisation.id if organisation else None,
        actor=actor,
        subject=f"registration {registration.id}",
        reference=reference_code.get(),
        detail=f"{lms.value} {wanted.issuer}",
    )
    deployments = await _add_deployments(session, registration, organisation, wanted.deployment_ids, now)
    return Platform(registration, deployments)


async def _add_deployments(
    session: AsyncSession,
    registration: Registration,
    organisation: Organisation | None,
    deployment_ids: Sequence[str],
    now: datetime,
) -> tuple[Deployment, ...]:
    deployments = tuple(
        Deployment(
            organisation_id=organisation.id if organisation else None,
            registration_id=registration.id,
            deployment_id=one,
            created_at=now,
        )
        for one in deployment_ids
    )
    session.add_all(deployments)
    await session.flush()
    return deployments


async def platforms(session: AsyncSession) -> list[Platform]:
    """Every platform with its deployments, oldest first."""
    registrations = (
        await session.exec(select(Registration).order_by(col(Registration.created_at), col(Registration.id)))
    ).all()
    deployments = (
        await session.exec(select(Deployment).order_by(col(Deployment.created_at), col(Deployment.id)))
    ).all()
    return [Platform(one, tuple(d for d in deployments if d.registration_id == one.id)) for one in registrations]


async def platform(session: AsyncSession, wanted: str) -> Platform:
    """The platform with this id; NotFound where there is none."""
    for one in await platforms(session):
        if str(one.registration.id) == wanted:
            return one
    raise NotFound(f"there is no platform {wanted!r}; see `lti-tool platform list`")


async def switch_platform(session: AsyncSession, wanted: str, enabled: bool, actor: str, now: datetime) -> Registration:
    """Switch a platform off without losing anything, or on again. NotFound where there is none.

    Off: nobody comes in and nobody stays in, here at once and in other processes within ``directory.REMEMBERED``.
    """
    registration = (await platform(session, wanted)).registration
    registration.enabled = enabled
    if not enabled:
        await queries.end_sessions(session, registration.id)
    audit.record(
        session,
        now,
        "registration.enabled" if enabled else "registration.disabled",
        organisation_id=registration.organisation_id,
        actor=actor,
        subject=f"registration {registration.id}",
        reference=reference_code.get(),
    )
    await session.flush()
    return registration


async def remove_platform(session: AsyncSession, wanted: str, actor: str, now: datetime) -> uuid.UUID:
    """Remove a platform and everything that was launched from it; NotFound where there is none."""
    found = await platform(session, wanted)
    await session.delete(found.registration)
    audit.record(
        session,
        now,
        "registration.removed",
        organisation_id=found.registration.organisation_id,
        actor=actor,
        subject=f"registration {found.registration.id}",
        reference=reference_code.get(),
        detail=f"{found.registration.name} {found.registration.issuer}",
    )
    await session.flush()
    return found.registration.id
