"""All SQL of consents and the connections they belong to."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from lti_tool.content.access_models import ORGANISATION, ApiGrant, ApiRequest
from lti_tool.content.models import ApiConnection
from lti_tool.content.sync_models import CourseSync
from lti_tool.courses.models import Course, Membership, Person
from lti_tool.db.base import crossing, scoped
from lti_tool.db.upsert import upsert
from lti_tool.lti.models import Registration, Role
from lti_tool.platforms.native import ApiTokenRefused

CONNECTION_KEY = ("organisation_id", "registration_id")
GRANT_KEY = ("organisation_id", "connection_id", "holder")

DEAD = ApiTokenRefused.code
"""The trouble that a consent does not survive."""

FORGOTTEN_AFTER = timedelta(hours=1)
"""How long a request that ended is still there, so that its page can say what became of it."""


# --- Connections -------------------------------------------------------------------------------------------------------


async def connection(
    session: AsyncSession, organisation_id: uuid.UUID, connection_id: uuid.UUID
) -> ApiConnection | None:
    """One access by its id."""
    return await session.get(ApiConnection, (organisation_id, connection_id))


async def connections(session: AsyncSession, registration_id: uuid.UUID) -> Sequence[ApiConnection]:
    """Every school's access to one platform, for whoever looks after the installation."""
    statement = (
        select(ApiConnection)
        .where(ApiConnection.registration_id == registration_id)
        .order_by(col(ApiConnection.created_at), col(ApiConnection.id))
    )
    found = await session.exec(
        statement, execution_options=crossing("a registration may be shared by schools, each with an access of its own")
    )
    return found.all()


async def put_connection(session: AsyncSession, row: dict[str, Any]) -> uuid.UUID:
    """Keep an access; a new one replaces all of the old but its id."""
    changed = [name for name in row if name not in {*CONNECTION_KEY, "id", "created_at"}]
    (kept,) = await upsert(session, ApiConnection, [row], key=CONNECTION_KEY, update=changed)
    connection_id: uuid.UUID = kept.id
    return connection_id


