"""A class works through a course for four weeks, each student by one way of choosing what comes next."""

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from benchmarks.paths.courses import MINUTES_A_QUESTION, Question, Subject
from benchmarks.paths.product import Predict, Product, Record
from benchmarks.paths.worlds import Assumed, Pupil, World
from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning import choosing
from lti_tool.playlists.planning.base import Does, Item, Plan, Planned, Reason, Settings, Why

FIRST_DAY = datetime(2026, 9, 7, 8, tzinfo=UTC)
TALK_MINUTES = 10.0
TRULY_UNMET = 0.6
"""Below this true mastery a prerequisite is truly unmet."""

Chooser = Callable[["Class", Record, datetime], Planned | None]


@dataclass(slots=True)
class Tally:
    """What came of a class."""

    gained: float = 0.0
    """True mastery gained, in competencies, summed over students."""
    hours: float = 0.0
    scored: int = 0
    in_zone: int = 0
    too_hard: int = 0
    steps: int = 0
    unmet_by_evidence: int = 0
    unmet_truly: int = 0
    reviews: int = 0
    talks: int = 0
    secure: int = 0
    """Competencies at Secure at the end, over students."""
    secure_truly: float = 0.0
    """The true mastery of those, summed."""
    idle: int = 0
    """Students who had nothing left before the end."""
    hours_of: list[float] = field(default_factory=list)
    """Each student's hours, in the class's order."""

    @property
    def per_hour(self) -> float:
        """Competencies' worth of true mastery gained in an hour."""
        return self.gained / self.hours if self.hours else 0.0

    @property
    def zone(self) -> float:
        """The share of scored steps, no reviews, within 60–85 % of true expected success."""
        return self.in_zone / self.scored if self.scored else 0.0


