"""The two halves of a launch: the login that a platform begins, and the message that answers it.

Everything that has to be asked for (registration, key set, deployment) is gathered first; then the message is checked
without I/O; then one transaction uses up the login, lets the course take the person in, and begins the session. Whatever
fails leaves none of it.
"""

import hmac
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.errors import LaunchRefused, ToolError
from lti_tool.logs import reference_code
from lti_tool.lti import claims, deployments, id_tokens, messages, notices_asked, queries, signed, storage
from lti_tool.lti.digests import digest
from lti_tool.lti.families import fresh_launch_address, hint_names_client, hints_work_again
from lti_tool.lti.launch import Entry, Launch, custom_parameters, read_launch, read_presentation
from lti_tool.lti.models import Deployment, DeploymentStatus, Registration
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.refusals import (
    AnotherBrowser,
    AnotherPlatform,
    ClientIdNeeded,
    CookieBlocked,
    DeploymentHeld,
    LoginExpired,
    LoginIncomplete,
    LoginUnknown,
    MessageIncomplete,
    NonceWrong,
    PlatformMoved,
    PlatformReportedError,
    PlatformUnknown,
    SignedOutThere,
)
from lti_tool.lti.sessions import SessionStart, frame_origins, start_session, way_back
from lti_tool.lti.storage import StoragePlace

LOGIN_LIFE = timedelta(minutes=10)
"""How long a platform, and the person signing in there, may take between login and launch."""

MOST_ROLES = 50
"""How many roles of an administrator are kept to be shown."""

Enter = Callable[[AsyncSession, Launch, datetime], Awaitable[Entry]]

log = logging.getLogger(__name__)

# Characters of the fields of a login request that are read; hints are the platform's own and can be whole tokens.
_LIMITS = {
    "iss": 500,
    "login_hint": 4000,
    "target_link_uri": 2000,
    "lti_message_hint": 16_000,
    "client_id": 255,
    "lti_deployment_id": 255,
}
_REQUIRED = ("iss", "login_hint", "target_link_uri")
_STATE_LIMIT = 200
_OAUTH_WORD = re.compile(r"[a-z_]{3,40}")
# Canvas, of a launch that was fetched before or has waited for five minutes (authentication_controller.rb).
_USED_UP = "launch_no_longer_valid"
_SIGNED_OUT = frozenset({"login_required", "interaction_required", "consent_required", "account_selection_required"})


@dataclass(frozen=True, slots=True)
class Begun:
    """A login under way: where the browser goes next, and the value that will show that it is the same browser."""

    address: str
    browser: str
    registration: Registration
    storage: StoragePlace | None
    proof: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A launch that succeeded: where to go, and the token of the session."""

    address: str
    token: str
    launch: Launch
    by_proof: bool
    """Whether the platform's storage has shown that the browser is the same one; then it keeps no cookie here."""


class ProofWanted(Exception):
    """The browser sent no cookie, and the platform's storage has not been asked yet. The login stays as it is."""

    def __init__(self, place: StoragePlace, launch: Launch) -> None:
        super().__init__("the platform's storage has to be asked for the proof")
        self.place = place
        self.launch = launch


class LoginAgain(Exception):
    """The platform refused a login whose way led over our page for its storage; ``request`` begins one without.

    A platform whose own cookie is ``SameSite=Lax`` does not know its user when the browser comes from a page of ours, and does
    when it comes by a redirect. WordPress with LTI-PHP offers its storage all the same.
    """

    def __init__(self, request: Mapping[str, str]) -> None:
        super().__init__("the login has to begin again without the platform's storage")
        self.request = request


