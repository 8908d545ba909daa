"""Consent at Schoology: OAuth 1.0a in three legs, with the same window and the same care; and its keys by themselves.

The answers are written from Schoology's documentation (https://developers.schoology.com/api-documentation/authentication).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.content import routes as content_routes
from lti_tool.content.access import connecting, queries
from lti_tool.content.access import routes as access_routes
from lti_tool.content.access.sealing import Secrets, grant_purpose
from lti_tool.content.access_models import ApiGrant
from lti_tool.content.models import ApiAuth, ApiConnection
from lti_tool.db.session import Database
from lti_tool.lti.models import Family, Role
from lti_tool.platforms.credentials import SignedCredentials
from tests.courses.school import NOW, a_school
from tests.courses.site import SECRET, Site, Visitor, a_site

from .test_access_consent import Window

API = "https://api.schoology.com"
DISTRICT = "https://hillside.schoology.com"
KEY, KEY_SECRET = "f00d", "the-consumer-secret"


@dataclass
class Schoology:
    """Gives request tokens, and for those that were approved a lasting token of a person."""

    approved: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    made: int = 0
    known: bool = True

    def request_token(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(signed(request))
        if not self.known:
            return httpx.Response(401, text="Invalid consumer key")
        self.made += 1
        return httpx.Response(
            200,
            text=f"oauth_token=request-{self.made}&oauth_token_secret=request-secret-{self.made}&xoauth_token_ttl=3600",
        )

    def access_token(self, request: httpx.Request) -> httpx.Response:
        sent = signed(request)
        self.asked.append(sent)
        user = self.approved.pop(sent["oauth_token"], None)
        if user is None:
            return httpx.Response(401, text="token not approved")
        return httpx.Response(200, text=f"oauth_token=lasting-{user}&oauth_token_secret=lasting-secret")

    def me(self, request: httpx.Request) -> httpx.Response:
        user = signed(request)["oauth_token"].removeprefix("lasting-")
        return httpx.Response(303, headers={"location": f"{API}/v1/users/{user}"})


def signed(request: httpx.Request) -> dict[str, str]:
    """What the Authorization header of a signed request says."""
    header = request.headers["authorization"]
    assert header.startswith('OAuth realm="Schoology API"')
    return {name: unquote(value) for name, value in re.findall(r'(oauth_\w+)="([^"]*)"', header)}


@dataclass
class Place:
    """A teacher of a section in Schoology, whose API asks for people's consent."""

    site: Site
    schoology: Schoology
    connection: ApiConnection
    visitor: Visitor

    async def window(self) -> Window:
        page = await self.visitor.post(f"{self.visitor.course}/content/access/connect")
        link = re.search(r"/api-access/start/[\w-]{43}", page.text)
        assert link is not None, page.text
        window = Window(self.site)
        await window.start(link[0])
        return window

    def state(self, window: Window) -> str:
        """What comes back in the callback's own query."""
        callback = parse_qs(urlsplit(str(window.sent)).query)["oauth_callback"][0]
        return parse_qs(urlsplit(callback).query)["state"][0]

    async def grants(self) -> list[ApiGrant]:
        async with self.site.database.reading() as session:
            return list(await queries.grants(session, self.connection.organisation_id, self.connection.id))


async def connect(site: Site, *, by_teachers: bool) -> ApiConnection:
    wanted = connecting.Wanted(
        API, client_id=KEY, client_secret=KEY_SECRET, by_teachers=by_teachers, site_url=f"{DISTRICT}/home"
    )
    school = site.school
    async with site.database.writing() as session:
        return await connecting.connect(
            session, school.registration, school.organisation.id, wanted, NOW, secret_key=SECRET, actor="owner"
        )


@pytest.fixture
async def place(database: Database, clock: ManualClock) -> Place:
    site = await a_site(database, clock, content_routes.router, access_routes.router)
    site.school = await a_school(database, "Schoology school", Family.SCHOOLOGY)
    schoology = Schoology()
    answers: dict[str, Callable[[httpx.Request], httpx.Response]] = {
        "/v1/oauth/request_token": schoology.request_token,
        "/v1/oauth/access_token": schoology.access_token,
        "/v1/users/me": schoology.me,
    }
    site.lms.answers |= answers
    connection = await connect(site, by_teachers=True)
    return Place(
        site, schoology, connection, await site.arrive(site.school.launch("50", role=Role.TEACHER, name="Grace"))
    )


