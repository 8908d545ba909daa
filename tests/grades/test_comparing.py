"""What stands in the LMS is compared with what it accepted; nothing of a teacher's is overwritten before they say so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lti_tool.errors import NotFound
from lti_tool.grades import claims, comparing, records, send_runs, service
from lti_tool.grades.comparing import EVERY, FRESH, SELDOM, Compared
from lti_tool.grades.models import Choice, Delivery, Difference, Score
from lti_tool.grades.rules import Standing
from lti_tool.grades.trouble import Trouble
from tests.grades.conftest import School
from tests.grades.lms import BROKEN, GONE, fail
from tests.grades.test_faults import deliver_until_killed


async def in_the_gradebook(school: School, given: float, person: str = "s0") -> None:
    """A teacher types a number over what stands there, with a moment of the LMS's own."""
    (column,) = school.lms.columns.values()
    standing = column.results[person]
    column.results[person] = replace(standing, given=given, maximum=100)


async def choose(school: School, choice: Choice) -> Score:
    score = await school.score()
    async with school.database.writing() as session:
        return await comparing.choose(
            session, score.organisation_id, score.id, choice, school.people[1].id, school.clock.now()
        )


async def test_what_agrees_is_no_difference_whatever_the_scale(school: School) -> None:
    await school.owe(8, maximum=10)
    await school.owe(0, 1)
    await school.deliver()
    assert await school.compare() == Compared(scores=2)
    scores = await school.scores()
    assert [score.difference for score in scores] == [None, None]
    assert {(score.lms_given, score.lms_maximum) for score in scores} == {(80, 100), (0, 100)}
    column = await school.line_item()
    assert (column.compared_at, column.compare_at) == (school.clock.now(), school.clock.now() + EVERY)


async def test_a_teachers_number_is_noticed_before_a_new_score_goes_over_it_and_waits_for_their_choice(
    school: School,
) -> None:
    await school.owe(80)
    await school.deliver()
    await in_the_gradebook(school, 95)
    school.clock.move(FRESH + timedelta(minutes=1))
    await school.owe(85)
    worker = school.worker(comparer=school.comparer())
    await worker.deliver(school.registration_id)
    assert school.lms.grade("s0") == 0.95
    (line, *_) = await school.standing()
    assert (line.state, line.trouble, line.difference) == (Standing.HELD, None, Difference.OVERRIDDEN)
    assert (line.lms_given, line.lms_maximum, line.delivered_given, line.given) == (95, 100, 80, 85)
    # Theirs: it stays, also when the student goes on.
    await choose(school, Choice.THEIRS)
    assert (await school.standing())[0].state is Standing.KEPT
    await school.owe(90)
    await worker.deliver(school.registration_id)
    (line, *_) = await school.standing()
    assert (line.state, line.trouble, line.given) == (Standing.KEPT, None, 90)
    school.clock.move(timedelta(days=1))
    await worker.sweep()
    await worker.deliver(school.registration_id)
    assert school.lms.grade("s0") == 0.95
    assert (await school.score()).choice is Choice.THEIRS
    # Another number: it is asked again.
    await in_the_gradebook(school, 60)
    await school.compare()
    score = await school.score()
    assert (score.difference, score.choice, score.lms_given) == (Difference.OVERRIDDEN, None, 60)
    # Ours: the latest score goes over it, and there is no difference any more.
    await choose(school, Choice.OURS)
    assert school.runner.nudges[-1] == (service.DELIVER, str(school.registration_id))
    await worker.deliver(school.registration_id)
    assert school.lms.grade("s0") == 0.9
    score = await school.score()
    assert (score.difference, score.choice, score.delivery) == (None, None, Delivery.DELIVERED)
    assert await school.compare() == Compared(scores=1)


