"""Canvas's connector and the sandbox LMS, where a story takes longer than a question."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.canvas_finding import INCLUDES_IGNORED
from lti_tool.platforms.canvas_scopes import ALL, OUTCOME_RESULTS
from lti_tool.platforms.credentials import FixedToken
from lti_tool.platforms.native import ApiTokenRefused, Capability, Lacking, NativeResults, Window
from lti_tool.sandbox.canvas_keys import keys, take_scope
from lti_tool.sandbox.gradebook import grade
from tests.sandbox.canvas_course import BASE, BUY, TRIP, Box, boxed


@dataclass
class Story:
    """The sandbox, and a teacher's access to it. ``refused`` are the answers that asked to go slower, ``waits`` the waits."""

    box: Box
    http: httpx.AsyncClient
    includes: bool
    token: str = ""
    refused: list[httpx.Response] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def course_id(self) -> str:
        return str(self.box.course.id)

    @property
    def api(self) -> CanvasApi:
        return CanvasApi(self.http, BASE, FixedToken(self.token), self.box.clock, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.box.clock.move(timedelta(seconds=seconds))

    async def note(self, response: httpx.Response) -> None:
        if response.status_code in {403, 429}:
            self.refused.append(response)

    async def connect(self, *scopes: str) -> None:
        self.token = await self.box.token("rivera", scopes or ALL, allows_includes=self.includes)

    async def gradebook(self, since: datetime | None = None) -> NativeResults:
        keys_there = [str(one.id) for one in self.box.work.values()]
        batches = [
            batch async for batch in self.api.results(self.course_id, keys_there, self.box.students, since=since)
        ]
        return NativeResults(tuple(one for batch in batches for one in batch.results))

    async def overrides(self, title: str) -> dict[str, str | None]:
        """When each student has to hand in an assignment, where that is apart from the class."""
        where = f"{BASE}/api/v1/courses/{self.course_id}/assignments/{self.box.key(title)}/overrides"
        rows = (await self.http.get(where, headers={"Authorization": f"Bearer {self.token}"})).json()
        return {str(student): row.get("due_at") for row in rows for student in row.get("student_ids", ())}

    async def share(self, title: str, due_at: str, *logins: str) -> None:
        """Give some students other dates together, as a teacher does."""
        where = f"{BASE}/api/v1/courses/{self.course_id}/assignments/{self.box.key(title)}/overrides"
        form = {
            "assignment_override[student_ids][]": [self.box.id(login) for login in logins],
            "assignment_override[due_at]": due_at,
        }
        answer = await self.http.post(where, data=form, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 201, answer.text


@pytest.fixture(params=[True, False], ids=["includes", "without-includes"])
async def story(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Story]:
    async with boxed(tmp_path) as box, box.http() as http:
        found = Story(box, http, includes=bool(request.param))
        http.event_hooks["response"].append(found.note)
        await found.connect()
        yield found


async def test_a_key_without_the_tick_is_told_from_one_with_it(story: Story) -> None:
    remarks = (await story.api.find_out(story.course_id)).remarks
    assert (INCLUDES_IGNORED in remarks) == (not story.includes)


async def test_a_regrade_is_found_and_nothing_else_is_told(story: Story) -> None:
    """Mateo's work is graded once more; everything else stays as it was at the last reading."""
    before = await story.gradebook()
    story.box.clock.move(timedelta(minutes=5))
    last_reading = story.box.clock.now()
    story.box.clock.move(timedelta(minutes=5))
    mateo = story.box.people["mateo"].id
    async with story.box.platform.store.writing() as session:
        await grade(session, story.box.work[BUY], mateo, 9.0, 1, story.box.clock.now())
    since = await story.gradebook(last_reading)
    assert [(one.result_key, one.user_id, float(one.earned or 0)) for one in since.results] == [
        (story.box.key(BUY), str(mateo), 9.0)
    ]
    assert len((await story.gradebook()).results) == len(before.results)


async def test_dates_for_one_student_leave_no_trace_when_they_are_taken_back(story: Story) -> None:
    zoe, mateo = story.box.id("zoe"), story.box.id("mateo")
    await story.share(TRIP, "2027-01-01T00:00:00Z", "zoe", "mateo")
    before = await story.overrides(TRIP)
    assert set(before) == {zoe, mateo}
    window = Window(due_at=datetime(2027, 3, 1, 12, tzinfo=UTC))
    given = await story.api.give_window(story.course_id, story.box.key(TRIP), zoe, window)
    assert await story.overrides(TRIP) == before | {zoe: "2027-03-01T12:00:00Z"}
    await story.api.take_window_back(story.course_id, story.box.key(TRIP), zoe, given)
    assert await story.overrides(TRIP) == before


async def test_a_small_quota_is_kept_to(story: Story) -> None:
    """Every call costs much, and the whole course is read without one that is refused."""
    story.box.platform.behaviour.throttle.cost = 60.0
    api, students = story.api, story.box.students
    assert (await api.read_contents(story.course_id)).items
    assert [batch async for batch in api.completions(story.course_id, students)]
    outcomes = (await api.read_outcomes(story.course_id)).outcomes
    ids = [one.outcome_id for one in outcomes]
    assert [batch async for batch in api.ratings(story.course_id, ids, students)]
    assert story.refused == []
    assert story.waits


async def test_a_scope_that_is_taken_from_the_key_ends_its_tokens(story: Story) -> None:
    """As in Canvas; a new token then lacks what is gone, and that has a name."""
    async with story.box.platform.store.writing() as session:
        (key,) = [one for one in await keys(session) if OUTCOME_RESULTS in one.scopes]
        await take_scope(session, key, OUTCOME_RESULTS)
    with pytest.raises(ApiTokenRefused):
        await story.api.find_out(story.course_id)
    await story.connect(*(one for one in ALL if one != OUTCOME_RESULTS))
    abilities = (await story.api.find_out(story.course_id)).abilities
    assert abilities[Capability.OUTCOMES].why is Lacking.NOT_PERMITTED
    assert abilities[Capability.OUTCOMES].needs == (OUTCOME_RESULTS,)
    assert abilities[Capability.RESULTS].able
