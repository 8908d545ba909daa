"""How a person lets a tool act for them in Schoology: request token, a page to allow it on, access token (OAuth 1.0a).

https://developers.schoology.com/api-documentation/authentication, *Three-legged*. There is no verifier; the callback comes
with the person, and may have come with the request for the token before.
"""

import secrets
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import delete
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.schoology_access import ApiRefused, signed
from lti_tool.sandbox.schoology_models import ACCESS, REQUEST, OAuthToken
from lti_tool.sandbox.view import PageMissing, SignedIn, from_own_pages, render, see_other

REQUEST_LIFE = timedelta(hours=1)
ACCESS_LIFE = timedelta(days=90)
"""The documentation's notice: no access token lives longer."""

router = APIRouter()


@router.api_route("/v1/oauth/request_token", methods=["GET", "POST"])
async def request_token(request: Request, platform: ThisPlatform) -> Response:
    """A token that a person may allow, written like a query."""
    given, token = await signed(request)
    if token is not None:
        raise ApiRefused(401, "A request token is asked for without a token")
    return await _new(platform, REQUEST, None, given.get("oauth_callback", ""))


@router.api_route("/v1/oauth/access_token", methods=["GET", "POST"])
async def access_token(request: Request, platform: ThisPlatform) -> Response:
    """The access token for a request token that was allowed; it works once."""
    _, token = await signed(request)
    if token is None or token.kind != REQUEST or token.person_id is None:
        raise ApiRefused(401, "The request token was not approved")
    return await _new(platform, ACCESS, token, "")


async def _new(platform: Platform, kind: str, spent: OAuthToken | None, callback: str) -> Response:
    now = platform.now()
    life = REQUEST_LIFE if kind == REQUEST else ACCESS_LIFE
    made = OAuthToken(
        token=secrets.token_hex(16),
        secret=secrets.token_hex(16),
        kind=kind,
        person_id=spent.person_id if spent is not None else None,
        callback=callback,
        expires_at=now + life,
    )
    async with platform.store.writing() as session:
        await session.execute(delete(OAuthToken).where(OAuthToken.expires_at <= now))
        if spent is not None:
            await session.execute(delete(OAuthToken).where(OAuthToken.token == spent.token))
        session.add(made)
    body = {"oauth_token": made.token, "oauth_token_secret": made.secret, "xoauth_token_ttl": int(life.total_seconds())}
    return Response(urlencode(body), media_type="application/x-www-form-urlencoded")


@router.get("/oauth/authorize", response_class=HTMLResponse)
async def ask(
    request: Request, platform: ThisPlatform, person: SignedIn, oauth_token: str = "", oauth_callback: str = ""
) -> Response:
    """Ask who is signed in whether the tool may act for them."""
    token = await _waiting(platform, oauth_token)
    callback = _callback(token, oauth_callback)
    page = render(
        request,
        "schoology_consent.html",
        person=person,
        token=token.token,
        callback=callback,
        host=urlsplit(callback).netloc,
    )
    # Browsers hold a form to this where its answer leads on, too.
    policy = page.headers["Content-Security-Policy"]
    page.headers["Content-Security-Policy"] = policy.replace(
        "form-action 'self'", f"form-action 'self' {_origin(callback)}"
    )
    return page


@router.post("/oauth/authorize", dependencies=[Depends(from_own_pages)])
async def decide(
    platform: ThisPlatform,
    person: SignedIn,
    oauth_token: Annotated[str, Form()],
    oauth_callback: Annotated[str, Form()] = "",
    decision: Annotated[str, Form()] = "deny",
) -> Response:
    """Allow it or not, and lead back to the tool; what was not allowed is worth nothing there."""
    token = await _waiting(platform, oauth_token)
    callback = _callback(token, oauth_callback)
    async with platform.store.writing() as session:
        kept = await session.get_one(OAuthToken, token.token)
        if decision == "allow":
            kept.person_id = person.id
        else:
            await session.delete(kept)
    return see_other(f"{callback}{'&' if urlsplit(callback).query else '?'}{urlencode({'oauth_token': token.token})}")


async def _waiting(platform: Platform, given: str) -> OAuthToken:
    async with platform.store.reading() as session:
        token = await session.get(OAuthToken, given)
    if token is None or token.kind != REQUEST or token.person_id is not None or token.expires_at <= platform.now():
        raise PageMissing
    return token


def _callback(token: OAuthToken, given: str) -> str:
    """Where to lead back to: nowhere but where the token was asked for, where that was said."""
    callback = given or token.callback
    if urlsplit(callback).scheme not in ("http", "https") or (
        token.callback and _origin(callback) != _origin(token.callback)
    ):
        raise PageMissing
    return callback


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
