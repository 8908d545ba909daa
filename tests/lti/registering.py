"""Platforms that register tools, as fakes behind a mocked transport. They share no code with what they test."""

import html
import json
import re
from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from lti_tool.lti import registering
from lti_tool.lti.invites import make_invite
from lti_tool.lti.models import Family
from lti_tool.platforms import quirks
from lti_tool.web.routing import add_routes
from tests.lti.conftest import Tool
from tests.lti.support import fixture

LTI_PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
LTI_TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CANVAS = "https://canvas.instructure.com/lti/"
SCOPES = [
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
]


def configuration(host: str, product: str, **changes: Any) -> dict[str, Any]:
    base = f"https://{host}"
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/auth",
        "token_endpoint": f"{base}/token",
        "jwks_uri": f"{base}/jwks",
        "registration_endpoint": f"{base}/register",
        "scopes_supported": ["openid", *SCOPES],
        LTI_PLATFORM: {
            "product_family_code": product,
            "version": "1.0",
            "messages_supported": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}],
        },
    } | changes


class RegisteringPlatform:
    """Answers for its configuration and its registration endpoint, and remembers what it was asked."""

    def __init__(self, described: dict[str, Any], url: str | None = None, token: str | None = "reg-token") -> None:
        self.described = described
        self.url = url or described["issuer"] + "/.well-known/openid-configuration"
        self.token = token
        self.needs_token_for_configuration = False
        self.status = 200
        self.client_id = "client-77"
        self.outer: dict[str, Any] = {}
        self.inner: dict[str, Any] = {}
        self.asked: list[httpx.Request] = []
        self.registered: list[dict[str, Any]] = []
        self.answer: Callable[[httpx.Request], Awaitable[httpx.Response]] | None = None
        self.describe: Callable[[httpx.Request], Awaitable[httpx.Response]] | None = None

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        bearer = request.headers.get("authorization")
        if request.method == "GET":
            assert str(request.url.host) == urlsplit(self.url).hostname, request.url
            if self.describe is not None:
                return await self.describe(request)
            if self.needs_token_for_configuration and bearer != f"Bearer {self.token}":
                return httpx.Response(401, text="no token")
            return httpx.Response(200, json=self.described)
        assert str(request.url) == self.described["registration_endpoint"]
        if self.answer is not None:
            return await self.answer(request)
        if self.token is not None and bearer != f"Bearer {self.token}":
            return httpx.Response(401, text="missing_registration_token")
        body = json.loads(request.content)
        self.registered.append(body)
        answer = {"client_id": self.client_id, **body, **self.outer, LTI_TOOL: body[LTI_TOOL] | self.inner}
        return httpx.Response(self.status, json=answer)

    def answers(self, status: int, **content: Any) -> None:
        async def answer(_request: httpx.Request) -> httpx.Response:
            return httpx.Response(status, **content)

        self.answer = answer

    def describes(self, status: int, **content: Any) -> None:
        async def describe(_request: httpx.Request) -> httpx.Response:
            return httpx.Response(status, **content)

        self.describe = describe

    def __repr__(self) -> str:
        return self.described["issuer"]


def moodle(host: str = "moodle.school.example") -> RegisteringPlatform:
    """Moodle 4.5.6 as it was captured, on another host."""
    text = json.dumps(fixture("moodle-4.5-registration.json")["openid_configuration"])
    described = json.loads(text.replace("http://moodle.localhost:8090", f"https://{host}"))
    platform = RegisteringPlatform(described, described["issuer"] + "/mod/lti/openid-configuration.php")
    platform.client_id, platform.inner = "lQMXFzuckDh6ykh", {"deployment_id": "3", "version": "1.3.0"}
    return platform


