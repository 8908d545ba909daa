"""An LMS that can only be told to keep whatever number stands there (Canvas): scores move on, and a teacher's number stays."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lti_tool.grades.models import Choice, Delivery, Difference
from lti_tool.grades.rules import Standing
from tests.grades.conftest import School
from tests.grades.lms import BROKEN, DOWN, NO_PERMISSION
from tests.grades.test_comparing import choose, in_the_gradebook


@pytest.fixture(autouse=True)
def _keeps_any_number(school: School) -> None:
    school.quirks.keeps_any_number = school.lms.keeps_any_number = True


async def test_a_student_who_goes_on_gets_the_later_score(school: School) -> None:
    for given in (20, 50, 80):
        await school.owe(given)
        await school.deliver()
    assert school.lms.grade("s0") == 0.8
    # The first one goes over nothing: a teacher may have entered a number before it.
    assert school.lms.over == [False, True, True]


async def test_what_a_teacher_typed_a_moment_ago_is_seen_before_a_later_score_would_go_over_it(school: School) -> None:
    await school.owe(20)
    await school.deliver()
    await school.compare()
    await in_the_gradebook(school, 95)
    await school.owe(50)
    await school.deliver()
    assert (school.lms.grade("s0"), school.lms.posts) == (0.95, 1)
    (line, *_) = await school.standing()
    assert (line.state, line.difference, line.lms_given) == (Standing.HELD, Difference.OVERRIDDEN, 95)
    await choose(school, Choice.OURS)
    await school.deliver()
    assert school.lms.grade("s0") == 0.5
    assert school.lms.over == [False, True]


async def test_a_first_score_that_arrived_unanswered_is_no_teachers_number(school: School) -> None:
    await school.owe(20)
    school.lms.after.append(None)  # The column is made, and that is answered.
    school.lms.after.append(DOWN)
    await school.deliver()
    assert (await school.score()).delivered_given is None
    await school.owe(50)
    school.clock.move(timedelta(minutes=1))
    await school.deliver()
    assert school.lms.grade("s0") == 0.5


async def test_a_first_score_that_never_arrived_keeps_what_a_teacher_entered_meanwhile(school: School) -> None:
    await school.owe(20)
    school.lms.before.extend([None, None, BROKEN])
    await school.deliver()
    assert (await school.score()).attempts == 1
    school.clock.move(timedelta(minutes=1))
    await school.deliver()
    assert school.lms.over == [False]


async def test_an_lms_that_lets_nobody_look_holds_nothing_back(school: School) -> None:
    await school.owe(20)
    await school.deliver()
    await school.owe(50)
    school.lms.before.append(NO_PERMISSION)
    await school.deliver()
    assert school.lms.grade("s0") == 0.5


async def test_one_that_cannot_be_asked_now_is_asked_again(school: School) -> None:
    await school.owe(20)
    await school.deliver()
    await school.owe(50)
    school.lms.before.append(BROKEN)
    await school.deliver()
    score = await school.score()
    assert (score.delivery, score.trouble, school.lms.posts) == (Delivery.DUE, "server-error", 1)
    school.clock.move(timedelta(minutes=1))
    await school.deliver()
    assert school.lms.grade("s0") == 0.5


async def test_others_are_not_asked_before_a_score(school: School) -> None:
    school.quirks.keeps_any_number = school.lms.keeps_any_number = False
    (person, *_) = school.people
    await school.owe(20)
    await school.deliver()
    school.lms.the_column().results["s0"] = replace(school.lms.the_column().results["s0"], given=95, maximum=100)
    await school.owe(50)
    await school.deliver()
    assert (school.lms.grade("s0"), school.lms.over) == (0.5, [False, False])
