"""Names and Roles, and Assignments and Grades, of Open edX, through our own clients in this process.

The clients are the tool's own, with the keys of the tool that runs beside: Open edX fetches its key set from there.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from lti_tool.admin import checking, planning
from lti_tool.admin.check_rules import RESOURCE_ID, Outcome, Step
from lti_tool.clock import SystemClock
from lti_tool.db.session import Database
from lti_tool.lti import claims
from lti_tool.lti.models import Family, Registration, Role
from lti_tool.lti.services import AgsClient, LineItemData, NrpsClient, Protocol, ScoreData, ServiceRefused
from lti_tool.platforms import quirks
from lti_tool.settings import Settings
from tests.openedx.conftest import World
from tests.openedx.harness import Browser


@dataclass
class Services:
    """Our clients for Open edX, and the addresses that its launch named."""

    ags: AgsClient
    nrps: NrpsClient
    protocol: Protocol
    registration: Registration
    line_items_url: str
    memberships_url: str


@asynccontextmanager
async def _services(world: World) -> AsyncIterator[Services]:
    environment = world.tool.environment
    settings = Settings(
        base_url=environment["LTI_TOOL_BASE_URL"],
        database_url=environment["LTI_TOOL_DATABASE_URL"],
        keys_dir=Path(environment["LTI_TOOL_KEYS_DIR"]),
        allowed_networks="127.0.0.0/8",
    )
    database = Database.at(settings.database_url)
    try:
        async with httpx.AsyncClient() as http, database.reading() as session:
            registration = (await session.exec(select(Registration))).one()
            protocol = Protocol(settings, SystemClock(), http, database)
            root = f"{world.platform.url}/api/lti_consumer/v1/lti/1"
            yield Services(
                AgsClient(protocol, registration, quirks(Family.OPENEDX)),
                NrpsClient(protocol, registration, quirks(Family.OPENEDX)),
                protocol,
                registration,
                f"{root}/lti-ags",
                f"{root}/memberships",
            )
    finally:
        await database.close()


async def test_the_roster_is_everyone_with_their_roles(world: World) -> None:
    async with _services(world) as services:
        members = await services.nrps.members(services.memberships_url)
    found = {member.user_id: member for member in members}
    assert set(found) == set(world.platform.registration["people"].values())
    anna = found[world.platform.person_id("anna")]
    assert anna.name == "Anna Čížková"
    assert anna.role == Role.STUDENT
    assert anna.status == "active"
    assert found[world.platform.person_id("teacher")].role == Role.TEACHER


async def test_the_roster_follows_every_page(world: World) -> None:
    """Open edX pages its roster where the address asks for it, since lti-consumer-xblock 11.4.0."""
    async with _services(world) as services:
        members = await services.nrps.members(f"{services.memberships_url}?limit=2")
    assert {member.user_id for member in members} == set(world.platform.registration["people"].values())


async def test_a_roster_without_names(world: World) -> None:
    world.platform.share_names(False)
    try:
        async with _services(world) as services:
            members = await services.nrps.members(services.memberships_url)
    finally:
        world.platform.share_names(True)
    assert len(members) == 5
    assert all(not member.name for member in members)


async def test_a_line_item_is_made_found_and_scored(world: World) -> None:
    anna = world.platform.person_id("anna")
    now = datetime.now(UTC)
    async with _services(world) as services:
        made = await services.ags.create_line_item(
            services.line_items_url,
            LineItemData(label="Volcanoes", score_maximum=20, resource_id="playlist-1", tag="playlist"),
        )
        assert made.id
        assert made.id.startswith(services.line_items_url)
        found = await services.ags.find_line_items(services.line_items_url, resource_id="playlist-1")
        assert [one.id for one in found] == [made.id]
        assert await services.ags.find_line_items(services.line_items_url, resource_id="another") == []

        await services.ags.post_score(made.id, ScoreData(user_id=anna, given=15, maximum=20, at=now))
        results = await services.ags.results(made.id)
        assert [(one.user_id, one.score, one.maximum) for one in results] == [(anna, 15, 20)]


async def test_a_later_score_replaces_and_an_earlier_one_is_refused(world: World) -> None:
    """Open edX answers 400 where the specification suggests 409."""
    ben = world.platform.person_id("ben")
    now = datetime.now(UTC)
    async with _services(world) as services:
        made = await services.ags.create_line_item(
            services.line_items_url,
            LineItemData(label="Tides", score_maximum=10, resource_id="playlist-2", tag="playlist"),
        )
        assert made.id
        await services.ags.post_score(made.id, ScoreData(user_id=ben, given=4, maximum=10, at=now))
        later = now + timedelta(seconds=2)
        await services.ags.post_score(made.id, ScoreData(user_id=ben, given=9, maximum=10, at=later))
        with pytest.raises(ServiceRefused) as refusal:
            await services.ags.post_score(made.id, ScoreData(user_id=ben, given=1, maximum=10, at=now))
        assert refusal.value.answered == 400
        assert [one.score for one in await services.ags.results(made.id, user_id=ben)] == [9]


async def test_a_score_for_the_block_s_own_column_reaches_the_gradebook(world: World) -> None:
    """Open edX publishes only scores of a line item that names the launched resource link, and only final ones."""
    anna = world.platform.person_id("anna")
    link = world.platform.registration["resource_link_id"]
    async with _services(world) as services:
        made = await services.ags.create_line_item(
            services.line_items_url,
            LineItemData(label="My playlist", score_maximum=100, resource_id="own", resource_link_id=link),
        )
        assert made.id
        score = ScoreData(user_id=anna, given=80, maximum=100, at=datetime.now(UTC))
        await services.ags.post_score(made.id, score)
    assert world.platform.ask("gradebook")["anna"] == {"earned": 80.0, "possible": 100.0, "comment": ""}


async def test_a_line_item_is_changed_and_cannot_be_removed(world: World) -> None:
    """Open edX 11.4.0 refuses to delete any, whatever the token's scopes."""
    async with _services(world) as services:
        made = await services.ags.create_line_item(
            services.line_items_url,
            LineItemData(label="Dunes", score_maximum=10, resource_id="playlist-4", tag="playlist"),
        )
        assert made.id
        changed = await services.ags.update_line_item(LineItemData(id=made.id, label="Dunes, again", score_maximum=20))
        there = await services.ags.get_line_item(made.id)
        for item in (changed, there):
            assert (item.label, item.score_maximum) == ("Dunes, again", 20)
            assert (item.resource_id, item.tag) == ("playlist-4", "playlist")
        with pytest.raises(ServiceRefused) as refusal:
            await services.ags.delete_line_item(made.id)
        assert (refusal.value.answered, refusal.value.code) == (403, "not-accepted")


