"""``python -m benchmarks.paths.bounds``: what any planner could reach in the simulated classes, and why no product reaches more.

Ways of choosing that no product can have, since they see the hidden truth or know the laws of the made-up world. None of them
looks ahead further than the next step, so they are what can be reached, not a proof that nothing more can.
"""

import argparse
import math
import random
import statistics
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from benchmarks.paths.__main__ import AHEAD, FIRST_SEED, subjects
from benchmarks.paths.classes import Chooser, Class, Tally, fixed, knowing_the_truth, next_of, personal, step_with
from benchmarks.paths.courses import Subject
from benchmarks.paths.product import Product, Record
from benchmarks.paths.worlds import WORLDS, Assumed, ComponentsWorld, EloWorld, Pupil, World
from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning.base import Item, Planned

LOW, HIGH = 0.60, 0.85
FOR_SHOWING = 0.1
"""What a scored step is worth besides what it teaches, times the chance above 0.4, since levels open what comes next.

Chosen on seeds below 200; without it less is gained in five of six courses and worlds.
"""
PARTICLES = 100


# --- Seeing the truth -------------------------------------------------------------------------------------------------


def teaches(world: World, pupil: Pupil, item: Item) -> float:
    """How much true mastery working through an item is expected to add now."""
    number = item.aims[0].competency
    if isinstance(world, ComponentsWorld):
        return world.expected_gain(pupil, item)
    tried = copied(pupil)
    world.learn(tried, item)
    return world.mastery(tried, number) - world.mastery(pupil, number)


def copied(pupil: Pupil) -> Pupil:
    """The same student, to try something with."""
    return replace(
        pupil,
        state={number: list(values) for number, values in pupil.state.items()},
        taught=dict(pupil.taught),
        calm=dict(pupil.calm),
        today=set(pupil.today),
    )


def _is_held_up(here: Class, record: Record, number: int) -> bool:
    """Whether evidence says that something it builds on is unmet, or could say and does not yet."""
    course = here.subject.course
    for before in here.world.before[number]:
        rank = here.product.standing(record, before).rank
        if rank < 3 and (rank >= 1 or course.measured >> course.bit_of[before] & 1):
            return True
    return False


def greedy(*, in_zone: bool, again: bool = False) -> Chooser:
    """The step that adds most true mastery a minute, of those whose prerequisites are met by evidence.

    ``in_zone``: scored steps whose true chance lies outside the zone only where nothing else is left. ``again``: what was
    read and practised may be gone through as often as one likes, and teaches as if it were new.
    """

    def choose(here: Class, record: Record, at: datetime) -> Planned | None:
        del at
        pupil, world = here.pupils[record.name], here.world
        best: tuple[tuple[bool, float], Item] | None = None
        for item in here.subject.items:
            done = record.items.get(item.id)
            if done is not None and done.finished and (item.scored or not again):
                continue
            if _is_held_up(here, record, item.aims[0].competency):
                continue
            worth, fits = teaches(world, pupil, item), True
            if item.scored:
                chance = world.expected(pupil, item)
                fits = LOW <= chance <= HIGH or not in_zone
                if not here.product.standing(record, item.aims[0].competency).is_secure:
                    worth += FOR_SHOWING * max(0.0, chance - 0.4)
            key = (fits, worth / (item.minutes or 10))
            if best is None or key > best[0]:
                best = (key, item)
        return None if best is None else step_with(best[1])

    return choose


# --- Knowing the laws, not the truth ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Belief:
    """What an observer thinks of one student: students who might be this one, equally likely."""

    might_be: list[Pupil]
    on: date
    last: Planned | None = None


class TellingProduct(Product):
    """The product, which also keeps the number of right answers of each student's last try."""

    def __init__(self, subject: Subject, *, whole_only: bool) -> None:
        super().__init__(subject, AHEAD, whole_only=whole_only)
        self.told: dict[str, int] = {}

    def result(self, record: Record, item: Item, answers: list[bool], at: datetime) -> bool:
        self.told[record.name] = sum(answers)
        return super().result(record, item, answers, at)


