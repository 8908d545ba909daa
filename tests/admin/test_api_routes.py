"""A platform's own API in the console: connecting, finding out, an account of the school's own, the end, on both databases."""

import re
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from lti_tool.content import queries
from lti_tool.content.access import queries as access_queries
from lti_tool.content.access import routes as access_routes
from lti_tool.content.access_models import ApiGrant, ApiRequest
from lti_tool.content.connectors import Connectors
from lti_tool.content.models import ApiAuth, ApiConnection
from lti_tool.db.organisation import Organisation
from lti_tool.lti.models import Deployment, Family, Registration
from lti_tool.web.routing import add_router
from tests.admin.site import TEACHER, School, Site, Visitor
from tests.content.conftest import BASE
from tests.content.consenting import KEY, KEY_SECRET, Consents
from tests.pairs import on_postgresql

SECRET = "s" * 40
SECRETS = (KEY_SECRET, "the-api-token", "access-1", "refresh-7")


@dataclass
class Api:
    """A Canvas behind the console: its token endpoint, and whatever else is asked is an empty list."""

    consents: Consents = field(default_factory=Consents)
    asked: list[httpx.Request] = field(default_factory=list)
    status: int = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/login/oauth2/token":
            return self.consents(request)
        return httpx.Response(
            self.status, json=[], headers={"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        )


@pytest.fixture
async def api(site: Site) -> Api:
    """The school's platform is a Canvas, the other's a Moodle."""
    found = Api()
    http = httpx.AsyncClient(transport=httpx.MockTransport(found))
    site.tool.app.state.connectors = Connectors(http, site.clock, SECRET, site.database)
    add_router(site.tool.app, access_routes.router)
    async with site.database.writing() as session:
        for school, lms in ((site.school, Family.CANVAS), (site.other, Family.MOODLE)):
            registration = await session.get(Registration, school.registration_id)
            assert registration is not None
            registration.lms = lms
            session.add(registration)
    return found


def page_of(school: School, more: str = "") -> str:
    return f"/admin/platforms/{school.registration_id}/api{more}"


async def connection(site: Site, school: School | None = None) -> ApiConnection | None:
    school = school or site.school
    async with site.database.reading() as session:
        return await queries.connection(session, school.organisation_id, school.registration_id)


async def connect(visitor: Visitor, school: School, **fields: str) -> httpx.Response:
    given = {"base_url": BASE, "way": "token", "token": "the-api-token"} | fields
    return await visitor.post(page_of(school), **given)


async def connect_key(visitor: Visitor, school: School, **fields: str) -> httpx.Response:
    return await connect(
        visitor, school, **({"way": "school", "client_id": KEY, "client_secret": KEY_SECRET, "token": ""} | fields)
    )


# --- Who ---------------------------------------------------------------------------------------------------------------


async def test_only_whose_platform_it_is_may_look_or_change(site: Site, api: Api) -> None:
    mine = await site.administrator()
    assert (await mine.get(page_of(site.school))).status_code == 200
    others = [await site.administrator(site.other), await site.launched(TEACHER), site.anybody()]
    for visitor, status in zip(others, (404, 403, 401), strict=True):
        for more in ("", "/disconnect", "/consent/state"):
            assert (await visitor.get(page_of(site.school, more))).status_code == status, more
        for more in ("", "/find-out", "/consent", "/consent/end", "/disconnect"):
            sent = await visitor.client.post(
                page_of(site.school, more),
                data={"session": visitor.session},
                headers={"Origin": "http://localhost:8000"},
            )
            assert sent.status_code in {status, 403, 401}, more
    assert await connection(site) is None


async def test_a_change_from_another_page_is_refused(site: Site, api: Api) -> None:
    mine = await site.administrator()
    await mine.get(page_of(site.school))
    for headers in ({"Origin": "https://evil.example"}, {}):
        sent = await mine.client.post(
            page_of(site.school), data={"session": mine.session, "way": "token", "token": "x"}, headers=headers
        )
        assert sent.status_code == 403
    assert await connection(site) is None


# --- Connecting --------------------------------------------------------------------------------------------------------


async def test_a_token_is_kept_encrypted_and_shown_to_nobody(site: Site, api: Api) -> None:
    mine = await site.administrator()
    page = await mine.get(page_of(site.school))
    assert "Connect by a token" in page.text
    assert "Connect by a key" in page.text
    done = await connect(mine, site.school)
    assert "Find out now what it can do" in done.text
    kept = await connection(site)
    assert kept is not None
    assert (kept.auth, kept.base_url, kept.client_id, kept.by_teachers) == (ApiAuth.TOKEN, BASE, None, False)
    assert "the-api-token" not in done.text + str(kept.token_encrypted)
    assert [action for action, _ in await site.actions()][-1] == "api.connected"


async def test_a_key_is_kept_for_teachers_or_an_account_of_the_schools(site: Site, api: Api) -> None:
    mine = await site.administrator()
    done = await connect_key(mine, site.school, way="teachers", student_access="yes")
    assert "Teachers find Connect" in done.text
    kept = await connection(site)
    assert kept is not None
    assert (kept.auth, kept.client_id, kept.by_teachers, kept.token_encrypted) == (ApiAuth.OAUTH2, KEY, True, None)
    assert kept.abilities == {}
    done = await connect_key(mine, site.school)
    assert "An account still has to give access" in done.text
    kept = await connection(site)
    assert kept is not None
    assert not kept.by_teachers
    assert kept.abilities["student-access"]["unwanted"] is True
    assert KEY_SECRET not in done.text + str(kept.client_secret_encrypted)


@on_postgresql
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"base_url": "http://school.example"}, "token_base_url"),
        ({"base_url": "https://u:p@school.example"}, "token_base_url"),
        ({"token": ""}, "token"),
        ({"token": "two words"}, "token"),
        ({"way": "school", "client_id": "", "client_secret": "x"}, "client_id"),
        ({"way": "teachers", "client_id": "1", "client_secret": ""}, "client_id"),
        ({"way": "teachers", "client_id": "1", "client_secret": "x", "base_url": ""}, "base_url"),
    ],
    ids=["http", "user", "empty", "space", "no-id", "no-secret", "no-address"],
)
async def test_what_cannot_be_used_is_said_at_its_field(
    site: Site, api: Api, fields: dict[str, str], wrong: str
) -> None:
    mine = await site.administrator()
    sent = await connect(mine, site.school, **fields)
    assert sent.status_code == 422
    assert f'href="#{wrong}"' in sent.text
    assert f'id="{wrong}"' in sent.text
    assert "the-api-token" not in sent.text
    assert await connection(site) is None