def canvas(school: str = "school.instructure.com") -> RegisteringPlatform:
    """Hosted Canvas: one issuer, a school's own address to register at, a third one to sign in; 201 and no deployment."""
    described = configuration("sso.canvaslms.com", "canvas", issuer="https://canvas.instructure.com")
    described["registration_endpoint"] = f"https://{school}/api/lti/registrations"
    described["authorization_server"] = "sso.canvaslms.com"
    described["scopes_supported"].append("https://purl.imsglobal.org/spec/lti/scope/noticehandlers")
    described[LTI_PLATFORM] = {
        "product_family_code": "canvas",
        "version": "vCloud",
        CANVAS + "account_name": "Springfield Schools",
        "messages_supported": [
            {"type": "LtiResourceLinkRequest", "placements": [CANVAS + "course_navigation", "module_menu"]},
            {"type": "LtiDeepLinkingRequest", "placements": ["assignment_selection", "link_selection"]},
        ],
    }
    url = "https://sso.canvaslms.com/api/lti/security/openid-configuration?registration_token=reg-token&x=a%2Fb|c"
    platform = RegisteringPlatform(described, url)
    platform.needs_token_for_configuration, platform.status, platform.client_id = True, 201, "10000000000068"
    return platform


def brightspace() -> RegisteringPlatform:
    """Brightspace: one token endpoint for all, with an audience of its own, and no deployment in the answer."""
    described = configuration("school.brightspace.example", "desire2learn")
    described["token_endpoint"] = "https://auth.brightspace.com/core/connect/token"
    described["authorization_server"] = "https://api.brightspace.com/auth/token"
    return RegisteringPlatform(described)


def sakai() -> RegisteringPlatform:
    """Sakai: types as strings with placements beside them, and a deployment that is a number."""
    described = configuration("sakai.school.example", "sakailms.org")
    described[LTI_PLATFORM] |= {
        "messages_supported": ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"],
        "placements": ["ContentArea"],
    }
    platform = RegisteringPlatform(described)
    platform.inner = {"deployment_id": 1}
    return platform


def blackboard() -> RegisteringPlatform:
    """Blackboard's developer portal: one issuer for all schools, its addresses on the portal's hosts, and no deployment."""
    described = configuration("developer.anthology.com", "BlackboardLearn", issuer="https://blackboard.com")
    described["authorization_endpoint"] = "https://developer.anthology.com/api/v1/gateway/oidcauth"
    described["token_endpoint"] = "https://developer.anthology.com/api/v1/gateway/oauth2/jwttoken"
    described["jwks_uri"] = "https://developer.blackboard.com/api/v1/management/applications/77/jwks.json"
    return RegisteringPlatform(described, "https://developer.anthology.com/.well-known/openid-configuration")


class Administrator:
    """Somebody with an LMS and an invitation, driving the page as a browser does."""

    def __init__(self, tool: Tool, platform: RegisteringPlatform) -> None:
        self.tool = tool
        self.client = tool.browser().client
        self.calls(platform)

    def calls(self, platform: RegisteringPlatform) -> None:
        self.platform = platform
        self.tool.protocol.http = httpx.AsyncClient(transport=httpx.MockTransport(platform.handle))

    async def invited(
        self, lms: Family = Family.OTHER, life: timedelta = timedelta(days=1), registration_id: Any = None
    ) -> str:
        async with self.tool.database.writing() as session:
            _, self.code = await make_invite(
                session,
                organisation_id=self.tool.organisation_id,
                now=self.tool.clock.now(),
                lms=lms,
                life=life,
                registration_id=registration_id,
            )
        return self.code

    async def opens(self, **changes: str | None) -> httpx.Response:
        given: dict[str, str | None] = {
            "invite": self.code,
            "openid_configuration": self.platform.url,
            "registration_token": self.platform.token,
        }
        query = {name: value for name, value in (given | changes).items() if value is not None}
        return await self.client.get("/lti/register?" + urlencode(query))

    async def confirms(self, page: httpx.Response, **changes: str) -> httpx.Response:
        """Submit the first form that posts, by its first button."""
        assert page.status_code == 200, page.text
        form = re.search(r'<form[^>]*method="post"[^>]*>(.*?)</form>', page.text, re.DOTALL)
        assert form
        assert re.search(r'<button type="submit"', form[1])
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[1])
        data = {name: html.unescape(value) for name, value in fields} | changes
        return await self.client.post("/lti/register", data=data)

    async def registers(self) -> httpx.Response:
        return await self.confirms(await self.opens())


def administrator(tool: Tool, platform: RegisteringPlatform) -> Administrator:
    if not hasattr(tool.app.state, "quirks_of"):
        tool.app.state.quirks_of = quirks
        add_routes(tool.app, registering.routes)
    return Administrator(tool, platform)


def changed(described: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return deepcopy(described) | changes
