"""OAuth 1.0a as Schoology's API speaks it: signing a request, and asking a person for an access (three-legged).

Sources: https://developers.schoology.com/api-documentation/authentication and RFC 5849. Requests are signed with HMAC-SHA1 over
method, address and query; a JSON body is not part of it. ``oauth_token`` is sent always, empty without a token (two-legged). A
nonce may be used once, and timestamps of one key must not go back, so that whoever shares a key asks one after the other.

The consent goes: ``request_token`` → the browser to ``authorize_address`` → back at the callback with ``oauth_token`` (and
``oauth_verifier``, where Schoology sends one) → ``access_token`` → ``whose``. The caller compares the token that came back with
the one it asked for, and the browser that came back with the one it sent.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from authlib.oauth1.rfc5849.parameters import prepare_headers
from authlib.oauth1.rfc5849.signature import SIGNATURE_HMAC_SHA1, construct_base_string, hmac_sha1_signature
from authlib.oauth1.rfc5849.util import escape

from lti_tool.clock import Clock
from lti_tool.lti.foreign_json import read_json
from lti_tool.platforms.credentials import SignedCredentials
from lti_tool.platforms.native import (
    ApiBusy,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    ApiUnreadable,
    NativeTrouble,
)

REALM = "Schoology API"
API = "https://api.schoology.com"
"""Where every district's API is."""

SITE = "https://app.schoology.com"
"""Where every district's pages are too, whatever host of its own it has."""

VERSION_PATH = "/v1"
LONGEST_SECRET = 1000
"""Characters of a token or of its secret; the real ones have 32."""


def authorization(
    method: str,
    url: str,
    credentials: SignedCredentials,
    now: datetime,
    *,
    more: Iterable[tuple[str, str]] = (),
) -> str:
    """The ``Authorization`` header of one request, good for this method, address and query once.

    ``more`` are further protocol parameters, such as ``oauth_callback``. Raises ValueError for what is no address.
    """
    parameters = [
        ("oauth_consumer_key", credentials.consumer_key),
        ("oauth_token", credentials.token),
        ("oauth_nonce", secrets.token_hex(16)),
        ("oauth_timestamp", str(int(now.timestamp()))),
        ("oauth_signature_method", SIGNATURE_HMAC_SHA1),
        ("oauth_version", "1.0"),
        *more,
    ]
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    # authlib takes protocol parameters as they stand in a header, which is escaped, and anything else as it is.
    base = construct_base_string(method, url, [*query, *((name, escape(value)) for name, value in parameters)])
    signature = hmac_sha1_signature(base, credentials.consumer_secret, credentials.token_secret)
    header: str = prepare_headers([*parameters, ("oauth_signature", signature)], realm=REALM)["Authorization"]
    return header


# --- Consent -----------------------------------------------------------------------------------------------------------


async def request_token(
    http: httpx.AsyncClient, clock: Clock, base_url: str, consumer: SignedCredentials, callback: str
) -> SignedCredentials:
    """A request token with its secret, to be approved by a person: the consumer's credentials with these. Raises NativeTrouble.

    ``consumer`` is the application's key and secret; ApiTokenRefused says that Schoology does not know them.
    """
    key = SignedCredentials(consumer.consumer_key, consumer.consumer_secret)
    address = f"{_api(base_url)}/oauth/request_token"
    # RFC 5849 §2.1 has the callback here, Schoology's documentation has it in the authorization's address: it is in both.
    response = await _get(http, clock, address, key, more=[("oauth_callback", callback)])
    return _token(response, key)


def authorize_address(site_url: str | None, asked: SignedCredentials, callback: str) -> str:
    """Where the browser goes to approve a request token: on the host that the person is signed in at.

    ``site_url`` is the district's own host; another host of Schoology may know the browser as somebody else (Schoology's
    documentation, "Handling Domains").
    """
    site = (site_url or SITE).rstrip("/")
    return f"{site}/oauth/authorize?{urlencode({'oauth_callback': callback, 'oauth_token': asked.token})}"