async def test_a_line_item_is_made_to_fit(world: World) -> None:
    """Its table has room for 100 characters of a label and 50 of a tag, and for a whole number as the maximum."""
    async with _services(world) as services:
        made = await services.ags.create_line_item(
            services.line_items_url,
            LineItemData(label="x" * 250, score_maximum=12.5, resource_id="playlist-5", tag="y" * 80),
        )
    assert (made.label, made.tag, made.score_maximum) == ("x" * 100, "y" * 50, 13)


async def test_one_token_with_every_scope_of_the_claim(world: World) -> None:
    async with _services(world) as services:
        protocol, registration = services.protocol, services.registration
        offered = [claims.LINE_ITEM_SCOPE, claims.RESULT_READ_SCOPE, claims.SCORE_SCOPE]
        ags = AgsClient(protocol, registration, quirks(Family.OPENEDX), scopes=offered)
        made = await ags.create_line_item(
            services.line_items_url, LineItemData(label="Caves", score_maximum=10, resource_id="playlist-6")
        )
        assert made.id
        anna = world.platform.person_id("anna")
        await ags.post_score(made.id, ScoreData(user_id=anna, given=5, maximum=10, at=datetime.now(UTC)))
        assert [one.score for one in await ags.results(made.id)] == [5]


async def test_a_token_open_edx_does_not_know_is_replaced(world: World) -> None:
    """Whatever it answers to one: its 403 counts as well as a 401."""
    async with _services(world) as services:
        key = (services.registration.issuer, services.registration.client_id, frozenset({claims.LINE_ITEM_SCOPE}))
        kept = services.protocol.access_tokens
        assert await services.ags.find_line_items(services.line_items_url, resource_id="none") == []
        kept._kept[key].token = "not.a.token"
        assert await services.ags.find_line_items(services.line_items_url, resource_id="none") == []
        assert kept._kept[key].token != "not.a.token"


async def test_the_teacher_sees_the_roster(world: World, browser: Browser) -> None:
    """From the launch, through the tool's own pages, to names that only the platform's roster service tells."""
    page = browser.launch(world.platform.login_address("teacher")).page
    course = str(page.url).split("/courses/")[1].split("/")[0]
    people = browser.open(f"{world.tool.url}/courses/{course}/people")
    assert people.status_code == 200, people.text[:800]
    assert "陈 小明" in people.text


async def test_every_call_of_a_connection_check_works(world: World, browser: Browser) -> None:
    """What one leaves, since no column can be removed, the next one uses again."""
    browser.launch(world.platform.login_address("teacher"))
    async with _services(world) as services:
        plan = await planning.plan(
            services.protocol.database,
            services.registration,
            actor="tester",
            organisation_ids=None,
            write=True,
            sub=world.platform.person_id("anna"),
        )
        for _ in range(2):
            lines = {line.step: line async for line in checking.check(services.protocol, plan)}
            wrong = {step: line.seen.in_words() for step, line in lines.items() if line.outcome is Outcome.FAILS}
            assert wrong == {}
            assert lines[Step.RESULT].seen.in_words() == "7 out of 10 came back"
            assert lines[Step.REMOVE].seen.in_words() == "This LMS lets no tool remove a column."
            left = await services.ags.find_line_items(services.line_items_url, resource_id=RESOURCE_ID)
            assert len(left) == 1
        assert world.platform.ask("gradebook").get("anna", {}).get("earned") != 7
