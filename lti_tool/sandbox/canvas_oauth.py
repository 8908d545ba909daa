"""Canvas's OAuth 2 server: asking a person, and exchanging what they gave (app/controllers/oauth2_provider_controller.rb).

The page that asks refuses to be framed, so a tool opens it in a window of its own. ``invalid_scope`` comes back without the
``state`` that was sent, as on Canvas (lib/canvas/oauth/request_error.rb, append_error); every other refusal brings it along.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from lti_tool.sandbox import canvas_keys
from lti_tool.sandbox import token as service_token
from lti_tool.sandbox.canvas_access import ApiError, caller_with, sent_token
from lti_tool.sandbox.canvas_keys import CODE_LIFE, TOKEN_LIFE
from lti_tool.sandbox.canvas_models import ConsentRequest, DeveloperKey, PersonToken
from lti_tool.sandbox.canvas_scopes import words_of
from lti_tool.sandbox.models import Person
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.sessions import person_signed_in
from lti_tool.sandbox.view import SignedIn, SignInFirst, from_own_pages, render

router = APIRouter(prefix="/login/oauth2")
Own = [Depends(from_own_pages)]


@dataclass
class OauthError(Exception):
    """A refusal with its code, its words and its status."""

    error: str
    description: str
    status: int = 400

    def answer(self) -> JSONResponse:
        """As JSON, to whoever asked."""
        headers = {"WWW-Authenticate": "Canvas OAuth 2.0"} if self.status == 401 else {}
        body = {"error": self.error, "error_description": self.description}
        return JSONResponse(body, self.status, headers={**headers, "Cache-Control": "no-store"})


UNKNOWN_CLIENT = OauthError("invalid_client", "unknown client", 401)
WRONG_SECRET = OauthError("invalid_client", "invalid client", 401)
WRONG_REDIRECT = OauthError("invalid_request", "redirect_uri does not match client settings")
NO_CODE = OauthError("invalid_grant", "authorization_code not found")
WRONG_CLIENT = OauthError("invalid_grant", "incorrect client")
NO_REFRESH_TOKEN = OauthError("invalid_request", "refresh_token not found")
OTHER_GRANT = OauthError("unsupported_grant_type", "The grant_type you requested is not currently supported")


def _missing(name: str, grant: str) -> OauthError:
    return OauthError("invalid_request", f"You must provide the {name} parameter when using the {grant} grant type")


# --- Asking the person -------------------------------------------------------------------------------------------------


@router.get("/auth")
async def ask(request: Request, platform: ThisPlatform) -> Response:
    """Where a tool sends a person. A redirect address that is not the key's is said here, and not redirected to."""
    asked = dict(request.query_params)
    scopes = (asked.get("scope") or asked.get("scopes") or "").split()
    async with platform.store.reading() as session:
        key = await _key(session, asked.get("client_id"))
    redirect = asked.get("redirect_uri", "")
    if key is None:
        return UNKNOWN_CLIENT.answer()
    if redirect not in key.redirect_uris:
        return WRONG_REDIRECT.answer()
    if key.enforces_scopes and (not scopes or set(scopes) - set(key.scopes)):
        lacking = " and ".join(one for one in scopes if one not in key.scopes)
        words = (
            "A requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource owner. "
            f"The following scopes were requested, but not granted: {lacking}"
        )
        return _back(redirect, {"error": "invalid_scope", "error_description": words})
    state = {"state": asked["state"]} if "state" in asked else {}
    if (refused := _refused(key, asked)) is not None:
        return _back(redirect, {**state, **refused})
    person = await person_signed_in(request)
    if person is None:
        raise SignInFirst
    found = await _remember(platform, key, person, asked, scopes)
    return RedirectResponse(f"/login/oauth2/confirm?request={found.id}", 302)


