"""Worked examples of plans: one rule each."""

import uuid
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
    Item,
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
FINISHED = Done(tries=1, finished=True, last_on=TODAY - timedelta(days=1))


def done(*numbers: int) -> dict[object, Done]:
    return {ident(number): FINISHED for number in numbers}


# --- The fringe -----------------------------------------------------------------------------------------------------


def test_the_first_competency_is_taught_practised_and_shown() -> None:
    made = plan(course("ab", [(1, 2)]), Learner(), USUAL, TODAY)
    assert planned(made) == [11, 12, 13]
    assert [step.role for step in made.steps] == [StepRole.TEACH, StepRole.PRACTISE, StepRole.ASSESS]
    assert made.steps[0].why == Why(Reason.UNLOCKS, competencies=(2,), count=1)


def test_what_is_secure_opens_the_next() -> None:
    made = plan(course("ab", [(1, 2)]), Learner(standings={1: SECURE}), USUAL, TODAY)
    assert planned(made) == [21, 22, 23]


def test_a_prerequisite_is_met_at_secure_and_not_only_at_mastered() -> None:
    there = course("ab", [(1, 2)])
    assert planned(plan(there, Learner(standings={1: SECURE}), USUAL, TODAY)) == [21, 22, 23]
    strict = replace(USUAL, met_at=MASTERED)
    made = plan(there, Learner(standings={1: SECURE}, reviews={1: TODAY + timedelta(days=3)}), strict, TODAY)
    assert planned(made) == []


def test_a_teacher_may_say_that_developing_is_enough() -> None:
    easy = replace(USUAL, met_at=DEVELOPING, length=9)
    made = plan(course("ab", [(1, 2)]), Learner(standings={1: DEVELOPING}), easy, TODAY)
    assert {step.competency for step in made.steps} == {1, 2}


def test_what_nobody_knows_never_blocks() -> None:
    """Ancestors of which nothing is known, and that no item measures, are no reason to wait."""
    there = course("abc", [(1, 2), (2, 3)], three(3))
    assert planned(plan(there, Learner(), USUAL, TODAY)) == [31, 32, 33]


def test_outside_the_unit_what_nobody_knows_never_blocks_even_where_it_could_be_measured() -> None:
    made = plan(course("abc", [(1, 2), (2, 3)]), Learner(), replace(USUAL, unit=frozenset({3})), TODAY)
    assert planned(made) == [31, 32, 33]


def test_the_starting_point_needs_no_evidence() -> None:
    made = plan(course("abc", [(1, 2), (2, 3)]), Learner(taken_as_known=frozenset({1, 2})), USUAL, TODAY)
    assert planned(made) == [31, 32, 33]


def test_the_placement_check_comes_first_while_nothing_is_known() -> None:
    there = course("ab", [(1, 2)], [*three(1), *three(2), thing(99, kind="quiz", scored=True)])
    how = replace(USUAL, placement=ident(99))
    made = plan(there, Learner(place_first=True), how, TODAY)
    assert planned(made)[0] == 99
    assert (made.steps[0].role, made.steps[0].why.reason) == (StepRole.PLACE, Reason.PLACEMENT)
    assert 99 not in planned(plan(there, Learner(), how, TODAY))


def placed(*numbers: int) -> tuple[list[Item], Settings, dict[uuid.UUID, Done]]:
    """A course of these competencies with a placement check about all of them, which was taken and not passed."""
    check = thing(99, *((number, "assesses") for number in numbers), kind="quiz")
    result = Done(tries=1, failed=1, finished=True, last_on=TODAY - timedelta(days=1))
    items = [one for number in numbers for one in [*three(number), thing(10 * number + 4, (number, "teaches"))]]
    return [*items, check], replace(USUAL, placement=check.id), {check.id: result}


def test_a_placement_check_is_no_failed_try_at_what_it_asked_about() -> None:
    items, how, did = placed(1)
    learner = Learner(standings={1: STARTED}, items={**did, ident(11): FINISHED})
    made = plan(course("a", [], items), learner, how, TODAY)
    assert planned(made)[:2] == [12, 13], "one page before the first try, not two"


