"""Asking Schoology's REST API: one signed request at a time, at a pace it bears, page after page.

Its rate limit is not documented; those who have met it tell of some fifty requests in five seconds, answered with 429. Answers
are JSON only for who says so in ``Accept``. Addresses in answers are never called: of the next page's, its query alone is used.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from lti_tool.clock import Clock
from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.links import retry_after
from lti_tool.platforms.credentials import SignedCredentials
from lti_tool.platforms.native import (
    ApiBusy,
    ApiCourseNotFound,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    ApiUnreadable,
    NativeTrouble,
)
from lti_tool.platforms.schoology_oauth import VERSION_PATH, authorization, trouble_of, user_of
from lti_tool.platforms.schoology_rows import Row, rows_at

PER_PAGE = 200
MOST_PAGES = 2000
"""Pages of one list that are followed: 400 000 rows."""

AT_ONCE = 20
"""Questions in one ``multiget``. It takes fifty (https://developers.schoology.com/api-documentation/rest-api-v1), whose answers
would be large and late.
"""

SPACING = 0.1
"""Seconds from the beginning of one request to the next: fifty in five seconds."""

PATIENCE = 10.0
"""Seconds that one call waits in all when Schoology asks to go slower; a teacher may be looking at the page."""

TRIES = 4
FIRST_WAIT = 1.0
"""Seconds before the second try when Schoology does not say how long; doubled each time."""

Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, or the whole of it. ``body`` is the answer."""

    path: str
    body: Mapping[str, Any]


class SchoologyHttp:
    """One access to one Schoology. Every method raises NativeTrouble."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        credentials: SignedCredentials,
        clock: Clock,
        *,
        turn: asyncio.Lock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``base_url`` is scheme and host without ``/v1``; ``turn`` is shared by everybody who uses the same key."""
        self._http = http
        self._base_url = base_url.rstrip("/").removesuffix(VERSION_PATH)
        self._credentials = credentials
        self._clock = clock
        self._turn = turn or asyncio.Lock()
        self._sleep = sleep
        self._one_by_one = False

    async def whose(self) -> str:
        """The id of the user that this access acts as; ApiTokenRefused where it is dead."""
        response = await self._whoever()
        if response.is_success or response.is_redirect:
            return user_of(response)
        raise trouble_of(response.status_code)

    async def must_be_alive(self) -> None:
        """Raises ApiTokenRefused for an access that is dead. One that acts as nobody in particular is alive."""
        response = await self._whoever()
        if response.status_code == 401:
            raise ApiTokenRefused("Schoology answered 401, to whose access it is as well")

    async def _whoever(self) -> httpx.Response:
        return await self._patiently("GET", f"{self._base_url}{VERSION_PATH}/users/me", None)

    async def get(self, path: str, query: Query | None = None) -> Mapping[str, Any]:
        """What stands at a path such as ``sections/7``."""
        return await self._ask("GET", _address(path, query or {}))

    async def rows(self, path: str, *names: str, query: Query | None = None) -> AsyncIterator[Row]:
        """The rows of a list, page after page; ``names`` is where they stand in an answer."""
        async for page in self.pages([(path, {"limit": PER_PAGE, **(query or {})})]):
            for row in _rows(page.body, names):
                yield row

    async def pages(self, lists: Iterable[tuple[str, Query]]) -> AsyncIterator[Page]:
        """All pages of several lists, in any order: many in one request, where Schoology takes them so."""
        waiting = deque((_address(path, query), 1) for path, query in lists)
        seen = {address for address, _ in waiting}
        while waiting:
            some = [waiting.popleft() for _ in range(min(AT_ONCE, len(waiting)))]
            bodies = await self._many([address for address, _ in some])
            for (address, count), body in zip(some, bodies, strict=True):
                yield Page(address, body)
                following = _next(address, body)
                if following is None:
                    continue
                if following in seen:
                    raise ApiUnreadable("the pages go in a circle")
                if count >= MOST_PAGES:
                    raise ApiUnreadable("the pages do not end")
                seen.add(following)
                waiting.append((following, count + 1))

    # --- Parts -------------------------------------------------------------------------------------------------------

    async def _many(self, addresses: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """What stands at several addresses. One that is not answered among the others is asked again by itself, so that what
        is said of it is what is said of any.
        """
        if len(addresses) == 1 or self._one_by_one:
            return [await self._ask("GET", address) for address in addresses]
        try:
            body = await self._ask("POST", f"{VERSION_PATH}/multiget", {"request": list(addresses)})
        except (ApiNotPermitted, ApiCourseNotFound, ApiUnreadable):
            self._one_by_one = True
            return [await self._ask("GET", address) for address in addresses]
        answers = rows_at(body, "response")
        if len(answers) != len(addresses):
            raise ApiUnreadable("not as many answers as questions")
        found: list[Mapping[str, Any]] = []
        for address, answer in zip(addresses, answers, strict=True):
            inner = answer.get("body")
            whole = answer.get("response_code") in (200, "200") and isinstance(inner, dict)
            found.append(inner if whole and isinstance(inner, dict) else await self._ask("GET", address))
        return found

    async def _ask(self, method: str, address: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        response = await self._patiently(method, f"{self._base_url}{address}", body)
        if not response.is_success:
            raise await self._refusal(response)
        try:
            found = read_json(response.content)
        except ValueError:
            raise ApiUnreadable("the answer is not JSON") from None
        if not isinstance(found, dict):
            raise ApiUnreadable("the answer is no object")
        return found

    async def _patiently(self, method: str, url: str, body: Mapping[str, Any] | None) -> httpx.Response:
        """The answer, when it is one that asks nobody to wait; raises where the waiting has no end."""
        waited, wait = 0.0, FIRST_WAIT
        for attempt in range(1, TRIES + 1):
            response = await self._send(method, url, body)
            if not _asks_to_wait(response):
                return response
            asked = retry_after(response.headers.get("retry-after"), self._clock.now())
            pause = asked.total_seconds() if asked is not None else wait
            if attempt == TRIES or waited + pause > PATIENCE:
                break
            await self._sleep(pause)
            waited += pause
            wait *= 2
        if response.status_code == 401:
            raise ApiBusy("Schoology keeps taking requests for repeated ones")
        raise trouble_of(response.status_code)

    async def _send(self, method: str, url: str, body: Mapping[str, Any] | None) -> httpx.Response:
        loop = asyncio.get_running_loop()
        # One at a time per key, since timestamps must not go back; the turn is given up when the next may begin.
        async with self._turn:
            begun = loop.time()
            headers = {
                "Authorization": authorization(method, url, self._credentials, self._clock.now()),
                "Accept": "application/json",
            }
            if body is not None:
                headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode() if body is not None else None
            try:
                response = await self._http.request(method, url, headers=headers, content=content)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                # Not the exception's own text, which can hold the address.
                raise ApiUnreachable(f"no answer: {type(error).__name__}") from None
            left = SPACING - (loop.time() - begun)
            if left > 0:
                await self._sleep(left)
            return response

    async def _refusal(self, response: httpx.Response) -> NativeTrouble:
        status = response.status_code
        if status in {404, 405, 410}:
            return ApiCourseNotFound(f"Schoology answered {status}")
        if status != 401:
            return trouble_of(status)
        # Schoology says 401 to a dead key, and also to a live one that may not see somebody else's data.
        try:
            await self.must_be_alive()
        except NativeTrouble as trouble:
            return trouble
        return NotWithThisKey("Schoology answered 401, and the access is alive")


class NotWithThisKey(ApiNotPermitted):
    """The access is alive and reads its own user's data alone: a personal key, or an application that is not approved.

    https://developers.schoology.com/api-documentation/api-authentication-update
    """


def _address(path: str, query: Query) -> str:
    written = urlencode({name: str(value) for name, value in query.items()})
    return f"{VERSION_PATH}/{path}" + (f"?{written}" if written else "")


def _rows(body: Mapping[str, Any], names: tuple[str, ...]) -> Sequence[Row]:
    """The rows of a list's answer. One that has neither them nor what stands beside them is none, and not an empty list."""
    if names[0] not in body and not {"total", "count", "links"} & body.keys():
        raise ApiUnreadable("the answer is no list")
    return rows_at(body, *names)


def _next(address: str, body: Mapping[str, Any]) -> str | None:
    """The address of the next page, on the same path."""
    links = body.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    if not isinstance(following, str) or not following:
        return None
    try:
        query = parse_qsl(urlsplit(following).query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise ApiUnreadable("the next page has no address") from None
    if not query or len(following) > 4000:
        raise ApiUnreadable("the next page has no address")
    # What the list was narrowed to, in case that the next page's address has forgotten it.
    kept = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    return f"{urlsplit(address).path}?{urlencode(kept | dict(query))}"


def _asks_to_wait(response: httpx.Response) -> bool:
    """Whether Schoology is throttling or in trouble, or takes a request for a repeated one."""
    if response.status_code == 401:
        said = response.content[:500].lower()
        return b"nonce" in said or b"replay" in said
    return response.status_code in {408, 425, 429} or response.status_code >= 500
