"""What holds for every plan, whatever teachers wish and learners did."""

import math
import random
from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import example, given, settings

from lti_tool.mastery.rules import Standing
from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning.base import Clash, Done, Plan, Planned, Reason
from lti_tool.playlists.planning.course import compile_course
from lti_tool.playlists.planning.planner import plan
from tests.playlists.planning.made import TODAY, Case, a_case, any_case

WISHED = {Reason.BEGUN, Reason.PINNED, Reason.DATED, Reason.PLACEMENT}

anything = given(any_case)


def chosen(made: Plan) -> list[Planned]:
    """The steps that the tool chose."""
    return [step for step in made.steps if step.why.reason not in WISHED]


# --- A second, slow reading of the rules, by sets and numbers ---------------------------------------------------------


class Reading:
    """What the rules say of a learner, without a bitmask in sight."""

    def __init__(self, case: Case) -> None:
        nodes, edges, items = case.parts
        learner, how = case.learner, case.how
        self.numbers = {node.number for node in nodes}
        self.items = {item.id: item for item in items}
        self.learner = learner
        self.excused = {
            number for number, other in learner.instead.items() if number in self.numbers and other != number
        }
        self.before: dict[int, set[int]] = {number: set() for number in self.numbers}
        for earlier, later in edges:
            self.before[later].add(earlier)
        self.met = {n for n, level in learner.standings.items() if level.rank >= how.met_at.rank} | set(
            learner.taken_as_known
        )
        self.secure = {n for n, level in learner.standings.items() if level.rank >= 3} | set(learner.taken_as_known)
        self.unmet = {
            n
            for n, level in learner.standings.items()
            if level is not Standing.NOT_STARTED and n not in self.met and n not in self.excused
        }
        unit = set(how.unit) or set(self.numbers)
        for number in self.excused & unit:
            other = learner.instead[number]
            if other in self.numbers:
                unit.add(other)
        self.unit = unit - self.excused

    def is_banned(self, item: Any) -> bool:
        found = self.items.get(item)
        aims = {aim.competency for aim in found.aims} & self.numbers if found else set()
        return item in self.learner.bans or bool(aims & self.learner.banned_competencies)

    def is_modified(self, item: Any) -> bool:
        found = self.items.get(item)
        aims = {aim.competency for aim in found.aims} & self.numbers if found else set()
        return bool(aims) and aims <= self.excused

    def done(self, item: Any) -> Any:
        return self.learner.items.get(item)

    def is_finished(self, item: Any) -> bool:
        done = self.done(item)
        return done is not None and done.finished


# --- Properties ---------------------------------------------------------------------------------------------------


@anything
def test_the_same_in_gives_the_same_out_in_whatever_order_it_comes(case: Case) -> None:
    nodes, edges, items = case.parts
    learner = case.learner
    once = case.plan()
    shuffled = [list(part) for part in (nodes, edges * 2, items)]
    for part in shuffled:
        random.Random(7).shuffle(part)
    backwards = {
        name: dict(reversed(list(getattr(learner, name).items())))
        for name in ("standings", "reviews", "items", "instead")
    }
    again = plan(compile_course(*shuffled), replace(learner, **backwards), case.how, TODAY)
    assert again == once


@anything
def test_there_is_a_step_or_a_reason(case: Case) -> None:
    made = case.plan()
    assert (made.nothing is None) == bool(made.steps)


@anything
def test_no_item_comes_twice(case: Case) -> None:
    made = case.plan()
    assert all(count == 1 for count in Counter(step.item for step in made.steps if step.item).values())


@anything
def test_bans_are_stronger_than_everything(case: Case) -> None:
    made, reading = case.plan(), Reading(case)
    for step in made.steps:
        assert step.item is None or not reading.is_banned(step.item)
        assert step.form not in case.learner.bans
        assert not {other for other in step.equals if reading.is_banned(other)}


@anything
def test_what_is_not_asked_of_a_learner_is_not_chosen(case: Case) -> None:
    made, reading = case.plan(), Reading(case)
    for step in made.steps:
        assert step.item is None or step.why.reason is Reason.PLACEMENT or not reading.is_modified(step.item)
    assert all(step.competency not in reading.excused for step in chosen(made))


@anything
def test_what_was_begun_stays_in_front(case: Case) -> None:
    made, reading = case.plan(), Reading(case)
    kept = list(
        dict.fromkeys(
            one.item
            for one in case.learner.begun
            if not reading.is_banned(one.item) and not reading.is_modified(one.item)
        )
    )
    assert [step.item for step in made.steps[: len(kept)]] == kept
    lost = {one.item for one in case.learner.begun} - set(kept)
    assert lost == {one.item for one in made.conflicts if one.clash in (Clash.BEGUN_IS_BANNED, Clash.BEGUN_IS_MODIFIED)}


@anything
def test_pins_and_dated_must_dos_come_or_the_teacher_is_told(case: Case) -> None:
    made, reading = case.plan(), Reading(case)
    there = {step.item for step in made.steps}
    told = {one.item for one in made.conflicts}
    for wished in [pin.item for pin in case.learner.pins] + [one.item for one in case.learner.dated]:
        item = reading.items.get(wished)
        whole = reading.items.get(item.variant_of, item) if item and item.variant_of else item
        finished = reading.is_finished(wished) or (whole is not None and reading.is_finished(whole.id))
        gone = item is None and wished not in [pin.item for pin in case.learner.pins]
        assert (
            wished in there
            or (whole is not None and whole.id in there)
            or wished in told
            or finished
            or gone
            or (whole is not None and whole.id in told)
        )


