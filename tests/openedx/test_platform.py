"""What Open edX sends, looked at without our tool: so that a failed launch can be blamed on the right side."""

import json
import time

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.openedx.harness import Browser, Form, Platform, form_of, query_of

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
TOOL_LAUNCH = "http://127.0.0.1:9/lti/launch"


def _message(platform: Platform, login_address: str) -> Form:
    login = query_of(login_address)
    request = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": login["client_id"],
        "redirect_uri": TOOL_LAUNCH,
        "login_hint": login["login_hint"],
        "lti_message_hint": login["lti_message_hint"],
        "state": "a-state",
        "nonce": "a-nonce",
    }
    answer = httpx.get(platform.registration["auth_login_url"], params=request, timeout=20)
    return form_of(answer.text)


def _claims(platform: Platform, message: Form) -> dict[str, object]:
    keys = KeySet.import_key_set(httpx.get(platform.registration["jwks_url"], timeout=20).json())
    token = jwt.decode(message.fields["id_token"], keys, algorithms=["RS256"])
    assert token.header["kid"]
    return dict(token.claims)


def test_a_login_names_the_platform_the_person_and_the_link(lone_platform: Platform) -> None:
    """Open edX calls the deployment ``lti_deployment_id`` in its login request."""
    login = query_of(lone_platform.login_address("anna"))
    assert login.pop("lti_message_hint")
    assert login == {
        "iss": lone_platform.url,
        "client_id": "riverside-client",
        "lti_deployment_id": "1",
        "target_link_uri": TOOL_LAUNCH,
        "login_hint": lone_platform.person_id("anna"),
    }


def test_a_students_message_is_signed_and_complete(lone_platform: Platform) -> None:
    message = _message(lone_platform, lone_platform.login_address("anna"))
    assert message.action == TOOL_LAUNCH
    assert message.fields["state"] == "a-state"
    claims = _claims(lone_platform, message)
    assert claims["iss"] == lone_platform.url
    assert claims["aud"] == claims["azp"] == "riverside-client"
    assert claims["nonce"] == "a-nonce"
    assert abs(int(str(claims["iat"])) - time.time()) < 60
    assert claims["sub"] == lone_platform.person_id("anna")
    assert claims["name"] == "Anna Čížková"
    assert claims[CLAIM + "message_type"] == "LtiResourceLinkRequest"
    assert claims[CLAIM + "resource_link"] == {"id": lone_platform.registration["resource_link_id"]}
    assert "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner" in claims[CLAIM + "roles"]
    assert claims[CLAIM + "context"]["id"] == lone_platform.registration["context_id"]
    assert "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem" in json.dumps(claims)
    assert "context_memberships_url" in json.dumps(claims)


def test_every_role_list_holds_the_word_none(lone_platform: Platform) -> None:
    """Open edX adds the system and institution role ``#None`` to every role; it must not be taken for a person's role."""
    for user in ("anna", "teacher"):
        roles = _claims(lone_platform, _message(lone_platform, lone_platform.login_address(user)))[CLAIM + "roles"]
        assert "http://purl.imsglobal.org/vocab/lis/v2/system/person#None" in roles


def test_a_deep_linking_request_has_no_resource_link(lone_platform: Platform) -> None:
    message = _message(lone_platform, lone_platform.login_address("teacher", "deep-linking"))
    claims = _claims(lone_platform, message)
    assert claims[CLAIM + "message_type"] == "LtiDeepLinkingRequest"
    assert CLAIM + "resource_link" not in claims
    assert "deep_link_return_url" in json.dumps(claims)


def test_a_student_cannot_begin_deep_linking(lone_platform: Platform, browser: Browser) -> None:
    login = query_of(lone_platform.login_address("anna", "deep-linking"))
    asked = {"client_id": login["client_id"], "redirect_uri": TOOL_LAUNCH, "state": "s", "nonce": "n"}
    hints = {name: login[name] for name in ("login_hint", "lti_message_hint")}
    assert browser.http.get(lone_platform.registration["auth_login_url"], params=asked | hints).status_code == 403


def test_names_are_told_only_where_the_course_shares_them(lone_platform: Platform) -> None:
    lone_platform.share_names(False)
    try:
        claims = _claims(lone_platform, _message(lone_platform, lone_platform.login_address("anna")))
    finally:
        lone_platform.share_names(True)
    assert "name" not in claims
    assert "email" not in claims
