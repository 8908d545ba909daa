"""A launch says who comes, to whom and from where; whatever is not in order gets no id_token."""

import re
import secrets
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from fastapi import Response
from joserfc import jwt
from joserfc.jwk import KeySet

from lti_tool.sandbox.claims import AGS_CLAIM, ALL_SCOPES, LTI, NRPS_CLAIM
from lti_tool.sandbox.models import LineItem, Module, ModuleItem, Person
from lti_tool.sandbox.oidc import LaunchNotPossible, launch_form
from lti_tool.sandbox.sessions import FRAMED_COOKIE, sign_in
from lti_tool.sandbox.store import add_person, add_resource_link, enrol
from tests.sandbox.conftest import BASE, TOOL, Lms

AUTHORIZE = "/api/lti/authorize_redirect"
LIS = "http://purl.imsglobal.org/vocab/lis/v2"


def form_of(page: httpx.Response) -> tuple[str, dict[str, str]]:
    """The address and fields of the page's form."""
    action = re.search(r'<form method="post" action="([^"]*)"', page.text)
    assert action, page.text
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return unescape(action[1]), {unescape(name): unescape(value) for name, value in fields}


async def signed_in(lms: Lms, person: Person) -> dict[str, str]:
    """The cookie of a browser where this person is signed in."""
    response = Response()
    await sign_in(lms.platform, response, person)
    cookies = [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]
    assert len(cookies) == 2
    assert "SameSite=lax" in cookies[0]
    assert "HttpOnly" in cookies[0]
    assert "SameSite=none" in cookies[1]
    assert "Secure" in cookies[1]
    return {"Cookie": cookies[0].split(";")[0]}


async def request_for(lms: Lms, person: Person, **place: Any) -> dict[str, str]:
    """The authorization request a right tool makes of the platform's login request."""
    place = place or {"tool_id": lms.tool.id}
    form = await launch_form(lms.platform, person_id=person.id, course_id=lms.course.id, **place)
    return {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": form.fields["client_id"],
        "redirect_uri": f"{TOOL}/lti/launch",
        "login_hint": form.fields["login_hint"],
        "lti_message_hint": form.fields["lti_message_hint"],
        "state": 'a "state" & more',
        "nonce": secrets.token_urlsafe(8),
    }


async def launch(lms: Lms, person: Person, **place: Any) -> dict[str, Any]:
    """The claims of a launch, after checking the signature against the published key set."""
    asked = await request_for(lms, person, **place)
    page = await lms.http.get(AUTHORIZE, params=asked, headers=await signed_in(lms, person))
    _, fields = form_of(page)
    assert "id_token" in fields, fields
    keys = KeySet.import_key_set((await lms.http.get("/api/lti/security/jwks")).json())
    token = jwt.decode(fields["id_token"], keys, algorithms=["RS256"])
    assert token.header["kid"] in {key.kid for key in keys.keys}
    assert token.claims["nonce"] == asked["nonce"]
    return token.claims


async def test_the_login_request_names_platform_person_and_launch(lms: Lms) -> None:
    form = await launch_form(lms.platform, person_id=lms.teacher.id, course_id=lms.course.id, tool_id=lms.tool.id)
    assert form.action == f"{TOOL}/lti/login"
    assert form.fields["iss"] == BASE
    assert form.fields["client_id"] == lms.tool.client_id
    assert form.fields["login_hint"] == lms.teacher.lti_id
    assert form.fields["target_link_uri"] == f"{TOOL}/lti/launch"
    assert form.fields["lti_deployment_id"] == form.fields["deployment_id"] == lms.tool.deployment_id
    assert form.fields["lti_message_hint"] not in repr(form)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_right_request_posts_token_and_state_to_the_tool(lms: Lms, method: str) -> None:
    asked = await request_for(lms, lms.teacher)
    sent = {"params": asked} if method == "GET" else {"data": asked}
    page = await lms.http.request(method, AUTHORIZE, headers=await signed_in(lms, lms.teacher), **sent)
    action, fields = form_of(page)
    assert page.status_code == 200
    assert action == f"{TOOL}/lti/launch"
    assert set(fields) == {"id_token", "state"}
    assert fields["state"] == asked["state"]
    assert page.headers["cache-control"] == "no-store"
    assert "script-src 'sha256-" in page.headers["content-security-policy"]


