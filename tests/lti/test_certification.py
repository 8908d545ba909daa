"""The 1EdTech certification's payloads for tools: the bad ones are refused, the good ones open."""

from typing import Any

import pytest

from lti_tool.audit import AuditEntry
from lti_tool.lti.models import OidcLogin, Role, ToolSession
from tests.lti.conftest import Tool
from tests.lti.support import LTI, b64, private_key, sign
from tests.pairs import on_postgresql

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
NO_PII: dict[str, Any] = {"name": None, "given_name": None, "family_name": None, "email": None}


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {claim: value for claim, value in body.items() if claim.removeprefix(LTI) not in names and value is not None}


BAD: dict[str, tuple[str, Any]] = {
    "wrong LTI version": ("version-unsupported", lambda body: body | {LTI + "version": "11.3"}),
    "no LTI version": ("claim-missing", lambda body: without(body, "version")),
    "invalid LTI message": ("claim-missing", lambda body: {"name": "badltilaunch"}),
    "missing LTI claims": (
        "claim-missing",
        lambda body: without(body, "message_type", "version", "roles", "deployment_id"),
    ),
    "timestamps incorrect": ("token-expired", lambda body: body | {"iat": 11111, "exp": 22222}),
    "message type missing": ("claim-missing", lambda body: without(body, "message_type")),
    "roles missing": ("claim-missing", lambda body: without(body, "roles")),
    "deployment id missing": ("claim-missing", lambda body: without(body, "deployment_id")),
    "resource link missing": ("claim-missing", lambda body: without(body, "resource_link")),
    "resource link without id": ("claim-missing", lambda body: body | {LTI + "resource_link": {"title": "x"}}),
    "user empty": ("user-missing", lambda body: body | {"sub": ""}),
    "user missing": ("user-missing", lambda body: without(body, "sub")),
}


@on_postgresql
@pytest.mark.parametrize("case", BAD)
async def test_known_bad_payloads_are_refused(tool: Tool, case: str) -> None:
    code, change = BAD[case]
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = change(tool.platform.body(login.query["nonce"]))

    response = await browser.post(login, tool.platform.token(body))

    await tool.refused(response, code)
    assert "Traceback" not in response.text
    assert "eyJ" not in response.text