def test_a_placement_check_begins_nothing() -> None:
    """What was begun comes before what was only asked about, and no student is told to go on with what they never saw."""
    items, how, did = placed(1, 2)
    there = course("ab", [], items)
    standings = {1: STARTED, 2: STARTED}
    first = plan(there, Learner(standings=standings, items=did), how, TODAY)
    assert first.steps[0].why == Why(Reason.READY, competencies=(1,))
    learner = Learner(standings=standings, items={**did, ident(21): FINISHED})
    begun = plan(there, learner, how, TODAY)
    assert begun.steps[0].competency == 2


def test_a_placement_check_never_comes_again() -> None:
    """Neither as a review of one thing, nor to be taken again when everything else is done."""
    items, how, did = placed(1)
    only = course("a", [], [item for item in items if item.id in did])
    due = {1: TODAY - timedelta(days=9)}
    for learner in (
        Learner(standings={1: SECURE}, reviews=due, items=did),
        Learner(standings={1: STARTED}, items=did),
        Learner(standings={1: STARTED}, items={**did, **{item.id: FINISHED for item in items[:-1]}}),
    ):
        assert 99 not in planned(plan(only if learner.reviews else course("a", [], items), learner, how, TODAY))


# --- Remedial work ----------------------------------------------------------------------------------------------------


def test_at_most_two_remedial_steps_come_before_work_of_the_unit() -> None:
    there = course("abcd", [(1, 3), (2, 3)])
    learner = Learner(standings={1: DEVELOPING, 2: STARTED})
    made = plan(there, learner, replace(USUAL, unit=frozenset({3, 4})), TODAY)
    reasons = [step.why.reason for step in made.steps]
    assert reasons[:2] == [Reason.REMEDIAL, Reason.REMEDIAL]
    assert Reason.REMEDIAL not in reasons[2:]
    assert made.steps[2].competency == 4, "what of the unit is free comes, not what is held up"
    assert made.steps[0].why.competencies == (3,)


def test_the_nearest_remedial_step_comes_first() -> None:
    there = course("abcd", [(1, 2), (2, 3), (4, 3)])
    learner = Learner(standings={1: DEVELOPING, 4: DEVELOPING})
    made = plan(there, learner, replace(USUAL, unit=frozenset({3})), TODAY)
    assert [step.competency for step in made.steps[:2]] == [4, 4]


def test_a_student_has_work_of_the_unit_even_where_all_of_it_is_held_up() -> None:
    there = course("ab", [(1, 2)])
    learner = Learner(standings={1: DEVELOPING})
    made = plan(there, learner, replace(USUAL, unit=frozenset({2})), TODAY)
    assert [step.competency for step in made.steps] == [1, 1, 2, 2, 2]
    assert made.conflicts == (Conflict(Clash.UNIT_IS_BLOCKED, competency=2),)


def test_remedial_steps_do_not_stand_in_front_for_ever() -> None:
    there = course("ab", [(1, 2)])
    walked = [Walked(ident(n), 1, StepRole.TEACH, TODAY, remedial=True) for n in (12, 11)]
    learner = Learner(standings={1: DEVELOPING}, walked=walked, items=done(11, 12))
    made = plan(there, learner, replace(USUAL, unit=frozenset({2})), TODAY)
    assert [step.competency for step in made.steps] == [2, 2, 2]


# --- The order ----------------------------------------------------------------------------------------------------------


def test_what_opens_most_comes_first() -> None:
    """b opens three, a nothing, though a is first in the map."""
    made = plan(course("abcde", [(2, 3), (3, 4), (4, 5)]), Learner(), USUAL, TODAY)
    assert [step.competency for step in made.steps] == [2, 2, 2, 1, 1, 1]
    assert made.steps[0].why == Why(Reason.UNLOCKS, competencies=(3,), count=3)


def test_what_leads_to_the_goal_comes_before_what_opens_more() -> None:
    there = course("abcdef", [(2, 3), (3, 4), (4, 5), (1, 6)])
    made = plan(there, Learner(goal=6), USUAL, TODAY)
    assert made.steps[0].competency == 1
    assert made.steps[0].why == Why(Reason.GOAL, competencies=(6,))