async def begin_login(protocol: Protocol, given: Mapping[str, str], browser: str | None) -> Begun:
    """Begin a login (Security Framework 1.0 §5.1.1): remember state and nonce, and say where the platform answers.

    ``browser`` is the value the browser has from an earlier login; without one it gets a new one, and logins in several tabs
    share it. Raises LaunchRefused.
    """
    request = _login_request(given)
    messages.check_target(request["target_link_uri"], protocol.settings.base_url)
    registration = await _registration_of_login(protocol, request)
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    browser = browser or secrets.token_urlsafe(32)
    browser_digest, target = digest(browser), storage.target_in(given)
    values = {
        "state_digest": digest(state),
        "nonce_digest": digest(nonce),
        "browser_digest": browser_digest,
        "registration_id": registration.id,
        "target_link_uri": request["target_link_uri"],
        "storage_target": target,
        "request": request,
        "expires_at": protocol.clock.now() + LOGIN_LIFE,
    }
    try:
        await queries.add_login(protocol.database, values)
    except IntegrityError as error:
        # The registration was removed by another process while it was remembered here.
        protocol.forget(registration)
        raise PlatformUnknown("the registration was removed") from error
    return Begun(
        _authorization(registration, protocol.launch_url, request, state, nonce),
        browser,
        registration,
        storage.place_for(registration, target, state),
        storage.proof_for(browser_digest, state),
    )


async def finish_launch(protocol: Protocol, form: Mapping[str, str], browsers: Collection[str], enter: Enter) -> Opened:
    """Check the message that answers a login and let the person in.

    ``browsers`` are the values the browser sent back; ``enter`` puts the launch into its course. A refusal leaves its trace
    in the audit log, in a transaction of its own, and uses the login up; what nobody had begun leaves none. Raises
    LaunchRefused, and what ``enter`` raises; and ProofWanted, which leaves no trace, where everything is right but the browser
    could only show that by the platform's storage, which a second post of the same message has to bring
    (``storage.PROOF_FIELD``). LoginAgain leaves none either: the platform's word may be another without the storage.
    """
    now = protocol.clock.now()
    seen: dict[str, Any] = {}
    try:
        launch, nonce, state = await _verified(protocol, form, now, seen)
        async with protocol.database.writing() as session:
            login = await queries.use_up_login(session, digest(state))
            under_way = _check_login(login, launch.registration, nonce, now)
            by_proof = _check_browser(under_way, launch, state, browsers, form.get(storage.PROOF_FIELD))
            entry = await enter(session, launch, now)
            token = await start_session(session, _session_start(launch, entry), now)
            await _note_launch(session, launch.deployment, now)
            await notices_asked.note_service(session, launch, now)
    except ToolError as refusal:
        refusal.way_back = seen.get("way_back")
        again = await _record(protocol, refusal, form.get("state"), seen, now, reported=bool(form.get("error")))
        if again is not None:
            raise LoginAgain(again.request) from refusal
        raise
    except IntegrityError as error:
        protocol.directory.forget()
        if await protocol.directory.registration(launch.registration.issuer, launch.registration.client_id) is None:
            refused = PlatformUnknown("the registration was removed")
            await _record(protocol, refused, form.get("state"), {}, now)
            raise refused from error
        raise
    return Opened(_own_path(entry.address), token, launch, by_proof)


def _login_request(given: Mapping[str, str]) -> dict[str, str]:
    request = {name: given[name] for name in _LIMITS if given.get(name)}
    missing = [name for name in _REQUIRED if name not in request]
    if missing:
        raise LoginIncomplete("missing: " + ", ".join(missing))
    long = [name for name, limit in _LIMITS.items() if len(request.get(name, "")) > limit]
    if long:
        raise LoginIncomplete("too long: " + ", ".join(long))
    if any("\x00" in value for value in request.values()):
        raise LoginIncomplete("a field holds U+0000")
    return request