async def test_a_token_without_kid_is_refused_even_if_the_set_has_one_key(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    token = sign(
        {"badtestonly": "12345", "alg": "RS256"}, tool.platform.body(login.query["nonce"]), tool.platform.signing
    )

    await tool.refused(await browser.post(login, token), "key-id-missing", 401)
    assert tool.platform.jwks_fetches == 0


async def test_an_unknown_kid_is_looked_for_once_and_refused(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    token = tool.platform.token(tool.platform.body(login.query["nonce"]), kid="imstester_66067")

    await tool.refused(await browser.post(login, token), "key-unknown", 401)
    assert tool.platform.jwks_fetches == 1


async def test_missing_claims_are_named(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = without(tool.platform.body(login.query["nonce"]), "message_type", "roles")

    page = (await browser.post(login, tool.platform.token(body))).text

    assert "message_type, roles" in page


TEACHERS: dict[str, tuple[Role, dict[str, Any]]] = {
    "instructor": (Role.TEACHER, {}),
    "several roles": (
        Role.TEACHER,
        {LTI + "roles": [MEMBERSHIP + "Instructor", INSTITUTION + "Staff", INSTITUTION + "Other"]},
    ),
    "short role": (Role.TEACHER, {LTI + "roles": ["Instructor"]}),
    "unknown role": (
        Role.OTHER,
        {LTI + "roles": ["http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper"]},
    ),
    "no role": (Role.OTHER, {LTI + "roles": [""]}),
    "only email": (Role.TEACHER, NO_PII | {"email": "ada.teacher@school.example"}),
    "only names": (Role.TEACHER, {"email": None}),
    "no personal data": (Role.TEACHER, NO_PII),
    "email without context": (Role.TEACHER, NO_PII | {"email": "a@school.example", LTI + "context": None}),
}
STUDENTS: dict[str, tuple[Role, dict[str, Any]]] = {
    "learner": (Role.STUDENT, {LTI + "roles": [MEMBERSHIP + "Learner"]}),
    "several roles with a mentor of the institution": (
        Role.STUDENT,
        {LTI + "roles": [MEMBERSHIP + "Learner", INSTITUTION + "Student", INSTITUTION + "Mentor"]},
    ),
    "short role": (Role.STUDENT, {LTI + "roles": ["Learner"]}),
    "unknown role beside": (
        Role.STUDENT,
        {
            LTI + "roles": [
                MEMBERSHIP + "Learner",
                "http://purl.imsglobal.org/vocab/lis/v2/uknownrole/unknown#Unknown",
            ]
        },
    ),
    "no role": (Role.OTHER, {LTI + "roles": [""]}),
    "only email": (Role.STUDENT, NO_PII | {LTI + "roles": [MEMBERSHIP + "Learner"], "email": "s@school.example"}),
    "only names": (Role.STUDENT, {LTI + "roles": [MEMBERSHIP + "Learner"], "email": None}),
    "no personal data": (Role.STUDENT, NO_PII | {LTI + "roles": [MEMBERSHIP + "Learner"]}),
    "only the resource link": (
        Role.STUDENT,
        {LTI + "roles": [MEMBERSHIP + "Learner"], LTI + "resource_link": {"id": "3623"}, LTI + "custom": None},
    ),
    "email without context": (
        Role.STUDENT,
        NO_PII | {LTI + "roles": [MEMBERSHIP + "Learner"], "email": "s@school.example", LTI + "context": None},
    ),
}


@on_postgresql
@pytest.mark.parametrize(
    ("role", "changes"),
    [*TEACHERS.values(), *STUDENTS.values()],
    ids=[f"teacher, {name}" for name in TEACHERS] + [f"student, {name}" for name in STUDENTS],
)
async def test_valid_launches_open(tool: Tool, role: Role, changes: dict[str, Any]) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = without(tool.platform.body(login.query["nonce"]) | changes)

    response = await browser.post(login, tool.platform.token(body))

    assert response.status_code == 303, response.text
    assert response.headers["location"] == "/welcome"
    assert [launch.role for launch in tool.entered] == [role]
    assert (tool.entered[0].context is None) == (LTI + "context" not in body)
    sessions = await tool.rows(ToolSession)
    assert [session.role for session in sessions] == [role]
    assert await tool.rows(OidcLogin) == []
    assert await tool.rows(AuditEntry) == []


@on_postgresql
@pytest.mark.parametrize(
    "target",
    ["http://localhost/launch", "https://127.0.0.1:8443/x", "tool.example/launch", "launch", "localhost:9000/x"],
)
async def test_the_certifications_targets_are_accepted(tool: Tool, target: str) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform, target_link_uri=target)
    body = tool.platform.body(login.query["nonce"]) | {LTI + "target_link_uri": target}

    assert (await browser.post(login, tool.platform.token(body))).status_code == 303


async def test_a_deep_linking_request_opens_without_resource_link_and_target(tool: Tool) -> None:
    settings = {
        "accept_types": ["link", "file", "html", "ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        "auto_create": True,
        "data": "909708",
        "deep_link_return_url": "https://platform.example/deeplinkresponse.html",
    }
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = without(tool.platform.body(login.query["nonce"]), "resource_link", "target_link_uri") | {
        LTI + "message_type": "LtiDeepLinkingRequest",
        "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": settings,
    }

    assert (await browser.post(login, tool.platform.token(body))).status_code == 303
    assert tool.entered[0].message_type == "LtiDeepLinkingRequest"
    assert tool.entered[0].deep_linking == settings


async def test_a_signature_with_another_key_is_refused(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = tool.platform.body(login.query["nonce"])
    forged = sign({"alg": "RS256", "kid": tool.platform.kid}, body, private_key("mallory"))

    entry = await tool.refused(await browser.post(login, forged), "signature-wrong", 401)
    # Nobody vouches for the name in it.
    assert entry.actor is None


async def test_a_changed_body_is_refused(tool: Tool) -> None:
    import json

    browser = tool.browser()
    login = await browser.login(tool.platform)
    header, _, signature = tool.platform.token(tool.platform.body(login.query["nonce"])).split(".")
    changed = b64(json.dumps(tool.platform.body(login.query["nonce"], sub="1")).encode())

    await tool.refused(await browser.post(login, f"{header}.{changed}.{signature}"), "signature-wrong", 401)
