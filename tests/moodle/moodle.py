"""A Moodle to launch from and to send scores to, as Moodle 4.5.6 was seen to behave. It shares no code with what it tests.

It answers as an httpx transport and not as an ASGI application, because Moodle says why it refuses a score in the HTTP
reason phrase, which ASGI cannot carry. Everything that is asked of it stands in ``asked``.
"""

import base64
import html
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.lti.support import private_key, public_jwk, sign
from tests.moodle.services import Gradebook, Scope, Users

ROOT = "http://moodle.localhost:8090"
TOOL = "http://tool.localhost:8000"
CLIENT_ID = "kQz3VvLwT0aYb7c"
TYPE_ID = "2"
COURSE = "8"
KID = "4f1c09a7d2e85b36aa10"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
ALL_SCOPES = tuple(scope.value for scope in Scope)

FetchKeys = Callable[[str], Awaitable[dict[str, Any]]]


@dataclass
class Activity:
    """An External tool activity: ``cmid`` stands in Moodle's addresses, ``instance`` is the resource link's id."""

    cmid: int
    instance: int
    name: str
    graded: bool = True


@dataclass
class Answered:
    """A request and what Moodle answered."""

    request: httpx.Request
    response: httpx.Response

    @property
    def path(self) -> str:
        """The address's path."""
        return self.request.url.path

    @property
    def body(self) -> Any:
        """What was sent, as JSON or as a form's fields."""
        if self.request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.request.content.decode()))
        return json.loads(self.request.content) if self.request.content else None