def _refused(key: DeveloperKey, asked: Mapping[str, str]) -> dict[str, str] | None:
    """What is wrong with a request whose redirect address is right."""
    if key.state != "on":
        return {
            "error": "unauthorized_client",
            "error_description": "Client does not have access to the specified Canvas account.",
        }
    if asked.get("response_type") != "code":
        return {
            "error": "unsupported_response_type",
            "error_description": "Only response_type=code is permitted",
        }
    if asked.get("prompt") == "none":
        return {
            "error": "interaction_required",
            "error_description": "prompt=none but a token cannot be granted without user interaction",
        }
    return None


async def _key(session: AsyncSession, client_id: str | None) -> DeveloperKey | None:
    if not client_id or not client_id.isascii() or not client_id.isdecimal() or len(client_id) > 18:
        return None
    return await session.get(DeveloperKey, int(client_id))


async def _remember(
    platform: Platform, key: DeveloperKey, person: Person, asked: Mapping[str, str], scopes: list[str]
) -> ConsentRequest:
    now = platform.now()
    async with platform.store.writing() as session:
        await session.execute(delete(ConsentRequest).where(ConsentRequest.expires_at < now))
        found = ConsentRequest(
            id=secrets.token_urlsafe(24),
            key_id=key.id,
            person_id=person.id,
            redirect_uri=asked["redirect_uri"],
            scopes=scopes if key.enforces_scopes else [],
            state=asked.get("state"),
            code_challenge=asked.get("code_challenge", "")[:200] or None,
            expires_at=now + CODE_LIFE,
        )
        session.add(found)
    return found


def _back(redirect: str, parameters: Mapping[str, str]) -> RedirectResponse:
    """To the tool's redirect address, whose own parameters stay."""
    mark = "&" if "?" in redirect else "?"
    return RedirectResponse(f"{redirect}{mark}{urlencode(parameters)}", 302)


@router.get("/confirm")
async def confirm(request: Request, platform: ThisPlatform, person: SignedIn, asked: str = "") -> Response:
    """The page that asks: who asks, for what, as whom."""
    asked = asked or request.query_params.get("request", "")
    async with platform.store.reading() as session:
        found = await _asked(session, platform, person, asked)
        if found is None:
            return _gone(request, person)
        key = await session.get_one(DeveloperKey, found.key_id)
    page = render(
        request, "consent.html", person=person, key=key, asked=found, scopes=[words_of(one) for one in found.scopes]
    )
    return _for_sending(page, found.redirect_uri)


def _gone(request: Request, person: Person) -> HTMLResponse:
    words = "This question was answered, or is too old. Begin again in the tool."
    return render(request, "message.html", person=person, title="Begin again", words=words, status_code=400)


def _for_sending(page: HTMLResponse, redirect: str) -> HTMLResponse:
    """The page with a form whose answer leads to the tool, which browsers count as where the form is sent."""
    parts = urlsplit(redirect)
    policy = page.headers["Content-Security-Policy"]
    page.headers["Content-Security-Policy"] = policy.replace(
        "form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}"
    )
    return page


async def _asked(session: AsyncSession, platform: Platform, person: Person, asked: str) -> ConsentRequest | None:
    found = await session.get(ConsentRequest, asked)
    mine = found is not None and found.person_id == person.id and found.expires_at > platform.now()
    return found if mine else None


@router.post("/accept", dependencies=Own)
async def accept(
    request: Request, platform: ThisPlatform, person: SignedIn, asked: Annotated[str, Form(alias="request")]
) -> Response:
    """The person agrees: back to the tool with a code."""
    async with platform.store.writing() as session:
        found = await _asked(session, platform, person, asked)
        if found is None:
            return _gone(request, person)
        redirect, state = found.redirect_uri, found.state
        code = await canvas_keys.give_code(session, platform, found)
    return _back(redirect, {"code": code} | ({} if state is None else {"state": state}))


@router.post("/deny", dependencies=Own)
async def deny(
    request: Request, platform: ThisPlatform, person: SignedIn, asked: Annotated[str, Form(alias="request")]
) -> Response:
    """The person does not agree: back to the tool with a refusal."""
    async with platform.store.writing() as session:
        found = await _asked(session, platform, person, asked)
        if found is None:
            return _gone(request, person)
        await session.delete(found)
    return _back(
        found.redirect_uri, {"error": "access_denied"} | ({} if found.state is None else {"state": found.state})
    )


