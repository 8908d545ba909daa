"""Connecting an LMS in the console: by a link, by hand, for whom, and what is said where."""

import html
import re
import uuid
from datetime import timedelta

import httpx
from sqlmodel import col, select

from lti_tool.db.organisation import Organisation
from lti_tool.lti import invites
from lti_tool.lti.models import (
    Deployment,
    DeploymentStatus,
    Family,
    RegisteredBy,
    Registration,
    RegistrationInvite,
)
from lti_tool.platforms.by_hand import by_hand
from tests.lti.support import TOOL

from .site import TEACHER, Site

NOWHERE = uuid.UUID(int=0)
EVERY = [
    ("GET", "/admin/connect"),
    ("POST", "/admin/connect/invites"),
    ("GET", "/admin/connect/invites"),
    ("GET", f"/admin/connect/again/{NOWHERE}"),
    ("POST", f"/admin/connect/again/{NOWHERE}"),
    ("POST", f"/admin/connect/invites/{NOWHERE}/revoke"),
    ("GET", "/admin/connect/moodle"),
    ("POST", "/admin/connect/moodle"),
]
MOODLE = {"name": "Our Moodle", "site": "https://moodle.school.example/", "client_id": "abc", "deployment_ids": "1"}


async def registrations(site: Site, client_id: str) -> list[Registration]:
    async with site.database.reading() as session:
        return list((await session.exec(select(Registration).where(Registration.client_id == client_id))).all())


async def deployments(site: Site, registration: Registration) -> dict[str, Deployment]:
    async with site.database.reading() as session:
        statement = select(Deployment).where(Deployment.registration_id == registration.id)
        return {one.deployment_id: one for one in (await session.exec(statement)).all()}


async def open_links(site: Site) -> list[RegistrationInvite]:
    async with site.database.reading() as session:
        return list(await invites.open_invites(session, site.clock.now()))


def link_in(page: httpx.Response) -> str:
    found = re.search(r'id="invite-link"[^>]*>([^<]+)</textarea>', page.text)
    assert found, page.text
    return html.unescape(found[1])


def errors_in(page: httpx.Response) -> set[str]:
    return set(re.findall(r'id="([a-z_]+)-error"', page.text))


async def test_nobody_else_connects_anything(site: Site) -> None:
    anybody, teacher = site.anybody(), await site.launched(TEACHER)
    await teacher.get("/admin")
    for method, path in EVERY:
        answer = await anybody.client.request(method, path, headers={"Origin": TOOL})
        assert answer.status_code == 401, path
        fields = {"session": teacher.session, "lms": "moodle"} if method == "POST" else None
        answer = await teacher.client.request(method, path, headers={"Origin": TOOL}, data=fields)
        assert answer.status_code == 403, path
    assert await open_links(site) == []


async def test_the_quick_way_stands_first_and_every_lms_has_one(site: Site) -> None:
    page = await (await site.administrator()).get("/admin/connect")
    assert page.status_code == 200
    assert page.text.index("With a link") < page.text.index("These take no link")
    for family in Family:
        assert f"/admin/connect/{family.value}" in page.text
    for family in invites.WITHOUT_DYNAMIC_REGISTRATION:
        assert f'value="{family.value}"' not in page.text
    assert 'name="organisation"' not in page.text
    assert (await (await site.administrator()).get("/admin/connect/nothing")).status_code == 404


async def test_an_administrators_link_is_for_their_own_school_and_shown_once(site: Site) -> None:
    visitor = await site.administrator()
    made = await visitor.post("/admin/connect/invites", lms="moodle", organisation=str(site.other.organisation_id))
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    assert "Manage tools" in made.text
    link = link_in(made)
    assert link.startswith(f"{TOOL}/lti/register?invite=")
    [invite] = await open_links(site)
    assert (invite.organisation_id, invite.lms) == (site.school.organisation_id, Family.MOODLE)
    assert invite.expires_at == site.clock.now() + invites.LIFE
    async with site.database.reading() as session:
        usable = await invites.usable_invite(session, link.partition("invite=")[2], site.clock.now())
    assert usable.id == invite.id
    listed = await visitor.get("/admin/connect/invites")
    assert listed.url.path == "/admin/connect"
    assert link.partition("invite=")[2] not in listed.text
    assert str(invite.id) in listed.text
    person = (await site.actions())[-1][1]
    assert ("invite.made", person) in await site.actions()
    assert uuid.UUID(str(person))