async def test_what_is_delivered_and_was_typed_over_waits_for_the_choice_too(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    await in_the_gradebook(school, 95)
    await school.compare()
    assert (await school.standing())[0].state is Standing.HELD
    await choose(school, Choice.THEIRS)
    assert (await school.standing())[0].state is Standing.KEPT


async def test_send_again_of_a_person_is_a_choice_and_send_all_is_none(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    await in_the_gradebook(school, 95)
    await school.compare()
    column = await school.line_item()
    async with school.database.writing() as session:
        await service.send_again(session, line_item=column, now=school.clock.now())
    await school.deliver()
    assert school.lms.grade("s0") == 0.95
    async with school.database.writing() as session:
        await service.send_again(
            session, line_item=column, now=school.clock.now(), person_ids=[school.people[0].id], over=True
        )
    await school.deliver()
    assert school.lms.grade("s0") == 0.8


async def test_a_grade_that_was_taken_out_is_missing_and_a_new_score_goes_there(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    (column,) = school.lms.columns.values()
    taken = column.results.pop("s0")
    assert await school.compare() == Compared(scores=1, different=1)
    assert (await school.score()).difference is Difference.MISSING
    column.results["s0"] = replace(taken, given=80)
    assert await school.compare() == Compared(scores=1)
    del column.results["s0"]
    await school.compare()
    await school.owe(90)
    await school.deliver()
    assert school.lms.grade("s0") == 0.9
    assert (await school.score()).difference is None


async def test_a_zero_that_the_lms_leaves_out_and_a_student_who_left_are_none(school: School) -> None:
    school.quirks.results_leave_out_zeros = True
    await school.owe(0)
    await school.deliver()
    (column,) = school.lms.columns.values()
    del column.results["s0"]
    assert await school.compare() == Compared(scores=1)
    school.quirks.results_leave_out_zeros = False
    assert await school.compare() == Compared(scores=1, different=1)
    await school.leave(0)
    assert await school.compare() == Compared(scores=1)


async def test_what_may_have_arrived_unrecorded_is_not_compared(school: School) -> None:
    """An answer that was lost, the deed being done: the LMS has a score that the ledger does not know of."""
    await school.owe(80)
    await school.deliver()
    await school.owe(85)
    school.lms.after.append(BROKEN)
    await school.deliver()
    assert school.lms.grade("s0") == 0.85
    assert await school.compare() == Compared()
    assert (await school.score()).difference is None


async def test_what_arrived_unrecorded_is_no_teachers_number_though_another_score_is_owed_since(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    await school.owe(85)
    school.lms.after.append(BROKEN)
    await school.deliver()
    await school.owe(90)
    assert await school.compare() == Compared()
    await school.later(minutes=20)
    assert school.lms.grade("s0") == 0.9
    assert (await school.score()).difference is None
    assert await school.compare() == Compared(scores=1)


async def test_what_a_killed_worker_sent_is_no_teachers_number_though_another_took_its_place_and_sent_nothing(
    own_school: School,
) -> None:
    school = own_school
    await school.owe(80)
    await school.deliver()
    await school.owe(85)
    # Three points for each of the two claims, of columns and of scores; then the request, and its answer.
    assert await deliver_until_killed(school, 8)
    assert school.lms.grade("s0") == 0.85
    await school.owe(90)
    school.clock.move(timedelta(minutes=1))
    async with school.database.writing() as session:
        claimed = await claims.claim_scores(
            session, school.registration_id, school.clock.now(), timedelta(seconds=45), 9, timedelta(milliseconds=1)
        )
        await records.write_down(session, records.released(claimed))
    assert len(claimed) == 1
    assert await school.compare() == Compared()
    await school.deliver()
    assert school.lms.grade("s0") == 0.9


async def test_send_again_over_a_number_that_is_known_holds_when_it_is_read_once_more(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    await in_the_gradebook(school, 95)
    await school.compare()
    async with school.database.writing() as session:
        await service.send_again(
            session,
            line_item=await school.line_item(),
            now=school.clock.now(),
            person_ids=[school.people[0].id],
            over=True,
        )
    await school.compare()
    await school.deliver()
    assert school.lms.grade("s0") == 0.8
    assert school.lms.over == [False, True]


async def test_a_score_that_is_delivered_while_the_lms_tells_is_left_to_the_next_time(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    read = school.lms.results

    async def results(line_item_url: str, user_id: str | None = None) -> list[object]:
        found = await read(line_item_url, user_id)
        await school.owe(90)
        await school.deliver()
        return list(found)

    school.lms.results = results  # type: ignore[method-assign, assignment]
    assert await school.compare() == Compared()
    assert (await school.score()).difference is None


async def test_columns_that_are_gone_or_doubled_are_said(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    column = await school.line_item()
    assert column.url is not None
    double = replace(school.lms.columns[column.url].data, id="https://lms.example/line_items/99")
    school.lms.columns["https://lms.example/line_items/99"] = replace(school.lms.columns[column.url], data=double)
    assert await school.compare() == Compared(scores=1, doubled=1)
    assert (await school.line_item()).doubled == 1
    del school.lms.columns[column.url]
    assert await school.compare() == Compared(gone=True)
    gone = await school.line_item()
    assert (gone.gone_at, gone.doubled) == (school.clock.now(), 0)


async def test_a_column_that_is_listed_is_not_gone_whatever_its_results_answer(school: School) -> None:
    # TAO's ResultServiceServerRequestHandler looks for the column without its address's query, and answers 404.
    await school.owe(80)
    await school.deliver()

    async def results(line_item_url: str, user_id: str | None = None) -> list[object]:
        fail(GONE)

    school.lms.results = results  # type: ignore[method-assign, assignment]
    with pytest.raises(Trouble) as caught:
        await school.compare()
    assert caught.value.code == "unreadable-answer"
    column = await school.line_item()
    assert column.gone_at is None


async def test_an_lms_that_does_not_tell_keeps_no_score_waiting_and_is_asked_again(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    school.clock.move(FRESH * 2)
    await school.owe(85)
    school.lms.before.append(BROKEN)
    await school.worker(comparer=school.comparer()).deliver(school.registration_id)
    assert school.lms.grade("s0") == 0.85
    school.lms.before.append(GONE)
    with pytest.raises(Trouble):
        await school.compare()
    column = await school.line_item()
    assert column.compare_at is not None
    assert school.clock.now() < column.compare_at < school.clock.now() + EVERY


async def test_by_itself_in_time_and_seldom_where_nobody_works_any_more(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    comparer = school.comparer()
    assert await comparer.compare_due() == 1
    assert await comparer.compare_due() == 0
    school.clock.move(EVERY)
    assert await comparer.compare_due() == 1
    school.clock.move(timedelta(days=40))
    assert await comparer.compare_due() == 1
    column = await school.line_item()
    assert column.compare_at == school.clock.now() + SELDOM


async def test_there_is_nothing_to_choose_without_a_difference_nor_at_another_school(school: School) -> None:
    await school.owe(80)
    await school.deliver()
    with pytest.raises(NotFound):
        await choose(school, Choice.OURS)


async def test_send_all_makes_nothing_certain_that_may_have_arrived(school: School) -> None:
    """An answer that was lost, the deed being done, and then *Send all*: what stands there is still ours."""
    await school.owe(80)
    await school.deliver()
    await school.owe(85)
    school.lms.after.append(BROKEN)
    await school.deliver()
    line_item = await school.line_item()
    async with school.database.writing() as session:
        await send_runs.begin(
            session,
            line_item.organisation_id,
            line_item.course_id,
            [line_item],
            line_item_id=None,
            among=None,
            by=None,
            now=school.clock.now(),
        )
    assert await school.compare() == Compared()
    assert (await school.score()).difference is None
    await school.deliver()
    assert await school.compare() == Compared(scores=1)