async def test_a_moodle_has_a_token_and_its_folder_and_no_key(site: Site, api: Api) -> None:
    theirs = await site.administrator(site.other)
    page = await theirs.get(page_of(site.other))
    assert "Connect by a key" not in page.text
    await connect(theirs, site.other, base_url="https://other.example/moodle/login/index.php")
    kept = await connection(site, site.other)
    assert kept is not None
    assert kept.base_url == "https://other.example/moodle"
    refused = await connect_key(theirs, site.other)
    assert refused.status_code == 422
    refused = await connect(theirs, site.other, base_url="https://another.example/moodle")
    assert refused.status_code == 422
    assert "another Moodle" in refused.text


async def test_an_lms_without_a_connector_says_what_works_there(site: Site, api: Api) -> None:
    async with site.database.writing() as session:
        registration = await session.get(Registration, site.school.registration_id)
        assert registration is not None
        registration.lms = Family.SAKAI
        session.add(registration)
    mine = await site.administrator()
    page = await mine.get(page_of(site.school))
    assert page.status_code == 200
    assert "pasting their addresses" in page.text
    assert '<form method="post" action="/admin/platforms' not in page.text
    assert "Content and results" not in (await mine.get(f"/admin/platforms/{site.school.registration_id}")).text


async def test_the_platforms_page_and_the_overview_say_how_it_stands(site: Site, api: Api) -> None:
    mine = await site.administrator()
    platform = f"/admin/platforms/{site.school.registration_id}"
    assert "Not connected" in (await mine.get(platform)).text
    await connect(mine, site.school)
    assert "Not tried yet" in (await mine.get(platform)).text
    assert "could not be read last time" not in (await mine.get("/admin")).text
    async with site.database.writing() as session:
        await queries.note_call(
            session,
            site.school.organisation_id,
            (await connection(site)).id,
            "api-token-refused",
            site.clock.now(),  # type: ignore[union-attr]
        )
    assert "Needs attention" in (await mine.get(platform)).text
    assert "could not be read last time" in (await mine.get("/admin")).text
    assert "The access was ended in the LMS" in (await mine.get(page_of(site.school))).text
    elsewhere = await site.administrator(site.other)
    assert "could not be read last time" not in (await elsewhere.get("/admin")).text


# --- Finding out -------------------------------------------------------------------------------------------------------


async def test_what_it_can_do_is_found_out_and_shown(site: Site, api: Api) -> None:
    mine = await site.administrator()
    await connect(mine, site.school)
    page = await mine.post(page_of(site.school, "/find-out"))
    assert "What it can do" in page.text
    assert "Grades" in page.text
    kept = await connection(site)
    assert kept is not None
    assert kept.found_out_at == site.clock.now()
    assert set(kept.abilities) >= {"contents", "results"}
    assert ("api.looked-at" in [action for action, _ in await site.actions()]) is True


