"""OAuth 1.0a as Schoology's API speaks it: signatures checked by a second reading of RFC 5849, and the steps of the consent."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.platforms.credentials import SignedCredentials
from lti_tool.platforms.native import (
    ApiBusy,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    ApiUnreadable,
    NativeTrouble,
)
from lti_tool.platforms.schoology_oauth import (
    access_token,
    authorization,
    authorize_address,
    is_id,
    request_token,
    whose,
)

API = "https://api.schoology.com"
CALLBACK = "https://tool.example/api-access/back?state=a%20b&x=ü"
CONSUMER = SignedCredentials("key", "se%cret&")
ASKED = SignedCredentials("key", "se%cret&", "request-token", "request/secret+")


def header_fields(header: str) -> dict[str, str]:
    """The fields of an ``Authorization`` header, unescaped (RFC 5849 §3.5.1)."""
    assert header.startswith("OAuth ")
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}


def signature_of(method: str, url: str, fields: dict[str, str], secrets: tuple[str, str]) -> str:
    """RFC 5849 §3.4, written from its text and from nothing of the code under test."""

    def escaped(value: str) -> str:
        return quote(value, safe="-._~")

    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    pairs += [(name, value) for name, value in fields.items() if name not in {"realm", "oauth_signature"}]
    normal = "&".join(f"{name}={value}" for name, value in sorted((escaped(a), escaped(b)) for a, b in pairs))
    base = "&".join([method, escaped(f"{parts.scheme}://{parts.netloc}{parts.path}"), escaped(normal)])
    key = "&".join(escaped(one) for one in secrets)
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


@pytest.mark.parametrize("credentials", [CONSUMER, ASKED], ids=["two-legged", "three-legged"])
@pytest.mark.parametrize(
    "url",
    [
        f"{API}/v1/sections/7/grades",
        f"{API}/v1/sections/7/enrollments?uid=1%2C2,3&start=0&limit=200&empty=",
        f"{API}/v1/users?title=a%20b+c%3D%26&title=A",
        "http://127.0.0.1:8001/v1/users/me",
    ],
    ids=["plain", "list", "escapes", "port"],
)
@pytest.mark.parametrize("more", [(), (("oauth_callback", CALLBACK),)], ids=["bare", "callback"])
def test_a_signature_is_what_the_rfc_says(
    url: str, credentials: SignedCredentials, more: tuple[tuple[str, str], ...]
) -> None:
    clock = ManualClock()
    fields = header_fields(authorization("GET", url, credentials, clock.now(), more=more))
    assert fields["realm"] == "Schoology API"
    # Schoology wants an empty token where there is none, not an absent one.
    assert fields["oauth_token"] == credentials.token
    assert fields["oauth_timestamp"] == str(int(clock.now().timestamp()))
    assert fields["oauth_signature_method"] == "HMAC-SHA1"
    assert dict(more).items() <= fields.items()
    expected = signature_of("GET", url, fields, (credentials.consumer_secret, credentials.token_secret))
    assert fields["oauth_signature"] == expected


def test_each_request_has_a_nonce_of_its_own() -> None:
    now = ManualClock().now()
    seen = {header_fields(authorization("GET", API, CONSUMER, now))["oauth_nonce"] for _ in range(50)}
    assert len(seen) == 50


class Server:
    """Answers every request with the same; remembers them."""

    def __init__(self, answer: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer, self.asked, self.clock = answer, list[httpx.Request](), ManualClock()
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request) if callable(self.answer) else self.answer

    @property
    def fields(self) -> dict[str, str]:
        return header_fields(self.asked[-1].headers["authorization"])

    @property
    def url(self) -> str:
        return str(self.asked[-1].url)


async def test_the_consent_goes_from_a_request_token_over_the_districts_own_page_to_an_access_token() -> None:
    server = Server(httpx.Response(200, text="oauth_token=rt&oauth_token_secret=r%2Fs&xoauth_token_ttl=3600"))
    asked = await request_token(server.http, server.clock, API, CONSUMER, CALLBACK)
    assert asked == SignedCredentials("key", "se%cret&", "rt", "r/s")
    assert server.url == f"{API}/v1/oauth/request_token"
    assert (server.fields["oauth_callback"], server.fields["oauth_token"]) == (CALLBACK, "")

    page = authorize_address("https://district.schoology.com/", asked, CALLBACK)
    assert page.startswith("https://district.schoology.com/oauth/authorize?")
    assert dict(parse_qsl(urlsplit(page).query)) == {"oauth_callback": CALLBACK, "oauth_token": "rt"}

    server = Server(httpx.Response(200, text="oauth_token=at&oauth_token_secret=as\n"))
    given = await access_token(server.http, server.clock, f"{API}/v1/", asked, "v")
    assert given == SignedCredentials("key", "se%cret&", "at", "as")
    assert server.url == f"{API}/v1/oauth/access_token"
    assert (server.fields["oauth_token"], server.fields["oauth_verifier"]) == ("rt", "v")
    assert server.fields["oauth_signature"] == signature_of("GET", server.url, server.fields, ("se%cret&", "r/s"))


async def test_without_a_verifier_none_is_sent_and_without_a_host_of_its_own_the_common_one_is_asked() -> None:
    server = Server(httpx.Response(200, text="oauth_token=at&oauth_token_secret=as"))
    await access_token(server.http, server.clock, API, ASKED)
    assert "oauth_verifier" not in server.fields
    assert authorize_address(None, ASKED, CALLBACK).startswith("https://app.schoology.com/oauth/authorize?")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(303, headers={"location": f"{API}/v1/users/45552"}),
        httpx.Response(303, headers={"location": "/v1/users/45552/"}),
        httpx.Response(200, json={"uid": "45552", "id": 45552}),
        httpx.Response(200, json={"id": 45552}),
    ],
    ids=["redirect", "relative", "text", "number"],
)
async def test_whose_access_it_is_is_read_from_where_users_me_leads(answer: httpx.Response) -> None:
    server = Server(answer)
    assert await whose(server.http, server.clock, API, ASKED) == "45552"
    # Followed it would be the same header twice, which is refused as a replay.
    assert [str(one.url) for one in server.asked] == [f"{API}/v1/users/me"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(303, headers={"location": "https://elsewhere.example/login"}),
        httpx.Response(302),
        httpx.Response(200, text="<result><uid>45552</uid></result>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"uid": True}),
        httpx.Response(200, json={"uid": "me"}),
    ],
    ids=["elsewhere", "nowhere", "xml", "list", "bool", "word"],
)
async def test_an_answer_that_names_no_user_is_unreadable(answer: httpx.Response) -> None:
    server = Server(answer)
    with pytest.raises(ApiUnreadable):
        await whose(server.http, server.clock, API, ASKED)


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (401, ApiTokenRefused),
        (403, ApiNotPermitted),
        (429, ApiBusy),
        (500, ApiUnreachable),
        (503, ApiUnreachable),
        (302, ApiUnreadable),
        (404, ApiUnreadable),
    ],
)
async def test_what_a_refusal_means(status: int, trouble: type[NativeTrouble]) -> None:
    server = Server(httpx.Response(status, text="oauth_token=a&oauth_token_secret=b"))
    with pytest.raises(trouble):
        await request_token(server.http, server.clock, API, CONSUMER, CALLBACK)
    with pytest.raises(trouble):
        await access_token(server.http, server.clock, API, ASKED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "oauth_token=a",
        "oauth_token=&oauth_token_secret=b",
        "a&b",
        "oauth_token=ä&oauth_token_secret=b",
        "oauth_token=" + "a" * 1001 + "&oauth_token_secret=b",
        "&".join(f"a{number}=1" for number in range(50)),
    ],
)
async def test_an_answer_without_a_token_is_unreadable(text: str) -> None:
    server = Server(httpx.Response(200, text=text))
    with pytest.raises(ApiUnreadable):
        await request_token(server.http, server.clock, API, CONSUMER, CALLBACK)


async def test_no_answer_is_unreachable_and_tells_no_address() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}", request=request)

    server = Server(fail)
    with pytest.raises(ApiUnreachable) as caught:
        await whose(server.http, server.clock, API, ASKED)
    assert "schoology" not in str(caught.value)
    assert "request-token" not in repr(ASKED)


@pytest.mark.parametrize(
    ("value", "good"), [("7", True), ("", False), ("7a", False), ("-7", False), ("٧", False), ("7" * 21, False)]
)
def test_ids_are_numbers(value: str, good: bool) -> None:
    assert is_id(value) is good
