"""Which deployments come in: what becomes of one that nobody has seen, and what an administrator decides.

A deployment id is all a platform says of where the tool was installed (LTI Core 1.3 §3.1.3), and schools may share a
registration; so an unknown one is not refused for good but waits where its administrator sees it. Only tokens whose signature
was checked get here.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.db.organisation import Organisation
from lti_tool.errors import Conflict, NotFound
from lti_tool.logs import reference_code
from lti_tool.lti import claims, queries
from lti_tool.lti.models import Deployment, DeploymentPolicy, DeploymentStatus, Registration

if TYPE_CHECKING:
    # The command line lists deployments, and starts faster without the way out and the signing keys.
    from lti_tool.lti.protocol import Protocol

MOST_HELD = 50
"""Deployments of one registration that wait at the same time. Launches from further ones are refused alike, and not noted."""

_DESCRIBED = 300
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]+")


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """A deployment as lists show it, with the registration it belongs to."""

    deployment: Deployment
    registration: Registration


async def admit(
    protocol: "Protocol", registration: Registration, deployment_id: str, described: str | None, now: datetime
) -> Deployment:
    """The deployment with the platform's id; one that nobody has seen is noted, as the registration's policy says.

    The first of a registration with the policy FIRST and a school of its own is accepted; each other one waits. The caller
    looks at ``status``.
    """
    async with protocol.database.writing() as session:
        # Of two unknown deployments at once the second waits here for the first, and is then not the first any more.
        locked = await queries.lock_registration(session, registration.id)
        found = await queries.deployment(session, registration.id, deployment_id)
        if found is None:
            known = await queries.deployments_of(session, registration.id)
            found = _unseen(locked or registration, deployment_id, described, known, now)
            if locked is not None and _is_noted(found, known):
                session.add(found)
                if found.status is DeploymentStatus.ACCEPTED:
                    _record(session, now, "deployment.accepted", found, "policy", "the first of its registration")
                await session.flush()
        # The end of the transaction would empty the objects; outside of it they keep what they hold.
        session.expunge_all()
    return found


async def accept(
    session: AsyncSession, deployment_pk: uuid.UUID, organisation_id: uuid.UUID, actor: str, now: datetime
) -> Deployment:
    """Let a deployment in, as the school's: from then on it is the tenant of everything launched there.

    Raises NotFound for an unknown deployment or school, and Conflict where the deployment or its registration belongs to
    another school.
    """
    deployment, registration = await _find(session, deployment_pk)
    if await session.get(Organisation, organisation_id) is None:
        raise NotFound("there is no such organisation")
    if {deployment.organisation_id, registration.organisation_id} - {None, organisation_id}:
        raise Conflict("the deployment belongs to another organisation")
    deployment.organisation_id = organisation_id
    deployment.status = DeploymentStatus.ACCEPTED
    _record(session, now, "deployment.accepted", deployment, actor, deployment.described)
    await session.flush()
    return deployment


async def add_known(
    session: AsyncSession,
    registration: Registration,
    organisation_id: uuid.UUID,
    deployment_ids: Sequence[str],
    actor: str,
    now: datetime,
) -> list[Deployment]:
    """Let deployments in by the platform's ids, as the school's, before or after they have launched for the first time.

    Raises NotFound for an unknown school, and Conflict where a deployment or the registration belongs to another one.
    """
    added = []
    for one in deployment_ids:
        found = await queries.deployment(session, registration.id, one)
        if found is None:
            found = Deployment(
                registration_id=registration.id, deployment_id=one, status=DeploymentStatus.HELD, created_at=now
            )
            session.add(found)
            await session.flush()
        if found.status is DeploymentStatus.HELD or found.organisation_id != organisation_id:
            found = await accept(session, found.id, organisation_id, actor, now)
        added.append(found)
    return added


async def hold(session: AsyncSession, deployment_pk: uuid.UUID, actor: str, now: datetime) -> Deployment:
    """Let nobody in from a deployment until it is accepted again. Raises NotFound.

    The sessions that its school has through this registration end; other processes notice within
    ``directory.REMEMBERED``.
    """
    deployment, registration = await _find(session, deployment_pk)
    deployment.status = DeploymentStatus.HELD
    if deployment.organisation_id is not None:
        await queries.end_sessions(session, registration.id, deployment.organisation_id)
    _record(session, now, "deployment.held", deployment, actor, deployment.described)
    await session.flush()
    return deployment


async def listed(session: AsyncSession, registration_id: uuid.UUID | None = None) -> list[DeploymentRow]:
    """Every deployment, or those of one registration; those that wait first, then the oldest."""
    return [DeploymentRow(*row) for row in await queries.deployments_listed(session, registration_id)]


def description(body: Mapping[str, Any], custom: Mapping[str, str]) -> str | None:
    """What a platform calls itself where the launch came from: its name, and Canvas's host. Plain text of one line."""
    platform = body.get(claims.TOOL_PLATFORM)
    name = platform.get("name") or platform.get("description") if isinstance(platform, dict) else None
    domain = custom.get("canvas_api_domain")
    parts = [_INVISIBLE.sub(" ", one) for one in (name, domain) if isinstance(one, str)]
    return " · ".join(" ".join(part.split()) for part in parts if part.strip())[:_DESCRIBED] or None


def _unseen(
    registration: Registration,
    deployment_id: str,
    described: str | None,
    known: Sequence[DeploymentStatus],
    now: datetime,
) -> Deployment:
    automatic = (
        registration.deployment_policy is DeploymentPolicy.FIRST
        and registration.organisation_id is not None
        and not known
    )
    return Deployment(
        organisation_id=registration.organisation_id,
        registration_id=registration.id,
        deployment_id=deployment_id,
        status=DeploymentStatus.ACCEPTED if automatic else DeploymentStatus.HELD,
        described=described,
        created_at=now,
    )


def _is_noted(deployment: Deployment, known: Sequence[DeploymentStatus]) -> bool:
    held = sum(1 for status in known if status is DeploymentStatus.HELD)
    return deployment.status is DeploymentStatus.ACCEPTED or held < MOST_HELD


async def _find(session: AsyncSession, deployment_pk: uuid.UUID) -> tuple[Deployment, Registration]:
    deployment = await session.get(Deployment, deployment_pk, with_for_update=True)
    registration = None if deployment is None else await queries.registration(session, deployment.registration_id)
    if deployment is None or registration is None:
        raise NotFound(f"there is no deployment {deployment_pk}; see `lti-tool platform deployments`")
    return deployment, registration


def _record(
    session: AsyncSession, now: datetime, action: str, deployment: Deployment, actor: str, detail: str | None
) -> None:
    audit.record(
        session,
        now,
        action,
        organisation_id=deployment.organisation_id,
        actor=actor,
        subject=f"deployment {deployment.id}",
        reference=reference_code.get(),
        detail=detail,
    )
