"""How the sandbox misbehaves when it is asked to: late, failing, with a wrong clock.

Tests and the demo set it in process (``app.state.platform.behaviour``) or through ``POST /_control/…``. How particular
LMSs differ from the standard has its place here too.
"""

import asyncio
import contextlib
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ANY = "*"
PAGE = "<!doctype html><title>Down for maintenance</title><p>This page is not what was asked for.</p>"
_COURSE = r"/api/lti/courses/[^/]+"
_MOODLE = r"/mod/lti/services\.php"
_SCHOOLOGY = r"/lti-service/tool/[^/]+/services"
_COLUMNS = rf"{_SCHOOLOGY}/assignment-grade/v2p0/sections/[^/]+/lineitems"
_ENDPOINTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("authorize", r"/api/lti/authorize_redirect|/mod/lti/auth\.php|/lti-service/authorize-redirect"),
        ("jwks", r"/api/lti/security/jwks|/mod/lti/certs\.php|/lti-service/\.well-known/jwks"),
        ("token", r"/login/oauth2/token|/mod/lti/token\.php|/lti-service/access-token"),
        ("line_items", rf"{_COURSE}/line_items|{_MOODLE}/[^/]+/lineitems|{_COLUMNS}"),
        ("line_item", rf"{_COURSE}/line_items/[^/]+|{_MOODLE}/[^/]+/lineitems/[^/]+/lineitem|{_COLUMNS}/[^/]+"),
        (
            "scores",
            rf"{_COURSE}/line_items/[^/]+/scores|{_MOODLE}/[^/]+/lineitems/[^/]+/lineitem/scores|{_COLUMNS}/[^/]+/scores",
        ),
        (
            "results",
            rf"{_COURSE}/line_items/[^/]+/results|{_MOODLE}/[^/]+/lineitems/[^/]+/lineitem/results|{_COLUMNS}/[^/]+/results",
        ),
        (
            "memberships",
            rf"{_COURSE}/names_and_roles|{_MOODLE}/CourseSection/[^/]+/bindings/[^/]+/memberships|"
            rf"{_SCHOOLOGY}/names-roles/v2p0/membership/[^/]+",
        ),
        ("groups", rf"{_COURSE}/groups"),
        ("group_sets", rf"{_COURSE}/group_sets"),
        ("configuration", r"/\.well-known/openid-configuration|/mod/lti/openid-configuration\.php"),
        ("registrations", r"/api/lti/registrations|/mod/lti/openid-registration\.php"),
        ("notice_handlers", r"/api/lti/notice-handlers/[^/]+"),
        ("api", r"/api(/quiz)?/v1/.*|/v1/.*|/webservice/rest/server\.php"),
    )
)
KINDS = ("status", "html", "broken", "hang")
ENDPOINTS = tuple(name for name, _ in _ENDPOINTS)


def endpoint_of(path: str) -> str | None:
    """The name behaviour knows this path by, or None for pages."""
    return next((name for name, pattern in _ENDPOINTS if pattern.fullmatch(path)), None)


@dataclass
class Failure:
    """Answer the next ``times`` calls of an endpoint (or ``*``, any) with ``status``.

    ``retry_after`` seconds go into the header of that name. With ``after`` the call is carried out first and only its
    answer is lost, which is what a tool sees when the network fails at the wrong moment. ``kind`` says how it fails: with its
    ``status``; with a page of HTML that says 200 (``html``); with an answer that breaks off in the middle (``broken``); or not
    before the caller gives up (``hang``).
    """

    endpoint: str
    status: int
    times: int = 1
    retry_after: int | None = None
    after: bool = False
    kind: str = "status"


@dataclass
class Throttling:
    """Canvas's rate limit: a bucket per token holds ``limit``, every call costs ``cost`` in the end, and a full bucket is
    answered with ``status``: 403 with words, newer 429.
    """

    limit: float = 600.0
    cost: float = 0.5
    status: int = 403

    def reset(self) -> None:
        """As usual."""
        self.limit, self.cost, self.status = 600.0, 0.5, 403


