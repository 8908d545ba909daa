"""Asking platforms for notices of copied courses, behind the launches that offer the service.

A launch only notes where to ask. The asking itself is a job, once for each deployment, and again each month, when the platform
moves its service, and, looked at when a process starts, when the handler there is not this installation's address.
"""

import logging
import uuid
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.errors import PlatformTrouble
from lti_tool.jobs import Periodic, Work, nudge_after_commit
from lti_tool.lti import claims, queries
from lti_tool.lti.launch import Launch
from lti_tool.lti.notices import COURSE_COPIED, NoticesClient
from lti_tool.lti.protocol import Protocol

ASK = "lti.ask-for-notices"
"""The task; its key is the deployment's id here."""

AGAIN_AFTER = timedelta(days=30)
SWEEP_EVERY = timedelta(hours=1)
"""How soon is tried again what failed, or what a process that ended had still to do."""

MOST_AT_A_TIME = 200
"""Deployments of one sweep; the next goes on with the others."""

log = logging.getLogger(__name__)


async def note_service(session: AsyncSession, launch: Launch, now: datetime) -> None:
    """Note where the platform can be asked for notices, if that is news, and have it asked once this is committed."""
    offered, deployment = launch.notices, launch.deployment
    if offered is None or COURSE_COPIED not in offered.types or deployment.notices_url == offered.url:
        return
    if offered.scopes and claims.NOTICE_HANDLERS_SCOPE not in offered.scopes:
        return
    await queries.note_notices(session, deployment.id, offered.url, asked_at=None)
    # The directory's own object: the next launch has nothing to write.
    deployment.notices_url, deployment.notices_asked_at = offered.url, None
    nudge_after_commit(session, ASK, str(deployment.id))


class Asking:
    """Asks for notices. Any number of processes may; asked twice, nothing changes."""

    def __init__(self, database: Database, protocol: Protocol, clock: Clock) -> None:
        self._database = database
        self._protocol = protocol
        self._clock = clock
        self._looked_at_all = False

    async def run(self, key: str) -> None:
        """Ask for one deployment. Raises ServiceRefused and ServiceUnreachable; it is then tried again by the sweep."""
        deployment_id = uuid.UUID(key)
        async with self._database.reading() as session:
            found = await queries.deployment_with_registration(session, deployment_id)
            session.expunge_all()
        if found is None or found[0].notices_url is None:
            return
        deployment, registration = found
        handler = self._protocol.settings.base_url + "/lti/notices"
        client = NoticesClient(self._protocol, registration)
        url = deployment.notices_url or ""
        if await self._handler(client, url) != handler:
            await client.subscribe(url, COURSE_COPIED, handler)
        async with self._database.writing() as session:
            await queries.note_notices(session, deployment.id, url, asked_at=self._clock.now())

    async def sweep(self) -> None:
        """Ask where it is due; in a process's first round, look everywhere."""
        due = None if not self._looked_at_all else self._clock.now() - AGAIN_AFTER
        async with self._database.reading() as session:
            waiting = await queries.deployments_to_ask(session, due, MOST_AT_A_TIME)
        self._looked_at_all = True
        for deployment_id in waiting:
            try:
                await self.run(str(deployment_id))
            except PlatformTrouble as trouble:
                # One platform that is down must not keep the others waiting.
                log.warning("could not ask for notices", extra={"code": trouble.code, "detail": trouble.detail})

    async def _handler(self, client: NoticesClient, url: str) -> str | None:
        """The address that gets notices of copies now; None where the platform does not say."""
        try:
            return (await client.handlers(url)).get(COURSE_COPIED)
        except PlatformTrouble:
            return None


def work(database: Database, protocol: Protocol, clock: Clock) -> Work:
    """The task and the sweep."""
    asking = Asking(database, protocol, clock)
    return Work(tasks={ASK: asking.run}, periodic=(Periodic("lti.ask-for-notices", SWEEP_EVERY, asking.sweep),))