def test_what_is_within_the_zone_comes_before_what_is_out_of_reach() -> None:
    there = course("ab", items=[thing(13, (1, "assesses")), thing(23, (2, "assesses"))])
    made = plan(there, Learner(predict=lambda number, item: {1: 0.2, 2: 0.7}[number]), USUAL, TODAY)
    assert planned(made) == [23, 13]
    assert [step.expected for step in made.steps] == [0.7, 0.2]


def test_of_a_competencys_quizzes_the_one_within_the_zone_comes() -> None:
    there = course("a", items=[thing(1, (1, "assesses")), thing(2, (1, "assesses"))])
    chances = {ident(1): 0.3, ident(2): 0.72, None: 0.5}
    made = plan(there, Learner(predict=lambda number, item: chances[item]), replace(USUAL, length=1), TODAY)
    assert planned(made) == [2]


def test_what_is_probably_known_is_shown_without_being_taught() -> None:
    made = plan(course("ab", [(1, 2)]), Learner(predict=lambda number, item: 0.9), USUAL, TODAY)
    assert planned(made)[0] == 13
    assert made.steps[0].why.reason is Reason.SHOW


def test_after_a_failed_try_it_is_taught_again_before_the_next() -> None:
    items = [*three(1), thing(14, (1, "teaches"))]
    there = course("a", items=items)
    tried = {**done(11, 12), ident(13): Done(tries=1, failed=1)}
    made = plan(there, Learner(standings={1: STARTED}, items=tried), USUAL, TODAY)
    assert planned(made) == [14, 13]
    assert made.steps[0].why.reason is Reason.STARTED


def test_what_was_failed_and_fits_comes_before_what_is_new_and_too_hard_and_after_what_is_new_and_fits() -> None:
    quizzes = [thing(13, (1, "assesses"), kind="quiz"), thing(14, (1, "assesses"), kind="quiz")]
    tried = {ident(13): Done(tries=1, failed=1)}

    def first(failed: float, new: float, **more: bool) -> int:
        chances = {None: 0.7, ident(13): failed, ident(14): new}
        items = [replace(quizzes[0], **more), quizzes[1]]
        learner = Learner(standings={1: STARTED}, items=tried, predict=lambda number, item: chances[item])
        return planned(plan(course("a", items=items), learner, USUAL, TODAY))[0]

    assert first(0.7, 0.62) == 14
    assert first(0.7, 0.5) == 13
    assert first(0.5, 0.55) == 14
    # An adaptive check is another test each time, and comes to the student.
    assert first(0.7, 0.62, adapts=True) == 13
    assert first(0.5, 0.62, adapts=True) == 13


def test_what_adapts_is_expected_nearer_to_the_zone_than_all_that_it_could_ask() -> None:
    there = course("a", items=[thing(13, (1, "assesses"), kind="quiz", adapts=True)])

    def expected(chance: float) -> float | None:
        learner = Learner(standings={1: STARTED}, predict=lambda number, item: chance)
        return plan(there, learner, USUAL, TODAY).steps[0].expected

    assert expected(0.725) == pytest.approx(0.725)
    assert expected(0.6) == expected(0.8) == pytest.approx(0.725)
    assert expected(0.3) == pytest.approx(0.488, abs=0.001)
    assert expected(0.97) == pytest.approx(0.936, abs=0.001)


def test_ties_are_settled_by_the_teachers_order_and_then_by_id() -> None:
    items = [thing(5, (1, "teaches")), thing(3, (2, "teaches"))]
    same = [replace(item, position=0) for item in items]
    assert planned(plan(course("ab", items=items), Learner(), USUAL, TODAY)) == [5, 3]
    both = [replace(same[0], aims=same[1].aims), same[1]]
    made = plan(course("ab", items=both), Learner(), replace(USUAL, length=1), TODAY)
    assert planned(made) == [3]
    assert made.steps[0].equals == (ident(5),)