@dataclass(slots=True)
class Class:
    """One class, one course, one way of choosing."""

    world: World
    subject: Subject
    product: Product
    choose: Chooser
    tally: Tally = field(default_factory=Tally)
    plans: dict[str, Iterator[Item]] = field(default_factory=dict)
    pupils: dict[str, Pupil] = field(default_factory=dict)
    at_most: Sequence[float] = ()
    """The hours after which each student stops, in the class's order; none: all of the four weeks."""

    def work(self, students: int, days: int, seed: int) -> Tally:
        """Four weeks of it."""
        pupils = [(self.product.student(), self.world.pupil()) for _ in range(students)]
        self.pupils = {record.name: pupil for record, pupil in pupils}
        numbers = list(self.world.before)
        before = [[self.world.mastery(pupil, n) for n in numbers] for _, pupil in pupils]
        # One generator of luck for each student, so that ways of choosing differ by what they choose.
        luck = [random.Random(f"{seed} {place}") for place in range(students)]
        self.world.chance = random.Random(f"{self.world.name} {seed} at work")
        finished: set[str] = set()
        self.tally.hours_of = [0.0] * students
        for day in range(days):
            for place, (record, pupil) in enumerate(pupils):
                if record.name not in finished and not self._day(record, pupil, _school_day(day), luck[place], place):
                    finished.add(record.name)
            self.product.evening()
            nights = 3 if day % 5 == 4 else 1
            for _, pupil in pupils:
                self.world.evening(pupil)
                for _ in range(nights):
                    self.world.night(pupil)
        self.tally.idle = len(finished)
        for (record, pupil), begun in zip(pupils, before, strict=True):
            self.tally.gained += sum(self.world.mastery(pupil, n) - was for n, was in zip(numbers, begun, strict=True))
            for n in numbers:
                if self.product.standing(record, n).is_secure:
                    self.tally.secure += 1
                    self.tally.secure_truly += self.world.mastery(pupil, n)
        return self.tally

    def _day(self, record: Record, pupil: Pupil, at: datetime, luck: random.Random, place: int) -> bool:
        """One student's day; whether something is left for another."""
        left = self.world.assumed.minutes
        hours = self.tally.hours_of
        while left > 0:
            if self.at_most and hours[place] >= self.at_most[place]:
                return False
            step = self.choose(self, record, at)
            if step is None:
                return any(state.review.due_at is not None for state in record.levels.values())
            minutes = self._do(record, pupil, step, at, luck)
            left -= minutes
            self.tally.hours += minutes / 60
            hours[place] += minutes / 60
            at += timedelta(minutes=minutes)
        return True

    def _do(self, record: Record, pupil: Pupil, step: Planned, at: datetime, luck: random.Random) -> float:
        world, product, tally = self.world, self.product, self.tally
        tally.steps += 1
        if step.role is StepRole.TALK:
            tally.talks += 1
            self._talk(record, pupil, step, at)
            return TALK_MINUTES
        if step.role is StepRole.PLACE:
            return self._place(record, pupil, step, at, luck)
        item = self.subject.course.items[step.item] if step.item else None
        if item is None:
            return 0.0
        bank = self.subject.banks.get(item.id)
        minutes = float(item.minutes or 10)
        if bank is not None:
            asked, passed = product.check(record, item, bank, lambda one: luck.random() < world.right(pupil, one), at)
            self._count(record, pupil, step, item, asked)
            world.learn(pupil, item, asked=asked)
            minutes = MINUTES_A_QUESTION * len(asked)
        elif item.scored:
            self._count(record, pupil, step, item)
            answers = world.answers(pupil, item, luck)
            world.learn(pupil, item)
            passed = product.result(record, item, answers, at)
        else:
            self._count(record, pupil, step, item)
            world.learn(pupil, item)
            product.marked(record, item, at)
            passed = True
        if passed or step.role is StepRole.REVIEW:
            product.walk(record, step, at.date())
        return minutes * pupil.pace

    def _place(self, record: Record, pupil: Pupil, step: Planned, at: datetime, luck: random.Random) -> float:
        """The placement check: a scored step, whose questions teach what those of a quiz do, and whose time counts."""
        placement, world = self.subject.placement, self.world
        if placement is None:
            return 0.0
        asked = self.product.place(record, placement, lambda one: luck.random() < world.right(pupil, one), at)
        chance = sum(world.right(pupil, one) for one in asked) / len(asked)
        self.tally.scored += 1
        self.tally.in_zone += 0.6 <= chance <= 0.85
        self.tally.too_hard += chance < 0.6
        self.product.walk(record, step, at.date())
        for item in self.subject.items:
            if some := [one for one in asked if one.item == item.id]:
                world.learn(pupil, item, asked=some)
        return MINUTES_A_QUESTION * len(asked) * pupil.pace

    def _talk(self, record: Record, pupil: Pupil, step: Planned, at: datetime) -> None:
        """The teacher explains as well as the best item would, and allows every item of the competency once more."""
        bit = self.subject.course.bit_of[step.competency or 0]
        items = list(self.subject.course.of(bit))
        teach = next((item for item in items if item.aims[0].does is Does.TEACHES), items[0])
        self.world.learn(pupil, teach)
        for item in self.subject.course.assesses[bit]:
            done = record.items.get(item.id)
            if done is not None and item.id != self.product.settings.placement:
                record.items[item.id] = replace(done, finished=False)
        self.product.walk(record, step, at.date())

    def _count(self, record: Record, pupil: Pupil, step: Planned, item: Item, asked: Sequence[Question] = ()) -> None:
        world, tally = self.world, self.tally
        number = item.aims[0].competency
        if step.role is StepRole.REVIEW:
            tally.reviews += 1
        elif item.scored:
            p = world.expected(pupil, item, asked)
            tally.scored += 1
            tally.in_zone += 0.6 <= p <= 0.85
            tally.too_hard += p < 0.6
        if step.role is StepRole.REVIEW:
            return
        levels = [self.product.standing(record, one) for one in world.before[number]]
        tally.unmet_by_evidence += any(1 <= level.rank < 3 for level in levels)
        tally.unmet_truly += any(world.mastery(pupil, one) < TRULY_UNMET for one in world.before[number])


