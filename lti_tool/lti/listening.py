"""Hearing what is sent to a platform and what it answers, for checks that show an administrator what was done.

What is kept of a call are its outer features: never a token, never a value that was sent or received. So it can be shown.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

import httpx

from lti_tool.lti.foreign_json import read_json

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and its answer. ``parameters`` and ``sent`` are names, of the query and of the body's outermost members.

    ``scopes`` are those a token was asked for and, where the platform says so, was ``granted``. ``status`` is None where no
    answer came.
    """

    method: str
    host: str
    path: str
    parameters: tuple[str, ...] = ()
    accept: str = ""
    content_type: str = ""
    bearer: bool = False
    sent: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    granted: tuple[str, ...] | None = None
    status: int | None = None
    answered_type: str = ""

    @property
    def answered(self) -> bool:
        """Whether the platform said yes."""
        return self.status is not None and 200 <= self.status < 300


Heard = Callable[[Exchange], None]


def listening(inner: httpx.AsyncClient, heard: Heard, *, timeout: httpx.Timeout) -> httpx.AsyncClient:
    """A client that calls through ``inner``, with its guards and its name, and tells ``heard`` of every call.

    It holds no connection of its own, so that it need not be closed.
    """
    headers = {
        name: inner.headers[name] for name in ("User-Agent", "Accept", "Accept-Encoding") if name in inner.headers
    }
    return httpx.AsyncClient(
        transport=_Through(inner, heard), headers=headers, timeout=timeout, follow_redirects=False, trust_env=False
    )


class _Through(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncClient, heard: Heard) -> None:
        self._inner = inner
        self._heard = heard

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._inner.send(request, stream=True, follow_redirects=False)
        except BaseException:
            # No connection, or cut off from outside: nobody knows what the platform did.
            self._heard(exchange(request, None))
            raise
        if _asks_for_token(request):
            # The one answer whose content says what the tool may do from now on.
            await response.aread()
        self._heard(exchange(request, response))
        return response


def exchange(request: httpx.Request, response: httpx.Response | None) -> Exchange:
    """What may be told of a call. An answer to a token request has to have been read."""
    content_type = request.headers.get("content-type", "")
    form = dict(parse_qsl(request.content.decode("utf-8", "replace"))) if _asks_for_token(request) else {}
    return Exchange(
        method=request.method,
        host=request.url.host,
        path=request.url.path,
        parameters=tuple(sorted({name for name, _ in request.url.params.multi_items()})),
        accept=request.headers.get("accept", ""),
        content_type=content_type,
        bearer=request.headers.get("authorization", "").startswith("Bearer "),
        sent=tuple(form) if form else _members(request, content_type),
        scopes=tuple(form.get("scope", "").split()),
        granted=_granted(response) if form and response is not None else None,
        status=response.status_code if response is not None else None,
        answered_type=response.headers.get("content-type", "") if response is not None else "",
    )


def _asks_for_token(request: httpx.Request) -> bool:
    return request.method == "POST" and request.headers.get("content-type", "").startswith(_FORM)


def _members(request: httpx.Request, content_type: str) -> tuple[str, ...]:
    if "json" not in content_type or not request.content:
        return ()
    body = json.loads(request.content)
    return tuple(body) if isinstance(body, dict) else ()


def _granted(response: httpx.Response) -> tuple[str, ...] | None:
    """The scopes a token was given for, where the answer says so."""
    try:
        answer = read_json(response.content)
    except ValueError:
        return None
    said = answer.get("scope") if isinstance(answer, dict) and response.is_success else None
    return tuple(said.split()) if isinstance(said, str) else None
