"""Launches that somebody has tampered with, replayed or mixed up, and platforms that behave badly."""

import json
from datetime import timedelta
from typing import Any

import pytest

from lti_tool.audit import AuditEntry
from lti_tool.lti.models import Deployment, DeploymentStatus, OidcLogin, Registration, ToolSession
from tests.lti.conftest import Tool
from tests.lti.support import LTI, Platform, at, b64, private_key, public_jwk, sign
from tests.pairs import on_postgresql

RESOURCE_LINK = LTI + "resource_link"


async def attempt(tool: Tool, **changes: Any) -> Any:
    """Launch with changed claims; a value of None leaves the claim out."""
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = tool.platform.body(login.query["nonce"]) | changes
    return await browser.post(
        login, tool.platform.token({name: value for name, value in body.items() if value is not None})
    )


async def test_a_token_that_is_not_signed_is_refused(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = tool.platform.body(login.query["nonce"])
    header = {"alg": "none", "typ": "JWT", "kid": tool.platform.kid}
    token = b64(json.dumps(header).encode()) + "." + b64(json.dumps(body).encode()) + "."

    await tool.refused(await browser.post(login, token), "algorithm-refused", 401)


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(tool: Tool) -> None:
    import hashlib
    import hmac

    from cryptography.hazmat.primitives import serialization

    browser = tool.browser()
    login = await browser.login(tool.platform)
    secret = tool.platform.signing.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "kid": tool.platform.kid}
    signed = b64(json.dumps(header).encode()) + "." + b64(json.dumps(tool.platform.body(login.query["nonce"])).encode())
    token = signed + "." + b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())

    await tool.refused(await browser.post(login, token), "algorithm-refused", 401)


@on_postgresql
@pytest.mark.parametrize("member", ["jwk", "jku", "x5u"])
async def test_a_key_that_the_token_brings_along_is_ignored(tool: Tool, member: str) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    mallory = private_key("mallory")
    brought = {"jwk": public_jwk(mallory, tool.platform.kid)}.get(member, "https://mallory.example/jwks")
    header = {"alg": "RS256", "kid": tool.platform.kid, member: brought}
    token = sign(header, tool.platform.body(login.query["nonce"]), mallory)

    await tool.refused(await browser.post(login, token), "signature-wrong", 401)


@on_postgresql
@pytest.mark.parametrize("crit", [["must-know"], ["b64"], [], None, 7, "exp", {}])
async def test_a_token_with_critical_extensions_we_do_not_know_is_refused(tool: Tool, crit: Any) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    token = tool.platform.token(tool.platform.body(login.query["nonce"]), crit=crit, **{"must-know": True})

    await tool.refused(await browser.post(login, token), "signature-wrong", 401)


@on_postgresql
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "somebody-else"}, "audience-wrong"),
        ({"aud": ["somebody-else", "another"]}, "audience-wrong"),
        ({"aud": []}, "claim-missing"),
        ({"aud": {"a": 1}}, "claim-missing"),
        ({"azp": "somebody-else"}, "audience-wrong"),
        ({"aud": ["somebody-else", "imstester_1"]}, "audience-wrong"),
        ({"iss": "https://nobody.example"}, "platform-unknown"),
        ({"iss": None}, "claim-missing"),
        ({"iss": ["https://platform.example"]}, "claim-missing"),
        ({"nonce": None}, "claim-missing"),
        ({"nonce": ""}, "claim-missing"),
        ({"nonce": "of-another-login"}, "nonce-wrong"),
        ({"nonce": 17}, "claim-wrong"),
        ({"exp": None}, "claim-missing"),
        ({"iat": None}, "claim-missing"),
        ({"exp": "tomorrow"}, "claim-wrong"),
        ({"exp": True}, "claim-wrong"),
        ({"exp": float("nan")}, "token-unreadable"),
        ({"exp": 10**400}, "claim-wrong"),
        ({"sub": None}, "user-missing"),
        ({"sub": "  "}, "user-missing"),
        ({"sub": 190}, "user-missing"),
        ({"sub": "x" * 256}, "claim-wrong"),
        ({LTI + "deployment_id": "x" * 256}, "claim-wrong"),
        ({LTI + "deployment_id": 7}, "claim-wrong"),
        ({LTI + "deployment_id": "unheard-of"}, "deployment-held"),
        ({LTI + "message_type": "LtiStartProctoring"}, "message-unsupported"),
        ({LTI + "message_type": ["LtiResourceLinkRequest"]}, "message-unsupported"),
        ({LTI + "version": "1.3"}, "version-unsupported"),
        ({LTI + "roles": "Instructor"}, "claim-wrong"),
        ({LTI + "roles": [7]}, "claim-wrong"),
        ({RESOURCE_LINK: {"id": "x" * 256}}, "claim-wrong"),
        ({RESOURCE_LINK: {"id": 3}}, "claim-wrong"),
        ({RESOURCE_LINK: "3"}, "claim-missing"),
        ({RESOURCE_LINK: {"id": "a\x00b"}}, "claim-wrong"),
        ({LTI + "target_link_uri": None}, "claim-missing"),
        ({LTI + "target_link_uri": "https://evil.example/x"}, "target-not-ours"),
        ({LTI + "context": {"id": "x" * 256}}, "claim-wrong"),
    ],
)
async def test_claims_are_strict(tool: Tool, changes: dict[str, Any], code: str) -> None:
    await tool.refused(await attempt(tool, **changes), code)