async def access_token(
    http: httpx.AsyncClient, clock: Clock, base_url: str, asked: SignedCredentials, verifier: str = ""
) -> SignedCredentials:
    """The credentials that an approved request token is worth; they replace it. Raises NativeTrouble.

    ``verifier`` is the ``oauth_verifier`` that came back, if one did. ApiTokenRefused says that nobody approved it, or that it
    was used before.
    """
    more = [("oauth_verifier", verifier)] if verifier else []
    response = await _get(http, clock, f"{_api(base_url)}/oauth/access_token", asked, more=more)
    return _token(response, asked)


async def whose(http: httpx.AsyncClient, clock: Clock, base_url: str, credentials: SignedCredentials) -> str:
    """The id of the user that credentials act as. Raises NativeTrouble; ApiTokenRefused where they are dead.

    ``users/me`` leads on to ``users/<id>``, which is not followed: its address says all that is wanted.
    """
    return user_of(await _get(http, clock, f"{_api(base_url)}/users/me", credentials, redirects=True))


def user_of(response: httpx.Response) -> str:
    """The id of the user that an answer of ``users/me`` names. Raises ApiUnreadable where it names none."""
    if response.is_redirect:
        last = urlsplit(response.headers.get("location", "")).path.rstrip("/").rpartition("/")[2]
        found: object = last
    else:
        try:
            body = read_json(response.content)
        except ValueError:
            raise ApiUnreadable("users/me is not JSON") from None
        found = (body.get("uid") or body.get("id")) if isinstance(body, dict) else None
    written = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
    if not is_id(written):
        raise ApiUnreadable("users/me names no user")
    return written


def is_id(value: str) -> bool:
    """Whether this can be one of Schoology's ids: a number."""
    return value.isascii() and value.isdigit() and len(value) <= 20


def trouble_of(status: int) -> NativeTrouble:
    """What an answer's status says, where it is no success. 401 is a dead key or token, as far as one answer can tell."""
    if status == 401:
        return ApiTokenRefused("Schoology answered 401")
    if status == 403:
        return ApiNotPermitted("Schoology answered 403")
    if status == 429:
        return ApiBusy("Schoology answered 429 and asks to wait")
    if status in {408, 425} or status >= 500:
        return ApiUnreachable(f"Schoology answered {status}")
    return ApiUnreadable(f"Schoology answered {status}")


def _api(base_url: str) -> str:
    return base_url.rstrip("/").removesuffix(VERSION_PATH) + VERSION_PATH


async def _get(
    http: httpx.AsyncClient,
    clock: Clock,
    url: str,
    credentials: SignedCredentials,
    *,
    more: Iterable[tuple[str, str]] = (),
    redirects: bool = False,
) -> httpx.Response:
    try:
        header = authorization("GET", url, credentials, clock.now(), more=more)
        response = await http.get(url, headers={"Authorization": header, "Accept": "application/json"})
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # Not the exception's own text, which can hold the address.
        raise ApiUnreachable(f"no answer: {type(error).__name__}") from None
    if response.is_success or (redirects and response.is_redirect):
        return response
    raise trouble_of(response.status_code)


def _token(response: httpx.Response, credentials: SignedCredentials) -> SignedCredentials:
    """The token in an answer, which is written like a query (RFC 5849 §2.1)."""
    try:
        found = dict(parse_qsl(response.content.decode("ascii").strip(), strict_parsing=True, max_num_fields=20))
    except ValueError:
        raise ApiUnreadable("the answer holds no token") from None
    token, secret = found.get("oauth_token", ""), found.get("oauth_token_secret", "")
    if not (0 < len(token) <= LONGEST_SECRET and 0 < len(secret) <= LONGEST_SECRET):
        raise ApiUnreadable("the answer holds no token")
    return SignedCredentials(credentials.consumer_key, credentials.consumer_secret, token, secret)