def test_interests_choose_among_what_is_as_good() -> None:
    items = [thing(1, (1, "teaches")), thing(2, (1, "teaches"), topics=frozenset({"space"}))]
    made = plan(course("a", items=items), Learner(interests=frozenset({"space"})), replace(USUAL, length=1), TODAY)
    assert planned(made) == [2]
    assert made.steps[0].why == Why(Reason.READY, Reason.INTEREST, (1,), topic="space")
    assert made.steps[0].equals == ()


def test_of_what_is_scored_the_shorter_comes_first_and_the_longer_is_still_a_choice() -> None:
    tasks = [
        replace(thing(number, (1, "assesses")), minutes=minutes) for number, minutes in ((1, 20), (2, 12), (3, None))
    ]
    [step] = plan(course("a", items=tasks), Learner(), USUAL, TODAY).steps[:1]
    assert (step.item, step.equals) == (ident(2), (ident(3), ident(1)))
    # What fits better comes first, however long it takes; and what teaches keeps the teacher's order.
    fits = Learner(predict=lambda number, item: 0.7 if item == ident(1) else 0.3)
    assert planned(plan(course("a", items=tasks), fits, USUAL, TODAY))[0] == 1
    pages = [replace(thing(number, (1, "teaches")), minutes=minutes) for number, minutes in ((1, 20), (2, 12))]
    assert planned(plan(course("a", items=pages), Learner(), USUAL, TODAY)) == [1, 2]


def test_the_learners_choice_among_equals_is_followed() -> None:
    items = [thing(number, (1, "teaches")) for number in (1, 2, 3)]
    there, one = course("a", items=items), replace(USUAL, length=1)
    before = plan(there, Learner(), one, TODAY)
    assert (planned(before), before.steps[0].equals) == ([1], (ident(2), ident(3)))
    made = plan(there, Learner(chosen=[ident(3)]), one, TODAY)
    assert (planned(made), made.steps[0].why.reason) == ([3], Reason.CHOSEN)


def test_the_path_ahead_is_as_long_as_the_learners_week() -> None:
    items = [replace(item, minutes=30) for item in three(1)]
    there = course("a", items=items)
    assert len(plan(there, Learner(weekly_minutes=60), USUAL, TODAY).steps) == 2
    assert len(plan(there, Learner(weekly_minutes=10), USUAL, TODAY).steps) == 1


# --- Reviews ------------------------------------------------------------------------------------------------------------


def overdue(*numbers: int) -> Learner:
    return Learner(standings=dict.fromkeys(numbers, SECURE), reviews={n: TODAY - timedelta(days=n) for n in numbers})


def test_reviews_that_pile_up_are_spread_the_oldest_first() -> None:
    made = plan(course("abcdef"), overdue(1, 2, 3, 4), USUAL, TODAY)
    roles = [step.role is StepRole.REVIEW for step in made.steps]
    assert roles == [False, False, True, False, False, True]
    assert [step.competency for step in made.steps if step.role is StepRole.REVIEW] == [4, 3]
    assert made.steps[2].why == Why(Reason.REVIEW, Reason.CONFIRM, (4,), on=TODAY - timedelta(days=4))


def test_the_share_of_reviews_holds_from_one_plan_to_the_next() -> None:
    walked = [Walked(ident(1), 5, StepRole.TEACH), Walked(ident(2), 5, StepRole.TEACH)]
    first = plan(course("abcdef"), replace(overdue(1, 2, 3, 4), walked=walked), USUAL, TODAY)
    assert first.steps[0].role is StepRole.REVIEW
    after = [Walked(ident(43), 4, StepRole.REVIEW), *walked]
    second = plan(course("abcdef"), replace(overdue(1, 2, 3), walked=after), USUAL, TODAY)
    assert [step.role is StepRole.REVIEW for step in second.steps[:3]] == [False, False, True]


def test_a_few_reviews_come_at_half_the_pace() -> None:
    made = plan(course("abcdef"), overdue(1, 2), USUAL, TODAY)
    assert [step.role is StepRole.REVIEW for step in made.steps] == [False] * 5 + [True]


