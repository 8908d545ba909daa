"""Reading a whole course, on both databases: what is read when, what stays after trouble, and that nobody reads it twice."""

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from lti_tool.clock import ManualClock
from lti_tool.content.connectors import NotConnected
from lti_tool.content.service import items
from lti_tool.content.sync import engine, rules
from lti_tool.content.sync.wishes import access_given
from lti_tool.content.sync_models import SyncPhase
from lti_tool.courses.freshness import ReadingFailed
from lti_tool.courses.models import CourseGroupMember, Membership, Person
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.platforms.native import (
    ApiConsentNeeded,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    Capability,
    NativeCompletion,
    NativeGroup,
    NativeOutcome,
    NativeOutcomes,
    NativePerson,
    NativeRating,
)
from tests.courses.school import NOW, a_school

from .platform import IDLE, Gate, World, a_world, forever, page, quiz, raising

HOUR = timedelta(hours=1)


@pytest.fixture
async def world(database: Database, clock: ManualClock) -> World:
    """Two students, two quizzes and a page."""
    made = await a_world(database, clock, await a_school(database), "1", "2")
    made.platform.items = [quiz(1), quiz(2), page(3)]
    return made


async def the_first(world: World) -> None:
    """A first reading, an hour ago; nothing of it is left to look at."""
    await world.reader.read(world.course)
    world.clock.move(HOUR)
    world.platform.questions.clear()
    world.platform.asked.clear()
    world.taken.gradebooks.clear()


# --- What is read -----------------------------------------------------------------------------------------------------


async def test_completion_is_asked_of_those_for_whom_something_would_follow(world: World) -> None:
    """Seen with a real Moodle: 300 students of a course with 1,000 activities are 300 calls of a second each."""
    waiting = {world.people["2"].id}

    async def awaiting(_session: object, _course: object) -> set[uuid.UUID]:
        return waiting

    reader = engine.Reader(
        world.database,
        world.connections,  # type: ignore[arg-type]
        replace(world.taken.takers, awaiting=(awaiting,)),
        world.clock,
    )
    await reader.read(world.course)
    waiting.clear()
    world.clock.move(HOUR)
    await reader.read(world.course)
    assert world.platform.completion_asked == [("2",)]


async def test_everything_is_read_in_order_and_reported(world: World) -> None:
    world.platform.grade("1", "1", 80)
    world.platform.grade("2", "2", 60)
    world.platform.completed = (NativeCompletion("canvas:module-item:3", "1", done=True),)
    world.platform.outcomes = NativeOutcomes((NativeOutcome("7", "Ratios"),))
    world.platform.rated = (
        NativeRating("r1", "7", "2", Decimal(3), Decimal(4), NOW, external_id="canvas:module-item:2"),
    )
    report = await world.reader.read(world.course)
    order = [name for name in dict.fromkeys(world.platform.asked) if name != "batch"]
    assert order == ["contents", "people", "results", "completion", "outcomes", "ratings"]
    assert report is not None
    assert report.counts == {
        "items": 3,
        "new": 3,
        "students": 2,
        "results": 2,
        "evidence_new": 2,
        "completions": 1,
        "outcomes": 1,
        "ratings": 1,
    }
    assert sorted(world.taken.percents()) == [60, 80]
    [done] = world.taken.completion
    assert done.person_id == world.people["1"].id
    [rating] = world.taken.ratings
    assert rating.person_id == world.people["2"].id
    assert rating.content_item_id is not None
    row = await world.state()
    assert (row.phase, row.lease, row.finished_at, row.failures, row.trouble) == (IDLE, None, NOW, 0, None)
    assert (row.results_since, row.whole_at) == (NOW, NOW)
    assert rules.counts_of(row.report) == report.counts


async def test_batches_are_given_one_by_one(world: World) -> None:
    """What was given stays given when the next batch does not come."""
    world.platform.batch = 1
    for user in ("1", "2"):
        for key in ("1", "2"):
            world.platform.grade(user, key, 50)
    await world.reader.read(world.course)
    assert [len(found.results) for found in world.taken.gradebooks] == [1, 1, 1, 1]


