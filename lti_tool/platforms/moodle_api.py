"""Moodle's own web services: a course's activities, grades, completion, competencies and groups.

Read with the token of one service account per site; there is no consent of teachers. Course and user ids are those of the LTI
messages. An item is known by its course module, whose number stands in its address and in the gradebook
(``resource_link.id`` of a launch is another: the activity's instance). What each function returns is in ``moodle_rows``,
``moodle_grades`` and ``moodle_outcomes``; how they are called, in ``moodle_ws``.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx

from lti_tool.clock import Clock
from lti_tool.platforms import moodle_finding, moodle_windows
from lti_tool.platforms.credentials import BearerCredentials
from lti_tool.platforms.moodle_fields import is_id, number_id, text
from lti_tool.platforms.moodle_finding import Site, site_of
from lti_tool.platforms.moodle_functions import (
    ATTEMPTS,
    COMPETENCIES,
    COMPLETION,
    CONTENTS,
    ENROLLED,
    FRAMEWORK,
    GRADES,
    LINKS,
    LINKS_OF_ITEM,
    QUIZZES,
    RATING,
    RATINGS,
    SCALE,
)
from lti_tool.platforms.moodle_grades import (
    Quiz,
    UserGrades,
    attempts_of,
    gaps_of,
    grade_items,
    quizzes_of,
    results_of,
    worth_of,
)
from lti_tool.platforms.moodle_outcomes import (
    completions_of,
    frameworks_of,
    groups_of,
    links_of_course,
    links_of_item,
    outcomes_of,
    part,
    rated,
    rated_once,
    rating_of,
    rows_of,
)
from lti_tool.platforms.moodle_rows import Worth, course_items
from lti_tool.platforms.moodle_ws import NOT_RATED, OF_A_USER, TOO_LARGE, MoodleSaid, MoodleServer
from lti_tool.platforms.native import (
    ApiCourseNotFound,
    ApiNotPermitted,
    ApiUnreachable,
    ApiUnreadable,
    Capability,
    FoundOut,
    NativeAlignment,
    NativeCompletion,
    NativeConnector,
    NativeContents,
    NativeGroup,
    NativeItem,
    NativeKind,
    NativeOutcomes,
    NativeRating,
    NativeResult,
    NativeResults,
    Window,
    WindowGiven,
)

FEW = 10
"""Users up to whom each is asked for alone. For all of a course Moodle works out everybody's report, asked for or not."""

GRADES_AT_ONCE = 12_000
"""Grades up to which all users are asked for in one call: some 8 MB, and as many reports for Moodle to work out."""

USERS_A_BATCH = 25
USERS_A_PAGE = 500
MOST_PAGES = 400
"""Pages of the people of one course: 200 000."""

MOST_FRAMEWORKS = 50