@on_postgresql
@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["imstester_1"]},
        {"aud": ["somebody-else", "imstester_1"], "azp": "imstester_1"},
        {"azp": "imstester_1"},
        {RESOURCE_LINK: {"id": "x" * 255}},
        {"sub": "x" * 255},
        {LTI + "roles": []},
        {LTI + "context": {}},
        {"name": "Zoë\x00 Núñez", "given_name": 7},
        {"name": "x" * 5000, RESOURCE_LINK: {"id": "1", "title": "y" * 5000}},
        {"family_name": None, LTI + "custom": ["not", "an", "object"]},
        {LTI + "launch_presentation": {"return_url": "javascript:alert(1)", "locale": "pt_br"}},
        {LTI + "launch_presentation": "iframe"},
    ],
)
async def test_what_is_unusual_but_allowed_opens(tool: Tool, changes: dict[str, Any]) -> None:
    assert (await attempt(tool, **changes)).status_code == 303


@on_postgresql
@pytest.mark.parametrize(
    ("exp", "iat", "opens"),
    [(-59, -119, True), (-60, -120, False), (300, 60, True), (300, 62, False), (-3600, -7200, False)],
)
async def test_clocks_may_differ_by_a_minute(tool: Tool, exp: int, iat: int, opens: bool) -> None:
    now = tool.clock.now()
    response = await attempt(tool, exp=at(now, seconds=exp), iat=at(now, seconds=iat))

    assert (response.status_code == 303) == opens
    if not opens:
        await tool.refused(response, "token-expired" if exp < 0 else "token-from-the-future", 401)


