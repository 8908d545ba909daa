"""Connecting an LMS from the console: for whom, by an invite or by hand, and what is there already."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.admin import queries
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.db.organisation import Organisation
from lti_tool.lti import deployments, invites, registrations
from lti_tool.lti.models import Family, Registration, RegistrationInvite
from lti_tool.lti.platform_fields import AlreadyConnected, NewPlatform
from lti_tool.settings import Settings


@dataclass(frozen=True, slots=True)
class OpenInvite:
    """An invite that can still be used: for whose LMS, and the registration it may replace."""

    invite: RegistrationInvite
    organisation: Organisation
    renews: Registration | None


@dataclass(frozen=True, slots=True)
class Connected:
    """What a form led to; ``added`` is False where deployments were added to a platform that schools share."""

    registration: Registration
    added: bool


async def organisation_for(session: AsyncSession, here: Console, wanted: str, now: datetime) -> Organisation:
    """Whose LMS is connected: an administrator's own school, the one the owner chose, or else the installation's first.

    Raises NotInConsole for one that is not seen here.
    """
    if here.organisation is not None:
        return here.organisation
    if not wanted:
        return await registrations.find_organisation(session, None, now)
    found = next((one for one in await queries.organisations(session, here) if str(one.id) == wanted), None)
    if found is None:
        raise NotInConsole("no such organisation is seen here")
    return found


async def make_invite(
    session: AsyncSession, here: Console, organisation: Organisation, lms: Family, now: datetime
) -> tuple[RegistrationInvite, str]:
    """An invite for a new registration, and its code. Raises Conflict for an LMS that takes none."""
    return await invites.make_invite(session, organisation_id=organisation.id, now=now, lms=lms, actor=here.actor)


async def make_renewal(
    session: AsyncSession, here: Console, registration_id: uuid.UUID, now: datetime
) -> tuple[Registration, RegistrationInvite, str]:
    """An invite that may replace a registration, and its code. Raises NotInConsole, and Conflict where it takes none."""
    found = await queries.registration(session, here, registration_id)
    if found is None or found.organisation_id is None or not here.holds(found.organisation_id):
        raise NotInConsole("no such registration of one organisation is seen here")
    invite, code = await invites.make_invite(
        session,
        organisation_id=found.organisation_id,
        now=now,
        lms=found.lms,
        registration_id=found.id,
        actor=here.actor,
    )
    return found, invite, code


async def open_invites(session: AsyncSession, here: Console, now: datetime) -> list[OpenInvite]:
    """The invites that can still be used and are seen here, the newest first."""
    found = await invites.open_invites(session, now, here.organisation.id if here.organisation else None)
    schools = {one.id: one for one in await queries.organisations(session, here)}
    renewed = {one.id: one for one in await queries.registrations(session, here)}
    return [
        OpenInvite(one, schools[one.organisation_id], renewed.get(one.registration_id) if one.registration_id else None)
        for one in found
        if one.organisation_id in schools
    ]


async def revoke(session: AsyncSession, here: Console, invite_id: uuid.UUID, now: datetime) -> None:
    """Take an invite back. Raises NotFound for one that is not open or not seen here."""
    own = here.organisation.id if here.organisation else None
    await invites.revoke_invite(session, invite_id, now, organisation_id=own, actor=here.actor)


async def shared_client_ids(session: AsyncSession, lms: Family) -> Sequence[str]:
    """The client ids under which the schools of a family launch through one registration, the oldest first."""
    statement = (
        select(Registration.client_id)
        .where(Registration.lms == lms, col(Registration.organisation_id).is_(None))
        .order_by(col(Registration.created_at), col(Registration.id))
    )
    return (await session.exec(statement)).all()


async def connect(
    session: AsyncSession,
    here: Console,
    settings: Settings,
    organisation: Organisation | None,
    lms: Family,
    wanted: NewPlatform,
    now: datetime,
) -> Connected:
    """Register what was entered; where schools share the registration and it is there, let the school's deployments in.

    Raises FieldsUnusable, AlreadyConnected, and Conflict for a deployment of another school.
    """
    if wanted.shared:
        known = await _shared(session, wanted)
        if known is not None:
            if organisation is None or not wanted.deployment_ids:
                raise AlreadyConnected("the shared registration is there")
            await deployments.add_known(session, known, organisation.id, wanted.deployment_ids, here.actor, now)
            return Connected(known, added=False)
    made = await registrations.add_platform(
        session,
        now,
        organisation=organisation,
        name=wanted.name,
        issuer=wanted.issuer,
        client_id=wanted.client_id,
        auth_login_url=wanted.auth_login_url,
        token_url=wanted.token_url,
        jwks_url=wanted.jwks_url,
        deployment_ids=wanted.deployment_ids,
        settings=settings,
        token_audience=wanted.token_audience,
        lms=lms,
        shared=wanted.shared,
        actor=here.actor,
    )
    return Connected(made.registration, added=True)


async def _shared(session: AsyncSession, wanted: NewPlatform) -> Registration | None:
    statement = select(Registration).where(
        Registration.issuer == wanted.issuer,
        Registration.client_id == wanted.client_id,
        col(Registration.organisation_id).is_(None),
    )
    return (await session.exec(statement)).one_or_none()
