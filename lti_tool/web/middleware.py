"""What happens around every request, in one plain ASGI application.

A reference code, one line in the log, a limit on the body, the security headers, figures for Prometheus, and an answer to
what nobody foresaw. Starlette's ``BaseHTTPMiddleware`` would cost a task and a queue per request; this costs microseconds.
"""

import logging
import re
import time
from collections.abc import Iterable
from functools import lru_cache

from fastapi import FastAPI
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lti_tool.errors import TooLarge
from lti_tool.logs import new_reference, reference_code
from lti_tool.web.errors import respond

BODY_LIMIT = 1_000_000
"""Bytes of a request's body; more is 413. No form of the tool and no LTI message comes near it."""

UPLOAD_LIMIT = 21_000_000
"""The same for a form that hands over a file: its address ends in ``/upload``."""

COURSE_LIMIT = 201_000_000
"""The same for the forms that hand over a whole course, for what is in it or for its questions. It is written to the disk while
it comes, and looked at there.
"""

_COURSE_FORMS = ("/content/files/upload", "/checks/import/upload")

TAB_HEADER = "X-LTI-Tab"
"""The header of a page that is fetched by our script, or a form it sends, because the browser keeps no cookie for it."""

access_log = logging.getLogger("lti_tool.access")

REQUESTS = Counter("lti_tool_http_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "lti_tool_http_request_seconds",
    "Time until a response was complete, in seconds.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = ("/static/", "/health/", "/metrics")
_ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d+)?|https?://\[[0-9A-Fa-f:]+\](:\d+)?")
_FIXED_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), "
    "browsing-topics=()",
}


class Edge:
    """The outermost layer of ours; everything the tool sends to a browser passes through it."""

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self.app = app
        self._fixed = dict(_FIXED_HEADERS)
        if https:
            self._fixed["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of connections pass untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # A dictionary of its own: what one request leaves in its state must not reach another.
        state = scope["state"] = dict(scope.get("state") or {})
        state["reference"] = reference = new_reference()
        token = reference_code.set(reference)
        started = time.perf_counter()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                if 300 < status < 400 and _asked_by_script(scope):
                    message["status"] = _tell_location(headers, status)
                self._add_headers(headers, scope)
            await send(message)

        try:
            await self._within_limit(scope, receive, send_on)
        except Exception as error:
            if status:
                raise
            await respond(Request(scope), error)(scope, receive, send_on)
        finally:
            _account(scope, status, time.perf_counter() - started)
            reference_code.reset(token)

    async def _within_limit(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = _body_limit(scope["path"])
        if _declared_length(scope) > limit:
            raise TooLarge("the Content-Length is over the limit")
        await self.app(scope, _limited(receive, limit), send)

    def _add_headers(self, headers: MutableHeaders, scope: Scope) -> None:
        state = scope["state"]
        headers["X-Reference"] = state["reference"]
        for name, value in self._fixed.items():
            headers.setdefault(name, value)
        if "content-security-policy" not in headers:
            frames = _frame_ancestors(state)
            headers["Content-Security-Policy"] = content_security_policy(frames, tuple(state.get("form_action", ())))
        # Pages show one person's data; on a shared computer the next one must not find them with the back button.
        headers.setdefault("Cache-Control", "no-store")


def add_middleware(app: FastAPI, *, https: bool) -> None:
    """Put ``Edge`` around ``app``; ``https`` says whether the public address is one (then browsers are told to insist)."""
    app.add_middleware(Edge, https=https)


@lru_cache(maxsize=512)
def content_security_policy(frame_ancestors: tuple[str, ...] | None, form_action: tuple[str, ...] = ()) -> str:
    """The policy of a page. ``frame_ancestors`` None allows any frame, an empty tuple none; origins that are not plain
    origins are left out, so that nothing can be smuggled into the header.
    """
    frames = "*" if frame_ancestors is None else (" ".join(_origins(frame_ancestors)) or "'none'")
    forms = " ".join(["'self'", *_origins(form_action)])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'; base-uri 'none'; form-action {forms}; frame-ancestors {frames}"
    )


def _origins(given: Iterable[str]) -> list[str]:
    return [origin for origin in given if _ORIGIN.fullmatch(origin)]


def _body_limit(path: str) -> int:
    """How many bytes a request to this address may have."""
    if path.endswith(_COURSE_FORMS):
        return COURSE_LIMIT
    return UPLOAD_LIMIT if path.endswith("/upload") else BODY_LIMIT


def _frame_ancestors(state: dict[str, object]) -> tuple[str, ...] | None:
    given = state.get("frame_ancestors")
    if given is None:
        given = getattr(state.get("visit"), "frame_origins", ())
    if given == "*":
        return None
    return tuple(given) if isinstance(given, list | tuple) else ()


def _asked_by_script(scope: Scope) -> bool:
    return TAB_HEADER in Headers(scope=scope)


def _tell_location(headers: MutableHeaders, status: int) -> int:
    """Say in a header where a redirect leads, for a script that follows it by itself; the status to answer with.

    Browsers follow a script's redirects unseen, and what stands behind ``#`` in the address is lost on the way.
    """
    if "location" not in headers:
        return status
    headers["X-LTI-Location"] = headers["location"]
    del headers["location"]
    return 200


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _limited(receive: Receive, limit: int) -> Receive:
    """Counts a body that came without its length, and stops reading at the limit."""
    total = 0

    async def receive_on() -> Message:
        nonlocal total
        message = await receive()
        if message["type"] == "http.request":
            total += len(message.get("body", b""))
            if total > limit:
                # FastAPI turns every other error of a body that is being read into a 400.
                raise HTTPException(413, "the body is over the limit")
        return message

    return receive_on


def _account(scope: Scope, status: int, seconds: float) -> None:
    """One line and two figures. The route's template stands for the path: an address names courses and people's work."""
    route = getattr(scope.get("route"), "path", "") or "unknown"
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    level = logging.DEBUG if scope["path"].startswith(_QUIET) else logging.INFO
    access_log.log(
        level,
        "request",
        extra={"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)},
    )
