"""Canvas's own REST API, as the tool asks it: the port ``NativeConnector``.

What is asked stands here; how it is read in the modules ``canvas_*``: ``http`` (requests, pages, throttling), ``contents`` with
``rows``, ``results`` with ``grades``, ``completion``, ``outcomes``, ``people``, ``windows``, ``finding`` and ``scopes``.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import datetime

import httpx

from lti_tool.clock import Clock
from lti_tool.platforms import (
    canvas_completion,
    canvas_contents,
    canvas_finding,
    canvas_outcomes,
    canvas_people,
    canvas_results,
    canvas_windows,
)
from lti_tool.platforms.canvas_http import CanvasHttp
from lti_tool.platforms.credentials import BearerCredentials
from lti_tool.platforms.native import (
    Capability,
    FoundOut,
    NativeCompletion,
    NativeConnector,
    NativeContents,
    NativeGroup,
    NativeOutcomes,
    NativePerson,
    NativeRating,
    NativeResults,
    Window,
    WindowGiven,
)


class CanvasApi(NativeConnector):
    """Reads one Canvas with one access. Every call raises NativeTrouble."""

    offers = frozenset(Capability) - {Capability.EVENTS}
    """Canvas tells events to queues of the school's own cloud account only."""

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
        self._turn = turn or asyncio.Lock()
        self._http = CanvasHttp(http, base_url, credentials, clock, self._turn, sleep)

    async def find_out(self, course_id: str | None) -> FoundOut:
        """What this access can do: each endpoint is asked for one row, and what would change something for nothing.

        ``needs`` are scopes of the developer key (``url:GET|/api/v1/…``), permissions of Canvas's roles
        (``permission:view_all_grades``) or ``role:teacher``. Without a course only that the access lives can be known. Canvas
        does not tell its version. New Quizzes need nothing of their own: they are assignments, or there are none.
        """
        return await canvas_finding.find_out(self._http, course_id, self.offers)

    async def read_contents(self, course_id: str) -> NativeContents:
        """A course's modules with their items, then what stands in no module: assignments, pages, discussions, files."""
        return await canvas_contents.read_contents(self._http, course_id)

    def results(
        self,
        course_id: str,
        result_keys: Collection[str],
        user_ids: Collection[str],
        *,
        since: datetime | None = None,
    ) -> AsyncIterator[NativeResults]:
        """What the gradebook says of ``user_ids`` and the assignments ``result_keys``, in batches.

        A grade is a number that a submission in the state ``graded`` has and that was posted to the student. The score as
        entered goes before the one a late policy has reduced: lateness says nothing about what somebody knows. Excused,
        missing and blank submissions are no results. Ids that are none of Canvas's (a number) are left out, as are
        assignments that are not published or give no points, and people who are not in the course.

        With ``since`` it is asked for what was graded and what was handed in from then on, which finds regrades as well. It
        cannot find what moves neither date: an excuse given or withdrawn later, a grade that is posted (shown) long after it
        was given, a grade taken away, a change of an assignment's points, work that Canvas marks as missing by itself. A
        reading of everything, once a day, finds those.
        """
        return canvas_results.read_results(self._http, course_id, result_keys, user_ids, since)

    def completions(self, course_id: str, user_ids: Collection[str]) -> AsyncIterator[tuple[NativeCompletion, ...]]:
        """Each module item that has a requirement: done or not, by student. Canvas does not tell when."""
        return canvas_completion.read_completions(self._http, course_id, user_ids)

    async def read_outcomes(self, course_id: str) -> NativeOutcomes:
        """The outcomes that a course uses, and the items they are aligned with by rubric, assignment or question bank."""
        return await canvas_outcomes.read_outcomes(self._http, course_id)

    def ratings(
        self, course_id: str, outcome_ids: Collection[str], user_ids: Collection[str]
    ) -> AsyncIterator[tuple[NativeRating, ...]]:
        """Outcome results, and criteria of rubrics that belong to an outcome where Canvas has made no result of them.

        Those that are hidden from the student are left out.
        """
        return canvas_outcomes.read_ratings(self._http, course_id, outcome_ids, user_ids)

    async def read_people(self, course_id: str) -> tuple[NativePerson, ...]:
        """Nobody: Canvas's API tells no user's ``sub``.

        It takes one in place of an id (``/users/lti_1_3_id:<sub>``) and answers with its own id, so that a single person can
        be looked up, and no list. Launches tell both by ``$Canvas.user.id``, and so does the membership service for a link
        whose custom parameters have it.
        """
        return ()

    async def read_groups(self, course_id: str) -> tuple[NativeGroup, ...]:
        """The sections with their students (``section:<id>``) and the groups with their members (``group:<id>``)."""
        return await canvas_people.read_groups(self._http, course_id)

    async def give_window(self, course_id: str, result_key: str, user_id: str, window: Window) -> WindowGiven:
        """An assignment override for one student. Raises ApiDatesRefused where Canvas does not take it.

        ``before`` is JSON: empty, or the override (id, students, dates) that was ``changed`` or that the student was
        ``taken_out`` of.
        """
        return await canvas_windows.give_window(self._http, course_id, result_key, user_id, window)

    async def take_window_back(self, course_id: str, result_key: str, user_id: str, given: WindowGiven) -> None:
        """The override as it was before, or gone; the student among those again out of whose override they were taken."""
        await canvas_windows.take_window_back(self._http, course_id, result_key, user_id, given)
