"""The protocol's addresses: login, launch, key set.

They are plain Starlette endpoints: each launch passes here twice, and there is nothing for FastAPI to fill in.
"""

import logging
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from lti_tool.errors import TooLarge
from lti_tool.lti import handshake
from lti_tool.lti.keys import public_key_set
from lti_tool.lti.launch import Launch
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.refusals import CookieBlocked
from lti_tool.lti.sessions import add_cookie, frame_origins, origin_of, refuse_foreign, set_session_cookie
from lti_tool.lti.storage import PROOF_FIELD
from lti_tool.web.pages import Pages, say
from lti_tool.web.routing import PlainRoute
from lti_tool.web.way_back import way_back_link

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
    """Third-party-initiated login by GET or POST (Security Framework 1.0 §5.1.1): sends the browser to the platform.

    Where the platform offers its storage, a page puts the proof there on the way. Everywhere else it is a redirect: Moodle's
    own cookie does not survive anything else.
    """
    given: Mapping[str, str] = request.query_params
    if request.method == "POST":
        # Platforms on celtic's LTI-PHP 5 post the form, and name their storage in the address alone (``System::sendMessage``).
        given = {**given, **await _form(request)}
    return await _begin(request, given)


async def _begin(request: Request, given: Mapping[str, str]) -> Response:
    known = _browsers(request)
    begun = await handshake.begin_login(_protocol(request), given, known[0] if known else None)
    response: Response = RedirectResponse(begun.address, 302)
    if begun.storage is not None:
        request.state.frame_ancestors = "*"
        # A browser that has sent our cookie from here keeps it; it need not wait for an answer of the storage.
        context = {"place": begun.storage, "proof": begun.proof, "address": begun.address, "patient": not known}
        response = _pages(request).render(request, "lti/remembering.html", context)
    if not known:
        add_cookie(response, BROWSER_COOKIE + begun.browser[:6], begun.browser)
    return response


async def launch(request: Request) -> Response:
    """The redirect URI of every message (§5.1.1.3): checks it, begins a session and opens the page it leads to.

    Where the browser keeps no cookie, a page asks the platform's storage for the proof and posts the message once more; it
    is answered by a page that hands the session's token to the tab. Without a storage, a page offers a window of its own.
    """
    protocol, form = _protocol(request), await _form(request)
    if form.get(PROOF_FIELD):
        # Somebody could post their own message with their own proof from a page of theirs, and have another person work
        # under their name. Only our page, which has the proof from the storage of the browser it runs in, may post one.
        refuse_foreign(request, origin_of(protocol.settings.base_url) or protocol.settings.base_url)
    try:
        opened = await handshake.finish_launch(protocol, form, _browsers(request), request.app.state.enter)
    except handshake.ProofWanted as wanted:
        _frame_like(request, wanted.launch)
        context = {"place": wanted.place, "id_token": form["id_token"], "state": form["state"]}
        return _pages(request).render(request, "lti/recognising.html", context)
    except handshake.LoginAgain as again:
        return await _begin(request, again.request)
    except CookieBlocked as blocked:
        return await _offer_a_window(request, blocked)
    if opened.by_proof:
        _frame_like(request, opened.launch)
        return _pages(request).render(request, "lti/opened.html", {"token": opened.token, "address": opened.address})
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


def _pages(request: Request) -> Pages:
    pages: Pages = request.app.state.pages
    return pages


def _frame_like(request: Request, launch: Launch) -> None:
    """What the browser has to hold all pages of a visit to that has no cookie: they are shown in this one document."""
    request.state.frame_ancestors = list(frame_origins(launch))
    # A fresh launch in a new window begins with a form of ours and leads on to the platform, and so does the answer to a
    # deep linking request; browsers hold redirects to this list too.
    answers_to = (launch.deep_linking or {}).get("deep_link_return_url")
    leads_to = [launch.registration.auth_login_url, answers_to if isinstance(answers_to, str) else None]
    request.state.form_action = [origin for origin in map(origin_of, leads_to) if origin]


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
    title, advice = say(request, blocked)
    context = {
        "blocked_title": title,
        "blocked_advice": advice,
        "hints": hints if registration is not None and blocked.again else {},
        "address": blocked.address,
        "alone": request.headers.get("sec-fetch-dest") == "document",
        "host": urlsplit(_protocol(request).settings.base_url).netloc,
        "way_back": way_back_link(request, blocked),
    }
    return _pages(request).render(request, "lti/cookie_blocked.html", context, status_code=blocked.status)