@dataclass(slots=True)
class Observer:
    """The product's planner, told by one who knows the world's laws, every difficulty, and all that a student did.

    Nobody knows more without seeing the truth. A particle filter (N. Gordon, D. Salmond, A. Smith, 1993): students drawn as the
    world draws them do what the student does, and those whom the answers fit are kept.
    """

    chance: random.Random
    beliefs: dict[str, Belief] = field(default_factory=dict)

    def __call__(self, here: Class, record: Record, at: datetime) -> Planned | None:
        world = here.world
        belief = self.beliefs.get(record.name)
        if belief is None:
            belief = self.beliefs[record.name] = Belief([world.pupil() for _ in range(PARTICLES)], at.date())
        self._see(here, record, belief)
        for _ in range((at.date() - belief.on).days):
            for one in belief.might_be:
                world.evening(one)
                world.night(one)
        belief.on = at.date()
        items = here.subject.course.items

        def expected(number: int, item: uuid.UUID | None) -> float:
            some = belief.might_be
            if item is None:
                return sum(world.mastery(one, number) for one in some) / len(some)
            return sum(world.expected(one, items[item]) for one in some) / len(some)

        belief.last = next_of(here, record, at, expected)
        return belief.last

    def _see(self, here: Class, record: Record, belief: Belief) -> None:
        """What the last step showed and taught."""
        step = belief.last
        if step is None or step.item is None or step.role is StepRole.TALK:
            return
        item = here.subject.course.items[step.item]
        if item.scored and isinstance(here.product, TellingProduct):
            right = here.product.told[record.name]
            fits = []
            for one in belief.might_be:
                p = here.world.expected(one, item)
                fits.append(p**right * (1.0 - p) ** (5 - right) + 1e-12)
            kept = self.chance.choices(belief.might_be, fits, k=PARTICLES)
            belief.might_be = [self._like(one, item.aims[0].competency) for one in kept]
        for one in belief.might_be:
            here.world.learn(one, item)

    def _like(self, pupil: Pupil, number: int) -> Pupil:
        """A student much like this one, so that not all come to be the same."""
        made = copied(pupil)
        for one, values in made.state.items():
            values[0] += self.chance.gauss(0.0, 0.1 if one == number else 0.03)
        return made


# --- Tables -----------------------------------------------------------------------------------------------------------


def run(kind: type[World], subject: Subject, choose: Chooser, seed: int) -> Tally:
    """One class of 30 for four weeks."""
    product = TellingProduct(subject, whole_only=kind.whole_only)
    return Class(kind(subject, Assumed(), seed), subject, product, choose).work(30, 20, seed)


def ways(kind: type[World], seed: int) -> dict[str, Chooser]:
    """The ways that are compared in a world."""
    found: dict[str, Chooser] = {
        "fixed order": fixed,
        "personal": personal,
        "personal, knowing the truth": knowing_the_truth,
        "most gained, seeing the truth": greedy(in_zone=False),
        "zone first, seeing the truth": greedy(in_zone=True),
        "the same, all again at will": greedy(in_zone=True, again=True),
    }
    if issubclass(kind, EloWorld):
        found["personal, knowing the laws"] = Observer(random.Random(f"observer {seed}"))
    return found


def bounded(subject: Subject, kind: type[World], seeds: Sequence[int]) -> None:
    """One table: all ways in one course and one world."""
    print(f"\n{subject.name}, {kind.name}")
    print(f"  {'':<32}{'of fixed':>10}{'in the zone':>13}{'too hard':>10}{'too easy':>10}{'scored':>8}{'hours':>8}")
    made: dict[str, list[Tally]] = {}
    for seed in seeds:
        for way, choose in ways(kind, seed).items():
            made.setdefault(way, []).append(run(kind, subject, choose, seed))
    usual = made["fixed order"]
    for way, found in made.items():
        ratio = statistics.mean(one.per_hour / other.per_hour for one, other in zip(found, usual, strict=True))
        scored = max(sum(one.scored for one in found), 1)
        inside, hard = sum(one.in_zone for one in found) / scored, sum(one.too_hard for one in found) / scored
        students = 30 * len(found)
        print(
            f"  {way:<32}{ratio:>10.2f}{inside:>13.0%}{hard:>10.0%}{1 - inside - hard:>10.0%}{scored / students:>8.1f}"
            f"{sum(one.hours for one in found) / students:>8.1f}",
            flush=True,
        )


def share_within(spread: float, answers: int) -> float:
    """The most that can lie within the zone where chances differ by ``spread`` (log-odds) among those who look alike.

    After so many answers at the middle of the zone, each of which tells p (1 - p), and with an item of just the right
    difficulty for everybody: the share of a normal distribution within the zone's half width in log-odds.
    """
    p = (LOW + HIGH) / 2
    left = 1.0 / math.sqrt(1.0 / spread**2 + p * (1.0 - p) * answers)
    half = (math.log(HIGH / (1.0 - HIGH)) - math.log(LOW / (1.0 - LOW))) / 2
    return math.erf(half / left / math.sqrt(2.0))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paths.bounds", description=__doc__)
    parser.add_argument("--seeds", type=int, default=4, help="classes for each row")
    parser.add_argument("--course", choices=["py4e", "canvas"])
    parser.add_argument("--world", choices=sorted(WORLDS))
    given = parser.parse_args()
    begun = time.process_time()
    print(
        "The most within the zone, with an item of just the right difficulty for everybody, by answers in the competency:"
    )
    spread = math.hypot(EloWorld.ABILITY, EloWorld.INSIDE)
    for counts, what in (
        (spread, "of a new student"),
        (EloWorld.INSIDE, "of a student whose ability is known exactly"),
    ):
        some = ", ".join(f"{n} answers {share_within(counts, n):.0%}" for n in (0, 5, 10, 15, 20))
        print(f"  {what}: {some}")
    for subject in subjects():
        for name, kind in WORLDS.items():
            if given.course in (None, subject.name) and given.world in (None, name):
                bounded(subject, kind, range(FIRST_SEED, FIRST_SEED + given.seeds))
    print(f"\n{time.process_time() - begun:.0f} s of CPU")


if __name__ == "__main__":
    main()
