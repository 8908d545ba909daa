"""How fast scores go to an LMS: slower when it asks, one by one when little is left, one to see whether it answers again."""

from datetime import timedelta

from lti_tool.grades import rules
from lti_tool.grades.models import DeliveryPace
from tests.grades.conftest import School
from tests.grades.lms import DOWN, refused

SLOWER = refused(429, "rate-limited", timedelta(seconds=10))


async def pace(school: School) -> DeliveryPace:
    async with school.database.reading() as session:
        found = await session.get(DeliveryPace, school.registration_id)
        assert found is not None
        return found


async def owe_all(school: School, given: float) -> None:
    for person in range(len(school.people)):
        await school.owe(given, person)


async def test_an_lms_that_asks_to_go_slower_gets_half_and_then_more_again(school: School) -> None:
    await school.owe(1)
    await school.deliver()
    await school.owe(10)
    for expected in (2, 1, 1):
        school.lms.before.append(SLOWER)
        await school.later(minutes=20)
        assert (await pace(school)).at_once == expected
    school.lms.slow = lambda _call: 0.002
    await owe_all(school, 50)
    school.lms.most_under_way = 0
    await school.later(minutes=20)
    assert school.lms.most_under_way == 1
    for expected in (3, None):
        await school.owe(60 + (expected or 0))
        await school.later(minutes=2)
        assert (await pace(school)).at_once == expected
    await owe_all(school, 70)
    await school.deliver()
    assert school.lms.most_under_way == 3


async def test_what_goes_well_within_the_minute_makes_it_no_faster(school: School) -> None:
    await school.owe(1)
    await school.deliver()
    await school.owe(2)
    school.lms.before.append(SLOWER)
    await school.deliver()
    await school.later(seconds=30)
    assert (await pace(school)).at_once == 2
    assert school.lms.grade("s0") == 0.02


async def test_one_request_finds_out_whether_a_silent_lms_answers_again_and_teachers_are_told_since_when(
    own_school: School,
) -> None:
    school = own_school
    await school.owe(1)
    await school.deliver()
    await owe_all(school, 50)
    school.lms.always = DOWN
    await school.deliver()
    for _ in range(rules.FAILURES_THAT_OPEN + 1):
        posts = school.lms.posts
        await school.later(minutes=20)
        assert school.lms.posts <= posts + 1
    opened = (await pace(school)).open_since
    assert opened is not None
    assert opened < school.clock.now()
    school.lms.always = None
    await school.later(minutes=20)
    assert [school.lms.grade(f"s{person}") for person in range(3)] == [0.5, 0.5, 0.5]
    found = await pace(school)
    assert (found.open_since, found.failures, found.trouble, found.paused_until) == (None, 0, None, None)


async def test_one_after_the_other_while_little_is_left_of_the_quota(school: School) -> None:
    school.lms.slow = lambda _call: 0.002
    school.lms.quota = rules.LOW_QUOTA - 1
    await owe_all(school, 50)
    await school.deliver()
    assert school.lms.most_under_way == 1
    school.lms.quota = rules.LOW_QUOTA
    await owe_all(school, 60)
    await school.deliver()
    assert school.lms.most_under_way == 3
