"""Asking somebody in the platform for access: from the button to the answer.

The page with the button is in a frame of the LMS, often without cookies; the LMS's own page refuses frames. So the button makes
a request whose one-time link opens a window of its own. There the browser is given a cookie (first-party, ``SameSite=Lax``) and
is sent on with a state; the answer counts with both, once, within ten minutes (RFC 6749 §10.12). And since a link can be sent to
somebody else, a teacher's access counts only if the platform says that it is the very person who pressed the button.
"""

import asyncio
import contextlib
import secrets as randomness
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from lti_tool.content import queries as content_queries
from lti_tool.content.access import errors, flows, queries
from lti_tool.content.access.addresses import back_address
from lti_tool.content.access.choosing import needs_consent
from lti_tool.content.access.connecting import note
from lti_tool.content.access.flows import Given
from lti_tool.content.access.sealing import Secrets, grant_purpose, request_purpose
from lti_tool.content.access_models import ORGANISATION, ApiGrant, ApiRequest
from lti_tool.content.connectors import Connectors
from lti_tool.content.models import ApiConnection
from lti_tool.content.sync.wishes import access_given, wish
from lti_tool.courses import queries as courses
from lti_tool.courses.models import Person
from lti_tool.db.session import Database
from lti_tool.errors import NotFound, ToolError
from lti_tool.ids import new_id
from lti_tool.lti.digests import digest
from lti_tool.lti.models import Registration
from lti_tool.platforms.native import ApiTokenRefused, NativeTrouble

LIFE = timedelta(minutes=10)
MOST_STARTS = 10
"""Requests one person may begin within their life."""

END_SECONDS = 20.0
ENDED_AT_ONCE = 8
"""Consents that the platform is asked to forget while somebody waits for the page, and how many of them side by side."""

NOTHING_YET = 204
STOP_ASKING = 286
"""The status by which htmx learns that an answer is the last one; while there is none it leaves the page as it is."""

_LONGEST = 200
"""Characters of a code, state or cookie of ours; they have 43."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform sent along with the browser. ``error`` is OAuth 2's word for why not; ``token`` and ``verifier`` are
    OAuth 1.0a's.
    """

    state: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    error: str = ""
    token: str = field(default="", repr=False)
    verifier: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with what it belongs to."""

    request: ApiRequest
    connection: ApiConnection
    registration: Registration

    @property
    def of_school(self) -> bool:
        """Whether it asks for an account of the school's own."""
        return self.request.person_id is None


# --- The button --------------------------------------------------------------------------------------------------------