async def test_the_framed_cookie_alone_is_enough(lms: Lms) -> None:
    asked = await request_for(lms, lms.teacher)
    value = (await signed_in(lms, lms.teacher))["Cookie"].partition("=")[2]
    page = await lms.http.get(AUTHORIZE, params=asked, headers={"Cookie": f"{FRAMED_COOKIE}={value}"})
    assert "id_token" in form_of(page)[1]


async def test_a_teachers_launch_from_course_navigation(lms: Lms) -> None:
    claims = await launch(lms, lms.teacher)
    now = int(lms.platform.now().timestamp())
    assert (claims["iss"], claims["aud"], claims["azp"]) == (BASE, lms.tool.client_id, lms.tool.client_id)
    assert (claims["iat"], claims["exp"]) == (now, now + 300)
    assert claims["sub"] == lms.teacher.lti_id
    assert (claims["name"], claims["given_name"], claims["family_name"]) == ("Thea Cher", "Thea", "Cher")
    assert "email" not in claims
    assert claims[f"{LTI}/version"] == "1.3.0"
    assert claims[f"{LTI}/message_type"] == "LtiResourceLinkRequest"
    assert claims[f"{LTI}/deployment_id"] == lms.tool.deployment_id
    assert claims[f"{LTI}/target_link_uri"] == f"{TOOL}/lti/launch"
    assert claims[f"{LTI}/roles"] == [
        f"{LIS}/institution/person#Instructor",
        f"{LIS}/membership#Instructor",
        f"{LIS}/system/person#User",
    ]
    assert claims[f"{LTI}/context"] == {
        "id": lms.course.context_id,
        "label": "MATH-5",
        "title": "Fractions",
        "type": [f"{LIS}/course#CourseOffering"],
    }
    assert claims[f"{LTI}/resource_link"] == {"id": lms.course.context_id, "title": "Playlists"}
    assert claims[f"{LTI}/tool_platform"]["product_family_code"] == "canvas"
    assert claims[f"{LTI}/tool_platform"]["name"] == "Sandbox LMS"
    assert claims[f"{LTI}/launch_presentation"] == {
        "document_target": "iframe",
        "locale": "en",
        "return_url": f"{BASE}/courses/{lms.course.id}",
    }
    assert claims[AGS_CLAIM] == {
        "scope": [scope for scope in ALL_SCOPES if "ags" in scope],
        "lineitems": f"{BASE}/api/lti/courses/{lms.course.id}/line_items",
    }
    assert claims[NRPS_CLAIM] == {
        "context_memberships_url": f"{BASE}/api/lti/courses/{lms.course.id}/names_and_roles",
        "service_versions": ["2.0"],
    }
    assert f"{LTI}/role_scope_mentor" not in claims


async def test_custom_values_are_resolved_and_the_unknown_stay_literal(lms: Lms) -> None:
    custom = (await launch(lms, lms.student))[f"{LTI}/custom"]
    assert custom["canvas_course_id"] == str(lms.course.id)
    assert custom["canvas_user_id"] == str(lms.student.id)
    assert custom["canvas_api_domain"] == "127.0.0.1:8001"
    assert custom["canvas_assignment_id"] == "$Canvas.assignment.id"
    assert custom["canvas_module_item_id"] == "$Canvas.moduleItem.id"


async def test_a_students_and_an_observers_roles(lms: Lms) -> None:
    student = await launch(lms, lms.student)
    assert f"{LIS}/membership#Learner" in student[f"{LTI}/roles"]
    observer = await launch(lms, lms.observer)
    assert f"{LIS}/membership#Mentor" in observer[f"{LTI}/roles"]
    assert observer[f"{LTI}/role_scope_mentor"] == [lms.student.lti_id]


async def test_an_administrator_may_open_any_course_without_a_role_in_it(lms: Lms) -> None:
    async with lms.platform.store.writing() as session:
        boss = await add_person(
            session, login="boss", given_name="Ada", family_name="Min", kind="administrator", now=lms.platform.now()
        )
    roles = (await launch(lms, boss))[f"{LTI}/roles"]
    assert roles == [f"{LIS}/institution/person#Administrator", f"{LIS}/system/person#User"]


async def test_an_anonymous_tool_learns_no_names(lms: Lms) -> None:
    async with lms.platform.store.writing() as session:
        (await session.merge(lms.tool)).privacy_level = "anonymous"
    claims = await launch(lms, lms.student)
    assert not {"name", "given_name", "family_name"} & set(claims)
    assert claims["sub"] == lms.student.lti_id