class MoodleApi(NativeConnector):
    """Reads one Moodle with one token."""

    offers = frozenset(
        {
            Capability.CONTENTS,
            Capability.RESULTS,
            Capability.COMPLETION,
            Capability.OUTCOMES,
            Capability.GROUPS,
            Capability.STUDENT_ACCESS,
        }
    )

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
        """``base_url`` is Moodle's wwwroot, with its path; ``turn`` is shared by everybody who uses the same token."""
        self._server = MoodleServer(http, base_url, credentials, clock, turn=turn, sleep=sleep)
        self._site: Site | None = None
        self._too_much: set[str] = set()

    async def find_out(self, course_id: str | None) -> FoundOut:
        """What the service's functions, the account's rights and the site's settings allow."""
        return await moodle_finding.find_out(self._server, course_id)

    # --- Contents ----------------------------------------------------------------------------------------------------

    async def read_contents(self, course_id: str) -> NativeContents:
        """A course's sections with their activities, as the service account sees them. Raises NativeTrouble."""
        items = await self._items(_course(course_id), await self._worth(course_id))
        return NativeContents(items, home_url=f"{self._server.base_url}/course/view.php?id={course_id}")

    async def _items(self, course_id: str, worth: Mapping[str, Worth] | None) -> tuple[NativeItem, ...]:
        # Files and their addresses are left out: nobody needs them, and they are most of the answer.
        options = [{"name": "excludecontents", "value": "1"}]
        sections = await self._server.call(CONTENTS, courseid=course_id, options=options)
        if not isinstance(sections, list):
            raise ApiUnreadable("the contents are not a list")
        return course_items(sections, self._server.base_url, worth)

    async def _worth(self, course_id: str) -> dict[str, Worth] | None:
        """What the course's activities are worth, from the service account's own report; None where it may see none."""
        site = await self._known()
        if GRADES not in site.functions or site.user_id is None:
            return None
        try:
            answer = await self._server.ask(GRADES, courseid=_course(course_id), userid=site.user_id)
        except MoodleSaid as said:
            if isinstance(said.trouble, ApiNotPermitted | ApiUnreadable):
                return None
            raise said.trouble from None
        return worth_of([row for user in rows_of(answer, "usergrades") for row in grade_items(user)])

    async def _known(self) -> Site:
        """The site, asked once for each connector."""
        if self._site is None:
            try:
                self._site = await site_of(self._server)
            except MoodleSaid as said:
                if not isinstance(said.trouble, ApiNotPermitted):
                    raise said.trouble from None
                self._site = Site({})
        return self._site

    # --- Results -----------------------------------------------------------------------------------------------------

    async def results(
        self,
        course_id: str,
        result_keys: Collection[str],
        user_ids: Collection[str],
        *,
        since: datetime | None = None,
    ) -> AsyncIterator[NativeResults]:
        """What the gradebook says of ``user_ids`` and the course modules ``result_keys``, in batches. Raises NativeTrouble.

        A grade is a number in a range of numbers; a scale's is none, since its values need not be a measure. Moodle tells the
        grade that counts; the attempts at a quiz come beside it where the service has the function for them, at a call each.
        Users who are not in the course any more, or in no group with the account, are passed over.
        """
        keys = frozenset(one for one in result_keys if is_id(one))
        users = sorted({one for one in user_ids if is_id(one)}, key=int)
        if not keys or not users:
            return
        quizzes = await self._quizzes(_course(course_id), keys)
        everybody = await self._everybody(course_id, len(users) * len(keys)) if len(users) > FEW else None
        for some in _slices(users, USERS_A_BATCH):
            if everybody is None:
                rows = [row for user_id in some async for row in self._one_users(course_id, user_id)]
            else:
                rows = [everybody[user_id] for user_id in some if user_id in everybody]
            found = [await self._with_attempts(results_of(row, keys, since), quizzes) for row in rows]
            yield NativeResults(
                tuple(one for each in found for one in each.results),
                tuple(one for each in found for one in each.attempts),
                tuple(one for each in found for one in each.gaps),
            )

    async def _everybody(self, course_id: str, grades: int) -> dict[str, Mapping[str, Any]] | None:
        """Everybody's grades in one answer; None where that is too much, for us or for Moodle, or more than the account may."""
        if grades > GRADES_AT_ONCE or course_id in self._too_much:
            return None
        try:
            answer = await self._server.ask(GRADES, tries=1, courseid=course_id, userid=0)
        except (ApiUnreachable, ApiUnreadable):
            # PHP that ran out of time or memory: a 5xx, half an answer, none. If it was the site, the next call says so.
            pass
        except MoodleSaid as said:
            if said.code not in {"notingroup", TOO_LARGE} and not isinstance(said.trouble, ApiUnreachable):
                raise said.trouble from None
        else:
            rows = rows_of(answer, "usergrades")
            return {user_id: row for row in rows if (user_id := number_id(row.get("userid"))) is not None}
        self._too_much.add(course_id)
        return None

    async def _one_users(self, course_id: str, user_id: str) -> AsyncIterator[Mapping[str, Any]]:
        answer = await self._of_user(GRADES, courseid=course_id, userid=user_id)
        for row in rows_of(answer, "usergrades"):
            if number_id(row.get("userid")) == user_id:
                yield row

    async def _of_user(self, function: str, /, *, gone: Collection[str] = OF_A_USER, **parameters: Any) -> Any:
        """What a function says of one user; None for who is gone or out of reach, which it says with one of ``gone``."""
        try:
            return await self._server.ask(function, **parameters)
        except MoodleSaid as said:
            if said.code in gone:
                return None
            raise said.trouble from None

    async def _quizzes(self, course_id: str, keys: Collection[str]) -> Mapping[str, Quiz]:
        """The quizzes among the keys, where their attempts can be told."""
        if not {QUIZZES, ATTEMPTS} <= (await self._known()).functions:
            return {}
        found = quizzes_of(await self._server.call(QUIZZES, courseids=[course_id]))
        return {cmid: quiz for cmid, quiz in found.items() if cmid in keys}

    async def _with_attempts(self, told: UserGrades, quizzes: Mapping[str, Quiz]) -> NativeResults:
        gaps = gaps_of(told.results.gaps, quizzes)
        if not any(result.result_key in quizzes for result in told.results.results):
            return replace(told.results, gaps=gaps)
        attempts: list[NativeResult] = []
        for result in told.results.results:
            quiz = quizzes.get(result.result_key)
            one_by_one: tuple[NativeResult, ...] = ()
            if quiz is not None:
                answer = await self._of_user(ATTEMPTS, quizid=quiz.quiz_id, userid=result.user_id, status="finished")
                one_by_one = attempts_of(answer, quiz, result, overridden=result.result_key in told.overridden)
            attempts += one_by_one or (result,)
        return NativeResults(told.results.results, tuple(attempts), gaps)

    # --- Completion --------------------------------------------------------------------------------------------------

    async def completions(
        self, course_id: str, user_ids: Collection[str]
    ) -> AsyncIterator[tuple[NativeCompletion, ...]]:
        """Each user's activities, a call for each user. Raises NativeTrouble."""
        course = _course(course_id)
        for some in _slices(sorted({one for one in user_ids if is_id(one)}, key=int), USERS_A_BATCH):
            found: list[NativeCompletion] = []
            for user_id in some:
                answer = await self._of_user(COMPLETION, courseid=course, userid=user_id)
                found += completions_of(answer, user_id)
            yield tuple(found)

    # --- Outcomes ----------------------------------------------------------------------------------------------------

    async def read_outcomes(self, course_id: str) -> NativeOutcomes:
        """The competencies that the course is said to teach, and the activities they stand in. Raises NativeTrouble."""
        course = _course(course_id)
        listed = await self._server.call(COMPETENCIES, id=course)
        outcomes = outcomes_of(listed, await self._frameworks(frameworks_of(listed)))
        if not outcomes:
            return NativeOutcomes()
        known = {one.outcome_id for one in outcomes}
        links = await self._links(course)
        return NativeOutcomes(outcomes, tuple(link for link in links if link.outcome_id in known))

    async def _links(self, course_id: str) -> tuple[NativeAlignment, ...]:
        """With one call where the service has the course's page of competencies, else with one for each item."""
        items = await self._items(course_id, {})
        known = {item.external_id for item in items}
        if LINKS in (await self._known()).functions:
            page = await self._server.call(LINKS, courseid=course_id)
            return tuple(link for link in links_of_course(page) if link.external_id in known)
        found: list[NativeAlignment] = []
        for item in items:
            cmid = item.external_id.rpartition(":")[2]
            found += links_of_item(await self._server.call(LINKS_OF_ITEM, cmid=cmid), item.external_id)
        return tuple(found)

    async def _frameworks(self, framework_ids: Sequence[str]) -> dict[str, str]:
        """Id numbers of frameworks, as far as the account may see them; they only help to recognise competencies."""
        if FRAMEWORK not in (await self._known()).functions:
            return {}
        found: dict[str, str] = {}
        for framework_id in framework_ids[:MOST_FRAMEWORKS]:
            try:
                answer = await self._server.ask(FRAMEWORK, id=framework_id)
            except MoodleSaid as said:
                if isinstance(said.trouble, ApiNotPermitted | ApiCourseNotFound | ApiUnreadable):
                    continue
                raise said.trouble from None
            if idnumber := text(part(answer).get("idnumber")):
                found[framework_id] = idnumber
        return found

    async def ratings(
        self, course_id: str, outcome_ids: Collection[str], user_ids: Collection[str]
    ) -> AsyncIterator[tuple[NativeRating, ...]]:
        """How users were rated in this course, by position on the competency's scale. Raises NativeTrouble."""
        course, wanted = _course(course_id), sorted({one for one in outcome_ids if is_id(one)}, key=int)
        users = sorted({one for one in user_ids if is_id(one)}, key=int)
        if not wanted:
            return
        values: dict[str, int] = {}
        for some in _slices(users, USERS_A_BATCH):
            found: list[NativeRating] = []
            for user_id in some:
                for row, scale in await self._rated(course, user_id, wanted):
                    if scale not in values:
                        values[scale] = len(rows_of(await self._server.call(SCALE, scaleid=scale)))
                    rating = rating_of(row, user_id, values[scale])
                    if rating is not None:
                        found.append(rating)
            yield tuple(found)

    async def _rated(
        self, course_id: str, user_id: str, outcome_ids: Sequence[str]
    ) -> list[tuple[Mapping[str, Any], str]]:
        """Rows of ratings with their scales: by one call for the user, or by one for each competency."""
        who = {"courseid": course_id, "userid": user_id}
        if RATINGS in (await self._known()).functions:
            return rated(await self._of_user(RATINGS, gone=NOT_RATED, **who, moduleid=0), frozenset(outcome_ids))
        found: list[tuple[Mapping[str, Any], str]] = []
        for outcome_id in outcome_ids:
            found += rated_once(await self._of_user(RATING, gone=NOT_RATED, **who, competencyid=outcome_id))
        return found

    # --- People ------------------------------------------------------------------------------------------------------

    async def read_groups(self, course_id: str) -> tuple[NativeGroup, ...]:
        """The course's groups, from the list of its people: that needs no right to manage groups. Raises NativeTrouble.

        Where the course has a default grouping, Moodle tells of the groups in it alone.
        """
        users: list[Mapping[str, Any]] = []
        for page in range(MOST_PAGES):
            options = {"userfields": "id,groups", "limitfrom": page * USERS_A_PAGE, "limitnumber": USERS_A_PAGE}
            answer = await self._server.call(
                ENROLLED,
                courseid=_course(course_id),
                options=[{"name": name, "value": value} for name, value in options.items()],
            )
            rows = rows_of(answer)
            if not rows:
                # A page can be short of people whom the account may not see, so only an empty one is the last.
                return groups_of(users)
            users += [{"id": row.get("id"), "groups": row.get("groups")} for row in rows if row.get("groups")]
        raise ApiUnreadable("the people do not end")

    # --- Dates for one student -----------------------------------------------------------------------------------------

    def window_dates(self, kind: NativeKind, url: str | None) -> frozenset[str]:
        """A quiz opens and closes, and is due when it closes. An assignment opens for everybody at once, and can be extended.

        Workshops, lessons and others are assignments to a student as well, and have no such dates; their addresses tell.
        """
        if "/mod/quiz/" in (url or ""):
            return frozenset({"opens_at", "closes_at"})
        return frozenset({"due_at"}) if "/mod/assign/" in (url or "") else frozenset()

    async def give_window(self, course_id: str, result_key: str, user_id: str, window: Window) -> WindowGiven:
        """An override of a quiz, or an extension of an assignment. Raises ApiDatesRefused where there is no such date here.

        ``before`` is JSON: ``changed``, the dates of the override that was there, or ``extension``, the one that was.
        """
        return await moodle_windows.give_window(self._server, course_id, result_key, user_id, window)

    async def take_window_back(self, course_id: str, result_key: str, user_id: str, given: WindowGiven) -> None:
        """The override or extension as it was before, or gone."""
        await moodle_windows.take_window_back(self._server, course_id, result_key, user_id, given)


def _course(course_id: str) -> str:
    if not is_id(course_id):
        raise ApiCourseNotFound("the course's id is no number, as Moodle's are")
    return course_id


def _slices(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))