async def _registration_of_login(protocol: Protocol, request: Mapping[str, str]) -> Registration:
    found = await protocol.directory.registrations_of(request["iss"])
    client_id = request.get("client_id")
    if client_id is not None:
        found = [one for one in found if one.client_id == client_id]
    if not found:
        raise await _not_here(protocol, request["iss"], client_id)
    if len(found) > 1:
        found = [one for one in found if hint_names_client(one, request["login_hint"])] or found
    if len(found) > 1:
        raise ClientIdNeeded(f"{len(found)} registrations have this issuer, and no client_id came")
    return found[0]


async def _not_here(protocol: Protocol, issuer: str, client_id: str | None) -> LaunchRefused:
    moved_to = await protocol.directory.moved_to(issuer, client_id)
    if moved_to is not None:
        return PlatformMoved("the registration has another issuer now", fields={"issuer": moved_to})
    return PlatformUnknown("no registration has this issuer and client id")


def _authorization(
    registration: Registration, launch_url: str, request: Mapping[str, str], state: str, nonce: str
) -> str:
    """The platform's authorization address with our request (Security Framework 1.0 §5.1.1.2), its own query kept."""
    parameters = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": registration.client_id,
        "redirect_uri": launch_url,
        "login_hint": request["login_hint"],
        "state": state,
        "nonce": nonce,
    }
    # Moodle's hint is JSON and has to come back as it was, to the byte.
    if "lti_message_hint" in request:
        parameters["lti_message_hint"] = request["lti_message_hint"]
    address = registration.auth_login_url.partition("#")[0]
    joint = "&" if "?" in address else "?"
    return address + joint + urlencode(parameters, quote_via=quote)


async def _verified(
    protocol: Protocol, form: Mapping[str, str], now: datetime, seen: dict[str, Any]
) -> tuple[Launch, str, str]:
    """The launch, its nonce and its state, after every check but that of the login. ``seen`` is filled for the audit log."""
    if form.get("error"):
        raise _reported(form["error"])
    text, state = form.get("id_token"), form.get("state")
    if not text or not state or len(state) > _STATE_LIMIT:
        raise MessageIncomplete("no id_token or no state")
    token = id_tokens.read(text)
    registration = await signed.registration_of(protocol, token)
    seen["organisation_id"] = registration.organisation_id
    body = await signed.claims_of(protocol, registration, token)
    # From here on the platform vouches for what stands in it.
    if isinstance(body.get("sub"), str):
        seen["actor"] = body["sub"][:255]
    if messages.is_meant_for(body, registration):
        presentation = read_presentation(body)
        seen["way_back"] = way_back(presentation.return_url, presentation.document_target)
    messages.check(body, registration, now, protocol.settings.base_url)
    deployment = await _deployment(protocol, registration, body, now)
    return read_launch(body, registration, deployment), body["nonce"], state


async def _deployment(
    protocol: Protocol, registration: Registration, body: Mapping[str, Any], now: datetime
) -> Deployment:
    deployment_id = body[claims.DEPLOYMENT_ID]
    deployment = await protocol.directory.deployment(registration, deployment_id)
    if deployment is None:
        described = deployments.description(body, custom_parameters(body))
        deployment = await deployments.admit(protocol, registration, deployment_id, described, now)
    if deployment.status is not DeploymentStatus.ACCEPTED:
        raise DeploymentHeld("the deployment waits for an administrator")
    return deployment


def _check_login(
    login: queries.LoginUnderWay | None,
    registration: Registration,
    nonce: str,
    now: datetime,
) -> queries.LoginUnderWay:
    if login is None:
        raise LoginUnknown("no login under way has this state")
    if login.expires_at <= now:
        raise LoginExpired("the login was begun too long ago")
    if login.registration_id != registration.id:
        raise AnotherPlatform("the login was begun with another registration")
    if not hmac.compare_digest(login.nonce_digest, digest(nonce)):
        raise NonceWrong("the nonce is that of another login")
    return login


