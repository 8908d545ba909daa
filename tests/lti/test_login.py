"""The login: what it asks for, where it sends the browser, what it remembers."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from lti_tool.db.session import Database
from lti_tool.lti import jobs
from lti_tool.lti.digests import digest
from lti_tool.lti.models import OidcLogin, Registration
from tests.lti.conftest import Tool
from tests.lti.support import TOOL, Platform, fixture
from tests.pairs import on_postgresql

MOODLE = fixture("moodle-4.5-logins.json")


@on_postgresql
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_browser_is_sent_to_the_platform(tool: Tool, method: str) -> None:
    login = await tool.browser().login(tool.platform, method)

    address = urlsplit(login.response.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://platform.example/auth"
    state, nonce = login.query["state"], login.query["nonce"]
    assert dict(parse_qsl(address.query)) == {
        "tenant": "7",
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": tool.platform.client_id,
        "redirect_uri": f"{TOOL}/lti/launch",
        "login_hint": "user-1",
        "lti_message_hint": '{"cmid":66,"launchid":"ltilaunch3_17"}',
        "state": state,
        "nonce": nonce,
    }
    assert len(state) >= 40
    assert len(nonce) >= 40
    assert state != nonce
    (row,) = await tool.rows(OidcLogin)
    assert (row.state_digest, row.nonce_digest) == (digest(state), digest(nonce))
    assert row.expires_at == tool.clock.now() + timedelta(minutes=10)
    assert login.response.headers["cache-control"] == "no-store"
    assert login.response.headers["referrer-policy"] == "no-referrer"


@on_postgresql
@pytest.mark.parametrize("name", [name for name in MOODLE["logins"] if "plain-link" not in name])
async def test_moodles_logins_as_captured(tool: Tool, name: str) -> None:
    """Moodle's hint is JSON that it compares to the letter; that of deep linking has no ``cmid``."""
    given = MOODLE["logins"][name] | {"client_id": tool.platform.client_id}
    answer = await tool.browser().client.post("/lti/login", data=given)
    assert answer.status_code == 302
    sent = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert (sent["lti_message_hint"], sent["login_hint"]) == (given["lti_message_hint"], given["login_hint"])


@on_postgresql
@pytest.mark.parametrize("name", MOODLE["errors"])
async def test_moodles_errors_as_captured(tool: Tool, name: str) -> None:
    """What Moodle posts to the launch instead of a message, when it does not like the request."""
    browser = tool.browser()
    login = await browser.login(tool.platform)
    answer = await browser.client.post("/lti/launch", data=MOODLE["errors"][name] | {"state": login.query["state"]})
    await tool.refused(answer, "platform-reported-error", 400)
    assert MOODLE["errors"][name].get("error_description", "nothing") not in answer.text


async def test_the_cookie_works_in_a_foreign_frame_and_is_reused(tool: Tool) -> None:
    browser = tool.browser()
    first = await browser.login(tool.platform)
    second = await browser.login(tool.platform)

    cookie = first.response.headers["set-cookie"]
    assert cookie.startswith("__Host-lti_browser_")
    assert cookie.endswith("; Path=/; Secure; HttpOnly; SameSite=None; Partitioned")
    assert "set-cookie" not in second.response.headers
    one, two = await tool.rows(OidcLogin)
    assert one.browser_digest == two.browser_digest
    assert one.state_digest != two.state_digest


async def test_logins_in_several_tabs_all_work(tool: Tool) -> None:
    browser = tool.browser()
    logins = [await browser.login(tool.platform) for _ in range(3)]

    for login in reversed(logins):
        body = tool.platform.body(login.query["nonce"])
        assert (await browser.post(login, tool.platform.token(body))).status_code == 303


async def test_two_frames_opened_at_once_in_a_new_browser_both_work(tool: Tool) -> None:
    browser, same_browser = tool.browser(), tool.browser()
    login, other = await browser.login(tool.platform), await same_browser.login(tool.platform)
    for cookie in same_browser.client.cookies.jar:
        browser.client.cookies.jar.set_cookie(cookie)

    for one in (login, other):
        body = tool.platform.body(one.query["nonce"])
        assert (await browser.post(one, tool.platform.token(body))).status_code == 303


