"""Canvas's connector and the sandbox LMS, where a story takes longer than a question."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lti_tool.platforms.canvas_finding import INCLUDES_IGNORED
from lti_tool.platforms.native import Capability, Lacking, Window
from lti_tool.sandbox.canvas_keys import keys, take_scope
from lti_tool.sandbox.gradebook import grade
from lti_tool.sandbox.models import Assignment
from tests.native.canvas_sandbox import Sandbox, World, overrides_of, sandbox


@pytest.fixture(scope="session")
def worlds() -> dict[bool, World]:
    """The sandbox's stores of this process, by whether the key allows include parameters."""
    return {}


@pytest.fixture(params=[True, False], ids=["includes", "without-includes"])
async def canvas(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, worlds: dict[bool, World]
) -> AsyncIterator[Sandbox]:
    includes = bool(request.param)
    if includes not in worlds:
        worlds[includes] = await World.made(tmp_path_factory.mktemp("world"), includes=includes)
    async with sandbox(tmp_path, worlds[includes]) as found:
        yield found


async def test_a_key_without_the_tick_is_told_from_one_with_it(canvas: Sandbox) -> None:
    remarks = (await canvas.case.found_out()).remarks
    assert (INCLUDES_IGNORED in remarks) == (not canvas.world.includes)


async def test_a_regrade_is_found_and_nothing_else_is_asked_for(canvas: Sandbox) -> None:
    """Zoe's trip is graded once more; everything else stays as it was at the last reading."""
    case = canvas.case
    before = await case.gradebook()
    trip, zoe = case.known.window_on[0] if case.known.window_on else "", case.user_ids[0]
    canvas.clock.move(timedelta(minutes=5))
    last_reading = canvas.clock.now()
    canvas.clock.move(timedelta(minutes=5))
    async with canvas.platform.store.writing() as session:
        await grade(session, await session.get_one(Assignment, int(trip)), int(zoe), 6.0, 1, canvas.clock.now())
    since = await case.gradebook(since=last_reading)
    assert [(one.result_key, one.user_id, float(one.earned or 0)) for one in since.results] == [(trip, zoe, 6.0)]
    assert len(before.results) == len((await case.gradebook()).results)


async def test_dates_for_one_student_leave_no_trace_when_they_are_taken_back(canvas: Sandbox) -> None:
    case = canvas.case
    assert case.known.window_on is not None
    key, user = case.known.window_on
    other = case.user_ids[0]
    window = Window(due_at=datetime(2027, 3, 1, 12, tzinfo=UTC))
    shared = {
        "assignment_override[student_ids][]": [user, other],
        "assignment_override[due_at]": "2027-01-01T00:00:00Z",
    }
    before = [await overrides_of(canvas, key), await overrides_of(canvas, key, share=shared)]
    given = await case.connector.give_window(case.course_id, key, user, window)
    there = await overrides_of(canvas, key)
    assert there == {user: "2027-03-01T12:00:00Z", other: "2027-01-01T00:00:00Z"}
    await case.connector.take_window_back(case.course_id, key, user, given)
    assert await overrides_of(canvas, key) == before[1] != before[0]


async def test_a_small_quota_is_kept_to(canvas: Sandbox) -> None:
    """Every call costs much, and the whole course is read without one that is refused."""
    canvas.platform.behaviour.throttle.cost = 60.0
    refused_before = len(canvas.refused)
    assert (await canvas.case.connector.read_contents(canvas.case.course_id)).items
    await canvas.case.gradebook()
    await canvas.case.completions()
    await canvas.case.ratings()
    assert len(canvas.refused) == refused_before
    assert canvas.waits


async def test_a_scope_that_is_taken_from_the_key_ends_its_tokens(canvas: Sandbox) -> None:
    """As in Canvas; a new token then lacks what is gone, and that has a name."""
    lost = "url:GET|/api/v1/courses/:course_id/outcome_results"
    async with canvas.platform.store.writing() as session:
        (key,) = [one for one in await keys(session) if lost in one.scopes]
        await take_scope(session, key, lost)
        again = await canvas.connect_again(session, key)
    found = await again.find_out(canvas.case.course_id)
    assert found.abilities[Capability.OUTCOMES].why is Lacking.NOT_PERMITTED
    assert found.abilities[Capability.OUTCOMES].needs == (lost,)
    assert found.abilities[Capability.RESULTS].able
