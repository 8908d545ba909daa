"""``python -m benchmarks.checks``: questions until a student's place is certain, chosen adaptively and in a fixed order."""

import argparse
import math
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lti_tool.checks import ability, selecting
from lti_tool.checks.ability import Given, Item

FIRST_SEED = 2001


@dataclass(frozen=True, slots=True)
class Bank:
    """A made-up bank. ``spread``: standard deviation of difficulties in logits; ``off``: of how far they are mis-estimated."""

    name: str
    questions: int
    competencies: int
    spread: float = 1.3
    guess: float = 0.25
    off: float = 0.0
    typed: int = 3
    """Every third question is typed, and cannot be guessed; 1: all are, 0: none is."""


BANKS = (
    Bank("one competency, 40 questions", 40, 1),
    Bank("one, 40, all typed", 40, 1, typed=1),
    Bank("one, 40, all with four choices", 40, 1, typed=0),
    Bank("one, 25 questions", 25, 1),
    Bank("three competencies, 90 questions", 90, 3),
    Bank("three, 90, all typed", 90, 3, typed=1),
    Bank("three, 90, hard and easy ones (1.8)", 90, 3, spread=1.8),
    Bank("three, 90, alike ones (0.6)", 90, 3, spread=0.6),
    Bank("three, 90, difficulties 0.5 off", 90, 3, off=0.5),
    Bank("five competencies, 200 questions", 200, 5),
)


@dataclass(slots=True)
class Tally:
    """What it took: questions, whether certainty was reached, how far off the estimate was, and how many were right."""

    asked: list[int]
    reached: list[bool]
    errors: list[float]
    right: list[float]


def make(bank: Bank, seed: int) -> tuple[list[Item], list[Item]]:
    """The questions as they truly are, and as the tool knows them; competencies take turns."""
    chance = random.Random(f"bank:{bank.name}:{seed}")
    true, known = [], []
    for number in range(bank.questions):
        about = (f"c{number % bank.competencies}",)
        typed = bank.typed and (number // bank.competencies) % bank.typed == 0
        item = Item(f"q{number:03}", chance.gauss(0.0, bank.spread), 0.0 if typed else bank.guess, about)
        true.append(item)
        known.append(replace(item, difficulty=item.difficulty + chance.gauss(0.0, bank.off)))
    return true, known


def student(bank: Bank, chance: random.Random) -> dict[str, float]:
    """Where a student truly stands: alike in all, with differences."""
    shared = chance.gauss(0.0, math.sqrt(ability.SHARED_VARIANCE))
    return {
        f"c{number}": shared + chance.gauss(0.0, math.sqrt(ability.OWN_VARIANCE)) for number in range(bank.competencies)
    }


def certain(given: Sequence[Given], competencies: Sequence[str], within: float) -> bool:
    """Whether every competency is known so well."""
    found = ability.estimate(given, competencies)
    return all(found.deviations[one] <= within for one in competencies)


def questions(way: str, known: Sequence[Item], given: list[Given], seed: int, within: float) -> Iterator[str]:
    """What is asked next; ``given`` grows meanwhile. Both end at the same certainty."""
    competencies = sorted({one for item in known for one in item.about})
    if way == "fixed":
        for item in known:
            if certain(given, competencies, within):
                return
            yield item.id
    else:
        while (found := selecting.next_one(known, given, len(known), seed, within)) is not None:
            yield found


def run(bank: Bank, way: str, seeds: range, students: int, within: float) -> Tally:
    """A class for each seed."""
    tally = Tally([], [], [], [])
    for seed in seeds:
        true, known = make(bank, seed)
        by_id = {item.id: item for item in true}
        known_by_id = {item.id: item for item in known}
        competencies = sorted({one for item in known for one in item.about})
        for number in range(students):
            chance = random.Random(f"student:{seed}:{number}")
            truth = student(bank, chance)
            # The same student answers the same question alike, whenever it is asked.
            luck = {item.id: chance.random() for item in true}
            given: list[Given] = []
            for asked in questions(way, known, given, seed * 1000 + number, within):
                item = by_id[asked]
                right = luck[asked] < ability.chance(truth[item.about[0]], item)
                given.append(Given(known_by_id[asked], float(right)))
            found = ability.estimate(given, competencies)
            tally.asked.append(len(given))
            tally.reached.append(all(found.deviations[one] <= within for one in competencies))
            tally.errors += [found.means[one] - truth[one] for one in competencies]
            tally.right.append(statistics.mean(answer.share for answer in given) if given else 0.0)
    return tally


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=40, help="in each class")
    parser.add_argument("--seeds", type=int, default=5, help="classes, each with a bank of its own")
    parser.add_argument("--within", type=float, default=selecting.CERTAIN, help="logits; the product's by default")
    asked = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + asked.seeds)
    print(
        f"certain within {asked.within} logits; {asked.seeds} banks x {asked.students} students, seeds from {seeds.start}"
    )
    print(
        f"{'':<40}{'nine of ten':>12}{'fixed':>7}{'adaptive':>10}{'fewer':>8}{'reached':>16}{'error':>14}{'right':>12}"
    )
    began = time.process_time()
    fewer = []
    for bank in BANKS:
        fixed = run(bank, "fixed", seeds, asked.students, asked.within)
        chosen = run(bank, "adaptive", seeds, asked.students, asked.within)
        before, after = statistics.mean(fixed.asked), statistics.mean(chosen.asked)
        fewer.append(1 - after / before)
        print(
            f"{bank.name:<40}{_nine_of_ten(fixed):>12}{before:>7.1f}{after:>10.1f}{fewer[-1]:>8.1%}"
            f"{statistics.mean(fixed.reached):>8.0%}/{statistics.mean(chosen.reached):.0%}"
            f"{_error(fixed):>8.2f}/{_error(chosen):.2f}"
            f"{statistics.mean(fixed.right):>8.0%}/{statistics.mean(chosen.right):.0%}"
        )
    print(f"{'all banks (mean)':<40}{'':>29}{statistics.mean(fewer):>8.1%}")
    print(f"{time.process_time() - began:.0f} s of CPU")


def _nine_of_ten(fixed: Tally) -> int:
    """How long a fixed check is that leaves nine of ten certain: all get as many there."""
    return sorted(fixed.asked)[math.ceil(0.9 * len(fixed.asked)) - 1]


def _error(tally: Tally) -> float:
    """The root of the mean squared error of the estimates."""
    return math.sqrt(statistics.mean(error * error for error in tally.errors))


if __name__ == "__main__":
    main()