def test_a_review_that_will_go_well_anyway_waits_for_a_week_at_most() -> None:
    walked = [Walked(ident(1), 5, StepRole.TEACH)] * 5
    learner = replace(overdue(6, 8), predict=lambda number, item: 0.95, walked=walked)
    made = plan(course("abcdefgh"), learner, USUAL, TODAY)
    assert [step.competency for step in made.steps if step.role is StepRole.REVIEW] == [8]
    # It is called for from the middle of the zone down, 0.725.
    one = replace(learner, reviews={6: learner.reviews[6]})
    unsure = replace(one, predict=lambda number, item: 0.72)
    assert plan(course("abcdefgh"), unsure, USUAL, TODAY).steps[0].competency == 6
    surer = replace(one, predict=lambda number, item: 0.74)
    assert all(step.role is not StepRole.REVIEW for step in plan(course("abcdefgh"), surer, USUAL, TODAY).steps)


def test_a_lone_review_comes_where_there_is_nothing_else() -> None:
    made = plan(course("ab"), overdue(1, 2), USUAL, TODAY)
    assert [(step.competency, step.role) for step in made.steps] == [(2, StepRole.REVIEW)]


def test_a_review_takes_mixed_work_then_what_is_short_and_was_not_seen_for_longest() -> None:
    items = [thing(number, (1, "assesses")) for number in (1, 2)]
    seen = {ident(1): replace(FINISHED, last_on=TODAY), ident(2): FINISHED}
    made = plan(course("a", items=items), replace(overdue(1), items=seen), USUAL, TODAY)
    assert planned(made) == [2]
    # What is short comes first of what was seen neither today nor yesterday.
    long, short = (replace(item, minutes=minutes) for item, minutes in zip(items, (20, 10), strict=True))
    for days, wanted in ((1, 1), (2, 2)):
        lately = {
            ident(number): replace(FINISHED, last_on=TODAY - timedelta(days=ago)) for number, ago in ((1, 9), (2, days))
        }
        made = plan(course("a", items=[long, short]), replace(overdue(1), items=lately), USUAL, TODAY)
        assert planned(made) == [wanted]
    mixed = thing(3, (1, "assesses"))
    mixed = replace(mixed, aims=(replace(mixed.aims[0], mixed=True),))
    seen[ident(3)] = replace(FINISHED, last_on=TODAY)
    made = plan(course("a", items=[*items, mixed]), replace(overdue(1), items=seen), USUAL, TODAY)
    assert planned(made) == [3]


# --- Wishes -------------------------------------------------------------------------------------------------------------


def test_what_was_begun_is_never_taken_away() -> None:
    begun = [Begun(ident(23), 2, StepRole.ASSESS)]
    made = plan(course("ab", [(1, 2)]), Learner(begun=begun), USUAL, TODAY)
    assert planned(made) == [23, 11, 12, 13]
    assert made.steps[0].why.reason is Reason.BEGUN


def test_a_ban_is_stronger_than_all_else() -> None:
    banned = ident(11)
    learner = Learner(
        bans=frozenset({banned}),
        begun=[Begun(banned, 1, StepRole.TEACH)],
        pins=[Pin(banned)],
        dated=[Dated(banned, TODAY)],
    )
    made = plan(course("a"), learner, USUAL, TODAY)
    assert planned(made) == [12, 13]
    assert {one.clash for one in made.conflicts} == {
        Clash.BEGUN_IS_BANNED,
        Clash.PIN_IS_BANNED,
        Clash.DATED_IS_BANNED,
    }


def test_a_modification_is_stronger_than_what_was_begun_and_pinned() -> None:
    learner = Learner(
        instead={1: 2},
        begun=[Begun(ident(11), 1, StepRole.TEACH)],
        pins=[Pin(ident(12))],
        dated=[Dated(ident(13), TODAY)],
    )
    made = plan(course("abc", [(1, 3)]), learner, replace(USUAL, unit=frozenset({1, 3})), TODAY)
    assert {step.competency for step in made.steps} == {2}
    assert {one.clash for one in made.conflicts} == {
        Clash.BEGUN_IS_MODIFIED,
        Clash.PIN_IS_MODIFIED,
        Clash.DATED_IS_MODIFIED,
    }