async def test_only_what_the_connection_is_able_to_do_is_asked(world: World) -> None:
    world.platform.offers = frozenset({Capability.RESULTS})
    await world.reader.read(world.course)
    assert "contents" not in world.platform.asked
    assert "completion" not in world.platform.asked
    assert "outcomes" not in world.platform.asked


async def test_people_are_learned_and_then_asked_about_by_the_platforms_own_ids(world: World) -> None:
    world.platform.people = (NativePerson("901", "1"), NativePerson("902", "nobody here"))
    world.platform.grade("901", "1", 70)
    await world.reader.read(world.course)
    assert world.platform.questions[0].users == ("2", "901")
    assert world.taken.percents() == [70]
    async with world.database.reading() as session:
        known = {
            one.sub: one.platform_user_id
            for one in (await session.exec(scoped(Person, world.course.organisation_id))).all()
        }
    assert known == {"1": "901", "2": None}


async def test_groups_are_taken_over_once_people_are_known(world: World) -> None:
    world.platform.offers |= {Capability.GROUPS}
    world.platform.people = (NativePerson("901", "1"),)
    world.platform.groups = (NativeGroup("g1", "Blue", frozenset({"901"})),)
    report = await world.reader.read(world.course)
    assert report is not None
    assert report.counts["groups"] == 1
    async with world.database.reading() as session:
        [member] = (await session.exec(scoped(CourseGroupMember, world.course.organisation_id))).all()
    assert member.person_id == world.people["1"].id


async def test_contents_that_a_page_has_just_read_are_not_read_again(world: World) -> None:
    assert await world.reader.read_contents(world.course) is not None
    row = await world.state()
    assert row.due_at == world.clock.now()
    assert row.finished_at is None
    report = await world.reader.read(world.course)
    assert world.platform.asked.count("contents") == 1
    assert report is not None
    assert report.counts["new"] == 3


async def test_what_was_new_is_not_told_again_by_the_next_reading(world: World) -> None:
    await world.reader.read(world.course)
    # Soon after it, whether a page has read the contents in between or not: nothing has come since.
    world.clock.move(timedelta(seconds=5))
    report = await world.reader.read(world.course)
    assert report is not None
    assert "new" not in report.counts
    await world.reader.read_contents(world.course)
    assert "new" not in (await world.state()).report
    world.clock.move(timedelta(seconds=5))
    report = await world.reader.read(world.course)
    assert report is not None
    assert (report.counts["items"], "new" in report.counts) == (3, False)


# --- Only what is new -------------------------------------------------------------------------------------------------


async def test_the_next_reading_asks_from_where_the_last_began(world: World) -> None:
    world.platform.grade("1", "1", 80)
    await the_first(world)
    world.platform.grade("2", "1", 90, at=NOW + timedelta(minutes=30))
    await world.reader.read(world.course)
    [question] = world.platform.questions
    assert (question.keys, question.users, question.since) == (("1", "2"), ("1", "2"), NOW - rules.OVERLAP)
    assert world.taken.percents() == [90]
    row = await world.state()
    assert (row.results_since, row.whole_at) == (NOW + HOUR, NOW)


async def test_a_reading_that_began_before_a_result_came_does_not_miss_it(world: World) -> None:
    """The platform's clock may be behind: what it dates before the last reading began is still new to us."""
    await the_first(world)
    world.platform.grade("1", "1", 80, at=NOW - timedelta(minutes=5))
    await world.reader.read(world.course)
    assert world.taken.percents() == [80]


async def test_whoever_is_new_is_asked_about_from_the_beginning(world: World) -> None:
    world.platform.grade("3", "1", 75)
    await the_first(world)
    await world.join("3")
    await world.reader.read(world.course)
    assert [(one.users, one.since) for one in world.platform.questions] == [
        (("3",), None),
        (("1", "2"), NOW - rules.OVERLAP),
    ]
    assert world.taken.percents() == [75]


