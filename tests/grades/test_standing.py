"""What the teacher's page, /metrics and the background learn about scores."""

from datetime import timedelta

from prometheus_client import REGISTRY

from lti_tool.clock import ManualClock
from lti_tool.courses.models import Membership, Person
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.grades import jobs, ledger, send_runs, service
from lti_tool.grades.ledger import Place
from lti_tool.grades.models import ColumnState, Delivery, LineItem
from lti_tool.grades.rules import Standing
from lti_tool.ids import new_id
from tests.grades.conftest import School, make_school
from tests.grades.lms import DOWN


async def test_each_student_has_a_line_by_name_with_what_is_owed_and_delivered(school: School) -> None:
    await school.owe(80, 1, maximum=90)
    await school.deliver()
    delivered_at = school.clock.now()
    school.clock.move(timedelta(minutes=1))
    await school.owe(85, 1, maximum=90)
    lines = await school.standing()
    assert [line.name for line in lines] == ["Student 0", "Student 1", "Student 2"]
    assert [line.state for line in lines] == [Standing.NOTHING_OWED, Standing.ON_ITS_WAY, Standing.NOTHING_OWED]
    line = lines[1]
    assert (line.given, line.maximum, line.owed_at) == (85, 90, school.clock.now())
    assert (line.delivered_given, line.delivered_maximum, line.delivered_at) == (80, 90, delivered_at)
    assert (lines[0].given, lines[0].delivered_at, lines[0].trouble) == (None, None, None)


async def test_who_left_keeps_a_line_when_there_is_a_score_and_teachers_have_none(school: School) -> None:
    await school.owe(10, 0)
    async with school.database.writing() as session:
        for membership in (await session.exec(scoped(Membership, school.course.organisation_id))).all():
            if membership.person_id != school.people[2].id:
                membership.active = False
                session.add(membership)
    assert [line.name for line in await school.standing()] == ["Student 0", "Student 2"]


async def test_the_test_student_and_who_has_left_are_owed_nothing_and_nobody_has_to_see_to_it(school: School) -> None:
    await school.owe(70, 2)
    await school.deliver()
    async with school.database.writing() as session:
        person = await session.get_one(Person, (school.course.organisation_id, school.people[1].id))
        person.is_test = True
        session.add(person)
    await school.leave(0)
    await school.owe(80, 0)
    await school.owe(85, 1)
    await school.owe(90, 2)
    await school.deliver()
    assert [school.lms.grade(f"s{number}") for number in range(3)] == [None, None, 0.9]
    assert [line.state for line in await school.standing()] == [Standing.LEFT, Standing.TEST, Standing.DELIVERED]
    line_item = await school.line_item()
    async with school.database.reading() as session:
        counted = await ledger.counts(session, line_item.organisation_id, [line_item], None, None)
    assert counted[line_item.id] == {Place.LEFT: 1, Place.TEST: 1, Place.DELIVERED: 1}
    # They are no work to anybody: neither to a sweep nor to whoever watches the gauges, nor to *Send all*.
    nudged = len(school.runner.nudges)
    await school.worker().sweep()
    assert len(school.runner.nudges) == nudged
    await school.worker().measure()
    assert REGISTRY.get_sample_value("lti_tool_scores_on_their_way") == 0
    async with school.database.writing() as session:
        run = await send_runs.begin(
            session,
            line_item.organisation_id,
            line_item.course_id,
            [line_item],
            line_item_id=None,
            among=None,
            by=None,
            now=school.clock.now(),
        )
    assert run is None
    # Back in the course: what was kept goes out by itself.
    await school.leave(0, active=True)
    await school.deliver()
    assert school.lms.grade("s0") == 0.8


async def test_what_the_lms_refused_of_somebody_who_had_left_goes_out_when_they_are_back(school: School) -> None:
    await school.column()
    await school.deliver()
    school.lms.strangers.add("s0")
    await school.owe(80)
    await school.deliver()
    assert (await school.standing())[0].state is Standing.REFUSED
    await school.leave(0)
    assert (await school.standing())[0].state is Standing.LEFT
    school.lms.strangers.clear()
    await school.leave(0, active=True)
    course = school.course
    async with school.database.writing() as session:
        people = [school.people[0].id]
        now = school.clock.now()
        assert await service.send_to_those_back(session, course.organisation_id, course.id, people, now) == 1
        assert await service.send_to_those_back(session, course.organisation_id, course.id, people, now) == 0
    await school.deliver()
    assert school.lms.grade("s0") == 0.8


async def test_what_is_owed_to_nobody_for_a_day_is_set_aside_until_they_are_back(school: School) -> None:
    await school.column()
    await school.deliver()
    await school.leave(0)
    await school.owe(80, 0)
    await school.owe(85, 1)
    work = jobs.work(school.database, None, school.clock, school.comparer())  # type: ignore[arg-type]
    forget = next(one for one in work.periodic if one.name == "grades.forget")
    school.clock.move(timedelta(hours=25))
    await forget.run()
    assert [(score.next_attempt_at is None, score.delivery) for score in await school.scores()] == [
        (True, Delivery.DUE),
        (False, Delivery.DUE),
    ]
    assert (await school.standing())[0].state is Standing.LEFT
    await school.leave(0, active=True)
    async with school.database.writing() as session:
        people = [school.people[0].id]
        now = school.clock.now()
        course = school.course
        assert await service.send_to_those_back(session, course.organisation_id, course.id, people, now) == 1
    await school.deliver()
    assert [school.lms.grade(f"s{number}") for number in range(2)] == [0.8, 0.85]