async def test_a_key_nobody_has_said_yes_to_has_nothing_to_find_out(site: Site, api: Api) -> None:
    mine = await site.administrator()
    await connect_key(mine, site.school)
    page = await mine.get(page_of(site.school))
    assert "/find-out" not in page.text
    page = await mine.post(page_of(site.school, "/find-out"))
    assert page.status_code == 200
    assert "An account still has to give access" in page.text


# --- An account of the school's own ------------------------------------------------------------------------------------


async def give(site: Site, api: Api, visitor: Visitor, user: dict[str, Any] | None = None) -> httpx.Response:
    """Play the window: from the link to the answer; ``visitor``'s page has the link."""
    link = re.search(r"/api-access/start/[\w-]{43}", (await visitor.post(page_of(site.school, "/consent"))).text)
    assert link is not None
    window = site.anybody()
    said = await window.get(link[0])
    assert "Give this tool access to all courses?" in said.text
    sent = await window.get(link[0] + "?agreed=yes", follow=False)
    assert sent.status_code == 303
    there = httpx.URL(sent.headers["location"])
    assert f"{there.scheme}://{there.host}{there.path}" == f"{BASE}/login/oauth2/auth"
    assert there.params["redirect_uri"].endswith("/api-access/back")
    api.consents.codes["code-1"] = {"user": user or {"id": 7, "name": "Service Account"}}
    return await window.get(f"/api-access/back?code=code-1&state={there.params['state']}")


async def test_an_account_gives_access_and_its_name_is_shown(site: Site, api: Api) -> None:
    mine = await site.administrator()
    await connect_key(mine, site.school)
    assert "You can try again" in (await mine.get(page_of(site.school, "/consent/state"))).text
    given = await give(site, api, mine)
    assert given.status_code == 200
    assert "Access was given" in given.text
    mine.headers = {"HX-Request": "true"}
    noticed = await mine.get(page_of(site.school, "/consent/state"))
    mine.headers = {}
    assert noticed.status_code == 286
    assert "You can close the other window" in noticed.text
    page = await mine.get(page_of(site.school))
    assert "Service Account" in page.text
    assert not any(secret in given.text + noticed.text + page.text for secret in SECRETS)
    assert "api.consent-given" in [action for action, _ in await site.actions()]


async def test_the_accounts_access_can_be_ended_and_given_again(site: Site, api: Api) -> None:
    mine = await site.administrator()
    await connect_key(mine, site.school)
    await give(site, api, mine)
    page = await mine.post(page_of(site.school, "/consent/end"))
    assert "was ended" in page.text
    assert api.consents.revoked == ["access-1"]
    await give(site, api, mine, {"id": 8, "name": "Another Account"})
    page = await mine.get(page_of(site.school))
    assert "Another Account" in page.text
    await give(site, api, mine, {"id": 9, "name": "A Third"})
    assert api.consents.revoked[1:] == ["access-2"], "what a new access takes the place of is ended in the platform too"


async def test_a_connection_by_teachers_asks_no_account_of_the_schools(site: Site, api: Api) -> None:
    mine = await site.administrator()
    await connect_key(mine, site.school, way="teachers")
    assert (await mine.post(page_of(site.school, "/consent"))).status_code == 409


async def test_beginning_again_and_again_is_slowed_down(site: Site, api: Api) -> None:
    mine = await site.administrator()
    await connect_key(mine, site.school)
    answers = [(await mine.post(page_of(site.school, "/consent"))).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]


# --- The end -----------------------------------------------------------------------------------------------------------


async def test_disconnecting_asks_first_and_then_deletes_everything(site: Site, api: Api) -> None:
    mine = await site.administrator()
    assert (await mine.get(page_of(site.school, "/disconnect"))).status_code == 404
    await connect_key(mine, site.school)
    await give(site, api, mine)
    asked = await mine.get(page_of(site.school, "/disconnect"))
    assert "What was read before stays" in asked.text
    assert await connection(site) is not None
    done = await mine.post(page_of(site.school, "/disconnect"))
    assert "Its secrets are deleted" in done.text
    assert await connection(site) is None
    assert api.consents.revoked == ["access-1"]
    assert await site.tool.rows(ApiRequest) == []
    assert "api.disconnected" in [action for action, _ in await site.actions()]


async def test_a_platform_that_is_down_does_not_keep_secrets_here(site: Site, api: Api) -> None:
    mine = await site.administrator()
    await connect_key(mine, site.school)
    await give(site, api, mine)
    api.consents.trouble = httpx.Response(503)
    done = await mine.post(page_of(site.school, "/disconnect"))
    assert done.status_code == 200
    assert "The LMS did not answer for every access" in done.text
    assert await connection(site) is None