async def test_whose_id_is_learned_late_is_asked_about_from_the_beginning(world: World) -> None:
    world.platform.grade("901", "1", 75)
    await the_first(world)
    world.platform.people = (NativePerson("901", "1"),)
    world.platform.before["results"] = raising(ApiUnreachable("away"))
    with pytest.raises(ApiUnreachable):
        await world.reader.read(world.course)
    del world.platform.before["results"]
    # What was new to the reading that failed is not old to this one.
    await world.reader.read(world.course)
    assert world.taken.percents() == [75]


async def test_an_item_that_is_new_is_asked_about_from_the_beginning(world: World) -> None:
    await the_first(world)
    world.platform.items.append(quiz(9))
    world.platform.grade("1", "9", 65)
    await world.reader.read(world.course)
    assert [(one.keys, one.since) for one in world.platform.questions] == [
        (("9",), None),
        (("1", "2"), NOW - rules.OVERLAP),
    ]
    assert world.taken.percents() == [65]


async def test_an_item_that_has_results_now_is_asked_about_from_the_beginning(world: World) -> None:
    await the_first(world)
    world.platform.items[2] = page(3, result_key="33")
    world.platform.grade("1", "33", 65)
    # A page reads the contents first; what it found is not forgotten by the reading that follows.
    await world.reader.read_contents(world.course)
    await world.reader.read(world.course)
    assert world.taken.percents() == [65]


async def test_what_a_room_wants_is_asked_about_from_the_beginning(world: World) -> None:
    world.platform.grade("1", "2", 55)
    await the_first(world)
    async with world.database.reading() as session:
        found = await items(session, world.course.organisation_id, world.course.id)
        world.taken.wanted = {one.id for one in found if one.result_key == "2"}
    await world.reader.read(world.course)
    assert [(one.keys, one.since) for one in world.platform.questions] == [
        (("2",), None),
        (("1",), NOW - rules.OVERLAP),
    ]
    assert world.taken.percents() == [55]


@pytest.mark.parametrize(
    ("why", "later"),
    [("a day", timedelta(days=1)), ("asked", timedelta(0)), ("the clock went back", timedelta(hours=-3))],
    ids=["after-a-day", "when-asked", "when-the-clock-went-back"],
)
async def test_everything_is_read_again_sometimes(world: World, why: str, later: timedelta) -> None:
    """An excuse changes no date; a reading of new results alone would never find it."""
    await the_first(world)
    world.clock.move(later)
    world.platform.excuse("1", "1")
    if why == "asked":
        await world.want(asked=True)
    await world.reader.read(world.course)
    assert [one.since for one in world.platform.questions] == [None]
    assert [gap.why for found in world.taken.gradebooks for gap in found.gaps] == ["excused"]
    assert (await world.state()).whole_at == world.clock.now()


# --- People who left --------------------------------------------------------------------------------------------------


async def test_results_of_people_who_left_are_set_aside_until_they_are_back(world: World) -> None:
    await world.leave("2")
    world.platform.grade("1", "1", 80)
    world.platform.grade("2", "1", 40, attempt=1)
    report = await world.reader.read(world.course)
    assert report is not None
    assert (report.counts["results"], report.counts["set_aside"]) == (1, 1)
    assert world.taken.percents() == [80]
    assert await aside(world) == (1, 1)
    # Told again it is the same; excused it is none any more, and graded again it is one.
    await world.want(asked=True)
    await world.reader.read(world.course)
    assert await aside(world) == (1, 1)
    world.platform.excuse("2", "1")
    await world.want(asked=True)
    await world.reader.read(world.course)
    assert await aside(world) == (0, 0)
    world.platform.grade("2", "1", 45, at=world.clock.now())
    await world.reader.read(world.course)
    world.taken.gradebooks.clear()
    # Back again, and the platform tells nothing of what was: it was not lost.
    await world.leave("2", active=True)
    world.platform.found.clear()
    report = await world.reader.read(world.course)
    assert report is not None
    assert report.counts["taken_in"] == 1
    assert world.taken.percents() == [45]
    assert await aside(world) == (0, 0)


