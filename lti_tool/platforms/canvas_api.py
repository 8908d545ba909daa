"""Canvas's own REST API: a course's modules and assignments, and the grades students got for them.

Read with one token per platform, serially: Canvas's throttle makes parallel requests of one token pay in advance
(https://developerdocs.instructure.com/services/canvas/basics/file.throttling). The token is sent to the connection's own
origin and nowhere else, whatever address an answer names.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin

import httpx

from lti_tool.clock import Clock
from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.links import next_link, retry_after
from lti_tool.platforms.canvas_rows import (
    Assignment,
    assignment_of,
    by_content_id,
    is_id,
    loose_item,
    module_item,
    origin,
    results_of,
    row_id,
    text,
)
from lti_tool.platforms.credentials import BearerCredentials
from lti_tool.platforms.native import (
    ApiBusy,
    ApiCourseNotFound,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    ApiUnreadable,
    Capability,
    NativeConnector,
    NativeContents,
    NativeItem,
    NativeResults,
)

PER_PAGE = 100
MOST_PAGES = 500
"""Pages of one list that are followed: 50 000 items."""

PATIENCE = 10.0
"""Seconds that one call waits in all when Canvas asks to go slower; a teacher is looking at the page."""

TRIES = 4
FIRST_WAIT = 1.0
"""Seconds before the second try when Canvas does not say how long; doubled each time."""

STUDENTS_AT_ONCE = 40
ASSIGNMENTS_AT_ONCE = 40
"""Ids in one address, which servers limit to some 8000 characters."""

# Ids of one shard seen from another are over 2^53 and would be rounded by readers of JSON numbers; Canvas writes them as
# strings when asked to.
ACCEPT = "application/json+canvas-string-ids, application/json"


class CanvasApi(NativeConnector):
    """Reads one Canvas with one token."""

    offers = frozenset({Capability.CONTENTS, Capability.RESULTS})

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        credentials: BearerCredentials,
        clock: Clock,
        *,
        turn: asyncio.Lock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``base_url`` is scheme and host without ``/api``; ``turn`` is shared by everybody who uses the same token."""
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._credentials = credentials
        self._clock = clock
        self._turn = turn or asyncio.Lock()
        self._sleep = sleep

    # --- What the tool asks ------------------------------------------------------------------------------------------

    async def read_contents(self, course_id: str) -> NativeContents:
        """A course's modules with their items, then the assignments that stand in no module. Raises NativeTrouble."""
        path = _course_path(course_id)
        assignments = [
            found
            async for row in self._list(f"{path}/assignments?per_page={PER_PAGE}")
            if (found := assignment_of(row)) is not None
        ]
        by_content = by_content_id(assignments)
        items: list[NativeItem] = []
        placed: set[str] = set()
        modules = f"{path}/modules?{_query(('include[]', 'items'), ('include[]', 'content_details'))}"
        async for module in self._list(modules):
            title = text(module.get("name"))
            for row in await self._module_items(path, module):
                item = module_item(row, title, by_content)
                if item is None:
                    continue
                items.append(item)
                if item.result_key is not None:
                    placed.add(item.result_key)
        items += [loose_item(assignment) for assignment in assignments if assignment.id not in placed]
        return NativeContents(tuple(items), home_url=f"{self._base_url}/courses/{quote(course_id, safe='')}")

    async def results(
        self,
        course_id: str,
        result_keys: Collection[str],
        user_ids: Collection[str],
        *,
        since: datetime | None = None,
    ) -> AsyncIterator[NativeResults]:
        """What the gradebook says of ``user_ids`` and the assignments ``result_keys``, in batches. Raises NativeTrouble.

        A grade is a number that a submission in the state ``graded`` has and that was posted to the student. The score as
        entered goes before the one a late policy has reduced: lateness says nothing about what somebody knows. Excused,
        missing and blank submissions are no results. Ids that are none of Canvas's (a number) are left out.
        """
        path = _course_path(course_id)
        users = sorted({one for one in user_ids if is_id(one)})
        for keys in _slices(sorted({one for one in result_keys if is_id(one)}), ASSIGNMENTS_AT_ONCE):
            assignments = await self._assignments(path, keys)
            asked = [key for key in keys if key in assignments]
            for some in _slices(users, STUDENTS_AT_ONCE) if asked else ():
                query = _query(
                    *(("student_ids[]", one) for one in some),
                    *(("assignment_ids[]", one) for one in asked),
                    ("include[]", "submission_history"),
                )
                rows = self._list(f"{path}/students/submissions?{query}")
                found = [results_of(row, assignments) async for row in rows]
                yield NativeResults(
                    tuple(one for each in found for one in each.results),
                    tuple(one for each in found for one in each.attempts),
                    tuple(one for each in found for one in each.gaps),
                )

    # --- Parts -------------------------------------------------------------------------------------------------------

    async def _assignments(self, path: str, keys: Sequence[str]) -> dict[str, Assignment]:
        """Those that give points, as they are now: a teacher may have changed them since the contents were read."""
        query = _query(*(("assignment_ids[]", key) for key in keys))
        wanted = set(keys)
        found: dict[str, Assignment] = {}
        async for row in self._list(f"{path}/assignments?{query}"):
            assignment = assignment_of(row)
            if assignment is not None and assignment.id in wanted and assignment.points:
                found[assignment.id] = assignment
        return found

    async def _module_items(self, path: str, module: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """A module's items, whether or not they came with it: Canvas leaves them out of modules with many, and out of all
        when the key does not allow include parameters.
        """
        given = module.get("items")
        if isinstance(given, list):
            return [row for row in given if isinstance(row, dict)]
        module_id = row_id(module.get("id"))
        if module_id is None:
            raise ApiUnreadable("a module without an id")
        # The items_url that comes along names the same place; building it keeps the content details and the page size.
        address = f"{path}/modules/{module_id}/items?{_query(('include[]', 'content_details'))}"
        return [row async for row in self._list(address)]

    async def _list(self, path: str) -> AsyncIterator[Mapping[str, Any]]:
        """The rows of a list, page after page; the next address is opaque (its bookmarks differ by case)."""
        url = f"{self._base_url}{path}"
        seen: set[str] = set()
        while url not in seen:
            if len(seen) >= MOST_PAGES:
                raise ApiUnreadable("the pages do not end")
            seen.add(url)
            response = await self._get(url)
            for row in _rows(response):
                yield row
            following = next_link(response.headers.get_list("link"), url)
            if following is None:
                return
            url = self._ours(urljoin(url, following))
        raise ApiUnreadable("the pages go in a circle")

    def _ours(self, url: str) -> str:
        """The address, if the token may go there: scheme, host and port of the connection, nothing else."""
        if origin(url) != origin(self._base_url):
            raise ApiUnreadable("an answer leads to another host")
        return url

    async def _get(self, url: str) -> httpx.Response:
        waited, wait = 0.0, FIRST_WAIT
        for attempt in range(1, TRIES + 1):
            # One request at a time per token; others may go between our tries.
            async with self._turn:
                response = await self._send(url)
            if response.is_success:
                return response
            if not _asks_to_wait(response):
                raise _refusal(response)
            asked = retry_after(response.headers.get("retry-after"), self._clock.now())
            pause = asked.total_seconds() if asked is not None else wait
            if attempt == TRIES or waited + pause > PATIENCE:
                break
            await self._sleep(pause)
            waited += pause
            wait *= 2
        if response.status_code >= 500:
            raise ApiUnreachable(f"Canvas answered {response.status_code}")
        raise ApiBusy(f"Canvas answered {response.status_code} and asks to wait")

    async def _send(self, url: str) -> httpx.Response:
        token = await self._credentials.token()
        try:
            return await self._http.get(url, headers={"Authorization": f"Bearer {token}", "Accept": ACCEPT})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not the exception's own text, which can hold the address.
            raise ApiUnreachable(f"no answer: {type(error).__name__}") from error


def _course_path(course_id: str) -> str:
    if not is_id(course_id):
        raise ApiCourseNotFound("the course has no id of Canvas's own; does canvas_course_id come with the launch?")
    return f"/api/v1/courses/{course_id}"


def _query(*parameters: tuple[str, str]) -> str:
    return urlencode([*parameters, ("per_page", str(PER_PAGE))])


def _slices(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _asks_to_wait(response: httpx.Response) -> bool:
    """Whether Canvas is throttling or in trouble. Its throttle answers 403 with a sentence, newer ones 429."""
    if response.status_code == 403:
        return "rate limit exceeded" in response.text[:500].lower()
    return response.status_code in {408, 425, 429} or response.status_code >= 500


def _refusal(response: httpx.Response) -> Exception:
    status = response.status_code
    if status == 401 and "www-authenticate" in response.headers:
        # Canvas's own distinction: with the header the token is dead, without it the token lacks a right.
        return ApiTokenRefused("401 with WWW-Authenticate")
    if status in {401, 403}:
        return ApiNotPermitted(f"Canvas answered {status}")
    if status in {404, 410}:
        return ApiCourseNotFound(f"Canvas answered {status}")
    return ApiUnreadable(f"Canvas answered {status}")


def _rows(response: httpx.Response) -> list[Mapping[str, Any]]:
    try:
        body = read_json(response.content)
    except ValueError:
        raise ApiUnreadable("the answer is not JSON") from None
    if not isinstance(body, list):
        raise ApiUnreadable("the answer is not a list")
    return [row for row in body if isinstance(row, dict)]
