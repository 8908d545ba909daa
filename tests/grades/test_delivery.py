"""Scores reach the LMS: the latest one, once, with timestamps that only go forward; and what happens when they do not."""

import logging
from datetime import timedelta

import pytest

from lti_tool.clock import ManualClock
from lti_tool.courses.models import Course, ResourceLink
from lti_tool.db.base import scoped
from lti_tool.grades import rules, service
from lti_tool.grades.comparing import choose
from lti_tool.grades.delivery import Deliverer
from lti_tool.grades.models import Choice, ColumnState, Delivery, Difference
from lti_tool.grades.rules import Standing
from lti_tool.lti.models import Registration
from lti_tool.lti.services import LineItemData, ScoreData, ServiceRefused
from tests.grades.conftest import LINE_ITEMS, School
from tests.grades.lms import BROKEN, DOWN, GONE, NO_PERMISSION, Column, FakeLms, FakeQuirks, fail, refused


async def test_a_score_that_is_owed_reaches_the_gradebook(school: School) -> None:
    await school.owe(80)
    assert school.runner.nudges[-1] == (service.DELIVER, str(school.registration_id))
    await school.deliver()
    assert school.lms.grade("s0") == 0.8
    score = await school.score()
    assert score.delivery is Delivery.DELIVERED
    assert (score.delivered_given, score.delivered_maximum, score.delivered_version) == (80, 100, 1)
    assert score.delivered_at == school.clock.now()
    assert (score.next_attempt_at, score.lease_token, score.lease_until, score.attempts) == (None, None, None, 0)
    (attempt,) = await school.attempts()
    assert (attempt.status, attempt.outcome, attempt.version, attempt.given) == (200, "delivered", 1, 80)


async def test_changes_before_delivery_are_one_score_and_the_same_score_again_is_no_change(school: School) -> None:
    for given in (10, 20, 30):
        await school.owe(given)
    await school.deliver()
    assert school.lms.posts == 1
    assert school.lms.grade("s0") == 0.3
    nudges = len(school.runner.nudges)
    column = await school.line_item()
    await school.owe(30, column=column)
    assert len(school.runner.nudges) == nudges
    await school.deliver()
    assert school.lms.posts == 1


async def test_a_class_is_sent_some_at_once_and_never_more_than_allowed(school: School) -> None:
    school.lms.slow = lambda _call: 0.002
    for person in range(3):
        await school.owe(50 + person, person)
    await school.worker(at_once=2).deliver(school.registration_id)
    assert [school.lms.grade(f"s{person}") for person in range(3)] == [0.5, 0.51, 0.52]
    assert school.lms.most_under_way == 2


async def test_a_score_that_changes_while_it_is_sent_is_sent_again(school: School) -> None:
    await school.owe(10)
    await school.deliver()
    await school.owe(20)
    posted = school.lms.post_score
    changes = iter([30.0, 40.0])

    async def post_score(line_item_url: str, score: ScoreData) -> None:
        await posted(line_item_url, score)
        given = next(changes, None)
        if given is not None:
            await school.owe(given)

    school.lms.post_score = post_score  # type: ignore[method-assign]
    await school.deliver()
    assert school.lms.grade("s0") == 0.4
    assert (await school.score()).delivery is Delivery.DELIVERED
    school.lms.assert_time_went_forward()


async def test_corrections_within_a_second_get_later_timestamps_where_only_seconds_count(school: School) -> None:
    school.lms.step = school.quirks.timestamp_step = timedelta(seconds=1)
    for given in (10, 20, 30, 40):
        await school.owe(given)
        await school.deliver()
    assert school.lms.posts == 4
    assert school.lms.grade("s0") == 0.4
    (moments,) = school.lms.received.values()
    assert moments == [school.clock.now() + timedelta(seconds=ahead) for ahead in range(4)]


async def test_the_clock_going_back_does_not_take_scores_back(school: School) -> None:
    await school.owe(10)
    await school.deliver()
    school.clock.move(timedelta(minutes=-30))
    await school.owe(20)
    await school.deliver()
    assert school.lms.grade("s0") == 0.2
    school.lms.assert_time_went_forward()


# --- Trouble ----------------------------------------------------------------------------------------------------------