@anything
def test_nothing_is_chosen_before_its_prerequisites(case: Case) -> None:
    made, reading = case.plan(), Reading(case)
    blocked = {one.competency for one in made.conflicts if one.clash is Clash.UNIT_IS_BLOCKED}
    for step in chosen(made):
        if step.role in (StepRole.REVIEW, StepRole.TALK):
            continue
        assert step.competency in blocked or not reading.before[step.competency or 0] & reading.unmet
        item = reading.items[step.item]  # type: ignore[index]
        aims = {aim.competency for aim in item.aims} & reading.numbers
        for other in aims - reading.met - {step.competency}:
            assert not (reading.before[other] & reading.unmet) - aims


@anything
def test_what_is_done_comes_again_only_as_a_review_or_a_re_take(case: Case) -> None:
    made, reading = case.plan(), Reading(case)
    for step in chosen(made):
        if step.role not in (StepRole.REVIEW, StepRole.TALK):
            assert not reading.is_finished(step.item)
            assert step.competency not in reading.secure


@anything
def test_at_most_one_step_in_three_is_a_review(case: Case) -> None:
    made = case.plan()
    own = [step for step in made.steps if step.why.reason not in WISHED]
    reviews = sum(step.role is StepRole.REVIEW for step in own)
    assert reviews <= math.ceil(len(made.steps) / 3)
    for place, step in enumerate(own):
        # Nor are two of them close to each other.
        if step.role is StepRole.REVIEW:
            assert all(other.role is not StepRole.REVIEW for other in own[place + 1 : place + 3])


@anything
def test_work_of_the_unit_comes_after_few_remedial_steps(case: Case) -> None:
    made, reading = case.plan(), Reading(case)
    goal_way = {case.learner.goal}
    before = 0
    for step in chosen(made):
        if step.role in (StepRole.REVIEW, StepRole.TALK):
            continue
        if step.competency in reading.unit or step.competency in goal_way:
            break
        before += step.why.reason is Reason.REMEDIAL
    assert before <= case.how.remedial


@anything
# A path of two steps, of which one was remedial and a review took the other; a form of an item that was pinned.
@example(a_case(567989, 7, 11))
@example(a_case(92330, 4, 4))
def test_every_student_has_work_of_the_unit(case: Case) -> None:
    """Where an item is left for anything of the unit that is free, the path has a step of the unit."""
    reading = Reading(case)
    course = compile_course(*case.parts)
    wished = {one.item for one in (*case.learner.begun, *case.learner.pins, *case.learner.dated)} | {case.how.placement}
    # Who asks for a form of an item asks for that item.
    wished |= {item.variant_of for item in reading.items.values() if item.id in wished}
    free = [
        item
        for item in course.items.values()
        for aim in item.aims
        if aim.competency in reading.unit - reading.secure
        and not reading.before[aim.competency] & (reading.unmet | reading.excused | reading.unit - reading.met)
        and all(other.competency == aim.competency for other in item.aims)
        and reading.done(item.id) is None
        and not reading.is_banned(item.id)
        and item.variant_of is None
        and item.id not in wished
    ]
    tried = {number for item, done in case.learner.items.items() if done.failed for number in _aims(reading, item)}
    made = case.plan()
    assert not any(aim.competency not in tried for item in free for aim in item.aims) or any(
        step.competency in reading.unit and step.role is not StepRole.REVIEW for step in chosen(made)
    )


def _aims(reading: Reading, item: Any) -> set[int]:
    found = reading.items.get(item)
    return {aim.competency for aim in found.aims} if found else set()


@anything
def test_what_was_passed_over_lately_waits_while_there_is_other_work(case: Case) -> None:
    made, reading = case.plan(), Reading(case)

    def lately(step: Planned) -> bool:
        done = reading.done(step.item)
        return done is not None and done.skipped_on is not None and (TODAY - done.skipped_on).days < 7

    work = [step for step in chosen(made) if step.role not in (StepRole.TALK, StepRole.REVIEW)]
    assert all(map(lately, work)) or not any(map(lately, work))


@anything
def test_the_path_is_no_longer_than_asked_but_for_wishes(case: Case) -> None:
    made = case.plan()
    assert len(chosen(made)) <= case.how.length


@settings(max_examples=30)
@given(any_case)
def test_walking_a_path_never_gets_stuck_in_one_step(case: Case) -> None:
    """Who does what is next, and has every item finished at once, runs out of items, never of reasons."""
    course = compile_course(*case.parts)
    learner = replace(case.learner, begun=(), predict=None)
    for _ in range(60):
        made = plan(course, learner, case.how, TODAY)
        own = [step for step in made.steps if step.item and step.role not in (StepRole.TALK, StepRole.REVIEW)]
        if not own:
            break
        item = own[0].item
        assert item is not None
        items = dict(learner.items)
        done = items.get(item)
        assert done is None or not done.finished
        items[item] = replace(done, finished=True) if done else replace(_FINISHED)
        learner = replace(learner, items=items)
    else:
        raise AssertionError("sixty steps of twenty-two items")


_FINISHED = Done(tries=1, finished=True)