def test_what_comes_in_anothers_place_opens_what_that_one_would_have() -> None:
    there, unit = course("abc", [(1, 3)]), replace(USUAL, unit=frozenset({1, 3}))
    made = plan(there, Learner(instead={1: 2}, standings={2: SECURE}), unit, TODAY)
    assert {step.competency for step in made.steps} == {3}
    made = plan(there, Learner(instead={1: None}), unit, TODAY)
    assert {step.competency for step in made.steps} == {3}


def test_a_pin_comes_before_its_prerequisite_and_the_teacher_is_told() -> None:
    made = plan(course("ab", [(1, 2)]), Learner(pins=[Pin(ident(22))]), USUAL, TODAY)
    assert planned(made) == [22, 11, 12, 13]
    assert made.conflicts == (Conflict(Clash.PIN_BEFORE_PREREQUISITE, ident(22), 2),)


def test_a_pin_with_a_place_stands_there() -> None:
    made = plan(course("ab", [(1, 2)]), Learner(pins=[Pin(ident(22), place=2)]), USUAL, TODAY)
    assert planned(made) == [11, 12, 22, 13]


def test_a_pin_that_is_done_is_no_step_and_one_that_is_gone_is_told() -> None:
    learner = Learner(pins=[Pin(ident(11)), Pin(ident(77))], items=done(11))
    made = plan(course("a"), learner, USUAL, TODAY)
    assert planned(made) == [12, 13]
    assert made.conflicts == (Conflict(Clash.PIN_IS_GONE, ident(77)),)


def test_dated_must_dos_come_first_when_they_are_due_soon_and_last_otherwise() -> None:
    learner = Learner(dated=[Dated(ident(21), TODAY + timedelta(days=30)), Dated(ident(31), TODAY + timedelta(days=2))])
    made = plan(course("abc"), learner, USUAL, TODAY)
    assert (planned(made)[0], planned(made)[-1]) == (31, 21)
    assert made.steps[0].why == Why(Reason.DATED, on=TODAY + timedelta(days=2))


def test_begun_comes_before_pinned_and_pinned_before_dated() -> None:
    learner = Learner(
        begun=[Begun(ident(31), 3, StepRole.TEACH)], pins=[Pin(ident(21))], dated=[Dated(ident(41), TODAY)]
    )
    assert planned(plan(course("abcd"), learner, USUAL, TODAY))[:3] == [31, 21, 41]


def test_forms_of_an_item_come_in_its_place_for_whom_they_serve() -> None:
    form = thing(2, (1, "teaches"), variant_of=ident(1), serves=frozenset({"read-aloud"}))
    there = course("a", items=[thing(1, (1, "teaches")), form])
    made = plan(there, Learner(supports=frozenset({"read-aloud"})), USUAL, TODAY)
    assert [(step.item, step.form) for step in made.steps] == [(ident(1), ident(2))]
    made = plan(there, Learner(), USUAL, TODAY)
    assert [(step.item, step.form) for step in made.steps] == [(ident(1), None)]


# --- Getting stuck --------------------------------------------------------------------------------------------------------


def test_four_failed_tries_offer_another_way() -> None:
    """Another quiz is not another way; a page is."""
    items = [
        thing(13, (1, "assesses"), kind="quiz"),
        thing(14, (1, "assesses"), kind="quiz"),
        thing(15, (1, "teaches")),
    ]
    failed = {ident(13): Done(tries=4, failed=4)}
    made = plan(course("a", items=items), Learner(standings={1: STARTED}, items=failed), USUAL, TODAY)
    assert planned(made) == [15]
    assert made.steps[0].why == Why(Reason.ANOTHER_WAY, competencies=(1,), count=4)


def test_after_another_way_it_can_be_tried_again() -> None:
    items = [thing(13, (1, "assesses"), kind="quiz"), thing(15, (1, "teaches"))]
    learner = Learner(
        standings={1: STARTED},
        items={ident(13): Done(tries=4, failed=4), **done(15)},
        walked=[Walked(ident(15), 1, StepRole.TEACH, TODAY, another_way=True)],
    )
    assert planned(plan(course("a", items=items), learner, USUAL, TODAY)) == [13]