async def test_a_platform_that_is_down_is_left_in_peace_and_tried_again(school: School) -> None:
    for person in range(3):
        await school.owe(50, person)
    await school.deliver()
    school.lms.always = DOWN
    for person in range(3):
        await school.owe(60, person)
    posts = school.lms.posts
    await school.worker(at_once=1).deliver(school.registration_id)
    assert school.lms.posts == posts + 1
    assert {line.state for line in await school.standing()} == {Standing.RETRYING}
    assert {line.trouble for line in await school.standing()} == {"unreachable"}
    assert school.runner.later[-1][0] == service.DELIVER
    await school.deliver()
    assert school.lms.posts == posts + 1
    for _ in range(8):
        school.clock.move(timedelta(minutes=15))
        await school.worker(at_once=1).deliver(school.registration_id)
    assert school.lms.posts == posts + 9
    school.lms.always = None
    await school.later(minutes=16)
    assert [school.lms.grade(f"s{person}") for person in range(3)] == [0.6, 0.6, 0.6]
    assert {line.state for line in await school.standing()} == {Standing.DELIVERED}


async def test_retry_after_is_the_least_that_is_waited(school: School) -> None:
    await school.owe(10)
    await school.deliver()
    school.lms.before.append(refused(429, "rate-limited", timedelta(minutes=7)))
    await school.owe(20)
    await school.deliver()
    posts = school.lms.posts
    for _ in range(6):
        await school.later(minutes=1)
    await school.owe(30)
    await school.later(seconds=59)
    assert school.lms.posts == posts
    await school.later(seconds=5)
    assert school.lms.grade("s0") == 0.3


async def test_a_500_is_tried_again_after_a_pause_that_grows(school: School) -> None:
    await school.column()
    await school.deliver()
    school.lms.before.extend([BROKEN, BROKEN, BROKEN])
    await school.owe(10)
    waits = []
    await school.deliver()
    for _ in range(3):
        score = await school.score()
        assert score.next_attempt_at is not None
        waits.append((score.next_attempt_at - school.clock.now()).total_seconds())
        assert (await school.standing())[0].trouble == "server-error"
        await school.later(seconds=waits[-1])
    assert waits == [1, 2, 4]
    assert school.lms.grade("s0") == 0.1
    assert (await school.score()).attempts == 0
    assert [attempt.outcome for attempt in await school.attempts()] == ["server-error"] * 3 + ["delivered"]


async def test_what_a_mistake_of_ours_raises_is_logged_and_tried_again(
    school: School, caplog: pytest.LogCaptureFixture
) -> None:
    await school.column()
    await school.deliver()
    school.lms.before.append(ZeroDivisionError)
    await school.owe(10)
    with caplog.at_level(logging.ERROR, logger="lti_tool.grades"):
        await school.deliver()
    assert any(record.exc_info for record in caplog.records)
    assert (await school.score()).trouble == "unexpected"
    await school.later(minutes=1)
    assert school.lms.grade("s0") == 0.1


async def test_a_person_who_is_no_student_there_is_refused_until_something_changes(school: School) -> None:
    school.lms.strangers.add("s0")
    await school.owe(10)
    await school.deliver()
    line = (await school.standing())[0]
    assert (line.state, line.trouble, line.given, line.delivered_given) == (Standing.REFUSED, "not-enrolled", 10, None)
    posts = school.lms.posts
    await school.later(days=2)
    assert school.lms.posts == posts
    await school.owe(20)
    await school.deliver()
    assert school.lms.posts == posts + 1
    school.lms.strangers.clear()
    async with school.database.writing() as session:
        assert await service.send_again(session, line_item=await school.line_item(), now=school.clock.now()) == 1
    await school.deliver()
    assert school.lms.grade("s0") == 0.2


async def test_no_permission_is_believed_after_some_tries(school: School) -> None:
    await school.column()
    await school.deliver()
    school.lms.always = NO_PERMISSION
    await school.owe(10)
    for _ in range(10):
        await school.later(minutes=20)
    line = (await school.standing())[0]
    assert (line.state, line.trouble) == (Standing.REFUSED, "no-permission")
    assert len(await school.attempts()) == 6


