"""Requests to one Canvas with one access: pages, throttling, renewal, refusals.

Serially, one request at a time per token: Canvas's throttle makes parallel requests of one token pay in advance
(https://developerdocs.instructure.com/services/canvas/basics/file.throttling). The token is sent to the connection's own
origin and nowhere else, whatever address an answer names.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urljoin

import httpx

from lti_tool.clock import Clock
from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.http import AnswerTooLarge
from lti_tool.lti.links import next_link, retry_after
from lti_tool.platforms.canvas_fields import Row, is_id, origin
from lti_tool.platforms.canvas_scopes import right_for
from lti_tool.platforms.credentials import BearerCredentials
from lti_tool.platforms.native import (
    ApiBusy,
    ApiCourseNotFound,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    ApiUnreadable,
)

PER_PAGE = 100
MOST_PAGES = 20_000
"""Pages of one list that are followed: two million rows, the grades of 5000 students for 400 assignments."""

PATIENCE = 10.0
"""Seconds that one call waits in all when Canvas asks to go slower; a teacher is looking at the page."""

TRIES = 4
FIRST_WAIT = 1.0
"""Seconds before the second try when Canvas does not say how long; doubled each time."""

LOW = 150.0
"""What is left of the quota (``X-Rate-Limit-Remaining``) when requests begin to wait, or a quarter of the most that ever was left
where a school has less. A full one is 600 or 700.
"""

REFILL = 10.0
"""What Canvas gives back of the quota in a second, as it comes."""

LONGEST_SLOWING = 10.0
"""Seconds that one request waits at most for quota to come back."""

# Ids of one shard seen from another are over 2^53 and would be rounded by readers of JSON numbers; Canvas writes them as
# strings when asked to.
ACCEPT = "application/json+canvas-string-ids, application/json"

Parameters = tuple[tuple[str, str], ...]


class CanvasNotPermitted(ApiNotPermitted):
    """The token may not do this; ``needs`` is the scope or, where it has that, the right that is missing."""

    def __init__(self, detail: str, needs: str, *, scope: bool) -> None:
        super().__init__(f"{detail}; needs {needs}")
        self.needs = needs
        self.scope = scope


class NotAccepted(ApiUnreadable):
    """Canvas understood the question and does not answer it like this: an id that is not (or no longer) what it should be."""


class CanvasHttp:
    """Asks one Canvas with one access. Every call names the scope it needs, and raises NativeTrouble."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        credentials: BearerCredentials,
        clock: Clock,
        turn: asyncio.Lock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self._turn = turn
        self._sleep = sleep
        self._remaining = math.inf
        self._most_left = 0.0

    # --- Reading -----------------------------------------------------------------------------------------------------

    async def rows(self, path: str, *parameters: tuple[str, str], scope: str) -> AsyncIterator[Row]:
        """The rows of a list, page after page."""
        async for page in self.pages(path, *parameters, scope=scope):
            for row in page:
                yield row

    async def pages(
        self, path: str, *parameters: tuple[str, str], scope: str, inside: str | None = None
    ) -> AsyncIterator[list[Row]]:
        """The pages of a list; ``inside`` names what holds the rows where an answer is an object."""
        url = self._url(path, *parameters, ("per_page", str(PER_PAGE)))
        seen: set[int] = set()
        while hash(url) not in seen:
            if len(seen) >= MOST_PAGES:
                raise ApiUnreadable("the pages do not end")
            # A list may have thousands of pages, and addresses are long.
            seen.add(hash(url))
            response = await self._ask("GET", url, scope)
            yield _rows(response, inside)
            try:
                following = next_link(response.headers.get_list("link"), url)
            except ValueError:
                raise ApiUnreadable("the next page's address is none") from None
            if following is None:
                return
            # Opaque: its bookmarks differ by case, and are not to be put together by oneself.
            url = self._ours(urljoin(url, following))
        raise ApiUnreadable("the pages go in a circle")

    async def page(
        self, path: str, *parameters: tuple[str, str], scope: str, most: int, inside: str | None = None
    ) -> list[Row]:
        """The first rows of a list, ``most`` at most."""
        return _rows(await self._ask("GET", self._url(path, *parameters, ("per_page", str(most))), scope), inside)

    async def answer(self, path: str, *parameters: tuple[str, str], scope: str) -> Row:
        """An object."""
        return _object(await self._ask("GET", self._url(path, *parameters), scope))

    async def change(self, method: str, path: str, *form: tuple[str, str], scope: str) -> Row:
        """Do something, and what Canvas then shows of it. A request that may have been carried out is not sent again."""
        body = urlencode(form).encode() if form else None
        return _object(await self._ask(method, self._url(path), scope, body))

    # --- One request -------------------------------------------------------------------------------------------------

    def _url(self, path: str, *parameters: tuple[str, str]) -> str:
        return f"{self.base_url}{path}" + (f"?{urlencode(parameters)}" if parameters else "")

    def _ours(self, url: str) -> str:
        """The address, if the token may go there: scheme, host and port of the connection, nothing else."""
        if origin(url) != origin(self.base_url):
            raise ApiUnreadable("an answer leads to another host")
        return url

    async def _ask(self, method: str, url: str, scope: str, body: bytes | None = None) -> httpx.Response:
        waited, wait = 0.0, FIRST_WAIT
        for attempt in range(1, TRIES + 1):
            # One request at a time per token; others may go between our tries.
            async with self._turn:
                await self._slow_down()
                response = await self._send(method, url, body)
            if response.is_success:
                return response
            throttled = _is_throttled(response)
            if not throttled and (method != "GET" or not _is_in_trouble(response)):
                raise _refusal(response, scope)
            asked = retry_after(response.headers.get("retry-after"), self._clock.now())
            pause = asked.total_seconds() if asked is not None else wait
            if attempt == TRIES or waited + pause > PATIENCE:
                break
            await self._sleep(pause)
            waited += pause
            wait *= 2
        if not throttled:
            raise ApiUnreachable(f"Canvas answered {response.status_code}")
        raise ApiBusy(f"Canvas answered {response.status_code} and asks to wait")

    async def _slow_down(self) -> None:
        """Wait for quota to come back before it is used up: who is refused waits longer, and others' requests with them."""
        low = min(LOW, self._most_left / 4)
        if self._remaining < low:
            await self._sleep(min((low - self._remaining) / REFILL, LONGEST_SLOWING))
            self._remaining = math.inf

    async def _send(self, method: str, url: str, body: bytes | None) -> httpx.Response:
        token = await self._credentials.token()
        response = await self._send_with(token, method, url, body)
        if _is_dead(response):
            # It was not looked at, so it can be sent again whatever it was.
            response = await self._send_with(await self._credentials.renew(token), method, url, body)
        left = _number(response.headers.get("x-rate-limit-remaining"))
        self._remaining = math.inf if left is None else left
        self._most_left = max(self._most_left, left or 0.0)
        return response

    async def _send_with(self, token: str, method: str, url: str, body: bytes | None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "Accept": ACCEPT}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            return await self._http.request(method, url, headers=headers, content=body)
        except AnswerTooLarge as error:
            raise ApiUnreadable("the answer is too large") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not the exception's own text, which can hold the address.
            raise ApiUnreachable(f"no answer: {type(error).__name__}") from error