@dataclass
class Behaviour:
    """What is out of the ordinary now. ``latency`` is in seconds by endpoint; ``calls`` counts every call by endpoint.

    ``refuses_tokens``: the token endpoint takes no assertion and the services no token. ``registration_names_deployment``: the
    answer to a registration holds the deployment id. ``picks_accept``: the types of content a deep linking request accepts.
    ``allowed_attempts``: how many submissions a column of a tool takes of each student, on an LMS whose scores can be some.
    ``storage_target``: where values are kept for tools, ``_parent`` or the name of a frame; None where nothing is kept.
    ``throttle``: Canvas's rate limit. ``forbidden_status``: how Canvas's REST API answers whoever lacks a right: 401, newer 403.
    """

    latency: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    clock_offset: timedelta = timedelta()
    message_hints_work_once: bool = False
    refuses_tokens: bool = False
    allowed_attempts: int | None = None
    registration_names_deployment: bool = False
    picks_accept: tuple[str, ...] = ("ltiResourceLink",)
    storage_target: str | None = None
    usual_storage_target: str | None = None
    usual_picks: tuple[str, ...] = ("ltiResourceLink",)
    calls: Counter[str] = field(default_factory=Counter)
    throttle: Throttling = field(default_factory=Throttling)
    forbidden_status: int = 401

    def fail_next(
        self,
        endpoint: str,
        status: int,
        *,
        times: int = 1,
        retry_after: int | None = None,
        after: bool = False,
        kind: str = "status",
    ) -> None:
        """Fail the next calls; see :class:`Failure`. An unknown endpoint or kind is a ValueError."""
        if kind not in KINDS:
            raise ValueError(f"there is no kind {kind!r}; there are {', '.join(KINDS)}")
        if endpoint != ANY and endpoint not in ENDPOINTS:
            raise ValueError(f"there is no endpoint {endpoint!r}; there are {', '.join(ENDPOINTS)} and {ANY}")
        self.failures.append(Failure(endpoint, status, times, retry_after, after, kind))

    def take_failure(self, endpoint: str) -> Failure | None:
        """The failure due for this call, used up once."""
        for failure in self.failures:
            if failure.endpoint in (endpoint, ANY):
                failure.times -= 1
                if failure.times <= 0:
                    self.failures.remove(failure)
                return failure
        return None

    def delay(self, endpoint: str) -> float:
        """Seconds to wait before this call is looked at."""
        return self.latency.get(endpoint, self.latency.get(ANY, 0.0))

    def reset(self) -> None:
        """Ordinary again, with the counts at zero."""
        self.latency.clear()
        self.failures.clear()
        self.calls.clear()
        self.clock_offset = timedelta()
        self.message_hints_work_once, self.allowed_attempts = False, None
        self.refuses_tokens = self.registration_names_deployment = False
        self.throttle.reset()
        self.forbidden_status = 401
        self.picks_accept, self.storage_target = self.usual_picks, self.usual_storage_target


class BehaviourMiddleware:
    """Stands before every route and does what :class:`Behaviour` says."""

    def __init__(self, app: ASGIApp, behaviour: Behaviour) -> None:
        self.app = app
        self.behaviour = behaviour

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Delay, fail, or pass on."""
        endpoint = endpoint_of(scope["path"]) if scope["type"] == "http" else None
        if endpoint is None:
            await self.app(scope, receive, send)
            return
        self.behaviour.calls[endpoint] += 1
        if delay := self.behaviour.delay(endpoint):
            await asyncio.sleep(delay)
        failure = self.behaviour.take_failure(endpoint)
        if failure is None:
            await self.app(scope, receive, send)
            return
        if failure.kind == "hang":
            await _given_up(receive)
            return
        if failure.kind == "broken":
            await self.app(scope, receive, _breaking_off(send))
            return
        if failure.after:
            await self.app(scope, receive, _discard)
        if failure.kind == "html":
            await HTMLResponse(PAGE)(scope, receive, send)
            return
        headers = {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
        response = JSONResponse(
            {"errors": {"type": "on_demand", "message": "This failure was asked for."}}, failure.status, headers
        )
        await response(scope, receive, send)


async def _given_up(receive: Receive) -> None:
    """Wait until the caller hangs up; ten minutes at most, so that nothing waits for ever."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(600):
            while (await receive())["type"] != "http.disconnect":
                pass


def _breaking_off(send: Send) -> Send:
    """Sends the first half of the body, and says that this was all."""

    async def half(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [one for one in message["headers"] if one[0].lower() != b"content-length"]
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2]}
        await send(message)

    return half


async def _discard(_message: Message) -> None:
    """Where lost answers go."""
