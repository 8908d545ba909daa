"""Canvas's rate limit: a bucket per token that leaks (app/middleware/request_throttle.rb, with its usual settings).

Every call costs a little in the end; while it runs it is charged fifty beforehand. So whoever calls one after the other is
never slowed down, and whoever calls a dozen at once is. A full bucket is a 403 with words, without ``Retry-After``; the headers
say on every answer what is left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lti_tool.sandbox.behaviour import Throttling

OUTFLOW = 10.0
UP_FRONT = 50.0
# What a call costs in the end is half a second of a server's time, unless trouble was asked for, which is plenty.

WORDS = "403 Forbidden (Rate Limit Exceeded)\n"


@dataclass
class _Bucket:
    count: float
    at: datetime


class Throttle:
    """Stands before every route of the services and of the REST API; ``now`` tells the time, ``throttling`` what is too much."""

    def __init__(self, app: ASGIApp, now: Callable[[], datetime], throttling: Throttling) -> None:
        self.app = app
        self._now = now
        self._throttling = throttling
        self._buckets: dict[str, _Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Charge, pass on, and give back."""
        token = _bearer(scope) if scope["type"] == "http" else None
        if token is None:
            await self.app(scope, receive, send)
            return
        bucket = self._leaked(token)
        told = self._throttling
        if bucket.count >= told.limit:
            words = WORDS.replace("403 Forbidden", f"{told.status} {HTTPStatus(told.status).phrase}")
            await PlainTextResponse(words, told.status, self._headers(0.0, bucket))(scope, receive, send)
            return
        bucket.count += UP_FRONT

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = [
                    (name.lower().encode(), value.encode()) for name, value in self._headers(told.cost, bucket).items()
                ]
                message = {**message, "headers": [*message.get("headers", ()), *said]}
            await send(message)

        try:
            await self.app(scope, receive, say)
        finally:
            bucket.count = max(bucket.count - UP_FRONT + told.cost, 0.0)

    def _leaked(self, token: str) -> _Bucket:
        now = self._now()
        bucket = self._buckets.setdefault(token, _Bucket(0.0, now))
        gone = max((now - bucket.at).total_seconds(), 0.0) * OUTFLOW
        bucket.count, bucket.at = max(bucket.count - gone, 0.0), now
        return bucket

    def _headers(self, cost: float, bucket: _Bucket) -> dict[str, str]:
        left = max(self._throttling.limit - bucket.count, 0.0)
        return {"X-Request-Cost": f"{cost}", "X-Rate-Limit-Remaining": f"{left}"}


def _bearer(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization" and value.lower().startswith(b"bearer "):
            return str(value[7:].strip().decode("latin-1"))
    return None