@dataclass
class Moodle:
    """One site with one course. ``ahead`` is how far its clock is ahead of the tool's; ``fetch_keys`` reads the tool's keys."""

    fetch_keys: FetchKeys
    users: Users
    ahead: timedelta = timedelta()
    shares_names: bool = True
    offers_names_and_roles: bool = True
    permitted: tuple[str, ...] = ALL_SCOPES
    activities: list[Activity] = field(default_factory=lambda: [Activity(66, 3, "My playlists")])
    asked: list[Answered] = field(default_factory=list)
    token_life: int = 3600

    def __post_init__(self) -> None:
        self.signing: rsa.RSAPrivateKey = private_key("moodle")
        self.gradebook = Gradebook(ROOT, COURSE, TYPE_ID, self.users, self.shares_names)
        self._hints: dict[str, tuple[str, dict[str, Any]]] = {}
        self._tokens: dict[str, tuple[tuple[str, ...], datetime]] = {}
        self._after: Callable[[Answered], Awaitable[None]] | None = None
        for activity in self.activities:
            if activity.graded:
                self.gradebook.add_column(activity.name, 100, link=str(activity.instance))

    def now(self) -> datetime:
        """What its clock says."""
        return datetime.now(UTC) + self.ahead

    def after_each_answer(self, call: Callable[[Answered], Awaitable[None]] | None) -> None:
        """Call this when Moodle has done what was asked, before the tool hears of it."""
        self._after = call

    def sent(self, ending: str) -> list[Answered]:
        """What was asked at addresses whose path ends so."""
        return [one for one in self.asked if one.path.endswith(ending)]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        await request.aread()
        answered = Answered(request, await self._answer(request))
        self.asked.append(answered)
        if self._after is not None:
            await self._after(answered)
        return answered.response

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/mod/lti/certs.php":
            key = public_jwk(self.signing, KID, alg="RS256", use="sig")
            return httpx.Response(200, json={"keys": [key]})
        if path == "/mod/lti/token.php":
            return await self._token(request)
        if path == "/mod/lti/auth.php":
            return self._authorize(request)
        if path.startswith("/mod/lti/services.php"):
            scopes, until = self._tokens.get(
                request.headers.get("authorization", "").removeprefix("Bearer "), ((), self.now())
            )
            return self.gradebook.answer(request, scopes if until > self.now() else ())
        return page(404)

    def share_names(self, *, share: bool) -> None:
        """The tool's privacy setting, which holds for launches and for the roster."""
        self.shares_names = self.gradebook.shares_names = share

    def end_tokens(self) -> None:
        """Every access token counts no longer."""
        self._tokens.clear()

    # --- Launches -----------------------------------------------------------------------------------------------------

    def begin(self, user_id: str, kind: str = "LtiResourceLinkRequest", **more: Any) -> dict[str, str]:
        """The form that Moodle posts to the tool's login address when ``user_id`` opens the activity."""
        activity = self.activities[0]
        launch_id = f"ltilaunch3_{secrets.randbelow(10**9)}"
        hint: dict[str, Any] = {"launchid": launch_id}
        if kind != "LtiDeepLinkingRequest":
            hint = {"cmid": activity.cmid, **hint}
        # As PHP writes JSON: without spaces.
        text = json.dumps(hint, separators=(",", ":"))
        self._hints[text] = (user_id, {"kind": kind, **more})
        return {
            "iss": ROOT,
            "target_link_uri": f"{TOOL}/lti/launch",
            "login_hint": user_id,
            "lti_message_hint": text,
            "client_id": CLIENT_ID,
            "lti_deployment_id": TYPE_ID,
        }

    def _authorize(self, request: httpx.Request) -> httpx.Response:
        """``auth.php``: some mistakes are posted back, others end on a page of Moodle's own."""
        given = dict(parse_qsl(urlsplit(str(request.url)).query))
        session = re.search(r"MoodleSession=(\w+)", request.headers.get("cookie", ""))
        if session is None:
            return page(200, '<form action="" method="post"><input name="repost" value="1"></form>')
        state = given.get("state", "")
        known = self._hints.get(given.get("lti_message_hint", ""))
        if (
            given.get("scope") != "openid"
            or given.get("response_type") != "id_token"
            or given.get("redirect_uri") != f"{TOOL}/lti/launch"
            or not given.get("nonce")
            or known is None
            or known[0] != session[1]
        ):
            return page(404)
        if given.get("client_id") != CLIENT_ID:
            return _posted({"error": "unauthorized_client", "state": state})
        if given.get("login_hint") != session[1]:
            return _posted({"error": "access_denied", "state": state})
        for name, right in (("response_mode", ("form_post",)), ("prompt", ("none", None))):
            if given.get(name) not in right:
                wrong = {"error": "invalid_request", "error_description": f"Invalid {name}", "state": state}
                return _posted(wrong)
        del self._hints[given["lti_message_hint"]]
        body = self.claims(*known) | {"nonce": given["nonce"]}
        return _posted(
            {"id_token": sign({"typ": "JWT", "alg": "RS256", "kid": KID}, body, self.signing), "state": state}
        )

    def claims(self, user_id: str, message: dict[str, Any]) -> dict[str, Any]:
        """What Moodle says in a message: of a teacher, a student, an administrator of the site."""
        user, activity = self.users[user_id], self.activities[0]
        deep = message["kind"] == "LtiDeepLinkingRequest"
        # To the second, as PHP's time().
        now = int(self.now().timestamp())
        services = f"{ROOT}/mod/lti/services.php"
        custom: dict[str, Any] = {
            "v_person_name_full": user.name if self.shares_names else None,
            "v_resourcelink_id": None if deep else str(activity.instance),
            "v_context_id_history": "",
            "v_message_locale": "$Message.locale",
            "v_results_url": "",
        }
        body: dict[str, Any] = {
            "iat": now,
            "exp": now + 60,
            "iss": ROOT,
            "aud": CLIENT_ID,
            LTI + "deployment_id": TYPE_ID,
            LTI + "target_link_uri": f"{TOOL}/lti/launch",
            "sub": user_id,
            LTI + "lis": {"person_sourcedid": "", "course_section_sourcedid": ""},
            LTI + "roles": user.launch_roles,
            LTI + "context": {"id": COURSE, "label": "ALG1", "title": "Algebra 1", "type": ["CourseSection"]},
            LTI + "message_type": message["kind"],
            LTI + "ext": {"lms": "moodle-2"},
            LTI + "launch_presentation": {"locale": message.get("locale", "en")},
            LTI + "tool_platform": {
                "product_family_code": "moodle",
                "version": "2024100706",
                "guid": "ab",
                "name": "TM",
            },
            LTI + "version": "1.3.0",
            LTI + "custom": custom,
            "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
                "scope": [scope for scope in self.permitted if "lti-ags" in scope],
                "lineitems": f"{services}/{COURSE}/lineitems?type_id={TYPE_ID}",
            },
        }
        if self.shares_names:
            body |= {"name": user.name, "given_name": user.given, "family_name": user.family, "email": user.email}
            body[LTI + "ext"]["user_username"] = user.username
        if self.offers_names_and_roles:
            members = f"{services}/CourseSection/{COURSE}/bindings/{TYPE_ID}/memberships"
            custom["context_memberships_url"] = members
            body["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"] = {
                "context_memberships_url": members,
                "service_versions": ["1.0", "2.0"],
            }
        if deep:
            body.pop(LTI + "lis")
            body["https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"] = {
                "accept_types": ["ltiResourceLink"],
                "accept_presentation_document_targets": ["frame", "iframe", "window"],
                "accept_multiple": True,
                "auto_create": False,
                "deep_link_return_url": f"{ROOT}/mod/lti/contentitem_return.php?course={COURSE}&id=2&sesskey=Ab3dEf6hIj",
                "title": "Playlists",
                "text": "",
            }
            return body
        body[LTI + "resource_link"] = {"title": activity.name, "description": "", "id": str(activity.instance)}
        body[LTI + "launch_presentation"] |= {
            "document_target": "iframe",
            "return_url": f"{ROOT}/mod/lti/return.php?course={COURSE}&launch_container=2&instanceid=3&sesskey=Ab3dEf6hIj",
        }
        if activity.graded:
            sourced = {
                "data": {"instanceid": "3", "userid": user_id, "launchid": secrets.randbelow(10**9)},
                "hash": "0f",
            }
            body["https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"] = {
                "lis_result_sourcedid": json.dumps(sourced),
                "lis_outcome_service_url": f"{ROOT}/mod/lti/service.php",
            }
            item = self.gradebook.only_column_of(str(activity.instance))
            if item is not None:
                body["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["lineitem"] = self.gradebook.address(
                    item
                )
        if "for_user" in message:
            body[LTI + "for_user"] = {"user_id": message["for_user"]}
        return body

    # --- Tokens -------------------------------------------------------------------------------------------------------

    async def _token(self, request: httpx.Request) -> httpx.Response:
        """``token.php``: JSON that calls itself text/html. A wrong aud, iss or jti is nothing to it; an iat ahead is."""
        form = dict(parse_qsl(request.content.decode()))
        kind = request.headers.get("content-type", "").partition(";")[0]
        if (
            request.method != "POST"
            or kind != "application/x-www-form-urlencoded"
            or form.get("grant_type") != "client_credentials"
            or form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            or not form.get("client_assertion")
            or not form.get("scope")
        ):
            return _token_error("invalid_request")
        wrong = await self._check_assertion(form["client_assertion"])
        if wrong is not None:
            return wrong
        granted = [scope for scope in form["scope"].split() if scope in self.permitted]
        if not granted:
            return _token_error("invalid_scope")
        token = secrets.token_hex(16)
        self._tokens[token] = (tuple(granted), self.now() + timedelta(seconds=self.token_life))
        said = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.token_life,
            "scope": " ".join(granted),
        }
        return httpx.Response(200, content=json.dumps(said), headers={"Content-Type": "text/html; charset=utf-8"})

    async def _check_assertion(self, assertion: str) -> httpx.Response | None:
        head, payload, signature = assertion.split(".")
        header, body = _json(head), _json(payload)
        if body.get("sub") != CLIENT_ID:
            return _token_error("invalid_client")
        if header.get("alg") != "RS256":
            return _token_error("Algorithm not supported")
        published = (await self.fetch_keys(f"{TOOL}/.well-known/jwks.json"))["keys"]
        jwk = next((key for key in published if key["kid"] == header.get("kid")), None)
        if jwk is None:
            broken = '{\n  "error" : ""kid" invalid, unable to lookup correct key"\n}'
            return httpx.Response(400, content=broken, headers={"Content-Type": "text/html; charset=utf-8"})
        key = rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
        try:
            key.verify(_bytes(signature), f"{head}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return _token_error("Signature verification failed")
        now = self.now().timestamp()
        if "iat" in body and body["iat"] > now:
            return _token_error("Cannot handle token with iat prior to the present")
        return _token_error("Expired token") if "exp" in body and now >= body["exp"] else None


def page(status: int, text: str = "Error | TM") -> httpx.Response:
    """A page of Moodle's own."""
    body = f'<!DOCTYPE html><html lang="en"><head><title>TM</title></head><body>{text}</body></html>'
    return httpx.Response(status, html=body)


def form_of(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    """The form that a page of Moodle posts to the tool: address and fields."""
    action = re.search(r'<form action="([^"]+)"', answer.text)
    assert action is not None, f"no form in {answer.text[:200]}"
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', answer.text)
    return html.unescape(action[1]), {name: html.unescape(value) for name, value in fields}


def query_of(address: str) -> dict[str, str]:
    """An address's query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def _posted(fields: dict[str, str]) -> httpx.Response:
    inputs = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in fields.items()
    )
    return page(200, f'<form action="{TOOL}/lti/launch" method="post">{inputs}</form>')


def _token_error(word: str) -> httpx.Response:
    return httpx.Response(
        400, content=json.dumps({"error": word}), headers={"Content-Type": "text/html; charset=utf-8"}
    )


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_bytes(text))
    return found


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")
