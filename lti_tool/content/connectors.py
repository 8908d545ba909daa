"""Which connector reads a course: found by its school's connection, and only on the host its launches name."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import Clock
from lti_tool.content import queries, rules
from lti_tool.content.access import choosing
from lti_tool.content.access.grants import GrantCredentials, Turns, opened
from lti_tool.content.access.keeping import of_connection
from lti_tool.content.access.oauth2 import OAuth2Client
from lti_tool.content.access.sealing import key_purpose, token_purpose
from lti_tool.content.access_models import ApiGrant
from lti_tool.content.models import ApiAuth, ApiConnection
from lti_tool.content.own import Own
from lti_tool.content.ports import Ability, Capability, Connector
from lti_tool.content.secrets import SecretBox
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import PlatformTrouble
from lti_tool.lti.models import Family
from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.credentials import BearerCredentials, FixedToken, SignedCredentials
from lti_tool.platforms.moodle_api import MoodleApi
from lti_tool.platforms.native import NativeConnector
from lti_tool.platforms.schoology_api import SchoologyApi
from lti_tool.web.i18n import N_


class NotConnected(PlatformTrouble):
    """The school has given the tool no access to this platform's own API, or there is no connector for it."""

    code = "not-connected"
    title = N_("This course's content cannot be read from your LMS")
    advice = N_("Add pages by pasting their addresses. An administrator can connect the tool to your LMS.")


class NoConnector(NotConnected):
    """The tool has no connector for this kind of platform, so that nobody can connect it."""

    code = "no-connector"
    advice = N_("Add pages by pasting their addresses from your course.")


class ConnectedElsewhere(PlatformTrouble):
    """The launch names another host than the connection's; the token is for the connection's alone."""

    code = "connected-elsewhere"
    title = N_("The tool is connected to another address of your LMS")
    advice = N_(
        "This course is on %(here)s, the tool's access is for %(there)s. Ask your administrator to connect the tool to the "
        "course's own address. Until then, add pages by pasting their addresses."
    )


BUILDERS: dict[Family, type[NativeConnector]] = {
    Family.CANVAS: CanvasApi,
    Family.MOODLE: MoodleApi,
    Family.SCHOOLOGY: SchoologyApi,
}
"""The connector of each LMS. Each is made of ``(http, base_url, credentials, clock, *, turn)``."""


@dataclass(frozen=True, slots=True)
class Connected:
    """A connector for one course, and what the platform's API calls that course.

    ``abilities`` are what this access can do, for every capability, as far as it was found out. ``grant_id`` names the consent
    it goes by; None where it goes by a token or keys of the school's own. ``own`` knows what of the course is the tool's.
    """

    connector: Connector
    connection_id: uuid.UUID
    course_id: str
    source: str
    abilities: Mapping[Capability, Ability] = field(default_factory=dict)
    grant_id: uuid.UUID | None = None
    own: Own = field(default_factory=Own)

    def able(self, capability: Capability) -> bool:
        """Whether this access can be asked for something."""
        ability = self.abilities.get(capability)
        return ability.able if ability is not None else capability in self.connector.offers


