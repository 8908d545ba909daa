"""The simulated classes of ``benchmarks/paths`` are what they say, and the product's path keeps its promises in them."""

import random
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from benchmarks.paths.__main__ import at_equal_hours, runs
from benchmarks.paths.bounds import Observer, TellingProduct, copied, greedy, share_within, teaches
from benchmarks.paths.classes import FIRST_DAY, WAYS, Class, simulate
from benchmarks.paths.courses import Subject, with_made_up_checks, with_placement
from benchmarks.paths.product import Product, Record
from benchmarks.paths.worlds import WORLDS, Assumed, ComponentsWorld, EloWorld
from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning.base import Item, Planned, Settings
from tests.playlists.planning.made import course, thing

EDGES = ((1, 2), (1, 3), (2, 4), (3, 4))
SHORT = Assumed(minutes=60.0)


def subject() -> Subject:
    """Four competencies with three pages, an exercise, a task and a quiz each."""
    items: list[Item] = []
    for number in range(1, 5):
        kinds = [("teaches", "page")] * 3 + [("practises", "exercise"), ("assesses", "task"), ("assesses", "quiz")]
        for does, kind in kinds:
            items.append(replace(thing(len(items), (number, does), kind=kind), minutes=10))
    return Subject("small", course("abcd", EDGES, items), tuple(items), EDGES)


@pytest.mark.parametrize("world", WORLDS)
def test_the_path_chooses_nothing_with_an_unmet_prerequisite(world: str) -> None:
    tally = simulate(WORLDS[world], subject(), "personal", 5, SHORT, Settings(length=2), students=6)
    assert tally.steps > 100
    assert tally.scored > 0
    assert tally.unmet_by_evidence == 0


@pytest.mark.parametrize("world", WORLDS)
def test_checks_are_taken_by_every_way_and_the_path_keeps_its_promise(world: str) -> None:
    kind, usual = WORLDS[world], subject()
    checked = with_made_up_checks(usual, 20)
    assert [item.adapts for item in checked.items] == [item.kind == "quiz" for item in checked.items]
    # The same students with checks and without.
    assert kind(checked, SHORT, 9).pupil().state == kind(usual, SHORT, 9).pupil().state
    own, fixed = (
        simulate(kind, checked, way, 5, SHORT, Settings(length=2), students=6) for way in ("personal", "fixed order")
    )
    assert own.scored > 0
    assert own.unmet_by_evidence == 0
    assert own == simulate(kind, checked, "personal", 5, SHORT, Settings(length=2), students=6)
    assert fixed.steps == 6 * len(checked.items)


@pytest.mark.parametrize("world", WORLDS)
def test_the_path_alone_begins_with_the_placement_check_and_pays_for_it(world: str, tmp_path: Path) -> None:
    kind, usual = WORLDS[world], subject()
    placed = with_placement(usual, tmp_path)
    assert placed.items == usual.items
    assert kind(placed, SHORT, 9).pupil().state == kind(usual, SHORT, 9).pupil().state
    fixed, same = (
        simulate(kind, one, "fixed order", 5, SHORT, Settings(length=2), students=6) for one in (placed, usual)
    )
    assert fixed == same
    made = kind(placed, SHORT, 5)
    how = Settings(length=2, placement=placed.placement.item.id if placed.placement else None)
    here = Class(made, placed, Product(placed, how, whole_only=kind.whole_only), WAYS["personal"])
    tally = here.work(6, 1, 5)
    assert tally.unmet_by_evidence == 0
    for record in here.product.records:
        asked = [one for one in record.answers if one.item == how.placement.hex] if how.placement else []
        assert asked
        assert record.walked[-1].role is StepRole.PLACE
        assert sum(step.role is StepRole.PLACE for step in record.walked) == 1


def test_an_adaptive_check_asks_no_question_twice_and_a_fixed_one_its_own_in_order() -> None:
    checked = with_made_up_checks(subject(), 20)
    quiz = next(item for item in checked.items if item.id in checked.banks)
    bank = checked.banks[quiz.id]
    for adaptive in (True, False):
        product = Product(checked, Settings(), whole_only=True, adaptive=adaptive)
        record = product.student()
        asked, passed = product.check(record, quiz, bank, lambda one: True, FIRST_DAY)
        assert passed
        assert len(set(asked)) == len(asked) <= 10
        assert adaptive or asked == list(bank.own)
        assert product.standing(record, 1).is_secure
        assert all(product.difficulties[one.id][1] == 1 for one in asked)


def test_a_fixed_order_does() -> None:
    tally = simulate(WORLDS["strengths"], subject(), "fixed order", 5, SHORT, Settings(), students=6)
    assert tally.unmet_by_evidence > 0


@pytest.mark.parametrize("way", WAYS)
def test_the_same_seed_gives_the_same_class(way: str) -> None:
    made = [
        simulate(WORLDS["components"], subject(), way, seed, Assumed(), Settings(length=2), students=4)
        for seed in (5, 5, 6)
    ]
    assert made[0] == made[1] != made[2]