async def test_a_key_that_the_lms_does_not_take_is_nobodys_score_and_waited_for(own_school: School) -> None:
    """It has lost our key, or could not fetch our key set; after some hours it takes it again."""
    school = own_school

    def no_token() -> Exception:
        error = ServiceRefused(401, "no-permission", False)
        error.oauth_error = "invalid_client"
        return error

    await school.column()
    await school.deliver()
    school.lms.always = no_token
    for person in range(3):
        await school.owe(50, person)
    for _ in range(40):
        await school.later(minutes=16)
    # One of them asks in vain each time, on behalf of all; teachers read why.
    assert school.lms.posts <= 43
    assert {(line.state, line.trouble) for line in await school.standing()} == {(Standing.RETRYING, "no-permission")}
    school.lms.always = None
    for _ in range(4):
        await school.later(minutes=16)
    assert [school.lms.grade(f"s{person}") for person in range(3)] == [0.5] * 3


async def test_a_conflict_with_our_own_score_is_a_delivery(school: School) -> None:
    """The answer got lost, and the LMS keeps seconds although we do not know it."""
    await school.column()
    await school.deliver()
    school.lms.step = timedelta(seconds=1)
    school.lms.after.append(refused(502, "server-error"))
    await school.owe(10)
    await school.deliver()
    school.clock.move(timedelta(milliseconds=-500))
    async with school.database.writing() as session:
        await service.send_again(session, line_item=await school.line_item(), now=school.clock.now())
    await school.deliver()
    assert [attempt.outcome for attempt in await school.attempts()] == ["server-error", "delivered"]
    assert (await school.attempts())[-1].status == 409
    assert (await school.score()).delivery is Delivery.DELIVERED


async def test_a_conflict_with_an_older_score_of_ours_is_sent_again_later(school: School) -> None:
    school.lms.step = timedelta(seconds=1)
    await school.owe(10)
    await school.deliver()
    await school.owe(20)
    await school.deliver()
    assert (await school.score()).trouble == "conflict-newer"
    await school.later(seconds=5)
    assert school.lms.grade("s0") == 0.2
    school.lms.assert_time_went_forward()


async def test_a_newer_score_of_somebody_else_is_shown_and_not_overwritten_for_ever(school: School) -> None:
    await school.owe(10)
    await school.deliver()
    (url,) = school.lms.columns
    school.lms.columns[url].results["s0"] = ScoreData("s0", 99, 100, school.clock.now() + timedelta(days=300))
    await school.owe(20)
    await school.later(minutes=20)
    line = (await school.standing())[0]
    assert (line.state, line.difference, line.lms_given) == (Standing.HELD, Difference.OVERRIDDEN, 99)
    assert [(one.status, one.outcome) for one in await school.attempts()][1:] == [(409, "conflict-newer")]
    # The teacher wants ours, but the LMS goes on saying that it has a newer one.
    score = await school.score()
    async with school.database.writing() as session:
        await choose(session, score.organisation_id, score.id, Choice.OURS, None, school.clock.now())
    for _ in range(10):
        await school.later(minutes=20)
    line = (await school.standing())[0]
    assert (line.state, line.trouble) == (Standing.REFUSED, "conflict-newer")
    assert school.lms.grade("s0") == 0.99


# --- Comments ---------------------------------------------------------------------------------------------------------


async def test_a_comment_is_repeated_only_where_leaving_it_out_erases_it(school: School) -> None:
    school.quirks.repeat_comment = False
    await school.owe(10, comment="Well begun")
    await school.deliver()
    await school.owe(20, comment="Well begun")
    await school.deliver()
    await school.owe(30, comment="Half done")
    await school.deliver()
    assert [comment for _, comment in school.lms.comments] == ["Well begun", None, "Half done"]
    school.quirks.repeat_comment = True
    await school.owe(40, comment="Half done")
    await school.deliver()
    assert school.lms.comments[-1] == ("s0", "Half done")


# --- Columns ----------------------------------------------------------------------------------------------------------


async def test_a_column_is_found_before_it_is_made(school: School) -> None:
    there = LineItemData("Old name", 100, id=f"{LINE_ITEMS}/77", resource_id="playlist:1", tag="progress")
    school.lms.columns[f"{LINE_ITEMS}/77"] = Column(there)
    await school.owe(10)
    await school.deliver()
    assert school.lms.made == 0
    assert (await school.line_item()).url == f"{LINE_ITEMS}/77"
    assert school.lms.grade("s0") == 0.1


