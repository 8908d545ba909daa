"""All SQL of the protocol. Statements of the launch are Core statements: they are in everybody's way, once per click."""

import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.audit import AuditEntry
from lti_tool.db.base import crossing
from lti_tool.db.fixed import Fixed
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.lti.models import (
    DeepLinkingRequest,
    Deployment,
    DeploymentStatus,
    MovedIssuer,
    OidcLogin,
    Registration,
    Role,
    ToolSession,
)

_HOUSEKEEPING = crossing("sessions end alike in every organisation")


class LoginUnderWay(NamedTuple):
    """What a login left for the launch that answers it."""

    nonce_digest: str
    browser_digest: str
    registration_id: uuid.UUID
    request: dict[str, str]
    storage_target: str | None
    expires_at: datetime


class LiveSession(NamedTuple):
    """A session's row without its digest."""

    organisation_id: uuid.UUID
    id: uuid.UUID
    registration_id: uuid.UUID
    person_id: uuid.UUID | None
    course_id: uuid.UUID | None
    resource_link_id: uuid.UUID | None
    role: Role
    observes: list[str]
    locale: str | None
    frame_origins: list[str]
    return_url: str | None
    document_target: str | None
    time_zone: str | None
    high_contrast: bool
    masquerading: bool
    administers: bool
    roles_received: list[str]
    started_at: datetime
    seen_at: datetime
    school_zone: str | None


_LOGIN_COLUMNS: list[Any] = [getattr(OidcLogin, name) for name in LoginUnderWay._fields]
_SCHOOL_ZONE: Any = (
    sa_select(col(Organisation.time_zone))
    .where(col(Organisation.id) == col(ToolSession.organisation_id))
    .scalar_subquery()
)
_SESSION_COLUMNS: list[Any] = [
    _SCHOOL_ZONE if name == "school_zone" else getattr(ToolSession, name) for name in LiveSession._fields
]

_ADD_LOGIN = Fixed(insert(OidcLogin), values=tuple(OidcLogin.model_fields))
_USE_UP_LOGIN = Fixed(
    delete(OidcLogin).where(col(OidcLogin.state_digest) == bindparam("state")).returning(*_LOGIN_COLUMNS)
)
_ADD_SESSION = Fixed(insert(ToolSession), values=tuple(ToolSession.model_fields))
_SESSION_BY_DIGEST = Fixed(
    # A launch may still be under way in another process while its registration is switched off.
    sa_select(*_SESSION_COLUMNS).where(
        col(ToolSession.token_digest) == bindparam("digest"),
        sa_select(col(Registration.id))
        .where(col(Registration.id) == col(ToolSession.registration_id), col(Registration.enabled))
        .exists(),
    ),
    crosses="a token is all a request has; its row says which organisation it belongs to",
)


async def registrations_of(session: AsyncSession, issuer: str) -> list[Registration]:
    """Every registration with an issuer."""
    return list((await session.exec(select(Registration).where(Registration.issuer == issuer))).all())


async def moved_to(session: AsyncSession, issuer: str, client_id: str | None) -> str | None:
    """The issuer of the enabled registration that had this one before; None for one that nobody had, or several if the client
    id is not known.
    """
    statement = (
        select(Registration.issuer)
        .join(MovedIssuer, col(MovedIssuer.registration_id) == col(Registration.id))
        .where(MovedIssuer.issuer == issuer, col(Registration.enabled).is_(True))
        .distinct()
        .limit(2)
    )
    if client_id is not None:
        statement = statement.where(MovedIssuer.client_id == client_id)
    found = (await session.exec(statement)).all()
    return found[0] if len(found) == 1 else None


async def registration(session: AsyncSession, registration_id: uuid.UUID) -> Registration | None:
    """A registration by our own id."""
    return await session.get(Registration, registration_id)


async def deployment(session: AsyncSession, registration_id: uuid.UUID, deployment_id: str) -> Deployment | None:
    """A registration's deployment by the platform's id."""
    statement = select(Deployment).where(
        Deployment.registration_id == registration_id, Deployment.deployment_id == deployment_id
    )
    return (await session.exec(statement)).one_or_none()


async def lock_registration(session: AsyncSession, registration_id: uuid.UUID) -> Registration | None:
    """A registration as it is now; whoever else locks it waits until this transaction ends."""
    # SQLite has one writer at a time; its dialect leaves FOR UPDATE out.
    return await session.get(Registration, registration_id, with_for_update=True, populate_existing=True)