async def test_the_owner_says_for_whom(site: Site) -> None:
    owner = await site.owner()
    page = await owner.get("/admin/connect")
    chosen = re.search(r'<option value="([^"]+)" selected', page.text)
    assert chosen
    assert chosen[1] == str(site.school.organisation_id)
    await owner.post("/admin/connect/invites", lms="canvas", organisation=str(site.other.organisation_id))
    await owner.post("/admin/connect/invites", lms="sakai")
    assert {(one.organisation_id, one.lms) for one in await open_links(site)} == {
        (site.other.organisation_id, Family.CANVAS),
        (site.school.organisation_id, Family.SAKAI),
    }
    unknown = await owner.post("/admin/connect/invites", lms="canvas", organisation=str(NOWHERE))
    assert unknown.status_code == 404
    assert (await owner.post("/admin/connect/invites", lms="schoology")).status_code == 409
    assert (await owner.post("/admin/connect/invites", lms="nothing")).status_code == 400


async def test_an_installation_without_a_school_gets_its_first(site: Site) -> None:
    owner = await site.owner()
    async with site.database.writing() as session:
        for table in (Deployment, Registration, Organisation):
            for row in (await session.exec(select(table))).all():
                await session.delete(row)
            await session.flush()
    assert (await owner.get("/admin/connect")).status_code == 200
    assert (await owner.post("/admin/connect/invites", lms="moodle")).status_code == 200
    assert len(await open_links(site)) == 1


async def test_links_are_taken_back_by_those_who_see_them(site: Site) -> None:
    mine, theirs = await site.administrator(), await site.administrator(school=site.other)
    await mine.post("/admin/connect/invites", lms="moodle")
    [invite] = await open_links(site)
    page = await theirs.get("/admin/connect")
    assert str(invite.id) not in page.text
    address = f"/admin/connect/invites/{invite.id}/revoke"
    assert (await theirs.post(address)).status_code == 404
    assert len(await open_links(site)) == 1
    page = await mine.post(address)
    assert page.status_code == 200
    assert "Taken back" in page.text
    assert await open_links(site) == []
    assert (await mine.post(address)).status_code == 404
    site.clock.move(timedelta(minutes=1))
    assert (await (await site.owner()).get("/admin/connect")).text.count("Take back") == 0


async def test_a_platform_is_renewed_by_a_link_of_its_own(site: Site) -> None:
    visitor = await site.administrator()
    page = await visitor.get(f"/admin/platforms/{site.school.registration_id}")
    again = f"/admin/connect/again/{site.school.registration_id}"
    assert again in page.text
    made = await visitor.post(again)
    assert made.status_code == 200
    assert "It renews the connection" in made.text
    assert link_in(made)
    back = await visitor.get(again)
    assert back.url.path == f"/admin/platforms/{site.school.registration_id}"
    [invite] = await open_links(site)
    assert (invite.registration_id, invite.organisation_id) == (
        site.school.registration_id,
        site.school.organisation_id,
    )
    assert "to renew it" in (await visitor.get("/admin/connect")).text
    foreign = f"/admin/connect/again/{site.other.registration_id}"
    assert (await visitor.post(foreign)).status_code == 404
    assert (await (await site.owner()).post(foreign)).status_code == 200


# --- By hand ----------------------------------------------------------------------------------------------------------


async def test_every_value_of_every_lms_is_there_to_copy(site: Site) -> None:
    owner = await site.owner()
    for family in Family:
        page = await owner.get(f"/admin/connect/{family.value}")
        assert page.status_code == 200
        text = html.unescape(page.text)
        how = by_hand(site.tool.protocol.settings, family)
        for label, value in how.values.items():
            assert label in text
            assert value.splitlines()[0] in text
        assert page.text.count("data-copy=") == page.text.count("data-copied-from") > 0
        steps = text.partition('<ol class="guide')[2].partition("</ol>")[0]
        assert steps.count("<li>") == len(how.steps)
        assert not set("*`%") & set(re.sub(r"<[^>]+>", "", steps))
    canvas = html.unescape((await owner.get("/admin/connect/canvas")).text)
    assert f"{TOOL}/lti/config/canvas.json" in canvas
    assert '"oidc_initiation_url"' in canvas