async def begin(
    session: AsyncSession,
    connection: ApiConnection,
    now: datetime,
    *,
    begun_by: str,
    person_id: uuid.UUID | None = None,
    course_id: uuid.UUID | None = None,
) -> str:
    """Begin to ask a person, or (without) for an account of the school's own; the one-time code of the link.

    Raises ApiTooManyStarts, and ApiNotConnectedThisWay where this connection goes another way.
    """
    if not _asks(connection, person_id):
        raise errors.ApiNotConnectedThisWay("the connection asks nobody, or others")
    await queries.forget_requests(session, now)
    organisation_id = connection.organisation_id
    if await queries.requests_since(session, organisation_id, connection.id, person_id, now - LIFE) >= MOST_STARTS:
        raise errors.ApiTooManyStarts("too many requests of one person")
    code = randomness.token_urlsafe(32)
    session.add(
        ApiRequest(
            organisation_id=organisation_id,
            state_digest=digest(code),
            connection_id=connection.id,
            person_id=person_id,
            course_id=course_id,
            begun_by=begun_by[:120],
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    await session.flush()
    return code


# --- The window --------------------------------------------------------------------------------------------------------


async def look(database: Database, code: str, now: datetime) -> Asked:
    """The request of a link that still leads on; uses up nothing. Raises ApiLinkUnusable."""
    asked = await _asked(database, code)
    if asked is None or asked.request.opened_digest is not None or _is_over(asked.request, now):
        raise errors.ApiLinkUnusable("no request has this code, or it was used or has ended")
    return asked


async def go(database: Database, connectors: Connectors, base_url: str, code: str, cookie: str, now: datetime) -> str:
    """Use a link up, for the browser that keeps ``cookie``: the address in the platform where the person is asked.

    Raises ApiLinkUnusable and, where the platform has to be asked for a temporary key first, NativeTrouble.
    """
    asked = await look(database, code, now)
    state = randomness.token_urlsafe(32)
    way = flows.way_of(connectors, asked.connection, asked.registration.lms)
    going = await way.begin(back_address(base_url), state)
    sealed = None
    if going.temporary is not None:
        purpose = request_purpose(asked.request.organisation_id, asked.request.id)
        sealed = going.temporary.sealed(connectors.secrets, purpose)
    async with database.writing() as session:
        opened = await queries.open_request(
            session,
            asked.request,
            state_digest=digest(state),
            opened_digest=digest(cookie),
            secret=sealed,
            now=now,
        )
    if not opened:
        raise errors.ApiLinkUnusable("the link was used meanwhile")
    return going.address


async def finish(
    database: Database, connectors: Connectors, base_url: str, answer: Answer, cookie: str | None, now: datetime
) -> tuple[Asked, ApiGrant]:
    """Take the platform's answer: the consent is kept, or nothing is.

    Raises ApiAnswerUnusable, ApiOtherBrowser, ApiDenied, ApiKeyRefused, ApiScopesLacking, ApiOtherAccount, ApiAccountUntold,
    Unsealable and NativeTrouble.
    """
    if answer.error and not answer.state:
        # Canvas's invalid_scope comes without the state (lib/canvas/oauth/request_error.rb). Nothing is used up for it.
        await _note_stateless(database, answer.error, cookie, now)
    asked = await _asked(database, answer.state)
    if asked is None or asked.request.opened_digest is None or _is_over(asked.request, now):
        raise errors.ApiAnswerUnusable("no request waits for this state")
    async with database.writing() as session:
        if not await queries.use_up(session, asked.request, now):
            raise errors.ApiAnswerUnusable("the state was used already")
    try:
        # Compared as digests of random secrets, of which nobody learns anything by time.
        if not cookie or len(cookie) > _LONGEST or digest(cookie) != asked.request.opened_digest:
            raise errors.ApiOtherBrowser("the cookie is missing or another")
        return asked, await _kept(database, connectors, base_url, asked, answer, now)
    except ToolError as error:
        await _note_refusal(database, asked, error, now)
        raise


async def _note_stateless(database: Database, error: str, cookie: str | None, now: datetime) -> None:
    """Raise what the platform said, if this browser waits for an answer; otherwise say nothing."""
    if not cookie or len(cookie) > _LONGEST:
        return
    async with database.reading() as session:
        request = await queries.request_in(session, digest(cookie), now)
        asked = await _of_request(session, request) if request is not None else None
    if asked is not None:
        refused = _declined(error)
        await _note_refusal(database, asked, refused, now)
        raise refused


async def _kept(
    database: Database, connectors: Connectors, base_url: str, asked: Asked, answer: Answer, now: datetime
) -> ApiGrant:
    if answer.error:
        raise _declined(answer.error)
    way = flows.way_of(connectors, asked.connection, asked.registration.lms)
    temporary = None
    if asked.request.secret_encrypted is not None:
        purpose = request_purpose(asked.request.organisation_id, asked.request.id)
        temporary = Secrets.opened(connectors.secrets, asked.request.secret_encrypted, purpose)
    given = await way.finish(back_address(base_url), answer.code, answer.token, answer.verifier, temporary)
    try:
        await _check_person(database, asked, given)
    except ToolError:
        with contextlib.suppress(NativeTrouble):
            await way.end(given.secrets)
        raise
    before, grant = await _keep(database, connectors, asked, given, now)
    if before is not None:
        await end_quietly(connectors, asked.connection, asked.registration, before)
    return grant


def _declined(error: str) -> ToolError:
    match error:
        case "access_denied":
            return errors.ApiDenied("the person said no")
        case "unauthorized_client" | "invalid_client":
            return errors.ApiKeyRefused(f"the platform answered {error}")
        case "invalid_scope":
            return errors.ApiScopesLacking("the platform answered invalid_scope")
        case _:
            # What the platform wrote is anybody's text: the address can be typed.
            return NativeTrouble("the platform answered with another error")


async def _check_person(database: Database, asked: Asked, given: Given) -> None:
    """Raise ApiOtherAccount unless the access is that of the person who began; the school's own account may be any."""
    request = asked.request
    if given.acting:
        raise errors.ApiOtherAccount("an administrator was acting as somebody")
    if request.person_id is None:
        return
    async with database.reading() as session:
        person = await session.get(Person, (request.organisation_id, request.person_id))
    if person is None:
        raise errors.ApiAnswerUnusable("the person was removed")
    known = person.platform_user_id or person.sub
    if not given.account_ids:
        raise errors.ApiAccountUntold("the platform did not say whose access it is")
    if known in given.account_ids:
        return
    if person.platform_user_id is None and not known.isdigit():
        raise errors.ApiAccountUntold("the launch did not say the id that the API knows the person by")
    raise errors.ApiOtherAccount("another account than the person's")


async def _keep(
    database: Database, connectors: Connectors, asked: Asked, given: Given, now: datetime
) -> tuple[ApiGrant | None, ApiGrant]:
    request, connection = asked.request, asked.connection
    organisation_id = request.organisation_id
    holder = str(request.person_id) if request.person_id else ORGANISATION
    # The name of the school's own account is shown to its administrators; people's names are known from their launches.
    secrets = given.secrets if request.person_id is None else replace(given.secrets, account_name="")
    purpose = grant_purpose(organisation_id, connection.id, holder)
    async with database.writing() as session:
        still = await queries.connection(session, organisation_id, connection.id)
        if still is None or still.client_id != connection.client_id or still.by_teachers != connection.by_teachers:
            raise errors.ApiAnswerUnusable("the connection was changed meanwhile")
        before = await queries.grant_of(session, organisation_id, connection.id, holder)
        if before is not None:
            session.expunge(before)
        grant_id = await queries.put_grant(
            session,
            {
                "organisation_id": organisation_id,
                "id": new_id(),
                "connection_id": connection.id,
                "holder": holder,
                "person_id": request.person_id,
                "secrets_encrypted": secrets.sealed(connectors.secrets, purpose),
                "expires_at": given.expires_at,
                "scopes": list(given.scopes),
                "working": None,
                "trouble": None,
                "checked_at": None,
                "created_at": now,
                "renewed_at": None,
            },
        )
        note(session, asked.registration, organisation_id, now, "api.consent-given", actor=request.begun_by)
        await access_given(session, organisation_id, asked.registration.id, now)
        course = await courses.course(session, organisation_id, request.course_id) if request.course_id else None
        if course is not None:
            await wish(session, course, now)
        grant = await queries.grant(session, organisation_id, grant_id)
        if grant is None:
            raise RuntimeError("a consent that was just written is not there")
        session.expunge(grant)
    return before, grant


# --- The end -----------------------------------------------------------------------------------------------------------


async def own(session: AsyncSession, connection: ApiConnection, person_id: uuid.UUID) -> ApiGrant:
    """What a person has given. Raises NotFound."""
    found = await queries.grant_of(session, connection.organisation_id, connection.id, str(person_id))
    if found is None:
        raise NotFound("there is no such consent")
    return found


async def withdraw(
    database: Database,
    connectors: Connectors,
    connection: ApiConnection,
    registration: Registration,
    holder: str,
    now: datetime,
    *,
    actor: str,
) -> None:
    """Forget one holder's consent here, and have the platform forget it if it can be reached. What was read stays.

    Raises NotFound where there is none.
    """
    async with database.writing() as session:
        found = await queries.grant_of(session, connection.organisation_id, connection.id, holder)
        if found is None:
            raise NotFound("there is no such consent")
        session.expunge(found)
        await queries.remove_grant(session, connection.organisation_id, found.id)
        note(session, registration, connection.organisation_id, now, "api.consent-withdrawn", actor=actor)
    await end_quietly(connectors, connection, registration, found)


async def end_quietly(
    connectors: Connectors, connection: ApiConnection, registration: Registration, grant: ApiGrant
) -> bool:
    """Have the platform forget a consent that is forgotten here; False if it did not answer."""
    try:
        held = Secrets.opened(
            connectors.secrets,
            grant.secrets_encrypted,
            grant_purpose(grant.organisation_id, grant.connection_id, grant.holder),
        )
        await flows.way_of(connectors, connection, registration.lms).end(held)
    except ApiTokenRefused:
        # The platform had forgotten it before.
        return True
    except ToolError:
        return False
    return True


async def end_all(
    connectors: Connectors, connection: ApiConnection, registration: Registration, grants: Collection[ApiGrant]
) -> int:
    """Have the platform forget many consents, as many as it answers for within ``END_SECONDS``; how many those were."""
    few = asyncio.Semaphore(ENDED_AT_ONCE)
    done = 0

    async def end(grant: ApiGrant) -> None:
        nonlocal done
        async with few:
            done += await end_quietly(connectors, connection, registration, grant)

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            await asyncio.gather(*(end(one) for one in grants))
    return done


async def everything_of(
    session: AsyncSession, registration: Registration
) -> list[tuple[ApiConnection, list[ApiGrant]]]:
    """Every school's access to a platform with its consents, to be ended once the platform is removed here."""
    found = []
    for connection in await queries.connections(session, registration.id):
        grants = await queries.grants(session, connection.organisation_id, connection.id)
        found.append((connection, [*grants]))
    session.expunge_all()
    return found


async def end_everything(
    connectors: Connectors, registration: Registration, found: Collection[tuple[ApiConnection, Collection[ApiGrant]]]
) -> int:
    """Have the platform forget all of it, within ``END_SECONDS``; of how many consents it did not say that it has."""
    wanted = sum(len(grants) for _, grants in found)
    done = await asyncio.gather(*(end_all(connectors, one, registration, grants) for one, grants in found))
    return wanted - sum(done)


# --- What became of it -------------------------------------------------------------------------------------------------


async def state_of(session: AsyncSession, connection: ApiConnection, person_id: uuid.UUID | None, now: datetime) -> str:
    """What became of what somebody began last: ``waiting``, ``given``, ``refused`` or ``ended``."""
    holder = str(person_id) if person_id else ORGANISATION
    request = await queries.last_request(session, connection.organisation_id, connection.id, person_id)
    grant = await queries.grant_of(session, connection.organisation_id, connection.id, holder)
    if grant is not None and (request is None or grant.created_at >= request.created_at):
        return "given"
    if request is None or (request.used_at is None and request.expires_at <= now):
        return "ended"
    return "waiting" if request.used_at is None else "refused"


def last_answer(request: Request) -> int:
    """The status of the fragment that says what became of it."""
    return STOP_ASKING if request.headers.get("hx-request") else 200


def _asks(connection: ApiConnection, person_id: uuid.UUID | None) -> bool:
    """Whether a connection asks for this: each teacher, or (None) an account of the school's own."""
    return needs_consent(connection) and connection.by_teachers is (person_id is not None)


async def _asked(database: Database, secret: str) -> Asked | None:
    if not secret or len(secret) > _LONGEST:
        return None
    async with database.reading() as session:
        request = await queries.request_by(session, digest(secret))
        return await _of_request(session, request) if request is not None else None


async def _of_request(session: AsyncSession, request: ApiRequest) -> Asked | None:
    connection = await queries.connection(session, request.organisation_id, request.connection_id)
    if connection is None or not _asks(connection, request.person_id):
        return None
    registration = await content_queries.registration(session, connection.registration_id)
    return Asked(request, connection, registration) if registration is not None else None


def _is_over(request: ApiRequest, now: datetime) -> bool:
    return request.used_at is not None or request.expires_at <= now


async def _note_refusal(database: Database, asked: Asked, error: ToolError, now: datetime) -> None:
    """A trace; and of what only an administrator can mend, a mark on the connection."""
    organisation_id = asked.request.organisation_id
    async with database.writing() as session:
        actor = asked.request.begun_by
        note(session, asked.registration, organisation_id, now, "api.consent-refused", actor=actor, detail=error.code)
        if isinstance(error, errors.ApiKeyRefused | errors.ApiScopesLacking):
            await queries.note_found(session, asked.connection, working=False, trouble=error.code, checked_at=now)
