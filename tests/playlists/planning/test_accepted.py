"""Rules of a plan that an acceptance tester tried one by one: each a few lines of a course, and what has to come."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lti_tool.mastery.rules import Standing
from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning.base import (
    Begun,
    Clash,
    Conflict,
    Dated,
    Done,
    Learner,
    Nothing,
    Pin,
    Reason,
    Settings,
    Walked,
    Why,
)
from lti_tool.playlists.planning.planner import plan
from tests.playlists.planning.made import TODAY, course, ident, planned, thing, three

USUAL = Settings()
SECURE, DEVELOPING, STARTED, MASTERED = Standing.SECURE, Standing.DEVELOPING, Standing.STARTED, Standing.MASTERED
YESTERDAY = TODAY - timedelta(days=1)
FINISHED = Done(tries=1, finished=True, last_on=YESTERDAY)


def unit(*numbers: int, **more: object) -> Settings:
    return replace(USUAL, unit=frozenset(numbers), **more)  # type: ignore[arg-type]


def done(*numbers: int) -> dict[object, Done]:
    return {ident(number): FINISHED for number in numbers}


def remedial(*numbers: int) -> list[Walked]:
    return [Walked(ident(number), 1, StepRole.TEACH, YESTERDAY, remedial=True) for number in numbers]


# --- Work of the unit, which every student always has ------------------------------------------------------------------


@pytest.mark.parametrize("walked", [[], remedial(91, 92)], ids=["at first", "after two remedial steps"])
def test_a_part_of_the_unit_without_items_leaves_nobody_without_work_of_the_unit(walked: list[Walked]) -> None:
    """b is free and has no item; c has three, and a is not met: c comes, after two steps at most, and the teacher is told."""
    there = course("abc", [(1, 3)], [*three(1), *three(3)])
    made = plan(there, Learner(standings={1: DEVELOPING}, walked=walked), unit(2, 3), TODAY)
    before = [step for step in made.steps if step.competency == 1]
    assert len(before) == 2 - len(walked)
    assert [step.competency for step in made.steps[len(before) :]] == [3, 3, 3]
    assert made.conflicts == (Conflict(Clash.UNIT_IS_BLOCKED, competency=3),)
    assert made.without_items == (2,)


def test_nobody_is_told_to_be_ready_for_what_is_held_up() -> None:
    there = course("abc", [(1, 2), (2, 3)])
    learner = Learner(standings={1: DEVELOPING})
    made = plan(there, learner, unit(2, 3, remedial=0), TODAY)
    assert made.steps[0].why == Why(Reason.UNIT, Reason.UNLOCKS, (2,), (3,), 1)
    liked = course("ab", [(1, 2)], [*three(1), thing(21, (2, "teaches"), topics=frozenset({"space"}))])
    made = plan(liked, replace(learner, interests=frozenset({"space"})), unit(2, remedial=0), TODAY)
    assert made.steps[0].why == Why(Reason.UNIT, Reason.INTEREST, (2,), topic="space")


def test_of_what_is_held_up_the_least_held_up_comes_first_whatever_it_opens() -> None:
    """c needs a and b and opens e and f; d needs a alone."""
    there = course("abcdef", [(1, 3), (2, 3), (1, 4), (3, 5), (3, 6)])
    made = plan(there, Learner(standings={1: DEVELOPING, 2: DEVELOPING}), unit(3, 4, remedial=0), TODAY)
    assert made.steps[0].competency == 4


def test_a_part_of_the_unit_without_items_holds_up_nothing_for_ever() -> None:
    """a is not met and nothing is left for it: b comes, and is not put off by a review of c alone."""
    there = course("abc", [(1, 2)], [*three(2), *three(3)])
    learner = Learner(standings={1: DEVELOPING, 3: SECURE}, reviews={3: TODAY})
    made = plan(there, learner, USUAL, TODAY)
    assert [step.competency for step in made.steps][:3] == [2, 2, 2]


def test_what_waits_for_work_that_is_used_up_comes_rather_than_nothing() -> None:
    there = course("ab", [(1, 2)])
    learner = Learner(
        standings={1: DEVELOPING}, items=done(11, 12, 13), walked=[Walked(ident(13), 1, StepRole.TALK, TODAY)]
    )
    made = plan(there, learner, USUAL, TODAY)
    assert [step.competency for step in made.steps] == [2, 2, 2]
    assert made.conflicts == (Conflict(Clash.UNIT_IS_BLOCKED, competency=2),)


def test_while_work_of_the_unit_is_left_the_goal_draws_nobody_away() -> None:
    """All there is for a is done, and its talk was held today: b is the goal, and not what the class works on."""
    learner = Learner(
        standings={1: DEVELOPING}, goal=2, items=done(11, 12, 13), walked=[Walked(ident(13), 1, StepRole.TALK, TODAY)]
    )
    assert plan(course("ab"), learner, unit(1), TODAY).nothing is Nothing.NO_ITEMS


def test_who_waits_for_a_review_because_the_teacher_asks_for_mastered_is_told_so() -> None:
    learner = Learner(standings={1: SECURE}, reviews={1: TODAY + timedelta(days=3)})
    made = plan(course("ab", [(1, 2)]), learner, replace(USUAL, met_at=MASTERED), TODAY)
    assert (made.steps, made.nothing) == ((), Nothing.AWAITS_REVIEW)


# --- Remedial steps: at most two, the nearest --------------------------------------------------------------------------


def test_a_remedial_step_has_its_own_prerequisites() -> None:
    """b is the nearest and builds on a, which is not met either: a comes."""
    made = plan(course("abc", [(1, 2), (2, 3)]), Learner(standings={1: STARTED, 2: STARTED}), unit(3), TODAY)
    assert [step.competency for step in made.steps[:3]] == [1, 1, 3]


def test_what_is_unmet_behind_what_nobody_knows_is_remedial_too() -> None:
    made = plan(course("abc", [(1, 2), (2, 3)]), Learner(standings={1: STARTED}), unit(3), TODAY)
    assert [step.competency for step in made.steps[:3]] == [1, 1, 3]
    assert made.steps[0].why == Why(Reason.REMEDIAL, competencies=(3,))


def test_of_the_last_four_steps_two_were_remedial_at_most() -> None:
    there, learner = course("ab", [(1, 2)]), Learner(standings={1: STARTED})
    own = [Walked(ident(n), 2, StepRole.TEACH, YESTERDAY) for n in (81, 82)]
    made = plan(there, replace(learner, walked=[*own, *remedial(91, 92)]), unit(2), TODAY)
    assert made.steps[0].competency == 2
    made = plan(there, replace(learner, walked=[*own, *own, *remedial(91, 92)]), unit(2), TODAY)
    assert [step.competency for step in made.steps[:3]] == [1, 1, 2]


def test_where_the_unit_has_nothing_left_remedial_work_goes_on_one_step_at_a_time() -> None:
    there = course("ab", [(1, 2)], three(1))
    made = plan(there, Learner(standings={1: STARTED}, walked=remedial(91, 92)), unit(2), TODAY)
    assert [step.why.reason for step in made.steps] == [Reason.REMEDIAL]


def test_a_short_path_keeps_a_place_for_the_unit() -> None:
    made = plan(course("ab", [(1, 2)]), Learner(standings={1: STARTED}), unit(2, length=2), TODAY)
    assert [step.competency for step in made.steps] == [1, 2]


# --- Getting stuck -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("builds_on_it", [False, True])
def test_four_failed_tries_with_more_of_the_same_kind_lead_to_a_conference_and_not_to_nothing(
    builds_on_it: bool,
) -> None:
    quizzes = [thing(13, (1, "assesses"), kind="quiz"), thing(14, (1, "assesses"), kind="quiz")]
    there = course("ab", [(1, 2)], [*quizzes, *three(2)]) if builds_on_it else course("a", items=quizzes)
    learner = Learner(standings={1: STARTED}, items={ident(13): Done(tries=4, failed=4, last_on=TODAY)})
    made = plan(there, learner, USUAL, TODAY)
    assert [(step.item, step.role) for step in made.steps] == [(None, StepRole.TALK)]
    assert made.steps[0].why == Why(Reason.STUCK, competencies=(1,), count=4)
    # After it the quizzes may be tried again.
    held = replace(learner, walked=[Walked(None, 1, StepRole.TALK, TODAY)])
    assert planned(plan(there, held, USUAL, TODAY))[0] in (13, 14)


def test_a_talk_that_is_begun_is_not_asked_for_again() -> None:
    learner = Learner(standings={1: DEVELOPING}, items=done(11, 12, 13), begun=[Begun(ident(13), 1, StepRole.TALK)])
    made = plan(course("a"), learner, USUAL, TODAY)
    assert [step.why.reason for step in made.steps] == [Reason.BEGUN]


def test_what_was_skipped_six_days_ago_waits_another_day() -> None:
    there = course("ab", items=[thing(11, (1, "teaches")), thing(21, (2, "teaches"))])
    learner = Learner(items={ident(11): Done(skipped_on=TODAY - timedelta(days=6))})
    assert planned(plan(there, learner, USUAL, TODAY)) == [21]


# --- Reviews -----------------------------------------------------------------------------------------------------------


def test_a_review_is_due_on_its_day() -> None:
    learner = Learner(standings={1: SECURE}, reviews={1: TODAY})
    made = plan(course("a"), learner, USUAL, TODAY)
    assert [step.role for step in made.steps] == [StepRole.REVIEW]
    before = replace(learner, reviews={1: TODAY + timedelta(days=1)})
    assert plan(course("a"), before, USUAL, TODAY).nothing is Nothing.REVIEWS_LATER


def test_only_what_tells_a_result_can_show_that_something_is_mastered() -> None:
    learner = Learner(standings={1: SECURE}, reviews={1: TODAY})
    for item, also in (
        (thing(1, (1, "practises")), None),
        (thing(1, (1, "practises"), scored=True), None),
        (thing(1, (1, "assesses"), scored=False), None),
        (thing(1, (1, "assesses")), Reason.CONFIRM),
    ):
        assert plan(course("a", items=[item]), learner, USUAL, TODAY).steps[0].why.also is also


# --- Wishes ------------------------------------------------------------------------------------------------------------


def test_a_must_do_is_soon_for_a_week_and_the_earliest_comes_first() -> None:
    in_a_week, later = TODAY + timedelta(days=7), TODAY + timedelta(days=8)
    learner = Learner(dated=[Dated(ident(21), in_a_week), Dated(ident(31), YESTERDAY), Dated(ident(41), later)])
    made = planned(plan(course("abcd"), learner, USUAL, TODAY))
    assert (made[:2], made[-1]) == ([31, 21], 41)


def test_a_pin_is_for_what_the_student_still_needs() -> None:
    both = thing(5, (1, "teaches"), (2, "practises"))
    made = plan(course("ab", items=[both]), Learner(standings={1: SECURE}, pins=[Pin(both.id)]), USUAL, TODAY)
    assert (made.steps[0].competency, made.steps[0].role) == (2, StepRole.PRACTISE)


def test_an_item_that_is_for_something_held_up_as_well_waits() -> None:
    both = thing(5, (1, "teaches"), (3, "teaches"))
    there = course("abc", [(2, 3)], [both, *three(2)])
    made = plan(there, Learner(standings={2: STARTED}), unit(1, 2), TODAY)
    assert both.id not in {step.item for step in made.steps}


def test_a_modification_of_one_thing_takes_no_item_away_that_is_for_another_too() -> None:
    both = thing(5, (1, "teaches"), (2, "teaches"))
    learner = Learner(instead={1: None}, begun=[Begun(both.id, 2, StepRole.TEACH)], pins=[Pin(ident(23))])
    made = plan(course("ab", items=[both, *three(2)]), learner, USUAL, TODAY)
    assert planned(made)[:2] == [5, 23]
    assert made.conflicts == ()


def test_a_form_that_is_forbidden_serves_nobody() -> None:
    form = thing(2, (1, "teaches"), variant_of=ident(1), serves=frozenset({"read-aloud"}))
    there = course("a", items=[thing(1, (1, "teaches")), form])
    learner = Learner(supports=frozenset({"read-aloud"}), bans=frozenset({form.id}))
    assert plan(there, learner, USUAL, TODAY).steps[0].form is None


# --- Which, and why ----------------------------------------------------------------------------------------------------


def test_what_is_too_easy_comes_after_what_is_within_the_zone() -> None:
    there = course("ab", items=[thing(13, (1, "assesses")), thing(23, (2, "assesses"))])
    made = plan(there, Learner(predict=lambda number, item: {1: 0.99, 2: 0.7}[number]), USUAL, TODAY)
    assert planned(made) == [23, 13]


def test_an_interest_decides_nothing_against_the_zone() -> None:
    items = [thing(1, (1, "assesses"), topics=frozenset({"space"})), thing(2, (1, "assesses"))]
    chances = {ident(1): 0.2, ident(2): 0.72, None: 0.7}
    learner = Learner(interests=frozenset({"space"}), predict=lambda number, item: chances[item])
    assert planned(plan(course("a", items=items), learner, replace(USUAL, length=1), TODAY)) == [2]


def test_of_two_choices_the_latest_holds() -> None:
    items = [thing(number, (1, "teaches")) for number in (1, 2, 3)]
    made = plan(course("a", items=items), Learner(chosen=[ident(3), ident(2)]), replace(USUAL, length=1), TODAY)
    assert planned(made) == [3]


def test_after_four_steps_without_a_result_there_is_a_try_however_little_is_expected() -> None:
    pages = [thing(number, (1, "teaches")) for number in range(1, 7)]
    there = course("a", items=[*pages, thing(13, (1, "assesses"), kind="quiz")])
    learner = Learner(predict=lambda number, item: 0.1, items=done(1, 2, 3, 4))
    assert planned(plan(there, learner, USUAL, TODAY))[0] == 13
    assert planned(plan(there, replace(learner, items=done(1, 2, 3)), USUAL, TODAY))[0] == 4


def test_one_thing_is_finished_before_the_next_is_begun() -> None:
    made = plan(course("ab"), Learner(standings={2: STARTED}), USUAL, TODAY)
    assert made.steps[0].competency == 2


def test_what_is_known_already_is_nothing_that_is_unlocked() -> None:
    """a leads to c and d, both Secure; b to e, which is not."""
    there = course("abcde", [(1, 3), (1, 4), (2, 5)])
    made = plan(there, Learner(standings={3: SECURE, 4: SECURE}), USUAL, TODAY)
    assert made.steps[0].competency == 2


def test_a_reason_names_what_comes_right_after() -> None:
    """c stands before b in the map, but builds on b."""
    there = course("acb", [(1, 3), (3, 2)])
    assert plan(there, Learner(), USUAL, TODAY).steps[0].why == Why(Reason.UNLOCKS, competencies=(3,), count=2)


def test_a_goal_that_is_reached_draws_no_more() -> None:
    made = plan(course("abc", [(2, 3)]), Learner(goal=1, standings={1: SECURE}), USUAL, TODAY)
    assert made.steps[0].why.reason is Reason.UNLOCKS
    assert made.conflicts == ()
    assert plan(course("a", items=[]), Learner(goal=1, standings={1: SECURE}), USUAL, TODAY).conflicts == ()


def test_a_review_waits_for_its_prerequisite_and_takes_no_item_that_has_to_wait() -> None:
    walked = [Walked(ident(90 + n), 3, StepRole.TEACH, YESTERDAY) for n in range(6)]
    learner = Learner(standings={1: STARTED, 2: SECURE}, reviews={2: YESTERDAY}, walked=walked)
    made = plan(course("abc", [(1, 2)]), learner, USUAL, TODAY)
    assert all(step.role is not StepRole.REVIEW for step in made.steps)
    both = thing(5, (2, "assesses"), (4, "assesses"))
    there = course("abcd", [(1, 4)], [*three(1), *three(3), both])
    made = plan(there, replace(learner, walked=walked), unit(1, 3), TODAY)
    assert both.id not in {step.item for step in made.steps}


def test_a_review_of_what_is_mastered_does_not_say_that_it_can_show_it() -> None:
    learner = Learner(standings={1: MASTERED}, reviews={1: TODAY})
    assert plan(course("a"), learner, USUAL, TODAY).steps[0].why.also is None


def test_no_re_take_is_asked_for_while_something_was_only_skipped() -> None:
    items = {**done(11, 12), ident(13): Done(skipped_on=YESTERDAY)}
    learner = Learner(standings={1: DEVELOPING}, items=items)
    made = plan(course("ab"), learner, USUAL, TODAY)
    assert all(step.role is not StepRole.TALK for step in made.steps)


def test_a_talk_is_offered_again_after_a_week_and_at_once_where_something_was_done() -> None:
    there = course("a")

    def first(days: int, since: int) -> StepRole | None:
        items = {one: replace(FINISHED, last_on=TODAY - timedelta(days=since)) for one in done(11, 12, 13)}
        walked = [Walked(ident(13), 1, StepRole.TALK, TODAY - timedelta(days=days))]
        steps = plan(there, Learner(standings={1: DEVELOPING}, items=items, walked=walked), USUAL, TODAY).steps  # type: ignore[arg-type]
        return steps[0].role if steps else None

    assert (first(6, 9), first(7, 9), first(6, 3)) == (None, StepRole.TALK, StepRole.TALK)
