"""How the deliveries to a platform go is counted as they are written down, and told to Prometheus without a name."""

from datetime import timedelta

from prometheus_client import REGISTRY

from lti_tool.grades.models import DeliveryPace
from tests.grades.conftest import School, make_school
from tests.grades.lms import DOWN, NOT_ENROLLED


async def pace(school: School) -> DeliveryPace:
    async with school.database.reading() as session:
        found = await session.get(DeliveryPace, school.registration_id)
        assert found is not None
        session.expunge(found)
        return found


def gauge(school: School, name: str) -> float | None:
    return REGISTRY.get_sample_value(f"lti_tool_registration_{name}", {"registration": str(school.registration_id)})


async def test_what_was_accepted_and_what_failed_is_counted_for_the_platform(own_school: School) -> None:
    school = own_school
    for person in range(3):
        await school.owe(10, person)
    school.lms.strangers.add("s1")
    await school.deliver()
    first = await pace(school)
    assert (first.delivered, first.failed, first.answered_at) == (2, 1, school.clock.now())
    at = school.clock.now()
    school.clock.move(timedelta(minutes=1))
    school.lms.always = DOWN
    await school.owe(20)
    await school.deliver()
    second = await pace(school)
    # Nobody answered.
    assert (second.delivered, second.failed, second.answered_at) == (2, 2, at)
    assert (second.failures, second.trouble) == (1, "unreachable")
    school.lms.always = None
    await school.later(hours=1)
    third = await pace(school)
    assert (third.delivered, third.failed, third.failures, third.paused_until) == (3, 2, 0, None)


async def test_what_arrived_before_the_platform_went_down_does_not_end_its_pause(own_school: School) -> None:
    school = own_school
    for person in range(3):
        await school.owe(10, person)
    school.lms.before.extend([None, None, None, DOWN])
    await school.worker(at_once=1).deliver(school.registration_id)
    found = await pace(school)
    assert found.delivered == 1
    assert found.paused_until is not None
    assert found.paused_until > school.clock.now()
    assert found.failures == 1


async def test_the_gauges_of_each_platform_are_told_apart_by_its_id(own_school: School) -> None:
    school = own_school
    other = await make_school(school.database, school.clock)
    await school.owe(10)
    await school.deliver()
    school.lms.before.extend([NOT_ENROLLED, DOWN])
    await school.owe(20)
    await school.owe(20, 1)
    await school.worker(at_once=1).deliver(school.registration_id)
    await other.owe(5)
    school.clock.move(timedelta(seconds=0.5))
    await school.worker().measure()
    assert gauge(school, "scores_on_their_way") == 1
    assert gauge(school, "oldest_undelivered_score_seconds") == 0.5
    assert gauge(school, "paused") == 1
    assert (gauge(other, "scores_on_their_way"), gauge(other, "paused")) == (1, 0)
    await school.later(hours=1)
    await school.worker().measure()
    assert gauge(school, "scores_on_their_way") == 0
    assert gauge(school, "paused") == 0