# --- Exchanging --------------------------------------------------------------------------------------------------------


async def token(request: Request, platform: ThisPlatform) -> Response:
    """The token endpoint: of tools' services with an assertion, of persons' tokens with a key and its secret."""
    asked = await _parameters(request)
    if asked.get("grant_type") == "client_credentials":
        return await service_token.token(request, platform)
    try:
        return JSONResponse(await _token(request, platform, asked), headers={"Cache-Control": "no-store"})
    except OauthError as error:
        return error.answer()


async def _parameters(request: Request) -> dict[str, str]:
    form = {name: str(value) for name, value in (await request.form()).items()}
    return {**request.query_params, **form}


async def _token(request: Request, platform: Platform, asked: Mapping[str, str]) -> dict[str, Any]:
    grant = asked.get("grant_type") or ("authorization_code" if "code" in asked else "")
    if grant not in ("authorization_code", "refresh_token"):
        raise OTHER_GRANT
    client_id, secret = _credentials(request, asked)
    async with platform.store.writing() as session:
        key = await _key(session, client_id)
        if key is None or key.state != "on":
            raise UNKNOWN_CLIENT
        if not hmac.compare_digest(secret.encode(), key.secret.encode()):
            raise WRONG_SECRET
        if grant == "authorization_code":
            return await _exchanged(session, platform, key, asked)
        return await _refreshed(session, platform, key, asked)


def _credentials(request: Request, asked: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret, as parameters or by HTTP Basic."""
    named, secret = "", ""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            named, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            named = secret = ""
    return asked.get("client_id") or named, asked.get("client_secret") or secret


async def _exchanged(
    session: AsyncSession, platform: Platform, key: DeveloperKey, asked: Mapping[str, str]
) -> dict[str, Any]:
    if not asked.get("code"):
        raise _missing("code", "authorization_code")
    code = await canvas_keys.take_code(session, platform, asked["code"])
    if code is None:
        raise NO_CODE
    if code.key_id != key.id or not canvas_keys.proves(code.code_challenge, asked.get("code_verifier")):
        raise WRONG_CLIENT
    made, access, refresh = await canvas_keys.new_token(session, platform, code)
    return {**await _answer(session, made, access), "refresh_token": refresh}


async def _refreshed(
    session: AsyncSession, platform: Platform, key: DeveloperKey, asked: Mapping[str, str]
) -> dict[str, Any]:
    """Another access token. The answer holds no refresh token: the one there was stays good."""
    if not asked.get("refresh_token"):
        raise _missing("refresh_token", "refresh_token")
    found = await canvas_keys.token_with_refresh(session, asked["refresh_token"])
    if found is None:
        raise NO_REFRESH_TOKEN
    if found.key_id != key.id:
        raise WRONG_CLIENT
    return await _answer(session, found, await canvas_keys.renew(session, platform, found))


async def _answer(session: AsyncSession, token_row: PersonToken, access: str) -> dict[str, Any]:
    person = await session.get_one(Person, token_row.person_id)
    return {
        "access_token": access,
        "token_type": "Bearer",
        "user": {
            "id": person.id,
            "name": person.name,
            "global_id": str(10_000_000_000_000 + person.id),
            "effective_locale": person.locale,
        },
        "canvas_region": "us-east-1",
        "expires_in": int(TOKEN_LIFE.total_seconds()),
    }


@router.delete("/token")
async def revoke(request: Request, platform: ThisPlatform) -> JSONResponse:
    """The tool gives its token back; the refresh token ends with it."""
    value = sent_token(request)
    caller = await caller_with(platform, value) if value else None
    if value and caller is None:
        raise ApiError(401, "Invalid access token.", dead=True)
    if caller is None or caller.token is None:
        words = "can't delete OAuth access token when not using an OAuth access token"
        return JSONResponse({"message": words}, 400)
    async with platform.store.writing() as session:
        await session.execute(delete(PersonToken).where(PersonToken.id == caller.token.id))
    return JSONResponse({})