async def test_a_launch_works_once(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    token = tool.platform.token(tool.platform.body(login.query["nonce"]))
    assert (await browser.post(login, token)).status_code == 303

    again = await browser.post(login, token)

    assert again.status_code == 401
    assert "used already" in again.text
    assert len(await tool.rows(ToolSession)) == 1
    assert len(tool.entered) == 1


async def test_a_refused_launch_uses_its_login_up(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    await browser.post(login, tool.platform.token({"name": "badltilaunch"}))

    token = tool.platform.token(tool.platform.body(login.query["nonce"]))

    assert (await browser.post(login, token)).status_code == 401
    assert tool.entered == []


async def test_a_state_nobody_gave_out_is_refused(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    token = tool.platform.token(tool.platform.body(login.query["nonce"]))

    response = await browser.post(login, token, state="A" * 43)

    assert response.status_code == 401
    assert len(await tool.rows(OidcLogin)) == 1  # Not the one that was meant; it is still good.
    assert await tool.rows(ToolSession) == []


async def test_what_nobody_had_begun_fills_no_table(tool: Tool) -> None:
    """Anybody can post to the launch, as often as they like; the log has a line for each, the database nothing."""
    before = await tool.counts()
    client = tool.browser().client
    unsigned = sign({"alg": "RS256", "kid": tool.platform.kid}, tool.platform.body("nonce"), private_key("mallory"))
    posts = [{"id_token": "a.b.c"}, {"error": "login_required"}, {}, {"id_token": unsigned}, {"id_token": "x" * 70_000}]
    for fields in posts:
        for state in ("", "s", "S" * 43, "s" * 300):
            assert (await client.post("/lti/launch", data=fields | {"state": state})).status_code in {400, 401, 413}
    # The platform's own word is entered, whatever state it comes with.
    assert await tool.counts() == before
    vouched = tool.platform.token(tool.platform.body("nonce"))
    assert (await client.post("/lti/launch", data={"id_token": vouched, "state": "s"})).status_code == 401
    assert [entry.actor for entry in await tool.rows(AuditEntry)] == ["39890"]


async def test_a_launch_in_another_browser_is_refused(tool: Tool) -> None:
    """Login cross-site request forgery: the victim would be signed in as the attacker."""
    attacker, victim = tool.browser(), tool.browser()
    login = await attacker.login(tool.platform)
    await victim.login(tool.other)
    token = tool.platform.token(tool.platform.body(login.query["nonce"]))

    response = await victim.post(login, token)

    assert response.status_code == 401
    assert "another browser" in response.text
    assert await tool.rows(ToolSession) == []
    # And the attacker cannot use it either any more.
    assert (await attacker.post(login, token)).status_code == 401


async def test_the_nonce_of_another_login_is_refused(tool: Tool) -> None:
    browser = tool.browser()
    one, two = await browser.login(tool.platform), await browser.login(tool.platform)
    token = tool.platform.token(tool.platform.body(one.query["nonce"]))

    assert "does not belong to this link" in (await browser.post(two, token)).text
    assert await tool.rows(ToolSession) == []


async def test_a_login_of_one_platform_answered_by_another_is_refused(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    token = tool.other.token(tool.other.body(login.query["nonce"]))

    await tool.refused(await browser.post(login, token), "another-platform", 401)


async def test_a_platform_cannot_speak_for_another(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = tool.platform.body(login.query["nonce"])
    token = sign({"alg": "RS256", "kid": tool.platform.kid}, body, tool.other.signing)

    await tool.refused(await browser.post(login, token), "signature-wrong", 401)


async def test_a_login_that_took_too_long_is_refused(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    tool.clock.move(timedelta(minutes=10))
    token = tool.platform.token(tool.platform.body(login.query["nonce"]))

    await tool.refused(await browser.post(login, token), "login-expired", 401)


async def test_the_audit_entry_names_the_person_the_platform_vouched_for(tool: Tool) -> None:
    entry = await tool.refused(await attempt(tool, **{LTI + "version": "11.3"}), "version-unsupported")

    assert entry.actor == "39890"
    assert entry.organisation_id == tool.organisation_id


@on_postgresql
@pytest.mark.parametrize(
    ("token", "code", "status"),
    [
        ("x" * 64_001, "token-too-large", 413),
        ("not.a-token", "token-unreadable", 400),
        ("a.b.c", "token-unreadable", 400),
        ("....", "token-unreadable", 400),
        (b64(b"[1]") + "." + b64(b"{}") + ".x", "token-unreadable", 400),
        (b64(b'{"alg":"RS256","kid":"k"}') + "." + b64(b"7") + ".x", "token-unreadable", 400),
        (b64(b'{"alg":"RS256","kid":"k"}') + "." + b64(b"[" * 40_000) + ".x", "token-unreadable", 400),
        ("", "message-incomplete", 400),
    ],
    ids=["too large", "two parts", "nonsense", "dots", "header no object", "body no object", "deeply nested", "empty"],
)
async def test_what_is_no_token_is_refused(tool: Tool, token: str, code: str, status: int) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)

    await tool.refused(await browser.post(login, token), code, status)


async def test_a_large_token_within_the_limit_opens(tool: Tool) -> None:
    assert (await attempt(tool, **{LTI + "custom": {"padding": "x" * 30_000}})).status_code == 303


@on_postgresql
@pytest.mark.parametrize(
    "fields", [{}, {"id_token": "a.b.c"}, {"state": "x"}, {"state": "x" * 300, "id_token": "a.b.c"}]
)
async def test_a_launch_without_its_parts_explains_itself(tool: Tool, fields: dict[str, str]) -> None:
    response = await tool.browser().client.post("/lti/launch", data=fields)

    assert response.status_code == 400
    assert "Go to your course" in response.text


async def test_a_body_over_a_megabyte_is_413(tool: Tool) -> None:
    response = await tool.browser().client.post("/lti/launch", data={"id_token": "x" * 1_000_001, "state": "y"})

    assert response.status_code == 413


async def test_a_launch_by_get_is_not_there(tool: Tool) -> None:
    assert (await tool.browser().client.get("/lti/launch")).status_code == 405


@on_postgresql
@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        ("login_required", "signed-out-there", "does not know you any more"),
        ("unauthorized_client", "platform-reported-error", "did not let this link open"),
        ("<script>alert(1)</script>", "platform-reported-error", "did not let this link open"),
    ],
)
async def test_an_error_of_the_platform_is_told_in_words(tool: Tool, error: str, code: str, words: str) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    form = {"error": error, "error_description": "Zoë <b>Núñez</b>", "state": login.query["state"]}

    response = await browser.client.post("/lti/launch", data=form)

    entry = await tool.refused(response, code, 400)
    assert words in response.text
    assert "Núñez" not in response.text + entry.detail
    assert "script>" not in entry.detail


async def test_a_deployment_that_is_held_waits_for_its_administrator(tool: Tool) -> None:
    async with tool.database.writing() as session:
        held = Deployment(
            organisation_id=tool.organisation_id,
            registration_id=tool.registration.id,
            deployment_id="held",
            status=DeploymentStatus.HELD,
            created_at=tool.clock.now(),
        )
        session.add(held)

    response = await attempt(tool, **{LTI + "deployment_id": "held"})

    await tool.refused(response, "deployment-held", 403)
    assert "waits for its administrator" in response.text


async def test_a_refusal_leaves_no_row_of_any_table_but_its_audit_entry(tool: Tool) -> None:
    before = await tool.counts()
    await attempt(tool, **{LTI + "version": "11.3"})
    after = await tool.counts()

    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"audit_entry": 1}


async def test_what_the_course_refuses_is_undone_and_recorded(tool: Tool) -> None:
    from lti_tool.db.organisation import Organisation
    from lti_tool.errors import NotAllowed

    async def enter(session: Any, launch: Any, now: Any) -> Any:
        session.add(Organisation(name="should not stay", created_at=now))
        await session.flush()
        raise NotAllowed("no course", code="no-course")

    tool.app.state.enter = enter
    before = await tool.counts()
    response = await attempt(tool)

    assert response.status_code == 403
    after = await tool.counts()
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"audit_entry": 1}


async def test_without_a_cookie_a_window_of_its_own_is_offered(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    browser.forget()

    response = await browser.post(login, tool.platform.token(tool.platform.body(login.query["nonce"])))

    await tool.refused(response, "cookie-blocked", 401)
    assert "Open in a new window" in response.text
    assert 'action="/lti/login" target="_blank"' in response.text
    assert 'name="login_hint" value="user-1"' in response.text
    assert "&#34;cmid&#34;:66" in response.text
    policy = response.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "form-action 'self' https://platform.example;" in policy

    # The button's form begins a fresh login, which works in the new window.
    assert (await browser.launch(tool.platform)).status_code == 303


async def test_on_moodle_the_window_begins_at_the_activity(tool: Tool) -> None:
    from lti_tool.lti.models import Family

    async with tool.database.writing() as session:
        registration = await session.get(Registration, tool.registration.id)
        assert registration is not None
        registration.lms = Family.MOODLE
        registration.auth_login_url = "https://platform.example/moodle/mod/lti/auth.php"
    browser = tool.browser()
    login = await browser.login(tool.platform)
    browser.forget()

    page = (await browser.post(login, tool.platform.token(tool.platform.body(login.query["nonce"])))).text

    assert 'href="https://platform.example/moodle/mod/lti/launch.php?id=66"' in page


async def test_two_registrations_of_one_issuer_are_told_apart_by_their_client_id(tool: Tool) -> None:
    twin = Platform(tool.clock, client_id="imstester_2")
    async with tool.database.writing() as session:
        registration = Registration(**twin.columns(tool.organisation_id, tool.clock.now()))
        session.add(registration)
        await session.flush()
        session.add(
            Deployment(
                organisation_id=tool.organisation_id,
                registration_id=registration.id,
                deployment_id=twin.deployment_id,
                created_at=tool.clock.now(),
            )
        )
    browser = tool.browser()
    assert (await browser.launch(twin)).status_code == 303
    assert tool.entered[0].registration.client_id == "imstester_2"

    login = await browser.login(twin)
    body = tool.platform.body(login.query["nonce"])
    response = await browser.post(login, tool.platform.token(body))
    assert response.status_code == 401
    assert (await tool.rows(AuditEntry))[0].detail.startswith("another-platform:")