def test_without_another_way_there_is_a_conference_that_holds_up_nothing() -> None:
    items = [thing(13, (1, "assesses"), kind="quiz"), *three(2)]
    learner = Learner(standings={1: STARTED}, items={ident(13): Done(tries=4, failed=4)})
    made = plan(course("ab", items=items), learner, USUAL, TODAY)
    assert planned(made) == [21, 0, 22, 23]
    assert made.steps[1].why == Why(Reason.STUCK, competencies=(1,), count=4)
    held = replace(learner, walked=[Walked(None, 1, StepRole.TALK, TODAY)])
    assert planned(plan(course("ab", items=items), held, USUAL, TODAY))[0] == 13


def test_where_no_item_is_left_a_re_take_can_be_asked_for() -> None:
    learner = Learner(standings={1: DEVELOPING}, items=done(11, 12, 13))
    made = plan(course("a"), learner, USUAL, TODAY)
    assert [(step.item, step.role, step.why.reason) for step in made.steps] == [
        (ident(13), StepRole.TALK, Reason.NO_ITEMS)
    ]
    assert made.without_items == (1,)
    held = replace(learner, walked=[Walked(ident(13), 1, StepRole.TALK, TODAY)])
    assert plan(course("a"), held, USUAL, TODAY).nothing is Nothing.NO_ITEMS


def test_what_was_passed_over_comes_back_a_week_later_or_when_nothing_else_is_left() -> None:
    there = course("ab", items=[thing(11, (1, "teaches")), thing(21, (2, "teaches"))])
    # Nothing shows whether what 21 teaches is known: when it is done, only the teacher can say.
    yesterday = {ident(11): Done(skipped_on=TODAY - timedelta(days=1))}
    assert planned(plan(there, Learner(items=yesterday), USUAL, TODAY)) == [21]
    long_ago = {ident(11): Done(skipped_on=TODAY - timedelta(days=7))}
    assert planned(plan(there, Learner(items=long_ago), USUAL, TODAY)) == [11, 21]
    assert planned(plan(there, Learner(items={**yesterday, **done(21)}), USUAL, TODAY)) == [11, 0]


# --- The end ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("learner", "nothing"),
    [
        (Learner(standings={1: SECURE}), Nothing.ALL_SECURE),
        (Learner(taken_as_known=frozenset({1})), Nothing.ALL_SECURE),
        (Learner(standings={1: MASTERED}, reviews={1: TODAY + timedelta(days=9)}), Nothing.REVIEWS_LATER),
        (Learner(bans=frozenset(map(ident, (11, 12, 13)))), Nothing.ALL_BANNED),
        (Learner(banned_competencies=frozenset({1})), Nothing.ALL_BANNED),
    ],
)
def test_where_no_step_comes_it_is_said_why(learner: Learner, nothing: Nothing) -> None:
    made = plan(course("a"), learner, USUAL, TODAY)
    assert (made.steps, made.nothing) == ((), nothing)


def test_without_a_map_or_without_items_there_is_nothing_to_plan() -> None:
    assert plan(course(""), Learner(), USUAL, TODAY).nothing is Nothing.NO_MAP
    assert plan(course("a"), Learner(), replace(USUAL, unit=frozenset({9})), TODAY).nothing is Nothing.NO_MAP
    made = plan(course("a", items=[]), Learner(), USUAL, TODAY)
    assert (made.nothing, made.without_items) == (Nothing.NO_ITEMS, (1,))


def test_when_the_unit_is_done_the_path_goes_on_towards_the_goal() -> None:
    there, unit = course("abc", [(1, 2), (2, 3)]), replace(USUAL, unit=frozenset({1}))
    assert planned(plan(there, Learner(standings={1: SECURE}, goal=3), unit, TODAY)) == [21, 22, 23]
    assert plan(there, Learner(standings={1: SECURE}), unit, TODAY).nothing is Nothing.ALL_SECURE


def test_a_goal_that_no_item_is_for_is_told() -> None:
    made = plan(course("ab", items=three(1)), Learner(goal=2), USUAL, TODAY)
    assert made.conflicts == (Conflict(Clash.GOAL_HAS_NO_ITEMS, competency=2),)
