"""Registrations and deployments, remembered for a short time: every login and every launch asks for them."""

import uuid
from datetime import datetime, timedelta

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.lti import queries
from lti_tool.lti.models import Deployment, DeploymentStatus, Registration

REMEMBERED = timedelta(seconds=20)
"""How long a change made by another process (``lti-tool platform remove``) can stay unnoticed here."""

_MOST_REMEMBERED = 5_000


class Directory:
    """Finds registrations by issuer and client id, deployments by registration and id. What is not there is not remembered."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._registrations: dict[str, tuple[datetime, list[Registration]]] = {}
        self._deployments: dict[tuple[uuid.UUID, str], tuple[datetime, Deployment]] = {}

    async def registrations_of(self, issuer: str) -> list[Registration]:
        """Every enabled registration with an issuer; none for an issuer nobody registered."""
        now = self._clock.now()
        remembered = self._registrations.get(issuer)
        if remembered is not None and abs(now - remembered[0]) < REMEMBERED:
            return remembered[1]
        async with self._database.reading() as session:
            found = [one for one in await queries.registrations_of(session, issuer) if one.enabled]
            # The end of the transaction would empty the objects; outside of it they keep what they hold.
            session.expunge_all()
        if found:
            _make_room(self._registrations)
            self._registrations[issuer] = (now, found)
        return found

    async def registration(self, issuer: str, client_id: str) -> Registration | None:
        """The enabled registration with this key."""
        return next((one for one in await self.registrations_of(issuer) if one.client_id == client_id), None)

    async def moved_to(self, issuer: str, client_id: str | None) -> str | None:
        """Where the platform is now that had this issuer before it moved; None for one that nobody had."""
        async with self._database.reading() as session:
            return await queries.moved_to(session, issuer, client_id)

    async def deployment(self, registration: Registration, deployment_id: str) -> Deployment | None:
        """A registration's deployment by the platform's id, whatever its status."""
        now = self._clock.now()
        key = (registration.id, deployment_id)
        remembered = self._deployments.get(key)
        if remembered is not None and abs(now - remembered[0]) < REMEMBERED:
            return remembered[1]
        async with self._database.reading() as session:
            found = await queries.deployment(session, *key)
            session.expunge_all()
        # One that waits is looked up each time: it opens as soon as it is accepted.
        if found is not None and found.status is DeploymentStatus.ACCEPTED:
            _make_room(self._deployments)
            self._deployments[key] = (now, found)
        return found

    def forget(self) -> None:
        """Ask the database again from now on; to be called after registrations or deployments were changed here."""
        self._registrations.clear()
        self._deployments.clear()


def _make_room(remembered: dict[object, object] | dict) -> None:  # type: ignore[type-arg]
    if len(remembered) >= _MOST_REMEMBERED:
        remembered.clear()
