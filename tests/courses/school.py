"""A school in the database, and launches into its courses, for tests."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lti_tool.courses.service import enter
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.lti.launch import AgsEndpoint, Entry, Launch, LaunchContext, LaunchResourceLink, Presentation
from lti_tool.lti.models import Deployment, Family, Registration, Role

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
SCOPES = ("https://purl.imsglobal.org/spec/lti-ags/scope/score",)


@dataclass(frozen=True)
class School:
    """An organisation whose platform has one deployment."""

    organisation: Organisation
    registration: Registration
    deployment: Deployment

    def launch(self, sub: str | None = "s1", **changes: Any) -> Launch:
        """A student's launch of a link in the course ``c1``, with ``changes``."""
        launch = Launch(
            registration=self.registration,
            deployment=self.deployment,
            message_type="LtiResourceLinkRequest",
            target_link_uri="http://localhost:8000/lti/launch",
            sub=sub,
            name="Ada Lovelace",
            given_name="Ada",
            family_name="Lovelace",
            locale="en",
            roles=(),
            role=Role.STUDENT,
            mentor_of=(),
            context=LaunchContext("c1", "Physics", "PHY", ()),
            resource_link=LaunchResourceLink("link-1", "My playlist", ""),
            ags=AgsEndpoint(SCOPES, "https://lms.example/ags/items", None),
            nrps_url="https://lms.example/nrps",
            custom={},
            presentation=Presentation(None, None, None),
            platform_family=Family.CANVAS,
            for_user=None,
        )
        return replace(launch, **changes)


async def a_school(database: Database, name: str = "Hillside", lms: Family = Family.CANVAS) -> School:
    """A school with a platform of its own."""
    async with database.writing() as session:
        organisation = Organisation(name=name, created_at=NOW)
        session.add(organisation)
        await session.flush()
        issuer = f"https://{uuid.uuid4()}.example"
        registration = Registration(
            organisation_id=organisation.id,
            name="LMS",
            issuer=issuer,
            client_id="1",
            auth_login_url="https://lms.example/auth",
            token_url="https://lms.example/token",
            jwks_url="https://lms.example/jwks",
            lms=lms,
            created_at=NOW,
        )
        session.add(registration)
        await session.flush()
        deployment = Deployment(
            organisation_id=organisation.id, registration_id=registration.id, deployment_id="1", created_at=NOW
        )
        session.add(deployment)
    return School(organisation, registration, deployment)


async def come_in(database: Database, launch: Launch, now: datetime = NOW) -> Entry:
    """Enter in a transaction of its own."""
    async with database.writing() as session:
        return await enter(session, launch, now)