def _school_day(day: int) -> datetime:
    return FIRST_DAY + timedelta(days=day // 5 * 7 + day % 5)


# --- Ways of choosing -------------------------------------------------------------------------------------------------


def personal(here: Class, record: Record, at: datetime) -> Planned | None:
    """The product's own path: what its planner says is next. A conference is held when nothing else can be done, or second."""
    return _first(here.product.plan(record, at))


def next_of(here: Class, record: Record, at: datetime, expected: Predict) -> Planned | None:
    """The product's planner, told these chances in place of predictions.

    Who tells them is taken to know what was done since the last try: what the planner adds for that would be added twice.
    """
    usual, choosing.LIFT = choosing.LIFT, 0.0
    try:
        return _first(here.product.plan(record, at, expected))
    finally:
        choosing.LIFT = usual


def _first(made: Plan) -> Planned | None:
    talk = next((step for step in made.steps[:2] if step.role is StepRole.TALK), None)
    return talk or (made.steps[0] if made.steps else None)


def step_with(item: Item, role: StepRole | None = None) -> Planned:
    """An item as a step, by what it does."""
    usual = {Does.TEACHES: StepRole.TEACH, Does.PRACTISES: StepRole.PRACTISE, Does.ASSESSES: StepRole.ASSESS}
    aim = item.aims[0]
    return Planned(item.id, aim.competency, role or usual[aim.does], Why(Reason.READY))


def fixed(here: Class, record: Record, at: datetime) -> Planned | None:
    """Every item once, in the teacher's order."""
    del at
    plan = here.plans.setdefault(record.name, iter(here.subject.items))
    return _next(plan)


def fixed_with_skips(here: Class, record: Record, at: datetime) -> Planned | None:
    """In the teacher's order; each competency's last quiz or task comes first, and who reaches Secure goes on to the next."""
    del at
    if record.name not in here.plans:
        here.plans[record.name] = _skipping(here, record)
    return _next(here.plans[record.name])


def _skipping(here: Class, record: Record) -> Iterator[Item]:
    course = here.subject.course
    for one in sorted(course.competencies, key=lambda node: node.position):
        bit = course.bit_of[one.number]
        items = [item for item in here.subject.items if item.aims[0].competency == one.number]
        quizzes = [item for item in course.assesses[bit] if item in items]
        if quizzes:
            yield quizzes[-1]
        for item in items:
            if here.product.standing(record, one.number).is_secure:
                break
            yield item


def at_random(here: Class, record: Record, at: datetime) -> Planned | None:
    """Any item that was not done yet."""
    del at
    if record.name not in here.plans:
        shuffled = list(here.subject.items)
        random.Random(f"{here.world.name} {record.name}").shuffle(shuffled)
        here.plans[record.name] = iter(shuffled)
    return _next(here.plans[record.name])


def _next(plan: Iterator[Item]) -> Planned | None:
    item = next(plan, None)
    return None if item is None else step_with(item)


def knowing_the_truth(here: Class, record: Record, at: datetime) -> Planned | None:
    """The product's planner, told the true chances in place of predictions. No product can do this."""
    world, pupil, items = here.world, here.pupils[record.name], here.subject.course.items

    def true(number: int, item: uuid.UUID | None) -> float:
        return world.mastery(pupil, number) if item is None else world.expected(pupil, items[item])

    return next_of(here, record, at, true)


WAYS: dict[str, Chooser] = {
    "personal": personal,
    "personal, knowing the truth": knowing_the_truth,
    "fixed order": fixed,
    "fixed, with skips": fixed_with_skips,
    "random": at_random,
}


def simulate(
    kind: type[World],
    subject: Subject,
    way: str,
    seed: int,
    assumed: Assumed,
    settings: Settings,
    students: int = 30,
    at_most: Sequence[float] = (),
) -> Tally:
    """One class of so many students, for four weeks of five days; each stops after so many hours, where ``at_most`` says."""
    world = kind(subject, assumed, seed)
    if subject.placement is not None:
        settings = replace(settings, placement=subject.placement.item.id)
    product = Product(subject, settings, whole_only=kind.whole_only, adaptive=way.startswith("personal"))
    return Class(world, subject, product, WAYS[way], at_most=at_most).work(students, 20, seed)