async def test_a_column_whose_making_was_not_heard_of_is_found_and_not_made_twice(school: School) -> None:
    school.lms.after.append(DOWN)
    await school.owe(10)
    await school.deliver()
    assert school.lms.made == 1
    assert (await school.line_item()).state is ColumnState.WANTED
    assert (await school.standing())[0].state is Standing.RETRYING
    await school.later(minutes=1)
    assert school.lms.made == 1
    assert school.lms.grade("s0") == 0.1


async def test_a_column_without_a_grade_service_is_refused_and_its_scores_wait(school: School) -> None:
    async with school.database.writing() as session:
        course = school.course.model_copy(update={"line_items_url": None})
        await session.merge(course)
    await school.owe(10)
    await school.deliver()
    line = (await school.standing())[0]
    assert (line.state, line.trouble) == (Standing.REFUSED, "no-grade-service")
    assert (await school.score()).next_attempt_at is None
    async with school.database.writing() as session:
        await session.merge(course.model_copy(update={"line_items_url": LINE_ITEMS}))
    await school.column()
    await school.deliver()
    assert school.lms.grade("s0") == 0.1


async def test_wanting_a_column_again_follows_its_label_and_makes_no_second(school: School) -> None:
    first = await school.column()
    async with school.database.writing() as session:
        again = await service.want_column(
            session,
            course=school.course,
            resource_id="playlist:1",
            label="Fractions and decimals",
            score_maximum=50,
            end_at=None,
            now=school.clock.now(),
        )
    assert again.id == first.id
    await school.deliver()
    assert school.lms.the_column().data.label == "Fractions and decimals"
    assert school.lms.the_column().data.score_maximum == 50


async def test_a_column_that_is_gone_is_made_again_with_every_score_of_it(school: School) -> None:
    for person in range(3):
        await school.owe(50 + person, person)
    await school.deliver()
    school.lms.columns.clear()
    await school.owe(60)
    await school.deliver()
    assert school.lms.made == 2
    assert [school.lms.grade(f"s{person}") for person in range(3)] == [0.6, 0.51, 0.52]
    assert {line.state for line in await school.standing()} == {Standing.DELIVERED}
    school.lms.assert_time_went_forward()


async def test_a_404_for_one_person_is_not_taken_for_a_column_that_is_gone(school: School) -> None:
    await school.column()
    await school.deliver()
    posted = school.lms.post_score

    async def post_score(line_item_url: str, score: ScoreData) -> None:
        if score.user_id == "s1":
            fail(GONE)
        await posted(line_item_url, score)

    school.lms.post_score = post_score  # type: ignore[method-assign]
    await school.owe(10, 0)
    await school.owe(20, 1)
    await school.later(minutes=1)
    await school.later(minutes=1)
    assert school.lms.made == 1
    assert [(line.state, line.trouble) for line in await school.standing()] == [
        (Standing.DELIVERED, None),
        (Standing.REFUSED, "line-item-gone"),
        (Standing.NOTHING_OWED, None),
    ]


async def test_a_platform_that_loses_each_column_is_not_given_more_and_more(school: School) -> None:
    made = school.lms.create_line_item

    async def create_and_lose(line_items_url: str, item: LineItemData) -> LineItemData:
        new = await made(line_items_url, item)
        school.lms.columns.clear()
        return new

    school.lms.create_line_item = create_and_lose  # type: ignore[method-assign]
    await school.owe(10)
    for _ in range(10):
        await school.later(minutes=20)
    assert school.lms.made == 2
    line = (await school.standing())[0]
    assert (line.state, line.trouble) == (Standing.REFUSED, "line-item-gone")
    column = await school.line_item()
    for given in range(20, 30):
        await school.owe(given, column=column)
        await school.later(minutes=20)
        await school.later(minutes=20)
    assert school.lms.made == rules.MOST_REMADE + 1
    assert (await school.line_item()).state is ColumnState.REFUSED


