"""A platform to launch from: honest by default, as hostile as a test wants it. It shares no code with what it tests."""

import base64
import html
import json
import re
import uuid
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from joserfc.jwk import RSAKey

from lti_tool.clock import ManualClock

FIXTURES = Path(__file__).parent / "fixtures"
TOOL = "https://tool.school.example"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text("utf-8"))


@lru_cache
def private_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key per name, made once per run: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@lru_cache
def signing_key(name: str) -> RSAKey:
    """The same as the tool signs with it, parsed once per run: parsing takes as long as thirty launches."""
    return RSAKey.import_key(pem(private_key(name)))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_jwk(key: rsa.RSAPrivateKey, kid: str, **members: Any) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    jwk = {"kty": "RSA", "kid": kid, "n": b64(numbers.n.to_bytes(size, "big")), "e": b64(numbers.e.to_bytes(3, "big"))}
    return jwk | members


def sign(header: dict[str, Any], body: object, key: rsa.RSAPrivateKey) -> str:
    signed = b64(json.dumps(header).encode()) + "." + b64(json.dumps(body).encode())
    return signed + "." + b64(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def claims_of(sub: str = "39890", **changes: Any) -> dict[str, Any]:
    """The claims of the certification suite's first valid teacher launch, times and nonce apart."""
    body = deepcopy(fixture("certification-teacher.json"))
    body["sub"] = sub
    return body | changes


class Platform:
    """Answers for one issuer over a mocked transport: key set and tokens. Signs what it is told to."""

    def __init__(self, clock: ManualClock, name: str = "platform", client_id: str = "imstester_1") -> None:
        self.clock = clock
        self.name = name
        self.client_id = client_id
        self.issuer = f"https://{name}.example"
        self.deployment_id = "testdeploy"
        self.kid = f"{name}-key-1"
        self.signing = private_key(name)
        self.jwks: list[dict[str, Any]] = [public_jwk(self.signing, self.kid, alg="RS256", use="sig")]
        self.down = False
        self.jwks_fetches = 0
        self.answers: dict[str, Callable[[httpx.Request], httpx.Response]] = {}

    def columns(self, organisation_id: uuid.UUID | None, now: datetime) -> dict[str, Any]:
        return {
            "organisation_id": organisation_id,
            "name": self.name,
            "issuer": self.issuer,
            "client_id": self.client_id,
            "auth_login_url": f"{self.issuer}/auth?tenant=7",
            "token_url": f"{self.issuer}/token",
            "jwks_url": f"{self.issuer}/jwks",
            "created_at": now,
        }

    def rotate(self, kid: str) -> None:
        self.kid = kid
        self.signing = private_key(kid)
        self.jwks = [public_jwk(self.signing, kid)]

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("the platform is down", request=request)
        if request.url.path == "/jwks":
            self.jwks_fetches += 1
            return httpx.Response(200, json={"keys": self.jwks})
        return self.answers[request.url.path](request)

    def login_request(self, **changes: str | None) -> dict[str, str]:
        given: dict[str, str | None] = {
            "iss": self.issuer,
            "login_hint": "user-1",
            "target_link_uri": f"{TOOL}/lti/launch",
            "client_id": self.client_id,
            "lti_message_hint": '{"cmid":66,"launchid":"ltilaunch3_17"}',
            "lti_deployment_id": self.deployment_id,
        }
        return {name: value for name, value in (given | changes).items() if value is not None}

    def body(self, nonce: str, **changes: Any) -> dict[str, Any]:
        now = int(self.clock.now().timestamp())
        base = claims_of() | {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": nonce}
        base[LTI + "deployment_id"] = self.deployment_id
        base[LTI + "target_link_uri"] = f"{TOOL}/lti/launch"
        return base | changes

    def token(self, body: object, **header: Any) -> str:
        return sign({"alg": "RS256", "typ": "JWT", "kid": self.kid} | header, body, self.signing)


class Browser:
    """A browser that keeps the tool's cookies. ``forget`` makes it one that blocks them."""

    def __init__(self, app: Any) -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=TOOL, headers={"Accept-Language": "en"}
        )

    async def login(self, platform: Platform, method: str = "POST", **changes: str | None) -> "Login":
        request = platform.login_request(**changes)
        if method == "POST":
            response = await self.client.post("/lti/login", data=request)
        else:
            response = await self.client.get("/lti/login", params=request)
        if "lti_storage_target" in request and response.status_code == 200:
            found = re.search(r'data-storage-next="([^"]*)"', response.text)
            assert found, response.text
            address = html.unescape(found[1])
        else:
            assert response.status_code == 302, response.text
            address = response.headers["location"]
        query = parse_qs(urlsplit(address).query)
        return Login(response, {name: values[0] for name, values in query.items()})

    async def post(self, login: "Login", token: str, **fields: str) -> httpx.Response:
        form = {"id_token": token, "state": login.query["state"]} | fields
        return await self.client.post("/lti/launch", data=form)

    async def launch(self, platform: Platform, **changes: Any) -> httpx.Response:
        login = await self.login(platform)
        return await self.post(login, platform.token(platform.body(login.query["nonce"], **changes)))

    def forget(self) -> None:
        self.client.cookies.clear()


class Login:
    """What a login answered: the redirect, and the query it carries to the platform."""

    def __init__(self, response: httpx.Response, query: dict[str, str]) -> None:
        self.response = response
        self.query = query


def reference_in(page: str) -> str | None:
    found = re.search(r"<code[^>]*>([2-9A-HJ-NP-Z]{8})</code>", page)
    return found[1] if found else None


def at(moment: datetime, **by: float) -> int:
    return int((moment.astimezone(UTC) + timedelta(**by)).timestamp())