async def test_that_the_platform_tells_nothing_of_people_who_left_is_no_trouble(world: World) -> None:
    await world.leave("2")
    world.platform.grade("1", "1", 80)

    async def refuse() -> None:
        if world.platform.asked.count("results") == 2:
            raise ApiNotPermitted("no such users")

    world.platform.before["results"] = refuse
    assert await world.reader.read(world.course) is not None
    assert world.taken.percents() == [80]
    row = await world.state()
    assert (row.trouble, row.failures, row.results_since) == (None, 0, NOW)


async def test_who_has_only_tried_the_students_view_is_nobody_who_left(world: World) -> None:
    await world.join("7", active=False, in_roster=False)
    world.platform.grade("7", "1", 100)
    await world.reader.read(world.course)
    assert [one.users for one in world.platform.questions] == [("1", "2")]
    assert await aside(world) == (0, 0)


async def aside(world: World) -> tuple[int, int]:
    async with world.database.reading() as session:
        return await engine.queries.count_aside(session, world.course.organisation_id, world.course.id)


# --- Trouble ----------------------------------------------------------------------------------------------------------


async def test_what_was_taken_stays_and_the_next_reading_goes_on(world: World) -> None:
    world.platform.batch = 1
    for user in ("1", "2"):
        world.platform.grade(user, "1", 50)
        world.platform.grade(user, "2", 70)

    async def fail_at_the_third() -> None:
        if world.platform.asked.count("batch") == 3:
            raise ApiUnreachable("away")

    world.platform.before["batch"] = fail_at_the_third
    with pytest.raises(ApiUnreachable):
        await world.reader.read(world.course)
    assert world.taken.percents() == [50, 70]
    row = await world.state()
    assert (row.lease, row.phase, row.failures, row.trouble) == (None, IDLE, 1, "api-unreachable")
    assert (row.finished_at, row.results_since) == (None, None)
    assert row.due_at == NOW + rules.FIRST_PAUSE
    world.taken.gradebooks.clear()
    await world.reader.read(world.course)
    assert world.taken.percents() == [50, 70, 50, 70]
    row = await world.state()
    assert (row.failures, row.trouble, row.finished_at) == (0, None, NOW)


async def test_pauses_grow_with_each_failure(world: World) -> None:
    world.platform.before["contents"] = raising(ApiUnreachable("away"))
    pauses = []
    for _ in range(12):
        with pytest.raises(ApiUnreachable):
            await world.reader.read(world.course)
        due_at = (await world.state()).due_at
        assert due_at is not None
        pauses.append(due_at - world.clock.now())
    assert pauses[:4] == [rules.FIRST_PAUSE * 2**n for n in range(4)]
    assert pauses[-1] == rules.LONGEST_PAUSE


@pytest.mark.parametrize("trouble", [ApiTokenRefused("dead"), ApiConsentNeeded("nobody")], ids=["token", "consent"])
async def test_what_waits_for_people_is_tried_again_when_somebody_gave_access(
    world: World, trouble: ApiTokenRefused | ApiConsentNeeded
) -> None:
    world.platform.before["contents"] = raising(trouble)
    with pytest.raises(type(trouble)):
        await world.reader.read(world.course)
    row = await world.state()
    assert (row.trouble, row.due_at) == (trouble.code, None)
    async with world.database.writing() as session:
        given = await access_given(
            session, world.course.organisation_id, world.course.registration_id, world.clock.now()
        )
    assert given == 1
    assert (await world.state()).due_at == NOW
    world.platform.before.clear()
    await world.reader.read(world.course)
    async with world.database.writing() as session:
        again = await access_given(
            session, world.course.organisation_id, world.course.registration_id, world.clock.now()
        )
    assert again == 0


