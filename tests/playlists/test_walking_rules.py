"""Sections and choices, what unlocks a step, what counts as done, and that there is always a next step or a reason why not."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume
from hypothesis import given as for_all
from hypothesis import strategies as st

from lti_tool.playlists import rules
from lti_tool.playlists.models import DoneBy, DoneRule, Need, OrderRule, StepState
from lti_tool.playlists.rules import (
    NothingNext,
    Progress,
    Section,
    Standing,
    Step,
    WaitsFor,
    Walk,
    Why,
)
from tests.playlists.test_rules import DONE, NOW, OPENED, done_rules, moments, percents, relaxed, standings, step

HOUR = timedelta(hours=1)
KNOWN, UNKNOWN = uuid.uuid4(), uuid.uuid4()
CHOICE = Section(uuid.uuid4(), "Practise", needed=2)
PLAIN = Section(uuid.uuid4(), "Read")


def choice_of(*standings: Standing) -> list[Step]:
    return [
        step(f"may {place}", need=Need.MAY, section_id=CHOICE.id, standing=standing)
        for place, standing in enumerate(standings)
    ]


def next_of(walk: Walk) -> rules.Next:
    found = rules.next_step(walk)
    assert found is not None
    return found


def nothing_of(walk: Walk) -> rules.NoNext:
    found = rules.nothing_next(walk)
    assert found is not None
    return found


# --- Choices


@pytest.mark.parametrize(("done", "counted"), [(0, 0), (1, 1), (2, 2), (4, 2)])
def test_a_choice_counts_as_many_as_it_asks_for(done: int, counted: int) -> None:
    mays = choice_of(*[DONE] * done, *[Standing()] * (4 - done))
    walk = Walk([step(standing=DONE), *mays], sections=[CHOICE])
    assert rules.progress(walk) == Progress(counted + 1, 3)


def test_a_choice_asks_for_no_more_than_there_is() -> None:
    walk = Walk(choice_of(DONE), sections=[CHOICE])
    assert rules.progress(walk) == Progress(1, 1)


def test_may_dos_outside_a_choice_stay_extra() -> None:
    extra = step(need=Need.MAY, standing=DONE, section_id=PLAIN.id)
    walk = Walk([step(), extra], sections=[PLAIN])
    assert rules.progress(walk) == Progress(0, 1)


def test_a_choice_says_how_many_are_missing() -> None:
    mays = choice_of(DONE, Standing(), Standing(), Standing())
    found = next_of(Walk(mays, sections=[CHOICE]))
    assert (found.step, found.why, found.section, found.missing) == (mays[1], Why.CHOOSE, CHOICE, 1)


def test_in_order_a_choice_takes_its_turn() -> None:
    first, last = step("first"), step("last")
    mays = choice_of(Standing(), Standing(), Standing())
    closed = rules.locked(Walk([first, *mays, last], sections=[CHOICE]))
    assert {one.id for one in mays} | {last.id} == set(closed)
    assert closed[mays[0].id].step == first
    assert (closed[last.id].reason, closed[last.id].section, closed[last.id].missing) == (
        WaitsFor.CHOICE,
        CHOICE,
        2,
    )
    chosen = choice_of(DONE, DONE, Standing())
    after = Walk([replace(first, standing=DONE), *chosen, last], sections=[CHOICE])
    assert rules.locked(after) == {}
    assert next_of(after).step is last


def test_in_a_choice_what_was_begun_comes_first() -> None:
    mays = choice_of(Standing(), OPENED, Standing())
    found = next_of(Walk(mays, sections=[CHOICE]))
    assert (found.step, found.why) == (mays[1], Why.GO_ON)


# --- Unlocking


def test_a_step_waits_for_the_step_it_names() -> None:
    later, first = step("later"), step("first")
    later = replace(later, after_step_id=first.id)
    walk = Walk([later, first], OrderRule.ANY)
    assert rules.locked(walk)[later.id].step == first
    found = next_of(walk)
    assert found.step is first
    done = Walk([later, replace(first, standing=DONE)], OrderRule.ANY)
    assert rules.locked(done) == {}
    opened = next_of(done)
    assert (opened.why, opened.after) == (Why.OPEN_NOW, "first")


def test_a_step_that_waits_for_a_may_do_sends_there() -> None:
    extra = step("extra", need=Need.MAY)
    must = step("must", after_step_id=extra.id)
    found = next_of(Walk([must, extra]))
    assert (found.step, found.why, found.after) == (extra, Why.OPENS, "must")


def test_a_step_waits_for_mastery_and_for_a_date() -> None:
    one = step("one", after_competency_id=KNOWN)
    two = step("two", opens_at=NOW + HOUR)
    walk = Walk([one, two], OrderRule.ANY, now=NOW)
    assert [rules.locked(walk)[each.id].reason for each in (one, two)] == [WaitsFor.COMPETENCY, WaitsFor.DATE]
    secure = replace(walk, secure=frozenset({KNOWN}))
    assert set(rules.locked(secure)) == {two.id}
    assert (next_of(secure).why, next_of(secure).competency_id) == (Why.READY, KNOWN)
    assert rules.locked(replace(secure, now=NOW + HOUR)) == {}


def test_everything_that_a_step_waits_for_is_told_dates_last() -> None:
    first = step("first")
    second = step("second", after_competency_id=UNKNOWN, opens_at=NOW + HOUR)
    told = rules.waits(Walk([first, second], now=NOW))[second.id]
    assert [one.reason for one in told] == [WaitsFor.STEP, WaitsFor.COMPETENCY, WaitsFor.DATE]


def test_what_was_begun_stays_open_whatever_comes_between() -> None:
    begun = step(standing=OPENED, after_competency_id=UNKNOWN, opens_at=NOW + HOUR, after_step_id=uuid.uuid4())
    assert rules.locked(Walk([step(), begun], now=NOW)) == {}


def test_a_step_that_is_gone_keeps_nothing_closed() -> None:
    assert rules.locked(Walk([step(after_step_id=uuid.uuid4())])) == {}


def test_steps_that_wait_for_each_other_wait_for_nothing() -> None:
    one, two = step("one"), step("two")
    one, two = replace(one, after_step_id=two.id), replace(two, after_step_id=one.id)
    third = step("third", after_step_id=one.id)
    walk = Walk([third, one, two], OrderRule.ANY)
    assert {step_id: told.step for step_id, told in rules.locked(walk).items()} == {third.id: one, two.id: one}
    assert next_of(walk).step is one


def test_a_step_that_names_itself_is_open() -> None:
    one = step()
    assert rules.locked(Walk([replace(one, after_step_id=one.id)])) == {}


def test_order_and_a_named_step_cannot_lock_each_other() -> None:
    first, second, third = step("1"), step("2"), step("3")
    first = replace(first, after_step_id=third.id)
    assert next_of(Walk([first, second, third])).step is first


# --- What is next


def test_a_pre_check_comes_before_the_rest_of_its_section() -> None:
    work = step("work", section_id=PLAIN.id)
    check = step("check", section_id=PLAIN.id, is_precheck=True, pass_percent=80.0, done_rule=DoneRule.RESULT)
    found = next_of(Walk([work, check], OrderRule.ANY, sections=[PLAIN]))
    assert (found.step, found.why, found.needed) == (check, Why.PRECHECK, 80)
    begun = replace(work, standing=OPENED)
    assert next_of(Walk([begun, check], OrderRule.ANY, sections=[PLAIN])).step is begun


def test_what_is_due_soon_comes_first_where_the_order_is_free() -> None:
    later, soon = step("later"), step("soon", due_at=NOW + HOUR)
    found = next_of(Walk([later, soon], OrderRule.ANY, now=NOW))
    assert (found.step, found.why, found.at) == (soon, Why.DUE_SOON, soon.due_at)
    assert next_of(Walk([later, soon], OrderRule.IN_ORDER, now=NOW)).step is later
    assert next_of(Walk([soon], now=NOW + 2 * HOUR)).why is Why.WAS_DUE


def test_a_step_added_for_one_student_stands_outside_the_order() -> None:
    first, second = step("first"), step("second")
    own = step("own", is_own=True)
    walk = Walk([first, second, own])
    assert own.id not in rules.locked(walk)
    assert (next_of(walk).step, next_of(walk).why) == (own, Why.FOR_YOU)
    assert next_of(Walk([replace(first, standing=OPENED), second, own])).step.title == "first"
    assert rules.progress(walk) == Progress(0, 3)


def test_what_was_passed_over_comes_last_and_keeps_nothing_waiting() -> None:
    skipped = replace(step("one", is_own=True), standing=rules.skipped(Standing(), "Too long", NOW))
    other = step("two", is_own=True)
    walk = Walk([skipped, other], target=10)
    assert next_of(walk).step is other
    alone = Walk([skipped, replace(other, standing=DONE)], target=10)
    assert (next_of(alone).step, next_of(alone).why) == (skipped, Why.PASSED_OVER)


def test_becoming_secure_holds_nobody_up_where_the_order_is_free() -> None:
    practice = step("practice", done_rule=DoneRule.MASTERY, competency_id=KNOWN, standing=OPENED)
    other = step("other")
    assert next_of(Walk([practice, other], OrderRule.ANY)).step is other
    found = next_of(Walk([practice], OrderRule.ANY))
    assert (found.why, found.competency_id) == (Why.AWAITS_MASTERY, KNOWN)


def test_the_plan_says_why_where_the_tool_chose() -> None:
    assert next_of(Walk([step(is_own=True, is_planned=True)], target=10)).why is Why.PLANNED


# --- Nothing next


def test_an_empty_path_and_a_finished_one_say_so() -> None:
    assert nothing_of(Walk([])).why is NothingNext.EMPTY
    assert nothing_of(Walk([step(standing=DONE)])).why is NothingNext.ALL_DONE


def test_who_asked_for_a_sign_off_waits_for_the_teacher() -> None:
    shown = step("show me", done_rule=DoneRule.SIGNED, standing=OPENED)
    assert next_of(Walk([shown, step()])).why is Why.AWAITS_SIGN_OFF
    asked = replace(shown, is_asked=True)
    found = nothing_of(Walk([asked, step("then")]))
    assert (found.why, found.step) == (NothingNext.FOR_TEACHER, asked)
    assert next_of(Walk([asked, step("then")], OrderRule.ANY)).step.title == "then"


def test_what_waits_for_a_date_says_the_first_one() -> None:
    first = step(opens_at=NOW + 2 * HOUR)
    second = step(opens_at=NOW + HOUR, need=Need.MAY)
    found = nothing_of(Walk([first, second], now=NOW))
    assert (found.why, found.at) == (NothingNext.FOR_DATE, NOW + HOUR)


def test_what_waits_for_mastery_says_of_what() -> None:
    found = nothing_of(Walk([step(after_competency_id=UNKNOWN), step()]))
    assert (found.why, found.competency_id) == (NothingNext.FOR_MASTERY, UNKNOWN)


def test_extra_work_while_the_must_dos_wait_is_called_so() -> None:
    found = next_of(Walk([step(opens_at=NOW + HOUR), step("extra", need=Need.MAY)], now=NOW))
    assert (found.step.title, found.why) == ("extra", Why.MEANWHILE)


# --- Done


def test_words_make_a_reflection_done_and_can_be_written_anew() -> None:
    first = rules.written(Standing(), DoneRule.WRITTEN, "I learned to share.", NOW)
    assert (first.state, first.done_by, first.words) == (StepState.DONE, DoneBy.STUDENT, "I learned to share.")
    again = rules.written(first, DoneRule.WRITTEN, "I learned to halve.", NOW + HOUR)
    assert (again.done_at, again.words) == (NOW, "I learned to halve.")
    back = rules.unmarked(again, DoneBy.TEACHER, NOW + HOUR)
    assert rules.settled(back, DoneRule.WRITTEN, None, NOW + 2 * HOUR).state is StepState.OPENED
    assert rules.written(back, DoneRule.WRITTEN, "I learned to halve.", NOW + 2 * HOUR).state is StepState.DONE


def test_mastery_makes_a_step_done_unless_it_was_taken_back_since() -> None:
    assert rules.settled(Standing(), DoneRule.MASTERY, None, NOW).state is StepState.TODO
    done = rules.settled(Standing(), DoneRule.MASTERY, None, NOW, secure_since=NOW - HOUR)
    assert (done.state, done.done_by, done.done_at) == (StepState.DONE, DoneBy.MASTERY, NOW)
    back = rules.unmarked(done, DoneBy.TEACHER, NOW)
    assert rules.settled(back, DoneRule.MASTERY, None, NOW + HOUR, secure_since=NOW - HOUR) == back
    newer = rules.settled(back, DoneRule.MASTERY, None, NOW + 2 * HOUR, secure_since=NOW + HOUR)
    assert newer.state is StepState.DONE


def test_passing_over_is_taken_back_by_opening_and_loses_no_words() -> None:
    passed = rules.skipped(Standing(), "I know this", NOW)
    assert (passed.is_skipped, passed.words, passed.state) == (True, "I know this", StepState.TODO)
    taken_up = rules.opened(passed, DoneRule.MARKED, NOW + HOUR)
    assert (taken_up.is_skipped, taken_up.words, taken_up.state) == (False, "", StepState.OPENED)
    told = rules.written(Standing(), DoneRule.MARKED, "My plan", NOW)
    assert rules.skipped(told, "No time", NOW) == told


# --- Testing out


def checked(percent: float, *, section: uuid.UUID | None = None) -> Step:
    check = step("check", is_precheck=True, pass_percent=80.0, done_rule=DoneRule.RESULT, section_id=section)
    return replace(check, standing=rules.with_result(Standing(), DoneRule.RESULT, 80, percent, NOW, is_precheck=True))


def test_a_passed_pre_check_stands_for_its_section_alone() -> None:
    same, other = step(section_id=PLAIN.id), step()
    added = step(section_id=PLAIN.id, is_own=True)
    found = rules.passes_for(
        [checked(80, section=PLAIN.id), same, other, added, step(section_id=PLAIN.id, standing=DONE)]
    )
    assert found == [(same, NOW)]
    assert rules.tested(same.standing, NOW).done_by is DoneBy.TESTED


def test_a_pre_check_outside_sections_stands_for_the_steps_outside() -> None:
    inside, outside = step(section_id=PLAIN.id), step()
    assert rules.passes_for([checked(95), inside, outside]) == [(outside, NOW)]


def test_a_pre_check_that_was_not_passed_was_taken_and_nothing_else() -> None:
    check = checked(40)
    assert check.is_done
    assert rules.passes_for([check, step()]) == []


def test_what_a_teacher_took_back_is_asked_for_in_spite_of_the_pre_check() -> None:
    tested = rules.tested(Standing(), NOW)
    back = rules.unmarked(tested, DoneBy.TEACHER, NOW + HOUR)
    assert rules.tested(back, NOW) == back


# --- Personal playlists


def test_a_personal_playlist_counts_towards_what_is_asked_for() -> None:
    own = [step(is_own=True, standing=DONE), step(is_own=True), step(is_own=True)]
    assert rules.progress(Walk(own, target=4)) == Progress(1, 4)
    assert rules.progress(Walk(own[:1], target=4)) == Progress(1, 4)
    assert rules.progress(Walk(own, target=4, done_before=5)) == Progress(4, 4)
    assert rules.progress(Walk([], target=4)) == Progress(0, 4)


# --- Properties


@st.composite
def walks(draw: st.DrawFn, now: object = None) -> Walk:
    """Any path: steps of any kind, that wait for each other, for dates and for mastery, in any tangle."""
    count = draw(st.integers(0, 7))
    ids = [uuid.UUID(int=number + 1) for number in range(count)]
    sections = [
        Section(uuid.UUID(int=100 + number), "abc"[number], draw(st.none() | st.integers(1, 3))) for number in range(2)
    ]
    steps = []
    for place in ids:
        rule = draw(done_rules)
        standing = draw(standings())
        if standing.state is StepState.TODO and draw(st.booleans()):
            standing = rules.skipped(standing, "No", NOW)
        steps.append(
            Step(
                id=place,
                title=str(place.int),
                need=draw(st.sampled_from(Need)),
                done_rule=rule,
                pass_percent=draw(st.none() | st.floats(0, 100)),
                standing=standing,
                section_id=draw(st.none() | st.sampled_from([section.id for section in sections])),
                is_precheck=draw(st.booleans()),
                after_step_id=draw(st.none() | st.sampled_from([*ids, uuid.UUID(int=99)])),
                after_competency_id=draw(st.none() | st.sampled_from([KNOWN, UNKNOWN])),
                opens_at=draw(st.none() | moments),
                due_at=draw(st.none() | moments),
                is_own=draw(st.booleans()),
                is_asked=draw(st.booleans()),
            )
        )
    return Walk(
        steps,
        draw(st.sampled_from(OrderRule)),
        sections,
        draw(st.sampled_from([frozenset(), frozenset({KNOWN}), frozenset({KNOWN, UNKNOWN})])),
        draw(moments),
        draw(st.none() | st.integers(1, 5)),
    )


def with_step(walk: Walk, changed: Step) -> Walk:
    return replace(walk, steps=[changed if one.id == changed.id else one for one in walk.steps])


@relaxed
@for_all(walks())
def test_there_is_always_a_next_step_or_a_reason_why_not(walk: Walk) -> None:
    found, nothing = rules.next_step(walk), rules.nothing_next(walk)
    assert (found is None) == (nothing is not None)
    if found is not None:
        assert not found.step.is_done
        assert found.step.id not in rules.locked(walk)
        return
    assert nothing is not None
    left = [one for one in walk.steps if not one.is_done]
    match nothing.why:
        case NothingNext.EMPTY:
            assert not walk.steps
        case NothingNext.ALL_DONE:
            assert walk.steps
            assert not left
        case NothingNext.FOR_TEACHER:
            assert nothing.step in left
        case NothingNext.FOR_DATE:
            assert nothing.at is not None
            assert walk.now is not None
            assert nothing.at > walk.now
        case _:
            assert nothing.competency_id is not None
            assert nothing.competency_id not in walk.secure


@relaxed
@for_all(walks())
def test_when_dates_mastery_and_the_teacher_are_there_every_path_can_be_finished(walk: Walk) -> None:
    """Nothing waits for itself: whoever follows the next step gets everything done, whatever the tangle."""
    walk = replace(
        walk,
        now=None,
        secure=frozenset({KNOWN, UNKNOWN}),
        steps=[replace(one, is_asked=False) for one in walk.steps],
    )
    for _ in walk.steps:
        found = rules.next_step(walk)
        if found is None:
            break
        walk = with_step(walk, replace(found.step, standing=rules.marked(found.step.standing, DoneBy.TEACHER, NOW)))
    assert all(one.is_done for one in walk.steps)
    assert rules.next_step(walk) is None


@relaxed
@for_all(walks())
def test_what_is_not_open_waits_for_something_that_is_not_there(walk: Walk) -> None:
    by_id = {one.id: one for one in walk.steps}
    for step_id, told in rules.waits(walk).items():
        assert by_id[step_id].standing.state is StepState.TODO
        for one in told:
            match one.reason:
                case WaitsFor.STEP:
                    assert one.step is not None
                    assert not by_id[one.step.id].is_done
                    assert one.step.id != step_id
                case WaitsFor.CHOICE:
                    assert one.section is not None
                    assert one.missing == rules.missing_choices(walk)[one.section.id] > 0
                case WaitsFor.COMPETENCY:
                    assert one.competency_id not in walk.secure
                case _:
                    assert one.at is not None
                    assert walk.now is not None
                    assert one.at > walk.now


@relaxed
@for_all(walks(), st.data())
def test_progress_is_a_share_and_only_grows_with_what_is_done(walk: Walk, data: st.DataObject) -> None:
    before = rules.progress(walk)
    assert 0 <= before.done <= before.total
    assert 0 <= before.share <= 1
    assert (before.percent == 100) == before.is_finished == (before.share == 1.0)
    undone = [one for one in walk.steps if not one.is_done]
    assume(undone)
    chosen = data.draw(st.sampled_from(undone))
    done = replace(chosen, standing=rules.marked(chosen.standing, DoneBy.STUDENT, NOW))
    after = rules.progress(with_step(walk, done))
    assert after.done >= before.done
    assert after.total == before.total


@relaxed
@for_all(walks(), st.data())
def test_doing_something_closes_nothing(walk: Walk, data: st.DataObject) -> None:
    assume(walk.steps)
    chosen = data.draw(st.sampled_from(list(walk.steps)))
    done = replace(chosen, standing=rules.marked(chosen.standing, DoneBy.STUDENT, NOW))
    assert set(rules.locked(with_step(walk, done))) <= set(rules.locked(walk))


@relaxed
@for_all(walks())
def test_time_and_mastery_close_nothing(walk: Walk) -> None:
    assert walk.now is not None
    before = set(rules.locked(walk))
    assert set(rules.locked(replace(walk, now=walk.now + HOUR))) <= before
    assert set(rules.locked(replace(walk, secure=walk.secure | {KNOWN, UNKNOWN}))) <= before


def final(standing: Standing) -> tuple[StepState, str, float | None]:
    return standing.state, standing.words, standing.result_percent


@relaxed
@for_all(done_rules, st.none() | percents, percents, st.permutations(["open", "result", "write", "mastery"]))
def test_the_order_of_events_does_not_matter(
    rule: DoneRule, needed: float | None, percent: float, events: Sequence[str]
) -> None:
    def after(order: Sequence[str]) -> Standing:
        standing = Standing()
        for place, event in enumerate(order):
            at = NOW + place * HOUR
            match event:
                case "open":
                    standing = rules.opened(standing, rule, at)
                case "result":
                    standing = rules.with_result(standing, rule, needed, percent, NOW)
                case "write":
                    standing = rules.written(standing, rule, "Mine", at)
                case _:
                    standing = rules.settled(standing, rule, needed, at, secure_since=NOW)
        return standing

    assert final(after(events)) == final(after(sorted(events)))


@relaxed
@for_all(st.permutations([10.0, 85.0, 40.0]))
def test_of_results_the_latest_is_known_whichever_came_first(order: Sequence[float]) -> None:
    standing = Standing()
    for percent in order:
        standing = rules.with_result(standing, DoneRule.RESULT, 90, percent, NOW + percent * HOUR)
    assert standing.result_percent == 85.0


@relaxed
@for_all(standings(), done_rules, moments)
def test_the_same_again_changes_nothing(standing: Standing, rule: DoneRule, now: object) -> None:
    once = rules.written(standing, rule, "Mine", NOW)
    assert rules.written(once, rule, "Mine", NOW + HOUR) == once
    once = rules.skipped(standing, "No", NOW)
    assert rules.skipped(once, "No, really", NOW + HOUR) == once
    once = rules.tested(standing, NOW)
    # The same pre-check; one passed after a teacher took the step back would be another.
    assert rules.tested(once, NOW) == once
    once = rules.settled(standing, rule, 50, NOW, secure_since=NOW)
    assert rules.settled(once, rule, 50, NOW + HOUR, secure_since=NOW) == once


@relaxed
@for_all(walks())
def test_testing_out_twice_is_once_and_stands_for_nothing_that_is_done(walk: Walk) -> None:
    found = rules.passes_for(walk.steps)
    assert not any(one.is_done or one.is_precheck for one, _ in found)
    after = [
        replace(one, standing=rules.tested(one.standing, at))
        for one in walk.steps
        for at in [next((moment for other, moment in found if other.id == one.id), NOW - 1000 * HOUR)]
        if any(other.id == one.id for other, _ in found)
    ]
    by_id = {one.id: one for one in after}
    again = rules.passes_for([by_id.get(one.id, one) for one in walk.steps])
    # What is left undone is what a teacher took back since.
    assert all(one.standing.reopened_at is not None for one, _ in again)