async def test_a_token_whose_hour_is_over_is_renewed_to_be_ended(site: Site, api: Api) -> None:
    """Canvas lets nobody end an access by a token that is dead; what renews it would live on."""
    mine = await site.administrator()
    await connect_key(mine, site.school)
    await give(site, api, mine)
    api.consents.forgotten = True
    api.consents.living.clear()
    done = await mine.post(page_of(site.school, "/disconnect"))
    assert "did not answer" not in done.text
    assert api.consents.revoked == ["access-2"]


@pytest.mark.parametrize(("trouble", "revoked"), [(None, ["access-1"]), (httpx.Response(503), [])])
async def test_removing_a_platform_ends_its_access_in_the_lms(
    site: Site, api: Api, trouble: httpx.Response | None, revoked: list[str]
) -> None:
    mine, owner = await site.administrator(), await site.owner()
    await connect_key(mine, site.school)
    await give(site, api, mine)
    api.consents.trouble = trouble
    done = await owner.post(f"/admin/platforms/{site.school.registration_id}/remove", name="platform")
    assert "Removed, with everything" in done.text
    assert ("The LMS did not answer for every access" in done.text) == (trouble is not None)
    assert api.consents.revoked == revoked
    assert await connection(site) is None
    assert await site.tool.rows(ApiGrant) == []


async def test_who_removes_their_own_way_in_is_told_what_is_left(site: Site, api: Api) -> None:
    mine = await site.administrator()
    await connect_key(mine, site.school)
    await give(site, api, mine)
    api.consents.trouble = httpx.Response(503)
    done = await mine.post(f"/admin/platforms/{site.school.registration_id}/remove", name="platform")
    assert "This platform is removed" in done.text
    assert "delete the tool&#39;s key there" in done.text or "delete the tool's key there" in done.text


# --- Platforms that schools share --------------------------------------------------------------------------------------


async def test_of_a_shared_platform_each_school_connects_for_itself(site: Site, api: Api) -> None:
    async with site.database.writing() as session:
        registration = await session.get(Registration, site.school.registration_id)
        assert registration is not None
        registration.organisation_id = None
        session.add(registration)
        session.add(
            Deployment(
                organisation_id=site.other.organisation_id,
                registration_id=registration.id,
                deployment_id="of-the-other",
                created_at=site.clock.now(),
            )
        )
    mine = await site.administrator()
    await connect(mine, site.school)
    theirs = School(
        site.school.platform, site.other.organisation_id, site.school.registration_id, site.other.deployment_id
    )
    assert await connection(site, theirs) is None
    owner = await site.owner()
    page = await owner.get(page_of(site.school))
    assert "For which organisation" in page.text
    assert (await owner.post(page_of(site.school), base_url=BASE, way="token", token="x")).status_code == 404
    assert (await owner.get(page_of(site.school, f"?organisation={site.tool.platform.client_id}"))).status_code == 404
    await owner.get(page_of(site.school, f"?organisation={site.other.organisation_id}"))
    done = await owner.post(
        page_of(site.school), base_url=BASE, way="token", token="theirs", organisation=str(site.other.organisation_id)
    )
    assert done.status_code == 200
    kept = await connection(site, theirs)
    assert kept is not None
    assert kept.organisation_id == site.other.organisation_id
    async with site.database.reading() as session:
        assert len(await access_queries.connections(session, site.school.registration_id)) == 2


async def test_a_school_that_is_not_installed_cannot_be_chosen(site: Site, api: Api) -> None:
    async with site.database.writing() as session:
        registration = await session.get(Registration, site.school.registration_id)
        assert registration is not None
        registration.organisation_id = None
        session.add(registration)
        nobody = Organisation(name="Not installed", created_at=site.clock.now())
        session.add(nobody)
    owner = await site.owner()
    assert (await owner.get(page_of(site.school, f"?organisation={nobody.id}"))).status_code == 404


async def test_after_the_installations_secret_has_changed_it_is_said_and_can_be_mended(site: Site, api: Api) -> None:
    mine = await site.administrator()
    await connect_key(mine, site.school)
    await give(site, api, mine)
    http = httpx.AsyncClient(transport=httpx.MockTransport(api))
    site.tool.app.state.connectors = Connectors(
        http, site.clock, "another secret of forty characters or so", site.database
    )
    assert (await mine.get(page_of(site.school))).status_code == 200
    page = await mine.post(page_of(site.school, "/find-out"))
    assert "secret key has changed" in page.text
    assert (await mine.post(page_of(site.school, "/disconnect"))).status_code == 200
    assert await connection(site) is None
    assert api.consents.revoked == [], "nobody can read any more what would have to be ended"