async def test_a_course_without_a_connection_is_left_in_peace(world: World) -> None:
    world.connections.trouble = NotConnected("nobody connected it")
    with pytest.raises(NotConnected):
        await world.reader.read(world.course)
    row = await world.state()
    assert (row.trouble, row.due_at, row.lease) == ("not-connected", None, None)


@pytest.mark.parametrize("part", ["contents", "people", "completion", "outcomes"])
async def test_trouble_with_one_part_stops_no_other(world: World, part: str) -> None:
    world.platform.grade("1", "1", 80)
    await the_first(world)
    world.platform.grade("1", "1", 81, at=world.clock.now())
    world.platform.before[part] = raising(ApiNotPermitted("not this"))
    report = await world.reader.read(world.course)
    assert report is not None
    assert list(report.troubles.values()) == ["api-not-permitted"]
    assert world.taken.percents() == [81]
    row = await world.state()
    assert row.lease is None
    assert rules.troubles_of(row.report) == {SyncPhase("groups" if part == "people" else part): "api-not-permitted"}
    main = part == "contents"
    assert row.trouble == ("api-not-permitted" if main else None)
    assert row.failures == (1 if main else 0)


async def test_a_fault_of_our_own_is_noted_like_any_other_failure(world: World) -> None:
    world.platform.grade("1", "1", 80)
    world.taken.trouble = ZeroDivisionError("a bug in some room")
    with pytest.raises(ZeroDivisionError):
        await world.reader.read(world.course)
    row = await world.state()
    assert (row.lease, row.trouble, row.failures) == (None, ReadingFailed.code, 1)
    assert row.due_at is not None


# --- When it is read next ---------------------------------------------------------------------------------------------


async def test_a_course_that_nobody_opens_is_read_ever_more_seldom(world: World) -> None:
    for away, pause in (
        (timedelta(days=1), rules.EVERY),
        (timedelta(days=10), rules.SELDOM),
        (timedelta(days=200), None),
    ):
        async with world.database.writing() as session:
            for one in (await session.exec(scoped(Membership, world.course.organisation_id))).all():
                one.last_launched_at = world.clock.now() - away
                session.add(one)
        await world.reader.read(world.course)
        due_at = (await world.state()).due_at
        assert due_at == (None if pause is None else world.clock.now() + pause)


# --- One at a time ----------------------------------------------------------------------------------------------------


async def test_a_reading_that_is_ended_from_outside_gives_its_lease_back(world: World) -> None:
    gate = world.platform.before["people"] = Gate()
    task = asyncio.create_task(world.reader.read(world.course))
    await gate.reached.wait()
    row = await world.state()
    assert (row.phase, row.lease is not None) == (SyncPhase.GROUPS, True)
    assert await world.another_reader().read(world.course) is None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    row = await world.state()
    assert (row.phase, row.lease, row.due_at) == (IDLE, None, NOW)


async def test_a_dead_reading_is_taken_over_and_stops_when_it_comes_to_life(world: World) -> None:
    world.platform.grade("1", "1", 80)
    gate = world.platform.before["people"] = Gate()
    dead = asyncio.create_task(world.reader.read(world.course))
    await gate.reached.wait()
    world.clock.move(rules.LEASE - timedelta(seconds=1))
    assert await world.another_reader().read(world.course) is None
    world.clock.move(timedelta(seconds=1))
    assert await world.another_reader().read(world.course) is not None
    given = len(world.taken.gradebooks)
    after = await world.state()
    gate.open.set()
    assert await dead is None
    assert len(world.taken.gradebooks) == given, "who was given up for dead gives nothing more away"
    assert (await world.state()).model_dump() == after.model_dump()


async def test_a_clock_that_went_back_binds_nobody_to_a_lease(world: World) -> None:
    gate = world.platform.before["people"] = Gate()
    dead = asyncio.create_task(world.reader.read(world.course))
    await gate.reached.wait()
    world.clock.move(-HOUR)
    assert await world.another_reader().read(world.course) is not None
    dead.cancel()
    await asyncio.gather(dead, return_exceptions=True)
    assert (await world.state()).lease is None


