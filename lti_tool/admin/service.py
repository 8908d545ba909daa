"""What the console's pages show: platforms with what is known of them, and what waits for a decision."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.admin import delivery_queries, queries
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.db.organisation import Organisation
from lti_tool.errors import NotAllowed
from lti_tool.logs import reference_code
from lti_tool.lti import invites
from lti_tool.lti.models import Deployment, DeploymentStatus, Registration, RegistrationInvite
from lti_tool.lti.roles import TABLE as ROLES
from lti_tool.lti.roles import NamedRole, Scope
from lti_tool.web.i18n import N_


class SharedPlatform(NotAllowed):
    """A registration that several schools launch through, and a school's administrator who would change it for all."""

    code = "shared-platform"
    title = N_("Several schools share this platform")
    advice = N_(
        "Only whoever runs this installation can change it, since every school would feel it. Nothing was changed."
    )


@dataclass(frozen=True, slots=True)
class PlatformLine:
    """A registration as it is seen in the console: with the organisation it belongs to (None: shared) and the deployments
    that are seen.
    """

    registration: Registration
    organisation: Organisation | None
    deployments: tuple[Deployment, ...]

    @property
    def waiting(self) -> int:
        """How many deployments wait."""
        return sum(one.status is DeploymentStatus.HELD for one in self.deployments)

    @property
    def launched_at(self) -> datetime | None:
        """The last launch, to the hour."""
        return max((one.launched_at for one in self.deployments if one.launched_at), default=None)


class Counts(NamedTuple):
    """How much an organisation has of each; ``waiting`` are deployments."""

    platforms: int
    deployments: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything of the console's front page. ``organisations`` are by id, ``failing`` the ids of registrations,
    and so is ``undelivered``.
    """

    platforms: tuple[PlatformLine, ...]
    invites: tuple[RegistrationInvite, ...]
    organisations: dict[uuid.UUID, Organisation]
    failing: frozenset[uuid.UUID] = frozenset()
    undelivered: frozenset[uuid.UUID] = frozenset()

    @property
    def unread(self) -> list[PlatformLine]:
        """Platforms whose own API failed when it was called last."""
        return [line for line in self.platforms if line.registration.id in self.failing]

    @property
    def unreached(self) -> list[PlatformLine]:
        """Platforms that have not taken scores for a while."""
        return [line for line in self.platforms if line.registration.id in self.undelivered]

    @property
    def waiting(self) -> list[tuple[PlatformLine, Deployment]]:
        """Deployments that wait, with their platforms."""
        return [
            (line, one) for line in self.platforms for one in line.deployments if one.status is DeploymentStatus.HELD
        ]

    @property
    def switched_off(self) -> list[PlatformLine]:
        """Platforms from which nobody comes in."""
        return [line for line in self.platforms if not line.registration.enabled]

    def seen_by(self, organisation_id: uuid.UUID) -> list[PlatformLine]:
        """The platforms of one organisation, and shared ones that it is installed through; with its deployments alone."""
        found = []
        for line in self.platforms:
            own = tuple(one for one in line.deployments if one.organisation_id == organisation_id)
            if own or line.registration.organisation_id == organisation_id:
                found.append(PlatformLine(line.registration, line.organisation, own))
        return found

    def of(self, organisation_id: uuid.UUID) -> Counts:
        """How much one organisation has."""
        lines = self.seen_by(organisation_id)
        return Counts(len(lines), sum(len(line.deployments) for line in lines), sum(line.waiting for line in lines))

    @property
    def something_waits(self) -> bool:
        """Whether there is anything to decide."""
        return bool(self.waiting or self.switched_off or self.invites or self.unread or self.unreached)


async def standing(session: AsyncSession, here: Console, now: datetime) -> Standing:
    """How everything stands that is seen here."""
    schools = {one.id: one for one in await queries.organisations(session, here)}
    registrations = await queries.registrations(session, here)
    deployments = await queries.deployments(session, here)
    open_invites = await invites.open_invites(session, now, here.organisation.id if here.organisation else None)
    lines = tuple(
        PlatformLine(
            one,
            schools.get(one.organisation_id) if one.organisation_id else None,
            tuple(each for each in deployments if each.registration_id == one.id),
        )
        for one in registrations
    )
    failing = await queries.failing_connections(session, here)
    undelivered = await delivery_queries.circuits_open(session, [one.id for one in registrations])
    return Standing(lines, tuple(open_invites), schools, failing, undelivered)


async def platform(session: AsyncSession, here: Console, registration_id: uuid.UUID) -> Registration:
    """A registration that is seen here; NotInConsole otherwise."""
    found = await queries.registration(session, here, registration_id)
    if found is None:
        raise NotInConsole("no such registration is seen here")
    return found


async def own_platform(session: AsyncSession, here: Console, registration_id: uuid.UUID) -> Registration:
    """A registration that may be changed here. Raises NotInConsole, and SharedPlatform for an administrator's shared one."""
    found = await platform(session, here, registration_id)
    if not here.holds(found.organisation_id):
        raise SharedPlatform("the registration is shared")
    return found


async def deployment(
    session: AsyncSession, here: Console, registration_id: uuid.UUID, deployment_id: uuid.UUID
) -> Deployment:
    """A deployment that is seen here; NotInConsole otherwise."""
    found = await queries.deployment(session, here, registration_id, deployment_id)
    if found is None:
        raise NotInConsole("no such deployment is seen here")
    return found


def roles_by_scope() -> dict[Scope, list[NamedRole]]:
    """The roles of the table, by what they speak of."""
    return {
        scope: [named for named in ROLES if named.scope is scope]
        for scope in (Scope.MEMBERSHIP, Scope.INSTITUTION, Scope.SYSTEM)
    }


async def share_predictions(
    session: AsyncSession, here: Console, organisation_id: uuid.UUID, shares: bool, now: datetime
) -> None:
    """Whether predictions may begin from what a learner showed in the organisation's other courses. Levels never do, and no
    course ever sees another one's details. Raises NotInConsole.
    """
    organisation = await session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotInConsole("no such organisation")
    if organisation.shares_predictions is shares:
        return
    organisation.shares_predictions = shares
    audit.record(
        session,
        now,
        "organisation.predictions-shared" if shares else "organisation.predictions-kept-apart",
        organisation_id=organisation_id,
        actor=here.actor,
        subject=f"organisation {organisation_id}",
        reference=reference_code.get(),
    )
    await session.flush()
