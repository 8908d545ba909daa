"""Reading in the background, on both databases: what is due, one after the other, and what becomes of trouble."""

import asyncio
import logging
from datetime import timedelta

import pytest

from lti_tool.clock import ManualClock
from lti_tool.content.queries import note_reading
from lti_tool.content.sync import queries, rules
from lti_tool.content.sync.jobs import Readings, work
from lti_tool.content.sync.wishes import READ_DUE, wish
from lti_tool.content.taking import Takers
from lti_tool.db.session import Database
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.jobs.runner import EmbeddedRunner
from lti_tool.jobs.transactions import attach
from lti_tool.platforms.native import ApiUnreachable
from tests.courses.school import NOW, a_school

from .platform import Gate, World, a_course, a_world, quiz, raising


@pytest.fixture
async def world(database: Database, clock: ManualClock) -> World:
    """One student, one quiz."""
    made = await a_world(database, clock, await a_school(database), "1")
    made.platform.items = [quiz(1)]
    return made


def readings(world: World) -> Readings:
    return Readings(world.database, world.clock, world.reader)


async def look(some: Readings) -> None:
    await some.look()
    await some.settled()


async def test_what_is_due_is_read_and_nothing_else(world: World) -> None:
    some = readings(world)
    await look(some)
    assert world.platform.asked == []
    await world.want()
    await look(some)
    assert world.platform.asked.count("contents") == 1
    await look(some)
    assert world.platform.asked.count("contents") == 1
    due_at = (await world.state()).due_at
    assert due_at is None, "nobody has ever opened it"


async def test_a_course_whose_reader_died_is_read_when_the_lease_has_ended(
    own_database: Database, clock: ManualClock
) -> None:
    world = await a_world(own_database, clock, await a_school(own_database), "1")
    await world.want()
    gate = world.platform.before["people"] = Gate()
    dead = asyncio.create_task(world.reader.read(world.course))
    await gate.reached.wait()
    some = readings(world)
    await look(some)
    assert world.platform.asked.count("people") == 1
    clock.move(rules.LEASE)
    await look(some)
    assert world.platform.asked.count("people") == 2
    dead.cancel()
    await asyncio.gather(dead, return_exceptions=True)
    assert (await world.state()).finished_at == clock.now()


async def test_courses_of_one_connection_come_one_after_the_other(own_database: Database, clock: ManualClock) -> None:
    school = await a_school(own_database)
    world = await a_world(own_database, clock, school, "1")
    courses = [world.course] + [await a_course(own_database, school, f"c{n}") for n in range(2, 5)]
    async with own_database.writing() as session:
        for course in courses:
            await wish(session, course, clock.now())
    inside, most = 0, 0

    async def count() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1

    world.platform.before["people"] = count
    await look(readings(world))
    assert world.platform.asked.count("people") == 4
    assert most == 1


async def test_what_another_process_has_read_meanwhile_is_not_read_again(
    own_database: Database, clock: ManualClock
) -> None:
    school = await a_school(own_database)
    world = await a_world(own_database, clock, school, "1")
    other = await a_course(own_database, school, "c2")
    async with own_database.writing() as session:
        await wish(session, world.course, clock.now() - timedelta(seconds=1))
        await wish(session, other, clock.now())
    gate = world.platform.before["people"] = Gate()
    some = readings(world)
    await some.look()
    await gate.reached.wait()
    # While the first is read here, the second is read elsewhere.
    async with own_database.writing() as session:
        row = await queries.state(session, other.organisation_id, other.id)
        assert row is not None
        row.due_at = clock.now() + timedelta(minutes=15)
        session.add(row)
    gate.open.set()
    await some.settled()
    assert world.platform.asked.count("people") == 1


async def test_trouble_with_one_course_stops_no_other_and_names_nobody(
    own_database: Database, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    world = await a_world(own_database, clock, await a_school(own_database), "1")
    other = await a_course(own_database, await a_school(own_database, "Elsewhere"), "c9")
    async with own_database.writing() as session:
        for course in (world.course, other):
            await wish(session, course, NOW)

    async def fail_once() -> None:
        if world.platform.asked.count("contents") == 1:
            raise ApiUnreachable("no answer: ConnectTimeout")

    world.platform.before["contents"] = fail_once
    with caplog.at_level(logging.INFO):
        await look(readings(world))
    assert world.platform.asked.count("contents") == 2
    assert world.platform.asked.count("people") == 1
    assert "a course could not be read" in caplog.text
    for name in ("Hillside", "Elsewhere", "Student 1", "Physics"):
        assert name not in caplog.text


async def test_a_fault_in_one_course_is_logged_and_its_turn_comes_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.want()
    world.platform.before["contents"] = raising(ZeroDivisionError())
    some = readings(world)
    await look(some)
    assert "a task failed" in caplog.text
    world.platform.before.clear()
    await look(some)
    assert world.platform.asked.count("people") == 0
    world.clock.move(rules.FIRST_PAUSE)
    await look(some)
    assert world.platform.asked.count("people") == 1


async def test_a_wish_nudges_and_the_look_finds_it(world: World) -> None:
    some = readings(world)
    runner = RecordingRunner({READ_DUE: some.nudge})
    attach(world.database, runner)
    async with world.database.writing() as session:
        await wish(session, world.course, NOW)
        assert runner.nudges == []
    assert runner.nudges == [(READ_DUE, "")]
    await look(some)
    assert world.platform.asked.count("contents") == 1


async def test_courses_that_were_read_before_readings_were_kept_are_taken_up(world: World) -> None:
    async with world.database.writing() as session:
        await note_reading(session, world.course, NOW - timedelta(days=1), None)
    await look(readings(world))
    assert world.platform.asked.count("contents") == 1


async def test_the_work_runs_in_the_runner_and_ends_with_it(own_database: Database, clock: ManualClock) -> None:
    world = await a_world(own_database, clock, await a_school(own_database), "1")
    gate = world.platform.before["people"] = Gate()
    some = Readings(own_database, clock, world.reader)
    done = work(own_database, clock, world.connections, Takers())  # type: ignore[arg-type]
    [periodic] = done.periodic
    runner = EmbeddedRunner({READ_DUE: some.nudge}, [type(periodic)(periodic.name, periodic.every, some.run)])
    attach(own_database, runner)
    await runner.start()
    async with own_database.writing() as session:
        await wish(session, world.course, clock.now())
    await asyncio.wait_for(gate.reached.wait(), 60)
    await runner.stop()
    row = await world.state()
    assert (row.lease, row.due_at) == (None, clock.now())