class Connectors:
    """Finds connectors; one for the whole application, kept as ``app.state.connectors``."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        clock: Clock,
        secret_key: str,
        database: Database | None = None,
        *,
        own: Own | None = None,
    ) -> None:
        """``secret_key`` is the installation's secret, which the tokens are encrypted with. ``database`` is where consents
        are renewed; without it there are tokens and keys alone. ``own`` tells what of a course is the tool's.
        """
        self.own = own or Own()
        self.http = http
        self.secrets = SecretBox(secret_key)
        self.clock = clock
        self.database = database
        self._turns = Turns()

    async def of(self, session: AsyncSession, course: Course) -> Connected:
        """The connector of a course.

        Raises NotConnected, its NoConnector, ConnectedElsewhere, ApiConsentNeeded, and Unsealable when the secret has changed.
        """
        registration = await queries.registration(session, course.registration_id)
        builder = BUILDERS.get(registration.lms) if registration is not None else None
        connection = await queries.connection(session, course.organisation_id, course.registration_id)
        if builder is None:
            raise NoConnector("no connector for this kind of platform")
        if registration is None or connection is None:
            raise NotConnected("no connection of this school with this platform")
        if course.api_domain is not None and not rules.same_host(connection.base_url, course.api_domain):
            raise ConnectedElsewhere(
                "the course's api_domain is not the connection's host",
                fields={"here": course.api_domain, "there": connection.base_url},
            )
        return await self._connected(session, registration.lms, connection, course)

    async def by(self, session: AsyncSession, family: Family, connection: ApiConnection) -> Connected:
        """The connector of a connection, for what can be asked without a course. Raises as ``of``."""
        if family not in BUILDERS:
            raise NoConnector("no connector for this kind of platform")
        return await self._connected(session, family, connection, None)

    def key(self, connection: ApiConnection) -> OAuth2Client:
        """What asks the platform for tokens with the key's secret. Raises NotConnected and Unsealable."""
        if connection.client_id is None:
            raise NotConnected("a connection without a key")
        return OAuth2Client(
            self.http, connection.base_url, connection.client_id, self.key_secret(connection), self.clock
        )

    def key_secret(self, connection: ApiConnection) -> str:
        """The secret of a connection's key. Raises NotConnected and Unsealable."""
        if connection.client_secret_encrypted is None:
            raise NotConnected("a connection without a key's secret")
        purpose = key_purpose(connection.organisation_id, connection.registration_id)
        return self.secrets.open(connection.client_secret_encrypted, purpose)

    def bearer(self, connection: ApiConnection, grant: ApiGrant) -> GrantCredentials:
        """What a consent lets in, and renews itself. Raises NotConnected and Unsealable."""
        if self.database is None:
            raise RuntimeError("consents are renewed in a database, and there is none")
        turn = self._turns.of("renewing", grant.id)
        held = opened(self.secrets, grant)
        return GrantCredentials(self.database, self.secrets, self.key(connection), self.clock, turn, held)

    async def _connected(
        self, session: AsyncSession, family: Family, connection: ApiConnection, course: Course | None
    ) -> Connected:
        grant = await choosing.grant_for(session, connection, course)
        make: Any = BUILDERS[family]
        # One request at a time per token: each consent has one of its own.
        turn = self._turns.of("asking", grant.id if grant is not None else connection.id)
        connector = make(self.http, connection.base_url, self._credentials(connection, grant), self.clock, turn=turn)
        connector.site_url = connection.site_url
        return Connected(
            connector=connector,
            connection_id=connection.id,
            # Where the platform's API knows the course by the id of the launch, no other was sent.
            course_id=(course.platform_course_id or course.context_id) if course is not None else "",
            source=f"{family.value}:",
            abilities=of_connection(connection, family, BUILDERS[family].offers, grant, for_course=course is not None),
            grant_id=grant.id if grant is not None else None,
            own=self.own,
        )

    def _credentials(self, connection: ApiConnection, grant: ApiGrant | None) -> BearerCredentials | SignedCredentials:
        match connection.auth:
            case ApiAuth.OAUTH2 if grant is not None:
                return self.bearer(connection, grant)
            case ApiAuth.OAUTH1 if connection.client_id is not None:
                keys = SignedCredentials(connection.client_id, self.key_secret(connection))
                if grant is None:
                    return keys
                secrets = opened(self.secrets, grant).secrets
                return replace(keys, token=secrets.token, token_secret=secrets.token_secret)
            case ApiAuth.TOKEN if connection.token_encrypted is not None:
                purpose = token_purpose(connection.organisation_id, connection.registration_id)
                return FixedToken(self.secrets.open(connection.token_encrypted, purpose))
            case _:
                raise NotConnected("a connection without its secrets")