async def note_found(session: AsyncSession, connection: ApiConnection, **values: Any) -> None:
    """Remember what a connection was found able to do."""
    await session.exec(
        update(ApiConnection)
        .where(col(ApiConnection.organisation_id) == connection.organisation_id, col(ApiConnection.id) == connection.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def remove_connection(session: AsyncSession, organisation_id: uuid.UUID, connection_id: uuid.UUID) -> None:
    """Forget an access, with every consent and every secret."""
    await session.exec(
        delete(ApiConnection)
        .where(col(ApiConnection.organisation_id) == organisation_id, col(ApiConnection.id) == connection_id)
        .execution_options(synchronize_session=False)
    )


async def last_course(session: AsyncSession, organisation_id: uuid.UUID, registration_id: uuid.UUID) -> Course | None:
    """The course of a platform that somebody has launched into last."""
    statement = _launched_last(organisation_id).where(Course.registration_id == registration_id)
    return (await session.exec(statement)).first()


async def last_course_with_consent(
    session: AsyncSession, organisation_id: uuid.UUID, connection_id: uuid.UUID
) -> Course | None:
    """The course launched last of those that somebody teaches whose consent works."""
    statement = (
        _launched_last(organisation_id)
        .join(
            ApiGrant,
            (col(ApiGrant.organisation_id) == col(Membership.organisation_id))
            & (col(ApiGrant.person_id) == col(Membership.person_id)),
        )
        .where(
            ApiGrant.connection_id == connection_id,
            col(ApiGrant.working).is_not(False),
            Membership.role == Role.TEACHER,
            col(Membership.active).is_(True),
        )
    )
    return (await session.exec(statement)).first()


def _launched_last(organisation_id: uuid.UUID) -> SelectOfScalar[Course]:
    """A school's courses by their members, the one that was launched last first."""
    return (
        scoped(Course, organisation_id)
        .join(
            Membership,
            (col(Membership.organisation_id) == col(Course.organisation_id))
            & (col(Membership.course_id) == col(Course.id)),
        )
        .order_by(func.coalesce(Membership.last_launched_at, Course.created_at).desc(), col(Course.id))
        .limit(1)
    )


# --- Grants ------------------------------------------------------------------------------------------------------------


async def grant(session: AsyncSession, organisation_id: uuid.UUID, grant_id: uuid.UUID) -> ApiGrant | None:
    """A consent as it is now."""
    return await session.get(ApiGrant, (organisation_id, grant_id), populate_existing=True)


async def grant_of(
    session: AsyncSession, organisation_id: uuid.UUID, connection_id: uuid.UUID, holder: str
) -> ApiGrant | None:
    """The consent of one holder."""
    statement = scoped(ApiGrant, organisation_id).where(
        ApiGrant.connection_id == connection_id, ApiGrant.holder == holder
    )
    return (await session.exec(statement)).one_or_none()


async def grants(session: AsyncSession, organisation_id: uuid.UUID, connection_id: uuid.UUID) -> Sequence[ApiGrant]:
    """Every consent of a connection, the newest first."""
    statement = (
        scoped(ApiGrant, organisation_id)
        .where(ApiGrant.connection_id == connection_id)
        .order_by(col(ApiGrant.created_at).desc(), col(ApiGrant.id))
    )
    return (await session.exec(statement)).all()


async def grants_of_teachers(
    session: AsyncSession, organisation_id: uuid.UUID, connection_id: uuid.UUID, course_id: uuid.UUID
) -> Sequence[tuple[ApiGrant, Person]]:
    """The consents of those who teach a course now, with who they are; the newest first."""
    statement = (
        select(ApiGrant, Person)
        .join(
            Person,
            (col(Person.organisation_id) == col(ApiGrant.organisation_id))
            & (col(Person.id) == col(ApiGrant.person_id)),
        )
        .join(
            Membership,
            (col(Membership.organisation_id) == col(ApiGrant.organisation_id))
            & (col(Membership.person_id) == col(ApiGrant.person_id)),
        )
        .where(
            col(ApiGrant.organisation_id) == organisation_id,
            col(ApiGrant.connection_id) == connection_id,
            col(Membership.course_id) == course_id,
            col(Membership.role) == Role.TEACHER,
            col(Membership.active).is_(True),
        )
        .order_by(col(ApiGrant.created_at).desc(), col(ApiGrant.id))
    )
    return (await session.exec(statement)).all()


async def unused_since(
    session: AsyncSession, moment: datetime, most: int
) -> Sequence[tuple[ApiGrant, ApiConnection, Registration]]:
    """People's consents that nothing was read with after a moment, of every school, with what they belong to."""
    statement = (
        select(ApiGrant, ApiConnection, Registration)
        .join(
            ApiConnection,
            (col(ApiConnection.organisation_id) == col(ApiGrant.organisation_id))
            & (col(ApiConnection.id) == col(ApiGrant.connection_id)),
        )
        .join(Registration, col(Registration.id) == col(ApiConnection.registration_id))
        .where(
            col(ApiGrant.person_id).is_not(None),
            func.coalesce(ApiGrant.checked_at, ApiGrant.created_at) <= moment,
            col(ApiGrant.created_at) <= moment,
        )
        .order_by(col(ApiGrant.created_at), col(ApiGrant.id))
        .limit(most)
    )
    found = await session.exec(
        statement, execution_options=crossing("what nobody uses is forgotten alike in all schools")
    )
    return found.all()


async def read_with(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> uuid.UUID | None:
    """The consent a course was read with last."""
    statement = select(col(CourseSync.grant_id)).where(
        col(CourseSync.organisation_id) == organisation_id, col(CourseSync.course_id) == course_id
    )
    return (await session.exec(statement)).one_or_none()


async def put_grant(session: AsyncSession, row: dict[str, Any]) -> uuid.UUID:
    """Keep a consent; the same holder's new one replaces the old."""
    changed = [name for name in row if name not in {*GRANT_KEY, "id"}]
    (kept,) = await upsert(session, ApiGrant, [row], key=GRANT_KEY, update=changed)
    grant_id: uuid.UUID = kept.id
    return grant_id


async def renewed(session: AsyncSession, held: ApiGrant, **values: Any) -> bool:
    """Change a consent, if it is still as ``held`` was read; False if somebody else has changed it meanwhile."""
    done = await session.exec(
        update(ApiGrant)
        .where(
            col(ApiGrant.organisation_id) == held.organisation_id,
            col(ApiGrant.id) == held.id,
            col(ApiGrant.secrets_encrypted) == held.secrets_encrypted,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount == 1


async def note_grant(
    session: AsyncSession, organisation_id: uuid.UUID, grant_id: uuid.UUID, trouble: str | None, now: datetime
) -> None:
    """Remember how the last call with a consent went: only a dead token ends it, other trouble passes."""
    values: dict[str, Any] = {"trouble": trouble, "checked_at": now}
    if trouble is None:
        values["working"] = True
    elif trouble == DEAD:
        values["working"] = False
    await session.exec(
        update(ApiGrant)
        .where(col(ApiGrant.organisation_id) == organisation_id, col(ApiGrant.id) == grant_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def remove_grant(session: AsyncSession, organisation_id: uuid.UUID, grant_id: uuid.UUID) -> None:
    """Forget a consent and its secrets."""
    await session.exec(
        delete(ApiGrant)
        .where(col(ApiGrant.organisation_id) == organisation_id, col(ApiGrant.id) == grant_id)
        .execution_options(synchronize_session=False)
    )


async def remove_grants(session: AsyncSession, organisation_id: uuid.UUID, connection_id: uuid.UUID) -> None:
    """Forget every consent of a connection, and those that are being asked for."""
    for table in (ApiGrant, ApiRequest):
        await session.exec(
            delete(table)
            .where(col(table.organisation_id) == organisation_id, col(table.connection_id) == connection_id)
            .execution_options(synchronize_session=False)
        )


async def organisations_grant(
    session: AsyncSession, organisation_id: uuid.UUID, connection_id: uuid.UUID
) -> ApiGrant | None:
    """What an account of the school's own consented to."""
    return await grant_of(session, organisation_id, connection_id, ORGANISATION)


# --- Requests ----------------------------------------------------------------------------------------------------------


async def forget_requests(session: AsyncSession, now: datetime) -> None:
    """Remove what ended a while ago, of every school."""
    await session.exec(
        delete(ApiRequest)
        .where(col(ApiRequest.expires_at) <= now - FORGOTTEN_AFTER)
        .execution_options(synchronize_session=False, **crossing("what has ended is of no use to any school"))
    )


async def requests_since(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    connection_id: uuid.UUID,
    person_id: uuid.UUID | None,
    since: datetime,
) -> int:
    """How many consents one person (None: for the school's own account) has begun to ask for since a moment."""
    statement = select(func.count()).where(
        col(ApiRequest.organisation_id) == organisation_id,
        col(ApiRequest.connection_id) == connection_id,
        col(ApiRequest.person_id) == person_id if person_id else col(ApiRequest.person_id).is_(None),
        col(ApiRequest.created_at) > since,
    )
    return (await session.exec(statement)).one()


async def last_request(
    session: AsyncSession, organisation_id: uuid.UUID, connection_id: uuid.UUID, person_id: uuid.UUID | None
) -> ApiRequest | None:
    """What somebody began last."""
    statement = (
        scoped(ApiRequest, organisation_id)
        .where(
            ApiRequest.connection_id == connection_id,
            col(ApiRequest.person_id) == person_id if person_id else col(ApiRequest.person_id).is_(None),
        )
        .order_by(col(ApiRequest.created_at).desc(), col(ApiRequest.id).desc())
        .limit(1)
    )
    return (await session.exec(statement)).first()


async def request_by(session: AsyncSession, state_digest: str) -> ApiRequest | None:
    """The request a code or a state belongs to; whose it is, it says itself."""
    statement = select(ApiRequest).where(ApiRequest.state_digest == state_digest)
    found = await session.exec(
        statement, execution_options=crossing("the browser comes with a secret and without a session")
    )
    return found.one_or_none()


async def request_in(session: AsyncSession, opened_digest: str, now: datetime) -> ApiRequest | None:
    """What a browser went to the platform for last and has no answer to yet."""
    statement = (
        select(ApiRequest)
        .where(
            ApiRequest.opened_digest == opened_digest,
            col(ApiRequest.used_at).is_(None),
            col(ApiRequest.expires_at) > now,
        )
        .order_by(col(ApiRequest.created_at).desc(), col(ApiRequest.id).desc())
        .limit(1)
    )
    found = await session.exec(
        statement, execution_options=crossing("the browser comes with a secret and without a session")
    )
    return found.first()


async def open_request(
    session: AsyncSession,
    found: ApiRequest,
    *,
    state_digest: str,
    opened_digest: str,
    secret: str | None,
    now: datetime,
) -> bool:
    """Have a request go on under a new secret, in one browser; False if that was done already, or it has ended."""
    done = await session.exec(
        update(ApiRequest)
        .where(
            col(ApiRequest.organisation_id) == found.organisation_id,
            col(ApiRequest.id) == found.id,
            col(ApiRequest.state_digest) == found.state_digest,
            col(ApiRequest.opened_digest).is_(None),
            col(ApiRequest.used_at).is_(None),
            col(ApiRequest.expires_at) > now,
        )
        .values(state_digest=state_digest, opened_digest=opened_digest, secret_encrypted=secret)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount == 1


async def use_up(session: AsyncSession, found: ApiRequest, now: datetime) -> bool:
    """Use a request up, once: of two that try, one is told True."""
    done = await session.exec(
        update(ApiRequest)
        .where(
            col(ApiRequest.organisation_id) == found.organisation_id,
            col(ApiRequest.id) == found.id,
            col(ApiRequest.used_at).is_(None),
            col(ApiRequest.expires_at) > now,
        )
        .values(used_at=now, secret_encrypted=None)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount == 1