def test_a_student_may_stop_early_and_both_ways_are_compared_there() -> None:
    whole = simulate(WORLDS["strengths"], subject(), "personal", 5, SHORT, Settings(length=2), students=3)
    assert sum(whole.hours_of) == pytest.approx(whole.hours)
    most = [2.0, 100.0, 0.0]
    cut = simulate(WORLDS["strengths"], subject(), "personal", 5, SHORT, Settings(length=2), students=3, at_most=most)
    # A step that is begun is finished; who may do all does the same as before, unless others taught the difficulties less.
    assert 2.0 <= cut.hours_of[0] < 2.5
    assert cut.hours_of[1] > 10.0
    assert cut.hours_of[2] == 0.0
    seeds = range(5, 7)
    ways = {way: runs(WORLDS["strengths"], subject(), way, seeds, Assumed()) for way in ("fixed order", "personal")}
    same = at_equal_hours(WORLDS["strengths"], subject(), "fixed order", *[ways["fixed order"]] * 2, seeds)
    assert same.value == 1.0
    found = at_equal_hours(WORLDS["strengths"], subject(), "personal", ways["personal"], ways["fixed order"], seeds)
    assert found.value > 0.0


def test_every_way_teaches_the_same_students() -> None:
    kind = WORLDS["strengths"]
    first, second = (kind(subject(), SHORT, 9) for _ in range(2))
    assert [first.pupil().state for _ in range(3)] == [second.pupil().state for _ in range(3)]


@pytest.mark.parametrize("world", WORLDS)
def test_truth_moves_as_described(world: str) -> None:
    """Work teaches, nights take away, and what is answered more often stays longer."""
    made = WORLDS[world](subject(), Assumed(speed=0.0), 3)
    pupils = [made.pupil() for _ in range(40)]
    quiz = made.subject.items[5]

    def known() -> float:
        return sum(made.mastery(pupil, 1) for pupil in pupils)

    begun = known()
    for item in made.subject.items[:6]:
        for pupil in pupils:
            made.learn(pupil, item)
    learned = known()
    assert learned > begun + 2
    for pupil in pupils:
        made.night(pupil)
        made.night(pupil)
    assert known() < learned
    chance = random.Random(1)
    right = sum(sum(made.answers(pupil, quiz, chance)) for pupil in pupils for _ in range(20))
    expected = sum(made.expected(pupil, quiz) for pupil in pupils) * 20 * 5
    assert right == pytest.approx(expected, rel=0.05)


def test_what_a_step_is_expected_to_teach_is_what_it_teaches_on_average() -> None:
    kind = ComponentsWorld(subject(), Assumed(speed=0.0), 4)
    pupils = [kind.pupil() for _ in range(3000)]
    quiz = kind.subject.items[5]
    expected = sum(teaches(kind, pupil, quiz) for pupil in pupils)
    before = sum(kind.mastery(pupil, 1) for pupil in pupils)
    for pupil in pupils:
        kind.learn(pupil, quiz)
    assert sum(kind.mastery(pupil, 1) for pupil in pupils) - before == pytest.approx(expected, rel=0.06)


def test_trying_something_with_a_student_leaves_the_student_alone() -> None:
    kind = EloWorld(subject(), SHORT, 4)
    pupil = kind.pupil()
    same = copied(pupil)
    assert all(teaches(kind, pupil, item) > 0 for item in kind.subject.items[:6])
    assert pupil == same


def test_who_sees_the_truth_stays_within_the_zone_where_all_may_come_again() -> None:
    made = [
        Class(EloWorld(subject(), SHORT, 5), subject(), TellingProduct(subject(), whole_only=False), choose).work(
            6, 10, 5
        )
        for choose in (greedy(in_zone=True, again=True), greedy(in_zone=False))
    ]
    assert made[0].zone > 0.95 > made[1].zone
    assert made[0].unmet_by_evidence == made[1].unmet_by_evidence == 0


def test_who_knows_the_laws_knows_more_than_the_product() -> None:
    """The observer's chances are nearer to the truth than the product's predictions, over the same steps."""
    here = Class(
        EloWorld(subject(), SHORT, 5),
        subject(),
        TellingProduct(subject(), whole_only=False),
        Observer(random.Random(1)),
    )
    missed: list[tuple[float, float]] = []
    watching = here.choose

    def watch(at_work: Class, record: Record, at: datetime) -> Planned | None:
        step = watching(at_work, record, at)
        item = at_work.subject.course.items[step.item] if step and step.item else None
        if step and item and item.scored and step.expected is not None:
            truth = at_work.world.expected(at_work.pupils[record.name], item)
            own = at_work.product.predict(record, at)(item.aims[0].competency, item.id)
            missed.append(((step.expected - truth) ** 2, (own - truth) ** 2))
        return step

    here.choose = watch
    here.work(4, 6, 5)
    assert len(missed) > 20
    assert sum(observer for observer, _ in missed) < sum(product for _, product in missed)


def test_the_most_within_the_zone_grows_with_what_is_known() -> None:
    some = [share_within(1.1, answers) for answers in (0, 5, 10, 1000)]
    assert some == sorted(some)
    assert some[0] < 0.5
    assert some[-1] > 0.99