async def test_send_again_puts_a_delivered_score_back_in_its_place(school: School) -> None:
    await school.owe(10)
    await school.deliver()
    school.lms.the_column().results["s0"] = ScoreData("s0", 99, 100, school.clock.now())
    await school.later(minutes=1)
    async with school.database.writing() as session:
        line_item = await school.line_item()
        assert await service.send_again(session, line_item=line_item, now=school.clock.now()) == 0
        persons = [school.people[0].id]
        count = await service.send_again(session, line_item=line_item, now=school.clock.now(), person_ids=persons)
    assert count == 1
    await school.deliver()
    assert school.lms.grade("s0") == 0.1


# --- The sweep --------------------------------------------------------------------------------------------------------


async def test_the_sweep_nudges_whoever_has_something_due(school: School) -> None:
    worker = school.worker()
    await worker.sweep()
    assert school.runner.nudges == []
    await school.owe(10)
    school.runner.nudges.clear()
    await worker.sweep()
    assert school.runner.nudges == [(service.DELIVER, str(school.registration_id))]
    await worker.run(school.runner.nudges[0][1])
    school.runner.nudges.clear()
    await worker.sweep()
    assert school.runner.nudges == []


async def test_a_registration_that_is_switched_off_is_left_alone(school: School) -> None:
    await school.owe(10)
    async with school.database.writing() as session:
        registration = await session.get_one(Registration, school.registration_id)
        registration.enabled = False
    school.runner.nudges.clear()
    await school.worker().sweep()
    await school.deliver()
    assert school.runner.nudges == []
    assert school.lms.finds == 0


@pytest.mark.parametrize("bad", [(-1, 10), (1, 0), (1, -1), (float("nan"), 1), (1, float("inf"))])
async def test_what_is_no_score_is_not_owed(school: School, bad: tuple[float, float]) -> None:
    column = await school.column()
    with pytest.raises(ValueError, match="a score"):
        await school.owe(bad[0], maximum=bad[1], column=column)


def test_a_lease_outlasts_the_requests_under_it(clock: ManualClock) -> None:
    with pytest.raises(ValueError, match="lease"):
        Deliverer(
            None,  # type: ignore[arg-type]
            clock,
            lambda _registration, _scopes: FakeLms(),
            lambda _family: FakeQuirks(),
            lease=timedelta(seconds=30),
            request_seconds=20,
        )


SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"


async def test_one_token_s_worth_of_scopes_is_what_all_courses_of_the_registration_offer(school: School) -> None:
    await school.deliver()
    assert school.scopes == frozenset()
    offered = [
        [SCOPE + "lineitem", SCOPE + "score", SCOPE + "result.readonly"],
        [SCOPE + "score", SCOPE + "lineitem"],
        [],
    ]
    async with school.database.writing() as session:
        (first,) = (await session.exec(scoped(Course, school.course.organisation_id))).all()
        first.ags_scopes = offered[0]
        for number, scopes in enumerate(offered[1:]):
            session.add(
                Course(
                    organisation_id=first.organisation_id,
                    registration_id=first.registration_id,
                    deployment_id=first.deployment_id,
                    context_id=f"another-{number}",
                    line_items_url=LINE_ITEMS,
                    ags_scopes=scopes,
                    created_at=school.clock.now(),
                )
            )
    await school.deliver()
    assert school.scopes == {SCOPE + "lineitem", SCOPE + "score"}


@pytest.mark.parametrize("names_link", [True, False])
async def test_a_column_names_the_link_that_opens_its_playlist_where_grades_are_shown_only_there(
    school: School, names_link: bool
) -> None:
    """On Open edX a column that names no block is in no gradebook."""
    school.quirks.column_names_link = names_link
    async with school.database.writing() as session:
        for number, opens in enumerate(("playlist:2", "playlist:1", "playlist:1", None)):
            session.add(
                ResourceLink(
                    organisation_id=school.course.organisation_id,
                    course_id=school.course.id,
                    resource_link_id=f"link-{number}",
                    opens=opens,
                    created_at=school.clock.now() + timedelta(seconds=number),
                )
            )
    await school.column("playlist:1")
    await school.deliver()
    (made,) = school.lms.columns.values()
    assert made.data.resource_link_id == ("link-1" if names_link else None)