async def test_when_it_is_tried_again_is_said_while_it_is(school: School) -> None:
    await school.column()
    await school.deliver()
    school.lms.before.append(DOWN)
    await school.owe(10)
    await school.deliver()
    line = (await school.standing())[0]
    assert (line.state, line.trouble) == (Standing.RETRYING, "unreachable")
    assert line.tries_again_at == school.clock.now() + timedelta(seconds=1)
    await school.later(seconds=5)
    assert (await school.standing())[0].tries_again_at is None


async def test_another_school_sees_nothing_of_a_column(school: School) -> None:
    await school.owe(10)
    line_item = await school.line_item()
    other = await make_school(school.database, school.clock)
    async with school.database.reading() as session:
        assert await service.standing(session, other.course.organisation_id, line_item.id) == []
        assert await service.standing(session, line_item.organisation_id, new_id()) == []


async def test_schools_that_share_a_registration_are_delivered_together(own_school: School) -> None:
    school = own_school
    other = await make_school(school.database, school.clock, lms=school.lms)
    async with school.database.writing() as session:
        course = other.course.model_copy(update={"registration_id": school.registration_id})
        other.course = await session.merge(course)
    await school.owe(10)
    await other.owe(20, column=await other.column("playlist:2"))
    await school.deliver()
    assert {score.given for column in school.lms.columns.values() for score in column.results.values()} == {10, 20}


async def test_the_gauges_tell_how_long_the_oldest_score_has_been_on_its_way(school: School) -> None:
    worker = school.worker()
    await worker.measure()
    assert REGISTRY.get_sample_value("lti_tool_oldest_undelivered_score_seconds") == 0
    await school.owe(10, 0)
    school.clock.move(timedelta(minutes=3))
    await school.owe(10, 1)
    await worker.measure()
    assert REGISTRY.get_sample_value("lti_tool_oldest_undelivered_score_seconds") == 180
    assert REGISTRY.get_sample_value("lti_tool_scores_on_their_way") == 2
    before = REGISTRY.get_sample_value("lti_tool_scores_delivered_total") or 0
    await school.deliver()
    await worker.measure()
    assert REGISTRY.get_sample_value("lti_tool_scores_delivered_total") == before + 2
    assert REGISTRY.get_sample_value("lti_tool_scores_on_their_way") == 0


async def test_a_failure_is_counted_by_its_code(school: School) -> None:
    await school.column()
    await school.deliver()
    school.lms.strangers.add("s0")
    name, labels = "lti_tool_score_failures_total", {"code": "not-enrolled"}
    before = REGISTRY.get_sample_value(name, labels) or 0
    await school.owe(10)
    await school.deliver()
    assert REGISTRY.get_sample_value(name, labels) == before + 1


def test_the_room_has_its_task_and_its_rounds(database: Database, clock: ManualClock) -> None:
    work = jobs.work(database, None, clock, jobs.comparer_of(database, None, clock))  # type: ignore[arg-type]
    assert list(work.tasks) == [service.DELIVER]
    assert {periodic.name: periodic.every for periodic in work.periodic} == {
        "grades.sweep": timedelta(seconds=20),
        "grades.measure": timedelta(minutes=1),
        "grades.runs": timedelta(minutes=1),
        "grades.compare": timedelta(minutes=5),
        "grades.forget": timedelta(days=1),
    }


async def test_a_score_in_a_column_that_is_made_on_the_way_is_the_same_as_in_two_steps(school: School) -> None:
    async def owe(given: float, *, label: str = "Fractions", maximum: float = 100) -> tuple[float, int]:
        async with school.database.writing() as session:
            await service.owe_in_column(
                session,
                course=school.course,
                resource_id="playlist:9",
                label=label,
                score_maximum=maximum,
                end_at=None,
                person_id=school.people[0].id,
                given=given,
                maximum=100,
                finished=False,
                now=school.clock.now(),
            )
        [score] = await school.scores()
        return score.owed_given, score.owed_version

    async def column() -> LineItem:
        async with school.database.reading() as session:
            [found] = (await session.exec(scoped(LineItem, school.course.organisation_id))).all()
        return found

    assert [await owe(40), await owe(40), await owe(50)] == [(40, 1), (40, 1), (50, 2)]
    assert school.runner.nudges == [(service.DELIVER, str(school.registration_id))] * 3  # The column waits to be made.
    assert await owe(50, label="Ratios", maximum=20) == (50, 2)
    assert ((await column()).label, (await column()).score_maximum) == ("Ratios", 20)
    async with school.database.writing() as session:
        refused = await column()
        refused.state = ColumnState.REFUSED
        await session.merge(refused)
    assert await owe(60, label="Ratios", maximum=20) == (60, 3)
    assert (await column()).state is ColumnState.WANTED
    [row] = await school.scores()
    assert (row.owed_given, row.owed_finished, row.owed_version) == (60, False, 3)