async def _link_in_a_module(lms: Lms) -> tuple[ModuleItem, str]:
    async with lms.platform.store.writing() as session:
        module = Module(course_id=lms.course.id, name="Unit 1", position=1)
        session.add(module)
        link = await add_resource_link(
            session,
            course_id=lms.course.id,
            tool=lms.tool,
            title="My playlist",
            custom={"playlist": "7", "me": "$User.id"},
        )
        await session.flush()
        item = ModuleItem(
            course_id=lms.course.id,
            module_id=module.id,
            type="ExternalTool",
            title="My playlist",
            position=1,
            resource_link_id=link.id,
        )
        session.add(item)
        await session.flush()
    return item, link.lti_id


async def test_a_link_in_a_module_has_its_own_id_and_custom_values(lms: Lms) -> None:
    item, lti_id = await _link_in_a_module(lms)
    claims = await launch(lms, lms.student, module_item_id=item.id, document_target="window")
    assert claims[f"{LTI}/resource_link"] == {"id": lti_id, "title": "My playlist"}
    assert claims[f"{LTI}/custom"]["playlist"] == "7"
    assert claims[f"{LTI}/custom"]["me"] == lms.student.lti_id
    assert claims[f"{LTI}/custom"]["canvas_module_item_id"] == str(item.id)
    assert claims[f"{LTI}/launch_presentation"]["document_target"] == "window"
    assert "lineitem" not in claims[AGS_CLAIM]


@pytest.mark.parametrize("count", [1, 2])
async def test_the_one_line_item_of_a_link_is_named(lms: Lms, count: int) -> None:
    item, lti_id = await _link_in_a_module(lms)
    async with lms.platform.store.writing() as session:
        for _ in range(count):
            line_item = LineItem(
                course_id=lms.course.id,
                tool_id=lms.tool.id,
                label="A",
                score_maximum=1,
                resource_link_id=lti_id,
                created_at=lms.platform.now(),
            )
            session.add(line_item)
    endpoint = (await launch(lms, lms.student, module_item_id=item.id))[AGS_CLAIM]
    expected = f"{BASE}/api/lti/courses/{lms.course.id}/line_items/{line_item.id}"
    assert endpoint.get("lineitem") == (expected if count == 1 else None)


async def test_who_is_not_in_the_course_gets_no_form(lms: Lms) -> None:
    for place in (
        {"person_id": lms.stranger.id, "course_id": lms.course.id},
        {"person_id": lms.teacher.id, "course_id": 99},
    ):
        with pytest.raises(LaunchNotPossible):
            await launch_form(lms.platform, tool_id=lms.tool.id, **place)
    for what in ({"tool_id": 99}, {"module_item_id": 99}, {}):
        with pytest.raises(LaunchNotPossible):
            await launch_form(lms.platform, person_id=lms.teacher.id, course_id=lms.course.id, **what)


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": f"{TOOL}/lti/launch?x=1"},
        {"redirect_uri": f"{TOOL}/lti/launch/"},
        {"redirect_uri": "https://elsewhere.example/lti/launch"},
        {"redirect_uri": None},
    ],
)
async def test_an_unproven_address_is_never_posted_to(lms: Lms, change: dict[str, str | None]) -> None:
    asked = {
        name: value for name, value in ((await request_for(lms, lms.teacher)) | change).items() if value is not None
    }
    page = await lms.http.get(AUTHORIZE, params=asked, headers=await signed_in(lms, lms.teacher))
    assert page.status_code == 400
    assert "<form" not in page.text
    assert "elsewhere" not in page.text


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"scope": "openid profile"}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"response_type": "code"}, "invalid_request"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
        ({"prompt": None}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"nonce": "n" * 301}, "invalid_request"),
        ({"login_hint": None}, "invalid_request"),
        ({"login_hint": "someone-else"}, "login_required"),
        ({"lti_message_hint": None}, "invalid_request"),
        ({"lti_message_hint": "made-up"}, "invalid_request"),
    ],
)
async def test_a_wrong_request_is_an_error_at_the_tool(lms: Lms, change: dict[str, str | None], error: str) -> None:
    asked = {
        name: value for name, value in ((await request_for(lms, lms.teacher)) | change).items() if value is not None
    }
    page = await lms.http.get(AUTHORIZE, params=asked, headers=await signed_in(lms, lms.teacher))
    action, fields = form_of(page)
    assert action == f"{TOOL}/lti/launch"
    assert fields["error"] == error
    assert fields["error_description"]
    assert fields["state"] == asked["state"]
    assert "id_token" not in fields


