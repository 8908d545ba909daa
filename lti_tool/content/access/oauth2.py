"""OAuth 2 as Canvas has it: where people say yes, and the tokens that follow (RFC 6749; authlib builds what is sent).

Canvas gives an access token for an hour and a refresh token once: an answer to a refresh has none, and the first stays good
(https://developerdocs.instructure.com/services/canvas/oauth2/file.oauth_endpoints).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request

from lti_tool.clock import Clock
from lti_tool.content.access.errors import ApiKeyRefused, ApiScopesLacking
from lti_tool.lti.foreign_json import read_json
from lti_tool.platforms.native import ApiBusy, ApiTokenRefused, ApiUnreachable, ApiUnreadable

AUTHORIZE = "/login/oauth2/auth"
TOKEN = "/login/oauth2/token"  # noqa: S105 (a path)
_DEAD = frozenset({400, 401})
"""What an access token is answered that has ended."""

LONGEST_LIFE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token endpoint gave. ``refresh_token`` and ``scopes`` are None where the answer does not name them.

    ``account_ids`` are the names under which the platform knows whose token it is; ``acting`` says that an administrator was
    acting as that person.
    """

    token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime | None
    scopes: tuple[str, ...] | None
    account_ids: tuple[str, ...]
    account_name: str
    acting: bool


class OAuth2Client:
    """One key of one platform: everything that is asked with its secret."""

    def __init__(
        self, http: httpx.AsyncClient, base_url: str, client_id: str, client_secret: str, clock: Clock
    ) -> None:
        """``base_url`` is scheme and host; nothing is sent anywhere else."""
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock

    def authorize_address(self, redirect_uri: str, state: str, scopes: Collection[str]) -> str:
        """Where a person is asked, in a window of its own: the page refuses frames."""
        address: str = prepare_grant_uri(
            self._base_url + AUTHORIZE,
            self._client_id,
            "code",
            redirect_uri=redirect_uri,
            scope=list(scopes) or None,
            state=state,
        )
        return address

    async def exchange(self, code: str, redirect_uri: str) -> TokenAnswer:
        """The tokens for a code. Raises ApiTokenRefused for a code that is dead, and as ``refresh``."""
        return await self._ask("authorization_code", redirect_uri=redirect_uri, code=code)

    async def refresh(self, refresh_token: str) -> TokenAnswer:
        """A new access token.

        Raises ApiTokenRefused when the consent was taken back, ApiKeyRefused when the key is off or another, and
        ApiScopesLacking, ApiUnreachable, ApiBusy and ApiUnreadable.
        """
        return await self._ask("refresh_token", refresh_token=refresh_token)

    async def revoke(self, token: str) -> bool:
        """Have the platform forget an access token and what renews it; False if it does not know the token (any more), as after
        its hour. Raises ApiUnreachable.
        """
        try:
            response = await self._http.delete(self._base_url + TOKEN, headers={"Authorization": f"Bearer {token}"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ApiUnreachable(f"no answer: {type(error).__name__}") from error
        if not response.is_success and response.status_code not in _DEAD:
            raise ApiUnreachable(f"the token endpoint answered {response.status_code}")
        return response.is_success

    async def _ask(self, grant_type: str, **given: str) -> TokenAnswer:
        body = prepare_token_request(grant_type, client_id=self._client_id, client_secret=self._client_secret, **given)
        try:
            response = await self._http.post(
                self._base_url + TOKEN,
                content=body,
                headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not the exception's own text, which can hold the address.
            raise ApiUnreachable(f"no answer: {type(error).__name__}") from error
        if not response.is_success:
            raise _refusal(response, grant_type)
        return _answer(_object(response), self._clock.now())


def _refusal(response: httpx.Response, grant_type: str) -> Exception:
    status = response.status_code
    if status == 429:
        return ApiBusy("the token endpoint answered 429")
    if status == 408 or status >= 500:
        return ApiUnreachable(f"the token endpoint answered {status}")
    try:
        error = _object(response).get("error")
    except ApiUnreadable:
        error = None
    if error == "invalid_grant" or (error == "invalid_request" and grant_type == "refresh_token"):
        # Canvas says the latter of a refresh token that it does not know (lib/canvas/oauth/request_error.rb).
        return ApiTokenRefused(f"the token endpoint answered {error}")
    match error:
        case "invalid_client" | "unauthorized_client":
            return ApiKeyRefused(f"the token endpoint answered {error}")
        case "invalid_scope":
            return ApiScopesLacking("the token endpoint answered invalid_scope")
        case _:
            return ApiUnreadable(f"the token endpoint answered {status}")


def _object(response: httpx.Response) -> Mapping[str, Any]:
    try:
        body = read_json(response.content)
    except ValueError:
        raise ApiUnreadable("the token endpoint's answer is not JSON") from None
    if not isinstance(body, dict):
        raise ApiUnreadable("the token endpoint's answer is no object")
    return body


def _answer(body: Mapping[str, Any], now: datetime) -> TokenAnswer:
    kind = body.get("token_type", "Bearer")
    token = _secret(body.get("access_token"))
    if token is None or not isinstance(kind, str) or kind.lower() != "bearer":
        raise ApiUnreadable("the token endpoint's answer has no bearer token")
    life = body.get("expires_in")
    expires_at = None
    if isinstance(life, int | float) and not isinstance(life, bool) and 0 < life < LONGEST_LIFE.total_seconds():
        expires_at = now + timedelta(seconds=float(life))
    scope = body.get("scope")
    user = body.get("user")
    person: Mapping[str, Any] = user if isinstance(user, dict) else {}
    name = person.get("name")
    return TokenAnswer(
        token=token,
        refresh_token=_secret(body.get("refresh_token")),
        expires_at=expires_at,
        scopes=tuple(scope.split()) if isinstance(scope, str) and scope.strip() else None,
        account_ids=tuple(
            dict.fromkeys(one for one in map(_id, (person.get("id"), person.get("global_id"))) if one is not None)
        ),
        account_name=" ".join(name.split())[:200] if isinstance(name, str) else "",
        acting=isinstance(body.get("real_user"), dict),
    )


def _secret(value: object) -> str | None:
    """A token as it may be sent in a header; None for anything else."""
    if not isinstance(value, str) or not 1 <= len(value) <= 3000 or not value.isascii() or not value.isprintable():
        return None
    return value if " " not in value else None


def _id(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value) or None
