"""Which connector reads a course: found by its school's connection, and only on the host its launches name."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import Clock
from lti_tool.content import queries, rules
from lti_tool.content.models import ApiConnection
from lti_tool.content.ports import Connector
from lti_tool.content.secrets import SecretBox
from lti_tool.courses.models import Course
from lti_tool.errors import PlatformTrouble
from lti_tool.lti.models import Family
from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.credentials import BearerCredentials, FixedToken
from lti_tool.web.i18n import N_


class NotConnected(PlatformTrouble):
    """The school has given the tool no access to this platform's own API, or there is no connector for it."""

    code = "not-connected"
    title = N_("This course's content cannot be read from your learning platform")
    advice = N_(
        "Add pages by pasting their addresses. An administrator can connect the tool to your learning platform."
    )


class NoConnector(NotConnected):
    """The tool has no connector for this kind of platform, so that nobody can connect it."""

    code = "no-connector"
    advice = N_("Add pages by pasting their addresses from your course.")


class ConnectedElsewhere(PlatformTrouble):
    """The launch names another host than the connection's; the token is for the connection's alone."""

    code = "connected-elsewhere"
    title = N_("The tool is connected to another address of your learning platform")
    advice = N_(
        "This course is on %(here)s, the tool's access is for %(there)s. Ask your administrator to connect the tool to the "
        "course's own address. Until then, add pages by pasting their addresses."
    )


@dataclass(frozen=True, slots=True)
class Connected:
    """A connector for one course, and what the platform's API calls that course."""

    connector: Connector
    connection_id: uuid.UUID
    course_id: str
    source: str


Builder = Callable[[ApiConnection, BearerCredentials, asyncio.Lock], Connector]


class Connectors:
    """Finds connectors; one for the whole application, kept as ``app.state.connectors``."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock, secret_key: str) -> None:
        """``secret_key`` is the installation's secret, which the tokens are encrypted with."""
        self.secrets = SecretBox(secret_key)
        self.clock = clock
        self._turns: dict[uuid.UUID, asyncio.Lock] = {}
        self._builders: dict[Family, Builder] = {
            Family.CANVAS: lambda connection, credentials, turn: CanvasApi(
                http, connection.base_url, credentials, clock, turn=turn
            ),
        }

    async def of(self, session: AsyncSession, course: Course) -> Connected:
        """The connector of a course.

        Raises NotConnected, its NoConnector, ConnectedElsewhere, and Unsealable when the secret has changed.
        """
        registration = await queries.registration(session, course.registration_id)
        builder = self._builders.get(registration.lms) if registration is not None else None
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
        if connection.token_encrypted is None:
            raise NotConnected("a connection without a token")
        token = self.secrets.open(
            connection.token_encrypted, token_purpose(course.organisation_id, course.registration_id)
        )
        turn = self._turns.setdefault(connection.id, asyncio.Lock())
        return Connected(
            connector=builder(connection, FixedToken(token), turn),
            connection_id=connection.id,
            # Where the platform's API knows the course by the id of the launch, no other was sent.
            course_id=course.platform_course_id or course.context_id,
            source=f"{registration.lms.value}:",
        )


def token_purpose(organisation_id: uuid.UUID, registration_id: uuid.UUID) -> str:
    """What a stored token is for: it opens for this school and platform and no other."""
    return f"api-token:{organisation_id}:{registration_id}"