async def test_without_a_session_login_is_required(lms: Lms) -> None:
    page = await lms.http.get(AUTHORIZE, params=await request_for(lms, lms.teacher))
    assert form_of(page)[1]["error"] == "login_required"


async def test_another_person_in_the_browser_gets_nothing(lms: Lms) -> None:
    asked = await request_for(lms, lms.teacher)
    cookie = await signed_in(lms, lms.student)
    assert form_of(await lms.http.get(AUTHORIZE, params=asked, headers=cookie))[1]["error"] == "login_required"
    # Nor with the right login hint and the other's message hint.
    swapped = asked | {"login_hint": lms.student.lti_id}
    assert form_of(await lms.http.get(AUTHORIZE, params=swapped, headers=cookie))[1]["error"] == "invalid_request"


async def test_a_session_ends_after_a_week(lms: Lms) -> None:
    cookie = await signed_in(lms, lms.teacher)
    lms.clock.move(timedelta(days=7, seconds=1))
    page = await lms.http.get(AUTHORIZE, params=await request_for(lms, lms.teacher), headers=cookie)
    assert form_of(page)[1]["error"] == "login_required"


async def test_a_nonce_works_once_and_a_hint_again(lms: Lms) -> None:
    asked, cookie = await request_for(lms, lms.teacher), await signed_in(lms, lms.teacher)
    assert "id_token" in form_of(await lms.http.get(AUTHORIZE, params=asked, headers=cookie))[1]
    assert form_of(await lms.http.get(AUTHORIZE, params=asked, headers=cookie))[1]["error"] == "invalid_request"
    asked["nonce"] = "nonce-2"
    assert "id_token" in form_of(await lms.http.get(AUTHORIZE, params=asked, headers=cookie))[1]


async def test_hints_can_be_made_to_work_once_as_on_moodle(lms: Lms) -> None:
    lms.platform.behaviour.message_hints_work_once = True
    asked, cookie = await request_for(lms, lms.teacher), await signed_in(lms, lms.teacher)
    assert "id_token" in form_of(await lms.http.get(AUTHORIZE, params=asked, headers=cookie))[1]
    asked["nonce"] = "nonce-2"
    assert form_of(await lms.http.get(AUTHORIZE, params=asked, headers=cookie))[1]["error"] == "invalid_request"


async def test_a_refused_request_does_not_use_up_the_nonce(lms: Lms) -> None:
    asked, cookie = await request_for(lms, lms.teacher), await signed_in(lms, lms.teacher)
    await lms.http.get(AUTHORIZE, params=asked | {"lti_message_hint": "made-up"}, headers=cookie)
    assert "id_token" in form_of(await lms.http.get(AUTHORIZE, params=asked, headers=cookie))[1]


async def test_a_hint_ends_after_an_hour(lms: Lms) -> None:
    asked, cookie = await request_for(lms, lms.teacher), await signed_in(lms, lms.teacher)
    lms.clock.move(timedelta(hours=1))
    assert form_of(await lms.http.get(AUTHORIZE, params=asked, headers=cookie))[1]["error"] == "invalid_request"


async def test_who_left_the_course_meanwhile_is_refused(lms: Lms) -> None:
    asked, cookie = await request_for(lms, lms.student), await signed_in(lms, lms.student)
    async with lms.platform.store.writing() as session:
        (await enrol(session, lms.course, lms.student, "student", lms.platform.now())).active = False
    assert form_of(await lms.http.get(AUTHORIZE, params=asked, headers=cookie))[1]["error"] == "access_denied"


async def test_a_new_key_signs_and_the_old_stays_published_unless_forgotten(lms: Lms) -> None:
    before = [key["kid"] for key in (await lms.http.get("/api/lti/security/jwks")).json()["keys"]]
    kid = (await lms.http.post("/_control/keys/rotate", json={})).json()["kid"]
    after = (await lms.http.get("/api/lti/security/jwks")).json()["keys"]
    assert [key["kid"] for key in after] == [kid, *before]
    assert all(set(key) >= {"kty", "n", "e", "alg", "use"} and "d" not in key for key in after)
    await launch(lms, lms.teacher)
    last = (await lms.http.post("/_control/keys/rotate", json={"forget_old": True})).json()["kid"]
    assert [key["kid"] for key in (await lms.http.get("/api/lti/security/jwks")).json()["keys"]] == [last]