async def deployments_of(session: AsyncSession, registration_id: uuid.UUID) -> list[DeploymentStatus]:
    """The statuses of a registration's deployments."""
    statement = select(Deployment.status).where(Deployment.registration_id == registration_id)
    return [DeploymentStatus(status) for status in (await session.exec(statement)).all()]


async def deployments_listed(
    session: AsyncSession, registration_id: uuid.UUID | None
) -> list[tuple[Deployment, Registration]]:
    """Deployments with their registrations; those that wait first, then the oldest."""
    statement = (
        select(Deployment, Registration)
        .join(Registration, col(Registration.id) == col(Deployment.registration_id))
        .order_by(col(Deployment.status).desc(), col(Deployment.created_at), col(Deployment.id))
    )
    if registration_id is not None:
        statement = statement.where(Deployment.registration_id == registration_id)
    return [(deployment, found) for deployment, found in (await session.exec(statement)).all()]


async def note_launch(session: AsyncSession, deployment_id: uuid.UUID, hour: datetime) -> None:
    """Remember the hour of a deployment's last launch."""
    connection = await session.connection()
    await connection.execute(
        update(Deployment)
        .where(
            col(Deployment.id) == deployment_id,
            col(Deployment.launched_at).is_(None) | (col(Deployment.launched_at) < hour),
        )
        .values(launched_at=hour)
    )


async def end_sessions(
    session: AsyncSession, registration_id: uuid.UUID, organisation_id: uuid.UUID | None = None
) -> int:
    """End a registration's sessions, those of one school or all, and the logins under way; says how many sessions."""
    connection = await session.connection()
    await connection.execute(delete(OidcLogin).where(col(OidcLogin.registration_id) == registration_id))
    statement = delete(ToolSession).where(col(ToolSession.registration_id) == registration_id)
    if organisation_id is not None:
        statement = statement.where(col(ToolSession.organisation_id) == organisation_id)
    ended = await connection.execute(
        statement, execution_options=crossing("a registration may be shared by several schools")
    )
    return ended.rowcount


async def keep_key_set(
    session: AsyncSession, registration_id: uuid.UUID, key_set: dict[str, Any], fetched_at: datetime
) -> None:
    """Keep a platform's key set, for the time after a restart."""
    await session.exec(
        update(Registration)
        .where(col(Registration.id) == registration_id)
        .values(key_set=key_set, key_set_fetched_at=fetched_at)
        .execution_options(synchronize_session=False)
    )


async def add_login(database: Database, values: dict[str, Any]) -> None:
    """Remember a login under way, in a transaction of its own."""
    await database.alone(_ADD_LOGIN, values)


async def use_up_login(session: AsyncSession, state_digest: str) -> LoginUnderWay | None:
    """Take a login away, once: of two transactions that try, one gets the row and the other None."""
    rows = await _USE_UP_LOGIN.run(session, {"state": state_digest})
    return LoginUnderWay(*rows[0]) if rows else None


async def add_session(session: AsyncSession, values: dict[str, Any]) -> None:
    """Add a session's row."""
    # What the same transaction has added through the session (the person, the course) has to be there first.
    await session.flush()
    await _ADD_SESSION.run(session, values)


async def session_by_digest(session: AsyncSession, token_digest: str) -> LiveSession | None:
    """The session whose token has this digest."""
    rows = await _SESSION_BY_DIGEST.run(session, {"digest": token_digest})
    return LiveSession(*rows[0]) if rows else None


async def sessions_of_person(
    session: AsyncSession, organisation_id: uuid.UUID, registration_id: uuid.UUID, person_id: uuid.UUID
) -> list[LiveSession]:
    """A person's sessions, the newest first; at most fifty."""
    connection = await session.connection()
    found = await connection.execute(
        sa_select(*_SESSION_COLUMNS)
        .where(
            col(ToolSession.organisation_id) == organisation_id,
            col(ToolSession.person_id) == person_id,
            col(ToolSession.registration_id) == registration_id,
        )
        .order_by(col(ToolSession.started_at).desc(), col(ToolSession.id).desc())
        .limit(50)
    )
    return [LiveSession(*row) for row in found]


async def touch_session(
    session: AsyncSession, organisation_id: uuid.UUID, session_id: uuid.UUID, seen_at: datetime
) -> None:
    """Remember that a session was used."""
    connection = await session.connection()
    await connection.execute(
        update(ToolSession)
        .where(col(ToolSession.organisation_id) == organisation_id, col(ToolSession.id) == session_id)
        .values(seen_at=seen_at)
    )