def course_path(course_id: str) -> str:
    """Where a course stands in the API. Raises ApiCourseNotFound for what cannot be a course."""
    if not is_id(course_id):
        raise ApiCourseNotFound("the course has no id of Canvas's own; does canvas_course_id come with the launch?")
    return f"/api/v1/courses/{course_id}"


# --- What an answer means ------------------------------------------------------------------------------------------------


def _is_throttled(response: httpx.Response) -> bool:
    """Whether Canvas asks to go slower. Its throttle answers 403 with a sentence, a newer one 429."""
    if response.status_code == 403:
        return "rate limit exceeded" in response.text[:500].lower()
    return response.status_code == 429


def _number(header: str | None) -> float | None:
    try:
        found = float(header or "")
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _is_in_trouble(response: httpx.Response) -> bool:
    return response.status_code in {408, 425} or response.status_code >= 500


def _is_dead(response: httpx.Response) -> bool:
    """Whether the token is dead. With the header it is; without it, it lacks a right: Canvas's own distinction
    (https://developerdocs.instructure.com/services/canvas/oauth2/file.oauth).
    """
    return response.status_code == 401 and "www-authenticate" in response.headers


def _refusal(response: httpx.Response, scope: str) -> Exception:
    status = response.status_code
    if _is_dead(response):
        return ApiTokenRefused("401 with WWW-Authenticate")
    if status in {401, 403}:
        lacks_scope = "insufficient scopes" in response.text[:500].lower()
        return CanvasNotPermitted(
            f"Canvas answered {status}", scope if lacks_scope else right_for(scope), scope=lacks_scope
        )
    if status in {404, 410}:
        return ApiCourseNotFound(f"Canvas answered {status}")
    if status in {400, 409, 422}:
        return NotAccepted(f"Canvas answered {status}")
    return ApiUnreachable(f"Canvas answered {status}") if status >= 500 else ApiUnreadable(f"Canvas answered {status}")


def _json(response: httpx.Response) -> Any:
    try:
        return read_json(response.content)
    except ValueError:
        raise ApiUnreadable("the answer is not JSON") from None


def _rows(response: httpx.Response, inside: str | None) -> list[Row]:
    body = _json(response)
    if inside is not None:
        body = body.get(inside) if isinstance(body, dict) else None
    if not isinstance(body, list):
        raise ApiUnreadable("the answer is not a list")
    return [row for row in body if isinstance(row, dict)]


def _object(response: httpx.Response) -> Row:
    body = _json(response)
    if not isinstance(body, dict):
        raise ApiUnreadable("the answer is not an object")
    return body
