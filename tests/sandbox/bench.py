"""What the tests of the test bench share: a browser somebody is signed in with, an administrator, a tool that registers."""

import re
import secrets
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from lti_tool.sandbox.claims import ALL_SCOPES, LTI
from lti_tool.sandbox.models import Module, Person
from lti_tool.sandbox.registration_body import TOOL_CONFIGURATION
from lti_tool.sandbox.special_messages import DL
from lti_tool.sandbox.store import add_person
from tests.sandbox.conftest import BASE, TOOL, Lms, client_of
from tests.sandbox.test_oidc import form_of

LINK = f"{TOOL}/lti/register?invite=abc"


async def browser(lms: Lms, person: Person) -> httpx.AsyncClient:
    """A browser with this person signed in; redirects are followed."""
    client = client_of(lms.app, follow_redirects=True)
    answer = await client.post("/login", data={"login": person.login, "next": "/login"})
    assert answer.status_code == 200, answer.text
    return client


async def add_administrator(lms: Lms) -> Person:
    """An administrator of the LMS, who is in no course."""
    async with lms.platform.store.writing() as session:
        return await add_person(
            session, login="boss", given_name="Ada", family_name="Min", kind="administrator", now=lms.platform.now()
        )


def body(**changes: Any) -> dict[str, Any]:
    """A registration that is right, but for the changes."""
    return {
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "response_types": ["id_token"],
        "redirect_uris": [f"{TOOL}/lti/launch"],
        "initiate_login_uri": f"{TOOL}/lti/login",
        "client_name": "Paths",
        "jwks_uri": f"{TOOL}/.well-known/jwks.json",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(ALL_SCOPES),
        TOOL_CONFIGURATION: configuration(),
    } | changes


def configuration(**changes: Any) -> dict[str, Any]:
    """The LTI part of a registration that is right, but for the changes."""
    return {
        "domain": "localhost:8000",
        "description": "A path for everybody",
        "target_link_uri": f"{TOOL}/lti/launch",
        "claims": ["iss", "sub", "name"],
        "custom_parameters": {"course": "$Canvas.course.id"},
        "messages": [
            {"type": "LtiResourceLinkRequest", "placements": ["https://canvas.instructure.com/lti/course_navigation"]},
            {"type": "LtiDeepLinkingRequest", "placements": ["link_selection"], "custom_parameters": {"pick": "yes"}},
            {"type": "LtiSubmissionReviewRequest"},
        ],
    } | changes


async def begin(boss: httpx.AsyncClient, link: str = LINK, path: str = "/admin/tools/add") -> tuple[str, str, str]:
    """Open a registration link: the page's address, and what the tool is opened with (configuration address, token)."""
    page = await boss.post(path, data={"link": link})
    assert page.status_code == 200, page.text
    framed = re.search(r'<iframe class="tool" src="([^"]*)"', page.text)
    assert framed, page.text
    query = parse_qs(urlsplit(unescape(framed[1])).query)
    return str(page.url), query["openid_configuration"][0], query["registration_token"][0]


async def register(lms: Lms, token: str, sent: dict[str, Any] | None = None) -> httpx.Response:
    """What the tool sends to the registration endpoint."""
    return await lms.http.post(
        "/api/lti/registrations", json=sent or body(), headers={"Authorization": f"Bearer {token}"}
    )


async def claims_of(lms: Lms, person: httpx.AsyncClient, frame: str) -> dict[str, Any]:
    """The claims of the message that a page of the LMS opens the tool with, after a right authorization request."""
    _, begun = form_of(await person.get(frame))
    asked = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": lms.tool.client_id,
        "redirect_uri": f"{TOOL}/lti/launch",
        "login_hint": begun["login_hint"],
        "lti_message_hint": begun["lti_message_hint"],
        "state": "s",
        "nonce": secrets.token_urlsafe(8),
    }
    _, fields = form_of(await person.get(lms.platform.settings.authorization_url, params=asked))
    assert "id_token" in fields, fields
    keys = KeySet.import_key_set((await lms.http.get(lms.platform.settings.jwks_url)).json())
    claims: dict[str, Any] = jwt.decode(fields["id_token"], keys, algorithms=["RS256"]).claims
    return claims


async def add_module(lms: Lms) -> Module:
    """An empty module of the course."""
    async with lms.platform.store.writing() as session:
        module = Module(course_id=lms.course.id, name="Unit 1", position=1)
        session.add(module)
        await session.flush()
        return module


def answer(lms: Lms, asked: dict[str, Any], *items: dict[str, Any], key: RSAKey | None = None, **changes: Any) -> str:
    """The signed answer to a request to pick content, right but for the changes (a claim of None is left out)."""
    now = int(lms.platform.now().timestamp())
    signer = key or lms.keys[0]
    claims = {
        "iss": lms.tool.client_id,
        "aud": BASE,
        "iat": now,
        "exp": now + 300,
        "nonce": secrets.token_urlsafe(8),
        f"{LTI}/deployment_id": lms.tool.deployment_id,
        f"{LTI}/message_type": "LtiDeepLinkingResponse",
        f"{LTI}/version": "1.3.0",
        f"{DL}/data": asked[f"{DL}/deep_linking_settings"]["data"],
        f"{DL}/content_items": list(items),
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": signer.kid}, kept, signer)