async def test_a_teacher_gives_access(place: Place) -> None:
    window = await place.window()
    assert place.schoology.asked[0]["oauth_consumer_key"] == KEY
    there = urlsplit(str(window.sent))
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{DISTRICT}/oauth/authorize"
    assert parse_qs(there.query)["oauth_token"] == ["request-1"]
    place.schoology.approved["request-1"] = "50"
    done = await window.client.get(
        "/api-access/back", params={"state": place.state(window), "oauth_token": "request-1", "oauth_verifier": "v"}
    )
    assert done.status_code == 200, done.text
    assert "Access was given" in done.text
    (kept,) = await place.grants()
    secrets = Secrets.opened(
        place.site.connectors.secrets,
        kept.secrets_encrypted,
        grant_purpose(kept.organisation_id, kept.connection_id, kept.holder),
    )
    assert (secrets.token, secrets.token_secret, secrets.account_id) == ("lasting-50", "lasting-secret", "50")
    assert not any(one in done.text for one in ("lasting", "request-secret", KEY_SECRET))


async def test_the_consent_signs_what_is_asked_for_its_course(place: Place) -> None:
    window = await place.window()
    place.schoology.approved["request-1"] = "50"
    await window.client.get("/api-access/back", params={"state": place.state(window), "oauth_token": "request-1"})
    async with place.site.database.reading() as session:
        from lti_tool.courses.queries import course

        entry = place.visitor.entry
        found = await course(session, entry.organisation_id, entry.course_id)  # type: ignore[arg-type]
        assert found is not None
        connected = await place.site.connectors.of(session, found)
    (kept,) = await place.grants()
    assert connected.grant_id == kept.id
    place.site.lms.asked.clear()
    await connected.connector.find_out("1")
    assert {signed(one)["oauth_token"] for one in place.site.lms.asked} == {"lasting-50"}


async def test_somebody_elses_access_is_not_taken(place: Place) -> None:
    window = await place.window()
    place.schoology.approved["request-1"] = "51"
    refused = await window.client.get(
        "/api-access/back", params={"state": place.state(window), "oauth_token": "request-1"}
    )
    assert refused.status_code == 403
    assert "Another account answered" in refused.text
    assert await place.grants() == []


@pytest.mark.parametrize(
    ("token", "said"),
    [("request-2", "used already"), ("", "You did not give access"), ("request-1", "You did not give access")],
    ids=["another", "none", "not-approved"],
)
async def test_an_answer_for_another_token_or_without_a_yes_is_none(place: Place, token: str, said: str) -> None:
    window = await place.window()
    place.schoology.approved["request-2"] = "50"
    refused = await window.client.get("/api-access/back", params={"state": place.state(window), "oauth_token": token})
    assert refused.status_code == 403
    assert said in refused.text
    assert await place.grants() == []


async def test_a_key_that_schoology_does_not_know_is_said_before_anybody_is_asked(place: Place) -> None:
    place.schoology.known = False
    page = await place.visitor.post(f"{place.visitor.course}/content/access/connect")
    link = re.search(r"/api-access/start/[\w-]{43}", page.text)
    assert link is not None
    refused = await Window(place.site).start(link[0])
    assert refused.status_code == 424
    assert "does not accept this tool" in refused.text
    place.schoology.known = True
    assert (await Window(place.site).start(link[0])).status_code == 303, "the link was not used up for it"


async def test_the_schools_own_key_needs_nobody(place: Place) -> None:
    connection = await connect(place.site, by_teachers=False)
    assert (connection.auth, connection.site_url) == (ApiAuth.OAUTH1, DISTRICT)
    async with place.site.database.reading() as session:
        connected = await place.site.connectors.by(session, Family.SCHOOLOGY, connection)
    assert connected.grant_id is None
    keys = place.site.connectors._credentials(connection, None)
    assert isinstance(keys, SignedCredentials)
    assert (keys.consumer_key, keys.consumer_secret, keys.token) == (KEY, KEY_SECRET, "")
    assert (await place.visitor.post(f"{place.visitor.course}/content/access/connect")).status_code == 409