async def test_signs_of_life_keep_a_reading_that_the_platform_makes_wait(
    own_database: Database, clock: ManualClock
) -> None:
    world = await a_world(own_database, clock, await a_school(own_database), "1")
    slept = asyncio.Event()
    signs: list[float] = []

    async def sleep(seconds: float) -> None:
        signs.append(seconds)
        if len(signs) > 3:
            slept.set()
            await forever()
        world.clock.move(timedelta(seconds=seconds))

    async def stall() -> None:
        await slept.wait()
        assert world.clock.now() - NOW >= rules.LEASE
        assert await world.another_reader().read(world.course) is None

    world.platform.before["people"] = stall
    reader = engine.Reader(world.database, world.connections, world.taken.takers, world.clock, sleep=sleep)  # type: ignore[arg-type]
    assert await reader.read(world.course) is not None
    assert signs[0] < rules.LEASE.total_seconds()


async def test_what_is_asked_for_meanwhile_is_due_at_once(world: World) -> None:
    async def press() -> None:
        world.clock.move(timedelta(seconds=5))
        await world.want(asked=True)

    world.platform.before["completion"] = press
    await world.reader.read(world.course)
    row = await world.state()
    assert row.due_at == NOW + timedelta(seconds=5)
    world.platform.before.clear()
    world.clock.move(timedelta(seconds=5))
    world.platform.questions.clear()
    await world.reader.read(world.course)
    assert [one.since for one in world.platform.questions] == [None]


async def test_progress_is_written_at_most_once_a_second(world: World) -> None:
    world.platform.batch = 1
    for user in ("1", "2"):
        world.platform.grade(user, "1", 50)
        world.platform.grade(user, "2", 50)
    seen = []

    async def look() -> None:
        row = await world.state()
        seen.append((row.phase, row.done, row.total))
        world.clock.move(timedelta(milliseconds=600))

    world.platform.before["batch"] = look
    await world.reader.read(world.course)
    assert seen == [
        (SyncPhase.RESULTS, 0, 0),
        (SyncPhase.RESULTS, 0, 0),
        (SyncPhase.RESULTS, 1, 2),
        (SyncPhase.RESULTS, 1, 2),
    ]


async def test_two_processes_never_read_a_course_at_once(own_database: Database, clock: ManualClock) -> None:
    world = await a_world(own_database, clock, await a_school(own_database), "1", "2")
    world.platform.items = [quiz(1)]
    inside: list[int] = [0]
    most = 0

    async def look() -> None:
        nonlocal most
        inside[0] += 1
        most = max(most, inside[0])
        await asyncio.sleep(0.05)
        inside[0] -= 1

    world.platform.before["people"] = look
    found = await asyncio.gather(*(world.another_reader().read(world.course) for _ in range(6)))
    assert most == 1
    assert sum(one is not None for one in found) >= 1
    assert (await world.state()).lease is None


async def test_two_courses_of_one_connection_are_never_read_at_once(own_database: Database, clock: ManualClock) -> None:
    from .conftest import connect_school
    from .platform import a_course

    school = await a_school(own_database)
    await connect_school(own_database, school)
    world = await a_world(own_database, clock, school, "1")
    other = await a_course(own_database, school, "c2")
    # Whoever is first reads until the others have been turned away.
    gate = world.platform.before["people"] = Gate()
    courses = (world.course, other, world.course, other)
    readings = [asyncio.create_task(world.another_reader().read(course)) for course in courses]
    while len(under_way := {one for one in readings if not one.done()}) > 1:
        await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    gate.open.set()
    found = await asyncio.gather(*readings)
    assert sum(one is not None for one in found) == 1
    # A page's short question may go beside it.
    gate = world.platform.before["people"] = Gate()
    long = asyncio.create_task(world.reader.read(world.course))
    await gate.reached.wait()
    assert await world.another_reader().read(other) is None
    assert await world.another_reader().read_contents(other) is not None
    long.cancel()
    await asyncio.gather(long, return_exceptions=True)