def _check_browser(
    login: queries.LoginUnderWay, launch: Launch, state: str, browsers: Collection[str], proof: str | None
) -> bool:
    """Check that the browser is the one of the login; says whether the platform's storage showed it, and not a cookie.

    ``proof`` is None as long as nobody has asked the storage, and empty where it did not have it.
    """
    place = storage.place_for(launch.registration, login.storage_target, state)
    if place is not None and proof:
        if storage.proves(proof, login.browser_digest, state):
            return True
        raise AnotherBrowser("the proof is not that of the login")
    if any(hmac.compare_digest(login.browser_digest, digest(browser)) for browser in browsers):
        return False
    if place is not None and proof is None:
        raise ProofWanted(place, launch)
    if not browsers:
        family = launch.platform_family
        raise CookieBlocked(
            "the browser sent no cookie",
            hints=login.request,
            address=fresh_launch_address(launch.registration, family, login.request, launch.custom),
            again=hints_work_again(family),
        )
    raise AnotherBrowser("the login was begun in another browser")


async def _note_launch(session: AsyncSession, deployment: Deployment, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    if deployment.launched_at is None or deployment.launched_at < hour:
        await queries.note_launch(session, deployment.id, hour)
        # The directory's own object: the next launch of this hour has nothing to write.
        deployment.launched_at = hour


def _session_start(launch: Launch, entry: Entry) -> SessionStart:
    return SessionStart(
        organisation_id=entry.organisation_id,
        registration_id=launch.registration.id,
        person_id=entry.person_id,
        course_id=entry.course_id,
        resource_link_id=entry.resource_link_id,
        role=entry.role,
        observes=launch.mentor_of,
        locale=launch.locale,
        frame_origins=frame_origins(launch),
        return_url=launch.presentation.return_url,
        document_target=launch.presentation.document_target,
        time_zone=launch.time_zone,
        high_contrast=launch.high_contrast,
        masquerading=launch.masquerading,
        administers=launch.administers,
        roles_received=launch.roles[:MOST_ROLES] if launch.administers else (),
    )


async def _record(
    protocol: Protocol,
    refusal: ToolError,
    state: str | None,
    seen: Mapping[str, Any],
    now: datetime,
    *,
    reported: bool = False,
) -> queries.LoginUnderWay | None:
    """Use the login up, and enter the refusal, where a login was under way or the platform vouches for the message.

    What belongs to neither anybody can post as often as they like; it has its line in the log, and fills no table. A login
    that may begin again without the platform's storage is returned instead of entered; ``reported``: the platform said no.
    """
    async with protocol.database.writing() as session:
        login = None
        if state and len(state) <= _STATE_LIMIT:
            login = await queries.use_up_login(session, digest(state))
        if login is None and "actor" not in seen:
            return None
        if reported and login is not None and await _may_begin_again(session, login, now):
            return login
        audit.record(
            session,
            now,
            "launch.refused",
            organisation_id=seen.get("organisation_id"),
            actor=seen.get("actor"),
            reference=reference_code.get(),
            detail=f"{refusal.code}: {refusal.detail}",
        )
    return None


async def _may_begin_again(session: AsyncSession, login: queries.LoginUnderWay, now: datetime) -> bool:
    """Whether a login went by the platform's storage, and its hints are good for another."""
    if login.storage_target is None or login.expires_at <= now:
        return False
    registration = await session.get(Registration, login.registration_id)
    return registration is not None and hints_work_again(registration.lms)


def _reported(error: str) -> LaunchRefused:
    # The description that comes with it is free text from outside; only the word itself is kept.
    word = error if _OAUTH_WORD.fullmatch(error) else "unreadable"
    if word == _USED_UP:
        return LoginUnknown(f"the platform reported {word}")
    if word in _SIGNED_OUT:
        return SignedOutThere(f"the platform reported {word}")
    return PlatformReportedError(f"the platform reported {word}")


def _own_path(address: str) -> str:
    if not address.startswith("/") or address.startswith(("//", "/\\")):
        raise ValueError("an entry leads to a path of this tool")
    return address