async def test_moodle_is_connected_by_its_address_alone(site: Site) -> None:
    visitor = await site.administrator()
    page = await visitor.post("/admin/connect/moodle", **MOODLE, organisation=str(site.other.organisation_id))
    assert page.status_code == 200, page.text
    assert "Connected. Open the tool there" in page.text
    [made] = await registrations(site, "abc")
    assert str(page.url).partition("?")[0].endswith(f"/admin/platforms/{made.id}")
    assert made.organisation_id == site.school.organisation_id
    assert (made.lms, made.registered_by, made.name) == (Family.MOODLE, RegisteredBy.HAND, "Our Moodle")
    assert made.issuer == "https://moodle.school.example"
    assert made.auth_login_url == "https://moodle.school.example/mod/lti/auth.php"
    assert made.token_url == "https://moodle.school.example/mod/lti/token.php"
    assert made.jwks_url == "https://moodle.school.example/mod/lti/certs.php"
    [deployment] = (await deployments(site, made)).values()
    assert (deployment.deployment_id, deployment.organisation_id) == ("1", site.school.organisation_id)
    assert deployment.status is DeploymentStatus.ACCEPTED
    assert (await site.actions())[-1][0] == "registration.made"


async def test_several_deployments_and_an_address_of_its_own(site: Site) -> None:
    visitor = await site.administrator()
    fields = MOODLE | {"deployment_ids": " 1 \r\n\r\n2", "jwks_url": "https://keys.school.example/jwks"}
    assert (await visitor.post("/admin/connect/moodle", **fields)).status_code == 200
    [made] = await registrations(site, "abc")
    assert made.jwks_url == "https://keys.school.example/jwks"
    assert set(await deployments(site, made)) == {"1", "2"}


async def test_brightspace_gets_its_audience_and_sakai_asks_for_the_token_address(site: Site) -> None:
    visitor = await site.administrator()
    fields = {"name": "D2L", "site": "https://school.brightspace.com", "client_id": "d2l", "deployment_ids": "1"}
    assert (await visitor.post("/admin/connect/brightspace", **fields)).status_code == 200
    [made] = await registrations(site, "d2l")
    assert made.token_audience == "https://api.brightspace.com/auth/token"
    assert made.token_url == "https://auth.brightspace.com/core/connect/token"
    fields = {"name": "Sakai", "site": "https://sakai.example", "client_id": "sakai", "deployment_ids": "1"}
    page = await visitor.post("/admin/connect/sakai", **fields)
    assert page.status_code == 422
    assert errors_in(page) == {"token_url"}
    page = await visitor.post("/admin/connect/sakai", **fields, token_url="https://sakai.example/imsblis/lti13/token/7")
    assert page.status_code == 200
    [made] = await registrations(site, "sakai")
    assert made.token_audience is None
    assert made.auth_login_url == "https://sakai.example/imsoidc/lti13/oidc_auth"


WRONG: list[tuple[dict[str, str], set[str], str]] = [
    ({"site": ""}, {"site"}, "Please enter the address of your LMS"),
    ({"site": "moodle.school.example"}, {"site"}, "begins with https://"),
    ({"site": "http://moodle.school.example"}, {"site"}, "https addresses only"),
    ({"site": "https://10.0.0.7"}, {"site"}, "LTI_TOOL_ALLOWED_NETWORKS"),
    ({"site": "https://localhost"}, {"site"}, "LTI_TOOL_ALLOWED_NETWORKS"),
    ({"site": "https://moodle.school.example/?a=b"}, {"site"}, "without ?"),
    ({"client_id": " "}, {"client_id"}, "client id"),
    ({"deployment_ids": "\n"}, {"deployment_ids"}, "deployment id"),
    ({"name": "", "client_id": "", "deployment_ids": ""}, {"name", "client_id", "deployment_ids"}, "3 things"),
    ({"token_url": "https://user@moodle.school.example"}, {"token_url"}, "user name"),
    ({"issuer": "https://moodle.school.example/" + "a" * 500}, {"issuer"}, "too long"),
]


async def test_what_cannot_be_used_is_said_at_its_field_and_what_was_typed_is_kept(site: Site) -> None:
    visitor = await site.administrator()
    for changes, fields, says in WRONG:
        page = await visitor.post("/admin/connect/moodle", **MOODLE | changes)
        assert page.status_code == 422
        assert errors_in(page) == fields, changes
        text = html.unescape(page.text)
        assert says in text
        for name, value in (MOODLE | changes).items():
            if name != "deployment_ids" and value.strip():
                assert f'value="{value}"' in text
    assert await registrations(site, "abc") == []


