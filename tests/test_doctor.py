"""``lti-tool doctor``: each failure is found, and says what to do."""

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.doctor import Check, Wish, examine
from lti_tool.errors import NotFound
from lti_tool.lti.keys import open_key_store, public_key_set
from lti_tool.lti.models import Deployment, DeploymentStatus, Family, Registration
from lti_tool.settings import Settings
from tests.lti.support import TOOL, Platform


class Site:
    """A tool's public address beside a platform, over a mocked transport."""

    def __init__(self, settings: Settings, clock: ManualClock) -> None:
        self.platform = Platform(clock)
        self.platform.answers["/token"] = lambda _request: httpx.Response(
            self.token_answer[0], json=self.token_answer[1]
        )
        self.token_answer: tuple[int, dict[str, Any]] = (200, {"access_token": "t", "expires_in": 3600})
        self.settings = settings
        self.tool_answers = True

    def handle(self, request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(TOOL):
            if not self.tool_answers:
                raise httpx.ConnectError("nobody there")
            return httpx.Response(200, json=public_key_set(open_key_store(self.settings)))
        return self.platform.handle(request)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, base_url=TOOL, keys_dir=tmp_path / "keys", secret_key="s" * 40)


@pytest.fixture
async def site(settings: Settings, clock: ManualClock, own_database: Database) -> Site:
    found = Site(settings, clock)
    async with own_database.writing() as session:
        school = Organisation(name="School", created_at=clock.now())
        session.add(school)
        await session.flush()
        session.add(Registration(**found.platform.columns(school.id, clock.now())))
    return found


async def checks(site: Site, database: Database, clock: ManualClock, wanted: str | None = None) -> dict[str, Check]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(site.handle)) as http:
        return {one.name: one async for one in examine(site.settings, database, http, clock, Wish(platform=wanted))}


async def change(database: Database, **values: Any) -> Registration:
    from sqlmodel import select

    async with database.writing() as session:
        registration = (await session.exec(select(Registration))).one()
        for name, value in values.items():
            setattr(registration, name, value)
        session.add(registration)
        await session.flush()
        session.expunge(registration)
    return registration


async def test_everything_is_well(site: Site, own_database: Database, clock: ManualClock) -> None:
    found = await checks(site, own_database, clock)
    assert [one for one in found.values() if not one.good] == []
    assert {"secret", "database", "migrations", "signing keys", "base URL"} < set(found)
    assert [name.rpartition(": ")[2] for name in list(found)[5:8]] == ["deployments", "key set", "access token"]
    # Nobody has launched yet: a token for each scope that every LMS knows, and what to do next.
    assert sum("access token " in name for name in found) == 5
    last = list(found.values())[-1]
    assert last.skipped
    assert "Open the tool once" in last.detail


async def test_a_key_set_that_does_not_answer_names_its_address(
    site: Site, own_database: Database, clock: ManualClock
) -> None:
    site.platform.down = True
    found = await checks(site, own_database, clock)
    failed = [one for one in found.values() if not one.good]
    assert any(one.name.endswith("key set") and "LTI_TOOL_ALLOWED_NETWORKS" in one.detail for one in failed)


async def test_a_token_that_is_refused_says_where_to_look_in_the_lms(
    site: Site, own_database: Database, clock: ManualClock
) -> None:
    site.token_answer = (400, {"error": "invalid_client"})
    found = await checks(site, own_database, clock)
    failed = [one for one in found.values() if not one.good]
    assert [one.name.rpartition(": ")[2] for one in failed] == ["access token"]
    assert "/.well-known/jwks.json" in failed[0].detail
    assert "invalid_client" in failed[0].detail


async def test_an_address_that_does_not_lead_here_is_found(
    site: Site, own_database: Database, clock: ManualClock
) -> None:
    site.tool_answers = False
    found = await checks(site, own_database, clock)
    assert not found["base URL"].good
    assert "does not answer" in found["base URL"].detail


async def test_a_platform_that_is_switched_off_is_not_called(
    site: Site, own_database: Database, clock: ManualClock
) -> None:
    await change(own_database, enabled=False)
    site.platform.down = True
    found = await checks(site, own_database, clock)
    failed = [one for one in found.values() if not one.good]
    assert len(failed) == 1
    assert "platform enable" in failed[0].detail


async def test_a_deployment_that_waits_is_pointed_out(site: Site, own_database: Database, clock: ManualClock) -> None:
    registration = await change(own_database)
    async with own_database.writing() as session:
        session.add(
            Deployment(
                organisation_id=registration.organisation_id,
                registration_id=registration.id,
                deployment_id="unheard-of",
                status=DeploymentStatus.HELD,
                created_at=clock.now(),
            )
        )
    found = await checks(site, own_database, clock)
    assert any("platform accept" in one.detail for one in found.values() if not one.good)


async def test_plain_http_is_no_address_for_a_school(
    site: Site, own_database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    site.settings = Settings(
        _env_file=None, base_url="http://tool.school.example", keys_dir=tmp_path / "keys", secret_key="s" * 40
    )
    found = await checks(site, own_database, clock)
    assert "https" in found["base URL"].detail
    assert not found["base URL"].good


async def test_an_unknown_platform_is_an_error(site: Site, own_database: Database, clock: ManualClock) -> None:
    with pytest.raises(NotFound):
        await checks(site, own_database, clock, str(uuid.uuid4()))


async def test_a_secret_that_is_missing_is_the_first_thing_said(
    site: Site, own_database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    site.settings = Settings(_env_file=None, base_url=TOOL, keys_dir=tmp_path / "other", secret_key=None)
    found = await checks(site, own_database, clock)
    assert not found["secret"].good
    assert "LTI_TOOL_SECRET_KEY" in found["secret"].detail


@pytest.mark.parametrize(
    ("answer", "good", "said"),
    [
        (httpx.Response(200, json={"id": 1}), True, "can: contents"),
        (httpx.Response(401, headers={"WWW-Authenticate": "Bearer"}, json={}), False, "no longer accepts"),
        (httpx.Response(503), False, "cannot be reached"),
    ],
    ids=["works", "dead", "down"],
)
async def test_each_connection_to_the_lmss_own_api_is_tried(
    site: Site, own_database: Database, clock: ManualClock, answer: httpx.Response, good: bool, said: str
) -> None:
    from lti_tool.content.access.connecting import Wanted, connect

    registration = await change(own_database, lms=Family.CANVAS)
    assert registration.organisation_id is not None
    async with own_database.writing() as session:
        await connect(
            session,
            registration,
            registration.organisation_id,
            Wanted(site.platform.issuer, token="an-api-token"),
            clock.now(),
            secret_key="s" * 40,
            actor="command line",
        )
    real = site.platform.handle
    site.platform.handle = lambda request: answer if "/api/" in request.url.path else real(request)  # type: ignore[method-assign]
    check = (await checks(site, own_database, clock))[f"{registration.name}: own API"]
    assert check.good is good
    assert said in check.detail
    assert "an-api-token" not in check.detail