@on_postgresql
@pytest.mark.parametrize("name", ["iss", "login_hint", "target_link_uri"])
@pytest.mark.parametrize("value", [None, "", "x" * 20_000, "with\x00zero"])
async def test_a_login_needs_its_parameters_at_a_readable_length(tool: Tool, name: str, value: str | None) -> None:
    response = await tool.browser().client.post("/lti/login", data=tool.platform.login_request(**{name: value}))

    assert response.status_code == 400
    assert "opened from a course" in response.text
    assert await tool.rows(OidcLogin) == []


async def test_an_address_opened_by_hand_explains_itself(tool: Tool) -> None:
    response = await tool.browser().client.get("/lti/login")

    assert response.status_code == 400
    assert "Go to your course" in response.text


@on_postgresql
@pytest.mark.parametrize(
    "changes", [{"iss": "https://nobody.example"}, {"client_id": "another"}, {"iss": "https://other.example"}]
)
async def test_an_unknown_platform_is_refused(tool: Tool, changes: dict[str, str]) -> None:
    response = await tool.browser().client.post("/lti/login", data=tool.platform.login_request(**changes))

    assert response.status_code == 403
    assert "not connected" in response.text
    assert await tool.rows(OidcLogin) == []


async def test_a_disabled_registration_is_unknown(tool: Tool) -> None:
    async with tool.database.writing() as session:
        registration = await session.get(Registration, tool.registration.id)
        assert registration is not None
        registration.enabled = False
    response = await tool.browser().client.post("/lti/login", data=tool.platform.login_request())

    assert response.status_code == 403


async def test_a_login_without_client_id_is_taken_where_the_issuer_has_one_registration(tool: Tool) -> None:
    login = await tool.browser().login(tool.platform, client_id=None)

    assert login.query["client_id"] == tool.platform.client_id


async def test_a_login_without_client_id_is_refused_where_the_issuer_has_several(tool: Tool) -> None:
    async with tool.database.writing() as session:
        twin = Platform(tool.clock, client_id="imstester_2")
        session.add(Registration(**twin.columns(tool.organisation_id, tool.clock.now())))
    response = await tool.browser().client.post("/lti/login", data=tool.platform.login_request(client_id=None))

    assert response.status_code == 400
    assert "did not say which" in response.text


@on_postgresql
@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/lti/launch",
        "//evil.example/lti/launch",
        "https://tool.school.example.evil.example/",
        "https://tool.school.example@evil.example/",
        "http://tool.school.example/lti/launch",
        "https://tool.school.example:8443/lti/launch",
        "javascript:alert(1)",
        "data:text/html,x",
        "https:\\\\evil.example/",
        "https://[/",
    ],
)
async def test_a_target_of_another_origin_is_refused(tool: Tool, target: str) -> None:
    response = await tool.browser().client.post("/lti/login", data=tool.platform.login_request(target_link_uri=target))

    assert response.status_code == 400
    assert await tool.rows(OidcLogin) == []


async def test_a_storage_target_is_remembered(tool: Tool) -> None:
    await tool.browser().login(tool.platform, lti_storage_target="post_message_forwarding")
    response = await tool.browser().client.post(
        "/lti/login", data=tool.platform.login_request(lti_storage_target="<script>")
    )

    assert response.status_code == 302, "what cannot be a window's name is no storage"

    assert {row.storage_target for row in await tool.rows(OidcLogin)} == {"post_message_forwarding", None}


async def test_a_registration_removed_elsewhere_while_remembered_is_refused(own_tool: Tool) -> None:
    browser = own_tool.browser()
    pending = await browser.login(own_tool.platform)
    token = own_tool.platform.token(own_tool.platform.body(pending.query["nonce"]))
    await browser.launch(own_tool.platform)
    async with own_tool.database.writing() as session:
        registration = await session.get(Registration, own_tool.registration.id)
        await session.delete(registration)

    response = await browser.client.post("/lti/login", data=own_tool.platform.login_request())
    assert response.status_code == 403
    assert (await browser.post(pending, token)).status_code in {401, 403}


async def test_logins_nobody_finished_are_swept_out(tool: Tool, database: Database) -> None:
    await tool.browser().login(tool.platform)
    tool.clock.move(timedelta(minutes=9))
    await tool.browser().login(tool.platform)
    tool.clock.move(timedelta(minutes=2))

    work = jobs.work(database, tool.clock, tool.protocol.keys, None)
    await next(one for one in work.periodic if one.name == "lti.forget-ended").run()

    assert len(await tool.rows(OidcLogin)) == 1
