"""The protocol's addresses: login, launch, key set.

They are plain Starlette endpoints: each launch passes here twice, and there is nothing for FastAPI to fill in.
"""

import logging
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from lti_tool.errors import TooLarge
from lti_tool.lti import handshake
from lti_tool.lti.families import fresh_launch_address
from lti_tool.lti.keys import public_key_set
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.refusals import CookieBlocked
from lti_tool.lti.sessions import add_cookie, origin_of, set_session_cookie
from lti_tool.web.pages import Pages, say
from lti_tool.web.routing import PlainRoute

BODY_LIMIT = 1_000_000
"""Bytes of a message's form that are read."""

BROWSER_COOKIE = "__Host-lti_browser_"
"""The beginning of the cookie that shows that the browser of the login comes back. Its name goes on with the beginning of
its value: two frames of one page that are opened at once in a new browser each get one, and neither overwrites the other's."""

log = logging.getLogger(__name__)

_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")
_MOST_BROWSERS = 20
_MOST_FIELDS = 100


async def login(request: Request) -> Response:
    """Third-party-initiated login by GET or POST (Security Framework 1.0 §5.1.1): sends the browser to the platform."""
    given = await _form(request) if request.method == "POST" else request.query_params
    known = _browsers(request)
    begun = await handshake.begin_login(_protocol(request), given, known[0] if known else None)
    response = RedirectResponse(begun.address, 302)
    if not known:
        add_cookie(response, BROWSER_COOKIE + begun.browser[:6], begun.browser)
    return response


async def launch(request: Request) -> Response:
    """The redirect URI of every message (§5.1.1.3): checks it, begins a session and opens the page it leads to."""
    try:
        opened = await handshake.finish_launch(
            _protocol(request), await _form(request), _browsers(request), request.app.state.enter
        )
    except CookieBlocked as blocked:
        return await _offer_a_window(request, blocked)
    response = RedirectResponse(opened.address, 303)
    set_session_cookie(response, opened.token)
    return response


async def key_set(request: Request) -> Response:
    """The tool's public keys (RFC 7517). A platform that finds an unknown key id asks again."""
    return JSONResponse(public_key_set(_protocol(request).keys), headers={"Cache-Control": "public, max-age=300"})


routes = (
    PlainRoute("/lti/login", login, "GET", "POST"),
    PlainRoute("/lti/launch", launch, "POST"),
    PlainRoute("/.well-known/jwks.json", key_set, "GET"),
)


def _protocol(request: Request) -> Protocol:
    protocol: Protocol = request.app.state.protocol
    return protocol


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form post; of a field that comes twice, the last. Other kinds of bodies have no fields."""
    body = await request.body()
    if len(body) > BODY_LIMIT:
        raise TooLarge("the message is over the limit")
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def _browsers(request: Request) -> list[str]:
    """The values of our cookie that the browser sent."""
    found = [value for name, value in request.cookies.items() if name.startswith(BROWSER_COOKIE)]
    return [value for value in found if _BROWSER.fullmatch(value)][:_MOST_BROWSERS]


async def _offer_a_window(request: Request, blocked: CookieBlocked) -> Response:
    """A page instead of a bare refusal: in a window of its own a fresh launch finds its cookie again."""
    log.info("refused", extra={"code": blocked.code, "status": blocked.status, "detail": blocked.detail})
    hints = blocked.hints
    registrations = await _protocol(request).directory.registrations_of(hints.get("iss", ""))
    registration = next((one for one in registrations if one.client_id == hints.get("client_id", one.client_id)), None)
    request.state.frame_ancestors = "*"
    if registration is not None:
        # The form's way leads over our login to the platform, and browsers hold redirects to this list too.
        request.state.form_action = [origin_of(registration.auth_login_url)]
    pages: Pages = request.app.state.pages
    title, advice = say(request, blocked)
    context = {
        "blocked_title": title,
        "blocked_advice": advice,
        "hints": hints if registration is not None else {},
        "address": fresh_launch_address(registration, hints) if registration is not None else None,
    }
    return pages.render(request, "lti/cookie_blocked.html", context, status_code=blocked.status)