async def test_a_client_id_that_is_connected_is_said_there(site: Site) -> None:
    visitor = await site.administrator(school=site.other)
    await visitor.post("/admin/connect/moodle", **MOODLE)
    page = await (await site.administrator()).post("/admin/connect/moodle", **MOODLE)
    assert page.status_code == 422
    assert errors_in(page) == {"client_id"}
    assert len(await registrations(site, "abc")) == 1


async def test_a_school_does_not_register_what_all_schools_share(site: Site) -> None:
    owner, visitor = await site.owner(), await site.administrator()
    fields = {"name": "Blackboard", "client_id": "app-1", "organisation": str(site.other.organisation_id)}
    page = await visitor.get("/admin/connect/blackboard")
    assert "belongs to whoever runs this installation" in page.text
    assert 'name="client_id"' not in page.text
    assert (await visitor.post("/admin/connect/blackboard", **fields, deployment_ids="x")).status_code == 403
    assert (await owner.post("/admin/connect/blackboard", **fields)).status_code == 200
    [made] = await registrations(site, "app-1")
    assert (made.organisation_id, await deployments(site, made)) == (None, {})
    # From now on a school's administrator finds the client id to paste.
    assert "app-1" in (await visitor.get("/admin/connect/blackboard")).text
    page = await owner.post("/admin/connect/blackboard", **fields, deployment_ids="uuid-1\nuuid-2")
    assert page.status_code == 200
    assert "The installations are allowed" in page.text
    known = await deployments(site, made)
    assert {(one.deployment_id, one.organisation_id, one.status) for one in known.values()} == {
        ("uuid-1", site.other.organisation_id, DeploymentStatus.ACCEPTED),
        ("uuid-2", site.other.organisation_id, DeploymentStatus.ACCEPTED),
    }
    taken = fields | {"organisation": str(site.school.organisation_id), "deployment_ids": "uuid-3\nuuid-2"}
    page = await owner.post("/admin/connect/blackboard", **taken)
    assert errors_in(page) == {"deployment_ids"}
    assert set(await deployments(site, made)) == {"uuid-1", "uuid-2"}
    page = await owner.post("/admin/connect/blackboard", **fields)
    assert errors_in(page) == {"client_id"}


async def test_a_deployment_that_waits_is_let_in_by_naming_it(site: Site) -> None:
    owner = await site.owner()
    fields = {"name": "Schoology", "client_id": "77", "organisation": str(site.school.organisation_id)}
    await owner.post("/admin/connect/schoology", **fields)
    [made] = await registrations(site, "77")
    async with site.database.writing() as session:
        session.add(
            Deployment(
                registration_id=made.id,
                deployment_id="77-1",
                status=DeploymentStatus.HELD,
                created_at=site.clock.now(),
            )
        )
    assert (await owner.post("/admin/connect/schoology", **fields, deployment_ids="77-1")).status_code == 200
    [deployment] = (await deployments(site, made)).values()
    assert (deployment.status, deployment.organisation_id) == (
        DeploymentStatus.ACCEPTED,
        site.school.organisation_id,
    )


async def test_a_form_of_another_site_connects_nothing(site: Site) -> None:
    owner = await site.owner()
    await owner.get("/admin/connect")
    for path, fields in (("/admin/connect/invites", {"lms": "moodle"}), ("/admin/connect/moodle", MOODLE)):
        answer = await owner.client.post(
            path, data={"session": owner.session, **fields}, headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code == 403
    assert await open_links(site) == []
    assert await registrations(site, "abc") == []


async def test_who_launches_from_a_platform_connected_by_hand_comes_in(site: Site) -> None:
    """The whole way: what was entered is what a launch is checked against."""
    platform = site.tool.other
    async with site.database.writing() as session:
        known = (await session.exec(select(Registration).where(col(Registration.issuer) == platform.issuer))).one()
        columns = {
            name: getattr(known, name)
            for name in ("issuer", "client_id", "auth_login_url", "token_url", "jwks_url", "name")
        }
        await session.delete(known)
    site.tool.protocol.directory.forget()
    page = await (await site.owner()).post("/admin/connect/other", **columns, deployment_ids=platform.deployment_id)
    assert page.status_code == 200, page.text
    visitor = await site.launched(TEACHER, school=site.other)
    assert (await visitor.get("/admin")).status_code == 403
