"""All SQL of the console: the owner's links and sessions, and what of the installation is seen by whom."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, true, update
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.admin.console import Console
from lti_tool.content.access_models import ORGANISATION, ApiGrant
from lti_tool.content.models import ApiConnection
from lti_tool.courses.models import Course, Person
from lti_tool.db.base import crossing
from lti_tool.db.organisation import Organisation
from lti_tool.lti.models import Deployment, OwnerLink, OwnerSession, Registration
from lti_tool.platforms.native import ApiBusy


async def forget_links(session: AsyncSession, until: datetime) -> None:
    """Remove sign-in links that ended by a moment."""
    await session.exec(
        delete(OwnerLink).where(col(OwnerLink.expires_at) <= until).execution_options(synchronize_session=False)
    )


async def forget_owner_sessions(session: AsyncSession, *, started_until: datetime, seen_until: datetime) -> None:
    """Remove sessions of the owner that began, or were last used, by a moment."""
    await session.exec(
        delete(OwnerSession)
        .where((col(OwnerSession.started_at) <= started_until) | (col(OwnerSession.seen_at) <= seen_until))
        .execution_options(synchronize_session=False)
    )


async def link_works(session: AsyncSession, code_digest: str, now: datetime) -> bool:
    """Whether a sign-in link can still be used."""
    statement = select(OwnerLink.code_digest).where(OwnerLink.code_digest == code_digest, OwnerLink.expires_at > now)
    return (await session.exec(statement)).first() is not None


async def use_up_link(session: AsyncSession, code_digest: str, now: datetime) -> bool:
    """Take a link away, once: of two transactions that try, one is told True."""
    done = await session.exec(
        delete(OwnerLink)
        .where(col(OwnerLink.code_digest) == code_digest, col(OwnerLink.expires_at) > now)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount == 1


async def owner_session(session: AsyncSession, token_digest: str) -> OwnerSession | None:
    """The owner's session whose token has this digest."""
    return (await session.exec(select(OwnerSession).where(OwnerSession.token_digest == token_digest))).one_or_none()


async def touch_owner_session(session: AsyncSession, session_id: uuid.UUID, now: datetime) -> None:
    """Remember that the owner's session was used."""
    await session.exec(
        update(OwnerSession)
        .where(col(OwnerSession.id) == session_id)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


async def remove_owner_session(session: AsyncSession, session_id: uuid.UUID) -> None:
    """Remove a session of the owner."""
    await session.exec(
        delete(OwnerSession).where(col(OwnerSession.id) == session_id).execution_options(synchronize_session=False)
    )


# --- What is seen in the console --------------------------------------------------------------------------------------


def _seen(here: Console) -> ColumnElement[bool]:
    """A school's own registrations, and shared ones that it is installed through."""
    if here.organisation_ids is None:
        return true()
    installed = (
        select(Deployment.id)
        .where(col(Deployment.registration_id) == col(Registration.id), here.within(Deployment.organisation_id))
        .exists()
    )
    return here.within(Registration.organisation_id) | (col(Registration.organisation_id).is_(None) & installed)


async def registrations(session: AsyncSession, here: Console) -> Sequence[Registration]:
    """The registrations that are seen here, the oldest first."""
    statement = select(Registration).where(_seen(here)).order_by(col(Registration.created_at), col(Registration.id))
    return (await session.exec(statement)).all()


async def registration(session: AsyncSession, here: Console, registration_id: uuid.UUID) -> Registration | None:
    """One of them."""
    return (
        await session.exec(select(Registration).where(Registration.id == registration_id, _seen(here)))
    ).one_or_none()


async def deployments(
    session: AsyncSession, here: Console, registration_id: uuid.UUID | None = None
) -> Sequence[Deployment]:
    """The deployments that are seen here, of one registration or all; those that wait first, then the oldest."""
    statement = select(Deployment).where(here.within(Deployment.organisation_id))
    if registration_id is not None:
        statement = statement.where(Deployment.registration_id == registration_id)
    order = (col(Deployment.status).desc(), col(Deployment.created_at), col(Deployment.id))
    return (await session.exec(statement.order_by(*order))).all()


async def deployment(
    session: AsyncSession, here: Console, registration_id: uuid.UUID, deployment_id: uuid.UUID
) -> Deployment | None:
    """One deployment of a registration, if it is seen here."""
    statement = select(Deployment).where(
        Deployment.id == deployment_id,
        Deployment.registration_id == registration_id,
        here.within(Deployment.organisation_id),
    )
    return (await session.exec(statement)).one_or_none()


async def organisations(session: AsyncSession, here: Console) -> Sequence[Organisation]:
    """The organisations that are seen here, the oldest first."""
    statement = select(Organisation).where(here.within(Organisation.id))
    return (await session.exec(statement.order_by(col(Organisation.created_at), col(Organisation.id)))).all()


async def connections(session: AsyncSession, here: Console, registration_id: uuid.UUID) -> Sequence[ApiConnection]:
    """The accesses to a platform's own API that are seen here."""
    statement = select(ApiConnection).where(
        ApiConnection.registration_id == registration_id, here.within(ApiConnection.organisation_id)
    )
    found = await session.exec(
        statement, execution_options=crossing("the owner sees every school's connections, an administrator one's")
    )
    return found.all()


async def failing_connections(session: AsyncSession, here: Console) -> frozenset[uuid.UUID]:
    """The ids of the registrations whose own API failed when it was called last, by a school that is seen here.

    That one was asked to go slower passes by itself.
    """
    found: set[uuid.UUID] = set()
    connection = await session.connection()
    own = sa_select(col(ApiConnection.registration_id)).where(
        col(ApiConnection.working).is_(False),
        col(ApiConnection.trouble) != ApiBusy.code,
        here.within(ApiConnection.organisation_id),
    )
    ended = (
        sa_select(col(ApiConnection.registration_id))
        .join(
            ApiGrant,
            (col(ApiGrant.organisation_id) == col(ApiConnection.organisation_id))
            & (col(ApiGrant.connection_id) == col(ApiConnection.id)),
        )
        .where(
            col(ApiGrant.holder) == ORGANISATION,
            col(ApiGrant.working).is_(False),
            here.within(ApiConnection.organisation_id),
        )
    )
    for statement in (own, ended):
        rows = await connection.execute(
            statement, execution_options=crossing("the owner sees every school's connections, an administrator one's")
        )
        found |= set(rows.scalars())
    return frozenset(found)


async def held_by(session: AsyncSession, registration_id: uuid.UUID) -> tuple[int, int]:
    """How many courses and how many people a registration has brought, in all schools."""
    connection = await session.connection()
    counts = []
    for table in (Course, Person):
        found = await connection.execute(
            sa_select(func.count()).select_from(table).where(col(table.registration_id) == registration_id),
            execution_options=crossing("a registration may be shared by several schools, and is removed as a whole"),
        )
        counts.append(found.scalar_one())
    return counts[0], counts[1]