async def forget_ended(session: AsyncSession, now: datetime, *, idle: timedelta, total: timedelta) -> tuple[int, int]:
    """Remove logins nobody finished and sessions that have ended; says how many of each."""
    connection = await session.connection()
    logins = await connection.execute(delete(OidcLogin).where(col(OidcLogin.expires_at) <= now))
    sessions = await connection.execute(
        delete(ToolSession).where(
            (col(ToolSession.started_at) <= now - total) | (col(ToolSession.seen_at) <= now - idle)
        ),
        execution_options=_HOUSEKEEPING,
    )
    return logins.rowcount, sessions.rowcount


async def deep_linking_request(
    session: AsyncSession, organisation_id: uuid.UUID, request_id: uuid.UUID
) -> tuple[DeepLinkingRequest, Deployment, Registration] | None:
    """A request to pick content, with the deployment and the registration it came from; None when the deployment has gone
    to another school since, or the registration is switched off.
    """
    statement = (
        select(DeepLinkingRequest, Deployment, Registration)
        .join(Deployment, col(Deployment.id) == col(DeepLinkingRequest.deployment_id))
        .join(Registration, col(Registration.id) == col(DeepLinkingRequest.registration_id))
        .where(
            DeepLinkingRequest.organisation_id == organisation_id,
            DeepLinkingRequest.id == request_id,
            Deployment.organisation_id == organisation_id,
            col(Deployment.registration_id) == col(Registration.id),
            col(Registration.enabled),
        )
    )
    found = (await session.exec(statement)).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


async def use_up_deep_linking_request(
    session: AsyncSession, organisation_id: uuid.UUID, request_id: uuid.UUID, now: datetime
) -> bool:
    """Mark a request as answered, once: of two transactions that try, one is told True."""
    connection = await session.connection()
    done = await connection.execute(
        update(DeepLinkingRequest)
        .where(
            col(DeepLinkingRequest.organisation_id) == organisation_id,
            col(DeepLinkingRequest.id) == request_id,
            col(DeepLinkingRequest.answered_at).is_(None),
            col(DeepLinkingRequest.expires_at) > now,
        )
        .values(answered_at=now)
    )
    return bool(done.rowcount)


async def forget_deep_linking_requests(session: AsyncSession, before: datetime) -> None:
    """Remove requests that ended before a moment, answered or not."""
    connection = await session.connection()
    await connection.execute(
        delete(DeepLinkingRequest).where(col(DeepLinkingRequest.expires_at) <= before), execution_options=_HOUSEKEEPING
    )


async def was_traced(
    session: AsyncSession, organisation_id: uuid.UUID, action: str, subject: str, since: datetime
) -> bool:
    """Whether the audit log of a school has such an entry from ``since`` on."""
    statement = (
        select(AuditEntry.id)
        .where(
            AuditEntry.organisation_id == organisation_id,
            AuditEntry.at >= since,
            AuditEntry.action == action,
            AuditEntry.subject == subject,
        )
        .limit(1)
    )
    return (await session.exec(statement)).first() is not None


async def note_notices(session: AsyncSession, deployment_id: uuid.UUID, url: str, *, asked_at: datetime | None) -> None:
    """Remember where a deployment's platform is asked for notices, and when it was."""
    connection = await session.connection()
    await connection.execute(
        update(Deployment).where(col(Deployment.id) == deployment_id).values(notices_url=url, notices_asked_at=asked_at)
    )


async def deployment_with_registration(
    session: AsyncSession, deployment_id: uuid.UUID
) -> tuple[Deployment, Registration] | None:
    """An accepted deployment of a registration that is switched on, by our own id."""
    statement = (
        select(Deployment, Registration)
        .join(Registration, col(Registration.id) == col(Deployment.registration_id))
        .where(
            Deployment.id == deployment_id,
            Deployment.status == DeploymentStatus.ACCEPTED,
            col(Registration.enabled),
        )
    )
    found = (await session.exec(statement)).one_or_none()
    return None if found is None else (found[0], found[1])


async def deployments_to_ask(session: AsyncSession, due: datetime | None, most: int) -> list[uuid.UUID]:
    """Deployments whose platforms tell of copies and have to be asked: those never asked, or not since ``due``; without
    ``due`` all. Those never asked come first, then the longest ago.
    """
    asked = col(Deployment.notices_asked_at)
    statement = (
        select(Deployment.id)
        .join(Registration, col(Registration.id) == col(Deployment.registration_id))
        .where(
            col(Deployment.notices_url).is_not(None),
            Deployment.status == DeploymentStatus.ACCEPTED,
            col(Registration.enabled),
        )
        .order_by(asked.is_not(None), asked, col(Deployment.id))
        .limit(most)
    )
    if due is not None:
        statement = statement.where(asked.is_(None) | (asked <= due))
    return list((await session.exec(statement)).all())
